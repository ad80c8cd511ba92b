//! Finding people by conditions, page by page: each page walks an index from where the last one ended.

pub mod operations;
pub mod plan;
pub mod store;

use crate::condition::Operand;
use crate::person::Person;
use crate::walk::Listed;
use serde_json::Value;
use vocab::id::UserTypeId;
use vocab::time::Timestamp;

/// What a condition may name of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonAttribute {
    /// The id.
    Id,
    /// The state.
    Status,
    /// The id of the type; of the one that every org has, an empty one.
    Type,
    /// What the person types to sign in.
    Login,
    /// What a provisioning client calls the person; compared with regard to case.
    ExternalId,
    /// The mail address.
    Email,
    /// The given name.
    FirstName,
    /// The family name.
    LastName,
    /// When the person was added.
    Created,
    /// The last change.
    LastUpdated,
    /// When the person first became active.
    Activated,
    /// The last change of state.
    StatusChanged,
    /// Whether the person belongs: see [`PersonStatus::belongs`](crate::person::PersonStatus::belongs).
    Belongs,
    /// An attribute of the org's schema.
    Custom(String),
}

/// The order of a list of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PersonOrder {
    /// By whatever is walked; without a condition, by id.
    #[default]
    Natural,
    /// By id.
    Id,
    /// By login.
    Login,
    /// By when they were added.
    Created,
    /// By the last change.
    LastUpdated,
}

/// A person with what the list shows beside.
#[derive(Debug, Clone)]
pub struct PersonRecord {
    /// The person.
    pub person: Person,
    /// When the password was set, if there is one.
    pub password_changed_at: Option<Timestamp>,
}

/// A page of people.
#[derive(Debug, Clone, Default)]
pub struct FoundPeople {
    /// The people.
    pub people: Vec<PersonRecord>,
    /// Where the next page begins, if there may be one.
    pub next: Option<crate::condition::Place>,
}

/// What a condition on the type of a person compares with.
#[must_use]
pub fn type_operand(key: Option<&UserTypeId>) -> Operand {
    Operand::Exact(key.map(UserTypeId::to_string).unwrap_or_default())
}

impl Listed for PersonRecord {
    type Attribute = PersonAttribute;

    fn value(&self, attribute: &PersonAttribute) -> Option<Operand> {
        let person = &self.person;
        let text = |text: &str| Some(Operand::Text(text.to_owned()));
        match attribute {
            PersonAttribute::Id => text(person.id.as_str()),
            PersonAttribute::Status => text(person.status.as_str()),
            PersonAttribute::Type => Some(type_operand(person.type_id.as_ref())),
            PersonAttribute::Login => text(&person.login),
            PersonAttribute::ExternalId => person.external_id.clone().map(Operand::Exact),
            PersonAttribute::Email => text(&person.email),
            PersonAttribute::FirstName => text(&person.first_name),
            PersonAttribute::LastName => text(&person.last_name),
            PersonAttribute::Created => Some(Operand::Moment(person.created_at)),
            PersonAttribute::LastUpdated => Some(Operand::Moment(person.updated_at)),
            PersonAttribute::Activated => person.activated_at.map(Operand::Moment),
            PersonAttribute::StatusChanged => Some(Operand::Moment(person.status_changed_at)),
            PersonAttribute::Belongs => Some(Operand::Flag(person.status.belongs())),
            PersonAttribute::Custom(name) => match person.profile.get(name)? {
                Value::String(value) => text(value),
                Value::Bool(flag) => Some(Operand::Flag(*flag)),
                Value::Number(number) => number.as_i64().map(Operand::Number),
                _ => None,
            },
        }
    }
}
