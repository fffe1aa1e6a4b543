//! Who a request is taken to come from.

use axum::http::HeaderValue;

use super::*;

mod fuzz;

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

fn address_of(forwarded: &[&str], peer: &str) -> String {
    let proxies: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()).into();
    let lines: Vec<_> = forwarded.iter().map(|line| ("x-forwarded-for", *line)).collect();
    RequestContext::read(&headers(&lines), peer.parse().unwrap(), &proxies).client_address.to_string()
}

#[test]
fn the_client_is_the_right_most_untrusted_entry() {
    for (forwarded, peer, expected) in [
        (&[][..], "203.0.113.9", "203.0.113.9"),
        (&[], "::ffff:203.0.113.9", "203.0.113.9"),
        (&[], "10.0.0.1", "10.0.0.1"),
        // Not from a trusted proxy: the header is the client's own word.
        (&["198.51.100.1"], "203.0.113.9", "203.0.113.9"),
        (&["198.51.100.1"], "10.0.0.1", "198.51.100.1"),
        (&["198.51.100.1"], "::ffff:10.0.0.1", "198.51.100.1"),
        (&["1.1.1.1, 198.51.100.1, 10.0.0.2"], "10.0.0.1", "198.51.100.1"),
        // Several lines are one list.
        (&["1.1.1.1", "198.51.100.1", "10.0.0.2"], "10.0.0.1", "198.51.100.1"),
        (&["10.0.0.3, 10.0.0.2"], "10.0.0.1", "10.0.0.3"),
        (&["198.51.100.1, nonsense, 10.0.0.2"], "10.0.0.1", "10.0.0.2"),
        (&["198.51.100.1,"], "10.0.0.1", "10.0.0.1"),
        (&["198.51.100.1, \u{ff}"], "10.0.0.1", "10.0.0.1"),
        (&["::ffff:198.51.100.1"], "fd00::1", "198.51.100.1"),
        (&["2001:db8::1"], "fd00::1", "2001:db8::1"),
        (&["[2001:db8::1]:443"], "fd00::1", "2001:db8::1"),
        (&["[2001:db8::1]"], "fd00::1", "2001:db8::1"),
        (&["198.51.100.1:5000"], "10.0.0.1", "198.51.100.1"),
    ] {
        assert_eq!(address_of(forwarded, peer), expected, "{forwarded:?} from {peer}");
    }
}

#[test]
fn a_well_formed_request_id_is_kept_and_any_other_replaced() {
    let id = |text: &str| {
        let headers = headers(&[("x-request-id", text)]);
        RequestContext::read(&headers, IpAddr::from([127, 0, 0, 1]), &[]).request_id
    };
    let longest = "x".repeat(64);
    for good in ["abcd-_09", longest.as_str()] {
        assert_eq!(id(good), good);
    }
    let too_long = "x".repeat(65);
    for bad in ["short-7", too_long.as_str(), "has space", "semi;colon", "umlaut-ä-ä", "dotted.id", ""] {
        let made = id(bad);
        assert_ne!(made, bad);
        assert_eq!(uuid::Uuid::parse_str(&made).unwrap().get_version_num(), 7);
    }
}

#[test]
fn a_user_agent_is_cut_and_cleaned_and_never_shown_by_debug() {
    let read = |text: &str| {
        RequestContext::read(&headers(&[("user-agent", text)]), IpAddr::from([127, 0, 0, 1]), &[])
    };
    assert_eq!(read("curl/8").user_agent.as_deref(), Some("curl/8"));
    assert_eq!(read("a\tb").user_agent.as_deref(), Some("ab"));
    assert_eq!(read("  ").user_agent, None);
    let long = read(&"é".repeat(400)).user_agent.unwrap();
    assert_eq!(long.len(), 512);
    assert!(!format!("{:?}", read("curl/8")).contains("curl"));
}
