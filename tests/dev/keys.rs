//! The keys of `devauth dev` are replaced like any other, while it runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::walkthrough::Dev;

/// Exit status, and what it said.
fn keys(data_dir: &Path, arguments: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_devauth"))
        .arg("keys")
        .args(arguments.split(' '))
        .arg("--dev")
        .env_clear()
        .env("DEVAUTH_DATA_DIR", data_dir)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn both_are_replaced_while_it_runs_and_it_starts_again_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let (status, said) = keys(dir.path(), "list");
    assert_eq!(status, Some(2), "there are none yet: {said}");
    let dev = Dev::start(dir.path());
    let file = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    let before = [file("encryption.key"), file("jwt.pem")];
    assert!(dev.paste().status.success());

    for step in [
        "encryption",
        "encryption --retire",
        "signing --publish",
        "signing --sign --force",
        "signing --retire --force",
    ] {
        let (status, said) = keys(dir.path(), &format!("rotate {step}"));
        assert_eq!(status, Some(0), "{step}: {said}");
    }

    let after = [file("encryption.key"), file("jwt.pem")];
    assert!(before[0] != after[0] && before[1] != after[1]);
    assert_eq!((after[0].lines().count(), after[1].matches("BEGIN").count()), (1, 1));
    let (_, listed) = keys(dir.path(), "list");
    assert_eq!(listed.matches("1 of 1 nodes").count(), 2, "{listed}");
    assert!(dev.paste().status.success());
    assert_eq!(dev.stop(), Some(0));
    let again = Dev::start(dir.path());
    assert!(again.paste().status.success());
    assert_eq!(again.stop(), Some(0));
    let (status, said) = keys(dir.path(), "rotate encryption");
    assert_eq!(status, Some(2), "it does not run any more: {said}");
    assert!(said.contains("start it first"), "{said}");
}
