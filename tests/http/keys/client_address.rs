//! Whose address a request counts for: the peer, what trusted proxies say, what a secret key names

use ipnet::IpNet;
use serde_json::{Value, json};

use super::{Keys, call};
use crate::app::TestApp;
use crate::client::Client;

/// The address that a login from here is recorded with.
async fn recorded(client: &Client) -> Value {
    let tokens = client.log_in("ada@example.org").await;
    let user = client.bearing(tokens["access_token"].as_str().unwrap());
    let sessions = user.get("/v1/auth/sessions").await.expect(200);
    let current = sessions["data"].as_array().unwrap().iter().find(|one| one["current"] == true).unwrap();
    current["client_address"].clone()
}

async fn behind(proxies: &[&str]) -> (TestApp, Keys) {
    let proxies: Vec<IpNet> = proxies.iter().map(|network| network.parse().unwrap()).collect();
    let app = TestApp::start_with(|config| config.trusted_proxies = proxies).await;
    let keys = Keys::of(&app).await;
    keys.secret.sign_up("ada@example.org").await;
    (app, keys)
}

#[tokio::test]
async fn a_secret_key_may_name_the_users_address_and_a_publishable_one_may_not() {
    let (_app, keys) = behind(&[]).await;
    for (named, expected) in [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:192.0.2.8", "192.0.2.8"),
        ("2001:DB8:0:0::9", "2001:db8::9"),
    ] {
        assert_eq!(recorded(&keys.secret.with("x-devauth-client-ip", named)).await, expected);
        assert_eq!(recorded(&keys.publishable.with("x-devauth-client-ip", named)).await, "127.0.0.1");
    }
    assert_eq!(recorded(&keys.secret).await, "127.0.0.1");
    for nonsense in ["", "nonsense", "192.0.2.7, 192.0.2.8", "192.0.2.7:443", "192.0.2.0/24", "1"] {
        call(&keys.secret.with("x-devauth-client-ip", nonsense)).await.refused(400, "malformed_request");
    }
}

#[tokio::test]
async fn without_trusted_proxies_nobody_is_believed() {
    let (_app, keys) = behind(&[]).await;
    assert_eq!(recorded(&keys.secret.with("x-forwarded-for", "192.0.2.1")).await, "127.0.0.1");
    assert_eq!(recorded(&keys.publishable.with("forwarded", "for=192.0.2.1")).await, "127.0.0.1");
    assert_eq!(recorded(&keys.publishable.with("x-real-ip", "192.0.2.1")).await, "127.0.0.1");
}

#[tokio::test]
async fn behind_trusted_proxies_the_right_most_untrusted_entry_counts() {
    let (_app, keys) = behind(&["127.0.0.0/8", "10.0.0.0/8", "2001:db8:ffff::/48"]).await;
    for (forwarded, expected) in [
        ("192.0.2.1", "192.0.2.1"),
        ("203.0.113.9, 192.0.2.1", "192.0.2.1"),
        ("203.0.113.9, 192.0.2.1, 10.1.2.3", "192.0.2.1"),
        ("192.0.2.1,10.1.2.3 , 2001:db8:ffff::1", "192.0.2.1"),
        ("10.1.2.3, 192.0.2.1", "192.0.2.1"),
        ("2001:db8::5", "2001:db8::5"),
        ("[2001:db8::5]:4711", "2001:db8::5"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1, ::ffff:10.1.2.3", "192.0.2.1"),
        // All are proxies: the left-most of them.
        ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
        // What can't be read ends the chain at the last proxy that could.
        ("192.0.2.1, unknown", "127.0.0.1"),
        ("192.0.2.1, unknown, 10.1.2.3", "10.1.2.3"),
        ("", "127.0.0.1"),
    ] {
        let found = recorded(&keys.publishable.with("x-forwarded-for", forwarded)).await;
        assert_eq!(found, expected, "{forwarded:?}");
    }
    // A secret key's word wins over its own way here.
    let backend = keys.secret.with("x-forwarded-for", "192.0.2.1").with("x-devauth-client-ip", "192.0.2.99");
    assert_eq!(recorded(&backend).await, "192.0.2.99");
}

#[tokio::test]
async fn guesses_are_counted_by_network_and_not_by_spelling() {
    let (_app, keys) = behind(&[]).await;
    let from = |address: &str| keys.secret.with("x-devauth-client-ip", address);
    for last in 1..=5 {
        let guess = from(&format!("2001:db8:0:7::{last}")).try_log_in("ada@example.org", "wrong").await;
        guess.refused(401, "invalid_credentials");
    }
    let locked = from("2001:db8:0:7:ffff::1").try_log_in("ada@example.org", crate::app::PASSWORD).await;
    locked.refused(429, "account_locked");
    from("2001:db8:0:8::1").log_in("ada@example.org").await;

    for address in ["192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201", "192.0.2.1", "192.0.2.1"] {
        from(address).try_log_in("ada@example.org", "wrong").await.refused(401, "invalid_credentials");
    }
    let locked = from("::ffff:192.0.2.1").try_log_in("ada@example.org", crate::app::PASSWORD).await;
    locked.refused(429, "account_locked");
    from("192.0.2.2").log_in("ada@example.org").await;
}

#[tokio::test]
async fn a_page_cannot_escape_its_limit_by_naming_addresses() {
    let (_app, keys) = behind(&["127.0.0.0/8"]).await;
    let body = json!({"label": "few", "type": "publishable", "rate_limit_per_minute": 2});
    let few = keys.developer.key(&keys.id, body).await.with("x-forwarded-for", "192.0.2.1");
    call(&few.with("x-devauth-client-ip", "192.0.2.2")).await.expect(204);
    call(&few.with("x-forwarded-for", "203.0.113.1, 192.0.2.1")).await.expect(204);
    call(&few.with("x-devauth-client-ip", "192.0.2.3")).await.refused(429, "rate_limited");
    call(&few.with("x-forwarded-for", "203.0.113.2, 192.0.2.1")).await.refused(429, "rate_limited");
}
