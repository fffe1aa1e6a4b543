//! The application that calls, proven by its API key, allowed from where it calls, and within its rate.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::http::header::ORIGIN;
use axum::http::request::Parts;
use devauth_aggregates::KeyType;
use devauth_projections::api_keys::{self, ApiKeyRow};
use devauth_projections::applications::ApplicationRow;

use super::{rate, sent_by_browser};
use crate::app::App;
use crate::app::api_key_cache::Known;
use crate::crypto::tokens::hash_api_key;
use crate::http::context::{RequestContext, record_app};
use crate::http::error::{ApiError, ErrorCode};
use crate::limits::Network;

/// Names the end user's address; believed from a secret key alone.
const CLIENT_IP: &str = "x-devauth-client-ip";

/// An application that may make this call.
#[derive(Clone)]
pub struct ClientApp {
    known: Known,
    /// The request, with the end user's address.
    pub request: RequestContext,
}

impl ClientApp {
    /// The application.
    #[must_use]
    pub fn application(&self) -> &ApplicationRow {
        &self.known.1
    }

    fn key(&self) -> &ApiKeyRow {
        &self.known.0
    }

    /// Proves the key and counts the request, before anything else is done for it: a holder of the key who calls from where
    /// they may not is within its rate too.
    async fn admit(parts: &mut Parts, app: &App, policy: Policy) -> Result<Self, ApiError> {
        let known = authenticate(parts, app).await?;
        record_app(known.1.id);
        let request = RequestContext::from_request_parts(parts, app).await?;
        let mut client = ClientApp { known, request };
        let (bucket, limit) = client.bucket(policy, app);
        rate::admit(parts, app, policy.name(), bucket, limit).await?;
        let from_browser = check_origin(parts, &client.known)?;
        if client.key().key_type == KeyType::Secret && !from_browser {
            name_client(parts, &mut client.request)?;
        }
        note_use(app, client.key());
        Ok(client)
    }

    /// Where the request counts, and how many may in a minute.
    fn bucket(&self, policy: Policy, app: &App) -> (String, u32) {
        let (key, rates) = (self.key(), &app.config.rates);
        // Everybody has a publishable key: its holders must not use up each other's share.
        let bucket = match key.key_type {
            KeyType::Secret => key.id.to_string(),
            KeyType::Publishable => format!("{}:{}", key.id, Network::of(self.request.client_address)),
        };
        match policy {
            Policy::Default => (bucket, key.rate_limit_per_minute.unwrap_or(rates.per_minute)),
            Policy::Introspection => (bucket, rates.introspect_per_minute),
        }
    }
}

/// What a request counts as.
#[derive(Clone, Copy)]
enum Policy {
    Default,
    Introspection,
}

impl Policy {
    fn name(self) -> &'static str {
        match self {
            Policy::Default => "default",
            Policy::Introspection => "introspection",
        }
    }
}

impl FromRequestParts<App> for ClientApp {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        ClientApp::admit(parts, app, Policy::Default).await
    }
}

/// An application that may introspect: with a secret key, in a bucket of its own.
pub struct IntrospectingApp(pub ClientApp);

impl FromRequestParts<App> for IntrospectingApp {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let client = ClientApp::admit(parts, app, Policy::Introspection).await?;
        if client.key().key_type != KeyType::Secret {
            return Err(ErrorCode::KeyTypeNotAllowed.into());
        }
        Ok(IntrospectingApp(client))
    }
}

/// Missing, unknown, revoked, another application's: one answer for all.
async fn authenticate(parts: &Parts, app: &App) -> Result<Known, ApiError> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(application), Some(key)) = (header("x-app-id"), header("x-api-key")) else {
        return Err(ErrorCode::InvalidApiKey.into());
    };
    let (hash, _) = hash_api_key(key).ok_or(ErrorCode::InvalidApiKey)?;
    let known = match app.api_keys.get(&hash) {
        Some(known) => known,
        None => {
            let asked = Instant::now();
            let found = api_keys::authenticate(&app.pool, &hash).await?.ok_or(ErrorCode::InvalidApiKey)?;
            let known = Arc::new(found);
            app.api_keys.put(hash, asked, known.clone());
            known
        }
    };
    if known.1.id.to_string() != application {
        return Err(ErrorCode::InvalidApiKey.into());
    }
    Ok(known)
}

/// A secret key has no business in a browser; a publishable one works from the origins that its application allows. Answers
/// whether a browser sent the request.
fn check_origin(parts: &Parts, known: &Known) -> Result<bool, ApiError> {
    let origin = parts.headers.get(ORIGIN);
    match known.0.key_type {
        KeyType::Secret if sent_by_browser(&parts.headers) => Err(ErrorCode::SecretKeyInBrowser.into()),
        KeyType::Secret => Ok(false),
        KeyType::Publishable => {
            let allowed = &known.1.settings.allowed_origins;
            let is_allowed = origin
                .is_none_or(|origin| allowed.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()));
            if is_allowed { Ok(origin.is_some()) } else { Err(ErrorCode::OriginNotAllowed.into()) }
        }
    }
}

fn name_client(parts: &Parts, request: &mut RequestContext) -> Result<(), ApiError> {
    let Some(named) = parts.headers.get(CLIENT_IP) else { return Ok(()) };
    let address = named.to_str().ok().and_then(|text| text.trim().parse::<std::net::IpAddr>().ok());
    let address = address.ok_or_else(|| {
        ApiError::new(ErrorCode::MalformedRequest)
            .detail("The header x-devauth-client-ip is not an IP address.")
    })?;
    request.client_address = address.to_canonical();
    Ok(())
}

fn note_use(app: &App, key: &ApiKeyRow) {
    if !app.api_keys.is_to_be_noted(key.id) {
        return;
    }
    let (app, id) = (app.clone(), key.id);
    app.clone().tasks.spawn(async move {
        if let Err(error) = api_keys::used(&app.pool, id, app.clock.now()).await {
            tracing::debug!(%error, "the use of an API key was not noted");
        }
    });
}
