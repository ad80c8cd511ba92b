//! The means by which people prove who they are: enrolment, use, removal.

pub mod administered;
pub mod attestation;
pub mod one_time;
pub mod passkey;
pub mod password;
pub mod store;
mod subject;
pub mod temporary;
pub mod totp;
