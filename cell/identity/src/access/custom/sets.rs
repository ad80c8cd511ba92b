//! What super administrators do with resource sets. Each change and its log rows are one transaction, and counts from the
//! next call on.

use crate::access::ceiling::begin_role_giving;
use crate::access::custom::labelled;
use crate::access::custom::store::labelled::load;
use crate::access::custom::store::{bindings, sets as store};
use crate::access::custom::{
    Named, RESOURCES_MAX, Resource, ResourceSet, SETS_MAX, SetResource, decide_named,
};
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::problem::{Problem, named};
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use std::collections::BTreeSet;
use vocab::future::boxed;
use vocab::id::{ResourceSetId, SetResourceId};

/// What happens to a resource set that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetChange {
    /// It is called otherwise.
    Name(Named),
    /// The same, if it still is called as it was seen: what another changed meanwhile is not undone unknown to anybody.
    NameAsSeen {
        /// What was seen. A set has no revision.
        seen: Named,
        /// What it is called from now on.
        wanted: Named,
    },
    /// It holds these too.
    Add(BTreeSet<Resource>),
    /// It holds that no more.
    Remove(SetResourceId),
}

/// The set as a target of a log row.
pub(super) fn as_target(set: &ResourceSet) -> Target {
    Target::other("ResourceSet", set.id.as_str(), &set.named.label)
}

impl Cell {
    /// Adds a resource set.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of labels say; [`Refusal::Invalid`] for a resource that this org does not have;
    /// [`Refusal::OutOfReach`] for whoever is no super administrator.
    #[boxed]
    pub async fn create_resource_set(
        &self,
        permit: &Permit,
        named: Named,
        resources: BTreeSet<Resource>,
    ) -> Result<ResourceSet, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let set = ResourceSet {
            id: ResourceSetId::generate(self.entropy()),
            named: decide_named(&named)?,
            created_at: self.now(),
            updated_at: self.now(),
        };
        let (cell, by, added) = (self.clone(), permit.clone(), set.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    begin_role_giving(tx, &by).await?;
                    labelled::add(tx, org, &added, ("resource sets", SETS_MAX)).await?;
                    let event = cell.set_event(&by, EventType::IamResourcesetCreate, &added);
                    ledger::append(tx, org, event).await?;
                    cell.add_resources(tx, &by, &added, resources).await
                })
            })
            .await?;
        Ok(set)
    }

    /// Changes a resource set; nothing is written where it is so already.
    ///
    /// # Errors
    /// As [`Cell::create_resource_set`]; [`Refusal::NotFound`] for a set or a resource of it that there is not;
    /// [`Refusal::Changed`] for one that no longer is called as it was seen.
    #[boxed]
    pub async fn change_resource_set(
        &self,
        permit: &Permit,
        id: &ResourceSetId,
        change: SetChange,
    ) -> Result<ResourceSet, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, id) = (self.clone(), permit.clone(), id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    begin_role_giving(tx, &by).await?;
                    let set = load(tx, org, &id).await?.ok_or(Refusal::NotFound)?;
                    match change {
                        SetChange::Name(named) => {
                            return cell.apply_set_name(tx, &by, set, &named).await;
                        }
                        SetChange::NameAsSeen { seen, wanted } => {
                            if !seen.is_seen_of(&set.named) {
                                return Err(Refusal::Changed);
                            }
                            return cell.apply_set_name(tx, &by, set, &wanted).await;
                        }
                        SetChange::Add(resources) => {
                            cell.add_resources(tx, &by, &set, resources).await?;
                        }
                        SetChange::Remove(resource) => {
                            cell.remove_resource(tx, &by, &set, &resource).await?;
                        }
                    }
                    Ok(set)
                })
            })
            .await
    }

    async fn apply_set_name(
        &self,
        tx: &mut WriteTx,
        permit: &Permit,
        present: ResourceSet,
        named: &Named,
    ) -> Result<ResourceSet, Refusal> {
        let named = decide_named(named)?;
        let (org, called) = (permit.org(), (named, self.now()));
        let Some(set) = labelled::rename(tx, org, &present, called).await? else {
            return Ok(present);
        };
        let event = self.set_event(permit, EventType::IamResourcesetUpdate, &set);
        ledger::append(tx, org, event).await?;
        Ok(set)
    }

    async fn add_resources(
        &self,
        tx: &mut WriteTx,
        permit: &Permit,
        set: &ResourceSet,
        resources: BTreeSet<Resource>,
    ) -> Result<(), Refusal> {
        let org = permit.org();
        let present = store::load_resources(tx, org, &set.id).await?.len();
        let mut added = 0;
        for resource in resources {
            check_there(tx, permit, &resource).await?;
            let resource = SetResource {
                id: SetResourceId::generate(self.entropy()),
                resource,
                added_at: self.now(),
            };
            if !store::add_resource(tx, org, &set.id, &resource).await? {
                continue;
            }
            added += 1;
            if present + added > RESOURCES_MAX {
                return Err(Refusal::TooMany {
                    what: "resources of a set",
                    max: RESOURCES_MAX,
                });
            }
            let kind = EventType::IamResourcesetResourcesAdd;
            let event = self.resource_event(permit, kind, set, &resource.resource);
            ledger::append(tx, org, event).await?;
        }
        Ok(())
    }

    async fn remove_resource(
        &self,
        tx: &mut WriteTx,
        permit: &Permit,
        set: &ResourceSet,
        id: &SetResourceId,
    ) -> Result<(), Refusal> {
        let org = permit.org();
        let present = store::load_resources(tx, org, &set.id).await?;
        let resource = present.into_iter().find(|resource| resource.id == *id);
        let resource = resource.ok_or(Refusal::NotFound)?.resource;
        if !store::remove_resource(tx, org, &set.id, id).await? {
            return Err(Refusal::NotFound);
        }
        let kind = EventType::IamResourcesetResourcesDelete;
        let event = self.resource_event(permit, kind, set, &resource);
        Ok(ledger::append(tx, org, event).await?)
    }

    /// Removes a resource set over which nobody holds a role.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for one that is bound; [`Refusal::NotFound`] for one that this org does not have.
    #[boxed]
    pub async fn delete_resource_set(
        &self,
        permit: &Permit,
        id: &ResourceSetId,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, id) = (self.clone(), permit.clone(), id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    begin_role_giving(tx, &by).await?;
                    let set = load(tx, org, &id).await?.ok_or(Refusal::NotFound)?;
                    if !bindings::load_roles_of_set(tx, org, &id).await?.is_empty() {
                        let problem = "somebody holds a role over it; take it from them before";
                        return Err(Refusal::invalid("resource-set", problem));
                    }
                    store::delete(tx, org, &id).await?;
                    let event = cell.set_event(&by, EventType::IamResourcesetDelete, &set);
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await
    }

    fn set_event(&self, permit: &Permit, kind: EventType, set: &ResourceSet) -> Event {
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(as_target(set))
    }

    fn resource_event(
        &self,
        permit: &Permit,
        kind: EventType,
        set: &ResourceSet,
        resource: &Resource,
    ) -> Event {
        let (word, target) = resource.stored();
        self.set_event(permit, kind, set)
            .detail("kind", word)
            .detail("resource", target)
    }
}

/// What is named is there: an id of another org is none of this one.
async fn check_there(
    tx: &mut WriteTx,
    permit: &Permit,
    resource: &Resource,
) -> Result<(), Refusal> {
    let org = permit.org();
    let is_there = match resource {
        Resource::Users | Resource::Groups | Resource::Apps | Resource::Servers => true,
        Resource::UsersOf(id) | Resource::Group(id) => {
            crate::group::store::load(tx, org, id).await?.is_some()
        }
        Resource::App(id) => crate::app::store::load(tx, org, id).await?.is_some(),
        Resource::Server(id) => crate::server::store::load(tx, org, id).await?.is_some(),
    };
    if is_there {
        return Ok(());
    }
    let problem = Problem::of("there is nothing {name}", [named(resource.stored().1)]);
    Err(Refusal::invalid("resources", problem))
}
