use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use devauth::dev::postgres::{Options, Postgres};
use devauth::dev::{DevError, prepare};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

pub(crate) fn start(dir: &Path) -> Postgres {
    Postgres::start(options(dir)).unwrap()
}

fn options(dir: &Path) -> Options {
    Options::new(dir).throwaway()
}

pub(crate) async fn ask(url: &str, sql: &str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}

pub(crate) async fn run(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

pub(crate) fn pid_file(dir: &Path) -> PathBuf {
    dir.join("postgres/postmaster.pid")
}

// An initdb costs a second of CPU: tests that can share a cluster do.

#[tokio::test]
async fn starts_with_a_database_and_keeps_what_is_in_it() {
    let dir = TempDir::new().unwrap();
    let postgres = start(dir.path());
    let url = postgres.database_url("devauth");
    assert_eq!(ask(&url, "SELECT current_database() || ' ' || current_user").await, "devauth devauth");
    assert_eq!(ask(&url, "SELECT current_setting('fsync')").await, "on");
    assert_eq!(ask(&url, "SELECT current_setting('listen_addresses')").await, "");
    assert!(postgres.tcp_url("devauth").is_none());
    run(&url, "CREATE TABLE kept AS SELECT 'still here' AS word").await;
    only_its_user_gets_at(dir.path());
    postgres.stop().unwrap();
    assert!(!pid_file(dir.path()).exists() && !dir.path().join("run").exists());

    let postgres = start(dir.path());
    assert_eq!(ask(&url, "SELECT word FROM kept").await, "still here");
    run(&postgres.database_url("postgres"), "DROP DATABASE devauth").await;
    drop(postgres);
    assert!(!pid_file(dir.path()).exists(), "dropping it stops it");

    let postgres = start(dir.path());
    assert_eq!(
        ask(&postgres.database_url("devauth"), "SELECT 'a dropped database comes back'").await.len(),
        29
    );
}

fn only_its_user_gets_at(dir: &Path) {
    let owner =
        |path: &str| dir.join(path).metadata().map(|found| (found.uid(), found.mode() & 0o777)).unwrap();
    assert_eq!([owner("run").1, owner("postgres").1, owner("postgres.log").1], [0o700, 0o700, 0o600]);
    assert_eq!(owner("run").0, owner("postgres").0);
    if owner("postgres.log").0 == 0 {
        assert_ne!(owner("postgres").0, 0, "started by root, another user runs it");
    }
}

#[tokio::test]
async fn settings_and_tcp_are_there_when_asked_for() {
    let dir = TempDir::new().unwrap();
    let options = Options { tcp: true, ..options(dir.path()).setting("max_connections", "7") };
    let postgres = Postgres::start(options).unwrap();
    let url = postgres.tcp_url("devauth").unwrap();
    assert_eq!(ask(&url, "SELECT current_setting('max_connections')").await, "7");
    let (_, address) = url.split_once('@').unwrap();
    let refused = PgConnection::connect(&format!("postgres://devauth@{address}")).await;
    assert!(refused.is_err(), "TCP asks for the password");
    assert_eq!(ask(&postgres.database_url("devauth"), "SELECT 'ok'").await, "ok");
}

#[tokio::test]
async fn works_where_the_path_is_long_and_strange() {
    let dir = TempDir::new().unwrap();
    // Other users must be able to pass, or Postgres can't get there when the tests run as root.
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let strange = dir.path().join("with, \"space\" & ü's");
    fs::create_dir(&strange).unwrap();
    let postgres = start(&strange);
    assert_eq!(ask(&postgres.database_url("devauth"), "SELECT 'ok'").await, "ok");
    drop(postgres);

    let long = dir.path().join("l".repeat(120));
    fs::rename(strange, &long).unwrap();
    let postgres = start(&long);
    let url = postgres.database_url("devauth");
    assert_eq!(ask(&url, "SELECT 'ok'").await, "ok");
    assert!(!url.contains("lll"), "the socket is elsewhere");
}

#[test]
fn what_can_not_be_is_refused_in_a_sentence() {
    let dir = TempDir::new().unwrap();
    let first = start(dir.path());
    let second = Postgres::start(options(dir.path())).unwrap_err();
    assert!(matches!(&second, DevError::Busy(_)), "{second}");
    assert!(second.to_string().contains("DEVAUTH_DATA_DIR"));
    first.stop().unwrap();

    let refused = Postgres::start(options(dir.path()).setting("max_connections", "many")).unwrap_err();
    assert!(refused.to_string().contains("invalid value for parameter \"max_connections\""), "{refused}");

    let closed = dir.path().join("closed");
    fs::DirBuilder::new().mode(0o700).create(&closed).unwrap();
    if closed.metadata().unwrap().uid() == 0 {
        let refused = Postgres::start(options(&closed.join("inside"))).unwrap_err();
        assert!(
            matches!(&refused, DevError::Unreachable { dir, .. } if dir.ends_with("closed")),
            "{refused}"
        );
    }

    let version = dir.path().join("postgres/PG_VERSION");
    fs::write(&version, "9\n").unwrap();
    let refused = Postgres::start(options(dir.path())).unwrap_err();
    assert!(matches!(refused, DevError::OtherMajor { .. }));
    assert!(
        refused.to_string().contains("was made by Postgres 9, and the Postgres found here is"),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(&version).unwrap(), "9\n", "nothing is touched");
}

#[test]
fn an_environment_has_everything_and_keeps_its_keys() {
    let dir = TempDir::new().unwrap();
    // A first start that was cut off before.
    let partial = dir.path().join("postgres.partial");
    fs::create_dir(&partial).unwrap();
    fs::write(partial.join("PG_VERSION"), "15").unwrap();
    let keys = || {
        let environment = prepare(dir.path()).unwrap();
        assert!(environment.mail_dir.is_dir() && environment.data_dir.is_absolute());
        (
            fs::read(&environment.key_files.signing[0]).unwrap(),
            fs::read(dir.path().join("encryption.key")).unwrap(),
        )
    };
    assert_eq!(keys(), keys());
    assert!(!partial.exists());
}
