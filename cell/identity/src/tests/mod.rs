//! One cell in the process, on both engines: operations and stores together.

mod administration;
mod api_tokens;
mod app_assignments;
mod apps;
mod attestation;
mod authenticator;
mod ceiling;
mod credentials;
mod group_rules;
mod groups;
mod housekeeping;
mod identity_providers;
mod narrowed;
mod orgs;
mod other_org;
mod own_account;
mod people;
mod policies;
mod provider_links;
mod recovery;
mod search;
mod servers;
mod sessions;
mod sign_in;
mod store;
mod threats;
