//! What the operations on features read and answer.

use crate::description::components::LINKS;
use crate::description::parameter::{Parameter, word};
use crate::description::schema::{Model, Schema, must, shown};
use crate::description::{Description, lists, shows};
use crate::features::{DISABLED, ENABLED, FORCE, SELF_SERVICE, STAGE};

static FEATURE: Model = shown(
    "Feature",
    "A way in of programs that an organisation can shut.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("name", Schema::Text),
        must("description", Schema::Text),
        must("status", Schema::Word(&[ENABLED, DISABLED])),
        must(
            "stage",
            Schema::Object(&[must("value", Schema::Word(&[STAGE]))]),
        )
        .said("The same for each: there is no word for what is finished."),
        must("type", Schema::Word(&[SELF_SERVICE])),
        must("_links", LINKS),
    ]),
);

const MODE: Parameter = word(
    "mode",
    &[FORCE],
    "With `force`, features that are in the way are switched as well; without it they are a reason to refuse.",
);

pub(crate) static LIST: Description = lists(&Schema::Of(&FEATURE));
pub(crate) static SHOW: Description = shows(&FEATURE);
pub(crate) static SWITCH: Description = shows(&FEATURE).asked(&[MODE]);
