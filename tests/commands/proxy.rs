//! Stands between a pool and Postgres, cuts connections at the moment of a commit, and holds questions back.

use std::collections::VecDeque;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What happens to the next COMMIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It never reaches Postgres.
    Before,
    /// Postgres has done it, and its answer is lost.
    After,
    /// The client's connection breaks while Postgres is still at it.
    During,
}

/// A question that the proxy has not handed on yet.
pub struct Held {
    /// Told when it is there.
    pub reached: oneshot::Receiver<()>,
    /// Hands it on.
    pub release: oneshot::Sender<()>,
}

/// The other end of [`Held`].
struct Hold {
    text: &'static [u8],
    reached: oneshot::Sender<()>,
    release: oneshot::Receiver<()>,
}

/// What is to happen.
#[derive(Default)]
struct Plan {
    cuts: VecDeque<Cut>,
    hold: Option<Hold>,
}

/// The proxy. Ends when dropped.
pub struct Proxy {
    /// Where the database is reached through it.
    pub url: String,
    plan: Arc<Mutex<Plan>>,
    listener: JoinHandle<()>,
}

impl Proxy {
    /// In front of the database with this URL, which names a socket.
    pub async fn before(url: &str) -> Self {
        let options = PgConnectOptions::from_str(url).unwrap();
        let directory = options.get_socket().expect("the tests' Postgres listens on a socket");
        let socket = directory.join(format!(".s.PGSQL.{}", options.get_port()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (user, database) = (options.get_username(), options.get_database().unwrap());
        let url = format!("postgres://{user}@127.0.0.1:{port}/{database}");
        let plan: Arc<Mutex<Plan>> = Arc::default();
        let accepting = {
            let plan = plan.clone();
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let server = UnixStream::connect(&socket).await.unwrap();
                    tokio::spawn(relay(client, server, plan.clone()));
                }
            }
        };
        Proxy { url, plan, listener: tokio::spawn(accepting) }
    }

    /// Queues what happens to the next COMMIT that isn't spoken for.
    pub fn cut(&self, cut: Cut) {
        self.plan.lock().unwrap().cuts.push_back(cut);
    }

    /// Whether everything that was queued has happened.
    pub fn all_cut(&self) -> bool {
        self.plan.lock().unwrap().cuts.is_empty()
    }

    /// Holds back the next question with this text, which a connection sends with a statement that is new to it.
    pub fn hold(&self, text: &'static [u8]) -> Held {
        let (reached, is_reached) = oneshot::channel();
        let (release, is_released) = oneshot::channel();
        self.plan.lock().unwrap().hold = Some(Hold { text, reached, release: is_released });
        Held { reached: is_reached, release }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// Carries bytes both ways until one side ends or a cut comes.
async fn relay(client: TcpStream, server: UnixStream, plan: Arc<Mutex<Plan>>) -> Option<()> {
    let (mut client_read, mut client_write) = client.into_split();
    let (mut server_read, mut server_write) = server.into_split();
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            count = client_read.read(&mut asked) => {
                let question = &asked[..some(count)?];
                let hold = plan.lock().unwrap().hold.take_if(|hold| contains(question, hold.text));
                if let Some(Hold { reached, release, .. }) = hold {
                    reached.send(()).ok()?;
                    release.await.ok()?;
                }
                let cut = if commits(question) { plan.lock().unwrap().cuts.pop_front() } else { None };
                if cut == Some(Cut::Before) {
                    return None;
                }
                server_write.write_all(question).await.ok()?;
                if cut == Some(Cut::During) {
                    drop((client_read, client_write));
                    return read_on(server_read).await;
                }
                if cut == Some(Cut::After) {
                    // Its answer says that it is done; nobody else hears it.
                    some(server_read.read(&mut answered).await)?;
                    return None;
                }
            }
            count = server_read.read(&mut answered) => client_write.write_all(&answered[..some(count)?]).await.ok()?,
        }
    }
}

/// Whether a transaction ends with this. Either a query message, whose text ends with a zero byte; or a refresh's only
/// statement, which is known by the event among its values.
fn commits(question: &[u8]) -> bool {
    contains(question, b"COMMIT\0") || contains(question, b"SessionRefreshed")
}

fn contains(question: &[u8], text: &[u8]) -> bool {
    question.windows(text.len()).any(|window| window == text)
}

/// Bytes that came, if the connection is still there.
fn some(count: std::io::Result<usize>) -> Option<usize> {
    count.ok().filter(|count| *count > 0)
}

/// Keeps a connection open until it has answered.
async fn read_on(mut connection: impl AsyncRead + Unpin) -> Option<()> {
    connection.read_u8().await.ok().map(|_first_byte| ())
}
