//! What the operations on inline hooks read and answer.

use crate::description::components::{LINKS, STATUS};
use crate::description::parameter::{AFTER, limit, word};
use crate::description::schema::{Model, Schema, may, must, shown, taken};
use crate::description::{Description, pages, shows};
use crate::event_hooks::described::{
    CHANNEL_SHOWN as HTTP_SHOWN, CHANNEL_TAKEN as HTTP_TAKEN, HEADERS,
};
use crate::inline_hooks::channel::{CLIENT_SECRET_POST, OAUTH, PRIVATE_KEY_JWT};
use crate::inline_hooks::input::{READ_ONLY, TYPES, VERSION};
use crate::limits::INLINE_HOOKS_PAGE;
use crate::receivers::{CHANNEL_VERSION, METHOD};
use identity::inline_hook::InlineHookKind;

const KIND: Schema = Schema::WordOf(|| InlineHookKind::ALL.map(InlineHookKind::as_str).to_vec());

const PROOF: Schema = Schema::Word(&[CLIENT_SECRET_POST, PRIVATE_KEY_JWT]);

/// The channel, as it is shown.
const CHANNEL_SHOWN: Schema = Schema::Either(&[
    HTTP_SHOWN,
    Schema::Object(&[
        must("type", Schema::Word(&[OAUTH])),
        must("version", Schema::Word(&[CHANNEL_VERSION])),
        must(
            "config",
            Schema::Object(&[
                must("uri", Schema::Address),
                must("method", Schema::Word(&[METHOD])),
                must("headers", HEADERS),
                must("authType", PROOF),
                must("clientId", Schema::Text),
                may("hookKeyId", Schema::Text),
                must("tokenUrl", Schema::Address),
                may("scope", Schema::Text),
            ]),
        ),
    ]),
]);

/// The channel, as it is taken.
const CHANNEL_TAKEN: Schema = Schema::Either(&[
    HTTP_TAKEN,
    Schema::Object(&[
        must("type", Schema::Word(&[OAUTH])),
        may("version", Schema::Word(&[CHANNEL_VERSION])),
        must(
            "config",
            Schema::Object(&[
                must("uri", Schema::Address),
                may("method", Schema::Word(&[METHOD])),
                may("headers", HEADERS),
                must("authType", PROOF).said("How the hook proves itself at the token endpoint."),
                must("clientId", Schema::Text),
                may("clientSecret", Schema::Text)
                    .said("With `client_secret_post`: taken, and never shown."),
                may("hookKeyId", Schema::Text)
                    .said("With `private_key_jwt`: the id of a hook key."),
                must("tokenUrl", Schema::Address),
                may("scope", Schema::Text).said("What is asked for, with one space between."),
            ]),
        ),
    ]),
]);

static HOOK: Model = shown(
    "InlineHook",
    "An address that is asked before something is answered.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("name", Schema::Text),
        must("type", KIND).said("What it is asked about."),
        must("version", Schema::Word(&[VERSION])),
        must("status", STATUS),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("channel", CHANNEL_SHOWN),
        must("_links", LINKS),
    ]),
);

static NEW_HOOK: Model = taken(
    "InlineHookInput",
    "An address that is to be asked before something is answered.",
    Schema::Object(&[
        must("name", Schema::Text),
        must("type", KIND).said("What it is asked about."),
        may("version", Schema::Word(&[VERSION])),
        may("status", STATUS)
            .said("As it is: it is switched by `lifecycle/activate` and `lifecycle/deactivate`."),
        must("channel", CHANNEL_TAKEN),
    ]),
    &READ_ONLY,
);

static HOOK_CHANGE: Model = taken(
    "InlineHookChange",
    "What a hook is to be: all of it, or, where that is said, what is to change.",
    Schema::Object(&[
        may("name", Schema::Text),
        may("type", KIND).said("As it is: a hook keeps its type."),
        may("version", Schema::Word(&[VERSION])),
        may("status", STATUS)
            .said("As it is: it is switched by `lifecycle/activate` and `lifecycle/deactivate`."),
        may("channel", CHANNEL_TAKEN),
    ]),
    &READ_ONLY,
);

const EXAMPLE: &str = r#"{"name":"Claims","type":"com.okta.oauth2.tokens.transform","version":"1.0.0","channel":{"type":"HTTP","version":"1.0.0","config":{"uri":"https://hooks.example/in","method":"POST","authScheme":{"type":"HEADER","key":"Authorization","value":"let-me-in"}}}}"#;
const CHANGED: &str = r#"{"name":"Claims of the shop","channel":{"type":"HTTP","version":"1.0.0","config":{"uri":"https://hooks.example/shop"}}}"#;

pub(crate) static LIST: Description = pages(
    &Schema::Of(&HOOK),
    &[
        word("type", &TYPES, "Only hooks that are asked about this."),
        limit(INLINE_HOOKS_PAGE),
        AFTER,
    ],
);
pub(crate) static SHOW: Description = shows(&HOOK);
pub(crate) static CREATE: Description = shows(&HOOK).takes(&NEW_HOOK, EXAMPLE);
pub(crate) static CHANGE: Description = shows(&HOOK).takes(&HOOK_CHANGE, CHANGED);

static QUESTION: Model = taken(
    "InlineHookQuestion",
    "What a hook is asked: it is sent as it is.",
    Schema::Open(&[]),
    &[],
);

static ANSWER: Model = shown(
    "InlineHookAnswer",
    "What a hook answered.",
    Schema::Open(&[]),
);

pub(crate) static EXECUTE: Description = shows(&ANSWER).takes(
    &QUESTION,
    r#"{"eventType":"com.okta.oauth2.tokens.transform","data":{}}"#,
);

static SECRET: Model = shown(
    "InlineHookSecret",
    "The secret that signs what a hook is asked, shown this once.",
    Schema::Object(&[must("secret", Schema::Text), must("_links", LINKS)]),
);

pub(crate) static RENEW_SECRET: Description = shows(&SECRET);
