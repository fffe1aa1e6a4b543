//! `Idempotency-Key`: a creation that is repeated with the same key answers the same and happens once.

use aws_lc_rs::hmac;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use devauth_projections::idempotency::{self, Key, Reservation, Reserved};
use serde_json::Value;

use super::error::{ApiError, ErrorCode};
use crate::app::App;
use crate::crypto::tokens::sha256_of;

/// Runs `work` unless a request with the same key was worked on before; then the answer is that request's.
///
/// `scope` says who uses the key and for what. `content` is what makes two requests the same; it is kept as a keyed
/// fingerprint only, because it can hold a password. `work` is given the key, to store its answer with what it writes: so work
/// that took too long, and was begun again by a repeated request, is done by one of the two. Without the header it runs as it is.
/// A refused request gives the key back.
///
/// # Errors
/// `idempotency_in_progress`, `idempotency_mismatch`, a malformed key, or what `work` answers.
pub async fn once<F>(
    app: &App,
    headers: &HeaderMap,
    scope: String,
    content: &Value,
    work: impl FnOnce(Option<Reserved>) -> F,
) -> Result<Response, ApiError>
where
    F: Future<Output = Result<Response, ApiError>>,
{
    let Some(header) = headers.get("idempotency-key") else { return work(None).await };
    let key = Key {
        scope,
        key_hash: sha256_of(well_formed(header)?),
        request_hash: fingerprint(&app.keys.request_digest, content),
    };
    let now = app.clock.now();
    match idempotency::reserve(&app.pool, app.commands.log().keyring(), &key, now).await? {
        Reservation::New(reserved) => {
            let answer = work(Some(reserved.clone())).await;
            // Completed keys stay; what was refused, or answered without an object, may be tried again. Should Postgres be
            // away just now, that is no reason to hide the answer: the reservation ends by itself.
            if let Err(error) = idempotency::release(&app.pool, &reserved).await {
                tracing::warn!(%error, "an Idempotency-Key stays reserved for a minute");
            }
            answer
        }
        Reservation::Done { status, body } => Ok(stored(status, body)),
        Reservation::InProgress => Err(ErrorCode::IdempotencyInProgress.into()),
        Reservation::Mismatch => Err(ErrorCode::IdempotencyMismatch.into()),
    }
}

/// Keeps the bare status as the answer to be repeated, for work that ended without a transaction of its own.
///
/// # Errors
/// `idempotency_in_progress` if another request took the key over, or Postgres is away.
pub async fn keep(app: &App, key: &Reserved, status: StatusCode) -> Result<(), ApiError> {
    let keyring = app.commands.log().keyring();
    Ok(idempotency::complete_alone(&app.pool, keyring, key, status.as_u16(), b"").await?)
}

fn well_formed(header: &HeaderValue) -> Result<&str, ApiError> {
    let is_good =
        |text: &&str| (16..=64).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    header.to_str().ok().filter(is_good).ok_or_else(|| {
        ApiError::new(ErrorCode::MalformedRequest)
            .detail("The header Idempotency-Key must be 16 to 64 printable ASCII characters.")
    })
}

fn fingerprint(key: &[u8; 32], content: &Value) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), content.to_string().as_bytes());
    tag.as_ref().try_into().expect("a tag of HMAC-SHA256 has 32 bytes")
}

fn stored(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let replayed = [("idempotent-replayed", "true")];
    if body.is_empty() {
        return (status, replayed).into_response();
    }
    (status, replayed, [(CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod fuzz {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_is_taken_as_it_is_or_refused(value in prop::collection::vec(prop_oneof![0x20u8..0x7f, 0x80u8..], 0..80)) {
            let printable = value.iter().all(|byte| (b' '..=b'~').contains(byte));
            let header = HeaderValue::from_bytes(&value).unwrap();
            match well_formed(&header) {
                Ok(key) => prop_assert_eq!(key.as_bytes(), value.as_slice()),
                Err(error) => prop_assert_eq!(error.code(), ErrorCode::MalformedRequest),
            }
            prop_assert_eq!(well_formed(&header).is_ok(), printable && (16..=64).contains(&value.len()));
        }
    }
}
