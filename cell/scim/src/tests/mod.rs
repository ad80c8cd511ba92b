//! SCIM called as a provisioning client calls it, on both engines.

mod bulk;
mod conventions;
mod discovery;
mod groups;
mod guide;
mod lists;
mod patches;
mod users;
