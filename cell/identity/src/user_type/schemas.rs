//! What profiles hold, by the type of the person: which attributes somebody has, which there are at all, and what those of several types
//! must have in common. Pure.

use crate::fault::Refusal;
use crate::org::settings::{AttributeKind, ProfileAttribute};
use crate::person::Person;
use crate::person::unique::UNIQUE_ATTRIBUTES_MAX;
use crate::problem::{Problem, quoted};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use vocab::id::UserTypeId;

/// The attributes of a type other than the one that every org has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeSchema {
    /// The type.
    pub key: UserTypeId,
    /// Its attributes.
    pub attributes: Vec<ProfileAttribute>,
}

/// The attributes of all types of an org.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrgSchemas {
    /// Of the type that every org has.
    pub of_default: Vec<ProfileAttribute>,
    /// Of the others.
    pub of_types: Vec<TypeSchema>,
}

/// The same, as it stands somewhere.
#[derive(Debug, Clone, Copy)]
pub struct ProfileSchemas<'s> {
    /// Of the type that every org has.
    pub of_default: &'s [ProfileAttribute],
    /// Of the others.
    pub of_types: &'s [TypeSchema],
}

/// Of which kind attributes are, by the type of the person: what an expression needs to know to read a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds(BTreeMap<Option<UserTypeId>, BTreeMap<String, AttributeKind>>);

impl Kinds {
    /// Of which kind an attribute of a person is; nothing where the person's type does not have it, whatever is stored of it.
    #[must_use]
    pub fn of_person(&self, person: &Person, name: &str) -> Option<AttributeKind> {
        self.0.get(&person.type_id)?.get(name).copied()
    }
}

/// The types for whose people each attribute is unique.
pub(crate) type UniqueFor = BTreeMap<String, Vec<Option<UserTypeId>>>;

impl OrgSchemas {
    /// As it stands here.
    #[must_use]
    pub fn as_schemas(&self) -> ProfileSchemas<'_> {
        ProfileSchemas {
            of_default: &self.of_default,
            of_types: &self.of_types,
        }
    }
}

impl<'s> ProfileSchemas<'s> {
    /// The attributes of a type; nothing for one that the org does not have.
    #[must_use]
    pub fn of(self, key: Option<&UserTypeId>) -> Option<&'s [ProfileAttribute]> {
        let Some(key) = key else {
            return Some(self.of_default);
        };
        let own = self.of_types.iter().find(|own| own.key == *key)?;
        Some(&own.attributes)
    }

    /// The attributes that somebody has. Whoever is of a type that is not known here has none but those that are built in.
    #[must_use]
    pub fn of_person(self, person: &Person) -> &'s [ProfileAttribute] {
        self.of(person.type_id.as_ref()).unwrap_or_default()
    }

    /// Every attribute that anybody can have, each name once: those of one name hold the same in all types. What people of some types
    /// must have is not required of everybody.
    #[must_use]
    pub fn every(self) -> Cow<'s, [ProfileAttribute]> {
        if self.of_types.is_empty() {
            return Cow::Borrowed(self.of_default);
        }
        let mut every = self.of_default.to_vec();
        for attribute in self.of_types.iter().flat_map(|own| &own.attributes) {
            if !every.iter().any(|known| known.name == attribute.name) {
                every.push(ProfileAttribute {
                    required: false,
                    ..attribute.clone()
                });
            }
        }
        Cow::Owned(every)
    }

    /// Of which kind an attribute is, whoever has it.
    #[must_use]
    pub fn kind(self, name: &str) -> Option<AttributeKind> {
        let mut every = self.each().flat_map(|(_, attributes)| attributes);
        let known = every.find(|attribute| attribute.name == name)?;
        Some(known.kind)
    }

    /// Of which kind those of these names are for the people of each type.
    #[must_use]
    pub fn kinds(self, names: &BTreeSet<&str>) -> Kinds {
        let named = |attributes: &[ProfileAttribute]| {
            let named = attributes.iter();
            let named = named.filter(|attribute| names.contains(attribute.name.as_str()));
            named
                .map(|attribute| (attribute.name.clone(), attribute.kind))
                .collect()
        };
        Kinds(
            self.each()
                .map(|(key, attributes)| (key, named(attributes)))
                .collect(),
        )
    }

    fn each(self) -> impl Iterator<Item = (Option<UserTypeId>, &'s [ProfileAttribute])> {
        let others = self.of_types.iter();
        let others = others.map(|own| (Some(own.key.clone()), own.attributes.as_slice()));
        std::iter::once((None, self.of_default)).chain(others)
    }

    /// The attributes that are unique, each with the types for whose people it is.
    pub(crate) fn unique(self) -> UniqueFor {
        let mut found = UniqueFor::new();
        for (key, attributes) in self.each() {
            for attribute in attributes.iter().filter(|attribute| attribute.unique) {
                let types = found.entry(attribute.name.clone()).or_default();
                types.push(key.clone());
            }
        }
        found
    }
}

/// Holds the attributes of all types against each other. Whatever reads a profile without asking for the type (an expression, a claim, a
/// search) must know by the name alone what it finds.
///
/// # Errors
/// [`Refusal::Invalid`] naming the first attribute that two types have in two kinds; [`Refusal::TooMany`] for unique ones.
pub fn decide_together(schemas: ProfileSchemas<'_>) -> Result<(), Refusal> {
    let mut kinds = BTreeMap::new();
    for attribute in schemas.each().flat_map(|(_, attributes)| attributes) {
        let known = *kinds
            .entry(attribute.name.as_str())
            .or_insert(attribute.kind);
        if known != attribute.kind {
            let problem = Problem::of(
                "{name}: another type of people has it, and it holds something else there",
                [quoted(&attribute.name)],
            );
            return Err(Refusal::invalid("profile_schema", problem));
        }
    }
    if schemas.unique().len() > UNIQUE_ATTRIBUTES_MAX {
        return Err(Refusal::TooMany {
            what: "attributes without two people of one value",
            max: UNIQUE_ATTRIBUTES_MAX,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{OrgSchemas, TypeSchema, decide_together};
    use crate::org::settings::{AttributeKind, ProfileAttribute};
    use crate::person::profile::ProfileInput;
    use crate::person::{Person, PersonStatus};
    use std::collections::BTreeSet;
    use vocab::entropy::SeededEntropy;
    use vocab::id::{OrgId, UserId, UserTypeId};
    use vocab::time::Timestamp;

    fn attribute(name: &str, kind: AttributeKind, unique: bool) -> ProfileAttribute {
        ProfileAttribute {
            name: name.into(),
            kind,
            unique,
            ..ProfileAttribute::default()
        }
    }

    fn schemas(of_default: &[ProfileAttribute], of_type: &[ProfileAttribute]) -> OrgSchemas {
        OrgSchemas {
            of_default: of_default.to_vec(),
            of_types: vec![TypeSchema {
                key: UserTypeId::generate(&SeededEntropy::new(1)),
                attributes: of_type.to_vec(),
            }],
        }
    }

    #[test]
    fn attributes_are_of_one_type_and_every_name_is_told_once() {
        let (badge, level, site) = (
            attribute("badge", AttributeKind::Text, true),
            attribute("level", AttributeKind::Integer, false),
            attribute("site", AttributeKind::Text, false),
        );
        let both = schemas(
            &[badge.clone(), level.clone()],
            &[level.clone(), site.clone()],
        );
        let key = both.of_types[0].key.clone();
        let seen = both.as_schemas();
        assert_eq!(seen.of(None), Some(&[badge.clone(), level.clone()][..]));
        assert_eq!(
            seen.of(Some(&key)),
            Some(&[level.clone(), site.clone()][..])
        );
        let other = UserTypeId::generate(&SeededEntropy::new(2));
        assert_eq!(seen.of(Some(&other)), None);
        assert_eq!(seen.every().into_owned(), vec![badge, level, site]);
        let unique = seen.unique();
        assert_eq!(
            unique.into_iter().collect::<Vec<_>>(),
            [("badge".to_owned(), vec![None])]
        );
        let shared = [attribute("badge", AttributeKind::Text, true)];
        let shared = schemas(&shared, &shared);
        let key = Some(shared.of_types[0].key.clone());
        assert_eq!(shared.as_schemas().unique()["badge"], vec![None, key]);
    }

    #[test]
    fn the_kind_of_what_somebody_has_is_told_by_the_own_type() {
        use AttributeKind::{Integer, Text};
        let both = schemas(
            &[
                attribute("level", Integer, false),
                attribute("team", Text, false),
            ],
            &[attribute("site", Text, false)],
        );
        let seen = both.as_schemas();
        for (name, kind) in [
            ("level", Some(Integer)),
            ("site", Some(Text)),
            ("badge", None),
        ] {
            assert_eq!(seen.kind(name), kind, "{name}");
        }
        let named = BTreeSet::from(["level", "site", "badge"]);
        let kinds = seen.kinds(&named);
        let entropy = SeededEntropy::new(3);
        let of = |type_id| Person {
            type_id,
            ..Person::new(
                &OrgId::generate(&entropy),
                &UserId::generate(&entropy),
                PersonStatus::Active,
                &ProfileInput::default(),
                Timestamp::from_seconds(0),
            )
        };
        let (default, contractor) = (of(None), of(Some(both.of_types[0].key.clone())));
        let nobody = of(Some(UserTypeId::generate(&SeededEntropy::new(2))));
        assert_eq!(kinds.of_person(&default, "level"), Some(Integer));
        assert_eq!(kinds.of_person(&contractor, "site"), Some(Text));
        for (person, name) in [
            (&default, "site"),
            (&default, "badge"),
            (&contractor, "level"),
            (&nobody, "site"),
            (&nobody, "level"),
        ] {
            assert_eq!(kinds.of_person(person, name), None, "{name}");
        }
        assert_eq!(
            kinds.of_person(&default, "team"),
            None,
            "it was not asked for"
        );
    }

    #[test]
    fn one_name_holds_the_same_everywhere_and_few_are_unique() {
        use AttributeKind::{Integer, Text};
        let is_good = |of_default: &[ProfileAttribute], of_type: &[ProfileAttribute]| {
            decide_together(schemas(of_default, of_type).as_schemas()).is_ok()
        };
        let level = |kind| attribute("level", kind, false);
        assert!(is_good(&[level(Text)], &[level(Text)]));
        assert!(!is_good(&[level(Text)], &[level(Integer)]));
        let unique = |from: usize, to: usize| -> Vec<ProfileAttribute> {
            let named = |number| attribute(&format!("number{number}"), Text, true);
            (from..to).map(named).collect()
        };
        assert!(is_good(&unique(0, 5), &unique(0, 5)));
        assert!(is_good(&unique(0, 3), &unique(3, 5)));
        assert!(!is_good(&unique(0, 3), &unique(3, 6)));
    }
}
