//! Why the register did not do what it was asked.

use crate::cell_state::StateDenial;
use crate::placement::PlacementDenial;
use database::DatabaseFault;
use wire::client::CallError;
use wire::names::CellName;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Which.
    pub field: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

fn render_fields(problems: &[FieldProblem]) -> String {
    let said: Vec<String> = problems
        .iter()
        .map(|FieldProblem { field, problem }| format!("{field}: {problem}"))
        .collect();
    said.join("; ")
}

/// Most cells that are named to whoever mistook one.
const CELLS_NAMED_MAX: usize = 26;

/// The cells that there are, for whoever named another one.
pub(crate) fn render_others(others: &[CellName]) -> String {
    let names: Vec<&str> = others.iter().map(CellName::as_str).collect();
    match names.get(..CELLS_NAMED_MAX) {
        _ if names.is_empty() => String::from("; the fleet has no cells yet"),
        Some(first) if names.len() > CELLS_NAMED_MAX => {
            format!(
                "; there are {} and others (`testudo cell list`)",
                first.join(", ")
            )
        }
        _ => format!("; there are {}", names.join(", ")),
    }
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing.
    #[error("there is no {what} {name:?}")]
    NotFound {
        /// A cell or an organisation.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// There is no such cell.
    #[error("there is no cell {name:?}{}", render_others(.others))]
    NoCell {
        /// Its name.
        name: String,
        /// Those that there are.
        others: Vec<CellName>,
    },
    /// The name is another's.
    #[error("the name {name:?} is taken")]
    Taken {
        /// The name.
        name: String,
    },
    /// It was changed since the caller read it.
    #[error("{name} was changed meanwhile: it is at epoch {known}, not {asked}; look at it again")]
    Changed {
        /// Which thing.
        name: String,
        /// The epoch it has.
        known: i64,
        /// The epoch the caller saw.
        asked: i64,
    },
    /// A field has an unusable value.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// Fields are missing, strange, or have unusable values.
    #[error("{}", render_fields(.problems))]
    Fields {
        /// All of them.
        problems: Vec<FieldProblem>,
    },
    /// A cell of that name is there, and is another one.
    #[error(
        "{name} is in the register already, and is another cell than this: {differences}. What a cell is does not change: declare it as it is, or give this one another name"
    )]
    CellDiffers {
        /// The name.
        name: String,
        /// In which respects.
        differences: String,
    },
    /// The address is another cell's.
    #[error(
        "{address} is the address of {cell} already, and this cell does not answer there; name the address at which it does, or declare {cell} at its own first"
    )]
    AddressTaken {
        /// The address.
        address: String,
        /// Whose it is.
        cell: String,
    },
    /// No cell may have the org.
    #[error(transparent)]
    Placement(#[from] PlacementDenial),
    /// The cell cannot come to that state.
    #[error(transparent)]
    State(#[from] StateDenial),
    /// The register has it, the cell does not yet.
    #[error(
        "{name} has its name and its place, but {cell} did not take it yet: {source}; it is tried again by itself, and `testudo org invite {name}` makes the link for its first administrator then"
    )]
    NotYet {
        /// The org.
        name: String,
        /// Its cell.
        cell: String,
        /// What the cell said.
        source: CallError,
    },
    /// The cell will never take the org as it is, so its name is free again.
    #[error("{cell} does not take {name}: {reason}; nothing was made, and the name is free again")]
    CellRefused {
        /// The org.
        name: String,
        /// Its cell.
        cell: String,
        /// What the cell said.
        reason: String,
    },
    /// Another call makes the same org at this moment.
    #[error("{name} is being made at this moment; look at it again before you ask once more")]
    UnderWay {
        /// The org.
        name: String,
    },
    /// The org is on its way already.
    #[error("{name} is on its way already; see `testudo org moves`")]
    Moving {
        /// The org.
        name: String,
    },
    /// The org's last move can still be taken back.
    #[error(
        "the move of {name} to {cell} can still be taken back{until}: {name} can move on then, or after `testudo org move {name} --settle`"
    )]
    Settling {
        /// The org.
        name: String,
        /// Where it is.
        cell: String,
        /// Until when, with the word for it.
        until: String,
    },
    /// What is to be moved is in a cell that does not answer.
    #[error(
        "{cell} does not answer, and has what is to be moved: nothing was begun; see `testudo fleet status`, and ask again when it answers"
    )]
    GiverSilent {
        /// The org's cell.
        cell: String,
    },
    /// What is to be moved would go into a cell that does not answer.
    #[error(
        "{cell} does not answer ({reason}), and was to have the organisation: nothing was begun; see `testudo fleet status`, and ask again when it answers, or name another cell"
    )]
    TakerSilent {
        /// The cell that it was to go to.
        cell: String,
        /// What came instead of an answer.
        reason: String,
    },
    /// As many moves are under way as are carried on with at once.
    #[error("{max} moves are under way, and no more are at once; ask again when some are over")]
    TooManyMoves {
        /// How many are.
        max: i64,
    },
    /// The org is where it shall go.
    #[error("{name} is in {cell} already")]
    There {
        /// The org.
        name: String,
        /// Its cell.
        cell: String,
    },
    /// The org has an administrator: whoever is to be let in is let in by that one, or by the machine's owner.
    #[error(
        "{name} has an administrator already, who invites others in the console; one who cannot get in gets a link by `testudo recover LOGIN --org {name} --data FOLDER`, with the data folder of {cell}"
    )]
    HasAdministrator {
        /// The org.
        name: String,
        /// Its cell.
        cell: String,
    },
    /// The cell did not make the link.
    #[error("{cell} made no link for {name}: {source}; ask again")]
    NoLink {
        /// The org.
        name: String,
        /// Its cell.
        cell: String,
        /// What the cell said.
        source: CallError,
    },
    /// The move is at another point than it would have to be.
    #[error("the move of {name} cannot be changed so: {reason}")]
    MoveState {
        /// The org.
        name: String,
        /// Why not, and what can be done.
        reason: &'static str,
    },
    /// The org does not answer at the host name.
    #[error(
        "{name} has no host name {host:?}; `testudo org host list {name}` shows those that it has"
    )]
    NoHost {
        /// The org.
        name: String,
        /// The host.
        host: String,
    },
    /// The host name is another org's.
    #[error("the host {host} is another organisation's; it must be removed there first")]
    HostTaken {
        /// The host.
        host: String,
    },
    /// The register has the change of a host, the cell does not yet.
    #[error(
        "{host} is kept, but {cell} does not know of it yet: {source}; it is told again by itself"
    )]
    HostNotYet {
        /// The host.
        host: String,
        /// The cell of its org.
        cell: String,
        /// What the cell said.
        source: CallError,
    },
    /// The store failed.
    #[error("the register's store failed")]
    Store(#[from] DatabaseFault),
    /// The store holds something that this release does not write.
    #[error("the register holds something unreadable: {0}")]
    Stored(String),
}
