//! The list of trusted proxies: networks in CIDR form or single addresses.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use super::reader::Reason;

/// Reads a comma-separated list; an empty text is an empty list.
pub(super) fn parse_list(text: &str) -> Result<Vec<IpNet>, Reason> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .enumerate()
        .map(|(index, entry)| parse(entry).map_err(|reason| format!("entry {} {reason}", index + 1)))
        .collect()
}

fn parse(entry: &str) -> Result<IpNet, Reason> {
    let network = entry
        .parse::<IpNet>()
        .or_else(|_| entry.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "must be an address or a network such as 10.0.0.0/8 or 2001:db8::/32".to_owned())?;
    Ok(as_ipv4_if_mapped(network.trunc()))
}

/// Whether every address of a family is in one of these networks, so that whoever connects is believed to be a proxy.
pub(super) fn trust_everybody(networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.prefix_len() == 0)
}

/// Client addresses are compared with IPv4-mapped ones already turned into IPv4, so networks must be, too.
fn as_ipv4_if_mapped(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    match (v6.network().to_ipv4_mapped(), v6.prefix_len().checked_sub(96)) {
        (Some(address), Some(prefix)) => Ipv4Net::new(address, prefix).map_or(network, IpNet::V4),
        (_, _) => network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        parse_list(text).expect("a good list").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn networks_and_single_addresses_are_read() {
        assert_eq!(
            list("10.0.0.0/8, 192.0.2.7,2001:db8::/32 ,::1"),
            ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32", "::1/128"]
        );
        assert_eq!(list(""), [""; 0]);
    }

    #[test]
    fn host_bits_are_dropped_and_mapped_addresses_are_ipv4() {
        assert_eq!(
            list("10.1.2.3/8,::ffff:192.0.2.7,::ffff:10.0.0.0/104"),
            ["10.0.0.0/8", "192.0.2.7/32", "10.0.0.0/8"]
        );
    }

    #[test]
    fn a_bad_entry_is_named_by_its_place() {
        let reason = parse_list("10.0.0.0/8,proxy.internal").expect_err("a host name");
        assert!(reason.starts_with("entry 2 "), "{reason}");
        assert!(!reason.contains("proxy.internal"), "{reason}");
    }

    #[test]
    fn trusting_everybody_is_possible_and_noticed() {
        for text in ["0.0.0.0/0", "::/0", "10.0.0.0/8, 192.0.2.7/0", "::ffff:0.0.0.0/96"] {
            assert!(trust_everybody(&parse_list(text).expect("a CIDR list")), "{text}");
        }
        for text in ["", "10.0.0.0/8", "0.0.0.0", "::/96", "::1"] {
            assert!(!trust_everybody(&parse_list(text).expect("a CIDR list")), "{text}");
        }
        assert!(parse_list("10.0.0.0/33").is_err());
    }
}
