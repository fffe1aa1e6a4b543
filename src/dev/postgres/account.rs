//! Who runs Postgres: we, or, as it refuses to run as root, somebody else.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::DevError;

/// What the programs need from the environment. Not `PG*`, which would change what they do, and none of our secrets.
const KEPT_VARIABLES: [&str; 4] = ["PATH", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];

/// The user that Postgres runs as and that owns its data.
#[derive(Clone, Debug)]
pub(crate) enum Account {
    /// The user we are.
    Me,
    /// Somebody else, because we are root.
    Other { name: String, uid: u32, gid: u32 },
}

impl Account {
    /// As root: the owner of the cluster if there is one, else `postgres`, else `nobody`.
    pub(crate) fn for_cluster(cluster: &Path) -> Result<Account, DevError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Account::Me);
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        match cluster.metadata() {
            Ok(found) if found.uid() != 0 => {
                let name = format!("uid {}", found.uid());
                Ok(Account::Other { name, uid: found.uid(), gid: found.gid() })
            }
            _ => named(&users, "postgres").or_else(|| named(&users, "nobody")).ok_or(DevError::NoUser),
        }
    }

    pub(crate) fn is_me(&self) -> bool {
        matches!(self, Account::Me)
    }

    /// User and group to switch to, if any.
    pub(crate) fn ids(&self) -> Option<(u32, u32)> {
        match self {
            Account::Me => None,
            Account::Other { uid, gid, .. } => Some((*uid, *gid)),
        }
    }

    /// A command that runs as this user, with a bare environment, away from the terminal's Ctrl-C.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").current_dir("/").stdin(Stdio::null()).process_group(0);
        for name in KEPT_VARIABLES {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if let Some((uid, gid)) = self.ids() {
            // Changing the user also clears root's supplementary groups.
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Makes this user the owner of `path`.
    pub(crate) fn own(&self, path: &Path) -> Result<(), DevError> {
        match self.ids() {
            None => Ok(()),
            Some((uid, gid)) => chown(path, Some(uid), Some(gid)).map_err(DevError::io("hand over", path)),
        }
    }

    /// Refuses a directory that this user can't get to.
    pub(crate) fn must_reach(&self, dir: &Path) -> Result<(), DevError> {
        let Account::Other { name, uid, gid } = self else { return Ok(()) };
        let closed =
            dir.ancestors().find(|step| step.metadata().is_ok_and(|found| !may_enter(&found, *uid, *gid)));
        match closed {
            None => Ok(()),
            Some(step) => Err(DevError::Unreachable { user: name.clone(), dir: step.to_owned() }),
        }
    }
}

fn may_enter(dir: &fs::Metadata, uid: u32, gid: u32) -> bool {
    let enter = match () {
        () if dir.uid() == uid => 0o100,
        () if dir.gid() == gid => 0o010,
        () => 0o001,
    };
    dir.mode() & enter != 0
}

/// A line of /etc/passwd: `name:password:uid:gid:…`. macOS writes nobody's ids as -2.
fn named(users: &str, name: &str) -> Option<Account> {
    let fields: Vec<&str> =
        users.lines().map(|line| line.split(':').collect()).find(|line: &Vec<&str>| line[0] == name)?;
    let id = |field: usize| Some(fields.get(field)?.parse::<i64>().ok()? as u32);
    Some(Account::Other { name: name.to_owned(), uid: id(2)?, gid: id(3)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_from_the_passwd_file() {
        let users = "# comment\nroot:*:0:0:x:/root:/bin/sh\npostgres2:x:7:7::/:\npostgres:x:101:104::/:\nnobody:*:-2:-2::/:";
        assert_eq!(named(users, "postgres").unwrap().ids(), Some((101, 104)));
        assert_eq!(named(users, "nobody").unwrap().ids(), Some((4_294_967_294, 4_294_967_294)));
        assert!(named(users, "redis").is_none());
    }

    #[test]
    fn programs_get_neither_pg_variables_nor_our_secrets() {
        let command = Account::Me.command(Path::new("initdb"));
        let names: Vec<_> =
            command.get_envs().filter(|(_, value)| value.is_some()).map(|(name, _)| name).collect();
        assert!(
            names.iter().all(|name| *name == "LC_ALL" || KEPT_VARIABLES.iter().any(|kept| *name == *kept))
        );
    }
}
