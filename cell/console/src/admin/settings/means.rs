//! Which means of proof the organisation takes.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done, found};
use crate::admin::form::shell_after;
use crate::view::admin::{MeansPage, MeansRow};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::response::Response;
use identity::access::Permission;
use identity::sign_on::means::Means;

const HERE: &str = "/admin/settings/authenticators";

/// Each by the word of the form.
const WORDS: [(&str, Means); 4] = [
    ("passkey", Means::Passkey),
    ("app", Means::Totp),
    ("code", Means::EmailCode),
    ("link", Means::MailedRecovery),
];

/// `GET /admin/settings/authenticators`.
pub async fn show(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    Ok(page(&visit, visit.shell()))
}

/// `POST /admin/settings/authenticators`: what counts is let count no more, or again.
pub async fn switch(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let word = visit.field("means");
    let mut known = WORDS.iter();
    let means = known
        .find(|(known, _)| *known == word)
        .map(|(_, means)| *means);
    let means = found(&visit, means)?;
    let wanted = [(means, visit.field("taken") == "yes")];
    let changed = visit.cell.change_means(&permit, &wanted);
    match changed.await {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let shell = done(&visit, shell_after(&visit, refusal))?;
            Ok(page(&visit, shell))
        }
    }
}

fn page(visit: &Visit, shell: Shell) -> Response {
    let t = &shell.t.settings;
    let rows = WORDS.map(|(word, means)| {
        let (name, about) = match means {
            Means::Passkey => (t.means_passkey, t.means_passkey_about),
            Means::Totp => (t.means_app, t.means_app_about),
            Means::EmailCode => (t.means_code, t.means_code_about),
            Means::MailedRecovery => (t.means_link, t.means_link_about),
        };
        MeansRow {
            word,
            name,
            about,
            is_taken: visit.takes(means),
        }
    });
    visit.page(&MeansPage {
        rows: rows.into(),
        shell,
    })
}
