//! What must never be in the log: hashes and sealed keys, written in the transaction of the command they belong to. A replaced
//! one is gone.

pub mod api_key_hashes;
pub mod application_secrets;
pub mod data_keys;
pub mod one_time_tokens;
pub mod password_hashes;
pub mod refresh_tokens;
pub mod service_keys;
