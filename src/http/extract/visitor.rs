//! Somebody who is not logged in to the portal, within the rate of where they call from.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::rate;
use crate::app::App;
use crate::http::context::RequestContext;
use crate::http::error::ApiError;
use crate::limits::Network;

/// The request of somebody whom nothing identifies yet. Such requests hash passwords and send mail, so they are counted by
/// client address, with the limit that an API key has by default.
pub struct Visitor(pub RequestContext);

impl FromRequestParts<App> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let request = RequestContext::from_request_parts(parts, app).await?;
        let bucket = format!("portal:{}", Network::of(request.client_address));
        rate::admit(parts, app, "default", bucket, app.config.rates.per_minute).await?;
        Ok(Visitor(request))
    }
}
