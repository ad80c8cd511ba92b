//! The real program, running: started on a free port with a data folder of its own, ended in order or without warning,
//! started again at the same address.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Deserialize;

use crate::connection::Peer;
use crate::process::Watched;
use crate::scratch::Scratch;
use crate::{binary, wait};

/// The longest until a start is ready; unoptimised, with a busy machine.
const READY_MAX: Duration = Duration::from_secs(60);
/// The longest that an orderly stop may take.
const STOP_MAX: Duration = Duration::from_secs(40);
/// How much of the log is shown when something failed.
const LOG_LINES_SHOWN: usize = 40;

/// How to start it.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The store; the embedded one when there is none.
    pub store_url: Option<String>,
    /// The bootstrap document.
    pub bootstrap: Option<String>,
    /// Where it listens; a free port of its own choice when there is none.
    pub listen: Option<SocketAddr>,
    /// Further arguments of `up`.
    pub arguments: Vec<String>,
    /// Further environment variables.
    pub environment: Vec<(String, String)>,
    /// Words that stand before the program: `taskset -c 0`.
    pub wrapper: Vec<String>,
}

/// What the program prints once it is ready.
#[derive(Debug, Clone, Deserialize)]
struct Ready {
    ready: bool,
    address: String,
    #[serde(default)]
    setup: Option<String>,
    #[serde(default)]
    root: Option<PathBuf>,
}

/// A running program.
#[derive(Debug)]
pub struct Instance {
    plan: Plan,
    scratch: Scratch,
    child: Child,
    peer: Peer,
    origin: String,
    setup: Option<String>,
    local_root: Option<PathBuf>,
    ready_after: Duration,
    starts: u32,
}

impl Instance {
    /// Starts it on a free port, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready, with the end of its log.
    pub fn start(plan: Plan) -> anyhow::Result<Self> {
        let scratch = Scratch::new("up")?;
        if let Some(text) = &plan.bootstrap {
            std::fs::write(scratch.path().join("bootstrap.yaml"), text)?;
        }
        let listen = plan.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let (child, ready, ready_after) = launch(&plan, scratch.path(), listen, 1)?;
        let origin = named_origin(&ready.address);
        let mut peer = Peer::parse(&origin.replacen("https://", "http://", 1))?;
        if let Some(listen) = plan.listen {
            peer.address = listen;
        }
        Ok(Self {
            plan,
            scratch,
            child,
            peer,
            origin,
            local_root: ready.root,
            setup: ready.setup,
            ready_after,
            starts: 1,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// `http://localhost:PORT`, or what it says that it is reached by: a name, because passkeys are bound to names.
    #[must_use]
    pub fn origin(&self) -> String {
        self.origin.clone()
    }

    /// Where it says that the root of its local authority lies.
    #[must_use]
    pub fn local_root(&self) -> Option<&Path> {
        self.local_root.as_deref()
    }

    /// The one-time link of the first administrator, when the last start printed one.
    #[must_use]
    pub fn setup_link(&self) -> Option<&str> {
        self.setup.as_deref()
    }

    /// How long the last start took until it was ready.
    #[must_use]
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.scratch.path().join("data")
    }

    /// The folder around it: log, bootstrap document.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.scratch.path()
    }

    /// The process, for the kernel's numbers.
    #[must_use]
    pub fn watched(&self) -> Watched {
        Watched {
            pid: self.child.id(),
        }
    }

    /// Ends it with SIGKILL, as a power cut would end the process.
    ///
    /// # Errors
    /// When the kernel says no.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, as a service manager would, and waits for the end.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        self.ask_to_stop()?;
        self.wait_for_end()
    }

    /// Asks it to stop and does not wait.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn ask_to_stop(&self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .context("the process has no number")?;
        Ok(rustix::process::kill_process(
            pid,
            rustix::process::Signal::TERM,
        )?)
    }

    /// Waits for the end that it was asked for.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn wait_for_end(&mut self) -> anyhow::Result<ExitStatus> {
        let child = &mut self.child;
        wait::until("the end after SIGTERM", STOP_MAX, || Ok(child.try_wait()?))
            .with_context(|| self.log_end())
    }

    /// Starts it again at the same address, with the same data; it must have ended.
    ///
    /// # Errors
    /// When it does not become ready, with the end of its log.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.starts += 1;
        let listen = self.peer.address;
        let (child, ready, ready_after) =
            launch(&self.plan, self.scratch.path(), listen, self.starts)?;
        self.child = child;
        self.setup = ready.setup;
        self.ready_after = ready_after;
        Ok(())
    }

    /// Runs another subcommand of the program on the same data; its output.
    ///
    /// # Errors
    /// When it fails, with all that it said.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(binary::find()?)
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .args(
                self.plan
                    .store_url
                    .iter()
                    .flat_map(|url| ["--store", url.as_str()]),
            )
            .stdin(Stdio::null())
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        anyhow::ensure!(
            output.status.success(),
            "`testudo {}` ended with {}:\n{said}{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(said)
    }

    /// Runs another subcommand on the same data folder, however it ends.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn command(
        &self,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Ended> {
        let mut command = Command::new(binary::find()?);
        command.args(arguments).arg("--data").arg(self.data());
        Ended::of(command.envs(environment.iter().copied()))
    }

    /// All that it has logged since the last start.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log(&self) -> anyhow::Result<String> {
        let path = log_path(self.scratch.path(), self.starts);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// The end of its log, for messages.
    #[must_use]
    pub fn log_end(&self) -> String {
        log_end(&log_path(self.scratch.path(), self.starts))
    }
}

/// How a command ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub printed: String,
    /// What it said beside that.
    pub said: String,
}

impl Ended {
    /// Runs a command to its end.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn of(command: &mut Command) -> anyhow::Result<Self> {
        let output = command
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .output()?;
        Ok(Self {
            code: output.status.code(),
            printed: String::from_utf8_lossy(&output.stdout).into_owned(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ports that Linux gives to nobody who has not asked for one of them: below those of connections, and of who asks for any.
const PORTS: Range<u16> = 15_000..32_000;

/// An address of this machine that nothing listens on, and that nobody takes by chance before somebody listens there, or while who
/// does is started anew: other tests run at the same time.
///
/// # Errors
/// When all are taken.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let count = u32::from(PORTS.end - PORTS.start);
    // Each process begins at another place.
    let first = std::process::id().wrapping_mul(101);
    (0..count)
        .find_map(|_| {
            let place = first.wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed)) % count;
            let port = PORTS.start + u16::try_from(place).ok()?;
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            TcpListener::bind(address).is_ok().then_some(address)
        })
        .context("no free port")
}

fn launch(
    plan: &Plan,
    folder: &Path,
    listen: SocketAddr,
    start: u32,
) -> anyhow::Result<(Child, Ready, Duration)> {
    let log = log_path(folder, start);
    let output = folder.join(format!("ready-{start}"));
    let mut command = command(plan)?;
    command
        .arg("up")
        .args([
            "--output",
            "json",
            "--listen",
            &listen.to_string(),
            "--data",
        ])
        .arg(folder.join("data"));
    if let Some(url) = &plan.store_url {
        command.args(["--store", url]);
    }
    if plan.bootstrap.is_some() {
        command
            .arg("--bootstrap")
            .arg(folder.join("bootstrap.yaml"));
    }
    command
        .args(&plan.arguments)
        .envs(plan.environment.iter().cloned())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(File::create(&output)?)
        .stderr(File::create(&log)?);
    let started = Instant::now();
    let mut child = command.spawn().context("cannot start the program")?;
    let ready = wait::until("the ready line", READY_MAX, || {
        if let Some(status) = child.try_wait()? {
            anyhow::bail!("the program ended with {status} before it was ready");
        }
        parse_ready(&std::fs::read_to_string(&output)?)
    });
    match ready {
        Ok(ready) => Ok((child, ready, started.elapsed())),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error).with_context(|| log_end(&log))
        }
    }
}

fn command(plan: &Plan) -> anyhow::Result<Command> {
    let program = binary::find()?;
    let Some((first, rest)) = plan.wrapper.split_first() else {
        return Ok(Command::new(program));
    };
    let mut command = Command::new(first);
    command.args(rest).arg(program);
    Ok(command)
}

/// A line is whole when its end has been written.
fn parse_ready(output: &str) -> anyhow::Result<Option<Ready>> {
    for line in output.split_inclusive('\n') {
        if !line.ends_with('\n') || !line.starts_with('{') {
            continue;
        }
        let ready: Ready = serde_json::from_str(line)
            .with_context(|| format!("the ready line has another form: {line}"))?;
        if ready.ready {
            return Ok(Some(ready));
        }
    }
    Ok(None)
}

fn named_origin(address: &str) -> String {
    address.replace("//127.0.0.1:", "//localhost:")
}

fn log_path(folder: &Path, start: u32) -> PathBuf {
    folder.join(format!("log-{start}"))
}

fn log_end(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.len().saturating_sub(LOG_LINES_SHOWN);
    let shown: Vec<&str> = lines.into_iter().skip(skipped).collect();
    format!(
        "the end of its log ({}):\n{}",
        log.display(),
        shown.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_is_awaited_whole() {
        assert!(parse_ready("").unwrap().is_none());
        assert!(parse_ready("{\"ready\":true,").unwrap().is_none());
        let line =
            "starting\n{\"ready\":true,\"address\":\"http://127.0.0.1:1\",\"setup\":\"x\"}\n";
        let ready = parse_ready(line).unwrap().unwrap();
        assert_eq!(ready.setup.as_deref(), Some("x"));
        assert_eq!(named_origin(&ready.address), "http://localhost:1");
        assert!(parse_ready("{\"other\":1}\n").is_err());
    }
}
