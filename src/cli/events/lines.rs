//! Reading an export line by line, however long it is.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use super::Failure;
use crate::cli::progress::Progress;

/// No line of an export is that long: payloads are small. Who gives us an endless line should not fill the memory.
const LONGEST: u64 = 16 * 1024 * 1024;

/// The lines of a file, or of stdin if its name is `-`, each with its end.
pub(super) struct Lines {
    reader: Box<dyn BufRead>,
    length: u64,
    read: u64,
    progress: Progress,
}

impl Lines {
    /// Opens a file.
    ///
    /// # Errors
    /// It can't be read: the command line names the wrong one.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let progress = Progress::of("bytes");
        if path == Path::new("-") {
            let reader = Box::new(BufReader::new(io::stdin()));
            return Ok(Lines { reader, length: 0, read: 0, progress });
        }
        let unreadable = |cause| Failure::usage(format!("cannot read {}: {cause}", path.display()));
        let file = File::open(path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        if about.is_dir() {
            return Err(Failure::usage(format!("{} is a directory", path.display())));
        }
        let (reader, length) = (Box::new(BufReader::new(file)), about.len());
        Ok(Lines { reader, length, read: 0, progress })
    }
}

impl Iterator for Lines {
    type Item = Result<Vec<u8>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        match (&mut self.reader).take(LONGEST).read_until(b'\n', &mut line) {
            Err(cause) => Some(Err(Failure::failed(format!("cannot read on: {cause}")))),
            Ok(0) => None,
            Ok(bytes) => {
                self.read += bytes as u64;
                if self.length > 0 {
                    self.progress.show(self.read, self.length);
                }
                Some(Ok(line))
            }
        }
    }
}
