//! Where an export goes: to stdout, or into a file that is all there or not there at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Stdout, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Where lines are written to.
pub(super) enum Output {
    Stdout(BufWriter<Stdout>),
    File(NewFile),
}

/// A file that gets its name when it is complete.
pub(super) struct NewFile {
    writer: BufWriter<File>,
    path: PathBuf,
    temporary: PathBuf,
    complete: bool,
}

impl Output {
    /// A file that is not there yet, readable by its owner only; without a path stdout.
    ///
    /// # Errors
    /// `AlreadyExists`: an export is evidence and is never overwritten. Others as the file system gives them.
    pub(super) fn create(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else { return Ok(Output::Stdout(BufWriter::new(io::stdout()))) };
        if path.symlink_metadata().is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
        let temporary = path.with_file_name(format!(".{name}.{}.partial", std::process::id()));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        let (writer, path) = (BufWriter::new(file), path.to_owned());
        Ok(Output::File(NewFile { writer, path, temporary, complete: false }))
    }

    /// Writes a line.
    pub(super) fn write(&mut self, line: &str) -> io::Result<()> {
        match self {
            Output::Stdout(writer) => writer.write_all(line.as_bytes()),
            Output::File(file) => file.writer.write_all(line.as_bytes()),
        }
    }

    /// Brings everything to where it belongs: a file is on the disk and has its name.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Output::Stdout(mut writer) => writer.flush(),
            Output::File(mut file) => file.finish(),
        }
    }
}

impl NewFile {
    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        self.writer.get_ref().sync_all()?;
        // A link and not a renaming, which would overwrite what somebody put there meanwhile.
        fs::hard_link(&self.temporary, &self.path)?;
        self.complete = true;
        fs::remove_file(&self.temporary)?;
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.complete {
            // Why it is not complete is what the caller must hear of.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_there_when_it_is_complete_and_for_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export.jsonl");
        let mut output = Output::create(Some(&path)).unwrap();
        output.write("one\n").unwrap();
        assert!(!path.exists());
        output.write("two\n").unwrap();
        output.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(directory.path()), ["export.jsonl"]);
    }

    #[test]
    fn what_was_given_up_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let mut output = Output::create(Some(&directory.path().join("export.jsonl"))).unwrap();
        output.write("one\n").unwrap();
        drop(output);
        assert_eq!(names(directory.path()), Vec::<String>::new());
    }

    #[test]
    fn what_is_there_is_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export.jsonl");
        let racing = Output::create(Some(&path)).unwrap();
        fs::write(&path, "evidence").unwrap();
        assert_eq!(Output::create(Some(&path)).err().unwrap().kind(), ErrorKind::AlreadyExists);
        assert_eq!(racing.finish().unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "evidence");
        assert_eq!(names(directory.path()), ["export.jsonl"]);
    }
}
