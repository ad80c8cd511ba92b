//! What it costs to be large: the pages of an org of a million people, and the start with ten thousand orgs.

use serde::{Deserialize, Serialize};

use crate::bench::machine::LOAD_CORE;
use crate::bench::{Options, Programs};
use crate::command::Call;
use crate::report;

/// The findings; the test bed says more of how they were taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Size {
    /// How many people the org has.
    pub people: usize,
    /// How many orgs there are.
    pub orgs: usize,
    /// From the start of the process until it was ready, in milliseconds.
    pub ready_millis: f64,
    /// Memory when it was ready, in KiB.
    pub resident_kib: u64,
    /// Each page, with its milliseconds.
    pub pages: Vec<(String, f64)>,
    /// The hundredth page of people.
    pub deep_page_millis: f64,
    /// Administration by programs.
    pub api: ApiSize,
}

/// What the management API and SCIM cost there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApiSize {
    /// People read one by one, a second.
    pub get_per_second: f64,
    /// People made, each durable before it is answered, a second.
    pub create_per_second: f64,
    /// 99 of 100 pages of 200 people took no longer, in milliseconds.
    pub page_p99_millis: f64,
    /// Each search, and what 99 of 100 took at most, in milliseconds.
    pub searches: Vec<(String, f64)>,
    /// What 99 of 100 took at most to be put into a group of 100,000, in milliseconds.
    pub member_p99_millis: f64,
    /// A thousand people made by one call of SCIM, in milliseconds.
    pub bulk_millis: f64,
    /// How many people a rule found, and in how many seconds all of them were in its group.
    pub ruled: (u64, f64),
    /// What others felt before the rule was applied, and while it was.
    pub felt: (Felt, Felt),
}

/// What 99 of 100 took at most, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Felt {
    /// Of sign-ins by password.
    pub sign_in_p99_millis: f64,
    /// Of token requests of a service.
    pub token_p99_millis: f64,
}

impl ApiSize {
    /// The slowest search.
    pub fn slowest_search_millis(&self) -> f64 {
        let times = self.searches.iter().map(|(_, millis)| *millis);
        times.fold(0.0, f64::max)
    }
}

impl Size {
    /// The slowest page.
    pub fn slowest_millis(&self) -> f64 {
        self.pages
            .iter()
            .map(|(_, millis)| *millis)
            .fold(self.deep_page_millis, f64::max)
    }
}

/// Fills a store and measures; that takes a minute.
pub fn measure(programs: &Programs, options: &Options) -> anyhow::Result<Size> {
    report::line(&format!("filling a store with {} people", options.people));
    let text = Call::new("taskset")
        .args(["-c", LOAD_CORE])
        .args([&programs.load])
        .args([
            "size",
            &options.people.to_string(),
            &options.orgs.to_string(),
        ])
        .env("TESTUDO_BINARY", &programs.product)
        .capture()?;
    let found: Size = serde_json::from_str(&text)?;
    report::line(&format!(
        "the slowest page of it: {:.1} ms; ready in {:.0} ms with {} orgs",
        found.slowest_millis(),
        found.ready_millis,
        found.orgs
    ));
    Ok(found)
}
