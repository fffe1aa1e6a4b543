//! Failed logins: locks of pairs, protection of accounts.

use crate::stores::{Nodes, at, attempt_from};
use chrono::{DateTime, Utc};
use devauth::limits::{Attempt, Failure, Known, Limiter, LockoutPolicy, Reservation};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const HOME: &str = "192.0.2.1";
const MINUTES: i64 = 60;

async fn reserve(limiter: &Limiter, attempt: &Attempt, now: DateTime<Utc>) -> Reservation {
    limiter.reserve(attempt, now, Known::Unknown).await
}

/// A wrong password, which is expected to be checked.
async fn guess(limiter: &Limiter, network: &str, now: DateTime<Utc>) -> Failure {
    let attempt = attempt_from(network);
    assert_eq!(limiter.reserve(&attempt, now, Known::Yes).await, Reservation::Granted);
    limiter.fail(&attempt, now).await
}

async fn guess_times(limiter: &Limiter, times: usize, network: &str, now: DateTime<Utc>) {
    for _ in 0..times {
        guess(limiter, network, now).await;
    }
}

/// One failure from each of so many networks.
pub async fn failures_from_networks(limiter: &Limiter, networks: u32, now: DateTime<Utc>) {
    for number in 0..networks {
        guess(limiter, &format!("198.51.100.{number}"), now).await;
    }
}

/// What a try at that moment would be told; it leaves no trace.
async fn told(limiter: &Limiter, network: &str, now: DateTime<Utc>) -> Reservation {
    let attempt = attempt_from(network);
    let reservation = reserve(limiter, &attempt, now).await;
    limiter.cancel(&attempt, now).await;
    reservation
}

pub async fn five_failures_lock_for_a_quarter_of_an_hour(Nodes { one, two }: Nodes) {
    for minute in 0..4 {
        assert_eq!(guess(&one, HOME, at(minute * MINUTES)).await, Failure::default());
    }
    let until = at((4 + 15) * MINUTES);
    let fifth = guess(&two, HOME, at(4 * MINUTES)).await;
    assert_eq!(fifth, Failure { locked_until: Some(until), protected_until: None });
    assert_eq!(told(&one, HOME, at(4 * MINUTES)).await, Reservation::Locked { until });
    assert_eq!(told(&two, HOME, until - Duration::from_micros(1)).await, Reservation::Locked { until });
    assert_eq!(told(&one, HOME, until).await, Reservation::Granted);
    guess_times(&one, 4, HOME, until).await;
    assert_eq!(told(&one, HOME, until).await, Reservation::Granted, "the count starts anew after a lock");
}

pub async fn tries_while_locked_neither_count_nor_extend(Nodes { one, two }: Nodes) {
    guess_times(&one, 5, HOME, at(0)).await;
    let until = at(15 * MINUTES);
    for minute in 1..15 {
        let late = attempt_from(HOME);
        assert_eq!(reserve(&two, &late, at(minute * MINUTES)).await, Reservation::Locked { until });
        assert_eq!(two.fail(&late, at(minute * MINUTES)).await, Failure::default());
    }
    guess_times(&one, 4, HOME, until).await;
    assert_eq!(told(&one, HOME, until).await, Reservation::Granted);
}

pub async fn failures_leave_the_window_one_by_one(Nodes { one, .. }: Nodes) {
    for second in 0..4 {
        guess(&one, HOME, at(second)).await;
    }
    assert_eq!(guess(&one, HOME, at(15 * MINUTES)).await.locked_until, None, "the first has left");
    assert_eq!(guess(&one, HOME, at(15 * MINUTES + 1)).await.locked_until, None, "and the second");
    let just_before = at(15 * MINUTES + 2) - Duration::from_micros(1);
    let until = just_before + Duration::from_secs(15 * 60);
    assert_eq!(guess(&one, HOME, just_before).await.locked_until, Some(until), "the third has not");
}

pub async fn twenty_wrong_at_once_are_five_hashes(nodes: Nodes) {
    let mut calls = JoinSet::new();
    for call in 0..20 {
        let limiter = if call % 2 == 0 { nodes.one.clone() } else { nodes.two.clone() };
        calls.spawn(async move {
            let attempt = attempt_from(HOME);
            let reservation = reserve(&limiter, &attempt, at(0)).await;
            if reservation != Reservation::Granted {
                assert_eq!(reservation, Reservation::Locked { until: at(15 * MINUTES) });
                return None;
            }
            Some(limiter.fail(&attempt, at(0)).await)
        });
    }
    let failures: Vec<Failure> = calls.join_all().await.into_iter().flatten().collect();
    assert_eq!(failures.len(), 5);
    assert_eq!(failures.iter().filter(|failure| failure.locked_until.is_some()).count(), 1);
}

pub async fn twenty_right_at_once_all_get_in(nodes: Nodes) {
    let mut calls = JoinSet::new();
    for call in 0..20 {
        let limiter = if call % 2 == 0 { nodes.one.clone() } else { nodes.two.clone() };
        calls.spawn(async move {
            let attempt = attempt_from(HOME);
            assert_eq!(reserve(&limiter, &attempt, at(0)).await, Reservation::Granted);
            // Long enough for the others to have come, as a hash is.
            tokio::task::yield_now().await;
            limiter.succeed(&attempt, at(0)).await;
        });
    }
    calls.join_all().await;
    guess_times(&nodes.one, 4, HOME, at(0)).await;
    assert_eq!(told(&nodes.two, HOME, at(0)).await, Reservation::Granted, "nothing was left behind");
}

pub async fn taken_places_make_others_wait_not_fail(Nodes { one, two }: Nodes) {
    let first: Vec<Attempt> = (0..5).map(|_| attempt_from(HOME)).collect();
    for attempt in &first {
        assert_eq!(reserve(&one, attempt, at(0)).await, Reservation::Granted);
    }
    let sixth = attempt_from(HOME);
    let impatient = two.clone().with_patience(Duration::ZERO);
    assert_eq!(reserve(&impatient, &sixth, at(0)).await, Reservation::Undecided { until: at(30) });

    let waiting = tokio::spawn(async move { reserve(&two, &sixth, at(0)).await });
    for attempt in &first[..4] {
        one.fail(attempt, at(0)).await;
    }
    assert!(!waiting.is_finished(), "four failed, but the fifth may yet succeed");
    one.succeed(&first[4], at(0)).await;
    assert_eq!(waiting.await.unwrap(), Reservation::Granted);
}

pub async fn the_wait_ends(Nodes { one, two }: Nodes) {
    for _ in 0..5 {
        assert_eq!(reserve(&one, &attempt_from(HOME), at(0)).await, Reservation::Granted);
    }
    let started = Instant::now();
    let patient = two.with_patience(Duration::from_millis(100));
    assert_eq!(reserve(&patient, &attempt_from(HOME), at(3)).await, Reservation::Undecided { until: at(30) });
    assert!(started.elapsed() >= Duration::from_millis(100));
}

pub async fn an_abandoned_attempt_counts_as_failed(Nodes { one, two }: Nodes) {
    for _ in 0..5 {
        assert_eq!(reserve(&one, &attempt_from(HOME), at(0)).await, Reservation::Granted);
    }
    let until = at(30 + 15 * MINUTES);
    assert_eq!(told(&two, HOME, at(30)).await, Reservation::Locked { until });
    assert_eq!(told(&two, HOME, at(10 * MINUTES)).await, Reservation::Locked { until });
    assert_eq!(told(&two, HOME, until).await, Reservation::Granted);
}

pub async fn a_failure_told_twice_counts_once(Nodes { one, two }: Nodes) {
    let attempt = attempt_from(HOME);
    reserve(&one, &attempt, at(0)).await;
    reserve(&two, &attempt, at(0)).await;
    for _ in 0..5 {
        assert_eq!(one.fail(&attempt, at(0)).await, Failure::default());
    }
    guess_times(&two, 3, HOME, at(0)).await;
    assert_eq!(told(&one, HOME, at(0)).await, Reservation::Granted);
    assert_eq!(guess(&one, HOME, at(0)).await.locked_until, Some(at(15 * MINUTES)));
}

pub async fn a_cancelled_attempt_does_not_count(Nodes { one, two }: Nodes) {
    for _ in 0..10 {
        let attempt = attempt_from(HOME);
        assert_eq!(reserve(&one, &attempt, at(0)).await, Reservation::Granted);
        two.cancel(&attempt, at(0)).await;
    }
}

pub async fn a_success_clears_the_pair(Nodes { one, two }: Nodes) {
    guess_times(&one, 4, HOME, at(0)).await;
    let (right, pending) = (attempt_from(HOME), attempt_from("198.51.100.7"));
    reserve(&two, &right, at(1)).await;
    reserve(&two, &pending, at(1)).await;
    two.succeed(&right, at(1)).await;
    guess_times(&one, 4, HOME, at(2)).await;
    assert_eq!(told(&two, HOME, at(2)).await, Reservation::Granted);
    assert_eq!(guess(&two, HOME, at(2)).await.locked_until, Some(at(2 + 15 * MINUTES)));
}

pub async fn a_reset_clears_all_networks_and_the_protection(Nodes { one, two }: Nodes) {
    let networks = ["192.0.2.1", "203.0.113.7", "2001:db8::/64"];
    for network in networks {
        guess_times(&one, 5, network, at(0)).await;
    }
    failures_from_networks(&one, 85, at(0)).await;
    for network in networks {
        assert!(matches!(told(&two, network, at(1)).await, Reservation::Locked { .. }));
    }
    assert!(matches!(told(&two, "198.51.100.0", at(1)).await, Reservation::Protected { .. }));
    two.clear("app_01", "c0ffee").await;
    for network in networks.into_iter().chain(["198.51.100.0"]) {
        assert_eq!(told(&one, network, at(1)).await, Reservation::Granted);
    }
    assert_eq!(guess(&one, HOME, at(1)).await, Failure::default(), "the failures in a row are forgotten too");
}

pub async fn pairs_do_not_share(Nodes { one, two }: Nodes) {
    guess_times(&one, 5, HOME, at(0)).await;
    let here = attempt_from(HOME);
    let others = [
        attempt_from("192.0.2.2"),
        Attempt { application: "app_02".to_owned(), ..here.clone() },
        Attempt { address: "decaf".to_owned(), ..here.clone() },
    ];
    for other in others {
        assert_eq!(reserve(&two, &other, at(0)).await, Reservation::Granted);
    }
    assert!(matches!(reserve(&two, &here, at(0)).await, Reservation::Locked { .. }));
}

pub async fn a_hundred_failures_in_a_row_protect_the_account(Nodes { one, two }: Nodes) {
    let network = |number: i64| format!("198.51.100.{number}");
    for number in 0..99 {
        assert_eq!(guess(&one, &network(number), at(number)).await, Failure::default());
    }
    let hundredth = guess(&two, &network(99), at(99)).await;
    let until = at(99 + 60 * MINUTES);
    assert_eq!(hundredth, Failure { locked_until: None, protected_until: Some(until) });

    let stranger = attempt_from("203.0.113.1");
    assert_eq!(reserve(&one, &stranger, at(100)).await, Reservation::Protected { until });
    let owner = attempt_from(HOME);
    assert_eq!(reserve(&one, &owner, at(100)).await, Reservation::Protected { until });
    assert_eq!(one.reserve(&owner, at(100), Known::Yes).await, Reservation::Granted);
    let again = at(110 + 60 * MINUTES);
    assert_eq!(one.fail(&owner, at(110)).await.protected_until, Some(again), "each further failure protects");
    assert_eq!(told(&two, HOME, until).await, Reservation::Protected { until: again });
    assert_eq!(told(&two, HOME, again).await, Reservation::Granted);
    let later = at(86_400);
    let once_more = Some(later + Duration::from_secs(3600));
    assert_eq!(guess(&two, HOME, later).await.protected_until, once_more, "the row goes on");
}

pub async fn a_success_ends_the_row_but_not_the_protection(Nodes { one, two }: Nodes) {
    failures_from_networks(&one, 100, at(0)).await;
    let owner = attempt_from(HOME);
    assert_eq!(one.reserve(&owner, at(1), Known::Yes).await, Reservation::Granted);
    one.succeed(&owner, at(1)).await;
    let until = at(60 * MINUTES);
    assert_eq!(told(&two, "203.0.113.1", at(2)).await, Reservation::Protected { until });
    assert_eq!(
        guess(&two, "203.0.113.1", until).await,
        Failure::default(),
        "one failure, not a hundred and one"
    );
}

pub async fn a_row_is_forgotten_after_thirty_days(Nodes { one, two }: Nodes) {
    const DAYS: i64 = 86_400;
    failures_from_networks(&one, 99, at(0)).await;
    assert_eq!(guess(&two, HOME, at(30 * DAYS)).await, Failure::default());
    failures_from_networks(&one, 98, at(31 * DAYS)).await;
    assert!(guess(&two, "203.0.113.1", at(60 * DAYS)).await.protected_until.is_some());
}

pub async fn another_policy_can_be_set(Nodes { one, two }: Nodes) {
    let policy = LockoutPolicy {
        attempts: 2,
        window: Duration::from_secs(60),
        lock: Duration::from_secs(10),
        protect_after: 3,
        protect_for: Duration::from_secs(20),
    };
    let (one, two) = (one.with_lockout(policy), two.with_lockout(policy));
    assert_eq!(guess(&one, HOME, at(0)).await, Failure::default());
    assert_eq!(guess(&two, HOME, at(0)).await.locked_until, Some(at(10)));
    assert_eq!(guess(&one, HOME, at(10)).await.protected_until, Some(at(30)));
}
