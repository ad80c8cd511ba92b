//! `testudo control`, `testudo edge`, `testudo cell run`: one process each.

use crate::fleet::lifeline::answer_parent;
use crate::home::CellMark;
use crate::options::Output;
use crate::options::fleet::{CellRun, Control, Edge, Member};
use anyhow::Context as _;
use atlas::start::ControlConfig;
use database::Location;
use edge::start::{EdgeConfig, Succession};
use edge::trust::{ProxyHeader, Trust};
use serde_json::json;
use server::config::{Config, FleetSeat, PrivateOutbound, ProxyMode, TlsMode};
use server::declaration::progress::Progress;
use server::start::StopSignals;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use telemetry::LogFormat;
use tokio::sync::oneshot;
use wire::files::make_private_folder;
use wire::identity::{FleetIdentity, FleetRole, server_name};

/// The register's file in its data folder.
pub const REGISTER_FILE: &str = "register.db";
/// The name of the control plane in its certificate.
pub const CONTROL_NAME: &str = "control";

/// Runs the control plane until the process is told to stop.
///
/// # Errors
/// Whatever keeps it from starting, with what to do.
pub async fn control(options: Control) -> anyhow::Result<ExitCode> {
    let stop = begin(&options.member)?;
    make_private_folder(&options.store.data)?;
    let store = match options.store.store {
        Some(url) => Location::Postgres { url: url.into() },
        None => Location::Sqlite {
            path: options.store.data.join(REGISTER_FILE),
        },
    };
    let own = FleetIdentity::load_own(&options.member.identity, FleetRole::Control, CONTROL_NAME);
    let identity = Arc::new(own.context("--identity")?);
    let config = ControlConfig {
        data: options.store.data,
        store,
        listen: options.listen,
        page: options.page,
        origin: options.origin,
    };
    let started = atlas::start::start(config, identity).await?;
    announce(
        &options.member,
        &json!({
            "ready": true, "address": started.address, "page": started.page, "route_key": started.route_key,
        }),
        &format!(
            "The control plane is ready at {}; edges pin the route key {}",
            started.address, started.route_key
        ),
    )?;
    started.run(stop.wait()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Runs an edge until the process is told to stop.
///
/// # Errors
/// Whatever keeps it from starting, with what to do.
pub async fn edge(options: Edge) -> anyhow::Result<ExitCode> {
    let stop = begin(&options.member)?;
    make_private_folder(&options.data)?;
    let own = FleetIdentity::load_own(&options.member.identity, FleetRole::Edge, &options.name);
    let identity = own.context("--identity")?;
    let config = EdgeConfig {
        tls: options.tls.config(),
        http_listen: options.tls.http_listen,
        metrics_listen: options.tls.metrics_listen,
        name: options.name,
        listen: options.listen,
        origin: options.origin,
        data: options.data,
        succession: if options.take_over {
            Succession::TakesOver
        } else {
            Succession::First
        },
        trust: Trust {
            proxies: options.trusted_proxy,
            header: if options.proxy_protocol {
                ProxyHeader::Required
            } else {
                ProxyHeader::None
            },
        },
        control_address: options.control,
        control_name: server_name(FleetRole::Control, CONTROL_NAME),
        route_key: options.route_key,
    };
    let started = edge::start::start(config, &identity).await?;
    announce(
        &options.member,
        &json!({
            "ready": true, "address": started.address, "http": started.http_address,
            "metrics": started.metrics_address, "root": started.local_root(),
        }),
        &render_edge(&started),
    )?;
    started.run(stop.wait()).await;
    Ok(ExitCode::SUCCESS)
}

fn render_edge(started: &edge::start::Started) -> String {
    let mut text = format!("The edge is ready at {}", started.address);
    if let Some(address) = started.http_address {
        let _ = write!(text, "\nPlain HTTP at {address} is sent on to it");
    }
    if let Some(address) = started.metrics_address {
        let _ = write!(text, "\nMetrics are at http://{address}/metrics");
    }
    if let Some(root) = started.local_root() {
        let _ = write!(text, "\nClients must know the root at {}", root.display());
    }
    text
}

/// Runs a cell until the process is told to stop.
///
/// # Errors
/// Whatever keeps it from starting, with what to do.
pub async fn cell(options: CellRun) -> anyhow::Result<ExitCode> {
    let stop = begin(&options.member)?;
    let (data, origin) = (options.store.data.clone(), options.origin.clone());
    let config = Config {
        data: options.store.data,
        listen: options.listen,
        origin: Some(options.origin),
        store: options.store.store.map(Into::into),
        tls: TlsMode::Off,
        proxy: ProxyMode::FleetEdge,
        smtp: options.smtp.map(Into::into),
        mail_from: options.mail_from,
        bootstrap: None,
        private_outbound: if options.allow_private_outbound {
            PrivateOutbound::Allowed
        } else {
            PrivateOutbound::Refused
        },
        seat: Some(FleetSeat {
            name: options.name.clone(),
            identity: options.member.identity.clone(),
        }),
    };
    let started = server::start::start(config, &Progress::default()).await?;
    let mark = CellMark {
        name: options.name.clone(),
        origin,
    };
    if let Err(error) = mark.write(&data) {
        tracing::warn!(%error, "commands that see the data folder will not know it for a cell's");
    }
    announce(
        &options.member,
        &json!({ "ready": true, "address": started.address }),
        &format!("The cell {} is ready at {}", options.name, started.address),
    )?;
    started.run(stop.wait()).await;
    Ok(ExitCode::SUCCESS)
}

/// What ends a process of a fleet.
struct Stop {
    signals: StopSignals,
    /// Resolves when standard input ends, if that is of meaning.
    parent: Option<oneshot::Receiver<()>>,
}

impl Stop {
    async fn wait(self) {
        let signal = self.signals.wait();
        let Some(parent) = self.parent else {
            return signal.await;
        };
        tokio::select! {
            () = signal => {}
            _ = parent => {}
        }
    }
}

fn begin(member: &Member) -> anyhow::Result<Stop> {
    telemetry::start_logging(match member.output {
        Output::Text => LogFormat::Text,
        Output::Json => LogFormat::Json,
    });
    let parent = member.until_stdin_ends.then(answer_parent).transpose()?;
    Ok(Stop {
        signals: StopSignals::catch()?,
        parent,
    })
}

fn announce(member: &Member, json: &serde_json::Value, text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match member.output {
        Output::Json => writeln!(out, "{json}")?,
        Output::Text => writeln!(out, "{text}")?,
    }
    out.flush()
}
