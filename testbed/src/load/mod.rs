//! The load generator: closed loops that keep a number of connections busy, and open loops whose arrivals do not wait
//! for answers. Reports what was served, how long it took, and what the kernel says it cost the server.

pub mod measure;
pub mod order;
pub mod scenario;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::load::measure::{Report, Samples};
use crate::load::order::{Order, Pace};
use crate::load::scenario::{Outcome, Worker};
use crate::process::Watched;
use crate::wait;

/// The most arrivals of an open loop that may be under way; more means that nothing is answered any more.
const IN_FLIGHT_MAX: usize = 4_096;

/// Carries out an order.
///
/// # Errors
/// When the workers cannot be prepared, the server ends, or nothing was measured.
pub async fn run(order: Order) -> anyhow::Result<Report> {
    let order = Arc::new(order);
    match order.pace {
        Pace::Closed { workers, seconds } => run_closed(order, workers, seconds).await,
        Pace::Steps { workers, steps } => run_steps(order, workers, steps).await,
        Pace::Open {
            per_second,
            seconds,
        } => run_open(order, per_second, seconds).await,
    }
}

/// What the window between two looks at the process has cost.
struct Window {
    process: Option<Watched>,
    processor_time: Duration,
    resident_kib: u64,
    opened: Instant,
}

impl Window {
    fn open(order: &Order) -> anyhow::Result<Self> {
        let process = order.pid.map(|pid| Watched { pid });
        Ok(Self {
            processor_time: process.map_or(Ok(Duration::ZERO), |one| one.processor_time())?,
            resident_kib: process.map_or(Ok(0), |one| one.resident_kib())?,
            process,
            opened: Instant::now(),
        })
    }

    fn close(self, samples: Samples) -> anyhow::Result<Report> {
        let closed = Self {
            processor_time: self
                .process
                .map_or(Ok(Duration::ZERO), |one| one.processor_time())?,
            resident_kib: self.process.map_or(Ok(0), |one| one.resident_kib())?,
            process: self.process,
            opened: Instant::now(),
        };
        let mut report = samples.report(
            closed.opened - self.opened,
            closed.processor_time.saturating_sub(self.processor_time),
        );
        report.resident_kib_before = self.resident_kib;
        report.resident_kib_after = closed.resident_kib;
        Ok(report)
    }
}

async fn prepare(order: &Arc<Order>, count: usize) -> anyhow::Result<Vec<Worker>> {
    let mut workers = Vec::with_capacity(count);
    for number in 0..count {
        let worker = Worker::prepare(order, number, count)
            .await
            .with_context(|| format!("worker {number} cannot be prepared"))?;
        workers.push(worker);
    }
    Ok(workers)
}

/// Workers step until the time is over; the warm-up is not counted.
async fn run_closed(order: Arc<Order>, workers: usize, seconds: f64) -> anyhow::Result<Report> {
    let workers = prepare(&order, workers).await?;
    let is_counting = Arc::new(AtomicBool::new(false));
    let warm_until = Instant::now() + Duration::from_secs_f64(order.warm_up_seconds);
    let end = warm_until + Duration::from_secs_f64(seconds);
    let mut tasks = JoinSet::new();
    for mut worker in workers {
        let is_counting = Arc::clone(&is_counting);
        tasks.spawn(async move {
            let mut samples = Samples::default();
            while Instant::now() < end {
                let started = Instant::now();
                let outcome = worker.step().await;
                if is_counting.load(Ordering::Relaxed) {
                    samples.add(outcome, started.elapsed());
                } else {
                    outcome.map(drop)?;
                }
            }
            anyhow::Ok(samples)
        });
    }
    wait::until_moment(warm_until).await;
    let window = Window::open(&order)?;
    is_counting.store(true, Ordering::Relaxed);
    wait::until_moment(end).await;
    is_counting.store(false, Ordering::Relaxed);
    let mut samples = Samples::default();
    // The window closes now; what is still under way is not counted.
    let report = window.close(Samples::default())?;
    while let Some(joined) = tasks.join_next().await {
        samples.merge(joined??);
    }
    let mut counted = samples.report(report.took, report.processor_time);
    counted.resident_kib_before = report.resident_kib_before;
    counted.resident_kib_after = report.resident_kib_after;
    counted.judge()
}

/// Workers share a fixed number of steps.
async fn run_steps(order: Arc<Order>, workers: usize, steps: usize) -> anyhow::Result<Report> {
    let workers = prepare(&order, workers).await?;
    let window = Window::open(&order)?;
    let each = steps.div_ceil(workers.len().max(1));
    let mut tasks = JoinSet::new();
    for mut worker in workers {
        tasks.spawn(async move {
            let mut samples = Samples::default();
            for _ in 0..each {
                let started = Instant::now();
                samples.add(worker.step().await, started.elapsed());
            }
            samples
        });
    }
    let mut samples = Samples::default();
    while let Some(joined) = tasks.join_next().await {
        samples.merge(joined?);
    }
    window.close(samples)?.judge()
}

/// Arrivals come by the clock whatever became of those before them; each time counts from when it should have begun.
/// Arrivals of the warm-up are not counted.
async fn run_open(order: Arc<Order>, per_second: f64, seconds: f64) -> anyhow::Result<Report> {
    anyhow::ensure!(per_second > 0.0, "an open loop needs a rate");
    let gap = Duration::from_secs_f64(1.0 / per_second);
    let mut due = Instant::now();
    let warm_until = due + Duration::from_secs_f64(order.warm_up_seconds);
    let end = warm_until + Duration::from_secs_f64(seconds);
    let mut number = 0_usize;
    let mut window = None;
    let mut warming = JoinSet::new();
    let mut tasks: JoinSet<(anyhow::Result<Outcome>, Duration)> = JoinSet::new();
    let mut samples = Samples::default();
    while due < end {
        wait::until_moment(due).await;
        while let Some(joined) = tasks.try_join_next() {
            let (outcome, took) = joined?;
            samples.add(outcome, took);
        }
        anyhow::ensure!(
            tasks.len() < IN_FLIGHT_MAX,
            "{IN_FLIGHT_MAX} arrivals are waiting: the server neither answers nor refuses"
        );
        let is_counted = due >= warm_until;
        if is_counted && window.is_none() {
            window = Some(Window::open(&order)?);
        }
        let order = Arc::clone(&order);
        let arrivals = if is_counted { &mut tasks } else { &mut warming };
        arrivals.spawn(async move { Worker::arrive(&order, number).await });
        number += 1;
        due += gap;
    }
    while let Some(joined) = tasks.join_next().await {
        let (outcome, took) = joined?;
        samples.add(outcome, took);
    }
    let window = window.context("the loop ended before the warm-up was over")?;
    window.close(samples)?.judge()
}

/// One of the loopback network's many addresses, so that limits per address do not take a crowd for one person.
pub(crate) fn loopback_address(number: usize) -> IpAddr {
    let number = u32::try_from(number % 60_000).unwrap_or(0);
    let [_, _, high, low] = number.to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(127, 1, high, low.max(1)))
}
