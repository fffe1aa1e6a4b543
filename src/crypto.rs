//! Everything that needs a key or randomness: a map of the modules, nothing more.
//!
//! AES-GCM sealing of personal data is not here but in `projections`, beside the log that is sealed.
//! Text that is a secret is a `SecretString` or a type whose `Debug` says nothing; digests are plain bytes.

pub mod generate;
pub mod jwt;
pub mod keys;
pub mod password;
pub mod passwords;
pub mod policy;
pub mod random;
pub mod tokens;
