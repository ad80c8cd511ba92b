//! Who uses the administration: a person with a role whose session satisfies the policy of the console.

use crate::visit::{UNSENT, Visit};
use axum::response::{IntoResponse, Response};
use form_urlencoded::byte_serialize;
use identity::access::ceiling::load_standing;
use identity::access::custom::capability::Capability;
use identity::access::own::plan_fresh_since;
use identity::access::{Caller, Permission, Permit, PersonCaller, authorize, authorize_within};
use identity::behavior::place::Origin;
use identity::fault::{Fault, Refusal};
use identity::sign_in::evaluate::PolicyQuestion;
use identity::sign_on::Verdict;
use vocab::id::UserId;
use vocab::time::Timestamp;

/// A response that is sent in place of the one that was asked for.
pub struct Detour(Box<Response>);

/// What a handler of the administration returns.
pub type Answer = Result<Response, Detour>;

impl From<Response> for Detour {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl IntoResponse for Detour {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// The permit of the administrator who visits. Without a session, or with one that proves less than the console's
/// policy asks for, the browser is sent to sign in and comes back.
///
/// # Errors
/// The response that is sent instead.
pub async fn administrator(visit: &Visit, permission: Permission) -> Result<Permit, Detour> {
    permit(visit, (permission, None), None).await
}

/// The same for a page that whoever has roles over a part of the org may open too. Their permit opens nothing by itself:
/// what the page shows and does is held against it ([`Permit::custom_caller`] tells the two apart).
///
/// # Errors
/// The response that is sent instead.
pub async fn administrator_within(
    visit: &Visit,
    permission: Permission,
    capability: Capability,
) -> Result<Permit, Detour> {
    permit(visit, (permission, Some(capability)), None).await
}

/// The same for what decides who else may administer: the proof must be fresh as well. Where it is not, the browser
/// proves anew and comes back to the page at `back`, from which the form is sent again.
///
/// # Errors
/// The response that is sent instead.
pub async fn administrator_freshly(
    visit: &Visit,
    permission: Permission,
    back: &str,
) -> Result<Permit, Detour> {
    permit(visit, (permission, None), Some(back)).await
}

/// The same for what is done to a person: whoever changes an administrator decides who administers.
///
/// # Errors
/// The response that is sent instead; the page that says so where there is no such person.
pub async fn administrator_over(
    visit: &Visit,
    id: &str,
    tab: &str,
    permission: Permission,
) -> Result<Permit, Detour> {
    let permit = administrator(visit, permission).await?;
    let user = found(visit, UserId::parse(id).ok())?;
    let standing = {
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        loaded(visit, load_standing(&mut tx, permit.org(), &user).await)?
    };
    if !standing.is_administrator() {
        return Ok(permit);
    }
    let back = format!("/admin/people/{user}{tab}");
    administrator_freshly(visit, permission, &back).await
}

/// The same for what whoever has roles over a part of the org may do too: they reach nobody who administers.
///
/// # Errors
/// As [`administrator_over`].
pub async fn administrator_over_within(
    visit: &Visit,
    (id, tab): (&str, &str),
    permission: Permission,
    capability: Capability,
) -> Result<Permit, Detour> {
    let permit = administrator_within(visit, permission, capability).await?;
    match permit.custom_caller() {
        Some(_) => Ok(permit),
        None => administrator_over(visit, id, tab, permission).await,
    }
}

async fn permit(
    visit: &Visit,
    (permission, capability): (Permission, Option<Capability>),
    fresh_for: Option<&str>,
) -> Result<Permit, Detour> {
    let Some(signed_in) = visit.signed_in() else {
        return Err(to_sign_in(visit));
    };
    let proved_since = fresh_for.map(|_| plan_fresh_since(visit.facts.now));
    // Whoever has no role learns so at once, not after proving more.
    if signed_in.roles.is_empty() && signed_in.capabilities.is_empty() {
        return Err(visit.refused(&Refusal::Forbidden).into());
    }
    let question = PolicyQuestion {
        console: true,
        proved: signed_in.session.authenticators.clone(),
        is_session: true,
        proved_since,
        origin: Origin::Session(signed_in.session.id.clone()),
        ..PolicyQuestion::default()
    };
    let asked = visit
        .cell
        .evaluate_policies(&visit.snapshot, &signed_in.person, question, &visit.facts)
        .await;
    if !matches!(loaded(visit, asked)?.verdict, Verdict::Allow(_)) {
        return Err(match (fresh_for, proved_since) {
            (Some(back), Some(since)) => to_fresh_proof(visit, back, since),
            _ => to_sign_in(visit),
        });
    }
    let caller = Caller::Person(PersonCaller {
        org_id: signed_in.session.org_id.clone(),
        user_id: signed_in.person.id.clone(),
        login: signed_in.person.login.clone(),
        display_name: signed_in.person.display_name(),
        session_id: signed_in.session.id.clone(),
        roles: signed_in.roles.clone(),
        capabilities: signed_in.capabilities.clone(),
        administration_unlocked: true,
    });
    let (org, client) = (&visit.context.org, &visit.facts.client);
    let permit = match (authorize(&caller, org, permission, client), capability) {
        (Err(Refusal::Forbidden), Some(capability)) => {
            authorize_within(&caller, org, capability, client)
        }
        (other, _) => other,
    };
    done(visit, permit)
}

fn to_sign_in(visit: &Visit) -> Detour {
    // A form cannot be sent again by coming back.
    let back = visit.address();
    let back = back.unwrap_or_else(|| format!("/admin?{UNSENT}=1"));
    let back: String = byte_serialize(back.as_bytes()).collect();
    visit.go(&format!("/signin?continue={back}")).into()
}

fn to_fresh_proof(visit: &Visit, back: &str, since: Timestamp) -> Detour {
    // Whoever comes back from proving finds an empty form, and is told so.
    let back = match (visit.address(), back.contains('?')) {
        (Some(_), _) => back.to_owned(),
        (None, true) => format!("{back}&{UNSENT}=1"),
        (None, false) => format!("{back}?{UNSENT}=1"),
    };
    let back: String = byte_serialize(back.as_bytes()).collect();
    let since = since.micros();
    visit
        .go(&format!("/signin?continue={back}&fresh_since={since}"))
        .into()
}

/// What was loaded, or the page for the fault.
///
/// # Errors
/// The page for the fault.
pub fn loaded<T, E: Into<Fault>>(visit: &Visit, result: Result<T, E>) -> Result<T, Detour> {
    result.map_err(|fault| visit.failed(&fault.into()).into())
}

/// What was found, or the page that says that there is nothing.
///
/// # Errors
/// The page that says so.
pub fn found<T>(visit: &Visit, thing: Option<T>) -> Result<T, Detour> {
    thing.ok_or_else(|| visit.refused(&Refusal::NotFound).into())
}

/// What was done, or the page for a refusal.
///
/// # Errors
/// The page for the refusal.
pub fn done<T>(visit: &Visit, result: Result<T, Refusal>) -> Result<T, Detour> {
    result.map_err(|refusal| visit.refused(&refusal).into())
}
