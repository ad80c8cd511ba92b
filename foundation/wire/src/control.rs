//! What edges and operators say to the control plane, under `/v1`.

use crate::cell::CellHealth;
use crate::names::{CellName, Host};
use crate::org_move::view::MoveView;
use serde::{Deserialize, Serialize};
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use vocab::slug::Slug;
use vocab::time::Timestamp;

/// Every refusal's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A word for programs: `not_found`, `taken`, `changed`, `invalid`, `refused`, `unavailable`.
    pub error: String,
    /// What was wrong and what to do, for people.
    pub message: String,
}

/// How big a cell is. Each size has a rated capacity; a cell is never between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellSize {
    /// A laptop, or a cell for trials.
    Small,
    /// One node.
    Medium,
    /// A few nodes.
    Large,
    /// As big as a cell gets.
    ExtraLarge,
}

impl CellSize {
    /// All sizes, the smallest first.
    pub const ALL: [Self; 4] = [Self::Small, Self::Medium, Self::Large, Self::ExtraLarge];

    /// How many orgs a cell of this size is filled with.
    #[must_use]
    pub const fn rated_orgs(self) -> i64 {
        match self {
            Self::Small => 1_000,
            Self::Medium => 10_000,
            Self::Large => 50_000,
            Self::ExtraLarge => 200_000,
        }
    }

    /// The size as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
            Self::ExtraLarge => "extra_large",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.as_str() == text)
    }
}

/// What a cell is there for at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// It is being set up.
    Building,
    /// It takes new orgs.
    Open,
    /// It serves its orgs and takes no more.
    Full,
    /// Its orgs are to leave.
    Draining,
    /// It holds no org.
    Closed,
}

impl CellState {
    /// All states.
    pub const ALL: [Self; 5] = [
        Self::Building,
        Self::Open,
        Self::Full,
        Self::Draining,
        Self::Closed,
    ];

    /// The state as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Open => "open",
            Self::Full => "full",
            Self::Draining => "draining",
            Self::Closed => "closed",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A cell joins the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclareCell {
    /// Its name.
    pub name: CellName,
    /// Where its data lies, for example `eu-west`.
    pub region: String,
    /// Whose machines it runs on.
    pub cloud: String,
    /// The compliance regimes it may serve.
    pub regimes: Vec<String>,
    /// Its size.
    pub size: CellSize,
    /// Where edges reach it, `host:port`.
    pub address: String,
    /// What it is there for at first.
    pub state: CellState,
}

/// A cell changes its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetCellState {
    /// The state it shall have.
    pub state: CellState,
    /// The epoch at which the caller saw it.
    pub epoch: Epoch,
}

/// A cell of the register, with what is known of it at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellView {
    /// Its name.
    pub name: CellName,
    /// Where its data lies.
    pub region: String,
    /// Whose machines it runs on.
    pub cloud: String,
    /// The compliance regimes it may serve.
    pub regimes: Vec<String>,
    /// Its size.
    pub size: CellSize,
    /// Where edges reach it.
    pub address: String,
    /// What it is there for.
    pub state: CellState,
    /// Counts its changes.
    pub epoch: Epoch,
    /// How many orgs are placed there.
    pub orgs: i64,
    /// What it said last, if it said anything in time.
    pub health: Option<CellHealth>,
    /// What edges measured last.
    pub traffic: Option<CellTraffic>,
    /// Of a cell that is being emptied, when it alone is shown: that organisations wait there, and why no other cell takes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
}

/// What an edge measured of a cell since its last report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellTraffic {
    /// The cell.
    pub cell: CellName,
    /// Requests that ended.
    pub requests: u64,
    /// Those that ended with 5xx or without an answer.
    pub errors: u64,
    /// Half of them took at most this long.
    pub p50_micros: u64,
    /// 99 of 100 took at most this long.
    pub p99_micros: u64,
}

/// How many connections spoke which TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsCount {
    /// The org, if the server name told.
    pub slug: Option<Slug>,
    /// `TLSv1_3`.
    pub version: String,
    /// The cipher suite.
    pub suite: String,
    /// The key exchange group.
    pub group: String,
    /// The application protocol.
    pub alpn: String,
    /// Handshakes.
    pub handshakes: u64,
}

/// What clients of the fleet spoke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsView {
    /// Since when it was counted.
    pub since: Timestamp,
    /// The most frequent first.
    pub counts: Vec<TlsCount>,
    /// Whether there is more than is shown.
    pub more: bool,
}

/// What an edge measured since its last report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeReport {
    /// The edge.
    pub edge: String,
    /// How long it measured.
    pub span_micros: u64,
    /// The cursor of its route map.
    pub cursor: i64,
    /// Per cell.
    pub cells: Vec<CellTraffic>,
    /// Per org and kind of TLS.
    pub tls: Vec<TlsCount>,
}

/// Where an org's data may live.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// In this region alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// In cells of this compliance regime alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regime: Option<String>,
}

/// Whether an org is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrgState {
    /// Its name and place are taken; its cell does not have it yet.
    Creating,
    /// Its cell serves it.
    Serving,
}

impl OrgState {
    /// The state as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Serving => "serving",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Creating, Self::Serving]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A new org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateOrg {
    /// Its short name.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// Where its data may live.
    #[serde(default)]
    pub pin: Pin,
    /// The cell that shall have it; chosen if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell: Option<CellName>,
}

/// An org of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgView {
    /// Its id.
    pub id: OrgId,
    /// Its short name.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// Where its data may live.
    pub pin: Pin,
    /// Host names of its own.
    pub hosts: Vec<Host>,
    /// The cell that has it.
    pub cell: CellName,
    /// The epoch of its placement.
    pub epoch: Epoch,
    /// Whether it is served.
    pub state: OrgState,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An org was made.
#[derive(Clone, Serialize, Deserialize)]
pub struct CreatedOrg {
    /// The org.
    pub org: OrgView,
    /// Where people reach it.
    pub url: String,
    /// The one-time link for its first administrator, while it has none.
    pub setup_url: Option<String>,
}

/// Orgs in the order of their short names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrgPage {
    /// The orgs.
    pub orgs: Vec<OrgView>,
    /// The short name to go on after, if there are more.
    pub next: Option<Slug>,
}

/// A row of the register's own log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeView {
    /// Its place.
    pub cursor: i64,
    /// When.
    pub at: Timestamp,
    /// What happened, for example `org.create`.
    pub kind: String,
    /// To what.
    pub subject: String,
    /// The epoch that came of it.
    pub epoch: Epoch,
    /// Who did it.
    pub actor: String,
    /// What there is to say beside that.
    #[serde(default)]
    pub detail: String,
}

/// The page of the fleet, opened for an operator.
#[derive(Clone, Serialize, Deserialize)]
pub struct PageLink {
    /// A link that works once.
    pub link: String,
}

/// The fleet at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetView {
    /// All cells.
    pub cells: Vec<CellView>,
    /// How many orgs there are.
    pub orgs_total: i64,
    /// Moves that are not over, and those that ended last.
    pub moves: Vec<MoveView>,
    /// The newest changes, the newest first.
    pub changes: Vec<ChangeView>,
}
