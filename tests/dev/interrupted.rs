//! Kills and power cuts. The program that is killed is this test binary itself, started again to hold a server.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::postgres::{ask, pid_file, run, start};

/// Set for the process that is to be killed: the data directory it holds a server on.
const HOLD: &str = "DEVAUTH_TEST_HOLD";
/// What that process prints when its server is up.
const UP: &str = "the server is up";

/// Only does something in the process started by [`Holder::start`].
#[test]
fn hold_a_server_until_killed() {
    let Some(dir) = std::env::var_os(HOLD) else { return };
    let _postgres = start(Path::new(&dir));
    println!("{UP}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
}

struct Holder(Child);

impl Holder {
    fn start(dir: &Path) -> Holder {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "interrupted::hold_a_server_until_killed", "--nocapture"]).env(HOLD, dir);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.contains(UP)));
        Holder(child)
    }

    /// SIGKILL: the process gets no chance to clean up.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

pub(crate) fn postmaster(dir: &Path) -> Pid {
    let text = fs::read_to_string(pid_file(dir)).unwrap();
    Pid::from_raw(text.lines().next().unwrap().parse().unwrap()).unwrap()
}

pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(30), "waited in vain for {what}");
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn whatever_is_killed_the_next_start_works_and_nothing_is_lost() {
    let temporary = TempDir::new().unwrap();
    let dir = temporary.path();

    let holder = Holder::start(dir);
    let url = format!("postgres:///devauth?host={}&port=5432&user=devauth", dir.join("run").display());
    run(&url, "CREATE TABLE kept AS SELECT 'still here' AS word").await;
    holder.kill();
    wait_for("the watchdog to stop the server", || !pid_file(dir).exists());

    let holder = Holder::start(dir);
    let left = postmaster(dir);
    kill_watchdog(left);
    holder.kill();
    assert_eq!(postmaster(dir), left, "without a watchdog the server goes on");

    let holder = Holder::start(dir);
    let server = postmaster(dir);
    assert_ne!(server, left, "the next start puts its own in its place");
    assert_eq!(ask(&url, "SELECT word FROM kept").await, "still here");

    // All at once, as a power cut would: what is left are the files of a running server.
    kill_watchdog(server);
    kill_process(server, Signal::KILL).unwrap();
    holder.kill();
    assert_eq!(postmaster(dir), server);
    let _recovered = start(dir);
    assert_eq!(ask(&url, "SELECT word FROM kept").await, "still here");
}

/// Finds the watchdog over `server` by its arguments: a shell, its script, its name, the number.
#[cfg(target_os = "linux")]
pub(crate) fn kill_watchdog(server: Pid) {
    let arguments = format!("watchdog\0{}\0", server.as_raw_pid());
    let processes =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let of = |pid: &i32| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let watchdog = processes.into_iter().find(|pid| of(pid).ends_with(&arguments)).unwrap();
    kill_process(Pid::from_raw(watchdog).unwrap(), Signal::KILL).unwrap();
}
