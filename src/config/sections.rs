//! The groups of settings that all have a default, and how they are read.

use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;
use lettre::message::Mailbox;
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::reader::{Reader, Reason, must_be};
use super::{Environment, Traces, Variable, networks, urls, variables};

/// How passwords are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passwords {
    /// The base-2 logarithm of bcrypt's rounds: 12 to 15, in tests from 4.
    pub bcrypt_cost: u32,
}

/// How long tokens live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// An access token.
    pub access_ttl: Duration,
    /// A session, from its login on.
    pub refresh_ttl: Duration,
    /// How long the refresh token rotated out last still answers with its successor.
    pub refresh_grace: Duration,
    /// The token in a verification mail.
    pub verify_ttl: Duration,
    /// The token in a password reset mail.
    pub reset_ttl: Duration,
}

/// When guessing is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// How many failures lock a pair of address and client.
    pub attempts: u32,
    /// Within which time they are counted, and how long the lock holds.
    pub window: Duration,
}

/// How many requests a new API key may make; a key's own limit wins over `per_minute`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Requests other than introspection, a minute.
    pub per_minute: u32,
    /// Introspections, a minute.
    pub introspect_per_minute: u32,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { bcrypt_cost: 12 }
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            access_ttl: Duration::from_secs(15 * 60),
            refresh_ttl: Duration::from_secs(7 * 24 * 3_600),
            refresh_grace: Duration::from_secs(10),
            verify_ttl: Duration::from_secs(24 * 3_600),
            reset_ttl: Duration::from_secs(3_600),
        }
    }
}

impl Default for Lockout {
    fn default() -> Self {
        Self { attempts: 5, window: Duration::from_secs(15 * 60) }
    }
}

impl Default for Rates {
    fn default() -> Self {
        Self { per_minute: 60, introspect_per_minute: 6_000 }
    }
}

/// What `serve` and `dev` read alike: every variable that may be left out.
pub(super) struct Settings {
    pub(super) redis_url: Option<SecretString>,
    pub(super) bind: SocketAddr,
    pub(super) admin_bind: SocketAddr,
    pub(super) trusted_proxies: Vec<IpNet>,
    pub(super) drain_time: Duration,
    pub(super) passwords: Passwords,
    pub(super) tokens: Tokens,
    pub(super) lockout: Lockout,
    pub(super) rates: Rates,
    pub(super) log: String,
    pub(super) migrate: bool,
    pub(super) traces: Option<Traces>,
}

impl Settings {
    pub(super) fn read(reader: &mut Reader<'_>, environment: Environment) -> Option<Self> {
        // Everything is read before the first `?`, so that a problem in one does not hide those in the next.
        let redis_url = reader.parse(&variables::REDIS_URL, urls::redis);
        let binds = binds(reader, environment);
        let trusted_proxies = reader.parse(&variables::TRUSTED_PROXIES, networks::parse_list);
        let drain_time = reader.duration(&variables::DRAIN_TIME);
        let passwords = Passwords::read(reader, environment);
        let tokens = Tokens::read(reader);
        let lockout = Lockout::read(reader);
        let rates = Rates::read(reader);
        let log = reader.parse(&variables::LOG, log_filter);
        let migrate = reader.choice(&variables::MIGRATE, &[("on", true), ("off", false)]);
        let traces = Traces::read(reader);
        let (bind, admin_bind) = binds?;
        Some(Self {
            redis_url,
            bind,
            admin_bind,
            trusted_proxies: trusted_proxies?,
            drain_time: drain_time?,
            passwords: passwords?,
            tokens: tokens?,
            lockout: lockout?,
            rates: rates?,
            log: log?,
            migrate: migrate?,
            traces,
        })
    }
}

impl Passwords {
    fn read(reader: &mut Reader<'_>, environment: Environment) -> Option<Self> {
        let lowest = match environment {
            Environment::Production | Environment::Development => 12,
            Environment::Test => 4,
        };
        let variable = &variables::BCRYPT_COST;
        let bcrypt_cost = reader.parse(variable, |text| {
            let cost = text.parse().ok().filter(|cost| (lowest..=15).contains(cost));
            cost.ok_or_else(|| must_be(variable))
        });
        Some(Self { bcrypt_cost: bcrypt_cost? })
    }
}

impl Tokens {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let access_ttl = reader.duration(&variables::ACCESS_TOKEN_TTL);
        let refresh_ttl = reader.duration(&variables::REFRESH_TOKEN_TTL);
        let refresh_grace = reader.duration(&variables::REFRESH_GRACE);
        let verify_ttl = reader.duration(&variables::VERIFY_TOKEN_TTL);
        let reset_ttl = reader.duration(&variables::RESET_TOKEN_TTL);
        Some(Self {
            access_ttl: access_ttl?,
            refresh_ttl: refresh_ttl?,
            refresh_grace: refresh_grace?,
            verify_ttl: verify_ttl?,
            reset_ttl: reset_ttl?,
        })
    }
}

impl Lockout {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let attempts = reader.count(&variables::LOCKOUT_ATTEMPTS);
        let window = reader.duration(&variables::LOCKOUT_WINDOW);
        Some(Self { attempts: attempts?, window: window? })
    }
}

impl Rates {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let per_minute = reader.count(&variables::RATE_LIMIT_PER_MINUTE);
        let introspect_per_minute = reader.count(&variables::INTROSPECT_LIMIT_PER_MINUTE);
        Some(Self { per_minute: per_minute?, introspect_per_minute: introspect_per_minute? })
    }
}

/// An unacceptable `DEVAUTH_ENV` is reported and the rest is checked as for production, the strictest.
pub(super) fn environment(reader: &mut Reader<'_>) -> Environment {
    let options = [
        ("production", Environment::Production),
        ("development", Environment::Development),
        ("test", Environment::Test),
    ];
    reader.choice(&variables::ENV, &options).unwrap_or(Environment::Production)
}

pub(super) fn mailbox(text: &str) -> Result<Mailbox, Reason> {
    text.parse().map_err(|_| must_be(&variables::MAIL_FROM))
}

pub(super) fn log_filter(text: &str) -> Result<String, Reason> {
    match EnvFilter::builder().parse(text) {
        Ok(_) if !text.split(',').any(is_mistyped_level) => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(must_be(&variables::LOG)),
    }
}

/// A bare word that is no level would be read as a module's name and silence everything else.
fn is_mistyped_level(directive: &str) -> bool {
    !directive.contains(['=', '[']) && directive.trim().parse::<LevelFilter>().is_err()
}

/// Where the public routes are, whatever else is configured.
pub(super) fn bind(reader: &mut Reader<'_>) -> Option<SocketAddr> {
    reader.parse(&variables::BIND, |text| text.parse().map_err(|_| must_be(&variables::BIND)))
}

fn binds(reader: &mut Reader<'_>, environment: Environment) -> Option<(SocketAddr, SocketAddr)> {
    let bind = reader.parse(&variables::BIND, |text| address(text, environment, &variables::BIND));
    let admin_bind =
        reader.parse(&variables::ADMIN_BIND, |text| address(text, environment, &variables::ADMIN_BIND));
    let (bind, admin_bind) = (bind?, admin_bind?);
    if bind == admin_bind && bind.port() != 0 {
        reader.report(
            &variables::ADMIN_BIND,
            "is the same address as DEVAUTH_BIND; the metrics need their own",
        );
        return None;
    }
    Some((bind, admin_bind))
}

fn address(text: &str, environment: Environment, variable: &Variable) -> Result<SocketAddr, Reason> {
    let address: SocketAddr = text.parse().map_err(|_| must_be(variable))?;
    match environment {
        Environment::Test if !address.ip().to_canonical().is_loopback() => {
            Err("must be on 127.0.0.1 or [::1] while DEVAUTH_ENV is test, whose password hashes are cheap"
                .to_owned())
        }
        Environment::Test | Environment::Production | Environment::Development => Ok(address),
    }
}
