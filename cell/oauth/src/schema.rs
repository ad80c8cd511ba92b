//! The tables of this crate, as migrations.

use database::Migration;

/// Codes, refresh families, opaque access tokens, device grants.
pub const MIGRATION: Migration = Migration {
    version: 4,
    name: "oauth",
    sql: include_str!("schema/001_oauth.sql"),
};

/// Device grants by the person who answered.
pub const MIGRATION_DEVICE_GRANTS_BY_PERSON: Migration = Migration {
    version: 6,
    name: "device grants by person",
    sql: include_str!("schema/006_device_grants_by_person.sql"),
};

/// Refresh tokens by app and by server.
pub const MIGRATION_REFRESH_FAMILIES_BY_APP: Migration = Migration {
    version: 29,
    name: "refresh families by app",
    sql: include_str!("schema/029_refresh_families_by_app.sql"),
};
