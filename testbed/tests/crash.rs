//! The program is ended with SIGKILL a hundred times under load. No acknowledged change may be lost, no code or refresh
//! token accepted twice, and the log must be whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use testbed::agent::Person;
use testbed::bootstrap;
use testbed::instance::{Instance, Plan};
use testbed::wait;
use testbed::witness::{self, App, Witness};
use tokio::task::JoinSet;

/// How often it is killed.
const KILLS: usize = 100;
/// People at work.
const WITNESSES: usize = 6;
/// After so many rounds a session is ended before the kill, and must stay ended.
const SIGN_OUT_EVERY: usize = 10;
/// The longest that the wanted number of acknowledgements may take.
const ROUND_MAX: Duration = Duration::from_secs(30);

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

async fn one_round(
    instance: &mut Instance,
    witnesses: Vec<Witness>,
    kill: usize,
) -> anyhow::Result<Vec<Witness>> {
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for mut witness in witnesses {
        let acknowledged = Arc::clone(&acknowledged);
        tasks.spawn(async move {
            let worked = witness.work(&acknowledged).await;
            worked.map(|()| witness)
        });
    }
    let wanted = acknowledgements_before(kill);
    let reached = wait::until_async("acknowledgements", ROUND_MAX, || {
        let count = acknowledged.load(Ordering::Relaxed);
        async move { Ok((count >= wanted).then_some(())) }
    })
    .await;
    instance.kill()?;
    let mut back = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        back.push(joined??);
    }
    // A wrong answer says more than the missing acknowledgements that it led to.
    reached?;
    instance.restart()?;
    Ok(back)
}

async fn crash_again_and_again(store_url: Option<String>) -> anyhow::Result<()> {
    let mut instance = Instance::start(Plan {
        store_url,
        bootstrap: Some(bootstrap::render_crowd_document(WITNESSES + 1)),
        ..Plan::default()
    })?;
    let peer = instance.peer().clone();
    let mut witnesses = Vec::new();
    for number in 0..WITNESSES {
        witnesses.push(Witness::begin(&peer, &app(), &person(number)).await?);
    }
    let mut ended = Vec::new();
    for kill in 0..KILLS {
        if kill % SIGN_OUT_EVERY == 0 {
            ended.push(witness::end_session(&peer, &person(WITNESSES)).await?);
        }
        witnesses = one_round(&mut instance, witnesses, kill).await?;
    }
    let mut spent = 0;
    for witness in &mut witnesses {
        witness.testify().await?;
        spent += witness.book.spent_codes.len() + witness.book.spent_tokens.len();
    }
    anyhow::ensure!(
        spent > KILLS,
        "only {spent} acknowledgements in {KILLS} rounds"
    );
    for cookies in ended {
        anyhow::ensure!(
            !witness::session_lives(&peer, &cookies).await?,
            "a session that was ended lives again"
        );
    }
    instance.stop()?;
    let verdict = instance.run(&["log", "verify"])?;
    anyhow::ensure!(!verdict.is_empty(), "the log was not looked at");
    Ok(())
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_on_sqlite() {
    crash_again_and_again(None).await.unwrap();
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_on_postgresql() {
    let database = postgres_for_tests::shared().empty_database().unwrap();
    crash_again_and_again(Some(database.url())).await.unwrap();
}
