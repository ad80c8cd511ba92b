//! What the operations on mappings of profiles read and answer.

use crate::description::components::LINKS;
use crate::description::parameter::{AFTER, Parameter, Values, limit};
use crate::description::schema::{Field, Model, Schema, must, shown, taken};
use crate::description::{Description, pages, shows};
use crate::limits::PROFILE_MAPPINGS_PAGE;
use crate::profile_mappings::{READ_ONLY, SOURCE, TARGET};
use identity::app::search::MAKE;

const ID: Field = must("id", Schema::Text);
const FROM: Field = must(
    "source",
    Schema::Object(&[
        must("id", Schema::Text),
        must("name", Schema::Word(&[SOURCE])),
        must("type", Schema::Word(&[SOURCE])),
        must("_links", LINKS),
    ]),
)
.said("The type of people.");
const TO: Field = must(
    "target",
    Schema::Object(&[
        must("id", Schema::Text),
        must("name", Schema::Word(&[MAKE])),
        must("type", Schema::Word(&[TARGET])),
        must("_links", LINKS),
    ]),
)
.said("The app.");
const OWN_LINKS: Field = must("_links", LINKS);

static LISTED: Model = shown(
    "ListedProfileMapping",
    "A mapping of profiles to an app, as it is listed.",
    Schema::Object(&[ID, FROM, TO, OWN_LINKS]),
);

static PROPERTY: Schema = Schema::Object(&[
    must("expression", Schema::Text).said("A value made of a person's profile."),
    must("pushStatus", Schema::Word(&["PUSH", "DONT_PUSH"])).said(
        "Whether the value follows the person, or is made once, when the app is assigned to them.",
    ),
]);

static MAPPING: Model = shown(
    "ProfileMapping",
    "What people have in an app because of what their profiles say.",
    Schema::Object(&[
        ID,
        FROM,
        TO,
        must("properties", Schema::Map(&PROPERTY)).said("By the name of the attribute."),
        OWN_LINKS,
    ]),
);

static CHANGE: Model = taken(
    "ProfileMappingChange",
    "What is to be mapped; what is not named stays.",
    Schema::Object(&[must("properties", Schema::Map(&Schema::Maybe(&PROPERTY)))
        .said("By the name of an attribute of the app; `null` lets it be mapped no more.")]),
    &READ_ONLY,
);

const SOURCE_ID: Parameter = Parameter {
    name: "sourceId",
    values: Values::Text,
    about: "Those from this type of people. From an app there is none.",
};
const TARGET_ID: Parameter = Parameter {
    name: "targetId",
    values: Values::Text,
    about: "That to this app.",
};

pub(crate) static LIST: Description = pages(
    &Schema::Of(&LISTED),
    &[limit(PROFILE_MAPPINGS_PAGE), AFTER, SOURCE_ID, TARGET_ID],
);
pub(crate) static SHOW: Description = shows(&MAPPING);
pub(crate) static UPDATE: Description = shows(&MAPPING).takes(
    &CHANGE,
    r#"{"properties":{"cost_centre":{"expression":"String.toUpperCase(user.login)","pushStatus":"PUSH"}}}"#,
);
