//! Applications and, because they belong to the same aggregate, how the rows of their API keys are written.

use chrono::{DateTime, Utc};
use devauth_aggregates::{
    Application, ApplicationId, ApplicationLifecycle, ApplicationSettings, Environment, UserId, portal,
};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use crate::inline::{Inline, Stream};
use crate::{Error, Pool, api_keys};

/// What an application's row says.
#[derive(Debug, Clone)]
pub struct ApplicationRow {
    /// The application.
    pub id: ApplicationId,
    /// The developer it belongs to.
    pub owner: UserId,
    /// Its name, as its users see it in mails.
    pub name: String,
    /// `development`, `staging` or `production`.
    pub environment: String,
    /// What its developer set.
    pub settings: ApplicationSettings,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

/// Columns of [`ApplicationRow`], from `applications a`.
pub(crate) const COLUMNS: &str = "a.id AS application_id, a.owner_id, a.name, a.environment, a.settings,
     a.created_at AS application_created_at, a.updated_at AS application_updated_at";

impl ApplicationRow {
    pub(crate) fn read(row: &PgRow) -> Result<Self, Error> {
        let settings: sqlx::types::Json<ApplicationSettings> = row.try_get("settings")?;
        Ok(ApplicationRow {
            id: ApplicationId::from_uuid(row.try_get("application_id")?),
            owner: UserId::from_uuid(row.try_get("owner_id")?),
            name: row.try_get("name")?,
            environment: row.try_get("environment")?,
            settings: settings.0,
            created_at: row.try_get("application_created_at")?,
            updated_at: row.try_get("application_updated_at")?,
        })
    }
}

impl Inline for Application {
    type Id = ApplicationId;

    fn uuid(id: Self::Id) -> uuid::Uuid {
        id.uuid()
    }

    fn person(&self, _id: Self::Id) -> Option<UserId> {
        None
    }

    async fn write_all(connection: &mut PgConnection, streams: &[Stream<'_, Self>]) -> Result<(), Error> {
        let streams = streams.iter().filter(|stream| stream.state.lifecycle != ApplicationLifecycle::Missing);
        let streams: Vec<_> = streams.copied().collect();
        let applications = || streams.iter().map(|stream| stream.state);
        sqlx::query(
            "INSERT INTO applications (id, owner_id, name, environment, settings, created_at, updated_at, deleted_at, sequence)
             SELECT id, owner_id, name, environment, settings::json, created_at, updated_at, deleted_at, sequence
             FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
                         $8::timestamptz[], $9::bigint[])
                  AS a (id, owner_id, name, environment, settings, created_at, updated_at, deleted_at, sequence)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, settings = excluded.settings,
                 updated_at = excluded.updated_at, deleted_at = excluded.deleted_at, sequence = excluded.sequence
             WHERE excluded.sequence > applications.sequence",
        )
        .bind(streams.iter().map(|stream| stream.id.uuid()).collect::<Vec<_>>())
        .bind(applications().map(|application| application.owner.uuid()).collect::<Vec<_>>())
        .bind(applications().map(|application| &*application.name).collect::<Vec<_>>())
        .bind(applications().map(|application| environment(application.environment)).collect::<Vec<_>>())
        .bind(applications().map(settings).collect::<Result<Vec<_>, _>>()?)
        .bind(applications().map(|application| application.created_at).collect::<Vec<_>>())
        .bind(applications().map(|application| application.updated_at).collect::<Vec<_>>())
        .bind(applications().map(deleted_at).collect::<Vec<_>>())
        .bind(streams.iter().map(|stream| stream.sequence).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
        api_keys::write_all(connection, &streams).await
    }
}

fn environment(environment: Environment) -> &'static str {
    match environment {
        Environment::Development => "development",
        Environment::Staging => "staging",
        Environment::Production => "production",
    }
}

fn settings(application: &Application) -> Result<String, Error> {
    serde_json::to_string(&application.settings).map_err(|error| Error::Corrupt(error.to_string()))
}

fn deleted_at(application: &Application) -> Option<DateTime<Utc>> {
    match application.lifecycle {
        ApplicationLifecycle::Missing | ApplicationLifecycle::Created => None,
        ApplicationLifecycle::Deleted => Some(application.updated_at),
    }
}

/// An application of `owner`.
///
/// # Errors
/// Postgres is away.
pub async fn get(
    pool: &Pool,
    owner: UserId,
    application: ApplicationId,
) -> Result<Option<ApplicationRow>, Error> {
    let row = sqlx::query(&format!(
        "SELECT {COLUMNS} FROM applications a WHERE a.id = $1 AND a.owner_id = $2 AND a.deleted_at IS NULL"
    ))
    .bind(application.uuid())
    .bind(owner.uuid())
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(ApplicationRow::read).transpose()
}

/// The built-in application, whose users are the developers. It belongs to the program and has no row.
#[must_use]
pub fn built_in() -> ApplicationRow {
    ApplicationRow {
        id: portal(),
        owner: UserId::from_uuid(uuid::Uuid::nil()),
        name: "DevAuth".to_owned(),
        environment: "production".to_owned(),
        settings: ApplicationSettings::default(),
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

/// An application, for the service's own work on it (mails, the pages behind their links), where there is no caller to check.
///
/// # Errors
/// Postgres is away.
pub async fn for_service(pool: &Pool, application: ApplicationId) -> Result<Option<ApplicationRow>, Error> {
    if application == portal() {
        return Ok(Some(built_in()));
    }
    let row = sqlx::query(&format!(
        "SELECT {COLUMNS} FROM applications a WHERE a.id = $1 AND a.deleted_at IS NULL"
    ))
    .bind(application.uuid())
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(ApplicationRow::read).transpose()
}

/// The applications of `owner`, oldest first, beginning after `after`; at most `limit`.
///
/// # Errors
/// Postgres is away.
pub async fn list(
    pool: &Pool,
    owner: UserId,
    after: Option<ApplicationId>,
    limit: i64,
) -> Result<Vec<ApplicationRow>, Error> {
    let rows = sqlx::query(&format!(
        "SELECT {COLUMNS} FROM applications a
         WHERE a.owner_id = $1 AND a.deleted_at IS NULL AND ($2::uuid IS NULL OR a.id > $2)
         ORDER BY a.id LIMIT $3"
    ))
    .bind(owner.uuid())
    .bind(after.map(|application| application.uuid()))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter().map(ApplicationRow::read).collect()
}
