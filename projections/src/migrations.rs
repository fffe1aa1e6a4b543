//! The migrations, compiled into the program.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::Error;

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        /// File names without their endings, in order.
        pub const NAMES: &[&str] = &[$($name),*];
        const SQL: &[(&str, &str)] = &[$((
            include_str!(concat!("../../migrations/", $name, ".up.sql")),
            include_str!(concat!("../../migrations/", $name, ".down.sql")),
        )),*];
    };
}

migrations![
    "0001_event_log",
    "0002_users",
    "0003_applications",
    "0004_sessions",
    "0005_jobs",
    "0006_login_locks",
    "0007_idempotency_keys",
    "0008_projections",
    "0009_clean_up",
    "0010_audit",
    "0011_statistics",
    "0012_nodes",
    "0013_job_traces",
];

/// All migrations, each with its way back.
#[must_use]
pub fn migrator() -> Migrator {
    let migrations = NAMES.iter().zip(SQL).flat_map(|(name, (up, down))| {
        let (version, description) = name.split_once('_').unwrap_or((name, ""));
        let version = version.parse().unwrap_or(0);
        let one = |direction, sql: &'static str| {
            Migration::new(version, Cow::Borrowed(description), direction, Cow::Borrowed(sql), false)
        };
        [one(MigrationType::ReversibleUp, up), one(MigrationType::ReversibleDown, down)]
    });
    Migrator { migrations: Cow::Owned(migrations.collect()), ..Migrator::DEFAULT }
}

/// Version of the newest migration.
#[must_use]
pub fn newest() -> i64 {
    i64::try_from(NAMES.len()).unwrap_or(i64::MAX)
}

/// Version of the newest migration that is applied; 0 if none is.
///
/// # Errors
/// Postgres is away, or nothing was ever migrated.
pub async fn current(connection: &mut sqlx::PgConnection) -> Result<i64, Error> {
    let sql = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}

/// Applies what is missing. Several nodes may do so at once: one works, the others wait.
///
/// # Errors
/// Postgres is away or refuses a migration.
pub async fn up(connection: &mut sqlx::PgConnection) -> Result<(), Error> {
    let migrator = migrator();
    if is_applied(&migrator, connection).await {
        return Ok(());
    }
    migrator.run(connection).await.map_err(migration_error)
}

/// Whether all of them are applied and nothing else is: then a start needs no lock and one statement. What can't be told, the
/// migrator finds out.
async fn is_applied(migrator: &Migrator, connection: &mut sqlx::PgConnection) -> bool {
    let applied: Result<Vec<(i64, Vec<u8>, bool)>, _> =
        sqlx::query_as("SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version")
            .fetch_all(connection)
            .await;
    let ups = migrator.iter().filter(|migration| migration.migration_type.is_up_migration());
    applied.is_ok_and(|applied| {
        applied
            .iter()
            .map(|(version, checksum, success)| (*version, &**checksum, *success))
            .eq(ups.map(|up| (up.version, &*up.checksum, true)))
    })
}

/// Rolls back to `version` (0 = everything). For development: a way back loses the data of what it drops.
///
/// # Errors
/// Postgres is away or refuses a migration.
pub async fn down(connection: &mut sqlx::PgConnection, version: i64) -> Result<(), Error> {
    migrator().undo(connection, version).await.map_err(migration_error)
}

fn migration_error(error: sqlx::migrate::MigrateError) -> Error {
    use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
    if let Execute(inner) | ExecuteMigration(inner, _) = error {
        return Error::from(inner);
    }
    Error::Corrupt(format!("the database's migrations are not those of this program: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_equals_the_folder_and_is_numbered_without_gaps() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".sql"))
            .collect();
        files.sort();

        let expected: Vec<String> =
            NAMES.iter().flat_map(|name| [format!("{name}.down.sql"), format!("{name}.up.sql")]).collect();

        assert_eq!(files, expected);
        let versions: Vec<i64> = migrator().iter().map(|migration| migration.version).collect();
        let numbered: Vec<i64> = (1..=newest()).flat_map(|version| [version, version]).collect();
        assert_eq!(versions, numbered);
    }
}
