//! Adding, showing and removing relations.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::linked_object::{End, LinkedObject, RELATIONS_MAX, decide_linked_object, store};
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::LinkedObjectId;

impl Cell {
    /// The relations of the org.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_linked_objects(&self, permit: &Permit) -> Result<Vec<LinkedObject>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        Ok(store::load_all(&mut tx, permit.org()).await?)
    }

    /// The relation of which an end is called so.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the org has none.
    #[boxed]
    pub async fn find_linked_object(
        &self,
        permit: &Permit,
        name: &str,
    ) -> Result<LinkedObject, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let found = store::find(&mut tx, permit.org(), name).await?;
        found.ok_or(Refusal::NotFound)
    }

    /// Adds a relation.
    ///
    /// # Errors
    /// [`Refusal::Taken`] if an end of another is called so; [`Refusal::TooMany`] beyond [`RELATIONS_MAX`].
    #[boxed]
    pub async fn create_linked_object(
        &self,
        permit: &Permit,
        primary: End,
        associated: End,
    ) -> Result<LinkedObject, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        decide_linked_object(&primary, &associated)?;
        let object = LinkedObject {
            id: LinkedObjectId::generate(self.entropy()),
            primary,
            associated,
            created_at: self.now(),
        };
        let event =
            self.linked_object_event(permit, EventType::DirectoryLinkedObjectCreate, &object);
        let by = permit.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    // Of two who add at once, the second counts the first one's.
                    crate::org::store::lock(tx, by.org()).await?;
                    if store::load_all(tx, by.org()).await?.len() >= RELATIONS_MAX {
                        return Err(Refusal::TooMany {
                            what: "relations between people",
                            max: RELATIONS_MAX,
                        });
                    }
                    store::insert(tx, by.org(), &object).await?;
                    ledger::append(tx, by.org(), event).await?;
                    Ok(object)
                })
            })
            .await
    }

    /// Removes the relation of which an end is called so. Nobody is linked by it from then on.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the org has none.
    #[boxed]
    pub async fn delete_linked_object(&self, permit: &Permit, name: &str) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, name) = (self.clone(), permit.clone(), name.to_owned());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let object = store::find(tx, by.org(), &name).await?;
                    let object = object.ok_or(Refusal::NotFound)?;
                    if !store::delete(tx, by.org(), &object.id, cell.now()).await? {
                        return Err(Refusal::NotFound);
                    }
                    let kind = EventType::DirectoryLinkedObjectDelete;
                    let event = cell.linked_object_event(&by, kind, &object);
                    Ok(ledger::append(tx, by.org(), event).await?)
                })
            })
            .await
    }

    fn linked_object_event(
        &self,
        permit: &Permit,
        kind: EventType,
        object: &LinkedObject,
    ) -> Event {
        let target = Target::other("LinkedObject", &object.primary.name, &object.primary.title);
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(target)
    }
}
