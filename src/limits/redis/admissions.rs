//! Admissions, gathered: requests that are to be counted at the same time go to Redis with one write and come back with one read,
//! and those of one bucket are counted by one script. For a busy node and its Redis a round trip costs more than the counting.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use tokio::sync::{mpsc, oneshot};

use super::link::Link;
use super::{Call, RATE, present};
use crate::limits::instant::Micros;
use crate::limits::rate::Count;

/// Admissions of one write at most.
const MOST: usize = 256;
/// Admissions that are held back at most; more wait for their place.
const WAITING: usize = 1_024;

/// A request that is to be counted.
pub(super) struct Question {
    /// Where its bucket is kept.
    pub(super) key: String,
    pub(super) limit: u32,
    pub(super) window: Micros,
    pub(super) now: Micros,
}

/// A line before one server.
pub(super) struct Admissions {
    link: Arc<Link>,
    /// Begins with the first admission, which is made in a runtime.
    waiting: OnceLock<mpsc::Sender<Waiting>>,
}

type Answer = oneshot::Sender<Option<Count>>;

struct Waiting {
    question: Question,
    answer: Answer,
}

impl Admissions {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self { link, waiting: OnceLock::new() }
    }

    /// `None` while Redis is away.
    pub(super) async fn ask(&self, question: Question) -> Option<Count> {
        let waiting = self.waiting.get_or_init(|| {
            let (waiting, questions) = mpsc::channel(WAITING);
            tokio::spawn(answer(self.link.clone(), questions));
            waiting
        });
        let (answer, answered) = oneshot::channel();
        waiting.send(Waiting { question, answer }).await.ok()?;
        answered.await.ok()?
    }
}

/// Answers until nobody can ask any more.
async fn answer(link: Arc<Link>, mut questions: mpsc::Receiver<Waiting>) {
    let mut gathered = Vec::new();
    while questions.recv_many(&mut gathered, MOST).await > 0 {
        // Requests that came in together ask one after the other: the first would go alone, and the others wait for it.
        tokio::task::yield_now().await;
        while gathered.len() < MOST
            && let Ok(one) = questions.try_recv()
        {
            gathered.push(one);
        }
        // Whoever went away meanwhile is not counted.
        let groups = Group::all(gathered.drain(..).filter(|one: &Waiting| !one.answer.is_closed()));
        let calls: Vec<Call> = groups.iter().map(|group| group.question.call(group.answers.len())).collect();
        let counts = link.ask(async |connection| RATE.run_all(connection, &calls).await).await;
        let mut counts = counts.into_iter().flatten();
        for group in groups {
            group.tell(counts.next());
        }
    }
}

/// Requests of one bucket, all of them at the moment of the last.
struct Group {
    question: Question,
    answers: Vec<Answer>,
}

impl Group {
    fn all(gathered: impl Iterator<Item = Waiting>) -> Vec<Self> {
        let mut places = HashMap::new();
        let mut groups: Vec<Group> = Vec::new();
        for Waiting { question, answer } in gathered {
            // A limit may just have been changed.
            let place = places.entry((question.key.clone(), question.limit)).or_insert(groups.len());
            match groups.get_mut(*place) {
                Some(group) => {
                    group.question.now = group.question.now.max(question.now);
                    group.answers.push(answer);
                }
                None => groups.push(Group { question, answers: vec![answer] }),
            }
        }
        groups
    }

    /// Who asked first is admitted first.
    fn tell(self, counts: Option<[i64; 4]>) {
        for (number, answer) in self.answers.into_iter().enumerate() {
            // Nobody listens any more, and nobody misses the answer.
            let _ = answer.send(counts.map(|counts| count(counts, number)));
        }
    }
}

impl Question {
    /// To count so many requests like this one.
    pub(super) fn call(&self, requests: usize) -> Call {
        let requests = i64::try_from(requests).unwrap_or(i64::MAX);
        let arguments = [i64::from(self.limit), self.window, self.now, requests];
        Call { keys: vec![self.key.clone()], arguments: arguments.iter().map(ToString::to_string).collect() }
    }
}

/// What `rate.lua` answered, for the request with this number, from 0.
pub(super) fn count([admitted, counted, oldest, blocking]: [i64; 4], number: usize) -> Count {
    let after = admitted - 1 - i64::try_from(number).unwrap_or(i64::MAX);
    Count {
        allowed: after >= 0,
        counted: usize::try_from(counted - after.max(0)).unwrap_or(usize::MAX),
        oldest: present(oldest),
        blocking: present(blocking),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_group_the_first_are_admitted_and_each_sees_those_before_it() {
        // A limit of five, two before, five more: three are admitted.
        let counts = [3, 5, 10, 10];
        let seen: Vec<(bool, usize)> =
            (0..5).map(|number| count(counts, number)).map(|c| (c.allowed, c.counted)).collect();
        assert_eq!(seen, [(true, 3), (true, 4), (true, 5), (false, 5), (false, 5)]);
    }

    #[test]
    fn buckets_and_limits_are_kept_apart() {
        let ask = |key: &str, limit, now| {
            let (answer, _) = oneshot::channel();
            Waiting { question: Question { key: key.to_owned(), limit, window: 60, now }, answer }
        };
        let asked = [ask("a", 5, 3), ask("b", 5, 1), ask("a", 5, 2), ask("a", 6, 4), ask("b", 5, 7)];
        let groups = Group::all(asked.into_iter());
        let seen: Vec<_> = groups
            .iter()
            .map(|group| {
                (&*group.question.key, group.question.limit, group.question.now, group.answers.len())
            })
            .collect();
        assert_eq!(seen, [("a", 5, 3, 2), ("b", 5, 7, 2), ("a", 6, 4, 1)]);
        assert_eq!(groups[0].question.call(2).arguments, ["5", "60", "3", "2"]);
    }
}
