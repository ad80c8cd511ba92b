//! What the operations on identity providers read and answer.

use crate::description::components::{LINKS, STATUS};
use crate::description::parameter::{AFTER, limit, q, word};
use crate::description::schema::{Model, Schema, may, must, shown, taken};
use crate::description::{Description, lists, pages, shows};
use crate::identity_providers::input::{
    ASSIGN, BASIC, ISSUER_MODE, NOTHING, OIDC, PLACES, POST, POSTED, READ_ONLY, REDIRECT, TEMPLATE,
    TYPES,
};
use crate::limits::{IDENTITY_PROVIDERS_PAGE, PROVIDER_USERS_PAGE};
use identity::identity_provider::arrival::{Automatic, MatchBy};

const ACTION: Schema = Schema::WordOf(|| Automatic::ALL.map(Automatic::as_str).to_vec());
const MATCH: Schema = Schema::WordOf(|| MatchBy::ALL.map(MatchBy::as_str).to_vec());
const AUTH_METHOD: Schema = Schema::Word(&[BASIC, POSTED]);
const SECRET_PLACE: Schema = Schema::Word(&PLACES);
/// Clients in the field send the word as well.
const PKCE: Schema = Schema::Either(&[Schema::Flag, Schema::Word(&["true"])]);
const NEVER: &str = "Never.";
const PLACE: Schema = Schema::Object(&[
    must("url", Schema::Address),
    may("binding", Schema::Word(&[REDIRECT])),
]);
const TOKEN_PLACE: Schema = Schema::Object(&[
    must("url", Schema::Address),
    may("binding", Schema::Word(&[POST])),
]);
const ENDPOINTS: Schema = Schema::Object(&[
    must("authorization", PLACE).said("Where browsers are sent."),
    must("token", TOKEN_PLACE).said("Where codes are redeemed."),
    may("userInfo", PLACE).said("Asked where the ID token says no address."),
    must("jwks", PLACE).said("Where its keys are."),
]);
const ISSUER: Schema = Schema::Object(&[must("url", Schema::Address)]);
const STAYS: Schema = Schema::Object(&[may("action", Schema::Word(&[NOTHING]))]);
const PROVISIONING: Schema = Schema::Object(&[
    may("action", ACTION).said("Whether people are added whom nobody matches."),
    may("profileMaster", Schema::Flag).said(NEVER),
    may(
        "groups",
        Schema::Object(&[
            may("action", Schema::Word(&[NOTHING, ASSIGN])),
            may("assignments", Schema::List(&Schema::Text))
                .said("The groups that they belong to from the start."),
        ]),
    ),
    may(
        "conditions",
        Schema::Object(&[may("deprovisioned", STAYS), may("suspended", STAYS)]),
    ),
]);
const LINKING: Schema = Schema::Object(&[
    may("action", ACTION).said("Whether a person is linked whom they match."),
    may(
        "filter",
        Schema::Object(&[may(
            "groups",
            Schema::Object(&[may("include", Schema::List(&Schema::Text))]),
        )]),
    )
    .said("Only members of these groups are linked."),
]);
const SUBJECT: Schema = Schema::Object(&[
    may(
        "userNameTemplate",
        Schema::Object(&[may("template", Schema::Word(&[TEMPLATE]))]),
    )
    .said("The verified mail address."),
    may("matchType", MATCH).said("What it is held against."),
]);
const SKEW: &str = "How far the clock of the provider may be off, in milliseconds.";

static PROVIDER: Model = shown(
    "IdentityProvider",
    "A provider at which people of other organisations sign in.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("type", Schema::Word(&[OIDC])),
        must("name", Schema::Text),
        must("status", STATUS),
        must("issuerMode", Schema::Word(&[ISSUER_MODE])),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must(
            "protocol",
            Schema::Object(&[
                must("type", Schema::Word(&[OIDC])),
                must("issuer", ISSUER),
                must("endpoints", ENDPOINTS),
                must("scopes", Schema::List(&Schema::Text)),
                must(
                    "credentials",
                    Schema::Object(&[must(
                        "client",
                        Schema::Object(&[
                            must("client_id", Schema::Text),
                            must("pkce_required", Schema::Flag),
                            must("secret_place", SECRET_PLACE).said("Where the secret is sent."),
                        ]),
                    )]),
                ),
            ]),
        ),
        must(
            "policy",
            Schema::Object(&[
                must("provisioning", PROVISIONING),
                must("accountLink", LINKING),
                must("subject", SUBJECT),
                must("maxClockSkew", Schema::Whole).said(SKEW),
            ]),
        ),
        must("_links", LINKS),
    ]),
);

static NEW_PROVIDER: Model = taken(
    "IdentityProviderInput",
    "A provider at which people of other organisations are to sign in.",
    Schema::Object(&[
        must("type", Schema::Word(&[OIDC])),
        must("name", Schema::Text).said("What the button on the sign-in page says."),
        may("status", STATUS)
            .said("As it is: it is switched by `lifecycle/activate` and `lifecycle/deactivate`."),
        may("issuerMode", Schema::Word(&[ISSUER_MODE])),
        must(
            "protocol",
            Schema::Object(&[
                may("type", Schema::Word(&[OIDC])),
                may("issuer", ISSUER)
                    .said("What it calls itself in its tokens. It stays unless it is said; a new one says it."),
                must("endpoints", ENDPOINTS),
                must("scopes", Schema::List(&Schema::Text)).said("With `openid` among them."),
                may(
                    "settings",
                    Schema::Object(&[
                        may("participateSlo", Schema::Flag).said(NEVER),
                        may("sendApplicationContext", Schema::Flag).said(NEVER),
                    ]),
                ),
                must(
                    "credentials",
                    Schema::Object(&[must(
                        "client",
                        Schema::Object(&[
                            must("client_id", Schema::Text),
                            may("client_secret", Schema::Text)
                                .said("Never shown. One that is there stays unless it is said."),
                            may("pkce_required", PKCE).said("Always."),
                            may("secret_place", SECRET_PLACE).said(
                                "Where the secret is sent: in the header if nothing is said of a new provider.",
                            ),
                            may("token_endpoint_auth_method", AUTH_METHOD)
                                .said("The same in the words of the protocol. Not shown."),
                        ]),
                    )]),
                ),
            ]),
        ),
        may(
            "policy",
            Schema::Object(&[
                may("provisioning", PROVISIONING),
                may("accountLink", LINKING),
                may("subject", SUBJECT),
                may("maxClockSkew", Schema::Whole).said(SKEW),
                may("trustClaims", Schema::Flag).said(NEVER),
                may("mapAMRClaims", Schema::Flag).said(NEVER),
            ]),
        ),
    ]),
    &READ_ONLY,
);

const EXAMPLE: &str = r#"{"type":"OIDC","name":"Partner","protocol":{"type":"OIDC","issuer":{"url":"https://idp.example"},"endpoints":{"authorization":{"url":"https://idp.example/authorize","binding":"HTTP-REDIRECT"},"token":{"url":"https://idp.example/token","binding":"HTTP-POST"},"userInfo":{"url":"https://idp.example/userinfo","binding":"HTTP-REDIRECT"},"jwks":{"url":"https://idp.example/keys","binding":"HTTP-REDIRECT"}},"scopes":["openid","email","profile"],"credentials":{"client":{"client_id":"us","client_secret":"let-me-in"}}},"policy":{"provisioning":{"action":"AUTO","groups":{"action":"ASSIGN","assignments":["00g1a2b3c4d5e6f7g8h9"]}},"accountLink":{"action":"AUTO","filter":{"groups":{"include":["00g1a2b3c4d5e6f7g8h9"]}}},"subject":{"matchType":"USERNAME"},"maxClockSkew":120000}}"#;

pub(crate) static LIST: Description = pages(
    &Schema::Of(&PROVIDER),
    &[
        q("Only providers whose name begins so."),
        word("type", &TYPES, "Only providers of this type."),
        limit(IDENTITY_PROVIDERS_PAGE),
        AFTER,
    ],
);
pub(crate) static SHOW: Description = shows(&PROVIDER);
pub(crate) static CREATE: Description = shows(&PROVIDER).takes(&NEW_PROVIDER, EXAMPLE);
pub(crate) static LIST_OF_USER: Description = lists(&Schema::Of(&PROVIDER));

static LINK: Model = shown(
    "IdentityProviderApplicationUser",
    "Somebody at a provider, and who they are here.",
    Schema::Object(&[
        must("id", Schema::Text).said("The person here."),
        must("externalId", Schema::Text).said("What the provider calls them."),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("profile", Schema::Object(&[may("email", Schema::Text)])),
        must("_links", LINKS),
    ]),
);

static NEW_LINK: Model = taken(
    "UserIdentityProviderLinkRequest",
    "Who a person is at a provider.",
    Schema::Object(&[must("externalId", Schema::Text).said("What the provider calls them.")]),
    &[],
);

pub(crate) static LIST_USERS: Description =
    pages(&Schema::Of(&LINK), &[limit(PROVIDER_USERS_PAGE), AFTER]);
pub(crate) static SHOW_USER: Description = shows(&LINK);
pub(crate) static LINK_USER: Description =
    shows(&LINK).takes(&NEW_LINK, r#"{"externalId":"121749775026145"}"#);

static FOUND: Model = shown(
    "DiscoveredProvider",
    "What an issuer publishes of itself, in the shape of the protocol of a provider.",
    Schema::Object(&[
        must("type", Schema::Word(&[OIDC])),
        must("issuer", ISSUER),
        must("endpoints", ENDPOINTS),
        must("scopes", Schema::List(&Schema::Text)),
        must(
            "credentials",
            Schema::Object(&[must(
                "client",
                Schema::Object(&[must("secret_place", SECRET_PLACE)]),
            )]),
        ),
    ]),
);
static ISSUER_ASKED: Model = taken(
    "DiscoveryQuestion",
    "Whose document is read.",
    Schema::Object(&[must("issuer", ISSUER)]),
    &[],
);
pub(crate) static DISCOVER: Description =
    shows(&FOUND).takes(&ISSUER_ASKED, r#"{"issuer":{"url":"https://idp.example"}}"#);
