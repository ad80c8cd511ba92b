//! The cell's side of an org move.

use database::Migration;

/// How orgs stand in the cell, and the moves that it takes part in.
pub const MIGRATION: Migration = Migration {
    version: 9,
    name: "org moves",
    sql: include_str!("schema.sql"),
};
