//! What a user's events add up to.

use super::*;

#[test]
fn nothing_personal_is_left_in_the_state_after_erasure() {
    let user: User = fold(registered_and([verification_requested(1, 1), reset_requested(2, 1), erased()]));

    assert_eq!(user.lifecycle, UserLifecycle::Erased);
    assert_eq!((user.email, user.metadata), (Personal::Erased, Personal::Erased));
    assert_eq!((user.pending_verification, user.pending_reset), (None, None));
}

#[test]
fn the_state_says_what_the_events_said() {
    let user: User = fold(registered_and([verification_requested(1, 1), reset_requested(2, 1), suspended()]));

    let expected = User {
        lifecycle: UserLifecycle::Registered,
        app_id: id(1),
        email: Personal::Clear("Rosa@Example.com".to_owned()),
        metadata: Personal::Clear(metadata()),
        email_verified: false,
        status: UserStatus::Suspended,
        pending_verification: Some(PendingToken { token_id: token(1), expires_at: at(1 + 24 * HOUR) }),
        pending_reset: Some(PendingToken { token_id: token(2), expires_at: at(1 + HOUR) }),
        session_generation: 1,
        kept_session: None,
        login_locked_until: None,
        password_reset_at: None,
        created_at: at(0),
        updated_at: at(5),
    };
    assert_eq!(user, expected);
}

#[test]
fn what_changes_who_may_come_in_ends_the_sessions() {
    let ending = [
        UserEvent::PasswordReset { token_id: token(1), at: at(2) },
        UserEvent::PasswordChanged { kept_session: None, at: at(2) },
        UserEvent::SessionsRevoked { at: at(2) },
        suspended(),
        erased(),
    ];
    for event in ending {
        let user: User = fold(registered_and([event.clone()]));
        assert_eq!(user.session_generation, 1, "after {}", crate::RecordedEvent::name(&event));
        assert!(!user.keeps_alive(id(7), 0));
    }
}

#[test]
fn what_does_not_change_who_may_come_in_leaves_the_sessions() {
    let locked = UserEvent::LoginLocked { until: at(900), at: at(2) };
    let user: User =
        fold(registered_and([verification_requested(1, 1), verified(), reset_requested(2, 2), locked]));

    assert_eq!(user.session_generation, 0);
    assert!(user.keeps_alive(id(7), 0));
}

#[test]
fn the_session_that_changed_the_password_goes_on_until_the_next_time() {
    let changed = UserEvent::PasswordChanged { kept_session: Some(id(7)), at: at(2) };
    let user: User = fold(registered_and([changed.clone()]));
    assert!(user.keeps_alive(id(7), 0));
    assert!(!user.keeps_alive(id(8), 0));
    assert!(user.keeps_alive(id(8), 1));

    let user: User = fold(registered_and([changed, UserEvent::SessionsRevoked { at: at(3) }]));
    assert!(!user.keeps_alive(id(7), 0));
}

#[test]
fn no_session_of_a_suspended_user_lives() {
    let user: User = fold(registered_and([suspended()]));

    assert!(!user.keeps_alive(id(7), 1));
}

#[test]
fn a_lock_does_not_move_the_time_of_the_last_change() {
    let user: User =
        fold(registered_and([verified(), UserEvent::LoginLocked { until: at(900), at: at(30) }]));

    assert_eq!(user.updated_at, at(2));
}

#[test]
fn debug_shows_no_personal_data() {
    let shown = format!("{:?} {:?} {:?}", register(None), registered(), fold::<User>(registered()));

    assert!(!shown.to_lowercase().contains("rosa"), "{shown}");
    assert!(!shown.contains("plan"), "{shown}");
}
