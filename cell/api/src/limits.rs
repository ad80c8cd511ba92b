//! Every bound of this crate.

use identity::embedded::GROUPS_COUNTED_MAX;
use identity::walk::EXAMINED_MAX;

/// Largest body.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Most parameters of a query.
pub const PARAMETERS_MAX: usize = 32;
/// How much of an id that is not there is repeated.
pub const SHOWN_ID_CHARS_MAX: usize = 100;
/// People of a page.
pub const USERS_PAGE: Page = Page {
    default: 200,
    max: 200,
};
/// People who are found by the beginning of a name; there is a second page only behind one that is short.
pub const USERS_BY_BEGINNING_PAGE: Page = Page {
    default: 10,
    max: 200,
};
/// Groups of a page.
pub const GROUPS_PAGE: Page = Page {
    default: 1_000,
    max: EXAMINED_MAX,
};
/// Groups of a page on which they are counted.
pub const COUNTED_GROUPS_PAGE: Page = Page {
    default: GROUPS_COUNTED_MAX,
    max: GROUPS_COUNTED_MAX,
};
/// Rules that fill groups, on a page.
pub const GROUP_RULES_PAGE: Page = Page {
    default: 50,
    max: 200,
};
/// Members of a group on a page.
pub const MEMBERS_PAGE: Page = Page {
    default: 1_000,
    max: 1_000,
};
/// Owners of a group on a page.
pub const GROUP_OWNERS_PAGE: Page = Page {
    default: 1_000,
    max: 1_000,
};
/// Groups of a person on a page.
pub const GROUPS_OF_USER_PAGE: Page = Page {
    default: 200,
    max: 1_000,
};
/// Apps of a page.
pub const APPS_PAGE: Page = Page {
    default: 200,
    max: 200,
};
/// Mappings of profiles on a page.
pub const PROFILE_MAPPINGS_PAGE: Page = Page {
    default: 20,
    max: 200,
};
/// People of an app on a page.
pub const APP_USERS_PAGE: Page = Page {
    default: 50,
    max: 500,
};
/// People with a role on a page.
pub const ASSIGNEES_PAGE: Page = Page {
    default: 100,
    max: 200,
};
/// Targets of a role on a page.
pub const ROLE_TARGETS_PAGE: Page = Page {
    default: 20,
    max: 200,
};
/// Groups of an app on a page.
pub const APP_GROUPS_PAGE: Page = Page {
    default: 20,
    max: 200,
};
/// Apps of a group on a page.
pub const APPS_OF_GROUP_PAGE: Page = Page {
    default: 20,
    max: 200,
};
/// Apps that a person may start, on a page.
pub const APP_LINKS_PAGE: Page = Page {
    default: 200,
    max: 200,
};
/// Scopes that a person consented to, on a page.
pub const GRANTS_OF_USER_PAGE: Page = Page {
    default: 20,
    max: 200,
};
/// Apps that hold something of a person, on a page.
pub const CLIENTS_OF_USER_PAGE: Page = Page {
    default: 200,
    max: 200,
};
/// Refresh tokens that an app has of a person, on a page.
pub const TOKENS_OF_USER_PAGE: Page = Page {
    default: 20,
    max: 200,
};
/// Refresh tokens of an app, on a page.
pub const TOKENS_OF_APP_PAGE: Page = Page {
    default: 20,
    max: 200,
};
/// Apps that have refresh tokens of a server, on a page.
pub const CLIENTS_OF_SERVER_PAGE: Page = Page {
    default: 200,
    max: 200,
};
/// Authorization servers of a page.
pub const SERVERS_PAGE: Page = Page {
    default: 200,
    max: 200,
};
/// Policies of a page: no org has more.
pub const POLICIES_PAGE: Page = Page {
    default: 200,
    max: 200,
};
/// Apps that a policy governs, on a page.
pub const MAPPINGS_PAGE: Page = Page {
    default: 200,
    max: 200,
};
/// Tokens of this API on a page: no org has more.
pub const API_TOKENS_PAGE: Page = Page {
    default: 200,
    max: 200,
};
/// Network zones of a page.
pub const ZONES_PAGE: Page = Page {
    default: 20,
    max: 200,
};
/// Trusted origins of a page.
pub const TRUSTED_ORIGINS_PAGE: Page = Page {
    default: 20,
    max: 200,
};
/// Event hooks of a page: no org has more.
pub const HOOKS_PAGE: Page = Page {
    default: 25,
    max: 25,
};
/// Identity providers of a page: no org has more.
pub const IDENTITY_PROVIDERS_PAGE: Page = Page {
    default: 20,
    max: 200,
};
/// People of an identity provider on a page.
pub const PROVIDER_USERS_PAGE: Page = Page {
    default: 20,
    max: 200,
};
/// Inline hooks of a page: no org has more.
pub const INLINE_HOOKS_PAGE: Page = Page {
    default: 50,
    max: 50,
};
/// Deliveries of a hook on a page.
pub const DELIVERIES_PAGE: Page = Page {
    default: 50,
    max: 200,
};
/// People who are linked to somebody, on a page.
pub const LINKED_PEOPLE_PAGE: Page = Page {
    default: 1_000,
    max: 1_000,
};
/// Accounts, requests and people of an import, of a provisioned app, on a page.
pub const PROVISIONED_PAGE: Page = Page {
    default: 50,
    max: 200,
};
/// Pushed groups of an app on a page.
pub const PUSHES_PAGE: Page = Page {
    default: 100,
    max: 1_000,
};
/// Log streams of a page.
pub const LOG_STREAMS_PAGE: Page = Page {
    default: 20,
    max: 200,
};
/// Most sign-ins that one call simulates.
pub const SIMULATIONS_MAX: usize = 20;
/// Rows of the log on a page.
pub const LOGS_PAGE: Page = Page {
    default: 100,
    max: 1_000,
};
/// How far back the log is read unless it is said.
pub const LOGS_DEFAULT_SPAN_SECS: i64 = 7 * 24 * 60 * 60;
/// How often a change without `If-Match` is tried again when somebody else changes the same thing.
pub const CHANGE_ATTEMPTS_MAX: usize = 3;

/// How many things a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Unless it is said.
    pub default: usize,
    /// At most.
    pub max: usize,
}
