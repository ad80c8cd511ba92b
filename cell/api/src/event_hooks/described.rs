//! What the operations on event hooks read and answer.

use crate::description::components::{LINKS, STATUS};
use crate::description::parameter::{AFTER, limit};
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{Description, pages, shows};
use crate::event_hooks::input::{EVENT_TYPE, READ_ONLY};
use crate::limits::{DELIVERIES_PAGE, HOOKS_PAGE};
use crate::receivers::{AUTH_SCHEME, CHANNEL, CHANNEL_VERSION, METHOD};
use identity::event_hook::deliveries::DeliveryState;

const VERIFICATION: Schema = Schema::Word(&["VERIFIED", "UNVERIFIED"]);
/// Further headers of a hook.
pub(crate) const HEADERS: Schema = Schema::List(&Schema::Object(&[
    must("key", Schema::Text),
    must("value", Schema::Text),
]));

/// The channel of a hook that knows us by a header, as it is shown.
pub(crate) const CHANNEL_SHOWN: Schema = Schema::Object(&[
    must("type", Schema::Word(&[CHANNEL])),
    must("version", Schema::Word(&[CHANNEL_VERSION])),
    must(
        "config",
        Schema::Object(&[
            must("uri", Schema::Address),
            must("method", Schema::Word(&[METHOD])),
            must("headers", HEADERS),
            may(
                "authScheme",
                Schema::Object(&[
                    must("type", Schema::Word(&[AUTH_SCHEME])),
                    must("key", Schema::Text),
                ]),
            ),
        ]),
    ),
]);

static HOOK: Model = shown(
    "EventHook",
    "An address that is told what happens.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("name", Schema::Text),
        may("description", Schema::Text),
        must("status", STATUS),
        must("verificationStatus", VERIFICATION)
            .said("Whether the address has shown that it wants to be told."),
        must("created", Schema::Moment),
        must("createdBy", Schema::Text),
        must("lastUpdated", Schema::Moment),
        must(
            "events",
            Schema::Object(&[
                must("type", Schema::Word(&[EVENT_TYPE])),
                must("items", Schema::List(&Schema::Text)).said("Types of events."),
            ]),
        ),
        must("channel", CHANNEL_SHOWN),
        must("_links", LINKS),
    ]),
);

const CONFIG: &[Field] = &[
    must("uri", Schema::Address),
    may("method", Schema::Word(&[METHOD])),
    may("headers", HEADERS),
    may(
        "authScheme",
        Schema::Object(&[
            may("type", Schema::Word(&[AUTH_SCHEME])),
            must("key", Schema::Text),
            may("value", Schema::Text).said("Taken, and never shown."),
        ]),
    ),
];

/// The channel of a hook that knows us by a header, as it is taken.
pub(crate) const CHANNEL_TAKEN: Schema = Schema::Object(&[
    may("type", Schema::Word(&[CHANNEL])),
    may("version", Schema::Word(&[CHANNEL_VERSION])),
    must("config", Schema::Object(CONFIG)),
]);

static HOOK_INPUT: Model = taken(
    "EventHookInput",
    "An address that is to be told what happens.",
    Schema::Object(&[
        must("name", Schema::Text),
        may("description", Schema::Text),
        may("status", STATUS)
            .said("As it is: it is switched by `lifecycle/activate` and `lifecycle/deactivate`."),
        may("verificationStatus", VERIFICATION)
            .said("As it is: it is verified by `lifecycle/verify`."),
        must(
            "events",
            Schema::Object(&[
                may("type", Schema::Word(&[EVENT_TYPE])),
                must("items", Schema::List(&Schema::Text)).said("Types of events."),
            ]),
        ),
        must("channel", CHANNEL_TAKEN),
    ]),
    &READ_ONLY,
);

const EXAMPLE: &str = r#"{"name":"Arrivals","events":{"type":"EVENT_TYPE","items":["user.lifecycle.create"]},"channel":{"type":"HTTP","version":"1.0.0","config":{"uri":"https://hooks.example/in","method":"POST","headers":[{"key":"X-Team","value":"blue"}]}}}"#;

pub(crate) static LIST: Description = pages(&Schema::Of(&HOOK), &[limit(HOOKS_PAGE), AFTER]);
pub(crate) static SHOW: Description = shows(&HOOK);
pub(crate) static WRITE: Description = shows(&HOOK).takes(&HOOK_INPUT, EXAMPLE);

static SECRET: Model = shown(
    "EventHookSecret",
    "The secret that signs what a hook is told, shown this once.",
    Schema::Object(&[must("secret", Schema::Text), must("_links", LINKS)]),
);

pub(crate) static RENEW_SECRET: Description = shows(&SECRET);

static DELIVERY: Model = shown(
    "EventHookDelivery",
    "What a hook was told, and how that went.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("created", Schema::Moment),
        must(
            "status",
            Schema::WordOf(|| DeliveryState::ALL.map(DeliveryState::as_str).to_vec()),
        ),
        must("eventType", Schema::Text),
        must("eventCount", Schema::Whole),
        must("attempts", Schema::Whole),
        must("redeliveries", Schema::Whole),
        may(
            "lastAttempt",
            Schema::Object(&[
                must("at", Schema::Moment),
                may("durationMillis", Schema::Whole),
                may("responseStatus", Schema::Whole),
                may("responseBody", Schema::Text).said("How the answer begins."),
                may("failure", Schema::Text).said("What went wrong on the way."),
            ]),
        ),
        must("_links", LINKS),
    ]),
);

pub(crate) static DELIVERIES: Description =
    pages(&Schema::Of(&DELIVERY), &[limit(DELIVERIES_PAGE), AFTER]);
pub(crate) static DELIVERY_SHOW: Description = shows(&DELIVERY);
