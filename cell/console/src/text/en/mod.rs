//! English, the language in which the keys are declared.

use super::Text;

pub mod account;
pub mod admin;
pub mod apps;
pub mod begin;
pub mod behaviors;
pub mod events;
pub mod grants;
pub mod groups;
pub mod held;
pub mod inline_hooks;
pub mod mappings;
pub mod people;
pub mod permissions;
pub mod policies;
pub mod providers;
pub mod provisioning;
pub mod reasons;
pub mod reference;
pub mod relations;
pub mod roles;
pub mod schemas;
pub mod servers;
pub mod settings;
pub mod shared;
pub mod signin;
pub mod streams;
pub mod targets;
pub mod trouble;
pub mod watch;
pub mod words;

/// Everything in English.
pub static TEXT: Text = Text {
    tag: "en",
    own_name: "English",
    common: shared::COMMON,
    signin: signin::SIGNIN,
    begin: begin::BEGIN,
    trouble: trouble::TROUBLE,
    account: account::ACCOUNT,
    admin: admin::ADMIN,
    people: people::PEOPLE,
    groups: groups::GROUPS,
    apps: apps::APPS,
    servers: servers::SERVERS,
    policies: policies::POLICIES,
    behaviors: behaviors::BEHAVIORS,
    watch: watch::WATCH,
    settings: settings::SETTINGS,
    inline_hooks: inline_hooks::INLINE_HOOKS,
    providers: providers::PROVIDERS,
    provisioning: provisioning::PROVISIONING,
    mappings: mappings::MAPPINGS,
    streams: streams::STREAMS,
    roles: roles::ROLES,
    permissions: permissions::PERMISSIONS,
    targets: targets::TARGETS,
    schemas: schemas::SCHEMAS,
    relations: relations::RELATIONS,
    held: held::HELD,
    grants: grants::GRANTS,
    words: words::WORDS,
    reference: reference::REFERENCE,
    reasons: reasons::REASONS,
    events: events::EVENTS,
    problems: &[],
};
