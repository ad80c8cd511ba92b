//! `testudo log list` and `testudo log follow`.

use crate::admin::{client_of, print};
use crate::options::admin::{LogFollow, LogList};
use crate::terminal::row;
use client::log::{LogEvent, Span};
use std::process::ExitCode;
use std::time::Duration;
use vocab::time::{Clock as _, SystemClock};

/// How long to wait before the log is asked again that had nothing new: its interface tells news to those alone who ask.
const PAUSE: Duration = Duration::from_secs(1);

/// The newest rows.
///
/// # Errors
/// Whatever the server refuses, or keeps it from being asked.
pub async fn list(options: LogList) -> anyhow::Result<ExitCode> {
    let client = client_of(&options.asking)?;
    let span = Span {
        since: options.since.as_deref(),
        until: options.until.as_deref(),
        filter: options.filter.as_deref(),
        keywords: options.query.as_deref(),
        newest_first: true,
    };
    let head = ["WHEN", "WHAT", "HOW", "WHO", "WHOM OR WHAT"];
    let rows = client.log(&span)?;
    print::list(
        options.asking.output,
        rows,
        Some(options.limit),
        &head,
        columns,
    )
    .await?;
    Ok(ExitCode::SUCCESS)
}

/// Rows as they are stored, until somebody ends it.
///
/// # Errors
/// Whatever the server refuses, or keeps it from being asked.
pub async fn follow(options: LogFollow) -> anyhow::Result<ExitCode> {
    let client = client_of(&options.asking)?;
    let since = options
        .since
        .unwrap_or_else(|| SystemClock.now().to_rfc3339_millis());
    let span = Span {
        since: Some(&since),
        filter: options.filter.as_deref(),
        keywords: options.query.as_deref(),
        ..Span::default()
    };
    let mut pages = client.log(&span)?;
    while let Some(page) = pages.next().await? {
        if page.is_empty() {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        print::page(options.asking.output, &page, Vec::new(), columns)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn columns(event: &LogEvent) -> Vec<String> {
    let targets: Vec<&str> = event
        .target
        .iter()
        .flatten()
        .map(client::log::Party::name)
        .collect();
    row(&[
        &event.published,
        &event.event_type,
        event.outcome.result.as_deref().unwrap_or("-"),
        event.actor.name(),
        &targets.join(", "),
    ])
}
