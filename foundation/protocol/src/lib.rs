//! The grammar of OAuth 2.0, OpenID Connect, JOSE, SCIM, of filters and of expressions: bytes to types and back.
//!
//! Pure: nothing here opens a socket, reads a file, keeps state or asks a clock. Times are arguments
//! (seconds since 1970), and every parser bounds the size, depth and count of what it is given before it
//! tries to understand it. Rules about one organisation (which client, which scope, which key) live above.
//!
//! This crate must never decide who may do what, and must never hand out a claim that was not verified
//! except through a function whose name says so.

pub mod device;
pub mod expression;
pub mod filter;
pub mod http_auth;
pub mod jose;
pub mod json;
pub mod jwt;
pub mod keywords;
pub mod oauth;
pub mod oidc;
pub mod properties;
pub mod resource_name;
pub mod scim;
pub mod syslog;
