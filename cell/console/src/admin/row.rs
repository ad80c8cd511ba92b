//! Stored things as rows of a page.

use crate::text::Text;
use crate::view::admin::{GivenRow, PersonRow, PersonStatus, narrowed, role_choices};
use crate::view::part::{Choice, Moment};
use crate::view::row::{LinkRow, LogRow, Outcome, PasskeyRow, PasskeyStorage, SessionRow};
use identity::access::narrowed::{Breadth, narrowed_by};
use identity::credential::store::StoredPasskey;
use identity::person::Person;
use identity::person::roles::GrantedRole;
use identity::session::Session;
use identity::sign_on::AuthenticatorKind;
use ledger::body::{LogEvent, PartyBody};
use vocab::id::SessionId;
use vocab::time::Timestamp;

/// A moment as pages show it.
#[must_use]
pub fn moment(at: Timestamp) -> Moment {
    Moment::from_micros(at.micros())
}

/// Where a person is in the life cycle.
#[must_use]
pub fn status_of(person: &Person) -> PersonStatus {
    use identity::person::PersonStatus as Is;
    match person.status {
        Is::Staged => PersonStatus::Staged,
        Is::Provisioned => PersonStatus::Provisioned,
        Is::Active => PersonStatus::Active,
        Is::Recovery => PersonStatus::Recovery,
        Is::PasswordExpired => PersonStatus::PasswordExpired,
        Is::LockedOut => PersonStatus::LockedOut,
        Is::Suspended => PersonStatus::Suspended,
        Is::Deprovisioned => PersonStatus::Deprovisioned,
    }
}

/// A person in the list.
#[must_use]
pub fn person_row(person: &Person) -> PersonRow {
    PersonRow {
        id: person.id.to_string(),
        name: person.display_name(),
        login: person.login.clone(),
        status: status_of(person),
        last_sign_in: person.last_sign_in_at.map(moment),
    }
}

/// A role that a group or an app has.
#[must_use]
pub fn role_row(t: &'static Text, held: GrantedRole) -> GivenRow {
    GivenRow {
        id: held.role.as_str().to_owned(),
        name: role_name(t, held),
        since: moment(held.granted_at),
        has_targets: narrowed_by(held.role).is_some(),
    }
}

/// A role that somebody has, in the reader's language; one that is narrowed says so.
#[must_use]
pub fn role_name(t: &'static Text, held: GrantedRole) -> String {
    let mut known = role_choices(t).into_iter();
    let known = known.find(|choice| choice.value == held.role.as_str());
    let known = known.map(|choice| match held.breadth {
        Breadth::Narrowed => narrowed(t, choice),
        Breadth::Whole => choice,
    });
    known.map_or_else(|| held.role.as_str().to_owned(), |choice| choice.label)
}

/// Every role that is not held.
#[must_use]
pub fn free_roles(t: &'static Text, held: &[GrantedRole]) -> Vec<Choice> {
    let choices = role_choices(t).into_iter();
    choices
        .filter(|choice| held.iter().all(|held| held.role.as_str() != choice.value))
        .collect()
}

/// A person to pick.
#[must_use]
pub fn person_link(person: &Person) -> LinkRow {
    LinkRow {
        id: person.id.to_string(),
        name: person.display_name(),
        about: person.login.clone(),
    }
}

/// A passkey.
#[must_use]
pub fn passkey_row(passkey: &StoredPasskey) -> PasskeyRow {
    PasskeyRow {
        id: passkey.id.to_string(),
        name: passkey.name.clone(),
        storage: if passkey.device_bound {
            PasskeyStorage::DeviceBound
        } else {
            PasskeyStorage::Synced
        },
        model: passkey
            .attested_aaguid
            .map(String::from)
            .unwrap_or_default(),
        created: moment(passkey.created_at),
        last_used: passkey.last_used_at.map(moment),
    }
}

/// A session; `own` is the one in which the page is read.
#[must_use]
pub fn session_row(t: &'static Text, session: &Session, own: Option<&SessionId>) -> SessionRow {
    let proofs: Vec<&str> = session
        .authenticators
        .iter()
        .map(|proved| proof_name(t, proved.kind))
        .collect();
    SessionRow {
        id: session.id.to_string(),
        device: device_name(&session.user_agent),
        address: session.address.clone(),
        started: moment(session.created_at),
        last_seen: moment(session.last_seen_at),
        proof: proofs.join(", "),
        is_this: own == Some(&session.id),
    }
}

/// A proof in the reader's language.
#[must_use]
pub const fn proof_name(t: &'static Text, kind: AuthenticatorKind) -> &'static str {
    match kind {
        AuthenticatorKind::Passkey(_) => t.signin.way_passkey,
        AuthenticatorKind::Password => t.signin.way_password,
        AuthenticatorKind::IdentityProvider => t.providers.way,
        AuthenticatorKind::Totp => t.signin.way_totp,
        AuthenticatorKind::RecoveryCode => t.signin.way_recovery,
        AuthenticatorKind::EmailCode => t.signin.way_email,
    }
}

fn device_name(agent: &str) -> String {
    format!(
        "{} · {}",
        ledger::name_browser(agent),
        ledger::name_system(agent)
    )
}

/// How a person, an app or a machine of the log is called.
#[must_use]
pub fn party_name(party: &PartyBody<'_>) -> String {
    let names = [&party.display_name, &party.alternate_id];
    let name = names.into_iter().flatten().find(|name| !name.is_empty());
    name.unwrap_or(&party.id).to_string()
}

/// A row of the log, its event in the reader's language; one whose body was damaged shows what stands beside it.
#[must_use]
pub fn log_row(t: &'static Text, row: &ledger::LogRow) -> LogRow {
    let event = row.event();
    let client = event.as_ref().and_then(|event| event.client.as_ref());
    let agent = client.and_then(|client| client.user_agent.as_ref());
    LogRow {
        id: row.seq.to_string(),
        at: moment(row.published_at),
        event: row.event_type.clone(),
        message: t.event(&row.event_type).map_or_else(
            || {
                let told = event
                    .as_ref()
                    .map(|event| event.display_message.to_string());
                told.unwrap_or_else(|| row.event_type.clone())
            },
            str::to_owned,
        ),
        actor: event
            .as_ref()
            .map_or_else(|| row.actor_id.clone(), |event| party_name(&event.actor)),
        target: event.as_ref().map(target_names).unwrap_or_default(),
        address: client
            .and_then(|client| client.ip_address.as_deref())
            .unwrap_or_default()
            .to_owned(),
        device: agent
            .map(|agent| format!("{} · {}", agent.browser, agent.os))
            .unwrap_or_default(),
        outcome: Outcome::parse(&row.outcome),
    }
}

fn target_names(event: &LogEvent<'_>) -> String {
    let names: Vec<String> = event.target.iter().map(party_name).collect();
    names.join(", ")
}
