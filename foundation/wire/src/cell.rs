//! What the control plane asks of a cell, under `/fleet/v1` on the cell's one listener.

use crate::names::Host;
use serde::{Deserialize, Serialize};
use vocab::epoch::Epoch;
use vocab::slug::Slug;

/// Where a cell says how it is: `GET`.
pub const STATUS_PATH: &str = "/fleet/v1/status";

/// Where an org is made known to a cell: `PUT`.
#[must_use]
pub fn org_path(org: &vocab::id::OrgId) -> String {
    format!("/fleet/v1/orgs/{org}")
}

/// Where an org of a cell gets a host name of its own, `PUT`, and loses it, `DELETE`; at this epoch of its placement.
#[must_use]
pub fn org_host_path(org: &vocab::id::OrgId, host: &Host, epoch: Epoch) -> String {
    format!("/fleet/v1/orgs/{org}/hosts/{host}?epoch={epoch}")
}

/// Where a cell makes a new set-up link for an org that has no administrator, `POST`; at this epoch of its placement.
#[must_use]
pub fn org_invite_path(org: &vocab::id::OrgId, epoch: Epoch) -> String {
    format!("/fleet/v1/orgs/{org}/invite?epoch={epoch}")
}

/// How a cell is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellHealth {
    /// The name it was started with.
    pub name: String,
    /// Whether it can serve.
    pub ready: bool,
    /// How many orgs it serves.
    pub orgs: i64,
    /// The release it runs.
    pub version: String,
    /// The engine of its store.
    pub store: String,
}

/// Make an org, unless it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptOrg {
    /// Its short name.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// The epoch of its placement.
    pub epoch: Epoch,
}

/// The org is there.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptedOrg {
    /// The one-time token for its first administrator, while it has none.
    pub setup_token: Option<String>,
}
