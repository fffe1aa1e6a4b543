//! A log with a hundred users, with sessions and applications, and a copy of it to begin again from.

use devauth_aggregates::{
    Application, ApplicationEvent, ApplicationId, EndReason, Environment, RecordedEvent, Session,
    SessionEvent, TokenId, User, UserEvent, UserId,
};
use devauth_projections::event_log::Context;
use devauth_projections::inline::Inline;
use devauth_projections::{Tx, sequencer};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::fixture::{Fixture, application, at, eventually, registered, run, started};

/// The applications that everything belongs to.
pub const APPLICATIONS: [fn() -> ApplicationId; 2] =
    [application, || ApplicationId::from_uuid(Uuid::from_u128(2))];

/// The log, and a connection of its owner.
pub struct World {
    pub fixture: Fixture,
    pub events: u64,
}

impl World {
    pub async fn new() -> Self {
        let fixture = Fixture::new().await;
        for batch in 0..10 {
            let (mut tx, mut people) = (fixture.pool.begin().await.unwrap(), Vec::new());
            for number in batch * 10..batch * 10 + 10 {
                people.push((number, sign_up(&fixture, &mut tx, number).await));
            }
            tx.commit().await.unwrap();
            let mut tx = fixture.pool.begin().await.unwrap();
            for (number, user) in people {
                live(&fixture, &mut tx, number, user).await;
            }
            tx.commit().await.unwrap();
        }
        let mut owner = fixture.owner().await;
        let events: i64 =
            sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut owner).await.unwrap();
        eventually("everything is numbered", async || {
            sequencer::tick(fixture.log.kept(), 1_000).await.unwrap();
            let head = sqlx::query_scalar("SELECT position FROM log_head");
            head.fetch_one(&mut owner).await.ok() == Some(events)
        })
        .await;
        run(
            &mut owner,
            "CREATE TABLE copy_of_events AS TABLE events; CREATE TABLE copy_of_event_log AS TABLE event_log;
             CREATE TABLE copy_of_log_head AS TABLE log_head",
        )
        .await;
        World { fixture, events: events.unsigned_abs() }
    }

    /// What the database's owner can do: switch the triggers off, and on again.
    pub async fn tamper(&self, owner: &mut PgConnection, sql: &str) {
        run(
            owner,
            &format!(
                "BEGIN; ALTER TABLE events DISABLE TRIGGER USER; ALTER TABLE event_log DISABLE TRIGGER USER; {sql};
                 ALTER TABLE events ENABLE TRIGGER USER; ALTER TABLE event_log ENABLE TRIGGER USER; COMMIT"
            ),
        )
        .await;
    }

    /// As if nothing had been done.
    pub async fn restore(&self, owner: &mut PgConnection) {
        let everything = "TRUNCATE events, event_log, log_head;
             INSERT INTO events SELECT * FROM copy_of_events; INSERT INTO event_log SELECT * FROM copy_of_event_log;
             INSERT INTO log_head SELECT * FROM copy_of_log_head";
        self.tamper(owner, everything).await;
    }
}

/// The application that a user belongs to.
fn application_of(number: i64) -> ApplicationId {
    APPLICATIONS[usize::try_from(number % 2).unwrap()]()
}

/// A user signs up and does this and that.
async fn sign_up(fixture: &Fixture, tx: &mut Tx<'_>, number: i64) -> UserId {
    let (user, token) = (fixture.user_id(), TokenId::from_uuid(fixture.id()));
    let events = [
        registered(),
        UserEvent::EmailVerificationRequested { token_id: token, expires_at: at(90), at: at(1) },
        UserEvent::EmailVerified { token_id: token, at: at(2) },
        UserEvent::SessionsRevoked { at: at(3 + number) },
    ];
    append::<User>(fixture, tx, number, user, &events).await;
    user
}

/// Half of them log in, and every third makes an application.
async fn live(fixture: &Fixture, tx: &mut Tx<'_>, number: i64, user: UserId) {
    if number % 4 < 2 {
        let logged_in = [
            started(user, 1, number),
            SessionEvent::SessionRefreshed { counter: 1, at: at(number + 1) },
            SessionEvent::SessionEnded { reason: EndReason::Logout, at: at(number + 2) },
        ];
        append::<Session>(fixture, tx, number, fixture.session_id(), &logged_in).await;
    }
    if number % 3 == 0 {
        let created = [
            ApplicationEvent::ApplicationCreated {
                owner: user,
                name: "Acme".to_owned(),
                environment: Environment::Staging,
                at: at(number),
            },
            ApplicationEvent::AppSecretRotated { at: at(number + 1) },
        ];
        let id = ApplicationId::from_uuid(fixture.id());
        append::<Application>(fixture, tx, number, id, &created).await;
    }
}

async fn append<A>(fixture: &Fixture, tx: &mut Tx<'_>, number: i64, id: A::Id, events: &[A::Event])
where
    A: Inline,
    A::Event: RecordedEvent + Clone,
{
    let context = |person| Context { application_id: application_of(number), ..fixture.context(person) };
    fixture.append_in::<A>(tx, id, 0, A::default(), events, context).await.unwrap();
}
