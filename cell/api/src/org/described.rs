//! What the operations on the organisation read and answer.

use crate::description::components::{LINKS, STATUS};
use crate::description::schema::{Model, Schema, may, must, shown, taken};
use crate::description::{Description, shows};
use crate::org::{PIPELINE, READ_ONLY};

static ORG: Model = shown(
    "Org",
    "The organisation.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("companyName", Schema::Text).said("What it is called."),
        must("subdomain", Schema::Text).said("The short name in its addresses."),
        must("status", STATUS),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("_links", LINKS),
    ]),
);

static ORG_CHANGE: Model = taken(
    "OrgChange",
    "What is to change of the organisation.",
    Schema::Object(&[may("companyName", Schema::Text)]),
    &READ_ONLY,
);

static ORG_INPUT: Model = taken(
    "OrgInput",
    "What the organisation is to be called.",
    Schema::Object(&[must("companyName", Schema::Text)]),
    &READ_ONLY,
);

const EXAMPLE: &str = r#"{"companyName":"Analytical Engines"}"#;

pub(crate) static SHOW: Description = shows(&ORG);
pub(crate) static UPDATE: Description = shows(&ORG).takes(&ORG_CHANGE, EXAMPLE);
pub(crate) static REPLACE: Description = shows(&ORG).takes(&ORG_INPUT, EXAMPLE);

static WELL_KNOWN_ORG: Model = shown(
    "WellKnownOrg",
    "Which organisation this is, and by which API programs sign people in.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("pipeline", Schema::Word(&[PIPELINE])),
        must("_links", LINKS),
    ]),
);

pub(crate) static WELL_KNOWN: Description = shows(&WELL_KNOWN_ORG);
