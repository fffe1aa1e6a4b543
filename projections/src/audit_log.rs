//! What happened in an application, as its developer reads it: one row for each event that has an [`Action`]. Failed logins,
//! which are no events, are beside it in [`crate::login_failures`]; [`list`] answers both as one.

mod action;
mod entries;

use chrono::{DateTime, Utc};
use devauth_aggregates::{DomainEvent, UserEvent, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

pub use action::Action;
pub use entries::{Entry, Filter, Place, list};

use crate::Error;
use crate::feed::Recorded;

#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    positions: Vec<i64>,
    applications: Vec<Uuid>,
    actions: Vec<&'static str>,
    occurred_at: Vec<DateTime<Utc>>,
    actor_types: Vec<String>,
    actor_ids: Vec<Option<String>>,
    users: Vec<Option<Uuid>>,
    people: Vec<Option<Uuid>>,
    client_addresses: Vec<Option<String>>,
    user_agents: Vec<Option<String>>,
    request_ids: Vec<Option<String>>,
}

/// Projects events.
///
/// # Errors
/// Postgres is away, or refuses a row.
pub(crate) async fn apply(connection: &mut PgConnection, events: &[Recorded]) -> Result<(), Error> {
    let mut columns = Columns::default();
    for recorded in events {
        if let Some(action) = Action::of(&recorded.event) {
            columns.push(recorded, action);
        }
    }
    insert(connection, columns).await?;
    // What was opened before the person was erased may be among these rows, too.
    forget_all(connection, &erased(events)).await
}

impl Columns {
    fn push(&mut self, recorded: &Recorded, action: Action) {
        let Recorded { stored, metadata, .. } = recorded;
        self.ids.push(stored.event_id);
        self.positions.push(stored.position);
        self.applications.push(stored.application_id);
        self.actions.push(action.name());
        self.occurred_at.push(recorded.at());
        self.actor_types.push(metadata.actor_type.clone());
        self.actor_ids.push(metadata.actor_id.clone());
        self.users.push(stored.user_id);
        self.people.push(stored.client().map(|person| person.uuid()));
        self.client_addresses.push(metadata.client_address.clone());
        self.user_agents.push(metadata.user_agent.clone());
        self.request_ids.push(metadata.request_id.clone());
    }
}

async fn insert(connection: &mut PgConnection, columns: Columns) -> Result<(), Error> {
    if columns.ids.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO audit_log (id, position, application_id, action, occurred_at, actor_type, actor_id, user_id, person,
                                client_address, user_agent, request_id)
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::text[],
                              $8::uuid[], $9::uuid[], $10::text[], $11::text[], $12::text[])",
    )
    .bind(columns.ids)
    .bind(columns.positions)
    .bind(columns.applications)
    .bind(columns.actions)
    .bind(columns.occurred_at)
    .bind(columns.actor_types)
    .bind(columns.actor_ids)
    .bind(columns.users)
    .bind(columns.people)
    .bind(columns.client_addresses)
    .bind(columns.user_agents)
    .bind(columns.request_ids)
    .execute(connection)
    .await?;
    Ok(())
}

/// The users whom these events erase.
fn erased(events: &[Recorded]) -> Vec<Uuid> {
    let erases =
        |recorded: &&Recorded| matches!(recorded.event, DomainEvent::User(UserEvent::UserErased { .. }));
    events.iter().filter(erases).filter_map(|recorded| recorded.stored.user_id).collect()
}

async fn forget_all(connection: &mut PgConnection, people: &[Uuid]) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE audit_log SET client_address = NULL, user_agent = NULL
         WHERE person = ANY($1) AND (client_address IS NOT NULL OR user_agent IS NOT NULL)",
    )
    .bind(people)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes what the rows say of a person's clients. That something happened, and to whom by id, stays.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(connection: &mut PgConnection, person: UserId) -> Result<(), Error> {
    forget_all(connection, &[person.uuid()]).await
}
