//! SIGKILL of `devauth dev` itself, in the middle of its work: the next start works, and what was committed is there.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Child;

use devauth_test_support::database::PATIENCE;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use sqlx::{Connection as _, PgConnection};

use crate::interrupted::{kill_watchdog, postmaster, wait_for};
use crate::postgres::pid_file;
use crate::walkthrough::{Dev, all_worked};

/// Everything that nobody may lose: the events, and the mails that were caught.
#[derive(Debug)]
struct Kept {
    events: BTreeSet<String>,
    mails: BTreeSet<String>,
}

impl Kept {
    async fn now(data_dir: &Path) -> Self {
        let url =
            format!("postgres:///devauth?host={}&port=5432&user=devauth", data_dir.join("run").display());
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let events: Vec<String> =
            sqlx::query_scalar("SELECT e::text FROM events e").fetch_all(&mut connection).await.unwrap();
        let mails = fs::read_dir(data_dir.join("mail")).unwrap();
        // A mail is complete when it has its name.
        let mails = mails
            .map(|mail| mail.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "json"));
        let mails = mails.filter_map(|path| match fs::read_to_string(&path) {
            Ok(mail) => Some(format!("{path:?} {mail:?}")),
            // The commands have just emptied the inbox.
            Err(gone) if gone.kind() == ErrorKind::NotFound => None,
            Err(error) => panic!("{path:?}: {error}"),
        });
        Kept { events: events.into_iter().collect(), mails: mails.collect() }
    }

    /// What is there while the printed commands are pasted: they have emptied the inbox, signed a user up, and read their mail.
    async fn in_the_middle(data_dir: &Path, before: &Kept) -> Self {
        let looking = async {
            loop {
                let now = Self::now(data_dir).await;
                if now.events.len() > before.events.len() + 3 && !now.mails.is_empty() {
                    return now;
                }
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.expect("the commands do something")
    }

    fn holds(&self, before: &Kept) {
        let lost: Vec<_> =
            before.events.difference(&self.events).chain(before.mails.difference(&self.mails)).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
}

/// Ends the shell and whatever it runs: it would wait for the service that is gone.
fn interrupt(mut pasting: Child) {
    kill_process_group(Pid::from_child(&pasting), Signal::KILL).unwrap();
    pasting.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_alone_or_with_its_postgres_it_starts_again_and_has_everything() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let dev = Dev::start(dir);
    all_worked(&dev.paste(), false);
    let complete = Kept::now(dir).await;
    assert!(complete.events.len() > 5 && complete.mails.len() > 1, "{complete:?}");

    let pasting = dev.pasting();
    let before = Kept::in_the_middle(dir, &complete).await;
    dev.kill();
    wait_for("the watchdog to stop the server", || !pid_file(dir).exists());
    interrupt(pasting);
    let dev = Dev::start(dir);
    Kept::now(dir).await.holds(&before);
    all_worked(&dev.paste(), true);

    let complete = Kept::now(dir).await;
    let pasting = dev.pasting();
    let before = Kept::in_the_middle(dir, &complete).await;
    let server = postmaster(dir);
    kill_watchdog(server);
    kill_process(server, Signal::KILL).unwrap();
    dev.kill();
    interrupt(pasting);
    assert_eq!(postmaster(dir), server, "what is left are the files of a running server");
    let dev = Dev::start(dir);
    Kept::now(dir).await.holds(&before);
    all_worked(&dev.paste(), true);
    assert_eq!(dev.stop(), Some(0));
}
