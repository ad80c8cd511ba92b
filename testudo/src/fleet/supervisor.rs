//! Keeps one process of the fleet running: started, watched, and started again after a pause that grows, whether it ended or
//! hangs.

use crate::fleet::last_words::read_last_words;
use crate::fleet::lifeline::{Lifeline, Patience};
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// How long a process may take until it is ready.
const READY_SECS_MAX: u64 = 30;
/// How long a process may take to stop before it is killed.
const STOP_SECS_MAX: u64 = 30;
/// The first pause before a process is started again; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// A process that ran this long was up and served: whatever ended it, the pauses begin anew. To start one every few seconds
/// costs little; an organisation that is being switched waits for a control plane that pauses.
const SOUND: Duration = Duration::from_secs(2);

/// What is started.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What it is called in messages.
    pub name: String,
    /// The arguments.
    pub arguments: Vec<String>,
    /// Where what it writes goes.
    pub log: PathBuf,
    /// Where the number of its process is noted.
    pub process: PathBuf,
    /// How long it may be silent.
    pub patience: Patience,
}

impl Plan {
    /// The same, taking over from the process that runs by it.
    fn taking_over(&self) -> Self {
        let mut plan = self.clone();
        plan.arguments.push(String::from("--take-over"));
        plan
    }
}

/// A process that is ready.
pub struct Ready {
    /// What it said of itself.
    pub said: Value,
    child: Child,
    line: Lifeline,
}

/// Starts a process and waits until it says that it is ready.
///
/// # Errors
/// It ended or was not ready in time: why, as far as it said so, and where its log is.
pub async fn launch(plan: &Plan) -> anyhow::Result<Ready> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(&plan.log)
        .with_context(|| plan.log.display().to_string())?;
    let written = log.metadata()?.len();
    let mut child = Command::new(std::env::current_exe()?)
        .args(&plan.arguments)
        .args(["--output", "json", "--until-stdin-ends"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} could not be started", plan.name))?;
    let stdin = child.stdin.take();
    let Some(stdout) = child.stdout.take() else {
        bail!("{} has no output", plan.name);
    };
    let mut line = Lifeline::new(stdin, stdout);
    let first = tokio::time::timeout(Duration::from_secs(READY_SECS_MAX), line.first_line()).await;
    let said = match first {
        Ok(Ok(Some(line))) => serde_json::from_str(&line)?,
        Ok(_) => {
            let why = read_last_words(&plan.log, written);
            let (name, log) = (&plan.name, plan.log.display());
            bail!("{name} does not start: {why} (its log: {log})")
        }
        Err(_) => bail!(
            "{} was not ready in {READY_SECS_MAX} s; see {}",
            plan.name,
            plan.log.display()
        ),
    };
    // For people who ask: nothing hangs on it.
    if let Some(process) = child.id()
        && let Err(error) = std::fs::write(&plan.process, format!("{process}\n"))
    {
        tracing::warn!(process = plan.name, %error, "nobody will find its number");
    }
    Ok(Ready { said, child, line })
}

/// What the keeper of a process listens to.
#[derive(Clone)]
pub struct Wishes {
    /// It shall stop.
    pub stop: watch::Receiver<bool>,
    /// It shall be replaced by a new one that takes over from it.
    pub renew: Arc<Notify>,
}

/// Keeps the process running until it is told to stop.
pub async fn keep(plan: Plan, first: Ready, wishes: Wishes) {
    let Wishes { mut stop, renew } = wishes;
    let (mut running, mut pause) = (Some(first), PAUSE_FIRST);
    let mut retired = JoinSet::new();
    loop {
        if let Some(mut ready) = running.take() {
            let begun = Instant::now();
            let how = tokio::select! {
                ended = ready.child.wait() => {
                    let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                    format!("it ended: {how}")
                }
                () = ready.line.falls_silent(plan.patience) => {
                    kill(&plan, &mut ready).await;
                    String::from("it hung, and was killed")
                }
                () = renew.notified() => {
                    let taking_over = plan.taking_over();
                    let launched = tokio::select! {
                        launched = launch(&taking_over) => launched,
                        () = told(&mut stop) => {
                            end(&plan, ready).await;
                            break;
                        }
                    };
                    match launched {
                        Ok(next) => {
                            retired.spawn(retire(plan.clone(), ready, stop.clone()));
                            running = Some(next);
                        }
                        Err(error) => {
                            tracing::warn!(process = plan.name, %error, "it is not replaced");
                            running = Some(ready);
                        }
                    }
                    continue;
                }
                () = told(&mut stop) => {
                    end(&plan, ready).await;
                    break;
                }
            };
            if begun.elapsed() > SOUND {
                pause = PAUSE_FIRST;
            }
            tracing::warn!(process = plan.name, how, log = %plan.log.display(), "a process is started again");
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = told(&mut stop) => break,
        }
        pause = (pause * 2).min(PAUSE_MAX);
        let launched = tokio::select! {
            launched = launch(&plan) => launched,
            () = told(&mut stop) => break,
        };
        match launched {
            Ok(ready) => running = Some(ready),
            Err(error) => tracing::warn!(process = plan.name, %error, "it could not be started"),
        }
    }
    while retired.join_next().await.is_some() {}
}

/// Leaves a process that was replaced the time that it wants.
async fn retire(plan: Plan, mut ready: Ready, mut stop: watch::Receiver<bool>) {
    let stopped = tokio::select! {
        _ = ready.child.wait() => false,
        () = told(&mut stop) => true,
    };
    if stopped {
        end(&plan, ready).await;
    }
}

/// Resolves when it is time to stop, and when nobody is left to say so.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn end(plan: &Plan, mut ready: Ready) {
    ready.line.let_go();
    let stopped = tokio::time::timeout(Duration::from_secs(STOP_SECS_MAX), ready.child.wait());
    if stopped.await.is_err() {
        tracing::warn!(process = plan.name, "it did not stop in time and is killed");
        kill(plan, &mut ready).await;
    }
}

async fn kill(plan: &Plan, ready: &mut Ready) {
    if let Err(error) = ready.child.kill().await {
        tracing::warn!(process = plan.name, %error, "it could not be killed");
    }
}
