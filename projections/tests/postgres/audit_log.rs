//! The audit log: each event that has a word in it is in it once, and says nothing any more of who was erased.

use std::collections::{BTreeMap, BTreeSet};

use devauth_aggregates::{
    AuditEntryId, EndReason, Session, SessionEvent, TokenId, User, UserEvent, UserId, developer_id,
};
use devauth_projections::audit_log::{Action, Entry, Filter, list};
use devauth_projections::event_log::{Actor, Context};
use devauth_projections::feed::{self, Opened};
use devauth_projections::pool::{self, PoolSettings};
use devauth_projections::read_models::ReadModel;
use sqlx::Executor as _;
use uuid::Uuid;

use crate::fixture::{AGENT, CLIENT, Fixture, application, at, registered, rows, run, started};
use crate::follow::{destroy_key, equals_any_rebuild, follow, live_through_everything, number};
use crate::read_models::history;

const MODEL: ReadModel = ReadModel::AuditLog;

async fn entries(fixture: &Fixture, filter: &Filter) -> Vec<Entry> {
    list(&mut fixture.pool.acquire().await.unwrap(), application(), filter, 1_000).await.unwrap()
}

async fn all(fixture: &Fixture) -> Vec<Entry> {
    number(fixture).await;
    follow(fixture, MODEL, 100).await;
    entries(fixture, &Filter::default()).await
}

/// A developer's command on a user of theirs, appended with the developer's client in it.
async fn by_developer(fixture: &Fixture, developer: UserId, user: UserId, event: UserEvent) {
    let loaded = fixture.log.load::<User>(&user.to_string()).await.unwrap();
    let keys = fixture.log.data_keys(&[developer, user]).await.unwrap();
    let context = Context { actor: Actor::Developer(developer), ..fixture.context(Some(developer)) };
    let stream = user.to_string();
    let mut tx = fixture.pool.begin().await.unwrap();
    let append = devauth_projections::event_log::Append::<User> {
        aggregate_id: &stream,
        after: loaded.sequence,
        events: &[event],
        person: Some(user),
        context: &context,
        keys: &keys,
    };
    append.insert(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn every_event_that_has_a_word_is_in_it_once() {
    let fixture = Fixture::new().await;
    let user = fixture.user_id();
    let events = history(&fixture, user);
    fixture.append::<User>(user, &events.user[..10]).await;
    let mut sessions = Vec::new();
    for reason in [EndReason::Logout, EndReason::Revoked, EndReason::RefreshTokenReused] {
        let session = fixture.session_id();
        let ended = SessionEvent::SessionEnded { reason, at: at(30) };
        let refreshed = SessionEvent::SessionRefreshed { counter: 1, at: at(25) };
        fixture.append::<Session>(session, &[started(user, 0, 20), refreshed, ended]).await;
        sessions.push(session);
    }
    fixture.append::<devauth_aggregates::Application>(application(), &events.application).await;
    fixture.append::<User>(user, &events.user[10..]).await;

    let entries = all(&fixture).await;

    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &entries {
        *counted.entry(entry.action.as_str()).or_default() += 1;
    }
    let several = BTreeMap::from([
        ("login", 3),
        ("session_revoked", 2),
        ("api_key_created", 2),
        ("application_updated", 2),
    ]);
    for action in Action::ALL.iter().filter(|action| **action != Action::LoginFailed) {
        let expected = several.get(action.name()).copied().unwrap_or(1);
        assert_eq!(counted.remove(action.name()), Some(expected), "{}", action.name());
    }
    assert!(counted.is_empty(), "{counted:?}");
    let ids: BTreeSet<AuditEntryId> = entries.iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), entries.len());
    assert!(entries.is_sorted_by_key(|entry| std::cmp::Reverse(entry.place().occurred_at)));
}

#[tokio::test]
async fn an_entry_says_who_did_what_to_whom_from_where() {
    let fixture = Fixture::new().await;
    let (grace, ada) = (fixture.user().await, fixture.user().await);
    by_developer(&fixture, grace, ada, UserEvent::UserSuspended { at: at(5) }).await;

    let entries = all(&fixture).await;

    let Some(suspended) = entries.first() else { panic!("nothing") };
    assert_eq!((suspended.action.as_str(), suspended.occurred_at), ("user_suspended", at(5)));
    let actor = (suspended.actor_type.as_str(), suspended.actor_id.clone());
    assert_eq!(actor, ("developer", Some(developer_id(grace).to_string())));
    assert_eq!(suspended.user, Some(ada));
    assert_eq!(suspended.client_address.as_deref(), Some(CLIENT));
    assert_eq!(suspended.user_agent.as_deref(), Some(AGENT));
    assert_eq!(suspended.request_id.as_deref(), Some("req-1"));
    assert_eq!((suspended.reason.as_deref(), suspended.suppressed), (None, 0));
    let event: Uuid = sqlx::query_scalar("SELECT event_id FROM events WHERE event_type = 'UserSuspended'")
        .fetch_one(&fixture.pool)
        .await
        .unwrap();
    assert_eq!(suspended.id.uuid(), event);
}

#[tokio::test]
async fn incremental_equals_from_scratch_equals_any_batches() {
    let fixture = Fixture::new().await;
    live_through_everything(&fixture, MODEL).await;
    equals_any_rebuild(&fixture, MODEL).await;
}

#[tokio::test]
async fn of_an_erased_person_it_says_who_what_and_when_and_of_others_everything() {
    let fixture = Fixture::new().await;
    let (grace, ada, twin) = (fixture.user().await, fixture.user().await, fixture.user().await);
    for user in [ada, twin] {
        fixture.append::<Session>(fixture.session_id(), &[started(user, 0, 1)]).await;
        by_developer(&fixture, grace, user, UserEvent::UserSuspended { at: at(5) }).await;
    }
    let before = all(&fixture).await;
    assert!(before.iter().all(|entry| entry.client_address.is_some() && entry.user_agent.is_some()));

    destroy_key(&fixture, ada).await;
    by_developer(&fixture, grace, ada, UserEvent::UserErased { at: at(6) }).await;
    let entries = all(&fixture).await;

    let of = |user: UserId| entries.iter().filter(move |entry| entry.user == Some(user));
    for entry in of(ada) {
        // The developer's client is not the erased person's.
        let expected = entry.actor_type == "developer";
        assert_eq!(entry.client_address.is_some(), expected, "{}", entry.action);
        assert_eq!(entry.user_agent.is_some(), expected, "{}", entry.action);
    }
    let words = |user| of(user).map(|entry| entry.action.as_str()).collect::<Vec<_>>();
    assert_eq!(words(ada), ["user_erased", "user_suspended", "login", "signup"]);
    assert_eq!(words(twin), ["user_suspended", "login", "signup"]);
    assert!(of(twin).all(|entry| entry.client_address.is_some()));
    equals_any_rebuild(&fixture, MODEL).await;
}

#[tokio::test]
async fn what_was_opened_before_the_erasure_and_written_after_it_is_gone_too() {
    let fixture = Fixture::new().await;
    let ada = fixture.user().await;
    fixture.session(ada, 0).await;
    fixture.append::<User>(ada, &[UserEvent::UserErased { at: at(6) }]).await;
    number(&fixture).await;
    let mut connection = fixture.pool.acquire().await.unwrap();
    let stored = feed::after(&mut connection, 0, 100).await.unwrap();
    let opened = fixture.log.open(stored).await.unwrap();
    let recorded: Vec<_> = opened.into_iter().map(Opened::understand).collect::<Result<_, _>>().unwrap();
    assert!(recorded.iter().all(|event| event.metadata.client_address.is_some()));
    destroy_key(&fixture, ada).await;

    MODEL.apply(&mut connection, &recorded[..1]).await.unwrap();
    MODEL.apply(&mut connection, &recorded[1..]).await.unwrap();

    let content = rows(&mut fixture.owner().await, "audit_log").await.concat();
    assert!(content.contains("user_erased") && !content.contains(CLIENT) && !content.contains(AGENT));
}

/// Rows that a query reads from tables and indexes.
async fn rows_read(pool: &devauth_projections::Pool, filter: &Filter) -> (usize, i64) {
    const COUNT: &str = "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint
         FROM pg_stat_xact_user_tables WHERE relname IN ('audit_log', 'login_failures')";
    // The statistics of a transaction that is still open are counted as it goes; the pool has one connection.
    pool.execute("BEGIN").await.unwrap();
    let before: i64 = sqlx::query_scalar(COUNT).fetch_one(pool).await.unwrap();
    let found = list(&mut pool.acquire().await.unwrap(), application(), filter, 51).await.unwrap().len();
    let after: i64 = sqlx::query_scalar(COUNT).fetch_one(pool).await.unwrap();
    pool.execute("ROLLBACK").await.unwrap();
    (found, after - before)
}

#[tokio::test]
async fn a_page_reads_its_own_rows_and_no_others() {
    let fixture = Fixture::new().await;
    let mut owner = fixture.owner().await;
    let application_id = application().uuid();
    // One application has most of it, one user of it a little, and one action is rare.
    run(&mut owner, &format!(
        "INSERT INTO audit_log (id, position, application_id, action, occurred_at, actor_type, user_id)
         SELECT gen_random_uuid(), n, CASE WHEN n % 10 = 0 THEN gen_random_uuid() ELSE '{application_id}' END,
                CASE WHEN n % 5000 = 1 THEN 'user_erased' WHEN n % 3 = 0 THEN 'logout' ELSE 'login' END,
                timestamptz '2026-01-01' + n * interval '1 second', 'user', ('00000000-0000-0000-0000-' || lpad((n % 500)::text, 12, '0'))::uuid
         FROM generate_series(1, 20000) AS n;
         INSERT INTO login_failures (id, application_id, address, action, quarter, slot, occurred_at, user_id, client_address, request_id)
         SELECT gen_random_uuid(), '{application_id}', decode(lpad(to_hex(n), 8, '0'), 'hex'), CASE WHEN n % 5000 = 1 THEN 'locked' ELSE 'login_failed' END,
                timestamptz '2026-01-01', 1, timestamptz '2026-01-01' + n * interval '1 second',
                ('00000000-0000-0000-0000-' || lpad((n % 500)::text, 12, '0'))::uuid, '192.0.2.1', 'req'
         FROM generate_series(1, 20000) AS n;
         ANALYZE audit_log; ANALYZE login_failures")).await;
    let settings = PoolSettings { max_connections: 1, ..PoolSettings::default() };
    let pool = pool::lazy(&fixture.database.url, &settings).unwrap();
    let middle = chrono::DateTime::from_timestamp(1_767_225_600 + 10_000, 0).unwrap();
    let user = Some(UserId::from_uuid(Uuid::from_u128(0x123)));
    let everything = Filter::default();
    let place = list(&mut pool.acquire().await.unwrap(), application(), &everything, 51)
        .await
        .unwrap()
        .last()
        .map(Entry::place);
    for (what, filter) in [
        ("all", everything.clone()),
        ("the next page", Filter { after: place, ..everything.clone() }),
        (
            "of a time",
            Filter { from: Some(middle - chrono::Duration::days(1)), to: Some(middle), ..everything.clone() },
        ),
        ("a rare action", Filter { action: Some(Action::UserErased), ..everything.clone() }),
        ("a rare failure", Filter { action: Some(Action::Locked), ..everything.clone() }),
        ("a frequent action", Filter { action: Some(Action::Login), to: Some(middle), ..everything.clone() }),
        ("a user", Filter { user, ..everything.clone() }),
        ("an action of a user", Filter { user, action: Some(Action::Logout), ..everything.clone() }),
        ("nobody", Filter { user: Some(fixture.user_id()), ..everything }),
    ] {
        // Several times: Postgres looks at its plan again when a statement is repeated.
        for _ in 0..7 {
            let (found, read) = rows_read(&pool, &filter).await;
            assert!(read <= 2 * 51 + 60, "{what}: {read} rows read for {found}");
            assert!(found > 0 || what == "nobody", "{what}");
        }
    }
}

#[tokio::test]
async fn pages_go_through_everything_once_however_many_things_happened_at_once() {
    let fixture = Fixture::new().await;
    let first = fixture.user().await;
    for _ in 0..7 {
        let user = fixture.user().await;
        let token_id = TokenId::from_uuid(fixture.id());
        fixture.append::<User>(user, &[UserEvent::EmailVerified { token_id, at: at(0) }]).await;
    }
    let whole: Vec<AuditEntryId> = all(&fixture).await.iter().map(|entry| entry.id).collect();
    assert_eq!(whole.len(), 15);
    assert!(matches!(registered(), UserEvent::UserRegistered { at: then, .. } if then == at(0)));

    let mut filter = Filter::default();
    let mut seen = Vec::new();
    loop {
        let page = list(&mut fixture.pool.acquire().await.unwrap(), application(), &filter, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.after = Some(last.place());
        seen.extend(page.iter().map(|entry| entry.id));
        assert!(seen.len() <= whole.len());
        // What happens meanwhile is newer and is not in pages that follow.
        fixture.append::<Session>(fixture.session_id(), &[started(first, 0, 60)]).await;
        number(&fixture).await;
        follow(&fixture, MODEL, 100).await;
    }
    assert_eq!(seen, whole);
}
