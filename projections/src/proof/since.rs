//! Whether what was there before is there still: an earlier export against what is there now.

use std::iter::Peekable;

use super::{Finding, Findings, Kind};
use crate::feed::StoredEvent;
use crate::proof::digest::hex;

/// An event as far as it has to be the same for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named after the columns they come from")]
pub struct Known {
    pub position: i64,
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub sequence: i64,
    /// In hexadecimal.
    pub event_hash: String,
}

impl From<&StoredEvent> for Known {
    fn from(event: &StoredEvent) -> Self {
        Known {
            position: event.position,
            aggregate_type: event.aggregate_type.clone(),
            aggregate_id: event.aggregate_id.clone(),
            sequence: event.sequence,
            event_hash: hex(&event.event_hash),
        }
    }
}

impl Known {
    fn find(&self, kind: Kind, what: impl Into<String>) -> Finding {
        Finding::new(kind, what).at(self.position).of(&self.aggregate_type, &self.aggregate_id, self.sequence)
    }
}

/// Compares two logs of one application event by event, both in order of position, where both say what there is.
pub struct Since<I: Iterator<Item = Known>> {
    earlier: Peekable<I>,
    after: i64,
    head: i64,
    compared: u64,
}

impl<I: Iterator<Item = Known>> Since<I> {
    /// `earlier` is what there was; what lies between `after` and `head` is compared.
    pub fn new(earlier: I, after: i64, head: i64) -> Self {
        Since { earlier: earlier.peekable(), after, head, compared: 0 }
    }

    /// Takes the next event of what is there now.
    pub fn event(&mut self, now: &Known, findings: &mut Findings) {
        if now.position <= self.after || now.position > self.head {
            return;
        }
        self.removed_before(now.position, findings);
        match self.earlier.next_if(|was| was.position == now.position) {
            None => findings.push(now.find(Kind::Inserted, "it was not there before")),
            Some(was) if was == *now => self.compared += 1,
            Some(was) if is_same_place(&was, now) => {
                findings.push(now.find(Kind::Changed, "it is not the event that was there before"));
            }
            Some(was) => {
                let before = format!("{} {} event {}", was.aggregate_type, was.aggregate_id, was.sequence);
                let what = format!("before, {before} had this position");
                findings.push(now.find(Kind::Reordered, what));
            }
        }
    }

    /// Ends: what did not come up to the head is gone. Answers how many events are the same.
    pub fn finish(mut self, findings: &mut Findings) -> u64 {
        self.removed_before(self.head.saturating_add(1), findings);
        self.compared
    }

    fn removed_before(&mut self, position: i64, findings: &mut Findings) {
        while let Some(was) = self.earlier.next_if(|was| was.position < position) {
            if was.position > self.after {
                findings.push(was.find(Kind::Removed, "it was there before, and is not any more"));
            }
        }
    }
}

fn is_same_place(was: &Known, now: &Known) -> bool {
    (&was.aggregate_type, &was.aggregate_id, was.sequence)
        == (&now.aggregate_type, &now.aggregate_id, now.sequence)
}
