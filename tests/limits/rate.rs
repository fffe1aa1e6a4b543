//! The sliding window of requests.

use crate::stores::{Nodes, at};
use chrono::TimeDelta;
use devauth::limits::{Admission, Bucket, Limiter};
use std::time::Duration;
use tokio::task::JoinSet;

const MINUTE: Duration = Duration::from_secs(60);

fn bucket(key: &str, limit: u32) -> Bucket {
    Bucket { key: key.to_owned(), limit, window: MINUTE }
}

pub async fn admits_exactly_the_limit_of_many_at_once(nodes: Nodes) {
    let mut calls = JoinSet::new();
    for call in 0..200 {
        let limiter = if call % 2 == 0 { nodes.one.clone() } else { nodes.two.clone() };
        // All of them in the same microsecond, or in different ones: neither may lose a count.
        let now = at(0) + TimeDelta::microseconds(call / 50);
        calls.spawn(async move { limiter.admit(&bucket("key:many", 60), now).await });
    }
    let answers = calls.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.allowed).count(), 60);
    let mut left: Vec<u32> =
        answers.iter().filter(|answer| answer.allowed).map(|answer| answer.remaining).collect();
    left.sort_unstable();
    assert_eq!(left, (0..60).collect::<Vec<_>>(), "each was told another number of places left");
}

pub async fn slides(nodes: Nodes) {
    let bucket = bucket("key:slides", 3);
    let admit = async |seconds| nodes.one.admit(&bucket, at(seconds)).await;
    let seconds = Duration::from_secs;

    let first =
        Admission { allowed: true, limit: 3, remaining: 2, reset: seconds(60), retry_after: Duration::ZERO };
    assert_eq!(admit(0).await, first);
    assert_eq!(admit(50).await, Admission { remaining: 1, reset: seconds(10), ..first });
    assert_eq!(admit(59).await, Admission { remaining: 0, reset: seconds(1), ..first });

    let refused =
        Admission { allowed: false, remaining: 0, reset: seconds(1), retry_after: seconds(1), ..first };
    assert_eq!(admit(59).await, refused);
    let last_moment = at(60) - TimeDelta::microseconds(1);
    let still_refused = nodes.two.admit(&bucket, last_moment).await;
    assert_eq!(still_refused.retry_after, Duration::from_micros(1));

    // A fixed window would admit three here, six within two seconds.
    assert_eq!(admit(60).await, Admission { remaining: 0, reset: seconds(50), ..first });
    assert!(!admit(60).await.allowed, "the refused requests were not counted, but the others still are");
    assert!(!admit(109).await.allowed);
    assert!(admit(110).await.allowed);
    assert_eq!(admit(500).await, first, "everything has left");
}

pub async fn buckets_do_not_share(nodes: Nodes) {
    assert!(nodes.one.admit(&bucket("key:a", 1), at(0)).await.allowed);
    assert!(nodes.one.admit(&bucket("key:b", 1), at(0)).await.allowed);
    assert!(nodes.one.admit(&bucket("key:a:2001:db8::/64", 1), at(0)).await.allowed);
    assert!(!nodes.two.admit(&bucket("key:a", 1), at(0)).await.allowed);
}

pub async fn a_limit_of_zero_admits_nothing(nodes: Nodes) {
    let refused = nodes.one.admit(&bucket("key:zero", 0), at(0)).await;
    let expected = Admission { allowed: false, limit: 0, remaining: 0, reset: MINUTE, retry_after: MINUTE };
    assert_eq!(refused, expected);
}

/// Uses so many buckets that every node of a cluster gets some.
pub async fn many_buckets(limiter: &Limiter) {
    for number in 0..50 {
        assert!(limiter.admit(&bucket(&format!("key:{number}"), 1), at(0)).await.allowed);
        assert!(!limiter.admit(&bucket(&format!("key:{number}"), 1), at(0)).await.allowed);
    }
}
