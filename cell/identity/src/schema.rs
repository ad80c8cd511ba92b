//! The tables of this crate, as one migration.

use database::Migration;

/// Orgs, people, groups, apps, credentials, sessions, policies.
pub const MIGRATION: Migration = Migration {
    version: 3,
    name: "identity",
    sql: include_str!("schema/001_identity.sql"),
};
