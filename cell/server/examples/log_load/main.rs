//! Makes logs for `cargo xtask bench`, by the code that writes them in the product. No part of it.
//!
//! `log_load fill STORE ROWS` makes the log of the first organisation of a store that no program uses so many rows longer, with all
//! that belongs to them, and prints what may be asked of it. `log_load append FOLDER SECONDS EVENTS` says how many events a second
//! become durable in a new store, each so many in a transaction of their own.

mod crowd;
mod store;

use crate::crowd::Crowd;
use database::{Database, DatabaseFault, Location};
use ledger::Gathering;
use serde_json::{Value, json};
use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use vocab::entropy::SystemEntropy;
use vocab::id::OrgId;
use vocab::time::{Clock as _, SystemClock};

// As the product does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rows of one transaction where speed alone counts.
const ROWS_AT_ONCE: u64 = 1_000;
/// Who writes at the same time; those who come together share one wait for the disk.
const WRITERS: u64 = 64;
/// How long it goes before anything is counted.
const WARM_UP: Duration = Duration::from_secs(1);
/// Over how much time the rows are spread.
const SPREAD_SECS: i64 = 30 * 24 * 60 * 60;
/// How many questions are told.
const SAMPLES: u64 = 300;
/// As the job of the product: nothing is done for this part of the time that some words took.
const REST_DIVISOR: u32 = 4;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let printed = match words.as_slice() {
        ["fill", path, rows] => runtime()?.block_on(fill(Path::new(path), rows.parse()?))?,
        ["append", folder, seconds, events] => {
            let span = Duration::from_secs_f64(seconds.parse()?);
            runtime()?.block_on(append(Path::new(folder), span, events.parse()?))?
        }
        _ => {
            return Err(
                "usage: log_load fill STORE ROWS | log_load append FOLDER SECONDS EVENTS".into(),
            );
        }
    };
    writeln!(std::io::stdout(), "{printed}")?;
    Ok(())
}

fn runtime() -> Outcome<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}

async fn open(path: &Path) -> Outcome<Database> {
    let path = path.to_owned();
    Ok(Database::open(&Location::Sqlite { path }, &server::start::MIGRATIONS).await?)
}

async fn fill(path: &Path, rows: u64) -> Outcome<Value> {
    let database = open(path).await?;
    let mut tx = database.read().await?;
    let org = identity::org::store::find_first(&mut tx).await?;
    drop(tx);
    let org = org.ok_or("the store has no organisation")?;
    let (begin, crowd) = (SystemClock.now().plus_secs(-SPREAD_SECS), Crowd::gather());
    let begun = Instant::now();
    let is_over = Arc::new(AtomicBool::new(false));
    let gathered = tokio::spawn(gather_until(
        database.clone(),
        org.clone(),
        Arc::clone(&is_over),
        Rest::None,
    ));
    let mut first = 0;
    while first < rows {
        let last = rows.min(first + ROWS_AT_ONCE);
        let at = |number| begin.plus_secs(crowd::share(SPREAD_SECS, number, rows));
        let events = (first..last).map(|number| crowd.event(number, at(number)));
        let (events, of) = (events.collect(), org.clone());
        let written = database
            .write(move |tx| Box::pin(async move { ledger::append_all(tx, &of, events).await }));
        written.await?;
        first = last;
    }
    let rows_took = begun.elapsed();
    is_over.store(true, Ordering::Relaxed);
    gathered.await??;
    let words_took = begun.elapsed();
    database.close().await;
    Ok(json!({
        "rows": rows,
        "rows_seconds": rows_took.as_secs_f64(),
        "words_seconds": words_took.as_secs_f64(),
        "seconds": words_took.as_secs_f64(),
        "samples": crowd.samples(SAMPLES, rows, begin, SPREAD_SECS),
    }))
}

/// Whether it rests between two pieces of work, as the product does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    None,
    AsProduct,
}

/// Gathers words until it is over and there is nothing left to gather; or, resting, until it is over.
async fn gather_until(
    database: Database,
    org: OrgId,
    is_over: Arc<AtomicBool>,
    rest: Rest,
) -> Result<(), DatabaseFault> {
    loop {
        let was_over = is_over.load(Ordering::Relaxed);
        if was_over && rest == Rest::AsProduct {
            return Ok(());
        }
        let mut tx = database.read().await?;
        let gathering = Gathering::begin(&mut tx, &org).await?;
        drop(tx);
        let Some(mut gathering) = gathering else {
            if was_over {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        loop {
            let begun = Instant::now();
            let mut tx = database.read().await?;
            let portion = gathering.go_on(&mut tx).await?;
            drop(tx);
            let is_last = portion.as_ref().is_some_and(ledger::Portion::is_last);
            if let Some(portion) = portion {
                let stored = database.write(move |tx| {
                    Box::pin(async move { ledger::store_portion(tx, portion).await })
                });
                stored.await?;
            }
            if rest == Rest::AsProduct {
                tokio::time::sleep(begun.elapsed() / REST_DIVISOR).await;
            }
            if is_last {
                break;
            }
        }
    }
}

/// Writers, each of whom goes on when what it wrote is durable; and the job that gathers words beside them.
async fn append(folder: &Path, span: Duration, events: u64) -> Outcome<Value> {
    let database = open(&folder.join("append.db")).await?;
    let (org, crowd) = (OrgId::generate(&SystemEntropy), Arc::new(Crowd::gather()));
    let (is_over, written) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let gathered = tokio::spawn(gather_until(
        database.clone(),
        org.clone(),
        Arc::clone(&is_over),
        Rest::AsProduct,
    ));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (database, org, crowd) = (database.clone(), org.clone(), Arc::clone(&crowd));
        let (is_over, written) = (Arc::clone(&is_over), Arc::clone(&written));
        writers.spawn(async move {
            let mut number = writer;
            while !is_over.load(Ordering::Relaxed) {
                let now = SystemClock.now();
                let all: Vec<_> = (0..events)
                    .map(|event| crowd.event(number + event * WRITERS, now))
                    .collect();
                number += events * WRITERS;
                let of = org.clone();
                let stored = database.write_leaving(move |tx| {
                    Box::pin(async move { ledger::append_all(tx, &of, all).await })
                });
                stored.await?;
                written.fetch_add(events, Ordering::Relaxed);
            }
            Ok::<_, DatabaseFault>(())
        });
    }
    tokio::time::sleep(WARM_UP).await;
    let (before, begun) = (written.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(span).await;
    let (after, took) = (written.load(Ordering::Relaxed), begun.elapsed());
    is_over.store(true, Ordering::Relaxed);
    while let Some(writer) = writers.join_next().await {
        writer??;
    }
    gathered.await??;
    let bare = store::count_bare(&database, &org).await?;
    let mut tx = database.read().await?;
    let verdict = ledger::verify_chain(&mut tx, &org, None).await?;
    drop(tx);
    database.close().await;
    let ledger::ChainVerdict::Whole(chain) = verdict else {
        return Err(format!("the log is not whole: {verdict:?}").into());
    };
    let per_second = f64::from(u32::try_from(after - before)?) / took.as_secs_f64();
    Ok(json!({ "per_second": per_second, "rows": chain.rows, "bare_rows": bare }))
}
