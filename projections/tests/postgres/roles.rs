//! `DATABASE_URL` names an ordinary role that owns its database; with or without the right to make another role, the service
//! works and the log is safe.

use chrono::Duration;
use devauth_aggregates::{User, UserEvent};
use devauth_projections::{jobs, migrations, pool, roles, secrets, sequencer};
use devauth_test_support::database::{Database, server_url};
use sqlx::{Connection as _, PgConnection};

use crate::fixture::{Fixture, Scene, at, eventually, keyring, open, refused, run};

/// A database that belongs to a role of its own. Both go with the value.
struct Owned {
    database: Option<Database>,
    role: String,
    url: String,
}

impl Owned {
    async fn by_role_with(rights: &str) -> Self {
        let database = Database::empty().await;
        let name: String = sqlx::query_scalar("SELECT current_database()::text")
            .fetch_one(&mut database.connect().await)
            .await
            .unwrap();
        let role = name.replace("test_", "role_");
        let mut server = PgConnection::connect(&server_url()).await.unwrap();
        run(&mut server, &format!("CREATE ROLE {role} LOGIN NOSUPERUSER {rights}")).await;
        run(&mut server, &format!("ALTER DATABASE {name} OWNER TO {role}")).await;
        // A parameter wins over what stands before the host, and a later one over an earlier.
        let separator = if database.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{separator}user={role}", database.url);
        Owned { database: Some(database), role, url }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        drop(self.database.take());
        let sql = format!("DROP ROLE IF EXISTS {}", self.role);
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                run(&mut PgConnection::connect(&server_url()).await.unwrap(), &sql).await
            });
        });
        let _ = dropping.join();
    }
}

/// What a node does from its first start on: migrate, make keys, record events, number them, work on jobs.
async fn everything_works(owned: &Owned) {
    let mut owner = pool::owner(&owned.url).await.unwrap();
    migrations::up(&mut owner).await.unwrap();
    let is_superuser: bool = sqlx::query_scalar("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert!(!is_superuser);
    let pool = open(&owned.url).await;
    secrets::service_keys::get_or_create(&pool, &keyring(), "root").await.unwrap();
    let scene = Scene::of(pool.clone());
    let user = scene.user().await;
    scene.append::<User>(user, &[UserEvent::SessionsRevoked { at: at(1) }]).await;
    assert_eq!(scene.log.load::<User>(&user.to_string()).await.unwrap().sequence, 2);
    eventually("both are numbered", async || {
        sequencer::tick(scene.log.kept(), 10).await.unwrap();
        let numbered: i64 =
            sqlx::query_scalar("SELECT position FROM log_head").fetch_one(&pool).await.unwrap();
        numbered == 2
    })
    .await;
    assert!(jobs::take(&pool, at(0), 10, Duration::seconds(90)).await.unwrap().is_empty());

    for sql in ["UPDATE events SET payload = '{}' WHERE false", "DELETE FROM event_log", "TRUNCATE events"] {
        assert_eq!(refused(&mut owner, sql).await, "42501", "{sql}");
        assert_eq!(refused(&mut pool.acquire().await.unwrap(), sql).await, "42501", "{sql}");
    }
    pool.close().await;
    migrations::down(&mut owner, 0).await.unwrap();
}

#[tokio::test]
async fn an_ordinary_role_is_enough() {
    let owned = Owned::by_role_with("NOCREATEROLE").await;

    everything_works(&owned).await;

    let mut owner = pool::owner(&owned.url).await.unwrap();
    migrations::up(&mut owner).await.unwrap();
    assert_eq!(roles::restrict(&mut owner).await.unwrap(), None, "the triggers alone protect the log");
}

#[tokio::test]
async fn a_role_that_may_make_roles_steps_down() {
    let owned = Owned::by_role_with("CREATEROLE").await;

    everything_works(&owned).await;

    let mut owner = pool::owner(&owned.url).await.unwrap();
    migrations::up(&mut owner).await.unwrap();
    assert_eq!(roles::restrict(&mut owner).await.unwrap(), Some(roles::SERVICE_ROLE));
    let pool = open(&owned.url).await;
    let refused = refused(&mut pool.acquire().await.unwrap(), "ALTER TABLE events DISABLE TRIGGER ALL").await;
    assert_eq!(refused, "42501");
}

#[tokio::test]
async fn nodes_that_start_at_once_all_get_the_role() {
    let database = Database::migrated().await;
    let nodes = (0..6).map(|_| {
        let url = database.url.clone();
        tokio::spawn(async move {
            let mut owner = pool::owner(&url).await.unwrap();
            roles::restrict(&mut owner).await.unwrap()
        })
    });
    for node in nodes.collect::<Vec<_>>() {
        assert_eq!(node.await.unwrap(), Some(roles::SERVICE_ROLE));
    }
}

/// What the catalogue says of who may do what; each time it is written the versions differ.
async fn catalogue(owner: &mut PgConnection) -> Vec<String> {
    let sql = "SELECT concat_ws(' ', relname, xmin, relacl) FROM pg_class
               WHERE relnamespace IN ('public'::regnamespace, 'secrets'::regnamespace) AND relkind <> 'i' ORDER BY 1";
    sqlx::query_scalar(sql).fetch_all(owner).await.unwrap()
}

#[tokio::test]
async fn rights_that_are_there_are_not_granted_again_and_others_are_put_right() {
    let fixture = Fixture::new().await;
    let mut owner = fixture.owner().await;
    let before = catalogue(&mut owner).await;

    roles::restrict(&mut owner).await.unwrap();

    assert_eq!(catalogue(&mut owner).await, before, "a start with nothing to do writes nothing");
    for change in [
        "GRANT UPDATE ON events TO devauth_service",
        "GRANT TRUNCATE ON event_log TO devauth_service",
        "GRANT DELETE ON _sqlx_migrations TO devauth_service",
        "REVOKE DELETE ON secrets.data_keys FROM devauth_service",
        "REVOKE USAGE ON SCHEMA secrets FROM devauth_service",
        "CREATE TABLE added (id int)",
    ] {
        run(&mut owner, change).await;
        roles::restrict(&mut owner).await.unwrap();

        let sql = "SELECT NOT has_table_privilege('devauth_service', 'events', 'UPDATE')
                   AND NOT has_table_privilege('devauth_service', 'event_log', 'TRUNCATE')
                   AND NOT has_table_privilege('devauth_service', '_sqlx_migrations', 'DELETE')
                   AND has_table_privilege('devauth_service', 'secrets.data_keys', 'DELETE')
                   AND has_schema_privilege('devauth_service', 'secrets', 'USAGE')
                   AND (to_regclass('added') IS NULL OR has_table_privilege('devauth_service', 'added', 'DELETE'))";
        let right: bool = sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap();
        assert!(right, "{change}");
    }
}
