//! Every metric: name, type, labels, what it means and when to worry. `docs/metrics.md` has the same table, and what a node
//! shows is compared with it.

use devauth_projections::clean_up::Expired;
use devauth_projections::login_failures::Reason;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};

use super::requests::{DECISIONS, POLICIES};
use super::{
    BUILD_INFO, LIMITER_TOTAL, LOGINS_TOTAL, REQUEST_SECONDS, REQUESTS_TOTAL, RESIDENT_BYTES,
    SECURITY_EVENTS_TOTAL,
};
use crate::app::KEY_FILE_UNUSABLE;
use crate::crypto::passwords::{HASH_QUEUE_DEPTH, HASH_REFUSED_TOTAL, HASH_SECONDS, HASH_WAIT_SECONDS};
use crate::http::portal::READS_TOTAL;
use crate::limits::REDIS_FALLBACK_TOTAL;
use crate::mailer::message::MailKind;
use crate::mailer::settlement::RESULTS;
use crate::mailer::worker::{MAIL_SECONDS, MAIL_TOTAL};
use crate::schedule::clean_up::{REMOVED_TOTAL, RUNS_TOTAL, TASK};
use crate::schedule::expired_signups;
use crate::service::observing::{
    JOBS, LOG_POSITION, OLDEST_JOB_SECONDS, OLDEST_TRANSACTION_SECONDS, PARKED_STREAMS, POOL_CONNECTIONS,
    POOL_LIMIT, PROJECTION_LAG_EVENTS, PROJECTION_LAG_SECONDS, PROJECTION_STOPPED, UNNUMBERED_SECONDS,
};

/// What Prometheus calls the type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until the process ends.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

/// One metric.
#[derive(Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub meaning: &'static str,
    /// When it says that something is wrong; empty if it never does by itself.
    pub worry: &'static str,
}

const fn metric(
    name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    meaning: &'static str,
    worry: &'static str,
) -> Metric {
    Metric { name, kind, labels, meaning, worry }
}

use Kind::{Counter, Gauge, Histogram};

/// All of them, in the order of the documentation.
#[rustfmt::skip] // One a paragraph, as in the table.
pub const METRICS: &[Metric] = &[
    metric(REQUESTS_TOTAL, Counter, &["method", "route", "status"],
        "requests; `route` is the pattern (`/v1/portal/applications/{app_id}`), or `unmatched`; status 499 means that the client went away first",
        "500 at all; 503 for minutes"),
    metric(REQUEST_SECONDS, Histogram, &["method", "route"],
        "from a request's head to its answer's", "a cheap route (`/v1/auth/me`) above 100 ms; a login above 2.5 s"),
    metric(LIMITER_TOTAL, Counter, &["policy", "decision"],
        "requests that the rate limit `admitted` or `refused` with 429, by bucket: `default` or `introspection`",
        "most are refused: an application needs a larger limit, or is attacked"),
    metric(LOGINS_TOTAL, Counter, &["result"],
        "logins of users and developers: `ok`, or why not (`unknown_address`, `wrong_password`, `suspended`, `email_unverified`, `account_locked`, `account_protected`)",
        "failures jump: somebody tries out passwords"),
    metric(SECURITY_EVENTS_TOTAL, Counter, &["event"],
        "what the security events of the log count; `locked` are the lockouts",
        "`locked` jumps; `refresh_reused` grows steadily: a client loses answers, or tokens are stolen"),
    metric(HASH_SECONDS, Histogram, &[], "one password hash, without the wait for it", "it doubles: the machine is overbooked"),
    metric(HASH_WAIT_SECONDS, Histogram, &[], "how long a password waited for its hash to begin", "above 1 s: logins are slow, and soon refused"),
    metric(HASH_QUEUE_DEPTH, Gauge, &[], "passwords waiting to be hashed", "high for minutes: add cores or nodes"),
    metric(HASH_REFUSED_TOTAL, Counter, &[], "passwords turned away with `busy`, because the queue was full", "it grows"),
    metric(POOL_CONNECTIONS, Gauge, &["state"], "connections to Postgres of the pool, `used` and `idle`; looked at every five seconds",
        "`used` at the limit for minutes"),
    metric(POOL_LIMIT, Gauge, &[], "connections that the pool may have", ""),
    metric(REDIS_FALLBACK_TOTAL, Counter, &[], "decisions that this node made by itself because Redis was away",
        "it grows: limits hold for each node alone"),
    metric(READS_TOTAL, Counter, &["from"],
        "lists and numbers of the portal answered by the `primary` or its `standby` (`DATABASE_REPLICA_URL`)",
        "none is the standby's although there is one: it is away or behind"),
    metric(LOG_POSITION, Gauge, &[], "position of the newest event", ""),
    metric(UNNUMBERED_SECONDS, Gauge, &[], "how long the first event waits that has no position yet: the sequencer's lag",
        "above 1 s look for an open transaction; above 30 s the node is `degraded`"),
    metric(OLDEST_TRANSACTION_SECONDS, Gauge, &[],
        "how long the oldest transaction is open that may still write (of other roles only if the service's role has `pg_read_all_stats`)",
        "above 30 s: it holds up the sequencer"),
    metric(PROJECTION_LAG_EVENTS, Gauge, &["projection"], "positions that the read model doesn't have yet", ""),
    metric(PROJECTION_LAG_SECONDS, Gauge, &["projection"], "how long ago the first event was recorded that it doesn't have yet", "above 30 s"),
    metric(PROJECTION_STOPPED, Gauge, &["projection"], "1 while it is stopped", "other than 0"),
    metric(PARKED_STREAMS, Gauge, &["projection"], "streams that it leaves out", "other than 0"),
    metric(JOBS, Gauge, &["state"],
        "mails to be sent: `waiting` for their first try, `running`, or `retrying` after one that failed; those that ended are in `devauth_mail_total`",
        "`retrying` grows: the relay is in trouble"),
    metric(OLDEST_JOB_SECONDS, Gauge, &[], "how long ago the oldest of them was asked for", "above 15 s the node is `degraded`"),
    metric(MAIL_TOTAL, Counter, &["kind", "result"], "tries to send a mail; results are `sent`, `retried`, `dead`, `cancelled`",
        "`dead` at all: somebody waits for a mail that never comes"),
    metric(MAIL_SECONDS, Histogram, &[], "from the moment a mail was asked for until a relay had it", "above 30 s"),
    metric(RUNS_TOTAL, Counter, &["task", "result"], "scheduled runs of this node that ended `done` or `failed`",
        "`failed` more than once; no `done` on any node for an hour"),
    metric(REMOVED_TOTAL, Counter, &["kind"], "rows removed by them", ""),
    metric(KEY_FILE_UNUSABLE, Gauge, &["purpose"],
        "1 while a file with keys (`encryption`, `signing`) can't be used and the keys read before stay in service",
        "other than 0"),
    metric(RESIDENT_BYTES, Gauge, &[], "resident memory (0 where the kernel is not Linux)", "it grows without end"),
    metric(BUILD_INFO, Gauge, &["version"], "always 1; the label is the version that runs", ""),
];

/// The security events, as `docs/operating.md` lists them.
pub const EVENTS: [&str; 24] = [
    "signup",
    "login",
    "login_failed",
    "locked",
    "refresh",
    "refresh_reused",
    "logout",
    "session_revoked",
    "email_verify_request",
    "email_verified",
    "password_reset_request",
    "password_reset_confirm",
    "password_changed",
    "metadata_changed",
    "mails_withheld",
    "application_created",
    "application_updated",
    "application_deleted",
    "app_secret_rotated",
    "api_key_created",
    "api_key_revoked",
    "user_suspended",
    "user_restored",
    "user_erased",
];

/// Describes all, and begins every counter whose labels are known beforehand at 0: a query for growth sees nothing of a
/// counter that begins at 1.
pub(super) fn begin() {
    for Metric { name, kind, meaning, .. } in METRICS {
        match kind {
            Counter => describe_counter!(*name, *meaning),
            Gauge => describe_gauge!(*name, *meaning),
            Histogram => describe_histogram!(*name, *meaning),
        }
    }
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    gauge!(RESIDENT_BYTES).set(0.0);
    for purpose in ["encryption", "signing"] {
        gauge!(KEY_FILE_UNUSABLE, "purpose" => purpose).set(0.0);
    }
    for name in [HASH_REFUSED_TOTAL, REDIS_FALLBACK_TOTAL] {
        counter!(name).increment(0);
    }
    for event in EVENTS {
        counter!(SECURITY_EVENTS_TOTAL, "event" => event).increment(0);
    }
    for from in ["primary", "standby"] {
        counter!(READS_TOTAL, "from" => from).increment(0);
    }
    for result in Reason::ALL.map(Reason::name).into_iter().chain(["ok"]) {
        counter!(LOGINS_TOTAL, "result" => result).increment(0);
    }
    for (policy, decision) in POLICIES.iter().flat_map(|policy| DECISIONS.map(|decision| (*policy, decision)))
    {
        counter!(LIMITER_TOTAL, "policy" => policy, "decision" => decision).increment(0);
    }
    for (kind, result) in MailKind::ALL.iter().flat_map(|kind| RESULTS.map(|result| (kind.name(), result))) {
        counter!(MAIL_TOTAL, "kind" => kind, "result" => result).increment(0);
    }
    for result in ["done", "failed"] {
        counter!(RUNS_TOTAL, "task" => TASK, "result" => result).increment(0);
    }
    for kind in Expired::ALL.iter().map(|kind| kind.name()).chain([expired_signups::KIND]) {
        counter!(REMOVED_TOTAL, "kind" => kind).increment(0);
    }
}

/// `UPDATE_DOCS=1 cargo test -p devauth --lib metrics::catalogue` writes the table anew.
#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
    const BEGIN: &str = "<!-- table: written by the test in src/http/metrics/catalogue.rs -->\n";
    const END: &str = "<!-- end of table -->\n";

    fn row(metric: &Metric) -> String {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let kind = format!("{:?}", metric.kind).to_lowercase();
        format!(
            "| `{}` | {kind} | {} | {} | {} |\n",
            metric.name,
            labels.join(", "),
            metric.meaning,
            metric.worry
        )
    }

    #[test]
    fn the_table_in_the_documentation_is_the_one_in_the_code() {
        let heading = "| name | type | labels | meaning | worry when |\n|---|---|---|---|---|\n";
        let table = METRICS.iter().fold(heading.to_owned(), |table, metric| table + &row(metric));
        let page = std::fs::read_to_string(PAGE).unwrap();
        let (before, rest) = page.split_once(BEGIN).expect("the table's first mark");
        let (written, after) = rest.split_once(END).expect("the table's last mark");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(PAGE, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
            return;
        }
        assert_eq!(written, table, "run: UPDATE_DOCS=1 cargo test -p devauth --lib metrics::catalogue");
    }
}
