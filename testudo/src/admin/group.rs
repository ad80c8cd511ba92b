//! `testudo group`.

use crate::admin::{client_of, ensure_sure, find_group, print, user};
use crate::options::Output;
use crate::options::admin::{Group as GroupOptions, GroupCommand, Most};
use crate::terminal::{self, row, table};
use client::Client;
use client::groups::{Group, GroupProfile};
use client::pages::Pages;
use std::process::ExitCode;

/// Runs the command.
///
/// # Errors
/// Whatever the server refuses, or keeps it from being asked.
pub async fn run(options: GroupOptions) -> anyhow::Result<ExitCode> {
    let output = options.asking.output;
    let client = client_of(&options.asking)?;
    let client = &client;
    match options.command {
        GroupCommand::List { search, most } => {
            list(output, client.groups(search.as_deref())?, most).await?
        }
        GroupCommand::Show { group } => {
            terminal::answer(output, &find_group(client, &group).await?, text)?
        }
        GroupCommand::Add { name, description } => {
            let added = client
                .add_group(&GroupProfile { name, description })
                .await?;
            terminal::answer(output, &added, text)?;
        }
        GroupCommand::Set {
            group,
            name,
            description,
        } => {
            let found = find_group(client, &group).await?;
            let profile = GroupProfile {
                name: name.unwrap_or(found.profile.name),
                description: description.unwrap_or(found.profile.description),
            };
            terminal::answer(
                output,
                &client.replace_group(&found.id, &profile).await?,
                text,
            )?;
        }
        GroupCommand::Delete { group, sure } => {
            let found = find_group(client, &group).await?;
            ensure_sure(sure, &found.profile.name)?;
            client.delete_group(&found.id).await?;
            print::done(output, &format!("{} is removed", found.profile.name))?;
        }
        GroupCommand::Members { group, most } => {
            let found = find_group(client, &group).await?;
            user::list(output, client.members(&found.id)?, most).await?;
        }
        GroupCommand::AddMember { group, users } => {
            let found = find_group(client, &group).await?;
            for user in ids_of(client, &users).await? {
                client.add_member(&found.id, &user).await?;
            }
            print::done(
                output,
                &format!("{} in {}", users.join(", "), found.profile.name),
            )?;
        }
        GroupCommand::RemoveMember { group, users } => {
            let found = find_group(client, &group).await?;
            for user in ids_of(client, &users).await? {
                client.remove_member(&found.id, &user).await?;
            }
            print::done(
                output,
                &format!("{} no longer in {}", users.join(", "), found.profile.name),
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// All of them are found before anything is changed.
async fn ids_of(client: &Client, users: &[String]) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::new();
    for user in users {
        ids.push(client.user(user).await?.id);
    }
    Ok(ids)
}

/// Groups, a line each.
pub async fn list(output: Output, pages: Pages<'_, Group>, most: Most) -> anyhow::Result<()> {
    print::list(
        output,
        pages,
        most.limit,
        &["NAME", "DESCRIPTION", "ID"],
        |group| row(&[&group.profile.name, &group.profile.description, &group.id]),
    )
    .await
}

fn text(group: &Group) -> String {
    let mut rows = vec![
        row(&["id", &group.id]),
        row(&["name", &group.profile.name]),
        row(&["description", &group.profile.description]),
    ];
    rows.extend(print::parts(&group.rest));
    table(&rows)
}
