//! The keys that a node works with: one root key, kept wrapped in the database, and the configured signing keys.

use std::sync::{Arc, PoisonError, RwLock};

use devauth_projections::sealing::Keyring;
use devauth_projections::{Pool, secrets};
use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::StartError;
use crate::config::Config;
use crate::crypto::jwt::{PortalTokens, SigningKeys};
use crate::crypto::keys::{Label, RootKey, address_index};
use crate::crypto::tokens::{OneTimeTokens, RefreshTokens};

/// Name of the root key among the service's keys.
const ROOT: &str = "root";

/// Keys, ready to use.
pub struct ServiceKeys {
    signing: RwLock<Arc<SigningKeys>>,
    /// Signs portal tokens.
    pub portal: PortalTokens,
    /// Makes and checks refresh tokens.
    pub refresh: RefreshTokens,
    /// Makes the tokens in mailed links.
    pub one_time: OneTimeTokens,
    /// Goes into every password before it is hashed.
    pub password_prehash: Zeroizing<[u8; 32]>,
    /// Fingerprints the content of requests with an Idempotency-Key, which can hold a password.
    pub request_digest: Zeroizing<[u8; 32]>,
    address_index: Zeroizing<[u8; 32]>,
}

impl ServiceKeys {
    /// Reads the configured keys, and the root key from the database (the first node makes it).
    pub(super) async fn load(config: &Config, pool: &Pool, keyring: &Keyring) -> Result<Self, StartError> {
        let pems: Vec<&[u8]> = config.jwt_keys.iter().map(|pem| pem.expose_secret()).collect();
        let signing = SigningKeys::load(&pems)
            .map_err(|error| StartError::Configuration(format!("DEVAUTH_JWT_PRIVATE_KEY_FILE: {error}")))?;
        let root = secrets::service_keys::get_or_create(pool, keyring, ROOT).await?;
        let root = RootKey::new(*root.expose());
        Ok(ServiceKeys {
            signing: RwLock::new(Arc::new(signing)),
            portal: PortalTokens::new(&root.derive(Label::PORTAL_TOKENS)),
            refresh: RefreshTokens::new(&root.derive(Label::REFRESH_TOKENS)),
            one_time: OneTimeTokens::new(&root.derive(Label::ONE_TIME_TOKENS)),
            password_prehash: root.derive(Label::PASSWORD_PREHASH),
            request_digest: root.derive(Label::REQUEST_DIGEST),
            address_index: root.derive(Label::ADDRESS_INDEX),
        })
    }

    /// The keys that sign and verify access tokens, as they are now: to be asked for anew by each request.
    #[must_use]
    pub fn signing(&self) -> Arc<SigningKeys> {
        self.signing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Signs and verifies with other keys from now on.
    pub fn replace_signing(&self, keys: SigningKeys) {
        *self.signing.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// The keyed hash by which an address is claimed and found in one application.
    #[must_use]
    pub fn address(
        &self,
        application: devauth_aggregates::ApplicationId,
        email: &devauth_aggregates::EmailAddress,
    ) -> [u8; 32] {
        address_index(&self.address_index, application.uuid(), email.canonical())
    }
}
