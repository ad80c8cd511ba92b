//! Saying what is done about threats.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::org::settings::OrgSettings;
use crate::problem::{Problem, quoted};
use crate::sign_on::{Zone, store};
use crate::threat::{ThreatAction, ThreatSettings};
use ledger::{Event, EventType, Outcome, Target};
use std::collections::BTreeSet;
use vocab::future::boxed;
use vocab::id::ZoneId;

/// Holds zones against those that count, each once.
fn decide_zones(excluded: &[ZoneId], zones: &[Zone]) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for id in excluded {
        if !zones.iter().any(|zone| zone.id == *id) {
            let unknown = Problem::of(
                "there is no such zone in force: {name}",
                [quoted(id.as_str())],
            );
            return Err(Refusal::invalid("exclude_zones", unknown));
        }
        if !seen.insert(id.as_str()) {
            return Err(Refusal::invalid("exclude_zones", "name each zone once"));
        }
    }
    Ok(())
}

impl Cell {
    /// Changes what is done about threats; without zones those stay. Nothing happens if it is so already. Whoever saw the org's settings
    /// at a revision changes them at that one alone.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a zone that this org does not have, or that rests; [`Refusal::Changed`] if they were changed since.
    #[boxed]
    pub async fn change_threats(
        &self,
        permit: &Permit,
        action: ThreatAction,
        exclude_zones: Option<Vec<ZoneId>>,
        seen: Option<i64>,
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
                    if seen.is_some_and(|seen| seen != org.revision) {
                        return Err(Refusal::Changed);
                    }
                    let before = &org.settings.threats;
                    let exclude_zones = exclude_zones.unwrap_or(before.exclude_zones.clone());
                    let after = ThreatSettings {
                        action,
                        exclude_zones,
                    };
                    if after == *before {
                        return Ok(());
                    }
                    let zones = store::load_zones(tx, by.org()).await?;
                    decide_zones(&after.exclude_zones, &zones)?;
                    let settings = OrgSettings {
                        threats: after,
                        ..org.settings.clone()
                    };
                    crate::org::store::update(tx, &org, &org.name, &settings, now).await?;
                    let kind = EventType::SecurityThreatConfigurationUpdate;
                    let event = Event::new(kind, Outcome::Success, now)
                        .actor(by.actor().clone())
                        .client(by.client())
                        .detail("action", action.as_str())
                        .target(Target::other("Org", org.id.as_str(), &org.name));
                    Ok::<_, Refusal>(ledger::append(tx, by.org(), event).await?)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        outcome
    }
}
