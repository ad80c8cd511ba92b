//! What is done about addresses from which many different names fail to sign in.

use super::settings::sections;
use crate::view::part::{self, Choice, Input};
use crate::view::shell::{Shell, here};
use askama::Template;

/// The settings (`/admin/settings/threats`). Posts `revision`, `action` (`none`, `audit`, `block`) and any number of `zone`
/// there.
#[derive(Debug, Template)]
#[template(path = "admin/settings_threats.html")]
pub struct ThreatsPage {
    /// The frame.
    pub shell: Shell,
    /// The revision of the org's settings that the form is made from.
    pub revision: i64,
    /// What is done.
    pub action: Input,
    /// The zones to tick.
    pub zones: Vec<Choice>,
    /// What is wrong with the choice of zones.
    pub zones_error: Input,
}

impl ThreatsPage {
    fn actions(&self) -> Vec<Choice> {
        let t = &self.shell.t.settings;
        vec![
            Choice::new("none", t.threats_none),
            Choice::new("audit", t.threats_audit).about(t.threats_audit_about),
            Choice::new("block", t.threats_block).about(t.threats_block_about),
        ]
    }
}

here!(ThreatsPage => Settings);
