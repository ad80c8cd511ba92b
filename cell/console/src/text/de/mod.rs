//! German.

use super::Text;

mod account;
mod admin;
mod apps;
mod begin;
mod behaviors;
mod directory_problems;
mod events;
mod grants;
mod groups;
mod held;
mod hook_problems;
mod inline_hooks;
mod mappings;
mod people;
mod permissions;
mod policies;
mod problems;
mod profile_problems;
mod provider_problems;
mod providers;
mod provisioning;
mod provisioning_problems;
mod reasons;
mod reference;
mod relations;
mod role_problems;
mod roles;
mod rule_problems;
mod schemas;
mod servers;
mod settings;
mod shared;
mod signin;
mod stream_problems;
mod streams;
mod targets;
mod trouble;
mod watch;
mod words;

/// Everything in German.
pub static TEXT: Text = Text {
    tag: "de",
    own_name: "Deutsch",
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
    problems: &[
        problems::PROBLEMS,
        rule_problems::PROBLEMS,
        hook_problems::PROBLEMS,
        profile_problems::PROBLEMS,
        provider_problems::PROBLEMS,
        provisioning_problems::PROBLEMS,
        stream_problems::PROBLEMS,
        role_problems::PROBLEMS,
        directory_problems::PROBLEMS,
    ],
};
