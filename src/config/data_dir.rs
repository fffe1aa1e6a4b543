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
    chosen.unwrap_or_else(|| platform_data_dir(&|name| reader.text(name)).join("devauth"))
}

/// Services often run without a home directory; `/var/lib` is where theirs belongs.
fn platform_data_dir(env: Env<'_>) -> PathBuf {
    let at_home = |path: &str| env("HOME").map(|home| PathBuf::from(home).join(path));
    let platform = if cfg!(windows) {
        env("LOCALAPPDATA").map(PathBuf::from)
    } else if cfg!(target_os = "macos") {
        at_home("Library/Application Support")
    } else {
        // The XDG base directory specification has relative paths ignored.
        let xdg = env("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        xdg.or_else(|| at_home(".local/share"))
    };
    platform.unwrap_or_else(|| PathBuf::from("/var/lib"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn in_environment(pairs: &[(&str, &str)]) -> PathBuf {
        data_dir(&|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_most_particular_setting_wins() {
        let home = ("HOME", "/home/ada");
        let xdg = ("XDG_DATA_HOME", "/data");
        let own = ("DEVAUTH_DATA_DIR", "/srv/devauth");

        assert_eq!(in_environment(&[home, xdg, own]), PathBuf::from("/srv/devauth"));
        assert_eq!(in_environment(&[home, xdg]), PathBuf::from("/data/devauth"));
        assert_eq!(
            in_environment(&[home, ("XDG_DATA_HOME", "data")]),
            PathBuf::from("/home/ada/.local/share/devauth")
        );
        assert_eq!(in_environment(&[]), PathBuf::from("/var/lib/devauth"));
    }
}
