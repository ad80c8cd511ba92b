//! What of a request's and an answer's head goes on to the other side.

use crate::connection::Between;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::net::IpAddr;
use vocab::entropy::Entropy;
use wire::placement::{
    DEADLINE_HEADER, LOCAL_HEADER, PLACEMENT_HEADER, Placement, STANDING_HEADER,
};

/// Fields that are about one connection alone (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
];

/// What only somebody between the client and us could rightly say; from a client it is a lie.
const FORWARDING: [&str; 8] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
    "x-request-id",
];

/// What the edge says about a request to the cell.
pub struct Said<'s> {
    /// The client.
    pub client: IpAddr,
    /// Whether somebody stands between us and the client.
    pub between: Between,
    /// How it speaks to us: `http` or `https`.
    pub scheme: &'static str,
    /// The org and the epoch of its route.
    pub placement: &'s Placement,
    /// How long we wait for the answer.
    pub deadline_millis: u64,
    /// The id of the request.
    pub request_id: &'s str,
}

/// Whether the client wants to speak WebSocket on this connection, and says so by both fields (RFC 9110 section 7.8). No
/// other protocol goes on: by `h2c` a client would speak to the cell past everything that is looked at here.
#[must_use]
pub fn upgrade_of(headers: &HeaderMap) -> Option<HeaderValue> {
    let listed = connection_tokens(headers).any(|token| token.eq_ignore_ascii_case("upgrade"));
    let upgrade = headers.get(header::UPGRADE).filter(|_| listed)?;
    let websocket = upgrade.as_bytes().eq_ignore_ascii_case(b"websocket");
    websocket.then(|| upgrade.clone())
}

fn connection_tokens(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// Makes a request's head fit for the cell. What it says about itself is dropped, and what we know is said instead.
pub fn prepare_request(headers: &mut HeaderMap, said: &Said<'_>, entropy: &dyn Entropy) {
    let between =
        said.between == Between::Proxy || FORWARDING.iter().any(|name| headers.contains_key(*name));
    let upgrade = upgrade_of(headers);
    remove_hop_by_hop(headers);
    headers.remove(header::TRANSFER_ENCODING);
    headers.remove("http2-settings");
    for name in FORWARDING {
        headers.remove(name);
    }
    let ours: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("testudo-"))
        .cloned()
        .collect();
    for name in ours {
        headers.remove(name);
    }
    if let Some(upgrade) = upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, upgrade);
    }
    let trace = render_traceparent(headers.get("traceparent"), entropy);
    set(headers, "traceparent", &trace);
    set(headers, "x-request-id", said.request_id);
    set(
        headers,
        "x-forwarded-for",
        &said.client.to_canonical().to_string(),
    );
    set(headers, "x-forwarded-proto", said.scheme);
    set(headers, PLACEMENT_HEADER, &said.placement.to_string());
    set(headers, DEADLINE_HEADER, &said.deadline_millis.to_string());
    if said.client.to_canonical().is_loopback() && !between {
        set(headers, LOCAL_HEADER, "1");
    }
}

/// Makes an answer's head fit for the client.
pub fn prepare_answer(headers: &mut HeaderMap, request_id: &str) {
    remove_hop_by_hop(headers);
    headers.remove(STANDING_HEADER);
    set(headers, "x-request-id", request_id);
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = connection_tokens(headers)
        .filter_map(|token| token.parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// The trace that the client began, or a new one, with a span of our own (W3C Trace Context, section 3.2).
fn render_traceparent(given: Option<&HeaderValue>, entropy: &dyn Entropy) -> String {
    let hex = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let given = given.and_then(|value| value.to_str().ok());
    let known = given.and_then(|text| {
        let mut parts = text.split('-');
        let (version, trace, span, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let well_formed = parts.next().is_none()
            && version == "00"
            && trace.len() == 32
            && span.len() == 16
            && flags.len() == 2
            && [trace, span, flags].iter().all(|part| hex(part))
            && trace.bytes().any(|b| b != b'0')
            && span.bytes().any(|b| b != b'0');
        well_formed.then(|| (trace.to_owned(), flags.to_owned()))
    });
    let (trace, flags) = known.unwrap_or_else(|| (random_hex::<16>(entropy), String::from("00")));
    format!("00-{trace}-{}-{flags}", random_hex::<8>(entropy))
}

/// That many random bytes, as hexadecimal digits.
pub(crate) fn random_hex<const N: usize>(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; N];
    entropy.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Said, prepare_answer, prepare_request};
    use crate::connection::Between;
    use http::HeaderMap;
    use vocab::entropy::SeededEntropy;
    use vocab::epoch::Epoch;
    use vocab::id::OrgId;
    use wire::placement::Placement;

    fn sent_on(client: &str, given: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, value.parse().unwrap());
        }
        let placement = Placement {
            org: OrgId::generate(&SeededEntropy::new(1)),
            epoch: Epoch::FIRST,
        };
        let said = Said {
            client: client.parse().unwrap(),
            between: Between::Nobody,
            scheme: "https",
            placement: &placement,
            deadline_millis: 1_000,
            request_id: "0123456789abcdef0123456789abcdef",
        };
        prepare_request(&mut headers, &said, &SeededEntropy::new(2));
        headers
    }

    #[test]
    fn lies_are_dropped_and_the_truth_is_said() {
        let lies = [
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "2.2.2.2"),
            ("forwarded", "for=1.1.1.1"),
            ("x-real-ip", "1.1.1.1"),
            ("x-request-id", "mine"),
            ("testudo-placement", "00oother 9"),
            ("testudo-local-client", "1"),
            ("testudo-whatever", "1"),
            ("x-forwarded-proto", "http"),
        ];
        let headers = sent_on("192.0.2.1", &lies);
        let all = |name: &str| headers.get_all(name).iter().collect::<Vec<_>>();
        assert_eq!(all("x-forwarded-for"), ["192.0.2.1"]);
        assert_eq!(all("x-forwarded-proto"), ["https"]);
        assert_eq!(all("x-request-id"), ["0123456789abcdef0123456789abcdef"]);
        assert_eq!(all("testudo-placement").len(), 1);
        for gone in [
            "forwarded",
            "x-real-ip",
            "testudo-local-client",
            "testudo-whatever",
        ] {
            assert!(all(gone).is_empty(), "{gone}");
        }
    }

    #[test]
    fn only_a_client_on_this_machine_with_nobody_between_is_local() {
        let local = |client: &str, given: &[(&'static str, &str)]| {
            sent_on(client, given).contains_key("testudo-local-client")
        };
        assert!(local("127.0.0.1", &[]) && local("::1", &[]) && local("::ffff:127.0.0.1", &[]));
        assert!(!local("192.0.2.1", &[]));
        assert!(!local("127.0.0.1", &[("x-forwarded-for", "192.0.2.1")]));
        assert!(!local("127.0.0.1", &[("via", "1.1 proxy")]));
    }

    #[test]
    fn what_is_about_one_connection_stays_there() {
        let given = [
            ("connection", "close, x-mine"),
            ("x-mine", "1"),
            ("keep-alive", "5"),
            ("te", "trailers"),
            ("proxy-authorization", "Basic eA=="),
            ("upgrade", "websocket"),
            ("transfer-encoding", "chunked"),
            ("accept", "text/html"),
        ];
        let headers = sent_on("192.0.2.1", &given);
        for (gone, _) in given.iter().filter(|(name, _)| *name != "accept") {
            assert!(!headers.contains_key(*gone), "{gone}");
        }
        assert!(headers.contains_key("accept"));
        let websocket = [("connection", "Upgrade"), ("upgrade", "websocket")];
        let headers = sent_on("192.0.2.1", &websocket);
        assert_eq!(headers["upgrade"], "websocket");
        assert_eq!(headers["connection"], "upgrade");
        let h2c = [
            ("connection", "Upgrade, HTTP2-Settings"),
            ("upgrade", "h2c"),
        ];
        assert!(!sent_on("192.0.2.1", &h2c).contains_key("upgrade"));
        let mut answer = HeaderMap::new();
        answer.insert("testudo-standing", "1 gone".parse().unwrap());
        answer.insert("connection", "close".parse().unwrap());
        prepare_answer(&mut answer, "id");
        assert_eq!(answer.len(), 1);
    }

    #[test]
    fn a_trace_goes_on_if_it_is_one() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let good = format!("00-{trace}-b7ad6b7169203331-01");
        let of = |given: &str| {
            let headers = sent_on("192.0.2.1", &[("traceparent", given)]);
            headers["traceparent"].to_str().unwrap().to_owned()
        };
        let next = of(&good);
        assert!(next.starts_with(&format!("00-{trace}-")) && next.ends_with("-01") && next != good);
        for bad in [
            "",
            "00",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            &good.to_uppercase(),
            &format!("{good}-x"),
        ] {
            let fresh = of(bad);
            assert!(fresh.len() == 55 && !fresh.contains(trace), "{bad}");
        }
    }
}
