//! Where a request comes from, as far as it is known: the address, the program, and the name of the request.

use crate::config::ProxyMode;
use crate::listener::PeerAddress;
use crate::middleware::Front;
use crate::start::believes_forwarding;
use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use ledger::ClientFacts;
use std::net::IpAddr;

/// Longest name of a client that is kept.
const USER_AGENT_CHARS_MAX: usize = 300;
/// The header that names a request.
pub(crate) const REQUEST_ID: &str = "x-request-id";
/// The header by which a proxy says for whom it asks.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// What is known of whoever asks.
pub(crate) fn client_facts(front: &Front, request: &Request<Body>) -> ClientFacts {
    let proxy = front.proxy;
    let peer = request
        .extensions()
        .get::<PeerAddress>()
        .map(|peer| peer.0.ip());
    let user_agent = request
        .headers()
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    ClientFacts {
        ip: decide_address(proxy, peer, request.headers())
            .map(|ip| ip.to_canonical().to_string())
            .unwrap_or_default(),
        user_agent: shortened(user_agent.unwrap_or_default()).to_owned(),
        request_id: given_name(proxy, request.headers()).unwrap_or_else(|| front.names.next()),
    }
}

/// The address of the client; none where a proxy says something that is no address. Then it is not the proxy's own either: what is held
/// against an address would be held against everybody behind that proxy. Whoever asks without a word of others asks for itself.
fn decide_address(proxy: ProxyMode, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
    if !believes_forwarding(proxy) {
        return peer;
    }
    match headers.get_all(FORWARDED_FOR).iter().next_back() {
        Some(said) => parse_last(said.to_str().ok()?),
        None => peer,
    }
}

/// The last entry is the one that our own proxy added; earlier ones are whatever the client claimed.
fn parse_last(said: &str) -> Option<IpAddr> {
    said.rsplit(',').next()?.trim().parse().ok()
}

/// As much of a text as is kept.
fn shortened(text: &str) -> &str {
    let end = text.char_indices().nth(USER_AGENT_CHARS_MAX);
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// The name that the edge gave the request.
fn given_name(proxy: ProxyMode, headers: &HeaderMap) -> Option<String> {
    if proxy != ProxyMode::FleetEdge {
        return None;
    }
    let given = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_name = given.len() == 32 && given.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_name.then(|| given.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{USER_AGENT_CHARS_MAX, decide_address, given_name, shortened};
    use crate::config::ProxyMode;
    use axum::http::{HeaderMap, HeaderValue};
    use std::net::IpAddr;

    #[test]
    fn the_edge_alone_names_requests() {
        use ProxyMode::{FleetEdge, None as Direct, TerminatesTls};
        let name = "0123456789abcdefABCDEF0123456789";
        for (mode, said, is_taken) in [
            (FleetEdge, name, true),
            (TerminatesTls, name, false),
            (Direct, name, false),
            (FleetEdge, &name[1..], false),
            (FleetEdge, "0123456789abcdefABCDEF01234567890", false),
            (FleetEdge, "g123456789abcdefABCDEF0123456789", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.append("x-request-id", HeaderValue::from_static(said));
            let taken = given_name(mode, &headers);
            assert_eq!(
                taken.as_deref(),
                is_taken.then_some(said),
                "{mode:?} {said}"
            );
        }
        assert_eq!(given_name(FleetEdge, &HeaderMap::new()), None);
    }

    #[test]
    fn names_of_clients_are_cut_between_characters() {
        let longest = "\u{e9}".repeat(USER_AGENT_CHARS_MAX);
        for text in ["", "curl/8", &longest] {
            assert_eq!(shortened(text), text);
        }
        assert_eq!(shortened(&format!("{longest}\u{e9}x")), longest);
    }

    #[test]
    fn a_proxy_is_never_judged_for_whom_it_cannot_name() {
        use ProxyMode::{FleetEdge, TerminatesTls};
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let table: [(&[&[u8]], Option<&str>); 11] = [
            (&[], Some("10.0.0.1")),
            (&[b"203.0.113.7"], Some("203.0.113.7")),
            (&[b"192.0.2.1, 203.0.113.7"], Some("203.0.113.7")),
            (&[b"192.0.2.1", b"2001:db8::7"], Some("2001:db8::7")),
            (&[b""], None),
            (&[b"unknown"], None),
            (&[b"192.0.2.1,"], None),
            (&[b"192.0.2.1, _hidden"], None),
            (&[b"192.0.2.1", b"unknown"], None),
            (&[b"203.0.113.7:1234"], None),
            (&[b"\xff"], None),
        ];
        for (said, expected) in table {
            let mut headers = HeaderMap::new();
            for said in said {
                headers.append("x-forwarded-for", HeaderValue::from_bytes(said).unwrap());
            }
            let expected: Option<IpAddr> = expected.map(|text| text.parse().unwrap());
            for mode in [TerminatesTls, FleetEdge] {
                let decided = decide_address(mode, Some(proxy), &headers);
                assert_eq!(decided, expected, "{said:?}");
            }
            // Whose word is not believed says nothing about anybody.
            let direct = decide_address(ProxyMode::None, Some(proxy), &headers);
            assert_eq!(direct, Some(proxy), "{said:?}");
        }
    }
}
