//! What happens to an account that apps must notice: sessions end, the password changes, a consent is taken back.
//!
//! `identity` decides who may do it and does it; the tokens that end with it end in the same transaction.

#[cfg(test)]
mod tests;

use crate::consent::store as consents;
use crate::device::store as devices;
use crate::events::consent_revoked;
use crate::token::store as tokens;
use database::WriteTx;
use identity::access::{Permission, Permit};
use identity::cell::Cell;
use identity::credential::password::PasswordRefusal;
use identity::fault::Refusal;
use identity::session::ending::{Ending, PlannedEnding};
use vocab::id::{AppId, UserId};
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// Ends sessions of a person: their apps are told, and the refresh tokens that came of them end.
///
/// # Errors
/// [`Refusal::NotFound`] for a person whose account the permit does not cover, or a session that is not there.
pub async fn end_sessions(
    cell: &Cell,
    permit: &Permit,
    user: &UserId,
    ending: Ending,
) -> Result<(), Refusal> {
    let planned = cell.plan_session_end(permit, user, ending).await?;
    let now = cell.now();
    cell.database
        .write(move |tx| Box::pin(async move { apply_ending(tx, planned, now).await }))
        .await
}

/// Changes the own password, and ends every session of the person but the one in which it is done.
///
/// # Errors
/// [`PasswordRefusal`]; nothing was changed.
pub async fn change_password(
    cell: &Cell,
    permit: &Permit,
    present: Secret<String>,
    candidate: Secret<String>,
) -> Result<(), PasswordRefusal> {
    let own = permit.own_user().zip(permit.own_session());
    let (user, session) = own.ok_or(PasswordRefusal::Refused(Refusal::Forbidden))?;
    let password = cell.plan_own_password(permit, present, candidate).await?;
    let ending = cell
        .plan_session_end(permit, user, Ending::AllBut(session.clone()))
        .await?;
    let now = cell.now();
    let changed: Result<(), Refusal> = cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                password.apply(tx).await?;
                apply_ending(tx, ending, now).await
            })
        })
        .await;
    Ok(changed?)
}

/// Takes back what the person let an app have at a server; its refresh tokens end.
///
/// # Errors
/// [`Refusal::NotFound`] if the person has given no such consent.
pub async fn revoke_consent(
    cell: &Cell,
    permit: &Permit,
    app: &AppId,
    server: &str,
) -> Result<(), Refusal> {
    permit.covers(Permission::OwnAccount)?;
    let user = permit.own_user().ok_or(Refusal::Forbidden)?.clone();
    let found = {
        let mut tx = cell.database.read().await?;
        identity::app::store::load(&mut tx, permit.org(), app).await?
    };
    let app = found.ok_or(Refusal::NotFound)?;
    let event = consent_revoked(permit, (&app.id, &app.label), server, cell.now());
    let (org, server, now) = (permit.org().clone(), server.to_owned(), cell.now());
    cell.database
        .write(move |tx| {
            Box::pin(async move {
                let scopes = consents::delete(tx, &org, &user, &app.id, &server).await?;
                let scopes = scopes.ok_or(Refusal::NotFound)?;
                tokens::revoke_families_of_app(tx, &org, &user, (&app.id, &server), now).await?;
                devices::withdraw(tx, &org, &user, (&app.id, &server)).await?;
                Ok(ledger::append(tx, &org, event.detail("scope", scopes)).await?)
            })
        })
        .await
}

async fn apply_ending(
    tx: &mut WriteTx,
    planned: PlannedEnding,
    now: Timestamp,
) -> Result<(), Refusal> {
    let (org, user) = planned.whose();
    let (org, user, which) = (org.clone(), user.clone(), planned.which().clone());
    // That they ended is noted there, and their apps are told of it: see [`crate::logout::ended`].
    planned.apply(tx).await?;
    match which {
        Ending::One(session) => {
            tokens::revoke_families_of_session(tx, &org, &user, &session, now).await
        }
        // Also those of sessions that ended before: whoever held one of them may hold a token still.
        Ending::AllBut(kept) => {
            tokens::revoke_other_families(tx, &org, &user, &kept, now).await?;
            tokens::carry_families_over(tx, &org, &user, &kept).await
        }
        Ending::All => tokens::revoke_families_of_person(tx, &org, &user, now).await,
    }?;
    Ok(())
}
