//! Removing a person who has left: what is stored of them goes, the log's rows about them stay.

use crate::access::ceiling::hold_within_reach;
use crate::access::custom::Holder;
use crate::access::custom::capability::Capability;
use crate::access::custom::store::bindings;
use crate::access::narrowed::store as narrowed;
use crate::access::{Permission, Permit};
use crate::api_token::store as api_tokens;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::group_rule::active;
use crate::person::lifecycle::LifecycleAction;
use crate::person::operations::{apply_transition, refuse_last_super_admin};
use crate::person::{Person, PersonStatus, store};
use database::WriteTx;
use ledger::EventType;
use vocab::future::boxed;
use vocab::id::UserId;

impl Cell {
    /// Removes a person who was deactivated before, with everything of theirs in the directory. Tokens of the management API
    /// that act with their roles are revoked. Grants of apps open nothing without their person, and are removed when they end.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for somebody who was not deactivated; [`Refusal::OutOfReach`] for somebody who may do more.
    #[boxed]
    pub async fn delete_person(&self, permit: &Permit, user_id: &UserId) -> Result<(), Refusal> {
        permit.covers_within(Permission::ManagePeople, Capability::UsersLifecycle)?;
        let (cell, permit, user_id) = (self.clone(), permit.clone(), user_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let person = hold_within_reach(tx, &permit, &user_id).await?;
                    if person.status != PersonStatus::Deprovisioned {
                        return Err(Refusal::WrongState(
                            "only somebody who was deactivated can be removed",
                        ));
                    }
                    apply_removal(tx, &cell, &permit, &person).await
                })
            })
            .await
    }

    /// Removes a person in one step: whoever was not deactivated before is deactivated on the way.
    ///
    /// # Errors
    /// [`Refusal::Changed`] for a stale revision, [`Refusal::WrongState`] for the last super administrator,
    /// [`Refusal::OutOfReach`] for somebody who may do more.
    #[boxed]
    pub async fn remove_person(
        &self,
        permit: &Permit,
        user_id: &UserId,
        revision: Option<i64>,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManagePeople)?;
        let (cell, permit, user_id) = (self.clone(), permit.clone(), user_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = permit.org();
                    // The org's row is taken before the person's.
                    refuse_last_super_admin(tx, org, &user_id).await?;
                    let mut person = hold_within_reach(tx, &permit, &user_id).await?;
                    if revision.is_some_and(|revision| revision != person.revision) {
                        return Err(Refusal::Changed);
                    }
                    // Before the log, as whoever lets rules follow a change takes both.
                    active::hold(tx, &cell, org).await?;
                    if person.status != PersonStatus::Deprovisioned {
                        let action = LifecycleAction::Deactivate;
                        apply_transition(tx, &cell, &person, action).await?;
                        let event = cell.person_event(&permit, action.event(), &person);
                        ledger::append(tx, org, event).await?;
                        let left = store::load(tx, org, &user_id).await?;
                        person = left.ok_or(Refusal::NotFound)?;
                    }
                    apply_removal(tx, &cell, &permit, &person).await
                })
            })
            .await
    }
}

async fn apply_removal(
    tx: &mut WriteTx,
    cell: &Cell,
    permit: &Permit,
    person: &Person,
) -> Result<(), Refusal> {
    let org = permit.org();
    // Whoever applies a rule to everybody would else put somebody in who is no more.
    active::hold(tx, cell, org).await?;
    let event = |kind| cell.person_event(permit, kind, person);
    let mut events = vec![event(EventType::UserLifecycleDeleteInitiated)];
    for token in api_tokens::load_of_person(tx, org, &person.id).await? {
        api_tokens::revoke(tx, org, &token.id, cell.now()).await?;
        let kind = EventType::SystemApiTokenRevoke;
        events.push(cell.api_token_event(permit, kind, &token));
    }
    store::delete(tx, person, cell.now()).await?;
    bindings::forget_holder(tx, org, &Holder::User(person.id.clone())).await?;
    narrowed::forget_holder(tx, org, person.id.as_str()).await?;
    events.push(event(EventType::UserLifecycleDeleteCompleted));
    Ok(ledger::append_all(tx, org, events).await?)
}
