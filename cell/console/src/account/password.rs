//! Changing the password, or setting a first one.

use crate::account::caller::{Own, own_factors};
use crate::account::said::{Said, go_saying, page, shell};
use crate::account::security;
use crate::admin::caller::{Answer, loaded};
use crate::signin::link::{explain, password_rules};
use crate::view::account::PasswordChangePage;
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use identity::credential::password::PasswordRefusal;
use vocab::secret::Secret;

const PAGE: &str = "/account/security/password";

/// What is wrong with the fields.
#[derive(Default)]
struct Wrong {
    present: Input,
    password: Input,
    again: Input,
}

/// `GET /account/security/password`.
pub async fn show(visit: Visit) -> Answer {
    let own = own_factors(&visit, PAGE).await?;
    draw(&visit, shell(&visit), &own, Wrong::default()).await
}

async fn draw(visit: &Visit, shell: Shell, own: &Own<'_>, wrong: Wrong) -> Answer {
    let person = &own.signed_in.person;
    let has_password = loaded(visit, visit.cell.has_password(person).await)?;
    Ok(page(
        visit,
        &PasswordChangePage {
            shell,
            login: person.login.clone(),
            current_password: has_password.then_some(wrong.present),
            rules: password_rules(visit),
            password: wrong.password,
            password_again: wrong.again,
        },
    ))
}

/// `POST /account/security/password`: every other session of the person ends with it.
pub async fn save(visit: Visit) -> Answer {
    let own = own_factors(&visit, PAGE).await?;
    let t = visit.shell().t;
    let (password, again) = (visit.field("password"), visit.field("password_again"));
    if password != again {
        let wrong = Wrong {
            again: Input::default().refused(t.begin.password_differs),
            ..Wrong::default()
        };
        return draw(&visit, visit.shell(), &own, wrong).await;
    }
    let present = Secret::new(visit.field("current_password").to_owned());
    let candidate = Secret::new(password.to_owned());
    let changed =
        oauth::account::change_password(&visit.cell, &own.permit, present, candidate).await;
    let refused = |text: &str| Input::default().refused(text);
    let wrong = match changed {
        Ok(()) => return Ok(go_saying(&visit, security::PAGE, Said::PasswordSaved)),
        Err(PasswordRefusal::Fault(fault)) => return Err(visit.failed(&fault).into()),
        Err(PasswordRefusal::Refused(refusal)) => return Err(visit.refused(&refusal).into()),
        Err(PasswordRefusal::WrongPresent) => Wrong {
            present: refused(t.words.wrong_present_password),
            ..Wrong::default()
        },
        Err(PasswordRefusal::Slow { retry_after_secs }) => Wrong {
            present: refused(
                &t.words
                    .slow_down
                    .replace("{n}", &retry_after_secs.to_string()),
            ),
            ..Wrong::default()
        },
        Err(refusal) => Wrong {
            password: refused(&explain(&visit, &refusal)),
            ..Wrong::default()
        },
    };
    draw(&visit, visit.shell(), &own, wrong).await
}
