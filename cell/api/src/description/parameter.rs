//! Parameters of queries and paths.

use crate::limits::Page;
use serde_json::{Value, json};

/// A parameter of a query.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// The name.
    pub name: &'static str,
    /// What it may say.
    pub values: Values,
    /// What it does.
    pub about: &'static str,
}

/// What a parameter may say.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// How many things a page has.
    Limit(Page),
    /// Any text.
    Text,
    /// A text of a language.
    Expression,
    /// A moment (RFC 3339).
    Moment,
    /// True or false, and what holds unless it is said.
    Flag(bool),
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of the words that a type of the code has.
    WordOf(fn() -> Vec<&'static str>),
    /// Some of these words, with commas between them.
    Words(&'static [&'static str]),
}

/// Where the page begins.
pub const AFTER: Parameter = Parameter {
    name: "after",
    values: Values::Expression,
    about: "Where the page begins: as the address of the next page in the header `Link` has it.",
};
/// In which direction, where it is sorted.
pub const SORT_ORDER: Parameter = Parameter {
    name: "sortOrder",
    values: Values::Word(&["asc", "desc"]),
    about: "The direction, beside `sortBy`.",
};

/// How many things a page has.
#[must_use]
pub const fn limit(page: Page) -> Parameter {
    Parameter {
        name: "limit",
        values: Values::Limit(page),
        about: "How many a page has at most.",
    }
}

/// What names begin with, or contain.
#[must_use]
pub const fn q(about: &'static str) -> Parameter {
    text("q", about)
}

/// A filter over attributes.
#[must_use]
pub const fn filter(about: &'static str) -> Parameter {
    Parameter {
        name: "filter",
        values: Values::Expression,
        about,
    }
}

/// Another name of the same.
#[must_use]
pub const fn search(about: &'static str) -> Parameter {
    Parameter {
        name: "search",
        ..filter(about)
    }
}

/// What a list is sorted by.
#[must_use]
pub const fn sort_by(words: &'static [&'static str]) -> Parameter {
    word("sortBy", words, "What the list is sorted by.")
}

/// Any text.
#[must_use]
pub const fn text(name: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        values: Values::Text,
        about,
    }
}

/// True or false, and what holds unless it is said.
#[must_use]
pub const fn flag(name: &'static str, default: bool, about: &'static str) -> Parameter {
    Parameter {
        name,
        values: Values::Flag(default),
        about,
    }
}

/// One of these words.
#[must_use]
pub const fn word(
    name: &'static str,
    words: &'static [&'static str],
    about: &'static str,
) -> Parameter {
    Parameter {
        name,
        values: Values::Word(words),
        about,
    }
}

/// A moment.
#[must_use]
pub const fn moment(name: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        values: Values::Moment,
        about,
    }
}

impl Parameter {
    /// It in the words of OpenAPI.
    #[must_use]
    pub fn render(&self) -> Value {
        let schema = match self.values {
            Values::Limit(page) => json!({
                "type": "integer", "minimum": 1, "maximum": u32::MAX, "default": page.default,
            }),
            Values::Text | Values::Expression => json!({ "type": "string" }),
            // An empty parameter is none.
            Values::Moment => json!({
                "anyOf": [{ "type": "string", "format": "date-time" }, { "const": "" }],
            }),
            Values::Flag(default) => json!({ "type": "boolean", "default": default }),
            Values::Word(words) => json!({ "type": "string", "enum": words }),
            Values::WordOf(words) => json!({ "type": "string", "enum": words() }),
            Values::Words(words) => json!({
                "type": "array", "items": { "type": "string", "enum": words },
            }),
        };
        let about = match self.values {
            Values::Limit(page) => format!(
                "{} There are never more than {}, whatever is asked for.",
                self.about, page.max
            ),
            _ => self.about.to_owned(),
        };
        let mut rendered = json!({
            "name": self.name, "in": "query", "required": false, "allowEmptyValue": true,
            "description": about, "schema": schema,
        });
        if matches!(self.values, Values::Words(_)) {
            rendered["style"] = json!("form");
            rendered["explode"] = json!(false);
        }
        rendered
    }
}

/// The names of the parameters of a path.
pub fn names_of(path: &'static str) -> impl Iterator<Item = &'static str> {
    let name = |part: &'static str| part.strip_prefix('{')?.strip_suffix('}');
    path.split('/').filter_map(name)
}

/// What a parameter of a path names: that follows from the word before it.
#[must_use]
pub fn words_of(path: &str, name: &str) -> Option<&'static str> {
    let mut parts = path.split('/');
    let mut before = "";
    for part in parts.by_ref() {
        if part.trim_matches(['{', '}']) == name && part.starts_with('{') {
            break;
        }
        before = part;
    }
    Some(match before {
        "users" => "A person: the id, the login, or `me` for the owner of the token.",
        "groups" => "The id of a group.",
        "owners" => "The id of the person or the group.",
        "rules" => "The id of a rule.",
        "apps" if name == "app" => "The kind of app: `oidc_client` is the only one there is.",
        "apps" | "{app}" => "The id of an app.",
        "clients" => "The id of an app that acts for itself.",
        "factors" => "The id of a means of proof.",
        "roles" | "bindings" if name == "role" => "A custom role: the id or the label.",
        "roles" => "The id of an assignment of a role.",
        "permissions" => "The name of a permission, such as `okta.users.read`.",
        "resource-sets" => "A resource set: the id or the label.",
        "resources" => "The id of a resource of the set.",
        "members" => "The id of a member of the binding.",
        "grants" => "The id of a grant.",
        "sessions" => "The id of a session.",
        "secrets" => "The id of a secret.",
        "jwks" => "The id of a public key: its thumbprint (RFC 7638).",
        "keys" => "The id of a signing key (`kid`).",
        "authorizationServers" => {
            "An authorization server: the id, or `default` for the preset one."
        }
        "scopes" => "The id of a scope.",
        "claims" => "The id of a claim.",
        "policies" => "The id of a policy.",
        "mappings" => "The id of a mapping of a policy or of profiles, or of the push of a group.",
        "api-tokens" => "The id of a token of this API.",
        "zones" => "The id of a network zone.",
        "behaviors" => "The id of a behaviour.",
        "trustedOrigins" => "The id of a trusted origin.",
        "eventHooks" => "The id of an event hook.",
        "inlineHooks" => "The id of an inline hook.",
        "hook-keys" => "The id of a hook key.",
        "public" => "The id of a public half (`kid`).",
        "idps" => "The id of an identity provider.",
        "authenticators" => "The id of an authenticator.",
        "methods" => "The type of its method.",
        "features" if name == "id" => "The id of a feature.",
        "features" => "The name of a feature of an app.",
        "{id}" if name == "lifecycle" => "`enable` or `disable`.",
        "accounts" => "The id of a person.",
        "deliveries" => "The id of a delivery.",
        "tokens" => "The id of a refresh token.",
        "linkedObjects" => "The name of an end of a relation.",
        "{name}" => "A person: the id or the login.",
        "logStreams" => "The id of a log stream.",
        "user" if name == "schema" => "`default`, or the id of the schema.",
        "user" => "`default`, or the id of the type.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{AFTER, Parameter, Values, limit, names_of, words_of};
    use crate::limits::Page;
    use serde_json::json;

    #[test]
    fn a_parameter_of_a_path_is_named_by_the_word_before_it() {
        let path = "/api/v1/apps/{id}/users/{user}";
        assert_eq!(names_of(path).collect::<Vec<_>>(), ["id", "user"]);
        assert_eq!(words_of(path, "id"), Some("The id of an app."));
        assert!(words_of(path, "user").unwrap().starts_with("A person"));
        assert_eq!(words_of("/api/v1/unheard-of/{id}", "id"), None);
    }

    #[test]
    fn a_page_says_how_long_it_is() {
        let page = Page {
            default: 20,
            max: 200,
        };
        let rendered = limit(page).render();
        assert_eq!(rendered["schema"]["default"], json!(20));
        assert!(rendered["description"].as_str().unwrap().contains("200"));
        assert_eq!(AFTER.render()["in"], json!("query"));
        let words = Parameter {
            values: Values::Words(&["A", "B"]),
            ..AFTER
        };
        assert_eq!(words.render()["explode"], json!(false));
    }
}
