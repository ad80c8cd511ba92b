//! What the operations on threats read and answer.

use crate::description::components::LINKS;
use crate::description::schema::{Model, Schema, may, must, shown, taken};
use crate::description::{Description, shows};
use crate::threats::READ_ONLY;
use identity::threat::ThreatAction;

const ACTION: Schema = Schema::WordOf(|| ThreatAction::ALL.map(ThreatAction::as_str).to_vec());
const ZONES: Schema = Schema::List(&Schema::Text);

static CONFIGURATION: Model = shown(
    "ThreatInsightConfiguration",
    "What is done about addresses from which many different names fail to sign in.",
    Schema::Object(&[
        must("action", ACTION),
        must("excludeZones", ZONES).said("Ids of zones whose addresses never count."),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("_links", LINKS),
    ]),
);

static CONFIGURATION_INPUT: Model = taken(
    "ThreatInsightConfigurationInput",
    "What is to be done; zones that are not named stay.",
    Schema::Object(&[
        must("action", ACTION)
            .said("Nothing, a row of the log, or the same and no sign-in from there."),
        may("excludeZones", ZONES).said("Ids of zones that are active."),
    ]),
    &READ_ONLY,
);

pub(crate) static SHOW: Description = shows(&CONFIGURATION);
pub(crate) static UPDATE: Description = shows(&CONFIGURATION).takes(
    &CONFIGURATION_INPUT,
    r#"{"action":"audit","excludeZones":[]}"#,
);
