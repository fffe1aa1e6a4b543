//! How fresh a reader's answer is: everything of an application that was committed before they asked.
//!
//! Who changes something and then looks finds it changed, on any node and without carrying a token around; see
//! `docs/architecture.md`, "Reading your own writes".

use std::time::Duration;

use devauth_aggregates::ApplicationId;
use tokio::time::{Instant, sleep};

use crate::read_models::ReadModel;
use crate::{Error, Pool};

/// How often it is looked whether the models have come far enough: about as long as a batch takes.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Whether an answer shows everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Freshness {
    /// Everything that was committed before the question.
    Fresh,
    /// The models are behind, and the reader has waited long enough.
    Behind,
}

/// The last event of an application that was committed.
enum Last {
    /// It has no position yet.
    Unnumbered(String, String, i64),
    /// It has this position; 0 if there is none.
    At(i64),
}

/// Waits until `models` (none: the log alone) have every event of `application` that is committed now, for `patience` at most.
///
/// # Errors
/// Postgres is away.
pub async fn wait(
    pool: &Pool,
    application: ApplicationId,
    models: &[ReadModel],
    patience: Duration,
) -> Result<Freshness, Error> {
    let deadline = Instant::now() + patience;
    let mut last = last_event(pool, application).await?;
    loop {
        if let Last::Unnumbered(aggregate_type, aggregate_id, sequence) = &last
            && let Some(position) = position_of(pool, aggregate_type, aggregate_id, *sequence).await?
        {
            last = Last::At(position);
        }
        if let Last::At(position) = last
            && have(pool, models, position).await?
        {
            return Ok(Freshness::Fresh);
        }
        if Instant::now() >= deadline {
            return Ok(Freshness::Behind);
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Beyond the head of the log are only the events of the last moments.
async fn last_event(pool: &Pool, application: ApplicationId) -> Result<Last, Error> {
    let unnumbered: Option<(String, String, i64)> = sqlx::query_as(
        "SELECT e.aggregate_type, e.aggregate_id, e.sequence FROM events e
         WHERE (e.epoch, e.tx_id, e.insertion)
               > ((SELECT epoch FROM log_head), (SELECT tx_id FROM log_head), (SELECT insertion FROM log_head))
           AND e.application_id = $1
         ORDER BY e.epoch DESC, e.tx_id DESC, e.insertion DESC LIMIT 1",
    )
    .bind(application.uuid())
    .fetch_optional(pool)
    .await?;
    if let Some((aggregate_type, aggregate_id, sequence)) = unnumbered {
        return Ok(Last::Unnumbered(aggregate_type, aggregate_id, sequence));
    }
    let position: Option<i64> =
        sqlx::query_scalar("SELECT max(position) FROM event_log WHERE application_id = $1")
            .bind(application.uuid())
            .fetch_one(pool)
            .await?;
    Ok(Last::At(position.unwrap_or(0)))
}

async fn position_of(
    pool: &Pool,
    aggregate_type: &str,
    aggregate_id: &str,
    sequence: i64,
) -> Result<Option<i64>, Error> {
    Ok(sqlx::query_scalar(
        "SELECT position FROM event_log WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence = $3",
    )
    .bind(aggregate_type)
    .bind(aggregate_id)
    .bind(sequence)
    .fetch_optional(pool)
    .await?)
}

async fn have(pool: &Pool, models: &[ReadModel], position: i64) -> Result<bool, Error> {
    let names: Vec<&str> = models.iter().map(|model| model.name()).collect();
    Ok(sqlx::query_scalar(
        "SELECT NOT EXISTS (SELECT FROM projections WHERE name = ANY($1) AND checkpoint < $2)",
    )
    .bind(names)
    .bind(position)
    .fetch_one(pool)
    .await?)
}
