//! Far more people send their passwords in one moment than can be served. Whoever is admitted is signed in, the others
//! are told at once when to come again and lose nothing by it, and a service that wants a token is served meanwhile.
//!
//! Asserts the rule and no time: how long the admitted wait is the benchmark's to measure.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use http::StatusCode;
use testbed::agent::Person;
use testbed::bootstrap;
use testbed::connection::{self, Connection, Peer};
use testbed::instance::{Instance, Plan};
use testbed::knock::{Answer, Knocker, knock_at_once};
use testbed::process;

/// Many times what the queue in front of the password hashes may hold by the wait that it allows.
const CROWD: usize = 160;
/// Rounds in which everybody gets in: those who are refused come again together, which is the worst they can do.
const ROUNDS_MAX: usize = 200;
/// The longest time that anybody is told to stay away.
const RETRY_AFTER_SECS_MAX: u64 = 30;

fn person(number: usize) -> Person {
    Person {
        login: bootstrap::crowd_login(number),
        password: bootstrap::PASSWORD.to_owned(),
    }
}

/// Asks for tokens until told to stop; how many came.
async fn serve_meanwhile(peer: Peer, is_over: Arc<AtomicBool>) -> anyhow::Result<usize> {
    let mut connection = Connection::new(peer);
    let credentials = connection::basic(bootstrap::SERVICE_BASIC, bootstrap::SERVICE_SECRET);
    let body = connection::form(&[
        ("grant_type", "client_credentials"),
        ("scope", bootstrap::SERVICE_SCOPE),
    ]);
    let mut served = 0;
    while !is_over.load(Ordering::Relaxed) {
        let reply = connection
            .post_form(
                "/oauth2/default/v1/token",
                body.clone(),
                std::slice::from_ref(&credentials),
            )
            .await?;
        anyhow::ensure!(
            reply.status == StatusCode::OK,
            "a service was not served in the flood: {} {}",
            reply.status,
            reply.text()
        );
        served += 1;
    }
    Ok(served)
}

/// How many were refused in the first round, in which all came at once.
async fn flood(peer: &Peer) -> anyhow::Result<usize> {
    let mut waiting = Vec::with_capacity(CROWD);
    for number in 0..CROWD {
        waiting.push(Knocker::approach(peer, person(number), number).await?);
    }
    let mut refused_at_first = 0;
    for round in 0..ROUNDS_MAX {
        let came = waiting.len();
        let mut refused = Vec::new();
        for (knocker, answer) in knock_at_once(waiting).await? {
            if let Answer::Refused { retry_after_secs } = answer {
                anyhow::ensure!(
                    (1..=RETRY_AFTER_SECS_MAX).contains(&retry_after_secs),
                    "told to come again after {retry_after_secs} s"
                );
                refused.push(knocker);
            }
        }
        anyhow::ensure!(
            refused.len() < came,
            "all of {came} were refused in round {round}: nobody gets in"
        );
        if round == 0 {
            refused_at_first = refused.len();
        }
        if refused.is_empty() {
            return Ok(refused_at_first);
        }
        waiting = refused;
    }
    anyhow::bail!("some were refused {ROUNDS_MAX} times")
}

async fn flood_and_serve() -> anyhow::Result<()> {
    let mut instance = Instance::start(Plan {
        bootstrap: Some(bootstrap::render_crowd_document(CROWD)),
        // One core hashes a few dozen passwords a second, whatever machine this is.
        wrapper: ["taskset", "-c", &process::first_core()?]
            .map(str::to_owned)
            .to_vec(),
        ..Plan::default()
    })?;
    let is_over = Arc::new(AtomicBool::new(false));
    let service = tokio::spawn(serve_meanwhile(
        instance.peer().clone(),
        Arc::clone(&is_over),
    ));
    let flooded = flood(instance.peer()).await;
    is_over.store(true, Ordering::Relaxed);
    let served = service.await?.context("the service")?;
    let refused = flooded?;
    anyhow::ensure!(
        refused > CROWD / 4,
        "only {refused} of {CROWD} were refused: the queue takes everybody"
    );
    anyhow::ensure!(served > 0, "a service was starved by the flood");
    anyhow::ensure!(instance.stop()?.success(), "the end was not orderly");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_sign_ins_is_met_by_early_refusals() {
    flood_and_serve().await.unwrap();
}
