//! What the pages ask of the service, done by the same stories as the API's routes.

use std::time::Duration;

use devauth_aggregates::{User, UserCommand, portal};
use devauth_projections::applications::{self, ApplicationRow};
use devauth_projections::secrets::one_time_tokens::OneTimeToken;
use secrecy::{ExposeSecret as _, SecretString};

use super::{LinkState, PageActions, PageOutcome};
use crate::app::App;
use crate::crypto::tokens::Purpose;
use crate::http::accounts::{mailed, password_reset, verification};
use crate::http::context::{RequestContext, record_app};
use crate::http::error::{ApiError, ErrorCode};
use crate::http::portal_pages;
use crate::limits::{Bucket, Network};

/// Forms that one client may send in a minute.
const FORMS_PER_MINUTE: u32 = 30;
/// What somebody is asked to wait when nothing better is known.
const A_MOMENT: Duration = Duration::from_secs(2);

impl PageActions for App {
    async fn look(&self, purpose: Purpose, token: &str) -> LinkState {
        match state(self, purpose, token).await {
            Ok(state) => state,
            Err(error) if error.code() == ErrorCode::TokenInvalid => LinkState::Spent,
            Err(_) => LinkState::Unavailable,
        }
    }

    async fn verify(&self, context: &RequestContext, token: &str) -> PageOutcome {
        outcome(async {
            admit(self, context).await?;
            let (found, application) = owner(self, Purpose::VerifyEmail, token).await?;
            verification::confirm(self, found.application_id, context, token).await?;
            Ok(application)
        })
        .await
    }

    async fn reset(&self, context: &RequestContext, token: &str, password: SecretString) -> PageOutcome {
        outcome(async {
            admit(self, context).await?;
            let (_, application) = owner(self, Purpose::ResetPassword, token).await?;
            password_reset::confirm(self, &application, context, token, password.expose_secret()).await?;
            Ok(application)
        })
        .await
    }
}

async fn admit(app: &App, context: &RequestContext) -> Result<(), ApiError> {
    let key = format!("pages:{}", Network::of(context.client_address));
    let bucket = Bucket { key, limit: FORMS_PER_MINUTE, window: Duration::from_secs(60) };
    let admission = app.limiter.admit(&bucket, app.clock.now()).await;
    if admission.allowed {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::RateLimited).retry_after(admission.retry_after))
}

/// The request behind a token, and the application that it belongs to.
async fn owner(app: &App, purpose: Purpose, token: &str) -> Result<(OneTimeToken, ApplicationRow), ApiError> {
    let found = mailed::find(app, purpose, token).await?;
    let application = applications::for_service(&app.pool, found.application_id).await?;
    let application = application.ok_or(ErrorCode::TokenInvalid)?;
    // The portal's own routes name no application either.
    if application.id != portal() {
        record_app(application.id);
    }
    Ok((found, application))
}

/// What a token that is known is worth; of a developer's the portal says it.
async fn state(app: &App, purpose: Purpose, token: &str) -> Result<LinkState, ApiError> {
    let (found, application) = owner(app, purpose, token).await?;
    if application.id == portal() && portal_pages::are_built() {
        let page = portal_pages::for_link(&app.config.public_url, page(purpose), token);
        return Ok(LinkState::Elsewhere { page });
    }
    let (token_id, now) = (found.token_id, app.clock.now());
    let command = match purpose {
        Purpose::VerifyEmail => UserCommand::VerifyEmail { token_id, now },
        Purpose::ResetPassword => UserCommand::ResetPassword { token_id, now },
    };
    let user = app.commands.log().load::<User>(&found.user_id.to_string()).await?.state;
    user.decide(command).map_err(|_refused| ErrorCode::TokenInvalid)?;
    Ok(LinkState::Good { application_name: application.name })
}

/// The name of a purpose's page, here and in the portal.
fn page(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::VerifyEmail => "verify-email",
        Purpose::ResetPassword => "reset-password",
    }
}

async fn outcome(work: impl Future<Output = Result<ApplicationRow, ApiError>>) -> PageOutcome {
    match work.await {
        Ok(application) => PageOutcome::Done { application_name: application.name },
        Err(error) => match error.code() {
            ErrorCode::TokenInvalid => PageOutcome::TokenInvalid,
            ErrorCode::ValidationFailed => {
                PageOutcome::Refused(error.field_errors().iter().map(|field| field.message.clone()).collect())
            }
            ErrorCode::RateLimited => PageOutcome::RateLimited(error.waits().unwrap_or(A_MOMENT)),
            _ => PageOutcome::Unavailable(error.waits().unwrap_or(A_MOMENT)),
        },
    }
}
