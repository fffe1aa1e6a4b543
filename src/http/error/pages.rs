//! `/problems` and `/problems/{code}`: where the `type` links of errors lead.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{ApiError, ErrorCode};
use crate::http::extract::PathId;

const STYLE: &str = "\
:root { color-scheme: light dark; }
body { max-width: 44rem; margin: 2.5rem auto; padding: 0 1.25rem; font: 1rem/1.6 system-ui, sans-serif; }
code { font-size: .95em; }
dt { margin-top: 1rem; }
dd { margin: 0; opacity: .8; }
";

/// The pages, made of the table and nothing else.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/problems", get(async || page("Error codes", &list())))
        .route("/problems/page.css", get(async || ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
        .route("/problems/{code}", get(one))
}

async fn one(PathId(name): PathId<String>) -> Result<Response, ApiError> {
    let code = ErrorCode::from_name(&name).ok_or(ErrorCode::NotFound)?;
    let info = code.info();
    let body = format!(
        "<p><code>{}</code>, status {}</p>\n<p>{}</p>\n<p><a href=\"/problems\">All error codes</a></p>",
        info.name,
        info.status.as_u16(),
        info.detail,
    );
    Ok(page(info.title, &body))
}

fn list() -> String {
    let row = |code: ErrorCode| {
        let info = code.info();
        let (name, status) = (info.name, info.status.as_u16());
        format!(
            "<dt><a href=\"/problems/{name}\"><code>{name}</code></a> {status}</dt>\n<dd>{}</dd>\n",
            info.detail
        )
    };
    format!("<dl>\n{}</dl>", ErrorCode::ALL.into_iter().map(row).collect::<String>())
}

fn page(title: &'static str, body: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"stylesheet\" href=\"/problems/page.css\">\n<title>{title} · DevAuth</title>\n<h1>{title}</h1>\n{body}\n</html>\n",
    );
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
            ),
        ),
    ];
    (headers, html).into_response()
}
