//! The matrix itself: for each route, who may use it by which method.

mod deciders;
mod directory;
mod hooks;
mod iam;
mod log_streams;
mod providers;
mod provisioning;
mod role_targets;
mod scim;
mod settings;

use super::Outcome;
use super::world::Who;

/// For whom a route is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// For everybody, signed in or not.
    Everybody,
    /// A step of signing in: for everybody, but it may have to begin at the beginning.
    SigningIn,
    /// For an application that proves itself; the session of a person is worth nothing here.
    Client,
    /// For whoever brings an access token.
    Bearer,
    /// For a person who is signed in, about themselves.
    Person,
    /// For the person whom the example belongs to, who is the administrator; the same of another person is not found.
    Owner,
    /// For a person who is signed in and has proved as much as they can, lately.
    OwnFactors,
    /// The same for the script of a page, which cannot follow to another page.
    OwnFactorsByScript,
    /// For administrators, those who may only see included.
    Reader,
    /// For administrators who may change things.
    Manager,
    /// The same where the form names a second thing, which the matrix leaves out: past the door, there is nothing.
    ManagerWhoNames,
    /// An operation of the API, for tokens of administrators, those who may only see included.
    ApiReader,
    /// The same for tokens of administrators who may change things.
    ApiManager,
    /// For a browser on this very machine; calls of the matrix come from nowhere.
    ThisMachine,
}

/// A route.
pub(super) struct Row {
    pub(super) path: &'static str,
    methods: [Option<(&'static str, Audience)>; 4],
}

impl Row {
    pub(super) fn methods(&self) -> impl Iterator<Item = (&'static str, Audience)> {
        self.methods.iter().copied().flatten()
    }
}

const fn get(path: &'static str, audience: Audience) -> Row {
    Row {
        path,
        methods: [Some(("GET", audience)), None, None, None],
    }
}

const fn post(path: &'static str, audience: Audience) -> Row {
    Row {
        path,
        methods: [Some(("POST", audience)), None, None, None],
    }
}

const fn both(path: &'static str, get: Audience, post: Audience) -> Row {
    Row {
        path,
        methods: [Some(("GET", get)), Some(("POST", post)), None, None],
    }
}

/// A path of the API: one method for those who see, the others for those who change.
const fn api<const N: usize>(path: &'static str, names: [&'static str; N]) -> Row {
    let mut methods = [None; 4];
    let mut place = 0;
    while place < N {
        let is_read = matches!(names[place].as_bytes(), b"GET");
        let audience = if is_read {
            Audience::ApiReader
        } else {
            Audience::ApiManager
        };
        methods[place] = Some((names[place], audience));
        place += 1;
    }
    Row { path, methods }
}

/// A search by POST, for those who see.
const fn search(path: &'static str) -> Row {
    post(path, Audience::ApiReader)
}

/// What may come of a call.
pub(super) fn decide_outcomes(audience: Audience, who: Who) -> &'static [Outcome] {
    use Outcome::{Forbidden, Missing, SentToSignIn, Served, Unauthenticated};
    let is_stranger = matches!(who, Who::Anonymous | Who::OtherOrgsAdministrator);
    let is_half = matches!(who, Who::HalfProvedAdministrator | Who::StaleAdministrator);
    match audience {
        Audience::Everybody => &[Served],
        Audience::SigningIn => &[Served, SentToSignIn, Missing],
        Audience::Client | Audience::Bearer => &[Unauthenticated],
        Audience::ApiReader | Audience::ApiManager => match who {
            // Whoever holds one role is in a table of their own.
            Who::Holder(_) | Who::Partial => &[],
            Who::Person => &[Forbidden],
            Who::ReadOnlyAdministrator if audience == Audience::ApiManager => &[Forbidden],
            Who::ReadOnlyAdministrator | Who::Administrator => &[Served],
            _ => &[Unauthenticated],
        },
        Audience::ThisMachine => &[Missing],
        Audience::Person | Audience::Owner | Audience::OwnFactors if is_stranger => &[SentToSignIn],
        Audience::Owner if matches!(who, Who::Person | Who::ReadOnlyAdministrator) => &[Missing],
        Audience::OwnFactors if is_half => &[SentToSignIn],
        Audience::OwnFactorsByScript if is_stranger || is_half => &[Missing],
        Audience::Person
        | Audience::Owner
        | Audience::OwnFactors
        | Audience::OwnFactorsByScript => &[Served],
        Audience::Reader | Audience::Manager | Audience::ManagerWhoNames => match who {
            Who::Holder(_) | Who::Partial => &[],
            Who::Person => &[Forbidden],
            Who::ReadOnlyAdministrator if audience != Audience::Reader => &[Forbidden],
            Who::StaleAdministrator | Who::Administrator
                if audience == Audience::ManagerWhoNames =>
            {
                &[Served, Missing]
            }
            Who::ReadOnlyAdministrator | Who::StaleAdministrator | Who::Administrator => &[Served],
            Who::Anonymous | Who::OtherOrgsAdministrator | Who::HalfProvedAdministrator => {
                &[SentToSignIn]
            }
        },
    }
}

/// Below these, what is changed decides who gets in, who administers, or what the tokens are worth: it wants a proof of
/// the last minutes, and so does everything that is done to the administrator who is the example of a person.
pub(super) const CHANGED_FRESHLY: &[&str] = &[
    "/admin/administrators/",
    "/admin/apps/{id}/api/",
    "/admin/apps/{id}/provisioning",
    "/admin/behaviors/",
    "/admin/custom-roles/",
    "/admin/groups/attributes/",
    "/admin/groups/{id}/roles/",
    "/admin/keys/",
    "/admin/policies/",
    "/admin/resource-sets/",
    "/admin/settings",
    "/admin/zones/",
    "/admin/people/{id}/clients/",
    "/admin/people/{id}/factors/",
    "/admin/people/{id}/lifecycle/",
    "/admin/people/{id}/relations/",
    "/admin/people/{id}/sessions/",
    "/admin/people/{id}/temporary-password",
];
/// Forms that ask for it before they are filled in.
pub(super) const FORMS_SHOWN_FRESHLY: &[&str] = &[
    "/admin/policies/new",
    "/admin/policies/{id}/rules/new",
    "/admin/policies/{id}/rules/{rule}",
    "/admin/zones/new",
];

/// Routes with an id of something that nobody in the matrix has: whoever gets past the door finds nothing.
pub(super) const WITHOUT_SAMPLE: &[&str] = &[
    "/admin/apps/{id}/api/roles/{role}",
    "/admin/apps/{id}/profile/attributes/rules/{name}",
    "/admin/groups/attributes/rules/{name}",
    "/admin/settings/attributes/rules/{name}",
    "/admin/groups/{id}/roles/{role}",
    "/admin/servers/{id}/clients/{client}",
    "/api/v1/apps/{id}/credentials/jwks/{key}",
    "/api/v1/apps/{id}/credentials/secrets/{secret}",
    "/api/v1/apps/{id}/credentials/secrets/{secret}/lifecycle/activate",
    "/api/v1/apps/{id}/credentials/secrets/{secret}/lifecycle/deactivate",
    "/api/v1/apps/{id}/group-push/mappings/{mapping}",
    "/api/v1/apps/{id}/users/{user}",
    "/api/v1/idps/{id}/users/{user}",
    "/api/v1/apps/{id}/grants/{grant}",
    "/api/v1/apps/{id}/policies/{policy}",
    "/api/v1/apps/{id}/tokens/{token}",
    "/api/v1/authorizationServers/{id}/clients/{client}/tokens",
    "/api/v1/authorizationServers/{id}/clients/{client}/tokens/{token}",
    "/api/v1/policies/{id}/mappings/{mapping}",
    "/oauth2/v1/clients/{id}/roles/{rid}",
    "/api/v1/groups/{id}/roles/{rid}",
    "/oauth2/v1/clients/{id}/roles/{rid}/targets/groups",
    "/oauth2/v1/clients/{id}/roles/{rid}/targets/groups/{gid}",
    "/oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps",
    "/oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps/{app}",
    "/oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps/{app}/{instance}",
    "/api/v1/groups/{id}/roles/{rid}/targets/groups",
    "/api/v1/groups/{id}/roles/{rid}/targets/groups/{gid}",
    "/api/v1/groups/{id}/roles/{rid}/targets/catalog/apps",
    "/api/v1/groups/{id}/roles/{rid}/targets/catalog/apps/{app}",
    "/api/v1/groups/{id}/roles/{rid}/targets/catalog/apps/{app}/{instance}",
    "/api/v1/sessions/{id}",
    "/api/v1/sessions/{id}/lifecycle/refresh",
    "/api/v1/users/{id}/grants/{grant}",
    "/api/v1/users/{id}/clients/{client}/tokens/{token}",
    "/api/v1/users/{id}/factors/{factor}",
    "/api/v1/users/{id}/factors/{factor}/lifecycle/activate",
    "/api/v1/users/{id}/factors/{factor}/verify",
    "/account/consents/{id}/revoke",
    "/account/security/passkeys/{id}/remove",
    "/account/security/passkeys/{id}/rename",
    "/account/security/providers/{id}/remove",
    "/account/security/totp/remove",
    "/api/v1/authorizationServers/{id}/claims/{claim}",
    "/api/v1/authorizationServers/{id}/credentials/keys/{key}",
    "/scim/v2/ResourceTypes/{name}",
    "/scim/v2/Schemas/{name}",
];

/// Every row.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    ROWS.iter()
        .chain(deciders::ROWS)
        .chain(directory::ROWS)
        .chain(settings::ROWS)
        .chain(hooks::ROWS)
        .chain(iam::ROWS)
        .chain(log_streams::ROWS)
        .chain(providers::ROWS)
        .chain(provisioning::ROWS)
        .chain(role_targets::ROWS)
        .chain(scim::ROWS)
}

const ROWS: &[Row] = &[
    both(
        "/oauth2/v1/authorize",
        Audience::SigningIn,
        Audience::SigningIn,
    ),
    post("/oauth2/v1/token", Audience::Client),
    post("/oauth2/v1/introspect", Audience::Client),
    post("/oauth2/v1/revoke", Audience::Client),
    both("/oauth2/v1/userinfo", Audience::Bearer, Audience::Bearer),
    get("/oauth2/v1/keys", Audience::Everybody),
    both(
        "/oauth2/v1/logout",
        Audience::SigningIn,
        Audience::SigningIn,
    ),
    post("/oauth2/v1/device/authorize", Audience::Client),
    get("/.well-known/openid-configuration", Audience::Everybody),
    get(
        "/.well-known/oauth-authorization-server",
        Audience::Everybody,
    ),
    both(
        "/oauth2/{server}/v1/authorize",
        Audience::SigningIn,
        Audience::SigningIn,
    ),
    post("/oauth2/{server}/v1/token", Audience::Client),
    post("/oauth2/{server}/v1/introspect", Audience::Client),
    post("/oauth2/{server}/v1/revoke", Audience::Client),
    both(
        "/oauth2/{server}/v1/userinfo",
        Audience::Bearer,
        Audience::Bearer,
    ),
    get("/oauth2/{server}/v1/keys", Audience::Everybody),
    both(
        "/oauth2/{server}/v1/logout",
        Audience::SigningIn,
        Audience::SigningIn,
    ),
    post("/oauth2/{server}/v1/device/authorize", Audience::Client),
    get(
        "/oauth2/{server}/.well-known/openid-configuration",
        Audience::Everybody,
    ),
    get(
        "/oauth2/{server}/.well-known/oauth-authorization-server",
        Audience::Everybody,
    ),
    api("/api/v1/apps", ["GET", "POST"]),
    api("/api/v1/apps/{id}", ["GET", "PUT", "DELETE"]),
    api("/api/v1/apps/{id}/credentials/jwks", ["GET", "POST"]),
    api(
        "/api/v1/apps/{id}/credentials/jwks/{key}",
        ["GET", "DELETE"],
    ),
    api("/api/v1/apps/{id}/credentials/secrets", ["GET", "POST"]),
    api(
        "/api/v1/apps/{id}/credentials/secrets/{secret}",
        ["GET", "DELETE"],
    ),
    api(
        "/api/v1/apps/{id}/credentials/secrets/{secret}/lifecycle/activate",
        ["POST"],
    ),
    api(
        "/api/v1/apps/{id}/credentials/secrets/{secret}/lifecycle/deactivate",
        ["POST"],
    ),
    api("/api/v1/apps/{id}/policies/{policy}", ["PUT"]),
    api("/api/v1/apps/{id}/tokens", ["GET", "DELETE"]),
    api("/api/v1/apps/{id}/tokens/{token}", ["GET", "DELETE"]),
    api("/api/v1/apps/{id}/grants", ["GET", "POST"]),
    api("/api/v1/apps/{id}/grants/{grant}", ["GET", "DELETE"]),
    api("/oauth2/v1/clients/{id}/roles", ["GET", "POST"]),
    api("/oauth2/v1/clients/{id}/roles/{rid}", ["GET", "DELETE"]),
    api("/api/v1/sessions", ["POST"]),
    api("/api/v1/sessions/{id}", ["GET", "DELETE"]),
    api("/api/v1/sessions/{id}/lifecycle/refresh", ["POST"]),
    post("/api/v1/authn", Audience::Everybody),
    post("/api/v1/authn/cancel", Audience::Everybody),
    post(
        "/api/v1/authn/credentials/change_password",
        Audience::Everybody,
    ),
    post("/api/v1/authn/factors", Audience::Everybody),
    post(
        "/api/v1/authn/factors/{factor}/lifecycle/activate",
        Audience::Everybody,
    ),
    post("/api/v1/authn/factors/{factor}/verify", Audience::Everybody),
    post("/api/v1/authn/recovery/password", Audience::Everybody),
    get("/login/sessionCookieRedirect", Audience::SigningIn),
    api("/api/v1/apps/{id}/groups", ["GET"]),
    api("/api/v1/apps/{id}/groups/{group}", ["GET", "PUT", "DELETE"]),
    api("/api/v1/apps/{id}/lifecycle/activate", ["POST"]),
    api("/api/v1/apps/{id}/lifecycle/deactivate", ["POST"]),
    api("/api/v1/apps/{id}/users", ["GET", "POST"]),
    api("/api/v1/apps/{id}/users/{user}", ["GET", "POST", "DELETE"]),
    api("/api/v1/groups", ["GET", "POST"]),
    api("/api/v1/groups/{id}", ["GET", "PUT", "DELETE"]),
    api("/api/v1/groups/{id}/apps", ["GET"]),
    api("/api/v1/groups/rules", ["GET", "POST"]),
    api("/api/v1/groups/rules/{id}", ["GET", "PUT", "DELETE"]),
    api("/api/v1/groups/rules/{id}/lifecycle/activate", ["POST"]),
    api("/api/v1/groups/rules/{id}/lifecycle/deactivate", ["POST"]),
    api("/api/v1/groups/{id}/owners", ["GET", "POST"]),
    api("/api/v1/groups/{id}/owners/{owner}", ["DELETE"]),
    api("/api/v1/groups/{id}/users", ["GET"]),
    api("/api/v1/groups/{id}/users/{user}", ["PUT", "DELETE"]),
    api("/api/v1/logs", ["GET"]),
    api("/api/v1/users", ["GET", "POST"]),
    api("/api/v1/users/{id}", ["GET", "POST", "PUT", "DELETE"]),
    api("/api/v1/users/{id}/appLinks", ["GET"]),
    api("/api/v1/users/{id}/groups", ["GET"]),
    api("/api/v1/users/{id}/lifecycle/activate", ["POST"]),
    api("/api/v1/users/{id}/lifecycle/deactivate", ["POST"]),
    api("/api/v1/users/{id}/lifecycle/expire_password", ["POST"]),
    api("/api/v1/users/{id}/lifecycle/reactivate", ["POST"]),
    api("/api/v1/users/{id}/lifecycle/reset_password", ["POST"]),
    api("/api/v1/users/{id}/lifecycle/suspend", ["POST"]),
    api("/api/v1/users/{id}/lifecycle/unlock", ["POST"]),
    api("/api/v1/users/{id}/lifecycle/unsuspend", ["POST"]),
    api("/api/v1/users/{id}/credentials/change_password", ["POST"]),
    api("/api/v1/users/{id}/sessions", ["DELETE"]),
    api("/api/v1/users/{id}/roles", ["GET", "POST"]),
    api("/api/v1/users/{id}/roles/{rid}", ["GET", "DELETE"]),
    get("/health/live", Audience::Everybody),
    get("/health/ready", Audience::Everybody),
    get("/assets/{name}", Audience::Everybody),
    get("/", Audience::SigningIn),
    get("/style", Audience::Everybody),
    get("/openapi", Audience::Everybody),
    get("/openapi.json", Audience::Everybody),
    get("/apps", Audience::Person),
    get("/mailbox", Audience::ThisMachine),
    get("/mailbox/{id}", Audience::ThisMachine),
    both("/signin", Audience::SigningIn, Audience::SigningIn),
    get("/signin/identify", Audience::SigningIn),
    both("/signin/password", Audience::SigningIn, Audience::SigningIn),
    both("/signin/passkey", Audience::SigningIn, Audience::SigningIn),
    get("/signin/passkey/options", Audience::SigningIn),
    both("/signin/totp", Audience::SigningIn, Audience::SigningIn),
    both(
        "/signin/recovery-code",
        Audience::SigningIn,
        Audience::SigningIn,
    ),
    both("/signin/email", Audience::SigningIn, Audience::SigningIn),
    get("/signin/choose", Audience::SigningIn),
    both("/signin/recover", Audience::SigningIn, Audience::SigningIn),
    get("/signin/enroll", Audience::SigningIn),
    both(
        "/signin/enroll/passkey",
        Audience::SigningIn,
        Audience::SigningIn,
    ),
    get("/signin/enroll/passkey/options", Audience::SigningIn),
    both(
        "/signin/enroll/totp",
        Audience::SigningIn,
        Audience::SigningIn,
    ),
    both(
        "/signin/new-password",
        Audience::SigningIn,
        Audience::SigningIn,
    ),
    post("/signout", Audience::SigningIn),
    post("/logout/confirm", Audience::SigningIn),
    both("/consent", Audience::SigningIn, Audience::SigningIn),
    both("/device", Audience::SigningIn, Audience::SigningIn),
    post("/device/confirm", Audience::SigningIn),
    both("/setup", Audience::SigningIn, Audience::SigningIn),
    both("/welcome", Audience::SigningIn, Audience::SigningIn),
    both("/reset", Audience::SigningIn, Audience::SigningIn),
    both("/account", Audience::Person, Audience::Person),
    get("/account/activity", Audience::Person),
    get("/account/consents", Audience::Person),
    post("/account/consents/{id}/revoke", Audience::Person),
    get("/account/security", Audience::Person),
    both(
        "/account/security/passkeys/new",
        Audience::OwnFactors,
        Audience::OwnFactors,
    ),
    get(
        "/account/security/passkeys/options",
        Audience::OwnFactorsByScript,
    ),
    post(
        "/account/security/passkeys/{id}/remove",
        Audience::OwnFactors,
    ),
    post(
        "/account/security/passkeys/{id}/rename",
        Audience::OwnFactors,
    ),
    both(
        "/account/security/password",
        Audience::OwnFactors,
        Audience::OwnFactors,
    ),
    post("/account/security/recovery-codes", Audience::OwnFactors),
    both(
        "/account/security/totp",
        Audience::OwnFactors,
        Audience::OwnFactors,
    ),
    post("/account/security/totp/remove", Audience::OwnFactors),
    get("/account/sessions", Audience::Person),
    post("/account/sessions/end-others", Audience::Person),
    post("/account/sessions/{id}/end", Audience::Owner),
    get("/admin", Audience::Reader),
    get("/admin/apps", Audience::Reader),
    both("/admin/apps/new", Audience::Manager, Audience::Manager),
    both("/admin/apps/{id}", Audience::Reader, Audience::Manager),
    post("/admin/apps/{id}/activate", Audience::Manager),
    get("/admin/apps/{id}/api", Audience::Reader),
    post("/admin/apps/{id}/api/scopes/add", Audience::ManagerWhoNames),
    post(
        "/admin/apps/{id}/api/scopes/remove",
        Audience::ManagerWhoNames,
    ),
    post("/admin/apps/{id}/api/roles/add", Audience::ManagerWhoNames),
    post(
        "/admin/apps/{id}/api/roles/remove",
        Audience::ManagerWhoNames,
    ),
    get("/admin/apps/{id}/assignments", Audience::Reader),
    post("/admin/apps/{id}/assignments/everyone", Audience::Manager),
    post(
        "/admin/apps/{id}/assignments/groups/add",
        Audience::ManagerWhoNames,
    ),
    post(
        "/admin/apps/{id}/assignments/people/add",
        Audience::ManagerWhoNames,
    ),
    post("/admin/apps/{id}/assignments/remove", Audience::Manager),
    both(
        "/admin/apps/{id}/credentials",
        Audience::Reader,
        Audience::Manager,
    ),
    post("/admin/apps/{id}/deactivate", Audience::Manager),
    post("/admin/apps/{id}/delete", Audience::Manager),
    get("/admin/apps/{id}/integrate", Audience::Reader),
    post("/admin/apps/{id}/keys", Audience::Manager),
    get("/admin/apps/{id}/ready", Audience::Reader),
    post("/admin/apps/{id}/secrets/add", Audience::Manager),
    post("/admin/apps/{id}/secrets/remove", Audience::Manager),
    both(
        "/admin/apps/{id}/sign-on",
        Audience::Reader,
        Audience::ManagerWhoNames,
    ),
    both("/admin/apps/{id}/test", Audience::Reader, Audience::Manager),
    get("/admin/apps/{id}/test/callback", Audience::Manager),
    post("/admin/apps/{id}/test/token", Audience::Manager),
    get("/admin/groups", Audience::Reader),
    both("/admin/groups/new", Audience::Manager, Audience::Manager),
    get("/admin/groups/rules", Audience::Reader),
    both(
        "/admin/groups/rules/new",
        Audience::Manager,
        Audience::Manager,
    ),
    both(
        "/admin/groups/rules/{id}",
        Audience::Reader,
        Audience::Manager,
    ),
    post("/admin/groups/rules/{id}/activate", Audience::Manager),
    post("/admin/groups/rules/{id}/deactivate", Audience::Manager),
    post("/admin/groups/rules/{id}/delete", Audience::Manager),
    get("/admin/groups/{id}", Audience::Reader),
    get("/admin/groups/{id}/apps", Audience::Reader),
    post("/admin/groups/{id}/apps/add", Audience::ManagerWhoNames),
    post("/admin/groups/{id}/apps/remove", Audience::Manager),
    post("/admin/groups/{id}/delete", Audience::Manager),
    post("/admin/groups/{id}/members/add", Audience::ManagerWhoNames),
    post("/admin/groups/{id}/members/remove", Audience::Manager),
    get("/admin/groups/{id}/owners", Audience::Reader),
    post("/admin/groups/{id}/owners/add", Audience::ManagerWhoNames),
    post("/admin/groups/{id}/owners/remove", Audience::Manager),
    both(
        "/admin/groups/{id}/settings",
        Audience::Reader,
        Audience::Manager,
    ),
    post("/admin/guide/dismiss", Audience::Reader),
    get("/admin/keys", Audience::Reader),
    post("/admin/keys/revoke", Audience::ManagerWhoNames),
    post("/admin/keys/rotate", Audience::ManagerWhoNames),
    get("/admin/log", Audience::Reader),
    get("/admin/log/live", Audience::Reader),
    get("/admin/log/tail", Audience::Reader),
    get("/admin/log/{id}", Audience::Reader),
    get("/admin/people", Audience::Reader),
    both("/admin/people/new", Audience::Manager, Audience::Manager),
    both("/admin/people/{id}", Audience::Reader, Audience::Manager),
    get("/admin/people/{id}/activity", Audience::Reader),
    get("/admin/people/{id}/apps", Audience::Reader),
    post("/admin/people/{id}/apps/add", Audience::ManagerWhoNames),
    post("/admin/people/{id}/apps/remove", Audience::ManagerWhoNames),
    get("/admin/people/{id}/factors", Audience::Reader),
    post(
        "/admin/people/{id}/factors/passkeys/remove",
        Audience::ManagerWhoNames,
    ),
    post(
        "/admin/people/{id}/factors/totp/remove",
        Audience::ManagerWhoNames,
    ),
    get("/admin/people/{id}/groups", Audience::Reader),
    post("/admin/people/{id}/groups/add", Audience::ManagerWhoNames),
    post(
        "/admin/people/{id}/groups/remove",
        Audience::ManagerWhoNames,
    ),
    post("/admin/people/{id}/lifecycle/{verb}", Audience::Manager),
    get("/admin/people/{id}/sessions", Audience::Reader),
    post("/admin/people/{id}/sessions/end", Audience::Manager),
    get("/admin/administrators", Audience::Reader),
    post("/admin/administrators/add", Audience::ManagerWhoNames),
    post("/admin/administrators/{id}/remove", Audience::Manager),
    post("/admin/administrators/{id}/roles", Audience::Manager),
    get("/admin/policies", Audience::Reader),
    both("/admin/policies/new", Audience::Manager, Audience::Manager),
    get("/admin/policies/simulate", Audience::Reader),
    both("/admin/policies/{id}", Audience::Reader, Audience::Manager),
    post("/admin/policies/{id}/delete", Audience::Manager),
    post("/admin/policies/{id}/rules/move", Audience::Manager),
    both(
        "/admin/policies/{id}/rules/new",
        Audience::Manager,
        Audience::Manager,
    ),
    both(
        "/admin/policies/{id}/rules/{rule}",
        Audience::Manager,
        Audience::Manager,
    ),
    post(
        "/admin/policies/{id}/rules/{rule}/remove",
        Audience::Manager,
    ),
    get("/admin/zones", Audience::Reader),
    both("/admin/zones/new", Audience::Manager, Audience::Manager),
    both("/admin/zones/{id}", Audience::Reader, Audience::Manager),
    post("/admin/zones/{id}/remove", Audience::Manager),
    get("/admin/servers", Audience::Reader),
    both("/admin/servers/new", Audience::Manager, Audience::Manager),
    both("/admin/servers/{id}", Audience::Reader, Audience::Manager),
    get("/admin/servers/{id}/access", Audience::Reader),
    post("/admin/servers/{id}/access/move", Audience::Manager),
    both(
        "/admin/servers/{id}/access/new",
        Audience::Manager,
        Audience::Manager,
    ),
    post("/admin/servers/{id}/access/remove", Audience::Manager),
    both(
        "/admin/servers/{id}/access/{key}",
        Audience::Manager,
        Audience::Manager,
    ),
    post("/admin/servers/{id}/access/{key}/hook", Audience::Manager),
    post("/admin/servers/{id}/activate", Audience::Manager),
    get("/admin/servers/{id}/claims", Audience::Reader),
    both(
        "/admin/servers/{id}/claims/new",
        Audience::Manager,
        Audience::Manager,
    ),
    post("/admin/servers/{id}/claims/remove", Audience::Manager),
    both(
        "/admin/servers/{id}/claims/{key}",
        Audience::Manager,
        Audience::Manager,
    ),
    post("/admin/servers/{id}/deactivate", Audience::Manager),
    post("/admin/servers/{id}/delete", Audience::Manager),
    get("/admin/servers/{id}/keys", Audience::Reader),
    get("/admin/servers/{id}/preview", Audience::Reader),
    get("/admin/servers/{id}/scopes", Audience::Reader),
    both(
        "/admin/servers/{id}/scopes/new",
        Audience::Manager,
        Audience::Manager,
    ),
    post("/admin/servers/{id}/scopes/remove", Audience::Manager),
    both(
        "/admin/servers/{id}/scopes/{key}",
        Audience::Manager,
        Audience::Manager,
    ),
    both("/admin/settings", Audience::Reader, Audience::Manager),
    get("/admin/settings/attributes", Audience::Reader),
    post("/admin/settings/attributes/add", Audience::ManagerWhoNames),
    both(
        "/admin/settings/attributes/rules/{name}",
        Audience::Reader,
        Audience::ManagerWhoNames,
    ),
    post(
        "/admin/settings/attributes/remove",
        Audience::ManagerWhoNames,
    ),
    post("/admin/settings/hosts/add", Audience::Manager),
    post("/admin/settings/hosts/remove", Audience::ManagerWhoNames),
    post("/admin/settings/logo", Audience::Manager),
    post("/admin/settings/logo/remove", Audience::Manager),
    both("/admin/settings/mail", Audience::Reader, Audience::Manager),
    post("/admin/settings/mail/remove", Audience::Manager),
    post("/admin/settings/mail/test", Audience::Manager),
    both(
        "/admin/settings/passkeys",
        Audience::Reader,
        Audience::Manager,
    ),
    both(
        "/admin/settings/passwords",
        Audience::Reader,
        Audience::Manager,
    ),
    both(
        "/admin/settings/authenticators",
        Audience::Reader,
        Audience::Manager,
    ),
    both(
        "/admin/settings/features",
        Audience::Reader,
        Audience::Manager,
    ),
    both(
        "/admin/settings/sessions",
        Audience::Reader,
        Audience::Manager,
    ),
    both(
        "/admin/settings/threats",
        Audience::Reader,
        Audience::Manager,
    ),
    get("/admin/settings/tokens", Audience::Reader),
    post("/admin/settings/tokens/add", Audience::Manager),
    post("/admin/settings/tokens/revoke", Audience::ManagerWhoNames),
];
