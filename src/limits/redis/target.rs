//! Where Redis is, and a connection to it: one server or a cluster.

use crate::limits::ConfigError;
use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult};
use std::future::Future;
use std::time::Duration;
use url::Url;

/// A request waits for a single connection attempt or answer this long.
const PATIENCE: Duration = Duration::from_millis(250);
/// All of connecting: address look-up, TLS, greeting and, for a cluster, finding its nodes.
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);
/// One command in a cluster, redirections included.
const CLUSTER_PATIENCE: Duration = Duration::from_millis(500);

/// A parsed `REDIS_URL`.
#[derive(Debug)]
pub(super) enum Target {
    Server(Box<Client>),
    Cluster(Box<ClusterClient>),
}

impl Target {
    /// Reads one URL or several separated by commas; see [`crate::limits::Limiter::redis`]. Connects to nothing.
    pub(super) fn parse(urls: &str) -> Result<Self, ConfigError> {
        let mut nodes = Vec::new();
        let mut is_cluster = false;
        for part in split(urls) {
            let mut url = Url::parse(part).map_err(|_| ConfigError::NotAUrl)?;
            if !["redis", "rediss", "redis+unix"].contains(&url.scheme()) {
                return Err(ConfigError::UnknownScheme);
            }
            is_cluster |= take_cluster_flag(&mut url)?;
            nodes.push(url);
        }
        if !is_cluster && nodes.len() == 1 {
            return Client::open(nodes.remove(0))
                .map(Box::new)
                .map(Self::Server)
                .map_err(|_| ConfigError::Refused);
        }
        if nodes.iter().any(|url| url.scheme() == "redis+unix") {
            return Err(ConfigError::ClusterBySocket);
        }
        let client = ClusterClient::builder(nodes)
            .connection_timeout(PATIENCE)
            .response_timeout(PATIENCE)
            .overall_response_timeout(Some(CLUSTER_PATIENCE))
            .retries(3)
            .min_retry_wait(5)
            .max_retry_wait(50);
        client.build().map(Box::new).map(Self::Cluster).map_err(|_| ConfigError::Refused)
    }

    pub(super) async fn connect(&self) -> RedisResult<Connection> {
        match self {
            Self::Server(client) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(PATIENCE))
                    .set_response_timeout(Some(PATIENCE));
                let connecting = client.get_multiplexed_async_connection_with_config(&config);
                within(CONNECT_PATIENCE, connecting).await.map(Connection::Server)
            }
            Self::Cluster(client) => {
                within(CONNECT_PATIENCE, client.get_async_connection()).await.map(Connection::Cluster)
            }
        }
    }
}

/// Splits at commas that begin another URL; a password may hold one too.
fn split(urls: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(urls);
    std::iter::from_fn(move || {
        let now = rest?;
        let next = now.match_indices(',').find(|(at, _)| {
            let after = &now[at + 1..];
            after.starts_with("redis") && after.contains("://")
        });
        rest = next.map(|(at, _)| &now[at + 1..]);
        Some(next.map_or(now, |(at, _)| &now[..at]).trim())
    })
}

/// Takes our own `cluster=true` out of the query; the redis crate gets what remains.
fn take_cluster_flag(url: &mut Url) -> Result<bool, ConfigError> {
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let (ours, others): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| name == "cluster");
    url.set_query(None);
    if !others.is_empty() {
        url.query_pairs_mut().extend_pairs(others);
    }
    match ours.last().map(|(_, value)| value.as_str()) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(ConfigError::ClusterFlag),
    }
}

/// An open connection, shared by all requests of this node: clones send over the same one.
#[derive(Clone)]
pub(super) enum Connection {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    pub(super) async fn query<T: FromRedisValue>(&self, cmd: &Cmd) -> RedisResult<T> {
        match self {
            Self::Server(connection) => cmd.query_async(&mut connection.clone()).await,
            Self::Cluster(connection) => cmd.query_async(&mut connection.clone()).await,
        }
    }

    /// Whether the server, or every primary of the cluster, answers.
    pub(super) async fn ping(&self) -> RedisResult<()> {
        self.query::<redis::Value>(&redis::cmd("PING")).await.map(drop)
    }
}

async fn within<T>(patience: Duration, work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    tokio::time::timeout(patience, work)
        .await
        .unwrap_or_else(|_| Err(RedisError::from((ErrorKind::Io, "connecting took too long"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_cluster(urls: &str) -> bool {
        matches!(Target::parse(urls).unwrap(), Target::Cluster(_))
    }

    #[test]
    fn one_url_is_a_server_and_several_are_a_cluster() {
        assert!(!is_cluster("redis://127.0.0.1:6379"));
        assert!(!is_cluster("rediss://:secret@redis.example.com/2"));
        assert!(!is_cluster("redis+unix:///run/redis.sock?db=1"));
        assert!(is_cluster("redis://10.0.0.1:7000,redis://10.0.0.2:7000"));
        assert!(is_cluster("redis://10.0.0.1:7000?cluster=true"));
        assert!(!is_cluster("redis://10.0.0.1:7000?cluster=false"));
        assert!(!is_cluster("redis://:a,b@10.0.0.1:7000"), "a comma in the password");
    }

    #[test]
    fn the_other_parameters_stay_in_the_url() {
        let mut url = Url::parse("redis://h/?protocol=resp3&cluster=true").unwrap();
        assert_eq!(take_cluster_flag(&mut url), Ok(true));
        assert_eq!(url.query(), Some("protocol=resp3"));
    }

    #[test]
    fn a_bad_url_is_named_without_being_repeated() {
        let errors = [
            ("", ConfigError::NotAUrl),
            ("10.0.0.1:6379", ConfigError::NotAUrl),
            ("http://:secret@h", ConfigError::UnknownScheme),
            ("redis://h/secret", ConfigError::Refused),
            ("redis://h,redis://h/secret", ConfigError::Refused),
            ("redis://h?cluster=secret", ConfigError::ClusterFlag),
            ("redis+unix:///secret?cluster=true", ConfigError::ClusterBySocket),
        ];
        for (url, expected) in errors {
            let error = Target::parse(url).unwrap_err();
            assert_eq!(error, expected, "{url}");
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }
}
