//! How a person proves who they are, taking a proof away, and accounts at identity providers.

use crate::admin::caller::{
    Answer, Detour, administrator, administrator_over, administrator_over_within, done, found,
    loaded,
};
use crate::admin::form::{problem_of, typed};
use crate::admin::people::{
    draw, load_offered, load_person, load_person_within, load_touch, of_readers, refused_shell,
};
use crate::admin::row::{moment, passkey_row};
use crate::view::account::{CodesState, PasswordState, TotpState};
use crate::view::admin::{PersonFactors, PersonTab, ProviderLinkForm};
use crate::view::part::Choice;
use crate::view::row::ProviderLinkRow;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use database::ReadTx;
use identity::access::custom::capability::Capability;
use identity::access::{Permission, Permit};
use identity::credential::store;
use identity::fault::Fault;
use identity::identity_provider::store as providers;
use identity::person::Person;
use vocab::id::{IdentityProviderId, PasskeyId};

/// `GET /admin/people/{id}/factors`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = of_readers(&visit).await?;
    let person = load_person_within(&visit, &permit, &id).await?;
    let form = ProviderLinkForm::default();
    page(&visit, visit.shell(), (&permit, &person), form).await
}

async fn page(
    visit: &Visit,
    shell: Shell,
    (permit, person): (&Permit, &Person),
    form: ProviderLinkForm,
) -> Answer {
    let mut touch = load_touch(visit, person).await?;
    let offered = load_offered(visit, person).await?;
    touch.help |= offered.contains(Capability::UsersResetFactors);
    touch.is_above |= offered.is_above;
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let factors = load_factors(&mut tx, person).await;
    drop(tx);
    let mut factors = loaded(visit, factors)?;
    // Whoever sees a part of the organisation is told of no provider.
    let form = if permit.custom_caller().is_some() {
        factors.providers = Vec::new();
        None
    } else if touch.edit {
        let known = visit.cell.list_identity_providers(permit).await;
        let known = done(visit, known)?.into_iter();
        let free = known
            .filter(|one| {
                factors
                    .providers
                    .iter()
                    .all(|link| link.id != one.id.as_str())
            })
            .map(|one| Choice::new(one.id.as_str(), one.name));
        let providers: Vec<Choice> = free.collect();
        (!providers.is_empty()).then_some(ProviderLinkForm { providers, ..form })
    } else {
        None
    };
    let tab = PersonTab::Factors(factors, form);
    Ok(draw(visit, shell, person, touch, tab))
}

/// What a person proves who they are with.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load_factors(tx: &mut ReadTx, person: &Person) -> Result<PersonFactors, Fault> {
    let (org, user) = (&person.org_id, &person.id);
    let password = store::load_password(tx, org, user).await?;
    let is_elsewhere = password.is_none() && store::awaits_import(tx, org, user).await?;
    let passkeys = store::load_passkeys(tx, org, user).await?;
    let totp = store::load_totp(tx, org, user).await?;
    let totp = totp
        .iter()
        .find_map(|totp| totp.confirmed_at.map(|at| (at, totp.last_used_at)));
    let left = store::count_recovery_codes(tx, org, user).await?;
    let made = store::load_recovery_codes_made(tx, org, user).await?;
    let providers = load_links(tx, person).await?;
    Ok(PersonFactors {
        password: match password {
            Some(password) => PasswordState::Set {
                changed: moment(password.changed_at),
            },
            None if is_elsewhere => PasswordState::Elsewhere,
            None => PasswordState::Absent,
        },
        passkeys: passkeys.iter().map(passkey_row).collect(),
        totp: match totp {
            Some((at, used)) => TotpState::Set {
                created: moment(at),
                last_used: used.map(moment),
            },
            None => TotpState::Absent,
        },
        codes: match made {
            Some(at) => CodesState::Left {
                left: u64::try_from(left).unwrap_or(0),
                created: moment(at),
            },
            None => CodesState::Absent,
        },
        providers,
    })
}

/// The accounts of a person at identity providers.
async fn load_links(tx: &mut ReadTx, person: &Person) -> Result<Vec<ProviderLinkRow>, Fault> {
    let org = &person.org_id;
    let mut rows = Vec::new();
    for link in providers::load_links_of(tx, org, &person.id).await? {
        let provider = providers::load(tx, org, &link.provider).await?;
        let account = if link.account.is_empty() {
            link.subject
        } else {
            link.account
        };
        rows.extend(provider.map(|provider| ProviderLinkRow {
            id: provider.id.to_string(),
            name: provider.name,
            account,
            created: moment(link.created_at),
            last_used: link.last_used_at.map(moment),
        }));
    }
    Ok(rows)
}

/// `POST /admin/people/{id}/factors/providers/add`: the person is linked to an account at a provider.
pub async fn link_provider(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_over(&visit, &id, "/factors", Permission::ManagePeople).await?;
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let person = load_person(&visit, &id).await?;
    let named = visit.field("provider");
    let provider = found(&visit, IdentityProviderId::parse(named).ok())?;
    let provider = visit.cell.find_identity_provider(&reader, &provider).await;
    let provider = done(&visit, provider)?;
    let subject = visit.field("subject").trim();
    let linked = visit
        .cell
        .link_person(&permit, &provider, &person.id, subject)
        .await;
    let refusal = match linked {
        Ok(_) => return Ok(visit.go(&format!("/admin/people/{id}/factors"))),
        Err(refusal) => refusal,
    };
    let problem = problem_of(visit.shell().t, &refusal);
    let form = ProviderLinkForm {
        provider: typed(&visit, "provider"),
        subject: match problem {
            Some((_, problem)) => typed(&visit, "subject").refused(problem),
            None => typed(&visit, "subject"),
        },
        ..ProviderLinkForm::default()
    };
    let shell = refused_shell(&visit, refusal)?;
    page(&visit, shell, (&reader, &person), form).await
}

/// `POST /admin/people/{id}/factors/providers/remove`.
pub async fn unlink_provider(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_over(&visit, &id, "/factors", Permission::HelpPeople).await?;
    let person = load_person(&visit, &id).await?;
    let provider = found(&visit, IdentityProviderId::parse(visit.field("id")).ok())?;
    let removed = visit
        .cell
        .unlink_person(&permit, &provider, &person.id)
        .await;
    done(&visit, removed)?;
    Ok(visit.go(&format!("/admin/people/{id}/factors")))
}

/// Whoever takes factors of everybody, or of some.
async fn of_helpers(visit: &Visit, id: &str) -> Result<Permit, Detour> {
    let (permission, capability) = (Permission::HelpPeople, Capability::UsersResetFactors);
    administrator_over_within(visit, (id, "/factors"), permission, capability).await
}

/// `POST /admin/people/{id}/factors/passkeys/remove`.
pub async fn remove_passkey(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = of_helpers(&visit, &id).await?;
    let person = load_person_within(&visit, &permit, &id).await?;
    let passkey = found(&visit, PasskeyId::parse(visit.field("id")).ok())?;
    let removed = visit
        .cell
        .remove_passkey(&permit, &person.id, &passkey)
        .await;
    done(&visit, removed)?;
    Ok(visit.go(&format!("/admin/people/{id}/factors")))
}

/// `POST /admin/people/{id}/factors/totp/remove`.
pub async fn remove_totp(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = of_helpers(&visit, &id).await?;
    let person = load_person_within(&visit, &permit, &id).await?;
    done(&visit, visit.cell.remove_totp(&permit, &person.id).await)?;
    Ok(visit.go(&format!("/admin/people/{id}/factors")))
}
