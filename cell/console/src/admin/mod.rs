//! The handlers of the administration: each derives a permit, loads a bounded page or calls one operation, and draws.
//!
//! None of them decides a permission or writes a row: `identity` does both. A change ends in a redirect, so that a
//! page that is loaded again repeats nothing; a refused one shows the page again with the reason.

pub mod administrators;
pub mod apps;
pub mod attribute_rules;
pub mod attributes;
pub mod behaviors;
pub mod caller;
pub mod custom_roles;
pub mod form;
pub mod groups;
pub mod held;
pub mod home;
pub mod keys;
pub mod log;
pub mod log_tail;
pub mod paging;
pub mod people;
pub mod policies;
pub mod resource_sets;
pub mod role_targets;
pub mod row;
pub mod servers;
pub mod settings;
pub mod values;
pub mod zones;
