//! `/v1/portal`: what developers call, by token or from the portal's own pages.

pub mod api_keys;
pub mod applications;
pub mod audit_logs;
pub mod developers;
pub mod events;
mod freshness;
mod page;
mod settings;
pub mod statistics;
pub mod users;

pub use freshness::READS_TOTAL;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(developers::signup::signup))
        .routes(routes!(developers::login::login))
        .routes(routes!(developers::me::me, developers::me::update))
        .routes(routes!(developers::logout::logout))
        .routes(routes!(developers::logout::logout_everywhere))
        .routes(routes!(developers::sessions::list))
        .routes(routes!(developers::sessions::revoke))
        .routes(routes!(developers::email_verify::request))
        .routes(routes!(developers::email_verify::confirm))
        .routes(routes!(developers::password::reset_request))
        .routes(routes!(developers::password::reset_confirm))
        .routes(routes!(developers::password::change))
        .routes(routes!(applications::list, applications::create))
        .routes(routes!(applications::get, applications::update, applications::delete))
        .routes(routes!(applications::rotate_secret))
        .routes(routes!(api_keys::list, api_keys::issue))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(audit_logs::list))
        .routes(routes!(statistics::show))
        .routes(routes!(users::list::list))
        .routes(routes!(users::get, users::erase))
        .routes(routes!(users::suspend))
        .routes(routes!(users::restore))
        .routes(routes!(users::logout))
        .routes(routes!(users::sessions::revoke))
        .routes(routes!(users::history::get))
        .routes(routes!(events::list))
}
