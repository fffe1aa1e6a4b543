//! Answers out of read models that follow the log: they show what was committed before the question, or say that they don't.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use devauth_aggregates::ApplicationId;
use devauth_projections::Error;
use devauth_projections::freshness::{self, Freshness};
use devauth_projections::read_models::ReadModel;
use devauth_projections::reads::Reading;

use crate::app::App;
use crate::config::Environment;
use crate::http::error::ApiError;

/// `true` if an answer doesn't show everything yet; absent otherwise.
const BEHIND: HeaderName = HeaderName::from_static("x-devauth-behind");

/// Counts reads of the portal by who answered: the primary or its standby.
pub const READS_TOTAL: &str = "devauth_portal_reads_total";

/// A header, or none.
pub type Behind = Option<[(HeaderName, HeaderValue); 1]>;

/// How long a reader waits at most; past it they get what is there. In a test run, transactions of other tests on the same
/// server hold up the log for longer than anybody else would wait.
pub fn patience(app: &App) -> Duration {
    match app.config.environment {
        Environment::Production | Environment::Development => Duration::from_secs(2),
        Environment::Test => Duration::from_secs(20),
    }
}

/// Waits until `models` have everything of the application that was committed before; answers the header that says if they
/// don't.
///
/// # Errors
/// Postgres is away.
async fn wait(app: &App, application: ApplicationId, models: &[ReadModel]) -> Result<Behind, ApiError> {
    Ok(match freshness::wait(&app.pool, application, models, patience(app)).await? {
        Freshness::Fresh => None,
        Freshness::Behind => Some([(BEHIND, HeaderValue::from_static("true"))]),
    })
}

/// Reads when `models` have everything of the application that was committed before, from whichever server has it; answers the
/// header that says if they don't.
///
/// # Errors
/// Postgres is away.
pub async fn read<T, F>(
    app: &App,
    application: ApplicationId,
    models: &[ReadModel],
    query: impl Fn(Reading) -> F,
) -> Result<(Behind, T), ApiError>
where
    F: Future<Output = Result<T, Error>>,
{
    // On the primary. What it has by then, a standby that answers has, too.
    let behind = wait(app, application, models).await?;
    let (answer, source) = app.reads.read(query).await?;
    metrics::counter!(READS_TOTAL, "from" => source.name()).increment(1);
    Ok((behind, answer))
}
