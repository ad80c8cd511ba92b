//! What can be said on the command line.

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
    /// Look after the system log.
    Log(Log),
    /// Print the JSON schema of what --bootstrap reads.
    Schema,
}

/// Options of every command that opens a data folder.
#[derive(Debug, Clone, Args)]
pub struct Store {
    /// The folder that holds the data.
    #[arg(long, env = "TESTUDO_DATA", default_value = "./testudo-data")]
    pub data: PathBuf,
    /// A PostgreSQL server instead of the embedded store: postgres://user@host/database
    #[arg(long, env = "TESTUDO_STORE")]
    pub store: Option<String>,
}

/// Options of `up`.
#[derive(Debug, Args)]
pub struct Up {
    /// Where the data lies.
    #[command(flatten)]
    pub store: Store,
    /// The address to listen on.
    #[arg(long, env = "TESTUDO_LISTEN", default_value = "127.0.0.1:8080")]
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
    /// Make what this document declares (YAML) before it is ready; what is there already stays as it is.
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
}
