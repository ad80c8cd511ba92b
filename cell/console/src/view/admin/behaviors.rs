//! Behaviours: what is unusual of a sign-in, for rules to speak of.

use crate::view::part::{self, Choice, Icon, Input, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// A behaviour.
#[derive(Clone, Debug)]
pub struct BehaviorRow {
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether devices are compared; else addresses are.
    pub is_device: bool,
    /// Whether it is detected at all.
    pub active: bool,
    /// How many rules speak of it.
    pub rules: u64,
}

/// What can be said of a behaviour.
#[derive(Clone, Debug, Default)]
pub struct BehaviorForm {
    /// Its name.
    pub name: Input,
    /// What is compared: a word of the interface.
    pub kind: Input,
    /// With how many sign-ins.
    pub events_max: Input,
    /// From how many on.
    pub events_min: Input,
    /// Whether it is detected at all.
    pub active: Input,
}

/// The behaviours (`/admin/behaviors`); an organisation has few. Posts `name`, `kind`, `events_max`, `events_min` and `active` of a new
/// one to `…/add`.
#[derive(Debug, Template)]
#[template(path = "admin/behaviors.html")]
pub struct BehaviorsPage {
    /// The frame.
    pub shell: Shell,
    /// By name.
    pub rows: Vec<BehaviorRow>,
    /// A new one.
    pub form: BehaviorForm,
}

impl BehaviorsPage {
    fn kinds(&self) -> Vec<Choice> {
        let t = &self.shell.t.behaviors;
        vec![
            Choice::new("ANOMALOUS_DEVICE", t.device).about(t.device_about),
            Choice::new("ANOMALOUS_IP", t.address).about(t.address_about),
        ]
    }
}

/// A behaviour (`/admin/behaviors/{id}`). Posts `revision`, `name`, `events_max`, `events_min` and `active` there, and nothing to
/// `…/remove`.
#[derive(Debug, Template)]
#[template(path = "admin/behavior.html")]
pub struct BehaviorPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// Its name as it is stored.
    pub title: String,
    /// Whether devices are compared; else addresses are.
    pub is_device: bool,
    /// What was read, to tell a change by another.
    pub revision: i64,
    /// What can be changed.
    pub form: BehaviorForm,
}

here!(BehaviorsPage => Behaviors, BehaviorPage => Behaviors);
