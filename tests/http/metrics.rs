//! What a node shows at `/metrics` after some work: the metrics of `docs/metrics.md`, no more and no less; and dashboard and alerts
//! name no others.

use std::collections::{BTreeMap, BTreeSet};

use devauth::http::metrics::{METRICS, Metric};
use devauth_test_support::database::PATIENCE;
use serde_json::json;

use crate::app::{PASSWORD, TestApp};
use crate::client::Client;

/// Type and labels by name.
type Shown = BTreeMap<String, (String, BTreeSet<String>)>;

fn read(text: &str) -> Shown {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let mut shown: Shown =
        types.map(|(name, kind)| (name.to_owned(), (kind.to_owned(), BTreeSet::new()))).collect();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, rest) = line.split_at(line.find(['{', ' ']).unwrap());
        let labels = rest.split_once('}').map_or("", |(labels, _)| labels.trim_start_matches('{'));
        let is_label = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let names =
            labels.split("\",").filter_map(|pair| pair.split_once("=\"")).map(|(name, _)| name.to_owned());
        let names: BTreeSet<String> = names.filter(|name| name != "le").collect();
        assert!(names.iter().all(|name| is_label(name)), "{line}");
        let known = shown.get_mut(base(name)).unwrap_or_else(|| panic!("{name} has no type"));
        known.1.extend(names);
    }
    shown
}

/// A histogram's name without what its parts add.
fn base(name: &str) -> &str {
    let is_histogram = |base: &&str| base.ends_with("_seconds");
    ["_bucket", "_sum", "_count"]
        .iter()
        .find_map(|part| name.strip_suffix(part).filter(is_histogram))
        .unwrap_or(name)
}

fn documented() -> Shown {
    let row = |metric: &Metric| {
        let labels = metric.labels.iter().map(|label| (*label).to_owned()).collect();
        (metric.name.to_owned(), (format!("{:?}", metric.kind).to_lowercase(), labels))
    };
    METRICS.iter().map(row).collect()
}

/// What a node shows that has done a bit of everything.
async fn shown() -> Shown {
    let app = TestApp::start().await;
    let acme = app.developer().await.application("Acme").await;
    acme.client.sign_up("ada@example.org").await;
    acme.client.try_log_in("ada@example.org", "wrong").await.refused(401, "invalid_credentials");
    let login = acme.client.try_log_in("ada@example.org", PASSWORD).await.expect(200);
    acme.client.post("/v1/auth/introspect", json!({"token": login["access_token"]})).await.expect(200);
    app.mail("ada@example.org", "").await;
    let admin = Client::new(format!("http://{}", app.node.admin_address));
    let looking = async {
        loop {
            let shown = read(&admin.get("/metrics").await.text);
            // What is looked at every few seconds comes later than the work.
            if shown.len() >= METRICS.len() {
                return shown;
            }
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, looking).await;
    match in_time {
        Ok(shown) => shown,
        Err(_) => read(&admin.get("/metrics").await.text),
    }
}

#[tokio::test]
async fn a_node_shows_the_documented_metrics_and_dashboard_and_alerts_name_no_others() {
    let shown = shown().await;
    assert_eq!(shown, documented());

    for file in ["grafana-dashboard.json", "alerts.yaml", "alerts-test.yaml"] {
        let path = format!("{}/deploy/monitoring/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap().replace("\\\"", "\"");
        let mut named = 0;
        for (at, _) in text.match_indices("devauth_") {
            let rest = &text[at..];
            let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(rest.len());
            let (_, labels) =
                shown.get(base(&rest[..end])).unwrap_or_else(|| panic!("{file}: {}", &rest[..end]));
            let matchers =
                rest[end..].strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |it| it.0);
            for label in
                matchers.split(',').filter_map(|one| one.split_once(['=', '!'])).map(|it| it.0.trim())
            {
                let common = ["job", "instance", "le"].contains(&label);
                assert!(common || labels.contains(label), "{file}: {} has no {label}", &rest[..end]);
            }
            named += 1;
        }
        assert!(named > 10, "{file} names metrics");
    }
}
