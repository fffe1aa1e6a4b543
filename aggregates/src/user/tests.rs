//! Every command in every state it can meet.

use cqrs_es::test::TestFramework;
use serde_json::json;

use super::*;
use crate::EmailAddress;
use crate::given::{at, fold, id};

mod state;
mod tokens;

const HOUR: i64 = 3600;

fn email() -> EmailAddress {
    EmailAddress::parse("Rosa@Example.com").unwrap()
}

fn metadata() -> Map<String, Value> {
    json!({"plan": "free"}).as_object().unwrap().clone()
}

fn token(number: u128) -> TokenId {
    id(number)
}

fn registered() -> Vec<UserEvent> {
    let email = Personal::Clear("Rosa@Example.com".to_owned());
    let metadata = Personal::Clear(metadata());
    vec![UserEvent::UserRegistered { app_id: id(1), email, metadata, at: at(0) }]
}

fn registered_and(more: impl IntoIterator<Item = UserEvent>) -> Vec<UserEvent> {
    registered().into_iter().chain(more).collect()
}

fn verification_requested(number: u128, seconds: i64) -> UserEvent {
    let (requested, expires_at) = (at(seconds), at(seconds + 24 * HOUR));
    UserEvent::EmailVerificationRequested { token_id: token(number), expires_at, at: requested }
}

fn verified() -> UserEvent {
    UserEvent::EmailVerified { token_id: token(1), at: at(2) }
}

fn reset_requested(number: u128, seconds: i64) -> UserEvent {
    let (requested, expires_at) = (at(seconds), at(seconds + HOUR));
    UserEvent::PasswordResetRequested { token_id: token(number), expires_at, at: requested }
}

fn suspended() -> UserEvent {
    UserEvent::UserSuspended { at: at(5) }
}

fn erased() -> UserEvent {
    UserEvent::UserErased { at: at(9) }
}

fn register(verification: Option<(TokenId, DateTime<Utc>)>) -> UserCommand {
    UserCommand::RegisterUser {
        app_id: id(1),
        email: email(),
        metadata: metadata(),
        verification,
        now: at(0),
    }
}

fn request_verification(number: u128, seconds: i64) -> UserCommand {
    let (now, expires_at) = (at(seconds), at(seconds + 24 * HOUR));
    UserCommand::RequestEmailVerification { token_id: token(number), expires_at, now }
}

fn verify(number: u128, seconds: i64) -> UserCommand {
    UserCommand::VerifyEmail { token_id: token(number), now: at(seconds) }
}

fn request_reset(number: u128, seconds: i64) -> UserCommand {
    let (now, expires_at) = (at(seconds), at(seconds + HOUR));
    UserCommand::RequestPasswordReset { token_id: token(number), expires_at, now }
}

fn reset(number: u128, seconds: i64) -> UserCommand {
    UserCommand::ResetPassword { token_id: token(number), now: at(seconds) }
}

fn change(kept_session: Option<SessionId>) -> UserCommand {
    change_proven_under(0, kept_session)
}

fn change_proven_under(generation: u32, kept_session: Option<SessionId>) -> UserCommand {
    UserCommand::ChangePassword { generation, kept_session, now: at(20) }
}

fn lock(until: i64, now: i64) -> UserCommand {
    UserCommand::LockLogin { reached: at(now), until: at(until), now: at(now) }
}

/// Each command that needs a user, as it would succeed if there were one.
fn every_command_but_register() -> Vec<UserCommand> {
    let now = at(20);
    vec![
        request_verification(1, 20),
        verify(1, 20),
        request_reset(2, 20),
        reset(2, 20),
        change(None),
        UserCommand::ChangeMetadata { metadata: Map::new(), now },
        lock(900, 20),
        UserCommand::RevokeSessions { now },
        UserCommand::SuspendUser { now },
        UserCommand::RestoreUser { now },
        UserCommand::EraseUser { now },
        UserCommand::ExpireSignup { now },
    ]
}

#[track_caller]
fn expect(given: Vec<UserEvent>, when: UserCommand, then: Vec<UserEvent>) {
    TestFramework::<User>::with(()).given(given).when(when).then_expect_events(then);
}

#[track_caller]
fn refuse(given: Vec<UserEvent>, when: UserCommand, then: UserError) {
    TestFramework::<User>::with(()).given(given).when(when).then_expect_error(then);
}

#[test]
fn registering_gives_one_event() {
    expect(vec![], register(None), registered());
}

#[test]
fn registering_with_a_verification_asks_for_it_too() {
    let then = registered_and([verification_requested(1, 0)]);

    expect(vec![], register(Some((token(1), at(24 * HOUR)))), then);
}

#[test]
fn registering_twice_is_refused() {
    refuse(registered(), register(None), UserError::AlreadyRegistered);
    refuse(registered_and([suspended()]), register(None), UserError::AlreadyRegistered);
}

#[test]
fn nothing_can_be_asked_of_a_user_who_is_not_registered() {
    for command in every_command_but_register() {
        refuse(vec![], command, UserError::NotFound);
    }
}

#[test]
fn nothing_can_be_asked_of_an_erased_user() {
    let given = || registered_and([verification_requested(1, 1), reset_requested(2, 1), erased()]);

    refuse(given(), register(None), UserError::NotFound);
    for command in every_command_but_register() {
        refuse(given(), command, UserError::NotFound);
    }
}

#[test]
fn the_password_can_be_changed_any_number_of_times() {
    let changed = |kept_session| UserEvent::PasswordChanged { kept_session, at: at(20) };

    expect(registered(), change(Some(id(7))), vec![changed(Some(id(7)))]);
    expect(registered_and([changed(Some(id(7)))]), change_proven_under(1, None), vec![changed(None)]);
}

#[test]
fn a_suspended_user_cannot_change_the_password() {
    refuse(registered_and([suspended()]), change_proven_under(1, None), UserError::Suspended);
}

#[test]
fn a_lock_is_recorded_once_while_it_holds() {
    let locked = |until, now| UserEvent::LoginLocked { until: at(until), at: at(now) };

    expect(registered(), lock(900, 0), vec![locked(900, 0)]);
    expect(registered_and([suspended()]), lock(900, 6), vec![locked(900, 6)]);
    expect(registered_and([locked(900, 0)]), lock(1799, 899), vec![]);
    expect(registered_and([locked(900, 0)]), lock(1800, 900), vec![locked(1800, 900)]);
}

#[test]
fn a_lock_that_is_over_already_is_not_recorded() {
    expect(registered(), lock(10, 10), vec![]);
}

#[test]
fn a_completed_reset_opens_the_lock() {
    let locked = UserEvent::LoginLocked { until: at(900), at: at(0) };
    let done = UserEvent::PasswordReset { token_id: token(1), at: at(2) };
    let given = registered_and([locked.clone(), reset_requested(1, 1), done]);

    assert_eq!(fold::<User>(given.clone()).login_locked_until, None);
    expect(given, lock(903, 3), vec![UserEvent::LoginLocked { until: at(903), at: at(3) }]);
}

#[test]
fn a_lock_reached_before_a_reset_is_none_any_more_whenever_it_is_told_of() {
    let given = || {
        registered_and([reset_requested(1, 1), UserEvent::PasswordReset { token_id: token(1), at: at(9) }])
    };
    let told_late =
        |reached| UserCommand::LockLogin { reached: at(reached), until: at(reached + 900), now: at(60) };

    refuse(given(), told_late(8), UserError::ResetSince);
    refuse(given(), told_late(9), UserError::ResetSince);
    expect(given(), told_late(10), vec![UserEvent::LoginLocked { until: at(910), at: at(60) }]);
}

#[test]
fn revoking_sessions_is_recorded_each_time() {
    let revoked = UserEvent::SessionsRevoked { at: at(20) };
    let command = || UserCommand::RevokeSessions { now: at(20) };

    expect(registered(), command(), vec![revoked.clone()]);
    expect(registered_and([revoked.clone()]), command(), vec![revoked.clone()]);
    expect(registered_and([suspended()]), command(), vec![revoked]);
}

#[test]
fn metadata_is_replaced_as_a_whole_and_the_same_is_no_change() {
    let plan = |plan: &str| json!({"plan": plan}).as_object().unwrap().clone();
    let change = |metadata| UserCommand::ChangeMetadata { metadata, now: at(6) };
    let changed = |metadata| UserEvent::MetadataChanged { metadata: Personal::Clear(metadata), at: at(6) };

    expect(registered(), change(plan("free")), vec![]);
    expect(registered(), change(Map::new()), vec![changed(Map::new())]);
    expect(registered_and([changed(plan("paid"))]), change(plan("free")), vec![changed(plan("free"))]);
    expect(registered_and([suspended()]), change(plan("paid")), vec![changed(plan("paid"))]);
}

#[test]
fn suspending_and_restoring_twice_does_nothing_the_second_time() {
    let suspend = || UserCommand::SuspendUser { now: at(5) };
    let restore = || UserCommand::RestoreUser { now: at(6) };
    let restored = UserEvent::UserRestored { at: at(6) };

    expect(registered(), suspend(), vec![suspended()]);
    expect(registered_and([suspended()]), suspend(), vec![]);
    expect(registered_and([suspended()]), restore(), vec![restored.clone()]);
    expect(registered(), restore(), vec![]);
    expect(registered_and([suspended(), restored]), suspend(), vec![suspended()]);
}

#[test]
fn a_user_can_be_erased_also_when_suspended() {
    let erase = || UserCommand::EraseUser { now: at(9) };

    expect(registered(), erase(), vec![erased()]);
    expect(registered_and([suspended()]), erase(), vec![erased()]);
}

#[test]
fn a_password_proven_before_all_sessions_were_ended_changes_nothing() {
    let revoked = UserEvent::SessionsRevoked { at: at(10) };

    refuse(registered_and([revoked]), change_proven_under(0, Some(id(7))), UserError::SessionsEnded);
}

#[test]
fn a_signup_that_nobody_verified_ends_a_week_after_its_last_chance() {
    let week = SIGNUP_KEPT.num_seconds();
    let expire = |seconds| UserCommand::ExpireSignup { now: at(seconds) };
    let gone = |seconds| vec![UserEvent::UserErased { at: at(seconds) }];

    expect(registered(), expire(week - 1), vec![]);
    expect(registered(), expire(week), gone(week));
    let asked = || registered_and([verification_requested(1, 0), verification_requested(2, HOUR)]);
    let last = 25 * HOUR + week;
    expect(asked(), expire(last - 1), vec![]);
    expect(asked(), expire(last), gone(last));
    let done = registered_and([verification_requested(1, 0), verified()]);
    expect(done, expire(1_000 * week), vec![]);
}
