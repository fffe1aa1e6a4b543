//! A server that a killed run left behind.
//!
//! We hold the lock on the data directory, so whatever still runs on it belongs to nobody.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::DevError;
use crate::dev::wait;

const LIMIT: Duration = Duration::from_secs(30);

/// Stops a server that still runs on this cluster, and clears away the word of one that no longer does.
pub(crate) fn stop(cluster: &Path) -> Result<(), DevError> {
    let file = cluster.join("postmaster.pid");
    let Some(pid) = pid_in(&file) else { return Ok(()) };
    if !serves(pid, cluster) {
        return forget(pid, &file);
    }
    for (signal, limit) in [(Signal::INT, LIMIT), (Signal::QUIT, LIMIT)] {
        // It fails when the server ends by itself meanwhile, which is what we want.
        let _ = kill_process(pid, signal);
        if wait::until(limit, || (!serves(pid, cluster)).then_some(())).is_some() {
            return Ok(());
        }
    }
    let output = format!("a Postgres left by an earlier run (process {pid}) does not stop: end it by hand");
    Err(DevError::Failed { program: "stopping Postgres".into(), output })
}

fn pid_in(file: &Path) -> Option<Pid> {
    Pid::from_raw(fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()?)
}

/// After a power cut the number may belong to any other process; Postgres would then take that for a server and refuse to start.
/// (A number that nobody has, it sorts out itself.)
fn forget(pid: Pid, file: &Path) -> Result<(), DevError> {
    match test_kill_process(pid) {
        Ok(()) => fs::remove_file(file).map_err(DevError::io("remove", file)),
        Err(_) => Ok(()),
    }
}

/// Whether process `pid` is a server of this cluster: the directory is among its arguments. A zombie has none.
fn serves(pid: Pid, cluster: &Path) -> bool {
    let needle = cluster.as_os_str().as_encoded_bytes();
    if Path::new("/proc/self/cmdline").exists() {
        let line = fs::read(format!("/proc/{}/cmdline", pid.as_raw_pid())).unwrap_or_default();
        return line.split(|byte| *byte == 0).any(|argument| argument == needle);
    }
    let asked = Command::new("/bin/ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output();
    asked.is_ok_and(|answer| answer.stdout.windows(needle.len()).any(|part| part == needle))
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn a_number_that_belongs_to_another_process_is_forgotten() {
        let cluster = tempfile::tempdir().unwrap();
        let file = cluster.path().join("postmaster.pid");
        fs::write(&file, format!("{}\n{}\n", std::process::id(), cluster.path().display())).unwrap();
        stop(cluster.path()).unwrap();
        assert!(!file.exists());
    }

    #[test]
    fn a_process_is_known_by_its_arguments() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "read line", "/x/postgres"]).stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let pid = Pid::from_child(&child);
        // A process that has just been started has no arguments yet for an instant.
        wait::until(LIMIT, || serves(pid, Path::new("/x/postgres")).then_some(())).unwrap();
        assert!(!serves(pid, Path::new("/x/post")) || cfg!(target_os = "macos"));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!serves(pid, Path::new("/x/postgres")));
    }
}
