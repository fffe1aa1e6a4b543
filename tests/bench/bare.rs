//! The limits: what the same machine does at best where DevAuth has the least to add.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use devauth::crypto::jwt::{AccessClaims, SigningKeys};
use devauth::crypto::passwords::Passwords;
use serde_json::Value;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::process::Command;
use uuid::Uuid;

use crate::Outcome;

/// As many connections as a node has.
const CONNECTIONS: u32 = 20;
/// Rows of the table that the bare route reads.
pub const ROWS: usize = 1_000;

/// Bare bcrypt of cost 12 on as many threads as a node hashes on, hashes a second.
pub async fn bcrypt_rate(time: Duration) -> Outcome<f64> {
    let threads: Vec<_> =
        (0..Passwords::default_threads()).map(|_| tokio::task::spawn_blocking(move || hash(time))).collect();
    let mut rate = 0.0;
    for thread in threads {
        rate += thread.await??;
    }
    Ok(rate)
}

fn hash(time: Duration) -> Result<f64, bcrypt::BcryptError> {
    let (started, mut count) = (Instant::now(), 0);
    while started.elapsed() < time {
        // 44 bytes, as long as the text that a node makes of a password first.
        let hash = bcrypt::non_truncating_hash_with_salt([b'x'; 44], 12, [7; 16])?;
        std::hint::black_box(hash);
        count += 1;
    }
    Ok(f64::from(count) / started.elapsed().as_secs_f64())
}

/// Milliseconds that one thread takes for an access token: an RS256 signature and little else.
pub fn signature(pem: &[u8], time: Duration) -> Outcome<f64> {
    let keys = SigningKeys::load(&[pem])?;
    let text = || "x".repeat(30);
    let claims = AccessClaims {
        iss: text(),
        aud: text(),
        app_id: text(),
        client_id: Some(text()),
        sub: text(),
        sid: text(),
        jti: text(),
        iat: 1_790_000_000,
        exp: 1_790_000_900,
        email: text(),
        email_verified: true,
    };
    let (started, mut count) = (Instant::now(), 0);
    while started.elapsed() < time {
        std::hint::black_box(keys.sign(&claims));
        count += 1;
    }
    Ok(started.elapsed().as_secs_f64() * 1e3 / f64::from(count))
}

/// Makes the tables of the limits; answers the ids of the rows to be read.
pub async fn create_tables(database_url: &str) -> Outcome<Vec<Uuid>> {
    let mut connection = PgConnection::connect(database_url).await?;
    connection
        .execute(
            "CREATE SCHEMA bench;
             CREATE TABLE bench.rows (id uuid PRIMARY KEY, content text NOT NULL);
             CREATE TABLE bench.commits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, content text NOT NULL);",
        )
        .await?;
    let content =
        serde_json::json!({"user": {"email": "ada@example.org", "metadata": {}, "pad": "x".repeat(200)}});
    let rows = sqlx::query_scalar(
        "INSERT INTO bench.rows SELECT gen_random_uuid(), $1 FROM generate_series(1, $2) RETURNING id",
    )
    .bind(content.to_string())
    .bind(i64::try_from(ROWS)?)
    .fetch_all(&mut connection)
    .await?;
    connection.execute("ANALYZE bench.rows").await?;
    Ok(rows)
}

/// Serves the bare route until killed: one row by its key, as JSON. Says on its first line where.
pub async fn serve_route(database_url: &str) -> Outcome<()> {
    let url = database_url.to_owned();
    // A runtime like that of a node, which the benchmark's own is not.
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(route(&url))
    });
    let ended = tokio::task::spawn_blocking(move || thread.join()).await?;
    ended.map_err(|_panic| "the bare route panicked")?
}

async fn route(database_url: &str) -> Outcome<()> {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false);
    let pool = pool.connect(database_url).await?;
    let router = Router::new().route("/rows/{id}", get(row)).with_state(Arc::new(pool));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

async fn row(State(pool): State<Arc<PgPool>>, Path(id): Path<Uuid>) -> Result<Json<Value>, StatusCode> {
    let row: Result<String, _> =
        sqlx::query_scalar("SELECT content FROM bench.rows WHERE id = $1").bind(id).fetch_one(&*pool).await;
    let row = row.map_err(|_error| StatusCode::INTERNAL_SERVER_ERROR)?;
    serde_json::from_str(&row).map(Json).map_err(|_error| StatusCode::INTERNAL_SERVER_ERROR)
}

/// Transactions a second that insert one row each, by pgbench if it is here.
pub async fn commit_rate(database_url: &str, clients: usize, time: Duration) -> Outcome<f64> {
    match pgbench() {
        Some(program) => by_pgbench(program, database_url, clients, time).await,
        None => by_hand(database_url, clients, time).await,
    }
}

/// Where packages put pgbench.
pub fn pgbench() -> Option<PathBuf> {
    let versions = (15..=18).rev().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = versions.chain(std::env::split_paths(&path).collect::<Vec<_>>());
    dirs.map(|dir| dir.join("pgbench")).find(|program| program.is_file())
}

async fn by_pgbench(program: PathBuf, database_url: &str, clients: usize, time: Duration) -> Outcome<f64> {
    let script = tempfile::NamedTempFile::new()?;
    std::fs::write(&script, "INSERT INTO bench.commits (content) VALUES (repeat('x', 400));\n")?;
    let output = Command::new(program)
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=1"])
        .arg(format!("--client={clients}"))
        .arg(format!("--time={}", time.as_secs().max(1)))
        .arg("--file")
        .arg(script.path())
        .arg(database_url)
        .output()
        .await?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let rate = line.and_then(|line| line.split_whitespace().next()).ok_or("pgbench told no rate")?;
    Ok(rate.parse()?)
}

async fn by_hand(database_url: &str, clients: usize, time: Duration) -> Outcome<f64> {
    let until = Instant::now() + time;
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let mut connection = PgConnection::connect(database_url).await?;
        tasks.push(tokio::spawn(async move {
            let mut count = 0;
            while Instant::now() < until {
                let insert = sqlx::query("INSERT INTO bench.commits (content) VALUES (repeat('x', 400))");
                insert.execute(&mut connection).await?;
                count += 1;
            }
            Ok::<_, sqlx::Error>(count)
        }));
    }
    let mut count = 0;
    for task in tasks {
        count += task.await??;
    }
    Ok(f64::from(count) / time.as_secs_f64())
}
