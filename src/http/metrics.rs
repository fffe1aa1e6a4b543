//! Prometheus metrics: one recorder per process, read at `/metrics` on the admin address.

mod catalogue;
mod requests;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

pub use catalogue::{EVENTS, Kind, METRICS, Metric};
pub use requests::{limited, refused, request};

/// Counts requests by method, route and status.
pub const REQUESTS_TOTAL: &str = "devauth_http_requests_total";
/// How long requests took, by method and route.
pub const REQUEST_SECONDS: &str = "devauth_http_request_seconds";
/// Counts what the rate limit decided.
pub const LIMITER_TOTAL: &str = "devauth_limiter_decisions_total";
/// Counts logins by result.
pub const LOGINS_TOTAL: &str = "devauth_logins_total";
/// Counts authentication and key operations by name.
pub const SECURITY_EVENTS_TOTAL: &str = "devauth_security_events_total";
/// The process's resident memory.
pub const RESIDENT_BYTES: &str = "devauth_process_resident_bytes";
/// Always 1; its label is the version.
pub const BUILD_INFO: &str = "devauth_build_info";

/// From a cached answer to one that is about to be cut off. Without buckets the exporter would make summaries,
/// which can't be added up over nodes.
const SECONDS_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// Histograms keep every sample until somebody folds them into their buckets.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

static RECORDER: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// Installs the process's recorder, at the first call; later calls give the same one.
///
/// # Errors
/// When another recorder was installed by somebody else.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let mut recorder = RECORDER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*recorder {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new().set_buckets(&SECONDS_BUCKETS)?.install_recorder()?;
    catalogue::begin();
    Ok(recorder.insert(handle).clone())
}

/// `GET /metrics`, for the admin address.
pub fn router(handle: PrometheusHandle) -> Router {
    let render = move || async move {
        ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render())
    };
    Router::new().route("/metrics", get(render))
}

/// Keeps the recorder small and the process's own numbers fresh, until cancelled.
pub async fn upkeep(handle: PrometheusHandle, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(UPKEEP_INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        handle.run_upkeep();
        if let Some(bytes) = resident_bytes() {
            metrics::gauge!(RESIDENT_BYTES).set(bytes);
        }
    }
}

/// Where the kernel tells it, which is Linux.
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_have_buckets_and_a_second_install_is_the_first() {
        let handle = install().unwrap();
        metrics::histogram!("devauth_test_seconds").record(0.003);
        let rendered = install().unwrap().render();
        assert!(rendered.contains(r#"devauth_test_seconds_bucket{le="0.005"} 1"#), "{rendered}");
        assert!(handle.render().contains("devauth_test_seconds_count 1"));
    }
}
