//! JOSE: signatures over JSON (RFC 7515, 7517, 7518, 7638, 8037), as far as an identity provider needs them.
//!
//! Asymmetric signatures only. `none`, HMAC and keys that travel inside a token do not exist here, so that the
//! confusions of RFC 8725 section 2 cannot be configured.

pub mod algorithm;
pub mod base64url;
pub mod jwk;
pub mod jwks;
pub mod jws;
pub mod signing_key;
