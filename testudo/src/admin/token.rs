//! `testudo token`.

use crate::admin::{client_of, ensure_sure, print};
use crate::options::admin::{Token as TokenOptions, TokenCommand};
use crate::terminal::{self, row, table};
use client::tokens::Token;
use std::process::ExitCode;

/// Runs the command.
///
/// # Errors
/// Whatever the server refuses, or keeps it from being asked.
pub async fn run(options: TokenOptions) -> anyhow::Result<ExitCode> {
    let output = options.asking.output;
    let client = client_of(&options.asking)?;
    match options.command {
        TokenCommand::List => {
            let head = ["NAME", "ACTS AS", "ENDS", "ID"];
            print::list(output, client.tokens()?, None, &head, |token| {
                row(&[&token.name, &token.user_id, &token.expires_at, &token.id])
            })
            .await?;
        }
        TokenCommand::Show { token } => {
            terminal::answer(output, &client.token(&token).await?, text)?
        }
        TokenCommand::Add { name } => {
            terminal::answer(output, &client.add_token(&name).await?, text)?
        }
        TokenCommand::Revoke { token, sure } => {
            ensure_sure(sure, "the token")?;
            client.revoke_token(&token).await?;
            print::done(output, "revoked")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(token: &Token) -> String {
    let mut rows = vec![
        row(&["id", &token.id]),
        row(&["name", &token.name]),
        row(&["acts as", &token.user_id]),
        row(&["ends", &token.expires_at]),
    ];
    rows.extend(print::parts(&token.rest));
    table(&rows)
}
