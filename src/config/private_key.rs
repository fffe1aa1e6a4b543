//! Reads the files with the keys that sign access tokens, and refuses those that cannot.

use std::path::{Path, PathBuf};

use secrecy::SecretSlice;

use super::reader::Reason;
use crate::crypto::jwt::SigningKeys;

/// Reads a comma-separated list of paths. A file is named by its place, since a key itself may stand in its stead.
pub(super) fn read_list(text: &str) -> Result<Vec<SecretSlice<u8>>, Reason> {
    if text.contains("-----BEGIN") {
        return Err("holds a key; it must be the path of the file that holds it".to_owned());
    }
    let read = |(index, path): (usize, PathBuf)| {
        read(&path).map_err(|reason| format!("file {} of its list: {reason}", index + 1))
    };
    paths(text).into_iter().enumerate().map(read).collect()
}

/// The paths in a comma-separated list.
pub(super) fn paths(text: &str) -> Vec<PathBuf> {
    text.split(',').map(|path| PathBuf::from(path.trim())).collect()
}

/// Reads a file with one or more keys.
pub(super) fn read(path: &Path) -> Result<SecretSlice<u8>, Reason> {
    let pem = std::fs::read(path).map_err(|cause| format!("it cannot be read: {}", cause.kind()))?;
    let pem = [pem];
    let checked = SigningKeys::load(&pem);
    let [pem] = pem;
    let key = SecretSlice::from(pem);
    checked.map(|_| key).map_err(|error| error.problem.to_string())
}
