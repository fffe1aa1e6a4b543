//! Whole configurations: the good ones as they are read, the bad ones with every problem named.

use std::collections::HashMap;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::*;

const KEY: &str = "q83vEjRWeJq83v8AESIzRFVmd4iZqrvM3e7/ECAwQFA=";
const OTHER_KEY: &str = "Yh3kTq0yv1cXo9s2bQm7Rw8LzN5uEfGjPaKdHxCtVi4=";

fn file(name: &str) -> String {
    format!("{}/src/config/testdata/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A complete environment with `changes` made to it; an empty value takes a variable away.
fn environment(changes: &[(&str, &str)]) -> HashMap<String, String> {
    let key_file = file("rsa-2048.pem");
    let complete = [
        ("DATABASE_URL", "postgres://devauth:db-pass@db/devauth"),
        ("SMTP_URL", "smtps://devauth:mail-pass@mail.example.com"),
        ("DEVAUTH_PUBLIC_URL", "https://auth.example.com"),
        ("DEVAUTH_ENCRYPTION_KEY", KEY),
        ("DEVAUTH_JWT_PRIVATE_KEY_FILE", &key_file),
        ("DEVAUTH_MAIL_FROM", "DevAuth <no-reply@example.com>"),
        ("HOME", "/home/ada"),
    ];
    complete.iter().chain(changes).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn config(changes: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let values = environment(changes);
    Config::from_env(&|name| values.get(name).cloned())
}

fn problems(changes: &[(&str, &str)]) -> Vec<String> {
    let errors = config(changes).expect_err("a bad configuration");
    errors.problems().iter().map(|problem| problem.variable.clone()).collect()
}

#[test]
fn defaults_are_those_of_the_contract() {
    let config = config(&[]).expect("a good configuration");

    assert_eq!(config.environment, Environment::Production);
    assert_eq!(config.bind.to_string(), "127.0.0.1:8080");
    assert_eq!(config.admin_bind.to_string(), "127.0.0.1:9090");
    assert!(config.database_replica_url.is_none());
    assert!(config.redis_url.is_none());
    assert_eq!(config.passwords, Passwords::default());
    assert_eq!(config.tokens, Tokens::default());
    assert_eq!(config.lockout, Lockout::default());
    assert_eq!(config.rates, Rates::default());
    assert!(config.trusted_proxies.is_empty());
    assert_eq!(config.drain_time, Duration::from_secs(5));
    assert_eq!(config.log, "info");
    assert!(config.migrate);
}

#[test]
fn every_variable_reaches_its_field() {
    let config = config(&[
        ("DEVAUTH_ENV", "test"),
        ("DATABASE_REPLICA_URL", "postgres://devauth:db-pass@standby/devauth"),
        ("REDIS_URL", "redis://cache:6379"),
        ("DEVAUTH_BIND", "127.0.0.1:0"),
        ("DEVAUTH_ADMIN_BIND", "[::1]:0"),
        ("DEVAUTH_PUBLIC_URL", "http://localhost:8080/"),
        ("DEVAUTH_ENCRYPTION_KEY", &format!("{OTHER_KEY}, {KEY}")),
        ("DEVAUTH_BCRYPT_COST", "4"),
        ("DEVAUTH_ACCESS_TOKEN_TTL", "1m"),
        ("DEVAUTH_REFRESH_TOKEN_TTL", "2d"),
        ("DEVAUTH_REFRESH_GRACE", "500ms"),
        ("DEVAUTH_VERIFY_TOKEN_TTL", "3h"),
        ("DEVAUTH_RESET_TOKEN_TTL", "90s"),
        ("DEVAUTH_LOCKOUT_ATTEMPTS", "7"),
        ("DEVAUTH_LOCKOUT_WINDOW", "20m"),
        ("DEVAUTH_RATE_LIMIT_PER_MINUTE", "100"),
        ("DEVAUTH_INTROSPECT_LIMIT_PER_MINUTE", "200"),
        ("DEVAUTH_TRUSTED_PROXIES", "10.0.0.0/8"),
        ("DEVAUTH_DRAIN_TIME", "7s"),
        ("DEVAUTH_DATA_DIR", "/srv/devauth"),
        ("DEVAUTH_LOG", "warn,devauth=debug"),
        ("DEVAUTH_MIGRATE", "off"),
    ])
    .expect("a good configuration");

    assert_eq!(config.environment, Environment::Test);
    assert_eq!(config.database_url.expose_secret(), "postgres://devauth:db-pass@db/devauth");
    assert_eq!(config.smtp_url.expose_secret(), "smtps://devauth:mail-pass@mail.example.com");
    assert_eq!(
        config.database_replica_url.expect("set").expose_secret(),
        "postgres://devauth:db-pass@standby/devauth"
    );
    assert_eq!(config.redis_url.expect("set").expose_secret(), "redis://cache:6379");
    assert_eq!(
        (config.bind.to_string(), config.admin_bind.to_string()),
        ("127.0.0.1:0".into(), "[::1]:0".into())
    );
    assert_eq!(config.public_url, "http://localhost:8080");
    assert_eq!(config.encryption_keys.len(), 2);
    assert_eq!(config.encryption_keys[1].expose(), EncryptionKey::parse(KEY).expect("a key").expose());
    assert_eq!(config.jwt_keys.len(), 1);
    assert_eq!(config.mail_from.to_string(), "DevAuth <no-reply@example.com>");
    assert_eq!(config.passwords.bcrypt_cost, 4);
    assert_eq!(config.tokens.access_ttl, Duration::from_secs(60));
    assert_eq!(config.tokens.refresh_ttl, Duration::from_secs(2 * 86_400));
    assert_eq!(config.tokens.refresh_grace, Duration::from_millis(500));
    assert_eq!(config.tokens.verify_ttl, Duration::from_secs(3 * 3_600));
    assert_eq!(config.tokens.reset_ttl, Duration::from_secs(90));
    assert_eq!(config.lockout, Lockout { attempts: 7, window: Duration::from_secs(1_200) });
    assert_eq!(config.rates, Rates { per_minute: 100, introspect_per_minute: 200 });
    assert_eq!(config.trusted_proxies[0].to_string(), "10.0.0.0/8");
    assert_eq!(config.drain_time, Duration::from_secs(7));
    assert_eq!(config.log, "warn,devauth=debug");
    assert!(!config.migrate);
}

#[test]
fn each_bad_value_is_named() {
    let small = file("rsa-1024.pem");
    let elliptic = file("ec-p256.pem");
    let absent = file("absent.pem");
    let two = format!("{},{absent}", file("rsa-2048.pem"));
    let not_a_key = file("../tests.rs");
    for (variable, value) in [
        ("DATABASE_URL", "db:5432"),
        ("SMTP_URL", "mail.example.com"),
        ("DATABASE_REPLICA_URL", "standby:5432"),
        ("REDIS_URL", "cache:6379"),
        ("DEVAUTH_PUBLIC_URL", "http://auth.example.com"),
        ("DEVAUTH_ENCRYPTION_KEY", "c2hvcnQ="),
        ("DEVAUTH_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("DEVAUTH_JWT_PRIVATE_KEY_FILE", &small),
        ("DEVAUTH_JWT_PRIVATE_KEY_FILE", &elliptic),
        ("DEVAUTH_JWT_PRIVATE_KEY_FILE", &absent),
        ("DEVAUTH_JWT_PRIVATE_KEY_FILE", &two),
        ("DEVAUTH_JWT_PRIVATE_KEY_FILE", &not_a_key),
        ("DEVAUTH_MAIL_FROM", "no-reply"),
        ("DEVAUTH_ENV", "prod"),
        ("DEVAUTH_BIND", "localhost"),
        ("DEVAUTH_BIND", "8080"),
        ("DEVAUTH_ADMIN_BIND", "127.0.0.1:8080"),
        ("DEVAUTH_BCRYPT_COST", "11"),
        ("DEVAUTH_BCRYPT_COST", "16"),
        ("DEVAUTH_BCRYPT_COST", "twelve"),
        ("DEVAUTH_ACCESS_TOKEN_TTL", "0s"),
        ("DEVAUTH_ACCESS_TOKEN_TTL", "25h"),
        ("DEVAUTH_REFRESH_TOKEN_TTL", "366d"),
        ("DEVAUTH_REFRESH_GRACE", "6m"),
        ("DEVAUTH_VERIFY_TOKEN_TTL", "24"),
        ("DEVAUTH_RESET_TOKEN_TTL", "-1h"),
        ("DEVAUTH_LOCKOUT_ATTEMPTS", "0"),
        ("DEVAUTH_LOCKOUT_WINDOW", "2d"),
        ("DEVAUTH_RATE_LIMIT_PER_MINUTE", "0"),
        ("DEVAUTH_INTROSPECT_LIMIT_PER_MINUTE", "1e3"),
        ("DEVAUTH_TRUSTED_PROXIES", "10.0.0.0/40"),
        ("DEVAUTH_LOG", "devauth=loud"),
        ("DEVAUTH_LOG", "inf"),
        ("DEVAUTH_MIGRATE", "no"),
    ] {
        assert_eq!(problems(&[(variable, value)]), [variable], "{variable}={value}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let errors = Config::from_env(&|_| None).expect_err("nothing is set");
    let named: Vec<&str> = errors.problems().iter().map(|problem| problem.variable.as_str()).collect();
    let mut required: Vec<&str> =
        VARIABLES.iter().filter(|variable| variable.required).map(|v| v.name).collect();
    required.sort_unstable();
    let mut sorted = named.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, required);

    let changes =
        [("DATABASE_URL", ""), ("DEVAUTH_BCRYPT_COST", "4"), ("DEVAUTH_BIND", "x"), ("DEVAUTH_MIGRATE", "x")];
    assert_eq!(
        problems(&changes),
        ["DATABASE_URL", "DEVAUTH_BIND", "DEVAUTH_BCRYPT_COST", "DEVAUTH_MIGRATE"]
    );
    let text = config(&changes).expect_err("bad").to_string();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(text.starts_with("the configuration has 4 problems:\n  DATABASE_URL: is not set"), "{text}");
}

#[test]
fn no_value_is_repeated_in_a_problem_or_in_debug_output() {
    let marked = "hunter2marked";
    let as_path = format!("-----BEGIN PRIVATE KEY-----\n{marked}");
    // These take any text.
    let free = |variable: &Variable| ["DEVAUTH_DATA_DIR", "OTEL_SERVICE_NAME"].contains(&variable.name);
    for variable in VARIABLES.iter().filter(|variable| !free(variable)) {
        for value in [marked.to_owned(), as_path.clone(), format!("ftp://user:{marked}@host/?{marked}")] {
            let errors = config(&[(variable.name, &value)]).expect_err(variable.name);
            assert!(!format!("{errors} {errors:?}").contains(marked), "{} told its value", variable.name);
        }
    }

    let shown =
        format!("{:?}", config(&[("REDIS_URL", "redis://:cache-pass@cache")]).expect("a good configuration"));
    for secret in ["db-pass", "mail-pass", "cache-pass", KEY, "BEGIN", "45, 45, 45"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn cheap_hashes_never_face_the_network() {
    for bind in ["0.0.0.0:8080", "192.0.2.1:8080", "[::]:8080"] {
        assert_eq!(problems(&[("DEVAUTH_ENV", "test"), ("DEVAUTH_BIND", bind)]), ["DEVAUTH_BIND"], "{bind}");
        assert_eq!(
            problems(&[("DEVAUTH_ENV", "test"), ("DEVAUTH_ADMIN_BIND", bind)]),
            ["DEVAUTH_ADMIN_BIND"]
        );
        assert!(config(&[("DEVAUTH_ENV", "development"), ("DEVAUTH_BIND", bind)]).is_ok(), "{bind}");
        assert!(config(&[("DEVAUTH_BIND", bind)]).is_ok(), "{bind}");
    }
    assert!(config(&[("DEVAUTH_ENV", "test"), ("DEVAUTH_BIND", "[::ffff:127.0.0.1]:0")]).is_ok());
    for environment in ["production", "development"] {
        let cheap = [("DEVAUTH_ENV", environment), ("DEVAUTH_BCRYPT_COST", "4")];
        assert_eq!(problems(&cheap), ["DEVAUTH_BCRYPT_COST"]);
    }
    assert_eq!(problems(&[("DEVAUTH_ENV", "test"), ("DEVAUTH_BCRYPT_COST", "3")]), ["DEVAUTH_BCRYPT_COST"]);
}

#[test]
fn secrets_may_come_from_files() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a plain path").to_owned()
    };
    let database = path("database", "postgres://file@db/devauth\n");
    let key = path("key", &format!("{OTHER_KEY}\n"));
    let empty = path("empty", "\n");
    let from_files = [
        ("DATABASE_URL", ""),
        ("DATABASE_URL_FILE", database.as_str()),
        ("DEVAUTH_ENCRYPTION_KEY", ""),
        ("DEVAUTH_ENCRYPTION_KEY_FILE", key.as_str()),
    ];

    let config = config(&from_files).expect("a good configuration");

    assert_eq!(config.database_url.expose_secret(), "postgres://file@db/devauth");
    assert_eq!(config.encryption_keys[0].expose(), EncryptionKey::parse(OTHER_KEY).expect("a key").expose());
    assert_eq!(config.key_files.encryption.as_deref(), Some(std::path::Path::new(&key)));
    assert_eq!(problems(&[("DATABASE_URL_FILE", &database)]), ["DATABASE_URL"], "both are set");
    let missing = [("SMTP_URL", ""), ("SMTP_URL_FILE", "/nonexistent"), ("REDIS_URL_FILE", empty.as_str())];
    assert_eq!(problems(&missing), ["SMTP_URL_FILE", "REDIS_URL_FILE"]);
}

#[test]
fn dev_reads_what_may_be_changed_and_provides_the_rest() {
    let good = config(&[]).expect("a good configuration");
    let provided = || Provided {
        database_url: "postgres:///devauth?host=/tmp/devauth".into(),
        database_replica_url: None,
        smtp_url: "smtp://localhost".into(),
        keys: Keys {
            encryption_keys: good.encryption_keys.clone(),
            jwt_keys: good.jwt_keys.clone(),
            files: good.key_files.clone(),
        },
    };
    let dev = |pairs: &[(&str, &str)]| {
        Config::for_dev(
            &|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()),
            provided(),
        )
    };

    let config = dev(&[("DEVAUTH_BIND", "127.0.0.1:8181"), ("DATABASE_URL", "nonsense")])
        .expect("a good configuration");

    assert_eq!(config.environment, Environment::Development);
    assert_eq!(config.public_url, "http://localhost:8181");
    assert_eq!(config.passwords.bcrypt_cost, 12);
    assert_eq!(dev(&[("DEVAUTH_BCRYPT_COST", "4")]).expect_err("too cheap").problems().len(), 1);
}

#[test]
fn migrating_and_listing_keys_ask_only_for_what_they_use() {
    let values = environment(&[("SMTP_URL", ""), ("DEVAUTH_PUBLIC_URL", "")]);
    let env = |name: &str| values.get(name).cloned();

    assert_eq!(Keys::from_env(&env).expect("keys").jwt_keys.len(), 1);
    assert_eq!(Migration::from_env(&env).expect("a database").environment, Environment::Production);
    assert_eq!(
        Migration::from_env(&|_| None).expect_err("no database").problems()[0].variable,
        "DATABASE_URL"
    );
    assert_eq!(Keys::from_env(&|_| None).expect_err("no keys").problems().len(), 2);
}
