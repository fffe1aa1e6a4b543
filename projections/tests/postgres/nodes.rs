//! Who runs, and what became of the keys.

use devauth_projections::key_uses::{self, KeyUse, Purpose};
use devauth_projections::nodes::{self, COUNTS_FOR, NodeRow};

use crate::fixture::{Fixture, at};

fn ids(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

fn node(fixture: &Fixture, seconds: i64) -> NodeRow {
    NodeRow {
        id: fixture.id(),
        seen_at: at(seconds),
        encryption_keys: ids(&["a"]),
        signing_keys: ids(&["s", "t"]),
    }
}

async fn of(fixture: &Fixture, purpose: Purpose, key: &str) -> KeyUse {
    let list = key_uses::list(&fixture.pool, purpose).await.unwrap();
    list.into_iter().find(|known| known.key_id == key).expect("it is known")
}

#[tokio::test]
async fn a_node_counts_while_it_is_heard_of_and_not_after_it_ended() {
    let fixture = Fixture::new().await;
    let (first, mut second) = (node(&fixture, 0), node(&fixture, 1));
    nodes::put(&fixture.pool, &first).await.unwrap();
    nodes::put(&fixture.pool, &second).await.unwrap();
    let running = async |seconds| nodes::running(&fixture.pool, at(seconds)).await.unwrap();
    assert_eq!(running(2).await, [first.clone(), second.clone()]);

    second.seen_at = at(30);
    second.encryption_keys = ids(&["b", "a"]);
    nodes::put(&fixture.pool, &second).await.unwrap();

    assert_eq!(running(30).await, [first.clone(), second.clone()]);
    assert_eq!(running(COUNTS_FOR.num_seconds()).await, [second.clone()], "the first was killed");
    nodes::remove(&fixture.pool, second.id, at(31)).await.unwrap();
    assert_eq!(running(31).await, [first]);
    nodes::remove(&fixture.pool, second.id, at(90_000)).await.unwrap();
    assert_eq!(running(1).await, [], "what was not heard of for a day is gone");
}

#[tokio::test]
async fn a_key_is_known_since_it_was_seen_first_and_active_while_it_is_the_first() {
    let fixture = Fixture::new().await;
    let (signing, pool) = (Purpose::Signing, &fixture.pool);
    let until = |seconds| Some(at(seconds));

    key_uses::observe(pool, signing, &ids(&["s", "old"]), until(900), at(0)).await.unwrap();
    key_uses::observe(pool, signing, &ids(&["s", "new", "old"]), until(910), at(10)).await.unwrap();
    // A node whose clock is behind takes nothing back.
    key_uses::observe(pool, signing, &ids(&["s"]), until(905), at(5)).await.unwrap();

    let s = of(&fixture, signing, "s").await;
    assert_eq!((s.first_seen_at, s.last_active_at, s.needed_until), (at(0), Some(at(10)), until(910)));
    let old = of(&fixture, signing, "old").await;
    assert_eq!((old.first_seen_at, old.last_active_at), (at(0), None));
    assert_eq!(old.needed_until, until(900), "it may have signed before anybody took notes, and not since");
    let new = of(&fixture, signing, "new").await;
    assert_eq!((new.first_seen_at, new.last_active_at, new.published_at), (at(10), None, None));
    key_uses::published(pool, "new", at(11)).await.unwrap();
    key_uses::published(pool, "new", at(12)).await.unwrap();
    assert_eq!(of(&fixture, signing, "new").await.published_at, Some(at(11)));
    assert!(key_uses::list(pool, Purpose::Encryption).await.unwrap().is_empty());

    key_uses::forget(pool, signing, &ids(&["old", "s"])).await.unwrap();
    assert_eq!(key_uses::list(pool, signing).await.unwrap(), [of(&fixture, signing, "new").await]);
}

#[tokio::test]
async fn one_rotation_works_at_a_time_and_one_that_dies_lets_go() {
    let fixture = Fixture::new().await;
    let first = key_uses::one_rotation(&fixture.pool).await.unwrap();
    assert!(first.is_some());
    assert!(key_uses::one_rotation(&fixture.pool).await.unwrap().is_none());

    drop(first);

    crate::fixture::eventually("Postgres notices", async || {
        key_uses::one_rotation(&fixture.pool).await.unwrap().is_some()
    })
    .await;
}
