//! Where `devauth dev` keeps its data: database, keys and mails.

use std::ffi::OsString;
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf, absolute};

use super::DevError;

/// `DEVAUTH_DATA_DIR`, else the platform's place for a program's data.
///
/// # Errors
/// [`DevError::NoHome`] when neither is known.
pub fn locate() -> Result<PathBuf, DevError> {
    let root = rustix::process::geteuid().is_root();
    choose(|name| std::env::var_os(name), root, cfg!(target_os = "macos"))
}

fn choose(env: impl Fn(&str) -> Option<OsString>, root: bool, macos: bool) -> Result<PathBuf, DevError> {
    let path = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(chosen) = path("DEVAUTH_DATA_DIR") {
        return absolute(&chosen).map_err(DevError::io("find", &chosen));
    }
    if root {
        // Postgres runs as another user then, who can't enter root's home.
        return Ok(PathBuf::from("/var/lib/devauth"));
    }
    let home = path("HOME").filter(|home| home.is_absolute()).ok_or(DevError::NoHome);
    if macos {
        return Ok(home?.join("Library/Application Support/devauth"));
    }
    match path("XDG_DATA_HOME").filter(|dir| dir.is_absolute()) {
        Some(data) => Ok(data.join("devauth")),
        None => Ok(home?.join(".local/share/devauth")),
    }
}

/// Creates `dir` (and what is missing above it) so that only its owner may look inside.
pub(crate) fn create_private(dir: &Path) -> Result<(), DevError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700).create(dir).map_err(DevError::io("create", dir))
}

/// Lets other users pass through `dir` without letting them list it.
pub(crate) fn let_through(dir: &Path) -> Result<(), DevError> {
    let mode = dir.metadata().map_err(DevError::io("look at", dir))?.permissions().mode();
    std::fs::set_permissions(dir, Permissions::from_mode(mode | 0o011)).map_err(DevError::io("open up", dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(env: &[(&str, &str)], root: bool, macos: bool) -> String {
        let look = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        choose(look, root, macos).map_or_else(|error| error.to_string(), |path| path.display().to_string())
    }

    #[test]
    fn the_variable_wins_then_the_platform_decides() {
        let home = ("HOME", "/home/ada");
        assert_eq!(chosen(&[("DEVAUTH_DATA_DIR", "/srv/x"), home], true, false), "/srv/x");
        assert_eq!(chosen(&[home], true, false), "/var/lib/devauth");
        assert_eq!(chosen(&[home], false, false), "/home/ada/.local/share/devauth");
        assert_eq!(chosen(&[home, ("XDG_DATA_HOME", "/data")], false, false), "/data/devauth");
        assert_eq!(
            chosen(&[home, ("XDG_DATA_HOME", "relative")], false, false),
            "/home/ada/.local/share/devauth"
        );
        assert_eq!(chosen(&[home], false, true), "/home/ada/Library/Application Support/devauth");
        assert!(chosen(&[], false, false).contains("DEVAUTH_DATA_DIR"));
    }
}
