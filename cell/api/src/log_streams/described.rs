//! What the operations on log streams read and answer.

use crate::description::components::{LINKS, STATUS};
use crate::description::parameter::{AFTER, filter, limit};
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{Description, Need, pages, shows};
use crate::limits::LOG_STREAMS_PAGE;
use crate::log_streams::input::READ_ONLY;
use crate::receivers::AUTH_SCHEME;
use identity::log_stream::StreamKind;

static STREAM: Model = shown(
    "LogStream",
    "A receiver that the log flows to, and how far it has come.",
    Schema::Object(&[
        must("id", Schema::Text),
        must(
            "type",
            Schema::WordOf(|| StreamKind::ALL.map(StreamKind::as_str).to_vec()),
        ),
        must("name", Schema::Text),
        must("status", STATUS),
        may("filter", Schema::Text),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must(
            "settings",
            Schema::Object(&[
                may("uri", Schema::Address).said("Of a webhook."),
                may(
                    "authScheme",
                    Schema::Object(&[
                        must("type", Schema::Word(&[AUTH_SCHEME])),
                        must("key", Schema::Text),
                    ]),
                ),
                may("host", Schema::Text).said("Of syslog."),
                may("port", Schema::Whole),
                may("caCertificate", Schema::Text),
            ]),
        ),
        must(
            "delivery",
            Schema::Object(&[
                must("eventsBehind", Schema::Whole),
                must("eventsMissed", Schema::Whole),
                may("lastSuccess", Schema::Moment),
                may("lastAttempt", Schema::Moment),
                may("responseStatus", Schema::Whole),
                may("failure", Schema::Text),
                must("failedAttempts", Schema::Whole),
                may("failingSince", Schema::Moment),
                may("nextAttempt", Schema::Moment),
            ]),
        ),
        must("_links", LINKS),
    ]),
);

const NAME: Field = must("name", Schema::Text);
const IN_FORCE: Field = may("status", STATUS)
    .said("As it is: it is switched by `lifecycle/activate` and `lifecycle/deactivate`.");
const FILTER: Field = may("filter", Schema::Text).said("Which events; all unless it is said.");

static WEBHOOK: Model = taken(
    "WebhookStreamInput",
    "A webhook that the log is to flow to.",
    Schema::Object(&[
        must("type", Schema::Word(&["webhook"])),
        NAME,
        IN_FORCE,
        FILTER,
        must(
            "settings",
            Schema::Object(&[
                must("uri", Schema::Address),
                may(
                    "authScheme",
                    Schema::Object(&[
                        may("type", Schema::Word(&[AUTH_SCHEME])),
                        must("key", Schema::Text),
                        may("value", Schema::Text).said("Taken, and never shown."),
                    ]),
                ),
            ]),
        ),
    ]),
    &READ_ONLY,
);

static SYSLOG: Model = taken(
    "SyslogStreamInput",
    "A receiver of syslog (RFC 5424, by TLS) that the log is to flow to.",
    Schema::Object(&[
        must("type", Schema::Word(&["syslog"])),
        NAME,
        IN_FORCE,
        FILTER,
        must("settings", Schema::Object(&[
            must("host", Schema::Text),
            may("port", Schema::Whole),
            may("caCertificate", Schema::Text)
                .said("The authority (PEM) that its certificate comes from; the public ones unless it is said."),
        ])),
    ]),
    &READ_ONLY,
);

const EITHER: Schema = Schema::Either(&[Schema::Of(&WEBHOOK), Schema::Of(&SYSLOG)]);
const EXAMPLE: &str =
    r#"{"type":"webhook","name":"Archive","settings":{"uri":"https://logs.example/in"}}"#;

pub(crate) static LIST: Description = pages(
    &Schema::Of(&STREAM),
    &[
        filter("`status` and `type`."),
        limit(LOG_STREAMS_PAGE),
        AFTER,
    ],
);
pub(crate) static SHOW: Description = shows(&STREAM);
pub(crate) static CREATE: Description = shows(&STREAM).reads(EITHER, EXAMPLE, Need::Required);
pub(crate) static REPLACE: Description = shows(&STREAM).reads(EITHER, EXAMPLE, Need::Required);

static TESTED: Model = shown(
    "LogStreamTest",
    "That the receiver has taken a test.",
    Schema::Object(&[
        must("result", Schema::Word(&["TAKEN"])),
        may("responseStatus", Schema::Whole),
    ]),
);

pub(crate) static TEST: Description = shows(&TESTED);

static SECRET: Model = shown(
    "LogStreamSecret",
    "The secret that signs what a webhook is sent, shown this once.",
    Schema::Object(&[must("secret", Schema::Text), must("_links", LINKS)]),
);

pub(crate) static RENEW_SECRET: Description = shows(&SECRET);
