//! Keys as they are made, written and listed.

use std::path::Path;

use super::*;
use crate::config::{EncryptionKey, Keys};

fn generate(dir: &Path) -> Result<(), Failure> {
    let line = ["devauth", "keys", "generate", "--dir", dir.to_str().expect("a plain path")];
    run_line(&line)
}

fn run_line(line: &[&str]) -> Result<(), Failure> {
    #[derive(clap::Parser)]
    struct Line {
        #[command(subcommand)]
        command: Top,
    }
    #[derive(Subcommand)]
    enum Top {
        Keys(Args),
    }
    let Line { command: Top::Keys(args) } = clap::Parser::try_parse_from(line).expect("a good command line");
    run(&args)
}

fn keys_in(dir: &Path) -> Keys {
    let value = |name: &str| match name {
        "DEVAUTH_ENCRYPTION_KEY_FILE" => Some(dir.join("encryption.key").display().to_string()),
        "DEVAUTH_JWT_PRIVATE_KEY_FILE" => Some(dir.join("jwt.pem").display().to_string()),
        _ => None,
    };
    Keys::from_env(&value).expect("keys that a service accepts")
}

#[test]
fn written_keys_are_private_and_accepted_by_the_configuration() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().expect("a directory");
    let dir = parent.path().join("deep/keys");

    generate(&dir).expect("keys are made");

    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&dir.join("encryption.key")), 0o600);
    assert_eq!(mode(&dir.join("jwt.pem")), 0o600);
    let keys = keys_in(&dir);
    assert_eq!((keys.encryption_keys.len(), keys.jwt_keys.len()), (1, 1));
}

#[test]
fn existing_keys_are_never_overwritten_and_no_half_pair_is_left() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("jwt.pem"), "precious").expect("a file");

    let failure = generate(dir.path()).expect_err("a key is there");

    assert!(matches!(&failure, Failure::Failed(text) if text.contains("jwt.pem")), "{failure}");
    assert_eq!(std::fs::read_to_string(dir.path().join("jwt.pem")).expect("still there"), "precious");
    assert!(!dir.path().join("encryption.key").exists());
}

#[test]
fn the_list_names_keys_and_shows_none() {
    let dirs = [tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory")];
    for dir in &dirs {
        generate(dir.path()).expect("keys are made");
    }
    let [mut keys, other] = dirs.each_ref().map(|dir| keys_in(dir.path()));
    keys.encryption_keys.extend(other.encryption_keys);
    keys.jwt_keys.extend(other.jwt_keys);

    let listing = list::Listing::of(&keys).expect("good keys");

    let table = listing.as_table();
    let json = serde_json::to_value(&listing).expect("plain data");
    assert_eq!(json["encryption_keys"][0]["id"], keys.encryption_keys[0].id());
    assert_eq!(json["encryption_keys"][0]["active"], true);
    assert_eq!(json["encryption_keys"][1]["active"], false);
    assert_eq!(json["signing_keys"][1]["active"], false);
    assert_eq!(table.lines().count(), 4, "{table}");
    assert_eq!(table.matches("active").count(), 2, "{table}");
    for key in &keys.encryption_keys {
        let secret = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, EncryptionKey::expose(key));
        assert!(!format!("{table}{json}").contains(&secret[..8]));
    }
    assert!(!format!("{table}{json}").contains("PRIVATE"));
}

#[test]
fn the_pasted_script_leaves_a_working_environment_and_keeps_files() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = generate::script_for_tests();
    let shell = |script: &str| {
        let script = format!("{script}echo \"$DEVAUTH_ENCRYPTION_KEY $DEVAUTH_JWT_PRIVATE_KEY_FILE\"");
        let run = std::process::Command::new("sh").arg("-c").arg(script).current_dir(dir.path()).output();
        String::from_utf8(run.expect("a shell").stdout).expect("text").trim().to_owned()
    };

    let shown = shell(&script);

    let (key, file) = shown.split_once(' ').expect("two values");
    let value = |name: &str| match name {
        "DEVAUTH_ENCRYPTION_KEY" => Some(key.to_owned()),
        "DEVAUTH_JWT_PRIVATE_KEY_FILE" => Some(file.to_owned()),
        _ => None,
    };
    Keys::from_env(&value).expect("keys that a service accepts");
    let first = std::fs::read(file).expect("the file");
    shell(&generate::script_for_tests());
    assert_eq!(std::fs::read(file).expect("the file"), first, "a second paste overwrites nothing");
}
