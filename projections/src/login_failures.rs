//! Tries to log in that failed, for the developer's eyes. They are written by requests and are no events: whoever guesses would
//! hold the pen. So they are few by construction; see the table's key in its migration.

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::audit_log::Action;
use crate::{Error, Pool};

/// How many rows there are of one address and action in a quarter of an hour: the slots of the table.
pub const PER_ADDRESS: i64 = 20;
/// From so many rows of an application in a quarter of an hour on, all further addresses share the slots of one; what is written
/// at the same moment may come on top. Addresses with a user and such without are counted apart, so that invented ones
/// can't hide what happens to real ones.
pub const PER_APPLICATION: i64 = 1_000;

/// Why a try failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Nobody has this address.
    UnknownAddress,
    /// It was not the password.
    WrongPassword,
    /// It was the password of somebody who is kept out.
    Suspended,
    /// It was the password of somebody whose address isn't verified, where that is asked for.
    EmailUnverified,
    /// The address is locked for this client.
    AccountLocked,
    /// The account is protected.
    AccountProtected,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 6] = [
        Reason::UnknownAddress,
        Reason::WrongPassword,
        Reason::Suspended,
        Reason::EmailUnverified,
        Reason::AccountLocked,
        Reason::AccountProtected,
    ];

    /// Its name outside.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reason::UnknownAddress => "unknown_address",
            Reason::WrongPassword => "wrong_password",
            Reason::Suspended => "suspended",
            Reason::EmailUnverified => "email_unverified",
            Reason::AccountLocked => "account_locked",
            Reason::AccountProtected => "account_protected",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A try failed.
    Failed(Reason),
    /// Guessing locked an address, and no user's stream says so: nobody has it, or an earlier lock still held.
    Locked,
}

impl What {
    fn action(self) -> Action {
        match self {
            What::Failed(_) => Action::LoginFailed,
            What::Locked => Action::Locked,
        }
    }

    fn reason(self) -> Option<&'static str> {
        match self {
            What::Failed(reason) => Some(reason.name()),
            What::Locked => None,
        }
    }
}

/// A try that failed. Holds personal data.
#[derive(Clone)]
pub struct LoginFailure {
    /// Names its entry.
    pub id: Uuid,
    /// Where it was tried.
    pub application: ApplicationId,
    /// Keyed hash of the canonical address.
    pub address: [u8; 32],
    /// Who owns the address, if that was looked up; else it is looked up when this is written.
    pub user: Option<UserId>,
    /// What happened.
    pub what: What,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// Address of the client.
    pub client_address: String,
    /// The client's own name for itself.
    pub user_agent: Option<String>,
    /// The request.
    pub request_id: String,
}

#[derive(Default)]
struct Columns<'a> {
    ids: Vec<Uuid>,
    applications: Vec<Uuid>,
    addresses: Vec<&'a [u8]>,
    users: Vec<Option<Uuid>>,
    actions: Vec<&'static str>,
    reasons: Vec<Option<&'static str>>,
    occurred_at: Vec<DateTime<Utc>>,
    client_addresses: Vec<&'a str>,
    user_agents: Vec<Option<&'a str>>,
    request_ids: Vec<&'a str>,
}

/// Writes failures, as far as there is room; the others are counted in the last row of their address.
///
/// One statement. It locks no row but the last ones it counts in, and holds the data keys of those concerned until its commit,
/// as an append does: of a person who is erased at the same time nothing is left. Of two nodes that take the same slot at
/// the same moment the second is counted in the first one's row.
///
/// # Errors
/// Postgres is away.
pub async fn write(pool: &Pool, failures: &[LoginFailure]) -> Result<(), Error> {
    let columns = Columns::of(failures);
    sqlx::query(
        "WITH given AS (
             SELECT f.id, f.application_id, f.address, f.action, f.reason, f.occurred_at, f.client_address, f.user_agent,
                    f.request_id, coalesce(f.user_id, c.user_id) AS user_id,
                    date_bin('15 minutes', f.occurred_at, timestamptz 'epoch') AS quarter
             FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[],
                         $8::text[], $9::text[], $10::text[])
                  AS f (id, application_id, address, user_id, action, reason, occurred_at, client_address, user_agent, request_id)
                  LEFT JOIN claims c ON c.application_id = f.application_id AND c.value = f.address
         ), held AS MATERIALIZED (
             SELECT user_id FROM secrets.data_keys WHERE user_id IN (SELECT user_id FROM given) FOR KEY SHARE
         ), kept AS (
             SELECT * FROM given WHERE user_id IS NULL OR user_id IN (SELECT user_id FROM held)
         ), crowded AS (
             SELECT application_id, quarter, is_known, $11 <= (SELECT count(*) FROM (
                 SELECT FROM login_failures l
                 WHERE l.application_id = k.application_id AND (l.user_id IS NOT NULL) = k.is_known
                   AND l.occurred_at >= k.quarter AND l.occurred_at < k.quarter + interval '15 minutes'
                 LIMIT $11) AS rows) AS is_crowded
             FROM (SELECT DISTINCT application_id, quarter, user_id IS NOT NULL AS is_known FROM kept) AS k
         ), placed AS (
             SELECT k.*, CASE WHEN f.is_crowded THEN ''::bytea ELSE k.address END AS place
             FROM kept k JOIN crowded f ON f.application_id = k.application_id AND f.quarter = k.quarter
                                    AND f.is_known = (k.user_id IS NOT NULL)
         ), slotted AS (
             SELECT p.*, least($12, row_number() OVER (
                 PARTITION BY p.application_id, p.place, p.action, p.quarter ORDER BY p.occurred_at, p.id)
                 + (SELECT count(*) FROM login_failures l WHERE l.application_id = p.application_id
                    AND l.address = p.place AND l.action = p.action AND l.quarter = p.quarter)) AS slot
             FROM placed p
         )
         INSERT INTO login_failures AS l (id, application_id, address, action, quarter, slot, occurred_at, user_id,
                                          client_address, user_agent, request_id, reason, suppressed)
         SELECT DISTINCT ON (application_id, place, action, quarter, slot) id, application_id, place, action, quarter, slot,
                occurred_at, user_id, client_address, user_agent, request_id, reason,
                count(*) OVER (PARTITION BY application_id, place, action, quarter, slot) - 1
         FROM slotted ORDER BY application_id, place, action, quarter, slot, occurred_at, id
         ON CONFLICT (application_id, address, action, quarter, slot) DO UPDATE
             SET suppressed = l.suppressed + excluded.suppressed + 1",
    )
    .bind(columns.ids)
    .bind(columns.applications)
    .bind(columns.addresses)
    .bind(columns.users)
    .bind(columns.actions)
    .bind(columns.reasons)
    .bind(columns.occurred_at)
    .bind(columns.client_addresses)
    .bind(columns.user_agents)
    .bind(columns.request_ids)
    .bind(PER_APPLICATION)
    .bind(PER_ADDRESS)
    .execute(pool)
    .await?;
    Ok(())
}

impl<'a> Columns<'a> {
    fn of(failures: &'a [LoginFailure]) -> Self {
        let mut columns = Columns::default();
        for failure in failures {
            columns.ids.push(failure.id);
            columns.applications.push(failure.application.uuid());
            columns.addresses.push(&failure.address);
            columns.users.push(failure.user.map(|user| user.uuid()));
            columns.actions.push(failure.what.action().name());
            columns.reasons.push(failure.what.reason());
            columns.occurred_at.push(failure.occurred_at);
            columns.client_addresses.push(&failure.client_address);
            columns.user_agents.push(failure.user_agent.as_deref());
            columns.request_ids.push(&failure.request_id);
        }
        columns
    }
}

/// Removes what failed for a user and for their address; before their claim on it goes.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(connection: &mut PgConnection, user: UserId) -> Result<(), Error> {
    sqlx::query(
        "DELETE FROM login_failures l USING claims c
         WHERE c.user_id = $1 AND l.application_id = c.application_id AND (l.user_id = $1 OR l.address = c.value)",
    )
    .bind(user.uuid())
    .execute(connection)
    .await?;
    Ok(())
}
