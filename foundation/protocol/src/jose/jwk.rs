//! One public key as a JWK (RFC 7517), and its thumbprint (RFC 7638).
//!
//! A [`Jwk`] that exists is usable: the numbers are in range, the point lies on the curve, and the key is parsed
//! for verification. Private members are refused, never dropped: whoever sends one has leaked a key and must hear it.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use serde_json::{Map, Value, json};

use crate::jose::algorithm::Algorithm;
use crate::jose::base64url;
use crate::json;

/// The largest JWK text that is read.
pub const JWK_BYTES_MAX: usize = 8 * 1024;
/// The longest key id.
pub const KID_BYTES_MAX: usize = 128;
/// RSA keys are this long at least (RFC 7518 section 3.3).
pub const RSA_BITS_MIN: usize = 2048;
/// RSA keys are this long at most: verification time grows with the square.
pub const RSA_BITS_MAX: usize = 8192;

/// Members that belong to private or symmetric keys (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a JWK was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Not a JSON object within bounds.
    #[error("the key is not a JSON object, is too large, or repeats a member")]
    Malformed,
    /// A private or symmetric member is present.
    #[error(
        "the key holds a private member: it is compromised now, make a new one and send its public half only"
    )]
    Private,
    /// A required member is missing, of the wrong type, or wrongly encoded.
    #[error("the member {0} is missing or malformed")]
    Member(&'static str),
    /// An RSA modulus or exponent out of range.
    #[error("an RSA key must have 2048 to 8192 bits and an odd public exponent from 3 to 2^32")]
    RsaRange,
    /// The coordinates are not a point of the curve.
    #[error("the coordinates x and y are not a point of P-256")]
    NotOnCurve,
    /// A key type, curve, algorithm or use that is not for our signatures.
    #[error(
        "the key is of a type, curve, algorithm or use that is not supported (RS256, ES256, EdDSA signatures are)"
    )]
    Unsupported,
}

/// The numbers of a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyMaterial {
    /// RSA (RFC 7518 section 6.3.1): big-endian, without leading zeros.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The public exponent.
        exponent: Vec<u8>,
    },
    /// A point of P-256 (RFC 7518 section 6.2.1).
    P256 {
        /// The x coordinate.
        x: [u8; 32],
        /// The y coordinate.
        y: [u8; 32],
    },
    /// An Ed25519 public key (RFC 8037 section 2).
    Ed25519 {
        /// The encoded point.
        x: [u8; 32],
    },
}

/// A public key that is ready to verify with.
#[derive(Clone)]
pub struct Jwk {
    kid: Option<String>,
    algorithm: Algorithm,
    material: KeyMaterial,
    parsed: Arc<ParsedPublicKey>,
}

impl Jwk {
    /// Parses one public JWK.
    ///
    /// # Errors
    /// [`JwkError`] when the text is no usable public signature key.
    pub fn parse(bytes: &[u8]) -> Result<Jwk, JwkError> {
        let members = json::parse_object(bytes, JWK_BYTES_MAX).map_err(|_| JwkError::Malformed)?;
        Jwk::from_members(&members)
    }

    /// Reads one public JWK from JSON members that went through [`json::parse_object`].
    ///
    /// # Errors
    /// [`JwkError`] when the members are no usable public signature key.
    pub fn from_members(members: &Map<String, Value>) -> Result<Jwk, JwkError> {
        if PRIVATE_MEMBERS
            .iter()
            .any(|name| members.contains_key(*name))
        {
            return Err(JwkError::Private);
        }
        let kid = parse_kid(members)?;
        let (algorithm, material) = parse_material(members)?;
        parse_purpose(members, algorithm)?;
        Jwk::from_material(kid, material)
    }

    /// Builds a key from its numbers.
    ///
    /// # Errors
    /// [`JwkError`] when the numbers are out of range, not on the curve, or the key id is malformed.
    pub fn from_material(kid: Option<String>, material: KeyMaterial) -> Result<Jwk, JwkError> {
        if kid.as_deref().is_some_and(|kid| !is_kid(kid)) {
            return Err(JwkError::Member("kid"));
        }
        let (algorithm, parsed) = match &material {
            KeyMaterial::Rsa { modulus, exponent } => {
                (Algorithm::Rs256, parse_rsa(modulus, exponent)?)
            }
            KeyMaterial::P256 { x, y } => (Algorithm::Es256, parse_p256(x, y)?),
            KeyMaterial::Ed25519 { x } => (
                Algorithm::EdDsa,
                ParsedPublicKey::new(&ED25519, x).map_err(|_| JwkError::Member("x"))?,
            ),
        };
        Ok(Jwk {
            kid,
            algorithm,
            material,
            parsed: Arc::new(parsed),
        })
    }

    /// The key id, if the key has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm that this key verifies (RFC 8725 section 3.1).
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The numbers.
    #[must_use]
    pub fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// Whether `signature` is this key's signature over `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }

    /// The SHA-256 thumbprint, base64url (RFC 7638 section 3): the same for every spelling of the key.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        // The required members in lexicographic order, without white space (RFC 7638 section 3.2, RFC 8037 appendix A.3).
        let canonical = match &self.material {
            KeyMaterial::Rsa { modulus, exponent } => format!(
                r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                base64url::render(exponent),
                base64url::render(modulus)
            ),
            KeyMaterial::P256 { x, y } => format!(
                r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
                base64url::render(x),
                base64url::render(y)
            ),
            KeyMaterial::Ed25519 { x } => {
                format!(
                    r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
                    base64url::render(x)
                )
            }
        };
        base64url::render(digest(&SHA256, canonical.as_bytes()).as_ref())
    }

    /// The JWK as JSON: public numbers, `alg`, `use` and `kid` only.
    #[must_use]
    pub fn render(&self) -> Value {
        let mut members = match &self.material {
            KeyMaterial::Rsa { modulus, exponent } => json!({
                "kty": "RSA", "n": base64url::render(modulus), "e": base64url::render(exponent),
            }),
            KeyMaterial::P256 { x, y } => json!({
                "kty": "EC", "crv": "P-256", "x": base64url::render(x), "y": base64url::render(y),
            }),
            KeyMaterial::Ed25519 { x } => json!({
                "kty": "OKP", "crv": "Ed25519", "x": base64url::render(x),
            }),
        };
        if let Value::Object(members) = &mut members {
            members.insert("use".into(), "sig".into());
            members.insert("alg".into(), self.algorithm.name().into());
            if let Some(kid) = &self.kid {
                members.insert("kid".into(), kid.as_str().into());
            }
        }
        members
    }
}

impl PartialEq for Jwk {
    fn eq(&self, other: &Jwk) -> bool {
        self.kid == other.kid && self.material == other.material
    }
}

impl Eq for Jwk {}

impl fmt::Debug for Jwk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Jwk")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish()
    }
}

/// Whether a key id is one that we accept: 1 to 128 printable ASCII characters. RFC 7517 section 4.5 leaves the
/// grammar open; a bound keeps ids fit for logs and headers.
#[must_use]
pub fn is_kid(kid: &str) -> bool {
    (1..=KID_BYTES_MAX).contains(&kid.len())
        && kid.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

fn parse_kid(members: &Map<String, Value>) -> Result<Option<String>, JwkError> {
    match members.get("kid") {
        None => Ok(None),
        Some(Value::String(kid)) if is_kid(kid) => Ok(Some(kid.clone())),
        Some(_) => Err(JwkError::Member("kid")),
    }
}

fn parse_material(members: &Map<String, Value>) -> Result<(Algorithm, KeyMaterial), JwkError> {
    let kind = text(members, "kty")?;
    let curve = match members.get("crv") {
        Some(Value::String(curve)) => Some(curve.as_str()),
        Some(_) => return Err(JwkError::Member("crv")),
        None => None,
    };
    match (kind, curve) {
        ("RSA", _) => {
            let modulus = octets(members, "n")?;
            let exponent = octets(members, "e")?;
            Ok((Algorithm::Rs256, KeyMaterial::Rsa { modulus, exponent }))
        }
        ("EC", Some("P-256")) => {
            let material = KeyMaterial::P256 {
                x: coordinate(members, "x")?,
                y: coordinate(members, "y")?,
            };
            Ok((Algorithm::Es256, material))
        }
        ("OKP", Some("Ed25519")) => Ok((
            Algorithm::EdDsa,
            KeyMaterial::Ed25519 {
                x: coordinate(members, "x")?,
            },
        )),
        ("EC" | "OKP", None) => Err(JwkError::Member("crv")),
        _ => Err(JwkError::Unsupported),
    }
}

/// `use`, `key_ops` and `alg`, where present, must allow verification with our algorithm (RFC 7517 sections 4.2 to 4.4).
fn parse_purpose(members: &Map<String, Value>, algorithm: Algorithm) -> Result<(), JwkError> {
    match members.get("use") {
        None => {}
        Some(Value::String(purpose)) if purpose == "sig" => {}
        Some(Value::String(_)) => return Err(JwkError::Unsupported),
        Some(_) => return Err(JwkError::Member("use")),
    }
    match members.get("key_ops") {
        None => {}
        Some(Value::Array(operations))
            if operations.iter().any(|operation| operation == "verify") => {}
        Some(Value::Array(_)) => return Err(JwkError::Unsupported),
        Some(_) => return Err(JwkError::Member("key_ops")),
    }
    match members.get("alg") {
        None => Ok(()),
        Some(Value::String(name)) if Algorithm::parse(name) == Some(algorithm) => Ok(()),
        Some(Value::String(_)) => Err(JwkError::Unsupported),
        Some(_) => Err(JwkError::Member("alg")),
    }
}

fn text<'m>(members: &'m Map<String, Value>, name: &'static str) -> Result<&'m str, JwkError> {
    members
        .get(name)
        .and_then(Value::as_str)
        .ok_or(JwkError::Member(name))
}

fn octets(members: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    base64url::parse(text(members, name)?).map_err(|_| JwkError::Member(name))
}

/// Coordinates have their full length, leading zeros included (RFC 7518 section 6.2.1.2).
fn coordinate(members: &Map<String, Value>, name: &'static str) -> Result<[u8; 32], JwkError> {
    base64url::parse_array(text(members, name)?).map_err(|_| JwkError::Member(name))
}

fn parse_rsa(modulus: &[u8], exponent: &[u8]) -> Result<ParsedPublicKey, JwkError> {
    let bits = modulus.first().map_or(0, |first| {
        let leading_zeros = usize::try_from(first.leading_zeros()).unwrap_or(0);
        modulus
            .len()
            .saturating_mul(8)
            .saturating_sub(leading_zeros)
    });
    let is_modulus = (RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits)
        && modulus.first() != Some(&0) // RFC 7518 section 6.3.1.1: the minimum number of octets
        && modulus.last().is_some_and(|last| last & 1 == 1);
    let is_exponent = (1..=4).contains(&exponent.len())
        && exponent.first() != Some(&0)
        && exponent.last().is_some_and(|last| last & 1 == 1)
        && exponent != [1];
    if !is_modulus || !is_exponent {
        return Err(JwkError::RsaRange);
    }
    RsaPublicKeyComponents {
        n: modulus,
        e: exponent,
    }
    .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
    .map_err(|_| JwkError::RsaRange)
}

fn parse_p256(x: &[u8; 32], y: &[u8; 32]) -> Result<ParsedPublicKey, JwkError> {
    // The uncompressed point of SEC 1 section 2.3.3; the parser checks the curve equation (RFC 8725 section 3.4).
    let mut point = Vec::with_capacity(65);
    point.push(0x04);
    point.extend_from_slice(x);
    point.extend_from_slice(y);
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).map_err(|_| JwkError::NotOnCurve)
}

#[cfg(test)]
mod tests;
