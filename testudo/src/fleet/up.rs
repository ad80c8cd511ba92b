//! `testudo fleet up`: a whole fleet on one machine, as separate processes with separate stores.

use crate::fleet::command;
use crate::fleet::folder::{
    OPERATOR_NAME, Running, identity, keep_origin, load_origin, process_file,
};
use crate::fleet::lifeline::Patience;
use crate::fleet::lost::{check_authority, check_cells, check_register, check_started};
use crate::fleet::members::CONTROL_NAME;
use crate::fleet::ports::check_free;
use crate::fleet::probe::{FrontDoor, decide_path, wait_until_routed};
use crate::fleet::renewal::{Holders, reissue};
use crate::fleet::roster::{
    LeftOut, NAMED_MAX, cell_names, check_without, count_cells, decide_origin, find_left_out,
};
use crate::fleet::supervisor::{Plan, Ready, Wishes, keep, launch};
use crate::home::{self, Home, STORE_FILE};
use crate::options::Output;
use crate::options::fleet::{FleetTls, FleetUp};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use server::data_folder::{DataFolder, DataFolderError};
use server::start::StopSignals;
use std::collections::BTreeMap;
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
use wire::control::{CellSize, CellState, CellView, DeclareCell, FleetView, OrgPage};
use wire::identity::{FleetAuthority, FleetRole};
use wire::names::CellName;

/// How long the control plane may take to answer.
const ANSWER_SECS_MAX: u64 = 10;
/// The name of the one edge.
pub const EDGE_NAME: &str = "edge-1";
/// Where the cells of a laptop say that they are.
const REGION: &str = "local";
const CLOUD: &str = "laptop";

/// How many rounds of silence mean that a process hangs. Where the control plane hangs while it moves an organisation,
/// requests to that one wait, for eight seconds at most: it has to be back before.
const CONTROL_PATIENCE: Patience = Patience::Rounds(3);
/// An edge that is killed cuts everybody off, and one that hangs serves nobody.
const EDGE_PATIENCE: Patience = Patience::Rounds(5);
/// A cell is no other's trouble, and may be busy with its own store.
const CELL_PATIENCE: Patience = Patience::Rounds(20);

/// What parts are told at their first start alone.
const NEW: &str = "--new";
const NEW_ROUTE_KEY: &str = "--new-route-key";
const REJOIN: &str = "--rejoin";
/// Whether the fleet may have another address is for `fleet up` to decide.
const CHANGE_ADDRESS: &str = "--change-address";

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
    ensure!(
        options.listen != options.page || options.page.port() == 0,
        "--page: {} is the address of --listen already; name another one with --page",
        options.page
    );
    let signals = StopSignals::catch()?;
    let renewals = signal(SignalKind::user_defined1())?;
    let data = &options.fleet.data;
    must_be_fleets(data)?;
    let doors = [(options.listen, "--listen"), (options.page, "--page")];
    check_free(data, &doors)?;
    let folder = DataFolder::open(data).map_err(|error| explain_folder(data, error))?;
    check_register(folder.path())?;
    check_authority(folder.path(), options.new_authority)?;
    folder.subfolder("logs")?;
    let fleet = Fleet {
        folder: folder.path(),
        authority: Arc::new(FleetAuthority::open_or_create(
            &folder.path().join("authority"),
        )?),
        origin: match options.tls {
            Some(FleetTls::Local) => format!("https://localhost:{}", options.listen.port()),
            None => format!("http://localhost:{}", options.listen.port()),
        },
        options: &options,
    };
    let ran = fleet.run(signals, renewals).await;
    Running::remove(folder.path());
    ran
}

/// Refuses the folder of something else that this program runs.
fn must_be_fleets(data: &Path) -> anyhow::Result<()> {
    let whose = match home::find(data)? {
        Home::Cell(mark) => format!("of {}, a cell of a fleet: name the fleet's own", mark.name),
        Home::Server if data.join(STORE_FILE).exists() => {
            String::from("of a server that was made by `testudo up`; name another one")
        }
        Home::Server | Home::Fleet => return Ok(()),
    };
    anyhow::bail!("{} is the folder {whose} with --data", data.display())
}

/// Whoever starts a fleet twice is told how the first one is stopped.
fn explain_folder(data: &Path, error: DataFolderError) -> anyhow::Error {
    match error {
        DataFolderError::InUse { .. } => anyhow::anyhow!(
            "{} is in use by another testudo process: `testudo fleet down{}` stops the fleet that runs there; or \
             name another folder with --data",
            data.display(),
            command::at(data)
        ),
        error => error.into(),
    }
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
    authority: Arc<FleetAuthority>,
    origin: String,
    options: &'f FleetUp,
}

/// The control plane is ready, and has told what there is.
struct Begun {
    plan: Plan,
    control: Ready,
    address: SocketAddr,
    page: Option<SocketAddr>,
    route_key: String,
    operator: FleetClient,
    /// The cells that the register knew at the start.
    known: Vec<CellName>,
    started: Vec<CellName>,
    left_out: Vec<LeftOut>,
}

impl Fleet<'_> {
    /// Starts everything, and keeps it running until a signal comes.
    async fn run(&self, signals: StopSignals, renewals: Signal) -> anyhow::Result<ExitCode> {
        let begun = self.begin().await?;
        let data = &self.options.fleet.data;
        let (stop, stopped) = watch::channel(false);
        let wishes = || Wishes {
            stop: stopped.clone(),
            renew: Arc::default(),
        };
        let mut kept = JoinSet::new();
        kept.spawn(keep(begun.plan, begun.control, wishes()));
        let renewal = reissue(
            Arc::clone(&self.authority),
            self.folder.to_path_buf(),
            holders(&begun.started),
        );
        let renewal = tokio::spawn(renewal);
        let mut launched = JoinSet::new();
        for name in begun.started.clone() {
            let (plan, operator) = (self.plan_cell(&name), begun.operator.clone());
            launched.spawn(async move {
                let cell = launch_cell(plan, name.clone(), &operator).await;
                (name, cell)
            });
        }
        let mut failed = BTreeMap::new();
        while let Some(cell) = launched.join_next().await {
            match cell? {
                (_, Ok((plan, ready))) => drop(kept.spawn(keep(plan, ready, wishes()))),
                (name, Err(why)) => drop(failed.insert(name, format!("{why:#}"))),
            }
        }
        // Only now: whoever leaves cells out wants to hear of all that are ill.
        check_started(&begun.started, &begun.known, &failed, &command::up(data))?;
        let (edge_plan, edge) = self.launch_edge(begun.address, &begun.route_key).await?;
        // Only now: where the fleet did not come to be, people still reach it where they did.
        keep_origin(self.folder, &self.origin)?;
        let root = edge.said.get("root").and_then(Value::as_str);
        let root = root.map(str::to_owned);
        let door = FrontDoor {
            address: address_of(&edge.said, "address")?,
            root: root.as_deref().map(Path::new),
        };
        let of_edge = wishes();
        let renew = Arc::clone(&of_edge.renew);
        kept.spawn(keep(edge_plan, edge, of_edge));
        kept.spawn(renew_when_asked(renew, renewals, stopped.clone()));
        check_routed(&door, &begun.operator, &begun.started).await?;

        let said = Said {
            origin: &self.origin,
            page: begun.page,
            root: root.as_deref(),
            left_out: &begun.left_out,
            at: &command::at(&self.options.fleet.data),
        };
        announce(&said, self.options.fleet.output)?;
        signals.wait().await;
        // The receivers live as long as the processes are kept.
        let _ = stop.send(true);
        renewal.abort();
        while kept.join_next().await.is_some() {}
        Ok(ExitCode::SUCCESS)
    }

    /// Starts the control plane, and decides by what it knows what else is started.
    async fn begin(&self) -> anyhow::Result<Begun> {
        self.issue(FleetRole::Control, CONTROL_NAME)?;
        self.issue(FleetRole::Edge, EDGE_NAME)?;
        self.issue(FleetRole::Operator, OPERATOR_NAME)?;
        let (mut plan, control) = self.launch_control().await?;
        let address = address_of(&control.said, "address")?;
        // A control plane that is started again is found where it was.
        fix_port(&mut plan, "--listen", address);
        let page = control.said.get("page").and_then(Value::as_str);
        let page = page.map(str::parse).transpose()?;
        let route_key = control.said.get("route_key").and_then(Value::as_str);
        let route_key = route_key.context("the control plane told no route key")?;
        let route_key = route_key.to_owned();
        let mut running = Running {
            process: std::process::id(),
            control: address,
            page,
            origin: self.origin.clone(),
            members: vec![String::from(CONTROL_NAME), String::from(EDGE_NAME)],
        };
        let operator = running.control(self.folder)?;
        let time = Duration::from_secs(ANSWER_SECS_MAX);
        let known: FleetView = operator.get("/v1/fleet", time).await?;
        self.check_origin(known.orgs_total)?;
        check_without(&known.cells, &self.options.without).map_err(anyhow::Error::msg)?;
        let mut cells = cell_names(count_cells(self.options.cells, &known.cells))?;
        cells.retain(|name| !self.options.without.contains(name));
        check_cells(self.folder, &known.cells, &cells)?;
        for name in &cells {
            self.issue(FleetRole::Cell, name.as_str())?;
            running.members.push(name.to_string());
        }
        running.write(self.folder)?;
        let mut left_out = find_left_out(&known.cells, &cells);
        for cell in &mut left_out {
            name_living(&operator, cell).await?;
        }
        Ok(Begun {
            plan,
            control,
            address,
            page,
            route_key,
            operator,
            left_out,
            known: known.cells.into_iter().map(|cell| cell.name).collect(),
            started: cells,
        })
    }

    fn check_origin(&self, orgs: i64) -> anyhow::Result<()> {
        let before = load_origin(self.folder);
        let change = self.options.change_address;
        decide_origin(before.as_deref(), &self.origin, orgs, change).map_err(anyhow::Error::msg)
    }

    fn plan(&self, name: &str, arguments: Vec<String>, patience: Patience) -> Plan {
        Plan {
            name: name.to_owned(),
            arguments,
            log: self.folder.join("logs").join(format!("{name}.log")),
            process: process_file(self.folder, name),
            patience: if self.options.leave_hung {
                Patience::Endless
            } else {
                patience
            },
        }
    }

    /// A new certificate at each start; while the fleet runs, others follow.
    fn issue(&self, role: FleetRole, name: &str) -> anyhow::Result<()> {
        let folder = identity(self.folder, role, name);
        Ok(self.authority.issue(role, name, &folder)?)
    }

    fn identity(&self, role: FleetRole, name: &str) -> String {
        identity(self.folder, role, name).display().to_string()
    }

    fn data(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    async fn launch_control(&self) -> anyhow::Result<(Plan, Ready)> {
        let arguments = [
            "control",
            "--data",
            &self.data("control"),
            "--identity",
            &self.identity(FleetRole::Control, CONTROL_NAME),
            "--listen",
            ANY_PORT,
            "--page",
            &self.options.page.to_string(),
            "--origin",
            &self.origin,
            NEW,
            CHANGE_ADDRESS,
        ];
        let mut arguments = arguments.map(String::from).to_vec();
        if self.options.new_route_key {
            arguments.push(String::from(NEW_ROUTE_KEY));
        }
        let mut plan = self.plan(CONTROL_NAME, arguments, CONTROL_PATIENCE);
        let ready = launch(&plan).await?;
        forget_beginning(&mut plan);
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
            NEW,
            CHANGE_ADDRESS,
        ];
        let mut arguments = arguments.map(String::from).to_vec();
        if self.options.new_authority {
            arguments.push(String::from(REJOIN));
        }
        self.plan(name.as_str(), arguments, CELL_PATIENCE)
    }

    async fn launch_edge(
        &self,
        control: SocketAddr,
        route_key: &str,
    ) -> anyhow::Result<(Plan, Ready)> {
        let mut plan = self.plan_edge(control, route_key);
        let ready = launch(&plan).await?;
        forget_beginning(&mut plan);
        if ready.said.get("told") != Some(&Value::Bool(true)) {
            tracing::warn!("the edge has not heard of the control plane yet");
        }
        Ok((plan, ready))
    }

    fn plan_edge(&self, control: SocketAddr, route_key: &str) -> Plan {
        let arguments = [
            "edge",
            "--name",
            EDGE_NAME,
            "--data",
            &self.data(EDGE_NAME),
            "--identity",
            &self.identity(FleetRole::Edge, EDGE_NAME),
            "--listen",
            &self.options.listen.to_string(),
            "--origin",
            &self.origin,
            "--control",
            &control.to_string(),
            "--route-key",
            route_key,
            NEW,
            CHANGE_ADDRESS,
        ];
        let mut arguments = arguments.map(String::from).to_vec();
        if self.options.tls == Some(FleetTls::Local) {
            arguments.push(String::from("--tls-local"));
        }
        self.plan(EDGE_NAME, arguments, EDGE_PATIENCE)
    }
}

/// Adds who lives in a cell that is not started. More than a page of them are not counted: so many are known by their places.
async fn name_living(operator: &FleetClient, cell: &mut LeftOut) -> anyhow::Result<()> {
    let time = Duration::from_secs(ANSWER_SECS_MAX);
    let path = format!("/v1/orgs?limit=1000&cell={}", cell.name);
    let page: OrgPage = operator.get(&path, time).await?;
    cell.living_count = match page.next {
        Some(_) => cell.orgs,
        None => i64::try_from(page.orgs.len())?,
    };
    let slugs = page.orgs.into_iter().map(|org| org.slug);
    cell.living = slugs.take(NAMED_MAX).collect();
    Ok(())
}

/// Waits until a request to the first organisation goes the right way. One that is ill by itself keeps nobody from the others:
/// then it is said, and the fleet runs.
async fn check_routed(
    door: &FrontDoor<'_>,
    operator: &FleetClient,
    started: &[CellName],
) -> anyhow::Result<()> {
    let time = Duration::from_secs(ANSWER_SECS_MAX);
    let page: OrgPage = operator.get("/v1/orgs?limit=100", time).await?;
    let fleet: FleetView = operator.get("/v1/fleet", time).await?;
    let path = decide_path(&page.orgs, &fleet.moves, started);
    if let Err(error) = wait_until_routed(door, &path).await {
        tracing::warn!(
            path,
            error = format!("{error:#}"),
            "a request through the edge is not answered rightly yet"
        );
    }
    Ok(())
}

/// Who has a certificate of the fleet.
fn holders(cells: &[CellName]) -> Holders {
    let fixed = [
        (FleetRole::Control, CONTROL_NAME),
        (FleetRole::Edge, EDGE_NAME),
        (FleetRole::Operator, OPERATOR_NAME),
    ];
    let cells = cells.iter().map(|name| (FleetRole::Cell, name.as_str()));
    let all = fixed.into_iter().chain(cells);
    all.map(|(role, name)| (role, name.to_owned())).collect()
}

/// Starts a cell and makes it known to the register, at the address that it has this time.
async fn launch_cell(
    mut plan: Plan,
    name: CellName,
    operator: &FleetClient,
) -> anyhow::Result<(Plan, Ready)> {
    let ready = launch(&plan).await?;
    forget_beginning(&mut plan);
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

/// Whoever is started again finds what was there, or is told that it is gone.
fn forget_beginning(plan: &mut Plan) {
    let of_beginning = [NEW, NEW_ROUTE_KEY, REJOIN, CHANGE_ADDRESS];
    plan.arguments
        .retain(|argument| !of_beginning.contains(&argument.as_str()));
}

/// What is told when the fleet is ready.
struct Said<'s> {
    origin: &'s str,
    page: Option<SocketAddr>,
    root: Option<&'s str>,
    left_out: &'s [LeftOut],
    /// What leads a command to this fleet.
    at: &'s str,
}

fn announce(said: &Said<'_>, output: Output) -> std::io::Result<()> {
    let page = said
        .page
        .map(|page| format!("http://localhost:{}", page.port()));
    let mut out = std::io::stdout().lock();
    match output {
        Output::Json => {
            let not_started: Vec<&str> = said
                .left_out
                .iter()
                .map(|cell| cell.name.as_str())
                .collect();
            let line = json!({
                "ready": true, "origin": said.origin, "page": page, "root": said.root,
                "not_started": not_started,
            });
            writeln!(out, "{line}")?;
        }
        Output::Text => {
            writeln!(out, "The fleet is ready at {}", said.origin)?;
            if let Some(page) = page {
                writeln!(
                    out,
                    "Watch it at {page} (`testudo fleet page{}` opens it to move organisations)",
                    said.at
                )?;
            }
            if let Some(root) = said.root {
                writeln!(out, "Clients must know the root at {root}")?;
            }
            for cell in said.left_out {
                writeln!(out, "{cell}")?;
            }
            writeln!(
                out,
                "\nMake an organisation in another terminal:\n  testudo org create acme{}",
                said.at
            )?;
        }
    }
    out.flush()
}
