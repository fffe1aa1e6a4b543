//! What is counted for every request. Each thread keeps the counters that it has used, so that a request finds its own without
//! making strings, hashing labels or meeting another thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use metrics::{Counter, Histogram, counter, histogram};

use super::{LIMITER_TOTAL, REQUEST_SECONDS, REQUESTS_TOTAL};

/// Buckets of the rate limit, as its headers name them.
pub(super) const POLICIES: [&str; 2] = ["default", "introspection"];
/// What the rate limit decides.
pub(super) const DECISIONS: [&str; 2] = ["admitted", "refused"];

thread_local! {
    /// By route. Routes are those of the router, so there are no more than it has.
    static COUNTED: RefCell<HashMap<Box<str>, Vec<Counted>>> = RefCell::default();
}

/// Requests of one method and status.
struct Counted {
    method: &'static str,
    status: u16,
    requests: Counter,
    seconds: Histogram,
}

/// Counts a request and its time.
pub fn request(method: &'static str, route: &str, status: u16, took: Duration) {
    COUNTED.with_borrow_mut(|counted| {
        if !counted.contains_key(route) {
            counted.insert(route.into(), Vec::new());
        }
        let of_route = counted.get_mut(route).expect("it was inserted if it was not there");
        let known = of_route.iter().position(|one| one.method == method && one.status == status);
        let at = known.unwrap_or_else(|| {
            of_route.push(Counted::new(method, route, status));
            of_route.len() - 1
        });
        of_route[at].requests.increment(1);
        of_route[at].seconds.record(took.as_secs_f64());
    });
}

/// Counts what hyper refused, of which neither method nor route nor time is known.
pub fn refused(status: u16) {
    counter_of("other", "unmatched", status).increment(1);
}

impl Counted {
    fn new(method: &'static str, route: &str, status: u16) -> Self {
        let seconds = histogram!(REQUEST_SECONDS, "method" => method, "route" => route.to_owned());
        Counted { method, status, requests: counter_of(method, route, status), seconds }
    }
}

fn counter_of(method: &'static str, route: &str, status: u16) -> Counter {
    counter!(REQUESTS_TOTAL, "method" => method, "route" => route.to_owned(), "status" => status.to_string())
}

/// Counts a decision of the rate limit on this policy.
pub fn limited(policy: &'static str, admitted: bool) {
    static DECIDED: LazyLock<[[Counter; 2]; 2]> = LazyLock::new(|| {
        POLICIES.map(|policy| {
            DECISIONS.map(|decision| counter!(LIMITER_TOTAL, "policy" => policy, "decision" => decision))
        })
    });
    if let Some(at) = POLICIES.iter().position(|known| *known == policy) {
        DECIDED[at][usize::from(!admitted)].increment(1);
    }
}
