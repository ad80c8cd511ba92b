//! One cell in the process, on both engines: operations and stores together.

mod api_tokens;
mod apps;
mod credentials;
mod groups;
mod housekeeping;
mod orgs;
mod other_org;
mod people;
mod policies;
mod servers;
mod sessions;
mod store;
