//! OAuth 2.0 on the wire: requests from bytes to types, answers from types to bytes.
//!
//! Parsing here knows no client and no person. What a request asks for is a type; whether it is granted is decided above.

pub mod authorize;
pub mod bearer;
pub mod client_auth;
pub mod device_authorization;
pub mod error;
pub mod form;
pub mod introspect;
pub mod logout;
pub mod parameter;
pub mod pkce;
pub mod redirect_uri;
pub mod response;
pub mod revoke;
pub mod scope;
pub mod token;
pub mod www_authenticate;
