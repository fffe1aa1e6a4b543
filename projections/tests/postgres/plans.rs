//! What is read all the time is read by key, also on tables of which Postgres knows nothing yet: a new service, a restored database,
//! one that was upgraded. There the planner guesses, and a plan that was made then is kept.

use devauth_aggregates::{Session, SessionEvent};
use devauth_projections::gathered::LookUp;
use devauth_projections::sessions::{Live, Refreshable, Which};
use devauth_projections::{feed, secrets};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::fixture::{Fixture, application, at};

/// Users with a session each.
const SESSIONS: usize = 60;

/// A database that is never analysed, with some sessions; one of them.
async fn unanalysed() -> (Fixture, Which) {
    let fixture = Fixture::new().await;
    let mut owner = fixture.owner().await;
    for table in ["events", "event_log", "sessions", "users", "last_logins"] {
        let off = format!("ALTER TABLE {table} SET (autovacuum_enabled = off)");
        owner.execute(&*off).await.unwrap();
    }
    let mut session = fixture.session_id();
    for _ in 0..SESSIONS {
        let user = fixture.user().await;
        session = fixture.session(user, 0).await;
        let mut tx = fixture.pool.begin().await.unwrap();
        secrets::refresh_tokens::put(&mut tx, session, &[1; 32]).await.unwrap();
        tx.commit().await.unwrap();
    }
    fixture.number().await;
    (fixture, Which { application: application(), session, now: at(1) })
}

/// Rows of these tables that a session has read so far, by whatever path.
async fn rows_read(connection: &mut PgConnection, tables: &[&str]) -> Vec<i64> {
    let sql = "SELECT (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint
               FROM unnest($1::text[]) WITH ORDINALITY AS t (name, number) LEFT JOIN pg_stat_xact_user_tables ON relname = name
               ORDER BY number";
    sqlx::query_scalar(sql).bind(tables).fetch_all(connection).await.unwrap()
}

async fn reads_one_row_of_each<L: LookUp<Question = Which>>(tables: &[&str]) {
    let (fixture, which) = unanalysed().await;
    let mut connection = fixture.log.kept().take().await.unwrap();
    // What is counted reaches the tables for all to see between transactions.
    let mut tx = connection.begin().await.unwrap();
    let before = rows_read(&mut tx, tables).await;

    let found = L::query(&[&which]).fetch_all(&mut *tx).await.unwrap();

    assert_eq!(found.len(), 1);
    let one_more: Vec<i64> = before.iter().map(|rows| rows + 1).collect();
    assert_eq!(rows_read(&mut tx, tables).await, one_more, "{tables:?}");
}

#[tokio::test]
async fn who_asks_whether_a_session_lives_reads_one_row_of_each_table() {
    reads_one_row_of_each::<Live>(&["sessions", "users", "last_logins"]).await;
}

#[tokio::test]
async fn who_refreshes_reads_one_row_of_each_table() {
    reads_one_row_of_each::<Refreshable>(&[
        "sessions",
        "users",
        "last_logins",
        "refresh_tokens",
        "data_keys",
    ])
    .await;
}

#[tokio::test]
async fn who_follows_the_log_reads_what_is_new() {
    let (fixture, which) = unanalysed().await;
    let mut owner = fixture.owner().await;
    let head = feed::head(&mut owner).await.unwrap();
    let refreshed = SessionEvent::SessionRefreshed { counter: 1, at: at(1) };
    fixture.append::<Session>(which.session, &[refreshed]).await;
    fixture.number().await;
    let mut connection = fixture.log.kept().take().await.unwrap();
    let mut tx = connection.begin().await.unwrap();
    let tables = ["event_log", "events"];
    let before = rows_read(&mut tx, &tables).await;

    let new = feed::after(&mut tx, head, 500).await.unwrap();

    assert_eq!(new.len(), 1);
    assert_eq!(rows_read(&mut tx, &tables).await, [before[0] + 1, before[1] + 1]);
}

#[tokio::test]
async fn nothing_is_compiled() {
    let fixture = Fixture::new().await;
    let jit: String = sqlx::query_scalar("SHOW jit").fetch_one(&fixture.pool).await.unwrap();
    assert_eq!(jit, "off");
}
