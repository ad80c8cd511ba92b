//! The register of cells and orgs: what there is, who is placed where, and the signed route map that edges follow.
//!
//! Every change compares and swaps on an epoch and is one row of a hash chain, which is log and feed in one. The data
//! plane needs none of this to go on: edges and cells keep what they were told last.

pub mod api;
pub mod cell_state;
pub mod counted;
pub mod creation;
pub mod declaration;
pub mod doors;
pub mod feed;
pub mod glance;
pub mod invitation;
pub mod listener;
pub mod log;
pub mod org_host;
pub mod org_move;
pub mod page;
pub mod placement;
pub mod refusal;
pub mod register;
pub mod start;
pub mod store;
pub mod tls_seen;
pub mod underway;
pub mod watch;

#[cfg(test)]
mod tests;

/// The tables of the register.
pub static MIGRATIONS: [database::Migration; 4] = [
    database::Migration {
        version: 1,
        name: "atlas",
        sql: include_str!("schema/001_atlas.sql"),
    },
    database::Migration {
        version: 2,
        name: "org moves",
        sql: include_str!("schema/002_org_moves.sql"),
    },
    database::Migration {
        version: 3,
        name: "org hosts",
        sql: include_str!("schema/003_org_hosts.sql"),
    },
    database::Migration {
        version: 4,
        name: "what moves leave behind, counted time",
        sql: include_str!("schema/004_left_behind.sql"),
    },
];
