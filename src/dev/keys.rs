//! The keys of `devauth dev`: made on first use, kept in the data directory, readable by their owner alone.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::DevError;
use crate::crypto::generate::{self, SigningKeySize};

/// The key that seals data, base64 of 32 bytes.
///
/// # Errors
/// When the file can't be read or written.
pub fn encryption_key(data_dir: &Path) -> Result<SecretString, DevError> {
    kept(&data_dir.join("encryption.key"), generate::encryption_key)
}

/// The file with the RSA key that signs access tokens.
///
/// # Errors
/// When the file can't be written.
pub fn jwt_key_file(data_dir: &Path) -> Result<PathBuf, DevError> {
    let path = data_dir.join("jwt.pem");
    make_once(&path, || generate::signing_key_pem(SigningKeySize::Rsa2048))?;
    Ok(path)
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

    #[test]
    fn keys_are_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let (first, pem) = (encryption_key(dir.path()).unwrap(), jwt_key_file(dir.path()).unwrap());
        let signing = fs::read_to_string(&pem).unwrap();
        assert!(signing.starts_with("-----BEGIN"));
        assert_eq!([mode(&pem), mode(&dir.path().join("encryption.key"))], [0o600, 0o600]);

        assert_eq!(encryption_key(dir.path()).unwrap().expose_secret(), first.expose_secret());
        jwt_key_file(dir.path()).unwrap();
        assert_eq!(fs::read_to_string(&pem).unwrap(), signing);
    }

    #[test]
    fn a_key_that_others_could_read_is_closed_again() {
        let dir = tempfile::tempdir().unwrap();
        let pem = jwt_key_file(dir.path()).unwrap();
        fs::set_permissions(&pem, Permissions::from_mode(0o644)).unwrap();
        jwt_key_file(dir.path()).unwrap();
        assert_eq!(mode(&pem), 0o600);
    }

    #[test]
    fn a_run_cut_off_while_writing_leaves_no_half_a_key() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("jwt.partial"), "-----BEGIN PRI").unwrap();
        let pem = jwt_key_file(dir.path()).unwrap();
        assert!(fs::read_to_string(pem).unwrap().trim_end().ends_with("-----END PRIVATE KEY-----"));
    }
}
