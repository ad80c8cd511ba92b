//! What the operations on trusted origins read and answer.

use crate::description::components::{LINKS, STATUS};
use crate::description::parameter::{AFTER, filter, limit, q};
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{Description, pages, shows};
use crate::limits::TRUSTED_ORIGINS_PAGE;
use crate::trusted_origins::{CORS, READ_ONLY, REDIRECT};

const SCOPES: Schema = Schema::List(&Schema::Object(&[must(
    "type",
    Schema::Word(&[CORS, REDIRECT]),
)]));

static ORIGIN: Model = shown(
    "TrustedOrigin",
    "A site whose scripts may call this API, or to which browsers may be sent.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("name", Schema::Text),
        must("origin", Schema::Address),
        must("scopes", SCOPES),
        must("status", STATUS),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("_links", LINKS),
    ]),
);

const NAME: Field = must("name", Schema::Text);
const PLACE: Field = must("origin", Schema::Text)
    .said("Scheme and host, and the port where it is another than usual.");

static NEW_ORIGIN: Model = taken(
    "NewTrustedOrigin",
    "A site to be trusted; it counts from the start.",
    Schema::Object(&[
        NAME,
        PLACE,
        must("scopes", SCOPES),
        may("status", Schema::Word(&["ACTIVE"])),
    ]),
    &READ_ONLY,
);

static ORIGIN_INPUT: Model = taken(
    "TrustedOriginInput",
    "Name, origin and scopes of a site. It is switched by `lifecycle/activate` and `lifecycle/deactivate`.",
    Schema::Object(&[
        NAME,
        PLACE,
        must("scopes", SCOPES),
        may("status", Schema::Anything).said("Shown, and not changed here."),
    ]),
    &READ_ONLY,
);

const EXAMPLE: &str = r#"{"name":"Shop","origin":"https://shop.example","scopes":[{"type":"CORS"},{"type":"REDIRECT"}]}"#;

pub(crate) static LIST: Description = pages(
    &Schema::Of(&ORIGIN),
    &[
        q("A part of name or origin."),
        filter("Such as `status eq \"ACTIVE\"`."),
        limit(TRUSTED_ORIGINS_PAGE),
        AFTER,
    ],
);
pub(crate) static SHOW: Description = shows(&ORIGIN);
pub(crate) static CREATE: Description = shows(&ORIGIN).takes(&NEW_ORIGIN, EXAMPLE);
pub(crate) static REPLACE: Description = shows(&ORIGIN).takes(&ORIGIN_INPUT, EXAMPLE);
