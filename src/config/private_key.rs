//! Reads the files with the keys that sign access tokens, and refuses those that cannot.

use aws_lc_rs::rsa::KeyPair;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::SecretSlice;
use zeroize::Zeroizing;

use super::reader::Reason;

/// Reads a comma-separated list of paths. A file is named by its place, since a key itself may stand in its stead.
pub(super) fn read_list(text: &str) -> Result<Vec<SecretSlice<u8>>, Reason> {
    if text.contains("-----BEGIN") {
        return Err("holds a key; it must be the path of the file that holds it".to_owned());
    }
    let read = |(index, path): (usize, &str)| {
        read(path.trim()).map_err(|reason| format!("file {} of its list {reason}", index + 1))
    };
    text.split(',').enumerate().map(read).collect()
}

fn read(path: &str) -> Result<SecretSlice<u8>, Reason> {
    let pem = std::fs::read(path).map_err(|cause| format!("cannot be read: {}", cause.kind()))?;
    let pem = Zeroizing::new(pem);
    check(&pem)?;
    Ok(pem.to_vec().into())
}

fn check(pem: &[u8]) -> Result<(), Reason> {
    let key = PrivateKeyDer::from_pem_slice(pem)
        .map_err(|_| "is no PEM file with an unencrypted private key".to_owned())?;
    let parsed = match &key {
        PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err("holds a key that is not RSA".to_owned()),
    };
    match parsed {
        Ok(key) if key.public_modulus_len() * 8 >= 2048 => Ok(()),
        Ok(_) => Err("holds an RSA key of less than 2048 bits".to_owned()),
        // The library says this much of a key that it finds too short, and no more of any other.
        Err(rejected) if rejected.to_string() == "TooSmall" => {
            Err("holds an RSA key of less than 2048 bits".to_owned())
        }
        Err(_) => Err("holds a key that is not RSA or is damaged".to_owned()),
    }
}
