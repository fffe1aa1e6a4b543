//! The directory of the unix socket: only we (and root) may enter.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::DevError;
use super::account::Account;

/// The longest socket path that every system takes (macOS; Linux takes four bytes more).
const LONGEST_PATH: usize = 103;
/// The longest name Postgres gives a socket.
const LONGEST_NAME: &str = ".s.PGSQL.65535";

/// The directory; removed with the value.
#[derive(Debug)]
pub(crate) struct SocketDir(PathBuf);

impl SocketDir {
    /// Makes it anew: what lies in it belonged to a server that is gone.
    pub(crate) fn create(data_dir: &Path, account: &Account) -> Result<SocketDir, DevError> {
        let dir = place(data_dir);
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(DevError::io("remove", &dir)(error));
            }
            _ => {}
        }
        // Not recursive, so it fails on a directory that somebody else put there.
        DirBuilder::new().mode(0o700).create(&dir).map_err(DevError::io("create", &dir))?;
        account.own(&dir)?;
        Ok(SocketDir(dir))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The socket of a server on this "port".
    pub(crate) fn socket(&self, port: u16) -> PathBuf {
        self.0.join(format!(".s.PGSQL.{port}"))
    }

    /// As a value of the setting `unix_socket_directories`, which is a list.
    pub(crate) fn setting(&self) -> String {
        format!("\"{}\"", self.0.to_string_lossy().replace('"', "\"\""))
    }
}

impl Drop for SocketDir {
    fn drop(&mut self) {
        // What stays is removed at the next start.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// In the data directory, or, where that would make the path too long, under /tmp by a name derived from it.
pub(crate) fn place(data_dir: &Path) -> PathBuf {
    let near = data_dir.join("run");
    if near.join(LONGEST_NAME).as_os_str().len() <= LONGEST_PATH {
        return near;
    }
    let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Path::new("/tmp").join(format!("devauth-{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_path_is_never_too_long() {
        assert_eq!(place(Path::new("/var/lib/devauth")), Path::new("/var/lib/devauth/run"));
        for length in 50..200 {
            let dir = PathBuf::from(format!("/{}", "d".repeat(length)));
            assert!(place(&dir).join(LONGEST_NAME).as_os_str().len() <= LONGEST_PATH);
        }
    }

    #[test]
    fn two_data_directories_have_two_places() {
        let long = |end: &str| place(&PathBuf::from(format!("/{}/{end}", "d".repeat(150))));
        assert_ne!(long("a"), long("b"));
        assert_eq!(long("a"), long("a"));
    }
}
