//! New keys for operators: what `devauth keys generate` and `devauth dev` write.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::random;

/// The size of a signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningKeySize {
    /// 2048 bits: the least that is accepted, and enough until 2030 (NIST SP 800-57).
    Rsa2048,
    /// 3072 bits; signing takes three times as long.
    Rsa3072,
}

/// A new RSA key for signing access tokens, as PKCS#8 PEM. Takes a tenth of a second or more.
pub fn signing_key_pem(size: SigningKeySize) -> SecretString {
    let size = match size {
        SigningKeySize::Rsa2048 => KeySize::Rsa2048,
        SigningKeySize::Rsa3072 => KeySize::Rsa3072,
    };
    let key =
        KeyPair::generate(size).expect("generating a key of a supported size needs memory and entropy only");
    let der = AsDer::<Pkcs8V1Der<'static>>::as_der(&key).expect("a key just made can be written");
    pem("PRIVATE KEY", der.as_ref())
}

/// A new value for `DEVAUTH_ENCRYPTION_KEY`: base64 of 32 random bytes.
pub fn encryption_key() -> SecretString {
    BASE64_STANDARD.encode(Zeroizing::new(random::token256()).as_slice()).into()
}

/// Writes a secret into a new file that only its owner can read, down to the disk.
///
/// # Errors
///
/// `AlreadyExists` if there is anything at `path`: a key is never overwritten. Others as the file system gives them;
/// no half-written file is left.
pub fn write_private(path: &Path, contents: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let written = file.write_all(contents.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // What went wrong first is what the caller must hear of.
        let _unremoved = fs::remove_file(path);
    }
    written
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> SecretString {
    let encoded = Zeroizing::new(BASE64_STANDARD.encode(der));
    let mut text = String::with_capacity(encoded.len() * 66 / 64 + 100);
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::jwt::SigningKeys;
    use secrecy::ExposeSecret;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn generated_signing_keys_are_loaded() {
        for (size, modulus_characters) in [(SigningKeySize::Rsa2048, 342), (SigningKeySize::Rsa3072, 512)] {
            let pem = signing_key_pem(size);
            assert!(pem.expose_secret().lines().all(|line| line.len() <= 64));
            let keys = SigningKeys::load(&[pem.expose_secret().as_bytes().to_vec()]).unwrap();
            assert_eq!(keys.jwks()["keys"][0]["n"].as_str().unwrap().len(), modulus_characters);
        }
    }

    #[test]
    fn encryption_keys_are_32_bytes_and_never_the_same() {
        let key = encryption_key();
        assert_eq!(BASE64_STANDARD.decode(key.expose_secret()).unwrap().len(), 32);
        assert_ne!(key.expose_secret(), encryption_key().expose_secret());
    }

    #[test]
    fn a_private_file_is_for_its_owner_and_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.pem");
        write_private(&path, "first").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write_private(&path, "second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
    }

    #[test]
    fn a_private_file_is_not_written_through_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert_eq!(write_private(&link, "secret").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(!target.exists());
    }
}
