//! Shutting doors and opening them.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::feature::{Door, Feature, Others};
use crate::org::settings::OrgSettings;
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;

impl Cell {
    /// Opens or shuts a door; nothing happens if it is so already. The log has a row for each one that changed.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] while another door is in the way and stays as it is.
    #[boxed]
    pub async fn change_feature(
        &self,
        permit: &Permit,
        feature: Feature,
        wanted: Door,
        others: Others,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (by, now) = (permit.clone(), self.now());
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    crate::org::store::lock(tx, by.org()).await?;
                    let org = crate::org::store::load(tx, by.org()).await?;
                    let org = org.ok_or(Refusal::NotFound)?;
                    let before = &org.settings.shut_doors;
                    let changes = before.plan(feature, wanted, others)?;
                    if changes.is_empty() {
                        return Ok(());
                    }
                    let settings = OrgSettings {
                        shut_doors: before.with(&changes, wanted),
                        ..org.settings.clone()
                    };
                    crate::org::store::update(tx, &org, &org.name, &settings, now).await?;
                    for changed in changes {
                        let id = changed.id(by.org());
                        let event = Event::new(event_type(wanted), Outcome::Success, now)
                            .actor(by.actor().clone())
                            .client(by.client())
                            .target(Target::other("Feature", &id, changed.name()));
                        ledger::append(tx, by.org(), event).await?;
                    }
                    Ok::<_, Refusal>(())
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        outcome
    }
}

const fn event_type(wanted: Door) -> EventType {
    match wanted {
        Door::Open => EventType::SystemFeatureEnable,
        Door::Shut => EventType::SystemFeatureDisable,
    }
}
