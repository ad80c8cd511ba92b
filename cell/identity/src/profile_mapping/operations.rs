//! Reading and changing the mapping of an app.

use crate::access::ceiling::check_app_reach;
use crate::access::{Permission, Permit};
use crate::app::operations::load_for_change;
use crate::app::store as apps;
use crate::attribute_schema::store as schemas;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::profile_mapping::{
    Change, Ends, MappingRefusal, ProfileMapping, Properties, decide_mapping, store,
};
use ledger::EventType;
use std::collections::BTreeSet;
use vocab::future::boxed;
use vocab::id::AppId;

impl Cell {
    /// The mapping of an app, and the attributes between which it leads.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app that this org does not have.
    #[boxed]
    pub async fn profile_mapping(
        &self,
        permit: &Permit,
        app: &AppId,
    ) -> Result<(ProfileMapping, Ends), Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let org = permit.org();
        apps::load(&mut tx, org, app)
            .await?
            .ok_or(Refusal::NotFound)?;
        let of_app = schemas::load(&mut tx, org, app.as_str()).await?;
        let ends = Ends {
            of_people: store::load_of_people(&mut tx, org).await?,
            of_app: of_app.attributes,
        };
        let mapping = store::load(&mut tx, org, app).await?;
        Ok((mapping.known(&ends.of_app), ends))
    }

    /// Changes some of the mapping of an app as it was seen. Nobody's attributes are touched: what is pushed is evaluated when it is read, and
    /// what is not when the app is assigned.
    ///
    /// # Errors
    /// [`Refusal::OutOfReach`] for an app that may do more than the caller, whatever the change is; [`MappingRefusal::Misfit`] for a
    /// property that cannot be; [`Refusal::Changed`] if the mapping is not any more as it was seen.
    #[boxed]
    pub async fn change_profile_mapping(
        &self,
        permit: &Permit,
        app: &AppId,
        (seen, ends): (&ProfileMapping, &Ends),
        change: Change,
    ) -> Result<(), MappingRefusal> {
        permit.covers(Permission::ManageApps)?;
        self.check_reach(permit, app).await?;
        let properties = decide_mapping(&seen.properties, change, ends)?;
        if properties == seen.properties {
            return Ok(());
        }
        let names = names_of_changes(&seen.properties, &properties);
        let planned = ProfileMapping {
            properties,
            revision: seen.revision,
        };
        let (cell, by, id) = (self.clone(), permit.clone(), app.clone());
        let written: Result<(), Refusal> = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let app = load_for_change(tx, &by, &id).await?;
                    store::put(tx, (by.org(), &id), &planned, cell.now()).await?;
                    let event = cell.app_event(&by, EventType::DirectoryMappingUpdate, &app);
                    let event = event.detail("properties", names.join(" "));
                    Ok::<(), Refusal>(ledger::append(tx, by.org(), event).await?)
                })
            })
            .await;
        Ok(written?)
    }

    /// What a change would come to says what is mapped: whoever may not change the app is told nothing of that. It is held against the
    /// permit once more in the transaction that acts.
    async fn check_reach(&self, permit: &Permit, app: &AppId) -> Result<(), Refusal> {
        let mut tx = self.database.read().await?;
        check_app_reach(&mut tx, permit, app).await
    }
}

/// What is not as it was.
fn names_of_changes(before: &Properties, after: &Properties) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names.into_iter();
    let changed = changed.filter(|name| before.get(*name) != after.get(*name));
    changed.cloned().collect()
}
