//! Nodes are restarted one after the other, as a new version is rolled out, and no caller notices.

use std::net::SocketAddr;

use crate::deployment::Deployment;
use crate::node::Node;
use crate::proxy::Proxy;
use crate::traffic::Traffic;
use devauth_test_support::database::redis_url;
use devauth_test_support::ports::free_address;

async fn start(deployment: &Deployment, address: SocketAddr, drain_time: &str) -> Node {
    let (bind, redis) = (address.to_string(), redis_url());
    let changes = [
        ("DEVAUTH_BIND", bind.as_str()),
        ("REDIS_URL", &redis),
        ("DEVAUTH_DRAIN_TIME", drain_time),
        ("DEVAUTH_LOG", "info"),
    ];
    deployment.start_with(&changes).await
}

/// Restarts each of `nodes` under load, once the proxy sends requests to the one before again.
async fn nobody_notices(
    deployment: &Deployment,
    addresses: &[SocketAddr],
    mut nodes: Vec<Node>,
    proxy: &Proxy,
    drain_time: &str,
) {
    let application = deployment.anyone_at(proxy.address).application().await;
    let traffic = Traffic::begin(&application).await;
    traffic.goes_on_for(5).await;
    for address in addresses {
        let node = nodes.remove(0);
        node.terminate();
        assert_eq!(node.ended().await.code(), Some(0));
        let node = start(deployment, *address, drain_time).await;
        for route in ["login", "refresh", "me", "introspect", "signup"] {
            node.wrote(|text| text.contains(&format!("/v1/auth/{route}")).then_some(())).await;
        }
        nodes.push(node);
    }
    traffic.goes_on_for(5).await;
    traffic.end().await.was_perfect();
}

#[tokio::test]
async fn two_nodes_behind_the_proxy_of_the_compose_recipe() {
    let deployment = Deployment::new().await;
    let addresses = [free_address(), free_address()];
    // The recipe asks every two seconds; a node drains as long as it does unless told otherwise.
    let mut nodes = Vec::new();
    for address in addresses {
        nodes.push(start(&deployment, address, "").await);
    }
    let proxy = Proxy::caddy(&deployment, &addresses).await;

    nobody_notices(&deployment, &addresses, nodes, &proxy, "").await;
}

#[tokio::test]
async fn three_nodes_behind_haproxy() {
    let deployment = Deployment::new().await;
    let addresses = [free_address(), free_address(), free_address()];
    let mut nodes = Vec::new();
    for address in addresses {
        nodes.push(start(&deployment, address, "3s").await);
    }
    let proxy = Proxy::haproxy(&deployment, &addresses).await;

    nobody_notices(&deployment, &addresses, nodes, &proxy, "3s").await;
}

#[tokio::test]
async fn a_node_that_drains_is_not_ready_and_serves() {
    let deployment = Deployment::new().await;
    let mut node = deployment.start_with(&[("DEVAUTH_DRAIN_TIME", "5m")]).await;
    let anyone = deployment.anyone(&node);
    anyone.get("/health/ready").await.expect(200);

    node.terminate();
    node.wrote(|text| text.contains("draining").then_some(())).await;

    assert!(anyone.get("/health/ready").await.is_unavailable());
    anyone.get("/health/live").await.expect(200);
    let application = deployment.application(&node).await;
    application.sign_up("ada@example.org").await.expect(201);
    assert!(node.runs());
    // Who asks twice has somebody waiting.
    node.terminate();
    assert_eq!(node.ended().await.code(), Some(0));
    deployment.nothing_was_given_away();
}
