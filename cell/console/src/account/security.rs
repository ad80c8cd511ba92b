//! The overview of how one proves who one is, and what is changed right there: names of passkeys, removals, recovery
//! codes.

use crate::account::caller::{own, own_factors};
use crate::account::said::{Said, go_saying, page, shell};
use crate::admin::caller::{Answer, Detour, done, found, loaded};
use crate::admin::people::factors::load_factors;
use crate::view::account::{AccountCodesPage, SecurityPage};
use crate::view::part::Tone;
use crate::view::shell::{Flash, Shell};
use crate::visit::Visit;
use axum::extract::Path;
use identity::fault::Refusal;
use identity::person::Person;
use identity::sign_on::means::Means;
use vocab::id::{IdentityProviderId, PasskeyId};

pub(super) const PAGE: &str = "/account/security";

/// `GET /account/security`.
pub async fn show(visit: Visit) -> Answer {
    let own = own(&visit, PAGE).await?;
    draw(&visit, shell(&visit), &own.signed_in.person).await
}

async fn draw(visit: &Visit, shell: Shell, person: &Person) -> Answer {
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let factors = load_factors(&mut tx, person).await;
    drop(tx);
    let factors = loaded(visit, factors)?;
    Ok(page(
        visit,
        &SecurityPage {
            shell,
            takes_passkeys: visit.takes(Means::Passkey),
            takes_apps: visit.takes(Means::Totp),
            password: factors.password,
            passkeys: factors.passkeys,
            totp: factors.totp,
            codes: factors.codes,
            providers: factors.providers,
        },
    ))
}

/// `POST /account/security/passkeys/{id}/rename`.
pub async fn rename_passkey(Path(id): Path<String>, visit: Visit) -> Answer {
    let own = own_factors(&visit, PAGE).await?;
    let (id, name) = (passkey(&visit, &id)?, visit.field("name"));
    let person = &own.signed_in.person;
    let renamed = visit
        .cell
        .rename_passkey(&own.permit, &person.id, &id, name)
        .await;
    end(&visit, person, renamed, Said::Saved).await
}

/// `POST /account/security/passkeys/{id}/remove`.
pub async fn remove_passkey(Path(id): Path<String>, visit: Visit) -> Answer {
    let own = own_factors(&visit, PAGE).await?;
    let id = passkey(&visit, &id)?;
    let person = &own.signed_in.person;
    let removed = visit
        .cell
        .remove_passkey(&own.permit, &person.id, &id)
        .await;
    end(&visit, person, removed, Said::Removed).await
}

/// `POST /account/security/totp/remove`.
pub async fn remove_totp(visit: Visit) -> Answer {
    let own = own_factors(&visit, PAGE).await?;
    let person = &own.signed_in.person;
    let removed = visit.cell.remove_totp(&own.permit, &person.id).await;
    end(&visit, person, removed, Said::Removed).await
}

/// `POST /account/security/providers/{id}/remove`.
pub async fn unlink_provider(Path(id): Path<String>, visit: Visit) -> Answer {
    let own = own_factors(&visit, PAGE).await?;
    let id = found(&visit, IdentityProviderId::parse(&id).ok())?;
    let person = &own.signed_in.person;
    let removed = visit.cell.unlink_person(&own.permit, &id, &person.id).await;
    end(&visit, person, removed, Said::Removed).await
}

/// `POST /account/security/recovery-codes`: makes new ones and shows them, this once.
pub async fn make_codes(visit: Visit) -> Answer {
    let own = own_factors(&visit, PAGE).await?;
    let user = &own.signed_in.person.id;
    let made = visit.cell.make_recovery_codes(&own.permit, user).await;
    let codes = done(&visit, made)?;
    Ok(visit.page(&AccountCodesPage {
        shell: visit.shell(),
        codes: codes.iter().map(|code| code.expose().clone()).collect(),
    }))
}

fn passkey(visit: &Visit, id: &str) -> Result<PasskeyId, Detour> {
    found(visit, PasskeyId::parse(id).ok())
}

/// Goes back to the overview, or shows it again with the reason for a refusal.
async fn end(visit: &Visit, person: &Person, outcome: Result<(), Refusal>, said: Said) -> Answer {
    match outcome {
        Ok(()) => Ok(go_saying(visit, PAGE, said)),
        Err(refusal) => match explain(visit, &refusal) {
            Some(text) => {
                let flash = Some(Flash {
                    tone: Tone::Bad,
                    text,
                });
                let shell = Shell {
                    flash,
                    ..visit.shell()
                };
                draw(visit, shell, person).await
            }
            None => Err(visit.refused(&refusal).into()),
        },
    }
}

fn explain(visit: &Visit, refusal: &Refusal) -> Option<String> {
    let t = visit.shell().t;
    match refusal {
        Refusal::WrongState(_) => Some(t.account.last_way.to_owned()),
        Refusal::Invalid { .. } => Some(t.account.passkey_name_rule.to_owned()),
        _ => None,
    }
}
