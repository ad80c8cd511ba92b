//! Proof that a process of the fleet said something: its signature by the key of its own certificate, and the certificate.
//!
//! For what one process says to another by way of a third that must not be able to say it in its stead. Whoever verifies
//! names the role and the name that it wants to hear: a proof of anybody else is none.

use crate::identity::{FleetIdentity, FleetRole, peer_role, server_name};
use crate::parts::{parse_parts, render_parts};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls::SignatureScheme;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::ParsedCertificate;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::Arc;
use std::time::Duration;
use vocab::time::Timestamp;

/// Sets these signatures apart from those of handshakes by the same key, which begin with 64 spaces (RFC 8446 section
/// 4.4.3).
const DOMAIN: &[u8] = b"testudo fleet statement 1";
/// The one kind of signature that certificates of a fleet have keys for: nothing to be talked down from.
const SCHEME: SignatureScheme = SignatureScheme::ECDSA_NISTP256_SHA256;
/// Most certificates in a chain: the holder's, and room for an authority between.
const CHAIN_MAX: usize = 3;
/// Largest certificate; those of a fleet have half a kilobyte.
const CERTIFICATE_BYTES_MAX: usize = 4_096;
/// Largest ECDSA signature over P-256 in DER form.
const SIGNATURE_BYTES_MAX: usize = 72;

/// Largest proof, rendered.
pub const PROOF_BYTES_MAX: usize =
    4 + SIGNATURE_BYTES_MAX + CHAIN_MAX * (4 + CERTIFICATE_BYTES_MAX);

/// A signature by a process of the fleet, not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    signature: Vec<u8>,
    chain: Vec<CertificateDer<'static>>,
}

/// Why a proof is none.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// Our own key cannot sign.
    #[error("the key of this process's certificate cannot sign")]
    Signing,
    /// The chain does not lead to the fleet's authority, is not of this time, or names another process.
    #[error("it is not proved to be of {wanted}: {reason}")]
    Certificate {
        /// Who should have said it.
        wanted: String,
        /// What is wrong.
        reason: String,
    },
    /// The certificate is right, but its key did not sign this.
    #[error("{wanted} did not say this")]
    Signature {
        /// Who should have said it.
        wanted: String,
    },
}

impl Proof {
    /// The proof as bytes.
    #[must_use]
    pub fn render(&self) -> Vec<u8> {
        let chain = self.chain.iter().map(AsRef::as_ref);
        render_parts(std::iter::once(self.signature.as_slice()).chain(chain))
    }

    /// Reads [`Self::render`]; none for anything else.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > PROOF_BYTES_MAX {
            return None;
        }
        let parts = parse_parts(bytes, 1 + CHAIN_MAX)?;
        let (signature, chain) = parts.split_first()?;
        let fits = signature.len() <= SIGNATURE_BYTES_MAX
            && chain.iter().all(|part| part.len() <= CERTIFICATE_BYTES_MAX);
        (fits && !chain.is_empty()).then(|| Self {
            signature: signature.to_vec(),
            chain: chain
                .iter()
                .map(|part| CertificateDer::from(part.to_vec()))
                .collect(),
        })
    }
}

impl FleetIdentity {
    /// Signs a statement. It must say by itself what it is about and among whom.
    ///
    /// # Errors
    /// [`ProofError::Signing`] for a key of another kind, or without randomness.
    pub fn prove(&self, statement: &[u8]) -> Result<Proof, ProofError> {
        let shown = self.shown.now();
        let signer = shown
            .key
            .choose_scheme(&[SCHEME])
            .ok_or(ProofError::Signing)?;
        let signature = signer
            .sign(&render_signed(statement))
            .map_err(|_| ProofError::Signing)?;
        Ok(Proof {
            signature,
            chain: shown.cert.clone(),
        })
    }

    /// Whether this process of the same fleet, and no other, signed this statement; its certificate must be good now.
    ///
    /// # Errors
    /// [`ProofError`] says whose word it is not.
    pub fn verify(
        &self,
        proof: &Proof,
        (role, name): (FleetRole, &str),
        statement: &[u8],
        now: Timestamp,
    ) -> Result<(), ProofError> {
        let wanted = server_name(role, name);
        let leaf = self.verify_chain(proof, role, &wanted, now);
        let leaf = leaf.map_err(|reason| ProofError::Certificate {
            wanted: wanted.clone(),
            reason,
        })?;
        let key = leaf.subject_public_key_info();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.as_ref())
            .verify(&render_signed(statement), &proof.signature)
            .map_err(|_| ProofError::Signature { wanted })
    }

    fn verify_chain<'p>(
        &self,
        proof: &'p Proof,
        role: FleetRole,
        wanted: &str,
        now: Timestamp,
    ) -> Result<ParsedCertificate<'p>, String> {
        let (leaf, above) = proof.chain.split_first().ok_or("there is no certificate")?;
        let name = ServerName::try_from(wanted).map_err(|error| error.to_string())?;
        let now = u64::try_from(now.seconds()).map_err(|error| error.to_string())?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
        let provider = Arc::new(default_provider());
        WebPkiServerVerifier::builder_with_provider(Arc::clone(&self.roots), provider)
            .build()
            .map_err(|error| error.to_string())?
            .verify_server_cert(leaf, above, &name, &[], now)
            .map_err(|error| error.to_string())?;
        // The name lies below the role's own; a certificate that has the one without the other was not issued for it.
        if peer_role(leaf) != Some(role) {
            return Err(String::from("the certificate is of another role"));
        }
        ParsedCertificate::try_from(leaf).map_err(|error| error.to_string())
    }
}

fn render_signed(statement: &[u8]) -> Vec<u8> {
    render_parts([DOMAIN, statement])
}

#[cfg(test)]
mod tests;
