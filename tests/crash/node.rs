//! The program as a process.

use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use devauth_test_support::database::PATIENCE;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What a process wrote, stdout and stderr together.
pub type Output = Arc<watch::Sender<String>>;

/// A running `devauth serve`. Killed when dropped.
pub struct Node {
    /// Where its public routes are.
    pub address: SocketAddr,
    /// What it wrote up to now.
    pub output: Output,
    child: Child,
    readers: Vec<JoinHandle<()>>,
}

/// The program with these arguments and this environment alone.
pub fn devauth(arguments: &[&str], environment: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devauth"));
    command.args(arguments).env_clear().envs(environment.iter().cloned());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Exit status, stdout and stderr of a command.
pub async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let environment: Vec<_> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let output = devauth(arguments, &environment).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

impl Node {
    /// Starts it and waits until it listens.
    pub async fn start(environment: &[(String, String)]) -> Self {
        let mut child = devauth(&["serve"], environment).spawn().unwrap();
        let output = Output::default();
        let stdout = child.stdout.take().expect("piped");
        let stderr = child.stderr.take().expect("piped");
        let readers =
            vec![tokio::spawn(read(stdout, output.clone())), tokio::spawn(read(stderr, output.clone()))];
        let mut node = Node { address: ([127, 0, 0, 1], 0).into(), output, child, readers };
        let waiting = node.output.clone();
        node.address = tokio::select! {
            address = wrote(&waiting, listening) => address,
            status = node.child.wait() => panic!("it ended: {status:?}\n{}", *node.output.borrow()),
        };
        node
    }

    /// Waits until something that it wrote gives an answer.
    pub async fn wrote<T>(&self, find: impl FnMut(&str) -> Option<T>) -> T {
        wrote(&self.output, find).await
    }

    /// SIGKILL: it gets no chance to do anything.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
        self.rest().await;
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it runs");
        kill_process(pid, Signal::TERM).unwrap();
    }

    /// Whether it is still there.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> ExitStatus {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap();
        self.rest().await;
        status
    }

    async fn rest(&mut self) {
        for reader in self.readers.drain(..) {
            reader.await.unwrap();
        }
    }
}

async fn wrote<T>(output: &Output, mut find: impl FnMut(&str) -> Option<T>) -> T {
    let mut written = output.subscribe();
    let mut found = None;
    let finding = written.wait_for(|text| {
        found = find(text);
        found.is_some()
    });
    let in_time = tokio::time::timeout(PATIENCE, finding).await.map(|written| drop(written.unwrap()));
    in_time.unwrap_or_else(|_| panic!("waited in vain; it wrote\n{}", *output.borrow()));
    found.expect("waited for")
}

async fn read(stream: impl AsyncRead + Unpin, output: Output) {
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        output.send_modify(|text| {
            text.push_str(&line);
            text.push('\n');
        });
    }
}

fn listening(output: &str) -> Option<SocketAddr> {
    let lines = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(|line| line["message"] == "listening")
        .find_map(|line| line["address"].as_str()?.parse().ok())
}
