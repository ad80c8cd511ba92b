//! Where a hook goes and what it is told, as an administrator names it, held against its bounds. Pure.

use crate::event_hook::envoy::PlainHttp;
use crate::event_hook::{
    DESCRIPTION_CHARS_MAX, Header, HookConfig, NAME_CHARS_MAX, SealedHeader, TYPES_MAX,
};
use crate::fault::Refusal;
use crate::problem::{Problem, quoted};
use ledger::EventType;
use url::{Host, Url};
use vocab::secret::Secret;
use vocab::text::disguises;

/// Longest address.
pub const URI_BYTES_MAX: usize = 1_024;
/// Most headers of one hook.
pub const HEADERS_MAX: usize = 10;
/// Longest name of a header.
pub const HEADER_NAME_BYTES_MAX: usize = 64;
/// Longest value of a header.
pub const HEADER_VALUE_BYTES_MAX: usize = 2_048;
/// What the events of hooks themselves begin with: told to a hook, they would follow from one another for ever.
const OWN_EVENTS: &str = "event_hook.";
/// Headers that are the connection's, or ours.
const RESERVED_HEADERS: [&str; 14] = [
    "accept",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-okta-verification-challenge",
];
/// What headers of the signature begin with.
const SIGNED_PREFIX: &str = "webhook-";
/// What headers for proxies begin with.
const PROXY_PREFIX: &str = "proxy-";

/// A hook, as an administrator names it.
pub struct HookChange {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The types of events that it is told.
    pub types: Vec<String>,
    /// The address.
    pub uri: String,
    /// Further headers.
    pub headers: Vec<Header>,
    /// The header by which the receiver knows us, and its value; without a value the present one stays.
    pub auth: Option<(String, Option<Secret<String>>)>,
    /// The address of the org, as the caller reaches it.
    pub base_url: String,
}

/// What becomes of the value of the header by which the receiver knows us.
#[derive(Debug, PartialEq, Eq)]
pub enum AuthFate {
    /// There is none.
    Absent,
    /// The one that is stored stays.
    Kept(SealedHeader),
    /// The one that was given is sealed.
    Replaced,
}

/// Whether a hook can be told events of this type.
#[must_use]
pub fn is_told(event_type: EventType) -> bool {
    !event_type.as_str().starts_with(OWN_EVENTS)
}

/// Holds a hook against its bounds; the types sorted, each once, and what becomes of the value of its header.
///
/// # Errors
/// [`Refusal::Invalid`] naming the field as the API does.
pub fn decide_hook(
    change: &HookChange,
    present: Option<&HookConfig>,
    plain: PlainHttp,
) -> Result<(Vec<String>, AuthFate), Refusal> {
    decide_name(&change.name)?;
    decide_description(&change.description)?;
    decide_uri("channel.config.uri", &change.uri, plain)?;
    let types = decide_types(&change.types)?;
    decide_headers(&change.headers)?;
    let auth = decide_auth(&change.uri, change.auth.as_ref(), present)?;
    Ok((types, auth))
}

/// Holds the further headers of a hook against their bounds.
pub(crate) fn decide_headers(headers: &[Header]) -> Result<(), Refusal> {
    let field = "channel.config.headers";
    if headers.len() > HEADERS_MAX {
        return Err(Refusal::TooMany {
            what: "headers of one hook",
            max: HEADERS_MAX,
        });
    }
    for (at, header) in headers.iter().enumerate() {
        decide_header(field, &header.name, Some(&header.value))?;
        let mut others = headers.iter().take(at).map(|other| &other.name);
        if others.any(|other| other.eq_ignore_ascii_case(&header.name)) {
            let problem = Problem::of("{name} stands here twice", [quoted(&header.name)]);
            return Err(Refusal::invalid(field, problem));
        }
    }
    Ok(())
}

/// Holds the name of a hook or a stream against its bounds.
pub(crate) fn decide_name(name: &str) -> Result<(), Refusal> {
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_CHARS_MAX || name.chars().any(disguises) {
        return Err(Refusal::invalid(
            "name",
            "use 1 to 100 characters on one line",
        ));
    }
    Ok(())
}

fn decide_description(description: &str) -> Result<(), Refusal> {
    if description.chars().count() > DESCRIPTION_CHARS_MAX {
        return Err(Refusal::invalid(
            "description",
            "use at most 1,000 characters",
        ));
    }
    Ok(())
}

/// Holds an address against its bounds. Where it leads is judged when it is gone to, for names change their meaning.
///
/// # Errors
/// [`Refusal::Invalid`] naming the field.
pub fn decide_uri(field: &'static str, uri: &str, plain: PlainHttp) -> Result<(), Refusal> {
    let wrong = || Refusal::invalid(field, "use an address that begins with https://");
    if uri.len() > URI_BYTES_MAX {
        return Err(Refusal::invalid(field, "this address is too long"));
    }
    let parsed = Url::parse(uri).map_err(|_| wrong())?;
    let may_be_plain = match (plain, parsed.host()) {
        (PlainHttp::Anywhere, _) => true,
        (PlainHttp::OnThisMachine, Some(Host::Domain(name))) => name == "localhost",
        (PlainHttp::OnThisMachine, Some(Host::Ipv4(address))) => address.is_loopback(),
        (PlainHttp::OnThisMachine, Some(Host::Ipv6(address))) => address.is_loopback(),
        (PlainHttp::OnThisMachine, None) | (PlainHttp::Never, _) => false,
    };
    let is_secured = parsed.scheme() == "https" || (parsed.scheme() == "http" && may_be_plain);
    if !is_secured || parsed.host().is_none() || parsed.port() == Some(0) {
        return Err(wrong());
    }
    // A password in an address is shown wherever the address is.
    if !parsed.username().is_empty() || parsed.password().is_some() || parsed.fragment().is_some() {
        let problem = "leave out user name, password and fragment";
        return Err(Refusal::invalid(field, problem));
    }
    Ok(())
}

fn decide_types(types: &[String]) -> Result<Vec<String>, Refusal> {
    let field = "events.items";
    if types.is_empty() {
        return Err(Refusal::invalid(field, "name at least one type of event"));
    }
    if types.len() > TYPES_MAX {
        return Err(Refusal::TooMany {
            what: "types of events of one hook",
            max: TYPES_MAX,
        });
    }
    for name in types {
        if !EventType::parse(name).is_some_and(is_told) {
            let shown: String = name.chars().take(NAME_CHARS_MAX).collect();
            let problem = Problem::of("there are no events of the type {name}", [quoted(&shown)]);
            return Err(Refusal::invalid(field, problem));
        }
    }
    let mut types = types.to_vec();
    types.sort();
    types.dedup();
    Ok(types)
}

/// Holds a header against its bounds (RFC 9110 sections 5.1 and 5.5).
///
/// # Errors
/// [`Refusal::Invalid`] naming the field.
pub fn decide_header(field: &'static str, name: &str, value: Option<&str>) -> Result<(), Refusal> {
    let is_token = !name.is_empty()
        && name.len() <= HEADER_NAME_BYTES_MAX
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    if !is_token {
        return Err(Refusal::invalid(field, "this is no name of a header"));
    }
    let lower = name.to_ascii_lowercase();
    let is_reserved = RESERVED_HEADERS.contains(&lower.as_str())
        || lower.starts_with(SIGNED_PREFIX)
        || lower.starts_with(PROXY_PREFIX);
    if is_reserved {
        let problem = Problem::of("the header {name} cannot be set", [quoted(name)]);
        return Err(Refusal::invalid(field, problem));
    }
    let is_value = value.is_none_or(|value| {
        !value.is_empty()
            && value.len() <= HEADER_VALUE_BYTES_MAX
            && value.bytes().all(|byte| (b' '..=b'~').contains(&byte))
            && value.trim() == value
    });
    if is_value {
        Ok(())
    } else {
        let problem = "use 1 to 2,048 visible characters of ASCII as the value of a header";
        Err(Refusal::invalid(field, problem))
    }
}

/// What becomes of the header by which the receiver at this address knows us.
pub(crate) fn decide_auth(
    uri: &str,
    given: Option<&(String, Option<Secret<String>>)>,
    present: Option<&HookConfig>,
) -> Result<AuthFate, Refusal> {
    let same = present.filter(|present| present.uri == uri);
    let stored = same.and_then(|present| present.auth.as_ref());
    decide_auth_fate("channel.config.authScheme", given, stored)
}

/// What becomes of the value of a header, by what is given and what is stored for this very address: that goes to no
/// other, else whoever may change the address could have it sent to one of their own.
///
/// # Errors
/// [`Refusal::Invalid`] naming the field.
pub(crate) fn decide_auth_fate(
    field: &'static str,
    given: Option<&(String, Option<Secret<String>>)>,
    stored: Option<&SealedHeader>,
) -> Result<AuthFate, Refusal> {
    let Some((name, value)) = given else {
        return Ok(AuthFate::Absent);
    };
    let value = value.as_ref();
    decide_header(field, name, value.map(|value| value.expose().as_str()))?;
    if value.is_some() {
        return Ok(AuthFate::Replaced);
    }
    let kept = stored.filter(|auth| auth.name == *name).cloned();
    kept.map(AuthFate::Kept).ok_or_else(|| {
        let problem = "give its value: what is stored was given for another address or header";
        Refusal::invalid(field, problem)
    })
}

#[cfg(test)]
mod tests {
    use super::{AuthFate, HookChange, decide_header, decide_hook, decide_uri};
    use crate::event_hook::envoy::PlainHttp;
    use crate::event_hook::{Header, HookConfig, SealedHeader};
    use crate::fault::Refusal;
    use vocab::secret::Secret;

    /// A change with one field made unusable.
    type Spoil = fn(&mut HookChange);

    fn change() -> HookChange {
        HookChange {
            name: "Siem".into(),
            description: String::new(),
            types: vec![
                "user.lifecycle.create".into(),
                "group.lifecycle.create".into(),
            ],
            uri: "https://hooks.example/in?x=1".into(),
            headers: vec![Header {
                name: "X-Team".into(),
                value: "blue".into(),
            }],
            auth: None,
            base_url: "https://id.example".into(),
        }
    }

    fn field_of(refusal: &Refusal) -> &'static str {
        match refusal {
            Refusal::Invalid { field, .. } => field,
            Refusal::TooMany { what, .. } => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn types_are_known_and_each_stands_once() {
        let mut many = change();
        many.types.push("user.lifecycle.create".into());
        let (types, auth) = decide_hook(&many, None, PlainHttp::Never).unwrap();
        assert_eq!(types, ["group.lifecycle.create", "user.lifecycle.create"]);
        assert_eq!(auth, AuthFate::Absent);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let header = |name: &str, value: &str| Header {
            name: name.into(),
            value: value.into(),
        };
        let table: [(&str, Spoil); 12] = [
            ("name", |change| change.name = String::new()),
            ("name", |change| change.name = "a\nb".into()),
            ("description", |change| {
                change.description = "x".repeat(1_001)
            }),
            ("events.items", |change| change.types = Vec::new()),
            ("events.items", |change| {
                change.types = vec!["user.*".into()]
            }),
            ("events.items", |change| {
                change.types = vec!["event_hook.delivery".into()];
            }),
            ("types of events of one hook", |change| {
                change.types = vec!["user.lifecycle.create".into(); 301];
            }),
            ("channel.config.uri", |change| {
                change.uri = "https://".into()
            }),
            ("channel.config.uri", |change| {
                change.uri = format!("https://a.example/{}", "x".repeat(1_024));
            }),
            ("channel.config.authScheme", |change| {
                change.auth = Some(("Authorization".into(), None));
            }),
            ("channel.config.authScheme", |change| {
                change.auth = Some(("Host".into(), Some(Secret::new("x".to_owned()))));
            }),
            ("channel.config.authScheme", |change| {
                change.auth = Some(("A".into(), Some(Secret::new("x\r\ny".to_owned()))));
            }),
        ];
        for (field, spoil) in table {
            let mut spoilt = change();
            spoil(&mut spoilt);
            let refused = decide_hook(&spoilt, None, PlainHttp::Never).unwrap_err();
            assert_eq!(field_of(&refused), field);
        }
        for headers in [
            vec![header("x-a", "1"), header("X-A", "2")],
            vec![header("webhook-id", "1")],
            vec![header("", "1")],
        ] {
            let spoilt = HookChange {
                headers,
                ..change()
            };
            let refused = decide_hook(&spoilt, None, PlainHttp::Never).unwrap_err();
            assert_eq!(field_of(&refused), "channel.config.headers");
        }
        let many = HookChange {
            headers: (0..11).map(|n| header(&format!("x-{n}"), "1")).collect(),
            ..change()
        };
        let refused = decide_hook(&many, None, PlainHttp::Never).unwrap_err();
        assert_eq!(field_of(&refused), "headers of one hook");
    }

    #[test]
    fn addresses_are_secured_unless_the_operator_says_otherwise() {
        // An address, and whether it may be used where plain HTTP never may, on this machine, anywhere.
        for (uri, expected) in [
            ("https://hooks.example/in", [true, true, true]),
            ("https://10.0.0.1:8443/", [true, true, true]),
            ("http://localhost:9000/in", [false, true, true]),
            ("http://127.0.0.1/in", [false, true, true]),
            ("http://[::1]/in", [false, true, true]),
            ("http://hooks.example/in", [false, false, true]),
            ("ftp://localhost/in", [false, false, false]),
            ("//hooks.example/in", [false, false, false]),
            ("https://ada:secret@hooks.example/", [false, false, false]),
            ("https://hooks.example/#x", [false, false, false]),
            ("https://hooks.example:0/", [false, false, false]),
            ("javascript:alert(1)", [false, false, false]),
        ] {
            let ways = [
                PlainHttp::Never,
                PlainHttp::OnThisMachine,
                PlainHttp::Anywhere,
            ];
            let found = ways.map(|plain| decide_uri("uri", uri, plain).is_ok());
            assert_eq!(found, expected, "{uri}");
        }
    }

    #[test]
    fn the_stored_value_is_for_its_address_alone() {
        let auth = SealedHeader {
            name: "Authorization".into(),
            sealed: "c2VhbGVk".into(),
        };
        let present = HookConfig {
            description: String::new(),
            uri: change().uri,
            headers: Vec::new(),
            auth: Some(auth.clone()),
            secret: String::new(),
            former: None,
            base_url: String::new(),
            created_by: String::new(),
        };
        let fate = |uri: &str, name: &str, value: Option<&str>| {
            let value = value.map(|value| Secret::new(value.to_owned()));
            let change = HookChange {
                uri: uri.into(),
                auth: Some((name.to_owned(), value)),
                ..change()
            };
            decide_hook(&change, Some(&present), PlainHttp::Never).map(|(_, fate)| fate)
        };
        let own = present.uri.clone();
        assert_eq!(
            fate(&own, "Authorization", None).unwrap(),
            AuthFate::Kept(auth)
        );
        let new = fate("https://evil.example/", "Authorization", Some("x"));
        assert_eq!(new.unwrap(), AuthFate::Replaced);
        fate("https://evil.example/", "Authorization", None).unwrap_err();
        fate(&own, "X-Other", None).unwrap_err();
    }

    #[test]
    fn headers_of_the_connection_cannot_be_set() {
        for (name, is_good) in [
            ("Authorization", true),
            ("X-Api-Key", true),
            ("Content-Length", false),
            ("HOST", false),
            ("Webhook-Signature", false),
            ("Proxy-Authorization", false),
            ("X-Okta-Verification-Challenge", false),
            ("a b", false),
            ("a:", false),
            ("ä", false),
        ] {
            assert_eq!(
                decide_header("f", name, Some("v")).is_ok(),
                is_good,
                "{name}"
            );
        }
        for (value, is_good) in [("Bearer x", true), ("", false), (" x", false), ("ä", false)] {
            assert_eq!(
                decide_header("f", "a", Some(value)).is_ok(),
                is_good,
                "{value}"
            );
        }
    }
}
