//! A PEM file with several keys, each with the text before it, to be put into another order.

use std::path::Path;

use zeroize::Zeroizing;

use super::{RotationError, key_file};
use crate::crypto::jwt::SigningKeys;

/// The keys of one file, in its order.
pub(super) struct PemFile<'a> {
    path: &'a Path,
    keys: Vec<(String, Zeroizing<String>)>,
}

impl<'a> PemFile<'a> {
    /// Reads it; every key must be good.
    pub(super) fn read(path: &'a Path) -> Result<Self, RotationError> {
        let unusable = |cause: String| RotationError::File(format!("{}: {cause}", path.display()));
        let text =
            std::fs::read_to_string(path).map(Zeroizing::new).map_err(|cause| unusable(cause.to_string()))?;
        // As a node reads it, which knows more of what can be wrong than one key alone shows.
        SigningKeys::load(&[text.as_bytes()]).map_err(|error| unusable(error.problem.to_string()))?;
        let mut keys: Vec<(String, Zeroizing<String>)> = Vec::new();
        for block in blocks(&text) {
            let loaded = SigningKeys::load(&[block.as_bytes()])
                .map_err(|error| unusable(error.problem.to_string()))?;
            let id = loaded.key_ids().next().unwrap_or_default().to_owned();
            if keys.iter().all(|(known, _)| *known != id) {
                keys.push((id, block));
            }
        }
        Ok(PemFile { path, keys })
    }

    /// The ids of the keys; the first signs.
    pub(super) fn ids(&self) -> Vec<String> {
        self.keys.iter().map(|(id, _)| id.clone()).collect()
    }

    /// Adds a key at the end.
    pub(super) fn append(mut self, pem: &str) -> Result<(), RotationError> {
        self.keys.push((String::new(), Zeroizing::new(pem.to_owned())));
        self.write()
    }

    /// Moves a key to the front.
    pub(super) fn first(mut self, id: &str) -> Result<(), RotationError> {
        // Stable: the others keep their order.
        self.keys.sort_by_key(|(known, _)| known != id);
        self.write()
    }

    /// Takes keys away; never the first.
    pub(super) fn without(mut self, ids: &[String]) -> Result<(), RotationError> {
        let mut place = 0;
        self.keys.retain(|(id, _)| {
            place += 1;
            place == 1 || !ids.contains(id)
        });
        self.write()
    }

    fn write(self) -> Result<(), RotationError> {
        let mut text =
            Zeroizing::new(String::with_capacity(self.keys.iter().map(|(_, block)| block.len() + 1).sum()));
        for (_, block) in &self.keys {
            text.push_str(block);
            if !block.ends_with('\n') {
                text.push('\n');
            }
        }
        key_file::replace(self.path, &text)
    }
}

/// The text cut behind each private key. What follows the last one is left out if it is blank.
fn blocks(text: &str) -> Vec<Zeroizing<String>> {
    let mut blocks = vec![Zeroizing::new(String::new())];
    for line in text.split_inclusive('\n') {
        let block = blocks.last_mut().expect("there is always one");
        block.push_str(line);
        let is_end = line.starts_with("-----END") && line.contains("PRIVATE KEY-----");
        if is_end {
            blocks.push(Zeroizing::new(String::new()));
        }
    }
    if blocks.last().is_some_and(|rest| !rest.contains("-----BEGIN")) {
        let rest = blocks.pop().filter(|rest| !rest.trim().is_empty());
        if let (Some(rest), Some(last)) = (rest, blocks.last_mut()) {
            last.push_str(&rest);
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use std::fs;

    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::crypto::generate::{SigningKeySize, signing_key_pem};

    #[test]
    fn keys_are_added_moved_and_removed_and_what_stands_before_them_goes_along() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("jwt.pem");
        let [a, b] = [(); 2].map(|()| signing_key_pem(SigningKeySize::Rsa2048).expose_secret().to_owned());
        fs::write(&path, format!("# spring\n{a}\n")).unwrap();
        let id_a = PemFile::read(&path).unwrap().ids();

        PemFile::read(&path).unwrap().append(&b).unwrap();
        let ids = PemFile::read(&path).unwrap().ids();
        assert_eq!((ids.len(), &ids[..1]), (2, &id_a[..]));

        PemFile::read(&path).unwrap().first(&ids[1]).unwrap();
        let is = |text: String| fs::read_to_string(&path).unwrap() == text;
        assert!(is(format!("{b}# spring\n{a}")));
        let turned = PemFile::read(&path).unwrap();
        assert_eq!(turned.ids(), [ids[1].clone(), ids[0].clone()]);

        turned.without(&ids).unwrap();
        assert!(is(b), "the first stays, whoever is named");
    }

    #[test]
    fn a_bad_file_is_refused_and_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("jwt.pem");
        let key = signing_key_pem(SigningKeySize::Rsa2048).expose_secret().to_owned();
        for bad in ["", "garbage", &key[..900], &format!("{key}-----BEGIN PRIV")] {
            fs::write(&path, bad).unwrap();
            assert!(PemFile::read(&path).is_err(), "{}", bad.len());
        }
    }
}
