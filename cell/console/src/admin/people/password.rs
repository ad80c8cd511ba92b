//! A temporary password: whoever makes it is shown it once, and the person replaces it at the next sign-in. `identity` decides who may.

use crate::admin::caller::{Answer, administrator_over};
use crate::admin::form::is_ticked;
use crate::admin::people::create::password_refused;
use crate::admin::people::load_person;
use crate::admin::people::profile::{show_refusal, show_temporary};
use crate::view::part::Tone;
use crate::view::shell::Flash;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::Permission;
use identity::credential::password::PasswordRefusal;
use identity::session::ending::Ending;
use oauth::account::end_sessions;

/// `POST /admin/people/{id}/temporary-password`.
pub async fn make_temporary(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_over(&visit, &id, "", Permission::ManagePeople).await?;
    let person = load_person(&visit, &id).await?;
    let made = visit.cell.set_temporary_password(&permit, &person.id);
    let password = match made.await {
        Ok(password) => password,
        Err(PasswordRefusal::Refused(refusal)) => {
            return show_refusal(&visit, &person, refusal).await;
        }
        Err(other) => return Err(password_refused(&visit, other).into()),
    };
    let mut shell = visit.shell();
    if is_ticked(&visit, "end_sessions") {
        let ended = end_sessions(&visit.cell, &permit, &person.id, Ending::All).await;
        // The password is made, and is told to nobody later: it is shown beside what did not work.
        if let Err(refusal) = ended {
            shell.flash = Some(Flash {
                tone: Tone::Bad,
                text: shell.t.refusal(&refusal),
            });
        }
    }
    let person = load_person(&visit, &id).await.unwrap_or(person);
    show_temporary(&visit, shell, &person, password).await
}
