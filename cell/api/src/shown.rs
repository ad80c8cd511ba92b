//! Parts that many things are shown with: texts and moments that may be missing, and whether something is switched on.

use serde_json::{Value, json};
use vocab::time::Timestamp;

/// Why a body does not switch.
pub(crate) const SWITCH: &str = "it is switched by lifecycle/activate and lifecycle/deactivate";

/// The word for whether something is in force.
pub(crate) const fn status_of(active: bool) -> &'static str {
    if active { "ACTIVE" } else { "INACTIVE" }
}

/// A text; an empty one is none, as strict clients want it.
pub(crate) fn text(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// A moment, if there is one.
pub(crate) fn moment(moment: Option<Timestamp>) -> Option<String> {
    moment.map(Timestamp::to_rfc3339_millis)
}

/// The links of something that is switched, with those of its own.
pub(crate) fn switched_links(href: &str, active: bool, more: &[(&str, &str)]) -> Value {
    let step = if active { "deactivate" } else { "activate" };
    let mut links = json!({
        "self": { "href": href, "hints": { "allow": ["GET", "PUT", "DELETE"] } },
        step: { "href": format!("{href}/lifecycle/{step}"), "hints": { "allow": ["POST"] } },
    });
    if let Some(links) = links.as_object_mut() {
        for (name, part) in more {
            let link = json!({ "href": format!("{href}/{part}"), "hints": { "allow": ["GET"] } });
            links.insert((*name).to_owned(), link);
        }
    }
    links
}
