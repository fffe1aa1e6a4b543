//! Commands in a database of their own.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use devauth::commands::Commands;
use devauth::crypto::random;
use devauth_aggregates::{
    ApplicationId, EmailAddress, Session, SessionCommand, SessionId, UserCommand, UserId,
};
use devauth_projections::event_log::{Actor, Context, EventLog};
use devauth_projections::pool::{self, PoolSettings};
use devauth_projections::sealing::{Key256, Keyring};
use devauth_projections::{Write, cluster};
use devauth_test_support::database::Database;
use uuid::Uuid;

/// A log, and commands that reach it in some way.
pub struct Scene {
    pub database: Database,
    pub commands: Commands,
}

/// A moment, counted in seconds from when all tests begin.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap() + Duration::seconds(seconds)
}

/// The application that all tests are about.
pub fn application() -> ApplicationId {
    ApplicationId::from_uuid(Uuid::from_u128(1))
}

/// A drawn id.
pub fn id() -> Uuid {
    random::uuid_v7(at(0))
}

/// A command of the service's own.
pub fn context() -> Context {
    Context {
        command_id: id(),
        application_id: application(),
        actor: Actor::Service,
        person: None,
        request_id: None,
        client_address: None,
        user_agent: None,
    }
}

impl Scene {
    /// Commands that talk to Postgres directly.
    pub async fn new() -> Self {
        let database = Database::migrated().await;
        let url = database.url.clone();
        Self::reaching(database, &url).await
    }

    /// Commands that talk to Postgres under this address.
    pub async fn reaching(database: Database, url: &str) -> Self {
        let pool = pool::lazy(url, &PoolSettings::default()).unwrap();
        cluster::begin_epoch_if_moved(&pool).await.unwrap();
        let keyring = Keyring::new(vec![Key256::generate()]).unwrap();
        let log = EventLog::new(pool, Arc::new(keyring));
        Scene { database, commands: Commands::new(log, Arc::default()) }
    }

    /// A registered user.
    pub async fn user(&self) -> UserId {
        let user = UserId::from_uuid(id());
        self.commands.execute(user, register(), &context(), writes_of(user)).await.unwrap();
        user
    }

    /// A session of a user, an hour long.
    pub async fn session(&self, user: UserId) -> SessionId {
        let session = SessionId::from_uuid(id());
        let start = SessionCommand::StartSession {
            app_id: application(),
            user_id: user,
            generation: 0,
            client_address: None,
            user_agent: None,
            expires_at: at(3_600),
            now: at(0),
        };
        self.commands.execute(session, start, &context(), token_of(session)).await.unwrap();
        session
    }

    /// Sequences of all events, as they are stored.
    pub async fn sequences(&self) -> Vec<i64> {
        let mut direct = self.database.connect().await;
        sqlx::query_scalar("SELECT sequence FROM events ORDER BY aggregate_id, sequence")
            .fetch_all(&mut direct)
            .await
            .unwrap()
    }
}

/// Somebody signs up.
pub fn register() -> UserCommand {
    UserCommand::RegisterUser {
        app_id: application(),
        email: EmailAddress::parse("ada@example.org").unwrap(),
        metadata: serde_json::Map::new(),
        verification: None,
        now: at(0),
    }
}

/// What a signup writes besides its events: the address, and a password's hash.
pub fn writes_of(user: UserId) -> impl Fn(&devauth_aggregates::User) -> Vec<Write> + Send + Sync {
    let address = *user.uuid().as_bytes();
    move |_state| {
        vec![
            Write::Claim {
                application: application(),
                address: [address, address].concat().try_into().unwrap(),
                user,
            },
            Write::Password { user, hash: "a hash".to_owned() },
        ]
    }
}

/// A refresh token that says which step it is for.
pub fn token_of(session: SessionId) -> impl Fn(&Session) -> Vec<Write> + Send + Sync {
    move |state| {
        let step = u8::try_from(state.counter).unwrap();
        vec![Write::RefreshToken { session, hash: [step; 32] }]
    }
}

/// The first refresh of a session.
pub fn refresh() -> SessionCommand {
    SessionCommand::RefreshSession { counter: 0, grace: Duration::seconds(10), now: at(1) }
}

/// Nothing but events.
pub fn nothing<A>(_state: &A) -> Vec<Write> {
    Vec::new()
}
