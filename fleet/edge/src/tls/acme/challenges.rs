//! What a certificate authority finds when it looks whether a host is ours: a text over HTTP (RFC 8555 section 8.3), or a
//! certificate over TLS (RFC 8737). Each is shown while its order is under way, and no longer.

use crate::tls::server_kit::ServerKit;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::ServerConfig;
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivateKeyDer;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A way to prove a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeKind {
    /// By a text at a path, on port 80.
    Http01,
    /// By a certificate, on port 443.
    TlsAlpn01,
}

impl ChallengeKind {
    /// The name in RFC 8555 and RFC 8737.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http01 => "http-01",
            Self::TlsAlpn01 => "tls-alpn-01",
        }
    }
}

/// Why a challenge cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ChallengeError {
    /// Its certificate cannot be made.
    #[error("the certificate of a challenge cannot be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// Its certificate cannot be used.
    #[error("the certificate of a challenge cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What is shown at the moment. Clones share it.
#[derive(Clone, Default)]
pub struct Challenges(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    /// By host and token.
    texts: HashMap<(String, String), String>,
    /// By host.
    certificates: HashMap<String, Arc<ServerConfig>>,
}

/// Once this is gone, the challenge is shown no more.
#[must_use]
pub struct Shown {
    challenges: Challenges,
    host: String,
    token: Option<String>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        let mut open = self.challenges.open();
        let host = std::mem::take(&mut self.host);
        match self.token.take() {
            Some(token) => drop(open.texts.remove(&(host, token))),
            None => drop(open.certificates.remove(&host)),
        }
    }
}

impl Challenges {
    /// Shows a text.
    pub fn show_text(&self, host: &str, token: &str, text: &str) -> Shown {
        let key = (host.to_owned(), token.to_owned());
        self.open().texts.insert(key, text.to_owned());
        Shown {
            challenges: self.clone(),
            host: host.to_owned(),
            token: Some(token.to_owned()),
        }
    }

    /// Shows a certificate with this SHA-256 digest in it.
    ///
    /// # Errors
    /// [`ChallengeError`].
    pub fn show_certificate(
        &self,
        kit: &ServerKit,
        host: &str,
        digest: &[u8; 32],
    ) -> Result<Shown, ChallengeError> {
        let mut params = CertificateParams::new(vec![host.to_owned()])?;
        params.distinguished_name = DistinguishedName::new();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let chain = vec![certificate.der().clone()];
        let key = kit.provider().key_provider.load_private_key(key)?;
        // Not checked as other certificates are: its one extension is critical, and known to authorities alone.
        let key = CertifiedKey::new(chain, key);
        let config = kit.serve_challenge(key)?;
        self.open().certificates.insert(host.to_owned(), config);
        Ok(Shown {
            challenges: self.clone(),
            host: host.to_owned(),
            token: None,
        })
    }

    /// The text of a token, if it was asked for at its host.
    #[must_use]
    pub fn text(&self, host: &str, token: &str) -> Option<String> {
        let key = (host.to_owned(), token.to_owned());
        self.open().texts.get(&key).cloned()
    }

    /// How the challenge of a host is shown over TLS.
    #[must_use]
    pub fn certificate(&self, host: &str) -> Option<Arc<ServerConfig>> {
        self.open().certificates.get(host).cloned()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
