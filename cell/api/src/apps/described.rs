//! What the operations on apps read and answer.

use crate::api_access::grants;
use crate::apps::input::{KEY_READ_ONLY, READ_ONLY};
use crate::apps::standing;
use crate::apps::words::{
    APPLICATION_TYPES, AUTHENTICATION_METHODS, CONSENT_METHODS, FEATURES, GRANT_TYPES,
    RESPONSE_TYPES, SIGN_ON_MODE,
};
use crate::apps::{groups, users};
use crate::description::components::{LINKS, STATUS};
use crate::description::parameter::{AFTER, Parameter, Values, filter, flag, limit, q, word};
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{Description, NOTHING, lists, makes, pages, shows};
use crate::error::ErrorCode;
use crate::groups::described::GROUP;
use crate::limits::{
    APP_GROUPS_PAGE, APP_LINKS_PAGE, APP_USERS_PAGE, APPS_OF_GROUP_PAGE, APPS_PAGE,
};
use crate::role;
use crate::users::described::USER;
use identity::access::Role;
use identity::app::search::MAKE;
use identity::app::settings::{AppSettings, GrantKind};
use serde_json::Value;

fn words<T>(table: &'static [(&'static str, T)]) -> Vec<&'static str> {
    table.iter().map(|(word, _)| *word).collect()
}

const TYPE: Schema = Schema::WordOf(|| words(&APPLICATION_TYPES));
const METHOD: Schema = Schema::WordOf(|| words(&AUTHENTICATION_METHODS));
const CONSENT: Schema = Schema::WordOf(|| words(&CONSENT_METHODS));
const GRANT: Schema = Schema::WordOf(|| words(&GRANT_TYPES));
const RESPONSE: Schema = Schema::WordOf(|| words(&RESPONSE_TYPES));

/// What every app says of itself as a client, but for what depends on its grants.
fn standing_of_client() -> Value {
    standing::of_client(&AppSettings {
        grants: Vec::new(),
        ..AppSettings::default()
    })
}

fn rotation() -> Value {
    let mut client = standing::of_client(&AppSettings {
        grants: vec![GrantKind::RefreshToken],
        ..AppSettings::default()
    });
    client["refresh_token"].take()
}

const KEY_FIELDS: &[Field] = &[
    must("kty", Schema::Word(&["RSA", "EC", "OKP"])),
    may("kid", Schema::Text),
    may("use", Schema::Text),
    may("alg", Schema::Text),
    may("n", Schema::Text),
    may("e", Schema::Text),
    may("crv", Schema::Text),
    may("x", Schema::Text),
    may("y", Schema::Text),
    must("id", Schema::Text).said("Its thumbprint (RFC 7638)."),
    must("status", STATUS),
    may("_links", LINKS),
];

static KEY: Model = shown(
    "AppKey",
    "A public key by which an app proves itself (RFC 7517).",
    Schema::Object(KEY_FIELDS),
);

static APP: Model = shown(
    "Application",
    "A client of OpenID Connect and OAuth.",
    Schema::Joined(
        &[
            must("id", Schema::Text),
            must("name", Schema::Word(&[MAKE])),
            must("label", Schema::Text).said("What people know it by."),
            must("status", STATUS),
            must("created", Schema::Moment),
            must("lastUpdated", Schema::Moment),
            must("signOnMode", Schema::Word(&[SIGN_ON_MODE])),
            must("features", Schema::List(&Schema::Word(&FEATURES)))
                .said("What is done at its SCIM server, if one is connected and switched on."),
            must(
                "visibility",
                Schema::Joined(
                    &[must(
                        "hide",
                        Schema::Object(&[must("iOS", Schema::Flag), must("web", Schema::Flag)]),
                    )],
                    standing::of_visibility,
                ),
            ),
            must(
                "credentials",
                Schema::Joined(
                    &[must(
                        "oauthClient",
                        Schema::Joined(
                            &[
                                must("client_id", Schema::Text),
                                may("client_secret", Schema::Text)
                                    .said("Shown once, when the app is made."),
                                must("pkce_required", Schema::Flag),
                                must("token_endpoint_auth_method", METHOD),
                            ],
                            standing::of_proof,
                        ),
                    )],
                    standing::of_credentials,
                ),
            ),
            must(
                "settings",
                Schema::Joined(
                    &[
                        must("implicitAssignment", Schema::Flag)
                            .said("Whether everybody may use it."),
                        must(
                            "oauthClient",
                            Schema::Joined(
                                &[
                                    must("application_type", TYPE),
                                    must("grant_types", Schema::List(&GRANT)),
                                    must("response_types", Schema::List(&RESPONSE)),
                                    must("redirect_uris", Schema::List(&Schema::Address)),
                                    must(
                                        "post_logout_redirect_uris",
                                        Schema::List(&Schema::Address),
                                    ),
                                    may("initiate_login_uri", Schema::Address),
                                    must("consent_method", CONSENT),
                                    may(
                                        "jwks",
                                        Schema::Object(&[must(
                                            "keys",
                                            Schema::List(&Schema::Of(&KEY)),
                                        )]),
                                    ),
                                    may("refresh_token", Schema::Standing(rotation)),
                                ],
                                standing_of_client,
                            ),
                        ),
                    ],
                    standing::of_settings,
                ),
            ),
            may(
                "_embedded",
                Schema::Object(&[must("user", Schema::Of(&APP_USER))]),
            )
            .said("How it is assigned to a person, if that is asked for."),
            must("_links", LINKS),
        ],
        standing::of_app,
    ),
);

const PUBLIC_KEY: Schema = Schema::Open(&[
    must("kty", Schema::Word(&["RSA", "EC", "OKP"])),
    may("status", Schema::Word(&["ACTIVE"])),
]);

static APP_INPUT: Model = taken(
    "ApplicationInput",
    "Label and settings of an app. How it proves itself stays as it is where `credentials` and `jwks` are left out.",
    Schema::Joined(
        &[
            must("label", Schema::Text),
            may("signOnMode", Schema::Word(&[SIGN_ON_MODE])).said("Needed when an app is added."),
            may("name", Schema::Word(&[MAKE])),
            may("visibility", Schema::Joined(
                &[may("hide", Schema::Object(&[
                    may("iOS", Schema::Flag).said("True: there is no page of its own for telephones."),
                    may("web", Schema::Flag).said("Whether it has no `initiate_login_uri`, and so no place on the page of apps."),
                ]))],
                standing::of_visibility,
            )),
            may("credentials", Schema::Joined(
                &[may("oauthClient", Schema::Joined(
                    &[
                        may("client_id", Schema::Text).said("As it was shown: an id is drawn here."),
                        may("token_endpoint_auth_method", METHOD),
                        may("pkce_required", Schema::Flag),
                    ],
                    standing::of_proof,
                ))],
                standing::of_credentials,
            )),
            must("settings", Schema::Joined(
                &[
                    may("implicitAssignment", Schema::Flag).said("Whether everybody may use it."),
                    may("emOptInStatus", Schema::Anything).said("Shown, and not changed here."),
                    must("oauthClient", Schema::Joined(
                        &[
                            may("application_type", TYPE).said("It is never changed."),
                            must("grant_types", Schema::List(&GRANT)),
                            may("response_types", Schema::List(&RESPONSE)),
                            may("redirect_uris", Schema::List(&Schema::Address)),
                            may("post_logout_redirect_uris", Schema::List(&Schema::Address)),
                            may("initiate_login_uri", Schema::Text)
                                .said("Where people begin; empty for nowhere."),
                            may("consent_method", CONSENT),
                            may("jwks", Schema::Object(&[must("keys", Schema::List(&PUBLIC_KEY))])),
                            may("refresh_token", Schema::Standing(rotation)),
                        ],
                        standing_of_client,
                    )),
                ],
                standing::of_settings,
            )),
        ],
        standing::of_app,
    ),
    &READ_ONLY,
);

const APP_EXAMPLE: &str = r#"{"name":"oidc_client","label":"Wiki","signOnMode":"OPENID_CONNECT","settings":{"oauthClient":{"application_type":"web","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"redirect_uris":["https://wiki.example/callback"]}}}"#;

const EXPAND_USER: Parameter = Parameter {
    name: "expand",
    values: Values::Expression,
    about: "`user/` and the id of a person: how the app is assigned to them.",
};
const WITH_USER: Parameter = word("expand", &["user"], "What is shown inside of it.");
const WITH_GROUP: Parameter = word("expand", &["group"], "What is shown inside of it.");

pub(crate) static LIST: Description = pages(
    &Schema::Of(&APP),
    &[
        q("The beginning of the label."),
        filter("Such as `user.id eq \"00u…\" and status eq \"ACTIVE\"`."),
        EXPAND_USER,
        limit(APPS_PAGE),
        AFTER,
    ],
)
.refusing(&[ErrorCode::NotFound]);
pub(crate) static OF_GROUP: Description =
    pages(&Schema::Of(&APP), &[limit(APPS_OF_GROUP_PAGE), AFTER]);
pub(crate) static SHOW: Description = shows(&APP).asked(&[EXPAND_USER]);
pub(crate) static CREATE: Description = shows(&APP)
    .asked(&[flag("activate", true, "Whether it may be used at once.")])
    .takes(&APP_INPUT, APP_EXAMPLE);
pub(crate) static REPLACE: Description = shows(&APP).takes(&APP_INPUT, APP_EXAMPLE);
pub(crate) static DELETE: Description = NOTHING.refusing(&[ErrorCode::AppInUse]);

static APP_LINK: Model = shown(
    "AppLink",
    "An app that a person may start.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("label", Schema::Text),
        must("linkUrl", Schema::Address).said("Where it begins."),
        must("appName", Schema::Word(&[MAKE])),
        must("appInstanceId", Schema::Text),
        must("appAssignmentId", Schema::Text),
        must("credentialsSetup", Schema::Flag),
        must("hidden", Schema::Flag),
        must("sortOrder", Schema::Whole),
    ]),
);

pub(crate) static APP_LINKS: Description =
    pages(&Schema::Of(&APP_LINK), &[limit(APP_LINKS_PAGE), AFTER]);

const SCOPE: Schema = Schema::Word(&[users::DIRECT, users::THROUGH_GROUP]);

const PROFILE: Schema = Schema::Map(&Schema::Anything);

static APP_USER: Model = shown(
    "AppUser",
    "How an app is assigned to a person: alone, or through a group.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("scope", SCOPE),
        must("status", STATUS).said("Whether the person may act."),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("syncState", Schema::Word(&["DISABLED"])),
        must(
            "credentials",
            Schema::Object(&[must("userName", Schema::Text)]),
        ),
        may("profile", PROFILE)
            .said("What the person has in the app; left out for a holder of custom roles."),
        may(
            "_embedded",
            Schema::Object(&[must("user", Schema::Of(&USER))]),
        ),
        must("_links", LINKS),
    ]),
);

const APP_USER_FIELDS: &[Field] = &[
    may("scope", SCOPE),
    may(
        "credentials",
        Schema::Object(&[
            may("userName", Schema::Text).said("The login: people have one name in all apps.")
        ]),
    ),
    may("profile", PROFILE).said("What is named is changed, and removed by `null`."),
    may("id", Schema::Text),
];

static APP_USER_INPUT: Model = taken(
    "AppUserChange",
    "How an app is to be assigned to a person who has it.",
    Schema::Object(APP_USER_FIELDS),
    &users::READ_ONLY,
);

static NEW_APP_USER: Model = taken(
    "NewAppUser",
    "To whom an app is to be assigned.",
    Schema::Object(&[
        must("id", Schema::Text),
        may("scope", Schema::Word(&[users::DIRECT])),
        may(
            "credentials",
            Schema::Object(&[
                may("userName", Schema::Text).said("The login: people have one name in all apps.")
            ]),
        ),
        may("profile", PROFILE).said("What the schema of the app has."),
    ]),
    &users::READ_ONLY,
);

pub(crate) static USERS: Description = pages(
    &Schema::Of(&APP_USER),
    &[WITH_USER, limit(APP_USERS_PAGE), AFTER],
);
pub(crate) static USER_SHOW: Description = shows(&APP_USER).asked(&[WITH_USER]);
pub(crate) static USER_ASSIGN: Description =
    shows(&APP_USER).takes(&NEW_APP_USER, r#"{"id":"00u1a2b3c4d5e6f7g8h9"}"#);
pub(crate) static USER_UPDATE: Description =
    shows(&APP_USER).takes(&APP_USER_INPUT, r#"{"scope":"USER"}"#);
pub(crate) static USER_UNASSIGN: Description = NOTHING
    .asked(&[flag(
        "sendEmail",
        false,
        "Administrators are told by the log: `true` is refused.",
    )])
    .refusing(&[ErrorCode::AppUserOfGroup]);

static APP_GROUP: Model = shown(
    "AppGroup",
    "That an app is assigned to a group.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("lastUpdated", Schema::Moment),
        must("priority", Schema::Whole).said("No group comes before another."),
        must("profile", Schema::Object(&[])),
        may(
            "_embedded",
            Schema::Object(&[must("group", Schema::Of(&GROUP))]),
        ),
        must("_links", LINKS),
    ]),
);

static APP_GROUP_INPUT: Model = taken(
    "AppGroupInput",
    "An assignment says nothing but that it is.",
    Schema::Object(&[
        may(
            "priority",
            Schema::Standing(|| Value::from(groups::PRIORITY)),
        ),
        may("profile", Schema::Object(&[])).said("Empty."),
    ]),
    &groups::READ_ONLY,
);

pub(crate) static GROUPS: Description = pages(
    &Schema::Of(&APP_GROUP),
    &[WITH_GROUP, limit(APP_GROUPS_PAGE), AFTER],
);
pub(crate) static GROUP_SHOW: Description = shows(&APP_GROUP).asked(&[WITH_GROUP]);
pub(crate) static GROUP_ASSIGN: Description =
    shows(&APP_GROUP).may_take(&APP_GROUP_INPUT, r#"{"priority":0}"#);

static SECRET: Model = shown(
    "AppSecret",
    "A secret of an app.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("status", STATUS),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        may("client_secret", Schema::Text).said("What it is: shown to whoever adds it, this once."),
        must("_links", LINKS),
    ]),
);

static SECRET_INPUT: Model = taken(
    "AppSecretInput",
    "A secret is drawn here: there is nothing to say of it.",
    Schema::Object(&[may("status", Schema::Word(&["ACTIVE"]))]),
    &[],
);

pub(crate) static SECRETS: Description = lists(&Schema::Of(&SECRET));
pub(crate) static SECRET_SHOW: Description = shows(&SECRET);
pub(crate) static SECRET_ADD: Description = makes(&SECRET).may_take(&SECRET_INPUT, "{}");

static KEY_INPUT: Model = taken(
    "AppKeyInput",
    "A public key (RFC 7517), with whatever members its kind has.",
    PUBLIC_KEY,
    &KEY_READ_ONLY,
);

const KEY_EXAMPLE: &str = r#"{"kty":"EC","crv":"P-256","kid":"a","alg":"ES256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

pub(crate) static KEYS: Description = lists(&Schema::Of(&KEY));
pub(crate) static KEY_SHOW: Description = shows(&KEY);
pub(crate) static KEY_ADD: Description = makes(&KEY).takes(&KEY_INPUT, KEY_EXAMPLE);

static API_GRANT: Model = shown(
    "Grant",
    "A scope of this API that an app was granted.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("status", STATUS),
        must("created", Schema::Moment),
        must(
            "createdBy",
            Schema::Object(&[must("id", Schema::Text), must("type", Schema::Text)]),
        ),
        must("lastUpdated", Schema::Moment),
        must("issuer", Schema::Address),
        must("clientId", Schema::Text),
        must("scopeId", Schema::Text),
        must("source", Schema::Word(&["ADMIN"])),
        must("_links", LINKS),
    ]),
);

static API_GRANT_INPUT: Model = taken(
    "GrantInput",
    "The scope to be granted.",
    Schema::Object(&[
        must("scopeId", Schema::Text).said("Such as `okta.users.read`."),
        may("issuer", Schema::Address).said("That of the organisation's own server."),
    ]),
    &grants::READ_ONLY,
);

pub(crate) static GRANTS: Description = lists(&Schema::Of(&API_GRANT));
pub(crate) static GRANT_SHOW: Description = shows(&API_GRANT);
pub(crate) static GRANT_ADD: Description =
    makes(&API_GRANT).takes(&API_GRANT_INPUT, r#"{"scopeId":"okta.groups.read"}"#);

const ROLE_WORD: Schema = Schema::WordOf(|| Role::ALL.map(Role::as_str).to_vec());

const ANY_ROLE_WORD: Schema = Schema::WordOf(|| {
    let standard = Role::ALL.into_iter().map(Role::as_str);
    standard.chain([role::CUSTOM]).collect()
});

static ROLE: Model = shown(
    "Role",
    "The assignment of a role.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("label", Schema::Text),
        must("type", ROLE_WORD),
        must("status", STATUS),
        must("assignmentType", Schema::Word(&["CLIENT"])),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("_links", LINKS),
    ]),
);

static USER_ROLE: Model = shown(
    "UserRole",
    "The assignment of a role to a person, or to a group.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("label", Schema::Text),
        must("type", ANY_ROLE_WORD),
        must("status", STATUS),
        must("assignmentType", Schema::Word(&["USER", "GROUP"])),
        may("role", Schema::Text).said("Which custom role."),
        may("resource-set", Schema::Text).said("Over which set a custom role is held."),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("_links", LINKS),
    ]),
);

static USER_ROLE_INPUT: Model = taken(
    "UserRoleInput",
    "The role to be given.",
    Schema::Object(&[
        must("type", ANY_ROLE_WORD),
        may("role", Schema::Text).said("Which custom role: its id or its label."),
        may("resource-set", Schema::Text)
            .said("Over which set a custom role is held: its id or its label."),
    ]),
    &role::READ_ONLY,
);

static ROLE_INPUT: Model = taken(
    "RoleInput",
    "The role to be given.",
    Schema::Object(&[must("type", ROLE_WORD)]),
    &role::READ_ONLY,
);

pub(crate) static ROLES: Description = lists(&Schema::Of(&ROLE));
pub(crate) static ROLE_SHOW: Description = shows(&ROLE);
pub(crate) static USER_ROLES: Description = lists(&Schema::Of(&USER_ROLE));
pub(crate) static USER_ROLE_SHOW: Description = shows(&USER_ROLE);
pub(crate) static USER_ROLE_GIVE: Description = makes(&USER_ROLE)
    .takes(&USER_ROLE_INPUT, r#"{"type":"HELP_DESK_ADMIN"}"#)
    .refusing(&[ErrorCode::AlreadyAssigned]);
pub(crate) static ROLE_GIVE_APP: Description = shows(&ROLE)
    .takes(&ROLE_INPUT, r#"{"type":"HELP_DESK_ADMIN"}"#)
    .refusing(&[ErrorCode::AlreadyAssigned]);
