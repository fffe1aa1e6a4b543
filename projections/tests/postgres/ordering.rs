//! Writers at full speed with pauses and rollbacks: whoever reads by position misses nothing. Two ways of reading that look
//! right are run beside it and do lose events, which shows that this test can fail.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use devauth_projections::sequencer;
use sqlx::{Executor as _, PgConnection};

use crate::fixture::{Fixture, eventually};

const WRITERS: u64 = 6;
const TRANSACTIONS: u64 = 120;

/// A number that looks random; the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Round trips that keep a transaction open: most a few, some many.
async fn pause(connection: &mut PgConnection, dice: &mut Dice) {
    let trips = if dice.below(20) == 0 { 60 } else { dice.below(6) };
    for _ in 0..trips {
        connection.execute("SELECT 1").await.unwrap();
    }
}

/// Answers the streams whose transactions were committed, one event or several each.
async fn write(mut connection: PgConnection, writer: u64) -> Vec<(String, i64)> {
    let mut dice = Dice(writer);
    let mut committed = Vec::new();
    for number in 0..TRANSACTIONS {
        let stream = format!("usr_{writer}_{number}");
        let events = 1 + i64::try_from(dice.below(3)).unwrap();
        connection.execute("BEGIN").await.unwrap();
        if dice.below(2) == 0 {
            // Others insert between this transaction's id and its insertion numbers.
            connection.execute("SELECT pg_current_xact_id()").await.unwrap();
            pause(&mut connection, &mut dice).await;
        }
        sqlx::query(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                                 event_id, application_id, recorded_at, event_hash, epoch)
             SELECT 'User', $1, n, 'SessionsRevoked', '1.0', '{}', '{}', gen_random_uuid(), gen_random_uuid(), now(),
                    sha256(''), 1 FROM generate_series(1, $2) n",
        )
        .bind(&stream)
        .bind(events)
        .execute(&mut connection)
        .await
        .unwrap();
        pause(&mut connection, &mut dice).await;
        if dice.below(10) == 0 {
            connection.execute("ROLLBACK").await.unwrap();
        } else {
            connection.execute("COMMIT").await.unwrap();
            committed.extend((1..=events).map(|sequence| (stream.clone(), sequence)));
        }
    }
    committed
}

type Event = (i64, String, i64);

/// Reads on from the last cursor it saw, until the writers are done and nothing more comes.
async fn follow(mut connection: PgConnection, sql: &'static str, done: Arc<AtomicBool>) -> Vec<Event> {
    let mut seen: Vec<Event> = Vec::new();
    loop {
        let last_round = done.load(Ordering::SeqCst);
        let cursor = seen.last().map_or(0, |event| event.0);
        let new: Vec<Event> = sqlx::query_as(sql).bind(cursor).fetch_all(&mut connection).await.unwrap();
        if last_round && new.is_empty() {
            return seen;
        }
        seen.extend(new);
        tokio::task::yield_now().await;
    }
}

const BY_POSITION: &str =
    "SELECT position, aggregate_id, sequence FROM event_log WHERE position > $1 ORDER BY position LIMIT 50";
const BY_INSERTION: &str =
    "SELECT insertion, aggregate_id, sequence FROM events WHERE insertion > $1 ORDER BY insertion LIMIT 50";
const BY_INSERTION_BELOW_THE_HORIZON: &str = "SELECT insertion, aggregate_id, sequence FROM events
     WHERE insertion > $1 AND tx_id < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY insertion LIMIT 50";

#[tokio::test]
async fn who_reads_by_position_misses_nothing() {
    let fixture = Fixture::new().await;
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for sql in [BY_POSITION, BY_INSERTION, BY_INSERTION_BELOW_THE_HORIZON] {
        readers.push(tokio::spawn(follow(fixture.owner().await, sql, done.clone())));
    }
    let sequencers: Vec<_> = (0..2)
        .map(|_| {
            let (connections, done) = (fixture.log.kept().clone(), done.clone());
            tokio::spawn(async move {
                while !done.load(Ordering::SeqCst) {
                    sequencer::tick(&connections, 37).await.unwrap();
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        writers.push(tokio::spawn(write(fixture.owner().await, writer)));
    }
    let mut committed = BTreeSet::new();
    for writer in writers {
        committed.extend(writer.await.unwrap());
    }
    eventually("every event is numbered", async || {
        let head: i64 =
            sqlx::query_scalar("SELECT position FROM log_head").fetch_one(&fixture.pool).await.unwrap();
        usize::try_from(head) == Ok(committed.len())
    })
    .await;
    done.store(true, Ordering::SeqCst);
    for sequencer in sequencers {
        sequencer.await.unwrap();
    }
    let mut seen = Vec::new();
    for reader in readers {
        seen.push(reader.await.unwrap());
    }
    let missed = |seen: &[Event]| {
        let seen: BTreeSet<_> =
            seen.iter().map(|(_, stream, sequence)| (stream.clone(), *sequence)).collect();
        committed.difference(&seen).count()
    };

    let positions: Vec<i64> = seen[0].iter().map(|event| event.0).collect();
    assert_eq!(positions, (1..=i64::try_from(committed.len()).unwrap()).collect::<Vec<_>>());
    assert_eq!(missed(&seen[0]), 0);
    assert_ne!(missed(&seen[1]), 0, "a cursor on insertion alone");
    assert_ne!(missed(&seen[2]), 0, "a cursor on insertion below the horizon");
}
