//! Whatever stands in the headers that say who and where.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn no_header_names_a_client_that_is_not_written_there(
        lines in prop::collection::vec("[0-9a-fx.:,\\[\\]% ]{0,60}", 0..4),
        peer in any::<[u8; 4]>(),
        proxied in any::<bool>(),
    ) {
        let peer = if proxied { IpAddr::from([10, 0, 0, 1]) } else { IpAddr::from(peer) };
        let trusted: IpNet = "10.0.0.0/8".parse().unwrap();
        let forwarded: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", line.as_str())).collect();
        let address = RequestContext::read(&headers(&forwarded), peer, &[trusted]).client_address;
        let is_written = || lines.iter().flat_map(|line| line.split(',')).any(|entry| {
            let entry = entry.trim();
            let bare = entry.trim_start_matches('[').split(']').next().unwrap_or_default();
            let read = [entry, bare, entry.split(':').next().unwrap_or_default()];
            read.iter().any(|text| text.parse::<IpAddr>().is_ok_and(|read| read.to_canonical() == address))
        });
        prop_assert!(address == peer || (trusted.contains(&peer) && is_written()), "{lines:?}: {address}");
        prop_assert_eq!(address, address.to_canonical());
    }

    #[test]
    fn ids_and_user_agents_carry_nothing_into_a_log_or_a_header(
        id in prop::collection::vec(prop_oneof![0x20u8..0x7f, 0x80u8..], 0..80),
        agent in prop::collection::vec(prop_oneof![Just(b'\t'), 0x20u8..0x7f, 0x80u8..], 0..700),
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", HeaderValue::from_bytes(&id).unwrap());
        headers.insert("user-agent", HeaderValue::from_bytes(&agent).unwrap());
        let context = RequestContext::read(&headers, IpAddr::from([192, 0, 2, 1]), &[]);
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        prop_assert!((8..=64).contains(&context.request_id.len()) && context.request_id.chars().all(plain));
        let agent = context.user_agent.unwrap_or_default();
        prop_assert!(agent.len() <= 512 && !agent.chars().any(char::is_control));
    }
}
