//! What the log is asked by, and what an event looks like.

use crate::description::parameter::{AFTER, filter, limit, moment, q, word};
use crate::description::schema::{Model, Schema, may, must, shown};
use crate::description::{Description, pages};
use crate::limits::LOGS_PAGE;
use ledger::Outcome;

static PARTY: Model = shown(
    "LogParty",
    "Who acted, or what was acted on.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("type", Schema::Text),
        may("alternateId", Schema::Text).said("The login, or another unique name."),
        may("displayName", Schema::Text),
        may(
            "changeDetails",
            Schema::Object(&[
                must("from", Schema::Map(&Schema::Text)),
                must("to", Schema::Map(&Schema::Text)),
            ]),
        )
        .said("What was changed in it."),
    ]),
);

static EVENT: Model = shown(
    "LogEvent",
    "Something that happened.",
    Schema::Object(&[
        must("uuid", Schema::Text),
        must("published", Schema::Moment),
        must("eventType", Schema::Text),
        must("version", Schema::Text),
        must(
            "severity",
            Schema::Word(&["DEBUG", "INFO", "WARN", "ERROR"]),
        ),
        must("displayMessage", Schema::Text),
        must("actor", Schema::Of(&PARTY)),
        must("target", Schema::List(&Schema::Of(&PARTY))),
        may(
            "client",
            Schema::Object(&[
                may(
                    "userAgent",
                    Schema::Object(&[
                        must("rawUserAgent", Schema::Text),
                        must("os", Schema::Text),
                        must("browser", Schema::Text),
                    ]),
                ),
                may("ipAddress", Schema::Text),
            ]),
        ),
        may(
            "request",
            Schema::Object(&[must(
                "ipChain",
                Schema::List(&Schema::Object(&[
                    must("ip", Schema::Text),
                    must("version", Schema::Word(&["V4", "V6"])),
                ])),
            )]),
        ),
        may(
            "authenticationContext",
            Schema::Object(&[
                may("credentialType", Schema::Text),
                may("externalSessionId", Schema::Text),
            ]),
        ),
        must(
            "outcome",
            Schema::Object(&[
                must(
                    "result",
                    Schema::WordOf(|| Outcome::ALL.map(Outcome::as_str).to_vec()),
                ),
                may("reason", Schema::Text),
            ]),
        ),
        must(
            "transaction",
            Schema::Object(&[
                must("type", Schema::Word(&["WEB", "JOB"])),
                may("id", Schema::Text).said("The id of the request."),
            ]),
        ),
        may(
            "securityContext",
            Schema::Object(&[must(
                "userBehaviors",
                Schema::List(&Schema::Object(&[
                    must("id", Schema::Text),
                    must("name", Schema::Text),
                    must(
                        "result",
                        Schema::Word(&["POSITIVE", "NEGATIVE", "UNKNOWN", "BAD_REQUEST"]),
                    ),
                ])),
            )]),
        )
        .said("What was found of behaviours."),
        may(
            "debugContext",
            Schema::Object(&[must("debugData", Schema::Map(&Schema::Text))]),
        ),
    ]),
);

pub(crate) static LIST: Description = pages(
    &Schema::Of(&EVENT),
    &[
        moment("since", "From when on; a week ago unless it is said."),
        moment(
            "until",
            "Up to when. Without it, and in ascending order, the log is followed: there is always a next page.",
        ),
        filter(
            "`eventType`, `actor.id`, `target.id` and `outcome.result` by `eq`, joined by `and`.",
        ),
        q(
            "Up to 10 keywords of up to 40 characters, with spaces between them: events that have all of them among their words, \
             without regard to case.",
        ),
        word(
            "sortOrder",
            &["ASCENDING", "DESCENDING"],
            "The oldest first, or the newest.",
        ),
        limit(LOGS_PAGE),
        AFTER,
    ],
);
