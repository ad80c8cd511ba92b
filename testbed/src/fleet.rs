//! A whole fleet on this machine, of one test's own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};

use crate::binary;
use crate::connection::Peer;
use crate::instance::{Ended, free_address};
use crate::scratch::Scratch;
use crate::wait;

/// What its processes log: the steps of moves too, which the proof of crashes follows.
const LOGGED: (&str, &str) = ("TESTUDO_LOG", "info,atlas::org_move=debug");

/// How a fleet is started.
#[derive(Debug, Clone, Default)]
pub struct FleetPlan {
    /// How many cells; as many as there were, if none are named.
    pub cells: u8,
    /// A cell that has a small disk of its own.
    pub small_disk: Option<SmallDisk>,
    /// What becomes of members that hang.
    pub hung: Hung,
}

/// What becomes of members that hang.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hung {
    /// They are killed and started again, as for anybody.
    #[default]
    Replaced,
    /// They hang as long as a test wants them to.
    Left,
}

/// A disk of one cell alone: a file system in memory that only the processes of this fleet see, and that ends with them.
#[derive(Debug, Clone)]
pub struct SmallDisk {
    /// The cell.
    pub cell: String,
    /// Its size.
    pub mebibytes: u32,
}

impl SmallDisk {
    /// Such a disk, if this system lets us have one.
    #[must_use]
    pub fn of_cell(cell: &str, mebibytes: u32) -> Option<Self> {
        let mut command = apart();
        command.args(["mount", "-t", "tmpfs", "tmpfs", "/tmp"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let may = command.status().is_ok_and(|status| status.success());
        may.then(|| Self {
            cell: cell.to_owned(),
            mebibytes,
        })
    }
}

/// A running fleet; it ends with the test.
#[derive(Debug)]
pub struct Fleet {
    child: Child,
    plan: FleetPlan,
    doors: Doors,
    /// The address of the edge, by the fleet's own name.
    pub origin: String,
    /// The address of the page.
    pub page: String,
    scratch: Scratch,
}

/// How long members may take to end when nobody is left who started them.
const END_MAX: Duration = Duration::from_secs(60);

/// Where it listens.
#[derive(Debug, Clone, Copy)]
struct Doors {
    edge: SocketAddr,
    page: SocketAddr,
}

impl Doors {
    fn free() -> anyhow::Result<Self> {
        Ok(Self {
            edge: free_address()?,
            page: free_address()?,
        })
    }
}

/// An organisation that was made.
#[derive(Debug, Clone)]
pub struct MadeOrg {
    /// Its cell.
    pub cell: String,
    /// The one-time link for its first administrator.
    pub setup_link: String,
}

impl Fleet {
    /// Starts a fleet of that many cells, and waits until it is ready.
    ///
    /// # Errors
    /// It did not become ready.
    pub fn start(cells: u8) -> anyhow::Result<Self> {
        Self::start_with(cells, &[])
    }

    /// The same with further options.
    ///
    /// # Errors
    /// It did not become ready.
    pub fn start_with(cells: u8, options: &[&str]) -> anyhow::Result<Self> {
        let plan = FleetPlan {
            cells,
            ..FleetPlan::default()
        };
        Self::launch(&plan, options, Scratch::new("fleet")?, Doors::free()?)
    }

    /// Starts a fleet as planned, and waits until it is ready.
    ///
    /// # Errors
    /// It did not become ready.
    pub fn start_as(plan: &FleetPlan) -> anyhow::Result<Self> {
        let (scratch, doors) = (Scratch::new("fleet")?, Doors::free()?);
        if plan.small_disk.is_none() {
            return Self::launch(plan, &[], scratch, doors);
        }
        // A folder that holds anything before a fleet has made it its own is refused: the disk is put in afterwards.
        let bare = FleetPlan {
            small_disk: None,
            ..plan.clone()
        };
        let mut fleet = Self::launch(&bare, &[], scratch, doors)?;
        fleet.plan = plan.clone();
        fleet.pause(|_| Ok(()))
    }

    /// Stops the fleet, does something to what it left on its disks, and starts it again at the same addresses.
    ///
    /// # Errors
    /// It did not stop or become ready, or the work failed.
    pub fn pause(mut self, work: impl FnOnce(&Self) -> anyhow::Result<()>) -> anyhow::Result<Self> {
        let down = self.run(&["fleet", "down"])?;
        anyhow::ensure!(down.code == Some(0), "{}", down.said);
        self.child.wait()?;
        work(&self)?;
        let scratch = std::mem::replace(&mut self.scratch, Scratch::new("fleet")?);
        Self::launch(&self.plan, &[], scratch, self.doors)
    }

    fn launch(
        plan: &FleetPlan,
        options: &[&str],
        scratch: Scratch,
        doors: Doors,
    ) -> anyhow::Result<Self> {
        let (child, said) = spawn(plan, doors, options, &scratch)?;
        let text = |key: &str| said.get(key).and_then(|value| value.as_str());
        Ok(Self {
            origin: text("origin").context("no origin")?.to_owned(),
            page: text("page").context("no page")?.to_owned(),
            plan: plan.clone(),
            doors,
            child,
            scratch,
        })
    }

    /// Starts a fleet that was stopped or killed again, with as many cells as it has unless the options say otherwise; what
    /// it says when it is ready.
    ///
    /// # Errors
    /// It did not become ready.
    pub fn restart(&mut self, options: &[&str]) -> anyhow::Result<serde_json::Value> {
        self.child.wait()?;
        let plan = FleetPlan {
            cells: 0,
            ..self.plan.clone()
        };
        let (child, said) = spawn(&plan, self.doors, options, &self.scratch)?;
        self.child = child;
        Ok(said)
    }

    /// Kills the process that started all others, and waits until those have ended.
    ///
    /// # Errors
    /// They do not end.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let members: Vec<PathBuf> = std::fs::read_dir(self.folder().join("logs"))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        self.child.kill()?;
        self.child.wait()?;
        for member in members {
            let name = member.file_stem().and_then(|name| name.to_str());
            let name = name.context("a log without a name")?;
            wait::until(name, END_MAX, || {
                Ok(self.process_of(name)?.is_none().then_some(()))
            })?;
        }
        Ok(())
    }

    /// The folder of the fleet.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.scratch.path().join("fleet")
    }

    /// The data folder of one member. That of a cell with a disk of its own is seen as the fleet sees it.
    #[must_use]
    pub fn data_of(&self, name: &str) -> PathBuf {
        let folder = self.folder().join(name);
        match folder.strip_prefix("/") {
            Ok(inside) if self.has_own_disk(name) => {
                PathBuf::from(format!("/proc/{}/root", self.child.id())).join(inside)
            }
            _ => folder,
        }
    }

    /// Whether one of its cells has a disk of its own.
    #[must_use]
    pub fn has_small_disk(&self) -> bool {
        self.plan.small_disk.is_some()
    }

    fn has_own_disk(&self, name: &str) -> bool {
        let disk = self.plan.small_disk.as_ref();
        disk.is_some_and(|disk| disk.cell == name)
    }

    /// What one member logs, over all its processes.
    #[must_use]
    pub fn log_of(&self, name: &str) -> PathBuf {
        self.folder().join("logs").join(format!("{name}.log"))
    }

    /// The process that started all others.
    #[must_use]
    pub fn supervisor(&self) -> u32 {
        self.child.id()
    }

    /// What `testudo log verify` says of a cell: a line for each organisation, and what they come to.
    ///
    /// # Errors
    /// It cannot be run, or the store cannot be read.
    pub fn verify_log(&self, cell: &str) -> anyhow::Result<String> {
        let mut command = self.inside(cell)?;
        command.args(["log", "verify", "--data"]);
        command.arg(self.folder().join(cell));
        let ended = Ended::of(&mut command)?;
        anyhow::ensure!(ended.said.is_empty(), "log verify: {}", ended.said);
        Ok(ended.printed)
    }

    /// The program, where a member's data folder is seen as the member sees it. A path through `/proc` would not do: a
    /// store is opened by its real path.
    fn inside(&self, name: &str) -> anyhow::Result<Command> {
        let program = binary::find()?;
        if !self.has_own_disk(name) {
            return Ok(Command::new(program));
        }
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.child.id().to_string(), "--mount"]);
        if !rustix::process::geteuid().is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--").arg(program);
        Ok(command)
    }

    /// The edge, as the host at which an organisation answers.
    ///
    /// # Errors
    /// The origin has another form than it always has.
    pub fn peer_of(&self, slug: &str) -> anyhow::Result<Peer> {
        Peer::parse(
            &self
                .origin
                .replace("//localhost", &format!("//{slug}.localhost")),
        )
    }

    /// Runs a command on this fleet.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<Ended> {
        let mut command = Command::new(binary::find()?);
        command.args(arguments).arg("--data").arg(self.folder());
        Ended::of(&mut command)
    }

    /// Runs a command that succeeds, and reads its JSON.
    ///
    /// # Errors
    /// It failed.
    pub fn ask(&self, arguments: &[&str]) -> anyhow::Result<serde_json::Value> {
        let json = [arguments, &["--output", "json"]].concat();
        let ended = self.run(&json)?;
        anyhow::ensure!(ended.code == Some(0), "{arguments:?}: {}", ended.said);
        Ok(serde_json::from_str(&ended.printed)?)
    }

    /// Makes an organisation in a cell.
    ///
    /// # Errors
    /// It was refused.
    pub fn make_org(&self, slug: &str, cell: &str) -> anyhow::Result<MadeOrg> {
        let made = self.ask(&["org", "create", slug, "--cell", cell])?;
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        Ok(MadeOrg {
            cell: text(&made["org"]["cell"]).context("no cell")?,
            setup_link: text(&made["setup_url"]).context("no set-up link")?,
        })
    }

    /// The process of one member of the fleet: `control`, `edge-1`, `cell-a`; none while it is started again.
    ///
    /// # Errors
    /// The kernel does not list processes.
    pub fn process_of(&self, name: &str) -> anyhow::Result<Option<Pid>> {
        Ok(self.processes_of(name)?.first().copied())
    }

    /// All processes of a member: there are two while one takes over from another.
    ///
    /// # Errors
    /// The kernel does not list processes.
    pub fn processes_of(&self, name: &str) -> anyhow::Result<Vec<Pid>> {
        let data = self.folder().join(name).display().to_string();
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc")? {
            let entry = entry?;
            let pid = entry
                .file_name()
                .to_str()
                .and_then(|text| text.parse().ok());
            let Some(pid) = pid.and_then(Pid::from_raw) else {
                continue;
            };
            // A process may end while it is looked at.
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let mut parts = line.split(|byte| *byte == 0);
            if parts.any(|part| part == data.as_bytes()) {
                found.push(pid);
            }
        }
        Ok(found)
    }

    /// Sends a signal to one member of the fleet.
    ///
    /// # Errors
    /// It does not run.
    pub fn signal(&self, name: &str, signal: Signal) -> anyhow::Result<Pid> {
        let process = self.process_of(name)?;
        let process = process.with_context(|| format!("{name} does not run"))?;
        kill_process(process, signal)?;
        Ok(process)
    }
}

/// Starts the program, and waits until it says that the fleet is ready.
fn spawn(
    plan: &FleetPlan,
    doors: Doors,
    options: &[&str],
    scratch: &Scratch,
) -> anyhow::Result<(Child, serde_json::Value)> {
    let data = scratch.path().join("fleet");
    let mut command = command(plan, &data)?;
    command.env(LOGGED.0, LOGGED.1);
    command.args(["fleet", "up", "--output", "json"]);
    if plan.cells > 0 {
        command.args(["--cells", &plan.cells.to_string()]);
    }
    if plan.hung == Hung::Left {
        command.arg("--leave-hung");
    }
    let mut child = command
        .arg("--data")
        .arg(&data)
        .args(["--listen", &doors.edge.to_string()])
        .args(["--page", &doors.page.to_string()])
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(scratch.path().join("log"))?)
        .spawn()?;
    let stdout = child.stdout.take().context("the fleet has no output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let said = serde_json::from_str(&line).with_context(|| {
        let log = std::fs::read_to_string(scratch.path().join("log"));
        format!("the fleet said {line:?}: {}", log.unwrap_or_default())
    })?;
    Ok((child, said))
}

/// The program, behind a door to a disk of its own where the plan has one.
fn command(plan: &FleetPlan, data: &Path) -> anyhow::Result<Command> {
    let program = binary::find()?;
    let Some(disk) = &plan.small_disk else {
        return Ok(Command::new(program));
    };
    let folder = data.join(&disk.cell);
    let mut command = apart();
    let mount = "size=$1; folder=$2; shift 2; \
        mount -t tmpfs -o size=$size,mode=0700 tmpfs \"$folder\" && exec \"$@\"";
    command.args(["sh", "-c", mount, "sh"]);
    command.arg(format!("{}m", disk.mebibytes));
    command.arg(folder).arg(program);
    Ok(command)
}

/// Runs what follows with mounts of its own, which end with its processes.
fn apart() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]);
    if !rustix::process::geteuid().is_root() {
        // Whoever is not root may still be it among processes of their own.
        command.args(["--user", "--map-root-user"]);
    }
    command
}

/// The processes that a process has started.
#[must_use]
pub fn children_of(process: u32) -> Vec<Pid> {
    let path = format!("/proc/{process}/task");
    let threads = std::fs::read_dir(path).into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let numbers: Vec<i32> = lists
        .flat_map(|list| {
            list.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter_map(|number| number.parse().ok())
        .collect();
    numbers.into_iter().filter_map(Pid::from_raw).collect()
}

impl Drop for Fleet {
    fn drop(&mut self) {
        // One that was stopped would not notice that it shall end.
        for process in children_of(self.child.id()) {
            let _ = kill_process(process, Signal::CONT);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
