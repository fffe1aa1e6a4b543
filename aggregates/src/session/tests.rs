//! Every command in every state it can meet.

use cqrs_es::test::TestFramework;

use super::*;
use crate::given::{at, fold, id};

const WEEK: i64 = 7 * 24 * 3600;

fn start() -> SessionCommand {
    SessionCommand::StartSession {
        app_id: id(1),
        user_id: id(2),
        generation: 3,
        client_address: Some("192.0.2.1".to_owned()),
        user_agent: None,
        expires_at: at(WEEK),
        now: at(0),
    }
}

fn started() -> SessionEvent {
    SessionEvent::SessionStarted {
        app_id: id(1),
        user_id: id(2),
        generation: 3,
        client_address: Personal::Clear(Some("192.0.2.1".to_owned())),
        user_agent: Personal::Clear(None),
        expires_at: at(WEEK),
        at: at(0),
    }
}

fn refreshed(counter: u32, seconds: i64) -> SessionEvent {
    SessionEvent::SessionRefreshed { counter, at: at(seconds) }
}

fn ended(reason: EndReason, seconds: i64) -> SessionEvent {
    SessionEvent::SessionEnded { reason, at: at(seconds) }
}

fn refresh(counter: u32, seconds: i64) -> SessionCommand {
    SessionCommand::RefreshSession { counter, grace: Duration::seconds(10), now: at(seconds) }
}

fn end(reason: EndReason, seconds: i64) -> SessionCommand {
    SessionCommand::EndSession { reason, now: at(seconds) }
}

#[track_caller]
fn expect(given: Vec<SessionEvent>, when: SessionCommand, then: Vec<SessionEvent>) {
    TestFramework::<Session>::with(()).given(given).when(when).then_expect_events(then);
}

#[track_caller]
fn refuse(given: Vec<SessionEvent>, when: SessionCommand, then: SessionError) {
    TestFramework::<Session>::with(()).given(given).when(when).then_expect_error(then);
}

#[test]
fn a_session_starts() {
    expect(vec![], start(), vec![started()]);
}

#[test]
fn a_session_starts_once() {
    refuse(vec![started()], start(), SessionError::AlreadyStarted);
    refuse(vec![started(), ended(EndReason::Logout, 1)], start(), SessionError::AlreadyStarted);
}

#[test]
fn a_session_that_was_not_started_is_not_found() {
    refuse(vec![], refresh(0, 1), SessionError::NotFound);
    refuse(vec![], end(EndReason::Logout, 1), SessionError::NotFound);
}

#[test]
fn the_current_token_is_refreshed() {
    expect(vec![started()], refresh(0, 60), vec![refreshed(1, 60)]);
    expect(vec![started(), refreshed(1, 60)], refresh(1, 61), vec![refreshed(2, 61)]);
}

#[test]
fn the_token_just_rotated_out_is_answered_again_within_the_grace() {
    let given = || vec![started(), refreshed(1, 60)];

    expect(given(), refresh(0, 60), vec![]);
    expect(given(), refresh(0, 70), vec![]);
}

#[test]
fn the_token_just_rotated_out_shown_after_the_grace_ends_the_session() {
    let given = vec![started(), refreshed(1, 60)];

    expect(given, refresh(0, 71), vec![ended(EndReason::RefreshTokenReused, 71)]);
}

#[test]
fn the_grace_is_not_renewed_by_asking_again() {
    // Asking within the grace stores nothing, so it still counts from the rotation.
    let given = vec![started(), refreshed(1, 60), refreshed(2, 200)];

    expect(given, refresh(1, 211), vec![ended(EndReason::RefreshTokenReused, 211)]);
}

#[test]
fn an_older_token_ends_the_session_also_within_the_grace() {
    let given = vec![started(), refreshed(1, 60), refreshed(2, 61)];

    expect(given, refresh(0, 61), vec![ended(EndReason::RefreshTokenReused, 61)]);
}

#[test]
fn a_counter_that_was_never_given_out_is_refused_and_ends_nothing() {
    refuse(vec![started()], refresh(1, 60), SessionError::Invalid);
    refuse(vec![started(), refreshed(1, 60)], refresh(u32::MAX, 61), SessionError::Invalid);
}

#[test]
fn an_ended_session_is_not_refreshed() {
    for reason in [EndReason::Logout, EndReason::Revoked, EndReason::RefreshTokenReused] {
        let given = || vec![started(), refreshed(1, 60), ended(reason, 61)];
        for shown in [0, 1, 2] {
            refuse(given(), refresh(shown, 62), SessionError::Ended);
        }
    }
}

#[test]
fn a_session_is_refreshed_until_it_expires() {
    expect(vec![started()], refresh(0, WEEK - 1), vec![refreshed(1, WEEK - 1)]);
    refuse(vec![started()], refresh(0, WEEK), SessionError::Ended);
}

#[test]
fn a_refresh_does_not_move_the_expiry() {
    let session: Session = fold([started(), refreshed(1, 60)]);

    assert_eq!(session.expires_at, at(WEEK));
}

#[test]
fn an_old_token_shown_after_the_expiry_is_no_reuse() {
    refuse(vec![started(), refreshed(1, 60)], refresh(0, WEEK), SessionError::Ended);
}

#[test]
fn a_chain_at_its_last_counter_ends_instead_of_starting_over() {
    refuse(vec![started(), refreshed(u32::MAX, 60)], refresh(u32::MAX, 61), SessionError::Ended);
}

#[test]
fn a_session_ends_once() {
    expect(vec![started()], end(EndReason::Logout, 60), vec![ended(EndReason::Logout, 60)]);
    expect(vec![started(), ended(EndReason::Logout, 60)], end(EndReason::Revoked, 61), vec![]);
}

#[test]
fn an_expired_session_needs_no_end() {
    expect(vec![started()], end(EndReason::Logout, WEEK), vec![]);
}

#[test]
fn the_state_says_what_the_events_said() {
    let session: Session = fold([started(), refreshed(1, 60), ended(EndReason::Revoked, 90)]);

    let expected = Session {
        started: true,
        app_id: id(1),
        user_id: id(2),
        generation: 3,
        counter: 1,
        rotated_at: at(60),
        client_address: Personal::Clear(Some("192.0.2.1".to_owned())),
        user_agent: Personal::Clear(None),
        created_at: at(0),
        last_used_at: at(60),
        expires_at: at(WEEK),
        ended: Some((EndReason::Revoked, at(90))),
    };
    assert_eq!(session, expected);
}

#[test]
fn debug_shows_no_personal_data() {
    let shown = format!("{:?} {:?} {:?}", start(), started(), fold::<Session>([started()]));

    assert!(!shown.contains("192.0.2.1"), "{shown}");
}
