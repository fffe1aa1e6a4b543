//! In the order of the log: contents and hashes, positions, and the order of commits.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::{PAGE, Verification, Watcher};
use crate::Error;
use crate::feed::StoredEvent;
use crate::proof::{Digest, Finding, Kind, content};

/// An event that has a position.
struct Numbered {
    event: StoredEvent,
    /// The copy of the hash that was made when the position was given.
    copied_hash: Vec<u8>,
    /// Where its transaction put it: what positions follow.
    committed: CommitOrder,
}

/// The sequencer's cursor; `docs/architecture.md`, "Commit order".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct CommitOrder {
    epoch: i32,
    tx_id: u64,
    insertion: i64,
}

pub(super) async fn check(
    connection: &mut PgConnection,
    verification: &mut Verification,
    watcher: &mut impl Watcher,
) -> Result<(), Error> {
    check_positions(connection, verification).await?;
    let application = verification.application.map_or(uuid::Uuid::nil(), |application| application.uuid());
    let mut digest = Digest::new(application);
    let (mut position, mut last) = (0, None);
    loop {
        let rows = page(connection, verification, position).await?;
        let Some(end) = rows.last() else { break };
        position = end.try_get("position")?;
        for row in &rows {
            check_row(row, verification, watcher, &mut digest, &mut last)?;
        }
        verification.looked_at(rows.len(), watcher);
    }
    verification.verified.digest = digest.hex();
    Ok(())
}

async fn page(
    connection: &mut PgConnection,
    verification: &Verification,
    position: i64,
) -> Result<Vec<PgRow>, Error> {
    let of_application = match verification.application {
        Some(_) => "AND l.application_id = $3",
        None => "AND $3::uuid IS NULL",
    };
    let sql = format!(
        "SELECT l.position, l.event_hash AS copied_hash, aggregate_type, aggregate_id, sequence, e.event_type, e.event_version,
                e.payload::text, e.metadata::text, e.event_id, e.application_id, e.user_id, e.recorded_at, e.event_hash,
                e.epoch, e.tx_id::text, e.insertion
         FROM event_log l LEFT JOIN events e USING (aggregate_type, aggregate_id, sequence)
         WHERE l.position > $1 {of_application}
         ORDER BY l.position LIMIT $2"
    );
    let application = verification.application.map(|application| application.uuid());
    Ok(sqlx::query(&sql).bind(position).bind(PAGE).bind(application).fetch_all(connection).await?)
}

fn check_row(
    row: &PgRow,
    verification: &mut Verification,
    watcher: &mut impl Watcher,
    digest: &mut Digest,
    last: &mut Option<(i64, CommitOrder)>,
) -> Result<(), Error> {
    let findings = &mut verification.verified.findings;
    let Some(numbered) = Numbered::read(row)? else {
        let what = "it has this position in event_log, and is not in events any more";
        findings.push(Finding::new(Kind::Removed, what).at(row.try_get("position")?).of(
            row.try_get("aggregate_type")?,
            row.try_get("aggregate_id")?,
            row.try_get("sequence")?,
        ));
        return Ok(());
    };
    let event = &numbered.event;
    verification.verified.events += 1;
    findings.extend(numbered.changed().map(|what| Finding::new(Kind::Changed, what).about(event)));
    if let Some((position, committed)) = *last
        && committed >= numbered.committed
    {
        let what = format!("it was committed before the event at position {position}");
        findings.push(Finding::new(Kind::Reordered, what).about(event));
    }
    *last = Some((event.position, numbered.committed));
    digest.add(event.position, &event.event_hash);
    watcher.event(event, digest, findings);
    Ok(())
}

impl Numbered {
    /// `None` for a position whose event is gone.
    fn read(row: &PgRow) -> Result<Option<Self>, Error> {
        if row.try_get::<Option<uuid::Uuid>, _>("event_id")?.is_none() {
            return Ok(None);
        }
        let tx_id: String = row.try_get("tx_id")?;
        let tx_id = tx_id.parse().map_err(|_not_a_number| Error::Corrupt("a transaction id".to_owned()))?;
        let committed =
            CommitOrder { epoch: row.try_get("epoch")?, tx_id, insertion: row.try_get("insertion")? };
        Ok(Some(Numbered {
            event: StoredEvent::read(row)?,
            copied_hash: row.try_get("copied_hash")?,
            committed,
        }))
    }

    fn changed(&self) -> Option<String> {
        let copy_fits = self.event.computed_hash().as_slice() == self.copied_hash;
        let hashes_agree = self.event.event_hash == self.copied_hash;
        match (content::changed(&self.event), copy_fits, hashes_agree) {
            (None, _, true) => None,
            (Some(_), true, _) => Some("its hash in events was changed; the one in event_log fits".to_owned()),
            (None, _, false) => Some(
                "its hash is another than when it got its position: the event and its hash were replaced, or the copy in \
                 event_log was changed"
                    .to_owned(),
            ),
            (Some(what), false, _) => Some(what),
        }
    }
}

/// Positions are 1, 2, 3 … up to the head.
async fn check_positions(
    connection: &mut PgConnection,
    verification: &mut Verification,
) -> Result<(), Error> {
    let gaps: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT previous, position FROM (
             SELECT position, lag(position, 1, 0::bigint) OVER (ORDER BY position) AS previous FROM event_log) AS steps
         WHERE position <> previous + 1 ORDER BY position LIMIT 1000",
    )
    .fetch_all(&mut *connection)
    .await?;
    let findings = &mut verification.verified.findings;
    for (previous, position) in gaps {
        findings.push(gap(previous + 1, position - 1));
    }
    let (last, cursor_fits): (i64, Option<bool>) = sqlx::query_as(
        "SELECT (SELECT coalesce(max(position), 0) FROM event_log),
                (SELECT (e.epoch, e.tx_id, e.insertion) = (h.epoch, h.tx_id, h.insertion)
                 FROM log_head h JOIN event_log USING (position)
                                 JOIN events e USING (aggregate_type, aggregate_id, sequence))",
    )
    .fetch_one(connection)
    .await?;
    let head = verification.verified.head;
    if last < head {
        findings.push(gap(last + 1, head));
    } else if last > head {
        let what = format!("log_head says that the log ends at position {head}, and it goes on to {last}");
        findings.push(Finding::new(Kind::Inserted, what).at(last));
    } else if cursor_fits == Some(false) {
        let what = "log_head is not where this last event was committed: the next positions will be wrong";
        findings.push(Finding::new(Kind::Changed, what).at(head));
    }
    Ok(())
}

fn gap(first: i64, last: i64) -> Finding {
    let what = match last - first {
        0 => "no event has this position".to_owned(),
        _ => format!("no event has a position from this one to {last}"),
    };
    Finding::new(Kind::Removed, what).at(first)
}
