//! Following the log: each event once, in order, whoever does it and whatever happens in between.

use devauth_aggregates::{Session, User, UserEvent, UserId};
use devauth_projections::Error;
use devauth_projections::read_models::ReadModel;
use devauth_projections::subscription::{self, Progress, ProjectionStatus, StepError};
use sqlx::Connection as _;

use crate::fixture::{Fixture, Scene, at, eventually, registered, rows, run, started};

const MODEL: ReadModel = ReadModel::PortalUsers;

/// Users with all that the model shows, each in several events.
async fn history(scene: &Scene, count: usize) -> Vec<UserId> {
    let mut users = Vec::new();
    for seconds in 0..i64::try_from(count).unwrap() {
        let user = scene.user().await;
        scene.append::<User>(user, &[UserEvent::UserSuspended { at: at(seconds) }]).await;
        scene.append::<Session>(scene.session_id(), &[started(user, 0, 100 - seconds)]).await;
        scene.append::<User>(user, &[UserEvent::UserRestored { at: at(seconds + 1) }]).await;
        users.push(user);
    }
    users
}

async fn content(fixture: &Fixture) -> Vec<String> {
    rows(&mut fixture.owner().await, "portal_users").await
}

async fn status(fixture: &Fixture) -> ProjectionStatus {
    let all = subscription::status(&fixture.pool).await.unwrap();
    all.into_iter().find(|status| status.name == MODEL.name()).expect("it is listed")
}

async fn checkpoint(fixture: &Fixture) -> i64 {
    status(fixture).await.checkpoint
}

/// The model from nothing once more.
async fn from_scratch(fixture: &Fixture, batch: i64) -> Vec<String> {
    run(&mut fixture.owner().await, "TRUNCATE portal_users; UPDATE projections SET checkpoint = 0").await;
    fixture.project(MODEL, batch).await;
    content(fixture).await
}

#[tokio::test]
async fn in_whatever_batches_the_rows_are_the_same() {
    let fixture = Fixture::new().await;
    history(&fixture, 5).await;
    fixture.project(MODEL, 500).await;
    let at_once = content(&fixture).await;

    assert_eq!(at_once.len(), 5);
    for batch in [1, 2, 3, 7] {
        assert_eq!(from_scratch(&fixture, batch).await, at_once, "{batch} at a time");
    }
}

#[tokio::test]
async fn of_many_who_follow_at_once_each_event_is_projected_by_one() {
    let fixture = Fixture::new().await;
    history(&fixture, 15).await;
    fixture.number().await;
    let followers: Vec<_> = (0..4)
        .map(|_| {
            let log = fixture.log.clone();
            tokio::spawn(async move {
                let mut projected = 0;
                loop {
                    match subscription::step(&log, MODEL, 2).await.unwrap() {
                        Progress::Projected(count) | Progress::CaughtUp(count) => projected += count,
                        Progress::Elsewhere => tokio::task::yield_now().await,
                        Progress::Idle | Progress::Stopped => return projected,
                    }
                }
            })
        })
        .collect();
    let mut projected = 0;
    for follower in followers {
        projected += follower.await.unwrap();
    }

    assert_eq!(projected, 60, "every event exactly once");
    assert_eq!(checkpoint(&fixture).await, 60);
    let together = content(&fixture).await;
    assert_eq!(from_scratch(&fixture, 500).await, together);
}

/// The connection dies while rows are written and before the checkpoint is: neither is there afterwards.
#[tokio::test]
async fn rows_and_checkpoint_come_together_or_not_at_all() {
    let fixture = Fixture::new().await;
    history(&fixture, 3).await;
    fixture.number().await;
    let mut owner = fixture.owner().await;
    let mut blocker = owner.begin().await.unwrap();
    // The step stands still after its first row: the second meets a lock.
    sqlx::query("LOCK TABLE portal_users IN SHARE MODE").execute(&mut *blocker).await.unwrap();
    let log = fixture.log.clone();
    let dying = tokio::spawn(async move { subscription::step(&log, MODEL, 500).await });
    let mut killer = fixture.owner().await;
    eventually("the step is killed at its first row", async || {
        let killed: Vec<bool> = sqlx::query_scalar(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%portal_users%'",
        )
        .fetch_all(&mut killer)
        .await
        .unwrap();
        killed == [true]
    })
    .await;
    assert!(matches!(dying.await.unwrap(), Err(StepError::Later(_))));
    drop(blocker);
    drop(owner);

    assert_eq!((checkpoint(&fixture).await, content(&fixture).await.len()), (0, 0));
    fixture.project(MODEL, 500).await;
    assert_eq!(content(&fixture).await.len(), 3);
}

/// An event that the table refuses: a row of the same user is there already.
async fn poisoned(fixture: &Fixture) -> (UserId, i64) {
    history(fixture, 2).await;
    fixture.project(MODEL, 500).await;
    let user = fixture.user_id();
    let plant = format!(
        "INSERT INTO portal_users VALUES ('{}', '{}', 'x', 'x', '{{}}', false, 'active', now(), now(), NULL)",
        user.uuid(),
        uuid::Uuid::nil(),
    );
    run(&mut fixture.owner().await, &plant).await;
    fixture.append::<User>(user, &[registered()]).await;
    history(fixture, 2).await;
    fixture.append::<User>(user, &[UserEvent::UserSuspended { at: at(7) }]).await;
    fixture.number().await;
    let position: i64 =
        sqlx::query_scalar("SELECT position FROM event_log WHERE aggregate_id = $1 AND sequence = 1")
            .bind(user.to_string())
            .fetch_one(&fixture.pool)
            .await
            .unwrap();
    (user, position)
}

#[tokio::test]
async fn an_event_that_cant_be_projected_is_named_and_never_passed_over() {
    let fixture = Fixture::new().await;
    let (_, poison) = poisoned(&fixture).await;
    for _ in 0..3 {
        let failed = subscription::step(&fixture.log, MODEL, 500).await;
        assert!(matches!(failed, Err(StepError::Event { position, .. }) if position == poison));
        assert_eq!(checkpoint(&fixture).await, poison - 1);
    }
}

#[tokio::test]
async fn a_parked_stream_is_left_out_visibly_until_it_is_tried_again() {
    let fixture = Fixture::new().await;
    let (user, poison) = poisoned(&fixture).await;
    let Err(StepError::Event { position, error }) = subscription::step(&fixture.log, MODEL, 500).await else {
        panic!("the event is refused");
    };
    subscription::fail(&fixture.pool, MODEL, position, &error).await.unwrap();
    fixture.project(MODEL, 500).await;

    let parked = subscription::parked(&fixture.pool, MODEL).await.unwrap();
    assert_eq!((parked.len(), parked[0].position), (1, poison));
    assert_eq!(parked[0].aggregate_id, user.to_string());
    assert!(parked[0].error.contains("portal_users_pkey"), "{}", parked[0].error);
    assert_eq!(content(&fixture).await.len(), 5, "the others went on");
    assert!(subscription::retry(&fixture.log, MODEL).await.is_err(), "the cause is still there");
    assert_eq!(subscription::parked(&fixture.pool, MODEL).await.unwrap().len(), 1);

    run(&mut fixture.owner().await, "DELETE FROM portal_users WHERE email = 'x'").await;
    assert_eq!(subscription::retry(&fixture.log, MODEL).await.unwrap(), 1);

    assert!(subscription::parked(&fixture.pool, MODEL).await.unwrap().is_empty());
    let after = content(&fixture).await;
    assert_eq!(from_scratch(&fixture, 500).await, after, "nothing is missing any more");
}

/// Somebody else gave up, or got past it, in the meantime.
#[tokio::test]
async fn giving_up_counts_only_while_the_model_stands_before_the_event() {
    let fixture = Fixture::new().await;
    history(&fixture, 1).await;
    fixture.project(MODEL, 500).await;

    subscription::fail(&fixture.pool, MODEL, 2, &Error::Corrupt("x".to_owned())).await.unwrap();

    assert!(subscription::parked(&fixture.pool, MODEL).await.unwrap().is_empty());
    assert_eq!(checkpoint(&fixture).await, 4);
}

#[tokio::test]
async fn a_stopped_model_waits_for_an_operator() {
    let fixture = Fixture::new().await;
    history(&fixture, 1).await;
    fixture.number().await;
    run(&mut fixture.owner().await, "UPDATE projections SET state = 'stopped', error = 'why'").await;
    let step = async || subscription::step(&fixture.log, MODEL, 500).await.unwrap();

    assert_eq!(step().await, Progress::Stopped);
    let status = status(&fixture).await;
    assert_eq!((status.running, status.error.as_deref(), status.lag), (false, Some("why"), 4));

    subscription::retry(&fixture.log, MODEL).await.unwrap();
    assert_eq!(step().await, Progress::CaughtUp(4));
}
