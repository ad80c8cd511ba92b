//! What can be said of an edge's TLS on the command line.

use crate::options::listen::parse_listen;
use clap::{Args, ValueEnum};
use edge::tls::acme::AcmeConfig;
use edge::tls::acme::challenges::ChallengeKind;
use edge::tls::sources::{MakerConfig, TlsConfig};
use std::net::SocketAddr;
use std::path::PathBuf;
use url::Url;

/// Where certificates come from, and the doors beside TLS.
#[derive(Debug, Args)]
pub struct EdgeTls {
    /// Certificates from this folder: NAME.pem (the host's, then those that signed it) with NAME.key; also in folders in
    /// it. What changes there is served without a restart.
    #[arg(long)]
    pub tls_files: Option<PathBuf>,
    /// Certificates of an authority of this machine's own, for hosts that no file covers.
    #[arg(long, conflicts_with = "tls_acme")]
    pub tls_local: bool,
    /// Certificates of the authority with this ACME directory, for hosts that no file covers.
    #[arg(long, requires = "acme_accept_terms")]
    pub tls_acme: Option<Url>,
    /// The authority's terms of service are accepted.
    #[arg(long, requires = "tls_acme")]
    pub acme_accept_terms: bool,
    /// The mail address at which the authority reaches whoever runs this.
    #[arg(long, requires = "tls_acme")]
    pub acme_contact: Option<String>,
    /// The roots by which the authority itself is believed (PEM), if not the public ones.
    #[arg(long, requires = "tls_acme")]
    pub acme_roots: Option<PathBuf>,
    /// How hosts are proved: tls-alpn-01 at --listen, which the authority must reach at port 443; http-01 at --http-listen,
    /// at port 80. Both if --http-listen is there, else the first.
    #[arg(long, value_enum, requires = "tls_acme")]
    pub acme_challenge: Vec<ChallengeChoice>,
    /// Send clients that come here with plain HTTP on to TLS.
    #[arg(long, value_parser = parse_listen)]
    pub http_listen: Option<SocketAddr>,
    /// The address for metrics, on loopback.
    #[arg(long, value_parser = parse_listen)]
    pub metrics_listen: Option<SocketAddr>,
}

/// A way to prove a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ChallengeChoice {
    /// By a text over HTTP.
    #[value(name = "http-01")]
    Http01,
    /// By a certificate over TLS.
    #[value(name = "tls-alpn-01")]
    TlsAlpn01,
}

impl EdgeTls {
    /// As the edge wants it.
    #[must_use]
    pub fn config(&self) -> TlsConfig {
        let acme = self.tls_acme.clone().map(|directory| {
            MakerConfig::Acme(AcmeConfig {
                directory,
                roots: self.acme_roots.clone(),
                contact: self.acme_contact.clone(),
                challenges: self.challenges(),
            })
        });
        TlsConfig {
            files: self.tls_files.clone(),
            maker: acme.or(self.tls_local.then_some(MakerConfig::Local)),
        }
    }

    fn challenges(&self) -> Vec<ChallengeKind> {
        let chosen = self.acme_challenge.iter().map(|choice| match choice {
            ChallengeChoice::Http01 => ChallengeKind::Http01,
            ChallengeChoice::TlsAlpn01 => ChallengeKind::TlsAlpn01,
        });
        let chosen: Vec<_> = chosen.collect();
        match (chosen.is_empty(), self.http_listen) {
            (false, _) => chosen,
            (true, Some(_)) => vec![ChallengeKind::TlsAlpn01, ChallengeKind::Http01],
            (true, None) => vec![ChallengeKind::TlsAlpn01],
        }
    }
}
