//! A process that ends another one when we are gone, however we went.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Waits on a pipe that we hold. A line means all is well; its end means that we were killed.
/// `kill` is built into the shell: a minimal Debian has no such program.
const SCRIPT: &str = r#"read -r line || kill -INT "$1""#;

/// Sends SIGINT to a process when this program ends without having dismissed the watchdog, kill -9 included.
#[derive(Debug)]
pub struct Watchdog(Child);

impl Watchdog {
    /// Watches over `pid`, a child of this process. `run_as` is the (user, group) that may signal it, if not ours.
    ///
    /// # Errors
    /// When no shell can be started.
    pub fn over(pid: u32, run_as: Option<(u32, u32)>) -> std::io::Result<Watchdog> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "watchdog", &pid.to_string()]).env_clear().current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        if let Some((user, group)) = run_as {
            command.uid(user).gid(group);
        }
        command.spawn().map(Watchdog)
    }

    /// Sends it away. Call it when the watched process has ended.
    pub fn dismiss(mut self) {
        if let Some(mut pipe) = self.0.stdin.take() {
            // It fails only when the shell is gone already.
            let _ = pipe.write_all(b"\n");
        }
        let _ = self.0.wait();
    }
}
