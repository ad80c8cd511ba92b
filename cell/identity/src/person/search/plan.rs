//! Which index answers a condition: a pure decision. What has no index is refused and never read through.

use crate::condition::{Comparison, Condition, Direction, Operand, Span, Unanswerable};
use crate::fault::Refusal;
use crate::person::profile::{ProfileInput, TERM_CHARS_MAX, fold, search_terms};
use crate::person::search::{PersonAttribute, PersonOrder, PersonRecord, type_operand};
use crate::person::{Person, PersonStatus};
use crate::walk::{self, LAST_TEXT, Search, start_of_all, start_of_span};
use std::collections::BTreeSet;
use vocab::id::UserTypeId;

/// A condition on a person.
pub type PersonCondition = Condition<PersonAttribute>;

/// The people that are looked for, and the walks that find them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleSearch(pub(crate) Search<Walk, PersonAttribute>, PersonOrder);

/// A walk over an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Walk {
    ById,
    ByLogin,
    Id(String),
    Login(String),
    ExternalId(String),
    Email(String),
    /// By words that begin so: up to `end`, which is excluded.
    Words {
        begin: String,
        end: String,
        status: Option<PersonStatus>,
    },
    Created(Span),
    LastUpdated(Span),
    Status(PersonStatus),
    /// By the id of the type; an empty one is that of the type that every org has.
    Type(String),
    /// Members of these groups, which are in order: group after group, each person by the first.
    MembersOf(Vec<String>),
}

impl Walk {
    /// The less, the fewer people a walk meets.
    fn rank(&self) -> (u8, usize) {
        match self {
            Self::Id(_) => (0, 0),
            Self::Login(_) => (1, 0),
            Self::ExternalId(_) => (1, 1),
            Self::Email(_) => (2, 0),
            // A longer beginning is one of fewer words.
            Self::Words { begin, .. } => (3, usize::MAX - begin.len()),
            Self::LastUpdated(_) => (4, 0),
            Self::Created(_) => (5, 0),
            Self::Type(id) if !id.is_empty() => (5, 1),
            Self::Status(_) => (6, 0),
            Self::Type(_) => (6, 1),
            Self::ById | Self::ByLogin | Self::MembersOf(_) => (7, 0),
        }
    }

    /// The order in which it meets people.
    fn is_in(&self, order: PersonOrder) -> bool {
        matches!(
            (self, order),
            // At most one person, in any order.
            (Self::Id(_) | Self::Login(_) | Self::ExternalId(_), _)
                | (_, PersonOrder::Natural)
                | (Self::ById | Self::Email(_), PersonOrder::Id)
                | (
                    Self::Status(_) | Self::Type(_) | Self::ByLogin,
                    PersonOrder::Login
                )
                | (Self::Created(_), PersonOrder::Created)
                | (Self::LastUpdated(_), PersonOrder::LastUpdated)
        )
    }
}

impl walk::Walk for Walk {
    fn start(&self, direction: Direction) -> (String, String) {
        match self {
            Self::Words { begin, .. } => (begin.clone(), String::new()),
            Self::Created(span) | Self::LastUpdated(span) => start_of_span(*span, direction),
            _ => start_of_all(direction),
        }
    }

    fn is_by_time(&self) -> bool {
        matches!(self, Self::Created(_) | Self::LastUpdated(_))
    }
}

impl PeopleSearch {
    /// The walk over the members of groups in which what is looked for is found by looking at each.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for an order, in which such a walk meets nobody.
    pub(crate) fn within(&self, groups: &BTreeSet<String>) -> Result<Self, Refusal> {
        if self.1 == PersonOrder::Natural && self.0.direction() == Direction::Ascending {
            let walk = Walk::MembersOf(groups.iter().cloned().collect());
            let search = Search::by(walk, Vec::new(), Direction::Ascending);
            return Ok(Self(search, PersonOrder::Natural));
        }
        let problem = "there is no order among the people of resource sets";
        Err(Refusal::invalid("sortBy", problem))
    }

    /// Whether somebody is looked for whom another walk met.
    pub(crate) fn fits(&self, record: &PersonRecord) -> bool {
        self.0.fits(record, |walk, record| match walk {
            Walk::Words { begin, end, .. } => {
                let terms = terms_of(&record.person);
                terms.iter().any(|term| begin <= term && term < end)
            }
            // What else is walked stands among the conditions, too.
            _ => true,
        })
    }

    /// Everybody who has not left.
    #[must_use]
    pub fn everybody(order: PersonOrder, direction: Direction) -> Self {
        let search = Search::by(whole_walk(order), vec![has_not_left()], direction);
        Self(search, order)
    }

    /// Everybody, those who have left included.
    #[must_use]
    pub fn all(order: PersonOrder, direction: Direction) -> Self {
        Self(Search::by(whole_walk(order), Vec::new(), direction), order)
    }

    /// Whoever has a word (the login, the mail address, the name or a word of it) that begins so, and has not left.
    #[must_use]
    pub fn by_beginning(text: &str) -> Self {
        let walk = words(text, None);
        let search = Search::by(walk, vec![has_not_left()], Direction::Ascending);
        Self(search, PersonOrder::Natural)
    }

    /// Whoever is in that state, and has a word that begins so; an empty beginning is everybody's.
    #[must_use]
    pub fn in_state(status: PersonStatus, text: &str) -> Self {
        let walk = match fold(text).is_empty() {
            true => Walk::Status(status),
            false => words(text, Some(status)),
        };
        let state = Operand::Text(status.as_str().to_owned());
        let state = Condition::Compare(PersonAttribute::Status, Comparison::Equal, state);
        let search = Search::by(walk, vec![state], Direction::Ascending);
        Self(search, PersonOrder::Natural)
    }

    /// Whoever is of that type, and in that state, and has a word that begins so; an empty beginning is everybody's.
    #[must_use]
    pub fn of_type(key: Option<&UserTypeId>, status: Option<PersonStatus>, text: &str) -> Self {
        let walk = match (fold(text).is_empty(), key, status) {
            (false, _, status) => words(text, status),
            (true, None, Some(status)) => Walk::Status(status),
            (true, key, _) => Walk::Type(key.map(UserTypeId::to_string).unwrap_or_default()),
        };
        let equal = |attribute, operand| Condition::Compare(attribute, Comparison::Equal, operand);
        let state = status.map(|status| {
            let state = Operand::Text(status.as_str().to_owned());
            equal(PersonAttribute::Status, state)
        });
        let of = equal(PersonAttribute::Type, type_operand(key));
        let conditions = std::iter::once(of).chain(state).collect();
        let search = Search::by(walk, conditions, Direction::Ascending);
        Self(search, PersonOrder::Natural)
    }

    /// Whoever the condition holds for.
    ///
    /// # Errors
    /// [`Unanswerable`] where no index answers it.
    pub fn plan(
        condition: &PersonCondition,
        order: PersonOrder,
        direction: Direction,
    ) -> Result<Self, Unanswerable> {
        // The walks of texts and addresses go one way.
        let goes = |walk: &Walk| {
            direction == Direction::Ascending
                || matches!(
                    walk,
                    Walk::Id(_)
                        | Walk::Login(_)
                        | Walk::ExternalId(_)
                        | Walk::Status(_)
                        | Walk::Type(_)
                        | Walk::Created(_)
                        | Walk::LastUpdated(_)
                )
        };
        let fits = |walk: &Walk| walk.is_in(order) && goes(walk);
        let any_order = order == PersonOrder::Natural && direction == Direction::Ascending;
        let search = Search::plan(condition, direction, any_order, plan_walk, fits)?;
        Ok(Self(search, order))
    }
}

const fn whole_walk(order: PersonOrder) -> Walk {
    match order {
        PersonOrder::Natural | PersonOrder::Id => Walk::ById,
        PersonOrder::Login => Walk::ByLogin,
        PersonOrder::Created => Walk::Created(Span::ALL),
        PersonOrder::LastUpdated => Walk::LastUpdated(Span::ALL),
    }
}

fn has_not_left() -> PersonCondition {
    let left = Operand::Text(PersonStatus::Deprovisioned.as_str().to_owned());
    Condition::Compare(PersonAttribute::Status, Comparison::NotEqual, left)
}

/// The walk that meets the fewest, among those that meet everybody for whom all conditions hold.
fn plan_walk(conditions: &[PersonCondition]) -> Option<Walk> {
    let mut walks: Vec<Walk> = conditions.iter().filter_map(plan_one).collect();
    let updated = Span::of(conditions, &PersonAttribute::LastUpdated);
    let created = Span::of(conditions, &PersonAttribute::Created);
    walks.extend((updated != Span::ALL).then_some(Walk::LastUpdated(updated)));
    walks.extend((created != Span::ALL).then_some(Walk::Created(created)));
    let state = walks.iter().find_map(|walk| match walk {
        Walk::Status(status) => Some(*status),
        _ => None,
    });
    let best = walks.into_iter().min_by_key(Walk::rank)?;
    Some(match best {
        Walk::Words { begin, end, .. } => Walk::Words {
            begin,
            end,
            status: state,
        },
        walk => walk,
    })
}

fn plan_one(condition: &PersonCondition) -> Option<Walk> {
    use PersonAttribute as Of;
    let (attribute, comparison, text) = match condition {
        Condition::Compare(Of::ExternalId, Comparison::Equal, Operand::Exact(text)) => {
            return Some(Walk::ExternalId(text.clone()));
        }
        Condition::Compare(Of::Type, Comparison::Equal, Operand::Exact(text)) => {
            return Some(Walk::Type(text.clone()));
        }
        Condition::Compare(attribute, comparison, Operand::Text(text)) => {
            (attribute, comparison, text)
        }
        _ => return None,
    };
    match (attribute, comparison) {
        (Of::Id, Comparison::Equal) => Some(Walk::Id(text.clone())),
        (Of::Login, Comparison::Equal) => Some(Walk::Login(fold(text))),
        (Of::Email, Comparison::Equal) => Some(Walk::Email(fold(text))),
        // A state that there is not is nobody's: nobody has the id either.
        (Of::Status, Comparison::Equal) => Some(
            PersonStatus::from_word(&text.to_uppercase())
                .map_or_else(|| Walk::Id(String::new()), Walk::Status),
        ),
        (Of::Login | Of::Email | Of::FirstName | Of::LastName, Comparison::Begins)
            if !fold(text).is_empty() =>
        {
            Some(words(text, None))
        }
        (Of::FirstName | Of::LastName, Comparison::Equal) if !fold(text).is_empty() => {
            let begin = term(text);
            // No text stands between a word and the word with the least sign behind it.
            let end = format!("{begin}\u{1}");
            Some(Walk::Words {
                begin,
                end,
                status: None,
            })
        }
        _ => None,
    }
}

fn words(text: &str, status: Option<PersonStatus>) -> Walk {
    let begin = term(text);
    let end = format!("{begin}{LAST_TEXT}");
    Walk::Words { begin, end, status }
}

/// The words by which the index finds somebody.
fn terms_of(person: &Person) -> Vec<String> {
    search_terms(&ProfileInput {
        login: person.login.clone(),
        email: person.email.clone(),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        attributes: serde_json::Map::new(),
    })
}

/// As the index keeps words.
fn term(text: &str) -> String {
    fold(text).chars().take(TERM_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::{PeopleSearch, PersonCondition, Walk};
    use crate::condition::{Comparison, Condition, Direction, Operand, Span, Unanswerable};
    use crate::person::PersonStatus;
    use crate::person::search::{PersonAttribute as Of, PersonOrder};
    use vocab::time::Timestamp;

    fn text(attribute: Of, comparison: Comparison, text: &str) -> PersonCondition {
        Condition::Compare(attribute, comparison, Operand::Text(text.into()))
    }

    fn exact(text: &str) -> PersonCondition {
        let text = Operand::Exact(text.into());
        Condition::Compare(Of::ExternalId, Comparison::Equal, text)
    }

    fn since(attribute: Of, secs: i64) -> PersonCondition {
        let moment = Operand::Moment(Timestamp::from_seconds(secs));
        Condition::Compare(attribute, Comparison::GreaterOrEqual, moment)
    }

    fn walks(condition: &PersonCondition) -> Result<Vec<Walk>, Unanswerable> {
        let plan = PeopleSearch::plan(condition, PersonOrder::Natural, Direction::Ascending)?;
        let alternatives = plan.0.alternatives.into_iter();
        Ok(alternatives.map(|alternative| alternative.walk).collect())
    }

    fn beginning(begin: &str, status: Option<PersonStatus>) -> Walk {
        Walk::Words {
            begin: begin.into(),
            end: format!("{begin}\u{10FFFF}"),
            status,
        }
    }

    #[test]
    fn the_walk_that_meets_the_fewest_is_taken() {
        use Comparison::{Begins, Contains, Equal};
        let active = text(Of::Status, Equal, "active");
        let lov = text(Of::LastName, Begins, "Lov");
        let all = |parts: &[&PersonCondition]| {
            Condition::All(parts.iter().map(|part| (*part).clone()).collect())
        };
        let span = Span {
            from: 5_000_000,
            to: i64::MAX,
        };
        let table = [
            (text(Of::Id, Equal, "00u1"), Walk::Id("00u1".into())),
            (text(Of::Login, Equal, " ADA "), Walk::Login("ada".into())),
            (text(Of::Email, Equal, "A@b.c"), Walk::Email("a@b.c".into())),
            (exact("Ab"), Walk::ExternalId("Ab".into())),
            (
                all(&[&active, &exact("Ab"), &text(Of::Email, Equal, "a@b.c")]),
                Walk::ExternalId("Ab".into()),
            ),
            (active.clone(), Walk::Status(PersonStatus::Active)),
            (text(Of::Status, Equal, "gone"), Walk::Id(String::new())),
            (lov.clone(), beginning("lov", None)),
            (
                all(&[&active, &lov]),
                beginning("lov", Some(PersonStatus::Active)),
            ),
            (
                all(&[&lov, &text(Of::Login, Begins, "ada@ex")]),
                beginning("ada@ex", None),
            ),
            (
                all(&[&active, &text(Of::Login, Equal, "ada")]),
                Walk::Login("ada".into()),
            ),
            (since(Of::LastUpdated, 5), Walk::LastUpdated(span)),
            (all(&[&active, &since(Of::Created, 5)]), Walk::Created(span)),
            (
                text(Of::FirstName, Equal, "Ada"),
                Walk::Words {
                    begin: "ada".into(),
                    end: "ada\u{1}".into(),
                    status: None,
                },
            ),
            (
                all(&[&text(Of::Email, Contains, "x"), &active]),
                Walk::Status(PersonStatus::Active),
            ),
        ];
        for (condition, walk) in table {
            assert_eq!(walks(&condition), Ok(vec![walk]), "{condition:?}");
        }
    }

    #[test]
    fn people_are_walked_by_their_type_unless_every_org_has_it() {
        use Comparison::{Equal, NotEqual};
        let of = |id: &str, comparison| {
            Condition::Compare(Of::Type, comparison, Operand::Exact(id.into()))
        };
        let active = text(Of::Status, Equal, "ACTIVE");
        let all = |parts: &[&PersonCondition]| {
            Condition::All(parts.iter().map(|part| (*part).clone()).collect())
        };
        for (condition, walk) in [
            (of("oty1", Equal), Walk::Type("oty1".into())),
            (of("", Equal), Walk::Type(String::new())),
            (
                all(&[&active, &of("oty1", Equal)]),
                Walk::Type("oty1".into()),
            ),
            (
                all(&[&active, &of("", Equal)]),
                Walk::Status(PersonStatus::Active),
            ),
            (
                all(&[&active, &of("oty1", NotEqual)]),
                Walk::Status(PersonStatus::Active),
            ),
            (
                all(&[&of("oty1", Equal), &text(Of::Login, Equal, "ada")]),
                Walk::Login("ada".into()),
            ),
        ] {
            assert_eq!(walks(&condition), Ok(vec![walk]), "{condition:?}");
        }
        let not = of("oty1", NotEqual);
        assert_eq!(walks(&not), Err(Unanswerable::NoIndex));
    }

    #[test]
    fn what_has_no_index_is_refused_in_every_alternative() {
        use Comparison::{Begins, Contains, Equal, NotEqual};
        let known = text(Of::Login, Equal, "ada");
        for condition in [
            text(Of::Email, Contains, "ada"),
            text(Of::Status, NotEqual, "ACTIVE"),
            text(Of::Login, Begins, ""),
            text(Of::Custom("level".into()), Equal, "x"),
            text(Of::ExternalId, Equal, "Ab"),
            Condition::Compare(Of::Belongs, Equal, Operand::Flag(true)),
            since(Of::StatusChanged, 5),
            Condition::Present(Of::Email),
            Condition::Not(Box::new(known.clone())),
            Condition::Any(vec![known.clone(), Condition::Present(Of::Email)]),
        ] {
            assert_eq!(
                walks(&condition),
                Err(Unanswerable::NoIndex),
                "{condition:?}"
            );
        }
        let either = Condition::Any(vec![known.clone(), text(Of::Email, Equal, "a@b.c")]);
        assert_eq!(walks(&either).map(|walks| walks.len()), Ok(2));
    }

    #[test]
    fn an_order_is_kept_or_refused() {
        use Direction::{Ascending, Descending};
        use PersonOrder::{Created, Id, LastUpdated, Login, Natural};
        let one = text(Of::Login, Comparison::Equal, "ada");
        let active = text(Of::Status, Comparison::Equal, "ACTIVE");
        let begins = text(Of::LastName, Comparison::Begins, "a");
        let either = Condition::Any(vec![one.clone(), active.clone()]);
        let updated = since(Of::LastUpdated, 5);
        for (condition, order, direction, kept) in [
            (&one, Created, Descending, true),
            (&one, Id, Descending, true),
            (&active, Id, Ascending, false),
            (&begins, Id, Ascending, false),
            (&either, Id, Ascending, false),
            (&active, Login, Descending, true),
            (&active, LastUpdated, Ascending, false),
            (&updated, LastUpdated, Descending, true),
            (&updated, Created, Ascending, false),
            (&begins, Natural, Ascending, true),
            (&begins, Natural, Descending, false),
            (&begins, Login, Ascending, false),
            (&either, Natural, Ascending, true),
            (&either, Natural, Descending, false),
        ] {
            let plan = PeopleSearch::plan(condition, order, direction);
            assert_eq!(plan.is_ok(), kept, "{condition:?} {order:?} {direction:?}");
        }
    }
}
