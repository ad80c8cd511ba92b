//! A whole fleet on this machine, of one test's own.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};

use crate::binary;
use crate::connection::Peer;
use crate::instance::{Ended, free_address};
use crate::scratch::Scratch;

/// A running fleet; it ends with the test.
#[derive(Debug)]
pub struct Fleet {
    child: Child,
    /// The address of the edge, by the fleet's own name.
    pub origin: String,
    /// The address of the page.
    pub page: String,
    scratch: Scratch,
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
        let scratch = Scratch::new("fleet")?;
        let (listen, page) = (free_address()?, free_address()?);
        let mut child = Command::new(binary::find()?)
            .args(["fleet", "up", "--output", "json"])
            .args(["--cells", &cells.to_string()])
            .arg("--data")
            .arg(scratch.path().join("fleet"))
            .args(["--listen", &listen.to_string(), "--page", &page.to_string()])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(scratch.path().join("log"))?)
            .spawn()?;
        let stdout = child.stdout.take().context("the fleet has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let said: serde_json::Value = serde_json::from_str(&line).with_context(|| {
            let log = std::fs::read_to_string(scratch.path().join("log"));
            format!("the fleet said {line:?}: {}", log.unwrap_or_default())
        })?;
        let text = |key: &str| said.get(key).and_then(|value| value.as_str());
        Ok(Self {
            origin: text("origin").context("no origin")?.to_owned(),
            page: text("page").context("no page")?.to_owned(),
            child,
            scratch,
        })
    }

    /// The folder of the fleet.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.scratch.path().join("fleet")
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
        let data = self.folder().join(name).display().to_string();
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
            if line
                .split(|byte| *byte == 0)
                .any(|part| part == data.as_bytes())
            {
                return Ok(Some(pid));
            }
        }
        Ok(None)
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

impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
