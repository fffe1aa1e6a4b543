//! The places where limits are counted, and the shared behaviour tested on each.

use crate::redis_server::{RedisCluster, RedisServer};
use crate::{away, guessing, rate};
use chrono::{DateTime, TimeDelta, Utc};
use devauth::limits::{Attempt, Limiter};
use std::sync::atomic::{AtomicU32, Ordering};

/// Two nodes that count together.
#[derive(Clone)]
pub struct Nodes {
    pub one: Limiter,
    pub two: Limiter,
}

impl Nodes {
    fn in_process() -> Self {
        let one = Limiter::in_process();
        Self { two: one.clone(), one }
    }

    fn on(url: &str) -> Self {
        let prefix = unique("test");
        let node = || Limiter::redis(url, &format!("{prefix}:")).unwrap();
        Self { one: node(), two: node() }
    }
}

/// The Redis given for tests, or one of this test's own.
fn redis_for_tests() -> (String, Option<RedisServer>) {
    if let Ok(url) = std::env::var("DEVAUTH_TEST_REDIS_URL") {
        return (url, None);
    }
    let server = RedisServer::start();
    (server.url(), Some(server))
}

/// A name nobody else uses.
pub fn unique(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Some moment, and `seconds` after it.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 123_456_000).unwrap() + TimeDelta::seconds(seconds)
}

/// An attempt of its own at one account from `network`.
pub fn attempt_from(network: &str) -> Attempt {
    Attempt {
        application: "app_01".to_owned(),
        address: "c0ffee".to_owned(),
        network: network.to_owned(),
        id: unique("attempt"),
    }
}

macro_rules! behaves_the_same_everywhere {
    ($($module:ident::$behaviour:ident,)+) => {
        mod in_process {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                super::$module::$behaviour(super::Nodes::in_process()).await;
            })+
        }

        mod on_a_server {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                let (url, _server) = super::redis_for_tests();
                super::$module::$behaviour(super::Nodes::on(&url)).await;
            })+
        }

        /// One test for all of them: a cluster takes seconds to form.
        #[tokio::test(flavor = "multi_thread")]
        async fn on_a_cluster() {
            let cluster = RedisCluster::start();
            $($module::$behaviour(Nodes::on(&cluster.url())).await;)+
            let nodes = Nodes { two: Limiter::redis(&cluster.url_of_one(), "one:").unwrap(), ..Nodes::on(&cluster.url()) };
            assert_eq!(nodes.two.redis_is_up().await, Some(true));
            rate::many_buckets(&nodes.two).await;
            assert_eq!(cluster.nodes_in_use(), 3, "keys are spread over the cluster");
            away::a_cluster_that_loses_a_node_is_away(cluster, nodes.one).await;
        }
    };
}

behaves_the_same_everywhere! {
    rate::admits_exactly_the_limit_of_many_at_once,
    rate::slides,
    rate::buckets_do_not_share,
    rate::a_limit_of_zero_admits_nothing,
    guessing::five_failures_lock_for_a_quarter_of_an_hour,
    guessing::tries_while_locked_neither_count_nor_extend,
    guessing::failures_leave_the_window_one_by_one,
    guessing::twenty_wrong_at_once_are_five_hashes,
    guessing::twenty_right_at_once_all_get_in,
    guessing::taken_places_make_others_wait_not_fail,
    guessing::the_wait_ends,
    guessing::an_abandoned_attempt_counts_as_failed,
    guessing::a_failure_told_twice_counts_once,
    guessing::a_cancelled_attempt_does_not_count,
    guessing::a_success_clears_the_pair,
    guessing::a_reset_clears_all_networks_and_the_protection,
    guessing::pairs_do_not_share,
    guessing::a_hundred_failures_in_a_row_protect_the_account,
    guessing::a_success_ends_the_row_but_not_the_protection,
    guessing::a_row_is_forgotten_after_thirty_days,
    guessing::another_policy_can_be_set,
}

#[tokio::test]
async fn only_a_limiter_with_redis_has_one_that_is_up() {
    assert_eq!(Limiter::in_process().redis_is_up().await, None);
    let server = RedisServer::start();
    assert_eq!(Limiter::redis(&server.url(), "").unwrap().redis_is_up().await, Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_forgets_every_key_by_itself() {
    let server = RedisServer::start();
    rate::buckets_do_not_share(Nodes::on(&server.url())).await;
    guessing::five_failures_lock_for_a_quarter_of_an_hour(Nodes::on(&server.url())).await;
    guessing::a_hundred_failures_in_a_row_protect_the_account(Nodes::on(&server.url())).await;
    let keys = server.cli(&["KEYS", "*"]);
    assert!(keys.lines().count() >= 4, "{keys}");
    for key in keys.lines() {
        let lives: i64 = server.cli(&["PTTL", key]).trim().parse().unwrap();
        assert!(lives > 0, "{key} lives {lives} ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_that_no_longer_count_are_dropped() {
    let server = RedisServer::start();
    let limiter = Limiter::redis(&server.url(), "").unwrap();
    guessing::failures_from_networks(&limiter, 70, at(0)).await;
    assert_eq!(server.cli(&["HLEN", "guess:{app_01:c0ffee}:pairs"]).trim(), "70");
    guessing::failures_from_networks(&limiter, 1, at(3600)).await;
    assert_eq!(server.cli(&["HLEN", "guess:{app_01:c0ffee}:pairs"]).trim(), "1");
}
