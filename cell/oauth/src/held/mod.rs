//! What apps hold of a person: the scopes that the person let them have, and refresh tokens. An administrator who helps the
//! person sees it and takes it back, as the person could on the own pages.

pub mod of_app;
pub mod store;

use crate::consent::store as consents;
use crate::device::store as devices;
use crate::events::{consent_revoked, refresh_token_revoked};
use crate::held::store::{HeldConsent, HeldFamily};
use crate::token::store as tokens;
use database::WriteTx;
use identity::access::ceiling::hold_within_reach;
use identity::access::{Permission, Permit};
use identity::cell::Cell;
use identity::fault::Refusal;
use identity::person::Person;
use identity::person::operations::as_target;
use ledger::Event;
use vocab::id::{AppId, RefreshFamilyId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

/// What ids of grants begin with.
const GRANT_PREFIX: &str = "oag";
/// How much of a hash makes the rest of one.
const GRANT_TAIL_CHARS: usize = 17;
/// Most consents of a person that are looked through for one of its scopes.
pub const CONSENTS_EXAMINED_MAX: usize = 2_000;
/// How many consents are taken back in one transaction; they are read as many at once.
const BATCH_ROWS: usize = 100;

/// One scope that a person let an app have at a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldScope {
    /// The app.
    pub app: AppId,
    /// The server.
    pub server: String,
    /// The scope.
    pub scope: String,
    /// Since when.
    pub granted_at: Timestamp,
}

impl HeldScope {
    /// An id that follows from what it is: the store keeps all scopes of a consent in one row.
    #[must_use]
    pub fn id(&self, user: &UserId) -> String {
        let what = format!("{user} {} {} {}", self.app, self.server, self.scope);
        let mut tail = SecretHash::of(&what).to_hex();
        tail.truncate(GRANT_TAIL_CHARS);
        format!("{GRANT_PREFIX}{tail}")
    }

    /// Behind what a page ends.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{} {} {}", self.app, self.server, self.scope)
    }
}

/// Which scopes are taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All that the person has given.
    All,
    /// All that an app was given.
    OfApp(AppId),
    /// That one.
    One(HeldScope),
}

/// Each scope of each consent, in order.
fn spread(consents: &[HeldConsent]) -> Vec<HeldScope> {
    let scopes = consents.iter().flat_map(|consent| {
        let mut names: Vec<&str> = consent.scopes.split_ascii_whitespace().collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|scope| HeldScope {
            app: consent.app.clone(),
            server: consent.server.clone(),
            scope: scope.to_owned(),
            granted_at: consent.granted_at,
        })
    });
    scopes.collect()
}

/// The app and the server at which a page begins, and the scope of it that was the last before.
fn parse_place(after: &str) -> (&str, &str, &str) {
    let mut parts = after.split(' ');
    let mut part = || parts.next().unwrap_or_default();
    (part(), part(), part())
}

/// A page of the scopes that a person let apps, or one of them, have, behind that place; whether there are more.
///
/// # Errors
/// [`Refusal::Forbidden`] for a permit that was given for something else.
pub async fn list_scopes(
    cell: &Cell,
    permit: &Permit,
    user: &UserId,
    app: Option<&AppId>,
    (after, limit): (&str, usize),
) -> Result<(Vec<HeldScope>, bool), Refusal> {
    permit.covers(Permission::ReadDirectory)?;
    let (after_app, server, scope) = parse_place(after);
    let mut tx = cell.database.read().await?;
    let from = (after_app, server);
    // Each consent is of one scope at least; the first may have been shown in part, or whole.
    let rows = store::load_consents(&mut tx, permit.org(), user, app, from, limit + 2).await?;
    let is_behind = |held: &HeldScope| {
        (held.app.as_str(), held.server.as_str(), held.scope.as_str()) > (after_app, server, scope)
    };
    let mut scopes = spread(&rows);
    scopes.retain(is_behind);
    let has_more = scopes.len() > limit;
    scopes.truncate(limit);
    Ok((scopes, has_more))
}

/// The scope of that id, if the person has given it.
///
/// # Errors
/// [`Refusal::Forbidden`] for a permit that was given for something else.
pub async fn find_scope(
    cell: &Cell,
    permit: &Permit,
    user: &UserId,
    id: &str,
) -> Result<Option<HeldScope>, Refusal> {
    permit.covers(Permission::ReadDirectory)?;
    let mut tx = cell.database.read().await?;
    let most = CONSENTS_EXAMINED_MAX;
    let rows = store::load_consents(&mut tx, permit.org(), user, None, ("", ""), most).await?;
    let mut scopes = spread(&rows).into_iter();
    Ok(scopes.find(|held| held.id(user) == id))
}

/// Takes scopes back that a person has given; what came of them ends. How many consents they were of.
///
/// # Errors
/// [`Refusal::OutOfReach`] for somebody who may do more.
pub async fn revoke_scopes(
    cell: &Cell,
    permit: &Permit,
    user: &UserId,
    which: Which,
) -> Result<usize, Refusal> {
    permit.covers(Permission::HelpPeople)?;
    let mut revoked = 0;
    loop {
        let (by, user, which, now) = (permit.clone(), user.clone(), which.clone(), cell.now());
        let batch = cell
            .database
            .write(move |tx| {
                Box::pin(async move { revoke_batch(tx, &by, &user, &which, now).await })
            })
            .await?;
        revoked += batch;
        // What is revoked is no more: the next batch is another one.
        if batch < BATCH_ROWS {
            return Ok(revoked);
        }
    }
}

async fn revoke_batch(
    tx: &mut WriteTx,
    permit: &Permit,
    user: &UserId,
    which: &Which,
    now: Timestamp,
) -> Result<usize, Refusal> {
    let person = hold_within_reach(tx, permit, user).await?;
    let org = permit.org();
    let (app, from, most) = match which {
        Which::All => (None, ("", ""), BATCH_ROWS),
        Which::OfApp(app) => (Some(app), ("", ""), BATCH_ROWS),
        Which::One(held) => (
            Some(&held.app),
            (held.app.as_str(), held.server.as_str()),
            1,
        ),
    };
    let rows = store::load_consents(tx, org, user, app, from, most).await?;
    let mut events = Vec::new();
    for consent in &rows {
        let (app, server) = (&consent.app, consent.server.as_str());
        let taken = match which {
            Which::All | Which::OfApp(_) => consents::delete(tx, org, user, app, server).await?,
            Which::One(held) => narrow(tx, permit, user, held, consent).await?,
        };
        let Some(scopes) = taken else { continue };
        tokens::revoke_families_of_app(tx, org, user, (app, server), now).await?;
        devices::withdraw(tx, org, user, (app, server)).await?;
        let event = consent_revoked(permit, (app, &consent.label), server, now);
        events.push(event.target(as_target(&person)).detail("scope", scopes));
    }
    let count = events.len();
    ledger::append_all(tx, org, events).await?;
    Ok(count)
}

/// Takes one scope out of a consent, and the consent away with its last one; the scope, if it was there.
async fn narrow(
    tx: &mut WriteTx,
    permit: &Permit,
    user: &UserId,
    held: &HeldScope,
    consent: &HeldConsent,
) -> Result<Option<String>, Refusal> {
    let names = || consent.scopes.split_ascii_whitespace();
    if consent.server != held.server || !names().any(|name| name == held.scope) {
        return Ok(None);
    }
    let rest: Vec<&str> = names().filter(|name| *name != held.scope).collect();
    let org = permit.org();
    if rest.is_empty() {
        let deleted = consents::delete(tx, org, user, &held.app, &held.server).await?;
        return Ok(deleted.map(|_| held.scope.clone()));
    }
    let is_narrowed = store::narrow_consent(tx, org, user, consent, &rest.join(" ")).await?;
    Ok(is_narrowed.then(|| held.scope.clone()))
}

/// Ends a refresh token of a person, or all that an app has; what was issued for it ends with it. How many ended.
///
/// # Errors
/// [`Refusal::OutOfReach`] for somebody who may do more.
pub async fn revoke_tokens(
    cell: &Cell,
    permit: &Permit,
    user: &UserId,
    app: (&AppId, &str),
    token: Option<&RefreshFamilyId>,
) -> Result<usize, Refusal> {
    permit.covers(Permission::HelpPeople)?;
    let (by, user, now) = (permit.clone(), user.clone(), cell.now());
    let (app, label) = (app.0.clone(), app.1.to_owned());
    let token = token.cloned();
    cell.database
        .write(move |tx| {
            Box::pin(async move {
                let person = hold_within_reach(tx, &by, &user).await?;
                let org = by.org();
                let ended =
                    store::revoke_families(tx, org, &user, &app, token.as_ref(), now).await?;
                let events: Vec<Event> = ended
                    .iter()
                    .map(|(id, server)| {
                        token_event(&by, (&app, &label), &person, (id, server), now)
                    })
                    .collect();
                ledger::append_all(tx, org, events).await?;
                Ok::<_, Refusal>(ended.len())
            })
        })
        .await
}

fn token_event(
    permit: &Permit,
    app: (&AppId, &str),
    person: &Person,
    (id, server): (&RefreshFamilyId, &str),
    now: Timestamp,
) -> Event {
    let event = refresh_token_revoked(permit, app, server, now);
    event
        .target(as_target(person))
        .detail("refreshToken", id.as_str())
}

/// A page of the refresh tokens that an app has of a person and that live, behind that id; whether there are more.
///
/// # Errors
/// [`Refusal::Forbidden`] for a permit that was given for something else.
pub async fn list_tokens(
    cell: &Cell,
    permit: &Permit,
    user: &UserId,
    app: &AppId,
    (after, limit): (&str, usize),
) -> Result<(Vec<HeldFamily>, bool), Refusal> {
    permit.covers(Permission::ReadDirectory)?;
    let (mut tx, now) = (cell.database.read().await?, cell.now());
    let org = permit.org();
    let mut held = store::load_families(&mut tx, org, user, app, after, now, limit + 1).await?;
    let has_more = held.len() > limit;
    held.truncate(limit);
    Ok((held, has_more))
}

/// The refresh token of that id, if the app has it of the person and it lives.
///
/// # Errors
/// [`Refusal::Forbidden`] for a permit that was given for something else.
pub async fn find_token(
    cell: &Cell,
    permit: &Permit,
    user: &UserId,
    app: &AppId,
    id: &RefreshFamilyId,
) -> Result<Option<HeldFamily>, Refusal> {
    permit.covers(Permission::ReadDirectory)?;
    let (mut tx, now) = (cell.database.read().await?, cell.now());
    Ok(store::load_family(&mut tx, permit.org(), user, app, id, now).await?)
}

/// A page of the apps that hold something of a person, by id behind that id, with their labels; whether there are more.
///
/// # Errors
/// [`Refusal::Forbidden`] for a permit that was given for something else.
pub async fn list_apps(
    cell: &Cell,
    permit: &Permit,
    user: &UserId,
    (after, limit): (&str, usize),
) -> Result<(Vec<(AppId, String)>, bool), Refusal> {
    permit.covers(Permission::ReadDirectory)?;
    let (mut tx, now) = (cell.database.read().await?, cell.now());
    let mut apps = store::load_apps(&mut tx, permit.org(), user, after, now, limit + 1).await?;
    let has_more = apps.len() > limit;
    apps.truncate(limit);
    Ok((apps, has_more))
}

#[cfg(test)]
mod tests {
    use super::{HeldScope, parse_place, spread};
    use crate::held::store::HeldConsent;
    use vocab::entropy::SeededEntropy;
    use vocab::id::{AppId, UserId};
    use vocab::time::Timestamp;

    #[test]
    fn a_consent_is_as_many_grants_as_it_has_scopes() {
        let entropy = SeededEntropy::new(7);
        let (app, user) = (AppId::generate(&entropy), UserId::generate(&entropy));
        let consent = HeldConsent {
            app: app.clone(),
            label: "Wiki".into(),
            server: "org".into(),
            scopes: "profile openid  email openid".into(),
            granted_at: Timestamp::from_seconds(1),
        };
        let scopes = spread(&[consent]);
        let names: Vec<&str> = scopes.iter().map(|held| held.scope.as_str()).collect();
        assert_eq!(names, ["email", "openid", "profile"]);
        let ids: Vec<String> = scopes.iter().map(|held| held.id(&user)).collect();
        assert!(ids.iter().all(|id| id.starts_with("oag") && id.len() == 20));
        assert_ne!(ids.first(), ids.last());
        let place = scopes.first().map(HeldScope::place).unwrap_or_default();
        assert_eq!(parse_place(&place), (app.as_str(), "org", "email"));
        assert_eq!(parse_place(""), ("", "", ""));
    }
}
