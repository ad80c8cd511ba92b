//! What can be said of a fleet on the command line.

use crate::options::edge_tls::EdgeTls;
use crate::options::host::parse_own_host;
use crate::options::listen::parse_listen;
use crate::options::{Output, Store};
use atlas::org_move::operate::KEEP_SECS_MAX;
use clap::{Args, Subcommand, ValueEnum};
use edge::trust::parse_network;
use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::PathBuf;
use url::Url;
use vocab::slug::Slug;
use wire::names::{CellName, Host};

/// Where a fleet lies, unless it is said.
pub const FLEET_FOLDER: &str = "./testudo-fleet";

/// Options of every process of a fleet.
#[derive(Debug, Clone, Args)]
pub struct Member {
    /// Begin with nothing where --data names nothing that is there: without it such a start is refused, for a folder may be
    /// misspelt. What is there stays.
    #[arg(long)]
    pub new: bool,
    /// Take --origin though people reached the fleet elsewhere when this part ran last: issuers, links and passkeys of its
    /// organisations no longer fit.
    #[arg(long)]
    pub change_address: bool,
    /// The folder with the certificate of this process.
    #[arg(long)]
    pub identity: PathBuf,
    /// What is printed when it is ready.
    #[arg(long, value_enum, default_value = "text")]
    pub output: Output,
    /// Stop when standard input ends: whoever started this process is gone then.
    #[arg(long, hide = true)]
    pub until_stdin_ends: bool,
}

/// Options of `control`.
#[derive(Debug, Args)]
pub struct Control {
    /// Where the register lies.
    #[command(flatten)]
    pub store: Store,
    /// Who this process is.
    #[command(flatten)]
    pub member: Member,
    /// The address for edges and operators.
    #[arg(long, value_parser = parse_listen)]
    pub listen: SocketAddr,
    /// The address of the page that shows the fleet; loopback alone.
    #[arg(long, value_parser = parse_listen)]
    pub page: Option<SocketAddr>,
    /// The address under which people reach the fleet.
    #[arg(long)]
    pub origin: Url,
    /// Make another key for the route map where it is lost: edges take no map until they are started with the key that is
    /// printed then. One that is there is kept.
    #[arg(long)]
    pub new_route_key: bool,
}

/// Options of `edge`.
#[derive(Debug, Args)]
pub struct Edge {
    /// Where the route map is kept.
    #[arg(long)]
    pub data: PathBuf,
    /// Who this process is.
    #[command(flatten)]
    pub member: Member,
    /// Its name.
    #[arg(long)]
    pub name: String,
    /// The address for clients.
    #[arg(long, value_parser = parse_listen)]
    pub listen: SocketAddr,
    /// A balancer in front, or the network of several: believed about client, scheme and request id.
    #[arg(long, value_parser = parse_network, value_delimiter = ',')]
    pub trusted_proxy: Vec<IpNet>,
    /// Connections of those balancers begin with a PROXY header, version 1 or 2.
    #[arg(long)]
    pub proxy_protocol: bool,
    /// Take over from the edge that runs on this data folder, without a refused connection.
    #[arg(long)]
    pub take_over: bool,
    /// The address under which people reach the fleet.
    #[arg(long)]
    pub origin: Url,
    /// Where the control plane is, host:port.
    #[arg(long)]
    pub control: String,
    /// The key that the control plane prints, with which route maps are signed.
    #[arg(long)]
    pub route_key: String,
    /// How clients are spoken to.
    #[command(flatten)]
    pub tls: EdgeTls,
}

/// Options of `cell`.
#[derive(Debug, Args)]
pub struct Cell {
    /// What to do with cells.
    #[command(subcommand)]
    pub command: CellCommand,
}

/// What to do with cells.
#[derive(Debug, Subcommand)]
pub enum CellCommand {
    /// Run one cell of a fleet.
    Run(Box<CellRun>),
    /// List the cells.
    List(Fleet),
    /// Show one cell.
    Show(OneCell),
    /// Take no more organisations, and keep those that are there.
    Fill(OneCell),
    /// Take organisations again.
    Open(OneCell),
    /// Take no more organisations; those that are there are to leave.
    Drain(OneCell),
    /// Take a drained cell without organisations out of use.
    Close(OneCell),
}

/// Options of `cell run`.
#[derive(Debug, Args)]
pub struct CellRun {
    /// Where its data lies.
    #[command(flatten)]
    pub store: Store,
    /// Who this process is.
    #[command(flatten)]
    pub member: Member,
    /// Its name.
    #[arg(long, value_parser = CellName::parse)]
    pub name: CellName,
    /// The address for edges and the control plane.
    #[arg(long, value_parser = parse_listen)]
    pub listen: SocketAddr,
    /// The address under which people reach the fleet.
    #[arg(long)]
    pub origin: Url,
    /// Take the data folder into the fleet of --identity, though it was another's: as after the authority was made anew.
    #[arg(long)]
    pub rejoin: bool,
    /// Where mail goes: smtps://user:password@host; without it mail is kept in the data folder.
    #[arg(long, env = "TESTUDO_SMTP", hide_env_values = true)]
    pub smtp: Option<String>,
    /// The sender of mail.
    #[arg(long, env = "TESTUDO_MAIL_FROM", default_value = "testudo@localhost")]
    pub mail_from: String,
    /// Let connections to addresses that administrators name go into private networks.
    #[arg(long, env = "TESTUDO_ALLOW_PRIVATE_OUTBOUND")]
    pub allow_private_outbound: bool,
}

/// Which fleet, and how to print.
#[derive(Debug, Clone, Args)]
pub struct Fleet {
    /// The folder of the fleet.
    #[arg(long, env = "TESTUDO_FLEET", default_value = FLEET_FOLDER)]
    pub data: PathBuf,
    /// How it is printed.
    #[arg(long, value_enum, default_value = "text")]
    pub output: Output,
}

/// Which cell.
#[derive(Debug, Args)]
pub struct OneCell {
    /// The cell.
    #[arg(value_parser = CellName::parse)]
    pub name: CellName,
    /// Which fleet.
    #[command(flatten)]
    pub fleet: Fleet,
}

/// Options of `fleet`.
#[derive(Debug, Args)]
pub struct FleetOptions {
    /// What to do with the fleet.
    #[command(subcommand)]
    pub command: FleetCommand,
}

/// What to do with the fleet.
#[derive(Debug, Subcommand)]
pub enum FleetCommand {
    /// Run a whole fleet on this machine: a control plane, an edge and cells, each a process with a store of its own.
    Up(FleetUp),
    /// Show the cells and how they are.
    Status(Fleet),
    /// Print a link that opens the page of the fleet for an operator: organisations are moved there. It works once.
    Page(Fleet),
    /// Show what clients speak: TLS version, cipher suite, group and protocol, per organisation.
    Tls(TlsOfFleet),
    /// Prove that no row of the register's log was changed, removed or cut off; works beside a running fleet.
    Verify(Fleet),
    /// Replace a process by a new one, without a refused connection.
    Restart(FleetRestart),
    /// Stop the fleet that runs on this machine.
    Down(Fleet),
}

/// Options of `fleet restart`.
#[derive(Debug, Args)]
pub struct FleetRestart {
    /// Which process.
    #[arg(value_enum)]
    pub member: Replaceable,
    /// Which fleet.
    #[command(flatten)]
    pub fleet: Fleet,
}

/// A process that hands over to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Replaceable {
    /// The front door.
    Edge,
}

/// How a fleet on one machine speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FleetTls {
    /// A local authority in the folder of the fleet.
    Local,
}

/// Options of `fleet tls`.
#[derive(Debug, Args)]
pub struct TlsOfFleet {
    /// Only of this organisation.
    #[arg(long, value_parser = Slug::parse)]
    pub org: Option<Slug>,
    /// Which fleet.
    #[command(flatten)]
    pub fleet: Fleet,
}

/// Options of `fleet up`.
#[derive(Debug, Args)]
pub struct FleetUp {
    /// How many cells; as many as the fleet has, and three if it is new.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=26))]
    pub cells: Option<u8>,
    /// Cells that are not started, because their data is lost or elsewhere: nobody serves their organisations meanwhile.
    #[arg(long, value_parser = CellName::parse, value_delimiter = ',')]
    pub without: Vec<CellName>,
    /// Which fleet.
    #[command(flatten)]
    pub fleet: Fleet,
    /// The address for clients, on loopback.
    #[arg(long, value_parser = parse_listen, env = "TESTUDO_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The address of the page that shows the fleet, on loopback.
    #[arg(long, value_parser = parse_listen, default_value = "127.0.0.1:8090")]
    pub page: SocketAddr,
    /// Speak TLS, with certificates of an authority of this machine's own.
    #[arg(long, value_enum)]
    pub tls: Option<FleetTls>,
    /// Give a fleet that has organisations another address than it had: their issuers, links and passkeys no longer fit.
    #[arg(long)]
    pub change_address: bool,
    /// Make another key for the route map where that one is lost.
    #[arg(long)]
    pub new_route_key: bool,
    /// Make another authority, by which the processes know each other, where that one is lost, and take the cells into it.
    #[arg(long)]
    pub new_authority: bool,
    /// Let a process that hangs hang, as one does that is looked at with a debugger; it is killed and started again else.
    #[arg(long)]
    pub leave_hung: bool,
}

/// Options of `org`.
#[derive(Debug, Args)]
pub struct Org {
    /// What to do with organisations.
    #[command(subcommand)]
    pub command: OrgCommand,
}

/// What to do with organisations.
#[derive(Debug, Subcommand)]
pub enum OrgCommand {
    /// Make an organisation, in the emptiest cell where its data may live.
    Create(OrgCreate),
    /// List the organisations.
    List(OrgList),
    /// Show one organisation.
    Show(OneOrg),
    /// Make a new one-time link for the first administrator of an organisation that has none yet.
    Invite(OneOrg),
    /// Move an organisation to another cell while it is served; or give its move up, or take it back.
    Move(OrgMove),
    /// List the newest moves.
    Moves(Fleet),
    /// Host names of an organisation's own.
    Host(OrgHost),
}

/// Options of `org move`.
#[derive(Debug, Args)]
pub struct OrgMove {
    /// Its short name.
    #[arg(value_parser = Slug::parse)]
    pub slug: Slug,
    /// The cell that shall have it; the emptiest one that may have it if none is named.
    #[arg(long, value_parser = CellName::parse)]
    pub to: Option<CellName>,
    /// How many seconds the move can be taken back after the switch.
    #[arg(long, value_parser = clap::value_parser!(i64).range(0..=KEEP_SECS_MAX))]
    pub keep_secs: Option<i64>,
    /// Give the move up: before the switch all is undone.
    #[arg(long, conflicts_with_all = ["to", "keep_secs", "back"])]
    pub undo: bool,
    /// Take the move back after the switch, with all that was written since.
    #[arg(long, conflicts_with_all = ["to", "keep_secs"])]
    pub back: bool,
    /// End the time in which the move can be taken back: the organisation can move on.
    #[arg(long, conflicts_with_all = ["to", "keep_secs", "undo", "back"])]
    pub settle: bool,
    /// Give the new cell up for lost, which the organisation was switched to and which never began to answer: the first cell
    /// serves again, with all that was written before the switch. Be sure that the new cell does not run. What it took after
    /// the switch, if it took anything, is lost; when it comes back, it removes what it has.
    #[arg(long, conflicts_with_all = ["to", "keep_secs", "undo", "back", "settle"])]
    pub abandon_target: bool,
    /// Show how far it is until the organisation is served by its new cell, or is not going to be. Alone it begins no move,
    /// but shows the one that is under way.
    #[arg(long)]
    pub watch: bool,
    /// Which fleet.
    #[command(flatten)]
    pub fleet: Fleet,
}

impl OrgMove {
    /// Whether nothing is asked for but to be shown a move.
    #[must_use]
    pub const fn only_watches(&self) -> bool {
        self.watch && self.to.is_none() && self.keep_secs.is_none()
    }
}

/// Options of `org host`.
#[derive(Debug, Args)]
pub struct OrgHost {
    /// What to do with them.
    #[command(subcommand)]
    pub command: OrgHostCommand,
}

/// What to do with host names.
#[derive(Debug, Subcommand)]
pub enum OrgHostCommand {
    /// Let the organisation answer at a host name; it must lead to an edge.
    Add(OneHost),
    /// Let it no longer answer there.
    Remove(OneHost),
    /// List them.
    List(OneOrg),
}

/// Which host name of which organisation.
#[derive(Debug, Args)]
pub struct OneHost {
    /// The organisation's short name.
    #[arg(value_parser = Slug::parse)]
    pub slug: Slug,
    /// The host name, for example login.acme.com.
    #[arg(value_parser = parse_own_host)]
    pub host: Host,
    /// Which fleet.
    #[command(flatten)]
    pub fleet: Fleet,
}

/// Options of `org create`.
#[derive(Debug, Args)]
pub struct OrgCreate {
    /// Its short name, for addresses.
    #[arg(value_parser = Slug::parse)]
    pub slug: Slug,
    /// Its name for people; the short name if none is given.
    #[arg(long)]
    pub name: Option<String>,
    /// Pin it: the one region in which its data may ever live. No move and no drain takes it out of there.
    #[arg(long)]
    pub region: Option<String>,
    /// Pin it: the compliance regime that each of its cells must be fit for, now and after every move.
    #[arg(long)]
    pub regime: Option<String>,
    /// The cell that it begins in. A wish and no pin: it is refused where the organisation may not be, and moves and drains take it
    /// to other cells later; only --region and --regime hold it.
    #[arg(long, value_parser = CellName::parse)]
    pub cell: Option<CellName>,
    /// Which fleet.
    #[command(flatten)]
    pub fleet: Fleet,
}

/// Options of `org list`.
#[derive(Debug, Args)]
pub struct OrgList {
    /// Only those of this cell.
    #[arg(long, value_parser = CellName::parse)]
    pub cell: Option<CellName>,
    /// Which fleet.
    #[command(flatten)]
    pub fleet: Fleet,
}

/// Which organisation.
#[derive(Debug, Args)]
pub struct OneOrg {
    /// Its short name.
    #[arg(value_parser = Slug::parse)]
    pub slug: Slug,
    /// Which fleet.
    #[command(flatten)]
    pub fleet: Fleet,
}
