//! In the order of the streams: holes, beginnings, positions that follow sequences, and what `event_log` copies.

use devauth_aggregates::UserId;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::{PAGE, Verification, Watcher};
use crate::Error;
use crate::proof::streams::{self, Trouble};
use crate::proof::{Finding, Findings, Kind};

/// An event as far as its place goes.
struct Placed {
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    event_type: String,
    application_id: Uuid,
    user_id: Option<Uuid>,
    /// The user that the first event of a session names.
    session_user: Option<String>,
    /// Whether the log has come past the place where it was committed.
    settled: bool,
    numbered: Option<Numbered>,
}

/// What `event_log` says of it.
struct Numbered {
    position: i64,
    application_id: Uuid,
    user_id: Option<Uuid>,
}

/// The stream that is being looked at.
#[derive(Default)]
struct Stream {
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    position: Option<i64>,
    user_id: Option<Uuid>,
}

pub(super) async fn check(
    connection: &mut PgConnection,
    verification: &mut Verification,
    watcher: &mut impl Watcher,
) -> Result<(), Error> {
    let mut stream = Stream::default();
    loop {
        let rows = page(connection, verification, &stream).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in &rows {
            let event = Placed::read(row)?;
            if (&event.aggregate_type, &event.aggregate_id) != (&stream.aggregate_type, &stream.aggregate_id)
            {
                verification.verified.streams += 1;
                stream = event.begin();
            }
            event.check_sequence(connection, verification, &stream).await?;
            event.check_number(connection, verification, &stream).await?;
            event.check_copies(&mut verification.verified.findings, &stream);
            stream.sequence = event.sequence;
            stream.position = event.numbered.map(|numbered| numbered.position).or(stream.position);
        }
        verification.looked_at(rows.len(), watcher);
    }
}

async fn page(
    connection: &mut PgConnection,
    verification: &Verification,
    after: &Stream,
) -> Result<Vec<PgRow>, Error> {
    let of_application = match verification.application {
        Some(_) => "AND e.application_id = $5",
        None => "AND $5::uuid IS NULL",
    };
    let sql = format!(
        "SELECT e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.application_id, e.user_id,
                CASE WHEN e.aggregate_type = 'Session' AND e.sequence = 1 THEN e.payload ->> 'user_id' END AS session_user,
                (e.epoch, e.tx_id, e.insertion)
                    <= ((SELECT epoch FROM log_head), (SELECT tx_id FROM log_head), (SELECT insertion FROM log_head))
                    AS settled,
                l.position, l.application_id AS copied_application, l.user_id AS copied_user
         FROM events e LEFT JOIN event_log l USING (aggregate_type, aggregate_id, sequence)
         WHERE (e.aggregate_type, e.aggregate_id, e.sequence) > ($1, $2, $3) {of_application}
         ORDER BY e.aggregate_type, e.aggregate_id, e.sequence LIMIT $4"
    );
    let application = verification.application.map(|application| application.uuid());
    Ok(sqlx::query(&sql)
        .bind(&after.aggregate_type)
        .bind(&after.aggregate_id)
        .bind(after.sequence)
        .bind(PAGE)
        .bind(application)
        .fetch_all(connection)
        .await?)
}

impl Placed {
    fn read(row: &PgRow) -> Result<Self, Error> {
        let numbered = match row.try_get("position")? {
            Some(position) => Some(Numbered {
                position,
                application_id: row.try_get("copied_application")?,
                user_id: row.try_get("copied_user")?,
            }),
            None => None,
        };
        Ok(Placed {
            aggregate_type: row.try_get("aggregate_type")?,
            aggregate_id: row.try_get("aggregate_id")?,
            sequence: row.try_get("sequence")?,
            event_type: row.try_get("event_type")?,
            application_id: row.try_get("application_id")?,
            user_id: row.try_get("user_id")?,
            session_user: row.try_get("session_user")?,
            settled: row.try_get("settled")?,
            numbered,
        })
    }

    /// Its stream before it.
    fn begin(&self) -> Stream {
        let user_in = |id: &str| id.parse().ok().map(|user: UserId| user.uuid());
        let user_id = match (self.aggregate_type.as_str(), &self.session_user) {
            ("User", _) => user_in(&self.aggregate_id),
            ("Session", Some(user)) => user_in(user),
            // Its first event, which would tell, is gone. That is told of elsewhere.
            ("Session", None) => self.user_id,
            (_, _) => None,
        };
        let (aggregate_type, aggregate_id) = (self.aggregate_type.clone(), self.aggregate_id.clone());
        Stream { aggregate_type, aggregate_id, user_id, ..Stream::default() }
    }

    fn finding(&self, kind: Kind, what: impl Into<String>) -> Finding {
        let finding = Finding::new(kind, what).of(&self.aggregate_type, &self.aggregate_id, self.sequence);
        match &self.numbered {
            Some(numbered) => finding.at(numbered.position),
            None => finding,
        }
    }

    async fn check_sequence(
        &self,
        connection: &mut PgConnection,
        verification: &mut Verification,
        stream: &Stream,
    ) -> Result<(), Error> {
        let previous = (stream.sequence > 0).then_some(stream.sequence);
        let trouble = streams::next(&self.aggregate_type, &self.event_type, self.sequence, previous, false);
        let kind = match trouble {
            None => return Ok(()),
            Some(Trouble::Missing { from, to }) => {
                return self.check_hole(connection, verification, from, to).await;
            }
            Some(Trouble::NoBeginning) => Kind::Changed,
            Some(Trouble::Twice | Trouble::SecondBeginning) => Kind::Inserted,
            Some(Trouble::Late { .. }) => Kind::Reordered,
        };
        let what = trouble.map(|trouble| trouble.to_string()).unwrap_or_default();
        verification.verified.findings.push(self.finding(kind, what));
        Ok(())
    }

    /// What still has a position was told of in the order of the log.
    async fn check_hole(
        &self,
        connection: &mut PgConnection,
        verification: &mut Verification,
        from: i64,
        to: i64,
    ) -> Result<(), Error> {
        let application = verification.application.map(|application| application.uuid());
        let removed: Vec<i64> = sqlx::query_scalar(
            "SELECT s.sequence FROM generate_series($3::bigint, $4::bigint) AS s (sequence)
             WHERE NOT EXISTS (SELECT FROM event_log l
                               WHERE (l.aggregate_type, l.aggregate_id, l.sequence) = ($1, $2, s.sequence)
                                 AND ($5::uuid IS NULL OR l.application_id = $5))
             ORDER BY 1 LIMIT 1000",
        )
        .bind(&self.aggregate_type)
        .bind(&self.aggregate_id)
        .bind(from)
        .bind(to)
        .bind(application)
        .fetch_all(connection)
        .await?;
        let what = format!("it is not there, and event {} of its stream is", self.sequence);
        verification.verified.findings.extend(removed.into_iter().map(|sequence| {
            Finding::new(Kind::Removed, what.clone()).of(&self.aggregate_type, &self.aggregate_id, sequence)
        }));
        Ok(())
    }

    async fn check_number(
        &self,
        connection: &mut PgConnection,
        verification: &mut Verification,
        stream: &Stream,
    ) -> Result<(), Error> {
        match (&self.numbered, stream.position) {
            (Some(numbered), Some(previous)) if numbered.position < previous => {
                let what = format!("event {} of its stream has position {previous}", stream.sequence);
                verification.verified.findings.push(self.finding(Kind::Reordered, what));
            }
            (Some(_), _) => {}
            (None, _) if self.settled => {
                let finding = self.without_position(connection).await?;
                verification.verified.findings.push(finding);
            }
            (None, _) => verification.verified.unnumbered += 1,
        }
        Ok(())
    }

    /// The log has come past where it was committed, and it has no position: was that taken away, or did it come later?
    async fn without_position(&self, connection: &mut PgConnection) -> Result<Finding, Error> {
        let before: Option<i64> = sqlx::query_scalar(
            "SELECT l.position FROM events e JOIN event_log l USING (aggregate_type, aggregate_id, sequence)
             WHERE (e.epoch, e.tx_id, e.insertion)
                   < (SELECT epoch, tx_id, insertion FROM events
                      WHERE (aggregate_type, aggregate_id, sequence) = ($1, $2, $3))
             ORDER BY e.epoch DESC, e.tx_id DESC, e.insertion DESC LIMIT 1",
        )
        .bind(&self.aggregate_type)
        .bind(&self.aggregate_id)
        .bind(self.sequence)
        .fetch_optional(&mut *connection)
        .await?;
        let place = before.unwrap_or(0) + 1;
        let taken: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM event_log WHERE position = $1)")
            .bind(place)
            .fetch_one(connection)
            .await?;
        Ok(if taken {
            let what = format!(
                "it has no position: it came into events after positions up to {place} were given, and not at the end"
            );
            self.finding(Kind::Inserted, what)
        } else {
            let what = "its row in event_log, with this position, is not there any more";
            self.finding(Kind::Removed, what).at(place)
        })
    }

    /// `event_log` repeats whose event it is; no hash covers that.
    fn check_copies(&self, findings: &mut Findings, stream: &Stream) {
        if self.user_id != stream.user_id {
            findings.push(self.finding(Kind::Changed, "its user_id is not the user of its stream"));
        }
        let Some(numbered) = &self.numbered else { return };
        if numbered.application_id != self.application_id {
            findings.push(self.finding(Kind::Changed, "event_log says that it is of another application"));
        }
        if numbered.user_id != self.user_id {
            findings.push(self.finding(Kind::Changed, "event_log says that it is of another user"));
        }
    }
}
