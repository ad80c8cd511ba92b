//! What the operations on authorization servers read and answer.

use crate::authorization_servers::policies;
use crate::authorization_servers::rules::{self, GRANTS};
use crate::authorization_servers::{ISSUER_MODE, KEY_USE, READ_ONLY, ROTATION, claims, scopes};
use crate::description::components::{LINK, LINKS, STATUS};
use crate::description::parameter::{AFTER, limit, q};
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{Description, Header, lists, makes, pages, shows};
use crate::limits::SERVERS_PAGE;

const TEXTS: Schema = Schema::List(&Schema::Text);

static SERVER: Model = shown(
    "AuthorizationServer",
    "A server that issues tokens.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("name", Schema::Text),
        may("description", Schema::Text),
        must("audiences", TEXTS),
        must("issuer", Schema::Address),
        must("issuerMode", Schema::Word(&[ISSUER_MODE])),
        must("status", STATUS),
        must("default", Schema::Flag).said("Whether it is the preset one."),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must(
            "credentials",
            Schema::Object(&[must(
                "signing",
                Schema::Object(&[
                    may("kid", Schema::Text)
                        .said("The key that signs now, once something was signed."),
                    must("rotationMode", Schema::Word(&[ROTATION])),
                    may("lastRotated", Schema::Moment),
                    may("nextRotation", Schema::Moment),
                    must("use", Schema::Word(&[KEY_USE])),
                ]),
            )]),
        ),
        must(
            "_links",
            Schema::Map(&Schema::Either(&[
                Schema::Of(&LINK),
                Schema::List(&Schema::Of(&LINK)),
            ])),
        ),
    ]),
);

static SERVER_INPUT: Model = taken(
    "AuthorizationServerInput",
    "Name, description and audience of a server.",
    Schema::Object(&[
        must("name", Schema::Text),
        may("description", Schema::Text),
        must("audiences", TEXTS).said("Exactly one."),
        may("status", STATUS)
            .said("As it is: it is switched by `lifecycle/activate` and `lifecycle/deactivate`."),
        may("issuerMode", Schema::Word(&[ISSUER_MODE])),
        may("issuer", Schema::Text).said("As it is: it follows from the id."),
        may(
            "credentials",
            Schema::Object(&[may(
                "signing",
                Schema::Object(&[
                    may("kid", Schema::Anything).said("Shown, and not changed here."),
                    may("lastRotated", Schema::Anything).said("Shown, and not changed here."),
                    may("nextRotation", Schema::Anything).said("Shown, and not changed here."),
                    may("rotationMode", Schema::Word(&[ROTATION])),
                    may("use", Schema::Word(&[KEY_USE])),
                ]),
            )]),
        ),
    ]),
    &READ_ONLY,
);

const SERVER_EXAMPLE: &str = r#"{"name":"Orders","description":"Tokens for the shop","audiences":["https://orders.example"]}"#;

pub(crate) static LIST: Description = pages(
    &Schema::Of(&SERVER),
    &[q("A part of name or audience."), limit(SERVERS_PAGE), AFTER],
);
pub(crate) static SHOW: Description = shows(&SERVER);
pub(crate) static CREATE: Description = makes(&SERVER)
    .with_headers(&[Header::Location])
    .takes(&SERVER_INPUT, SERVER_EXAMPLE);
pub(crate) static REPLACE: Description = shows(&SERVER).takes(&SERVER_INPUT, SERVER_EXAMPLE);

const CONSENT: Schema = Schema::Word(&["IMPLICIT", "REQUIRED"]);
const PUBLISH: Schema = Schema::Word(&["ALL_CLIENTS", "NO_CLIENTS"]);

static SCOPE: Model = shown(
    "Scope",
    "A scope of a server.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("name", Schema::Text),
        may("description", Schema::Text),
        must("system", Schema::Flag).said("Whether every server has it."),
        must("default", Schema::Flag),
        must("optional", Schema::Flag),
        must("consent", CONSENT),
        must("metadataPublish", PUBLISH).said("Whether discovery lists it."),
        must("_links", LINKS),
    ]),
);

static SCOPE_INPUT: Model = taken(
    "ScopeInput",
    "A scope of a server.",
    Schema::Object(&[
        must("name", Schema::Text),
        may("description", Schema::Text).said("What people are asked."),
        may("displayName", Schema::Text).said("As the description."),
        may("default", Schema::Flag),
        may("consent", CONSENT),
        may("metadataPublish", PUBLISH),
        may("optional", Schema::Flag)
            .said("False: a person gives all that is asked for, or nothing."),
        may("system", Schema::Flag).said("False."),
    ]),
    &scopes::READ_ONLY,
);

const SCOPE_EXAMPLE: &str =
    r#"{"name":"orders:write","description":"Change orders","consent":"REQUIRED"}"#;

pub(crate) static SCOPES: Description = lists(&Schema::Of(&SCOPE));
pub(crate) static SCOPE_SHOW: Description = shows(&SCOPE);
pub(crate) static SCOPE_CREATE: Description = makes(&SCOPE)
    .with_headers(&[Header::Location])
    .takes(&SCOPE_INPUT, SCOPE_EXAMPLE);
pub(crate) static SCOPE_REPLACE: Description = shows(&SCOPE).takes(&SCOPE_INPUT, SCOPE_EXAMPLE);

const CLAIM_TYPE: Schema = Schema::Word(&["RESOURCE", "IDENTITY"]);
const VALUE_TYPE: Schema = Schema::Word(&["EXPRESSION", "GROUPS"]);
const GROUP_FILTER: Schema = Schema::Word(&["STARTS_WITH", "REGEX"]);

static CLAIM: Model = shown(
    "Claim",
    "A claim that a server adds to its tokens.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("name", Schema::Text),
        must("status", STATUS),
        must("claimType", CLAIM_TYPE)
            .said("`RESOURCE` for access tokens, `IDENTITY` for ID tokens."),
        must("valueType", VALUE_TYPE),
        must("value", Schema::Text),
        may("group_filter_type", GROUP_FILTER),
        must("conditions", Schema::Object(&[must("scopes", TEXTS)])),
        must("alwaysIncludeInToken", Schema::Flag),
        must("system", Schema::Flag),
        must("_links", LINKS),
    ]),
);

static CLAIM_INPUT: Model = taken(
    "ClaimInput",
    "A claim that a server adds to its tokens.",
    Schema::Object(&[
        must("name", Schema::Text),
        must("claimType", CLAIM_TYPE),
        must("valueType", VALUE_TYPE),
        must("value", Schema::Text).said("An attribute as in `user.email`, a text in quotation marks, or the beginning of groups' names."),
        may("group_filter_type", GROUP_FILTER).said("For the value type `GROUPS`; `REGEX` with `.*` for all groups."),
        may("conditions", Schema::Object(&[may("scopes", TEXTS)])),
        may("status", Schema::Word(&["ACTIVE"])),
        may("alwaysIncludeInToken", Schema::Flag).said("True."),
        may("system", Schema::Flag).said("False."),
    ]),
    &claims::READ_ONLY,
);

const CLAIM_EXAMPLE: &str =
    r#"{"name":"mail","claimType":"RESOURCE","valueType":"EXPRESSION","value":"user.email"}"#;

pub(crate) static CLAIMS: Description = lists(&Schema::Of(&CLAIM));
pub(crate) static CLAIM_SHOW: Description = shows(&CLAIM);
pub(crate) static CLAIM_CREATE: Description = makes(&CLAIM)
    .with_headers(&[Header::Location])
    .takes(&CLAIM_INPUT, CLAIM_EXAMPLE);
pub(crate) static CLAIM_REPLACE: Description = shows(&CLAIM).takes(&CLAIM_INPUT, CLAIM_EXAMPLE);

static POLICY: Model = shown(
    "AccessPolicy",
    "Who gets which tokens of a server, by the apps that ask.",
    Schema::Object(&[
        must("type", Schema::Word(&[policies::TYPE])),
        must("id", Schema::Text),
        must("name", Schema::Text),
        may("description", Schema::Text),
        must("status", STATUS),
        must("priority", Schema::Whole),
        must("system", Schema::Flag),
        must(
            "conditions",
            Schema::Object(&[must("clients", Schema::Object(&[must("include", TEXTS)]))]),
        ),
        may("created", Schema::Moment),
        may("lastUpdated", Schema::Moment),
        must("_links", LINKS),
    ]),
);

static POLICY_INPUT: Model = taken(
    "AccessPolicyInput",
    "An access policy of a server.",
    Schema::Object(&[
        may("type", Schema::Word(&[policies::TYPE])),
        must("name", Schema::Text),
        may("description", Schema::Text),
        may("status", STATUS),
        may("priority", Schema::Whole).said("The place in the order, from 1 on."),
        may("system", Schema::Flag).said("False."),
        must(
            "conditions",
            Schema::Object(&[must(
                "clients",
                Schema::Object(&[must("include", TEXTS).said("Apps, or `ALL_CLIENTS`.")]),
            )]),
        ),
    ]),
    &policies::READ_ONLY,
);

const POLICY_EXAMPLE: &str = r#"{"type":"OAUTH_AUTHORIZATION_POLICY","name":"All apps","conditions":{"clients":{"include":["ALL_CLIENTS"]}}}"#;

pub(crate) static POLICIES: Description = lists(&Schema::Of(&POLICY));
pub(crate) static POLICY_SHOW: Description = shows(&POLICY);
pub(crate) static POLICY_CREATE: Description = makes(&POLICY)
    .with_headers(&[Header::Location])
    .takes(&POLICY_INPUT, POLICY_EXAMPLE);
pub(crate) static POLICY_REPLACE: Description = shows(&POLICY).takes(&POLICY_INPUT, POLICY_EXAMPLE);

const GRANT: Schema = Schema::WordOf(|| GRANTS.iter().map(|(word, _)| *word).collect());
const INCLUDED: Schema = Schema::Object(&[must("include", TEXTS), must("exclude", TEXTS)]);

static RULE: Model = shown(
    "AccessRule",
    "Which grants, for whom, which scopes, for how long.",
    Schema::Object(&[
        must("type", Schema::Word(&[rules::TYPE])),
        must("id", Schema::Text),
        must("name", Schema::Text),
        must("status", STATUS),
        must("priority", Schema::Whole),
        must("system", Schema::Flag),
        must(
            "conditions",
            Schema::Object(&[
                must(
                    "people",
                    Schema::Object(&[must("users", INCLUDED), must("groups", INCLUDED)]),
                ),
                must(
                    "grantTypes",
                    Schema::Object(&[must("include", Schema::List(&GRANT))]),
                ),
                must("scopes", Schema::Object(&[must("include", TEXTS)])),
            ]),
        ),
        must(
            "actions",
            Schema::Object(&[must(
                "token",
                Schema::Object(&[
                    must("accessTokenLifetimeMinutes", Schema::Whole),
                    must("refreshTokenLifetimeMinutes", Schema::Whole),
                    must("refreshTokenWindowMinutes", Schema::Whole),
                    may("inlineHook", Schema::Object(&[must("id", Schema::Text)]))
                        .said("The inline hook that is asked about tokens."),
                ]),
            )]),
        ),
        may("created", Schema::Moment),
        may("lastUpdated", Schema::Moment),
        must("_links", LINKS),
    ]),
);

const NAMED: Schema = Schema::Object(&[
    may("include", TEXTS),
    may("exclude", TEXTS).said("Empty: rules only include."),
]);
const TOKEN: &[Field] = &[
    may("accessTokenLifetimeMinutes", Schema::Whole),
    may("refreshTokenLifetimeMinutes", Schema::Whole),
    may("refreshTokenWindowMinutes", Schema::Whole),
    may("inlineHook", Schema::Object(&[may("id", Schema::Text)]))
        .said("The inline hook that is asked about tokens. Where `token` names none, none is."),
];

static RULE_INPUT: Model = taken(
    "AccessRuleInput",
    "A rule of an access policy.",
    Schema::Object(&[
        may("type", Schema::Word(&[rules::TYPE])),
        must("name", Schema::Text),
        may("status", STATUS),
        may("priority", Schema::Whole).said("The place in the order, from 1 on."),
        may("system", Schema::Flag).said("False."),
        must(
            "conditions",
            Schema::Object(&[
                may(
                    "people",
                    Schema::Object(&[
                        may("users", NAMED),
                        may("groups", NAMED).said("Groups, or `EVERYONE`."),
                    ]),
                ),
                must(
                    "grantTypes",
                    Schema::Object(&[must("include", Schema::List(&GRANT))]),
                ),
                must(
                    "scopes",
                    Schema::Object(&[must("include", TEXTS).said("Scopes, or `*`.")]),
                ),
            ]),
        ),
        may(
            "actions",
            Schema::Object(&[may("token", Schema::Object(TOKEN))]),
        ),
    ]),
    &rules::READ_ONLY,
);

const RULE_EXAMPLE: &str = r#"{"type":"RESOURCE_ACCESS","name":"Everybody","conditions":{"people":{"groups":{"include":["EVERYONE"]}},"grantTypes":{"include":["authorization_code"]},"scopes":{"include":["*"]}},"actions":{"token":{"accessTokenLifetimeMinutes":60}}}"#;

pub(crate) static RULES: Description = lists(&Schema::Of(&RULE));
pub(crate) static RULE_SHOW: Description = shows(&RULE);
pub(crate) static RULE_CREATE: Description = makes(&RULE)
    .with_headers(&[Header::Location])
    .takes(&RULE_INPUT, RULE_EXAMPLE);
pub(crate) static RULE_REPLACE: Description = shows(&RULE).takes(&RULE_INPUT, RULE_EXAMPLE);

static SIGNING_KEY: Model = shown(
    "SigningKey",
    "The public part of a key that a server signs by (RFC 7517).",
    Schema::Object(&[
        must("kty", Schema::Word(&["RSA", "EC", "OKP"])),
        must("kid", Schema::Text),
        must("status", Schema::Word(&["ACTIVE", "NEXT", "EXPIRED"])),
        must("use", Schema::Word(&[KEY_USE])),
        must("alg", Schema::Text),
        may("n", Schema::Text),
        may("e", Schema::Text),
        may("crv", Schema::Text),
        may("x", Schema::Text),
        may("y", Schema::Text),
        must("_links", LINKS),
    ]),
);

static ROTATION_INPUT: Model = taken(
    "KeyRotation",
    "What the keys are for.",
    Schema::Object(&[may("use", Schema::Word(&[KEY_USE]))]),
    &[],
);

pub(crate) static KEYS: Description = lists(&Schema::Of(&SIGNING_KEY));
pub(crate) static KEY_SHOW: Description = shows(&SIGNING_KEY);
pub(crate) static ROTATE: Description =
    lists(&Schema::Of(&SIGNING_KEY)).takes(&ROTATION_INPUT, r#"{"use":"sig"}"#);
