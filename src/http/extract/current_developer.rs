//! The developer whose portal token came with the request, and the application of theirs that it is about.

use axum::extract::{FromRequestParts, Path};
use axum::http::header::{COOKIE, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use devauth_aggregates::{ApplicationId, DeveloperId, portal, user_id};
use devauth_projections::applications::{self, ApplicationRow};
use devauth_projections::sessions::{SessionRow, Which};
use devauth_projections::users::UserRow;
use tracing::Instrument as _;

use super::bearer;
use crate::app::App;
use crate::http::context::{RequestContext, record_user};
use crate::http::error::{ApiError, Challenge, ErrorCode};
use crate::telemetry::traces;

/// Name of the portal's cookie; over https it carries the prefix `__Host-`.
const PORTAL_COOKIE: &str = "devauth_portal";

/// A developer who is logged in to the portal.
pub struct CurrentDeveloper {
    /// The request.
    pub request: RequestContext,
    /// Their session.
    pub session: SessionRow,
    /// They, as a user of the built-in application.
    pub user: UserRow,
}

impl FromRequestParts<App> for CurrentDeveloper {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let token = token(parts, app)?;
        let now = app.clock.now();
        let claims = app
            .keys
            .portal
            .verify(&token, &app.config.public_url, now)
            .map_err(|_whatever_is_wrong| ErrorCode::InvalidToken)?;
        let session = claims.sid.parse().map_err(|_not_an_id| ErrorCode::InvalidToken)?;
        let developer: DeveloperId = claims.sub.parse().map_err(|_not_an_id| ErrorCode::InvalidToken)?;
        let which = Which { application: portal(), session, now };
        let (session, user) = app
            .live_sessions
            .ask(which)
            .instrument(traces::look_up("session"))
            .await?
            .filter(|(_, user)| user.id == user_id(developer))
            .ok_or(ErrorCode::InvalidToken)?;
        record_user(developer);
        let request = RequestContext::from_request_parts(parts, app).await?;
        Ok(CurrentDeveloper { request, session, user })
    }
}

/// From the header, else from the cookie; a change by cookie must come from the portal's own pages.
fn token(parts: &Parts, app: &App) -> Result<String, ApiError> {
    if let Some(token) = bearer(&parts.headers) {
        return Ok(token.to_owned());
    }
    let cookie = cookie(&parts.headers, &cookie_name(&app.config.public_url))
        .ok_or_else(|| ApiError::new(ErrorCode::InvalidToken).challenge(Challenge::Bearer))?;
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let own = own_origin(&app.config.public_url);
    let from_own_page = parts.headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes() == own.as_bytes());
    if reads || from_own_page { Ok(cookie) } else { Err(ErrorCode::OriginNotAllowed.into()) }
}

/// The cookie's full name: `__Host-` needs https, which development may lack.
pub fn cookie_name(public_url: &str) -> String {
    let prefix = if public_url.starts_with("https://") { "__Host-" } else { "" };
    format!("{prefix}{PORTAL_COOKIE}")
}

/// The origin that the portal's pages are served from.
pub fn own_origin(public_url: &str) -> String {
    url::Url::parse(public_url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(candidate, _)| *candidate == name).map(|(_, value)| value.to_owned())
}

/// An application of the developer who calls; another developer's is not there.
pub struct OwnedApplication {
    /// The developer.
    pub developer: CurrentDeveloper,
    /// The application.
    pub application: ApplicationRow,
}

/// Path parameters of routes below an application; some have more.
#[derive(serde::Deserialize)]
struct ApplicationPath {
    app_id: String,
}

impl FromRequestParts<App> for OwnedApplication {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let developer = CurrentDeveloper::from_request_parts(parts, app).await?;
        let Path(path) = Path::<ApplicationPath>::from_request_parts(parts, app)
            .await
            .map_err(|_malformed| ErrorCode::NotFound)?;
        let id: ApplicationId = path.app_id.parse().map_err(|_not_an_id| ErrorCode::NotFound)?;
        let application =
            applications::get(&app.pool, developer.user.id, id).await?.ok_or(ErrorCode::NotFound)?;
        crate::http::context::record_app(id);
        Ok(OwnedApplication { developer, application })
    }
}
