//! One-time tokens: which one verifies an address or resets a password, and until when.

use super::*;

#[test]
fn a_verification_can_be_asked_for_also_when_suspended() {
    expect(registered(), request_verification(1, 1), vec![verification_requested(1, 1)]);
    expect(registered_and([suspended()]), request_verification(1, 7), vec![verification_requested(1, 7)]);
}

#[test]
fn asking_again_for_a_verification_replaces_the_token() {
    let given = registered_and([verification_requested(1, 1)]);

    expect(given, request_verification(2, 2), vec![verification_requested(2, 2)]);
}

#[test]
fn asking_twice_for_the_same_verification_token_does_nothing() {
    expect(registered_and([verification_requested(1, 1)]), request_verification(1, 2), vec![]);
}

#[test]
fn a_verified_user_needs_no_verification() {
    let given = registered_and([verification_requested(1, 1), verified()]);

    expect(given, request_verification(2, 3), vec![]);
}

#[test]
fn the_pending_token_verifies_also_when_suspended() {
    let given = registered_and([verification_requested(1, 1)]);
    expect(given, verify(1, 2), vec![verified()]);

    let given = registered_and([verification_requested(1, 1), suspended()]);
    expect(given, verify(1, 6), vec![UserEvent::EmailVerified { token_id: token(1), at: at(6) }]);
}

#[test]
fn a_verification_token_is_good_until_it_expires() {
    let given = || registered_and([verification_requested(1, 0)]);
    let last = 24 * HOUR - 1;

    expect(given(), verify(1, last), vec![UserEvent::EmailVerified { token_id: token(1), at: at(last) }]);
    refuse(given(), verify(1, last + 1), UserError::TokenInvalid);
}

#[test]
fn a_verification_token_that_is_unknown_superseded_used_or_for_resets_is_refused() {
    let unknown = registered();
    let superseded = registered_and([verification_requested(1, 1), verification_requested(2, 1)]);
    let used = registered_and([verification_requested(1, 1), verified()]);
    let for_resets = registered_and([reset_requested(1, 1)]);

    for given in [unknown, superseded, used, for_resets] {
        refuse(given, verify(1, 3), UserError::TokenInvalid);
    }
}

#[test]
fn a_reset_can_be_asked_for_and_replaces_the_token_before() {
    expect(registered(), request_reset(1, 1), vec![reset_requested(1, 1)]);
    expect(registered_and([reset_requested(1, 1)]), request_reset(2, 2), vec![reset_requested(2, 2)]);
}

#[test]
fn asking_twice_for_the_same_reset_token_does_nothing() {
    expect(registered_and([reset_requested(1, 1)]), request_reset(1, 2), vec![]);
}

#[test]
fn a_suspended_user_gets_no_reset_token() {
    expect(registered_and([suspended()]), request_reset(1, 6), vec![]);
}

#[test]
fn the_pending_token_resets_the_password_until_it_expires() {
    let given = || registered_and([reset_requested(1, 0)]);
    let last = HOUR - 1;

    expect(given(), reset(1, last), vec![UserEvent::PasswordReset { token_id: token(1), at: at(last) }]);
    refuse(given(), reset(1, last + 1), UserError::TokenInvalid);
}

#[test]
fn a_reset_token_that_is_unknown_superseded_used_or_for_verification_is_refused() {
    let unknown = registered();
    let superseded = registered_and([reset_requested(1, 1), reset_requested(2, 1)]);
    let used =
        registered_and([reset_requested(1, 1), UserEvent::PasswordReset { token_id: token(1), at: at(2) }]);
    let for_verification = registered_and([verification_requested(1, 1)]);

    for given in [unknown, superseded, used, for_verification] {
        refuse(given, reset(1, 3), UserError::TokenInvalid);
    }
}

#[test]
fn changing_the_password_voids_the_reset_token() {
    let changed = UserEvent::PasswordChanged { kept_session: None, at: at(2) };

    refuse(registered_and([reset_requested(1, 1), changed]), reset(1, 3), UserError::TokenInvalid);
}

#[test]
fn a_suspended_user_is_refused_a_reset_as_with_a_wrong_token() {
    refuse(registered_and([reset_requested(1, 1), suspended()]), reset(1, 6), UserError::TokenInvalid);
}
