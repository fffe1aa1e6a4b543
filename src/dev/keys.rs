//! The keys of `devauth dev`: made on first use, kept in the data directory, readable by their owner alone.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::DevError;
use crate::config::KeyFiles;
use crate::crypto::generate::{self, SigningKeySize};

const ENCRYPTION_KEY: &str = "encryption.key";
const JWT_KEY: &str = "jwt.pem";

/// Where the keys of a data directory are.
pub fn files(data_dir: &Path) -> KeyFiles {
    KeyFiles { encryption: Some(data_dir.join(ENCRYPTION_KEY)), signing: vec![data_dir.join(JWT_KEY)] }
}

/// The same, with the keys made if they aren't there: one that seals data, and an RSA key that signs access tokens.
///
/// # Errors
/// When a file can't be written.
pub fn make(data_dir: &Path) -> Result<KeyFiles, DevError> {
    make_once(&data_dir.join(ENCRYPTION_KEY), generate::encryption_key)?;
    make_once(&data_dir.join(JWT_KEY), || generate::signing_key_pem(SigningKeySize::Rsa2048))?;
    Ok(files(data_dir))
}

/// The password of the private Postgres, asked for only over TCP.
///
/// # Errors
/// When the file can't be read or written.
pub fn postgres_password(data_dir: &Path) -> Result<SecretString, DevError> {
    kept(&data_dir.join("postgres.password"), generate::encryption_key)
}

fn kept(path: &Path, make: impl FnOnce() -> SecretString) -> Result<SecretString, DevError> {
    make_once(path, make)?;
    let text = Zeroizing::new(fs::read_to_string(path).map_err(DevError::io("read", path))?);
    Ok(SecretString::from(text.trim()))
}

/// Writes what `make` answers to `path`, unless it is there. A run that is cut off leaves no half a key.
fn make_once(path: &Path, make: impl FnOnce() -> SecretString) -> Result<(), DevError> {
    if path.exists() {
        return fs::set_permissions(path, Permissions::from_mode(0o600))
            .map_err(DevError::io("protect", path));
    }
    let partial = path.with_extension("partial");
    // What a cut-off run left; nearly always there is nothing.
    let _ = fs::remove_file(&partial);
    generate::write_private(&partial, make().expose_secret()).map_err(DevError::io("write", &partial))?;
    fs::rename(&partial, path).map_err(DevError::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    fn texts(files: &KeyFiles) -> [String; 2] {
        paths(files).map(|path| fs::read_to_string(path).unwrap())
    }

    fn paths(files: &KeyFiles) -> [&Path; 2] {
        [files.encryption.as_deref().unwrap(), &files.signing[0]]
    }

    #[test]
    fn keys_are_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let made = make(dir.path()).unwrap();
        let first = texts(&made);
        assert!(first[1].starts_with("-----BEGIN"));
        assert_eq!(paths(&made).map(mode), [0o600, 0o600]);

        assert_eq!(texts(&make(dir.path()).unwrap()), first);
    }

    #[test]
    fn a_key_that_others_could_read_is_closed_again() {
        let dir = tempfile::tempdir().unwrap();
        for path in paths(&make(dir.path()).unwrap()) {
            fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
        }
        assert_eq!(paths(&make(dir.path()).unwrap()).map(mode), [0o600, 0o600]);
    }

    #[test]
    fn a_run_cut_off_while_writing_leaves_no_half_a_key() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("jwt.partial"), "-----BEGIN PRI").unwrap();
        let [_, pem] = texts(&make(dir.path()).unwrap());
        assert!(pem.trim_end().ends_with("-----END PRIVATE KEY-----"));
    }
}
