//! What is configured wrongly is all said at once, without repeating it, and nothing starts.

use crate::deployment::{Deployment, test_key};
use crate::node::devauth;

/// Exit status and stderr of `devauth serve` in this environment.
async fn serve(environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let environment: Vec<_> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let output = devauth(&["serve"], &environment).output().await.unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

const KEY: &str = "q83vEjRWeJq83v8AESIzRFVmd4iZqrvM3e7/ECAwQFA=";

#[tokio::test]
async fn everything_that_is_missing_is_named() {
    let (status, said) = serve(&[]).await;

    assert_eq!(status, Some(2));
    for name in [
        "DATABASE_URL",
        "SMTP_URL",
        "DEVAUTH_PUBLIC_URL",
        "DEVAUTH_ENCRYPTION_KEY",
        "DEVAUTH_JWT_PRIVATE_KEY_FILE",
        "DEVAUTH_MAIL_FROM",
    ] {
        assert!(said.contains(name), "{name}\n{said}");
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_and_no_secret_is_repeated() {
    let weak = test_key("rsa-1024.pem");
    let (status, said) = serve(&[
        ("DATABASE_URL", "mysql://devauth:pass-in-database@db/devauth"),
        ("SMTP_URL", "http://devauth:pass-in-smtp@mail.example.com"),
        ("REDIS_URL", "memcached://:pass-in-redis@cache"),
        ("DEVAUTH_PUBLIC_URL", "http://auth.example.com"),
        ("DEVAUTH_ENCRYPTION_KEY", "c2hvcnQtYW5kLXdlYWs="),
        ("DEVAUTH_JWT_PRIVATE_KEY_FILE", &weak),
        ("DEVAUTH_MAIL_FROM", "nobody in particular"),
        ("DEVAUTH_BCRYPT_COST", "4"),
        ("DEVAUTH_RATE_LIMIT_PER_MINUTE", "many"),
    ])
    .await;

    assert_eq!(status, Some(2));
    for name in [
        "DATABASE_URL",
        "SMTP_URL",
        "REDIS_URL",
        "DEVAUTH_PUBLIC_URL",
        "DEVAUTH_ENCRYPTION_KEY",
        "DEVAUTH_JWT_PRIVATE_KEY_FILE",
        "DEVAUTH_MAIL_FROM",
        "DEVAUTH_BCRYPT_COST",
        "DEVAUTH_RATE_LIMIT_PER_MINUTE",
    ] {
        assert!(said.contains(name), "{name}\n{said}");
    }
    for value in
        ["pass-in-database", "pass-in-smtp", "pass-in-redis", "c2hvcnQ", "nobody in particular", "many"]
    {
        assert!(!said.contains(value), "{value}\n{said}");
    }
}

#[tokio::test]
async fn each_weakness_alone_keeps_production_from_starting() {
    let (strong, weak) = (test_key("rsa-2048.pem"), test_key("rsa-1024.pem"));
    let good = [
        // Nobody is there, but it never comes to that.
        ("DATABASE_URL", "postgres://devauth:db-pass@127.0.0.1:1/devauth"),
        ("SMTP_URL", "smtp://127.0.0.1:1"),
        ("DEVAUTH_PUBLIC_URL", "https://auth.example.com"),
        ("DEVAUTH_ENCRYPTION_KEY", KEY),
        ("DEVAUTH_JWT_PRIVATE_KEY_FILE", strong.as_str()),
        ("DEVAUTH_MAIL_FROM", "no-reply@example.com"),
        ("DEVAUTH_BIND", "127.0.0.1:0"),
        ("DEVAUTH_ADMIN_BIND", "127.0.0.1:0"),
    ];
    for change in [
        ("DEVAUTH_PUBLIC_URL", "http://auth.example.com"),
        ("DEVAUTH_JWT_PRIVATE_KEY_FILE", weak.as_str()),
        ("DEVAUTH_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("DEVAUTH_ENCRYPTION_KEY", "ZXhhbXBsZSBvbmx5LCBkZXZhdXRoIHJlZnVzZXMgaXQ="),
        ("DEVAUTH_BCRYPT_COST", "11"),
        ("DATABASE_URL", "postgres://devauth:change-me@db/devauth"),
    ] {
        let (status, said) = serve(&[good.as_slice(), &[change]].concat()).await;
        assert_eq!(status, Some(2), "{change:?}\n{said}");
        let names: Vec<_> = good.iter().map(|(name, _)| *name).filter(|name| said.contains(name)).collect();
        assert!(said.contains(change.0), "{change:?}\n{said}");
        assert!(names.iter().all(|name| *name == change.0), "{change:?}\n{said}");
        assert!(!said.contains(change.1) || change.1.len() < 3, "{change:?}\n{said}");
    }
    let (status, said) =
        serve(&[good.as_slice(), &[("DEVAUTH_ENV", "test"), ("DEVAUTH_BIND", "0.0.0.0:0")]].concat()).await;
    assert_eq!(status, Some(2), "cheap hashes are not for everybody\n{said}");
}

#[tokio::test]
async fn trusting_everybody_is_possible_and_said_at_the_start() {
    let deployment = Deployment::new().await;
    for (networks, everybody) in [("0.0.0.0/0", true), ("10.0.0.0/8,::/0", true), ("127.0.0.1", false)] {
        let node = deployment.start_with(&[("DEVAUTH_TRUSTED_PROXIES", networks)]).await;
        // It listens, so what it has to say of its configuration is said.
        let said = node.output.borrow().contains("everybody can name any client address");
        assert_eq!(said, everybody, "{networks}");
        node.kill().await;
    }
}
