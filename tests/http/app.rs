//! A service for one test: one node or several on one database, a clock that the test moves, and mail that arrives.

use std::time::Duration;

use devauth::clock::Clock;
use devauth::config::{Config, EncryptionKey, Environment, KeyFiles, Lockout, Passwords, Rates, Tokens};
use devauth::crypto::random;
use devauth::limits::{Attempt, Known, Reservation};
use devauth::mailer::transport::Transport;
use devauth::service::{Parts, Service};
use devauth_aggregates::{ApplicationId, EmailAddress};
use devauth_test_support::database::{Database, PATIENCE, redis_url, signing_key};
use devauth_test_support::smtp::{Received, SmtpSink};
use reqwest::Method;
use secrecy::SecretSlice;
use serde_json::json;

use crate::client::{Client, Developer, TestApplication, send};

/// A password that every policy accepts.
pub const PASSWORD: &str = "violet tractor lagoon 77";

/// The service under test.
pub struct TestApp {
    /// Its first node.
    pub node: Service,
    /// Its database.
    pub database: Database,
    /// Where its mail goes.
    pub smtp: SmtpSink,
    /// The time of all its nodes.
    pub clock: Clock,
    config: Config,
    redis_prefix: String,
}

impl TestApp {
    /// A service as it comes.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A service whose configuration was changed first.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let database = Database::migrated().await;
        let smtp = SmtpSink::start().await;
        let clock = Clock::system();
        let mut config = config(&database.url, &smtp.url());
        change(&mut config);
        let redis_prefix = format!("test:{}:", random::uuid_v7(clock.now()));
        let node = start_node(&config, &clock, &redis_prefix, &smtp).await;
        TestApp { node, database, smtp, clock, config, redis_prefix }
    }

    /// Another node on the same database, Redis and clock.
    pub async fn another_node(&self) -> Service {
        self.another_node_with(|_| {}).await
    }

    /// Another node whose configuration was changed first.
    pub async fn another_node_with(&self, change: impl FnOnce(&mut Config)) -> Service {
        let mut config = self.config.clone();
        change(&mut config);
        start_node(&config, &self.clock, &self.redis_prefix, &self.smtp).await
    }

    /// Does something to the database while no node runs, and starts one again.
    pub async fn while_stopped(self, work: impl AsyncFnOnce(&Database)) -> Self {
        let TestApp { node, database, smtp, clock, config, redis_prefix } = self;
        node.stop().await;
        work(&database).await;
        let node = start_node(&config, &clock, &redis_prefix, &smtp).await;
        TestApp { node, database, smtp, clock, config, redis_prefix }
    }

    /// Lets time pass, on all nodes.
    pub fn pass(&self, time: Duration) {
        self.clock.advance(chrono::Duration::from_std(time).unwrap());
    }

    /// The base of its URLs.
    pub fn url(&self) -> String {
        format!("http://{}", self.node.address)
    }

    /// Somebody without any credentials.
    pub fn anyone(&self) -> Client {
        Client::new(self.url())
    }

    /// A developer who is logged in.
    pub async fn developer(&self) -> Developer {
        self.developer_called("grace@example.org").await
    }

    /// A developer with this address who is logged in.
    pub async fn developer_called(&self, email: &str) -> Developer {
        let anyone = self.anyone();
        let credentials = json!({"email": email, "password": PASSWORD});
        anyone.post("/v1/portal/developers/signup", credentials.clone()).await.expect(201);
        let login = anyone.post("/v1/portal/developers/login", credentials).await;
        Developer::new(anyone, login.expect(200)["access_token"].as_str().unwrap())
    }

    /// A backend with a secret key of a new application of a new developer.
    pub async fn application(&self) -> Client {
        self.developer().await.application("Acme").await.client
    }

    /// Waits for the newest mail to this address whose subject has these words.
    pub async fn mail(&self, to: &str, subject: &str) -> Received {
        let wanted = |mail: &Received| {
            mail.to.iter().any(|address| address.contains(to))
                && mail.header("subject").is_some_and(|line| line.contains(subject))
        };
        let waiting = async {
            let mut count = 0;
            loop {
                let mails = self.smtp.wait_for(count).await;
                if let Some(found) = mails.iter().rev().find(|mail| wanted(mail)) {
                    return found.clone();
                }
                count = mails.len() + 1;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the mail arrives")
    }

    /// Waits for a mail, and takes the token out of its link.
    pub async fn mailed_token(&self, to: &str, subject: &str) -> String {
        token_in(&self.mail(to, subject).await)
    }
}

/// The token of the link in a mail.
pub fn token_in(mail: &Received) -> String {
    let text = mail.message.replace("=\r\n", "").replace("=3D", "=");
    let (_, after) = text.split_once("token=").expect("the mail has a link");
    after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-').collect()
}

fn config(database_url: &str, smtp_url: &str) -> Config {
    let mut key = [0; 32];
    random::fill(&mut key);
    Config {
        environment: Environment::Test,
        database_url: database_url.to_owned().into(),
        database_replica_url: None,
        redis_url: Some(redis_url().into()),
        smtp_url: smtp_url.to_owned().into(),
        bind: ([127, 0, 0, 1], 0).into(),
        admin_bind: ([127, 0, 0, 1], 0).into(),
        public_url: "https://auth.example.com".to_owned(),
        encryption_keys: vec![EncryptionKey::new(key).expect("random bytes are a key")],
        jwt_keys: vec![SecretSlice::from(signing_key())],
        key_files: KeyFiles::default(),
        mail_from: "DevAuth <no-reply@auth.example.com>".parse().unwrap(),
        passwords: Passwords { bcrypt_cost: 4 },
        tokens: Tokens::default(),
        lockout: Lockout::default(),
        rates: Rates { per_minute: 10_000, ..Rates::default() },
        trusted_proxies: Vec::new(),
        drain_time: std::time::Duration::ZERO,
        log: "off".to_owned(),
        migrate: true,
        traces: None,
    }
}

async fn start_node(config: &Config, clock: &Clock, redis_prefix: &str, smtp: &SmtpSink) -> Service {
    let parts = Parts {
        clock: clock.clone(),
        redis_prefix: redis_prefix.to_owned(),
        transport: Transport::smtp(&smtp.url()).unwrap(),
        pages: axum::Router::new(),
        metrics: devauth::http::metrics::install().ok(),
    };
    Service::start(config.clone(), parts).await.unwrap()
}

impl TestApp {
    /// Grace, who owns the application of [`Self::application`], suspends a user or lets them in again.
    pub async fn suspend(&self, user: &serde_json::Value, suspended: bool) {
        let credentials = json!({"email": "grace@example.org", "password": PASSWORD});
        let login = self.anyone().post("/v1/portal/developers/login", credentials).await.expect(200);
        let grace = self.anyone().bearing(login["access_token"].as_str().unwrap());
        let (app, id) = (user["app_id"].as_str().unwrap(), user["id"].as_str().unwrap());
        let what = if suspended { "suspend" } else { "restore" };
        let path = format!("/v1/portal/applications/{app}/users/{id}/{what}");
        send(grace.request(Method::POST, &path)).await.expect(204);
    }

    /// Names of everything that Redis knows of this service.
    pub async fn redis_keys(&self) -> Vec<String> {
        let mut redis = self.redis().await;
        let pattern = format!("{}*", self.redis_prefix);
        redis::cmd("KEYS").arg(pattern).query_async(&mut redis).await.unwrap()
    }

    async fn redis(&self) -> redis::aio::MultiplexedConnection {
        let url = std::env::var("DEVAUTH_TEST_REDIS_URL").unwrap();
        redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
    }

    /// What Redis knows of this service at this moment: names and contents.
    pub async fn redis_content(&self) -> Vec<(String, Vec<u8>)> {
        let mut redis = self.redis().await;
        let mut content = Vec::new();
        for key in self.redis_keys().await {
            content.push((key.clone(), redis::cmd("DUMP").arg(key).query_async(&mut redis).await.unwrap()));
        }
        content
    }

    /// Redis knows that again: it was away when the service told it something since.
    pub async fn redis_missed_what_came_after(&self, content: Vec<(String, Vec<u8>)>) {
        const MILLISECONDS: u32 = 600_000;
        for (key, value) in content {
            let mut restore = redis::cmd("RESTORE");
            restore.arg(key).arg(MILLISECONDS).arg(value).arg("REPLACE");
            restore.exec_async(&mut self.redis().await).await.unwrap();
        }
    }

    /// So many tries from there begin, and their node dies before it has checked a password; half a minute goes by.
    pub async fn abandon(&self, application: &TestApplication, email: &str, network: &str, tries: usize) {
        self.begin(application, email, network, tries).await;
        self.pass(Duration::from_secs(30));
    }

    /// So many tries from there begin, and nobody knows yet how they end.
    pub async fn begin(
        &self,
        application: &TestApplication,
        email: &str,
        network: &str,
        tries: usize,
    ) -> Vec<Attempt> {
        let application: ApplicationId = application.id.parse().unwrap();
        let node = &self.node.app;
        let address = node.keys.address(application, &EmailAddress::parse(email).unwrap());
        let mut begun = Vec::new();
        for _ in 0..tries {
            let attempt = Attempt {
                application: application.to_string(),
                address: address.iter().map(|byte| format!("{byte:02x}")).collect(),
                network: network.to_owned(),
                id: node.new_id().to_string(),
            };
            let reservation = node.limiter.reserve(&attempt, self.clock.now(), Known::Unknown).await;
            assert_eq!(reservation, Reservation::Granted);
            begun.push(attempt);
        }
        begun
    }

    /// Redis loses everything it knew of this service.
    pub async fn redis_forgets(&self) {
        let keys = self.redis_keys().await;
        assert!(!keys.is_empty(), "there is something to forget");
        redis::cmd("DEL").arg(keys).exec_async(&mut self.redis().await).await.unwrap();
    }

    /// Waits until a query that answers one boolean answers true.
    pub async fn until(&self, query: &str) {
        let mut database = self.database.connect().await;
        let waiting = async {
            while !sqlx::query_scalar::<_, bool>(query).fetch_one(&mut database).await.unwrap() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the condition comes true");
    }
}
