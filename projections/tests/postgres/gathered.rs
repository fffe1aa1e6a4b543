//! Look-ups that one statement answers together: everybody gets their own answer, whatever happens to the others and to the
//! connection.

use std::sync::Arc;
use std::time::Duration;

use devauth_aggregates::{
    ApplicationId, Personal, Session, SessionEvent, SessionId, User, UserEvent, UserId,
};
use devauth_projections::gathered::{Gathered, LookUp};
use devauth_projections::pool::PoolSettings;
use devauth_projections::sessions::{Live, Which};
use devauth_projections::{Error, pool};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, Row as _};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::fixture::{Fixture, at, eventually, registered, run, started};

/// A user of `application` with a session that begins at `seconds` and lasts an hour.
async fn logged_in(fixture: &Fixture, application: ApplicationId, seconds: i64) -> (UserId, SessionId) {
    let (user, session) = (fixture.user_id(), fixture.session_id());
    let UserEvent::UserRegistered { email, metadata, at, .. } = registered() else { unreachable!() };
    let event = UserEvent::UserRegistered { app_id: application, email, metadata, at };
    fixture.append::<User>(user, &[event]).await;
    let SessionEvent::SessionStarted { expires_at, at, .. } = started(user, 0, seconds) else {
        unreachable!()
    };
    let event = SessionEvent::SessionStarted {
        app_id: application,
        user_id: user,
        generation: 0,
        client_address: Personal::Clear(None),
        user_agent: Personal::Clear(Some(session.to_string())),
        expires_at,
        at,
    };
    fixture.append::<Session>(session, &[event]).await;
    (user, session)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_look_ups_of_several_applications_at_once_each_get_their_own_answer() {
    let fixture = Fixture::new().await;
    let applications = [1, 2, 3].map(|number| ApplicationId::from_uuid(Uuid::from_u128(number)));
    let mut sessions = Vec::new();
    for number in 0..12_u32 {
        let application = applications[number as usize % 3];
        let (user, session) = logged_in(&fixture, application, i64::from(number)).await;
        sessions.push((application, user, session, i64::from(number) + 3_600));
    }
    let nobody = (applications[0], fixture.user_id(), fixture.session_id(), 0);
    sessions.push(nobody);
    let live = Gathered::<Live>::new(fixture.pool.clone());
    let asking: Vec<JoinHandle<()>> = (0..200_usize)
        .map(|number| {
            let (own, user, session, ends) = sessions[number % sessions.len()];
            let application = applications[number / sessions.len() % 3];
            let now = at(3_600 + i64::try_from(number % 7).unwrap());
            let live = live.clone();
            tokio::spawn(async move {
                let found = live.ask(Which { application, session, now }).await.unwrap();
                let found = found.map(|(row, of)| (row.id, row.user_agent, of.id, of.application_id));
                let expected = (application == own && now < at(ends))
                    .then(|| (session, Some(session.to_string()), user, application));
                assert_eq!(found, expected, "{number}");
            })
        })
        .collect();
    for one in asking {
        one.await.unwrap();
    }
}

/// A hundred through a number. Waits for the advisory lock 1, so that a test can hold a statement up.
enum Hundredth {}

impl LookUp for Hundredth {
    type Question = i32;
    type Answer = i32;

    fn query<'q>(questions: &[&i32]) -> Query<'q, Postgres, PgArguments> {
        sqlx::query(
            "SELECT q.number, 100 / q.divisor AS answer, pg_advisory_xact_lock_shared(1)::text
             FROM unnest($1::int[]) WITH ORDINALITY AS q (divisor, number) WHERE q.divisor <> 7",
        )
        .bind(questions.iter().map(|divisor| **divisor).collect::<Vec<i32>>())
    }

    fn read(row: &PgRow) -> Result<i32, Error> {
        match row.try_get("answer")? {
            100 => Err(Error::Corrupt("one is no good".to_owned())),
            answer => Ok(answer),
        }
    }
}

/// Look-ups that wait for whoever holds the lock.
struct Held {
    fixture: Fixture,
    owner: PgConnection,
    look_ups: Gathered<Hundredth>,
}

impl Held {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let mut owner = fixture.owner().await;
        run(&mut owner, "SELECT pg_advisory_lock(1)").await;
        let look_ups = Gathered::new(fixture.pool.clone());
        Held { fixture, owner, look_ups }
    }

    fn ask(&self, divisor: i32) -> JoinHandle<Result<Option<i32>, Error>> {
        let look_ups = self.look_ups.clone();
        tokio::spawn(async move { look_ups.ask(divisor).await })
    }

    /// Waits until a statement waits for the lock; answers whose it is.
    async fn until_waiting(&self) -> i32 {
        let mut seen = self.fixture.owner().await;
        let mut waiting: Vec<i32> = Vec::new();
        eventually("the statement waits", async || {
            waiting = sqlx::query_scalar(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'",
            )
            .fetch_all(&mut seen)
            .await
            .unwrap();
            waiting.len() == 1
        })
        .await;
        waiting[0]
    }

    async fn go_on(&mut self) {
        run(&mut self.owner, "SELECT pg_advisory_unlock(1)").await;
    }

    /// Has one look-up wait, so that what is asked now is gathered.
    async fn hold_one(&self) -> JoinHandle<Result<Option<i32>, Error>> {
        let asked = self.ask(50);
        self.until_waiting().await;
        asked
    }
}

#[tokio::test]
async fn one_that_cannot_be_answered_harms_nobody_else() {
    let mut held = Held::new().await;
    let before = held.hold_one().await;
    let divisors = [10, 0, 20, 1, 7, 25, 0];
    let asked = divisors.map(|divisor| held.ask(divisor));
    tokio::task::yield_now().await;
    held.go_on().await;

    assert_eq!(before.await.unwrap().unwrap(), Some(2));
    for (divisor, one) in divisors.into_iter().zip(asked) {
        let answer = one.await.unwrap();
        match divisor {
            0 => assert!(matches!(answer, Err(Error::Database(_))), "{answer:?}"),
            1 => assert!(matches!(answer, Err(Error::Corrupt(_))), "{answer:?}"),
            7 => assert_eq!(answer.unwrap(), None),
            divisor => assert_eq!(answer.unwrap(), Some(100 / divisor)),
        }
    }
}

#[tokio::test]
async fn who_goes_away_while_waiting_leaves_the_others_their_answers() {
    let mut held = Held::new().await;
    let mut asked = vec![held.hold_one().await];
    asked.extend((0..20).map(|_| held.ask(50)));
    tokio::task::yield_now().await;
    // One of those under way, and every second of those that wait.
    for one in asked.iter().step_by(2) {
        one.abort();
    }
    held.go_on().await;

    for (number, one) in asked.into_iter().enumerate() {
        match one.await {
            Ok(answer) => assert_eq!(answer.unwrap(), Some(2)),
            Err(aborted) => assert!(aborted.is_cancelled() && number % 2 == 0),
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_killed_under_a_look_up_is_replaced_and_the_look_up_answered() {
    let mut held = Held::new().await;
    held.go_on().await;
    assert_eq!(held.ask(50).await.unwrap().unwrap(), Some(2));
    run(&mut held.owner, "SELECT pg_advisory_lock(1)").await;
    let asked = held.hold_one().await;
    let mut killer = held.fixture.owner().await;
    let pid = held.until_waiting().await;
    sqlx::query("SELECT pg_terminate_backend($1)").bind(pid).execute(&mut killer).await.unwrap();
    held.go_on().await;
    assert_eq!(asked.await.unwrap().unwrap(), Some(2));
    assert_eq!(held.ask(50).await.unwrap().unwrap(), Some(2), "and it goes on");

    // Idle connections that were killed are noticed with the next look-up, which is answered all the same.
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        .execute(&mut killer)
        .await
        .unwrap();
    for _ in 0..10 {
        assert_eq!(held.ask(50).await.unwrap().unwrap(), Some(2));
    }
}

#[tokio::test]
async fn while_postgres_is_away_all_are_told_in_time() {
    let nowhere = "postgres://nobody@127.0.0.1:1/nothing";
    let settings = PoolSettings { acquire_timeout: Duration::from_millis(50), ..PoolSettings::default() };
    let look_ups = Arc::new(Gathered::<Hundredth>::new(pool::lazy(nowhere, &settings).unwrap()));
    let asked: Vec<_> = (0..400)
        .map(|_| {
            let look_ups = look_ups.clone();
            tokio::spawn(async move { look_ups.ask(50).await })
        })
        .collect();
    for one in asked {
        assert!(matches!(one.await.unwrap(), Err(Error::Unavailable(_))));
    }
}

#[tokio::test]
async fn after_the_pool_is_closed_nobody_waits() {
    let mut held = Held::new().await;
    held.go_on().await;
    assert_eq!(held.ask(50).await.unwrap().unwrap(), Some(2));
    held.fixture.pool.close().await;

    assert!(matches!(held.ask(50).await.unwrap(), Err(Error::Unavailable(_))));
}
