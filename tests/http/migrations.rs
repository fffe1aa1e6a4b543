//! Migrations and their ways back, on a database that people have used.

mod contents;
mod lived_in;

use devauth_projections::catalog::Model;
use devauth_projections::feed::StoredEvent;
use devauth_projections::feed::verification::{self, Verified, Watcher};
use devauth_projections::proof::{Digest, Findings};
use devauth_projections::verify::{self, Wanted};
use devauth_projections::{migrations, pool};
use devauth_test_support::database::Database;

use crate::app::TestApp;
use contents::{Columns, Contents, contents, differing};
use lived_in::{LivedIn, is_followed};

/// From here on down the tables go that commands fill beside the log: the log alone is left to compare.
const SESSIONS: i64 = 4;

struct Nobody;

impl Watcher for Nobody {
    fn progress(&mut self, _: u64, _: u64) {}

    fn event(&mut self, _: &StoredEvent, _: &Digest, _: &mut Findings) {}
}

async fn log(url: &str) -> Verified {
    let mut connection = pool::reader(url).await.unwrap();
    let verified = verification::verify(&mut connection, None, &mut Nobody).await.unwrap();
    assert_eq!((&verified.findings, verified.unnumbered), (&Findings::default(), 0));
    verified
}

/// Goes down to a version and up again. What is not dropped on the way stays as it was, and so does all of the log.
async fn down_and_up(database: &Database, version: i64) {
    let mut owner = pool::owner(&database.url).await.unwrap();
    let all = Columns::now(&mut owner).await;
    let (before, digest) = (contents(&mut owner, &all).await, log(&database.url).await.digest);

    migrations::down(&mut owner, version).await.unwrap();
    let left = Columns::now(&mut owner).await;
    let expected = all.contents_of(&left, &before);
    let nothing = Vec::<String>::new();
    assert_eq!(differing(&contents(&mut owner, &left).await, &expected), nothing, "down to {version}");
    migrations::up(&mut owner).await.unwrap();

    assert_eq!(differing(&contents(&mut owner, &left).await, &expected), nothing, "up from {version}");
    assert_eq!(Columns::now(&mut owner).await, all);
    if version == 0 {
        return;
    }
    let (after, before) = (log_of(contents(&mut owner, &all).await), log_of(before));
    assert!(before.len() == 2 && before.values().all(|rows| !rows.is_empty()));
    assert_eq!(differing(&after, &before), nothing, "in any column, up from {version}");
    assert_eq!(log(&database.url).await.digest, digest);
}

/// Of all tables those of the log.
fn log_of(mut contents: Contents) -> Contents {
    contents.retain(|table, _| ["public.events", "public.event_log"].contains(&&**table));
    contents
}

/// Every read model has rows, and they are what the log says.
async fn read_models_hold(app: &TestApp) {
    is_followed(app).await;
    let wanted = Wanted { listed: 10, values: true };
    let keyring = app.node.app.commands.log().keyring();
    for model in Model::all() {
        let verified =
            verify::verify(&app.database.url, keyring, model, wanted, &mut |_progress| {}).await.unwrap();
        assert!(verified.holds() && verified.rows > 0, "{}: {verified:?}", model.name());
    }
}

#[tokio::test]
async fn a_used_database_goes_back_to_before_its_events_were_rewritten_and_forward_again() {
    let app = TestApp::start().await;
    let lived = LivedIn::new(&app).await;
    read_models_hold(&app).await;

    let app = app.while_stopped(async |database| down_and_up(database, 7).await).await;

    read_models_hold(&app).await;
    lived.goes_on(&app).await;
}

#[tokio::test]
async fn each_step_back_and_forward_keeps_what_it_does_not_drop() {
    let mut app = TestApp::start().await;
    let lived = LivedIn::new(&app).await;
    for version in (SESSIONS..migrations::newest()).rev() {
        app = app.while_stopped(async |database| down_and_up(database, version).await).await;
        read_models_hold(&app).await;
    }
    lived.goes_on(&app).await;
    is_followed(&app).await;

    let rest = async |database: &Database| {
        for version in (0..SESSIONS).rev() {
            down_and_up(database, version).await;
        }
    };
    app.while_stopped(rest).await.application().await.sign_up("ada@example.org").await;
}
