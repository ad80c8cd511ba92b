//! The program, and the database under it, are ended without warning again and again while people and applications are
//! at work. No acknowledged change may be lost, no code or refresh token accepted twice, and the log must be whole.
//!
//! SIGKILL ends a process, not the machine: what this cannot show is that the disk kept what it was given.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use postgres_for_tests::{Durability, Server, Settings};
use testbed::agent::Person;
use testbed::bootstrap;
use testbed::connection::{Connection, Peer};
use testbed::instance::{Instance, Plan};
use testbed::wait;
use testbed::witness::{self, App, Chain, Leaver, OwnFaults, Witness};
use tokio::task::JoinSet;

/// How often the program is killed on the embedded store.
const SQLITE_KILLS: usize = 100;
/// How often something is killed on PostgreSQL: the program, and every third time the database under it.
const POSTGRES_KILLS: usize = 36;
/// People at work.
const WITNESSES: usize = 6;
/// After so many kills the log is looked at before the next start.
const VERIFY_EVERY: usize = 10;
/// The longest that the wanted number of acknowledgements may take.
const ROUND_MAX: Duration = Duration::from_secs(30);
/// The longest until the program has found its database again.
const RECOVERY_MAX: Duration = Duration::from_secs(30);

/// How many acknowledgements are awaited before a kill: from "just begun" to "in full swing", the same in every run.
fn acknowledgements_before(kill: usize) -> usize {
    (kill * 37 + 11) % 53
}

fn app() -> App {
    App {
        client_id: bootstrap::WEB.to_owned(),
        client_secret: bootstrap::WEB_SECRET.to_owned(),
        redirect_uri: bootstrap::CALLBACK.to_owned(),
        server_path: "/oauth2/default".to_owned(),
    }
}

fn person(number: usize) -> Person {
    Person {
        login: bootstrap::crowd_login(number),
        password: bootstrap::PASSWORD.to_owned(),
    }
}

/// What is ended in a round.
#[derive(Debug, Clone, Copy)]
enum Victim<'s> {
    Program,
    Database(&'s Server),
}

struct Trial {
    instance: Instance,
    witnesses: Vec<Witness>,
    /// Cookies of sessions that were ended just before a kill.
    ended: Vec<String>,
    kills: usize,
}

impl Trial {
    async fn begin(store_url: Option<String>, own_faults: OwnFaults) -> anyhow::Result<Self> {
        let instance = Instance::start(Plan {
            store_url,
            bootstrap: Some(bootstrap::render_crowd_document(WITNESSES + 1)),
            ..Plan::default()
        })?;
        let mut witnesses = Vec::new();
        for number in 0..WITNESSES {
            let person = person(number);
            witnesses.push(Witness::begin(instance.peer(), &app(), &person, own_faults).await?);
        }
        Ok(Self {
            instance,
            witnesses,
            ended: Vec::new(),
            kills: 0,
        })
    }

    /// Work, a sign-out, the kill, and what is left of it all.
    async fn round(&mut self, victim: Victim<'_>) -> anyhow::Result<()> {
        let leaver = Leaver::enter(self.instance.peer(), &person(WITNESSES)).await?;
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let is_over = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for mut witness in std::mem::take(&mut self.witnesses) {
            let (acknowledged, is_over) = (Arc::clone(&acknowledged), Arc::clone(&is_over));
            tasks.spawn(async move {
                let worked = witness.work(&acknowledged, &is_over).await;
                worked.map(|()| witness)
            });
        }
        let wanted = acknowledgements_before(self.kills);
        let reached = wait::until_async("acknowledgements", ROUND_MAX, || {
            let count = acknowledged.load(Ordering::Relaxed);
            async move { Ok((count >= wanted).then_some(())) }
        })
        .await;
        let left = leaver.leave().await;
        match victim {
            Victim::Program => self.instance.kill()?,
            Victim::Database(server) => server.crash_and_restart()?,
        }
        is_over.store(true, Ordering::Relaxed);
        while let Some(joined) = tasks.join_next().await {
            self.witnesses.push(joined??);
        }
        // A wrong answer says more than the missing acknowledgements that it led to.
        reached?;
        self.ended.push(left?);
        self.kills += 1;
        if self.kills.is_multiple_of(VERIFY_EVERY) {
            self.verify_log()?;
        }
        match victim {
            Victim::Program => self.instance.restart()?,
            Victim::Database(_) => wait_for_recovery(self.instance.peer()).await?,
        }
        self.hold_to_account().await
    }

    /// After each start: every witness compares its book, one of them breaks its chain.
    async fn hold_to_account(&mut self) -> anyhow::Result<()> {
        let breaks = self.kills % WITNESSES;
        for (number, witness) in self.witnesses.iter_mut().enumerate() {
            let chain = if number == breaks {
                Chain::Broken
            } else {
                Chain::Kept
            };
            witness.testify(chain).await?;
        }
        let newest = self.ended.last().context("nobody has signed out")?;
        expect_ended(self.instance.peer(), newest).await
    }

    /// Every acknowledged write has left a row, so a chain that is whole but shorter has lost its end.
    fn verify_log(&self) -> anyhow::Result<()> {
        let said = self.instance.run(&["log", "verify"])?;
        let rows: usize = said
            .lines()
            .filter_map(|line| line.split_once(": whole, ")?.1.strip_suffix(" rows"))
            .filter_map(|rows| rows.parse::<usize>().ok())
            .sum();
        let writes: usize = self.witnesses.iter().map(Witness::acknowledged).sum();
        anyhow::ensure!(
            rows >= writes,
            "{writes} writes were acknowledged, but the log says:\n{said}"
        );
        Ok(())
    }

    async fn end(mut self) -> anyhow::Result<()> {
        for cookies in &self.ended {
            expect_ended(self.instance.peer(), cookies).await?;
        }
        let refused: usize = self.witnesses.iter().map(Witness::refused).sum();
        anyhow::ensure!(
            refused > self.kills * 2,
            "only {refused} spent codes and tokens were shown again in {} rounds",
            self.kills
        );
        let status = self.instance.stop()?;
        anyhow::ensure!(status.success(), "the orderly end was {status}");
        self.verify_log()
    }
}

async fn expect_ended(peer: &Peer, cookies: &str) -> anyhow::Result<()> {
    anyhow::ensure!(
        !witness::session_lives(peer, cookies).await?,
        "a session that was ended lives again"
    );
    Ok(())
}

/// Nobody restarts the program for this: it must find its database again by itself.
async fn wait_for_recovery(peer: &Peer) -> anyhow::Result<()> {
    wait::until_async("the database again", RECOVERY_MAX, || async {
        let ready = Connection::new(peer.clone())
            .get("/health/ready", "")
            .await?;
        Ok(ready.status.is_success().then_some(()))
    })
    .await
}

async fn crash_the_program() -> anyhow::Result<()> {
    let mut trial = Trial::begin(None, OwnFaults::AreWrong).await?;
    for _ in 0..SQLITE_KILLS {
        trial.round(Victim::Program).await?;
    }
    trial.end().await
}

async fn crash_program_and_database() -> anyhow::Result<()> {
    let server = Server::start(&Settings {
        durability: Durability::Durable,
        ..Settings::default()
    })?;
    let database = server.empty_database()?;
    let mut trial = Trial::begin(Some(database.url()), OwnFaults::AreNoAnswer).await?;
    for kill in 0..POSTGRES_KILLS {
        let victim = if kill % 3 == 2 {
            Victim::Database(&server)
        } else {
            Victim::Program
        };
        trial.round(victim).await?;
    }
    trial.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_sqlite() {
    crash_the_program().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_postgresql() {
    crash_program_and_database().await.unwrap();
}
