//! Whether a session lives: the question behind every access token.

use devauth_aggregates::{EndReason, Session, SessionEvent, SessionId, User, UserEvent, UserId, portal};
use devauth_projections::sessions;

use crate::fixture::{Fixture, application, at, started};

/// Whether everybody who asks says that the session lives, `seconds` after the beginning.
async fn lives(fixture: &Fixture, user: UserId, session: SessionId, seconds: i64) -> bool {
    let pool = &fixture.pool;
    let now = at(seconds);
    let found = sessions::live(pool, application(), session, now).await.unwrap();
    let refreshable = sessions::refreshable(pool, application(), session, now).await.unwrap();
    let listed = sessions::list(pool, application(), user, now).await.unwrap();
    let listed = listed.iter().any(|row| row.id == session);
    assert_eq!([refreshable.is_some(), listed], [found.is_some(); 2], "all agree");
    if let Some(refreshable) = refreshable {
        let folded = fixture.log.load::<Session>(&session.to_string()).await.unwrap();
        let stored = &refreshable.stored;
        assert_eq!((&stored.state, stored.sequence), (&folded.state, folded.sequence), "the row is the fold");
        let resumed = fixture.log.resume(stored.clone()).unwrap();
        assert_eq!((resumed.sequence, resumed.keys.len()), (folded.sequence, 1), "the key comes along");
    }
    if let Some((row, of)) = &found {
        assert_eq!((row.id, of.id), (session, user));
    }
    assert!(sessions::live(pool, portal(), session, now).await.unwrap().is_none(), "another application's");
    assert!(sessions::refreshable(pool, portal(), session, now).await.unwrap().is_none());
    assert!(sessions::list(pool, portal(), user, now).await.unwrap().is_empty());
    assert_eq!(sessions::owner(pool, application(), session).await.unwrap(), Some(user), "dead or alive");
    assert_eq!(sessions::owner(pool, portal(), session).await.unwrap(), None);
    found.is_some()
}

/// A session with a refresh token, of a new user.
async fn logged_in(fixture: &Fixture) -> (UserId, SessionId) {
    let user = fixture.user().await;
    (user, another(fixture, user, 0).await)
}

async fn another(fixture: &Fixture, user: UserId, generation: u32) -> SessionId {
    let session = fixture.session(user, generation).await;
    let mut tx = fixture.pool.begin().await.unwrap();
    devauth_projections::secrets::refresh_tokens::put(&mut tx, session, &[1; 32]).await.unwrap();
    tx.commit().await.unwrap();
    session
}

#[tokio::test]
async fn a_refreshed_session_can_go_on_from_its_row() {
    let fixture = Fixture::new().await;
    let (user, session) = logged_in(&fixture).await;
    for counter in 1..4 {
        let refreshed = SessionEvent::SessionRefreshed { counter, at: at(10 * i64::from(counter)) };
        fixture.append::<Session>(session, &[refreshed]).await;
        assert!(lives(&fixture, user, session, 40).await);
    }
    // One that a password change kept, with a generation that is not the user's.
    fixture.append::<User>(user, &[UserEvent::SessionsRevoked { at: at(41) }]).await;
    let young = another(&fixture, user, 1).await;
    assert!(lives(&fixture, user, young, 42).await);
}

#[tokio::test]
async fn a_session_lives_until_it_expires() {
    let fixture = Fixture::new().await;
    let (user, session) = logged_in(&fixture).await;

    assert!(lives(&fixture, user, session, 0).await);
    assert!(lives(&fixture, user, session, 3_599).await);
    assert!(!lives(&fixture, user, session, 3_600).await);
}

#[tokio::test]
async fn a_session_that_was_ended_is_over_for_every_reason() {
    for reason in [EndReason::Logout, EndReason::Revoked, EndReason::RefreshTokenReused] {
        let fixture = Fixture::new().await;
        let (user, session) = logged_in(&fixture).await;
        let other = another(&fixture, user, 0).await;

        fixture.append::<Session>(session, &[SessionEvent::SessionEnded { reason, at: at(1) }]).await;

        assert!(!lives(&fixture, user, session, 1).await);
        assert!(lives(&fixture, user, other, 1).await, "the others go on");
    }
}

#[tokio::test]
async fn whatever_ends_all_sessions_ends_all_of_this_user_and_none_of_another() {
    let token_id = devauth_aggregates::TokenId::from_uuid(uuid::Uuid::from_u128(9));
    for event in [
        UserEvent::SessionsRevoked { at: at(1) },
        UserEvent::PasswordReset { token_id, at: at(1) },
        UserEvent::PasswordChanged { kept_session: None, at: at(1) },
        UserEvent::UserSuspended { at: at(1) },
        UserEvent::UserErased { at: at(1) },
    ] {
        let fixture = Fixture::new().await;
        let (user, session) = logged_in(&fixture).await;
        let second = another(&fixture, user, 0).await;
        let (other, theirs) = logged_in(&fixture).await;

        fixture.append::<User>(user, std::slice::from_ref(&event)).await;

        assert!(!lives(&fixture, user, session, 1).await, "{event:?}");
        assert!(!lives(&fixture, user, second, 1).await, "{event:?}");
        assert!(lives(&fixture, other, theirs, 1).await, "{event:?}");
    }
}

#[tokio::test]
async fn the_session_that_changed_the_password_goes_on_until_all_are_ended() {
    let fixture = Fixture::new().await;
    let (user, kept) = logged_in(&fixture).await;
    let other = another(&fixture, user, 0).await;

    fixture.append::<User>(user, &[UserEvent::PasswordChanged { kept_session: Some(kept), at: at(1) }]).await;
    assert!(lives(&fixture, user, kept, 1).await);
    assert!(!lives(&fixture, user, other, 1).await);
    let new = another(&fixture, user, 1).await;
    assert!(lives(&fixture, user, new, 1).await, "a login after it is of the new generation");

    fixture.append::<User>(user, &[UserEvent::SessionsRevoked { at: at(2) }]).await;
    assert!(!lives(&fixture, user, kept, 2).await);
    assert!(!lives(&fixture, user, new, 2).await);
}

#[tokio::test]
async fn a_login_that_was_overtaken_by_the_end_of_all_sessions_is_over_at_once() {
    let fixture = Fixture::new().await;
    let (user, _) = logged_in(&fixture).await;
    fixture.append::<User>(user, &[UserEvent::SessionsRevoked { at: at(1) }]).await;

    let late = another(&fixture, user, 0).await;

    assert!(!lives(&fixture, user, late, 1).await);
}

#[tokio::test]
async fn a_suspended_user_has_no_session_of_whatever_generation() {
    let fixture = Fixture::new().await;
    let (user, _) = logged_in(&fixture).await;
    fixture.append::<User>(user, &[UserEvent::UserSuspended { at: at(1) }]).await;
    let raced = another(&fixture, user, 1).await;

    assert!(sessions::live(&fixture.pool, application(), raced, at(1)).await.unwrap().is_none());
    assert!(sessions::refreshable(&fixture.pool, application(), raced, at(1)).await.unwrap().is_none());

    fixture.append::<User>(user, &[UserEvent::UserRestored { at: at(2) }]).await;
    assert!(lives(&fixture, user, raced, 2).await);
}

#[tokio::test]
async fn the_newest_is_listed_first_and_a_session_that_never_was_is_nobodys() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    let ids = [fixture.session_id(), fixture.session_id(), fixture.session_id()];
    for (session, seconds) in ids.into_iter().zip([5, 9, 7]) {
        fixture.append::<Session>(session, &[started(user, 0, seconds)]).await;
    }

    let listed = sessions::list(&fixture.pool, application(), user, at(10)).await.unwrap();

    assert_eq!(listed.iter().map(|row| row.id).collect::<Vec<_>>(), [ids[1], ids[2], ids[0]]);
    let unknown = fixture.session_id();
    assert!(sessions::live(&fixture.pool, application(), unknown, at(10)).await.unwrap().is_none());
    assert_eq!(sessions::owner(&fixture.pool, application(), unknown).await.unwrap(), None);
}
