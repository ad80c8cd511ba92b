//! What a stream is, as an administrator names it, held against its bounds. Pure.

use crate::event_hook::SealedHeader;
use crate::event_hook::channel::{AuthFate, decide_auth_fate, decide_name, decide_uri};
use crate::event_hook::envoy::PlainHttp;
use crate::fault::Refusal;
use crate::log_filter::parse_log_filter;
use crate::log_stream::{Receiver, StreamKind};
use crate::problem::Problem;
use url::Host;
use vocab::secret::Secret;

/// Longest name of a receiver (RFC 1035 section 2.3.4).
pub const HOST_BYTES_MAX: usize = 253;
/// Longest certificates that a receiver is known by.
pub const AUTHORITY_BYTES_MAX: usize = 16 * 1_024;
/// The port of syslog over TLS (RFC 5425 section 4.1).
pub const SYSLOG_PORT: u16 = 6_514;

/// A stream, as an administrator names it.
pub struct StreamChange {
    /// Its name.
    pub name: String,
    /// Which events; all where it is empty.
    pub filter: String,
    /// Who takes it.
    pub receiver: ReceiverChange,
    /// The address of the org, as the caller reaches it.
    pub base_url: String,
}

/// Who takes a stream, as an administrator names it.
pub enum ReceiverChange {
    /// Whoever answers at an address.
    Webhook {
        /// The address.
        uri: String,
        /// The header by which the receiver knows us, and its value; without a value the present one stays.
        auth: Option<(String, Option<Secret<String>>)>,
    },
    /// Whoever takes syslog over TLS.
    Syslog {
        /// Its name.
        host: String,
        /// Its port.
        port: i64,
        /// Who signs its certificate, as PEM.
        authority: Option<String>,
    },
}

impl ReceiverChange {
    /// How the stream leaves.
    #[must_use]
    pub const fn kind(&self) -> StreamKind {
        match self {
            Self::Webhook { .. } => StreamKind::Webhook,
            Self::Syslog { .. } => StreamKind::Syslog,
        }
    }
}

/// What the way out says of where streams may go.
#[derive(Clone, Copy)]
pub struct Ways<'w> {
    /// Whether an address may do without TLS.
    pub plain: PlainHttp,
    /// Whether a text holds certificates of authorities.
    pub reads_authority: &'w dyn Fn(&str) -> bool,
}

/// A receiver within its bounds; the secrets of a webhook are sealed by whoever stores it.
#[derive(Debug, PartialEq, Eq)]
pub enum Decided {
    /// An address, and what becomes of the value of its header.
    Webhook(AuthFate),
    /// Name, port and authorities.
    Syslog(String, u16, Option<String>),
}

/// Holds a stream against its bounds. The kind of one that is there stays: a receiver of another kind is another stream.
///
/// # Errors
/// [`Refusal::Invalid`] naming the field as the API does.
pub fn decide_stream(
    change: &StreamChange,
    present: Option<&Receiver>,
    ways: Ways<'_>,
) -> Result<Decided, Refusal> {
    decide_name(&change.name)?;
    decide_filter(&change.filter)?;
    match (&change.receiver, present) {
        (ReceiverChange::Webhook { uri, auth }, None | Some(Receiver::Webhook(_))) => {
            decide_uri("settings.uri", uri, ways.plain)?;
            let stored = stored_auth(uri, present);
            let fate = decide_auth_fate("settings.authScheme", auth.as_ref(), stored)?;
            Ok(Decided::Webhook(fate))
        }
        (
            ReceiverChange::Syslog {
                host,
                port,
                authority,
            },
            None | Some(Receiver::Syslog(_)),
        ) => {
            let host = decide_host(host)?;
            let port = decide_port(*port)?;
            decide_authority(authority.as_deref(), ways)?;
            Ok(Decided::Syslog(host, port, authority.clone()))
        }
        _ => Err(Refusal::invalid(
            "type",
            "a stream keeps its type: remove it and add another one",
        )),
    }
}

fn stored_auth<'r>(uri: &str, present: Option<&'r Receiver>) -> Option<&'r SealedHeader> {
    match present {
        Some(Receiver::Webhook(webhook)) if webhook.uri == uri => webhook.auth.as_ref(),
        _ => None,
    }
}

fn decide_filter(filter: &str) -> Result<(), Refusal> {
    if filter.is_empty() {
        return Ok(());
    }
    match parse_log_filter(filter) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(Refusal::invalid("filter", "no event can fulfil it")),
        Err(error) => {
            let problem = Problem::of("it is not understood: {why}", [("why", error.to_string())]);
            Err(Refusal::invalid("filter", problem))
        }
    }
}

/// Where it leads is judged when it is gone to, for names change their meaning.
fn decide_host(host: &str) -> Result<String, Refusal> {
    let wrong = || {
        let problem = "use the name or the address of a machine, without scheme, port and path";
        Refusal::invalid("settings.host", problem)
    };
    if host.is_empty() || host.len() > HOST_BYTES_MAX {
        return Err(wrong());
    }
    // The parser takes escapes and numbers of many forms for names and addresses: what it made of them is kept.
    match Host::parse(host).map_err(|_| wrong())? {
        Host::Domain(name) if name.bytes().all(is_of_name) => Ok(name),
        Host::Domain(_) => Err(wrong()),
        Host::Ipv4(address) => Ok(address.to_string()),
        Host::Ipv6(address) => Ok(format!("[{address}]")),
    }
}

const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

fn decide_port(port: i64) -> Result<u16, Refusal> {
    match u16::try_from(port) {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(Refusal::invalid(
            "settings.port",
            "use a number from 1 to 65535",
        )),
    }
}

fn decide_authority(authority: Option<&str>, ways: Ways<'_>) -> Result<(), Refusal> {
    match authority {
        Some(pem) if pem.len() > AUTHORITY_BYTES_MAX || !(ways.reads_authority)(pem) => {
            let problem = "use certificates of authorities in PEM, at most 16 KiB of them";
            Err(Refusal::invalid("settings.caCertificate", problem))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Decided, ReceiverChange, StreamChange, Ways, decide_stream};
    use crate::event_hook::SealedHeader;
    use crate::event_hook::channel::AuthFate;
    use crate::event_hook::envoy::PlainHttp;
    use crate::fault::Refusal;
    use crate::log_stream::{Receiver, Syslog, Webhook};
    use vocab::secret::Secret;

    const WAYS: Ways<'static> = Ways {
        plain: PlainHttp::Never,
        reads_authority: &|pem| pem == "PEM",
    };

    fn syslog(host: &str, port: i64, authority: Option<&str>) -> StreamChange {
        StreamChange {
            name: "Siem".into(),
            filter: String::new(),
            receiver: ReceiverChange::Syslog {
                host: host.into(),
                port,
                authority: authority.map(str::to_owned),
            },
            base_url: "https://id.example".into(),
        }
    }

    fn webhook(uri: &str, auth: Option<(&str, Option<&str>)>) -> StreamChange {
        StreamChange {
            receiver: ReceiverChange::Webhook {
                uri: uri.into(),
                auth: auth.map(|(name, value)| {
                    (
                        name.to_owned(),
                        value.map(|value| Secret::new(value.to_owned())),
                    )
                }),
            },
            ..syslog("", 0, None)
        }
    }

    fn field_of(change: &StreamChange, present: Option<&Receiver>) -> Option<&'static str> {
        match decide_stream(change, present, WAYS) {
            Ok(_) => None,
            Err(Refusal::Invalid { field, .. }) => Some(field),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn hosts_are_names_and_addresses_and_nothing_beside_them() {
        for (host, kept) in [
            ("siem.example", Some("siem.example")),
            ("SIEM.Example", Some("siem.example")),
            ("10.0.0.1", Some("10.0.0.1")),
            ("[2001:db8::1]", Some("[2001:db8::1]")),
            ("0x7f.1", Some("127.0.0.1")),
            ("bücher.example", Some("xn--bcher-kva.example")),
            ("", None),
            ("siem.example:6514", None),
            ("https://siem.example", None),
            ("siem.example/x", None),
            ("a b", None),
            ("a\nb", None),
            ("a%00b", None),
        ] {
            let decided = decide_stream(&syslog(host, 6_514, None), None, WAYS);
            let found = match decided {
                Ok(Decided::Syslog(host, 6_514, None)) => Some(host),
                Err(Refusal::Invalid { field, .. }) => {
                    assert_eq!(field, "settings.host");
                    None
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(found.as_deref(), kept, "{host}");
        }
        let long = format!("{}.example", "a".repeat(250));
        assert_eq!(
            field_of(&syslog(&long, 1, None), None),
            Some("settings.host")
        );
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let named = |name: &str| StreamChange {
            name: name.into(),
            ..syslog("siem.example", 1, None)
        };
        let filtered = |filter: &str| StreamChange {
            filter: filter.into(),
            ..syslog("siem.example", 1, None)
        };
        for (change, field) in [
            (named(""), Some("name")),
            (named("a\nb"), Some("name")),
            (filtered(r#"outcome.result eq "FAILURE""#), None),
            (filtered("eventType pr"), Some("filter")),
            (filtered(r#"eventType eq "no.such""#), Some("filter")),
            (syslog("siem.example", 0, None), Some("settings.port")),
            (syslog("siem.example", -1, None), Some("settings.port")),
            (syslog("siem.example", 65_536, None), Some("settings.port")),
            (syslog("siem.example", 1, Some("PEM")), None),
            (
                syslog("siem.example", 1, Some("")),
                Some("settings.caCertificate"),
            ),
            (webhook("https://siem.example/in", None), None),
            (
                webhook("http://siem.example/in", None),
                Some("settings.uri"),
            ),
            (
                webhook("https://a:b@siem.example/", None),
                Some("settings.uri"),
            ),
            (
                webhook("https://siem.example/", Some(("Host", Some("x")))),
                Some("settings.authScheme"),
            ),
            (
                webhook("https://siem.example/", Some(("Authorization", None))),
                Some("settings.authScheme"),
            ),
        ] {
            assert_eq!(field_of(&change, None), field);
        }
    }

    #[test]
    fn kind_and_stored_value_stay_with_their_receiver() {
        let auth = SealedHeader {
            name: "Authorization".into(),
            sealed: "c2VhbGVk".into(),
        };
        let present = Receiver::Webhook(Webhook {
            uri: "https://siem.example/in".into(),
            auth: Some(auth.clone()),
            secret: String::new(),
            former: None,
        });
        let given = Some(("Authorization", None));
        let kept = decide_stream(
            &webhook("https://siem.example/in", given),
            Some(&present),
            WAYS,
        );
        assert_eq!(kept.unwrap(), Decided::Webhook(AuthFate::Kept(auth)));
        let elsewhere = webhook("https://evil.example/in", given);
        assert_eq!(
            field_of(&elsewhere, Some(&present)),
            Some("settings.authScheme")
        );
        assert_eq!(
            field_of(&syslog("a.example", 1, None), Some(&present)),
            Some("type")
        );
        let present = Receiver::Syslog(Syslog {
            host: "a.example".into(),
            port: 1,
            authority: None,
        });
        let other = webhook("https://siem.example/in", None);
        assert_eq!(field_of(&other, Some(&present)), Some("type"));
    }
}
