//! Limits are exact though several nodes count on a Redis that is several servers.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::caller::{Answer, Caller, PASSWORD};
use crate::deployment::Deployment;
use crate::node::Node;
use crate::redis_server::RedisCluster;

struct Nodes {
    deployment: Deployment,
    nodes: Vec<Node>,
    _redis: RedisCluster,
}

impl Nodes {
    async fn start(count: usize) -> Self {
        let redis = tokio::task::spawn_blocking(RedisCluster::start).await.unwrap();
        let deployment = Deployment::new().await;
        let mut nodes = Vec::new();
        for _ in 0..count {
            nodes.push(deployment.start_with(&[("REDIS_URL", &redis.url())]).await);
        }
        Nodes { deployment, nodes, _redis: redis }
    }

    /// Posts the same body `count` times at once, to one node after the other.
    async fn all_at_once(
        &self,
        caller: &Caller,
        count: usize,
        path: &'static str,
        body: &Value,
    ) -> Vec<Answer> {
        let mut calls = JoinSet::new();
        for node in self.nodes.iter().cycle().take(count) {
            let (caller, body) = (caller.at(node), body.clone());
            calls.spawn(async move { caller.post(path, body).await });
        }
        calls.join_all().await
    }
}

fn with_status(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

async fn sixty_of_two_hundred_requests_pass(count: usize) {
    let nodes = Nodes::start(count).await;
    let anyone = nodes.deployment.anyone(&nodes.nodes[0]);
    let (developer, _, application) = anyone.developer().await;
    let id = application.rsplit('/').next().unwrap();
    // Several keys, because the servers share the keys among them.
    for _ in 0..3 {
        let wanted = json!({"label": "counted", "rate_limit_per_minute": 60});
        let issued = developer.post(&format!("{application}/api-keys"), wanted).await.expect(201);
        let caller = anyone.with("x-app-id", id).with("x-api-key", issued["key"].as_str().unwrap());
        let body = json!({"refresh_token": "unknown"});

        let answers = nodes.all_at_once(&caller, 200, "/v1/auth/logout", &body).await;

        assert_eq!((with_status(&answers, 204), with_status(&answers, 429)), (60, 140));
        let refused = answers.iter().filter(|answer| answer.status == 429);
        for answer in refused {
            assert_eq!(answer.code, "rate_limited");
            // By the clock of the node that was asked, which may be some milliseconds behind another.
            assert!(answer.retry_after.is_some_and(|seconds| (1..=61).contains(&seconds)), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn sixty_of_two_hundred_requests_pass_two_nodes() {
    sixty_of_two_hundred_requests_pass(2).await;
}

#[tokio::test]
async fn sixty_of_two_hundred_requests_pass_three_nodes() {
    sixty_of_two_hundred_requests_pass(3).await;
}

#[tokio::test]
async fn five_of_forty_wrong_passwords_are_tried_by_three_nodes() {
    let nodes = Nodes::start(3).await;
    let application = nodes.deployment.application(&nodes.nodes[0]).await;
    for email in ["ada@example.org", "grace@example.com", "nobody@example.net"] {
        if !email.starts_with("nobody") {
            application.sign_up(email).await.expect(201);
        }
        let wrong = json!({"email": email, "password": "not the password 99"});

        let answers = nodes.all_at_once(&application, 40, "/v1/auth/login", &wrong).await;

        assert_eq!((with_status(&answers, 401), with_status(&answers, 429)), (5, 35), "{email}");
        for answer in answers.iter().filter(|answer| answer.status == 429) {
            assert_eq!(answer.code, "account_locked");
        }
        for node in &nodes.nodes {
            let right = application.at(node).log_in(email, PASSWORD).await;
            assert_eq!((right.status, right.code.as_str()), (429, "account_locked"), "{email}");
        }
    }
    nodes.deployment.nothing_was_given_away();
}
