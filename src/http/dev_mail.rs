//! `/dev/mail`: the mails that `devauth dev` caught, for reading in a browser or from a script.
//!
//! Mounted by `devauth dev` alone: whoever can open these pages can open every mailed link.

use axum::extract::{Path, Query, State};
use axum::http::header::{ACCEPT, LOCATION, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use uuid::Uuid;

use crate::http::document::{document, stylesheet};
use crate::mailer::inbox::DevInbox;

mod view;

#[cfg(test)]
#[path = "dev_mail/tests.rs"]
mod tests;

/// The pages around the mails.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; \
                           base-uri 'none'; frame-ancestors 'none'";

/// A mail's own HTML: its inline styles and nothing else; links open in a new tab, outside the sandbox.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                           frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

/// The routes below `/dev/mail`.
pub fn router(inbox: DevInbox) -> Router {
    Router::new()
        .route("/dev/mail", get(list).delete(clear))
        .route("/dev/mail/clear", post(clear_from_page))
        .route("/dev/mail/style.css", get(async || stylesheet(include_str!("dev_mail/style.css"))))
        .route("/dev/mail/{id}/html", get(html_part))
        .with_state(inbox)
}

/// What `GET /dev/mail` can be asked for.
#[derive(Default, Deserialize)]
struct Wanted {
    /// `json` for scripts.
    format: Option<String>,
    /// Only mails to this address.
    to: Option<String>,
    /// The mail to show.
    id: Option<String>,
    /// `text` or `html`.
    view: Option<String>,
}

async fn list(State(inbox): State<DevInbox>, headers: HeaderMap, Query(wanted): Query<Wanted>) -> Response {
    let mut mails = inbox.list();
    if let Some(to) = &wanted.to {
        mails.retain(|mail| mail.to.eq_ignore_ascii_case(to));
    }
    if wants_json(&headers, wanted.format.as_deref()) {
        return Json(serde_json::json!({ "data": mails })).into_response();
    }
    let page = view::page(&mails, &view::Choice::from(&wanted));
    let status = if page.missing { StatusCode::NOT_FOUND } else { StatusCode::OK };
    document(status, PAGE_POLICY, page.html)
}

async fn html_part(State(inbox): State<DevInbox>, Path(id): Path<String>) -> Response {
    let Some(mail) = id.parse::<Uuid>().ok().and_then(|id| inbox.get(id)) else {
        return document(StatusCode::NOT_FOUND, MAIL_POLICY, String::new());
    };
    let mut response = document(StatusCode::OK, MAIL_POLICY, mail.html.clone());
    response.headers_mut().insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    response
}

async fn clear(State(inbox): State<DevInbox>) -> StatusCode {
    match inbox.clear().await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

async fn clear_from_page(inbox: State<DevInbox>, headers: HeaderMap) -> Response {
    // A form on another site can reach us as well; browsers say where a request comes from.
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return StatusCode::FORBIDDEN.into_response();
    }
    match clear(inbox).await {
        StatusCode::NO_CONTENT => (StatusCode::SEE_OTHER, [(LOCATION, "/dev/mail")]).into_response(),
        failed => failed.into_response(),
    }
}

fn wants_json(headers: &HeaderMap, format: Option<&str>) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    match format {
        Some(format) => format == "json",
        None => accept.contains("application/json") && !accept.contains("text/html"),
    }
}
