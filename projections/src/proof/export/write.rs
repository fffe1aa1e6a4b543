//! Writing an export: what each line says of the lines before it.

use sha2::{Digest as _, Sha256};

use crate::feed::{Opened, StoredEvent};
use crate::proof::Digest;
use crate::proof::digest::hex;
use crate::proof::line::{EventLine, Footer, Header, write};

/// Makes the lines of one export, in order.
#[derive(Debug)]
pub struct ExportWriter {
    last: i64,
    count: u64,
    digest: Digest,
    bytes: Sha256,
}

impl ExportWriter {
    /// Begins an export; answers the first line. `previous` is the position of the application's last event before it, 0 if
    /// there is none.
    #[must_use]
    pub fn begin(header: &Header, previous: i64) -> (Self, String) {
        let digest = Digest::new(header.application_id);
        let mut writer = ExportWriter { last: previous, count: 0, digest, bytes: Sha256::new() };
        let line = writer.written(write(header));
        (writer, line)
    }

    /// The line of the next event, as stored.
    #[must_use]
    pub fn sealed(&mut self, event: &StoredEvent) -> String {
        let line = EventLine::sealed(event, self.last);
        self.event(event, &line)
    }

    /// The line of the next event, opened.
    #[must_use]
    pub fn opened(&mut self, event: &Opened) -> String {
        let line = EventLine::opened(event, self.last);
        self.event(&event.stored, &line)
    }

    /// The last line; `head` is the position up to which every event of the application was written.
    #[must_use]
    pub fn end(mut self, head: i64) -> (Footer, String) {
        let digest = self.digest.hex();
        let mut footer = Footer { head, last: self.last, count: self.count, digest, sha256: String::new() };
        let line = write(&footer);
        let (before, end) = line.split_at(line.len() - FOOTER_END.len());
        debug_assert_eq!(end, FOOTER_END);
        self.bytes.update(before);
        footer.sha256 = hex(&self.bytes.finalize());
        let line = write(&footer);
        (footer, line)
    }

    fn event(&mut self, event: &StoredEvent, line: &EventLine) -> String {
        self.last = event.position;
        self.count += 1;
        self.digest.add(event.position, &event.event_hash);
        self.written(write(line))
    }

    fn written(&mut self, line: String) -> String {
        self.bytes.update(&line);
        line
    }
}

/// What follows the last value of the last line.
pub(super) const FOOTER_END: &str = "\"}\n";
