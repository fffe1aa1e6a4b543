//! Where `devauth dev` keeps its database, keys and log.

use std::path::PathBuf;

use super::reader::Reader;
use super::{Env, variables};

/// The directory named by `DEVAUTH_DATA_DIR`, else `devauth` in the platform's data directory.
///
/// `dev` needs it before it can provide the rest of a configuration.
#[must_use]
pub fn data_dir(env: Env<'_>) -> PathBuf {
    read(&mut Reader::new(env))
}

pub(super) fn read(reader: &mut Reader<'_>) -> PathBuf {
    let chosen = reader.parse(&variables::DATA_DIR, |text| Ok(PathBuf::from(text)));
    let is_root = rustix::process::geteuid().is_root();
    chosen.unwrap_or_else(|| platform_data_dir(&|name| reader.text(name), is_root).join("devauth"))
}

/// Root's Postgres runs as another user, who cannot enter root's home; services often have no home at all. For both,
/// `/var/lib` is where their data belongs.
fn platform_data_dir(env: Env<'_>, is_root: bool) -> PathBuf {
    // The XDG base directory specification has relative paths ignored; a relative home would be as surprising.
    let directory = |name: &str| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let platform = match (is_root, cfg!(target_os = "macos")) {
        (true, _) => None,
        (false, true) => directory("HOME").map(|home| home.join("Library/Application Support")),
        (false, false) => {
            directory("XDG_DATA_HOME").or_else(|| directory("HOME").map(|home| home.join(".local/share")))
        }
    };
    platform.unwrap_or_else(|| PathBuf::from("/var/lib"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn platform(pairs: &[(&str, &str)], is_root: bool) -> String {
        let env =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        platform_data_dir(&env, is_root).display().to_string()
    }

    #[test]
    fn the_variable_wins() {
        let env = |name: &str| (name == "DEVAUTH_DATA_DIR").then(|| "/srv/devauth".to_owned());
        assert_eq!(data_dir(&env), PathBuf::from("/srv/devauth"));
        assert_eq!(data_dir(&|_| None), PathBuf::from("/var/lib/devauth"));
    }

    #[test]
    fn the_platform_decides_for_a_user_and_var_lib_serves_the_rest() {
        let home = ("HOME", "/home/ada");

        assert_eq!(platform(&[home, ("XDG_DATA_HOME", "/data")], false), "/data");
        assert_eq!(platform(&[home], false), "/home/ada/.local/share");
        assert_eq!(platform(&[home, ("XDG_DATA_HOME", "data")], false), "/home/ada/.local/share");
        assert_eq!(platform(&[], false), "/var/lib");
        assert_eq!(platform(&[home, ("XDG_DATA_HOME", "/data")], true), "/var/lib");
    }
}
