//! Counts kept in this process: the limiter of a single node, and of any node while Redis is away.

use super::guessing::account::Account;
use super::guessing::{Attempt, Consequence, Known, Rules, Verdict};
use super::instant::{Micros, length};
use super::rate::{Admission, Bucket, SlidingWindow};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many buckets and so many accounts are kept at most; an attacker who invents addresses fills no memory.
const CAPACITY: usize = 100_000;

/// The counts of this process.
pub(super) struct InProcess {
    buckets: Mutex<Bounded<SlidingWindow>>,
    accounts: Mutex<Bounded<Account>>,
}

impl InProcess {
    pub(super) fn new() -> Self {
        Self { buckets: Mutex::new(Bounded::new(CAPACITY)), accounts: Mutex::new(Bounded::new(CAPACITY)) }
    }

    pub(super) fn admit(&self, bucket: &Bucket, now: Micros) -> Admission {
        let mut buckets = locked(&self.buckets);
        let log = buckets.entry(&bucket.key, now, |log| log.is_over(now));
        log.admit(bucket.limit, length(bucket.window), now)
    }

    pub(super) fn reserve(&self, attempt: &Attempt, known: Known, rules: &Rules, now: Micros) -> Verdict {
        let mut accounts = locked(&self.accounts);
        let account = accounts.entry(&account_key(attempt), now, |account| account.is_over(rules, now));
        account.reserve(&attempt.network, &attempt.id, known, rules, now)
    }

    pub(super) fn fail(&self, attempt: &Attempt, rules: &Rules, now: Micros) -> Consequence {
        let mut accounts = locked(&self.accounts);
        let account = accounts.entry(&account_key(attempt), now, |account| account.is_over(rules, now));
        account.fail(&attempt.network, &attempt.id, rules, now)
    }

    pub(super) fn succeed(&self, attempt: &Attempt, rules: &Rules, now: Micros) {
        if let Some(account) = locked(&self.accounts).get(&account_key(attempt)) {
            account.succeed(&attempt.network, &attempt.id, rules, now);
        }
    }

    pub(super) fn cancel(&self, attempt: &Attempt, rules: &Rules, now: Micros) {
        if let Some(account) = locked(&self.accounts).get(&account_key(attempt)) {
            account.cancel(&attempt.network, &attempt.id, rules, now);
        }
    }

    pub(super) fn clear(&self, application: &str, address: &str) {
        locked(&self.accounts).remove(&key(application, address));
    }
}

fn account_key(attempt: &Attempt) -> String {
    key(&attempt.application, &attempt.address)
}

fn key(application: &str, address: &str) -> String {
    format!("{application}:{address}")
}

/// A panic under the lock leaves at worst one count wrong, which is better than refusing everybody from then on.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A map that drops what is over as it grows and, at its capacity, what nobody has touched for longest.
struct Bounded<V> {
    entries: HashMap<String, Entry<V>>,
    sweep_at: usize,
    capacity: usize,
}

struct Entry<V> {
    touched: Micros,
    value: V,
}

impl<V: Default> Bounded<V> {
    const SMALLEST_SWEEP: usize = 1024;

    fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), sweep_at: Self::SMALLEST_SWEEP.min(capacity), capacity }
    }

    fn entry(&mut self, key: &str, now: Micros, is_over: impl Fn(&V) -> bool) -> &mut V {
        if self.entries.len() >= self.sweep_at && !self.entries.contains_key(key) {
            self.sweep(is_over);
        }
        let fresh = || Entry { touched: now, value: V::default() };
        let entry = self.entries.entry(key.to_owned()).or_insert_with(fresh);
        entry.touched = now;
        &mut entry.value
    }

    fn get(&mut self, key: &str) -> Option<&mut V> {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    fn remove(&mut self, key: &str) {
        self.entries.remove(key);
    }

    /// Looking through everything is paid for by the growth since the last time.
    fn sweep(&mut self, is_over: impl Fn(&V) -> bool) {
        self.entries.retain(|_, entry| !is_over(&entry.value));
        let room = self.capacity - self.capacity / 10;
        if self.entries.len() > room {
            self.drop_oldest(self.entries.len() - room);
        }
        self.sweep_at =
            (self.entries.len() * 2).clamp(Self::SMALLEST_SWEEP.min(self.capacity), self.capacity);
    }

    fn drop_oldest(&mut self, count: usize) {
        let mut touched: Vec<Micros> = self.entries.values().map(|entry| entry.touched).collect();
        let (_, youngest_to_go, _) = touched.select_nth_unstable(count - 1);
        let (youngest_to_go, mut left) = (*youngest_to_go, count);
        self.entries.retain(|_, entry| {
            let goes = left > 0 && entry.touched <= youngest_to_go;
            left -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(capacity: usize, keys: Micros) -> Bounded<u8> {
        let mut map = Bounded::new(capacity);
        for now in 0..keys {
            map.entry(&now.to_string(), now, |_| false);
        }
        map
    }

    #[test]
    fn it_never_holds_more_than_its_capacity_and_drops_the_longest_untouched() {
        let mut map = filled(10, 1_000);
        assert!(map.entries.len() <= 10);
        assert!(map.get("999").is_some());
        assert!(map.get("0").is_none());
        map.entry("999", 2_000, |_| false);
        for now in 1_000..1_009 {
            map.entry(&now.to_string(), now, |_| false);
        }
        assert!(map.get("999").is_some(), "touching keeps it");
    }

    #[test]
    fn entries_touched_at_the_same_time_do_not_all_go_at_once() {
        let mut map: Bounded<u8> = Bounded::new(10);
        for key in 0..11 {
            map.entry(&key.to_string(), 0, |_| false);
        }
        assert_eq!(map.entries.len(), 10);
    }

    #[test]
    fn what_is_over_goes_first() {
        let mut map: Bounded<bool> = Bounded::new(10);
        for key in 0..10 {
            *map.entry(&key.to_string(), key, |over| *over) = key >= 5;
        }
        map.entry("new", 10, |over| *over);
        assert_eq!(map.entries.len(), 6);
        assert!(map.get("0").is_some(), "old, but it still counts");
    }
}
