//! What groups have beyond name and description, and what people have in one app beyond their own profile: attributes that an
//! org adds, in the manner of those of its people. Pure rules.

pub mod operations;
pub mod store;

use crate::fault::Refusal;
use crate::org::profile_schema::decide_beside;
use crate::org::settings::ProfileAttribute;
use crate::person::profile::{check_attributes, known_attributes};
use crate::problem::{Problem, quoted};
use serde_json::{Map, Value as Json};
use vocab::id::AppId;
use vocab::time::Timestamp;
use vocab::value::{FromValue, Value, ValueError};

/// What groups have built in, and what the form of a group carries beside the attributes.
const OF_GROUPS: [&str; 5] = ["name", "description", "objectClass", "csrf", "revision"];
/// What whoever uses an app has built in.
const OF_APPS: [&str; 1] = ["userName"];

/// Of what a schema is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Of all groups.
    Groups,
    /// Of the people of an app.
    App(AppId),
}

impl Owner {
    /// The word in the store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Groups => "groups",
            Self::App(app) => app.as_str(),
        }
    }

    /// Names that no attribute can have.
    const fn built_in(&self) -> &'static [&'static str] {
        match self {
            Self::Groups => &OF_GROUPS,
            Self::App(_) => &OF_APPS,
        }
    }
}

/// A schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttributeSchema {
    /// The attributes, in the order in which they were added.
    pub attributes: Vec<ProfileAttribute>,
    /// Counts changes; zero before the first one.
    pub revision: i64,
    /// When the first attribute was added, and when the schema last changed; nothing before that.
    pub changed: Option<(Timestamp, Timestamp)>,
}

/// Holds a schema against its bounds. Nobody sees these attributes on pages of their own, and groups and assignments come to be
/// in ways that know nothing of them: by rules, by provisioning clients, through groups. So none is required, unique, or anybody's own.
///
/// # Errors
/// [`Refusal::Invalid`] naming the first attribute that cannot be.
pub fn decide_attribute_schema(
    owner: &Owner,
    attributes: &[ProfileAttribute],
) -> Result<(), Refusal> {
    decide_beside(attributes, owner.built_in())?;
    for attribute in attributes {
        let problem = if attribute.required {
            "{name}: it cannot be required here"
        } else if attribute.unique {
            "{name}: it cannot be unique here"
        } else if attribute.self_editable || !attribute.self_hidden {
            "{name}: people do not see it on their own pages"
        } else {
            continue;
        };
        let problem = Problem::of(problem, [quoted(&attribute.name)]);
        return Err(Refusal::invalid("profile_schema", problem));
    }
    Ok(())
}

/// Values of such attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes(Map<String, Json>);

impl Attributes {
    /// Those values, if the schema has them.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] naming the first attribute that cannot be.
    pub fn decide(values: Map<String, Json>, schema: &[ProfileAttribute]) -> Result<Self, Refusal> {
        check_attributes(&values, schema)?;
        Ok(Self(values))
    }

    /// What of the values a schema has; values of an attribute that was removed stay stored until the next change.
    #[must_use]
    pub fn known(&self, schema: &[ProfileAttribute]) -> Self {
        Self(known_attributes(&self.0, schema))
    }

    /// The values as a change leaves them: what is named is so from now on, and what is named as `null` is no more. What is not
    /// named stays as it is, also where the schema has come to bound it more narrowly since.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] naming the first attribute that cannot be.
    pub fn changed(
        &self,
        change: Map<String, Json>,
        schema: &[ProfileAttribute],
    ) -> Result<Self, Refusal> {
        let mut changed = known_attributes(&self.0, schema);
        let (removed, named): (Map<_, _>, Map<_, _>) =
            change.into_iter().partition(|(_, value)| value.is_null());
        check_attributes(&named, schema)?;
        changed.retain(|name, _| !removed.contains_key(name));
        changed.extend(named);
        Ok(Self(changed))
    }

    /// These values, and where there are none, others.
    #[must_use]
    pub(crate) fn or(&self, mut others: Map<String, Json>) -> Self {
        others.extend(self.0.clone());
        Self(others)
    }

    /// The values by name.
    #[must_use]
    pub const fn values(&self) -> &Map<String, Json> {
        &self.0
    }

    /// The text in the store.
    #[must_use]
    pub fn render(&self) -> String {
        Json::Object(self.0.clone()).to_string()
    }
}

impl FromValue for Attributes {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        let text = String::from_value(value)?;
        let wrong = |_| ValueError {
            wanted: "attributes",
        };
        serde_json::from_str(&text).map(Self).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::{Owner, decide_attribute_schema};
    use crate::org::settings::ProfileAttribute;
    use vocab::entropy::SeededEntropy;
    use vocab::id::AppId;

    #[test]
    fn what_an_attribute_beside_the_profiles_of_people_may_be() {
        let app = Owner::App(AppId::generate(&SeededEntropy::new(1)));
        let plain = |name: &str| ProfileAttribute {
            name: name.to_owned(),
            self_hidden: true,
            ..ProfileAttribute::default()
        };
        for (attribute, of_groups, of_app) in [
            (plain("site"), true, true),
            // An app may call its people otherwise.
            (plain("email"), true, true),
            (plain("name"), false, true),
            (plain("userName"), true, false),
            (plain("1st"), false, false),
            (
                ProfileAttribute {
                    required: true,
                    ..plain("site")
                },
                false,
                false,
            ),
            (
                ProfileAttribute {
                    unique: true,
                    ..plain("site")
                },
                false,
                false,
            ),
            (
                ProfileAttribute {
                    self_hidden: false,
                    ..plain("site")
                },
                false,
                false,
            ),
        ] {
            let one = std::slice::from_ref(&attribute);
            let seen = (
                decide_attribute_schema(&Owner::Groups, one).is_ok(),
                decide_attribute_schema(&app, one).is_ok(),
            );
            assert_eq!(seen, (of_groups, of_app), "{attribute:?}");
        }
    }
}
