//! The API through its router, on both engines: each operation with a valid, an invalid and a forbidden call.

mod access_policies;
mod api_tokens;
mod app_credentials;
mod apps;
mod assignments;
mod authn;
mod authorization_servers;
mod bearer;
mod conventions;
mod event_hooks;
mod expand;
mod factors;
mod grants;
mod group_rules;
mod groups;
mod guide;
mod lists;
mod log;
mod org;
mod passwords;
mod people;
mod policies;
mod roles;
mod trusted_origins;
mod user_schema;
mod zones;
