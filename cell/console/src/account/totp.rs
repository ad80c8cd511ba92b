//! Connecting an authenticator app.

use crate::account::caller::{Own, own_factors};
use crate::account::said::{Said, go_saying, page, shell};
use crate::account::security;
use crate::admin::caller::{Answer, done, found};
use crate::signin::enroll::{draw as draw_picture, in_groups};
use crate::view::account::AccountTotpPage;
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use identity::fault::Refusal;

const PAGE: &str = "/account/security/totp";

/// `GET /account/security/totp`.
pub async fn show(visit: Visit) -> Answer {
    let own = own_factors(&visit, PAGE).await?;
    draw(&visit, shell(&visit), &own, Input::default()).await
}

async fn draw(visit: &Visit, shell: Shell, own: &Own<'_>, code: Input) -> Answer {
    let person = &own.signed_in.person;
    let begun = visit.cell.begin_totp(&own.permit, &person.id).await;
    let seed = done(visit, begun)?.seed;
    let picture = draw_picture(&seed, &visit.context.name, &person.login);
    Ok(page(
        visit,
        &AccountTotpPage {
            shell,
            picture: found(visit, picture)?,
            secret: in_groups(seed.to_base32().expose()),
            code,
        },
    ))
}

/// `POST /account/security/totp`.
pub async fn confirm(visit: Visit) -> Answer {
    let own = own_factors(&visit, PAGE).await?;
    let (user, code) = (&own.signed_in.person.id, visit.field("code"));
    match visit.cell.confirm_totp(&own.permit, user, code).await {
        Ok(()) => Ok(go_saying(&visit, security::PAGE, Said::TotpAdded)),
        Err(Refusal::Invalid { .. }) => {
            let code = Input::default().refused(visit.shell().t.words.wrong_code);
            draw(&visit, visit.shell(), &own, code).await
        }
        // The enrolment ended meanwhile: the page begins another one.
        Err(Refusal::NotFound | Refusal::Changed) => Ok(visit.go(PAGE)),
        Err(refusal) => Err(visit.refused(&refusal).into()),
    }
}
