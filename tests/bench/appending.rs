//! Appending: three events a command beside the same rows inserted plainly, and what one inline read model adds.

use std::time::{Duration, Instant};

use devauth::clock::Clock;
use devauth::crypto::random;
use devauth_aggregates::{Personal, User, UserEvent, UserId, portal};
use devauth_projections::Pool;
use devauth_projections::event_log::{Actor, Append, Context, DataKeys};
use devauth_projections::inline::Inline as _;
use devauth_projections::pool::{self, PoolSettings};
use sqlx::Executor as _;
use uuid::Uuid;

use crate::report::Report;
use crate::setup::Bench;
use crate::{Outcome, Plan, Ratios};

/// As many on each side.
const CLIENTS: usize = 8;
/// Events of one command.
const EVENTS: i64 = 3;

/// What is done in one transaction.
#[derive(Clone, Copy)]
enum Work {
    /// The rows alone, into a table with the columns of postgres-es and their primary key.
    Plain,
    /// What a command does: hashes, ids that derive from the command's, the order of commits.
    Append,
    /// And a row of `users` with it.
    AppendAndRow,
}

/// Measures it.
pub async fn measure(bench: &Bench, plan: Plan, report: &mut Report) -> Outcome<()> {
    let pool = pool::lazy(&bench.common.database_url, &PoolSettings::default())?;
    pool.execute(
        "CREATE TABLE bench.plain_events (aggregate_type text, aggregate_id text, sequence bigint, event_type text,
             event_version text, payload json, metadata json, PRIMARY KEY (aggregate_type, aggregate_id, sequence))",
    )
    .await?;
    let (mut append, mut row) = (Ratios::default(), Ratios::default());
    let mut before = rate(&pool, Work::Plain, plan.slice).await?;
    for _ in 0..plan.rounds {
        let appended = rate(&pool, Work::Append, plan.slice).await?;
        let after = rate(&pool, Work::Plain, plan.slice).await?;
        append.push(appended / f64::midpoint(before, after));
        before = after;
    }
    let mut before = rate(&pool, Work::Append, plan.slice).await?;
    for _ in 0..plan.rounds {
        let with_row = rate(&pool, Work::AppendAndRow, plan.slice).await?;
        let after = rate(&pool, Work::Append, plan.slice).await?;
        row.push(with_row / f64::midpoint(before, after));
        before = after;
    }
    report.add("append of 3 events / the same rows inserted plainly, rate", &append, None);
    report.add("append with one inline read model / without, rate", &row, None);
    pool.close().await;
    Ok(())
}

/// Transactions a second of all clients together.
async fn rate(pool: &Pool, work: Work, time: Duration) -> Outcome<f64> {
    let clients = (0..CLIENTS).map(|_| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let (started, mut count) = (Instant::now(), 0);
            while started.elapsed() < time {
                transact(&pool, work).await?;
                count += 1;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(
                f64::from(count) / started.elapsed().as_secs_f64(),
            )
        })
    });
    let mut rate = 0.0;
    for client in clients.collect::<Vec<_>>() {
        rate += client.await??;
    }
    Ok(rate)
}

async fn transact(pool: &Pool, work: Work) -> Outcome<()> {
    let user = UserId::from_uuid(new_id());
    let mut tx = pool.begin().await?;
    match work {
        Work::Plain => {
            let (payload, metadata) = (r#"{"at":"2026-01-01T00:00:00.000000Z"}"#, PLAIN_METADATA);
            sqlx::query(
                "INSERT INTO bench.plain_events
                 SELECT 'User', $1, n, 'SessionsRevoked', '1.0', $2::json, $3::json FROM generate_series(1, $4) n",
            )
            .bind(user.to_string())
            .bind(payload)
            .bind(metadata)
            .bind(EVENTS)
            .execute(&mut *tx)
            .await?;
        }
        Work::Append => insert(user, 0, EVENTS, &mut tx).await?,
        Work::AppendAndRow => {
            insert(user, 0, EVENTS, &mut tx).await?;
            registered(user).write(&mut tx, user, EVENTS).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// As long as the metadata of a command.
const PLAIN_METADATA: &str = r#"{"command_id":"01920000-0000-7000-8000-000000000000","actor":{"type":"service","id":null},"request_id":"bench-request"}"#;

/// Appends so many events to a user's stream, as a command does.
pub async fn insert(
    user: UserId,
    after: i64,
    count: i64,
    tx: &mut devauth_projections::Tx<'_>,
) -> Outcome<()> {
    let context = Context {
        command_id: new_id(),
        application_id: portal(),
        actor: Actor::Service,
        person: None,
        request_id: Some("bench-request".to_owned()),
        client_address: None,
        user_agent: None,
    };
    let events = vec![UserEvent::SessionsRevoked { at: Clock::system().now() }; usize::try_from(count)?];
    let stream = user.to_string();
    let keys = DataKeys::new();
    let append = Append::<User> {
        aggregate_id: &stream,
        after,
        events: &events,
        person: None,
        context: &context,
        keys: &keys,
    };
    append.insert(tx).await?;
    Ok(())
}

/// As a command's id is made.
pub fn new_id() -> Uuid {
    random::uuid_v7(Clock::system().now())
}

fn registered(user: UserId) -> User {
    let mut state = User::default();
    cqrs_es::Aggregate::apply(
        &mut state,
        UserEvent::UserRegistered {
            app_id: portal(),
            email: Personal::Clear(format!("{user}@example.org")),
            metadata: Personal::Clear(serde_json::Map::new()),
            at: Clock::system().now(),
        },
    );
    state
}
