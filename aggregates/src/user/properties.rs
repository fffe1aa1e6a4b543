//! What holds after any sequence of commands.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::given::{assert_round_trip, assert_state_round_trip, at, fold, handle, id};
use crate::{EmailAddress, RecordedEvent};

/// One command, still without its time and its token: tokens asked for are new, tokens shown are any asked for so far.
#[derive(Clone, Debug)]
enum Ask {
    Register { verification: bool },
    RequestVerification,
    Verify(prop::sample::Index),
    RequestReset,
    Reset(prop::sample::Index),
    Change(Option<u8>),
    ChangeMetadata(u8),
    Lock,
    Revoke,
    Suspend,
    Restore,
    Erase,
    Expire,
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        3 => any::<bool>().prop_map(|verification| Ask::Register { verification }),
        4 => Just(Ask::RequestVerification),
        6 => any::<prop::sample::Index>().prop_map(Ask::Verify),
        4 => Just(Ask::RequestReset),
        6 => any::<prop::sample::Index>().prop_map(Ask::Reset),
        2 => prop::option::of(0..3_u8).prop_map(Ask::Change),
        2 => (0..3_u8).prop_map(Ask::ChangeMetadata),
        2 => Just(Ask::Lock),
        1 => Just(Ask::Revoke),
        1 => Just(Ask::Suspend),
        2 => Just(Ask::Restore),
        1 => Just(Ask::Erase),
        1 => Just(Ask::Expire),
    ]
}

/// The story so far, and what each token was asked for.
#[derive(Default)]
struct Story {
    user: User,
    events: Vec<UserEvent>,
    asked: u128,
}

impl Story {
    fn command(&mut self, ask: &Ask, seconds: i64) -> UserCommand {
        let now = at(seconds);
        let expires_at = at(seconds + 3600);
        match ask {
            Ask::Register { verification } => UserCommand::RegisterUser {
                app_id: id(1),
                email: EmailAddress::parse("rosa@example.com").unwrap(),
                metadata: Map::new(),
                verification: verification.then(|| (self.new_token(), expires_at)),
                now,
            },
            Ask::RequestVerification => {
                UserCommand::RequestEmailVerification { token_id: self.new_token(), expires_at, now }
            }
            Ask::Verify(which) => UserCommand::VerifyEmail { token_id: self.any_token(which), now },
            Ask::RequestReset => {
                UserCommand::RequestPasswordReset { token_id: self.new_token(), expires_at, now }
            }
            Ask::Reset(which) => UserCommand::ResetPassword { token_id: self.any_token(which), now },
            Ask::Change(kept) => {
                let generation = self.user.session_generation;
                UserCommand::ChangePassword { generation, kept_session: kept.map(|n| id(u128::from(n))), now }
            }
            Ask::ChangeMetadata(seats) => {
                let metadata = Map::from_iter([("seats".to_owned(), Value::from(*seats))]);
                UserCommand::ChangeMetadata { metadata, now }
            }
            Ask::Lock => UserCommand::LockLogin { reached: now, until: at(seconds + 900), now },
            Ask::Revoke => UserCommand::RevokeSessions { now },
            Ask::Suspend => UserCommand::SuspendUser { now },
            Ask::Restore => UserCommand::RestoreUser { now },
            Ask::Erase => UserCommand::EraseUser { now },
            Ask::Expire => UserCommand::ExpireSignup { now },
        }
    }

    fn new_token(&mut self) -> TokenId {
        self.asked += 1;
        id(self.asked)
    }

    /// Mostly the newest ones, or few would ever be accepted.
    fn any_token(&self, which: &prop::sample::Index) -> TokenId {
        id(self.asked.saturating_sub(which.index(4) as u128))
    }
}

/// The reset token that the events leave outstanding, said once more and differently.
fn outstanding_reset(events: &[UserEvent]) -> Option<TokenId> {
    events.iter().rev().find_map(|event| match event {
        UserEvent::PasswordResetRequested { token_id, .. } => Some(Some(*token_id)),
        UserEvent::PasswordReset { .. }
        | UserEvent::PasswordChanged { .. }
        | UserEvent::UserErased { .. }
        | UserEvent::UserRegistered { .. } => Some(None),
        UserEvent::EmailVerificationRequested { .. }
        | UserEvent::EmailVerified { .. }
        | UserEvent::MetadataChanged { .. }
        | UserEvent::LoginLocked { .. }
        | UserEvent::SessionsRevoked { .. }
        | UserEvent::UserSuspended { .. }
        | UserEvent::UserRestored { .. } => None,
    })?
}

fn ends_sessions(event: &UserEvent) -> bool {
    ["PasswordReset", "PasswordChanged", "SessionsRevoked", "UserSuspended", "UserErased"]
        .contains(&event.name())
}

fn used_tokens(events: &[UserEvent]) -> Vec<TokenId> {
    let used = events.iter().filter(|event| ["EmailVerified", "PasswordReset"].contains(&event.name()));
    used.map(|event| serde_json::from_value(event.payload()["token_id"].clone()).unwrap()).collect()
}

fn check(before: &User, story: &Story, new: &[UserEvent]) {
    let Story { user, events, .. } = story;
    assert_eq!(user, &fold::<User>(events.clone()), "the state is the fold of the events");
    assert_state_round_trip(user);
    new.iter().for_each(assert_round_trip);

    let ended = new.iter().filter(|event| ends_sessions(event)).count();
    assert_eq!(user.session_generation, before.session_generation + ended as u32);
    assert_eq!(user.pending_reset.map(|pending| pending.token_id), outstanding_reset(events));

    let used = used_tokens(events);
    assert_eq!(used.iter().collect::<HashSet<_>>().len(), used.len(), "a token is used once");
    assert!(user.email_verified || !before.email_verified, "a verified address stays verified");
    assert!(user.updated_at >= before.updated_at);
    assert!(new.is_empty() || before.lifecycle != UserLifecycle::Erased, "nothing after the erasure");
}

proptest! {
    #[test]
    fn any_sequence_of_commands_keeps_the_rules(asks in prop::collection::vec((ask(), 0..1500_i64), 1..60)) {
        let mut story = Story::default();
        let mut seconds = 0;
        for (ask, pause) in asks {
            seconds += pause;
            let command = story.command(&ask, seconds);
            let before = story.user.clone();
            let decided = before.decide(command.clone());

            let handled = handle(&mut story.user, command);

            prop_assert_eq!(&decided, &handled, "handling is deciding");
            let new = handled.unwrap_or_default();
            if new.is_empty() {
                prop_assert_eq!(&before, &story.user, "without an event nothing changes");
            }
            story.events.extend(new.iter().cloned());
            check(&before, &story, &new);
        }
    }

    #[test]
    fn only_a_new_password_or_a_revocation_happens_again_when_asked_twice(
        asks in prop::collection::vec((ask(), 0..1500_i64), 1..40),
    ) {
        let mut story = Story::default();
        let mut seconds = 0;
        for (ask, pause) in asks {
            seconds += pause;
            let command = story.command(&ask, seconds);
            let _ = handle(&mut story.user, command.clone());

            let again = story.user.decide(command).unwrap_or_default();

            prop_assert!(again.is_empty() || matches!(ask, Ask::Change(_) | Ask::Revoke));
        }
    }
}
