//! Removing a person who has left: what is stored of them goes, the log's rows about them stay.

use crate::access::ceiling::hold_within_reach;
use crate::access::{Permission, Permit};
use crate::api_token::store as api_tokens;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::person::{PersonStatus, store};
use ledger::EventType;
use vocab::id::UserId;

impl Cell {
    /// Removes a person who was deactivated before, with everything of theirs in the directory. Tokens of the management API
    /// that act with their roles are revoked. Grants of apps open nothing without their person, and are removed when they end.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for somebody who was not deactivated; [`Refusal::OutOfReach`] for somebody who may do more.
    pub async fn delete_person(&self, permit: &Permit, user_id: &UserId) -> Result<(), Refusal> {
        permit.covers(Permission::ManagePeople)?;
        let (cell, permit, user_id) = (self.clone(), permit.clone(), user_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = permit.org();
                    let person = hold_within_reach(tx, &permit, &user_id).await?;
                    if person.status != PersonStatus::Deprovisioned {
                        return Err(Refusal::WrongState(
                            "only somebody who was deactivated can be removed",
                        ));
                    }
                    let event = |kind| cell.person_event(&permit, kind, &person);
                    let mut events = vec![event(EventType::UserLifecycleDeleteInitiated)];
                    for token in api_tokens::load_of_person(tx, org, &user_id).await? {
                        api_tokens::revoke(tx, org, &token.id, cell.now()).await?;
                        let kind = EventType::SystemApiTokenRevoke;
                        events.push(cell.api_token_event(&permit, kind, &token));
                    }
                    store::delete(tx, &person, cell.now()).await?;
                    events.push(event(EventType::UserLifecycleDeleteCompleted));
                    Ok(ledger::append_all(tx, org, events).await?)
                })
            })
            .await
    }
}
