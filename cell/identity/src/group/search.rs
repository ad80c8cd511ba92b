//! Finding groups by conditions, page by page: which index answers one is a pure decision.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::condition::{
    BATCH_ROWS_MIN, Comparison, Condition, Direction, EXAMINED_MAX, LAST_TEXT, Operand, Place,
    Span, Unanswerable,
};
use crate::fault::Refusal;
use crate::group::Group;
use crate::person::profile::fold;
use vocab::id::{GroupId, UserId};

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
    /// By name.
    Name,
}

/// The groups that are looked for, and the walks that find them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSearch {
    pub(crate) alternatives: Vec<Alternative>,
    pub(crate) direction: Direction,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alternative {
    pub(crate) walk: Walk,
    pub(crate) conditions: Vec<GroupCondition>,
}

/// A walk over an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Walk {
    ById,
    Id(String),
    /// Names from `begin` up to `end`, which is excluded.
    Names {
        begin: String,
        end: String,
    },
    LastUpdated(Span),
    MembersChanged(Span),
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
            Self::Id(_) => 0,
            Self::Names { .. } => 1,
            Self::MembersChanged(_) => 2,
            Self::LastUpdated(_) => 3,
            Self::ById => 4,
        }
    }

    fn start(&self, alternative: usize, direction: Direction) -> Place {
        let (key, id) = match (self, direction) {
            (Self::Names { begin, .. }, Direction::Ascending) => (begin.clone(), String::new()),
            (Self::Names { end, .. }, Direction::Descending) => (end.clone(), String::new()),
            (Self::LastUpdated(span) | Self::MembersChanged(span), Direction::Ascending) => {
                (span.from.to_string(), String::new())
            }
            (Self::LastUpdated(span) | Self::MembersChanged(span), Direction::Descending) => {
                (span.to.to_string(), LAST_TEXT.to_owned())
            }
            (_, Direction::Ascending) => (String::new(), String::new()),
            (_, Direction::Descending) => (LAST_TEXT.to_owned(), LAST_TEXT.to_owned()),
        };
        Place {
            alternative,
            key,
            id,
        }
    }
}

impl GroupSearch {
    /// Every group.
    #[must_use]
    pub fn every(order: GroupOrder, direction: Direction) -> Self {
        let walk = match order {
            GroupOrder::Natural => Walk::ById,
            GroupOrder::Name => names(""),
        };
        Self {
            alternatives: vec![Alternative {
                walk,
                conditions: Vec::new(),
            }],
            direction,
        }
    }

    /// Groups whose name begins so.
    #[must_use]
    pub fn by_beginning(text: &str) -> Self {
        Self {
            alternatives: vec![Alternative {
                walk: names(&fold(text)),
                conditions: Vec::new(),
            }],
            direction: Direction::Ascending,
        }
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
        let mut alternatives = Vec::new();
        for conditions in condition.alternatives()? {
            let walk = plan_walk(&conditions).ok_or(Unanswerable::NoIndex)?;
            alternatives.push(Alternative { walk, conditions });
        }
        let is_one = alternatives.len() == 1;
        let fits = |walk: &Walk| {
            order == GroupOrder::Natural || matches!(walk, Walk::Id(_) | Walk::Names { .. })
        };
        let ordered = alternatives
            .iter()
            .all(|alternative| fits(&alternative.walk));
        let any_order = order == GroupOrder::Natural && direction == Direction::Ascending;
        if ordered && (is_one || any_order) {
            Ok(Self {
                alternatives,
                direction,
            })
        } else {
            Err(Unanswerable::Order)
        }
    }

    fn has_place(&self, place: &Place) -> bool {
        match self.alternatives.get(place.alternative) {
            Some(alternative) => match alternative.walk {
                Walk::LastUpdated(_) | Walk::MembersChanged(_) => place.key.parse::<i64>().is_ok(),
                _ => true,
            },
            None => false,
        }
    }
}

impl Alternative {
    fn holds(&self, group: &Group) -> bool {
        let value = |attribute: &GroupAttribute| Some(value_of(group, *attribute));
        self.conditions
            .iter()
            .all(|condition| condition.holds(&value))
    }
}

fn value_of(group: &Group, attribute: GroupAttribute) -> Operand {
    let text = |text: &str| Operand::Text(text.to_owned());
    match attribute {
        GroupAttribute::Id => text(group.id.as_str()),
        GroupAttribute::Kind => text(KIND),
        GroupAttribute::Name => text(&group.name),
        GroupAttribute::Description => text(&group.description),
        GroupAttribute::Created => Operand::Moment(group.created_at),
        GroupAttribute::LastUpdated => Operand::Moment(group.updated_at),
        GroupAttribute::MembersChanged => Operand::Moment(group.members_changed_at),
    }
}

fn plan_walk(conditions: &[GroupCondition]) -> Option<Walk> {
    let mut walks: Vec<Walk> = conditions.iter().filter_map(plan_one).collect();
    let members = span_of(conditions, GroupAttribute::MembersChanged);
    let updated = span_of(conditions, GroupAttribute::LastUpdated);
    walks.extend((members != Span::ALL).then_some(Walk::MembersChanged(members)));
    walks.extend((updated != Span::ALL).then_some(Walk::LastUpdated(updated)));
    walks.into_iter().min_by_key(Walk::rank)
}

fn span_of(conditions: &[GroupCondition], of: GroupAttribute) -> Span {
    conditions
        .iter()
        .fold(Span::ALL, |span, condition| match condition {
            Condition::Compare(attribute, comparison, Operand::Moment(moment))
                if *attribute == of =>
            {
                span.narrowed(*comparison, *moment)
            }
            _ => span,
        })
}

fn plan_one(condition: &GroupCondition) -> Option<Walk> {
    let Condition::Compare(attribute, comparison, Operand::Text(text)) = condition else {
        return None;
    };
    match (attribute, comparison) {
        (GroupAttribute::Id, Comparison::Equal) => Some(Walk::Id(text.clone())),
        // Every group is of the one kind: the list of all is the index.
        (GroupAttribute::Kind, Comparison::Equal) => Some(Walk::ById),
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
    /// A page of groups after that place. It looks at no more than [`EXAMINED_MAX`] of them, so that it may be shorter
    /// than asked for, or empty, and yet not the last.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    pub async fn search_groups(
        &self,
        permit: &Permit,
        search: &GroupSearch,
        after: Option<Place>,
        limit: usize,
    ) -> Result<FoundGroups, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        if after.as_ref().is_some_and(|place| !search.has_place(place)) {
            return Err(Refusal::invalid("after", "it is of another list"));
        }
        let mut found = FoundGroups::default();
        let (mut examined, mut after) = (0, after);
        let first = after.as_ref().map_or(0, |place| place.alternative);
        let mut tx = self.database.read().await?;
        for (number, alternative) in search.alternatives.iter().enumerate().skip(first) {
            let walk = &alternative.walk;
            let mut place = after
                .take()
                .unwrap_or_else(|| walk.start(number, search.direction));
            loop {
                let wanted = limit + 1 - found.groups.len();
                let batch = if alternative.conditions.is_empty() {
                    wanted
                } else {
                    wanted.max(BATCH_ROWS_MIN)
                };
                let rows =
                    store::load_batch(&mut tx, permit.org(), walk, search.direction, &place, batch)
                        .await?;
                let is_last = rows.len() < batch;
                for (group, key) in rows {
                    if found.groups.len() == limit || examined == EXAMINED_MAX {
                        found.next = Some(place);
                        return Ok(found);
                    }
                    examined += 1;
                    place = Place {
                        alternative: number,
                        key,
                        id: group.id.to_string(),
                    };
                    let mut earlier = search.alternatives.iter().take(number);
                    if alternative.holds(&group) && !earlier.any(|other| other.holds(&group)) {
                        found.groups.push(group);
                    }
                }
                if is_last {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// The group of that id.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if this org has none such.
    pub async fn find_group(&self, permit: &Permit, group_id: &GroupId) -> Result<Group, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let found = crate::group::store::load(&mut tx, permit.org(), group_id).await?;
        found.ok_or(Refusal::NotFound)
    }

    /// A page of a person's groups, by id, after that id; the id where the next one begins, if there is one.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
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
