//! A job is worked on by one worker at a time, and by another if that one dies.

use std::collections::HashSet;

use chrono::Duration;
use devauth_projections::Pool;
use devauth_projections::jobs::{self, Job, NewJob};
use uuid::Uuid;

use crate::fixture::{Fixture, application, at, run};

const LEASE: Duration = Duration::seconds(90);

async fn job(fixture: &Fixture, seconds: i64) -> Uuid {
    let job = NewJob {
        id: fixture.id(),
        kind: "verify_email",
        application_id: application(),
        user_id: fixture.user_id(),
        token_id: None,
        give_up_at: at(86_400),
        now: at(seconds),
        traceparent: None,
    };
    jobs::insert_alone(&fixture.pool, &job).await.unwrap();
    job.id
}

async fn take(fixture: &Fixture, seconds: i64, limit: i64) -> Vec<Job> {
    jobs::take(&fixture.pool, at(seconds), limit, LEASE).await.unwrap()
}

async fn taken(fixture: &Fixture, seconds: i64) -> Vec<Uuid> {
    take(fixture, seconds, 100).await.into_iter().map(|job| job.id).collect()
}

#[tokio::test]
async fn a_job_is_taken_when_it_is_due_and_then_leased() {
    let fixture = Fixture::new().await;
    let id = job(&fixture, 10).await;

    assert!(taken(&fixture, 9).await.is_empty(), "not yet due");
    let first = take(&fixture, 10, 1).await;
    assert_eq!(first.iter().map(|job| (job.id, job.attempts)).collect::<Vec<_>>(), [(id, 1)]);
    assert_eq!((first[0].kind.as_str(), first[0].give_up_at), ("verify_email", at(86_400)));
    assert!(taken(&fixture, 99).await.is_empty(), "leased");
    let again = take(&fixture, 100, 1).await;
    assert_eq!(
        again.iter().map(|job| (job.id, job.attempts)).collect::<Vec<_>>(),
        [(id, 2)],
        "its worker died"
    );
}

#[tokio::test]
async fn what_is_done_dead_or_cancelled_never_comes_back() {
    let fixture = Fixture::new().await;
    let (done, dead, cancelled) = (job(&fixture, 0).await, job(&fixture, 0).await, job(&fixture, 0).await);
    assert_eq!(taken(&fixture, 0).await.len(), 3);
    assert_eq!(jobs::backlog(&fixture.pool).await.unwrap(), (3, Some(at(0))));

    jobs::done(&fixture.pool, done).await.unwrap();
    jobs::dead(&fixture.pool, dead, "refused").await.unwrap();
    jobs::cancel(&fixture.pool, cancelled).await.unwrap();
    // Whoever was late with it changes nothing any more.
    jobs::retry(&fixture.pool, done, at(1), "late").await.unwrap();
    jobs::done(&fixture.pool, dead).await.unwrap();
    jobs::dead(&fixture.pool, cancelled, "late").await.unwrap();

    assert!(taken(&fixture, 1_000_000).await.is_empty());
    assert_eq!(jobs::backlog(&fixture.pool).await.unwrap(), (0, None));
    let states: Vec<(Uuid, String, Option<String>)> =
        sqlx::query_as("SELECT id, state, last_error FROM jobs ORDER BY id")
            .fetch_all(&fixture.pool)
            .await
            .unwrap();
    let state = |id, state: &str, error: Option<&str>| (id, state.to_owned(), error.map(str::to_owned));
    assert_eq!(
        states,
        [
            state(done, "done", None),
            state(dead, "dead", Some("refused")),
            state(cancelled, "cancelled", None)
        ]
    );
}

#[tokio::test]
async fn a_failed_job_comes_back_when_it_was_told_to() {
    let fixture = Fixture::new().await;
    let id = job(&fixture, 0).await;
    taken(&fixture, 0).await;

    jobs::retry(&fixture.pool, id, at(5), "timeout").await.unwrap();

    assert!(taken(&fixture, 4).await.is_empty());
    assert_eq!(taken(&fixture, 5).await, [id], "long before the lease would have ended");
}

#[tokio::test]
async fn the_same_job_is_written_once() {
    let fixture = Fixture::new().await;
    let job = NewJob {
        id: fixture.id(),
        kind: "signup_attempted",
        application_id: application(),
        user_id: fixture.user_id(),
        token_id: None,
        give_up_at: at(9),
        now: at(0),
        traceparent: None,
    };
    for _ in 0..2 {
        jobs::insert_alone(&fixture.pool, &job).await.unwrap();
    }
    assert_eq!(taken(&fixture, 0).await, [job.id]);
}

#[tokio::test]
async fn workers_who_take_at_once_never_get_the_same_job() {
    let fixture = Fixture::new().await;
    for _ in 0..60 {
        job(&fixture, 0).await;
    }
    let workers = (0..6).map(|_| tokio::spawn(drain(fixture.pool.clone())));
    let mut all = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        all.extend(worker.await.unwrap());
    }

    assert_eq!(all.len(), 60);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 60);
}

async fn drain(pool: Pool) -> Vec<Uuid> {
    let mut mine = Vec::new();
    loop {
        let jobs = jobs::take(&pool, at(0), 3, LEASE).await.unwrap();
        if jobs.is_empty() {
            return mine;
        }
        mine.extend(jobs.into_iter().map(|job| job.id));
    }
}

#[tokio::test]
async fn a_job_somebody_else_holds_is_passed_over_and_not_waited_for() {
    let fixture = Fixture::new().await;
    let (held, free) = (job(&fixture, 0).await, job(&fixture, 1).await);
    let mut other = fixture.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM jobs WHERE id = $1 FOR UPDATE").bind(held).execute(&mut *other).await.unwrap();

    assert_eq!(taken(&fixture, 1).await, [free]);

    other.rollback().await.unwrap();
    assert_eq!(taken(&fixture, 1).await, [held]);
}

/// The planner may run a subquery again for each row that it is compared with, and each run would take others.
#[tokio::test]
async fn no_more_are_taken_than_were_asked_for_whatever_the_plan() {
    let fixture = Fixture::new().await;
    for _ in 0..30 {
        job(&fixture, 0).await;
    }
    let mut owner = fixture.owner().await;
    run(
        &mut owner,
        "DO $$ BEGIN
             EXECUTE format('ALTER DATABASE %I SET enable_hashjoin = off', current_database());
             EXECUTE format('ALTER DATABASE %I SET enable_mergejoin = off', current_database());
             EXECUTE format('ALTER DATABASE %I SET enable_hashagg = off', current_database());
             EXECUTE format('ALTER DATABASE %I SET enable_sort = off', current_database());
             EXECUTE format('ALTER DATABASE %I SET enable_material = off', current_database());
         END $$",
    )
    .await;
    let pool = crate::fixture::open(&fixture.database.url).await;

    let taken = jobs::take(&pool, at(0), 4, LEASE).await.unwrap();

    assert_eq!(taken.len(), 4);
    let leased: i64 =
        sqlx::query_scalar("SELECT count(*) FROM jobs WHERE attempts > 0").fetch_one(&pool).await.unwrap();
    assert_eq!(leased, 4);
}
