//! A database for one test: cloned from a migrated template, dropped with the value.

use std::time::Duration;

use devauth_projections::{migrations, pool};
use sqlx::{Connection as _, Executor as _, PgConnection};

/// A database of its own.
pub struct Database {
    /// Where it is, with the rights of its owner.
    pub url: String,
    name: String,
}

/// Postgres of this test run.
pub fn server_url() -> String {
    std::env::var("DEVAUTH_TEST_DATABASE_URL").expect("run the tests with ./dev test, which starts Postgres")
}

/// Redis of this test run. A busy machine may take its time to answer; that is no outage.
pub fn redis_url() -> String {
    let url =
        std::env::var("DEVAUTH_TEST_REDIS_URL").expect("run the tests with ./dev test, which starts Redis");
    format!("{url}?timeout_ms=10000")
}

/// The signing key (PEM) of this test run.
pub fn signing_key() -> Vec<u8> {
    let file =
        std::env::var("DEVAUTH_TEST_SIGNING_KEY").expect("run the tests with ./dev test, which makes a key");
    std::fs::read(file).expect("the key of this test run")
}

impl Database {
    /// A migrated one.
    pub async fn migrated() -> Self {
        let template = template().await;
        Self::create(&format!("TEMPLATE {template}")).await
    }

    /// One without tables.
    pub async fn empty() -> Self {
        Self::create("").await
    }

    async fn create(options: &str) -> Self {
        let mut server = PgConnection::connect(&server_url()).await.unwrap();
        let id: uuid::Uuid =
            sqlx::query_scalar("SELECT gen_random_uuid()").fetch_one(&mut server).await.unwrap();
        let name = format!("test_{}", id.simple());
        server.execute(&*format!("CREATE DATABASE {name} {options}")).await.unwrap();
        Database { url: url_of(&name), name }
    }

    /// A connection with the rights of the owner.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.name.clone();
        // A thread, because dropping can't wait; joined, because the process may end right after.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let Ok(mut server) = PgConnection::connect(&server_url()).await else { return };
                let _ = server.execute(&*format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            });
        });
        let _ = dropping.join();
    }
}

/// The template's name; the first test that comes makes it, the others wait.
async fn template() -> String {
    let checksums: Vec<u8> = migrations::migrator().iter().flat_map(|one| one.checksum.to_vec()).collect();
    let name = format!("template_{}", uuid::Uuid::new_v5(&uuid::Uuid::nil(), &checksums).simple());
    let mut server = PgConnection::connect(&server_url()).await.unwrap();
    server.execute("SELECT pg_advisory_lock(7264001)").await.unwrap();
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut server)
        .await
        .unwrap();
    if !exists {
        // Under another name until it is finished: a run that was cut off leaves no half a template.
        let partial = format!("{name}_partial");
        server.execute(&*format!("DROP DATABASE IF EXISTS {partial}")).await.unwrap();
        server.execute(&*format!("CREATE DATABASE {partial}")).await.unwrap();
        let mut owner = pool::owner(&url_of(&partial)).await.unwrap();
        migrations::up(&mut owner).await.unwrap();
        owner.close().await.unwrap();
        server.execute(&*format!("ALTER DATABASE {partial} RENAME TO {name}")).await.unwrap();
    }
    server.close().await.unwrap();
    name
}

fn url_of(database: &str) -> String {
    let mut url = url::Url::parse(&server_url()).unwrap();
    url.set_path(database);
    url.into()
}

/// How long a condition may take to come true before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);
