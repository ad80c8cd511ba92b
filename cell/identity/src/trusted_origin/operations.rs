//! What administrators do with trusted origins. Each change and its log row are one transaction, and no cached
//! configuration outlives it: from the moment of the answer on, a site that was taken out reads nothing more.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::trusted_origin::{OriginInput, TrustedOrigin, decide_origin, store};
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::TrustedOriginId;

/// What happens to a trusted origin that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OriginChange {
    /// Name, origin and trust are replaced.
    Set(OriginInput),
    /// It counts from now on.
    Activate,
    /// It counts no more.
    Deactivate,
}

impl OriginChange {
    const fn event(&self) -> EventType {
        match self {
            Self::Set(_) => EventType::SecurityTrustedOriginUpdate,
            Self::Activate => EventType::SecurityTrustedOriginActivate,
            Self::Deactivate => EventType::SecurityTrustedOriginDeactivate,
        }
    }
}

/// The origin as the change leaves it.
fn plan_change(
    present: &TrustedOrigin,
    change: &OriginChange,
    all: &[TrustedOrigin],
) -> Result<TrustedOrigin, Refusal> {
    let mut changed = present.clone();
    match change {
        OriginChange::Set(input) => {
            let decided = decide_origin(input, all, Some(&present.id))?;
            changed.name = decided.name;
            changed.origin = decided.origin;
            changed.trust = decided.trust;
        }
        OriginChange::Activate => changed.active = true,
        OriginChange::Deactivate => changed.active = false,
    }
    Ok(changed)
}

impl Cell {
    /// Trusts a site from now on.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of trusted origins say; [`Refusal::Taken`] for a name or an origin that is there.
    #[boxed]
    pub async fn create_trusted_origin(
        &self,
        permit: &Permit,
        input: OriginInput,
    ) -> Result<TrustedOrigin, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, now) = (self.clone(), permit.clone(), self.now());
        let id = TrustedOriginId::generate(self.entropy());
        let made = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    // Of two who add at once, the second sees the first one's.
                    crate::org::store::lock(tx, by.org()).await?;
                    let others = store::load_all(tx, by.org()).await?;
                    let decided = decide_origin(&input, &others, None)?;
                    let origin = TrustedOrigin {
                        id,
                        name: decided.name,
                        origin: decided.origin,
                        trust: decided.trust,
                        active: true,
                        created_at: now,
                        updated_at: now,
                    };
                    store::insert(tx, by.org(), &origin).await?;
                    let event =
                        cell.origin_event(&by, EventType::SecurityTrustedOriginCreate, &origin);
                    ledger::append(tx, by.org(), event).await?;
                    Ok::<_, Refusal>(origin)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        made
    }

    /// Changes a trusted origin; nothing is written where it is so already.
    ///
    /// # Errors
    /// [`Refusal`] as for a new one; [`Refusal::NotFound`] for one that this org does not have.
    #[boxed]
    pub async fn change_trusted_origin(
        &self,
        permit: &Permit,
        id: &TrustedOriginId,
        change: OriginChange,
    ) -> Result<TrustedOrigin, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, id, now) = (self.clone(), permit.clone(), id.clone(), self.now());
        let changed = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    crate::org::store::lock(tx, by.org()).await?;
                    let all = store::load_all(tx, by.org()).await?;
                    let present = all.iter().find(|origin| origin.id == id);
                    let present = present.ok_or(Refusal::NotFound)?;
                    let mut changed = plan_change(present, &change, &all)?;
                    if changed == *present {
                        return Ok(changed);
                    }
                    changed.updated_at = now;
                    if !store::update(tx, by.org(), &changed).await? {
                        return Err(Refusal::NotFound);
                    }
                    let event = cell.origin_event(&by, change.event(), &changed);
                    ledger::append(tx, by.org(), event).await?;
                    Ok(changed)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        changed
    }

    /// Trusts a site no more.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for one that this org does not have.
    #[boxed]
    pub async fn delete_trusted_origin(
        &self,
        permit: &Permit,
        id: &TrustedOriginId,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, id) = (self.clone(), permit.clone(), id.clone());
        let deleted = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let present = store::load(tx, by.org(), &id).await?;
                    let present = present.ok_or(Refusal::NotFound)?;
                    if !store::delete(tx, by.org(), &id).await? {
                        return Err(Refusal::NotFound);
                    }
                    let event =
                        cell.origin_event(&by, EventType::SecurityTrustedOriginDelete, &present);
                    Ok(ledger::append(tx, by.org(), event).await?)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        deleted
    }

    fn origin_event(&self, permit: &Permit, kind: EventType, origin: &TrustedOrigin) -> Event {
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(Target::other(
                "TrustedOrigin",
                origin.id.as_str(),
                &origin.name,
            ))
            .detail("origin", &origin.origin)
    }
}
