//! Who is whose primary: set, taken away, and walked. An act upon the one whose primary it is, and upon nobody else.

use crate::access::ceiling::hold_within_reach;
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::linked_object::{LinkedObject, Side, store};
use crate::person::operations::as_target;
use crate::person::store as people;
use crate::walk::rows_max;
use database::WriteTx;
use ledger::EventType;
use vocab::future::boxed;
use vocab::id::UserId;

impl Cell {
    /// A page of those to whom somebody is linked by the relation of which an end is called so, by id, after that id; and whether
    /// there are more. At the primary end there is one at most.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a relation that this org does not have.
    #[boxed]
    pub async fn list_linked_people(
        &self,
        permit: &Permit,
        user: &UserId,
        name: &str,
        (after, limit): (&str, usize),
    ) -> Result<(Vec<UserId>, bool), Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let org = permit.org();
        let mut tx = self.database.read().await?;
        let object = store::find(&mut tx, org, name).await?;
        let object = object.ok_or(Refusal::NotFound)?;
        if object.side(name) == Some(Side::Primary) {
            let primary = store::load_primary(&mut tx, org, &object.id, user).await?;
            let primary = primary.filter(|primary| primary.as_str() > after);
            return Ok((primary.into_iter().collect(), false));
        }
        let page = (after, rows_max(limit + 1));
        let mut found = store::load_associated(&mut tx, org, &object.id, user, page).await?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        Ok((found, has_more))
    }

    /// Every relation of the org, each with somebody's primary in it.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_primaries(
        &self,
        permit: &Permit,
        user: &UserId,
    ) -> Result<Vec<(LinkedObject, Option<UserId>)>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let org = permit.org();
        let mut tx = self.database.read().await?;
        let relations = store::load_all(&mut tx, org).await?;
        let mut primaries = store::load_primaries(&mut tx, org, user).await?;
        let with_primary = relations.into_iter().map(|relation| {
            let primary = primaries.remove(&relation.id);
            (relation, primary)
        });
        Ok(with_primary.collect())
    }

    /// Makes somebody the primary of somebody else, in place of whoever was.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a relation or person that this org does not have; [`Refusal::Invalid`] for the other end of a
    /// relation, and for somebody as their own primary; [`Refusal::OutOfReach`] for somebody who may do more.
    #[boxed]
    pub async fn link_primary(
        &self,
        permit: &Permit,
        (associated, name, primary): (&UserId, &str, &UserId),
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManagePeople)?;
        if associated == primary {
            return Err(Refusal::invalid(
                "primaryUserId",
                "nobody is linked to themselves",
            ));
        }
        let (cell, by) = (self.clone(), permit.clone());
        let (associated, primary) = (associated.clone(), primary.clone());
        let name = name.to_owned();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    let object = load_by_primary(tx, &by, &name).await?;
                    // Both are held, in the order of their ids: whoever is removed meanwhile would stay linked.
                    let mut both = [&associated, &primary];
                    both.sort();
                    for id in both {
                        let held = people::load_held(tx, org, id).await?;
                        held.ok_or(Refusal::NotFound)?;
                    }
                    let person = hold_within_reach(tx, &by, &associated).await?;
                    let of = people::load(tx, org, &primary).await?;
                    let of = of.ok_or(Refusal::NotFound)?;
                    let pair = (&associated, &primary);
                    if !store::put_link(tx, org, &object.id, pair, cell.now()).await? {
                        return Ok(());
                    }
                    let event = cell
                        .person_event(&by, EventType::UserAccountUpdateProfile, &person)
                        .target(as_target(&of));
                    Ok::<(), Refusal>(ledger::append(tx, org, event).await?)
                })
            })
            .await
    }

    /// Takes the primary from somebody; nothing happens if there is none.
    ///
    /// # Errors
    /// As [`Cell::link_primary`].
    #[boxed]
    pub async fn unlink_primary(
        &self,
        permit: &Permit,
        associated: &UserId,
        name: &str,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManagePeople)?;
        let (cell, by) = (self.clone(), permit.clone());
        let (associated, name) = (associated.clone(), name.to_owned());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    let object = load_by_primary(tx, &by, &name).await?;
                    let person = hold_within_reach(tx, &by, &associated).await?;
                    if !store::delete_link(tx, org, &object.id, &associated).await? {
                        return Ok(());
                    }
                    let kind = EventType::UserAccountUpdateProfile;
                    let event = cell.person_event(&by, kind, &person);
                    Ok::<(), Refusal>(ledger::append(tx, org, event).await?)
                })
            })
            .await
    }
}

/// The relation whose primary end is called so.
async fn load_by_primary(
    tx: &mut WriteTx,
    permit: &Permit,
    name: &str,
) -> Result<LinkedObject, Refusal> {
    let object = store::find(tx, permit.org(), name).await?;
    let object = object.ok_or(Refusal::NotFound)?;
    match object.side(name) {
        Some(Side::Primary) => Ok(object),
        _ => Err(Refusal::invalid(
            "relationshipName",
            "name the primary end of the relation",
        )),
    }
}
