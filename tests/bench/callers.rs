//! Who calls: the same request again and again, new addresses that sign up, sessions that are refreshed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::load::Caller;
use crate::setup::{Application, PASSWORD};
use crate::wire::find;

/// Asks a few requests in turn.
#[derive(Clone)]
pub struct InTurn {
    requests: Vec<Vec<u8>>,
    next: usize,
}

impl InTurn {
    /// These, beginning with the one numbered `first`.
    pub fn new(requests: Vec<Vec<u8>>, first: usize) -> Self {
        InTurn { requests, next: first }
    }

    /// So many callers who share the requests, each beginning elsewhere.
    pub fn several(count: usize, requests: &[Vec<u8>]) -> Vec<Self> {
        (0..count).map(|first| InTurn::new(requests.to_vec(), first * requests.len() / count)).collect()
    }
}

impl Caller for InTurn {
    fn next(&mut self) -> &[u8] {
        self.next += 1;
        &self.requests[self.next % self.requests.len()]
    }
}

/// Signs somebody new up each time.
pub struct Newcomers {
    application: Application,
    request: Vec<u8>,
}

impl Newcomers {
    /// In this application.
    pub fn of(application: &Application) -> Self {
        Newcomers { application: application.clone(), request: Vec::new() }
    }
}

impl Caller for Newcomers {
    fn next(&mut self) -> &[u8] {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let body = format!(r#"{{"email":"newcomer-{number}@example.org","password":"{PASSWORD}"}}"#);
        self.request = self.application.post("/v1/auth/signup", &body);
        &self.request
    }
}

/// Refreshes its sessions in turn, each with the token it got last.
pub struct Refresher {
    application: Application,
    tokens: VecDeque<String>,
    request: Vec<u8>,
}

impl Refresher {
    /// The sessions with these refresh tokens.
    pub fn new(application: &Application, tokens: Vec<String>) -> Self {
        Refresher { application: application.clone(), tokens: tokens.into(), request: Vec::new() }
    }

    /// The tokens that its sessions have now.
    pub fn into_tokens(self) -> VecDeque<String> {
        self.tokens
    }
}

impl Caller for Refresher {
    fn next(&mut self) -> &[u8] {
        let token = self.tokens.pop_front().unwrap_or_default();
        let body = format!(r#"{{"refresh_token":"{token}"}}"#);
        self.request = self.application.post("/v1/auth/refresh", &body);
        &self.request
    }

    fn answered(&mut self, body: &[u8]) {
        let name = br#""refresh_token":""#;
        let token = find(body, name).map(|at| &body[at + name.len()..]);
        let token = token.and_then(|rest| rest.split(|byte| *byte == b'"').next());
        self.tokens.extend(token.map(|token| String::from_utf8_lossy(token).into_owned()));
    }
}
