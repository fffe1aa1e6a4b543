//! The question behind every access and refresh token: does this session live, and whose is it? Asked by key, and by so many
//! requests that it can be [gathered](crate::gathered).

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate as _;
use devauth_aggregates::{ApplicationId, Session, SessionId};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _};
use uuid::Uuid;

use super::{COLUMNS, SessionRow};
use crate::event_log::{StoredStream, stored};
use crate::gathered::{self, LookUp};
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

/// Living sessions with these columns besides the user's, and with these tables besides. `more` are arrays that come along with
/// the questions, with the names of their columns.
fn statement(more: (&str, &str), columns: &str, tables: &str) -> String {
    let (arrays, names) = more;
    format!(
        "SELECT q.number, {columns}, {users}
         FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]{arrays}) WITH ORDINALITY
                  AS q (application_id, session_id, now{names}, number)
             JOIN sessions s ON s.application_id = q.application_id AND s.id = q.session_id
             JOIN users u ON u.id = s.user_id {tables}
             LEFT JOIN last_logins l ON l.user_id = u.id
         WHERE u.status = 'active' AND {alive}",
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
        static STATEMENT: LazyLock<String> = LazyLock::new(|| statement(("", ""), COLUMNS, ""));
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
    /// The step that its current refresh token stands for.
    pub counter: u32,
    /// SHA-256 of that token.
    pub hash: Vec<u8>,
    /// Its events, to decide on.
    pub stream: StoredStream,
}

impl LookUp for Refreshable {
    type Question = Which;
    type Answer = Refreshable;

    fn query<'q>(questions: &[&Which]) -> Query<'q, Postgres, PgArguments> {
        static STATEMENT: LazyLock<String> = LazyLock::new(|| {
            statement(
                (", $4::text[]", ", stream"),
                &format!("q.stream, s.counter, t.hash, {}", stored::COLUMNS),
                &format!(
                    "JOIN secrets.refresh_tokens t ON t.session_id = s.id {}",
                    stored::join(Session::TYPE, "q.stream", "u.id")
                ),
            )
        });
        let streams = questions.iter().map(|which| which.session.to_string());
        asking(&STATEMENT, questions).bind(streams.collect::<Vec<String>>())
    }

    fn read(row: &PgRow) -> Result<Self, Error> {
        let counter: i64 = row.try_get("counter")?;
        let counter = u32::try_from(counter).map_err(|_| Error::Corrupt("sessions.counter".to_owned()))?;
        let user = UserRow::read(row)?;
        let stream = StoredStream::read(row, Session::TYPE, row.try_get("stream")?, user.id)?;
        Ok(Refreshable { user, counter, hash: row.try_get("hash")?, stream })
    }
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
