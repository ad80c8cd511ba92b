//! `testudo control`, `testudo edge`, `testudo cell run`: one process each.

use crate::fleet::folder::{load_origin, note_origin};
use crate::fleet::lifeline::answer_parent;
use crate::fleet::premises::{Beginning, Part, Premises, decide_premises, load_premises};
use crate::fleet::renewal::keep_fresh;
use crate::home::{self, Address, CellMark, Home, Joining, decide_address, decide_cell};
use crate::options::Output;
use crate::options::fleet::{CellRun, Control, Edge, Member};
use anyhow::Context as _;
use atlas::start::{ControlConfig, LostKey};
use database::Location;
use edge::follower::FirstWord;
use edge::start::{EdgeConfig, Succession};
use edge::trust::{ProxyHeader, Trust};
use serde_json::json;
use server::config::{Config, FleetSeat, PrivateOutbound, ProxyMode, TlsMode};
use server::data_folder::{DataFolder, DataFolderError};
use server::declaration::progress::Progress;
use server::start::StopSignals;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use telemetry::LogFormat;
use tokio::sync::oneshot;
use url::Url;
use wire::files::make_private_folder;
use wire::identity::{FleetIdentity, FleetRole, server_name};

/// The register's file in its data folder.
pub const REGISTER_FILE: &str = "register.db";
/// The name of the control plane in its certificate.
pub const CONTROL_NAME: &str = "control";

/// What is said before what is wrong with a certificate.
const IDENTITY: &str = "--identity (the folder with the certificate of this process, such as identities/edge-edge-1 in the folder of the \
    fleet)";

/// Runs the control plane until the process is told to stop.
///
/// # Errors
/// Whatever keeps it from starting, with what to do.
pub async fn control(options: Control) -> anyhow::Result<ExitCode> {
    let stop = begin(&options.member)?;
    enter(Part::Control, &options.store.data, &options.member)?;
    open_folder(&options.store.data)?;
    let (data, origin) = (options.store.data.clone(), options.origin.clone());
    check_address(&data, &origin, &options.member)?;
    let store = match options.store.store {
        Some(url) => Location::Postgres { url: url.into() },
        None => Location::Sqlite {
            path: options.store.data.join(REGISTER_FILE),
        },
    };
    let own = FleetIdentity::load_own(&options.member.identity, FleetRole::Control, CONTROL_NAME);
    let identity = Arc::new(own.context(IDENTITY)?);
    let renewal = tokio::spawn(keep_fresh(identity.as_ref().clone()));
    let config = ControlConfig {
        data: options.store.data,
        lost_key: if options.new_route_key {
            LostKey::Replace
        } else {
            LostKey::Missed
        },
        store,
        listen: options.listen,
        page: options.page,
        origin: options.origin,
    };
    let started = atlas::start::start(config, identity).await?;
    note_origin(&data, origin.as_str());
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
    renewal.abort();
    Ok(ExitCode::SUCCESS)
}

/// Runs an edge until the process is told to stop.
///
/// # Errors
/// Whatever keeps it from starting, with what to do.
pub async fn edge(options: Edge) -> anyhow::Result<ExitCode> {
    let member = options.member.clone();
    let stop = begin(&member)?;
    enter(Part::Edge, &options.data, &member)?;
    open_folder(&options.data)?;
    let (data, origin) = (options.data.clone(), options.origin.clone());
    check_address(&data, &origin, &member)?;
    let own = FleetIdentity::load_own(&member.identity, FleetRole::Edge, &options.name);
    let identity = own.context(IDENTITY)?;
    let renewal = tokio::spawn(keep_fresh(identity.clone()));
    let config = configure_edge(options);
    let started = edge::start::start(config, &identity).await?;
    note_origin(&data, origin.as_str());
    let (text, first_word) = (render_edge(&started), started.first_word());
    let mut said = json!({
        "ready": true, "address": started.address, "http": started.http_address,
        "metrics": started.metrics_address, "root": started.local_root(),
    });
    // It serves at once; whoever started it hears so when it knows the way of now.
    let mut serving = pin!(started.run(stop.wait()));
    let word = tokio::select! {
        word = first_word => word,
        () = &mut serving => return Ok(ExitCode::SUCCESS),
    };
    said["told"] = json!(word == FirstWord::Told);
    let text = match render_untold(word) {
        Some(why) => {
            format!(
                "{text}\n{why}: organisations that the map on disk does not have are not found until then"
            )
        }
        None => text,
    };
    announce(&member, &said, &text)?;
    serving.await;
    renewal.abort();
    Ok(ExitCode::SUCCESS)
}

fn configure_edge(options: Edge) -> EdgeConfig {
    EdgeConfig {
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
    }
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

/// Why an edge goes by its map on disk, and what ends that.
const fn render_untold(word: FirstWord) -> Option<&'static str> {
    match word {
        FirstWord::Told => None,
        FirstWord::Silence => {
            Some("The control plane at --control does not answer; it is asked again and again")
        }
        FirstWord::OtherKey => Some(
            "The control plane signs the route map with another key than --route-key names, and no map of it is taken. Start this edge \
             with the key that the control plane prints when it is ready",
        ),
        FirstWord::NotTaken => {
            Some("The route map that the control plane told is not taken; the log says why")
        }
    }
}

/// Runs a cell until the process is told to stop.
///
/// # Errors
/// Whatever keeps it from starting, with what to do.
pub async fn cell(options: CellRun) -> anyhow::Result<ExitCode> {
    let stop = begin(&options.member)?;
    let identity = settle_in(&options)?;
    let renewal = tokio::spawn(keep_fresh(identity.clone()));
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
            identity: Arc::new(identity),
        }),
    };
    let started = server::start::start(config, &Progress::default()).await?;
    announce(
        &options.member,
        &json!({ "ready": true, "address": started.address }),
        &format!("The cell {} is ready at {}", options.name, started.address),
    )?;
    started.run(stop.wait()).await;
    renewal.abort();
    Ok(ExitCode::SUCCESS)
}

/// Refuses a folder that is not this part's, before anything is done there.
fn enter(part: Part, data: &Path, member: &Member) -> anyhow::Result<()> {
    let beginning = if member.new {
        Beginning::MayBeNew
    } else {
        Beginning::Goes
    };
    let found = load_premises(part, data);
    decide_premises(part, data, &found, beginning).map_err(anyhow::Error::msg)?;
    if found == Premises::Bare {
        let path = std::path::absolute(data)?;
        tracing::info!(data = %path.display(), "the data of {part} begins here, with nothing");
    }
    Ok(())
}

fn open_folder(data: &Path) -> anyhow::Result<()> {
    let made = make_private_folder(data);
    Ok(made.map_err(|error| DataFolderError::of_io(data, error))?)
}

const fn address_of(member: &Member) -> Address {
    if member.change_address {
        Address::MayChange
    } else {
        Address::Stays
    }
}

/// Refuses an address that is another one than at the last start. A cell knows it from what it notes of itself.
fn check_address(data: &Path, origin: &Url, member: &Member) -> anyhow::Result<()> {
    let before = load_origin(data);
    decide_address(before.as_deref(), origin.as_str(), address_of(member))
        .map_err(anyhow::Error::msg)
}

/// Makes sure that a cell's folder is that cell's, and notes that it is before a store is there that anybody could mistake.
fn settle_in(options: &CellRun) -> anyhow::Result<FleetIdentity> {
    let data = &options.store.data;
    let name = options.name.as_str();
    let own = FleetIdentity::load_own(&options.member.identity, FleetRole::Cell, name);
    let own = own.context(IDENTITY)?;
    let mark = CellMark {
        name: options.name.clone(),
        origin: options.origin.clone(),
        fleet: Some(own.fleet()),
    };
    enter(Part::Cell, data, &options.member)?;
    let joining = if options.rejoin {
        Joining::MayJoin
    } else {
        Joining::Stays
    };
    let known = home::find(data)?;
    let verdict = match &known {
        Home::Cell(known) => decide_cell(known, &mark, joining),
        Home::Fleet => Err(String::from(
            "it is the folder of a fleet: name that of the cell in it",
        )),
        Home::Server if joining == Joining::Stays && home::holds_keys(data) => Err(String::from(
            "it is the folder of a server that was made by `testudo up`. If it is this cell's all the same, start it once with \
             --rejoin",
        )),
        Home::Server => Ok(()),
    };
    verdict.map_err(|why| anyhow::anyhow!("--data {}: {why}", data.display()))?;
    if let Home::Cell(known) = &known {
        let (before, wanted) = (known.origin.as_str(), options.origin.as_str());
        decide_address(Some(before), wanted, address_of(&options.member))
            .map_err(anyhow::Error::msg)?;
    }
    let _held = DataFolder::open(data)?;
    match mark.write(data) {
        // A disk may be full, and the cell that is known is this one.
        Err(error) if matches!(known, Home::Cell(_)) => {
            tracing::warn!(%error, "it is not noted anew whose the data folder is");
        }
        noted => noted.with_context(|| data.display().to_string())?,
    }
    Ok(own)
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

#[cfg(test)]
mod tests {
    use super::render_untold;
    use edge::follower::FirstWord;

    #[test]
    fn an_edge_says_why_it_goes_by_its_map_on_disk() {
        for (word, part) in [
            (FirstWord::Silence, "does not answer"),
            (FirstWord::OtherKey, "another key than --route-key"),
            (FirstWord::NotTaken, "the log says why"),
        ] {
            assert!(render_untold(word).unwrap().contains(part), "{word:?}");
        }
        assert_eq!(render_untold(FirstWord::Told), None);
    }
}
