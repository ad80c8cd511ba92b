//! Where the certificate of a host comes from: a file before anything else, then whoever makes one.

use crate::tls::acme::challenges::Challenges;
use crate::tls::acme::{Acme, AcmeConfig};
use crate::tls::certificate::Certificate;
use crate::tls::files::Files;
use crate::tls::local::LocalAuthority;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

/// Most certificates whose end is told among the metrics.
const TOLD_MAX: usize = 1_000;

/// Where certificates come from, as it is said on the command line.
#[derive(Debug, Clone, Default)]
pub struct TlsConfig {
    /// A folder of files.
    pub files: Option<PathBuf>,
    /// Who makes certificates for hosts that no file covers.
    pub maker: Option<MakerConfig>,
}

/// Who makes certificates.
#[derive(Debug, Clone)]
pub enum MakerConfig {
    /// An authority of this machine's own.
    Local,
    /// An authority that is asked by ACME.
    Acme(AcmeConfig),
}

impl TlsConfig {
    /// Whether clients speak TLS at all.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.files.is_some() || self.maker.is_some()
    }
}

/// What there is for a host.
#[derive(Debug)]
pub enum Found {
    /// A certificate.
    Certificate(Arc<Certificate>),
    /// None yet; it is being obtained, or will be.
    NotYet,
    /// Nothing: the host is none of ours.
    Nothing,
}

/// All sources.
#[derive(Clone)]
pub struct Sources {
    /// Files.
    pub files: Option<Files>,
    /// Who makes what no file has.
    pub maker: Option<Maker>,
}

/// Who makes certificates.
#[derive(Clone)]
pub enum Maker {
    /// This machine.
    Local(LocalAuthority),
    /// An authority.
    Acme(Acme),
}

impl Sources {
    /// The certificate of a host. Nothing else is ever shown in its place.
    pub async fn find(&self, host: &str) -> Found {
        let file = self.files.as_ref().and_then(|files| files.find(host));
        match (file, &self.maker) {
            (Some(certificate), _) => Found::Certificate(certificate),
            (None, Some(Maker::Acme(acme))) => acme.find(host).await,
            (None, Some(Maker::Local(local))) => match local.find(host) {
                Ok(certificate) => certificate.map_or(Found::Nothing, Found::Certificate),
                Err(error) => {
                    tracing::error!(host, %error, "a certificate could not be made");
                    Found::NotYet
                }
            },
            (None, None) => Found::Nothing,
        }
    }

    /// What is shown to certificate authorities, if one is asked.
    #[must_use]
    pub fn challenges(&self) -> Option<&Challenges> {
        match &self.maker {
            Some(Maker::Acme(acme)) => Some(acme.challenges()),
            Some(Maker::Local(_)) | None => None,
        }
    }

    /// When certificates end, in the text form of Prometheus.
    #[must_use]
    pub fn render(&self) -> String {
        let mut all = self.files.as_ref().map(Files::all).unwrap_or_default();
        match &self.maker {
            Some(Maker::Acme(acme)) => all.extend(acme.all()),
            Some(Maker::Local(local)) => all.extend(local.all()),
            None => {}
        }
        all.sort_by_key(|certificate| certificate.ends);
        let mut text = String::from(
            "# HELP testudo_edge_tls_certificate_ends_seconds When a certificate ends, in seconds since 1970.\n\
             # TYPE testudo_edge_tls_certificate_ends_seconds gauge\n",
        );
        for certificate in all.iter().take(TOLD_MAX) {
            let Some(name) = certificate.names.first() else {
                continue;
            };
            // Writing into a text does not fail. A name is letters, digits, dots, hyphens and a star.
            let _ = writeln!(
                text,
                "testudo_edge_tls_certificate_ends_seconds{{host=\"{name}\"}} {}",
                certificate.ends.seconds()
            );
        }
        text
    }
}
