//! Callers who don't stop: each logs in, refreshes, looks, introspects or signs up, as fast as it is answered.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use devauth_test_support::database::PATIENCE;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::caller::{Answer, Caller, PASSWORD};

/// How often a caller calls at most: a debug build shares its processors with the whole test run.
const PACE: Duration = Duration::from_millis(25);

/// What they do.
const KINDS: [&str; 5] = ["login", "refresh", "me", "introspect", "signup"];

/// What was answered.
#[derive(Default)]
pub struct Record {
    /// Good answers of each kind, in the order of [`KINDS`].
    pub good: [usize; KINDS.len()],
    /// Calls that were told that the service is unavailable, as the contract has it.
    pub unavailable: usize,
    /// Everything else.
    pub failed: Vec<String>,
    /// Who was told that they are signed up.
    pub signed_up: Vec<String>,
}

impl Record {
    /// That nobody met anything but a good answer, and that there was something of everything.
    #[track_caller]
    pub fn was_perfect(&self) {
        assert_eq!(self.failed, Vec::<String>::new());
        assert_eq!(self.unavailable, 0);
        for (kind, good) in KINDS.iter().zip(self.good) {
            assert!(good > 20, "only {good} of {kind}");
        }
    }
}

/// Traffic under way.
pub struct Traffic {
    pub record: Arc<Mutex<Record>>,
    stop: CancellationToken,
    callers: JoinSet<()>,
}

impl Traffic {
    /// Begins it.
    pub async fn begin(application: &Caller) -> Self {
        Self::begin_with(application, "ada").await
    }

    /// Begins it with people of these names, so that there can be more of it.
    pub async fn begin_with(application: &Caller, people: &'static str) -> Self {
        let email = format!("{people}@example.org");
        let email = email.as_str();
        application.sign_up(email).await.expect(201);
        let mut traffic =
            Traffic { record: Arc::default(), stop: CancellationToken::new(), callers: JoinSet::new() };
        for (kind, name) in KINDS.iter().enumerate() {
            let session = application.log_in(email, PASSWORD).await.expect(200);
            let worker = Worker { name, caller: application.clone(), people, session };
            traffic.callers.spawn(worker.run(kind, traffic.record.clone(), traffic.stop.clone()));
        }
        traffic
    }

    /// Waits until `count` more good answers of each kind have come.
    pub async fn goes_on_for(&self, count: usize) {
        let before = self.record.lock().unwrap().good;
        let came = || {
            let record = self.record.lock().unwrap();
            assert_eq!(record.failed, Vec::<String>::new());
            record.good.iter().zip(before).all(|(now, before)| *now >= before + count)
        };
        let coming = async {
            while !came() {
                tokio::time::sleep(PACE).await;
            }
        };
        if tokio::time::timeout(2 * PATIENCE, coming).await.is_err() {
            let record = self.record.lock().unwrap();
            panic!("before {before:?}, now {:?} and {} unavailable", record.good, record.unavailable);
        }
    }

    /// Ends it; answers what came of it.
    pub async fn end(self) -> Record {
        self.stop.cancel();
        self.callers.join_all().await;
        std::mem::take(&mut *self.record.lock().unwrap())
    }
}

struct Worker {
    name: &'static str,
    caller: Caller,
    people: &'static str,
    session: Value,
}

impl Worker {
    async fn run(mut self, kind: usize, record: Arc<Mutex<Record>>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(PACE);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for number in 0.. {
            if stop.run_until_cancelled(ticks.tick()).await.is_none() {
                return;
            }
            let newcomer = format!("{}{number}@example.com", self.people);
            let answer = self.call(&newcomer).await;
            let mut record = record.lock().unwrap();
            match answer {
                Ok(answer) if matches!(answer.status, 200 | 201) => {
                    record.good[kind] += 1;
                    match self.name {
                        "refresh" => self.session = answer.body,
                        "signup" => record.signed_up.push(newcomer),
                        _ => {}
                    }
                }
                Ok(answer) if answer.is_unavailable() => record.unavailable += 1,
                Ok(answer) => record.failed.push(format!("{}: {} {}", self.name, answer.status, answer.body)),
                Err(error) => record.failed.push(format!("{}: {error:?}", self.name)),
            }
        }
    }

    async fn call(&self, newcomer: &str) -> reqwest::Result<Answer> {
        let (caller, session) = (&self.caller, &self.session);
        let credentials = |email: &str| json!({"email": email, "password": PASSWORD});
        match self.name {
            "login" => {
                caller.try_post("/v1/auth/login", credentials(&format!("{}@example.org", self.people))).await
            }
            "refresh" => {
                let body = json!({"refresh_token": session["refresh_token"]});
                caller.try_post("/v1/auth/refresh", body).await
            }
            "me" => caller.bearing(&session["access_token"]).try_get("/v1/auth/me").await,
            "introspect" => {
                caller.try_post("/v1/auth/introspect", json!({"token": session["access_token"]})).await
            }
            _ => caller.try_post("/v1/auth/signup", credentials(newcomer)).await,
        }
    }
}
