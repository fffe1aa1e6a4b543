//! The cluster: the directory that `initdb` makes.

use std::fs;
use std::path::Path;

use super::account::Account;
use super::binaries::Binaries;
use super::{DevError, SUPERUSER, data_dir};

/// The major version that made the cluster; None when there is none yet.
pub(crate) fn major(cluster: &Path) -> Result<Option<String>, DevError> {
    if !cluster.exists() {
        return Ok(None);
    }
    let file = cluster.join("PG_VERSION");
    let text = fs::read_to_string(&file).map_err(DevError::io("read", &file))?;
    Ok(Some(text.trim().to_owned()))
}

/// Makes the cluster under another name and renames it when it is whole, so that a run that is cut off leaves none.
pub(crate) fn create_unless_there(
    cluster: &Path,
    binaries: &Binaries,
    account: &Account,
    sync: bool,
) -> Result<(), DevError> {
    if cluster.exists() {
        return Ok(());
    }
    let partial = cluster.with_extension("partial");
    remove(&partial)?;
    data_dir::create_private(&partial)?;
    account.own(&partial)?;
    initdb(&partial, binaries, account, sync)?;
    fs::rename(&partial, cluster).map_err(DevError::io("create", cluster))
}

/// Local connections are trusted: the socket's directory lets nobody else in. Results must not depend on the machine's locale.
fn initdb(dir: &Path, binaries: &Binaries, account: &Account, sync: bool) -> Result<(), DevError> {
    let program = binaries.program("initdb");
    let output = account
        .command(&program)
        .args(["--auth-local=trust", "--auth-host=scram-sha-256", "--locale=C", "--encoding=UTF8"])
        .args((!sync).then_some("--no-sync"))
        .args(["--username", SUPERUSER, "--pgdata"])
        .arg(dir)
        .output()
        .map_err(DevError::io("run", &program))?;
    if output.status.success() {
        return Ok(());
    }
    let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(DevError::Failed { program: program.display().to_string(), output })
}

fn remove(dir: &Path) -> Result<(), DevError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(DevError::io("remove", dir)(error)),
        _ => Ok(()),
    }
}
