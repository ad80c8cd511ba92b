//! `testudo policy`.

use crate::admin::{client_of, print};
use crate::options::admin::{Policy as PolicyOptions, PolicyCommand};
use crate::terminal::{self, row, table};
use client::policies::Policy;
use serde_json::Value;
use std::process::ExitCode;

/// Runs the command.
///
/// # Errors
/// Whatever the server refuses, or keeps it from being asked.
pub async fn run(options: PolicyOptions) -> anyhow::Result<ExitCode> {
    let output = options.asking.output;
    let client = client_of(&options.asking)?;
    match options.command {
        PolicyCommand::List { kind } => {
            let policies = client.policies(kind.as_deref())?;
            print::list(
                output,
                policies,
                None,
                &["NAME", "TYPE", "STATUS", "ID"],
                |policy| row(&[&policy.name, &policy.kind, &policy.status, &policy.id]),
            )
            .await?;
        }
        PolicyCommand::Show { policy } => {
            terminal::answer(output, &client.policy(&policy).await?, text)?
        }
        PolicyCommand::Rules { policy } => {
            let rules = client.rules(&policy)?;
            print::list(
                output,
                rules,
                None,
                &["PLACE", "NAME", "STATUS", "ID"],
                |rule| {
                    row(&[
                        &rule.priority.to_string(),
                        &rule.name,
                        &rule.status,
                        &rule.id,
                    ])
                },
            )
            .await?;
        }
        PolicyCommand::Simulate { user, app, address } => {
            let user = client.user(&user).await?.id;
            let found = client.simulate(&user, &app, address.as_deref()).await?;
            terminal::answer(output, &found, render)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(policy: &Policy) -> String {
    let mut rows = vec![
        row(&["id", &policy.id]),
        row(&["name", &policy.name]),
        row(&["type", &policy.kind]),
        row(&["status", &policy.status]),
    ];
    rows.extend(print::parts(&policy.rest));
    table(&rows)
}

/// What was looked at and what it came to; the server's words, indented.
fn render(found: &Value) -> String {
    serde_json::to_string_pretty(found).unwrap_or_default()
}
