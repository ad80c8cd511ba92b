//! The tables of this crate, as migrations.

use database::Migration;

/// Orgs, people, groups, apps, credentials, sessions, policies.
pub const MIGRATION: Migration = Migration {
    version: 3,
    name: "identity",
    sql: include_str!("schema/001_identity.sql"),
};

/// The state of a person beside each of the words by which the person is found.
pub const MIGRATION_FOUND_BY_STATE: Migration = Migration {
    version: 5,
    name: "people found by word and state",
    sql: include_str!("schema/005_people_found_by_state.sql"),
};

/// Network zones from which nothing is served.
pub const MIGRATION_BLOCKED_ZONES: Migration = Migration {
    version: 10,
    name: "blocked zones",
    sql: include_str!("schema/010_blocked_zones.sql"),
};

/// The orders in which people and groups are walked.
pub const MIGRATION_SEARCH: Migration = Migration {
    version: 12,
    name: "people and groups in order",
    sql: include_str!("schema/012_search.sql"),
};

/// The orders in which apps are walked, and secrets of apps that are switched off.
pub const MIGRATION_APPS: Migration = Migration {
    version: 13,
    name: "apps in order, secrets switched off",
    sql: include_str!("schema/013_apps.sql"),
};

/// What apps may do at the management API.
pub const MIGRATION_API_ACCESS: Migration = Migration {
    version: 14,
    name: "apps at the management API",
    sql: include_str!("schema/014_api_access.sql"),
};

/// What stands beside the settings of authorization servers and beside sign-on policies.
pub const MIGRATION_PARTS: Migration = Migration {
    version: 15,
    name: "parts of servers, rules at rest",
    sql: include_str!("schema/015_parts.sql"),
};

/// Sites that an org trusts.
pub const MIGRATION_TRUSTED_ORIGINS: Migration = Migration {
    version: 18,
    name: "trusted origins",
    sql: include_str!("schema/018_trusted_origins.sql"),
};

/// What provisioning clients call people and groups.
pub const MIGRATION_EXTERNAL_IDS: Migration = Migration {
    version: 16,
    name: "external ids",
    sql: include_str!("schema/016_external_ids.sql"),
};

/// Rules that fill groups.
pub const MIGRATION_GROUP_RULES: Migration = Migration {
    version: 17,
    name: "group rules",
    sql: include_str!("schema/017_group_rules.sql"),
};

/// Attributes of which no two people have the same value.
pub const MIGRATION_UNIQUE_ATTRIBUTES: Migration = Migration {
    version: 21,
    name: "unique attributes",
    sql: include_str!("schema/021_unique_attributes.sql"),
};

/// Event hooks, and what they were told.
pub const MIGRATION_EVENT_HOOKS: Migration = Migration {
    version: 19,
    name: "event hooks",
    sql: include_str!("schema/019_event_hooks.sql"),
};

/// Which token made a token.
pub const MIGRATION_TOKEN_MAKERS: Migration = Migration {
    version: 20,
    name: "token makers",
    sql: include_str!("schema/020_token_makers.sql"),
};

/// Streams of the log, and how far they have come.
pub const MIGRATION_LOG_STREAMS: Migration = Migration {
    version: 22,
    name: "log streams",
    sql: include_str!("schema/022_log_streams.sql"),
};

/// Inline hooks, and people whose password one of them knows.
pub const MIGRATION_INLINE_HOOKS: Migration = Migration {
    version: 23,
    name: "inline hooks",
    sql: include_str!("schema/023_inline_hooks.sql"),
};

/// Identity providers, links of people, and browsers that left for one.
pub const MIGRATION_IDENTITY_PROVIDERS: Migration = Migration {
    version: 25,
    name: "identity providers",
    sql: include_str!("schema/025_identity_providers.sql"),
};

/// Roles that orgs make themselves, what they are bound to, and for whom.
pub const MIGRATION_CUSTOM_ROLES: Migration = Migration {
    version: 26,
    name: "custom roles",
    sql: include_str!("schema/026_custom_roles.sql"),
};

/// Policies that rest, and the apps that a policy governs.
pub const MIGRATION_POLICIES_AT_REST: Migration = Migration {
    version: 28,
    name: "policies at rest",
    sql: include_str!("schema/028_policies_at_rest.sql"),
};

/// Standard roles that are held over some groups or apps alone.
pub const MIGRATION_NARROWED_ROLES: Migration = Migration {
    version: 30,
    name: "narrowed roles",
    sql: include_str!("schema/030_narrowed_roles.sql"),
};

/// Attributes of groups and of people in apps, and relations between people.
pub const MIGRATION_SCHEMAS_AND_LINKS: Migration = Migration {
    version: 31,
    name: "schemas of groups and apps, linked people",
    sql: include_str!("schema/031_schemas_and_links.sql"),
};

/// Apps whose people are provisioned outward, and how far they are known there.
pub const MIGRATION_PROVISIONING: Migration = Migration {
    version: 32,
    name: "provisioning",
    sql: include_str!("schema/032_provisioning.sql"),
};

/// People and groups that answer for a group.
pub const MIGRATION_GROUP_OWNERS: Migration = Migration {
    version: 33,
    name: "owners of groups",
    sql: include_str!("schema/033_group_owners.sql"),
};

/// Key pairs by which inline hooks prove themselves, and how hooks come to their tokens.
pub const MIGRATION_HOOK_KEYS: Migration = Migration {
    version: 34,
    name: "hook keys",
    sql: include_str!("schema/034_hook_keys.sql"),
};

/// What people have in apps because of what their profiles say.
pub const MIGRATION_PROFILE_MAPPINGS: Migration = Migration {
    version: 35,
    name: "profile mappings",
    sql: include_str!("schema/035_profile_mappings.sql"),
};

/// Those whom a peer does not let go of a pushed group come behind all others.
pub const MIGRATION_MEMBERS_PUT_BEHIND: Migration = Migration {
    version: 36,
    name: "members put behind",
    sql: include_str!("schema/036_members_put_behind.sql"),
};

/// By which rules everybody of a connection was looked at.
pub const MIGRATION_WALKED_BY_RULES: Migration = Migration {
    version: 37,
    name: "walked by rules",
    sql: include_str!("schema/037_walked_by_rules.sql"),
};

/// What is called unusual of a sign-in, and where people got in.
pub const MIGRATION_BEHAVIORS: Migration = Migration {
    version: 38,
    name: "behaviors",
    sql: include_str!("schema/038_behaviors.sql"),
};

/// Types of people.
pub const MIGRATION_USER_TYPES: Migration = Migration {
    version: 39,
    name: "types of people",
    sql: include_str!("schema/039_user_types.sql"),
};

/// The state to which people return who are kept out.
pub const MIGRATION_RETURNS_TO: Migration = Migration {
    version: 40,
    name: "states that people return to",
    sql: include_str!("schema/040_returns_to.sql"),
};

/// By whom the enrolment of an authenticator app was begun.
pub const MIGRATION_ENROLMENTS_BY_WHOM: Migration = Migration {
    version: 41,
    name: "enrolments by whom",
    sql: include_str!("schema/041_enrolments_by_whom.sql"),
};
