//! What is shown inside of something else: read for a whole page at once, never row by row.

pub mod store;

use crate::access::custom::capability::ThingKind;
use crate::access::{Permission, Permit};
use crate::app::App;
use crate::app::assigned::{AppWay, Way};
use crate::attribute_schema::Attributes;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::group::Group;
use crate::person::Person;
use crate::person::search::PersonRecord;
use crate::provisioning::Features;
use std::collections::HashMap;
use vocab::future::boxed;
use vocab::id::{AppId, GroupId, UserId};

/// Most things that one statement names.
pub const TOGETHER_MAX: usize = 200;
/// Up to how many members a group is counted.
pub const MEMBERS_COUNTED_MAX: usize = 10_000;
/// Up to how many apps that are assigned to a group.
pub const APPS_COUNTED_MAX: usize = 1_000;
/// Most groups of a page that are counted.
pub const GROUPS_COUNTED_MAX: usize = 100;

/// How much there is of a group; what is more than was counted is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupCounts {
    /// Its members.
    pub members: Option<usize>,
    /// Apps that are assigned to it.
    pub apps: Option<usize>,
    /// Apps to whose servers it is pushed.
    pub pushes: usize,
    /// Whether it gives its members an administrator role.
    pub gives_role: bool,
}

impl Cell {
    /// The groups of these ids that there are.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn find_groups(
        &self,
        permit: &Permit,
        ids: &[GroupId],
    ) -> Result<HashMap<GroupId, Group>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut found = HashMap::new();
        let mut tx = self.database.read().await?;
        for ids in ids.chunks(TOGETHER_MAX) {
            let groups = store::load_groups(&mut tx, permit.org(), ids).await?;
            found.extend(groups.into_iter().map(|group| (group.id.clone(), group)));
        }
        Ok(found)
    }

    /// The people of these ids that there are.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn find_people(
        &self,
        permit: &Permit,
        ids: &[UserId],
    ) -> Result<HashMap<UserId, Person>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut found = HashMap::new();
        let mut tx = self.database.read().await?;
        for ids in ids.chunks(TOGETHER_MAX) {
            let people = store::load_people(&mut tx, permit.org(), ids).await?;
            found.extend(people.into_iter().map(|person| (person.id.clone(), person)));
        }
        Ok(found)
    }

    /// People as they are listed, in the order in which they came.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn record_people(
        &self,
        permit: &Permit,
        people: Vec<Person>,
    ) -> Result<Vec<PersonRecord>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let ids: Vec<UserId> = people.iter().map(|person| person.id.clone()).collect();
        let mut changed = HashMap::new();
        let mut tx = self.database.read().await?;
        for ids in ids.chunks(TOGETHER_MAX) {
            changed.extend(store::load_password_moments(&mut tx, permit.org(), ids).await?);
        }
        let record = |person: Person| PersonRecord {
            password_changed_at: changed.get(&person.id).copied(),
            person,
        };
        Ok(people.into_iter().map(record).collect())
    }

    /// How each of these apps is assigned to a person, since when, and what the person has in it; those that are not are left out.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn find_ways(
        &self,
        permit: &Permit,
        person: &Person,
        ids: &[AppId],
    ) -> Result<HashMap<AppId, AppWay>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let (org, user) = (permit.org(), &person.id);
        let mut found = HashMap::new();
        let mut tx = self.database.read().await?;
        for ids in ids.chunks(TOGETHER_MAX) {
            for (app, group, at) in store::load_group_ways(&mut tx, org, user, ids).await? {
                let way = AppWay {
                    way: Way::Group(group),
                    assigned_at: at,
                    attributes: Attributes::default(),
                };
                found.insert(app, way);
            }
            found.extend(store::load_direct_ways(&mut tx, org, user, ids).await?);
            let mapped = store::load_mapped(&mut tx, org, ids).await?;
            for id in ids {
                if let Some(way) = found.get_mut(id) {
                    let stored = std::mem::take(&mut way.attributes);
                    let mapped = mapped.get(id);
                    way.attributes = mapped
                        .map(|mapped| mapped.shown(person, &stored))
                        .unwrap_or_default();
                }
            }
        }
        Ok(found)
    }

    /// What is done at the SCIM servers of these apps, which the caller has found; those without a connection that is switched on are left out.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn find_features(
        &self,
        permit: &Permit,
        apps: &[App],
    ) -> Result<HashMap<AppId, Features>, Refusal> {
        permit.covers_finding(ThingKind::App)?;
        let ids: Vec<AppId> = apps.iter().map(|app| app.id.clone()).collect();
        let mut found = HashMap::new();
        let mut tx = self.database.read().await?;
        for ids in ids.chunks(TOGETHER_MAX) {
            found.extend(store::load_features(&mut tx, permit.org(), ids).await?);
        }
        Ok(found)
    }

    /// How much there is of each of these groups, counted up to a bound.
    ///
    /// # Errors
    /// [`Refusal::TooMany`] for more groups than are counted at once.
    #[boxed]
    pub async fn count_in_groups(
        &self,
        permit: &Permit,
        ids: &[GroupId],
    ) -> Result<HashMap<GroupId, GroupCounts>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        if ids.len() > GROUPS_COUNTED_MAX {
            return Err(Refusal::TooMany {
                what: "groups that are counted",
                max: GROUPS_COUNTED_MAX,
            });
        }
        let mut tx = self.database.read().await?;
        let counted = store::count_groups(&mut tx, permit.org(), ids).await?;
        let told = |count: i64, max: usize| {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            (count <= max).then_some(count)
        };
        let counts = counted.into_iter().map(|counted| {
            let counts = GroupCounts {
                members: told(counted.members, MEMBERS_COUNTED_MAX),
                apps: told(counted.apps, APPS_COUNTED_MAX),
                // It is pushed once to an app at most, and few apps are provisioned.
                pushes: usize::try_from(counted.pushes).unwrap_or_default(),
                gives_role: counted.gives_role,
            };
            (counted.group, counts)
        });
        Ok(counts.collect())
    }
}
