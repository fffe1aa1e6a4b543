//! Private Redis servers for tests, killed when dropped.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use devauth_test_support::ports::free_address;
use tempfile::TempDir;

/// A Redis server on a socket of its own. It can be killed, frozen and started again.
pub struct RedisServer {
    directory: TempDir,
    process: Option<Process>,
}

impl RedisServer {
    pub fn start() -> Self {
        let mut server = Self::not_started();
        server.restart();
        server
    }

    pub fn not_started() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), process: None }
    }

    pub fn restart(&mut self) {
        let socket = self.socket();
        let process = Process::start(self.directory.path(), &["--port", "0", "--unixsocket", &socket]);
        wait_until("the server answers", || redis_cli(&["-s", &socket, "PING"]).starts_with("PONG"));
        self.process = Some(process);
    }

    /// Ends it as a crash would: nothing is saved.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Leaves it accepting connections and answering nothing.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// With so much time for an answer that a busy machine is no failure.
    pub fn url(&self) -> String {
        format!("redis+unix://{}?timeout_ms=10000", self.socket())
    }

    pub fn url_with_usual_timeout(&self) -> String {
        format!("redis+unix://{}", self.socket())
    }

    pub fn cli(&self, arguments: &[&str]) -> String {
        redis_cli(&[&["-s", &self.socket()], arguments].concat())
    }

    fn socket(&self) -> String {
        self.directory.path().join("redis.sock").to_str().unwrap().to_owned()
    }

    fn signal(&self, signal: &str) {
        let id = self.process.as_ref().unwrap().0.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

/// Three primaries that share the slots.
pub struct RedisCluster {
    ports: Vec<u16>,
    nodes: Vec<(Process, TempDir)>,
}

impl RedisCluster {
    pub fn start() -> Self {
        // Another test may take a port between finding and using it.
        (0..5).find_map(|_| Self::try_start()).expect("a cluster of three nodes")
    }

    fn try_start() -> Option<Self> {
        let free: Vec<u16> = (0..6).map(|_| free_address().port()).collect();
        let (ports, bus_ports) = free.split_at(3);
        let nodes = ports.iter().zip(bus_ports).map(|(port, bus)| {
            let directory = tempfile::tempdir().unwrap();
            let (port, bus) = (port.to_string(), bus.to_string());
            let cluster = ["--port", &port, "--cluster-enabled", "yes", "--cluster-port", &bus];
            (Process::start(directory.path(), &cluster), directory)
        });
        let cluster = Self { nodes: nodes.collect(), ports: ports.to_vec() };
        cluster.join().then_some(cluster)
    }

    fn join(&self) -> bool {
        let answers = |port: &u16| redis_cli(&["-p", &port.to_string(), "PING"]).starts_with("PONG");
        if !holds_soon(|| self.ports.iter().all(answers)) {
            return false;
        }
        let addresses: Vec<String> = self.ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let create = [&["--cluster", "create"], &*as_strs(&addresses), &["--cluster-yes"]].concat();
        redis_cli(&create);
        let is_whole = |port: &u16| {
            let info = redis_cli(&["-p", &port.to_string(), "CLUSTER", "INFO"]);
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        };
        holds_soon(|| self.ports.iter().all(is_whole))
    }

    pub fn url(&self) -> String {
        let urls: Vec<String> = self.ports.iter().map(|port| Self::url_of(*port)).collect();
        urls.join(",")
    }

    pub fn url_of_one(&self) -> String {
        format!("{}&cluster=true", Self::url_of(self.ports[0]))
    }

    fn url_of(port: u16) -> String {
        format!("redis://127.0.0.1:{port}?timeout_ms=10000")
    }

    /// Ends one node, and with it a third of the slots.
    pub fn kill_one(&mut self) {
        self.nodes.pop();
        self.ports.pop();
    }

    /// How many of the nodes hold a key.
    pub fn nodes_in_use(&self) -> usize {
        let in_use = |port: &&u16| redis_cli(&["-p", &port.to_string(), "DBSIZE"]).trim() != "0";
        self.ports.iter().filter(in_use).count()
    }
}

struct Process(Child);

impl Process {
    fn start(directory: &Path, arguments: &[&str]) -> Self {
        let child = Command::new("redis-server")
            .args(arguments)
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        Self(child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn redis_cli(arguments: &[&str]) -> String {
    let output = Command::new("redis-cli").args(arguments).output().expect("redis-cli is installed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn as_strs(strings: &[String]) -> Vec<&str> {
    strings.iter().map(String::as_str).collect()
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    assert!(holds_soon(condition), "gave up waiting until {what}");
}

fn holds_soon(condition: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}
