//! Redirect addresses: what a client may register (RFC 6749 section 3.1.2, RFC 8252 sections 7 and 8.4) and when a
//! request's address is the registered one (RFC 9700 section 2.1: equal as strings).
//!
//! An address must be in the normal form of the URL standard, so that what was compared is what the browser follows:
//! no dot segments, back slashes, tabs, capital hosts or default ports.

use url::{Host, Url};

use crate::oauth::form::decode;

/// The longest address.
pub const REDIRECT_URI_BYTES_MAX: usize = 2048;

/// Parameters of answers, which an address may not hold in its own query: the client could read ours or its own.
const ANSWER_PARAMETERS: [&str; 7] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "session_state",
];

/// Where a client runs, as far as its addresses depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// On a server or in a browser.
    Web,
    /// On a person's device (RFC 8252).
    Native,
}

/// Why an address cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// Longer than the bound.
    #[error("the redirect address is too long")]
    TooLong,
    /// Not an absolute URI (RFC 6749 section 3.1.2).
    #[error("the redirect address is not an absolute URL")]
    NotAbsolute,
    /// With a fragment (RFC 6749 section 3.1.2).
    #[error("the redirect address must not have a fragment (#)")]
    Fragment,
    /// With a name or password before the host.
    #[error("the redirect address must not have a user name or password")]
    UserInfo,
    /// With a wildcard (RFC 9700 section 4.1).
    #[error("the redirect address must not have a wildcard (*)")]
    Wildcard,
    /// Plain HTTP to another machine.
    #[error("the redirect address must use https; http is for localhost, 127.0.0.1 and [::1] only")]
    PlainHttp,
    /// A scheme that is not for redirects.
    #[error(
        "the redirect address must use https, or for a native app a scheme with a dot such as com.example.app"
    )]
    Scheme,
    /// Its query holds a parameter of the answer.
    #[error(
        "the redirect address must not have the parameter {0} in its query: the answer adds it"
    )]
    AnswerParameter(&'static str),
    /// Not in normal form.
    #[error("the redirect address must be written in its normal form: {0}")]
    NotNormal(String),
    /// With characters that no URI has, or a broken percent-encoding (RFC 3986 section 2).
    #[error(
        "the redirect address has characters that must be percent-encoded, or a broken percent-encoding"
    )]
    Characters,
}

/// An address that a client may register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    kind: ClientKind,
}

impl RedirectUri {
    /// Checks an address for registration; also for addresses after logout, which follow the same rules.
    ///
    /// # Errors
    /// [`RedirectUriError`] on the first rule that the address breaks.
    pub fn parse(text: &str, kind: ClientKind) -> Result<RedirectUri, RedirectUriError> {
        if text.len() > REDIRECT_URI_BYTES_MAX {
            return Err(RedirectUriError::TooLong);
        }
        let url = Url::parse(text).map_err(|_| RedirectUriError::NotAbsolute)?;
        if url.fragment().is_some() {
            return Err(RedirectUriError::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RedirectUriError::UserInfo);
        }
        if text.contains('*') {
            return Err(RedirectUriError::Wildcard);
        }
        check_scheme(&url, kind)?;
        check_query(&url)?;
        // The URL standard adds the slash of an empty path; both spellings lead to the same place.
        let is_normal = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
        if !is_normal {
            return Err(RedirectUriError::NotNormal(url.into()));
        }
        // The URL standard leaves the path of `com.example.app:a b` as it is, so this is said apart.
        if !text.bytes().all(is_uri_byte) || decode(text.as_bytes()).is_none() {
            return Err(RedirectUriError::Characters);
        }
        Ok(RedirectUri {
            text: text.to_owned(),
            kind,
        })
    }

    /// The address as registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a request's address is this one: equal as strings; for native apps on a loopback address any port
    /// will do (RFC 8252 section 7.3). `localhost` is a name that others may answer to, so its port is compared
    /// (section 8.3).
    #[must_use]
    pub fn matches(&self, requested: &str) -> bool {
        if requested == self.text {
            return true;
        }
        let (ClientKind::Native, Some(registered)) = (self.kind, without_loopback_port(&self.text))
        else {
            return false;
        };
        // The request's address must be in order by itself before its port is passed over.
        RedirectUri::parse(requested, ClientKind::Native).is_ok()
            && without_loopback_port(requested).is_some_and(|requested| requested == registered)
    }
}

/// The source expression that lets a page with a `form-action` policy post to this address or be redirected to it
/// after a post (CSP level 3 section 6.4.2): origin, or scheme when there is no host.
#[must_use]
pub fn form_action_source(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    match url.scheme() {
        "https" | "http" => Some(url.origin().ascii_serialization()),
        scheme => Some(format!("{scheme}:")),
    }
}

/// Reserved and unreserved characters and the percent sign (RFC 3986 sections 2.1 to 2.3).
fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

fn check_scheme(url: &Url, kind: ClientKind) -> Result<(), RedirectUriError> {
    match (url.scheme(), kind) {
        ("https", _) => Ok(()),
        ("http", _) if is_loopback(url) => Ok(()),
        ("http", _) => Err(RedirectUriError::PlainHttp),
        // RFC 8252 section 7.1: a private-use scheme is a domain name in reverse. The dot keeps out `javascript`, `data`.
        (scheme, ClientKind::Native) if scheme.contains('.') => Ok(()),
        _ => Err(RedirectUriError::Scheme),
    }
}

/// Loopback addresses, and the name `localhost` with everything under it (RFC 6761 section 6.3).
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn check_query(url: &Url) -> Result<(), RedirectUriError> {
    for pair in url.query().unwrap_or_default().split('&') {
        let name = pair.split('=').next().unwrap_or_default();
        let name = decode(name.as_bytes()).unwrap_or_default();
        if let Some(taken) = ANSWER_PARAMETERS.into_iter().find(|taken| *taken == name) {
            return Err(RedirectUriError::AnswerParameter(taken));
        }
    }
    Ok(())
}

/// Host and the rest without the port, for plain HTTP to a loopback address; none for any other address.
fn without_loopback_port(address: &str) -> Option<(&str, &str)> {
    let rest = address.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]"]
        .into_iter()
        .find(|host| rest.starts_with(host))?;
    let rest = rest.strip_prefix(host)?;
    let rest = match rest.strip_prefix(':') {
        Some(port) => port.trim_start_matches(|character: char| character.is_ascii_digit()),
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

#[cfg(test)]
mod tests {
    use super::{
        ClientKind, REDIRECT_URI_BYTES_MAX, RedirectUri, RedirectUriError, form_action_source,
    };
    use proptest::prelude::{any, prop, prop_assert, proptest};

    use ClientKind::{Native, Web};

    #[test]
    fn registers_safe_addresses() {
        for (text, kind) in [
            ("https://app.example/cb", Web),
            ("https://app.example", Web),
            ("https://app.example:8443/cb?tenant=a%20b", Web),
            ("https://app.example/cb", Native),
            ("http://localhost:3000/cb", Web),
            ("http://acme.localhost:3000/cb", Web),
            ("http://127.0.0.1/cb", Native),
            ("http://[::1]:4000/cb", Native),
            ("com.example.app:/oauth2redirect", Native),
            ("com.example.app://callback", Native),
        ] {
            assert_eq!(
                RedirectUri::parse(text, kind).map(|uri| uri.as_str().to_owned()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn refuses_dangerous_addresses() {
        let long = format!("https://app.example/{}", "a".repeat(REDIRECT_URI_BYTES_MAX));
        let normal = |text: &str| RedirectUriError::NotNormal(text.into());
        let table: Vec<(&str, ClientKind, RedirectUriError)> = vec![
            ("", Web, RedirectUriError::NotAbsolute),
            ("/cb", Web, RedirectUriError::NotAbsolute),
            ("//app.example/cb", Web, RedirectUriError::NotAbsolute),
            ("https://", Web, RedirectUriError::NotAbsolute),
            (&long, Web, RedirectUriError::TooLong),
            ("https://app.example/cb#", Web, RedirectUriError::Fragment),
            ("https://app.example/cb#x", Web, RedirectUriError::Fragment),
            (
                "https://app.example@evil.example/",
                Web,
                RedirectUriError::UserInfo,
            ),
            ("https://*.app.example/cb", Web, RedirectUriError::Wildcard),
            ("https://app.example/*", Web, RedirectUriError::Wildcard),
            ("http://app.example/cb", Web, RedirectUriError::PlainHttp),
            (
                "http://127.0.0.1.evil.example/cb",
                Native,
                RedirectUriError::PlainHttp,
            ),
            (
                "http://localhost.evil.example/cb",
                Native,
                RedirectUriError::PlainHttp,
            ),
            ("http://10.0.0.1/cb", Native, RedirectUriError::PlainHttp),
            ("javascript:alert(1)", Native, RedirectUriError::Scheme),
            ("data:text/html,x", Native, RedirectUriError::Scheme),
            ("myapp://cb", Native, RedirectUriError::Scheme),
            ("com.example.app:/cb", Web, RedirectUriError::Scheme),
            (
                "https://app.example/cb?code=1",
                Web,
                RedirectUriError::AnswerParameter("code"),
            ),
            (
                "https://app.example/cb?a=1&st%61te",
                Web,
                RedirectUriError::AnswerParameter("state"),
            ),
            (
                "https://app.example/a/../cb",
                Web,
                normal("https://app.example/cb"),
            ),
            (
                "https://app.example/%2e%2e/cb",
                Web,
                normal("https://app.example/cb"),
            ),
            (
                "https:\\\\app.example\\cb",
                Web,
                normal("https://app.example/cb"),
            ),
            (
                "https://App.example/cb",
                Web,
                normal("https://app.example/cb"),
            ),
            (
                "https://app.example:443/cb",
                Web,
                normal("https://app.example/cb"),
            ),
            (
                "https://app.example/c\tb",
                Web,
                normal("https://app.example/cb"),
            ),
            ("com.example.app:a b", Native, RedirectUriError::Characters),
            ("com.example.app:a\"b", Native, RedirectUriError::Characters),
            ("https://app.example/%zz", Web, RedirectUriError::Characters),
            ("https://app.example/%00", Web, RedirectUriError::Characters),
            (
                " https://app.example/cb",
                Web,
                normal("https://app.example/cb"),
            ),
            ("http://127.1/cb", Native, normal("http://127.0.0.1/cb")),
        ];
        for (text, kind, error) in table {
            assert_eq!(RedirectUri::parse(text, kind), Err(error), "{text:?}");
        }
    }

    #[test]
    fn matches_exactly_but_for_loopback_ports() {
        let table: &[(&str, ClientKind, &str, bool)] = &[
            (
                "https://app.example/cb",
                Web,
                "https://app.example/cb",
                true,
            ),
            (
                "https://app.example/cb",
                Web,
                "https://app.example/cb/",
                false,
            ),
            (
                "https://app.example/cb",
                Web,
                "https://app.example/cb?x=1",
                false,
            ),
            (
                "https://app.example/cb",
                Web,
                "https://app.example/CB",
                false,
            ),
            (
                "https://app.example/cb",
                Web,
                "https://app.example:8443/cb",
                false,
            ),
            (
                "http://127.0.0.1/cb",
                Native,
                "http://127.0.0.1:51004/cb",
                true,
            ),
            (
                "http://127.0.0.1:80/cb",
                Native,
                "http://127.0.0.1:51004/cb",
                false,
            ),
            (
                "http://127.0.0.1:1234/cb?a=1",
                Native,
                "http://127.0.0.1:51004/cb?a=1",
                true,
            ),
            ("http://[::1]/cb", Native, "http://[::1]:51004/cb", true),
            (
                "http://[::1]/cb",
                Native,
                "http://127.0.0.1:51004/cb",
                false,
            ),
            (
                "http://127.0.0.1/cb",
                Web,
                "http://127.0.0.1:51004/cb",
                false,
            ),
            (
                "http://127.0.0.1/cb",
                Native,
                "http://127.0.0.1:51004/other",
                false,
            ),
            (
                "http://127.0.0.1/cb",
                Native,
                "http://127.0.0.1:51004@evil.example/cb",
                false,
            ),
            (
                "http://127.0.0.1/cb",
                Native,
                "http://127.0.0.1:99999/cb",
                false,
            ),
            (
                "http://127.0.0.1/cb",
                Native,
                "http://127.0.0.1.evil.example/cb",
                false,
            ),
            (
                "http://localhost/cb",
                Native,
                "http://localhost:51004/cb",
                false,
            ),
            (
                "https://app.example/cb",
                Native,
                "https://app.example:1/cb",
                false,
            ),
        ];
        for (registered, kind, requested, matches) in table {
            let matched =
                RedirectUri::parse(registered, *kind).is_ok_and(|uri| uri.matches(requested));
            assert_eq!(matched, *matches, "{registered} {requested}");
        }
    }

    #[test]
    fn names_the_source_for_a_form_action_policy() {
        assert_eq!(
            form_action_source("https://app.example:8443/cb?a=1").unwrap(),
            "https://app.example:8443"
        );
        assert_eq!(
            form_action_source("com.example.app:/cb").unwrap(),
            "com.example.app:"
        );
        assert_eq!(form_action_source("/cb"), None);
    }

    proptest! {
        #[test]
        fn holds_its_properties(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            text in "(https|http|com.example.app|javascript):/{0,3}([a-z.:@* \\\\]{0,12}|localhost|127.0.0.1)(:[0-9]{1,5})?[/?#a-c.%=&]{0,12}",
        ) {
            prop_assert!(crate::properties::check_redirect_uri(&bytes).is_ok());
            prop_assert!(crate::properties::check_redirect_uri(text.as_bytes()).is_ok());
        }
    }
}
