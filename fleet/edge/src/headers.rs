//! What of a request's and an answer's head goes on to the other side.

use crate::connection::Between;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::net::IpAddr;
use vocab::entropy::Entropy;
use wire::placement::{
    DEADLINE_HEADER, LOCAL_HEADER, PLACEMENT_HEADER, Placement, STANDING_HEADER,
};

const TRACE: HeaderName = HeaderName::from_static("traceparent");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CLIENT: HeaderName = HeaderName::from_static("x-forwarded-for");
const SCHEME: HeaderName = HeaderName::from_static("x-forwarded-proto");
const PLACEMENT: HeaderName = HeaderName::from_static(PLACEMENT_HEADER);
const DEADLINE: HeaderName = HeaderName::from_static(DEADLINE_HEADER);
const LOCAL: HeaderName = HeaderName::from_static(LOCAL_HEADER);
/// What stands in the place of a client's address that is not known (RFC 7239 section 6.2).
const UNKNOWN: &str = "unknown";
/// The most fields that we add to a request.
pub(crate) const OURS_MAX: usize = 10;

/// Fields that are about one connection alone (RFC 9110 section 7.6.1).
fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// What only somebody between the client and us could rightly say; from a client it is a lie.
fn is_forwarding(name: &str) -> bool {
    matches!(
        name,
        "forwarded"
            | "via"
            | "x-forwarded-for"
            | "x-forwarded-host"
            | "x-forwarded-port"
            | "x-forwarded-proto"
            | "x-real-ip"
            | "x-request-id"
    )
}

/// What the edge alone says to cells.
fn is_ours(name: &str) -> bool {
    name.starts_with("testudo-") || matches!(name, "host" | "traceparent" | "http2-settings")
}

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
    /// The host that the client asks.
    pub host: &'s HeaderValue,
    /// The id of the request, and what it is traced by.
    pub marks: &'s Marks,
}

/// What one request is told apart by, in logs and traces, however often it is sent.
#[derive(Debug)]
pub struct Marks {
    /// Its id.
    pub request_id: String,
    /// A trace, for a client that began none, and behind it our own part of the trace.
    trace_and_span: String,
}

impl Marks {
    /// New ones, or with the id that somebody whom we trust has given.
    #[must_use]
    pub fn new(given_id: Option<String>, entropy: &dyn Entropy) -> Self {
        // One draw for all: each costs as much as everything else here.
        let digits = random_hex::<40>(entropy);
        let (id, rest) = digits.split_at(32);
        Self {
            request_id: given_id.unwrap_or_else(|| id.to_owned()),
            trace_and_span: rest.to_owned(),
        }
    }

    fn trace_and_span(&self) -> (&str, &str) {
        self.trace_and_span.split_at(32)
    }
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

/// The fields of a request's head as the cell gets them. What the client says about itself is left out, and what we know is
/// said instead.
#[must_use]
pub fn prepare_request(given: &HeaderMap, said: &Said<'_>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(given.len() + OURS_MAX);
    let listed: Vec<&str> = connection_tokens(given).collect();
    let mut between = said.between != Between::Nobody;
    for (name, value) in given {
        let text = name.as_str();
        if is_forwarding(text) {
            between = true;
        } else if *name == header::COOKIE && headers.contains_key(header::COOKIE) {
            // The first has brought the others along.
        } else if *name == header::COOKIE && !is_listed(&listed, text) {
            headers.insert(header::COOKIE, join_cookies(given));
        } else if !is_hop_by_hop(text) && !is_ours(text) && !is_listed(&listed, text) {
            headers.append(name.clone(), value.clone());
        }
    }
    if let Some(upgrade) = upgrade_of(given) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, upgrade);
    }
    headers.insert(header::HOST, said.host.clone());
    let client = said.client.to_canonical();
    let trace = render_traceparent(given.get(TRACE), said.marks);
    set(&mut headers, TRACE, &trace);
    set(&mut headers, REQUEST_ID, &said.marks.request_id);
    match said.between {
        // Else a cell would hold against the proxy, and so against all behind it, what one of them does.
        Between::Unnaming => set(&mut headers, CLIENT, UNKNOWN),
        Between::Nobody | Between::Proxy => set(&mut headers, CLIENT, &client.to_string()),
    }
    headers.insert(SCHEME, HeaderValue::from_static(said.scheme));
    set(&mut headers, PLACEMENT, &said.placement.to_string());
    headers.insert(DEADLINE, HeaderValue::from(said.deadline_millis));
    if client.is_loopback() && !between {
        headers.insert(LOCAL, HeaderValue::from_static("1"));
    }
    headers
}

fn is_listed(listed: &[&str], name: &str) -> bool {
    listed.iter().any(|token| token.eq_ignore_ascii_case(name))
}

/// HTTP/2 clients send a field for each cookie; before a reader of HTTP/1.1 they are one (RFC 9113 section 8.2.3).
fn join_cookies(given: &HeaderMap) -> HeaderValue {
    let mut crumbs = given.get_all(header::COOKIE).iter();
    match (crumbs.next(), crumbs.next()) {
        (Some(only), None) => only.clone(),
        _ => {
            let crumbs = given.get_all(header::COOKIE).iter();
            let crumbs: Vec<&[u8]> = crumbs.map(HeaderValue::as_bytes).collect();
            // Joined values hold nothing that one of them could not hold.
            HeaderValue::from_bytes(&crumbs.join(&b"; "[..]))
                .unwrap_or_else(|_| HeaderValue::from_static(""))
        }
    }
}

/// Makes an answer's head fit for the client.
pub fn prepare_answer(headers: &mut HeaderMap, request_id: &str) {
    let named = connection_tokens(headers).filter_map(|token| token.parse().ok());
    let dropped = headers.keys().filter(|name| is_hop_by_hop(name.as_str()));
    let dropped: Vec<HeaderName> = named.chain(dropped.cloned()).collect();
    for name in dropped {
        headers.remove(name);
    }
    headers.remove(STANDING_HEADER);
    set(headers, REQUEST_ID, request_id);
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The trace that the client began, or a new one, with a span of our own (W3C Trace Context, section 3.2).
fn render_traceparent(given: Option<&HeaderValue>, marks: &Marks) -> String {
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
        well_formed.then_some((trace, flags))
    });
    let (own, span) = marks.trace_and_span();
    let (trace, flags) = known.unwrap_or((own, "00"));
    format!("00-{trace}-{span}-{flags}")
}

/// That many random bytes, as hexadecimal digits.
pub(crate) fn random_hex<const N: usize>(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; N];
    entropy.fill(&mut bytes);
    let mut text = String::with_capacity(2 * N);
    for byte in bytes {
        for half in [byte >> 4, byte & 0xf] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or_default());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Marks, Said, prepare_answer, prepare_request};
    use crate::connection::Between;
    use http::{HeaderMap, HeaderValue};
    use vocab::entropy::SeededEntropy;
    use vocab::epoch::Epoch;
    use vocab::id::OrgId;
    use wire::placement::Placement;

    const REQUEST_ID: &str = "0123456789abcdef0123456789abcdef";

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
            host: &HeaderValue::from_static("acme.example"),
            marks: &Marks::new(Some(String::from(REQUEST_ID)), &SeededEntropy::new(2)),
        };
        prepare_request(&headers, &said)
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
        assert_eq!(all("x-request-id"), [REQUEST_ID]);
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
    fn cookies_in_fields_of_their_own_become_one() {
        let cookies = |given: &[(&'static str, &str)]| {
            let headers = sent_on("192.0.2.1", given);
            let cookies = headers.get_all("cookie").iter().cloned();
            cookies.collect::<Vec<_>>()
        };
        assert!(cookies(&[]).is_empty());
        assert_eq!(cookies(&[("cookie", "a=1; b=2")]), ["a=1; b=2"]);
        let crumbs = [
            ("cookie", "a=1"),
            ("accept", "*/*"),
            ("cookie", "b=2"),
            ("cookie", "c=3"),
        ];
        assert_eq!(cookies(&crumbs), ["a=1; b=2; c=3"]);
        let dropped = [
            ("connection", "cookie"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
        ];
        assert!(cookies(&dropped).is_empty());
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
