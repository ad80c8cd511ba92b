//! To whom an app is assigned, read page by page: people one by one and through groups, and the groups themselves.

pub mod store;

use crate::access::custom::capability::ThingKind;
use crate::access::custom::within;
use crate::access::{Permission, Permit};
use crate::attribute_schema::Attributes;
use crate::cell::Cell;
use crate::condition::{Comparison, Condition, Direction, Operand, Place};
use crate::fault::Refusal;
use crate::person::Person;
use crate::profile_mapping::store::load_mapped;
use crate::walk::{self, Listed, Page, Search, start_of_all};
use vocab::future::boxed;
use vocab::id::{AppId, GroupId, UserId};
use vocab::time::Timestamp;

/// How an app came to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// It is assigned to the person.
    Direct,
    /// It is assigned to that group of the person, and not to the person.
    Group(GroupId),
}

/// A person to whom an app is assigned.
#[derive(Debug, Clone)]
pub struct AppPerson {
    /// The person.
    pub person: Person,
    /// By which way.
    pub way: Way,
    /// When it was assigned to the person, or to the group.
    pub assigned_at: Timestamp,
    /// What the person has in the app; of that, what is set is set for those alone to whom it is assigned one by one.
    pub attributes: Attributes,
    /// Whether it is assigned to the person besides, so that the walk over the people has met them.
    is_direct: bool,
    /// Whether an earlier group has them as well.
    is_repeat: bool,
}

/// How an app is assigned to somebody, and what they have in it.
#[derive(Debug, Clone)]
pub struct AppWay {
    /// By which way.
    pub way: Way,
    /// When it was assigned to the person, or to the group.
    pub assigned_at: Timestamp,
    /// What they have in it.
    pub attributes: Attributes,
}

/// A group to which an app is assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppGroup {
    /// The group.
    pub group_id: GroupId,
    /// When it was assigned.
    pub assigned_at: Timestamp,
}

/// A page of the people of an app.
#[derive(Debug, Clone, Default)]
pub struct FoundAppPeople {
    /// The people.
    pub people: Vec<AppPerson>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Place>,
}

/// What tells whether a walk has met somebody before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute {
    Direct,
    Repeat,
}

/// Walks over the people of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walk {
    /// Those to whom it is assigned, by id.
    Direct,
    /// The members of the groups to which it is assigned: the key is the group.
    Groups,
}

impl walk::Walk for Walk {
    fn start(&self, direction: Direction) -> (String, String) {
        start_of_all(direction)
    }

    fn is_by_time(&self) -> bool {
        false
    }
}

impl Listed for AppPerson {
    type Attribute = Attribute;

    fn value(&self, attribute: &Attribute) -> Option<Operand> {
        Some(Operand::Flag(match attribute {
            Attribute::Direct => self.is_direct,
            Attribute::Repeat => self.is_repeat,
        }))
    }
}

/// Everybody to whom an app is assigned, each once: the one walk and then the other, since a group may have a million
/// members, who are not to be sorted among the others for a page.
fn everybody() -> Search<Walk, Attribute> {
    let is = |attribute, flag| {
        vec![Condition::Compare(
            attribute,
            Comparison::Equal,
            Operand::Flag(flag),
        )]
    };
    let up = Direction::Ascending;
    let mut search = Search::by(Walk::Direct, is(Attribute::Direct, true), up);
    let through = Search::by(Walk::Groups, is(Attribute::Repeat, false), up);
    search.alternatives.extend(through.alternatives);
    search
}

impl Cell {
    /// A page of the people to whom an app is assigned, after that place. It looks at no more than
    /// [`EXAMINED_MAX`](walk::EXAMINED_MAX), so that it may be shorter than asked for, or empty, and yet not the last.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app that this org does not have.
    #[boxed]
    pub async fn list_app_people(
        &self,
        permit: &Permit,
        app_id: &AppId,
        after: Option<Place>,
        limit: usize,
    ) -> Result<FoundAppPeople, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let search = everybody();
        let mut page = Page::begin(&search, after, limit)?;
        let mut tx = self.database.read().await?;
        let org = permit.org();
        crate::app::store::load(&mut tx, org, app_id)
            .await?
            .ok_or(Refusal::NotFound)?;
        while let Some(batch) = page.wanted() {
            let met = store::load_batch(&mut tx, org, app_id, &batch).await?;
            page.take(batch, met);
        }
        let (mut people, next) = page.finish();
        let mapped = load_mapped(&mut tx, org, app_id).await?;
        for found in &mut people {
            found.attributes = mapped.shown(&found.person, &found.attributes);
        }
        Ok(FoundAppPeople { people, next })
    }

    /// How an app is assigned to a person, without what the person has in it for a permit that comes of custom roles.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it is not.
    #[boxed]
    pub async fn find_app_person(
        &self,
        permit: &Permit,
        app_id: &AppId,
        user_id: &UserId,
    ) -> Result<AppPerson, Refusal> {
        permit.covers_finding(ThingKind::App)?;
        let mut tx = self.database.read().await?;
        within::check_app(&mut tx, permit, app_id).await?;
        within::check_assignee(&mut tx, permit, user_id, app_id).await?;
        let found = store::find_person(&mut tx, permit.org(), app_id, user_id).await?;
        let mut found = found.ok_or(Refusal::NotFound)?;
        // Whoever may assign the app may not look at what people have in it.
        found.attributes = match permit.custom_caller() {
            Some(_) => Attributes::default(),
            None => {
                let mapped = load_mapped(&mut tx, permit.org(), app_id).await?;
                mapped.shown(&found.person, &found.attributes)
            }
        };
        Ok(found)
    }

    /// A page of the groups to which an app is assigned, by id, after that id; the id where the next one begins, if there
    /// is one.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app that this org does not have.
    #[boxed]
    pub async fn list_app_groups(
        &self,
        permit: &Permit,
        app_id: &AppId,
        after: &str,
        limit: usize,
    ) -> Result<(Vec<AppGroup>, Option<GroupId>), Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let org = permit.org();
        crate::app::store::load(&mut tx, org, app_id)
            .await?
            .ok_or(Refusal::NotFound)?;
        let mut groups = store::load_groups(&mut tx, org, app_id, after, limit + 1).await?;
        let has_more = groups.len() > limit;
        groups.truncate(limit);
        let last = groups.last().map(|group| group.group_id.clone());
        Ok((groups, last.filter(|_| has_more)))
    }

    /// How an app is assigned to a group.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it is not.
    #[boxed]
    pub async fn find_app_group(
        &self,
        permit: &Permit,
        app_id: &AppId,
        group_id: &GroupId,
    ) -> Result<AppGroup, Refusal> {
        permit.covers_finding(ThingKind::App)?;
        let mut tx = self.database.read().await?;
        within::check_app(&mut tx, permit, app_id).await?;
        within::check_assigned_group(&mut tx, permit, group_id, app_id).await?;
        let found = store::find_group(&mut tx, permit.org(), app_id, group_id).await?;
        found.ok_or(Refusal::NotFound)
    }
}
