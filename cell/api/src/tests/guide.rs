//! The pages in `docs/` say what is served: the list of operations is that of the route table, and bounds are those that
//! there are.

use crate::description::listing::render_operations;
use crate::limits::{
    API_TOKENS_PAGE, APP_GROUPS_PAGE, APP_LINKS_PAGE, APP_USERS_PAGE, APPS_OF_GROUP_PAGE,
    APPS_PAGE, ASSIGNEES_PAGE, CLIENTS_OF_SERVER_PAGE, CLIENTS_OF_USER_PAGE, COUNTED_GROUPS_PAGE,
    DELIVERIES_PAGE, GRANTS_OF_USER_PAGE, GROUP_RULES_PAGE, GROUPS_OF_USER_PAGE, GROUPS_PAGE,
    HOOKS_PAGE, IDENTITY_PROVIDERS_PAGE, INLINE_HOOKS_PAGE, LINKED_PEOPLE_PAGE, LOG_STREAMS_PAGE,
    LOGS_PAGE, MAPPINGS_PAGE, MEMBERS_PAGE, POLICIES_PAGE, PROFILE_MAPPINGS_PAGE,
    PROVIDER_USERS_PAGE, PROVISIONED_PAGE, PUSHES_PAGE, ROLE_TARGETS_PAGE, SERVERS_PAGE,
    TOKENS_OF_APP_PAGE, TOKENS_OF_USER_PAGE, TRUSTED_ORIGINS_PAGE, USERS_BY_BEGINNING_PAGE,
    USERS_PAGE, ZONES_PAGE,
};
use identity::access::scope::Area;
use identity::api_token::allowance::CALLS_PER_WINDOW;
use identity::walk::EXAMINED_MAX;

const GUIDE: &str = include_str!("../../../../docs/management-api.md");
const OPERATIONS: &str = include_str!("../../../../docs/operations.md");

#[test]
fn the_list_of_operations_is_what_is_served() {
    assert!(
        OPERATIONS == render_operations(),
        "write docs/operations.md anew: cargo xtask operations"
    );
}

#[test]
fn the_guide_names_every_scope() {
    for area in Area::ALL {
        let name = format!("`okta.{}`", area.as_str());
        assert!(GUIDE.contains(&name), "{name}");
    }
}

#[test]
fn the_guide_tells_the_bounds_that_there_are() {
    let written = |number: usize| {
        let digits = number.to_string();
        match digits.split_at(digits.len().saturating_sub(3)) {
            ("", small) => small.to_owned(),
            (thousands, rest) => format!("{thousands},{rest}"),
        }
    };
    for (list, page) in [
        ("people", USERS_PAGE),
        ("groups", GROUPS_PAGE),
        ("groups with `expand=stats`", COUNTED_GROUPS_PAGE),
        ("scopes that a person let apps have", GRANTS_OF_USER_PAGE),
        ("apps that hold something of a person", CLIENTS_OF_USER_PAGE),
        (
            "refresh tokens that an app has of a person",
            TOKENS_OF_USER_PAGE,
        ),
        ("rules that fill groups", GROUP_RULES_PAGE),
        ("members of a group", MEMBERS_PAGE),
        ("groups of a person", GROUPS_OF_USER_PAGE),
        ("apps", APPS_PAGE),
        ("people of an app", APP_USERS_PAGE),
        ("groups of an app", APP_GROUPS_PAGE),
        ("apps of a group", APPS_OF_GROUP_PAGE),
        ("apps that a person may start", APP_LINKS_PAGE),
        ("authorization servers", SERVERS_PAGE),
        ("policies", POLICIES_PAGE),
        ("apps that a policy governs", MAPPINGS_PAGE),
        ("mappings of profiles", PROFILE_MAPPINGS_PAGE),
        ("refresh tokens of an app", TOKENS_OF_APP_PAGE),
        (
            "apps that have refresh tokens of a server",
            CLIENTS_OF_SERVER_PAGE,
        ),
        ("tokens of this API", API_TOKENS_PAGE),
        ("network zones", ZONES_PAGE),
        ("trusted origins", TRUSTED_ORIGINS_PAGE),
        ("event hooks", HOOKS_PAGE),
        ("deliveries of an event hook", DELIVERIES_PAGE),
        ("inline hooks", INLINE_HOOKS_PAGE),
        ("identity providers", IDENTITY_PROVIDERS_PAGE),
        ("people of an identity provider", PROVIDER_USERS_PAGE),
        ("people who have a role by themselves", ASSIGNEES_PAGE),
        ("targets of a role", ROLE_TARGETS_PAGE),
        ("people who are linked to somebody", LINKED_PEOPLE_PAGE),
        (
            "accounts, requests and people of an import, of a provisioned app",
            PROVISIONED_PAGE,
        ),
        ("pushed groups of an app", PUSHES_PAGE),
        ("log streams", LOG_STREAMS_PAGE),
        ("rows of the log", LOGS_PAGE),
    ] {
        let row = format!(
            "| {list} | {} | {} |",
            written(page.default),
            written(page.max)
        );
        assert!(GUIDE.contains(&row), "{row}");
    }
    let by_beginning = format!(
        "| people by `q` | {}, and a second page only behind one that is short | {} |",
        USERS_BY_BEGINNING_PAGE.default, USERS_BY_BEGINNING_PAGE.max
    );
    assert!(GUIDE.contains(&by_beginning), "{by_beginning}");
    let calls = usize::try_from(CALLS_PER_WINDOW).unwrap();
    for bound in [
        format!("{} calls in a minute", written(calls)),
        format!("no more than {} things", written(EXAMINED_MAX)),
    ] {
        assert!(GUIDE.contains(&bound), "{bound}");
    }
}
