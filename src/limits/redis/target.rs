//! Where Redis is, and a connection to it: one server or a cluster.

use super::address::Address;
use crate::limits::ConfigError;
use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult,
};
use std::future::Future;
use std::time::Duration;

/// A Redis that can be connected to.
#[derive(Debug)]
pub(super) struct Target {
    client: AnyClient,
    /// For a single connection attempt or answer.
    timeout: Duration,
}

#[derive(Debug)]
enum AnyClient {
    Server(Box<Client>),
    Cluster(Box<ClusterClient>),
}

impl Target {
    /// Reads a `REDIS_URL`. Connects to nothing.
    pub(super) fn parse(urls: &str) -> Result<Self, ConfigError> {
        let mut address = Address::parse(urls)?;
        let timeout = address.timeout;
        let client = match address.nodes.pop() {
            Some(url) if !address.is_cluster => Client::open(url).map(Box::new).map(AnyClient::Server),
            last => {
                let nodes = address.nodes.into_iter().chain(last);
                cluster_client(nodes, timeout).map(Box::new).map(AnyClient::Cluster)
            }
        };
        Ok(Self { client: client.map_err(|_| ConfigError::Refused)?, timeout })
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.client, AnyClient::Cluster(_))
    }

    pub(super) async fn connect(&self) -> RedisResult<Connection> {
        // Looking up the address, TLS, the greeting and finding a cluster's nodes come one after the other.
        let in_all = 4 * self.timeout;
        match &self.client {
            AnyClient::Server(client) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(self.timeout))
                    .set_response_timeout(Some(self.timeout));
                let connecting = client.get_multiplexed_async_connection_with_config(&config);
                within(in_all, connecting).await.map(Connection::Server)
            }
            AnyClient::Cluster(client) => {
                within(in_all, client.get_async_connection()).await.map(Connection::Cluster)
            }
        }
    }
}

fn cluster_client(nodes: impl Iterator<Item = url::Url>, timeout: Duration) -> RedisResult<ClusterClient> {
    ClusterClient::builder(nodes)
        .connection_timeout(timeout)
        .response_timeout(timeout)
        // A redirection takes a second answer.
        .overall_response_timeout(Some(2 * timeout))
        .retries(3)
        .min_retry_wait(5)
        .max_retry_wait(50)
        .build()
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

    /// All with one write; on one server.
    pub(super) async fn query_all<T: FromRedisValue>(&self, pipeline: &Pipeline) -> RedisResult<T> {
        match self {
            Self::Server(connection) => pipeline.query_async(&mut connection.clone()).await,
            Self::Cluster(connection) => pipeline.query_async(&mut connection.clone()).await,
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

    #[test]
    fn a_server_and_a_cluster_are_told_apart() {
        let client = |urls| Target::parse(urls).unwrap().client;
        assert!(matches!(client("redis://127.0.0.1:7000/2"), AnyClient::Server(_)));
        assert!(matches!(client("rediss://127.0.0.1:7000?cluster=true"), AnyClient::Cluster(_)));
        assert!(matches!(client("redis://127.0.0.1:7000,redis://127.0.0.1:7001"), AnyClient::Cluster(_)));
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
            ("redis://h?timeout_ms=secret", ConfigError::Timeout),
            ("redis://h?timeout_ms=0", ConfigError::Timeout),
            ("redis+unix:///secret?cluster=true", ConfigError::ClusterBySocket),
        ];
        for (url, expected) in errors {
            let error = Target::parse(url).unwrap_err();
            assert_eq!(error, expected, "{url}");
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }
}
