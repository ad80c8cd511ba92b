//! What the operations on scopes and tokens that apps hold of a person read and answer.

use crate::description::components::{LINKS, STATUS};
use crate::description::parameter::{AFTER, Parameter, limit, text, word};
use crate::description::schema::{Model, Schema, may, must, shown};
use crate::description::{Description, pages, shows};
use crate::limits::{
    CLIENTS_OF_SERVER_PAGE, CLIENTS_OF_USER_PAGE, GRANTS_OF_USER_PAGE, TOKENS_OF_APP_PAGE,
    TOKENS_OF_USER_PAGE,
};

const SCOPE: Schema = Schema::Object(&[
    must("id", Schema::Text),
    must("name", Schema::Text),
    may("description", Schema::Text),
]);
const EXPAND: Parameter = word("expand", &["scope"], "What is shown inside of it.");

static GRANT: Model = shown(
    "UserGrant",
    "A scope that a person let an app have.",
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
        must("userId", Schema::Text),
        must("scopeId", Schema::Text),
        must("source", Schema::Word(&["END_USER"])),
        may("_embedded", Schema::Object(&[must("scope", SCOPE)])),
        must("_links", LINKS),
    ]),
);

pub(crate) static LIST: Description = pages(
    &Schema::Of(&GRANT),
    &[
        text(
            "scopeId",
            "Grants of this scope alone: a page may be shorter, and yet not the last.",
        ),
        EXPAND,
        limit(GRANTS_OF_USER_PAGE),
        AFTER,
    ],
);
pub(crate) static OF_CLIENT: Description = pages(
    &Schema::Of(&GRANT),
    &[EXPAND, limit(GRANTS_OF_USER_PAGE), AFTER],
);
pub(crate) static SHOW: Description = shows(&GRANT).asked(&[EXPAND]);

static CLIENT: Model = shown(
    "UserClient",
    "An app that holds something of a person.",
    Schema::Object(&[
        must("client_id", Schema::Text),
        must("client_name", Schema::Text),
        must("_links", LINKS),
    ]),
);

pub(crate) static CLIENTS: Description =
    pages(&Schema::Of(&CLIENT), &[limit(CLIENTS_OF_USER_PAGE), AFTER]);

static TOKEN: Model = shown(
    "UserRefreshToken",
    "A refresh token that an app has of a person, never what it is.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("status", STATUS),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("expiresAt", Schema::Moment),
        must("issuer", Schema::Address),
        must("clientId", Schema::Text),
        must("userId", Schema::Text),
        must("scopes", Schema::List(&Schema::Text)),
        may(
            "_embedded",
            Schema::Object(&[must("scopes", Schema::List(&SCOPE))]),
        ),
        must("_links", LINKS),
    ]),
);

pub(crate) static TOKENS: Description = pages(
    &Schema::Of(&TOKEN),
    &[EXPAND, limit(TOKENS_OF_USER_PAGE), AFTER],
);
pub(crate) static TOKEN_SHOW: Description = shows(&TOKEN).asked(&[EXPAND]);
pub(crate) static TOKENS_OF_APP: Description = pages(
    &Schema::Of(&TOKEN),
    &[EXPAND, limit(TOKENS_OF_APP_PAGE), AFTER],
);

static CLIENT_OF_SERVER: Model = shown(
    "ServerClient",
    "An app that has refresh tokens of a server.",
    Schema::Object(&[
        must("client_id", Schema::Text),
        must("client_name", Schema::Text),
        must("_links", LINKS),
    ]),
);

pub(crate) static CLIENTS_OF_SERVER: Description = pages(
    &Schema::Of(&CLIENT_OF_SERVER),
    &[limit(CLIENTS_OF_SERVER_PAGE), AFTER],
);
