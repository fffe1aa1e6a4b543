//! The URL map, and what is around it.

use axum::{Router, middleware};
use utoipa_axum::router::OpenApiRouter;

use super::{auth, detach, docs, error, health, layers, pages, portal, portal_pages, well_known};
use crate::app::App;

/// Everything that the document describes.
fn described() -> OpenApiRouter<App> {
    docs::openapi_router()
        .merge(auth::routes())
        .merge(portal::routes())
        .merge(well_known::routes())
        .merge(health::routes())
}

/// The OpenAPI document as it is served, printed and committed.
///
/// # Panics
/// A schema can't be written as JSON; a test would have said so.
#[must_use]
pub fn openapi() -> String {
    let mut document = described().into_openapi();
    docs::finish(&mut document);
    docs::to_json(&document).expect("schemas are plain data")
}

/// The public routes of a node; `more` are those of pages that only some nodes have and that change nothing for users.
pub fn router(app: &App, more: Router) -> Router {
    let (api, _) = described().split_for_parts();
    let settings = layers::HttpSettings::of(&app.config);
    let router = api
        .with_state(app.clone())
        .merge(pages::router(app.clone()))
        .layer(middleware::from_fn_with_state(app.clone(), detach::detach))
        .merge(docs::router(openapi))
        .merge(error::pages::router())
        .merge(more)
        .fallback_service(portal_pages::router());
    layers::wrap(router, settings)
}
