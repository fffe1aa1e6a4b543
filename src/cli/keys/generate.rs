//! `devauth keys generate`: one new encryption key and one new signing key, as files or to paste.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::key_ids;
use crate::cli::{Failure, answer, answer_json};
use crate::config::EncryptionKey;
use crate::crypto::generate::{SigningKeySize, encryption_key, signing_key_pem, write_private};

/// Make an encryption key and a signing key
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Make an encryption key and an RSA signing key.\n\n\
        With --dir they are written to encryption.key and jwt.pem there, readable by their owner only, and the two \
        variables that name them are printed, ready for an .env file. Existing files are never overwritten.\n\n\
        Without --dir both are printed, as lines to paste into a shell.",
    after_help = AFTER_HELP
)]
pub(in crate::cli) struct Args {
    /// Where to write the keys; made if it is not there
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The size of the signing key; 3072 signs three times slower
    #[arg(long, value_enum, default_value = "2048")]
    bits: Bits,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth keys generate --dir /etc/devauth >> .env
  eval \"$(devauth keys generate)\"

Exit status:
  0  made
  1  a file is already there or cannot be written
  2  the command line is wrong";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Bits {
    #[value(name = "2048")]
    Rsa2048,
    #[value(name = "3072")]
    Rsa3072,
}

impl Bits {
    pub(super) fn size(self) -> SigningKeySize {
        match self {
            Bits::Rsa2048 => SigningKeySize::Rsa2048,
            Bits::Rsa3072 => SigningKeySize::Rsa3072,
        }
    }
}

/// A new pair of keys with their ids.
struct Generated {
    encryption_key: SecretString,
    encryption_key_id: String,
    signing_key: SecretString,
    signing_key_id: String,
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    encryption_key: Key<'a>,
    signing_key: Key<'a>,
}

/// A key where it was written to, or itself.
#[derive(Debug, Serialize)]
struct Key<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let generated = Generated::new(args.bits);
    match &args.dir {
        Some(dir) => {
            let files = generated.write(dir)?;
            if args.json { answer_json(&generated.written(&files)) } else { answer(&files.as_variables()) }
        }
        None if args.json => answer_json(&generated.shown()),
        None => answer(&generated.as_script()),
    }
}

impl Generated {
    fn new(bits: Bits) -> Self {
        let encryption_key = encryption_key();
        let signing_key = signing_key_pem(bits.size());
        let parsed =
            EncryptionKey::parse(encryption_key.expose_secret()).expect("32 random bytes are no weak key");
        let pem = signing_key.expose_secret().as_bytes().to_vec();
        let ids = key_ids(&[pem.into()]).expect("a key just made is acceptable");
        Self { encryption_key_id: parsed.id(), signing_key_id: ids.concat(), encryption_key, signing_key }
    }

    /// Writes both files or none.
    fn write(&self, dir: &Path) -> Result<Files, Failure> {
        let files = Files::in_new(dir)?;
        write(&files.encryption_key, &format!("{}\n", self.encryption_key.expose_secret()))?;
        write(&files.signing_key, self.signing_key.expose_secret()).inspect_err(|_| {
            // The first failure is what the operator must hear of.
            let _ = fs::remove_file(&files.encryption_key);
        })?;
        Ok(files)
    }

    fn written<'a>(&'a self, files: &'a Files) -> Answer<'a> {
        Answer {
            encryption_key: Key {
                id: &self.encryption_key_id,
                file: Some(&files.encryption_key),
                value: None,
            },
            signing_key: Key { id: &self.signing_key_id, file: Some(&files.signing_key), value: None },
        }
    }

    fn shown(&self) -> Answer<'_> {
        let (encryption, signing) = (self.encryption_key.expose_secret(), self.signing_key.expose_secret());
        Answer {
            encryption_key: Key { id: &self.encryption_key_id, file: None, value: Some(encryption) },
            signing_key: Key { id: &self.signing_key_id, file: None, value: Some(signing) },
        }
    }

    /// The signing key has to be a file, so the lines write one; `set -C` keeps a file that is there.
    fn as_script(&self) -> String {
        format!(
            "export DEVAUTH_ENCRYPTION_KEY='{}'\n\
             export DEVAUTH_JWT_PRIVATE_KEY_FILE=\"$PWD/jwt.pem\"\n\
             (umask 077; set -C; cat > jwt.pem) <<'PEM'\n{}PEM\n",
            self.encryption_key.expose_secret(),
            self.signing_key.expose_secret()
        )
    }
}

#[cfg(test)]
pub(super) fn script_for_tests() -> String {
    Generated::new(Bits::Rsa2048).as_script()
}

/// The two files in a directory.
struct Files {
    encryption_key: PathBuf,
    signing_key: PathBuf,
}

impl Files {
    fn in_new(dir: &Path) -> Result<Self, Failure> {
        let failed =
            |cause: std::io::Error| Failure::failed(format!("cannot use {}: {cause}", dir.display()));
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
        let dir = dir.canonicalize().map_err(failed)?;
        Ok(Self { encryption_key: dir.join("encryption.key"), signing_key: dir.join("jwt.pem") })
    }

    fn as_variables(&self) -> String {
        format!(
            "DEVAUTH_ENCRYPTION_KEY_FILE={}\nDEVAUTH_JWT_PRIVATE_KEY_FILE={}\n",
            self.encryption_key.display(),
            self.signing_key.display()
        )
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_private(path, text).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::failed(format!("{} is already there and is not overwritten", path.display()))
        }
        _ => Failure::failed(format!("cannot write {}: {cause}", path.display())),
    })
}
