//! What a node needs around it, and everything secret or personal that was used, so that no log tells of it.

use std::net::SocketAddr;
use std::sync::Mutex;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use devauth::crypto::random;
use devauth_test_support::database::Database;
use devauth_test_support::smtp::{Received, SmtpSink};

use crate::caller::Caller;
use crate::node::{Node, Output, run};

/// A database, a mail server and keys for any number of nodes.
pub struct Deployment {
    pub database: Database,
    pub smtp: SmtpSink,
    environment: Vec<(String, String)>,
    outputs: Mutex<Vec<Output>>,
    told: crate::caller::Told,
}

impl Deployment {
    /// All of it, and no node yet.
    pub async fn new() -> Self {
        let database = Database::migrated().await;
        let smtp = SmtpSink::start().await;
        let mut key = [0; 32];
        random::fill(&mut key);
        let key = BASE64_STANDARD.encode(key);
        let environment = [
            ("DEVAUTH_ENV", "test"),
            ("DATABASE_URL", &database.url),
            ("SMTP_URL", &smtp.url()),
            ("DEVAUTH_MAIL_FROM", "DevAuth <no-reply@auth.example.com>"),
            ("DEVAUTH_PUBLIC_URL", "https://auth.example.com"),
            ("DEVAUTH_ENCRYPTION_KEY", &key),
            ("DEVAUTH_JWT_PRIVATE_KEY_FILE", &test_key("rsa-2048.pem")),
            ("DEVAUTH_BIND", "127.0.0.1:0"),
            ("DEVAUTH_ADMIN_BIND", "127.0.0.1:0"),
            ("DEVAUTH_BCRYPT_COST", "4"),
            ("DEVAUTH_RATE_LIMIT_PER_MINUTE", "100000"),
            ("DEVAUTH_TRUSTED_PROXIES", "127.0.0.1"),
            ("DEVAUTH_DRAIN_TIME", "0s"),
            ("DEVAUTH_LOG", "debug"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let told = crate::caller::Told::default();
        told.lock().unwrap().push(key);
        Deployment { database, smtp, environment, outputs: Mutex::default(), told }
    }

    /// A node.
    pub async fn start(&self) -> Node {
        self.start_with(&[]).await
    }

    /// A node, differently configured.
    pub async fn start_with(&self, changes: &[(&str, &str)]) -> Node {
        let node = Node::start(&self.environment_with(changes)).await;
        self.outputs.lock().unwrap().push(node.output.clone());
        node
    }

    /// The value of a variable that every node is started with.
    pub fn variable(&self, name: &str) -> &str {
        let found = self.environment.iter().find(|(variable, _)| variable == name);
        &found.expect("it is set").1
    }

    /// Checks that a text holds nothing secret or personal.
    pub fn nothing_is_given_away_by(&self, text: &str) {
        let text = text.to_lowercase();
        for secret in self.told.lock().unwrap().iter() {
            assert!(!text.contains(&secret.to_lowercase()), "{secret}");
        }
    }

    /// The environment of a node, changed: of two values for a variable the last one counts.
    pub fn environment_with(&self, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let changes = changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.environment.iter().cloned().chain(changes).collect()
    }

    /// Says that this is nobody else's business.
    pub fn keep_secret(&self, text: &str) {
        self.told.lock().unwrap().push(text.to_owned());
    }

    /// Runs a command with the same configuration: exit status, stdout and stderr.
    pub async fn command(
        &self,
        arguments: &[&str],
        changes: &[(&str, &str)],
    ) -> (Option<i32>, String, String) {
        let environment = self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        run(arguments, &environment.chain(changes.iter().copied()).collect::<Vec<_>>()).await
    }

    /// Somebody without credentials, at this node.
    pub fn anyone(&self, node: &Node) -> Caller {
        self.anyone_at(node.address)
    }

    /// The same at an address that leads to nodes.
    pub fn anyone_at(&self, address: SocketAddr) -> Caller {
        Caller::new(address, self.told.clone())
    }

    /// An application's backend.
    pub async fn application(&self, node: &Node) -> Caller {
        self.anyone(node).application().await
    }

    /// The token in the link of a mail.
    pub fn token_in(&self, mail: &Received) -> String {
        let text = mail.message.replace("=\r\n", "").replace("=3D", "=");
        let (_, after) = text.split_once("token=").expect("the mail has a link");
        let token: String =
            after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-').collect();
        self.told.lock().unwrap().push(token.clone());
        token
    }

    /// Checks that no node wrote anything secret or personal, and that none met a bug.
    pub fn nothing_was_given_away(&self) {
        let told = self.told.lock().unwrap();
        assert!(told.len() > 3, "somebody did something");
        for output in self.outputs.lock().unwrap().iter() {
            let output = output.borrow();
            assert!(output.contains("listening"));
            for secret in told.iter() {
                // Not shown, for it may be what the test is about.
                let line = output.lines().find(|line| line.to_lowercase().contains(&secret.to_lowercase()));
                assert_eq!(line, None, "{secret}");
            }
            let bug = output
                .lines()
                .find(|line| line.contains("panicked") || line.contains("\"code\":\"internal\""));
            assert_eq!(bug, None);
        }
    }
}

/// The path of a key among the files for tests.
pub fn test_key(name: &str) -> String {
    format!("{}/src/config/testdata/{name}", env!("CARGO_MANIFEST_DIR"))
}
