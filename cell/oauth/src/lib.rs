//! OAuth 2.0 and OpenID Connect over identity: one folder per endpoint, from bytes to rows and back.
//!
//! Who may do what is decided in `identity`; here the protocols' own rules are, and the tokens. It renders no pages:
//! what a person must see leaves as a [`page::Page`].

pub mod access;
pub mod account;
pub mod assurance;
pub mod authorize;
pub mod claims;
pub mod client_auth;
pub mod consent;
pub mod denial;
pub mod device;
pub mod discovery;
pub mod endpoint;
pub mod events;
pub mod grant;
pub mod held;
pub mod introspect;
pub mod issuer;
pub mod jwks;
pub mod limits;
pub mod logout;
pub mod page;
pub mod preview;
pub mod relying;
pub mod reply;
pub mod revoke;
pub mod route;
pub mod schema;
pub mod signing;
pub mod sweep;
pub mod token;
pub mod trial;
pub mod userinfo;

#[cfg(test)]
mod for_tests;
