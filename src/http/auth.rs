//! `/v1/auth`: what applications call for their users.

pub mod email_verify;
pub mod introspect;
pub mod login;
pub mod logout;
pub mod me;
pub mod password_change;
pub mod password_reset;
pub mod refresh;
pub mod sessions;
pub mod signup;
mod tokens;

use axum::middleware;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::rate;
use crate::app::App;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(signup::signup))
        .routes(routes!(login::login))
        .routes(routes!(me::me))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(logout::logout_all))
        .routes(routes!(email_verify::request))
        .routes(routes!(email_verify::confirm))
        .routes(routes!(password_reset::request))
        .routes(routes!(password_reset::confirm))
        .routes(routes!(password_change::change))
        .routes(routes!(introspect::introspect))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::revoke))
        .layer(middleware::from_fn(rate::headers))
}
