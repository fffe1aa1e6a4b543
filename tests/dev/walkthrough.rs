//! `devauth dev` as a newcomer meets it: start it, paste what it prints, stop it, start it again.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A running `devauth dev`.
pub struct Dev {
    process: Child,
    url: String,
}

impl Dev {
    /// Starts it and waits until it says that it is up.
    pub fn start(data_dir: &Path) -> Self {
        let (process, mut lines) = spawn(data_dir, &[]);
        let up = lines.find_map(|line| line.split_once("DevAuth is up at ").map(|(_, url)| url.to_owned()));
        let dev = Dev { process, url: up.expect("it comes up") };
        // Whatever else it prints is read, or it would wait for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        dev
    }

    /// Starts it for a program, and waits until it answers.
    fn start_for_scripts(data_dir: &Path) -> (Self, Value) {
        let (process, mut lines) = spawn(data_dir, &["--json"]);
        let mut said = lines.next().expect("it comes up");
        assert_eq!(said, "{", "nothing but an object");
        while !said.ends_with("\n}") {
            said += &format!("\n{}", lines.next().expect("an object has an end"));
        }
        let answer: Value = serde_json::from_str(&said).unwrap();
        (Dev { process, url: answer["url"].as_str().unwrap().to_owned() }, answer)
    }

    /// Runs the printed commands.
    pub fn paste(&self) -> Output {
        let script = devauth::dev::walkthrough_script(&self.url);
        Command::new("sh").arg("-c").arg(script).output().unwrap()
    }

    /// Stops it as ctrl-c does.
    pub fn stop(mut self) -> Option<i32> {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, Signal::INT).unwrap();
        self.process.wait().unwrap().code()
    }
}

/// The program and what it prints.
fn spawn(data_dir: &Path, arguments: &[&str]) -> (Child, impl Iterator<Item = String> + Send + 'static) {
    let [port, admin] = [free_port(), free_port()];
    let mut process = Command::new(env!("CARGO_BIN_EXE_devauth"))
        .arg("dev")
        .args(arguments)
        .env("DEVAUTH_DATA_DIR", data_dir)
        .env("DEVAUTH_BIND", format!("127.0.0.1:{port}"))
        .env("DEVAUTH_ADMIN_BIND", format!("127.0.0.1:{admin}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    (process, lines)
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// The status that ends each answer of the walk-through.
fn statuses(output: &Output) -> Vec<String> {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&both).into_owned();
    let last_word = |line: &str| line.rsplit_once("  ").map(|(_, word)| word.trim().to_owned());
    let mut statuses: Vec<String> =
        text.lines().filter_map(last_word).filter(|word| word.len() == 3).collect();
    statuses.sort();
    statuses
}

#[test]
fn the_printed_commands_work_and_what_they_made_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let dev = Dev::start(dir.path());
    let first = dev.paste();
    assert_eq!(dev.stop(), Some(0));

    let again = Dev::start(dir.path());
    let second = again.paste();
    assert_eq!(again.stop(), Some(0));

    let (asked, answer) = Dev::start_for_scripts(dir.path());
    let places = ["docs", "mail"].map(|name| answer[name].as_str().unwrap().to_owned());
    assert_eq!(places, ["/docs", "/dev/mail"].map(|path| format!("{}{path}", asked.url)));
    assert_eq!(asked.stop(), Some(0));

    let expected = |codes: &[(&str, usize)]| -> Vec<String> {
        codes.iter().flat_map(|(code, count)| vec![(*code).to_owned(); *count]).collect()
    };
    assert_eq!(statuses(&first), expected(&[("200", 9), ("201", 4), ("202", 1), ("204", 1)]));
    // The developer is there already; the application and its user are new ones.
    assert_eq!(statuses(&second), expected(&[("200", 9), ("201", 3), ("202", 1), ("204", 1), ("409", 1)]));
}
