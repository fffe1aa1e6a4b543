//! A race: who sends what, how many get their way, what the log has afterwards.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::Value;

use super::scene::{Scene, Token};
use crate::client::{Answer, Client, at_once, send};

/// As many at once. Fewer than a command has tries: even one who loses to each of the others gets through.
const CALLS: usize = 4;

/// How many get their way.
enum Winners {
    All,
    One,
    Some,
}

/// What has to hold afterwards, at both nodes.
pub enum Then {
    Nothing,
    /// This caller is refused this.
    Refused(Client, String),
    /// Of all tokens of a kind the newest is good, for this caller, and no other.
    NewestTokenAlone(Client, Token),
    /// Each answer has a key that is good for this backend.
    KeysWork(Client),
}

/// One request, sent several times.
pub struct Race {
    client: Client,
    method: Method,
    path: String,
    body: Value,
    winners: Winners,
    status: u16,
    refusals: &'static [(u16, &'static str)],
    one_answer: bool,
    once: &'static [&'static str],
    each: &'static [&'static str],
    then: Then,
}

impl Race {
    pub fn new(client: &Client, method: &Method, path: &str, body: Value) -> Self {
        Race {
            client: client.clone(),
            method: method.clone(),
            path: path.to_owned(),
            body,
            winners: Winners::All,
            status: 200,
            refusals: &[],
            one_answer: false,
            once: &[],
            each: &[],
            then: Then::Nothing,
        }
    }

    pub fn all_get(self, status: u16) -> Self {
        Race { status, ..self }
    }

    pub fn one_gets(self, status: u16, refusals: &'static [(u16, &'static str)]) -> Self {
        Race { winners: Winners::One, status, refusals, ..self }
    }

    /// The first, and others who come before they can know of it.
    pub fn some_get(self, status: u16, refusals: &'static [(u16, &'static str)]) -> Self {
        Race { winners: Winners::Some, status, refusals, ..self }
    }

    /// All send the same `Idempotency-Key`.
    pub fn with_one_key(self, status: u16) -> Self {
        let race = self.some_get(status, &[(409, "idempotency_in_progress")]);
        Race { client: race.client.with("idempotency-key", "0123456789abcdef"), one_answer: true, ..race }
    }

    /// These events happen once.
    pub fn once(self, once: &'static [&'static str]) -> Self {
        Race { once, ..self }
    }

    /// These events happen once for each who gets their way.
    pub fn each(self, each: &'static [&'static str]) -> Self {
        Race { each, ..self }
    }

    pub fn then(self, then: Then) -> Self {
        Race { then, ..self }
    }

    pub async fn run(self, scene: &Scene<'_>, operation: &str) {
        let before = scene.events().await;
        let answers = at_once((0..CALLS).map(|n| {
            let client = scene.at_both(&self.client)[n % 2].clone();
            let request = client.request(self.method.clone(), &self.path);
            let request = if self.body.is_null() { request } else { request.json(&self.body) };
            async move { send(request).await }
        }))
        .await;

        let (done, refused): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| answer.status == self.status);
        let expected = match self.winners {
            Winners::All => CALLS..=CALLS,
            Winners::One => 1..=1,
            Winners::Some => 1..=CALLS,
        };
        assert!(expected.contains(&done.len()), "{operation}: {done:?} {refused:?}");
        for answer in refused {
            let code = answer.body["code"].as_str().unwrap_or_default();
            assert!(self.refusals.contains(&(answer.status, code)), "{operation}: {}", answer.text);
        }
        let happened = difference(&before, &scene.events().await);
        let each = self.each.iter().map(|event| (*event, done.len()));
        let expected: BTreeMap<_, _> = self.once.iter().map(|event| (*event, 1)).chain(each).collect();
        let named: BTreeMap<_, _> = happened.iter().map(|(event, count)| (event.as_str(), *count)).collect();
        assert_eq!(named, expected, "{operation}");
        let texts: BTreeSet<_> = done.iter().map(|answer| &answer.text).collect();
        assert!(!self.one_answer || texts.len() == 1, "{operation}: {texts:?}");
        self.then.holds(scene, &done, operation).await;
    }
}

impl Then {
    async fn holds(self, scene: &Scene<'_>, done: &[Answer], operation: &str) {
        match self {
            Then::Nothing => {}
            Then::Refused(client, path) => {
                for client in scene.at_both(&client) {
                    let answer = client.get(&path).await;
                    assert!((400..500).contains(&answer.status), "{operation}: {}", answer.text);
                }
            }
            Then::NewestTokenAlone(client, token) => {
                let mut tokens = scene.tokens(token).await;
                let newest = tokens.pop().unwrap();
                assert!(tokens.len() + 1 >= CALLS, "{operation}: {tokens:?}");
                for old in &tokens {
                    for client in scene.at_both(&client) {
                        token.confirmed(&client, old).await.refused(400, "token_invalid");
                    }
                }
                token.confirmed(&client, &newest).await.expect(200);
            }
            Then::KeysWork(backend) => {
                for answer in done {
                    let key = answer.body["key"].as_str().unwrap();
                    for client in scene.at_both(&backend.with("x-api-key", key)) {
                        client.log_in(super::scene::ADA).await;
                    }
                }
            }
        }
    }
}

fn difference(before: &BTreeMap<String, usize>, after: &BTreeMap<String, usize>) -> BTreeMap<String, usize> {
    let new = |(event, count): (&String, &usize)| {
        let count = count - before.get(event).copied().unwrap_or_default();
        (count > 0).then(|| (event.clone(), count))
    };
    after.iter().filter_map(new).collect()
}
