//! Lists as they come, page by page.

use crate::options::Output;
use crate::terminal::{row, table};
use client::pages::Pages;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::io::Write as _;

/// Prints a list: a table with a head, or each thing as a line of JSON; no more than so many.
pub async fn list<T: Serialize + DeserializeOwned>(
    output: Output,
    mut pages: Pages<'_, T>,
    most: Option<usize>,
    head: &[&str],
    columns: impl Fn(&T) -> Vec<String>,
) -> anyhow::Result<()> {
    let mut left = most.unwrap_or(usize::MAX);
    let mut head = vec![row(head)];
    while left > 0 {
        let Some(mut things) = pages.next().await? else {
            break;
        };
        things.truncate(left);
        left -= things.len();
        page(output, &things, std::mem::take(&mut head), &columns)?;
    }
    Ok(())
}

/// Prints a page of a list, behind the rows that stand before it.
pub fn page<T: Serialize>(
    output: Output,
    things: &[T],
    mut rows: Vec<Vec<String>>,
    columns: impl Fn(&T) -> Vec<String>,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match output {
        Output::Json => {
            for thing in things {
                writeln!(out, "{}", serde_json::to_string(thing)?)?;
            }
        }
        Output::Text => {
            rows.extend(things.iter().map(columns));
            write!(out, "{}", table(&rows))?;
        }
    }
    Ok(out.flush()?)
}

/// One thing, a line for each part of it: what has parts of its own is not shown but in JSON, and neither are links.
pub fn parts(rest: &Map<String, Value>) -> Vec<Vec<String>> {
    let shown = rest.iter().filter_map(|(name, value)| match value {
        Value::Null | Value::Object(_) => None,
        Value::String(text) => Some(row(&[name, text])),
        other => Some(row(&[name, &other.to_string()])),
    });
    shown.collect()
}

/// That something was done.
pub fn done(output: Output, said: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match output {
        Output::Json => writeln!(out, "{{}}")?,
        Output::Text => writeln!(out, "{said}")?,
    }
    Ok(out.flush()?)
}
