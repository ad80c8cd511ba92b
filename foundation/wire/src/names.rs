//! Names of cells and hosts.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Longest name of a cell: it must fit a DNS label beside others.
pub const CELL_NAME_CHARS_MAX: usize = 31;
/// Longest host name (RFC 1035 section 2.3.4).
pub const HOST_CHARS_MAX: usize = 253;

/// Why a text is no such name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(&'static str);

/// The name of a cell, for example `cell-a`. Clones share their text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CellName(Arc<str>);

impl CellName {
    /// Accepts a lower-case letter and up to 30 letters, digits and hyphens.
    ///
    /// # Errors
    /// [`NameError`] says what a name looks like.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let shaped = text.len() <= CELL_NAME_CHARS_MAX
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && !text.ends_with('-')
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if shaped {
            Ok(Self(text.into()))
        } else {
            Err(NameError(
                "the name of a cell is a lower-case letter and up to 30 letters, digits and inner hyphens",
            ))
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A host name or address without a port, lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Host(Box<str>);

impl Host {
    /// Accepts a lower-case DNS name or an IP address.
    ///
    /// # Errors
    /// [`NameError`] says what a host looks like.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let name = text.len() <= HOST_CHARS_MAX && text.split('.').all(label);
        if name || text.parse::<IpAddr>().is_ok() {
            Ok(Self(text.into()))
        } else {
            Err(NameError(
                "a host is a lower-case DNS name or an IP address",
            ))
        }
    }

    /// The host as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The address of an org in a fleet that people reach at this origin: what is made for one address (passkeys, sessions, issuers)
/// does not fit another one of the same org, so whoever is told an address is told this one. Below `localhost` each org has a host
/// of its own, for browsers look such names up nowhere (RFC 6761 section 6.3); elsewhere nobody knows whether DNS and certificates
/// are there for that.
#[must_use]
pub fn org_address(origin: &str, slug: &str) -> String {
    let origin = origin.trim_end_matches('/');
    let local = origin
        .split_once("://localhost")
        .filter(|(_, port)| port.is_empty() || port.starts_with(':'));
    match local {
        Some((scheme, port)) => format!("{scheme}://{slug}.localhost{port}"),
        None => format!("{origin}/t/{slug}"),
    }
}

macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                String::from(&*name.0)
            }
        }

        impl From<&$name> for vocab::value::Value {
            fn from(name: &$name) -> Self {
                Self::Text(String::from(&*name.0))
            }
        }
    )*};
}

as_text!(CellName, Host);

#[cfg(test)]
mod tests {
    use super::{CellName, Host, org_address};

    #[test]
    fn names_have_one_shape() {
        for good in ["cell-a", "a", "eu-west-1"] {
            assert_eq!(CellName::parse(good).unwrap().as_str(), good);
        }
        let long = "a".repeat(32);
        for bad in ["", "A", "1a", "-a", "a-", "a.b", "ä", long.as_str()] {
            assert!(CellName::parse(bad).is_err(), "{bad}");
        }
        for good in [
            "localhost",
            "login.acme.example",
            "127.0.0.1",
            "::1",
            "xn--bcher-kva.example",
        ] {
            assert_eq!(Host::parse(good).unwrap().as_str(), good);
        }
        let long = format!("{}.example", "a".repeat(64));
        for bad in [
            "",
            "A.example",
            "a..b",
            ".a",
            "a.",
            "a b",
            "a:80",
            "-a.example",
            long.as_str(),
        ] {
            assert!(Host::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_org_is_told_of_at_one_address() {
        for (origin, address) in [
            ("http://localhost:8080", "http://acme.localhost:8080"),
            ("https://localhost:8080/", "https://acme.localhost:8080"),
            ("http://localhost", "http://acme.localhost"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/t/acme"),
            ("https://id.example.com/", "https://id.example.com/t/acme"),
            (
                "https://localhost.example.com",
                "https://localhost.example.com/t/acme",
            ),
        ] {
            assert_eq!(org_address(origin, "acme"), address, "{origin}");
        }
    }
}
