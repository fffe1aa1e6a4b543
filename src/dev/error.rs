use std::io;
use std::path::{Path, PathBuf};

/// Why `devauth dev` can't go on; each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// Neither `DEVAUTH_DATA_DIR` nor a home directory is known.
    #[error("no home directory is known: set DEVAUTH_DATA_DIR to a directory for DevAuth's data")]
    NoHome,
    /// The data directory is locked by another process.
    #[error("another devauth is using {}: stop it, or set DEVAUTH_DATA_DIR to another directory", .0.display())]
    Busy(PathBuf),
    /// No usable Postgres binaries.
    #[error(
        "no Postgres 15 to 18 was found ({found}). Install it (Debian: apt-get install postgresql; macOS: brew install \
         postgresql@17), run `./dev up`, or set DEVAUTH_PG_BIN to the directory that holds `postgres` and `initdb`"
    )]
    NoBinaries {
        /// What was found instead.
        found: String,
    },
    /// The data directory belongs to another major version than the binaries at hand.
    #[error(
        "{} was made by Postgres {data}, and the Postgres found here is {found}. Install Postgres {data}, or set \
         DEVAUTH_PG_BIN to its binaries, or remove that directory to start anew", dir.display()
    )]
    OtherMajor {
        /// The cluster's directory.
        dir: PathBuf,
        /// The major version that made it.
        data: String,
        /// The major versions found.
        found: String,
    },
    /// Root can't run Postgres, and the user who does can't get at the data directory.
    #[error(
        "Postgres doesn't run as root, and user `{user}`, who runs it instead, can't enter {}: set DEVAUTH_DATA_DIR to a \
         directory that every user may enter, such as /var/lib/devauth", dir.display()
    )]
    Unreachable {
        /// Who was to run Postgres.
        user: String,
        /// The first directory on the way that is closed.
        dir: PathBuf,
    },
    /// Started as root on a machine without a user to run Postgres as.
    #[error(
        "Postgres doesn't run as root, and there is no user `postgres` or `nobody`: start devauth as another user"
    )]
    NoUser,
    /// A program failed; `output` is the end of what it wrote.
    #[error("{program} failed:\n{output}")]
    Failed {
        /// `initdb`, `postgres`, …
        program: String,
        /// Its last lines.
        output: String,
    },
    /// Something did not happen in time.
    #[error("{what} took more than {seconds} s; see {}", log.display())]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long.
        seconds: u64,
        /// Where Postgres wrote what it was doing.
        log: PathBuf,
    },
    /// A file or program could not be used.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// The operating system's answer.
        source: io::Error,
    },
}

impl DevError {
    /// For `map_err`: names what was being done to which path.
    pub(crate) fn io<'a>(doing: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> DevError + 'a {
        move |source| DevError::Io { what: format!("can't {doing} {}", path.display()), source }
    }
}
