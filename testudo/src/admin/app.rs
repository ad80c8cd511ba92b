//! `testudo app`.

use crate::admin::{client_of, ensure_sure, find_group, print};
use crate::options::admin::{App as AppOptions, AppCommand, AppKind, Assignment};
use crate::terminal::{self, row, table};
use client::Client;
use client::apps::{App, Kind, NewApp};
use std::process::ExitCode;

/// The status of an app that is switched on.
const ACTIVE: &str = "ACTIVE";

/// Runs the command.
///
/// # Errors
/// Whatever the server refuses, or keeps it from being asked.
pub async fn run(options: AppOptions) -> anyhow::Result<ExitCode> {
    let output = options.asking.output;
    let client = client_of(&options.asking)?;
    let client = &client;
    match options.command {
        AppCommand::List { query, most } => {
            let apps = client.apps(query.as_deref())?;
            print::list(
                output,
                apps,
                most.limit,
                &["LABEL", "STATUS", "ID"],
                |app| row(&[&app.label, &app.status, &app.id]),
            )
            .await?;
        }
        AppCommand::Show { app } => terminal::answer(output, &client.app(&app).await?, text)?,
        AppCommand::Add {
            label,
            kind,
            redirect_uri,
            post_logout_redirect_uri,
        } => {
            let new = NewApp {
                label,
                kind: kind_of(kind),
                redirect_uris: redirect_uri,
                post_logout_redirect_uris: post_logout_redirect_uri,
            };
            terminal::answer(output, &client.add_app(&new).await?, text)?;
        }
        AppCommand::Activate { app } => {
            client.switch_app(&app, true).await?;
            terminal::answer(output, &client.app(&app).await?, text)?;
        }
        AppCommand::Deactivate { app } => {
            client.switch_app(&app, false).await?;
            terminal::answer(output, &client.app(&app).await?, text)?;
        }
        AppCommand::Delete { app, sure } => {
            let found = client.app(&app).await?;
            ensure_sure(sure, &found.label)?;
            if found.status == ACTIVE {
                client.switch_app(&found.id, false).await?;
            }
            client.delete_app(&found.id).await?;
            print::done(output, &format!("{} is removed", found.label))?;
        }
        AppCommand::Users { app, most } => {
            let users = client.app_users(&app)?;
            print::list(
                output,
                users,
                most.limit,
                &["PERSON", "ASSIGNED TO"],
                |user| {
                    let whom = if user.scope == "USER" {
                        "the person"
                    } else {
                        "a group of theirs"
                    };
                    row(&[&user.id, whom])
                },
            )
            .await?;
        }
        AppCommand::Assign(assignment) => {
            assign(client, &assignment, true).await?;
            print::done(output, "assigned")?;
        }
        AppCommand::Unassign(assignment) => {
            assign(client, &assignment, false).await?;
            print::done(output, "no longer assigned")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn assign(client: &Client, assignment: &Assignment, on: bool) -> anyhow::Result<()> {
    let app = &assignment.app;
    if let Some(user) = &assignment.user {
        let user = client.user(user).await?.id;
        match on {
            true => client.assign_app_to_user(app, &user).await?,
            false => client.take_app_from_user(app, &user).await?,
        }
    }
    if let Some(group) = &assignment.group {
        let group = find_group(client, group).await?;
        match on {
            true => client.assign_app_to_group(app, &group).await?,
            false => client.take_app_from_group(app, &group).await?,
        }
    }
    Ok(())
}

const fn kind_of(kind: AppKind) -> Kind {
    match kind {
        AppKind::Web => Kind::Web,
        AppKind::SinglePage => Kind::SinglePage,
        AppKind::Native => Kind::Native,
        AppKind::Service => Kind::Service,
    }
}

fn text(app: &App) -> String {
    let mut rows = vec![
        row(&["client id", &app.id]),
        row(&["label", &app.label]),
        row(&["status", &app.status]),
    ];
    let client = |part: &str, name: &str| {
        app.rest
            .get(part)
            .and_then(|part| part.pointer(&format!("/oauthClient/{name}")))
    };
    for (part, name, shown) in [
        ("settings", "application_type", "kind"),
        ("credentials", "client_secret", "client secret"),
        ("settings", "redirect_uris", "redirect addresses"),
    ] {
        match client(part, name) {
            Some(serde_json::Value::String(text)) => rows.push(row(&[shown, text])),
            Some(serde_json::Value::Array(texts)) => {
                let texts: Vec<&str> = texts.iter().filter_map(|text| text.as_str()).collect();
                rows.push(row(&[shown, &texts.join(" ")]));
            }
            _ => {}
        }
    }
    rows.extend(print::parts(&app.rest));
    table(&rows)
}
