//! The handlers of my account: a person looks at, and changes, what belongs to nobody else.
//!
//! None of them decides a permission or writes a row: `identity` and `oauth` do both. A change of how one proves who one
//! is wants fresh proof; whoever has none is sent to give it, and comes back to a page, never to a form.

pub mod activity;
pub mod caller;
pub mod consents;
pub mod passkeys;
pub mod password;
pub mod profile;
pub mod said;
pub mod security;
pub mod sessions;
pub mod totp;
