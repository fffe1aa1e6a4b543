//! The role the running service acts as: it can add to the event log and can't change it, where the server lets us make it.

use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::Error;

/// Name of the role; it can't log in, the configured role steps down to it.
pub const SERVICE_ROLE: &str = "devauth_service";

/// What the role may do: everything with our tables, but only read and add where the log is.
const GRANTS: &str = "
    GRANT USAGE ON SCHEMA public, secrets TO devauth_service;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, secrets TO devauth_service;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO devauth_service;
    REVOKE UPDATE, DELETE, TRUNCATE ON events, event_log FROM devauth_service;
    REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON _sqlx_migrations FROM devauth_service;";

/// Whether all of that holds already. Granting again would write the catalogue anew at each start, and make every connection
/// of the server look its tables up again.
const GRANTED: &str = "
    SELECT has_schema_privilege($1, 'public', 'USAGE') AND has_schema_privilege($1, 'secrets', 'USAGE') AND bool_and(CASE
        WHEN c.relkind = 'S' THEN n.nspname <> 'public' OR has_sequence_privilege($1, c.oid, 'USAGE')
        WHEN c.oid IN ('events'::regclass, 'event_log'::regclass) THEN
            has_table_privilege($1, c.oid, 'SELECT') AND has_table_privilege($1, c.oid, 'INSERT')
            AND NOT has_table_privilege($1, c.oid, 'UPDATE, DELETE, TRUNCATE')
        WHEN c.oid = '_sqlx_migrations'::regclass THEN
            has_table_privilege($1, c.oid, 'SELECT')
            AND NOT has_table_privilege($1, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
        ELSE
            has_table_privilege($1, c.oid, 'SELECT') AND has_table_privilege($1, c.oid, 'INSERT')
            AND has_table_privilege($1, c.oid, 'UPDATE') AND has_table_privilege($1, c.oid, 'DELETE')
        END)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('public', 'secrets') AND c.relkind IN ('r', 'v', 'm', 'f', 'p', 'S')";

/// Makes the role and grants it its rights, as far as the configured role is allowed to; run after the migrations.
///
/// Answers the role to act as, or nothing where the server doesn't allow one: then only the log's triggers protect it.
///
/// # Errors
/// Postgres is away.
pub async fn restrict(connection: &mut PgConnection) -> Result<Option<&'static str>, Error> {
    let (exists, may_create): (bool, bool) = sqlx::query_as(
        "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1),
                (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user)",
    )
    .bind(SERVICE_ROLE)
    .fetch_one(&mut *connection)
    .await?;
    if !exists && !may_create {
        return Ok(None);
    }
    if !exists {
        // Another database of the same server may be making it at this moment: then it is there, which is all we want.
        let _lost_race = connection.execute("CREATE ROLE devauth_service NOLOGIN").await;
    }
    if !may_assume(connection).await {
        if may_create {
            let _not_allowed = connection.execute("GRANT devauth_service TO CURRENT_USER").await;
        }
        if !may_assume(connection).await {
            return Ok(None);
        }
    }
    // Who doesn't own the tables can't grant on them, and gets a warning for each; then somebody who does has done it.
    if is_granted(connection).await? || !owns_the_log(connection).await? {
        return Ok(Some(SERVICE_ROLE));
    }
    grant(connection).await
}

async fn may_assume(connection: &mut PgConnection) -> bool {
    connection.execute("SET ROLE devauth_service; RESET ROLE").await.is_ok()
}

async fn is_granted(connection: &mut PgConnection) -> Result<bool, Error> {
    Ok(sqlx::query_scalar(GRANTED).bind(SERVICE_ROLE).fetch_one(connection).await?)
}

async fn owns_the_log(connection: &mut PgConnection) -> Result<bool, Error> {
    let owner = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'events'::regclass";
    Ok(sqlx::query_scalar(owner).fetch_one(connection).await?)
}

async fn grant(connection: &mut PgConnection) -> Result<Option<&'static str>, Error> {
    let mut tx = connection.begin().await?;
    // Grants on the same table from two starting nodes would collide ("tuple concurrently updated").
    tx.execute("SELECT pg_advisory_xact_lock(hashtext('devauth grants'))").await?;
    if is_granted(&mut tx).await? {
        return Ok(Some(SERVICE_ROLE));
    }
    let granted = tx.execute(GRANTS).await;
    if granted.is_err() {
        tx.rollback().await?;
        return Ok(None);
    }
    tx.commit().await?;
    Ok(Some(SERVICE_ROLE))
}

/// Steps down to `role` for the rest of the session.
///
/// # Errors
/// The configured role is no member of it, or Postgres is away.
pub async fn assume(connection: &mut PgConnection, role: &'static str) -> Result<(), sqlx::Error> {
    debug_assert_eq!(role, SERVICE_ROLE, "SET ROLE takes no parameters");
    connection.execute("SET ROLE devauth_service").await.map(|_done| ())
}
