//! What the operations on hook keys read and answer.

use crate::description::parameter::{Parameter, word};
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{Description, lists, shows};
use crate::hook_keys::{PUBLIC_KEY, READ_ONLY};

static PUBLIC: Model = shown(
    "HookPublicKey",
    "The public half of a hook key (RFC 7517).",
    Schema::Object(&[
        must("kty", Schema::Word(&["RSA"])),
        must("alg", Schema::Word(&["RS256"])),
        must("use", Schema::Word(&["sig"])),
        must("kid", Schema::Text),
        must("n", Schema::Text),
        must("e", Schema::Text),
    ]),
);

const ID: Field = must("id", Schema::Text);
const KEY_ID: Field = must("keyId", Schema::Text).said("The id of the public half (`kid`).");
const NAME: Field = must("name", Schema::Text);
const CREATED: Field = must("created", Schema::Moment);
const LAST_UPDATED: Field = must("lastUpdated", Schema::Moment);
const IS_USED: Field =
    must("isUsed", Schema::Word(&["true", "false"])).said("Whether an inline hook uses it.");

static KEY: Model = shown(
    "HookKey",
    "A key pair by which inline hooks prove themselves at token endpoints.",
    Schema::Object(&[
        ID,
        KEY_ID,
        NAME,
        CREATED,
        LAST_UPDATED,
        IS_USED,
        may("_embedded", Schema::Of(&PUBLIC)).said("The public half, where `expand` asks for it."),
    ]),
);

static WHOLE_KEY: Model = shown(
    "DetailedHookKey",
    "The same with its public half.",
    Schema::Object(&[
        ID,
        KEY_ID,
        NAME,
        CREATED,
        LAST_UPDATED,
        IS_USED,
        must("_embedded", Schema::Of(&PUBLIC)),
    ]),
);

static KEY_INPUT: Model = taken(
    "HookKeyInput",
    "The name of a hook key, which no other one has.",
    Schema::Object(&[NAME]),
    &READ_ONLY,
);

const EXAMPLE: &str = r#"{"name":"Hooks of the shop"}"#;
const RENAMED: &str = r#"{"name":"Hooks of both shops"}"#;
const EXPAND: Parameter = word("expand", &[PUBLIC_KEY], "What is shown inside of it.");

pub(crate) static LIST: Description = lists(&Schema::Of(&KEY));
pub(crate) static SHOW: Description = shows(&KEY).asked(&[EXPAND]);
pub(crate) static SHOW_PUBLIC: Description = shows(&PUBLIC);
pub(crate) static CREATE: Description = shows(&WHOLE_KEY).takes(&KEY_INPUT, EXAMPLE);
pub(crate) static REPLACE: Description = shows(&WHOLE_KEY).takes(&KEY_INPUT, RENAMED);
