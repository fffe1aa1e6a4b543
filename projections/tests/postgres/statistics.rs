//! An application's numbers: the same from scratch and in any batches, and right after somebody left.

use chrono::{Duration, NaiveDate};
use devauth_aggregates::{EndReason, Session, SessionEvent, SessionId, TokenId, User, UserEvent, UserId};
use devauth_projections::read_models::ReadModel;
use devauth_projections::statistics::{DayStatistics, Statistics, get};
use devauth_projections::{Pool, sessions};

use crate::fixture::{Fixture, application, at, rows, run, started};
use crate::follow::{destroy_key, equals_any_rebuild, follow, live_through_everything, number};

const MODEL: ReadModel = ReadModel::Statistics;
const DAY: i64 = 86_400;

fn today() -> NaiveDate {
    at(0).date_naive()
}

async fn numbers(fixture: &Fixture) -> Statistics {
    number(fixture).await;
    follow(fixture, MODEL, 3).await;
    get(&mut fixture.pool.acquire().await.unwrap(), application(), today(), 1).await.unwrap()
}

fn verified(fixture: &Fixture) -> UserEvent {
    UserEvent::EmailVerified { token_id: TokenId::from_uuid(fixture.id()), at: at(1) }
}

async fn append(fixture: &Fixture, user: UserId, event: UserEvent) {
    fixture.append::<User>(user, &[event]).await;
}

#[tokio::test]
async fn incremental_equals_from_scratch_equals_any_batches() {
    let fixture = Fixture::new().await;
    live_through_everything(&fixture, MODEL).await;
    equals_any_rebuild(&fixture, MODEL).await;
}

#[tokio::test]
async fn who_is_erased_is_no_verified_or_suspended_user_any_more() {
    let fixture = Fixture::new().await;
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(fixture.user().await);
    }
    for user in &all[..3] {
        append(&fixture, *user, verified(&fixture)).await;
    }
    for user in &all[1..] {
        append(&fixture, *user, UserEvent::UserSuspended { at: at(2) }).await;
    }
    append(&fixture, all[1], UserEvent::UserRestored { at: at(3) }).await;
    let before = numbers(&fixture).await;
    assert_eq!((before.users, before.verified, before.suspended), (4, 3, 2));

    // One who is verified and suspended, and one who is neither any more.
    for user in [all[2], all[1]] {
        destroy_key(&fixture, user).await;
        append(&fixture, user, UserEvent::UserErased { at: at(4) }).await;
    }
    let after = numbers(&fixture).await;

    assert_eq!((after.users, after.verified, after.suspended), (2, 1, 1));
    assert_eq!(after.days[0].signups, 4, "they signed up all the same");
    let kept = rows(&mut fixture.owner().await, "statistics_users").await;
    assert!(!kept.concat().contains(&all[2].uuid().to_string()) && kept.len() == 2, "{kept:?}");
    equals_any_rebuild(&fixture, MODEL).await;
}

#[tokio::test]
async fn an_application_whose_only_user_came_and_went_has_its_row_in_any_batches() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    append(&fixture, user, UserEvent::UserErased { at: at(1) }).await;
    let found = numbers(&fixture).await;
    assert_eq!((found.users, found.days[0].signups), (0, 1));
    equals_any_rebuild(&fixture, MODEL).await;
}

#[tokio::test]
async fn every_day_that_is_asked_for_is_there_oldest_first_and_by_utc() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    let midnight = DAY - at(0).timestamp() % DAY;
    for seconds in [0, midnight - 1, midnight, 2 * DAY] {
        fixture.append::<Session>(fixture.session_id(), &[started(user, 0, seconds)]).await;
    }
    numbers(&fixture).await;

    let of =
        async |last, days| get(&mut fixture.pool.acquire().await.unwrap(), application(), last, days).await;
    let on = |back: i64, signups, logins| DayStatistics {
        day: today() + Duration::days(2 - back),
        signups,
        logins,
    };
    let last = today() + Duration::days(2);
    let expected = vec![on(3, 0, 0), on(2, 1, 2), on(1, 0, 1), on(0, 0, 1)];
    assert_eq!(of(last, 4).await.unwrap().days, expected);
    assert_eq!(of(last, 1).await.unwrap().days, expected[3..]);
    assert_eq!(of(last, 365).await.unwrap().days.len(), 365);
    let elsewhere = devauth_aggregates::ApplicationId::from_uuid(fixture.id());
    let nothing = get(&mut fixture.pool.acquire().await.unwrap(), elsewhere, last, 2).await.unwrap();
    assert_eq!((nothing.users, &nothing.days[..]), (0, &[on(1, 0, 0), on(0, 0, 0)][..]));
}

async fn living(pool: &Pool, seconds: i64) -> i64 {
    sessions::count_living(&mut pool.acquire().await.unwrap(), application(), at(seconds)).await.unwrap()
}

#[tokio::test]
async fn sessions_are_counted_while_they_live() {
    let fixture = Fixture::new().await;
    let (ada, bob) = (fixture.user().await, fixture.user().await);
    let mut of_ada: Vec<SessionId> = Vec::new();
    for seconds in [0, 100, 200] {
        of_ada.push(fixture.session_id());
        fixture.append::<Session>(of_ada[of_ada.len() - 1], &[started(ada, 0, seconds)]).await;
    }
    fixture.session(bob, 0).await;
    assert_eq!(living(&fixture.pool, 300).await, 4);
    assert_eq!(living(&fixture.pool, 3_650).await, 2, "each lasts an hour");

    let ended = SessionEvent::SessionEnded { reason: EndReason::Logout, at: at(300) };
    fixture.append::<Session>(of_ada[0], &[ended]).await;
    assert_eq!(living(&fixture.pool, 300).await, 3);
    append(&fixture, bob, UserEvent::UserSuspended { at: at(301) }).await;
    assert_eq!(living(&fixture.pool, 302).await, 2);
    let kept_session = Some(of_ada[2]);
    append(&fixture, ada, UserEvent::PasswordChanged { kept_session, at: at(303) }).await;
    assert_eq!(living(&fixture.pool, 304).await, 1, "the others are of an older generation");

    // The index answers what there is to know of each session.
    let mut owner = fixture.owner().await;
    run(&mut owner, "SET enable_seqscan = off").await;
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN SELECT s.id, s.user_id, s.generation FROM sessions s
         WHERE s.application_id = gen_random_uuid() AND s.ended_at IS NULL AND s.expires_at > now()",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert!(plan.concat().contains("sessions_living"), "{plan:?}");
}
