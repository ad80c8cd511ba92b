//! Types of people: each has attributes of its own beside those that are built in. Pure rules.
//!
//! Every org has one type from the beginning. It is everybody's of whom nothing else is said, and is never removed; its id and its name
//! follow from the org, so that nothing is stored of it until its words are changed, and its id is the same before and after. Its attributes
//! are those of the org's settings. An id is nothing where the type of somebody is meant that every org has.

pub mod operations;
pub mod schemas;
pub mod store;

use crate::fault::Refusal;
use crate::org::id_of_setting;
use vocab::id::{IdError, OrgId, UserId, UserTypeId};
use vocab::text::disguises;
use vocab::time::Timestamp;

/// Most types of one org, the one that every org has included.
pub const TYPES_MAX: usize = 10;
/// Longest name.
pub const NAME_BYTES_MAX: usize = 64;
/// Longest name for people.
pub const DISPLAY_NAME_CHARS_MAX: usize = 100;
/// Longest description.
pub const DESCRIPTION_CHARS_MAX: usize = 256;
/// By which word programs name the type that every org has, and its schema.
pub const DEFAULT: &str = "default";
/// The name of the type that every org has.
pub const DEFAULT_NAME: &str = "user";
/// What that type is called until somebody calls it otherwise.
const DEFAULT_DISPLAY_NAME: &str = "User";
/// What the id of a schema begins with.
const SCHEMA_PREFIX: &str = "osc";

/// A type of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserType {
    /// The org it belongs to.
    pub org_id: OrgId,
    /// Which one; nothing for the one that every org has.
    pub key: Option<UserTypeId>,
    /// Its name, which no other type of the org has and which never changes.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// Who made it, if a person did.
    pub created_by: Option<UserId>,
    /// Who changed it last, if a person did.
    pub updated_by: Option<UserId>,
    /// Counts changes; zero where nothing is stored of it.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change of its words.
    pub updated_at: Timestamp,
}

impl UserType {
    /// The type that every org has, as long as nothing was changed.
    #[must_use]
    pub fn of_every_org(org: &OrgId, since: Timestamp) -> Self {
        Self {
            org_id: org.clone(),
            key: None,
            name: DEFAULT_NAME.to_owned(),
            display_name: DEFAULT_DISPLAY_NAME.to_owned(),
            description: String::new(),
            created_by: None,
            updated_by: None,
            revision: 0,
            created_at: since,
            updated_at: since,
        }
    }

    /// Whether it is the one that every org has.
    #[must_use]
    pub const fn is_of_every_org(&self) -> bool {
        self.key.is_none()
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> String {
        id_of(&self.org_id, self.key.as_ref())
    }
}

/// What is said of a new type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserTypeInput {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// What it is for.
    pub description: String,
}

/// The id of a type.
#[must_use]
pub fn id_of(org: &OrgId, key: Option<&UserTypeId>) -> String {
    match key {
        Some(key) => key.to_string(),
        None => id_of_setting(UserTypeId::PREFIX, org, "type of people"),
    }
}

/// The id of the schema of a type: that of the type behind another beginning.
#[must_use]
pub fn schema_id_of(org: &OrgId, key: Option<&UserTypeId>) -> String {
    match key {
        Some(key) => {
            let whole = key.as_str();
            let own = whole.strip_prefix(UserTypeId::PREFIX).unwrap_or(whole);
            format!("{SCHEMA_PREFIX}{own}")
        }
        None => id_of_setting(SCHEMA_PREFIX, org, "schema of people"),
    }
}

/// Which type an id names, or the word for the one that every org has. Whether the org has it is another question.
///
/// # Errors
/// [`IdError`] for what is no id of a type.
pub fn parse_id(org: &OrgId, named: &str) -> Result<Option<UserTypeId>, IdError> {
    if named == DEFAULT || named == id_of(org, None) {
        return Ok(None);
    }
    UserTypeId::parse(named).map(Some)
}

/// Of which type an id names the schema, in the same way.
///
/// # Errors
/// [`IdError`] for what is no id of a schema.
pub fn parse_schema_id(org: &OrgId, named: &str) -> Result<Option<UserTypeId>, IdError> {
    if named == DEFAULT || named == schema_id_of(org, None) {
        return Ok(None);
    }
    let own = named.strip_prefix(SCHEMA_PREFIX).unwrap_or_default();
    UserTypeId::parse(&format!("{}{own}", UserTypeId::PREFIX)).map(Some)
}

/// Trims the name of a new type and holds it against its bounds.
///
/// # Errors
/// [`Refusal`] for a name that cannot be.
pub fn decide_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    let is_shaped = name.len() <= NAME_BYTES_MAX
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    if !is_shaped {
        return Err(Refusal::invalid(
            "name",
            "use a letter, then letters, digits and underscores, 64 characters at most",
        ));
    }
    if name.eq_ignore_ascii_case(DEFAULT_NAME) {
        return Err(Refusal::Taken { field: "name" });
    }
    Ok(name.to_owned())
}

/// Holds the number of types that an org has, the one that every org has included, against its bound before another is added.
///
/// # Errors
/// [`Refusal::TooMany`] if there is no room.
pub const fn decide_room(present: usize) -> Result<(), Refusal> {
    if present >= TYPES_MAX {
        return Err(Refusal::TooMany {
            what: "types of people",
            max: TYPES_MAX,
        });
    }
    Ok(())
}

/// Trims what people read of a type, its name for them and its description, and holds it against its bounds.
///
/// # Errors
/// [`Refusal::Invalid`] naming the field.
pub fn decide_words(display_name: &str, description: &str) -> Result<(String, String), Refusal> {
    let (display_name, description) = (display_name.trim(), description.trim());
    let chars = display_name.chars().count();
    if chars == 0 || chars > DISPLAY_NAME_CHARS_MAX || display_name.chars().any(disguises) {
        return Err(Refusal::invalid(
            "displayName",
            "use 1 to 100 characters on one line",
        ));
    }
    if description.chars().count() > DESCRIPTION_CHARS_MAX || description.chars().any(disguises) {
        return Err(Refusal::invalid(
            "description",
            "use at most 256 characters on one line",
        ));
    }
    Ok((display_name.to_owned(), description.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{
        DEFAULT, decide_name, decide_words, id_of, parse_id, parse_schema_id, schema_id_of,
    };
    use vocab::entropy::SeededEntropy;
    use vocab::id::{OrgId, UserTypeId};

    #[test]
    fn the_ids_of_the_type_that_every_org_has_follow_from_the_org() {
        let entropy = SeededEntropy::new(3);
        let (org, other) = (OrgId::generate(&entropy), OrgId::generate(&entropy));
        assert_eq!(id_of(&org, None), id_of(&org, None));
        assert_ne!(id_of(&org, None), id_of(&other, None));
        for named in [DEFAULT.to_owned(), id_of(&org, None)] {
            assert_eq!(parse_id(&org, &named), Ok(None), "{named}");
        }
        for named in [DEFAULT.to_owned(), schema_id_of(&org, None)] {
            assert_eq!(parse_schema_id(&org, &named), Ok(None), "{named}");
        }
        // That of another org has the shape of an id, and is one of nobody here.
        assert!(matches!(parse_id(&org, &id_of(&other, None)), Ok(Some(_))));
    }

    #[test]
    fn the_id_of_a_schema_is_that_of_its_type_behind_another_beginning() {
        let entropy = SeededEntropy::new(4);
        let org = OrgId::generate(&entropy);
        let key = UserTypeId::generate(&entropy);
        assert_eq!(id_of(&org, Some(&key)), key.as_str());
        let schema = schema_id_of(&org, Some(&key));
        assert_eq!((schema.len(), &schema[..3]), (20, "osc"));
        assert_eq!(parse_id(&org, key.as_str()), Ok(Some(key.clone())));
        assert_eq!(parse_schema_id(&org, &schema), Ok(Some(key.clone())));
        for wrong in ["", "user", "oty", "osc", "DEFAULT", "00u00000000000000001"] {
            assert!(parse_id(&org, wrong).is_err(), "{wrong}");
            assert!(parse_schema_id(&org, wrong).is_err(), "{wrong}");
        }
        assert!(parse_id(&org, &schema).is_err());
        assert!(parse_schema_id(&org, key.as_str()).is_err());
    }

    #[test]
    fn names_are_words_of_programs_and_the_rest_is_for_people() {
        let longest = "n".repeat(64);
        for (name, is_good) in [
            ("contractor", true),
            ("Contractor_2", true),
            ("c", true),
            (" contractor ", true),
            (longest.as_str(), true),
            ("User", false),
            ("user", false),
            ("", false),
            ("2nd", false),
            ("_x", false),
            ("two words", false),
            ("é", false),
            ("a-b", false),
            (&*"n".repeat(65), false),
        ] {
            assert_eq!(decide_name(name).is_ok(), is_good, "{name}");
        }
        for (display_name, description, is_good) in [
            ("Contractor", "", true),
            ("Außendienst ✓", "Who works for others", true),
            (
                &*format!(" {} ", "x".repeat(100)),
                " It is for others ",
                true,
            ),
            ("", "", false),
            ("  ", "", false),
            ("a\nb", "", false),
            (&*"x".repeat(101), "", false),
            ("a", &*"x".repeat(257), false),
            ("a", "b\u{202E}c", false),
        ] {
            let seen = decide_words(display_name, description).is_ok();
            assert_eq!(seen, is_good, "{display_name:?} {description:?}");
        }
        assert_eq!(decide_name(" contractor ").unwrap(), "contractor");
        let words = decide_words(" Contractor ", "\tWho works for others ").unwrap();
        assert_eq!(words, ("Contractor".into(), "Who works for others".into()));
    }
}
