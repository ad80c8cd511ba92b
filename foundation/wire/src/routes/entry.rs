//! What stands in the route map, and the one form in which it is hashed and kept.

use crate::names::{CellName, Host};
use crate::routes::RouteError;
use serde::{Deserialize, Serialize};
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use vocab::slug::Slug;

/// Longest address of a cell.
pub const ADDRESS_CHARS_MAX: usize = 260;

/// Where a cell is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellRoute {
    /// Its name.
    pub name: CellName,
    /// `host:port`.
    pub address: String,
    /// Counts its changes.
    pub epoch: Epoch,
}

/// Which cell serves an org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrgRoute {
    /// Its short name.
    pub slug: Slug,
    /// Its id.
    pub org: OrgId,
    /// The cell.
    pub cell: CellName,
    /// The epoch of its placement.
    pub epoch: Epoch,
}

/// Which org answers at a host name of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostRoute {
    /// The host.
    pub host: Host,
    /// The org's short name.
    pub slug: Slug,
}

/// One entry of the map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A cell.
    Cell(CellRoute),
    /// An org.
    Org(OrgRoute),
    /// A host name.
    Host(HostRoute),
}

/// What an entry is found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// A cell, by its name.
    Cell(CellName),
    /// An org, by its short name.
    Org(Slug),
    /// A host name.
    Host(Host),
}

/// One step from a map to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The entry is new, or replaces the one of its key.
    Put(Entry),
    /// The entry is gone; nothing happens if it was not there.
    Delete(Key),
}

impl Entry {
    /// What it is found by.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Self::Cell(cell) => Key::Cell(cell.name.clone()),
            Self::Org(org) => Key::Org(org.slug.clone()),
            Self::Host(host) => Key::Host(host.host.clone()),
        }
    }

    /// Appends the canonical form: a kind, then each field with its length before it.
    pub(super) fn render(&self, out: &mut Vec<u8>) {
        match self {
            Self::Cell(cell) => {
                out.push(b'c');
                field(out, cell.name.as_str());
                field(out, &cell.address);
                out.extend_from_slice(&cell.epoch.number().to_be_bytes());
            }
            Self::Org(org) => render_org(org, out),
            Self::Host(host) => render_host(host, out),
        }
    }

    /// Reads one entry from the front of the bytes.
    pub(super) fn parse(bytes: &mut &[u8]) -> Result<Self, RouteError> {
        const BAD: RouteError = RouteError::Malformed("an entry is cut off or of an unknown form");
        match take(bytes, 1).and_then(|kind| kind.first().copied()) {
            Some(b'c') => Ok(Self::Cell(CellRoute {
                name: CellName::parse(text(bytes)?).map_err(|_| BAD)?,
                address: text(bytes)?.to_owned(),
                epoch: epoch(bytes)?,
            })),
            Some(b'o') => Ok(Self::Org(OrgRoute {
                slug: Slug::parse(text(bytes)?).map_err(|_| BAD)?,
                org: OrgId::parse(text(bytes)?).map_err(|_| BAD)?,
                cell: CellName::parse(text(bytes)?).map_err(|_| BAD)?,
                epoch: epoch(bytes)?,
            })),
            Some(b'h') => Ok(Self::Host(HostRoute {
                host: Host::parse(text(bytes)?).map_err(|_| BAD)?,
                slug: Slug::parse(text(bytes)?).map_err(|_| BAD)?,
            })),
            _ => Err(BAD),
        }
    }
}

pub(super) fn render_org(org: &OrgRoute, out: &mut Vec<u8>) {
    out.push(b'o');
    field(out, org.slug.as_str());
    field(out, org.org.as_str());
    field(out, org.cell.as_str());
    out.extend_from_slice(&org.epoch.number().to_be_bytes());
}

pub(super) fn render_host(host: &HostRoute, out: &mut Vec<u8>) {
    out.push(b'h');
    field(out, host.host.as_str());
    field(out, host.slug.as_str());
}

/// No field is longer than 65,535 bytes: names are bounded, and an address is checked before it is taken.
fn field(out: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn take<'b>(bytes: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (front, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(front)
}

fn text<'b>(bytes: &mut &'b [u8]) -> Result<&'b str, RouteError> {
    const CUT: RouteError = RouteError::Malformed("a field is cut off or no text");
    let length = take(bytes, 2).ok_or(CUT)?;
    let length = length.try_into().map(u16::from_be_bytes).map_err(|_| CUT)?;
    let field = take(bytes, usize::from(length)).ok_or(CUT)?;
    std::str::from_utf8(field).map_err(|_| CUT)
}

fn epoch(bytes: &mut &[u8]) -> Result<Epoch, RouteError> {
    const CUT: RouteError = RouteError::Malformed("an epoch is cut off or not one");
    let number = take(bytes, 8).ok_or(CUT)?;
    let number = number.try_into().map(i64::from_be_bytes).map_err(|_| CUT)?;
    Epoch::try_from(number).map_err(|_| CUT)
}
