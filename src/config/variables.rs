//! Every variable DevAuth reads: name, default, bounds and meaning, in one place. The readers, `docs/configuration.md`
//! and the test of `.env.example` all use this list.

use std::time::Duration;

use super::variable::{Accepts, Variable};

const fn duration_between(min_seconds: u64, max_seconds: u64) -> Accepts {
    Accepts::Duration { min: Duration::from_secs(min_seconds), max: Duration::from_secs(max_seconds) }
}

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// What most variables share; each constant below says the rest.
const PLAIN: Variable = Variable {
    name: "",
    default: None,
    required: false,
    from_file: false,
    accepts: Accepts::Words(""),
    example: "",
    meaning: "",
};

pub(super) const ENV: Variable = Variable {
    name: "DEVAUTH_ENV",
    default: Some("production"),
    accepts: Accepts::Choice(&["production", "development", "test"]),
    example: "production",
    meaning: "Which promises are kept: `development` accepts an http public URL; `test` also accepts cheap password hashes and listens on this machine only",
    ..PLAIN
};

pub(super) const DATABASE_URL: Variable = Variable {
    name: "DATABASE_URL",
    required: true,
    from_file: true,
    accepts: Accepts::Words("a URL that begins with postgres://"),
    example: "postgres://devauth:change-me@localhost:5432/devauth",
    meaning: "The Postgres database, with a role that owns it",
    ..PLAIN
};

pub(super) const DATABASE_REPLICA_URL: Variable = Variable {
    name: "DATABASE_REPLICA_URL",
    from_file: true,
    accepts: Accepts::Words("a URL that begins with postgres://"),
    example: "postgres://devauth:change-me@standby:5432/devauth",
    meaning: "A streaming standby of that database, for lists of the portal; while it is behind or away the database itself answers",
    ..PLAIN
};

pub(super) const REDIS_URL: Variable = Variable {
    name: "REDIS_URL",
    from_file: true,
    accepts: Accepts::Words(
        "a URL that begins with redis:// or rediss://, or several, comma-separated, for a Redis Cluster",
    ),
    example: "redis://:change-me@localhost:6379",
    meaning: "Where all nodes together count requests and failed logins; without it a node counts for itself, so run only one",
    ..PLAIN
};

pub(super) const SMTP_URL: Variable = Variable {
    name: "SMTP_URL",
    required: true,
    from_file: true,
    accepts: Accepts::Words("a URL that begins with smtp:// or smtps://"),
    example: "smtps://devauth:change-me@smtp.example.com:465",
    meaning: "The server that takes DevAuth's mail",
    ..PLAIN
};

pub(super) const MAIL_FROM: Variable = Variable {
    name: "DEVAUTH_MAIL_FROM",
    required: true,
    accepts: Accepts::Words("a mailbox such as DevAuth <no-reply@example.com>"),
    example: "no-reply@example.com",
    meaning: "The sender of every mail",
    ..PLAIN
};

pub(super) const PUBLIC_URL: Variable = Variable {
    name: "DEVAUTH_PUBLIC_URL",
    required: true,
    accepts: Accepts::Words("the https:// URL under which users reach DevAuth, without query or user name"),
    example: "https://auth.example.com",
    meaning: "The issuer of tokens and the base of mailed links; a trailing slash is dropped",
    ..PLAIN
};

pub(super) const BIND: Variable = Variable {
    name: "DEVAUTH_BIND",
    default: Some("127.0.0.1:8080"),
    accepts: Accepts::Words("an address and a port such as 0.0.0.0:8080"),
    example: "127.0.0.1:8080",
    meaning: "Where the public routes listen",
    ..PLAIN
};

pub(super) const ADMIN_BIND: Variable = Variable {
    name: "DEVAUTH_ADMIN_BIND",
    default: Some("127.0.0.1:9090"),
    accepts: Accepts::Words("an address and a port such as 127.0.0.1:9090, other than DEVAUTH_BIND"),
    example: "127.0.0.1:9090",
    meaning: "Where `/metrics` listens; keep it off the public network",
    ..PLAIN
};

pub(super) const ENCRYPTION_KEY: Variable = Variable {
    name: "DEVAUTH_ENCRYPTION_KEY",
    required: true,
    from_file: true,
    accepts: Accepts::Words(
        "base64 of 32 random bytes, or several, comma-separated or one a line (`devauth keys generate` makes one)",
    ),
    example: "ZXhhbXBsZSBvbmx5LCBkZXZhdXRoIHJlZnVzZXMgaXQ=",
    meaning: "Seals app secrets and the keys of personal data. The first encrypts, all of them open; lose it and the sealed data is gone. Kept in a file it may be replaced without a restart",
    ..PLAIN
};

pub(super) const JWT_PRIVATE_KEY_FILE: Variable = Variable {
    name: "DEVAUTH_JWT_PRIVATE_KEY_FILE",
    required: true,
    accepts: Accepts::Words(
        "the path of a PEM file with RSA private keys of at least 2048 bits, or several, comma-separated (`devauth keys generate --dir DIR` makes one)",
    ),
    example: "/etc/devauth/jwt.pem",
    meaning: "Signs access tokens. The first key signs, all of them verify; they may be replaced without a restart",
    ..PLAIN
};

pub(super) const BCRYPT_COST: Variable = Variable {
    name: "DEVAUTH_BCRYPT_COST",
    default: Some("12"),
    accepts: Accepts::Words("a whole number from 12 to 15 (from 4 if DEVAUTH_ENV is test)"),
    example: "12",
    meaning: "How expensive a password hash is; one more doubles the time of a login",
    ..PLAIN
};

pub(super) const ACCESS_TOKEN_TTL: Variable = Variable {
    name: "DEVAUTH_ACCESS_TOKEN_TTL",
    default: Some("15m"),
    accepts: duration_between(1, DAY),
    example: "15m",
    meaning: "How long an access token lives",
    ..PLAIN
};

pub(super) const REFRESH_TOKEN_TTL: Variable = Variable {
    name: "DEVAUTH_REFRESH_TOKEN_TTL",
    default: Some("7d"),
    accepts: duration_between(1, 365 * DAY),
    example: "7d",
    meaning: "How long a session lives after its login, however often it is refreshed; an application may set its own",
    ..PLAIN
};

pub(super) const REFRESH_GRACE: Variable = Variable {
    name: "DEVAUTH_REFRESH_GRACE",
    default: Some("10s"),
    accepts: duration_between(0, 5 * 60),
    example: "10s",
    meaning: "How long the refresh token just replaced still answers with its successor, so that tabs and retries converge",
    ..PLAIN
};

pub(super) const VERIFY_TOKEN_TTL: Variable = Variable {
    name: "DEVAUTH_VERIFY_TOKEN_TTL",
    default: Some("24h"),
    accepts: duration_between(1, 30 * DAY),
    example: "24h",
    meaning: "How long the link in a verification mail works",
    ..PLAIN
};

pub(super) const RESET_TOKEN_TTL: Variable = Variable {
    name: "DEVAUTH_RESET_TOKEN_TTL",
    default: Some("1h"),
    accepts: duration_between(1, DAY),
    example: "1h",
    meaning: "How long the link in a password reset mail works",
    ..PLAIN
};

pub(super) const LOCKOUT_ATTEMPTS: Variable = Variable {
    name: "DEVAUTH_LOCKOUT_ATTEMPTS",
    default: Some("5"),
    accepts: Accepts::Count { min: 1, max: 100 },
    example: "5",
    meaning: "How many failed logins for one address from one client lock the pair",
    ..PLAIN
};

pub(super) const LOCKOUT_WINDOW: Variable = Variable {
    name: "DEVAUTH_LOCKOUT_WINDOW",
    default: Some("15m"),
    accepts: duration_between(1, DAY),
    example: "15m",
    meaning: "Within which time the failures are counted, and how long the lock holds",
    ..PLAIN
};

pub(super) const RATE_LIMIT_PER_MINUTE: Variable = Variable {
    name: "DEVAUTH_RATE_LIMIT_PER_MINUTE",
    default: Some("60"),
    accepts: Accepts::Count { min: 1, max: 1_000_000 },
    example: "60",
    meaning: "How many requests a minute an API key may make that is issued from now on without a limit of its own",
    ..PLAIN
};

pub(super) const INTROSPECT_LIMIT_PER_MINUTE: Variable = Variable {
    name: "DEVAUTH_INTROSPECT_LIMIT_PER_MINUTE",
    default: Some("6000"),
    accepts: Accepts::Count { min: 1, max: 1_000_000 },
    example: "6000",
    meaning: "How many introspections an API key may make a minute",
    ..PLAIN
};

pub(super) const TRUSTED_PROXIES: Variable = Variable {
    name: "DEVAUTH_TRUSTED_PROXIES",
    default: Some(""),
    accepts: Accepts::Words("a comma-separated list of networks such as 10.0.0.0/8 or single addresses"),
    example: "10.0.0.0/8,2001:db8::/32",
    meaning: "Whose `X-Forwarded-For` is believed; with 0.0.0.0/0 or ::/0 everybody can name any client address, and limits on guessing hold nobody",
    ..PLAIN
};

pub(super) const DRAIN_TIME: Variable = Variable {
    name: "DEVAUTH_DRAIN_TIME",
    default: Some("5s"),
    accepts: duration_between(0, 5 * 60),
    example: "5s",
    meaning: "How long a node that got SIGTERM goes on serving while `/health/ready` is 503, so that proxies stop choosing it; longer than they take to notice",
    ..PLAIN
};

pub(super) const DATA_DIR: Variable = Variable {
    name: "DEVAUTH_DATA_DIR",
    accepts: Accepts::Words("the path of a directory"),
    example: "/home/me/.local/share/devauth",
    meaning: "What `devauth dev` keeps between runs; `devauth` in the platform's data directory unless set",
    ..PLAIN
};

pub(super) const LOG: Variable = Variable {
    name: "DEVAUTH_LOG",
    default: Some("info"),
    accepts: Accepts::Words("a tracing filter such as info or warn,devauth=debug"),
    example: "info",
    meaning: "What is logged; JSON lines unless a terminal reads them",
    ..PLAIN
};

pub(super) const MIGRATE: Variable = Variable {
    name: "DEVAUTH_MIGRATE",
    default: Some("on"),
    accepts: Accepts::Choice(&["on", "off"]),
    example: "on",
    meaning: "Whether `serve` applies the migrations before it listens; with `off`, run `devauth migrate` yourself",
    ..PLAIN
};

pub(super) const OTLP_ENDPOINT: Variable = Variable {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    accepts: Accepts::Words("a URL that begins with http:// or https://"),
    example: "http://localhost:4318",
    meaning: "The OpenTelemetry collector that takes [traces](tracing.md), by OTLP over HTTP; without it nothing is traced",
    ..PLAIN
};

pub(super) const OTLP_HEADERS: Variable = Variable {
    name: "OTEL_EXPORTER_OTLP_HEADERS",
    default: Some(""),
    from_file: true,
    accepts: Accepts::Words(
        "comma-separated pairs such as x-scope-orgid=devauth, the values percent-encoded",
    ),
    example: "x-scope-orgid=devauth",
    meaning: "What is sent to the collector with each delivery, such as a key",
    ..PLAIN
};

pub(super) const OTLP_PROTOCOL: Variable = Variable {
    name: "OTEL_EXPORTER_OTLP_PROTOCOL",
    default: Some("http/protobuf"),
    accepts: Accepts::Choice(&["http/protobuf"]),
    example: "http/protobuf",
    meaning: "How the collector is spoken to; gRPC is not built in",
    ..PLAIN
};

pub(super) const OTEL_SERVICE_NAME: Variable = Variable {
    name: "OTEL_SERVICE_NAME",
    default: Some("devauth"),
    accepts: Accepts::Words("a name"),
    example: "devauth",
    meaning: "What this service is called in traces",
    ..PLAIN
};

pub(super) const OTEL_TRACES_SAMPLER: Variable = Variable {
    name: "OTEL_TRACES_SAMPLER",
    default: Some("parentbased_always_on"),
    accepts: Accepts::Choice(&[
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
        "always_on",
        "always_off",
        "traceidratio",
    ]),
    example: "parentbased_traceidratio",
    meaning: "Which traces are kept; `parentbased` ones do as a trusted proxy did",
    ..PLAIN
};

pub(super) const OTEL_TRACES_SAMPLER_ARG: Variable = Variable {
    name: "OTEL_TRACES_SAMPLER_ARG",
    default: Some("1"),
    accepts: Accepts::Words("a number from 0 to 1"),
    example: "0.1",
    meaning: "Which part of the traces the `traceidratio` samplers keep",
    ..PLAIN
};

/// Every variable, in the order of the documentation.
pub const VARIABLES: &[Variable] = &[
    ENV,
    DATABASE_URL,
    SMTP_URL,
    MAIL_FROM,
    PUBLIC_URL,
    ENCRYPTION_KEY,
    JWT_PRIVATE_KEY_FILE,
    DATABASE_REPLICA_URL,
    REDIS_URL,
    BIND,
    ADMIN_BIND,
    TRUSTED_PROXIES,
    DRAIN_TIME,
    BCRYPT_COST,
    ACCESS_TOKEN_TTL,
    REFRESH_TOKEN_TTL,
    REFRESH_GRACE,
    VERIFY_TOKEN_TTL,
    RESET_TOKEN_TTL,
    LOCKOUT_ATTEMPTS,
    LOCKOUT_WINDOW,
    RATE_LIMIT_PER_MINUTE,
    INTROSPECT_LIMIT_PER_MINUTE,
    DATA_DIR,
    LOG,
    MIGRATE,
    OTLP_ENDPOINT,
    OTLP_HEADERS,
    OTLP_PROTOCOL,
    OTEL_SERVICE_NAME,
    OTEL_TRACES_SAMPLER,
    OTEL_TRACES_SAMPLER_ARG,
];
