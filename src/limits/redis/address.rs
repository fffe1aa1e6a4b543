//! What a `REDIS_URL` says: the servers to ask, and our own two parameters among the redis crate's.

use crate::limits::ConfigError;
use std::time::Duration;
use url::Url;

/// How long a request waits for Redis when the URL doesn't say.
const DEFAULT_TIMEOUT: Duration = Duration::from_millis(250);

/// A taken apart `REDIS_URL`.
pub(super) struct Address {
    /// One server, or some nodes of a cluster. Their URLs may hold a password.
    pub(super) nodes: Vec<Url>,
    pub(super) is_cluster: bool,
    /// For a single connection attempt or answer.
    pub(super) timeout: Duration,
}

impl Address {
    /// Reads one URL or several separated by commas; see [`crate::limits::Limiter::redis`].
    pub(super) fn parse(urls: &str) -> Result<Self, ConfigError> {
        let mut address = Self { nodes: Vec::new(), is_cluster: false, timeout: DEFAULT_TIMEOUT };
        for part in split(urls) {
            let mut url = Url::parse(part).map_err(|_| ConfigError::NotAUrl)?;
            if !["redis", "rediss", "redis+unix"].contains(&url.scheme()) {
                return Err(ConfigError::UnknownScheme);
            }
            address.take_parameters(&mut url)?;
            address.nodes.push(url);
        }
        address.is_cluster |= address.nodes.len() > 1;
        if address.is_cluster && address.nodes.iter().any(|url| url.scheme() == "redis+unix") {
            return Err(ConfigError::ClusterBySocket);
        }
        Ok(address)
    }

    /// Takes our parameters out of the query; the redis crate gets what remains.
    fn take_parameters(&mut self, url: &mut Url) -> Result<(), ConfigError> {
        let parameters: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        url.set_query(None);
        for (name, value) in parameters {
            match name.as_str() {
                "cluster" => {
                    self.is_cluster |= value.parse::<bool>().map_err(|_| ConfigError::ClusterFlag)?
                }
                "timeout_ms" => self.timeout = timeout(&value)?,
                other => drop(url.query_pairs_mut().append_pair(other, &value)),
            }
        }
        Ok(())
    }
}

fn timeout(milliseconds: &str) -> Result<Duration, ConfigError> {
    let milliseconds = milliseconds.parse().ok().filter(|value| (10..=10_000).contains(value));
    milliseconds.map(Duration::from_millis).ok_or(ConfigError::Timeout)
}

/// Splits at commas that begin another URL; a password may hold one too.
fn split(urls: &str) -> impl Iterator<Item = &str> {
    let begins_url =
        |text: &str| ["redis://", "rediss://", "redis+unix://"].iter().any(|scheme| text.starts_with(scheme));
    let mut rest = Some(urls);
    std::iter::from_fn(move || {
        let text = rest?;
        let comma = text.match_indices(',').find(|(at, _)| begins_url(text[at + 1..].trim_start()));
        rest = comma.map(|(at, _)| &text[at + 1..]);
        Some(comma.map_or(text, |(at, _)| &text[..at]).trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_cluster(urls: &str) -> bool {
        Address::parse(urls).unwrap_or_else(|error| panic!("{urls} {error}")).is_cluster
    }

    #[test]
    fn one_url_is_a_server_and_several_are_a_cluster() {
        assert!(!is_cluster("redis://127.0.0.1:6379"));
        assert!(!is_cluster("rediss://:secret@redis.example.com/2"));
        assert!(!is_cluster("redis+unix:///run/redis.sock?db=1"));
        assert!(is_cluster("redis://10.0.0.1:7000,redis://10.0.0.2:7000"));
        assert!(is_cluster("rediss://10.0.0.1:7000, rediss://10.0.0.2:7000"));
        assert!(is_cluster("redis://10.0.0.1:7000?cluster=true"));
        assert!(!is_cluster("redis://10.0.0.1:7000?cluster=false"));
        assert!(!is_cluster("redis://:a,redis@10.0.0.1:7000"), "a comma in the password");
    }

    #[test]
    fn our_parameters_are_taken_out_and_the_others_stay() {
        let address = Address::parse("redis://h/?protocol=resp3&cluster=true&timeout_ms=2000").unwrap();
        assert_eq!(address.nodes[0].as_str(), "redis://h/?protocol=resp3");
        assert_eq!(address.timeout, Duration::from_secs(2));
        assert_eq!(Address::parse("redis://h").unwrap().timeout, Duration::from_millis(250));
    }
}
