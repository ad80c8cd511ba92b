//! The servers that are measured: each started on one core, told apart by what it is asked for.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::bench::Programs;
use crate::bench::machine::{SERVER_CORE, pinned};

/// The longest that an orderly stop may take.
const STOP_MAX: Duration = Duration::from_secs(30);
/// Between two looks whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The floor.
    Floor,
    /// The product.
    Product,
    /// npm `oidc-provider`.
    Peer,
}

/// All of them, running.
#[derive(Debug)]
pub struct Contenders {
    /// The floor.
    pub floor: Contender,
    /// The product.
    pub product: Contender,
    /// The peer.
    pub peer: Contender,
}

/// One running server.
#[derive(Debug)]
pub struct Contender {
    /// Who it is.
    pub kind: Kind,
    /// `http://localhost:PORT`.
    pub origin: String,
    /// From the start of the process to its ready line.
    pub ready_after: Duration,
    child: Child,
}

impl Contender {
    /// The floor.
    pub fn floor(programs: &Programs) -> anyhow::Result<Self> {
        let mut command = pinned(&programs.floor, SERVER_CORE);
        command
            .arg("serve")
            .arg(programs.scratch.join("floor.records"));
        Self::start(Kind::Floor, command, &programs.scratch.join("floor.log"))
    }

    /// The product, on the data folder of that name.
    pub fn product(programs: &Programs, name: &str) -> anyhow::Result<Self> {
        let folder = programs.scratch.join(name);
        std::fs::create_dir_all(&folder)?;
        let document = folder.join("bootstrap.yaml");
        std::fs::write(&document, &programs.crowd.document)?;
        let mut command = pinned(&programs.product, SERVER_CORE);
        command
            .args(["up", "--output", "json", "--listen", "127.0.0.1:0"])
            .arg("--data")
            .arg(folder.join("data"))
            .arg("--bootstrap")
            .arg(&document);
        Self::start(Kind::Product, command, &folder.join("log"))
    }

    /// The product on a folder that nothing was declared for.
    pub fn bare_product(programs: &Programs, name: &str) -> anyhow::Result<Self> {
        let folder = programs.scratch.join(name);
        std::fs::create_dir_all(&folder)?;
        let mut command = pinned(&programs.product, SERVER_CORE);
        command
            .args(["up", "--output", "json", "--listen", "127.0.0.1:0"])
            .arg("--data")
            .arg(folder.join("data"));
        Self::start(Kind::Product, command, &folder.join("log"))
    }

    /// The peer.
    pub fn peer(programs: &Programs) -> anyhow::Result<Self> {
        let mut command = pinned(Path::new("node"), SERVER_CORE);
        command
            .arg("peer_oidc_provider.mjs")
            .arg(programs.crowd.peer_input().to_string())
            .env("NODE_ENV", "production")
            .current_dir(&programs.node_folder);
        Self::start(Kind::Peer, command, &programs.scratch.join("peer.log"))
    }

    fn start(kind: Kind, mut command: Command, log: &Path) -> anyhow::Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?);
        let started = Instant::now();
        let mut child = command
            .spawn()
            .context("cannot start a server (taskset is in Debian's util-linux)")?;
        let ready = read_ready(&mut child).with_context(|| {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            format!("the server {kind:?} did not become ready:\n{said}")
        });
        let origin = match ready {
            Ok(origin) => origin,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        Ok(Self {
            kind,
            origin: origin.replace("//127.0.0.1:", "//localhost:"),
            ready_after: started.elapsed(),
            child,
        })
    }

    /// Its process; `taskset` has made way for the server by now.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it holds in memory, in KiB.
    pub fn resident_kib(&self) -> anyhow::Result<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        text.lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse().ok())
            .context("the kernel does not say how much memory the server holds")
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(mut self) -> anyhow::Result<()> {
        crate::command::Call::new("kill")
            .args(["-TERM", &self.pid().to_string()])
            .capture()?;
        let asked = Instant::now();
        while self.child.try_wait()?.is_none() {
            anyhow::ensure!(
                asked.elapsed() < STOP_MAX,
                "the server did not stop when it was asked to"
            );
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// The server as the load generator must know it.
    pub fn target(&self, programs: &Programs) -> Value {
        match self.kind {
            Kind::Floor => json!({ "origin": self.origin }),
            Kind::Product => programs.crowd.product_target(&self.origin),
            Kind::Peer => programs.crowd.peer_target(&self.origin),
        }
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first JSON line; the pipe is kept open by a thread that reads on, so that a server may go on talking.
fn read_ready(child: &mut Child) -> anyhow::Result<String> {
    let output = child.stdout.take().context("the server has no output")?;
    let mut lines = BufReader::new(output).lines();
    for line in lines.by_ref() {
        let line = line?;
        let Ok(value) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        if let Some(address) = value.get("address").and_then(Value::as_str) {
            let address = address.to_owned();
            std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
            return Ok(address);
        }
    }
    anyhow::bail!("its output ended without a ready line")
}
