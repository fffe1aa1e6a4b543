//! The question behind every access and refresh token: does this session live, and whose is it? Asked by key, and by so many
//! requests that it can be [gathered](crate::gathered).

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, Session, SessionId};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _};
use uuid::Uuid;

use super::{COLUMNS, SessionRow};
use crate::event_log::StoredState;
use crate::gathered::{self, LookUp};
use crate::sealing::Sealed;
use crate::users::{self, UserRow};
use crate::{Error, Pool};

/// Which session, asked for whom and when.
#[derive(Debug, Clone, Copy)]
pub struct Which {
    /// The application that asks; another one's session is not there.
    pub application: ApplicationId,
    /// The session.
    pub session: SessionId,
    /// The moment at which it has to live.
    pub now: DateTime<Utc>,
}

/// Living sessions with these columns besides the user's, and with these tables besides.
///
/// Behind OFFSET 0 the planner can't move a condition. Without it, on tables that nobody has analysed yet, it reads all living
/// sessions of the application to find a few by their ids.
fn statement(columns: &str, tables: &str) -> String {
    format!(
        "SELECT q.number, {columns}, {users}
         FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) WITH ORDINALITY
                  AS q (application_id, session_id, now, number)
             CROSS JOIN LATERAL (SELECT * FROM sessions WHERE id = q.session_id OFFSET 0) s
             JOIN users u ON u.id = s.user_id {tables}
             LEFT JOIN last_logins l ON l.user_id = u.id
         WHERE s.application_id = q.application_id AND u.status = 'active' AND {alive}",
        users = users::COLUMNS,
        alive = alive!("q.now"),
    )
}

fn asking<'q>(statement: &'static str, questions: &[&Which]) -> Query<'q, Postgres, PgArguments> {
    sqlx::query(statement)
        .bind(questions.iter().map(|which| which.application.uuid()).collect::<Vec<Uuid>>())
        .bind(questions.iter().map(|which| which.session.uuid()).collect::<Vec<Uuid>>())
        .bind(questions.iter().map(|which| which.now).collect::<Vec<DateTime<Utc>>>())
}

/// The session and its user, if the session lives: asked by every request with an access token.
pub enum Live {}

impl LookUp for Live {
    type Question = Which;
    type Answer = (SessionRow, UserRow);

    fn query<'q>(questions: &[&Which]) -> Query<'q, Postgres, PgArguments> {
        static STATEMENT: LazyLock<String> = LazyLock::new(|| statement(COLUMNS, ""));
        asking(&STATEMENT, questions)
    }

    fn read(row: &PgRow) -> Result<Self::Answer, Error> {
        Ok((SessionRow::read(row)?, UserRow::read(row)?))
    }
}

/// [`Live`], asked alone.
///
/// # Errors
/// Postgres is away.
pub async fn live(
    pool: &Pool,
    application: ApplicationId,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<Option<(SessionRow, UserRow)>, Error> {
    gathered::alone::<Live>(pool, &Which { application, session, now }).await
}

/// A living session, as a refresh needs it.
pub struct Refreshable {
    /// Its user.
    pub user: UserRow,
    /// SHA-256 of its current refresh token.
    pub hash: Vec<u8>,
    /// What its events have come to, to decide on.
    pub stored: StoredState<Session>,
}

impl LookUp for Refreshable {
    type Question = Which;
    type Answer = Refreshable;

    fn query<'q>(questions: &[&Which]) -> Query<'q, Postgres, PgArguments> {
        static STATEMENT: LazyLock<String> = LazyLock::new(|| {
            statement(
                &format!("{COLUMNS}, s.generation, s.counter, s.sequence, t.hash, k.key_id, k.wrapped"),
                "JOIN secrets.refresh_tokens t ON t.session_id = s.id
                 LEFT JOIN secrets.data_keys k ON k.user_id = u.id",
            )
        });
        asking(&STATEMENT, questions)
    }

    fn read(row: &PgRow) -> Result<Self, Error> {
        let user = UserRow::read(row)?;
        let key = match row.try_get::<Option<String>, _>("key_id")? {
            Some(key_id) => Some((user.id, Sealed { key_id, content: row.try_get("wrapped")? })),
            None => None,
        };
        let stored = StoredState { state: state(row, &user)?, sequence: row.try_get("sequence")?, key };
        Ok(Refreshable { user, hash: row.try_get("hash")?, stored })
    }
}

/// The session itself: its row holds all that the fold of its events would be (`docs/decisions/0018`), and one that lives has
/// not ended.
fn state(row: &PgRow, user: &UserRow) -> Result<Session, Error> {
    let session = SessionRow::read(row)?;
    let (generation, counter): (i32, i64) = (row.try_get("generation")?, row.try_get("counter")?);
    let corrupt = |column: &str| Error::Corrupt(format!("sessions.{column}"));
    Ok(Session {
        started: true,
        app_id: user.application_id,
        user_id: user.id,
        generation: u32::try_from(generation).map_err(|_negative| corrupt("generation"))?,
        counter: u32::try_from(counter).map_err(|_too_large| corrupt("counter"))?,
        // A refresh is the one use of a session that is an event, and it gives out a token.
        rotated_at: session.last_used_at,
        client_address: session.client_address.into(),
        user_agent: session.user_agent.into(),
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.expires_at,
        ended: None,
    })
}

/// [`Refreshable`], asked alone.
///
/// # Errors
/// Postgres is away.
pub async fn refreshable(
    pool: &Pool,
    application: ApplicationId,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<Option<Refreshable>, Error> {
    gathered::alone::<Refreshable>(pool, &Which { application, session, now }).await
}
