//! What holds after any sequence of commands.

use proptest::prelude::*;

use super::*;
use crate::given::{assert_round_trip, assert_state_round_trip, at, fold, handle, id};

/// The session expires after this many seconds, which about half of the stories reach.
const LIFETIME: i64 = 600;

#[derive(Clone, Debug)]
enum Ask {
    Start,
    /// The current counter less this: mostly the current one or the one before, sometimes one never given out.
    Refresh(i64),
    End(EndReason),
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        1 => Just(Ask::Start),
        20 => prop::sample::select(vec![0, 0, 0, 0, 0, 1, 1, 2, -1]).prop_map(Ask::Refresh),
        1 => prop::sample::select(vec![EndReason::Logout, EndReason::Revoked]).prop_map(Ask::End),
    ]
}

fn command(ask: &Ask, session: &Session, now: DateTime<Utc>) -> SessionCommand {
    match ask {
        Ask::Start => SessionCommand::StartSession {
            app_id: id(1),
            user_id: id(2),
            generation: 0,
            client_address: None,
            user_agent: Some("a browser".to_owned()),
            expires_at: at(LIFETIME),
            now,
        },
        Ask::Refresh(back) => SessionCommand::RefreshSession {
            counter: u32::try_from((i64::from(session.counter) - back).max(0)).unwrap(),
            grace: Duration::seconds(10),
            now,
        },
        Ask::End(reason) => SessionCommand::EndSession { reason: *reason, now },
    }
}

fn check(before: &Session, after: &Session, new: &[SessionEvent], now: DateTime<Utc>) {
    let refreshes = new.iter().filter(|event| matches!(event, SessionEvent::SessionRefreshed { .. })).count();
    assert_eq!(after.counter, before.counter + refreshes as u32, "the counter grows, one by one");
    assert!(after.last_used_at >= before.last_used_at);
    if before.started {
        assert_eq!(after.expires_at, before.expires_at, "the end never moves");
        // Said without `is_over`, which may be what is wrong.
        let alive = before.ended.is_none() && now < before.expires_at;
        assert!(new.is_empty() || alive, "nothing after the end");
    }
    assert!(new.len() <= 1);
}

proptest! {
    #[test]
    fn any_sequence_of_commands_keeps_the_rules(asks in prop::collection::vec((ask(), 0..30_i64), 1..50)) {
        let mut session: Session = fold([]);
        handle(&mut session, command(&Ask::Start, &Session::default(), at(0))).unwrap();
        let mut events = Session::default().decide(command(&Ask::Start, &Session::default(), at(0))).unwrap();
        let mut seconds = 0;
        for (ask, pause) in asks {
            seconds += pause;
            let command = command(&ask, &session, at(seconds));
            let before = session.clone();
            let decided = before.decide(command.clone());

            let handled = handle(&mut session, command);

            prop_assert_eq!(&decided, &handled, "handling is deciding");
            let new = handled.unwrap_or_default();
            if new.is_empty() {
                prop_assert_eq!(&before, &session, "without an event nothing changes");
            }
            new.iter().for_each(assert_round_trip);
            check(&before, &session, &new, at(seconds));
            events.extend(new);
            prop_assert_eq!(&session, &fold::<Session>(events.clone()), "the state is the fold of the events");
            assert_state_round_trip(&session);
        }
    }

    #[test]
    fn however_often_one_token_is_shown_at_once_there_is_one_successor(
        counter in 0..5_u32, times in 2..20_usize, seconds in 60..500_i64,
    ) {
        let start = command(&Ask::Start, &Session::default(), at(0));
        let mut session: Session = fold(Session::default().decide(start).unwrap());
        session.counter = counter;
        let refresh = SessionCommand::RefreshSession { counter, grace: Duration::seconds(10), now: at(seconds) };

        let events: Vec<_> = (0..times).flat_map(|_| handle(&mut session, refresh.clone()).unwrap()).collect();

        prop_assert_eq!(events, vec![SessionEvent::SessionRefreshed { counter: counter + 1, at: at(seconds) }]);
    }
}
