//! Locks against guessing hold until their end, which only moves away.

use chrono::{DateTime, Utc};
use devauth_aggregates::portal;
use devauth_projections::login_locks::{self, Lock};

use crate::fixture::{Fixture, application, at};

/// The pair of an address and a network.
fn pair(network: &str) -> Lock<'_> {
    Lock { application: application(), address: b"ada", network }
}

type Locked = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

async fn get(fixture: &Fixture, lock: &Lock<'_>, seconds: i64) -> Locked {
    login_locks::get(&fixture.pool, lock, at(seconds)).await.unwrap()
}

#[tokio::test]
async fn a_lock_holds_for_its_pair_until_its_end() {
    let fixture = Fixture::new().await;
    let here = pair("203.0.113.77");
    assert_eq!(get(&fixture, &here, 0).await, (None, None));
    login_locks::put(&fixture.pool, &here, at(900)).await.unwrap();

    assert_eq!(get(&fixture, &here, 899).await, (Some(at(900)), None));
    assert_eq!(get(&fixture, &here, 900).await, (None, None));
    assert_eq!(get(&fixture, &pair("203.0.113.78"), 0).await, (None, None), "another network");
    assert_eq!(
        get(&fixture, &Lock { address: b"eve", ..here.clone() }, 0).await,
        (None, None),
        "another address"
    );
    assert_eq!(
        get(&fixture, &Lock { application: portal(), ..here }, 0).await,
        (None, None),
        "another application"
    );
}

#[tokio::test]
async fn of_two_ends_the_later_wins() {
    let fixture = Fixture::new().await;
    let here = pair("203.0.113.77");
    for (end, is_new) in [(500, true), (500, false), (900, true), (100, false)] {
        assert_eq!(login_locks::put(&fixture.pool, &here, at(end)).await.unwrap(), is_new, "{end}");
    }
    assert_eq!(get(&fixture, &here, 0).await.0, Some(at(900)));
}

#[tokio::test]
async fn a_protected_account_is_told_apart_from_a_locked_pair() {
    let fixture = Fixture::new().await;
    login_locks::put(&fixture.pool, &pair(""), at(60)).await.unwrap();
    assert_eq!(get(&fixture, &pair("203.0.113.77"), 0).await, (None, Some(at(60))));

    login_locks::put(&fixture.pool, &pair("203.0.113.77"), at(90)).await.unwrap();
    assert_eq!(get(&fixture, &pair("203.0.113.77"), 0).await, (Some(at(90)), Some(at(60))));
}

#[tokio::test]
async fn a_cleared_address_has_no_locks_and_others_keep_theirs() {
    let fixture = Fixture::new().await;
    let eve = Lock { address: b"eve", ..pair("203.0.113.77") };
    for lock in [&pair("203.0.113.77"), &pair("2001:db8::/64"), &pair(""), &eve] {
        login_locks::put(&fixture.pool, lock, at(900)).await.unwrap();
    }

    let mut tx = fixture.pool.begin().await.unwrap();
    login_locks::clear(&mut tx, application(), b"ada").await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(get(&fixture, &pair("203.0.113.77"), 0).await, (None, None));
    assert_eq!(get(&fixture, &pair("2001:db8::/64"), 0).await, (None, None));
    assert_eq!(get(&fixture, &eve, 0).await.0, Some(at(900)));
}
