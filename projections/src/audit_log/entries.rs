//! Reading the audit log: what follows from events and what never became one, as one list, newest first.

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, AuditEntryId, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Postgres, QueryBuilder, Row as _};
use uuid::Uuid;

use super::Action;
use crate::Error;

/// An entry.
#[derive(Clone)]
#[expect(missing_docs, reason = "the fields are named after what they hold")]
pub struct Entry {
    pub id: AuditEntryId,
    pub action: String,
    pub occurred_at: DateTime<Utc>,
    pub actor_type: String,
    pub actor_id: Option<String>,
    /// To whom it happened.
    pub user: Option<UserId>,
    pub client_address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
    /// Why, in one of a fixed set of words.
    pub reason: Option<String>,
    /// How many more like it have no entry of their own.
    pub suppressed: i64,
}

/// Where an entry stands in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// Which of those of that microsecond.
    pub id: Uuid,
}

/// Which entries are wanted; what is `None` excludes none.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these.
    pub action: Option<Action>,
    /// Only what happened to this user.
    pub user: Option<UserId>,
    /// Only what happened then or later.
    pub from: Option<DateTime<Utc>>,
    /// Only what happened before.
    pub to: Option<DateTime<Utc>>,
    /// Only what comes after this place in the list, which is what is older.
    pub after: Option<Place>,
}

impl Entry {
    /// Where it stands in the list.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { occurred_at: self.occurred_at, id: self.id.uuid() }
    }

    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Entry {
            id: AuditEntryId::from_uuid(row.try_get("id")?),
            action: row.try_get("action")?,
            occurred_at: row.try_get("occurred_at")?,
            actor_type: row.try_get("actor_type")?,
            actor_id: row.try_get("actor_id")?,
            user: row.try_get::<Option<Uuid>, _>("user_id")?.map(UserId::from_uuid),
            client_address: row.try_get("client_address")?,
            user_agent: row.try_get("user_agent")?,
            request_id: row.try_get("request_id")?,
            reason: row.try_get("reason")?,
            suppressed: row.try_get("suppressed")?,
        })
    }
}

/// At most `limit` entries of `application`, newest first.
///
/// # Errors
/// Postgres is away.
pub async fn list(
    connection: &mut PgConnection,
    application: ApplicationId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    // Each half stops by itself: its index gives its rows in the order of the answer.
    let mut query = QueryBuilder::new(
        "(SELECT id, action, occurred_at, actor_type, actor_id, user_id, client_address, user_agent, request_id,
                 NULL AS reason, 0::bigint AS suppressed FROM audit_log",
    );
    select(&mut query, application, filter, limit);
    query.push(
        ") UNION ALL
         (SELECT id, action, occurred_at, 'anonymous', NULL, user_id, client_address, user_agent, request_id,
                 reason, suppressed FROM login_failures",
    );
    select(&mut query, application, filter, limit);
    query.push(") ORDER BY occurred_at DESC, id DESC LIMIT ").push_bind(limit);
    // Planned anew each time, for the values at hand: a plan for any action and any application would read too much of some.
    let rows = query.build().persistent(false).fetch_all(connection).await?;
    Ok(rows.iter().map(Entry::read).collect::<Result<_, _>>()?)
}

/// Conditions that aren't asked for aren't written either: "or it is null" would keep Postgres from using the index.
fn select(query: &mut QueryBuilder<'_, Postgres>, application: ApplicationId, filter: &Filter, limit: i64) {
    query.push(" WHERE application_id = ").push_bind(application.uuid());
    if let Some(action) = filter.action {
        query.push(" AND action = ").push_bind(action.name());
    }
    if let Some(user) = filter.user {
        query.push(" AND user_id = ").push_bind(user.uuid());
    }
    if let Some(from) = filter.from {
        query.push(" AND occurred_at >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" AND occurred_at < ").push_bind(to);
    }
    if let Some(Place { occurred_at, id }) = filter.after {
        query.push(" AND (occurred_at, id) < (").push_bind(occurred_at);
        query.push(", ").push_bind(id).push(")");
    }
    query.push(" ORDER BY occurred_at DESC, id DESC LIMIT ").push_bind(limit);
}
