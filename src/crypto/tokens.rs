//! Opaque tokens: the texts we hand out and recognise again. JWTs are in `jwt`.
//!
//! All of them are kept as SHA-256 only. A plain hash is enough, since each has 256 bits that can't be guessed.

mod api_key;
mod one_time;
mod refresh;

use sha2::{Digest, Sha256};

pub use self::{
    api_key::{ApiKey, ApiKeyKind, generate_app_secret, hash_api_key, same_secret},
    one_time::{OneTimeTokens, Purpose, hash_one_time_token},
    refresh::{RefreshToken, RefreshTokens},
};

/// What is stored of a token instead of the token.
pub fn sha256_of(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod fuzz;
