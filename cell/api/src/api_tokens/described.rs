//! What the operations on tokens of this API read and answer.

use crate::api_tokens::{READ_ONLY, WINDOW};
use crate::description::components::LINKS;
use crate::description::parameter::{AFTER, limit, q};
use crate::description::schema::{Model, Schema, may, must, shown, taken};
use crate::description::{Description, pages, shows};
use crate::limits::API_TOKENS_PAGE;

const NETWORK: Schema = Schema::Object(&[must("connection", Schema::Word(&["ANYWHERE"]))]);

static TOKEN: Model = shown(
    "ApiToken",
    "A token of this API.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("name", Schema::Text),
        must("userId", Schema::Text).said("The person with whose roles it acts."),
        must("tokenWindow", Schema::Word(&[WINDOW])).said("After how long without use it ends."),
        must("network", NETWORK),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("expiresAt", Schema::Moment),
        may("token", Schema::Text).said("What it is: shown to whoever makes it, this once."),
        must("_links", LINKS),
    ]),
);

static TOKEN_INPUT: Model = taken(
    "ApiTokenInput",
    "A token to be made.",
    Schema::Object(&[
        must("name", Schema::Text),
        may("tokenWindow", Schema::Word(&[WINDOW])),
        may(
            "network",
            Schema::Object(&[may("connection", Schema::Word(&["ANYWHERE"]))]),
        ),
    ]),
    &READ_ONLY,
);

pub(crate) static LIST: Description = pages(
    &Schema::Of(&TOKEN),
    &[q("A part of the name."), limit(API_TOKENS_PAGE), AFTER],
);
pub(crate) static SHOW: Description = shows(&TOKEN);
pub(crate) static CREATE: Description =
    shows(&TOKEN).takes(&TOKEN_INPUT, r#"{"name":"Nightly report"}"#);
