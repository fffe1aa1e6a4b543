//! An event log in a database of its own, and what happens in it.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Duration, Utc};
use cqrs_es::Aggregate;
use devauth_aggregates::{
    ApplicationId, Personal, RecordedEvent, Session, SessionEvent, SessionId, User, UserEvent, UserId,
};
use devauth_projections::event_log::{Actor, Append, Context, EventLog};
use devauth_projections::inline::Inline;
use devauth_projections::pool::PoolSettings;
use devauth_projections::read_models::ReadModel;
use devauth_projections::sealing::{Key256, Keyring};
use devauth_projections::subscription::{self, Progress};
use devauth_projections::{Error, Pool, Tx, Write, cluster, pool, roles, sequencer};
use devauth_test_support::database::Database;
use serde_json::{Map, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// What must never be found where it doesn't belong.
pub const EMAIL: &str = "Ada.Lovelace@example.org";
/// A client's address.
pub const CLIENT: &str = "203.0.113.77";
/// A client's name for itself.
pub const AGENT: &str = "Analytical Engine/1.0";

/// A log, and a pool with the rights that the running service has.
pub struct Scene {
    pub pool: Pool,
    pub log: EventLog,
    drawn: AtomicU64,
}

/// The same in a database of its own.
pub struct Fixture {
    pub database: Database,
    scene: Scene,
}

impl Deref for Fixture {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
    }
}

/// A moment, counted in seconds from when all tests begin.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap() + Duration::seconds(seconds)
}

/// Keys that seal; the same for every database, so that a log can be read in another.
pub fn keyring() -> Keyring {
    Keyring::new(vec![Key256::new([7; 32])]).unwrap()
}

/// The application that most tests are about.
pub fn application() -> ApplicationId {
    ApplicationId::from_uuid(Uuid::from_u128(1))
}

/// Opens what was opened at the start of a node: migrations are there, rights are arranged, the epoch is known.
pub async fn open(url: &str) -> Pool {
    let mut owner = pool::owner(url).await.unwrap();
    let role = roles::restrict(&mut owner).await.unwrap();
    let pool = pool::lazy(url, &PoolSettings { role, ..PoolSettings::default() }).unwrap();
    cluster::begin_epoch_if_moved(&pool).await.unwrap();
    pool
}

impl Fixture {
    pub async fn new() -> Self {
        let database = Database::migrated().await;
        let scene = Scene::of(open(&database.url).await);
        Fixture { database, scene }
    }

    /// A connection with the rights of the owner.
    pub async fn owner(&self) -> PgConnection {
        self.database.connect().await
    }
}

impl Scene {
    pub fn of(pool: Pool) -> Self {
        let log = EventLog::new(pool.clone(), Arc::new(keyring()));
        Scene { pool, log, drawn: AtomicU64::new(1_000) }
    }

    pub fn id(&self) -> Uuid {
        Uuid::from_u128(self.drawn.fetch_add(1, Ordering::Relaxed).into())
    }

    pub fn user_id(&self) -> UserId {
        UserId::from_uuid(self.id())
    }

    pub fn session_id(&self) -> SessionId {
        SessionId::from_uuid(self.id())
    }

    /// A command of `person`'s own, with all that is personal about a request.
    pub fn context(&self, person: Option<UserId>) -> Context {
        Context {
            command_id: self.id(),
            application_id: application(),
            actor: person.map_or(Actor::Service, Actor::User),
            person,
            request_id: Some("req-1".to_owned()),
            client_address: Some(CLIENT.to_owned()),
            user_agent: Some(AGENT.to_owned()),
        }
    }

    /// Appends to the end of a stream and writes its rows, as a command does.
    pub async fn append<A>(&self, id: A::Id, events: &[A::Event])
    where
        A: Inline,
        A::Event: RecordedEvent + Clone,
    {
        let loaded = self.log.load::<A>(&id.to_string()).await.unwrap();
        let mut tx = self.pool.begin().await.unwrap();
        let context = |person| self.context(person);
        self.append_in::<A>(&mut tx, id, loaded.sequence, loaded.state, events, context).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Appends after a given sequence, in a transaction that stays open.
    pub async fn append_in<A>(
        &self,
        tx: &mut Tx<'_>,
        id: A::Id,
        after: i64,
        mut state: A,
        events: &[A::Event],
        context: impl FnOnce(Option<UserId>) -> Context,
    ) -> Result<(), Error>
    where
        A: Inline,
        A::Event: RecordedEvent + Clone,
    {
        events.iter().for_each(|event| state.apply(event.clone()));
        let person = state.person(id);
        let mut keys = self.log.data_keys(&person.into_iter().collect::<Vec<_>>()).await?;
        if let Some(person) = person.filter(|person| after == 0 && person.uuid() == A::uuid(id)) {
            let key = Key256::generate();
            self.log.store_data_key(tx, person, &key).await?;
            keys.insert(person, key);
        }
        let stream = id.to_string();
        let context = context(person);
        Append::<A> { aggregate_id: &stream, after, events, person, context: &context, keys: &keys }
            .insert(tx)
            .await?;
        let sequence = after + i64::try_from(events.len()).unwrap();
        state.write(tx, id, sequence).await
    }

    /// Erases a user, as a command does that doesn't try again.
    pub async fn erase(&self, user: UserId) -> Result<(), Error> {
        let loaded = self.log.load::<User>(&user.to_string()).await?;
        let forget = Write::Forget { user };
        let mut tx = self.pool.begin().await?;
        forget.lock(&mut tx).await?;
        if self.log.data_keys(&[user]).await?.is_empty() {
            return Err(Error::PersonErased);
        }
        let erased = [UserEvent::UserErased { at: at(1_000) }];
        let by_nobody = |_| self.context(None);
        self.append_in::<User>(&mut tx, user, loaded.sequence, loaded.state, &erased, by_nobody).await?;
        forget.apply(&mut tx, &keyring()).await?;
        Ok(tx.commit().await?)
    }

    /// A registered user.
    pub async fn user(&self) -> UserId {
        let user = self.user_id();
        self.append::<User>(user, &[registered()]).await;
        user
    }

    /// A session of `user`.
    pub async fn session(&self, user: UserId, generation: u32) -> SessionId {
        let session = self.session_id();
        self.append::<Session>(session, &[started(user, generation, 0)]).await;
        session
    }
}

impl Scene {
    /// Numbers everything that was appended. Other tests' transactions on the same server may hold it back for a moment.
    pub async fn number(&self) {
        eventually("every event has a position", async || {
            sequencer::tick(self.log.kept(), 1_000).await.unwrap();
            sqlx::query_scalar::<_, bool>(
                "SELECT (SELECT count(*) FROM events) = (SELECT count(*) FROM event_log)",
            )
            .fetch_one(&self.pool)
            .await
            .unwrap()
        })
        .await;
    }

    /// Numbers everything and brings a read model up to it, so many events at a time.
    pub async fn project(&self, model: ReadModel, batch: i64) {
        self.number().await;
        while let Progress::Projected(_) = subscription::step(&self.log, model, batch).await.unwrap() {}
    }
}

/// A user signs up.
pub fn registered() -> UserEvent {
    UserEvent::UserRegistered {
        app_id: application(),
        email: Personal::Clear(EMAIL.to_owned()),
        metadata: Personal::Clear(Map::from_iter([("nickname".to_owned(), json!("Countess"))])),
        at: at(0),
    }
}

/// A session begins and would last an hour.
pub fn started(user: UserId, generation: u32, seconds: i64) -> SessionEvent {
    SessionEvent::SessionStarted {
        app_id: application(),
        user_id: user,
        generation,
        client_address: Personal::Clear(Some(CLIENT.to_owned())),
        user_agent: Personal::Clear(Some(AGENT.to_owned())),
        expires_at: at(seconds + 3_600),
        at: at(seconds),
    }
}

/// The state after these events.
pub fn folded<A: Aggregate>(events: &[A::Event]) -> A
where
    A::Event: Clone,
{
    let mut state = A::default();
    events.iter().for_each(|event| state.apply(event.clone()));
    state
}

/// Every row of a table, as text.
pub async fn rows(connection: &mut PgConnection, table: &str) -> Vec<String> {
    sqlx::query_scalar(&format!("SELECT t::text FROM {table} t ORDER BY 1"))
        .fetch_all(connection)
        .await
        .unwrap()
}

/// The SQLSTATE that a statement fails with.
pub async fn refused(connection: &mut PgConnection, sql: &str) -> String {
    let error = sqlx::raw_sql(sql).execute(connection).await.expect_err(sql);
    error.as_database_error().expect(sql).code().expect(sql).into_owned()
}

/// Runs statements.
pub async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

/// Waits until so many sessions of this database wait for a lock.
pub async fn waiting_for_locks(connection: &mut PgConnection, count: i64) {
    eventually("somebody waits for a lock", async || {
        sqlx::query_scalar::<_, bool>(
            "SELECT count(*) = $1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .bind(count)
        .fetch_one(&mut *connection)
        .await
        .unwrap()
    })
    .await;
}

/// Asks until the answer is yes.
pub async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    let patience = devauth_test_support::database::PATIENCE;
    tokio::time::timeout(patience, asking).await.unwrap_or_else(|_| panic!("waited in vain: {what}"));
}

/// Does something in the middle of what does not wait for anything; for tests with several threads.
pub fn meanwhile<T>(work: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work))
}
