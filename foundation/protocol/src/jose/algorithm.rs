//! The signature algorithms that we sign and verify with (RFC 7518 section 3.1, RFC 8037 section 3.1).

use std::fmt;

use aws_lc_rs::digest::{Digest, SHA256, SHA512, digest};
use serde::{Deserialize, Serialize};

/// A JWS signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3).
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4).
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519 (RFC 8037 section 3.1).
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// Every algorithm, in the order in which metadata lists them.
    pub const ALL: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];

    /// The name in the `alg` header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
            Algorithm::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of an `alg` value. `Ed25519` is the fully-specified name of RFC 9864 section 2.2 for what
    /// `EdDSA` means here. Names compare by case (RFC 7515 section 4.1.1).
    #[must_use]
    pub fn parse(name: &str) -> Option<Algorithm> {
        match name {
            "RS256" => Some(Algorithm::Rs256),
            "ES256" => Some(Algorithm::Es256),
            "EdDSA" | "Ed25519" => Some(Algorithm::EdDsa),
            _ => None,
        }
    }

    /// The hash that belongs to the algorithm (`at_hash`, OpenID Connect Core section 3.1.3.6). Ed25519 hashes
    /// with SHA-512 inside (RFC 8032 section 5.1).
    #[must_use]
    pub fn digest(self, bytes: &[u8]) -> Digest {
        match self {
            Algorithm::Rs256 | Algorithm::Es256 => digest(&SHA256, bytes),
            Algorithm::EdDsa => digest(&SHA512, bytes),
        }
    }

    /// How long a signature usually is, for sizing buffers.
    pub(crate) const fn signature_bytes_hint(self) -> usize {
        match self {
            Algorithm::Rs256 => 256,
            Algorithm::Es256 | Algorithm::EdDsa => 64,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Algorithm;

    #[test]
    fn names_round_trip_and_the_dangerous_ones_do_not_exist() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.name()), Some(algorithm));
            let json = serde_json::to_string(&algorithm).unwrap();
            assert_eq!(json, format!("\"{algorithm}\""));
        }
        assert_eq!(Algorithm::parse("Ed25519"), Some(Algorithm::EdDsa));
        for name in [
            "none", "None", "HS256", "rs256", "RS1", "PS256", "ES384", "",
        ] {
            assert_eq!(Algorithm::parse(name), None, "{name}");
        }
    }
}
