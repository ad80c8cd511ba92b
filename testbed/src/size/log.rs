//! What the log costs when it is long: pages of it by every kind of filter, and by keywords, asked as scripts ask. It is made by the
//! code of the product, in a program of its own, and proved afterwards.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::first_hour::Administrator;
use crate::instance::{Instance, Plan};
use crate::size::api::{Script, grant, p99_millis};

/// Rows of a page.
const PAGE_ROWS: usize = 100;
/// The embedded store in a data folder.
const STORE_FILE: &str = "testudo.db";
/// An event type that is common, and one of which there is one among a thousand.
const COMMON: &str = "user.session.start";
const RARE: &str = "user.account.update_profile";

/// The findings.
#[derive(Debug, Clone, Serialize)]
pub struct LogSize {
    /// How many rows the log has.
    pub rows: usize,
    /// In how many seconds all of it was made, with its indexes and words.
    pub filled_seconds: f64,
    /// In how many seconds all of it was proved.
    pub verified_seconds: f64,
    /// Bytes of the store, for each row.
    pub row_bytes: f64,
    /// Each question, and what 99 of 100 pages took at most, in milliseconds.
    pub pages: Vec<(&'static str, f64)>,
}

/// What the program says that makes the rows.
#[derive(Debug, Deserialize)]
struct Filled {
    seconds: f64,
    samples: Vec<Sample>,
}

/// What one round asks for.
#[derive(Debug, Deserialize)]
struct Sample {
    login: String,
    actor: String,
    target: String,
    label: String,
    request: String,
    moment: String,
}

/// A question, and what it is of a sample.
type Question = (&'static str, fn(&Sample) -> Vec<(&'static str, String)>);

const QUESTIONS: [Question; 11] = [
    ("event type", |of| before(of, &kind(COMMON))),
    ("a rare event type", |of| before(of, &kind(RARE))),
    ("actor", |of| before(of, &equal("actor.id", &of.actor))),
    ("target", |of| before(of, &equal("target.id", &of.target))),
    ("event type and outcome", |of| {
        let both = format!(
            "{} and {}",
            kind(COMMON),
            equal("outcome.result", "FAILURE")
        );
        before(of, &both)
    }),
    ("event type, polled", |of| {
        vec![("since", of.moment.clone()), ("filter", kind(COMMON))]
    }),
    ("q: a login", |of| searched(of, &of.login)),
    ("q: a request id", |of| searched(of, &of.request)),
    ("q: common words", |of| {
        searched(of, "firefox linux failure")
    }),
    ("q: a login and an app", |of| {
        searched(of, &format!("{} {}", of.login, of.label))
    }),
    ("q: a login, by event type", |of| {
        let mut asked = searched(of, &of.login);
        asked.push(("filter", kind(COMMON)));
        asked
    }),
];

fn equal(attribute: &str, value: &str) -> String {
    format!("{attribute} eq \"{value}\"")
}

fn kind(event_type: &str) -> String {
    equal("eventType", event_type)
}

fn before(of: &Sample, filter: &str) -> Vec<(&'static str, String)> {
    newest_before(of, ("filter", filter.to_owned()))
}

fn searched(of: &Sample, words: &str) -> Vec<(&'static str, String)> {
    newest_before(of, ("q", words.to_owned()))
}

fn newest_before(of: &Sample, asked: (&'static str, String)) -> Vec<(&'static str, String)> {
    vec![
        ("since", String::from("2000-01-01T00:00:00Z")),
        ("until", of.moment.clone()),
        ("sortOrder", String::from("DESCENDING")),
        asked,
    ]
}

/// Makes a log of so many rows by the program `filler`, and measures.
///
/// # Errors
/// When a program, the store or a call fails, or the log is not whole.
pub async fn measure(rows: usize, filler: &Path) -> anyhow::Result<LogSize> {
    let mut instance = Instance::start(Plan {
        wrapper: vec!["taskset".to_owned(), "-c".to_owned(), "0".to_owned()],
        ..Plan::default()
    })?;
    drop(Administrator::set_up(&instance).await?);
    grant(&instance)?;
    instance.stop()?;
    let store = instance.data().join(STORE_FILE);
    let filled = fill(filler, &store, rows)?;
    let row_bytes = std::fs::metadata(&store)?.len() as f64 / rows.max(1) as f64;
    instance.restart()?;
    let pages = ask(&instance, &filled.samples).await?;
    instance.stop()?;
    let begun = Instant::now();
    instance.run(&["log", "verify"])?;
    Ok(LogSize {
        rows,
        filled_seconds: filled.seconds,
        verified_seconds: begun.elapsed().as_secs_f64(),
        row_bytes,
        pages,
    })
}

fn fill(filler: &Path, store: &Path, rows: usize) -> anyhow::Result<Filled> {
    // On all cores: this program is kept to one.
    let output = Command::new("taskset")
        .args(["-c", "0,1"])
        .arg(filler)
        .arg("fill")
        .arg(store)
        .arg(rows.to_string())
        .output()
        .with_context(|| format!("cannot run {}", filler.display()))?;
    anyhow::ensure!(
        output.status.success(),
        "the log could not be made: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).context("it is unknown what was made")
}

async fn ask(instance: &Instance, samples: &[Sample]) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let mut script = Script::new(instance.peer());
    let mut pages = Vec::new();
    for (name, asked) in QUESTIONS {
        let (mut times, mut found): (Vec<Duration>, usize) = (Vec::new(), 0);
        for sample in samples {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("limit", &PAGE_ROWS.to_string());
            query.extend_pairs(asked(sample));
            let path = format!("/api/v1/logs?{}", query.finish());
            let (reply, took) = script.timed(Method::GET, &path, Value::Null).await?;
            found += reply.json()?.as_array().map_or(0, Vec::len);
            times.push(took);
        }
        anyhow::ensure!(found > 0, "nothing was found by {name}");
        pages.push((name, p99_millis(times)));
    }
    Ok(pages)
}
