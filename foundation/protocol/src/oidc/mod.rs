//! OpenID Connect: what its tokens and documents say. How they are signed is in [`crate::jose`].

pub mod amr;
pub mod claims;
pub mod discovery;
pub mod id_token;
pub mod logout_token;
pub mod relying;
