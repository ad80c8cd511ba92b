//! Finding groups by conditions, page by page: which index answers one is a pure decision.

use crate::access::custom::capability::{Capability, ThingKind};
use crate::access::custom::within;
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::condition::{Comparison, Condition, Direction, Operand, Place, Span, Unanswerable};
use crate::fault::Refusal;
use crate::group::Group;
use crate::person::profile::fold;
use crate::walk::{self, LAST_TEXT, Listed, Page, Search, start_of_all, start_of_span};
use std::collections::BTreeSet;
use vocab::future::boxed;
use vocab::id::{AppId, GroupId, UserId};

pub mod store;

/// What a condition may name of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupAttribute {
    /// The id.
    Id,
    /// The kind: every group is one whose members are set by hand.
    Kind,
    /// The name.
    Name,
    /// What a provisioning client calls it; compared with regard to case.
    ExternalId,
    /// What it is for.
    Description,
    /// When it was made.
    Created,
    /// The last change of name or description.
    LastUpdated,
    /// When somebody was last added or taken out.
    MembersChanged,
}

/// The word for the kind of every group.
pub const KIND: &str = "OKTA_GROUP";

/// A condition on a group.
pub type GroupCondition = Condition<GroupAttribute>;

/// The order of a list of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupOrder {
    /// By whatever is walked; without a condition, by id.
    #[default]
    Natural,
    /// By id.
    Id,
    /// By name.
    Name,
}

/// The groups that are looked for, and the walks that find them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSearch(Search<Walk, GroupAttribute>, GroupOrder);

/// A walk over an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Walk {
    ById,
    Id(String),
    ExternalId(String),
    /// Names from `begin` up to `end`, which is excluded.
    Names {
        begin: String,
        end: String,
    },
    LastUpdated(Span),
    MembersChanged(Span),
    /// These ones, which are in order.
    Ids(Vec<String>),
}

/// A page of groups.
#[derive(Debug, Clone, Default)]
pub struct FoundGroups {
    /// The groups.
    pub groups: Vec<Group>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Place>,
}

impl Walk {
    const fn rank(&self) -> u8 {
        match self {
            Self::Id(_) | Self::ExternalId(_) => 0,
            Self::Names { .. } => 1,
            Self::MembersChanged(_) => 2,
            Self::LastUpdated(_) => 3,
            Self::ById | Self::Ids(_) => 4,
        }
    }
}

impl walk::Walk for Walk {
    fn start(&self, direction: Direction) -> (String, String) {
        match (self, direction) {
            (Self::Names { begin, .. }, Direction::Ascending) => (begin.clone(), String::new()),
            (Self::Names { end, .. }, Direction::Descending) => (end.clone(), String::new()),
            (Self::LastUpdated(span) | Self::MembersChanged(span), _) => {
                start_of_span(*span, direction)
            }
            (Self::ById | Self::Id(_) | Self::ExternalId(_) | Self::Ids(_), _) => {
                start_of_all(direction)
            }
        }
    }

    fn is_by_time(&self) -> bool {
        matches!(self, Self::LastUpdated(_) | Self::MembersChanged(_))
    }
}

impl GroupSearch {
    /// The walk over single groups in which what is looked for is found by looking at each.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for another order than by id.
    fn within(&self, groups: &BTreeSet<String>) -> Result<Self, Refusal> {
        if self.1 == GroupOrder::Name || self.0.direction() == Direction::Descending {
            let problem = "there is no order among the groups of resource sets";
            return Err(Refusal::invalid("sortBy", problem));
        }
        let walk = Walk::Ids(groups.iter().cloned().collect());
        let search = Search::by(walk, Vec::new(), Direction::Ascending);
        Ok(Self(search, GroupOrder::Natural))
    }

    /// Whether a group is looked for that another walk met.
    fn fits(&self, group: &Group) -> bool {
        self.0.fits(group, |walk, group| match walk {
            Walk::Names { begin, end } => {
                let name = fold(&group.name);
                *begin <= name && name < *end
            }
            // What else is walked stands among the conditions, too.
            _ => true,
        })
    }

    /// Every group.
    #[must_use]
    pub fn every(order: GroupOrder, direction: Direction) -> Self {
        let walk = match order {
            GroupOrder::Natural | GroupOrder::Id => Walk::ById,
            GroupOrder::Name => names(""),
        };
        Self(Search::by(walk, Vec::new(), direction), order)
    }

    /// Groups whose name begins so.
    #[must_use]
    pub fn by_beginning(text: &str) -> Self {
        let walk = names(&fold(text));
        let search = Search::by(walk, Vec::new(), Direction::Ascending);
        Self(search, GroupOrder::Natural)
    }

    /// Groups for which the condition holds.
    ///
    /// # Errors
    /// [`Unanswerable`] where no index answers it.
    pub fn plan(
        condition: &GroupCondition,
        order: GroupOrder,
        direction: Direction,
    ) -> Result<Self, Unanswerable> {
        let fits = |walk: &Walk| {
            matches!(
                (walk, order),
                (Walk::Id(_) | Walk::ExternalId(_), _)
                    | (_, GroupOrder::Natural)
                    | (Walk::ById, GroupOrder::Id)
                    | (Walk::Names { .. }, GroupOrder::Name)
            )
        };
        let any_order = order == GroupOrder::Natural && direction == Direction::Ascending;
        let search = Search::plan(condition, direction, any_order, plan_walk, fits)?;
        Ok(Self(search, order))
    }
}

impl Listed for Group {
    type Attribute = GroupAttribute;

    fn value(&self, attribute: &GroupAttribute) -> Option<Operand> {
        let text = |text: &str| Operand::Text(text.to_owned());
        Some(match attribute {
            GroupAttribute::ExternalId => return self.external_id.clone().map(Operand::Exact),
            GroupAttribute::Id => text(self.id.as_str()),
            GroupAttribute::Kind => text(KIND),
            GroupAttribute::Name => text(&self.name),
            GroupAttribute::Description => text(&self.description),
            GroupAttribute::Created => Operand::Moment(self.created_at),
            GroupAttribute::LastUpdated => Operand::Moment(self.updated_at),
            GroupAttribute::MembersChanged => Operand::Moment(self.members_changed_at),
        })
    }
}

fn plan_walk(conditions: &[GroupCondition]) -> Option<Walk> {
    let mut walks: Vec<Walk> = conditions.iter().filter_map(plan_one).collect();
    let members = Span::of(conditions, &GroupAttribute::MembersChanged);
    let updated = Span::of(conditions, &GroupAttribute::LastUpdated);
    walks.extend((members != Span::ALL).then_some(Walk::MembersChanged(members)));
    walks.extend((updated != Span::ALL).then_some(Walk::LastUpdated(updated)));
    walks.into_iter().min_by_key(Walk::rank)
}

fn plan_one(condition: &GroupCondition) -> Option<Walk> {
    let (attribute, comparison, text) = match condition {
        Condition::Compare(GroupAttribute::ExternalId, Comparison::Equal, Operand::Exact(text)) => {
            return Some(Walk::ExternalId(text.clone()));
        }
        Condition::Compare(attribute, comparison, Operand::Text(text)) => {
            (attribute, comparison, text)
        }
        _ => return None,
    };
    match (attribute, comparison) {
        (GroupAttribute::Id, Comparison::Equal) => Some(Walk::Id(text.clone())),
        // Every group is of the one kind: the list of all is the index, and of another kind there is none.
        (GroupAttribute::Kind, Comparison::Equal) => Some(match text.eq_ignore_ascii_case(KIND) {
            true => Walk::ById,
            false => Walk::Id(String::new()),
        }),
        (GroupAttribute::Name, Comparison::Equal) => {
            let begin = fold(text);
            let end = format!("{begin}\u{1}");
            Some(Walk::Names { begin, end })
        }
        (GroupAttribute::Name, Comparison::Begins) if !fold(text).is_empty() => {
            Some(names(&fold(text)))
        }
        _ => None,
    }
}

fn names(begin: &str) -> Walk {
    Walk::Names {
        begin: begin.to_owned(),
        end: format!("{begin}{LAST_TEXT}"),
    }
}

impl Cell {
    /// A page of groups after that place. It looks at no more than [`EXAMINED_MAX`](walk::EXAMINED_MAX) of them, so that it may be shorter
    /// than asked for, or empty, and yet not the last.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn search_groups(
        &self,
        permit: &Permit,
        search: &GroupSearch,
        after: Option<Place>,
        limit: usize,
    ) -> Result<FoundGroups, Refusal> {
        permit.covers_within(Permission::ReadDirectory, Capability::GroupsRead)?;
        let mut tx = self.database.read().await?;
        if let Some(extent) = within::load_extent(&mut tx, permit, ThingKind::Group).await?
            && !extent.reach.all
        {
            let walked = search.within(&extent.reach.ids)?;
            let mut page = Page::begin(&walked.0, after, limit)?.sifted();
            while let Some(batch) = page.wanted() {
                let met = store::load_batch(&mut tx, permit.org(), &batch).await?;
                page.take_those(batch, met, |group, _| search.fits(group));
            }
            let (groups, next) = page.finish();
            return Ok(FoundGroups { groups, next });
        }
        let mut page = Page::begin(&search.0, after, limit)?;
        while let Some(batch) = page.wanted() {
            let met = store::load_batch(&mut tx, permit.org(), &batch).await?;
            page.take(batch, met);
        }
        let (groups, next) = page.finish();
        Ok(FoundGroups { groups, next })
    }

    /// The group of that id.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if this org has none such.
    #[boxed]
    pub async fn find_group(&self, permit: &Permit, group_id: &GroupId) -> Result<Group, Refusal> {
        permit.covers_finding(ThingKind::Group)?;
        let mut tx = self.database.read().await?;
        let found = crate::group::store::load(&mut tx, permit.org(), group_id).await?;
        let found = found.ok_or(Refusal::NotFound)?;
        within::check_group(&mut tx, permit, group_id).await?;
        Ok(found)
    }

    /// The same, for an act upon that app that is also one upon the group: whether it is assigned to it.
    ///
    /// # Errors
    /// As for [`Cell::find_group`].
    #[boxed]
    pub async fn find_assigned_group(
        &self,
        permit: &Permit,
        app: &AppId,
        group_id: &GroupId,
    ) -> Result<Group, Refusal> {
        permit.covers_finding(ThingKind::Group)?;
        let mut tx = self.database.read().await?;
        let found = crate::group::store::load(&mut tx, permit.org(), group_id).await?;
        let found = found.ok_or(Refusal::NotFound)?;
        within::check_assigned_group(&mut tx, permit, group_id, app).await?;
        Ok(found)
    }

    /// A page of a person's groups, by id, after that id; the id where the next one begins, if there is one.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_groups_of(
        &self,
        permit: &Permit,
        user_id: &UserId,
        after: &str,
        limit: usize,
    ) -> Result<(Vec<Group>, Option<GroupId>), Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let groups = store::load_of_person(&mut tx, permit.org(), user_id, after, limit + 1);
        let mut groups = groups.await?;
        let has_more = groups.len() > limit;
        groups.truncate(limit);
        let last = groups.last().map(|group| group.id.clone());
        Ok((groups, last.filter(|_| has_more)))
    }
}
