//! `POST /v1/auth/signup`

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use devauth_aggregates::{EmailAddress, SignupMode};
use devauth_projections::Write;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::app::App;
use crate::http::accounts::signup::{SignedUp, Signup, sign_up};
use crate::http::accounts::{self};
use crate::http::body::{Body, Fields, Json};
use crate::http::docs::errors::{AppKeyErrors, BodyErrors, HashingErrors, IdempotencyErrors};
use crate::http::error::ApiError;
use crate::http::extract::ClientApp;
use crate::http::idempotency;
use crate::http::user::{UserAnswer, UserBody};

/// Largest `metadata`, in bytes of compact JSON.
const MAX_METADATA: usize = 4 * 1024;

/// A user to be.
#[derive(ToSchema)]
pub struct SignupRequest {
    /// Their address.
    #[schema(value_type = String, format = "email", example = "ada@example.org")]
    pub email: EmailAddress,
    /// The password they want; every character counts, whichever it is.
    #[schema(format = "password", min_length = 8, max_length = 256)]
    pub password: String,
    /// Anything the application wants to keep with the user; at most 4 KiB, nested at most 64 levels deep. Numbers come back equal:
    /// a whole number that neither 64 bits nor a double can hold is refused.
    #[schema(value_type = Object, required = false)]
    pub metadata: Map<String, Value>,
}

impl Body for SignupRequest {
    fn read(fields: &mut Fields) -> Option<Self> {
        let email = accounts::email(fields);
        let password = fields.opaque("password");
        let metadata = fields.optional_object("metadata", MAX_METADATA).unwrap_or_default();
        Some(SignupRequest { email: email?, password: password?, metadata })
    }
}

/// Sign a user up
///
/// The user gets a mail with a link to verify their address. An application whose `signup_mode` is `strict` gets 202 whether or
/// not the address was taken.
#[utoipa::path(post, path = "/v1/auth/signup", operation_id = "signup", tag = "Users", request_body = SignupRequest,
    params(("Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 16, max_length = 64, pattern = "^[ -~]*$", description = "16 to 64 printable ASCII characters; a repeated request with the same key gets the same answer for 24 hours")),
    responses((status = 201, description = "The user signed up", body = UserAnswer),
              (status = 202, description = "In `strict` mode: there may be a new user"),
              AppKeyErrors, BodyErrors, HashingErrors, IdempotencyErrors, TakenErrors),
    security(("app_id" = [], "api_key" = [])))]
pub async fn signup(
    State(app): State<App>,
    client: ClientApp,
    headers: HeaderMap,
    Json(body): Json<SignupRequest>,
) -> Result<Response, ApiError> {
    let application = client.application();
    let content = json!([body.email.as_str(), body.password, body.metadata]);
    let scope = format!("{} signup", application.id);
    let strict = application.settings.signup_mode == SignupMode::Strict;
    idempotency::once(&app, &headers, scope, &content, async |key| {
        let answer = |id, user: &_| {
            let (status, body) = match strict {
                true => (StatusCode::ACCEPTED, Vec::new()),
                false => {
                    let answer = UserAnswer { user: UserBody::new(id, user) };
                    (StatusCode::CREATED, serde_json::to_vec(&answer).ok()?)
                }
            };
            key.clone().map(|key| Write::Answer { key, status: status.as_u16(), body, about: Some(id) })
        };
        let signup = Signup { email: body.email, password: body.password, metadata: body.metadata };
        Ok(match sign_up(&app, application, &client.request, signup, answer).await? {
            SignedUp::User(id, user) => {
                (StatusCode::CREATED, Json(UserAnswer { user: UserBody::new(id, &user) })).into_response()
            }
            SignedUp::Undisclosed => {
                // For a taken address too, or a repeated request would tell which it was.
                if let Some(key) = &key {
                    idempotency::keep(&app, key, StatusCode::ACCEPTED).await?;
                }
                StatusCode::ACCEPTED.into_response()
            }
        })
    })
    .await
}

crate::error_set!(
    /// The address has a user.
    pub TakenErrors = EmailTaken
);
