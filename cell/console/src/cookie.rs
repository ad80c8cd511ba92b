//! The cookies of the pages. All are `__Host-`: bound to this host, sent over TLS (or loopback) alone, without script.
//!
//! An org may be addressed by path on a host that it shares with others, so the org stands in each name.

use axum::http::{HeaderMap, HeaderValue, header};
use identity::sign_in::device::{COOKIE_BYTES_MAX, DEVICE_SECS};
use vocab::id::OrgId;

/// Longest cookie header that is looked at: as long as a head may be, for other sites of the domain set cookies as well.
const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Longest value of ours, but for [`CookieKind::Device`].
const VALUE_BYTES_MAX: usize = 128;

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieKind {
    /// The secret of the session.
    Session,
    /// The secret of a sign-in that is under way.
    SignIn,
    /// What guards the forms of this browser.
    Form,
    /// Whether the first-run guide was put away.
    Guide,
    /// The secret of a sign-in that an administrator tries as an app.
    Trial,
    /// What the page after a change says once.
    Said,
    /// For whom this browser is known, sealed; it outlives the browser's closing.
    Device,
}

impl CookieKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::SignIn => "signin",
            Self::Form => "form",
            Self::Guide => "guide",
            Self::Trial => "trial",
            Self::Said => "said",
            Self::Device => "device",
        }
    }

    const fn value_bytes_max(self) -> usize {
        match self {
            Self::Device => COOKIE_BYTES_MAX,
            _ => VALUE_BYTES_MAX,
        }
    }
}

fn name(kind: CookieKind, org: &OrgId) -> String {
    let tail: String = org.as_str().chars().skip(12).collect();
    format!("__Host-testudo-{}-{tail}", kind.word())
}

/// The value of a cookie. Where it comes twice, neither counts: somebody planted one.
#[must_use]
pub fn read_cookie(headers: &HeaderMap, kind: CookieKind, org: &OrgId) -> Option<String> {
    let wanted = name(kind, org);
    let mut found = None;
    for header in headers.get_all(header::COOKIE) {
        let text = header
            .to_str()
            .ok()
            .filter(|text| text.len() <= HEADER_BYTES_MAX)?;
        for pair in text.split(';') {
            let Some((key, value)) = pair.trim().split_once('=') else {
                continue;
            };
            if key == wanted {
                if found.is_some() {
                    return None;
                }
                found = Some(value.to_owned());
            }
        }
    }
    found.filter(|value| {
        (1..=kind.value_bytes_max()).contains(&value.len())
            && value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    })
}

/// A header that sets a cookie until the browser is closed; that of a known device for as long as it is known.
#[must_use]
pub fn render_set(kind: CookieKind, org: &OrgId, value: &str) -> Option<HeaderValue> {
    let lasting = match kind {
        CookieKind::Device => format!("; Max-Age={DEVICE_SECS}"),
        _ => String::new(),
    };
    let text = format!(
        "{}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{lasting}",
        name(kind, org)
    );
    HeaderValue::from_str(&text).ok()
}

/// A header that removes a cookie.
#[must_use]
pub fn render_removal(kind: CookieKind, org: &OrgId) -> Option<HeaderValue> {
    let text = format!(
        "{}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
        name(kind, org)
    );
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::{CookieKind, read_cookie, render_set};
    use axum::http::{HeaderMap, HeaderValue, header};
    use vocab::entropy::SeededEntropy;
    use vocab::id::OrgId;

    fn headers(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(text).unwrap());
        headers
    }

    #[test]
    fn a_cookie_is_read_back_and_is_one_orgs_alone() {
        let entropy = SeededEntropy::new(41);
        let (org, other) = (OrgId::generate(&entropy), OrgId::generate(&entropy));
        let set = render_set(CookieKind::Session, &org, "abc").unwrap();
        let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        let sent = headers(&format!("other=1; {pair}"));
        assert_eq!(
            read_cookie(&sent, CookieKind::Session, &org).as_deref(),
            Some("abc")
        );
        assert_eq!(read_cookie(&sent, CookieKind::SignIn, &org), None);
        assert_eq!(read_cookie(&sent, CookieKind::Session, &other), None);
        let twice = headers(&format!("{pair}; {pair}"));
        assert_eq!(read_cookie(&twice, CookieKind::Session, &org), None);
    }

    #[test]
    fn the_cookie_of_a_device_lasts_and_the_others_do_not() {
        let org = OrgId::generate(&SeededEntropy::new(43));
        let long = "x".repeat(800);
        let device = render_set(CookieKind::Device, &org, &long).unwrap();
        assert!(device.to_str().unwrap().ends_with("; Max-Age=7776000"));
        let pair = device.to_str().unwrap().split(';').next().unwrap();
        assert!(read_cookie(&headers(pair), CookieKind::Device, &org).is_some());
        let session = render_set(CookieKind::Session, &org, "abc").unwrap();
        assert!(!session.to_str().unwrap().contains("Max-Age"));
    }

    #[test]
    fn a_value_of_another_shape_is_none() {
        let org = OrgId::generate(&SeededEntropy::new(42));
        let prefix = render_set(CookieKind::Form, &org, "").unwrap();
        let name = prefix
            .to_str()
            .unwrap()
            .split('=')
            .next()
            .unwrap()
            .to_owned();
        for value in ["", "a b", "a\"b", &"x".repeat(129)] {
            assert_eq!(
                read_cookie(&headers(&format!("{name}={value}")), CookieKind::Form, &org),
                None,
                "{value}"
            );
        }
    }
}
