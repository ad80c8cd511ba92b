//! The refresh tokens of an app, whosever they are: all of them, as whoever runs apps sees them, or those of one server, as
//! whoever runs that does.

pub mod store;

use crate::events::refresh_token_revoked;
use crate::held::of_app::store::{Ended, HeldByApp};
use database::WriteTx;
use identity::access::ceiling::{check_app_reach, hold_within_reach};
use identity::access::{Permission, Permit};
use identity::app::App;
use identity::cell::Cell;
use identity::fault::Refusal;
use identity::person::operations::as_target;
use identity::walk::EXAMINED_MAX;
use ledger::Event;
use std::collections::HashMap;
use vocab::id::{AppId, RefreshFamilyId, UserId};

/// How many rows are read at once, and how many tokens are ended in one transaction.
const BATCH_ROWS: usize = 200;
/// How many such transactions one call does.
const BATCHES_MAX: usize = 25;

/// Which refresh tokens are meant.
#[derive(Debug, Clone, Copy)]
pub struct OfApp<'a> {
    /// Those of this app.
    pub app: &'a AppId,
    /// Those of this server, or of all.
    pub server: Option<&'a str>,
}

impl OfApp<'_> {
    /// What whoever ends them needs.
    const fn permission(&self) -> Permission {
        match self.server {
            None => Permission::ManageApps,
            Some(_) => Permission::ManageServers,
        }
    }
}

/// A place in the walk: the server, and the id behind which it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Behind {
    pub(crate) server: String,
    pub(crate) id: String,
}

impl Behind {
    fn parse(text: &str) -> Self {
        let (server, id) = text.split_once(' ').unwrap_or_default();
        Self {
            server: server.to_owned(),
            id: id.to_owned(),
        }
    }

    fn render(&self) -> String {
        format!("{} {}", self.server, self.id)
    }
}

/// A page of the refresh tokens that live, behind that place; and the place behind which there may be more.
///
/// # Errors
/// [`Refusal::Forbidden`] for a permit that was given for something else.
pub async fn list(
    cell: &Cell,
    permit: &Permit,
    which: OfApp<'_>,
    (after, limit): (&str, usize),
) -> Result<(Vec<HeldByApp>, Option<String>), Refusal> {
    permit.covers(Permission::ReadDirectory)?;
    let (mut tx, now, mut behind) = (
        cell.database.read().await?,
        cell.now(),
        Behind::parse(after),
    );
    let (mut found, mut examined) = (Vec::new(), 0);
    // Those that have ended, and are swept soon, are passed over: a bounded number of them.
    loop {
        let rows = store::load_page(&mut tx, permit.org(), which, &behind, now, BATCH_ROWS).await?;
        let is_last = rows.len() < BATCH_ROWS;
        examined += rows.len();
        let last = rows.len();
        for (number, row) in rows.into_iter().enumerate() {
            behind = row.behind;
            found.extend(row.held);
            if found.len() == limit {
                let is_end = is_last && number + 1 == last;
                return Ok((found, (!is_end).then(|| behind.render())));
            }
        }
        if is_last {
            return Ok((found, None));
        }
        if examined >= EXAMINED_MAX {
            return Ok((found, Some(behind.render())));
        }
    }
}

/// The refresh token of that id, if it is one of those and lives.
///
/// # Errors
/// [`Refusal::Forbidden`] for a permit that was given for something else.
pub async fn find(
    cell: &Cell,
    permit: &Permit,
    which: OfApp<'_>,
    id: &RefreshFamilyId,
) -> Result<Option<HeldByApp>, Refusal> {
    permit.covers(Permission::ReadDirectory)?;
    let (mut tx, now) = (cell.database.read().await?, cell.now());
    Ok(store::load_one(&mut tx, permit.org(), which, id, now).await?)
}

/// Ends one of them; what was issued for it ends with it. False if there was none.
///
/// # Errors
/// [`Refusal::OutOfReach`] for an app that may do more, and for the token of somebody who may.
pub async fn revoke(
    cell: &Cell,
    permit: &Permit,
    app: &App,
    server: Option<&str>,
    id: &RefreshFamilyId,
) -> Result<bool, Refusal> {
    let which = OfApp {
        app: &app.id,
        server,
    };
    permit.covers(which.permission())?;
    let (by, app, now) = (permit.clone(), app.clone(), cell.now());
    let (server, id) = (server.map(str::to_owned), id.clone());
    let revoked = cell.database.write(move |tx| {
        Box::pin(async move {
            identity::org::store::lock(tx, by.org()).await?;
            check_app_reach(tx, &by, &app.id).await?;
            let ended = store::revoke_one(tx, by.org(), &app.id, &id, now).await?;
            let ended = ended.filter(|one| server.is_none_or(|server| one.server == server));
            // What was ended of another server, or of somebody who may do more, is not.
            let ended = ended.ok_or(Refusal::NotFound)?;
            hold_within_reach(tx, &by, &ended.user).await?;
            let events = events_of(tx, &by, &app, &[ended], now).await?;
            Ok::<_, Refusal>(ledger::append_all(tx, by.org(), events).await?)
        })
    });
    match revoked.await {
        Ok(()) => Ok(true),
        Err(Refusal::NotFound) => Ok(false),
        Err(refusal) => Err(refusal),
    }
}

/// Ends all of them, some at a time: those that are issued meanwhile may stay. False if there may be more than are ended at once;
/// whoever asks again goes on. Whose they are makes no difference: whoever runs an app or a server can also switch it off.
///
/// # Errors
/// [`Refusal::OutOfReach`] for an app that may do more.
pub async fn revoke_all(
    cell: &Cell,
    permit: &Permit,
    app: &App,
    server: Option<&str>,
) -> Result<bool, Refusal> {
    revoke_some(cell, permit, app, server, (BATCHES_MAX, BATCH_ROWS)).await
}

async fn revoke_some(
    cell: &Cell,
    permit: &Permit,
    app: &App,
    server: Option<&str>,
    (batches, rows): (usize, usize),
) -> Result<bool, Refusal> {
    let mut from = Behind::default();
    for _ in 0..batches {
        match revoke_batch(cell, permit, app, server, from, rows).await? {
            Some(last) => from = last,
            None => return Ok(true),
        }
    }
    Ok(false)
}

/// Ends some behind a place, with a log row each; the place of the last one, or none if there are no more.
async fn revoke_batch(
    cell: &Cell,
    permit: &Permit,
    app: &App,
    server: Option<&str>,
    from: Behind,
    rows: usize,
) -> Result<Option<Behind>, Refusal> {
    let which = OfApp {
        app: &app.id,
        server,
    };
    permit.covers(which.permission())?;
    let (by, app, now) = (permit.clone(), app.clone(), cell.now());
    let server = server.map(str::to_owned);
    cell.database
        .write(move |tx| {
            Box::pin(async move {
                identity::org::store::lock(tx, by.org()).await?;
                check_app_reach(tx, &by, &app.id).await?;
                let of_app = OfApp {
                    app: &app.id,
                    server: server.as_deref(),
                };
                let ended = store::revoke_page(tx, by.org(), of_app, &from, now, rows).await?;
                let last = ended.iter().map(Ended::place).max();
                let events = events_of(tx, &by, &app, &ended, now).await?;
                ledger::append_all(tx, by.org(), events).await?;
                let last = last.filter(|_| ended.len() == rows);
                Ok::<_, Refusal>(last.map(|(server, id)| Behind { server, id }))
            })
        })
        .await
}

async fn events_of(
    tx: &mut WriteTx,
    permit: &Permit,
    app: &App,
    ended: &[Ended],
    now: vocab::time::Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let mut people: HashMap<UserId, Option<ledger::Target>> = HashMap::new();
    let mut events = Vec::new();
    for one in ended {
        if !people.contains_key(&one.user) {
            let person = identity::person::store::load(tx, permit.org(), &one.user).await?;
            people.insert(one.user.clone(), person.as_ref().map(as_target));
        }
        let event = refresh_token_revoked(permit, (&app.id, &app.label), &one.server, now);
        let event = event.detail("refreshToken", one.id.as_str());
        events.push(match people.get(&one.user) {
            Some(Some(person)) => event.target(person.clone()),
            _ => event,
        });
    }
    Ok(events)
}

/// A page of the apps that have refresh tokens of a server which were not ended, by id behind that id; whether there are more.
///
/// # Errors
/// [`Refusal::Forbidden`] for a permit that was given for something else.
pub async fn list_apps_of_server(
    cell: &Cell,
    permit: &Permit,
    server: &str,
    (after, limit): (&str, usize),
) -> Result<(Vec<(AppId, String)>, bool), Refusal> {
    permit.covers(Permission::ReadDirectory)?;
    let mut tx = cell.database.read().await?;
    let (mut apps, mut behind) = (Vec::new(), after.to_owned());
    // From app to app by the index: how many tokens each has costs nothing.
    while apps.len() <= limit {
        match store::next_app(&mut tx, permit.org(), server, &behind).await? {
            Some((id, label)) => {
                behind = id.to_string();
                apps.extend(label.map(|label| (id, label)));
            }
            None => break,
        }
    }
    let has_more = apps.len() > limit;
    apps.truncate(limit);
    Ok((apps, has_more))
}

#[cfg(test)]
mod tests {
    use super::{Behind, OfApp, list, revoke_some};
    use crate::for_tests::{World, on_both_engines};
    use identity::access::{Caller, Permission, Permit, authorize};
    use ledger::ClientFacts;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = Behind {
            server: "org".into(),
            id: "oar1".into(),
        };
        assert_eq!(Behind::parse(&place.render()), place);
        for other in ["", "org"] {
            assert_eq!(Behind::parse(other), Behind::default());
        }
    }

    fn permit(world: &World, permission: Permission) -> Permit {
        let client = ClientFacts::default();
        authorize(&Caller::Operator, &world.org, permission, &client).unwrap()
    }

    async fn count(world: &World) -> usize {
        let which = OfApp {
            app: &world.web,
            server: None,
        };
        let permit = permit(world, Permission::ReadDirectory);
        let listed = list(&world.cell, &permit, which, ("", 10)).await;
        listed.unwrap().0.len()
    }

    /// A call ends so many and says that there may be more; the next one goes on.
    async fn one_call_ends_a_bounded_number(world: &World) {
        for _ in 0..3 {
            let redeemed = world.redeem(&world.code().await).await;
            assert!(redeemed.json()["refresh_token"].is_string());
        }
        assert_eq!(count(world).await, 3);
        let app = world.cell.app(&world.org, &world.web).await.unwrap();
        let app = app.unwrap();
        let permit = permit(world, Permission::ManageApps);
        for (left, is_done) in [(1, false), (0, true)] {
            let ended = revoke_some(&world.cell, &permit, &app, None, (1, 2)).await;
            assert_eq!(ended.unwrap(), is_done);
            assert_eq!(count(world).await, left);
        }
    }

    on_both_engines!(one_call_ends_a_bounded_number);
}
