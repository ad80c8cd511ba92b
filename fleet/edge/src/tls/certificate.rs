//! A certificate with its key: read, held against its bounds, and ready to be shown.

use crate::tls::server_kit::{Configs, ServerKit};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;
use std::net::IpAddr;
use vocab::time::Timestamp;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Most certificates of one chain.
const CHAIN_MAX: usize = 10;
/// Most names of one certificate. Public authorities stop at 100.
const NAMES_MAX: usize = 1_000;
/// A certificate ends soon in the last part of its life, one of this many.
const SOON_PARTS: i64 = 6;
/// But not before so many days.
const SOON_DAYS_MAX: i64 = 30;

/// Why a certificate is not used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// There is no certificate, or it is not in PEM form.
    #[error("there is no certificate in PEM form in it")]
    NoCertificate,
    /// There is no key, or it is not in PEM form.
    #[error("there is no private key in PEM form in it: {0}")]
    NoKey(rustls_pki_types::pem::Error),
    /// The chain is longer than any that is used.
    #[error("the chain has more than {CHAIN_MAX} certificates")]
    LongChain,
    /// The leaf cannot be understood.
    #[error("the first certificate cannot be read: {0}")]
    Unreadable(String),
    /// It names no host that a client could look for.
    #[error("the first certificate names no host among its alternative names")]
    NoNames,
    /// It is an authority's.
    #[error("the first certificate is one of an authority; the host's own comes first")]
    Authority,
    /// Key and certificate do not belong together, or the key is of an unknown kind.
    #[error("certificate and key cannot be used together: {0}")]
    Unusable(#[from] rustls::Error),
}

/// A name in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// This host.
    Host(String),
    /// Any one label before this host.
    Below(String),
    /// This address.
    Address(IpAddr),
}

impl Name {
    /// A name as it stands in a certificate; none if no host has it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (below, host) = match text.strip_prefix("*.") {
            Some(host) => (true, host),
            None => (false, text.as_str()),
        };
        if wire::names::Host::parse(host).is_err() || host.parse::<IpAddr>().is_ok() {
            return None;
        }
        Some(if below {
            Self::Below(host.to_owned())
        } else {
            Self::Host(host.to_owned())
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => formatter.write_str(host),
            Self::Below(host) => write!(formatter, "*.{host}"),
            Self::Address(address) => address.fmt(formatter),
        }
    }
}

/// Where in its life a certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Age {
    /// It is good, and will be for a while.
    Good,
    /// It is good, and should be replaced.
    EndsSoon,
    /// It is not good yet: it was made for later, or our clock is behind.
    NotYet,
    /// It is good no more.
    Ended,
}

/// A certificate that can be shown.
pub struct Certificate {
    /// How connections show it.
    pub configs: Configs,
    /// The hosts it is for.
    pub names: Vec<Name>,
    /// From when it is good.
    pub begins: Timestamp,
    /// Until when.
    pub ends: Timestamp,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Certificate({:?})", self.names)
    }
}

impl Certificate {
    /// From a chain and a key in PEM form, which may be one text.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn from_pem(kit: &ServerKit, chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain)
            .take(CHAIN_MAX + 1)
            .collect();
        let chain = chain.map_err(|_| CertificateError::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(CertificateError::NoKey)?;
        Self::new(kit, chain, key)
    }

    /// From a chain and a key.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn new(
        kit: &ServerKit,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, CertificateError> {
        if chain.len() > CHAIN_MAX {
            return Err(CertificateError::LongChain);
        }
        let leaf = chain.first().ok_or(CertificateError::NoCertificate)?;
        let said = parse_leaf(leaf)?;
        let key = CertifiedKey::from_der(chain, key, kit.provider())?;
        Ok(Self {
            configs: kit.serve(key)?,
            names: said.names,
            begins: said.begins,
            ends: said.ends,
        })
    }

    /// Whether a client that wants this host would accept the name. By RFC 9525 section 6.3 the star stands for one label.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        if let Some(address) = parse_address(host) {
            return self.names.contains(&Name::Address(address));
        }
        let parent = host.split_once('.').map(|(_, parent)| parent);
        self.names.iter().any(|name| match name {
            Name::Host(known) => known == host,
            Name::Below(known) => parent == Some(known.as_str()),
            Name::Address(_) => false,
        })
    }

    /// Where in its life it is.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Age {
        decide_age(self.begins, self.ends, now)
    }
}

/// Where in its life something is that is good between two moments, both of them included (RFC 5280 section 4.1.2.5).
#[must_use]
pub fn decide_age(begins: Timestamp, ends: Timestamp, now: Timestamp) -> Age {
    let soon = (ends.secs_since(begins) / SOON_PARTS).min(SOON_DAYS_MAX * 86_400);
    if now < begins {
        Age::NotYet
    } else if now > ends {
        Age::Ended
    } else if ends.secs_since(now) < soon {
        Age::EndsSoon
    } else {
        Age::Good
    }
}

/// An address as it stands in a URL or by itself.
#[must_use]
pub fn parse_address(host: &str) -> Option<IpAddr> {
    let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    inner.unwrap_or(host).parse().ok()
}

struct Leaf {
    names: Vec<Name>,
    begins: Timestamp,
    ends: Timestamp,
}

fn parse_leaf(leaf: &CertificateDer<'_>) -> Result<Leaf, CertificateError> {
    let unreadable = |error: &dyn fmt::Display| CertificateError::Unreadable(error.to_string());
    let (_, leaf) = X509Certificate::from_der(leaf).map_err(|error| unreadable(&error))?;
    if leaf.is_ca() {
        return Err(CertificateError::Authority);
    }
    let alternatives = leaf.subject_alternative_name();
    let alternatives = alternatives.map_err(|error| unreadable(&error))?;
    let listed = alternatives.map(|extension| extension.value.general_names.as_slice());
    // The common name is of no meaning: no client looks at it any more (RFC 9525 section 2).
    let names = listed.unwrap_or_default().iter().take(NAMES_MAX);
    let names: Vec<Name> = names.filter_map(read_name).collect();
    if names.is_empty() {
        return Err(CertificateError::NoNames);
    }
    let validity = leaf.validity();
    Ok(Leaf {
        names,
        begins: Timestamp::from_seconds(validity.not_before.timestamp()),
        ends: Timestamp::from_seconds(validity.not_after.timestamp()),
    })
}

fn read_name(name: &GeneralName<'_>) -> Option<Name> {
    match name {
        GeneralName::DNSName(text) => Name::parse(text),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(IpAddr::from),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(IpAddr::from),
            _ => None,
        }
        .map(Name::Address),
        _ => None,
    }
}
