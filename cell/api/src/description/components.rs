//! What all operations of the document share: how callers prove themselves, headers, the shape of errors and of links.

use crate::description::area::Described;
use crate::description::schema::{Model, Schema, may, must, shown};
use identity::access::scope::{ApiScope, Area, Verb};
use serde_json::{Map, Value, json};

/// What stands for the address of the organisation until the document is served.
pub const BASE: &str = "https://organisation.invalid";
/// The way in by an API token.
const API_TOKEN: &str = "apiToken";
/// The way in by an access token.
const OAUTH: &str = "oauth2";

/// An error.
pub static ERROR: Model = shown(
    "Error",
    "What went wrong. Only `errorCode` is a promise.",
    Schema::Object(&[
        must("errorCode", Schema::Text).said("The code."),
        must("errorSummary", Schema::Text).said("What it means, in English."),
        must("errorLink", Schema::Text).said("The code again."),
        must("errorId", Schema::Text)
            .said("By which the log of the server finds the request: `oae` and the id of it."),
        must(
            "errorCauses",
            Schema::List(&Schema::Object(&[must("errorSummary", Schema::Text)])),
        )
        .said("The causes, one by one, each with the field that it is about."),
    ]),
);

/// A link.
pub static LINK: Model = shown(
    "Link",
    "The address of something that belongs to a thing, or of a step that its state permits.",
    Schema::Object(&[
        must("href", Schema::Address),
        may("name", Schema::Text),
        may("type", Schema::Text),
        may("method", Schema::Word(&["GET", "POST"])),
        may(
            "hints",
            Schema::Object(&[must("allow", Schema::List(&Schema::Text))]),
        )
        .said("The methods that the address answers to."),
    ]),
);

/// The links of a thing, by their relations.
pub const LINKS: Schema = Schema::Map(&Schema::Of(&LINK));

/// Whether something is in force.
pub const STATUS: Schema = Schema::Word(&["ACTIVE", "INACTIVE"]);

/// What an operation wants of its caller.
#[must_use]
pub fn security(scope: &str) -> Value {
    json!([{ API_TOKEN: [] }, { OAUTH: [scope] }])
}

/// How callers prove themselves.
#[must_use]
pub fn security_schemes() -> Value {
    let mut scopes = Map::new();
    for area in Area::ALL {
        for (verb, does) in [
            (Verb::Read, "Look at"),
            (Verb::Manage, "Look at and change"),
        ] {
            let scope = ApiScope { area: *area, verb };
            let about = format!("{does}: {}", crate::description::area::about(*area));
            scopes.insert(scope.render(), Value::from(about));
        }
    }
    json!({
        API_TOKEN: {
            "type": "apiKey", "in": "header", "name": "Authorization",
            "description": "`SSWS` and an API token, which acts with the roles that its person has at that moment.",
        },
        OAUTH: {
            "type": "oauth2",
            "description": "The access token of an app that acts for itself and proves itself by `private_key_jwt`. \
                It needs the scope *and* a role of its own.",
            "flows": { "clientCredentials": {
                "tokenUrl": format!("{BASE}/oauth2/v1/token"),
                "scopes": scopes,
            } },
        },
    })
}

/// The headers of answers.
#[must_use]
pub fn headers() -> Value {
    let header =
        |about: &str, kind: &str| json!({ "description": about, "schema": { "type": kind } });
    json!({
        "X-Okta-Request-Id": header("The id of the request, by which the log of the server finds it.", "string"),
        "X-Rate-Limit-Limit": header("How many calls a token may make in a minute.", "integer"),
        "X-Rate-Limit-Remaining": header("How many of them are left.", "integer"),
        "X-Rate-Limit-Reset": header("When they are counted anew, in seconds since 1970.", "integer"),
        "Location": header("The address of what was made.", "string"),
        "ETag": header("The revision of the thing, for `If-Match`.", "string"),
        "Link": header("The address of this page (`rel=\"self\"`), and of the next one if there is one (`rel=\"next\"`), each in a header of its own.", "string"),
    })
}

/// The headers of every good answer of an operation.
#[must_use]
pub fn common_headers(operation: Described) -> Value {
    let mut names = vec!["X-Okta-Request-Id"];
    if let Described::Held(_) = operation {
        names.extend([
            "X-Rate-Limit-Limit",
            "X-Rate-Limit-Remaining",
            "X-Rate-Limit-Reset",
        ]);
    }
    names
        .into_iter()
        .map(|name| {
            let header = json!({ "$ref": format!("#/components/headers/{name}") });
            (name.to_owned(), header)
        })
        .collect()
}
