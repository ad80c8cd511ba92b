//! Which proxies in front of the edge are believed, and what of their words.

use crate::connection::Facts;
use http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The header by which a proxy says for whom it asks.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// Entries of `X-Forwarded-For` that are looked at, from the right.
const HOPS_MAX: usize = 16;
/// The longest request id that is taken over.
const REQUEST_ID_CHARS_MAX: usize = 64;

/// Who is believed. Without anybody, all that a client says of itself is dropped.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The networks of the proxies.
    pub proxies: Vec<IpNet>,
    /// Whether they begin each connection with a PROXY header.
    pub header: ProxyHeader,
}

/// Whether connections of trusted proxies begin with a PROXY header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProxyHeader {
    /// They do not.
    #[default]
    None,
    /// They must.
    Required,
}

/// What the last proxy says of one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The client.
    pub client: Option<IpAddr>,
    /// Whether something is said of the client that is no address.
    pub is_unnamed: bool,
    /// How the client speaks.
    pub scheme: Option<&'static str>,
    /// The id of the request.
    pub request_id: Option<String>,
}

/// The id that a trusted proxy gave to a request, as an extension of it.
#[derive(Debug, Clone)]
pub struct GivenId(pub String);

/// A network, or one address.
///
/// # Errors
/// What it should look like.
pub fn parse_network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    let network = text.parse::<IpNet>().or(address);
    network.map(|network| network.trunc()).map_err(|_| {
        String::from(
            "must be an address or a network, as in 10.0.0.7 or 10.0.0.0/24 or 2001:db8::/48",
        )
    })
}

impl Trust {
    /// Whether that address is a proxy that is believed.
    #[must_use]
    pub fn believes(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.proxies
            .iter()
            .any(|network| network.contains(&address))
    }

    /// What is to be believed of a request's head: nothing, if whoever speaks HTTP to us is no trusted proxy.
    #[must_use]
    pub fn hear(&self, facts: &Facts, headers: &HeaderMap) -> Told {
        if !self.believes(facts.client) {
            return Told::default();
        }
        let client = self.client_of(headers);
        Told {
            client,
            is_unnamed: client.is_none() && headers.contains_key(FORWARDED_FOR),
            scheme: only(headers, "x-forwarded-proto").and_then(parse_scheme),
            request_id: only(headers, "x-request-id")
                .filter(|id| is_request_id(id))
                .map(str::to_owned),
        }
    }

    /// The rightmost address that is not a trusted proxy's: each proxy adds to the right whom it heard from, so what stands
    /// further left is the client's own word. Something that is no address ends the walk at the proxy that wrote it down.
    fn client_of(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let mut client = None;
        let fields = headers.get_all(FORWARDED_FOR).iter().rev();
        let hops = fields.flat_map(|field| field.to_str().unwrap_or_default().rsplit(','));
        for hop in hops.take(HOPS_MAX).map(parse_hop) {
            let Some(hop) = hop else { break };
            client = Some(hop);
            if !self.believes(hop) {
                break;
            }
        }
        client
    }
}

/// A field that is there exactly once.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok();
    value.filter(|_| values.next().is_none())
}

fn parse_scheme(text: &str) -> Option<&'static str> {
    ["http", "https"]
        .into_iter()
        .find(|scheme| text.eq_ignore_ascii_case(scheme))
}

/// Some balancers write the port as well.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|at| at.ip());
    address
        .or_else(with_port)
        .map(|address| address.to_canonical())
}

fn is_request_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !text.is_empty() && text.len() <= REQUEST_ID_CHARS_MAX && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::{ProxyHeader, Told, Trust, parse_network};
    use crate::connection::{Between, Door, Facts};
    use http::HeaderMap;

    fn hear(client: &str, fields: &[(&'static str, &str)]) -> Told {
        let trust = Trust {
            proxies: ["10.0.0.0/24", "2001:db8::7"]
                .map(|text| parse_network(text).unwrap())
                .to_vec(),
            header: ProxyHeader::None,
        };
        let facts = Facts {
            peer: format!("{client}:1")
                .parse()
                .or_else(|_| format!("[{client}]:1").parse())
                .unwrap(),
            client: client.parse().unwrap(),
            between: Between::Nobody,
            scheme: "http",
            local_port: 80,
            door: Door::Plain,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        trust.hear(&facts, &headers)
    }

    #[test]
    fn the_client_is_the_rightmost_whom_no_proxy_of_ours_is() {
        let client = |proxy: &str, fields: &[&str]| {
            let fields: Vec<_> = fields
                .iter()
                .map(|value| ("x-forwarded-for", *value))
                .collect();
            let told = hear(proxy, &fields);
            let is_heard = !["10.0.1.1", "2001:db8::8"].contains(&proxy);
            let is_unnamed = is_heard && told.client.is_none() && !fields.is_empty();
            assert_eq!(told.is_unnamed, is_unnamed, "{proxy} {fields:?}");
            told.client.map(|client| client.to_string())
        };
        for (fields, wanted) in [
            (&["192.0.2.1"][..], Some("192.0.2.1")),
            (&["1.1.1.1, 192.0.2.1"], Some("192.0.2.1")),
            (&["1.1.1.1", "192.0.2.1,10.0.0.9"], Some("192.0.2.1")),
            (&["192.0.2.1", "10.0.0.9", "10.0.0.8"], Some("192.0.2.1")),
            (&["10.0.0.9"], Some("10.0.0.9")),
            (&["192.0.2.1:5000"], Some("192.0.2.1")),
            (&["[2001:db8::9]:5000"], Some("2001:db8::9")),
            (&["::ffff:192.0.2.1"], Some("192.0.2.1")),
            (&["1.1.1.1, unknown"], None),
            (&["1.1.1.1, unknown, 10.0.0.9"], Some("10.0.0.9")),
            (&["1.1.1.1,"], None),
            (&["\u{e9}"], None),
            (&[], None),
        ] {
            assert_eq!(client("10.0.0.1", fields).as_deref(), wanted, "{fields:?}");
            assert_eq!(
                client("::ffff:10.0.0.1", fields).as_deref(),
                wanted,
                "{fields:?}"
            );
            assert_eq!(
                client("2001:db8::7", fields).as_deref(),
                wanted,
                "{fields:?}"
            );
            assert_eq!(client("10.0.1.1", fields), None, "{fields:?}");
            assert_eq!(client("2001:db8::8", fields), None, "{fields:?}");
        }
        let many = vec!["10.0.0.9"; 100].join(",");
        assert_eq!(
            client("10.0.0.1", &[&format!("192.0.2.1,{many}")]).as_deref(),
            Some("10.0.0.9")
        );
    }

    #[test]
    fn scheme_and_id_are_taken_over_if_they_are_said_once_and_well() {
        let told = |fields: &[(&'static str, &str)]| hear("10.0.0.1", fields);
        let good = [("x-forwarded-proto", "HTTPS"), ("x-request-id", "a-B_9.")];
        let wanted = Told {
            client: None,
            is_unnamed: false,
            scheme: Some("https"),
            request_id: Some(String::from("a-B_9.")),
        };
        assert_eq!(told(&good), wanted);
        assert_eq!(hear("192.0.2.1", &good), Told::default());
        for (name, bad) in [
            ("x-forwarded-proto", "https,http"),
            ("x-forwarded-proto", "ftp"),
            ("x-request-id", ""),
            ("x-request-id", "a b"),
            ("x-request-id", &"a".repeat(65)),
        ] {
            assert_eq!(told(&[(name, bad)]), Told::default(), "{name}: {bad}");
        }
        for (name, value) in good {
            assert_eq!(told(&[(name, value), (name, value)]), Told::default());
        }
    }

    #[test]
    fn networks_are_written_as_people_do() {
        for (text, wanted) in [
            ("10.0.0.7", "10.0.0.7/32"),
            ("10.0.0.7/24", "10.0.0.0/24"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(parse_network(text).unwrap().to_string(), wanted);
        }
        for bad in ["", "10.0.0.0/33", "host", "10.0.0.1:80"] {
            assert!(parse_network(bad).is_err(), "{bad}");
        }
    }
}
