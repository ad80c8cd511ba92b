//! `testudo fleet up`: a whole fleet on one machine, as separate processes with separate stores.

use crate::fleet::folder::{Running, identity};
use crate::fleet::members::CONTROL_NAME;
use crate::fleet::supervisor::{Plan, Ready, Wishes, keep, launch};
use crate::options::Output;
use crate::options::fleet::{FleetTls, FleetUp};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use server::data_folder::DataFolder;
use server::start::StopSignals;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use telemetry::LogFormat;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use wire::client::FleetClient;
use wire::control::{CellSize, CellState, CellView, DeclareCell};
use wire::identity::{FleetAuthority, FleetRole};
use wire::names::CellName;

/// How long the control plane may take to answer.
const ANSWER_SECS_MAX: u64 = 10;
/// The name of the one edge.
pub const EDGE_NAME: &str = "edge-1";
/// Where the cells of a laptop say that they are.
const REGION: &str = "local";
const CLOUD: &str = "laptop";

/// A loopback address whose port the system chooses.
const ANY_PORT: &str = "127.0.0.1:0";

/// Runs until it is told to stop.
///
/// # Errors
/// Whatever keeps the fleet from starting, with what to do.
pub async fn run(options: FleetUp) -> anyhow::Result<ExitCode> {
    telemetry::start_logging(match options.fleet.output {
        Output::Text => LogFormat::Text,
        Output::Json => LogFormat::Json,
    });
    ensure!(
        options.listen.ip().is_loopback() && options.page.ip().is_loopback(),
        "--listen and --page: a fleet on one machine is for that machine; name loopback addresses"
    );
    let signals = StopSignals::catch()?;
    let renewals = signal(SignalKind::user_defined1())?;
    let folder = DataFolder::open(&options.fleet.data)?;
    let names = cell_names(options.cells)?;
    issue_certificates(folder.path(), &names)?;
    folder.subfolder("logs")?;
    let fleet = Fleet {
        folder: folder.path(),
        origin: match options.tls {
            Some(FleetTls::Local) => format!("https://localhost:{}", options.listen.port()),
            None => format!("http://localhost:{}", options.listen.port()),
        },
    };

    let (mut control_plan, control) = fleet.launch_control(options.page).await?;
    let address = address_of(&control.said, "address")?;
    // A control plane that is started again is found where it was.
    fix_port(&mut control_plan, "--listen", address);
    let page = control.said.get("page").and_then(Value::as_str);
    let page = page.map(str::parse).transpose()?;
    let route_key = control.said.get("route_key").and_then(Value::as_str);
    let route_key = route_key
        .context("the control plane told no route key")?
        .to_owned();
    let running = Running {
        process: std::process::id(),
        control: address,
        page,
        origin: fleet.origin.clone(),
    };
    running.write(folder.path())?;
    let operator = running.control(folder.path())?;

    let (stop, stopped) = watch::channel(false);
    let wishes = || Wishes {
        stop: stopped.clone(),
        renew: Arc::default(),
    };
    let mut kept = JoinSet::new();
    kept.spawn(keep(control_plan, control, wishes()));
    let mut launched = JoinSet::new();
    for name in names {
        let (plan, operator) = (fleet.plan_cell(&name), operator.clone());
        launched.spawn(async move { launch_cell(plan, name, &operator).await });
    }
    while let Some(cell) = launched.join_next().await {
        let (plan, ready) = cell??;
        kept.spawn(keep(plan, ready, wishes()));
    }
    let mut edge_plan = fleet.plan_edge(options.listen, address, &route_key);
    if options.tls == Some(FleetTls::Local) {
        edge_plan.arguments.push(String::from("--tls-local"));
    }
    let edge = launch(&edge_plan).await?;
    let root = edge
        .said
        .get("root")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let of_edge = wishes();
    let renew = Arc::clone(&of_edge.renew);
    kept.spawn(keep(edge_plan, edge, of_edge));
    kept.spawn(renew_when_asked(renew, renewals, stopped.clone()));

    announce(&fleet.origin, page, root.as_deref(), options.fleet.output)?;
    signals.wait().await;
    // The receivers live as long as the processes are kept.
    let _ = stop.send(true);
    while kept.join_next().await.is_some() {}
    Running::remove(folder.path());
    Ok(ExitCode::SUCCESS)
}

/// By the signal that `testudo fleet restart edge` sends.
async fn renew_when_asked(
    edge: Arc<Notify>,
    mut renewals: Signal,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            asked = renewals.recv() => match asked {
                Some(()) => edge.notify_one(),
                None => return,
            },
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

struct Fleet<'f> {
    folder: &'f Path,
    origin: String,
}

impl Fleet<'_> {
    fn plan(&self, name: &str, arguments: Vec<String>) -> Plan {
        Plan {
            name: name.to_owned(),
            arguments,
            log: self.folder.join("logs").join(format!("{name}.log")),
        }
    }

    fn identity(&self, role: FleetRole, name: &str) -> String {
        identity(self.folder, role, name).display().to_string()
    }

    fn data(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    async fn launch_control(&self, page: SocketAddr) -> anyhow::Result<(Plan, Ready)> {
        let arguments = [
            "control",
            "--data",
            &self.data("control"),
            "--identity",
            &self.identity(FleetRole::Control, CONTROL_NAME),
            "--listen",
            ANY_PORT,
            "--page",
            &page.to_string(),
            "--origin",
            &self.origin,
        ];
        let plan = self.plan("control", arguments.map(String::from).to_vec());
        let ready = launch(&plan).await?;
        Ok((plan, ready))
    }

    fn plan_cell(&self, name: &CellName) -> Plan {
        let arguments = [
            "cell",
            "run",
            "--name",
            name.as_str(),
            "--data",
            &self.data(name.as_str()),
            "--identity",
            &self.identity(FleetRole::Cell, name.as_str()),
            "--listen",
            ANY_PORT,
            "--origin",
            &self.origin,
        ];
        self.plan(name.as_str(), arguments.map(String::from).to_vec())
    }

    fn plan_edge(&self, listen: SocketAddr, control: SocketAddr, route_key: &str) -> Plan {
        let arguments = [
            "edge",
            "--name",
            EDGE_NAME,
            "--data",
            &self.data(EDGE_NAME),
            "--identity",
            &self.identity(FleetRole::Edge, EDGE_NAME),
            "--listen",
            &listen.to_string(),
            "--origin",
            &self.origin,
            "--control",
            &control.to_string(),
            "--route-key",
            route_key,
        ];
        self.plan(EDGE_NAME, arguments.map(String::from).to_vec())
    }
}

/// Starts a cell and makes it known to the register, at the address that it has this time.
async fn launch_cell(
    mut plan: Plan,
    name: CellName,
    operator: &FleetClient,
) -> anyhow::Result<(Plan, Ready)> {
    let ready = launch(&plan).await?;
    let address = address_of(&ready.said, "address")?;
    fix_port(&mut plan, "--listen", address);
    let declared = DeclareCell {
        name,
        region: String::from(REGION),
        cloud: String::from(CLOUD),
        regimes: Vec::new(),
        size: CellSize::Small,
        address: address.to_string(),
        state: CellState::Open,
    };
    let time = Duration::from_secs(ANSWER_SECS_MAX);
    operator
        .post::<CellView>("/v1/cells", &declared, time)
        .await?;
    Ok((plan, ready))
}

fn cell_names(count: u8) -> anyhow::Result<Vec<CellName>> {
    let letters = ('a'..='z').take(usize::from(count));
    let names = letters.map(|letter| CellName::parse(&format!("cell-{letter}")));
    Ok(names.collect::<Result<_, _>>()?)
}

/// New certificates at each start: none is ever near its end.
fn issue_certificates(folder: &Path, cells: &[CellName]) -> anyhow::Result<()> {
    let authority = FleetAuthority::open_or_create(&folder.join("authority"))?;
    let fixed = [
        (FleetRole::Control, CONTROL_NAME),
        (FleetRole::Edge, EDGE_NAME),
        (FleetRole::Operator, "local"),
    ];
    let cells = cells.iter().map(|name| (FleetRole::Cell, name.as_str()));
    for (role, name) in fixed.into_iter().chain(cells) {
        authority.issue(role, name, &identity(folder, role, name))?;
    }
    Ok(())
}

fn address_of(said: &Value, key: &str) -> anyhow::Result<SocketAddr> {
    let address = said.get(key).and_then(Value::as_str);
    Ok(address.context("a process told no address")?.parse()?)
}

fn fix_port(plan: &mut Plan, option: &str, address: SocketAddr) {
    let mut arguments = plan.arguments.iter_mut();
    if arguments.any(|argument| argument == option)
        && let Some(value) = arguments.next()
    {
        *value = address.to_string();
    }
}

fn announce(
    origin: &str,
    page: Option<SocketAddr>,
    root: Option<&str>,
    output: Output,
) -> std::io::Result<()> {
    let page = page.map(|page| format!("http://localhost:{}", page.port()));
    let mut out = std::io::stdout().lock();
    match output {
        Output::Json => {
            let line = json!({ "ready": true, "origin": origin, "page": page, "root": root });
            writeln!(out, "{line}")?;
        }
        Output::Text => {
            writeln!(out, "The fleet is ready at {origin}")?;
            if let Some(page) = page {
                writeln!(out, "Watch it at {page}")?;
            }
            if let Some(root) = root {
                writeln!(out, "Clients must know the root at {root}")?;
            }
            writeln!(
                out,
                "\nMake an organisation in another terminal:\n  testudo org create acme"
            )?;
        }
    }
    out.flush()
}
