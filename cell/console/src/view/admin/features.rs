//! Which ways in of programs are open.

use super::settings::sections;
use crate::view::part::{self, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// One of them.
#[derive(Clone, Debug)]
pub struct FeatureRow {
    /// The word that is posted.
    pub word: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Whether it is open.
    pub is_open: bool,
}

/// The ways in of programs (`/admin/settings/features`). Posts `feature` and `open` (`yes` or `no`) there.
#[derive(Debug, Template)]
#[template(path = "admin/settings_features.html")]
pub struct FeaturesPage {
    /// The frame.
    pub shell: Shell,
    /// All that there are.
    pub rows: Vec<FeatureRow>,
}

here!(FeaturesPage => Settings);
