//! What the operations on network zones read and answer.

use crate::description::components::{LINKS, STATUS};
use crate::description::parameter::{AFTER, filter, limit};
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{Description, pages, shows};
use crate::limits::ZONES_PAGE;
use crate::zones::{BLOCKLIST, POLICY, READ_ONLY};

const USAGE: Schema = Schema::Word(&[POLICY, BLOCKLIST]);

static ZONE: Model = shown(
    "NetworkZone",
    "A list of addresses that rules name.",
    Schema::Object(&[
        must("type", Schema::Word(&["IP"])),
        must("id", Schema::Text),
        must("name", Schema::Text),
        must("status", STATUS),
        must("usage", USAGE)
            .said("Whoever comes from a `BLOCKLIST` zone is served nothing at all."),
        must("system", Schema::Flag),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must(
            "gateways",
            Schema::List(&Schema::Object(&[
                must("type", Schema::Word(&["CIDR"])),
                must("value", Schema::Text),
            ])),
        ),
        must("_links", LINKS),
    ]),
);

const TYPE: Field = must("type", Schema::Word(&["IP"]));
const NAME: Field = must("name", Schema::Text);
const NAMED: Field = may("usage", USAGE);
const SYSTEM: Field = may("system", Schema::Flag).said("Shown, and not changed here.");
const GATEWAYS: Field = may(
    "gateways",
    Schema::List(&Schema::Object(&[
        must("type", Schema::Word(&["CIDR", "RANGE"])),
        must("value", Schema::Text).said("A network, or two addresses with a hyphen between them."),
    ])),
);
const PROXIES: Field = may("proxies", Schema::List(&Schema::Object(&[])))
    .said("Empty: which proxies stand in front is the operator's to say.");

static NEW_ZONE: Model = taken(
    "NewNetworkZone",
    "A list of addresses to be added; it counts from the start.",
    Schema::Object(&[
        TYPE,
        NAME,
        may("status", Schema::Word(&["ACTIVE"])),
        NAMED,
        SYSTEM,
        GATEWAYS,
        PROXIES,
    ]),
    &READ_ONLY,
);

static ZONE_INPUT: Model = taken(
    "NetworkZoneInput",
    "A list of addresses. It is switched by `lifecycle/activate` and `lifecycle/deactivate`.",
    Schema::Object(&[
        TYPE,
        NAME,
        may("status", Schema::Anything).said("Shown, and not changed here."),
        NAMED,
        SYSTEM,
        GATEWAYS,
        PROXIES,
    ]),
    &READ_ONLY,
);

const EXAMPLE: &str =
    r#"{"type":"IP","name":"Office","gateways":[{"type":"CIDR","value":"198.51.100.0/24"}]}"#;

pub(crate) static LIST: Description = pages(
    &Schema::Of(&ZONE),
    &[
        filter("Such as `usage eq \"POLICY\"`."),
        limit(ZONES_PAGE),
        AFTER,
    ],
);
pub(crate) static SHOW: Description = shows(&ZONE);
pub(crate) static CREATE: Description = shows(&ZONE).takes(&NEW_ZONE, EXAMPLE);
pub(crate) static REPLACE: Description = shows(&ZONE).takes(&ZONE_INPUT, EXAMPLE);
