//! An SMTP server for tests: keeps what it is sent, and misbehaves when told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A mail as it went over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Headers and body with lines ending in CR LF, dots unstuffed.
    pub message: String,
}

impl Received {
    /// The value of a header, unfolded; `None` if it isn't there.
    pub fn header(&self, name: &str) -> Option<String> {
        let (head, _) = self.message.split_once("\r\n\r\n")?;
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let prefix = format!("{}:", name.to_lowercase());
        let line = head.split("\r\n").find(|line| line.to_lowercase().starts_with(&prefix))?.to_owned();
        Some(line[prefix.len()..].trim().to_owned())
    }
}

/// What the server does with the next mail, or the next connection, that it was told about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Greets with this line instead of `220 …`, and hangs up.
    Greet(&'static str),
    /// Answers `RCPT TO` with this line.
    Recipient(&'static str),
    /// Answers the content with this line, without keeping it.
    Content(&'static str),
    /// Hangs up on `DATA`.
    HangUp,
    /// Keeps the mail, then hangs up without saying so.
    HangUpAfterwards,
    /// Lets the mail wait before it answers, until [`SmtpSink::open_gate`].
    Wait,
}

/// The server. Stops when dropped.
pub struct SmtpSink {
    port: u16,
    shared: Arc<Shared>,
    listener: tokio::task::JoinHandle<()>,
}

struct Shared {
    mails: watch::Sender<Vec<Received>>,
    connections: watch::Sender<usize>,
    waiting: watch::Sender<usize>,
    open: watch::Sender<bool>,
    released: watch::Sender<bool>,
    troubles: Mutex<VecDeque<Trouble>>,
    login: Option<String>,
}

impl SmtpSink {
    /// A server on a free port of the loopback interface.
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    /// The same, wanting this user name and password before anything else.
    pub async fn start_with_login(user: &str, password: &str) -> Self {
        Self::start_with(Some(format!("\0{user}\0{password}"))).await
    }

    async fn start_with(login: Option<String>) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = socket.local_addr().expect("bound").port();
        let shared = Arc::new(Shared {
            mails: watch::Sender::new(Vec::new()),
            connections: watch::Sender::new(0),
            waiting: watch::Sender::new(0),
            open: watch::Sender::new(true),
            released: watch::Sender::new(false),
            troubles: Mutex::default(),
            login,
        });
        let listener = tokio::spawn(listen(socket, shared.clone()));
        Self { port, shared, listener }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address as `SMTP_URL`.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// What was received up to now.
    pub fn mails(&self) -> Vec<Received> {
        self.shared.mails.borrow().clone()
    }

    /// Waits until at least `count` mails were received.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let mut mails = self.shared.mails.subscribe();
        let mails = in_time(mails.wait_for(|mails| mails.len() >= count)).await;
        mails.expect("the sink holds the sender").clone()
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        *self.shared.connections.borrow()
    }

    /// Queues a trouble; each happens once, in order.
    pub fn trouble(&self, trouble: Trouble) {
        self.shared.troubles.lock().expect("no panic while held").push_back(trouble);
    }

    /// From now on mails wait before they are answered, until [`open_gate`](Self::open_gate).
    pub fn close_gate(&self) {
        self.shared.open.send_replace(false);
    }

    /// Lets waiting mails through, those that wait by [`Trouble::Wait`] too.
    pub fn open_gate(&self) {
        self.shared.open.send_replace(true);
        self.shared.released.send_replace(true);
    }

    /// Waits until `count` mails stand at the closed gate.
    pub async fn wait_for_waiting(&self, count: usize) {
        let mut waiting = self.shared.waiting.subscribe();
        in_time(waiting.wait_for(|waiting| *waiting >= count)).await.expect("the sink holds the sender");
    }
}

/// Fails the test rather than let it hang.
async fn in_time<T>(condition: impl Future<Output = T>) -> T {
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, condition).await.expect("nothing came for 20 seconds")
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Shared {
    fn next(&self, wanted: impl Fn(&Trouble) -> bool) -> Option<Trouble> {
        let mut troubles = self.troubles.lock().expect("no panic while held");
        if troubles.front().is_some_and(wanted) { troubles.pop_front() } else { None }
    }

    async fn pass_gate(&self) {
        let gate = match self.next(|trouble| *trouble == Trouble::Wait) {
            Some(_) => &self.released,
            None => &self.open,
        };
        let mut gate = gate.subscribe();
        if *gate.borrow() {
            return;
        }
        self.waiting.send_modify(|waiting| *waiting += 1);
        // An error means that the sink is gone, and the connection with it.
        let _ = gate.wait_for(|open| *open).await;
        self.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

async fn listen(socket: TcpListener, shared: Arc<Shared>) {
    let mut sessions = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = socket.accept().await {
        shared.connections.send_modify(|connections| *connections += 1);
        sessions.spawn(converse(stream, shared.clone()));
    }
}

/// One connection; an error of the socket ends it, as it would end a real one.
async fn converse(stream: TcpStream, shared: Arc<Shared>) -> Option<()> {
    let (read, write) = stream.into_split();
    let mut session = Session { lines: BufReader::new(read), write, shared };
    if let Some(Trouble::Greet(line)) = session.shared.next(|trouble| matches!(trouble, Trouble::Greet(_))) {
        return session.say(line).await;
    }
    session.say("220 sink ESMTP").await?;
    let mut mail = Received { from: String::new(), to: Vec::new(), message: String::new() };
    loop {
        let line = session.hear().await?;
        match line.split([' ', ':']).next().unwrap_or_default().to_uppercase().as_str() {
            "EHLO" | "HELO" => session.introduce().await?,
            "AUTH" => session.log_in(&line).await?,
            "MAIL" => {
                mail = Received { from: mailbox(&line), to: Vec::new(), message: String::new() };
                session.say("250 OK").await?;
            }
            "RCPT" => match session.shared.next(|trouble| matches!(trouble, Trouble::Recipient(_))) {
                Some(Trouble::Recipient(line)) => session.say(line).await?,
                _ => {
                    mail.to.push(mailbox(&line));
                    session.say("250 OK").await?;
                }
            },
            "DATA" => session.receive(&mut mail).await?,
            "NOOP" | "RSET" => session.say("250 OK").await?,
            "QUIT" => return session.say("221 Bye").await,
            _ => session.say("502 Unknown command").await?,
        }
    }
}

struct Session {
    lines: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
    shared: Arc<Shared>,
}

impl Session {
    async fn say(&mut self, line: &str) -> Option<()> {
        self.write.write_all(format!("{line}\r\n").as_bytes()).await.ok()
    }

    async fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).await.ok()?;
        (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }

    async fn introduce(&mut self) -> Option<()> {
        if self.shared.login.is_some() {
            self.say("250-sink").await?;
            return self.say("250 AUTH PLAIN").await;
        }
        self.say("250-sink").await?;
        self.say("250 8BITMIME").await
    }

    async fn log_in(&mut self, line: &str) -> Option<()> {
        use base64::Engine as _;
        let given = line.rsplit(' ').next().unwrap_or_default();
        let given = base64::engine::general_purpose::STANDARD.decode(given).unwrap_or_default();
        let right = self.shared.login.as_ref().is_some_and(|login| login.as_bytes() == given);
        self.say(if right { "235 OK" } else { "535 5.7.8 No" }).await
    }

    async fn receive(&mut self, mail: &mut Received) -> Option<()> {
        if self.shared.next(|trouble| *trouble == Trouble::HangUp).is_some() {
            return None;
        }
        self.say("354 Go on").await?;
        loop {
            let line = self.hear().await?;
            if line == "." {
                break;
            }
            mail.message.push_str(line.strip_prefix('.').unwrap_or(&line));
            mail.message.push_str("\r\n");
        }
        self.shared.pass_gate().await;
        let last = |trouble: &Trouble| matches!(trouble, Trouble::Content(_) | Trouble::HangUpAfterwards);
        let trouble = self.shared.next(last);
        if let Some(Trouble::Content(line)) = trouble {
            return self.say(line).await;
        }
        self.shared.mails.send_modify(|mails| mails.push(mail.clone()));
        if trouble.is_some() { None } else { self.say("250 OK").await }
    }
}

fn mailbox(line: &str) -> String {
    let start = line.find('<').map_or(0, |start| start + 1);
    line[start..].split('>').next().unwrap_or_default().to_owned()
}
