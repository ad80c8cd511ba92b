//! Who uses my account: a person in a live session, and whether proof is fresh enough for what is wanted.

use crate::account::said::{Said, go_saying};
use crate::admin::caller::{Detour, done, loaded};
use crate::visit::Visit;
use form_urlencoded::byte_serialize;
use identity::access::own::{Freshness, OwnCaller};
use identity::access::{Caller, Permission, Permit, authorize};
use identity::session::SignedIn;

/// A person in a live session, and what the permit lets them do.
pub struct Own<'v> {
    /// The session and its person.
    pub signed_in: &'v SignedIn,
    /// What for.
    pub permit: Permit,
}

/// The permit for the own account. Without a session the browser is sent to sign in and comes back to `page`.
///
/// # Errors
/// The response that is sent instead.
pub async fn own<'v>(visit: &'v Visit, page: &str) -> Result<Own<'v>, Detour> {
    let (signed_in, caller) = load_caller(visit, page).await?;
    grant(visit, signed_in, caller, Permission::OwnAccount)
}

/// The permit to change how one proves who one is. Where that was not proved lately the browser is sent to prove it
/// and comes back to `page`.
///
/// # Errors
/// The response that is sent instead.
pub async fn own_factors<'v>(visit: &'v Visit, page: &str) -> Result<Own<'v>, Detour> {
    let (signed_in, caller) = load_caller(visit, page).await?;
    if caller.freshness() == Freshness::Stale {
        let back: String = byte_serialize(page.as_bytes()).collect();
        let to_proof = format!("/signin?reason=again&continue={back}");
        // Whoever pressed a button has to press it again, and must be told so.
        let is_form = visit.address().is_none();
        return Err(if is_form {
            go_saying(visit, &to_proof, Said::ProveAgain).into()
        } else {
            visit.go(&to_proof).into()
        });
    }
    grant(visit, signed_in, caller, Permission::OwnFactors)
}

async fn load_caller<'v>(
    visit: &'v Visit,
    page: &str,
) -> Result<(&'v SignedIn, OwnCaller), Detour> {
    let Some(signed_in) = visit.signed_in() else {
        let back: String = byte_serialize(page.as_bytes()).collect();
        return Err(visit.go(&format!("/signin?continue={back}")).into());
    };
    let caller = visit
        .cell
        .own_caller(&visit.snapshot, signed_in, &visit.facts)
        .await;
    Ok((signed_in, loaded(visit, caller)?))
}

fn grant<'v>(
    visit: &Visit,
    signed_in: &'v SignedIn,
    caller: OwnCaller,
    permission: Permission,
) -> Result<Own<'v>, Detour> {
    let (org, client) = (&visit.context.org, &visit.facts.client);
    let permit = authorize(&Caller::Own(caller), org, permission, client);
    Ok(Own {
        signed_in,
        permit: done(visit, permit)?,
    })
}
