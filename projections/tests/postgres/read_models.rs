//! The tables that access depends on are a function of the log: written event by event or from scratch, they are the same.

use devauth_aggregates::{
    ApiKeyId, Application, ApplicationEvent, ApplicationId, ApplicationSettings, EndReason, Environment,
    KeyType, Personal, RecordedEvent, Session, SessionEvent, TokenId, User, UserEvent,
};
use devauth_projections::inline::Inline;
use serde_json::Map;
use sqlx::Row as _;

use crate::fixture::{Fixture, at, folded, registered, rows, started};

/// What the log alone decides.
const TABLES: [&str; 5] = ["users", "last_logins", "applications", "api_keys", "sessions"];

/// A history in which everything happens that can happen.
pub struct History {
    pub user: Vec<UserEvent>,
    pub session: Vec<SessionEvent>,
    pub application: Vec<ApplicationEvent>,
}

/// Such a history of one user, a session of theirs and an application.
pub fn history(fixture: &Fixture, user: devauth_aggregates::UserId) -> History {
    let token = || TokenId::from_uuid(fixture.id());
    let (verify, reset, kept) = (token(), token(), fixture.session_id());
    let keys = [ApiKeyId::from_uuid(fixture.id()), ApiKeyId::from_uuid(fixture.id())];
    let issued = |key_id, key_type, seconds| ApplicationEvent::ApiKeyIssued {
        key_id,
        label: "server".to_owned(),
        key_type,
        prefix: "dak_1234".to_owned(),
        rate_limit_per_minute: Some(600),
        at: at(seconds),
    };
    let settings = ApplicationSettings { session_lifetime: Some(600), ..ApplicationSettings::default() };
    History {
        user: vec![
            registered(),
            UserEvent::EmailVerificationRequested { token_id: verify, expires_at: at(60), at: at(1) },
            UserEvent::EmailVerified { token_id: verify, at: at(2) },
            UserEvent::PasswordResetRequested { token_id: reset, expires_at: at(60), at: at(3) },
            UserEvent::PasswordReset { token_id: reset, at: at(4) },
            UserEvent::PasswordChanged { kept_session: Some(kept), at: at(5) },
            UserEvent::LoginLocked { until: at(90), at: at(6) },
            UserEvent::MetadataChanged { metadata: Personal::Clear(Map::new()), at: at(6) },
            UserEvent::UserSuspended { at: at(7) },
            UserEvent::UserRestored { at: at(8) },
            UserEvent::SessionsRevoked { at: at(9) },
            UserEvent::UserErased { at: at(10) },
        ],
        session: vec![
            started(user, 3, 4),
            SessionEvent::SessionRefreshed { counter: 1, at: at(5) },
            SessionEvent::SessionRefreshed { counter: 2, at: at(6) },
            SessionEvent::SessionEnded { reason: EndReason::Logout, at: at(7) },
        ],
        application: vec![
            ApplicationEvent::ApplicationCreated {
                owner: user,
                name: "Acme".to_owned(),
                environment: Environment::Staging,
                at: at(0),
            },
            issued(keys[0], KeyType::Secret, 1),
            ApplicationEvent::ApplicationUpdated { name: "Acme 2".to_owned(), settings, at: at(2) },
            issued(keys[1], KeyType::Publishable, 3),
            ApplicationEvent::AppSecretRotated { at: at(4) },
            ApplicationEvent::ApiKeyRevoked { key_id: keys[0], at: at(5) },
            ApplicationEvent::ApplicationUpdated {
                name: "Acme 3".to_owned(),
                settings: ApplicationSettings::default(),
                at: at(6),
            },
            ApplicationEvent::ApplicationDeleted { at: at(7) },
        ],
    }
}

/// Folds a stream as stored in `from` and writes its rows into `to`.
async fn write_anew<A>(from: &Fixture, to: &Fixture, id: A::Id)
where
    A: Inline,
    A::Event: RecordedEvent,
{
    let loaded = from.log.load::<A>(&id.to_string()).await.unwrap();
    let mut tx = to.pool.begin().await.unwrap();
    loaded.state.write(&mut tx, id, loaded.sequence).await.unwrap();
    tx.commit().await.unwrap();
}

/// Writes the rows of every stream of one database into another.
async fn rebuild(from: &Fixture, to: &Fixture) {
    let streams =
        sqlx::query("SELECT DISTINCT aggregate_type, aggregate_id FROM events ORDER BY aggregate_id DESC")
            .fetch_all(&from.pool)
            .await
            .unwrap();
    for stream in streams {
        let id: String = stream.get("aggregate_id");
        match stream.get("aggregate_type") {
            "User" => write_anew::<User>(from, to, id.parse().unwrap()).await,
            "Session" => write_anew::<Session>(from, to, id.parse().unwrap()).await,
            "Application" => write_anew::<Application>(from, to, id.parse().unwrap()).await,
            other => panic!("{other}"),
        }
    }
}

async fn content(fixture: &Fixture) -> Vec<(&'static str, Vec<String>)> {
    let mut owner = fixture.owner().await;
    let mut content = Vec::new();
    for table in TABLES {
        content.push((table, rows(&mut owner, table).await));
    }
    content
}

/// Appends a stream in batches of this size.
async fn append_all<A>(fixture: &Fixture, id: A::Id, events: &[A::Event], batch: usize)
where
    A: Inline,
    A::Event: RecordedEvent + Clone,
{
    for events in events.chunks(batch) {
        fixture.append::<A>(id, events).await;
    }
}

#[tokio::test]
async fn after_any_history_and_in_any_batches_live_equals_rebuilt() {
    let fixture = Fixture::new().await;
    for batch in [1, 2, 3, 100] {
        let user = fixture.user_id();
        let all = history(&fixture, user);
        // Every length, so that each event is once the last.
        append_all::<User>(&fixture, user, &all.user, batch).await;
        for length in 1..all.user.len() {
            append_all::<User>(&fixture, fixture.user_id(), &all.user[..length], batch).await;
        }
        for length in 1..=all.session.len() {
            append_all::<Session>(&fixture, fixture.session_id(), &all.session[..length], batch).await;
        }
        for length in 1..=all.application.len() {
            let all = history(&fixture, user);
            let id = ApplicationId::from_uuid(fixture.id());
            append_all::<Application>(&fixture, id, &all.application[..length], batch).await;
        }
    }
    let scratch = Fixture::new().await;

    rebuild(&fixture, &scratch).await;

    let live = content(&fixture).await;
    assert!(live.iter().all(|(_, rows)| !rows.is_empty()));
    assert_eq!(live, content(&scratch).await);
    rebuild(&fixture, &scratch).await;
    assert_eq!(live, content(&scratch).await, "a second time changes nothing");
}

/// The rows after all events, then every older state once more: nothing moves back.
async fn older_never_overwrites<A>(fixture: &Fixture, id: A::Id, events: &[A::Event])
where
    A: Inline,
    A::Event: RecordedEvent + Clone,
{
    append_all::<A>(fixture, id, events, 1).await;
    let before = content(fixture).await;
    for length in 1..=events.len() {
        let mut tx = fixture.pool.begin().await.unwrap();
        folded::<A>(&events[..length]).write(&mut tx, id, i64::try_from(length).unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(content(fixture).await, before, "{} {length}", A::TYPE);
    }
}

#[tokio::test]
async fn an_older_state_never_overwrites_a_newer() {
    let fixture = Fixture::new().await;
    let user = fixture.user_id();
    let all = history(&fixture, user);

    // But for the erasure, which leaves no row that could say which is older: see `erasure.rs` for why none comes after it.
    let (_erased, before) = all.user.split_last().unwrap();
    older_never_overwrites::<User>(&fixture, user, before).await;
    older_never_overwrites::<Session>(&fixture, fixture.session_id(), &all.session).await;
    older_never_overwrites::<Application>(&fixture, ApplicationId::from_uuid(fixture.id()), &all.application)
        .await;
}

#[tokio::test]
async fn an_erased_user_has_no_row_live_or_rebuilt() {
    let fixture = Fixture::new().await;
    let (user, twin) = (fixture.user().await, fixture.user().await);
    for person in [user, twin] {
        fixture.session(person, 0).await;
        fixture.append::<User>(person, &[UserEvent::UserSuspended { at: at(1) }]).await;
    }
    fixture.erase(user).await.unwrap();

    let state = fixture.log.load::<User>(&user.to_string()).await.unwrap().state;
    assert_eq!(state.email, Personal::Erased);
    let live = content(&fixture).await;
    for (table, rows) in &live {
        let expected = usize::from(["users", "last_logins", "sessions"].contains(table));
        assert_eq!(rows.len(), expected, "{table}");
        assert!(!rows.concat().contains(&user.uuid().to_string()), "{table}");
    }
    let scratch = Fixture::new().await;
    rebuild(&fixture, &scratch).await;
    assert_eq!(live, content(&scratch).await);
}

#[tokio::test]
async fn the_last_login_is_the_latest_in_whatever_order_they_are_written() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    for seconds in [50, 10, 90, 20] {
        fixture.append::<Session>(fixture.session_id(), &[started(user, 0, seconds)]).await;
    }
    let last: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("SELECT last_login_at FROM last_logins").fetch_one(&fixture.pool).await.unwrap();
    assert_eq!(last, at(90));
}
