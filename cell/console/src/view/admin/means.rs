//! Which means of proof the organisation takes.

use super::settings::sections;
use crate::view::part::{self, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// One of them.
#[derive(Clone, Debug)]
pub struct MeansRow {
    /// The word that is posted.
    pub word: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Whether it counts.
    pub is_taken: bool,
}

/// The means of proof (`/admin/settings/authenticators`). Posts `means` and `taken` (`yes` or `no`) there.
#[derive(Debug, Template)]
#[template(path = "admin/settings_means.html")]
pub struct MeansPage {
    /// The frame.
    pub shell: Shell,
    /// All that there are.
    pub rows: Vec<MeansRow>,
}

here!(MeansPage => Settings);
