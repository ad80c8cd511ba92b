//! What the operations on behaviours read and answer.

use crate::behaviors::READ_ONLY;
use crate::description::components::{LINKS, STATUS};
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{Description, lists, shows};

const KIND: Schema = Schema::Word(&["ANOMALOUS_DEVICE", "ANOMALOUS_IP"]);
const NAME: Field = must("name", Schema::Text).said("Up to 128 characters, as no other has them.");

static BEHAVIOR: Model = shown(
    "BehaviorRule",
    "What is unusual of a sign-in: an address or a device that the person did not get in from before.",
    Schema::Object(&[
        must("id", Schema::Text),
        NAME,
        must("type", KIND),
        must("status", STATUS).said("One that is `INACTIVE` is never detected."),
        must(
            "settings",
            Schema::Object(&[
                must("maxEventsUsedForEvaluation", Schema::Whole),
                must("minEventsNeededForEvaluation", Schema::Whole),
            ]),
        ),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("_link", LINKS),
    ]),
);

static BEHAVIOR_INPUT: Model = taken(
    "BehaviorRuleInput",
    "What is unusual of a sign-in. What is compared (`type`) stays once it is added.",
    Schema::Object(&[
        NAME,
        must("type", KIND),
        may("status", STATUS).said("As it is, and `ACTIVE` for a new one, unless it is said."),
        may(
            "settings",
            Schema::Object(&[
                may("maxEventsUsedForEvaluation", Schema::Whole).said(
                    "With how many of the newest sign-ins is compared: up to 100; 20 for devices and 50 for addresses unless it is said.",
                ),
                may("minEventsNeededForEvaluation", Schema::Whole).said(
                    "With fewer sign-ins nothing is told, and rules that name it apply: up to 10; 0 unless it is said.",
                ),
            ]),
        ),
    ]),
    &READ_ONLY,
);

const EXAMPLE: &str = r#"{"name":"New Device","type":"ANOMALOUS_DEVICE","settings":{"maxEventsUsedForEvaluation":20,"minEventsNeededForEvaluation":0}}"#;

pub(crate) static LIST: Description = lists(&Schema::Of(&BEHAVIOR));
pub(crate) static SHOW: Description = shows(&BEHAVIOR);
pub(crate) static CREATE: Description = shows(&BEHAVIOR).takes(&BEHAVIOR_INPUT, EXAMPLE);
pub(crate) static REPLACE: Description = shows(&BEHAVIOR).takes(&BEHAVIOR_INPUT, EXAMPLE);
