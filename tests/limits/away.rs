//! Redis is away: not there yet, killed, frozen, full.

use crate::redis_server::{RedisCluster, RedisServer};
use crate::stores::{at, attempt_from};
use devauth::limits::{Bucket, Failure, Known, Limiter, Reservation};
use metrics_exporter_prometheus::PrometheusBuilder;
use std::future::Future;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn bucket(limit: u32) -> Bucket {
    Bucket { key: "key:one".to_owned(), limit, window: Duration::from_secs(60) }
}

async fn admitted_of(limiter: &Limiter, calls: u32, limit: u32) -> usize {
    let mut admitted = 0;
    for _ in 0..calls {
        admitted += usize::from(limiter.admit(&bucket(limit), at(0)).await.allowed);
    }
    admitted
}

async fn until_redis_is(up: bool, limiter: &Limiter) {
    let waiting = async {
        while limiter.redis_is_up().await != Some(up) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("Redis changes its state");
}

#[tokio::test]
async fn a_limiter_is_made_while_redis_is_away_and_finds_it_later() {
    let mut server = RedisServer::not_started();
    let limiter = Limiter::redis(&server.url(), "").unwrap();
    assert_eq!(limiter.redis_is_up().await, Some(false));
    assert_eq!(admitted_of(&limiter, 5, 3).await, 3);
    server.restart();
    until_redis_is(true, &limiter).await;
    assert_eq!(admitted_of(&limiter, 5, 3).await, 3, "Redis has not seen the others");
    assert!(server.cli(&["KEYS", "*"]).contains("key:one"));
}

#[tokio::test]
async fn requests_alone_bring_redis_back() {
    let mut server = RedisServer::not_started();
    let limiter = Limiter::redis(&server.url(), "").unwrap();
    limiter.admit(&bucket(1), at(0)).await;
    server.restart();
    let waiting = async {
        while !server.cli(&["KEYS", "*"]).contains("key:one") {
            limiter.admit(&bucket(1), at(0)).await;
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("counted in Redis again");
}

#[tokio::test]
async fn a_killed_server_is_replaced_by_the_same_thresholds_and_used_again_after_its_restart() {
    let mut server = RedisServer::start();
    let limiter = Limiter::redis(&server.url(), "").unwrap();
    assert_eq!(admitted_of(&limiter, 2, 3).await, 2);
    let in_flight = attempt_from("192.0.2.1");
    assert_eq!(limiter.reserve(&in_flight, at(0), Known::Unknown).await, Reservation::Granted);

    server.kill();
    assert_eq!(admitted_of(&limiter, 10, 3).await, 3);
    assert_eq!(limiter.fail(&in_flight, at(0)).await, Failure::default());
    for _ in 0..4 {
        let attempt = attempt_from("192.0.2.1");
        assert_eq!(limiter.reserve(&attempt, at(0), Known::Unknown).await, Reservation::Granted);
        limiter.fail(&attempt, at(0)).await;
    }
    let locked = limiter.reserve(&attempt_from("192.0.2.1"), at(0), Known::Unknown).await;
    assert_eq!(locked, Reservation::Locked { until: at(15 * 60) }, "the one in flight counts");
    assert_eq!(limiter.redis_is_up().await, Some(false));

    let here = attempt_from("192.0.2.2");
    assert_eq!(limiter.reserve(&here, at(0), Known::Unknown).await, Reservation::Granted);
    server.restart();
    until_redis_is(true, &limiter).await;
    limiter.fail(&here, at(0)).await;
    assert_eq!(server.cli(&["HLEN", "guess:{app_01:c0ffee}:pairs"]).trim(), "1", "it failed in Redis");
    assert_eq!(admitted_of(&limiter, 10, 3).await, 3);
    assert!(server.cli(&["KEYS", "rate:*"]).contains("key:one"));
}

#[tokio::test]
async fn a_frozen_server_delays_one_request_not_each() {
    let server = RedisServer::start();
    let limiter = Limiter::redis(&server.url_with_usual_timeout(), "").unwrap();
    admitted_of(&limiter, 1, 1000).await;
    server.freeze();
    let started = Instant::now();
    assert_eq!(admitted_of(&limiter, 100, 1000).await, 100);
    assert!(started.elapsed() < Duration::from_secs(5), "a hundred timeouts would take 25 s");
    server.thaw();
    until_redis_is(true, &limiter).await;
}

#[tokio::test]
async fn a_server_that_answers_but_can_not_write_is_away() {
    let server = RedisServer::start();
    let limiter = Limiter::redis(&server.url(), "").unwrap();
    admitted_of(&limiter, 1, 100).await;
    server.cli(&["REPLICAOF", "127.0.0.1", "1"]);
    assert_eq!(admitted_of(&limiter, 5, 3).await, 3);
    assert_eq!(limiter.redis_is_up().await, Some(false));
    server.cli(&["REPLICAOF", "NO", "ONE"]);
    until_redis_is(true, &limiter).await;
}

pub async fn a_cluster_that_loses_a_node_is_away(mut cluster: RedisCluster, limiter: Limiter) {
    cluster.kill_one();
    let started = Instant::now();
    for number in 0..100 {
        let bucket = Bucket { key: format!("away:{number}"), ..bucket(1) };
        assert!(limiter.admit(&bucket, at(0)).await.allowed);
        assert!(!limiter.admit(&bucket, at(0)).await.allowed, "counted in the same place");
    }
    assert!(started.elapsed() < Duration::from_secs(10), "a timeout each would take longer");
    assert_eq!(limiter.redis_is_up().await, Some(false));
}

#[tokio::test]
async fn a_server_that_lost_its_scripts_gets_them_again() {
    let server = RedisServer::start();
    let limiter = Limiter::redis(&server.url(), "").unwrap();
    admitted_of(&limiter, 1, 3).await;
    server.cli(&["SCRIPT", "FLUSH"]);
    assert_eq!(admitted_of(&limiter, 5, 3).await, 2, "counted on where it was");
}

#[tokio::test]
async fn a_server_without_tls_is_away_for_a_limiter_with_it() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("rediss://localhost:{}", listener.local_addr().unwrap().port());
    let limiter = Limiter::redis(&url, "").unwrap();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    assert_eq!(limiter.redis_is_up().await, Some(false));
    assert_eq!(admitted_of(&limiter, 5, 3).await, 3);
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn going_and_coming_back_is_one_log_line_each_and_every_substitution_is_counted() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    // While there is only one subscriber, a call site first met by another test's thread, which has none, is
    // switched off for all.
    let _second = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // One thread, so that its subscriber and recorder see everything.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut server = RedisServer::start();
    let story = async {
        let limiter = Limiter::redis(&server.url(), "").unwrap();
        admitted_of(&limiter, 1, 100).await;
        server.kill();
        admitted_of(&limiter, 20, 100).await;
        server.restart();
        until_redis_is(true, &limiter).await;
        admitted_of(&limiter, 5, 100).await;
    };
    tracing::subscriber::with_default(subscriber, || {
        metrics::with_local_recorder(&recorder, || runtime.block_on(story));
    });
    let lines = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(lines.matches("Redis is away").count(), 1, "{lines}");
    assert_eq!(lines.matches("Redis is back").count(), 1, "{lines}");
    assert!(metrics.render().contains("devauth_redis_fallback_total 20"), "{}", metrics.render());
}

/// Handlers run on any thread.
#[test]
fn all_answers_can_be_awaited_from_any_thread() {
    fn is_send(_: impl Future + Send) {}
    let limiter = Limiter::in_process();
    let attempt = attempt_from("192.0.2.1");
    is_send(limiter.admit(&bucket(1), at(0)));
    is_send(limiter.reserve(&attempt, at(0), Known::Unknown));
    is_send(limiter.fail(&attempt, at(0)));
    is_send(limiter.succeed(&attempt, at(0)));
    is_send(limiter.cancel(&attempt, at(0)));
    is_send(limiter.clear("app_01", "c0ffee"));
    is_send(limiter.redis_is_up());
}
