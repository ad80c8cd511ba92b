//! Five times as many people want to sign in with a password as can be served: those admitted are served in time, the
//! others are told at once to come back later, and a service that wants a token does not feel it.

use std::time::Duration;

use testbed::bootstrap;
use testbed::instance::{Instance, Plan};
use testbed::load;
use testbed::load::measure::Report;
use testbed::load::order::{Flow, Order, Pace, Target};

const SECONDS: f64 = 4.0;
const CROWD: usize = 64;
const FLOOD_TIMES: f64 = 5.0;
/// The longest that an admitted sign-in may wait behind a bounded queue, on a busy machine and unoptimised.
const ADMITTED_MAX: Duration = Duration::from_secs(5);
/// And a refusal.
const REFUSED_MAX: Duration = Duration::from_secs(2);

async fn run(instance: &Instance, flow: Flow, pace: Pace) -> anyhow::Result<Report> {
    load::run(Order {
        flow,
        pace,
        warm_up_seconds: 0.0,
        pid: Some(instance.watched().pid),
        target: Target {
            origin: instance.origin(),
            ..bootstrap::crowd_target(CROWD)
        },
    })
    .await
}

async fn flood() -> anyhow::Result<()> {
    let instance = Instance::start(Plan {
        bootstrap: Some(bootstrap::render_crowd_document(CROWD)),
        ..Plan::default()
    })?;
    let capacity = run(
        &instance,
        Flow::SignIn,
        Pace::Closed {
            workers: 4,
            seconds: SECONDS,
        },
    )
    .await?;
    let per_second = capacity.per_second * FLOOD_TIMES;
    let (flood, service) = tokio::try_join!(
        run(
            &instance,
            Flow::SignIn,
            Pace::Open {
                per_second,
                seconds: SECONDS,
            },
        ),
        run(
            &instance,
            Flow::ClientCredentials,
            Pace::Closed {
                workers: 1,
                seconds: SECONDS,
            },
        ),
    )?;
    anyhow::ensure!(flood.refused > 0, "nobody was refused: {flood:?}");
    anyhow::ensure!(
        Duration::from_micros(flood.p99_micros) < ADMITTED_MAX,
        "the admitted waited too long: {flood:?}"
    );
    anyhow::ensure!(
        Duration::from_micros(flood.refused_p99_micros) < REFUSED_MAX,
        "the refused waited too long: {flood:?}"
    );
    anyhow::ensure!(
        service.served > 0,
        "a service was starved by the flood: {service:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_sign_ins_is_met_by_early_refusals() {
    flood().await.unwrap();
}
