//! Name, colour, language, logo, and the host names of an org.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done, loaded};
use crate::admin::form::{Shown, problem_of, revision_of, shell_after};
use crate::admin::settings::org_of_form;
use crate::text::choice::find_language;
use crate::view::admin::GeneralSettingsPage;
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use identity::access::Permission;
use identity::fault::Refusal;
use identity::org::store;

const HERE: &str = "/admin/settings";

/// `GET /admin/settings`.
pub async fn show(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    page(&visit, visit.shell(), Fields::stored(&visit), None).await
}

/// `POST /admin/settings`: name, colour, language.
pub async fn save(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let fields = Fields::typed(&visit);
    let org = org_of_form(&visit);
    let mut settings = org.settings.clone();
    settings.branding.colour.clone_from(&fields.colour);
    // A language that there is, or none in particular.
    settings.language = find_language(&fields.language)
        .map(|text| text.tag.to_owned())
        .unwrap_or_default();
    let outcome = visit
        .cell
        .update_org(&permit, org, &fields.name, settings)
        .await;
    answer(&visit, fields, outcome).await
}

/// `POST /admin/settings/logo`.
pub async fn save_logo(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let outcome = visit
        .cell
        .set_logo(&permit, visit.file("logo").to_vec())
        .await;
    answer(&visit, Fields::stored(&visit), outcome).await
}

/// `POST /admin/settings/logo/remove`.
pub async fn remove_logo(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let outcome = visit.cell.remove_logo(&permit).await;
    answer(&visit, Fields::stored(&visit), outcome).await
}

/// `POST /admin/settings/hosts/add`.
pub async fn add_host(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let host = visit.field("host").to_owned();
    let outcome = visit.cell.add_host(&permit, &host).await;
    let fields = Fields {
        host,
        ..Fields::stored(&visit)
    };
    answer(&visit, fields, outcome).await
}

/// `POST /admin/settings/hosts/remove`.
pub async fn remove_host(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let host = visit.field("host");
    // The page that says that it is done would not be found any more, nor would the passkeys that were made here.
    let outcome = if host.eq_ignore_ascii_case(&visit.context.rp_id) {
        Err(Refusal::WrongState(
            "you are here by this name; come by another one to remove it",
        ))
    } else {
        visit.cell.remove_host(&permit, host).await
    };
    answer(&visit, Fields::stored(&visit), outcome).await
}

/// What the controls hold.
struct Fields {
    shown: Shown,
    name: String,
    colour: String,
    language: String,
    host: String,
}

impl Fields {
    fn stored(visit: &Visit) -> Self {
        let org = &visit.snapshot.org;
        Self {
            shown: Shown::Stored,
            name: org.name.clone(),
            colour: org.settings.branding.colour.clone(),
            language: org.settings.language.clone(),
            host: String::new(),
        }
    }

    fn typed(visit: &Visit) -> Self {
        Self {
            shown: Shown::Typed,
            name: visit.field("name").to_owned(),
            colour: visit.field("colour").to_owned(),
            language: visit.field("language").to_owned(),
            host: String::new(),
        }
    }
}

async fn answer(visit: &Visit, fields: Fields, outcome: Result<(), Refusal>) -> Answer {
    match outcome {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let problem = problem_of(visit.shell().t, &refusal);
            let shell = done(visit, shell_after(visit, refusal))?;
            page(visit, shell, fields, problem).await
        }
    }
}

/// Scheme and port that this page came by are those that every name of this server has.
fn render_address(base_url: &str, host: &str) -> String {
    let base = url::Url::parse(base_url).ok();
    let scheme = base.as_ref().map_or("https", url::Url::scheme);
    match base.as_ref().and_then(url::Url::port) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

async fn page(
    visit: &Visit,
    shell: Shell,
    fields: Fields,
    problem: Option<(&'static str, String)>,
) -> Answer {
    let org = &visit.snapshot.org;
    let hosts = {
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let hosts = store::load_hosts(&mut tx, &org.id).await;
        loaded(visit, hosts)?
    };
    let input = |field: &str, value: String| Input {
        value,
        error: problem
            .as_ref()
            .filter(|(of, _)| *of == field)
            .map(|(_, text)| text.clone()),
    };
    let present = &visit.context.base_url;
    let own = hosts.iter().map(|host| render_address(present, host));
    let mut addresses = vec![present.clone()];
    addresses.extend(own.filter(|address| address != present));
    Ok(visit.page(&GeneralSettingsPage {
        shell,
        org_id: org.id.to_string(),
        slug: org.slug.to_string(),
        revision: revision_of(visit, fields.shown, org.revision),
        name: input("name", fields.name),
        colour: input("colour", fields.colour),
        language: input("language", fields.language),
        logo: input("logo", String::new()),
        hosts,
        host: input("host", fields.host),
        addresses,
    }))
}

#[cfg(test)]
mod tests {
    use super::render_address;

    #[test]
    fn an_own_host_has_the_scheme_and_port_of_the_server() {
        for (base, address) in [
            ("http://localhost:8080/t/acme", "http://id.example.com:8080"),
            ("https://id.example.org", "https://id.example.com"),
            ("not an address", "https://id.example.com"),
        ] {
            assert_eq!(render_address(base, "id.example.com"), address);
        }
    }
}
