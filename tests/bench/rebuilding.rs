//! Rebuilding: how many events a second each read model takes, beside its rows copied plainly, and what callers notice of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use devauth::config::EncryptionKey;
use devauth_aggregates::{
    ApplicationId, Personal, RecordedEvent, Session, SessionEvent, SessionId, TokenId, User, UserEvent,
    UserId,
};
use devauth_projections::event_log::{Actor, Append, Context, DataKeys, EventLog};
use devauth_projections::inline::Inline;
use devauth_projections::pool::{self, PoolSettings};
use devauth_projections::sealing::{Key256, Keyring};
use devauth_projections::{Pool, Tx};
use serde_json::{Map, Value, json};
use sqlx::{Executor as _, PgConnection};

use crate::appending::new_id;
use crate::callers::Refresher;
use crate::load::{self, Pace};
use crate::report::Report;
use crate::setup::Bench;
use crate::{Outcome, Plan, Ratios, node};

/// Who fill the log at the same time, and how many people one transaction of theirs brings.
const WRITERS: usize = 4;
const PEOPLE: usize = 25;
/// What one person leaves in the log: a signup of three events, and two sessions of four.
const EVENTS: usize = 11;
/// Callers who are asked whether they notice anything, and how they go about it.
const CALLERS: usize = 4;
const PAUSE: Duration = Duration::from_millis(5);

/// The read models, each with its tables.
const MODELS: [(&str, &[&str]); 5] = [
    ("users", &["users"]),
    ("sessions", &["sessions", "last_logins"]),
    ("portal_users", &["portal_users"]),
    ("audit_log", &["audit_log"]),
    ("statistics", &["application_statistics", "application_days", "statistics_users"]),
];

/// Measures it on a log that has at least `events`.
pub async fn measure(bench: &Bench, plan: Plan, events: usize, report: &mut Report) -> Outcome<()> {
    let url = &bench.common.database_url;
    let pool = pool::lazy(url, &PoolSettings::default())?;
    fill(bench, &pool, events).await?;
    let mut connection = pool::owner(url).await?;
    connection.execute("VACUUM ANALYZE").await?;
    for (model, tables) in MODELS {
        let (mut rate, mut ratio) = (Ratios::default(), Ratios::default());
        for _ in 0..plan.rounds {
            let copied = copy(&mut connection, tables).await?;
            let (read, seconds) = rebuild(bench, model).await?;
            rate.push(read / seconds / 1e3);
            ratio.push(copied.as_secs_f64() / seconds);
        }
        report.add(&format!("rebuild of {model}, thousand events a second"), &rate, None);
        report.add(&format!("rebuild of {model} / its rows copied plainly, rate"), &ratio, None);
    }
    noticed(bench, plan, report).await?;
    pool.close().await;
    Ok(())
}

/// `me` and refreshes while models that they depend on are rebuilt one after the other.
async fn noticed(bench: &Bench, plan: Plan, report: &mut Report) -> Outcome<()> {
    let (mut me, mut refresh) = (Ratios::default(), Ratios::default());
    let (address, pace) = (bench.shared.address, Pace { time: plan.slice, pause: Some(PAUSE) });
    let tokens = bench.refresh.chunks(bench.refresh.len() / CALLERS);
    let mut refreshing: Vec<_> =
        tokens.map(|tokens| Refresher::new(&bench.application, tokens.to_vec())).collect();
    for _ in 0..plan.rounds {
        let (idle, _) = load::run(address, bench.asking_me(CALLERS), pace).await?;
        let (during, _) = beside(bench, load::run(address, bench.asking_me(CALLERS), pace)).await?;
        me.push(during.quantile(0.99) / idle.quantile(0.99));
        let (idle, same) = load::run(address, refreshing, pace).await?;
        let (during, same) = beside(bench, load::run(address, same, pace)).await?;
        refreshing = same;
        refresh.push(during.quantile(0.99) / idle.quantile(0.99));
    }
    report.add("me, p99 during rebuilds / p99 idle", &me, None);
    report.add("refresh, p99 during rebuilds / p99 idle", &refresh, None);
    Ok(())
}

/// Does something while `sessions` and `users` are rebuilt again and again.
async fn beside<T>(bench: &Bench, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let rebuilds = async {
        loop {
            rebuild(bench, "sessions").await?;
            rebuild(bench, "users").await?;
        }
    };
    tokio::select! {
        done = work => done,
        ended = rebuilds => ended,
    }
}

/// Runs the command; answers how many events it read in how many seconds.
async fn rebuild(bench: &Bench, model: &str) -> Outcome<(f64, f64)> {
    let mut command = tokio::process::Command::new(node::program()?);
    command
        .args(["projections", "rebuild", model, "--json"])
        .env_clear()
        .env("DATABASE_URL", &bench.common.database_url)
        .env("DEVAUTH_ENCRYPTION_KEY", &bench.common.encryption_key)
        .kill_on_drop(true);
    loop {
        let output = command.output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        // The one before was killed in its middle, which Postgres may not have noticed yet.
        if said.contains("by somebody else") {
            continue;
        }
        let answer: Value = serde_json::from_slice(&output.stdout).map_err(|_| said.into_owned())?;
        let done = &answer["rebuilt"][0];
        let number = |name: &str| done[name].as_f64().ok_or_else(|| said_nothing_of(name));
        return Ok((number("events")?, number("seconds")?));
    }
}

fn said_nothing_of(name: &str) -> String {
    format!("the rebuild said nothing of {name}")
}

/// Reads the rows of these tables and inserts them into others of the same form, a thousand at a time.
async fn copy(connection: &mut PgConnection, tables: &[&str]) -> Outcome<Duration> {
    let started = Instant::now();
    connection.execute("SET synchronous_commit = off").await?;
    for table in tables {
        connection
            .execute(&*format!(
                "CREATE TABLE bench.copied (LIKE public.{table} INCLUDING ALL);
                 DECLARE all_rows CURSOR WITH HOLD FOR SELECT t::text FROM public.{table} t"
            ))
            .await?;
        loop {
            let rows: Vec<String> =
                sqlx::query_scalar("FETCH 1000 FROM all_rows").fetch_all(&mut *connection).await?;
            if rows.is_empty() {
                break;
            }
            sqlx::query("INSERT INTO bench.copied SELECT (r::bench.copied).* FROM unnest($1::text[]) r")
                .persistent(false)
                .bind(rows)
                .execute(&mut *connection)
                .await?;
        }
        connection.execute("CLOSE all_rows; DROP TABLE bench.copied").await?;
    }
    Ok(started.elapsed())
}

/// Brings the log to so many events, and waits until every read model has them.
async fn fill(bench: &Bench, pool: &Pool, events: usize) -> Outcome<()> {
    let key = EncryptionKey::parse(&bench.common.encryption_key).map_err(|weak| weak.to_string())?;
    let keyring = Keyring::new(vec![Key256::new(*key.expose())]).ok_or("there is a key")?;
    let log = EventLog::new(pool.clone(), Arc::new(keyring));
    let writers = (0..WRITERS).map(|_| {
        let log = log.clone();
        tokio::spawn(async move {
            for _ in 0..events.div_ceil(EVENTS * PEOPLE * WRITERS) {
                let mut tx = log.pool().begin().await?;
                for _ in 0..PEOPLE {
                    somebody(&log, &mut tx).await?;
                }
                tx.commit().await?;
            }
            Outcome::Ok(())
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await??;
    }
    let behind = "SELECT (SELECT count(*) FROM events) > (SELECT min(checkpoint) FROM projections)";
    while sqlx::query_scalar(behind).fetch_one(pool).await? {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// Somebody signs up and has two sessions.
async fn somebody(log: &EventLog, tx: &mut Tx<'_>) -> Outcome<()> {
    let (user, now) = (UserId::from_uuid(new_id()), devauth::clock::Clock::system().now());
    let application = ApplicationId::from_uuid(uuid::Uuid::from_u128(7));
    let key = Key256::generate();
    log.store_data_key(tx, user, &key).await?;
    let keys = DataKeys::from([(user, key)]);
    let token_id = TokenId::from_uuid(new_id());
    let signup = [
        UserEvent::UserRegistered {
            app_id: application,
            email: Personal::Clear(format!("{user}@example.org")),
            metadata: Personal::Clear(Map::from_iter([("plan".to_owned(), json!("basic"))])),
            at: now,
        },
        UserEvent::EmailVerificationRequested { token_id, expires_at: now, at: now },
        UserEvent::EmailVerified { token_id, at: now },
    ];
    append::<User>(tx, (user, user), application, &signup, &keys).await?;
    for _ in 0..2 {
        let started = SessionEvent::SessionStarted {
            app_id: application,
            user_id: user,
            generation: 0,
            client_address: Personal::Clear(Some("192.0.2.77".to_owned())),
            user_agent: Personal::Clear(Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0)".to_owned())),
            expires_at: now + chrono::Duration::days(7),
            at: now,
        };
        let refreshed = (1..4).map(|counter| SessionEvent::SessionRefreshed { counter, at: now });
        let events: Vec<_> = std::iter::once(started).chain(refreshed).collect();
        append::<Session>(tx, (SessionId::from_uuid(new_id()), user), application, &events, &keys).await?;
    }
    Ok(())
}

/// Appends a stream and writes its row, as a command does.
async fn append<A>(
    tx: &mut Tx<'_>,
    (id, person): (A::Id, UserId),
    application_id: ApplicationId,
    events: &[A::Event],
    keys: &DataKeys,
) -> Outcome<()>
where
    A: Inline,
    A::Event: RecordedEvent + Clone,
{
    let context = Context {
        command_id: new_id(),
        application_id,
        actor: Actor::User(person),
        person: Some(person),
        request_id: Some("bench-request".to_owned()),
        client_address: Some("192.0.2.77".to_owned()),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0)".to_owned()),
    };
    let mut state = A::default();
    events.iter().for_each(|event| state.apply(event.clone()));
    let stream = id.to_string();
    let append = Append::<A> {
        aggregate_id: &stream,
        after: 0,
        events,
        person: Some(person),
        context: &context,
        keys,
    };
    append.insert(tx).await?;
    state.write(tx, id, i64::try_from(events.len())?).await?;
    Ok(())
}
