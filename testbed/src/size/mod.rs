//! What it costs to be large: an org of very many people, and very many orgs. The store is filled behind the program's
//! back, since it is the pages that are measured, and the start.

pub mod api;
mod beside;
pub mod log;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;

use crate::agent::{Agent, Arrival};
use crate::connection::Connection;
use crate::first_hour::Administrator;
use crate::instance::{Instance, Plan};
use crate::store;

/// How often each page is asked for; the middle one counts.
const ROUNDS: usize = 9;

/// The pages: what is asked, and where. The first person's login is `person0000000@example.com`.
const PAGES: [(&str, &str); 6] = [
    ("people, first page", "/admin/people"),
    ("people by name", "/admin/people?q=person05"),
    (
        "people by name and state",
        "/admin/people?q=person&status=SUSPENDED",
    ),
    ("people by state", "/admin/people?status=ACTIVE"),
    ("nobody found", "/admin/people?q=zebra"),
    ("log, first page", "/admin/log"),
];

/// The findings.
#[derive(Debug, Clone, Serialize)]
pub struct Size {
    /// How many people the org has.
    pub people: usize,
    /// How many orgs there are.
    pub orgs: usize,
    /// From the start of the process until it was ready, in milliseconds.
    pub ready_millis: f64,
    /// Memory when it was ready, in KiB.
    pub resident_kib: u64,
    /// Each page, with the milliseconds of the middle one.
    pub pages: Vec<(&'static str, f64)>,
    /// The hundredth page of people, found by its cursor.
    pub deep_page_millis: f64,
    /// Administration by programs.
    pub api: api::ApiSize,
}

/// Fills a store and measures.
///
/// # Errors
/// When the program, the store or a page fails.
pub async fn measure(people: usize, orgs: usize) -> anyhow::Result<Size> {
    let mut instance = Instance::start(Plan {
        wrapper: vec!["taskset".to_owned(), "-c".to_owned(), "0".to_owned()],
        ..Plan::default()
    })?;
    let cookies = Administrator::set_up(&instance)
        .await?
        .agent
        .cookie_header();
    api::grant(&instance)?;
    instance.stop()?;
    store::fill(&instance.data(), people, orgs)?;
    api::fill(&instance)?;
    instance.restart()?;
    let mut agent = Agent::new(Connection::new(instance.peer().clone()), &[]);
    agent.set_cookies(&cookies);
    let resident_kib = instance.watched().resident_kib()?;
    let mut pages = Vec::new();
    for (name, path) in PAGES {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            times.push(open(&mut agent, path).await?.1);
        }
        times.sort();
        let middle = times.get(ROUNDS / 2).copied().unwrap_or_default();
        pages.push((name, millis(middle)));
    }
    let mut path = String::from("/admin/people");
    let mut deep = Duration::ZERO;
    for _ in 0..100 {
        let (text, took) = open(&mut agent, &path).await?;
        deep = took;
        let query = next_page(&text).context("there is no next page of people")?;
        path = format!("/admin/people{query}");
    }
    Ok(Size {
        people,
        orgs,
        ready_millis: millis(instance.ready_after()),
        resident_kib,
        pages,
        deep_page_millis: millis(deep),
        api: api::measure(&instance, people).await?,
    })
}

async fn open(agent: &mut Agent, path: &str) -> anyhow::Result<(String, Duration)> {
    let started = Instant::now();
    let arrival = agent.open(path).await?;
    let took = started.elapsed();
    match arrival {
        Arrival::Page(page) if page.reply.status.is_success() => Ok((page.reply.text(), took)),
        Arrival::Page(page) => anyhow::bail!("{path}: {} {}", page.reply.status, page.words()),
        Arrival::Stopped(address) => anyhow::bail!("{path} leads to {address}"),
    }
}

/// The query behind "next" of a list.
fn next_page(text: &str) -> Option<String> {
    let (before, _) = text.split_once("\" rel=\"next\"")?;
    let (_, address) = before.rsplit_once("href=\"")?;
    Some(address.replace("&amp;", "&").replace("&#38;", "&"))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
