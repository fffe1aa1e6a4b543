//! Users as the portal lists them: the same rows in whatever batches the events came, and found by page, cursor and search.

use devauth_aggregates::{
    ApplicationId, Personal, Session, SessionEvent, TokenId, User, UserEvent, UserId, portal,
};
use devauth_projections::portal_users::{self, Start};
use devauth_projections::read_models::ReadModel;
use devauth_projections::subscription;
use serde_json::Map;

use crate::fixture::{EMAIL, Fixture, application, at, registered, rows, run, started};

const MODEL: ReadModel = ReadModel::PortalUsers;

async fn content(fixture: &Fixture) -> Vec<String> {
    rows(&mut fixture.owner().await, "portal_users").await
}

/// Everything anew, in batches of this size.
async fn from_scratch(fixture: &Fixture, batch: i64) -> Vec<String> {
    let nothing =
        "DELETE FROM portal_users; UPDATE projections SET checkpoint = 0 WHERE name = 'portal_users'";
    run(&mut fixture.owner().await, nothing).await;
    fixture.project(MODEL, batch).await;
    content(fixture).await
}

async fn user_at(fixture: &Fixture, email: &str) -> UserId {
    let (email, metadata) = (Personal::Clear(email.to_owned()), Personal::Clear(Map::new()));
    let registered = UserEvent::UserRegistered { app_id: application(), email, metadata, at: at(0) };
    let user = fixture.user_id();
    fixture.append::<User>(user, &[registered]).await;
    user
}

/// Everything that can happen to a user short of their erasure.
fn life(fixture: &Fixture) -> Vec<UserEvent> {
    let token_id = TokenId::from_uuid(fixture.id());
    vec![
        registered(),
        UserEvent::EmailVerificationRequested { token_id, expires_at: at(60), at: at(1) },
        UserEvent::EmailVerified { token_id, at: at(2) },
        UserEvent::PasswordResetRequested { token_id, expires_at: at(60), at: at(3) },
        UserEvent::PasswordReset { token_id, at: at(4) },
        UserEvent::PasswordChanged { kept_session: None, at: at(5) },
        UserEvent::MetadataChanged { metadata: Personal::Clear(Map::new()), at: at(6) },
        UserEvent::UserSuspended { at: at(6) },
        UserEvent::UserRestored { at: at(7) },
        UserEvent::SessionsRevoked { at: at(8) },
        UserEvent::LoginLocked { until: at(90), at: at(9) },
    ]
}

#[tokio::test]
async fn after_each_event_the_row_says_what_the_users_own_row_says() {
    let fixture = Fixture::new().await;
    let user = fixture.user_id();
    // Not in order: the latest login counts.
    let logins = [50, 10, 90];
    for (index, event) in life(&fixture).into_iter().enumerate() {
        fixture.append::<User>(user, &[event]).await;
        if let Some(seconds) = logins.get(index) {
            let session = fixture.session_id();
            let refreshed = SessionEvent::SessionRefreshed { counter: 1, at: at(seconds + 1) };
            fixture.append::<Session>(session, &[started(user, 0, *seconds), refreshed]).await;
        }
        fixture.project(MODEL, 100).await;
        let same: bool = sqlx::query_scalar(
            "SELECT (p.user_id, p.application_id, p.email, p.metadata, p.email_verified, p.status, p.created_at, p.updated_at,
                     p.last_login_at)
                 IS NOT DISTINCT FROM
                    (u.id, u.application_id, u.email, u.metadata, u.email_verified, u.status, u.created_at, u.updated_at,
                     l.last_login_at)
             FROM portal_users p, users u, last_logins l",
        )
        .fetch_one(&mut fixture.owner().await)
        .await
        .unwrap();
        assert!(same, "after event {}: {:?}", index + 1, content(&fixture).await);
    }
}

#[tokio::test]
async fn incremental_equals_from_scratch_equals_any_split_into_batches() {
    let fixture = Fixture::new().await;
    // Interleaved, so that a batch ends between any two.
    let users = [fixture.user_id(), fixture.user_id(), fixture.user_id()];
    for (index, event) in life(&fixture).iter().enumerate() {
        for (user, until) in users.into_iter().zip([3, 7, usize::MAX]) {
            if index < until {
                fixture.append::<User>(user, std::slice::from_ref(event)).await;
            }
        }
        fixture.session(users[index % 3], 0).await;
        if index % 4 == 0 {
            fixture.project(MODEL, 3).await;
        }
    }
    fixture.project(MODEL, 100).await;

    let live = content(&fixture).await;
    assert_eq!(live.len(), 3);
    for batch in [1, 2, 3, 7, 1_000] {
        assert_eq!(from_scratch(&fixture, batch).await, live, "batches of {batch}");
    }
}

/// Of two with the same story one is erased: before the model saw anything of them, half way, or when it had seen all.
#[tokio::test]
async fn of_twins_the_erased_one_leaves_nothing_and_the_other_stays_as_they_are() {
    for seen in [0, 4, 100] {
        let fixture = Fixture::new().await;
        let (erased, twin) = (fixture.user_id(), fixture.user_id());
        for event in life(&fixture) {
            for user in [erased, twin] {
                fixture.append::<User>(user, std::slice::from_ref(&event)).await;
            }
        }
        for user in [erased, twin] {
            fixture.session(user, 0).await;
        }
        fixture.number().await;
        if seen > 0 {
            subscription::step(&fixture.log, MODEL, seen).await.unwrap();
        }

        fixture.erase(erased).await.unwrap();

        let of_erased = erased.uuid().to_string();
        assert!(!content(&fixture).await.concat().contains(&of_erased), "at once, having seen {seen}");
        fixture.project(MODEL, 2).await;
        let live = content(&fixture).await;
        assert_eq!(live.len(), 1, "having seen {seen}");
        assert!(live[0].contains(&twin.uuid().to_string()));
        for batch in [1, 3, 1_000] {
            assert_eq!(from_scratch(&fixture, batch).await, live, "batches of {batch}, having seen {seen}");
        }
    }
}

/// Who is found, newest first; all of them are counted.
async fn found(fixture: &Fixture, search: Option<&str>) -> Vec<UserId> {
    let rows = portal_users::list(&fixture.pool, application(), search, Start::Skip(0), 100).await.unwrap();
    let count = portal_users::count(&fixture.pool, application(), search).await.unwrap();
    assert_eq!(usize::try_from(count).unwrap(), rows.len(), "{search:?}");
    rows.iter().map(|row| row.id).collect()
}

#[tokio::test]
async fn a_search_takes_every_character_for_itself_and_no_case_for_another() {
    let fixture = Fixture::new().await;
    let ada = user_at(&fixture, "Ada.Lovelace@Example.ORG").await;
    let percent = user_at(&fixture, "100%sure@example.org").await;
    let underscore = user_at(&fixture, "snake_case@example.org").await;
    let unicode = user_at(&fixture, "post@BÜCHER.example").await;
    fixture.project(MODEL, 100).await;

    let long = "x".repeat(5_000);
    for (search, expected) in [
        ("ada.lovelace@example.org", vec![ada]),
        ("LOVELACE@EXAMPLE", vec![ada]),
        ("%", vec![percent]),
        ("_", vec![underscore]),
        ("0%s", vec![percent]),
        ("a_a", vec![]),
        ("a%a", vec![]),
        ("\\", vec![]),
        ("\\%", vec![]),
        ("'", vec![]),
        ("'; DROP TABLE portal_users; --", vec![]),
        (".*", vec![]),
        ("bücher", vec![unicode]),
        ("BÜCHER", vec![unicode]),
        (" ", vec![]),
        ("😀", vec![]),
        ("", vec![unicode, underscore, percent, ada]),
        (&long, vec![]),
    ] {
        assert_eq!(found(&fixture, Some(search)).await, expected, "{search}");
    }
    assert_eq!(found(&fixture, None).await, [unicode, underscore, percent, ada]);
}

#[tokio::test]
async fn a_list_begins_where_it_is_told_and_shows_one_application() {
    let fixture = Fixture::new().await;
    let mut users = Vec::new();
    for _ in 0..5 {
        users.insert(0, user_at(&fixture, EMAIL).await);
    }
    fixture.project(MODEL, 100).await;
    let list = async |application: ApplicationId, start| {
        let rows = portal_users::list(&fixture.pool, application, Some("ada"), start, 2).await.unwrap();
        rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };

    assert_eq!(list(application(), Start::Skip(0)).await, users[..2]);
    assert_eq!(list(application(), Start::Skip(4)).await, users[4..]);
    assert_eq!(list(application(), Start::Skip(100_000_000_000)).await, []);
    assert_eq!(list(application(), Start::After(users[1])).await, users[2..4]);
    assert_eq!(list(application(), Start::After(users[4])).await, []);
    let gone = format!("DELETE FROM portal_users WHERE user_id = '{}'", users[1].uuid());
    run(&mut fixture.owner().await, &gone).await;
    assert_eq!(list(application(), Start::After(users[1])).await, users[2..4], "after one who is gone");
    assert_eq!(list(portal(), Start::Skip(0)).await, []);
    assert_eq!(portal_users::count(&fixture.pool, portal(), None).await.unwrap(), 0);
}
