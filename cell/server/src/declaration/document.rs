//! What a declaration may say. Unknown keys are refused everywhere; the JSON schema is made from these types.

use crate::declaration::report::Kind;
use identity::app::AppKind;
use identity::app::settings::{AppSettings, GrantKind};
use identity::org::settings::{Branding, ProfileAttribute, SessionSettings};
use identity::server::{
    AccessRule, AccessTokenAlgorithm, AccessTokenForm, ClaimConfig, ScopeConfig,
};
use identity::sign_on::Requirement;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;
use vocab::secret::Secret;

/// Text that something is named by, with its place in the document for messages.
pub type Name = Spanned<String>;

/// What shall be there. What is not named stays as it is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The organisations.
    pub orgs: Vec<OrgDeclaration>,
}

impl Document {
    /// How many things are declared.
    #[must_use]
    pub fn things(&self) -> usize {
        let counted = self.orgs.iter().map(|org| {
            1 + org.user_types.len()
                + org.people.len()
                + org.groups.len()
                + org.zones.len()
                + org.behaviors.len()
                + org.trusted_origins.len()
                + org.policies.len()
                + org.apps.len()
                + org.authorization_servers.len()
                + org.api_tokens.len()
        });
        counted.sum()
    }

    /// Every secret, with the thing that it belongs to.
    pub fn secrets(&self) -> impl Iterator<Item = (Kind, &Name, &SecretPlace)> {
        self.orgs.iter().flat_map(|org| {
            let people = org.people.iter().filter_map(|person| {
                let source = person.password.as_ref()?;
                Some((Kind::Person, &person.login, source))
            });
            let apps = org
                .apps
                .iter()
                .filter_map(|app| Some((Kind::App, &app.label, app.client_secret.as_ref()?)));
            let tokens = org
                .api_tokens
                .iter()
                .map(|token| (Kind::ApiToken, &token.name, &token.token));
            people.chain(apps).chain(tokens)
        })
    }
}

/// An organisation and what belongs to it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrgDeclaration {
    /// Its short name in host names and paths.
    #[schemars(with = "String")]
    pub slug: Name,
    /// Its name for people.
    pub name: String,
    /// How its pages look.
    pub branding: Option<Branding>,
    /// How long sessions last.
    pub session: Option<SessionSettings>,
    /// Attributes of people beyond the built-in ones.
    pub profile_schema: Option<Vec<ProfileAttribute>>,
    /// Types of people, each with attributes of its own; `user` is the one that is always there.
    #[serde(default)]
    pub user_types: Vec<UserTypeDeclaration>,
    /// Its people.
    #[serde(default)]
    pub people: Vec<PersonDeclaration>,
    /// Groups of them.
    #[serde(default)]
    pub groups: Vec<GroupDeclaration>,
    /// Network zones that policies may name.
    #[serde(default)]
    pub zones: Vec<ZoneDeclaration>,
    /// What is unusual of a sign-in, for rules to name.
    #[serde(default)]
    pub behaviors: Vec<BehaviorDeclaration>,
    /// Sites whose scripts may call the API, or to which browsers may be sent.
    #[serde(default)]
    pub trusted_origins: Vec<OriginDeclaration>,
    /// Sign-on policies that apps may name.
    #[serde(default)]
    pub policies: Vec<PolicyDeclaration>,
    /// Applications.
    #[serde(default)]
    pub apps: Vec<AppDeclaration>,
    /// Authorization servers; `default` is the preset one.
    #[serde(default)]
    pub authorization_servers: Vec<ServerDeclaration>,
    /// Tokens of the management API.
    #[serde(default)]
    pub api_tokens: Vec<ApiTokenDeclaration>,
}

/// A secret with its place in the document for messages.
pub type SecretPlace = Spanned<SecretSource>;

/// A secret: from the environment, from a file, or in the clear because the document says so.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// The name of an environment variable.
    Env(String),
    /// The path of a file, seen from the folder of the document; a final line break is not part of the secret.
    File(String),
    /// The secret itself, for tests and demonstrations.
    Clear(#[schemars(with = "String")] Secret<String>),
}

/// A type of people.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserTypeDeclaration {
    /// Its name, which never changes.
    #[schemars(with = "String")]
    pub name: Name,
    /// Its name for people.
    pub display_name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its attributes beyond the built-in ones; left out, they stay as they are. Those of `user` stand in `profile_schema`.
    pub attributes: Option<Vec<ProfileAttribute>>,
}

/// A person. Password, hash and invitation are used once: never for somebody who has a password already.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonDeclaration {
    /// What the person types to sign in.
    #[schemars(with = "String")]
    pub login: Name,
    /// Where mail goes.
    pub email: String,
    /// Given name.
    #[serde(default)]
    pub first_name: String,
    /// Family name.
    #[serde(default)]
    pub last_name: String,
    /// The name of the person's type; left out, it stays as it is, and is `user` for somebody new.
    #[serde(rename = "type")]
    #[schemars(with = "Option<String>")]
    pub of_type: Option<Name>,
    /// Further attributes, by the schema of the type.
    #[serde(default)]
    pub attributes: Map<String, Value>,
    /// The first password.
    #[schemars(with = "Option<SecretSource>")]
    pub password: Option<SecretPlace>,
    /// A password hash from another system, or one of our own.
    pub password_hash: Option<String>,
    /// Whether the person is invited by mail.
    #[serde(default)]
    pub invitation: bool,
    /// The roles that the person shall have.
    #[serde(default)]
    pub roles: Vec<RoleName>,
}

/// A role of an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// May do everything in the organisation.
    #[serde(alias = "SUPER_ADMIN")]
    SuperAdmin,
    /// Changes people, groups, policies and zones, but not how administrators get in.
    #[serde(alias = "ORG_ADMIN")]
    OrgAdmin,
    /// Changes apps and who may use them.
    #[serde(alias = "APP_ADMIN")]
    AppAdmin,
    /// Changes people and groups.
    #[serde(alias = "USER_ADMIN")]
    UserAdmin,
    /// Lets people back in: unlocks, resets passwords, takes lost factors away, ends sessions.
    #[serde(alias = "HELP_DESK_ADMIN")]
    HelpDeskAdmin,
    /// May see everything but secrets, and change nothing.
    #[serde(alias = "READ_ONLY_ADMIN")]
    ReadOnlyAdmin,
    /// May see the system log, and nothing else.
    #[serde(alias = "REPORT_ADMIN")]
    ReportAdmin,
    /// Changes authorization servers.
    #[serde(alias = "API_ACCESS_MANAGEMENT_ADMIN")]
    ApiAccessManagementAdmin,
}

/// A group of people.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupDeclaration {
    /// Its name.
    #[schemars(with = "String")]
    pub name: Name,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Logins of people who shall be members.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub members: Vec<Name>,
}

/// An application.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppDeclaration {
    /// Its id and `client_id`; drawn if none is named.
    #[schemars(with = "Option<String>")]
    pub id: Option<Name>,
    /// Its name for people.
    #[schemars(with = "String")]
    pub label: Name,
    /// What sort of program it is.
    pub kind: AppKind,
    /// The secret by which it proves itself.
    #[schemars(with = "Option<SecretSource>")]
    pub client_secret: Option<SecretPlace>,
    /// Its settings.
    #[serde(default)]
    pub settings: AppSettings,
    /// The name of its sign-on policy.
    #[schemars(with = "Option<String>")]
    pub policy: Option<Name>,
    /// Logins of people to whom it is assigned.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub people: Vec<Name>,
    /// Names of groups to which it is assigned.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub groups: Vec<Name>,
    /// Scopes of the management API that it shall have when it acts for itself; it needs a role as well.
    #[serde(default)]
    pub api_scopes: Vec<String>,
    /// The roles that it shall have at the management API.
    #[serde(default)]
    pub roles: Vec<RoleName>,
}

/// An authorization server.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerDeclaration {
    /// Its name.
    #[schemars(with = "String")]
    pub name: Name,
    /// The `aud` of its access tokens.
    pub audience: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Scopes beyond those of OpenID Connect.
    #[serde(default)]
    pub scopes: Vec<ScopeConfig>,
    /// Claims that it adds to tokens.
    #[serde(default)]
    pub claims: Vec<ClaimConfig>,
    /// Who gets which tokens; left out, everyone.
    pub rules: Option<Vec<AccessRuleDeclaration>>,
    /// Form of access tokens.
    #[serde(default)]
    pub access_token_form: AccessTokenForm,
    /// Algorithm of JWT access tokens.
    #[serde(default)]
    pub access_token_algorithm: AccessTokenAlgorithm,
}

/// Who gets which tokens, for how long.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessRuleDeclaration {
    /// Its name.
    pub name: String,
    /// Labels of the apps it is for; empty means all.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub apps: Vec<Name>,
    /// The grants it is for; empty means all.
    #[serde(default)]
    pub grants: Vec<GrantKind>,
    /// Logins of the people it is for; with `groups`, empty means all.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub people: Vec<Name>,
    /// Names of the groups it is for.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub groups: Vec<Name>,
    /// The scopes it may grant; empty means all of the server.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Lifetime of access tokens.
    #[serde(default = "access_token_secs")]
    pub access_token_secs: i64,
    /// How long a refresh token may be unused.
    #[serde(default = "refresh_idle_secs")]
    pub refresh_idle_secs: i64,
    /// How long a refresh family may live.
    #[serde(default = "refresh_lifetime_secs")]
    pub refresh_lifetime_secs: i64,
}

fn access_token_secs() -> i64 {
    AccessRule::default().access_token_secs
}

fn refresh_idle_secs() -> i64 {
    AccessRule::default().refresh_idle_secs
}

fn refresh_lifetime_secs() -> i64 {
    AccessRule::default().refresh_lifetime_secs
}

/// A network zone: a named list of address ranges.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneDeclaration {
    /// Its name.
    #[schemars(with = "String")]
    pub name: Name,
    /// Its ranges: `192.0.2.0/24`, `2001:db8::/32`, or single addresses.
    #[schemars(with = "Vec<String>")]
    pub ranges: Vec<Name>,
    /// Whether nothing at all is served to whoever comes from there.
    #[serde(default)]
    pub blocked: bool,
}

/// A site that is trusted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OriginDeclaration {
    /// Its name.
    #[schemars(with = "String")]
    pub name: Name,
    /// Scheme and host, and port where it is another than usual.
    pub origin: String,
    /// What it is trusted with; one of both at least.
    pub scopes: Vec<OriginUse>,
}

/// What a site may be trusted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OriginUse {
    /// Its scripts may read what the API answers.
    #[serde(alias = "CORS")]
    Cors,
    /// Browsers may be sent there after a sign-in.
    #[serde(alias = "REDIRECT")]
    Redirect,
}

/// Where a request comes from, by names of zones.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ZonesDeclaration {
    /// One of these zones.
    In(#[schemars(with = "Vec<String>")] Vec<Name>),
    /// None of these zones.
    NotIn(#[schemars(with = "Vec<String>")] Vec<Name>),
}

impl ZonesDeclaration {
    /// The zones that are named.
    #[must_use]
    pub fn named(&self) -> &[Name] {
        match self {
            Self::In(zones) | Self::NotIn(zones) => zones,
        }
    }
}

/// What is unusual of a sign-in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BehaviorDeclaration {
    /// Its name.
    #[schemars(with = "String")]
    pub name: Name,
    /// What is compared; it cannot be changed later.
    pub kind: ComparedKind,
    /// With how many of the newest sign-ins is compared; left out, 20 for devices and 50 for addresses.
    pub events_max: Option<u32>,
    /// With fewer sign-ins nothing is told, and rules that name it apply.
    #[serde(default)]
    pub events_min: u32,
}

/// What is compared.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComparedKind {
    /// The device.
    #[serde(alias = "ANOMALOUS_DEVICE")]
    AnomalousDevice,
    /// The address.
    #[serde(alias = "ANOMALOUS_IP")]
    AnomalousIp,
}

/// A sign-on policy that apps may name.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyDeclaration {
    /// Its name.
    #[schemars(with = "String")]
    pub name: Name,
    /// Its rules in order; the first that matches decides.
    pub rules: Vec<RuleDeclaration>,
}

/// A rule of a sign-on policy.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleDeclaration {
    /// Its name.
    pub name: String,
    /// The people it is for; with groups, empty means everyone.
    #[serde(default)]
    pub people: MembershipDeclaration,
    /// The groups it is for.
    #[serde(default)]
    pub groups: MembershipDeclaration,
    /// Where the request comes from; left out, anywhere.
    pub zones: Option<ZonesDeclaration>,
    /// Administrators alone (`true`), everyone else alone (`false`), or both (left out).
    pub administrators: Option<bool>,
    /// Behaviours of which one must be detected; empty, nothing need be.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub behaviors: Vec<Name>,
    /// What happens when it matches.
    pub outcome: OutcomeDeclaration,
}

/// Who is meant, by login or by name of the group.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MembershipDeclaration {
    /// Those who are meant.
    #[schemars(with = "Vec<String>")]
    pub include: Vec<Name>,
    /// Those who are not, whatever else holds.
    #[schemars(with = "Vec<String>")]
    pub exclude: Vec<Name>,
}

/// What happens when a rule matches.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeDeclaration {
    /// Nobody gets in.
    Deny,
    /// Whoever proves enough gets in.
    Allow(AllowDeclaration),
}

/// What must be proved.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AllowDeclaration {
    /// Which proof suffices.
    pub require: Requirement,
    /// How old a proof may be, in seconds.
    pub session_age_max_secs: Option<u32>,
}

/// A token of the management API.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiTokenDeclaration {
    /// Its name.
    #[schemars(with = "String")]
    pub name: Name,
    /// The login of the person with whose roles it acts.
    #[schemars(with = "String")]
    pub person: Name,
    /// Its text: `00T` and at least 40 random characters.
    #[schemars(with = "SecretSource")]
    pub token: SecretPlace,
}
