//! Names of resources as the management API has them: `orn:okta:directory:<org>:groups:<id>`, or the address of the same thing
//! below `/api/v1/`. Read here as far as their form goes; what the words mean, and whether there is such a thing, is not known.

/// Most bytes of a name that is looked at.
pub const NAME_BYTES_MAX: usize = 500;
/// Most words of a name.
pub const WORDS_MAX: usize = 8;

/// What every resource name begins with, before the service.
const BEGIN: [&str; 2] = ["orn", "okta"];
/// What every address has between that of the organisation and its words.
const VERSION: &str = "/api/v1/";

/// In which way something is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By a resource name of the directory: people and groups.
    Directory,
    /// By a resource name of the provider: apps and authorization servers.
    Provider,
    /// By the address.
    Address,
}

/// A name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceName<'t> {
    /// In which way.
    pub way: Way,
    /// What stands behind the organisation: one word at least.
    pub words: Vec<&'t str>,
}

/// Reads a name of something of this organisation, whose API begins at that address; none for anything else.
#[must_use]
pub fn parse<'t>(text: &'t str, org: &str, base_url: &str) -> Option<ResourceName<'t>> {
    if text.len() > NAME_BYTES_MAX {
        return None;
    }
    if let Some(path) = text.strip_prefix(base_url) {
        let words = take_words(path.strip_prefix(VERSION)?, '/')?;
        return Some(ResourceName {
            way: Way::Address,
            words,
        });
    }
    let mut parts = text.splitn(5, ':');
    if [parts.next()?, parts.next()?] != BEGIN {
        return None;
    }
    let way = match parts.next()? {
        "directory" => Way::Directory,
        "idp" => Way::Provider,
        _ => return None,
    };
    if parts.next()? != org {
        return None;
    }
    let words = take_words(parts.next()?, ':')?;
    Some(ResourceName { way, words })
}

/// The words of a name; none where one is empty, or there are too many.
fn take_words(text: &str, between: char) -> Option<Vec<&str>> {
    let words: Vec<&str> = text.split(between).take(WORDS_MAX + 1).collect();
    let is_good = words.len() <= WORDS_MAX && words.iter().all(|word| !word.is_empty());
    is_good.then_some(words)
}

#[cfg(test)]
mod tests {
    use super::{NAME_BYTES_MAX, WORDS_MAX, Way, parse};
    use crate::properties::check_resource_name;
    use proptest::prelude::{any, prop_assert, proptest};

    const ORG: &str = "00oOrg";
    const BASE: &str = "https://id.example/t/main";

    #[test]
    fn a_name_is_taken_apart_or_is_none() {
        for (text, expected) in [
            (
                "orn:okta:directory:00oOrg:users",
                Some((Way::Directory, vec!["users"])),
            ),
            (
                "orn:okta:idp:00oOrg:apps:x:y",
                Some((Way::Provider, vec!["apps", "x", "y"])),
            ),
            (
                "https://id.example/t/main/api/v1/groups/g",
                Some((Way::Address, vec!["groups", "g"])),
            ),
            ("orn:okta:directory:00oElse:users", None),
            ("orn:okta:governance:00oOrg:users", None),
            ("orn:okta:directory:00oOrg", None),
            ("orn:okta:directory:00oOrg:", None),
            ("orn:okta:directory:00oOrg:users:", None),
            ("orn:okta:directory", None),
            ("https://id.example/t/main/api/v1/", None),
            ("https://id.example/t/main/api/v2/users", None),
            ("https://id.example/t/main-two/api/v1/users", None),
            ("https://id.example/t/main/api/v1/users//x", None),
            ("", None),
        ] {
            let seen = parse(text, ORG, BASE).map(|name| (name.way, name.words));
            assert_eq!(seen, expected, "{text}");
        }
        let long = format!("orn:okta:directory:{ORG}:{}", "x".repeat(NAME_BYTES_MAX));
        assert_eq!(parse(&long, ORG, BASE), None);
        let many = format!("orn:okta:directory:{ORG}{}", ":x".repeat(WORDS_MAX + 1));
        assert_eq!(parse(&many, ORG, BASE), None);
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_what_was_written(text in any::<String>(), begin in 0_usize..4) {
            let begins = [
                "",
                "orn:okta:directory:00o1a2b3c4d5e6f7g8h9:",
                "orn:okta:idp:00o1a2b3c4d5e6f7g8h9:",
                "https://id.example/t/main/api/v1/",
            ];
            let text = format!("{}{text}", begins[begin]);
            prop_assert!(check_resource_name(text.as_bytes()).is_ok());
        }
    }
}
