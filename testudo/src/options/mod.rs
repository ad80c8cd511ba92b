//! What can be said on the command line.

pub mod admin;
pub mod edge_tls;
pub mod fleet;
pub mod host;
pub mod listen;

use crate::options::listen::parse_listen;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use url::Url;

/// An identity platform that stays on.
#[derive(Debug, Parser)]
#[command(name = "testudo", version, about)]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run an identity provider on this machine.
    Up(Box<Up>),
    /// Show what a declaration would change, and what drifted from it; changes nothing.
    Plan(Plan),
    /// Make what a declaration names, on the server that is running.
    Apply(Apply),
    /// Make a link that lets a person back in whom nobody else can help, such as the only administrator.
    Recover(Recover),
    /// Run a whole fleet on this machine, and look after it.
    Fleet(fleet::FleetOptions),
    /// Look after the organisations of a fleet.
    Org(fleet::Org),
    /// Look after the cells of a fleet, or run one.
    Cell(fleet::Cell),
    /// Run the control plane of a fleet.
    Control(Box<fleet::Control>),
    /// Run an edge of a fleet.
    Edge(Box<fleet::Edge>),
    /// Look after people.
    User(admin::User),
    /// Look after groups.
    Group(admin::Group),
    /// Look after apps.
    App(admin::App),
    /// Look at policies, and ask what they would make of a sign-in.
    Policy(admin::Policy),
    /// Look after API tokens.
    Token(admin::Token),
    /// Read and prove the system log.
    Log(Log),
    /// Print what a shell needs to complete these commands.
    Completion {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the JSON schema of what `up --bootstrap`, `plan` and `apply` read.
    Schema,
}

/// Options of every command that opens a data folder.
#[derive(Debug, Clone, Args)]
pub struct Store {
    /// The folder that holds the data.
    #[arg(long, env = "TESTUDO_DATA", default_value = "./testudo-data")]
    pub data: PathBuf,
    /// A PostgreSQL server instead of the embedded store: postgres://user@host/database
    #[arg(long, env = "TESTUDO_STORE", hide_env_values = true)]
    pub store: Option<String>,
}

/// Options of `up`.
#[derive(Debug, Args)]
pub struct Up {
    /// Where the data lies.
    #[command(flatten)]
    pub store: Store,
    /// The address to listen on.
    #[arg(long, value_parser = parse_listen, env = "TESTUDO_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The address under which people reach it: https://id.example.com
    #[arg(long, env = "TESTUDO_ORIGIN")]
    pub origin: Option<Url>,
    /// Serve TLS with a certificate of a local authority.
    #[arg(long, value_enum, conflicts_with_all = ["tls_certificate", "tls_key"])]
    pub tls: Option<TlsChoice>,
    /// Serve TLS with this certificate chain (PEM).
    #[arg(long, requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// The key of the certificate (PEM).
    #[arg(long, requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// A proxy in front terminates TLS and sets X-Forwarded-For.
    #[arg(long)]
    pub behind_proxy: bool,
    /// Where mail goes: smtps://user:password@host; without it mail is kept in the data folder.
    #[arg(long, env = "TESTUDO_SMTP", hide_env_values = true)]
    pub smtp: Option<String>,
    /// The sender of mail.
    #[arg(long, env = "TESTUDO_MAIL_FROM", default_value = "testudo@localhost")]
    pub mail_from: String,
    /// Let connections to addresses that administrators name (logout notices, mail servers, hooks, streams, providers, SCIM servers) go into private networks.
    #[arg(long, env = "TESTUDO_ALLOW_PRIVATE_OUTBOUND")]
    pub allow_private_outbound: bool,
    /// Make what this document declares (YAML) before it is ready, as `apply` does later.
    #[arg(long, env = "TESTUDO_BOOTSTRAP")]
    pub bootstrap: Option<PathBuf>,
    /// What is printed when it is ready.
    #[arg(long, value_enum, default_value = "text")]
    pub output: Output,
}

/// How TLS is done without files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TlsChoice {
    /// A local authority in the data folder.
    SelfSigned,
}

/// The form of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// Options of `plan`.
///
/// Compares the document with what is there: through the running server, or in the data folder itself where none runs.
/// `+` is made, `~` is changed field by field, with what is there on the left; secrets are never shown.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code: 0 if everything is as declared, 2 if something would change, 1 after an error."
)]
pub struct Plan {
    /// The document (YAML); `testudo schema` prints what may stand in it.
    pub file: PathBuf,
    /// Where the data lies; --store matters only where no server runs.
    #[command(flatten)]
    pub store: Store,
    /// How the changes are printed.
    #[arg(long, value_enum, default_value = "text")]
    pub output: Output,
}

/// Options of `apply`.
///
/// Makes what the document names and the running server does not have, and changes what differs. It removes nothing,
/// and applying it twice changes nothing. Prints what it changed, as `plan` does.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code: 0 if everything is as declared now, 1 after an error; what was made before it stays."
)]
pub struct Apply {
    /// The document (YAML); `testudo schema` prints what may stand in it.
    pub file: PathBuf,
    /// The data folder of the running server.
    #[arg(long, env = "TESTUDO_DATA", default_value = "./testudo-data")]
    pub data: PathBuf,
    /// How the changes are printed.
    #[arg(long, value_enum, default_value = "text")]
    pub output: Output,
}

/// Options of `recover`.
///
/// The link lets the person set a new password, and give lost passkeys up. It works once, within an hour, and is a row in
/// the log. It needs the store alone, and works beside a running server.
#[derive(Debug, Args)]
pub struct Recover {
    /// What the person signs in with.
    pub login: String,
    /// Where the data lies.
    #[command(flatten)]
    pub store: Store,
    /// The organisation's short name, if it is not the first one; in a cell of a fleet always.
    #[arg(long)]
    pub org: Option<String>,
    /// The address under which people reach the server: that of its last start, and in a cell its fleet's, if none is named.
    #[arg(long, env = "TESTUDO_ORIGIN")]
    pub origin: Option<Url>,
}

/// Options of `log`.
#[derive(Debug, Args)]
pub struct Log {
    /// What to do with it.
    #[command(subcommand)]
    pub command: LogCommand,
}

/// What to do with the log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Prove that no row of any organisation was changed, removed or cut off.
    Verify(Store),
    /// List rows of the log, the newest first.
    List(admin::LogList),
    /// Print rows of the log as they are stored.
    Follow(admin::LogFollow),
}
