//! `testudo user`.

use crate::admin::{client_of, ensure_sure, find_group, group, print};
use crate::options::Output;
use crate::options::admin::{AddUser, Attribute, Most, User as UserOptions, UserCommand};
use crate::terminal::{self, row, table};
use anyhow::Context as _;
use client::Client;
use client::pages::Pages;
use client::people::{NewUser, Step, User, UserType, Which};
use serde_json::{Map, Value};
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

/// The status of whoever is out for good.
const DEPROVISIONED: &str = "DEPROVISIONED";
/// Longest password file; a password is far shorter.
const PASSWORD_BYTES_MAX: u64 = 4_096;

/// Runs the command.
///
/// # Errors
/// Whatever the server refuses, or keeps it from being asked.
pub async fn run(options: UserOptions) -> anyhow::Result<ExitCode> {
    let output = options.asking.output;
    let client = client_of(&options.asking)?;
    let client = &client;
    match options.command {
        UserCommand::List {
            search,
            query,
            most,
        } => {
            let which = Which {
                search: search.as_deref(),
                q: query.as_deref(),
            };
            list(output, client.users(&which)?, most).await?;
        }
        UserCommand::Show { user } => terminal::answer(output, &client.user(&user).await?, text)?,
        UserCommand::Add(new) => {
            let new = new_user(client, *new).await?;
            terminal::answer(output, &client.add_user(&new).await?, text)?;
        }
        UserCommand::Set { user, attributes } => {
            let changed = client.change_user(&user, &profile_of(attributes)).await?;
            terminal::answer(output, &changed, text)?;
        }
        UserCommand::Step(step) => {
            let (step, user) = step.apart();
            client.step_user(&user, step).await?;
            terminal::answer(output, &client.user(&user).await?, text)?;
        }
        UserCommand::Delete { user, sure } => {
            let found = client.user(&user).await?;
            ensure_sure(sure, &found.attribute("login"))?;
            if found.status != DEPROVISIONED {
                client.step_user(&found.id, Step::Deactivate).await?;
            }
            client.delete_user(&found.id).await?;
            print::done(output, &format!("{} is removed", found.attribute("login")))?;
        }
        UserCommand::SignOut { user } => {
            client.sign_user_out(&user).await?;
            print::done(output, &format!("every session of {user} has ended"))?;
        }
        UserCommand::Groups { user } => {
            group::list(output, client.groups_of(&user)?, Most { limit: None }).await?
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// People, a line each.
pub async fn list(output: Output, pages: Pages<'_, User>, most: Most) -> anyhow::Result<()> {
    print::list(
        output,
        pages,
        most.limit,
        &["LOGIN", "NAME", "STATUS", "ID"],
        |user| {
            let name = format!(
                "{} {}",
                user.attribute("firstName"),
                user.attribute("lastName")
            );
            row(&[
                &user.attribute("login"),
                name.trim(),
                &user.status,
                &user.id,
            ])
        },
    )
    .await
}

fn text(user: &User) -> String {
    let mut rows = vec![row(&["id", &user.id]), row(&["status", &user.status])];
    rows.extend(
        user.profile
            .keys()
            .map(|name| row(&[name, &user.attribute(name)])),
    );
    rows.extend(print::parts(&user.rest));
    table(&rows)
}

fn profile_of(attributes: Vec<Attribute>) -> Map<String, Value> {
    attributes
        .into_iter()
        .map(|attribute| (attribute.name, attribute.value))
        .collect()
}

async fn new_user(client: &Client, said: AddUser) -> anyhow::Result<NewUser> {
    let mut profile = profile_of(said.attributes);
    let email = said.email.unwrap_or_else(|| said.login.clone());
    for (name, value) in [
        ("login", said.login),
        ("email", email),
        ("firstName", said.first_name),
        ("lastName", said.last_name),
    ] {
        profile.insert(name.to_owned(), value.into());
    }
    let mut groups = Vec::new();
    for named in said.groups {
        groups.push(find_group(client, &named).await?.id);
    }
    let of_type = match said.of_type {
        Some(named) => Some(find_type(client, &named).await?),
        None => None,
    };
    let password = said
        .password_file
        .as_deref()
        .map(read_password)
        .transpose()?;
    Ok(NewUser {
        profile,
        password,
        groups,
        of_type,
        activate: !said.inactive,
    })
}

/// The id of a type of people, by its id or its name.
async fn find_type(client: &Client, named: &str) -> anyhow::Result<String> {
    let types = client.user_types().await?;
    let is_meant = |one: &&UserType| one.id == named || one.name == named;
    let found = types.iter().find(is_meant).map(|one| one.id.clone());
    found.with_context(|| {
        let names: Vec<&str> = types.iter().map(|one| one.name.as_str()).collect();
        format!(
            "no type of people has the id or the name {named:?}; there are {}",
            names.join(", ")
        )
    })
}

/// The password in a file, without the end of its line.
fn read_password(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(PASSWORD_BYTES_MAX)
            .read_to_string(&mut text)
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(PASSWORD_BYTES_MAX).read_to_string(&mut text))
    };
    read.with_context(|| format!("the password cannot be read from {}", path.display()))?;
    let password = text.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(
        !password.is_empty(),
        "there is no password in {}",
        path.display()
    );
    Ok(password.to_owned())
}
