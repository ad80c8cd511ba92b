//! What operators ask of a running fleet: `testudo fleet status|down`, `testudo cell …`, `testudo org …`.

use crate::fleet::folder::{Running, load_process};
use crate::fleet::members::REGISTER_FILE;
use crate::fleet::print::HostsDone;
use crate::fleet::renewal::{load_ends, render_ends};
use crate::fleet::up::EDGE_NAME;
use crate::fleet::{command, moves, print};
use crate::options::Output;
use crate::options::fleet::{
    CellCommand, Fleet, FleetCommand, FleetRestart, OneCell, OneHost, OneOrg, Org, OrgCommand,
    OrgCreate, OrgHostCommand, OrgList, Replaceable,
};
use crate::terminal;
use anyhow::Context as _;
use atlas::log::Verdict;
use database::{Database, Location};
use edge::succession::{LOCK, parse_tenure};
use rustix::process::{Signal, kill_process};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;
use vocab::time::{Clock as _, SystemClock, Timestamp};
use wire::client::{CallError, FleetClient};
use wire::control::{
    CellState, CellView, CreateOrg, CreatedOrg, FleetView, OrgPage, OrgView, PageLink, Pin,
    SetCellState, TlsView,
};
use wire::org_move::view::MoveView;

/// How long the control plane may take to answer.
pub(crate) const ANSWER: Duration = Duration::from_secs(15);
/// How often it is looked whether the fleet has stopped.
const DOWN_ROUND: Duration = Duration::from_millis(50);
/// How many times.
const DOWN_ROUNDS_MAX: u32 = 1_200;

pub(crate) struct Operator {
    pub(crate) client: FleetClient,
    pub(crate) output: Output,
    /// What leads a command to the same fleet.
    pub(crate) at: String,
}

impl Operator {
    pub(crate) fn of(fleet: &Fleet) -> anyhow::Result<Self> {
        Ok(Self {
            client: Running::load(&fleet.data)?.control(&fleet.data)?,
            output: fleet.output,
            at: command::at(&fleet.data),
        })
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        Ok(self.client.get(path, ANSWER).await?)
    }

    pub(crate) fn print<T: Serialize>(
        &self,
        answer: &T,
        text: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<ExitCode> {
        terminal::answer(self.output, answer, text)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// `testudo fleet …`.
///
/// # Errors
/// No fleet runs, or it does not answer.
pub async fn fleet(command: FleetCommand) -> anyhow::Result<ExitCode> {
    // What is only being started has not been killed.
    let is_start = matches!(command, FleetCommand::Up(_));
    let done = run_fleet(command).await;
    if is_start {
        done
    } else {
        done.map_err(explain)
    }
}

/// Whoever asks in the moment in which the control plane is started again need not know how a connection fails.
fn explain(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(CallError::Unreachable { .. }) => anyhow::Error::msg(SILENT),
        _ => error,
    }
}

/// What is said when the control plane does not answer.
pub(crate) const SILENT: &str =
    "the control plane does not answer at the moment; it is started again by itself: try again";

/// The fleet, and the processes of it by name; none where one is being started again.
#[derive(Serialize)]
struct Status {
    #[serde(flatten)]
    fleet: FleetView,
    processes: BTreeMap<String, Option<u32>>,
    /// Until when the certificates are good by which the processes know each other.
    certificates: BTreeMap<String, Timestamp>,
}

async fn run_fleet(command: FleetCommand) -> anyhow::Result<ExitCode> {
    match command {
        FleetCommand::Up(up) => crate::fleet::up::run(up).await,
        FleetCommand::Status(fleet) => {
            let operator = Operator::of(&fleet)?;
            let members = Running::load(&fleet.data)?.members.into_iter();
            let process = |name: String| (name.clone(), load_process(&fleet.data, &name));
            let mut fleet_view: FleetView = operator.get("/v1/fleet").await?;
            let processes = members.map(process).collect();
            forget_gone(&mut fleet_view.cells, &processes);
            let status = Status {
                processes,
                fleet: fleet_view,
                certificates: load_ends(&fleet.data)?,
            };
            operator.print(&status, |status| {
                let cells = print::cells(&status.fleet.cells);
                let ends = render_ends(&status.certificates, SystemClock.now());
                format!("{cells}\n{}\n{ends}", print::processes(&status.processes))
            })
        }
        FleetCommand::Page(fleet) => {
            let operator = Operator::of(&fleet)?;
            let nothing = serde_json::json!({});
            let asked = operator.client.post("/v1/fleet/page", &nothing, ANSWER);
            let page: PageLink = asked.await?;
            operator.print(&page, print::page)
        }
        FleetCommand::Tls(tls) => {
            let operator = Operator::of(&tls.fleet)?;
            if let Some(org) = &tls.org {
                // Nothing was counted of an org that there is not: say that, and not nothing.
                operator.get::<OrgView>(&format!("/v1/orgs/{org}")).await?;
            }
            let org = tls.org.map(|org| format!("?org={org}")).unwrap_or_default();
            let view: TlsView = operator.get(&format!("/v1/fleet/tls{org}")).await?;
            let origin = Running::load(&tls.fleet.data)?.origin;
            operator.print(&view, |view| print::tls(view, &origin))
        }
        FleetCommand::Verify(fleet) => verify(&fleet).await,
        FleetCommand::Restart(restart) => replace(restart).await,
        FleetCommand::Down(fleet) => down(&fleet).await,
    }
}

/// A cell whose process is gone does not answer, though the control plane may not have asked it since.
fn forget_gone(cells: &mut [CellView], processes: &BTreeMap<String, Option<u32>>) {
    for cell in cells {
        if processes.get(cell.name.as_str()) == Some(&None) {
            cell.health = None;
        }
    }
}

/// Walks the register's log in its own store.
async fn verify(fleet: &Fleet) -> anyhow::Result<ExitCode> {
    let path = fleet.data.join("control").join(REGISTER_FILE);
    anyhow::ensure!(
        path.exists(),
        "there is no register at {}; name the fleet's folder with --data",
        path.display()
    );
    let database = Database::open(&Location::Sqlite { path }, &atlas::MIGRATIONS).await?;
    let verdict = atlas::log::verify(&mut database.read().await?).await?;
    database.close().await;
    let (text, code) = match verdict {
        Verdict::Whole(rows) => (format!("whole, {rows} rows"), ExitCode::SUCCESS),
        Verdict::BrokenAt(row) => (format!("BROKEN at row {row}"), ExitCode::FAILURE),
    };
    let (whole, row) = match verdict {
        Verdict::Whole(rows) => (true, rows),
        Verdict::BrokenAt(row) => (false, row),
    };
    let answer = serde_json::json!({ "whole": whole, "row": row });
    terminal::answer(fleet.output, &answer, |_| text)?;
    Ok(code)
}

/// Tells the process that started the others to stop, and waits until it has.
async fn down(fleet: &Fleet) -> anyhow::Result<ExitCode> {
    let running = Running::load(&fleet.data)?;
    let process = running.process()?;
    kill_process(process, Signal::TERM).context("the fleet runs no more")?;
    for _ in 0..DOWN_ROUNDS_MAX {
        if !running.is_there(&fleet.data) {
            let answer = serde_json::json!({ "stopped": running.members });
            terminal::answer(fleet.output, &answer, |_| print::stopped(&running.members))?;
            return Ok(ExitCode::SUCCESS);
        }
        tokio::time::sleep(DOWN_ROUND).await;
    }
    anyhow::bail!(
        "the fleet did not stop in a minute; its process is {}",
        running.process
    )
}

/// Tells the process that started the others to replace one, and waits until another one has taken over.
async fn replace(restart: FleetRestart) -> anyhow::Result<ExitCode> {
    let Replaceable::Edge = restart.member;
    let fleet = restart.fleet;
    let process = Running::load(&fleet.data)?.process()?;
    let lock = fleet.data.join(EDGE_NAME).join(LOCK);
    let tenure = || -> anyhow::Result<Option<(u32, Option<u32>)>> {
        let text = std::fs::read_to_string(&lock).with_context(|| lock.display().to_string())?;
        Ok(parse_tenure(&text))
    };
    let before = tenure()?.map(|(process, _)| process);
    kill_process(process, Signal::USR1).context("the fleet runs no more")?;
    for _ in 0..DOWN_ROUNDS_MAX {
        // Whoever asks right after is told the same number: it is noted when the new one is ready.
        let is_noted = |now: &u32| load_process(&fleet.data, EDGE_NAME) == Some(*now);
        let next = tenure()?.filter(|(now, _)| Some(*now) != before && is_noted(now));
        if let Some((now, predecessor)) = next {
            let handed_over = predecessor.is_some() && predecessor == before;
            let answer = serde_json::json!({ "process": now, "handed_over": handed_over });
            terminal::answer(fleet.output, &answer, |_| print::replaced(now, handed_over))?;
            return Ok(match handed_over {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            });
        }
        tokio::time::sleep(DOWN_ROUND).await;
    }
    anyhow::bail!(
        "{EDGE_NAME} was not replaced in a minute; see {}",
        fleet.data.join("logs").display()
    )
}

/// `testudo cell …`.
///
/// # Errors
/// No fleet runs, it does not answer, or it refuses.
pub async fn cell(command: CellCommand) -> anyhow::Result<ExitCode> {
    let is_start = matches!(command, CellCommand::Run(_));
    let done = run_cell(command).await;
    if is_start {
        done
    } else {
        done.map_err(explain)
    }
}

async fn run_cell(command: CellCommand) -> anyhow::Result<ExitCode> {
    match command {
        CellCommand::Run(run) => crate::fleet::members::cell(*run).await,
        CellCommand::List(fleet) => {
            let operator = Operator::of(&fleet)?;
            let cells: Vec<CellView> = operator.get("/v1/cells").await?;
            operator.print(&cells, |cells| print::cells(cells))
        }
        CellCommand::Show(one) => {
            let operator = Operator::of(&one.fleet)?;
            let cell: CellView = operator.get(&format!("/v1/cells/{}", one.name)).await?;
            operator.print(&cell, print::cell)
        }
        CellCommand::Fill(one) => set_state(one, CellState::Full).await,
        CellCommand::Open(one) => set_state(one, CellState::Open).await,
        CellCommand::Drain(one) => set_state(one, CellState::Draining).await,
        CellCommand::Close(one) => set_state(one, CellState::Closed).await,
    }
}

async fn set_state(one: OneCell, state: CellState) -> anyhow::Result<ExitCode> {
    let operator = Operator::of(&one.fleet)?;
    let path = format!("/v1/cells/{}", one.name);
    let known: CellView = operator.get(&path).await?;
    let wanted = SetCellState {
        state,
        epoch: known.epoch,
    };
    let changed: CellView = operator
        .client
        .post(&format!("{path}/state"), &wanted, ANSWER)
        .await?;
    operator.print(&changed, print::cell)
}

/// `testudo org …`.
///
/// # Errors
/// No fleet runs, it does not answer, or it refuses.
pub async fn org(org: Org) -> anyhow::Result<ExitCode> {
    run_org(org.command).await.map_err(explain)
}

async fn run_org(command: OrgCommand) -> anyhow::Result<ExitCode> {
    match command {
        OrgCommand::Create(create) => create_org(create).await,
        OrgCommand::List(list) => list_orgs(list).await,
        OrgCommand::Show(one) => show_org(one).await,
        OrgCommand::Invite(one) => {
            let operator = Operator::of(&one.fleet)?;
            let path = format!("/v1/orgs/{}/invite", one.slug);
            let nothing = serde_json::json!({});
            let invited: CreatedOrg = operator.client.post(&path, &nothing, ANSWER).await?;
            operator.print(&invited, print::created)
        }
        OrgCommand::Move(options) => moves::run(options).await,
        OrgCommand::Moves(fleet) => moves::list(&fleet).await,
        OrgCommand::Host(host) => org_host(host.command).await,
    }
}

/// An org, and its newest move if it ever moved.
#[derive(Serialize)]
struct ShownOrg {
    #[serde(flatten)]
    org: OrgView,
    newest_move: Option<MoveView>,
}

async fn show_org(one: OneOrg) -> anyhow::Result<ExitCode> {
    let operator = Operator::of(&one.fleet)?;
    let path = format!("/v1/orgs/{}", one.slug);
    let org: OrgView = operator.get(&path).await?;
    let newest_move = moves::find(&operator, &format!("{path}/move")).await?;
    let shown = ShownOrg { org, newest_move };
    operator.print(&shown, |shown| {
        let of_move = shown.newest_move.as_ref().map(moves::render_line);
        print::org(&shown.org, of_move.as_deref())
    })
}

async fn org_host(command: OrgHostCommand) -> anyhow::Result<ExitCode> {
    let path = |one: &OneHost| format!("/v1/orgs/{}/hosts/{}", one.slug, one.host);
    match command {
        OrgHostCommand::Add(one) => {
            let (operator, nothing) = (Operator::of(&one.fleet)?, serde_json::json!({}));
            let org = operator.client.put(&path(&one), &nothing, ANSWER).await?;
            print_hosts(&operator, &org, HostsDone::Added(&one.host))
        }
        OrgHostCommand::Remove(one) => {
            let operator = Operator::of(&one.fleet)?;
            let org = operator.client.delete(&path(&one), ANSWER).await?;
            print_hosts(&operator, &org, HostsDone::Removed(&one.host))
        }
        OrgHostCommand::List(one) => {
            let operator = Operator::of(&one.fleet)?;
            let org = operator.get(&format!("/v1/orgs/{}", one.slug)).await?;
            print_hosts(&operator, &org, HostsDone::Nothing)
        }
    }
}

fn print_hosts(
    operator: &Operator,
    org: &OrgView,
    done: HostsDone<'_>,
) -> anyhow::Result<ExitCode> {
    operator.print(&org.hosts, |hosts| {
        print::changed_hosts(org.slug.as_str(), done, hosts)
    })
}

async fn create_org(create: OrgCreate) -> anyhow::Result<ExitCode> {
    let operator = Operator::of(&create.fleet)?;
    let wanted = CreateOrg {
        name: create.name.unwrap_or_else(|| create.slug.to_string()),
        slug: create.slug,
        pin: Pin {
            region: create.region,
            regime: create.regime,
        },
        cell: create.cell,
    };
    let created: CreatedOrg = operator.client.post("/v1/orgs", &wanted, ANSWER).await?;
    operator.print(&created, print::created)
}

async fn list_orgs(list: OrgList) -> anyhow::Result<ExitCode> {
    let operator = Operator::of(&list.fleet)?;
    let mut orgs: Vec<OrgView> = Vec::new();
    let of_cell = list.cell.map(|cell| format!("&cell={cell}"));
    let of_cell = of_cell.unwrap_or_default();
    let mut after = String::new();
    loop {
        let path = format!("/v1/orgs?limit=1000&after={after}{of_cell}");
        let page: OrgPage = operator.get(&path).await?;
        orgs.extend(page.orgs);
        match page.next {
            Some(next) => after = next.to_string(),
            None => break,
        }
    }
    operator.print(&orgs, |orgs| print::orgs(orgs))
}

#[cfg(test)]
mod tests {
    use super::forget_gone;
    use crate::fleet::roster::cell_for_tests;
    use wire::cell::CellHealth;
    use wire::control::CellState;

    #[test]
    fn a_cell_without_a_process_is_not_well() {
        let health = CellHealth {
            name: String::new(),
            ready: true,
            orgs: 0,
            version: String::new(),
            store: String::new(),
        };
        let processes = [("cell-a", Some(7)), ("cell-b", None)];
        let processes = processes.map(|(name, process)| (name.to_owned(), process));
        // Who is run elsewhere has no process here.
        let mut cells = ["cell-a", "cell-b", "elsewhere"].map(|name| {
            let mut cell = cell_for_tests(name, CellState::Open, 0);
            cell.health = Some(health.clone());
            cell
        });
        forget_gone(&mut cells, &processes.into());
        let well = cells.map(|cell| cell.health.is_some());
        assert_eq!(well, [true, false, true]);
    }
}
