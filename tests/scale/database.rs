//! A Postgres of this test's own with a streaming standby, and an address that leads to one of them.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex};

use devauth::dev::Postgres;
use devauth::dev::postgres::Options;
use devauth_test_support::database::PATIENCE;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, UnixStream};
use tokio::task::JoinHandle;

/// The database in both.
const NAME: &str = "devauth";

/// A primary and its standby.
pub struct Pair {
    pub primary: Option<Postgres>,
    pub standby: Option<Postgres>,
    directory: TempDir,
}

impl Pair {
    /// Starts both; the standby follows.
    pub async fn start() -> Self {
        tokio::task::spawn_blocking(|| {
            let directory = tempfile::tempdir().unwrap();
            std::fs::set_permissions(directory.path(), Permissions::from_mode(0o711)).unwrap();
            let place = directory.path().join("primary");
            // A server that was stopped in order is a base backup of itself.
            Postgres::start(options(&place)).unwrap().stop().unwrap();
            let copy = directory.path().join("standby");
            copy_all(&place, &copy);
            copy_all(&copy.join("postgres/PG_VERSION"), &copy.join("postgres/standby.signal"));
            let primary = Some(Postgres::start(options(&place)).unwrap());
            let mut pair = Pair { primary, standby: None, directory };
            pair.start_standby();
            pair
        })
        .await
        .unwrap()
    }

    /// Starts the standby, for the first time or again.
    pub fn start_standby(&mut self) {
        let primary = socket_of(&url_of(self.primary.as_ref().expect("it runs")));
        let conninfo =
            format!("host={} user=devauth application_name=standby", primary.parent().unwrap().display());
        let options = options(&self.directory.path().join("standby")).setting("primary_conninfo", &conninfo);
        self.standby = Some(Postgres::start(options).unwrap());
    }

    /// Stops the standby in order.
    pub fn stop_standby(&mut self) {
        self.standby.take().expect("it runs").stop().unwrap();
    }

    /// Ends the primary as a crash does: nothing is finished.
    pub fn crash_primary(&mut self) {
        let primary = self.primary.take().expect("it runs");
        let file = std::fs::read_to_string(primary.data_dir().join("postgres/postmaster.pid")).unwrap();
        let pid = file.lines().next().unwrap().parse().unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), Signal::QUIT).unwrap();
        // It waits for the end.
        drop(primary);
    }

    /// The primary, past every proxy.
    pub fn primary_url(&self) -> String {
        url_of(self.primary.as_ref().expect("it runs"))
    }

    /// The standby.
    pub fn standby_url(&self) -> String {
        url_of(self.standby.as_ref().expect("it runs"))
    }

    pub async fn on_primary(&self) -> PgConnection {
        PgConnection::connect(&self.primary_url()).await.unwrap()
    }

    pub async fn on_standby(&self) -> PgConnection {
        PgConnection::connect(&self.standby_url()).await.unwrap()
    }

    /// From now on a commit is acknowledged when the standby has it, too.
    pub async fn commit_on_both(&self) {
        let mut primary = self.on_primary().await;
        primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'").await.unwrap();
        primary.execute("SELECT pg_reload_conf()").await.unwrap();
        let in_force = "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'";
        eventually("the standby is waited for", &mut primary, in_force).await;
    }
}

/// Waits until a query answers true.
pub async fn eventually(what: &str, connection: &mut PgConnection, query: &str) {
    let holds = async {
        while !sqlx::query_scalar::<_, bool>(query).fetch_one(&mut *connection).await.unwrap() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, holds).await.unwrap_or_else(|_| panic!("waited in vain: {what}"));
}

fn options(place: &Path) -> Options {
    // Processes crash here, and no machine does: what was written stays without a flush.
    Options::new(place).throwaway().setting("jit", "off").setting("fsync", "off")
}

/// With owners and modes, as Postgres wants them.
fn copy_all(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

fn url_of(postgres: &Postgres) -> String {
    postgres.database_url(NAME)
}

fn socket_of(url: &str) -> PathBuf {
    let options = PgConnectOptions::from_str(url).unwrap();
    let directory = options.get_socket().expect("the tests' Postgres listens on a socket");
    directory.join(format!(".s.PGSQL.{}", options.get_port()))
}

/// The address of "the database", as a virtual address or a name is: it leads to whichever server was set last.
pub struct Address {
    /// For `DATABASE_URL`.
    pub url: String,
    socket: Arc<Mutex<PathBuf>>,
    listener: JoinHandle<()>,
}

impl Address {
    pub async fn leading_to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let socket = Arc::new(Mutex::new(socket_of(url)));
        let target = socket.clone();
        let accepting = async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let socket = target.lock().unwrap().clone();
                tokio::spawn(async move {
                    if let Ok(mut server) = UnixStream::connect(&socket).await {
                        // Either side may be gone at any time.
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        };
        let url = format!("postgres://devauth@127.0.0.1:{port}/{NAME}");
        Address { url, socket, listener: tokio::spawn(accepting) }
    }

    /// New connections go there.
    pub fn lead_to(&self, url: &str) {
        *self.socket.lock().unwrap() = socket_of(url);
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        self.listener.abort();
    }
}
