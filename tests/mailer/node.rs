//! A node on a database of its own, without HTTP: jobs are written by commands as its handlers would.

use std::time::Duration;

use chrono::TimeDelta;
use devauth::app::App;
use devauth::clock::Clock;
use devauth::config::Config;
use devauth::mailer::message::MailKind;
use devauth::mailer::transport::Transport;
use devauth::mailer::worker::Worker;
use devauth_aggregates::{
    Application, ApplicationCommand, ApplicationId, ApplicationName, ApplicationSettings, EmailAddress,
    Environment, TokenId, User, UserCommand, UserId,
};
use devauth_projections::Write;
use devauth_projections::event_log::{Actor, Context};
use devauth_projections::jobs::{self, NewJob};
use devauth_projections::pool::{self, PoolSettings};
use devauth_projections::reads::Reads;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use devauth_test_support::database::Database;
use devauth_test_support::smtp::SmtpSink;

/// How long a condition may take to come true before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Node {
    pub app: App,
    pub application: ApplicationId,
    pub database: Database,
}

impl Node {
    /// A node with the application "Acme", whose settings are these.
    pub async fn start(settings: ApplicationSettings) -> Self {
        let database = Database::migrated().await;
        let pool = pool::lazy(&database.url, &PoolSettings::default()).unwrap();
        let reads = Reads::of(pool.clone());
        let app = App::new(config(&database.url), pool, reads, Clock::system(), "test:").await.unwrap();
        let application = ApplicationId::from_uuid(app.new_id());
        let node = Node { app, application, database };
        node.create_application(settings).await;
        node
    }

    async fn create_application(&self, settings: ApplicationSettings) {
        let now = self.app.clock.now();
        let owner = UserId::from_uuid(self.app.new_id());
        let name = ApplicationName::parse("Acme").unwrap();
        let create =
            ApplicationCommand::CreateApplication { owner, name, environment: Environment::Development, now };
        let update =
            ApplicationCommand::UpdateApplication { name: None, settings: Some(settings.into()), now };
        for command in [create, update] {
            let context = self.context();
            self.app
                .commands
                .execute::<Application>(self.application, command, &context, |_| vec![])
                .await
                .unwrap();
        }
    }

    pub async fn delete_application(&self) {
        let delete = ApplicationCommand::DeleteApplication { now: self.app.clock.now() };
        let context = self.context();
        self.app
            .commands
            .execute::<Application>(self.application, delete, &context, |_| vec![])
            .await
            .unwrap();
    }

    /// Signs a user up, with the job for the verification mail.
    pub async fn sign_up(&self, email: &str) -> (UserId, Uuid) {
        let user = UserId::from_uuid(self.app.new_id());
        let now = self.app.clock.now();
        let job = self.token_job(MailKind::VerifyEmail, user);
        let verification = job.token_id.map(|token| (token, job.give_up_at));
        let email = EmailAddress::parse(email).unwrap();
        let metadata = serde_json::Map::new();
        let command =
            UserCommand::RegisterUser { app_id: self.application, email, metadata, verification, now };
        self.execute(user, command, Some(&job)).await;
        (user, job.id)
    }

    /// Asks for a new verification mail, which voids the one before.
    pub async fn ask_again(&self, user: UserId) -> Uuid {
        let job = self.token_job(MailKind::VerifyEmail, user);
        let token_id = job.token_id.unwrap();
        let (expires_at, now) = (job.give_up_at, self.app.clock.now());
        let command = UserCommand::RequestEmailVerification { token_id, expires_at, now };
        self.execute(user, command, Some(&job)).await;
        job.id
    }

    pub async fn erase(&self, user: UserId) {
        let command = UserCommand::EraseUser { now: self.app.clock.now() };
        let forget = |_: &User| vec![Write::Forget { user }];
        self.app.commands.execute::<User>(user, command, &self.context(), forget).await.unwrap();
    }

    /// Writes the job for a notice.
    pub async fn notify(&self, kind: &'static str, user: UserId) -> Uuid {
        let job = NewJob { kind, token_id: None, ..self.token_job(MailKind::VerifyEmail, user) };
        jobs::insert_alone(&self.app.pool, &job).await.unwrap();
        self.app.job_written.notify_one();
        job.id
    }

    fn token_job(&self, kind: MailKind, user_id: UserId) -> NewJob {
        let now = self.app.clock.now();
        NewJob {
            id: self.app.new_id(),
            kind: kind.name(),
            application_id: self.application,
            user_id,
            token_id: Some(TokenId::from_uuid(self.app.new_id())),
            give_up_at: now + TimeDelta::hours(24),
            now,
            traceparent: None,
        }
    }

    async fn execute(&self, user: UserId, command: UserCommand, job: Option<&NewJob>) {
        let writes = |_: &User| job.cloned().map(Write::Job).into_iter().collect();
        self.app.commands.execute::<User>(user, command, &self.context(), writes).await.unwrap();
        self.app.job_written.notify_one();
    }

    fn context(&self) -> Context {
        Context {
            command_id: self.app.new_id(),
            application_id: self.application,
            actor: Actor::Service,
            person: None,
            request_id: None,
            client_address: None,
            user_agent: None,
        }
    }

    /// Starts a worker that mails to `sink`.
    pub fn work(&self, sink: &SmtpSink) -> Working {
        let stop = CancellationToken::new();
        let worker = Worker::new(self.app.clone(), Transport::smtp(&sink.url()).unwrap());
        Working { task: tokio::spawn(worker.run(stop.clone())), stop }
    }

    /// Waits until a job's row says this: state and last error.
    pub async fn until(&self, job: Uuid, state: &str, error: Option<&str>) {
        let mut connection = self.database.connect().await;
        let wanted = (state.to_owned(), error.map(str::to_owned));
        let mut is = (String::new(), None);
        let waiting = async {
            while is != wanted {
                let row = sqlx::query_as("SELECT state, last_error FROM jobs WHERE id = $1");
                is = row.bind(job).fetch_one(&mut connection).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(came.is_ok(), "the job is {is:?} and not {wanted:?}");
    }
}

/// A running worker.
pub struct Working {
    pub task: JoinHandle<()>,
    pub stop: CancellationToken,
}

impl Working {
    pub async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

fn config(database_url: &str) -> Config {
    let key_file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/testdata/rsa-2048.pem");
    let values = [
        ("DEVAUTH_ENV", "test"),
        ("DATABASE_URL", database_url),
        ("SMTP_URL", "smtp://127.0.0.1"),
        ("DEVAUTH_PUBLIC_URL", "http://localhost:8080"),
        ("DEVAUTH_ENCRYPTION_KEY", "q83vEjRWeJq83v8AESIzRFVmd4iZqrvM3e7/ECAwQFA="),
        ("DEVAUTH_JWT_PRIVATE_KEY_FILE", key_file),
        ("DEVAUTH_MAIL_FROM", "Configured <no-reply@devauth.example>"),
    ];
    let find =
        |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Config::from_env(&find).unwrap()
}
