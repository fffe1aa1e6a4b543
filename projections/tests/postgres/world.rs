//! Writers who do anything that can happen, each on streams of its own, as commands do: events and rows in one transaction,
//! which stays open for a while now and then.

use std::sync::Arc;

use devauth_aggregates::{
    ApiKeyId, Application, ApplicationEvent, ApplicationId, ApplicationSettings, EndReason, Environment,
    KeyType, Personal, RecordedEvent, Session, SessionEvent, SessionId, TokenId, User, UserEvent, UserId,
};
use devauth_projections::event_log::Append;
use devauth_projections::inline::Inline;
use devauth_projections::read_models::ReadModel;
use devauth_projections::sealing::Key256;
use devauth_projections::{Tx, Write, sequencer, subscription};
use serde_json::{Map, Value};
use sqlx::Executor as _;

use crate::fixture::{Fixture, at, eventually, registered, started};

/// A number that looks random; the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let length = u64::try_from(of.len()).unwrap();
        (length > 0).then(|| of[usize::try_from(self.below(length)).unwrap()])
    }
}

/// Somebody who writes.
pub struct Writer {
    fixture: Arc<Fixture>,
    dice: Dice,
    /// Whether transactions stay open between the events, the rows and the commit.
    slow: bool,
    seconds: i64,
    users: Vec<UserId>,
    sessions: Vec<SessionId>,
    applications: Vec<ApplicationId>,
}

impl Writer {
    pub fn new(fixture: &Arc<Fixture>, number: u64, slow: bool) -> Self {
        Writer {
            fixture: fixture.clone(),
            dice: Dice(number),
            slow,
            seconds: 0,
            users: Vec::new(),
            sessions: Vec::new(),
            applications: Vec::new(),
        }
    }

    /// Does so many things.
    pub async fn steps(&mut self, count: u64) {
        for _ in 0..count {
            self.step().await;
        }
    }

    /// Does one thing.
    pub async fn step(&mut self) {
        self.seconds += 1;
        match (self.dice.below(12), self.dice.pick(&self.users)) {
            (0, _) | (_, None) => {
                let user = self.fixture.user_id();
                self.commit::<User>(user, &[registered()]).await;
                self.users.push(user);
            }
            (1..=3, Some(user)) => {
                let event = self.user_event();
                self.commit::<User>(user, &[event]).await;
            }
            (4 | 5, Some(user)) => {
                let session = self.fixture.session_id();
                self.commit::<Session>(session, &[started(user, 0, self.seconds)]).await;
                self.sessions.push(session);
            }
            (6, Some(user)) if self.dice.below(3) == 0 => self.erase(user).await,
            (6 | 7, Some(user)) => {
                let application = ApplicationId::from_uuid(self.fixture.id());
                let name = "Acme".to_owned();
                let (environment, at) = (Environment::Staging, at(self.seconds));
                let created = ApplicationEvent::ApplicationCreated { owner: user, name, environment, at };
                self.commit::<Application>(application, &[created]).await;
                self.applications.push(application);
            }
            (8 | 9, Some(_)) => {
                let Some(session) = self.dice.pick(&self.sessions) else { return };
                let event = self.session_event();
                self.commit::<Session>(session, &[event]).await;
            }
            (_, Some(_)) => {
                let Some(application) = self.dice.pick(&self.applications) else { return };
                let events = [self.application_event(), self.application_event()];
                self.commit::<Application>(application, &events).await;
            }
        }
    }

    fn user_event(&mut self) -> UserEvent {
        let (token_id, at) = (TokenId::from_uuid(self.fixture.id()), at(self.seconds));
        match self.dice.below(9) {
            0 => UserEvent::EmailVerificationRequested { token_id, expires_at: at, at },
            1 => UserEvent::EmailVerified { token_id, at },
            2 => UserEvent::PasswordReset { token_id, at },
            3 => UserEvent::PasswordChanged { kept_session: self.dice.pick(&self.sessions), at },
            4 => UserEvent::LoginLocked { until: at, at },
            5 => UserEvent::SessionsRevoked { at },
            6 => UserEvent::MetadataChanged { metadata: self.metadata(), at },
            7 => UserEvent::UserSuspended { at },
            _ => UserEvent::UserRestored { at },
        }
    }

    fn metadata(&mut self) -> Personal<Map<String, Value>> {
        Personal::Clear(Map::from_iter([("seats".to_owned(), Value::from(self.dice.below(99)))]))
    }

    fn session_event(&mut self) -> SessionEvent {
        let at = at(self.seconds);
        match self.dice.below(3) {
            0 => SessionEvent::SessionEnded { reason: EndReason::Revoked, at },
            _ => SessionEvent::SessionRefreshed { counter: u32::try_from(self.dice.below(99)).unwrap(), at },
        }
    }

    fn application_event(&mut self) -> ApplicationEvent {
        let (id, at) = (self.fixture.id(), at(self.seconds));
        match self.dice.below(4) {
            0 => ApplicationEvent::ApplicationUpdated {
                name: format!("Acme {}", self.seconds),
                settings: ApplicationSettings {
                    session_lifetime: Some(600),
                    ..ApplicationSettings::default()
                },
                at,
            },
            1 => ApplicationEvent::AppSecretRotated { at },
            2 => ApplicationEvent::ApiKeyRevoked { key_id: ApiKeyId::from_uuid(id), at },
            _ => ApplicationEvent::ApiKeyIssued {
                key_id: ApiKeyId::from_uuid(id),
                label: "server".to_owned(),
                key_type: KeyType::Secret,
                prefix: "dak_1234".to_owned(),
                rate_limit_per_minute: None,
                at,
            },
        }
    }

    async fn commit<A>(&mut self, id: A::Id, events: &[A::Event])
    where
        A: Inline,
        A::Event: RecordedEvent + Clone,
    {
        let mut tx = self.fixture.pool.begin().await.unwrap();
        self.write::<A>(&mut tx, id, events).await;
        self.pause(&mut tx).await;
        tx.commit().await.unwrap();
    }

    async fn write<A>(&mut self, tx: &mut Tx<'_>, id: A::Id, events: &[A::Event])
    where
        A: Inline,
        A::Event: RecordedEvent + Clone,
    {
        let loaded = self.fixture.log.load::<A>(&id.to_string()).await.unwrap();
        let mut state = loaded.state;
        events.iter().for_each(|event| state.apply(event.clone()));
        let person = state.person(id);
        let mut keys = self.fixture.log.data_keys(&person.into_iter().collect::<Vec<_>>()).await.unwrap();
        if person.is_some_and(|person| !keys.contains_key(&person)) && loaded.sequence > 0 {
            // Erased: nothing is recorded of them any more.
            return;
        }
        if let Some(person) = person.filter(|_| loaded.sequence == 0 && !A::TYPE.starts_with('S')) {
            let key = Key256::generate();
            self.fixture.log.store_data_key(tx, person, &key).await.unwrap();
            keys.insert(person, key);
        }
        let (stream, context) = (id.to_string(), self.fixture.context(person));
        let after = loaded.sequence;
        Append::<A> { aggregate_id: &stream, after, events, person, context: &context, keys: &keys }
            .insert(tx)
            .await
            .unwrap();
        self.pause(tx).await;
        state.write(tx, id, after + i64::try_from(events.len()).unwrap()).await.unwrap();
    }

    pub async fn erase(&mut self, user: UserId) {
        self.users.retain(|other| *other != user);
        let mut tx = self.fixture.pool.begin().await.unwrap();
        let forget = Write::Forget { user };
        forget.lock(&mut tx).await.unwrap();
        self.write::<User>(&mut tx, user, &[UserEvent::UserErased { at: at(self.seconds) }]).await;
        self.pause(&mut tx).await;
        forget.apply(&mut tx, self.fixture.log.keyring()).await.unwrap();
        self.pause(&mut tx).await;
        tx.commit().await.unwrap();
    }

    /// Round trips that keep a transaction open: most a few, some many.
    async fn pause(&mut self, tx: &mut Tx<'_>) {
        let trips = match (self.slow, self.dice.below(20)) {
            (false, _) => 0,
            (true, 0) => 60,
            (true, number) => number % 6,
        };
        for _ in 0..trips {
            tx.execute("SELECT 1").await.unwrap();
        }
    }
}

/// Numbers and projects everything that is committed.
pub async fn project_all(fixture: &Fixture) {
    eventually("everything is projected", async || {
        sequencer::tick(fixture.log.kept(), 1_000).await.unwrap();
        for model in ReadModel::ALL {
            subscription::step(&fixture.log, *model, 500).await.unwrap();
        }
        sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM events) = (SELECT position FROM log_head)
                AND NOT EXISTS (SELECT FROM projections, log_head WHERE checkpoint < position)",
        )
        .fetch_one(&fixture.pool)
        .await
        .unwrap()
    })
    .await;
}
