//! Private signature keys in memory: make, store as PKCS#8, sign.
//!
//! The private half leaves this type only through [`SigningKey::to_pkcs8`], into memory that is wiped. Sealing it
//! for storage is the caller's duty.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use zeroize::Zeroizing;

use crate::jose::algorithm::Algorithm;
use crate::jose::jwk::{Jwk, JwkError, KeyMaterial};

/// The largest PKCS#8 document that is read (an RSA key of 8192 bits has about 4.7 KiB).
pub const PKCS8_BYTES_MAX: usize = 8 * 1024;

/// Why a key could not be made, read or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// The system gave no randomness, or the library failed inside.
    #[error("the key could not be generated")]
    Generate,
    /// The document is no private key of this algorithm.
    #[error("the PKCS#8 document is not a private key for this algorithm")]
    Rejected,
    /// The key could not be written as PKCS#8.
    #[error("the key could not be written as PKCS#8")]
    Encode,
    /// The signature failed.
    #[error("the signature failed")]
    Sign,
}

/// A private key and its algorithm.
pub struct SigningKey {
    pair: Pair,
    material: KeyMaterial,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new key: RSA 2048, P-256 or Ed25519. RSA takes a tenth of a second or more: never on a request's path.
    ///
    /// # Errors
    /// [`SigningKeyError::Generate`] when the library cannot make one.
    pub fn generate(algorithm: Algorithm) -> Result<SigningKey, SigningKeyError> {
        let pair = match algorithm {
            Algorithm::Rs256 => RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
            Algorithm::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::P256)
            }
            Algorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed25519),
        };
        SigningKey::from_pair(pair.map_err(|_| SigningKeyError::Generate)?)
    }

    /// Reads a key from PKCS#8 (RFC 5208, RFC 5958).
    ///
    /// # Errors
    /// [`SigningKeyError::Rejected`] when the document is too large or no consistent key of this algorithm.
    pub fn from_pkcs8(
        algorithm: Algorithm,
        document: &[u8],
    ) -> Result<SigningKey, SigningKeyError> {
        if document.len() > PKCS8_BYTES_MAX {
            return Err(SigningKeyError::Rejected);
        }
        let pair = match algorithm {
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(document).map(Pair::Rsa),
            Algorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document).map(Pair::P256)
            }
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(document).map(Pair::Ed25519),
        };
        SigningKey::from_pair(pair.map_err(|_| SigningKeyError::Rejected)?)
    }

    fn from_pair(pair: Pair) -> Result<SigningKey, SigningKeyError> {
        let material = match &pair {
            Pair::Rsa(pair) => KeyMaterial::Rsa {
                modulus: pair
                    .public_key()
                    .modulus()
                    .big_endian_without_leading_zero()
                    .to_vec(),
                exponent: pair
                    .public_key()
                    .exponent()
                    .big_endian_without_leading_zero()
                    .to_vec(),
            },
            Pair::P256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point
                    .strip_prefix(&[0x04])
                    .and_then(split_point)
                    .ok_or(SigningKeyError::Rejected)?;
                KeyMaterial::P256 { x, y }
            }
            Pair::Ed25519(pair) => {
                let x = pair
                    .public_key()
                    .as_ref()
                    .try_into()
                    .map_err(|_| SigningKeyError::Rejected)?;
                KeyMaterial::Ed25519 { x }
            }
        };
        Ok(SigningKey { pair, material })
    }

    /// The key as PKCS#8, in memory that is wiped when dropped.
    ///
    /// # Errors
    /// [`SigningKeyError::Encode`] when the library fails.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, SigningKeyError> {
        let document = match &self.pair {
            Pair::Rsa(pair) => pair
                .as_der()
                .map(|der| Zeroizing::new(der.as_ref().to_vec())),
            Pair::P256(pair) => pair
                .to_pkcs8v1()
                .map(|der| Zeroizing::new(der.as_ref().to_vec())),
            Pair::Ed25519(pair) => pair
                .to_pkcs8v1()
                .map(|der| Zeroizing::new(der.as_ref().to_vec())),
        };
        document.map_err(|_| SigningKeyError::Encode)
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match &self.pair {
            Pair::Rsa(_) => Algorithm::Rs256,
            Pair::P256(_) => Algorithm::Es256,
            Pair::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Signs a message. ECDSA signatures are the two numbers side by side (RFC 7518 section 3.4).
    ///
    /// # Errors
    /// [`SigningKeyError::Sign`] when the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    message,
                    &mut signature,
                )
                .map_err(|_| SigningKeyError::Sign)?;
                Ok(signature)
            }
            Pair::P256(pair) => {
                let signature = pair
                    .sign(&SystemRandom::new(), message)
                    .map_err(|_| SigningKeyError::Sign)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => {
                let signature = pair.try_sign(message).map_err(|_| SigningKeyError::Sign)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }

    /// The public half under a key id.
    ///
    /// # Errors
    /// [`JwkError`] when the key id is malformed or the key is out of our range.
    pub fn public_jwk(&self, kid: &str) -> Result<Jwk, JwkError> {
        Jwk::from_material(Some(kid.to_owned()), self.material.clone())
    }

    /// The RFC 7638 thumbprint of the public half, which makes a good key id.
    ///
    /// # Errors
    /// [`JwkError`] when the key is out of our range.
    pub fn thumbprint(&self) -> Result<String, JwkError> {
        Ok(Jwk::from_material(None, self.material.clone())?.thumbprint())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

fn split_point(coordinates: &[u8]) -> Option<([u8; 32], [u8; 32])> {
    let (x, y) = coordinates.split_at_checked(32)?;
    Some((x.try_into().ok()?, y.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{PKCS8_BYTES_MAX, SigningKey, SigningKeyError};
    use crate::jose::algorithm::Algorithm;

    #[test]
    fn generates_stores_signs_and_verifies() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let document = key.to_pkcs8().unwrap();
            assert!(document.len() <= PKCS8_BYTES_MAX);
            let again = SigningKey::from_pkcs8(algorithm, &document).unwrap();
            let jwk = again.public_jwk("k1").unwrap();
            assert_eq!(jwk, key.public_jwk("k1").unwrap());
            assert_eq!((jwk.algorithm(), key.algorithm()), (algorithm, algorithm));
            assert_eq!(jwk.thumbprint(), key.thumbprint().unwrap());
            let signature = key.sign(b"message").unwrap();
            assert!(jwk.verifies(b"message", &signature));
            assert!(!jwk.verifies(b"massage", &signature));
            assert!(!jwk.verifies(b"message", &signature[1..]));
            assert!(!jwk.verifies(b"message", b""));
        }
    }

    #[test]
    fn refuses_another_algorithms_key_and_garbage() {
        for algorithm in Algorithm::ALL {
            let document = SigningKey::generate(algorithm).unwrap().to_pkcs8().unwrap();
            for other in Algorithm::ALL
                .into_iter()
                .filter(|other| *other != algorithm)
            {
                assert_eq!(
                    SigningKey::from_pkcs8(other, &document).unwrap_err(),
                    SigningKeyError::Rejected
                );
            }
            for bytes in [
                &document[..document.len() - 1],
                b"",
                &[0; PKCS8_BYTES_MAX + 1],
            ] {
                assert_eq!(
                    SigningKey::from_pkcs8(algorithm, bytes).unwrap_err(),
                    SigningKeyError::Rejected
                );
            }
        }
    }

    #[test]
    fn says_nothing_private_in_debug() {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey { algorithm: EdDsa, .. }");
    }
}
