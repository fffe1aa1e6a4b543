//! The tokens that a login and a refresh answer with.

use chrono::{DateTime, TimeDelta, Utc};
use devauth_aggregates::{ApplicationId, SessionId};
use devauth_projections::users::UserRow;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::crypto::jwt::AccessClaims;
use crate::http::error::{ApiError, ErrorCode};
use crate::http::user::UserBody;

/// What a user of an application holds after a login.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// A JWT (RFC 9068), to be sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token ends.
    #[schema(example = 900)]
    pub expires_in: i64,
    /// Good for one refresh; a new one comes with each.
    pub refresh_token: String,
    /// Seconds until the session ends, however often it is refreshed.
    #[schema(example = 604_800)]
    pub refresh_expires_in: i64,
    /// The user.
    pub user: UserBody,
}

/// A step of a session, for which tokens are made.
pub struct Step {
    /// The session.
    pub session: SessionId,
    /// The step that its refresh token stands for.
    pub counter: u32,
    /// When the session ends.
    pub expires_at: DateTime<Utc>,
}

impl Tokens {
    /// Tokens for a user's session. An access token does not outlive its session, but for what rounding adds.
    ///
    /// # Errors
    /// `invalid_token` if the session is as good as over: tokens that are good for no second are none.
    pub fn issue(
        app: &App,
        application: ApplicationId,
        user: UserRow,
        step: &Step,
    ) -> Result<Self, ApiError> {
        let now = app.clock.now();
        let refresh_expires_in = to_the_second(step.expires_at - now);
        if refresh_expires_in < 1 {
            return Err(ErrorCode::InvalidToken.into());
        }
        let lives = TimeDelta::from_std(app.config.tokens.access_ttl).unwrap_or_default();
        let expires_in = refresh_expires_in.min(to_the_second(lives));
        let claims = AccessClaims {
            iss: app.config.public_url.clone(),
            aud: application.to_string(),
            app_id: application.to_string(),
            client_id: Some(application.to_string()),
            sub: user.id.to_string(),
            sid: step.session.to_string(),
            jti: app.new_id().to_string(),
            iat: now.timestamp(),
            exp: now.timestamp() + expires_in,
            email: user.email.clone(),
            email_verified: user.email_verified,
        };
        let refresh = app.keys.refresh.issue(application.uuid(), step.session.uuid(), step.counter);
        Ok(Tokens {
            access_token: app.keys.signing().sign(&claims),
            token_type: "Bearer",
            expires_in,
            refresh_token: refresh.expose().to_owned(),
            refresh_expires_in,
            user: user.into(),
        })
    }
}

/// To the nearest second: a moment has passed since the login.
fn to_the_second(time: TimeDelta) -> i64 {
    (time.num_milliseconds() + 500).div_euclid(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_to_the_nearest_second() {
        for (milliseconds, seconds) in [
            (900_000, 900),
            (899_999, 900),
            (899_500, 900),
            (899_499, 899),
            (500, 1),
            (499, 0),
            (0, 0),
            (-501, -1),
        ] {
            assert_eq!(to_the_second(TimeDelta::milliseconds(milliseconds)), seconds, "{milliseconds} ms");
        }
    }
}
