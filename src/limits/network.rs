//! What one client address counts as.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The unit by which client addresses are counted and locked.
///
/// An IPv4 address stands for itself, also when it arrives IPv4-mapped (`::ffff:192.0.2.1`, RFC 4291 section
/// 2.5.5.2). An IPv6 address counts as its /64: that is what one customer gets, and whoever has a /64 can
/// take a new address for each guess.
///
/// Written `192.0.2.1` or `2001:db8::/64`. It is personal data: keep it out of logs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(Kind);

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Kind {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Network {
    /// The network that `address` counts as.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(Kind::V4(address)),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self(Kind::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::V4(address) => write!(f, "{address}"),
            Kind::V6(prefix) => write!(f, "{prefix}/64"),
        }
    }
}

/// Hides the address: `Debug` output ends up in logs.
impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(address: &str) -> String {
        Network::of(address.parse().unwrap()).to_string()
    }

    #[test]
    fn an_ipv4_address_is_its_own_network() {
        assert_eq!(written("192.0.2.1"), "192.0.2.1");
        assert_ne!(written("192.0.2.1"), written("192.0.2.2"));
    }

    #[test]
    fn an_ipv4_mapped_address_is_the_ipv4_address() {
        let mapped = Network::of("::ffff:192.0.2.1".parse().unwrap());
        assert_eq!(mapped, Network::of("192.0.2.1".parse().unwrap()));
        assert_eq!(mapped.to_string(), "192.0.2.1");
    }

    #[test]
    fn ipv6_addresses_of_one_64_are_one_network() {
        let one = Network::of("2001:db8::1".parse().unwrap());
        assert_eq!(one, Network::of("2001:db8::ffff:0:0:1".parse().unwrap()));
        assert_eq!(one.to_string(), "2001:db8::/64");
        assert_ne!(one, Network::of("2001:db8:0:1::1".parse().unwrap()));
        assert_eq!(written("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    }

    #[test]
    fn debug_output_keeps_the_address_to_itself() {
        assert!(!format!("{:?}", Network::of("192.0.2.1".parse().unwrap())).contains("192"));
    }
}
