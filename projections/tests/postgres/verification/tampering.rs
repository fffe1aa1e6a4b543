//! What the owner of the database can do with the triggers switched off, case by case.

mod changed;
mod forged;
mod moved;
mod removed;

use devauth_projections::feed::{self, StoredEvent};
use devauth_projections::proof::{Finding, Kind};
use sqlx::PgConnection;

use super::found;
use super::world::World;

type Place = (Kind, Option<i64>, Option<String>, Option<i64>);

fn places(findings: &[Finding]) -> Vec<Place> {
    findings.iter().map(|one| (one.kind, one.position, one.aggregate_id.clone(), one.sequence)).collect()
}

/// An event as a finding names it.
fn named(kind: Kind, event: &StoredEvent) -> Place {
    (kind, Some(event.position), Some(event.aggregate_id.clone()), Some(event.sequence))
}

fn at_position(kind: Kind, position: i64) -> Place {
    (kind, Some(position), None, None)
}

fn without_position(kind: Kind, event: &StoredEvent) -> Place {
    (kind, None, Some(event.aggregate_id.clone()), Some(event.sequence))
}

async fn all_events(world: &World) -> Vec<StoredEvent> {
    let mut connection = world.fixture.pool.acquire().await.unwrap();
    feed::after(&mut connection, 0, i64::MAX).await.unwrap()
}

/// The events of a user in the middle of the log.
fn user(events: &[StoredEvent]) -> Vec<StoredEvent> {
    let middle =
        events[events.len() / 2..].iter().find(|event| event.event_type == "UserRegistered").unwrap();
    events.iter().filter(|event| event.aggregate_id == middle.aggregate_id).cloned().collect()
}

/// A session in the middle of the log.
fn session(events: &[StoredEvent]) -> Vec<StoredEvent> {
    let middle =
        events[events.len() / 2..].iter().find(|event| event.event_type == "SessionStarted").unwrap();
    events.iter().filter(|event| event.aggregate_id == middle.aggregate_id).cloned().collect()
}

/// The row of an event, in `events` and in `event_log`.
fn row(event: &StoredEvent) -> String {
    format!(
        "aggregate_type = '{}' AND aggregate_id = '{}' AND sequence = {}",
        event.aggregate_type, event.aggregate_id, event.sequence
    )
}

fn hash_of(event: &StoredEvent) -> String {
    let hash: String = event.computed_hash().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("decode('{hash}', 'hex')")
}

/// Tampers, looks, and brings everything back.
async fn found_after(world: &World, owner: &mut PgConnection, sql: &str) -> Vec<Finding> {
    world.tamper(owner, sql).await;
    let findings = found(world).await;
    world.restore(owner).await;
    findings
}
