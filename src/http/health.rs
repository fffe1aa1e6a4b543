//! `/health/live`, `/health/ready`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Duration, Utc};
use devauth_projections::{jobs, sequencer, subscription};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Json;
use super::docs::errors::UnavailableErrors;
use super::error::{ApiError, ErrorCode};
use crate::app::App;

/// Mail older than this says that its way out is blocked: the quick tries are over by then. The contract promises 30 seconds,
/// and who watches has to know before they are over.
const MAIL_WAITS: Duration = Duration::seconds(15);
/// Events that wait for longer say that something holds up who follows the log; a second is usual at most.
const LOG_WAITS: Duration = Duration::seconds(30);

/// How the service is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `degraded` when it serves with something missing.
    #[schema(example = "ok", pattern = "^(ok|degraded)$")]
    status: &'static str,
    /// What is missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    causes: Vec<String>,
}

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready))
}

/// Whether the process runs
#[utoipa::path(get, path = "/health/live", operation_id = "getLiveness", tag = "Health",
    responses((status = 200, description = "It runs", body = Health)))]
async fn live() -> Json<Health> {
    Json(Health { status: "ok", causes: Vec::new() })
}

/// Whether the service can serve
///
/// 503 without Postgres and while the node drains before it ends; `degraded` while Redis is away (limits are counted by each node), mail does not leave, or something
/// that follows the log stopped or is behind.
#[utoipa::path(get, path = "/health/ready", operation_id = "getReadiness", tag = "Health",
    responses((status = 200, description = "It serves", body = Health), UnavailableErrors))]
async fn ready(State(app): State<App>) -> Result<Response, ApiError> {
    if app.ending.is_cancelled() {
        return Err(ErrorCode::Unavailable.into());
    }
    let (_, oldest) = jobs::backlog(&app.pool).await?;
    let mut causes = Vec::new();
    if app.limiter.redis_is_up().await == Some(false) {
        causes.push("redis is away: each node counts by itself".to_owned());
    }
    if is_older(&app, oldest, MAIL_WAITS) {
        causes.push("mail does not leave: see the log for the relay's answers".to_owned());
    }
    causes.extend(behind(&app).await?);
    let status = if causes.is_empty() { "ok" } else { "degraded" };
    Ok((StatusCode::OK, Json(Health { status, causes })).into_response())
}

/// What follows the log and doesn't keep up.
async fn behind(app: &App) -> Result<Vec<String>, ApiError> {
    let mut causes = Vec::new();
    if is_older(app, sequencer::backlog(&app.pool).await?.waiting_since, LOG_WAITS) {
        causes.push(
            "events wait for their position: a transaction somewhere on the server stays open".to_owned(),
        );
    }
    for projection in subscription::status(&app.pool).await? {
        let name = &projection.name;
        if !projection.running {
            causes.push(format!("projection {name} is stopped: devauth projections list says why"));
        } else if is_older(app, projection.behind_since, LOG_WAITS) {
            causes.push(format!("projection {name} is {} events behind", projection.lag));
        }
        if projection.parked > 0 {
            causes.push(format!("projection {name} leaves out {} streams", projection.parked));
        }
    }
    Ok(causes)
}

fn is_older(app: &App, since: Option<DateTime<Utc>>, limit: Duration) -> bool {
    since.is_some_and(|since| app.clock.now() - since > limit)
}
