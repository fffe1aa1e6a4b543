//! The files that keys are kept in: read at the start, and again when they change.

use std::path::PathBuf;

use secrecy::SecretSlice;
use zeroize::Zeroizing;

use super::reader::Reason;
use super::{EncryptionKey, private_key};

/// Where keys are kept; what isn't in a file can't change while a process runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyFiles {
    /// The encryption keys, one a line or comma-separated; none if the variable holds them itself.
    pub encryption: Option<PathBuf>,
    /// The signing keys, in the order in which they count.
    pub signing: Vec<PathBuf>,
}

impl KeyFiles {
    /// The encryption keys as they are in the file now; nothing if there is no file.
    ///
    /// # Errors
    /// Says what is wrong, without any part of a key.
    pub fn read_encryption(&self) -> Result<Option<Vec<EncryptionKey>>, Reason> {
        let Some(path) = &self.encryption else { return Ok(None) };
        let text = std::fs::read_to_string(path).map(Zeroizing::new);
        let text = text.map_err(|cause| format!("the file cannot be read: {}", cause.kind()))?;
        EncryptionKey::parse_list(&text).map(Some)
    }

    /// The signing keys as they are in the files now.
    ///
    /// # Errors
    /// Says what is wrong, without any part of a key.
    pub fn read_signing(&self) -> Result<Vec<SecretSlice<u8>>, Reason> {
        self.signing.iter().map(|path| private_key::read(path)).collect()
    }
}
