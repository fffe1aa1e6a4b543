//! How far each read model has come, for operators, metrics and health.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row as _};

use crate::read_models::ReadModel;
use crate::{Error, Pool};

/// How a read model stands.
#[derive(Debug, Clone)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: String,
    /// The last position that it has.
    pub checkpoint: i64,
    /// Positions that it doesn't have yet.
    pub lag: i64,
    /// When the first event was recorded that it doesn't have yet.
    pub behind_since: Option<DateTime<Utc>>,
    /// Whether it goes on.
    pub running: bool,
    /// Why it stopped.
    pub error: Option<String>,
    /// Streams that it leaves out.
    pub parked: i64,
}

/// A stream that a read model leaves out.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are named after the columns they come from")]
pub struct ParkedStream {
    pub aggregate_type: String,
    pub aggregate_id: String,
    /// The first event that is missing.
    pub position: i64,
    pub error: String,
    pub parked_at: DateTime<Utc>,
}

impl FromRow<'_, PgRow> for ProjectionStatus {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(ProjectionStatus {
            name: row.try_get("name")?,
            checkpoint: row.try_get("checkpoint")?,
            lag: row.try_get("lag")?,
            behind_since: row.try_get("behind_since")?,
            running: row.try_get("running")?,
            error: row.try_get("error")?,
            parked: row.try_get("parked")?,
        })
    }
}

impl FromRow<'_, PgRow> for ParkedStream {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(ParkedStream {
            aggregate_type: row.try_get("aggregate_type")?,
            aggregate_id: row.try_get("aggregate_id")?,
            position: row.try_get("position")?,
            error: row.try_get("error")?,
            parked_at: row.try_get("parked_at")?,
        })
    }
}

/// All read models that this release knows.
///
/// # Errors
/// Postgres is away.
pub async fn status(pool: &Pool) -> Result<Vec<ProjectionStatus>, Error> {
    let names: Vec<&str> = ReadModel::ALL.iter().map(|model| model.name()).collect();
    Ok(sqlx::query_as(
        "SELECT p.name, p.checkpoint, greatest(h.position - p.checkpoint, 0) AS lag,
                (SELECT e.recorded_at FROM event_log l JOIN events e USING (aggregate_type, aggregate_id, sequence)
                 WHERE l.position = p.checkpoint + 1) AS behind_since,
                p.state = 'running' AS running, p.error,
                (SELECT count(*) FROM parked_streams s WHERE s.projection = p.name) AS parked
         FROM projections p, log_head h WHERE p.name = ANY($1) ORDER BY p.name",
    )
    .bind(names)
    .fetch_all(pool)
    .await?)
}

/// The streams that a read model leaves out, oldest first.
///
/// # Errors
/// Postgres is away.
pub async fn parked(connection: impl PgExecutor<'_>, model: ReadModel) -> Result<Vec<ParkedStream>, Error> {
    Ok(sqlx::query_as(
        "SELECT aggregate_type, aggregate_id, position, error, parked_at FROM parked_streams
         WHERE projection = $1 ORDER BY position",
    )
    .bind(model.name())
    .fetch_all(connection)
    .await?)
}
