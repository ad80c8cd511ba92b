//! Network zones: named address ranges that rules speak of.

use crate::view::part::{self, Icon, Input, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// A zone.
#[derive(Clone, Debug)]
pub struct ZoneRow {
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// A bounded few of its ranges.
    pub ranges: Vec<String>,
    /// How many there are beside them.
    pub more: u64,
    /// How many rules speak of it.
    pub rules: u64,
    /// Whether nothing is served to it.
    pub blocked: bool,
    /// Whether it counts; one that rests contains nobody.
    pub active: bool,
}

/// The zones (`/admin/zones`); an organisation has few.
#[derive(Debug, Template)]
#[template(path = "admin/zones.html")]
pub struct ZonesPage {
    /// The frame.
    pub shell: Shell,
    /// By name.
    pub rows: Vec<ZoneRow>,
    /// The reader's own address, to compare.
    pub own_address: String,
}

/// A zone. Posts `name`, `revision`, `ranges` (one a line, as address or network), `blocked` to `/admin/zones/new` or
/// `/admin/zones/{id}`; nothing to `…/activate`, `…/deactivate`, `…/remove`.
#[derive(Debug, Template)]
#[template(path = "admin/zone_form.html")]
pub struct ZoneFormPage {
    /// The frame.
    pub shell: Shell,
    /// Its id; none for a new one.
    pub id: Option<String>,
    /// What was read, to tell a change by another.
    pub revision: i64,
    /// Whether it counts.
    pub active: bool,
    /// Its name.
    pub name: Input,
    /// One a line.
    pub ranges: Input,
    /// Whether nothing is served to it.
    pub blocked: Input,
    /// The reader's own address, to compare.
    pub own_address: String,
}

here!(ZonesPage => Zones, ZoneFormPage => Zones);
