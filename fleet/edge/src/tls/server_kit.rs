//! How we speak TLS: versions, groups, tickets and application protocols are the same for every host; only the certificate
//! differs.

use rustls::crypto::aws_lc_rs;
use rustls::crypto::aws_lc_rs::kx_group::X25519MLKEM768;
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::server::{ClientHello, NoServerSessionStorage, ProducesTickets};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{NamedGroup, ServerConfig, SupportedCipherSuite};
use std::sync::Arc;

/// The protocol by which a certificate authority asks for proof of a host (RFC 8737 section 6.2).
pub const CHALLENGE_PROTOCOL: &[u8] = b"acme-tls/1";
/// What we speak otherwise, the better first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// What all configurations are made of. Clones share it.
#[derive(Clone)]
pub struct ServerKit {
    provider: Arc<CryptoProvider>,
    hybrid: Arc<CryptoProvider>,
    tickets: Arc<dyn ProducesTickets>,
}

/// How connections of one certificate are configured.
#[derive(Debug, Clone)]
pub struct Configs {
    /// For clients that can agree on a key that quantum computers do not break.
    hybrid: Arc<ServerConfig>,
    /// For all others.
    classic: Arc<ServerConfig>,
}

impl ServerKit {
    /// A kit with ticket keys of its own: sessions are resumed by the edge that began them.
    ///
    /// # Errors
    /// The crypto provider cannot draw keys.
    pub fn new() -> Result<Self, rustls::Error> {
        let provider = aws_lc_rs::default_provider();
        let hybrid = CryptoProvider {
            kx_groups: vec![X25519MLKEM768 as &dyn SupportedKxGroup],
            ..provider.clone()
        };
        Ok(Self {
            provider: Arc::new(provider),
            hybrid: Arc::new(hybrid),
            // Tickets hold the session, encrypted: what resumption costs us does not grow with the clients.
            tickets: aws_lc_rs::Ticketer::new()?,
        })
    }

    /// The crypto provider.
    #[must_use]
    pub fn provider(&self) -> &CryptoProvider {
        &self.provider
    }

    /// Configurations that show this certificate.
    ///
    /// # Errors
    /// The provider does not support what we speak.
    pub fn serve(&self, key: CertifiedKey) -> Result<Configs, rustls::Error> {
        let key = Arc::new(key);
        let with_tickets = |provider| -> Result<_, rustls::Error> {
            let mut config = configure(provider, Arc::clone(&key))?;
            config.ticketer = Arc::clone(&self.tickets);
            config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
            Ok(Arc::new(config))
        };
        Ok(Configs {
            hybrid: with_tickets(&self.hybrid)?,
            classic: with_tickets(&self.provider)?,
        })
    }

    /// A configuration for the one handshake in which a certificate authority looks at a challenge. It never resumes and is
    /// never resumed.
    ///
    /// # Errors
    /// The provider does not support what we speak.
    pub fn serve_challenge(&self, key: CertifiedKey) -> Result<Arc<ServerConfig>, rustls::Error> {
        let mut config = configure(&self.provider, Arc::new(key))?;
        config.alpn_protocols = vec![CHALLENGE_PROTOCOL.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}

fn configure(
    provider: &Arc<CryptoProvider>,
    key: Arc<CertifiedKey>,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    // What is sent early can be sent again by anybody (RFC 8446 section 8).
    config.max_early_data_size = 0;
    Ok(config)
}

impl Configs {
    /// The configuration for a client. By the library's rule the order of the client would decide between groups; ours
    /// does, at the price of one more round trip where the client guessed otherwise.
    #[must_use]
    pub fn fit(&self, hello: &ClientHello<'_>) -> Arc<ServerConfig> {
        let speaks_1_3 = hello.cipher_suites().iter().any(|offered| {
            let known = aws_lc_rs::ALL_CIPHER_SUITES.iter();
            known
                .filter(|suite| matches!(suite, SupportedCipherSuite::Tls13(_)))
                .any(|suite| suite.suite() == *offered)
        });
        let groups = hello.named_groups().unwrap_or_default();
        if speaks_1_3 && groups.contains(&NamedGroup::X25519MLKEM768) {
            Arc::clone(&self.hybrid)
        } else {
            Arc::clone(&self.classic)
        }
    }
}
