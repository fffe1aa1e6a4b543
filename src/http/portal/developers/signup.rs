//! `POST /v1/portal/developers/signup`

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use devauth_aggregates::{EmailAddress, Label};
use devauth_projections::Write;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{DeveloperAnswer, portal};
use crate::app::App;
use crate::http::accounts;
use crate::http::accounts::signup::{SignedUp, Signup, sign_up};
use crate::http::auth::signup::TakenErrors;
use crate::http::body::{Body, Fields, Json};
use crate::http::context::RequestContext;
use crate::http::docs::errors::{BodyErrors, HashingErrors, IdempotencyErrors, PageErrors};
use crate::http::error::ApiError;
use crate::http::idempotency;
use crate::http::portal::page::name_problem;

/// A developer to be.
#[derive(ToSchema)]
pub struct DeveloperSignup {
    /// Their address.
    #[schema(value_type = String, format = "email", example = "grace@example.org")]
    pub email: EmailAddress,
    /// The password they want; every character counts, whichever it is.
    #[schema(format = "password", min_length = 8, max_length = 256)]
    pub password: String,
    /// What they want to be called; at most 100 characters.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    pub name: Option<Label>,
}

impl Body for DeveloperSignup {
    fn read(fields: &mut Fields) -> Option<Self> {
        let email = accounts::email(fields);
        let password = fields.opaque("password");
        let name = fields.parse_optional("name", |text| Label::parse(text).map_err(name_problem));
        Some(DeveloperSignup { email: email?, password: password?, name })
    }
}

/// Sign up as a developer
#[utoipa::path(post, path = "/v1/portal/developers/signup", operation_id = "signupDeveloper", tag = "Developers", request_body = DeveloperSignup,
    params(("Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 16, max_length = 64, pattern = "^[ -~]*$", description = "16 to 64 printable ASCII characters; a repeated request with the same key gets the same answer for 24 hours")),
    responses((status = 201, description = "The developer signed up", body = DeveloperAnswer),
              PageErrors, BodyErrors, HashingErrors, IdempotencyErrors, TakenErrors))]
pub async fn signup(
    State(app): State<App>,
    request: RequestContext,
    headers: HeaderMap,
    Json(body): Json<DeveloperSignup>,
) -> Result<Response, ApiError> {
    let name = body.name.map(String::from);
    let content = json!([body.email.as_str(), body.password, name]);
    let metadata: Map<String, Value> =
        name.map(|name| ("name".to_owned(), Value::from(name))).into_iter().collect();
    // Nobody is known yet, so the address tells apart who uses a key, or a stranger could use up somebody else's. As a keyed hash:
    // an address is kept nowhere in clear.
    let scope = format!(
        "developer signup {}",
        BASE64_URL_SAFE_NO_PAD.encode(app.keys.address(portal().id, &body.email))
    );
    idempotency::once(&app, &headers, scope, &content, async |key| {
        let answer = |id, user: &_| {
            let body = serde_json::to_vec(&DeveloperAnswer::new(id, user)).ok()?;
            key.clone().map(|key| Write::Answer {
                key,
                status: StatusCode::CREATED.as_u16(),
                body,
                about: Some(id),
            })
        };
        let signup = Signup { email: body.email, password: body.password, metadata };
        Ok(match sign_up(&app, &portal(), &request, signup, answer).await? {
            SignedUp::User(id, user) => {
                (StatusCode::CREATED, Json(DeveloperAnswer::new(id, &user))).into_response()
            }
            SignedUp::Undisclosed => StatusCode::ACCEPTED.into_response(),
        })
    })
    .await
}
