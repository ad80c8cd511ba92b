//! The tables of this crate, as one migration.

use database::Migration;

/// Codes, refresh families, opaque access tokens, device grants.
pub const MIGRATION: Migration = Migration {
    version: 4,
    name: "oauth",
    sql: include_str!("schema/001_oauth.sql"),
};
