//! Replacing a file with keys so that a reader sees the old content or the new, whole, whatever happens meanwhile.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;

use super::RotationError;

/// Puts `content` in place of the file's. Mode and owner stay; a link stays, and the file it leads to is replaced.
pub(super) fn replace(path: &Path, content: &str) -> Result<(), RotationError> {
    try_replace(path, content)
        .map_err(|cause| RotationError::File(format!("{} can't be written: {cause}", path.display())))
}

fn try_replace(path: &Path, content: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let before = path.metadata()?;
    let directory = path.parent().ok_or(io::ErrorKind::NotADirectory)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = directory.join(name);
    // What a run that was cut off left; nearly always there is nothing.
    let _ = fs::remove_file(&beside);
    let written = write(&beside, content, &before).and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // What went wrong first is what the operator must hear of.
        let _ = fs::remove_file(&beside);
    }
    written?;
    // Else a power cut could bring back the old name.
    File::open(directory)?.sync_all()
}

fn write(path: &Path, content: &str, like: &fs::Metadata) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let made = file.metadata()?;
    if (made.uid(), made.gid()) != (like.uid(), like.gid()) {
        // A command that root runs must not take the file from the service.
        fchown(&file, Some(like.uid()), Some(like.gid()))?;
    }
    file.set_permissions(Permissions::from_mode(like.mode() & 0o777))?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_content_is_replaced_and_mode_and_link_stay() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real"), directory.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        for kept in [0o600, 0o640, 0o400] {
            fs::set_permissions(&real, Permissions::from_mode(kept)).unwrap();
            // What a run that was killed left behind.
            fs::write(directory.path().join("real.new"), "half").unwrap();

            replace(&link, "new").unwrap();

            assert_eq!((fs::read_to_string(&link).unwrap().as_str(), mode(&real)), ("new", kept));
            assert!(link.is_symlink());
            assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
        }
    }

    #[test]
    fn who_has_the_file_open_goes_on_reading_the_old_content() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        fs::write(&path, "old").unwrap();
        let mut reader = File::open(&path).unwrap();

        replace(&path, "new, and longer").unwrap();

        let mut read = String::new();
        io::Read::read_to_string(&mut reader, &mut read).unwrap();
        assert_eq!(read, "old");
    }

    #[test]
    fn a_file_that_is_not_there_is_not_made() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let error = replace(&path, "new").unwrap_err();
        assert!(
            error.to_string().contains("can't be written") && !error.to_string().contains("new"),
            "{error}"
        );
        assert!(!path.exists());
    }
}
