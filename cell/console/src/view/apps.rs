//! My apps: the dashboard that everybody lands on.

use crate::view::part::{self, Icon};
use crate::view::shell::{Shell, here};
use askama::Template;

/// One application to open.
#[derive(Clone, Debug)]
pub struct AppTile {
    /// Its name.
    pub name: String,
    /// A line about it, or empty.
    pub about: String,
    /// Where opening it leads: its start address, checked to be `http` or `https`.
    pub href: String,
}

/// My apps (`/apps`).
#[derive(Debug, Template)]
#[template(path = "account/apps.html")]
pub struct AppsPage {
    /// The frame.
    pub shell: Shell,
    /// The name to greet.
    pub name: String,
    /// By name.
    pub tiles: Vec<AppTile>,
}

here!(AppsPage => MyApps);
