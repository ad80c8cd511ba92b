//! Reading and changing schemas of groups and of the people of apps.

use crate::access::{Permission, Permit};
use crate::app::operations::load_for_change;
use crate::attribute_schema::{AttributeSchema, Owner, decide_attribute_schema, store};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::org::settings::ProfileAttribute;
use crate::profile_mapping::store::keep_known;
use crate::provisioning::follow::schema_of;
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;

impl Cell {
    /// The schema of an owner.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app that this org does not have.
    #[boxed]
    pub async fn attribute_schema(
        &self,
        permit: &Permit,
        owner: &Owner,
    ) -> Result<AttributeSchema, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        if let Owner::App(app) = owner {
            let app = crate::app::store::load(&mut tx, permit.org(), app).await?;
            app.ok_or(Refusal::NotFound)?;
        }
        Ok(store::load(&mut tx, permit.org(), owner.as_str()).await?)
    }

    /// Replaces the attributes of a schema as it was seen. Values of an attribute that is no more are shown nowhere, and stay stored
    /// until what has them is next changed: until then, one of the same name and kind that is added shows them again.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if it is not any more as it was seen; [`Refusal::Invalid`] as the rules of attributes say.
    #[boxed]
    pub async fn put_attribute_schema(
        &self,
        permit: &Permit,
        owner: &Owner,
        seen: AttributeSchema,
        attributes: Vec<ProfileAttribute>,
    ) -> Result<(), Refusal> {
        permit.covers(match owner {
            Owner::Groups => Permission::ManageOrg,
            Owner::App(_) => Permission::ManageApps,
        })?;
        decide_attribute_schema(owner, &attributes)?;
        let planned = AttributeSchema { attributes, ..seen };
        let (cell, by, owner) = (self.clone(), permit.clone(), owner.clone());
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let event = hold_owner(tx, &cell, &by, &owner).await?;
                    store::put(tx, by.org(), owner.as_str(), &planned, cell.now()).await?;
                    if let Owner::App(app) = &owner {
                        let of_app = &planned.attributes;
                        keep_known(tx, (by.org(), app), of_app, cell.now()).await?;
                    }
                    Ok::<(), Refusal>(ledger::append(tx, by.org(), event).await?)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        outcome
    }
}

/// Holds what the schema is of, so that it is not removed meanwhile; the event of the change.
async fn hold_owner(
    tx: &mut WriteTx,
    cell: &Cell,
    permit: &Permit,
    owner: &Owner,
) -> Result<Event, Refusal> {
    let Owner::App(app) = owner else {
        let event = Event::new(
            EventType::SystemOrgSettingsUpdate,
            Outcome::Success,
            cell.now(),
        );
        let target = Target::other("GroupSchema", permit.org().as_str(), "Schema of groups");
        return Ok(event
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(target));
    };
    let app = load_for_change(tx, permit, app).await?;
    let event = cell.app_event(permit, EventType::ApplicationLifecycleUpdate, &app);
    let schema = schema_of(&app.id);
    Ok(event.target(Target::other(
        "AppUserSchema",
        &schema,
        "Schema of people in an app",
    )))
}
