//! Mappings: what people have in an app because of what their profiles say. Pure rules.
//!
//! There is one mapping for each app, from the profiles of the org's people to the attributes of its schema. A value that somebody set
//! for a person comes before whatever a mapping says. What is pushed follows the person: it is evaluated whenever it is read, and nothing
//! is stored of it. What is not pushed is evaluated once, when the app is assigned to the person, and is then as if somebody had set it.
//! An expression that cannot be read any more, or whose value does not fit the attribute, gives nothing. All of a mapping together may take
//! only so much for one person; beyond that nothing of it counts for them, rather than a part that nobody chose.

pub mod operations;
pub mod store;

use crate::attribute_schema::Attributes;
use crate::fault::Refusal;
use crate::group_rule::decide::{kind_of, kind_of_attribute, problem_of, value_of};
use crate::org::settings::ProfileAttribute;
use crate::person::Person;
use crate::person::profile::is_fit;
use crate::problem::{Problem, quoted};
use crate::user_type::schemas::{Kinds, ProfileSchemas};
use protocol::expression::{Budget, EvaluationError, Expression, Facts, Groups, Kind, Value};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Longest text of all expressions of one mapping together.
pub const EXPRESSIONS_BYTES_MAX: usize = 16 * 1_024;

/// What all expressions of a mapping may take together for one person: text in bytes, twice as much as one of them …
pub const PERSON_BYTES_MAX: usize = 128 * 1_024;
/// … and steps.
pub const PERSON_STEPS_MAX: usize = 10_000;

/// A mapping takes more for a person than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the mapping of the app takes more for one person than it may")]
pub struct Overrun;

impl From<Overrun> for Refusal {
    fn from(_: Overrun) -> Self {
        let bounds = [
            ("bytes", PERSON_BYTES_MAX.to_string()),
            ("steps", PERSON_STEPS_MAX.to_string()),
        ];
        let problem = "the mapping of the app makes too much of this person's profile: {bytes} bytes of text and {steps} steps are possible";
        Self::invalid("profile", Problem::of(problem, bounds))
    }
}

/// When an expression is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PushStatus {
    /// Whenever it is read.
    Push,
    /// When the app is assigned to the person.
    DontPush,
}

impl PushStatus {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Push, Self::DontPush];

    /// The word of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Push => "PUSH",
            Self::DontPush => "DONT_PUSH",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// What an attribute of an app is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    /// An expression about a person.
    pub expression: String,
    /// When it is evaluated.
    pub push: PushStatus,
}

/// What each attribute is made of, by its name.
pub type Properties = BTreeMap<String, Property>;

/// A change of some of them; what is none is removed.
pub type Change = BTreeMap<String, Option<Property>>;

/// The mapping of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileMapping {
    /// What is mapped.
    pub properties: Properties,
    /// Counts changes; zero before the first one.
    pub revision: i64,
}

/// The attributes between which a mapping leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ends {
    /// Those of people.
    pub of_people: Vec<ProfileAttribute>,
    /// Those that people have in the app.
    pub of_app: Vec<ProfileAttribute>,
}

/// What is wrong with a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub problem: Problem,
}

/// Why a mapping was not changed.
#[derive(Debug)]
pub enum MappingRefusal {
    /// A property cannot be.
    Misfit(Misfit),
    /// Anything else.
    Other(Refusal),
}

impl From<Refusal> for MappingRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Other(refusal)
    }
}

impl ProfileMapping {
    /// The same without what the schema of the app has no more.
    #[must_use]
    pub fn known(mut self, of_app: &[ProfileAttribute]) -> Self {
        self.properties
            .retain(|name, _| find(of_app, name).is_some());
        self
    }
}

fn find<'a>(schema: &'a [ProfileAttribute], name: &str) -> Option<&'a ProfileAttribute> {
    schema.iter().find(|attribute| attribute.name == name)
}

/// Reads what an attribute is made of: a value of its kind, about the person alone.
fn parse_property(
    attribute: &ProfileAttribute,
    property: &Property,
    of_people: &dyn Fn(&str) -> Option<Kind>,
) -> Result<Expression, Problem> {
    let kind = kind_of_attribute(attribute.kind);
    let read = Expression::parse_of(kind, &property.expression, of_people);
    let read = read.map_err(|error| problem_of(&error))?;
    if !read.memberships().is_empty() {
        return Err(Problem::of("a mapping cannot ask about groups", []));
    }
    Ok(read)
}

/// What a change makes of what is mapped.
///
/// # Errors
/// [`MappingRefusal::Misfit`] naming the first property that cannot be.
pub fn decide_mapping(
    present: &Properties,
    change: Change,
    ends: &Ends,
) -> Result<Properties, MappingRefusal> {
    let mut planned = present.clone();
    for (name, property) in change {
        let Some(property) = property else {
            planned.remove(&name);
            continue;
        };
        let read = match find(&ends.of_app, &name) {
            Some(attribute) => {
                parse_property(attribute, &property, &|name| kind_of(&ends.of_people, name))
            }
            None => Err(Problem::of(
                "the schema has no attribute {name}",
                [quoted(&name)],
            )),
        };
        if let Err(problem) = read {
            return Err(MappingRefusal::Misfit(Misfit { name, problem }));
        }
        planned.insert(name, property);
    }
    let texts = planned.values().map(|property| property.expression.len());
    if texts.sum::<usize>() > EXPRESSIONS_BYTES_MAX {
        return Err(MappingRefusal::Other(Refusal::TooMany {
            what: "bytes of expressions of one mapping",
            max: EXPRESSIONS_BYTES_MAX,
        }));
    }
    Ok(planned)
}

/// The schema of an app and its mapping, read and ready.
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    /// The attributes that people have in the app.
    pub(crate) of_app: Vec<ProfileAttribute>,
    properties: Vec<(ProfileAttribute, PushStatus, Expression)>,
    /// Of which kind what they name is, by the type of the person.
    kinds: Kinds,
}

impl Mapped {
    /// What of a mapping can still be read.
    pub(crate) fn read(
        properties: &Properties,
        of_people: ProfileSchemas<'_>,
        of_app: Vec<ProfileAttribute>,
    ) -> Self {
        let kind = |name: &str| {
            let built_in = kind_of(&[], name);
            built_in.or_else(|| of_people.kind(name).map(kind_of_attribute))
        };
        let read = |(name, property): (&String, &Property)| {
            let attribute = find(&of_app, name)?;
            let expression = parse_property(attribute, property, &kind).ok()?;
            Some((attribute.clone(), property.push, expression))
        };
        let properties: Vec<_> = properties.iter().filter_map(read).collect();
        let named = properties.iter().flat_map(|(_, _, read)| read.attributes());
        let kinds = of_people.kinds(&named.map(String::as_str).collect());
        Self {
            of_app,
            properties,
            kinds,
        }
    }

    /// What a person has by those that are evaluated then.
    fn values(&self, person: &Person, when: PushStatus) -> Result<Map<String, Json>, Overrun> {
        let facts = Facts {
            attribute: &|name| value_of(person, &self.kinds, name),
            groups: &Groups::default(),
        };
        let mut budget = Budget {
            steps: PERSON_STEPS_MAX,
            bytes: PERSON_BYTES_MAX,
        };
        let mut values = Map::new();
        let then = self.properties.iter().filter(|(_, push, _)| *push == when);
        for (attribute, _, expression) in then {
            let value = match expression.value_within(&facts, &mut budget) {
                Err(EvaluationError::BudgetSpent) => return Err(Overrun),
                Err(_) => None,
                Ok(value) => as_json(value),
            };
            if let Some(value) = value.filter(|value| is_fit(attribute, value)) {
                values.insert(attribute.name.clone(), value);
            }
        }
        Ok(values)
    }

    /// What a person has in the app, for whom this is stored.
    ///
    /// # Errors
    /// [`Overrun`] where the mapping takes too much.
    pub(crate) fn complete(
        &self,
        person: &Person,
        stored: &Attributes,
    ) -> Result<Attributes, Overrun> {
        let pushed = self.values(person, PushStatus::Push)?;
        Ok(stored.known(&self.of_app).or(pushed))
    }

    /// The same to be shown: where the mapping takes too much, what is stored alone. One person of whom that is so keeps nobody from
    /// looking at the others.
    pub(crate) fn shown(&self, person: &Person, stored: &Attributes) -> Attributes {
        let complete = self.complete(person, stored);
        complete.unwrap_or_else(|Overrun| stored.known(&self.of_app))
    }

    /// What a person to whom the app is assigned now begins with.
    ///
    /// # Errors
    /// [`Overrun`] where the mapping takes too much.
    pub(crate) fn begin(&self, person: &Person) -> Result<Attributes, Overrun> {
        let begun = self.values(person, PushStatus::DontPush)?;
        Ok(Attributes::default().or(begun))
    }

    /// What of a change is to be set for a person. Clients send back what they have read: a value that the mapping gives them just now, and
    /// that nobody has set, says nothing, and goes on to follow the person.
    pub(crate) fn to_set(
        &self,
        person: &Person,
        stored: &Attributes,
        mut change: Map<String, Json>,
    ) -> Map<String, Json> {
        let pushed = self.values(person, PushStatus::Push).unwrap_or_default();
        let set = stored.known(&self.of_app);
        change.retain(|name, value| {
            set.values().contains_key(name) || pushed.get(name) != Some(value)
        });
        change
    }
}

/// Nothing, and a text without a letter, is no value.
fn as_json(value: Value) -> Option<Json> {
    match value {
        Value::Text(text) if !text.is_empty() => Some(Json::from(text)),
        Value::Number(number) => Some(Json::from(number)),
        Value::Flag(flag) => Some(Json::from(flag)),
        Value::Text(_) | Value::List(_) | Value::Nothing => None,
    }
}

#[cfg(test)]
mod tests;
