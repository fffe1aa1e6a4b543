//! The counts of one account, and the rules over them. Pure: times come in, verdicts go out.

use super::{Consequence, Known, NETWORKS_BEFORE_SWEEP, Rules, Verdict};
use crate::limits::instant::Micros;
use std::collections::HashMap;

/// What is known about the guessing at one account (an address within an application).
#[derive(Default)]
pub(in crate::limits) struct Account {
    streak: Streak,
    pairs: HashMap<String, Pair>,
}

/// The failures since the last success, from anywhere.
#[derive(Clone, Copy, Default)]
struct Streak {
    failures: u32,
    last: Micros,
    protected_until: Micros,
}

/// The account seen from one network.
#[derive(Clone, Default)]
struct Pair {
    locked_until: Micros,
    tries: Vec<Try>,
}

#[derive(Clone)]
struct Try {
    id: String,
    /// When it was reserved or, once it has failed, when it failed.
    at: Micros,
    failed: bool,
}

impl Account {
    /// Decides whether the attempt `id` may go on, and counts it if so.
    pub(in crate::limits) fn reserve(
        &mut self,
        network: &str,
        id: &str,
        known: Known,
        rules: &Rules,
        now: Micros,
    ) -> Verdict {
        let mut pair = self.take(network, rules, now);
        let verdict = self.judge(&pair, id, known, rules, now);
        if verdict == Verdict::Granted && pair.find(id).is_none() {
            pair.tries.push(Try { id: id.to_owned(), at: now, failed: false });
        }
        self.put(network, pair, rules, now);
        verdict
    }

    /// The attempt ended with a wrong password. Told twice, it counts once.
    pub(in crate::limits) fn fail(
        &mut self,
        network: &str,
        id: &str,
        rules: &Rules,
        now: Micros,
    ) -> Consequence {
        let mut pair = self.take(network, rules, now);
        let mut consequence = Consequence::default();
        let counted_before = pair.find(id).is_some_and(|index| pair.tries[index].failed);
        if pair.is_locked(now) {
            pair.forget(id);
        } else if !counted_before {
            pair.forget(id);
            pair.tries.push(Try { id: id.to_owned(), at: now, failed: true });
            consequence.protected_until = self.streak.count(rules, now);
            consequence.locked_until = pair.lock_if_due(rules);
        }
        self.put(network, pair, rules, now);
        consequence
    }

    /// The attempt ended with the right password: the pair's failures and its lock are gone, the other pending
    /// attempts stay. An account's protection runs out by itself, or every login of its owner would give the
    /// guessers another hundred tries.
    pub(in crate::limits) fn succeed(&mut self, network: &str, id: &str, rules: &Rules, now: Micros) {
        let mut pair = self.pairs.remove(network).unwrap_or_default();
        pair.forget(id);
        pair.settle(&mut self.streak, rules, now);
        pair.locked_until = 0;
        pair.tries.retain(|each| !each.failed);
        self.streak.failures = 0;
        self.put(network, pair, rules, now);
    }

    /// The password was never checked: the attempt does not count.
    pub(in crate::limits) fn cancel(&mut self, network: &str, id: &str, rules: &Rules, now: Micros) {
        let mut pair = self.pairs.remove(network).unwrap_or_default();
        if let Some(index) = pair.find(id).filter(|index| !pair.tries[*index].failed) {
            pair.tries.swap_remove(index);
        }
        pair.settle(&mut self.streak, rules, now);
        self.put(network, pair, rules, now);
    }

    /// Whether nothing of this matters any more at `now`.
    pub(in crate::limits) fn is_over(&self, rules: &Rules, now: Micros) -> bool {
        self.streak.is_over(rules, now) && self.pairs.values().all(|pair| pair.is_over(rules, now))
    }

    fn judge(&self, pair: &Pair, id: &str, known: Known, rules: &Rules, now: Micros) -> Verdict {
        if pair.is_locked(now) {
            return Verdict::Locked { until: pair.locked_until };
        }
        if self.streak.protected_until > now && known == Known::Unknown {
            return Verdict::Protected { until: self.streak.protected_until };
        }
        if pair.find(id).is_some() || pair.tries.len() < rules.attempts as usize {
            return Verdict::Granted;
        }
        match pair.tries.iter().filter(|each| !each.failed).map(|each| each.at).min() {
            Some(oldest) => Verdict::Undecided { abandoned_at: oldest + rules.abandoned_after },
            // Only a policy of no attempts at all comes here; reached failures are a lock.
            None => Verdict::Locked { until: now + rules.lock },
        }
    }

    fn take(&mut self, network: &str, rules: &Rules, now: Micros) -> Pair {
        let mut pair = self.pairs.remove(network).unwrap_or_default();
        pair.settle(&mut self.streak, rules, now);
        pair
    }

    fn put(&mut self, network: &str, pair: Pair, rules: &Rules, now: Micros) {
        if self.pairs.len() >= NETWORKS_BEFORE_SWEEP {
            self.pairs.retain(|_, each| !each.is_over(rules, now));
        }
        if !pair.is_over(rules, now) {
            self.pairs.insert(network.to_owned(), pair);
        }
    }
}

impl Pair {
    /// Brings the pair to `now`: abandoned attempts have failed, old failures and a passed lock are gone.
    fn settle(&mut self, streak: &mut Streak, rules: &Rules, now: Micros) {
        for each in
            self.tries.iter_mut().filter(|each| !each.failed && each.at + rules.abandoned_after <= now)
        {
            each.failed = true;
            each.at += rules.abandoned_after;
            streak.count(rules, each.at);
        }
        self.tries.retain(|each| !each.failed || each.at + rules.window > now);
        if !self.is_locked(now) {
            self.lock_if_due(rules);
        }
    }

    fn is_locked(&self, now: Micros) -> bool {
        self.locked_until > now
    }

    /// Locks the pair when its failures reach the limit, counted from the last of them.
    fn lock_if_due(&mut self, rules: &Rules) -> Option<Micros> {
        let failed = self.tries.iter().filter(|each| each.failed);
        let last = failed.clone().map(|each| each.at).max()?;
        if failed.count() < rules.attempts as usize {
            return None;
        }
        self.locked_until = last + rules.lock;
        self.tries.retain(|each| !each.failed);
        Some(self.locked_until)
    }

    fn find(&self, id: &str) -> Option<usize> {
        self.tries.iter().position(|each| each.id == id)
    }

    fn forget(&mut self, id: &str) {
        self.tries.retain(|each| each.id != id);
    }

    fn is_over(&self, rules: &Rules, now: Micros) -> bool {
        let counts = |each: &Try| {
            let failed_at = if each.failed { each.at } else { each.at + rules.abandoned_after };
            failed_at + rules.window.max(rules.lock) > now
        };
        !self.is_locked(now) && !self.tries.iter().any(counts)
    }
}

impl Streak {
    /// Counts a failure at `at`; answers until when it protects the account, if it does.
    fn count(&mut self, rules: &Rules, at: Micros) -> Option<Micros> {
        if self.last + rules.forgotten_after <= at {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.last = self.last.max(at);
        if self.failures < rules.protect_after {
            return None;
        }
        self.protected_until = self.protected_until.max(at + rules.protect_for);
        Some(self.protected_until)
    }

    fn is_over(&self, rules: &Rules, now: Micros) -> bool {
        let forgotten = self.failures == 0 || self.last + rules.forgotten_after <= now;
        forgotten && self.protected_until <= now
    }
}
