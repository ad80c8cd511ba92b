//! `testudo recover`: a link that lets a person back in whom nobody else can help.

use crate::fleet::folder::load_origin;
use crate::home::{self, Home, STORE_FILE};
use crate::options::Recover;
use database::Location;
use server::recovery::Answering;
use std::io::Write as _;
use std::process::ExitCode;

/// Makes the link and prints it.
///
/// # Errors
/// Whatever keeps it from being made, with what to do.
pub async fn run(recover: Recover) -> anyhow::Result<ExitCode> {
    let data = recover.store.data;
    let (known, answering) = match home::find(&data)? {
        Home::Server => (load_origin(&data), Answering::OfServer),
        Home::Cell(mark) => (Some(mark.origin.to_string()), Answering::OfCell),
        Home::Fleet => anyhow::bail!(
            "{data} is the folder of a fleet: name the folder of the cell that serves the organisation, such as {data}/cell-a; \
             `testudo org show {org}` says which cell it is",
            data = data.display(),
            org = recover.org.as_deref().unwrap_or("acme"),
        ),
    };
    let origin = recover.origin.map(String::from).or(known);
    let location = match recover.store.store {
        Some(url) => Location::Postgres { url: url.into() },
        None => {
            let path = data.join(STORE_FILE);
            anyhow::ensure!(
                path.exists(),
                "there is no store at {}; name its folder with --data",
                path.display()
            );
            Location::Sqlite { path }
        }
    };
    let link = server::recovery::make_link(
        &location,
        (origin.as_deref().unwrap_or_default(), answering),
        recover.org.as_deref(),
        &recover.login,
    )
    .await?;
    let said = render(&recover.login, link.expose(), origin.is_some());
    writeln!(std::io::stdout().lock(), "{said}")?;
    Ok(ExitCode::SUCCESS)
}

/// What is printed. Where nobody has said at which address the server answers, the link is a path, and no address is made up.
fn render(login: &str, link: &str, is_whole: bool) -> String {
    let text = format!(
        "By this link {login} sets a new password within one hour. It works once; hand it over in person:\n  {link}"
    );
    if is_whole {
        return text;
    }
    format!(
        "{text}\nPut the address in front of it at which the server answers, such as https://id.example.com: it is noted in the data folder \
         by the next start. Or say it with --origin, for another link."
    )
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn no_address_is_made_up() {
        let whole = render("ada", "https://id.example.com/reset?token=t", true);
        assert!(
            whole.ends_with("\n  https://id.example.com/reset?token=t"),
            "{whole}"
        );
        let path = render("ada", "/reset?token=t", false);
        assert!(
            path.contains("\n  /reset?token=t\nPut the address"),
            "{path}"
        );
        assert!(
            !path.contains("localhost") && path.contains("--origin"),
            "{path}"
        );
    }
}
