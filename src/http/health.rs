//! `/health/live`, `/health/ready`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::Duration;
use devauth_projections::{cluster, jobs};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Json;
use super::docs::errors::UnavailableErrors;
use super::error::ApiError;
use crate::app::App;

/// Mail older than this says that its way out is blocked; the contract promises 30 seconds.
const MAIL_WAITS: Duration = Duration::seconds(60);

/// How the service is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `degraded` when it serves with something missing.
    #[schema(example = "ok", pattern = "^(ok|degraded)$")]
    status: &'static str,
    /// What is missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    causes: Vec<&'static str>,
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
/// 503 without Postgres; `degraded` while Redis is away (limits are counted by each node) or mail does not leave.
#[utoipa::path(get, path = "/health/ready", operation_id = "getReadiness", tag = "Health",
    responses((status = 200, description = "It serves", body = Health), UnavailableErrors))]
async fn ready(State(app): State<App>) -> Result<Response, ApiError> {
    cluster::time(&app.pool).await?;
    let (_, oldest) = jobs::backlog(&app.pool).await?;
    let mut causes = Vec::new();
    if app.limiter.redis_is_up().await == Some(false) {
        causes.push("redis is away: each node counts by itself");
    }
    if oldest.is_some_and(|oldest| app.clock.now() - oldest > MAIL_WAITS) {
        causes.push("mail does not leave: see the log for the relay's answers");
    }
    let status = if causes.is_empty() { "ok" } else { "degraded" };
    Ok((StatusCode::OK, Json(Health { status, causes })).into_response())
}
