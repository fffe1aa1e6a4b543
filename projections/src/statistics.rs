//! How many users an application has, and what happened in it on each day (UTC). Sessions that live are counted where they are,
//! by [`crate::sessions::count_living`].

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use devauth_aggregates::{ApplicationId, DomainEvent, SessionEvent, UserEvent};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::feed::Recorded;
use crate::{Error, Pool};

/// What a user counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counted {
    verified: bool,
    suspended: bool,
}

/// A user before and after a batch; `None` where they don't count at all.
#[derive(Debug, Clone, Copy)]
struct User {
    application: Uuid,
    before: Option<Counted>,
    now: Option<Counted>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Day {
    signups: i64,
    logins: i64,
}

/// Users are in an order, so that rows are always written in the same one.
#[derive(Default)]
struct Batch {
    users: BTreeMap<Uuid, User>,
    days: BTreeMap<(Uuid, NaiveDate), Day>,
}

/// Projects events.
///
/// # Errors
/// Postgres is away, or refuses a row.
pub(crate) async fn apply(connection: &mut PgConnection, events: &[Recorded]) -> Result<(), Error> {
    let known = known(connection, events).await?;
    let mut batch = Batch::default();
    for recorded in events {
        batch.count(recorded, &known);
    }
    // Most of what is in the log changes no user: who only logged in or refreshed doesn't.
    batch.users.retain(|_, user| user.changed());
    if !batch.users.is_empty() {
        batch.write_users(connection).await?;
        batch.write_totals(connection).await?;
    }
    if batch.days.is_empty() { Ok(()) } else { batch.write_days(connection).await }
}

impl User {
    /// Who came and left within a batch changed something, too: their application has a row, with whatever numbers.
    fn changed(&self) -> bool {
        self.before != self.now || self.before.is_none()
    }
}

/// What the users of these events count as so far.
async fn known(connection: &mut PgConnection, events: &[Recorded]) -> Result<HashMap<Uuid, Counted>, Error> {
    let users: Vec<Uuid> = events.iter().filter_map(|recorded| recorded.stored.user_id).collect();
    let rows: Vec<(Uuid, bool, bool)> =
        sqlx::query_as("SELECT user_id, verified, suspended FROM statistics_users WHERE user_id = ANY($1)")
            .bind(users)
            .fetch_all(connection)
            .await?;
    let counted = |(user, verified, suspended)| (user, Counted { verified, suspended });
    Ok(rows.into_iter().map(counted).collect())
}

impl Batch {
    fn count(&mut self, recorded: &Recorded, known: &HashMap<Uuid, Counted>) {
        let application = recorded.stored.application_id;
        let Some(id) = recorded.stored.user_id else { return };
        match &recorded.event {
            DomainEvent::User(event) => {
                let before = known.get(&id).copied();
                let user = self.users.entry(id).or_insert(User { application, before, now: before });
                user.now = after(user.now, event);
                if let UserEvent::UserRegistered { .. } = event {
                    self.day(recorded).signups += 1;
                }
            }
            DomainEvent::Session(SessionEvent::SessionStarted { .. }) => self.day(recorded).logins += 1,
            DomainEvent::Session(
                SessionEvent::SessionRefreshed { .. } | SessionEvent::SessionEnded { .. },
            )
            | DomainEvent::Application(_) => {}
        }
    }

    fn day(&mut self, recorded: &Recorded) -> &mut Day {
        self.days.entry((recorded.stored.application_id, recorded.at().date_naive())).or_default()
    }

    async fn write_users(&self, connection: &mut PgConnection) -> Result<(), Error> {
        let gone: Vec<Uuid> =
            self.users.iter().filter(|(_, user)| user.now.is_none()).map(|(id, _)| *id).collect();
        sqlx::query("DELETE FROM statistics_users WHERE user_id = ANY($1)")
            .bind(gone)
            .execute(&mut *connection)
            .await?;
        let (mut ids, mut verified, mut suspended) = (Vec::new(), Vec::new(), Vec::new());
        for (id, user) in &self.users {
            let Some(now) = user.now else { continue };
            ids.push(*id);
            verified.push(now.verified);
            suspended.push(now.suspended);
        }
        sqlx::query(
            "INSERT INTO statistics_users (user_id, verified, suspended)
             SELECT * FROM unnest($1::uuid[], $2::boolean[], $3::boolean[])
             ON CONFLICT (user_id) DO UPDATE SET verified = excluded.verified, suspended = excluded.suspended",
        )
        .bind(ids)
        .bind(verified)
        .bind(suspended)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// An application whose users all left still has its row, with zeros: in whatever batches they came and left.
    async fn write_totals(&self, connection: &mut PgConnection) -> Result<(), Error> {
        let mut totals: BTreeMap<Uuid, [i64; 3]> = BTreeMap::new();
        for user in self.users.values() {
            let total = totals.entry(user.application).or_default();
            let (before, now) = (numbers(user.before), numbers(user.now));
            for (total, (now, before)) in total.iter_mut().zip(now.into_iter().zip(before)) {
                *total += now - before;
            }
        }
        sqlx::query(
            "INSERT INTO application_statistics AS s (application_id, users, verified, suspended)
             SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[])
             ON CONFLICT (application_id) DO UPDATE SET users = s.users + excluded.users,
                 verified = s.verified + excluded.verified, suspended = s.suspended + excluded.suspended",
        )
        .bind(totals.keys().copied().collect::<Vec<_>>())
        .bind(totals.values().map(|total| total[0]).collect::<Vec<_>>())
        .bind(totals.values().map(|total| total[1]).collect::<Vec<_>>())
        .bind(totals.values().map(|total| total[2]).collect::<Vec<_>>())
        .execute(connection)
        .await?;
        Ok(())
    }

    async fn write_days(&self, connection: &mut PgConnection) -> Result<(), Error> {
        let (applications, days): (Vec<Uuid>, Vec<NaiveDate>) = self.days.keys().copied().unzip();
        sqlx::query(
            "INSERT INTO application_days AS d (application_id, day, signups, logins)
             SELECT * FROM unnest($1::uuid[], $2::date[], $3::bigint[], $4::bigint[])
             ON CONFLICT (application_id, day) DO UPDATE SET signups = d.signups + excluded.signups,
                 logins = d.logins + excluded.logins",
        )
        .bind(applications)
        .bind(days)
        .bind(self.days.values().map(|day| day.signups).collect::<Vec<_>>())
        .bind(self.days.values().map(|day| day.logins).collect::<Vec<_>>())
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// What a user counts as after an event.
fn after(now: Option<Counted>, event: &UserEvent) -> Option<Counted> {
    match event {
        UserEvent::UserRegistered { .. } => Some(Counted::default()),
        UserEvent::EmailVerified { .. } => now.map(|now| Counted { verified: true, ..now }),
        UserEvent::UserSuspended { .. } => now.map(|now| Counted { suspended: true, ..now }),
        UserEvent::UserRestored { .. } => now.map(|now| Counted { suspended: false, ..now }),
        UserEvent::UserErased { .. } => None,
        UserEvent::EmailVerificationRequested { .. }
        | UserEvent::PasswordResetRequested { .. }
        | UserEvent::PasswordReset { .. }
        | UserEvent::PasswordChanged { .. }
        | UserEvent::MetadataChanged { .. }
        | UserEvent::LoginLocked { .. }
        | UserEvent::SessionsRevoked { .. } => now,
    }
}

/// Users, verified, suspended: what one user adds to each.
fn numbers(user: Option<Counted>) -> [i64; 3] {
    user.map_or([0; 3], |user| [1, i64::from(user.verified), i64::from(user.suspended)])
}

/// An application's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// Users, however they stand.
    pub users: i64,
    /// Those whose address is verified.
    pub verified: i64,
    /// Those who are kept out.
    pub suspended: i64,
    /// The days that were asked for, oldest first, none left out.
    pub days: Vec<DayStatistics>,
}

/// What happened on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayStatistics {
    /// The day, in UTC.
    pub day: NaiveDate,
    /// Users who signed up.
    pub signups: i64,
    /// Sessions that began.
    pub logins: i64,
}

/// The numbers of `application`, with the `days` days up to `today`.
///
/// # Errors
/// Postgres is away.
pub async fn get(
    pool: &Pool,
    application: ApplicationId,
    today: NaiveDate,
    days: i32,
) -> Result<Statistics, Error> {
    let totals: Option<(i64, i64, i64)> = sqlx::query_as(
        "SELECT users, verified, suspended FROM application_statistics WHERE application_id = $1",
    )
    .bind(application.uuid())
    .fetch_optional(pool)
    .await?;
    let (users, verified, suspended) = totals.unwrap_or_default();
    let rows: Vec<(NaiveDate, i64, i64)> = sqlx::query_as(
        "SELECT wanted.day, coalesce(d.signups, 0) AS signups, coalesce(d.logins, 0) AS logins
         FROM (SELECT $2::date - back AS day FROM generate_series(0, $3::integer - 1) AS back) AS wanted
              LEFT JOIN application_days d ON d.application_id = $1 AND d.day = wanted.day
         ORDER BY wanted.day",
    )
    .bind(application.uuid())
    .bind(today)
    .bind(days)
    .fetch_all(pool)
    .await?;
    let day = |(day, signups, logins)| DayStatistics { day, signups, logins };
    Ok(Statistics { users, verified, suspended, days: rows.into_iter().map(day).collect() })
}
