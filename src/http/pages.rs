//! The plain pages behind mailed links, for applications that have none of their own: `/verify-email`, `/reset-password`.
//!
//! Opening a page changes nothing, because mail scanners open links: only the form on it uses the token up. The pages
//! need no script. They know the application through the token alone; developers are led to the portal, which has such pages
//! itself, unless it was left out of this build.

use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, Request, State};
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use secrecy::{ExposeSecret as _, SecretString};

use super::body::{is_media_type, read};
use super::context::RequestContext;
use super::document::{document, stylesheet};
use super::error::{ApiError, ErrorCode};
use crate::crypto::tokens::Purpose;
use form::Form;
use view::View;

mod form;
mod service;
mod view;

#[cfg(test)]
#[path = "pages/tests.rs"]
mod tests;

const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the pages ask of the service.
pub trait PageActions: Clone + Send + Sync + 'static {
    /// Looks whether a link still works, and where, without using it up.
    fn look(&self, purpose: Purpose, token: &str) -> impl Future<Output = LinkState> + Send;

    /// Verifies the address that the token was mailed to.
    fn verify(&self, context: &RequestContext, token: &str) -> impl Future<Output = PageOutcome> + Send;

    /// Sets a new password for the user that the token was mailed to.
    fn reset(
        &self,
        context: &RequestContext,
        token: &str,
        password: SecretString,
    ) -> impl Future<Output = PageOutcome> + Send;
}

/// What a link is worth at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// It can be used.
    Good {
        /// The name of the application that it belongs to.
        application_name: String,
    },
    /// It belongs to an application with a page of its own in this service: the portal.
    Elsewhere {
        /// Path and query of that page.
        page: String,
    },
    /// Unknown, used, expired or replaced by a newer one.
    Spent,
    /// It can't be told now.
    Unavailable,
}

/// What came of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageOutcome {
    /// Done.
    Done {
        /// The name of the application that the user can go back to.
        application_name: String,
    },
    /// The token is unknown, used, expired or replaced by a newer one.
    TokenInvalid,
    /// The password is not acceptable; a sentence for each reason.
    Refused(Vec<String>),
    /// Too many tries; another may be made after this time.
    RateLimited(Duration),
    /// It can't be done now; another try may be made after this time.
    Unavailable(Duration),
}

/// Both pages and their style sheet.
pub fn router<A: PageActions>(actions: A) -> Router {
    Router::new()
        .route("/verify-email", get(show_verify::<A>).post(verify::<A>))
        .route("/reset-password", get(show_reset::<A>).post(reset::<A>))
        .route("/assets/devauth.css", get(async || stylesheet(include_str!("pages/devauth.css"))))
        .with_state(actions)
}

async fn show_verify<A: PageActions>(State(actions): State<A>, RawQuery(query): RawQuery) -> Response {
    show(actions, Purpose::VerifyEmail, query).await
}

async fn show_reset<A: PageActions>(State(actions): State<A>, RawQuery(query): RawQuery) -> Response {
    show(actions, Purpose::ResetPassword, query).await
}

async fn show<A: PageActions>(actions: A, purpose: Purpose, query: Option<String>) -> Response {
    let token = Form::parse(query.unwrap_or_default().as_bytes()).token;
    match actions.look(purpose, &token).await {
        LinkState::Good { application_name } => {
            let view = View::Ask { purpose, application: &application_name, token: &token, problems: &[] };
            page(StatusCode::OK, &view)
        }
        LinkState::Elsewhere { page } => lead_to(&page),
        LinkState::Spent => page(StatusCode::BAD_REQUEST, &View::Spent { purpose }),
        LinkState::Unavailable => later(StatusCode::SERVICE_UNAVAILABLE, purpose, Duration::from_secs(1)),
    }
}

async fn verify<A: PageActions>(
    State(actions): State<A>,
    context: RequestContext,
    request: Request,
) -> Result<Response, ApiError> {
    let form = submitted(request).await?;
    let outcome = actions.verify(&context, &form.token).await;
    Ok(answer(&actions, Purpose::VerifyEmail, &form, outcome).await)
}

async fn reset<A: PageActions>(
    State(actions): State<A>,
    context: RequestContext,
    request: Request,
) -> Result<Response, ApiError> {
    let form = submitted(request).await?;
    let outcome = if form.password.expose_secret() == form.confirmation.expose_secret() {
        actions.reset(&context, &form.token, form.password.clone()).await
    } else {
        PageOutcome::Refused(vec!["The two passwords are not the same. Type the new one twice.".to_owned()])
    };
    Ok(answer(&actions, Purpose::ResetPassword, &form, outcome).await)
}

async fn submitted(request: Request) -> Result<Form, ApiError> {
    if !is_media_type(request.headers(), "application/x-www-form-urlencoded") {
        return Err(ErrorCode::UnsupportedMediaType.into());
    }
    Ok(Form::parse(&read(request).await?))
}

async fn answer<A: PageActions>(
    actions: &A,
    purpose: Purpose,
    form: &Form,
    outcome: PageOutcome,
) -> Response {
    match outcome {
        PageOutcome::Done { application_name } => {
            page(StatusCode::OK, &View::Done { purpose, application: &application_name })
        }
        PageOutcome::TokenInvalid => page(StatusCode::BAD_REQUEST, &View::Spent { purpose }),
        PageOutcome::Refused(problems) => {
            let application = match actions.look(purpose, &form.token).await {
                LinkState::Good { application_name } => application_name,
                LinkState::Elsewhere { .. } | LinkState::Spent | LinkState::Unavailable => String::new(),
            };
            let view =
                View::Ask { purpose, application: &application, token: &form.token, problems: &problems };
            page(StatusCode::UNPROCESSABLE_ENTITY, &view)
        }
        PageOutcome::RateLimited(after) => later(StatusCode::TOO_MANY_REQUESTS, purpose, after),
        PageOutcome::Unavailable(after) => later(StatusCode::SERVICE_UNAVAILABLE, purpose, after),
    }
}

fn page(status: StatusCode, view: &View<'_>) -> Response {
    document(status, POLICY, view.render())
}

/// The address holds a token, so this is kept to itself as the page is.
fn lead_to(address: &str) -> Response {
    let mut response = document(StatusCode::SEE_OTHER, POLICY, String::new());
    response.headers_mut().extend(HeaderValue::from_str(address).map(|address| (LOCATION, address)));
    response
}

fn later(status: StatusCode, purpose: Purpose, after: Duration) -> Response {
    let mut response = page(status, &View::Away { purpose });
    let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}
