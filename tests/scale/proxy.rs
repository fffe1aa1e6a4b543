//! Real reverse proxies, as operators put them in front of nodes.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use devauth_test_support::database::PATIENCE;
use devauth_test_support::ports::free_address;
use tempfile::TempDir;

use crate::deployment::Deployment;

/// A proxy that runs. Killed when dropped.
pub struct Proxy {
    /// Where it is.
    pub address: SocketAddr,
    child: Child,
    _directory: TempDir,
}

impl Proxy {
    /// Caddy with the file of the compose recipe, whose names of nodes are replaced by these addresses, and nothing else.
    pub async fn caddy(deployment: &Deployment, nodes: &[SocketAddr]) -> Self {
        let recipe = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/compose/Caddyfile");
        let recipe = std::fs::read_to_string(recipe).unwrap();
        let address = free_address();
        let nodes: Vec<String> = nodes.iter().map(SocketAddr::to_string).collect();
        let named = "devauth:8080 devauth-2:8080";
        assert!(recipe.contains(named) && recipe.contains("\n:8080 {"));
        let config = recipe
            .replace(named, &nodes.join(" "))
            .replace("\n:8080 {", &format!("\n:{} {{\n\tbind {}", address.port(), address.ip()));
        let arguments = ["run", "--adapter", "caddyfile", "--config"];
        Self::start(deployment, address, "caddy", &arguments, "Caddyfile", &config).await
    }

    /// `HAProxy`, asking twice a second.
    pub async fn haproxy(deployment: &Deployment, nodes: &[SocketAddr]) -> Self {
        let address = free_address();
        let servers: String =
            nodes.iter().enumerate().map(|(at, node)| format!("  server node{at} {node}\n")).collect();
        let config = format!(
            "defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout check 2s
  retries 3
  retry-on conn-failure
  option redispatch
frontend public
  bind {address}
  default_backend nodes
backend nodes
  balance roundrobin
  option forwardfor
  option httpchk GET /health/ready
  http-check expect status 200
  default-server check inter 500ms fall 1 rise 1
{servers}"
        );
        Self::start(deployment, address, "haproxy", &["-db", "-f"], "haproxy.cfg", &config).await
    }

    async fn start(
        deployment: &Deployment,
        address: SocketAddr,
        program: &str,
        arguments: &[&str],
        file: &str,
        config: &str,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(file);
        std::fs::write(&path, config).unwrap();
        // Debian has it where only root looks.
        let system = Path::new("/usr/sbin").join(program);
        let mut command = Command::new(if system.exists() { &system } else { Path::new(program) });
        command.args(arguments).arg(&path).env("HOME", directory.path());
        command.env("XDG_CONFIG_HOME", directory.path()).env("XDG_DATA_HOME", directory.path());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.unwrap_or_else(|error| panic!("{program}: {error}; ./dev test installs it"));
        let proxy = Proxy { address, child, _directory: directory };
        let anyone = deployment.anyone_at(address);
        let leads_to_a_node = async {
            while !anyone.try_get("/health/ready").await.is_ok_and(|answer| answer.status == 200) {}
        };
        tokio::time::timeout(PATIENCE, leads_to_a_node).await.expect("the proxy starts");
        proxy
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
