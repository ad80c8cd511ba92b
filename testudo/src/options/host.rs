//! A host name as people type it: what is not one is refused with what would be. Pure.

use std::net::IpAddr;
use wire::names::Host;

/// A host name that an organisation may bring. Whether it is the fleet's own is for the register to say.
///
/// # Errors
/// What is wrong, and what would be right.
pub fn parse_own_host(text: &str) -> Result<Host, String> {
    let text = text.trim();
    if let Some((_, rest)) = text.split_once("://") {
        return Err(format!("leave the scheme out: {}", bare(rest)));
    }
    if text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return Err(String::from(
            "an address is not a host name; name one that leads to the edge, such as login.acme.com",
        ));
    }
    if bare(text) != text {
        return Err(format!(
            "leave port, path and the last dot out: {}",
            bare(text)
        ));
    }
    let lower = text.to_lowercase();
    if lower == "localhost" || lower.ends_with(".localhost") {
        return Err(String::from(
            "names below localhost are the fleet's own: an organisation answers at its short name there by itself",
        ));
    }
    if lower != text {
        return Err(format!("write it in lower case: {lower}"));
    }
    if !text.is_ascii() {
        return Err(String::from(
            "write its international labels as DNS has them: they begin with xn--",
        ));
    }
    if text.starts_with("*.") {
        return Err(String::from("name each host by itself; a star covers none"));
    }
    if !text.contains('.') {
        return Err(format!("name the whole host: {text}.example.com"));
    }
    Host::parse(text).map_err(|error| error.to_string())
}

/// Without port, path and a dot at the end.
fn bare(text: &str) -> &str {
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    host.trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::parse_own_host;

    #[test]
    fn what_is_no_host_name_is_told_with_its_mend() {
        for good in ["login.acme.com", "a-1.b", "xn--bcher-kva.example"] {
            assert_eq!(parse_own_host(good).unwrap().as_str(), good);
        }
        for (text, part) in [
            (
                "http://login.acme.com",
                "leave the scheme out: login.acme.com",
            ),
            ("https://login.acme.com:443/x", "scheme out: login.acme.com"),
            ("login.acme.com:443", "last dot out: login.acme.com"),
            ("login.acme.com/signin", "last dot out: login.acme.com"),
            ("login.acme.com.", "last dot out: login.acme.com"),
            ("Login.ACME.com", "lower case: login.acme.com"),
            ("192.0.2.1", "an address is not"),
            ("::1", "an address is not"),
            ("[::1]", "an address is not"),
            ("localhost", "below localhost"),
            ("acme.localhost", "below localhost"),
            ("Acme.Localhost", "below localhost"),
            ("intranet", "whole host: intranet.example.com"),
            ("*.acme.com", "each host by itself"),
            ("bücher.example", "xn--"),
            ("a..b", "lower-case DNS name"),
            ("-a.b", "lower-case DNS name"),
            ("", "whole host"),
        ] {
            let said = parse_own_host(text).unwrap_err();
            assert!(said.contains(part), "{text}: {said}");
        }
    }
}
