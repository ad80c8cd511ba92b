//! Relations between people, such as that of manager and subordinate. A relation has a name for either end, and somebody has
//! one primary in it at most; a primary has as many others as there are. Pure rules; nothing is decided by a relation here.

pub mod operations;
pub mod people;
pub mod store;

use crate::fault::Refusal;
use vocab::id::LinkedObjectId;
use vocab::text::disguises;
use vocab::time::Timestamp;

/// Most relations of an org.
pub const RELATIONS_MAX: usize = 100;
/// Longest name of an end.
const NAME_BYTES_MAX: usize = 64;
/// Longest title of an end.
pub const TITLE_CHARS_MAX: usize = 100;
/// Longest description of an end.
pub const DESCRIPTION_CHARS_MAX: usize = 256;

/// An end of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// That of which somebody has one: the manager.
    Primary,
    /// That of which there are many: the subordinates.
    Associated,
}

impl Side {
    /// The word in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Associated => "associated",
        }
    }

    /// The side of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Primary, Self::Associated]
            .into_iter()
            .find(|side| side.as_str() == word)
    }
}

/// What an end is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// For programs; no other end of the org is called so.
    pub name: String,
    /// For people.
    pub title: String,
    /// What it means.
    pub description: String,
}

/// A relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedObject {
    /// Its id, which nobody sees: it is found by the names of its ends.
    pub id: LinkedObjectId,
    /// The end of which somebody has one.
    pub primary: End,
    /// The other end.
    pub associated: End,
    /// When it was made.
    pub created_at: Timestamp,
}

impl LinkedObject {
    /// The end of that name.
    #[must_use]
    pub fn side(&self, name: &str) -> Option<Side> {
        if self.primary.name == name {
            Some(Side::Primary)
        } else if self.associated.name == name {
            Some(Side::Associated)
        } else {
            None
        }
    }
}

/// Holds a new relation against its bounds.
///
/// # Errors
/// [`Refusal::Invalid`] naming the end and the part that cannot be.
pub fn decide_linked_object(primary: &End, associated: &End) -> Result<(), Refusal> {
    decide_end(
        primary,
        ["primary.name", "primary.title", "primary.description"],
    )?;
    decide_end(
        associated,
        [
            "associated.name",
            "associated.title",
            "associated.description",
        ],
    )?;
    if primary.name == associated.name {
        return Err(Refusal::invalid(
            "associated.name",
            "the ends need different names",
        ));
    }
    Ok(())
}

fn decide_end(end: &End, [name, title, description]: [&'static str; 3]) -> Result<(), Refusal> {
    let bytes = end.name.as_bytes();
    let is_shaped = bytes.len() <= NAME_BYTES_MAX
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        && bytes.first().is_some_and(|b| !b.is_ascii_digit());
    if !is_shaped {
        let problem = "use at most 64 letters, digits and underscores, no digit first";
        return Err(Refusal::invalid(name, problem));
    }
    if end.title.is_empty() || !is_line(&end.title, TITLE_CHARS_MAX) {
        let problem = "use 1 to 100 characters on one line";
        return Err(Refusal::invalid(title, problem));
    }
    if !is_line(&end.description, DESCRIPTION_CHARS_MAX) {
        let problem = "use at most 256 characters on one line";
        return Err(Refusal::invalid(description, problem));
    }
    Ok(())
}

fn is_line(text: &str, chars_max: usize) -> bool {
    text.chars().count() <= chars_max && !text.chars().any(disguises)
}

#[cfg(test)]
mod tests {
    use super::{End, decide_linked_object};

    #[test]
    fn the_ends_of_a_relation_have_names_that_can_be_told_apart() {
        let end = |name: &str, title: &str, description: &str| End {
            name: name.to_owned(),
            title: title.to_owned(),
            description: description.to_owned(),
        };
        let manager = || end("manager", "Manager", "");
        for (associated, is_good) in [
            (end("subordinate", "Subordinate", ""), true),
            (end("_under", "Under", "Whoever reports"), true),
            // Names are compared with regard to case, as programs write them.
            (end("Manager", "Manager", ""), true),
            (end("manager", "Manager", ""), false),
            (end("", "Nobody", ""), false),
            (end("2nd", "Second", ""), false),
            (end("sub-ordinate", "Subordinate", ""), false),
            (end(&"x".repeat(65), "Long", ""), false),
            (end("subordinate", "", ""), false),
            (end("subordinate", "a\nb", ""), false),
            (end("subordinate", &"x".repeat(101), ""), false),
            (end("subordinate", "Subordinate", &"x".repeat(257)), false),
        ] {
            let seen = decide_linked_object(&manager(), &associated).is_ok();
            assert_eq!(seen, is_good, "{associated:?}");
        }
    }
}
