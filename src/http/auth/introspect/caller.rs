//! Who may introspect, in either of two dialects: ours (API key, JSON) and that of RFC 7662 (HTTP Basic, form).

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use devauth_aggregates::ApplicationId;
use devauth_projections::secrets::application_secrets;
use utoipa::ToSchema;

use crate::app::App;
use crate::crypto::tokens::same_secret;
use crate::http::body::{self, Body, Fields, Json, is_media_type};
use crate::http::context::{RequestContext, record_app};
use crate::http::error::{ApiError, Challenge, ErrorCode};
use crate::http::extract::{IntrospectingApp, rate, sent_by_browser};
use crate::limits::Network;

/// A token to be looked at.
#[derive(ToSchema)]
pub struct IntrospectRequest {
    /// The access token.
    pub token: String,
    /// Taken and ignored: RFC 7662 2.1 means it for a search that we don't need.
    #[schema(value_type = String, required = false)]
    #[expect(dead_code, reason = "says in the document that it is taken")]
    pub token_type_hint: Option<String>,
}

/// The same as a form. Parameters that RFC 7662 does not know are ignored (2.1).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; it is read by `form_token`")]
pub struct IntrospectForm {
    /// The access token.
    pub token: String,
    /// Taken and ignored.
    #[schema(value_type = String, required = false)]
    pub token_type_hint: Option<String>,
}

impl Body for IntrospectRequest {
    fn read(fields: &mut Fields) -> Option<Self> {
        let token = fields.opaque("token");
        let token_type_hint = fields.optional_opaque("token_type_hint");
        token.map(|token| IntrospectRequest { token, token_type_hint })
    }
}

/// A permitted introspection.
pub struct Introspection {
    /// The application that asks.
    pub application: ApplicationId,
    /// What it asks about.
    pub token: String,
}

impl FromRequest<App> for Introspection {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let application = if is_basic(&parts.headers) {
            basic(&parts, app).await?
        } else {
            IntrospectingApp::from_request_parts(&mut parts, app).await?.0.application().id
        };
        let request = Request::from_parts(parts, body);
        let token = if is_media_type(request.headers(), "application/x-www-form-urlencoded") {
            form_token(request).await?
        } else {
            Json::<IntrospectRequest>::from_request(request, app).await?.0.token
        };
        Ok(Introspection { application, token })
    }
}

fn is_basic(headers: &HeaderMap) -> bool {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.and_then(|text| text.split(' ').next()).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
}

/// `app_id:app_secret`; one answer for everything that is wrong with them.
async fn basic(parts: &Parts, app: &App) -> Result<ApplicationId, ApiError> {
    let refused = || ApiError::new(ErrorCode::InvalidApiKey).challenge(Challenge::Basic);
    if sent_by_browser(&parts.headers) {
        return Err(ErrorCode::SecretKeyInBrowser.into());
    }
    let (name, secret) = credentials(&parts.headers).ok_or_else(refused)?;
    let application: ApplicationId = name.parse().map_err(|_not_an_id| refused())?;
    // Anybody can name an application: those who do so without its secret must not use up its share.
    let client = parts.extensions.get::<RequestContext>().map(|context| Network::of(context.client_address));
    let bucket = format!("{application}:{}", client.map(|network| network.to_string()).unwrap_or_default());
    let limit = app.config.rates.introspect_per_minute;
    rate::admit(parts, app, "introspection", bucket, limit).await?;
    let stored = application_secrets::get(&app.pool, app.commands.log().keyring(), application).await?;
    let stored = stored.and_then(|secret| String::from_utf8(secret).ok()).ok_or_else(refused)?;
    if !same_secret(&secret, &stored) {
        return Err(refused());
    }
    record_app(application);
    Ok(application)
}

/// RFC 7617, with both halves form-encoded as RFC 6749 2.3.1 has it; ours contain nothing that needs it.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers.get(AUTHORIZATION)?.to_str().ok()?.get(6..)?.trim();
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (name, secret) = text.split_once(':')?;
    Some((name.to_owned(), secret.to_owned()))
}

/// The one `token` of a form; parameters that RFC 7662 doesn't know are for extensions and ignored.
async fn form_token(request: Request) -> Result<String, ApiError> {
    let bytes = body::read(request).await?;
    let mut tokens = url::form_urlencoded::parse(&bytes).filter(|(name, _)| name == "token");
    match (tokens.next(), tokens.next()) {
        (Some((_, token)), None) => Ok(token.into_owned()),
        _ => {
            Err(ApiError::new(ErrorCode::MalformedRequest).detail("The form must have one parameter token."))
        }
    }
}

#[cfg(test)]
mod fuzz;
