//! What a SCIM server answers, read by who is its client. The answers are foreign: size, depth and count are bounded, and nothing of them
//! is believed that was not asked for.

use crate::json;
use crate::scim::body::{Fields, as_flag};
use serde_json::Value;

/// Largest answer that holds one resource, or a short list.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Largest page of resources.
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting of an answer.
pub const ANSWER_DEPTH_MAX: usize = 16;
/// Most resources of one page.
pub const PAGE_RESOURCES_MAX: usize = 200;
/// Longest id of a resource.
pub const ID_BYTES_MAX: usize = 255;
/// Longest text that is taken out of an answer.
pub const TEXT_BYTES_MAX: usize = 1_024;
/// How much of what an error says is kept.
pub const DETAIL_CHARS_MAX: usize = 500;

/// Why an answer cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// It is no JSON, too large or too deep.
    #[error("the answer is no JSON within the bounds")]
    Garbled,
    /// It has no id, or one that cannot be used.
    #[error("the answer has no usable id")]
    NoId,
    /// It is no list, or has more resources than were asked for.
    #[error("the answer is no list within the bounds")]
    NoList,
}

/// A user or a group, as far as a client needs to know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeerResource {
    /// The id that the server gave it.
    pub id: String,
    /// What we call it.
    pub external_id: Option<String>,
    /// The name of a user.
    pub user_name: Option<String>,
    /// The name of a group.
    pub display_name: Option<String>,
    /// The primary mail address of a user, or the first.
    pub email: Option<String>,
    /// The given name of a user.
    pub given_name: Option<String>,
    /// The family name of a user.
    pub family_name: Option<String>,
    /// Whether a user is active; true unless the server says otherwise.
    pub active: bool,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerPage {
    /// How many resources there are, as the server says.
    pub total: i64,
    /// Those of this page.
    pub resources: Vec<PeerResource>,
}

/// Reads a resource.
///
/// # Errors
/// [`PeerError`] saying why it cannot be used.
pub fn parse_resource(bytes: &[u8]) -> Result<PeerResource, PeerError> {
    match json::parse_value_within(bytes, ANSWER_BYTES_MAX, ANSWER_DEPTH_MAX) {
        Ok(value) => read_resource(value),
        Err(_) => Err(PeerError::Garbled),
    }
}

/// Reads a list.
///
/// # Errors
/// [`PeerError`] saying why it cannot be used; a page with one unusable resource is none.
pub fn parse_page(bytes: &[u8], resources_max: usize) -> Result<PeerPage, PeerError> {
    let value = json::parse_value_within(bytes, PAGE_BYTES_MAX, ANSWER_DEPTH_MAX)
        .map_err(|_| PeerError::Garbled)?;
    let Value::Object(fields) = value else {
        return Err(PeerError::NoList);
    };
    let mut fields = Fields::of(fields);
    let listed = match fields.take("Resources") {
        None => Vec::new(),
        Some(Value::Array(listed)) if listed.len() <= resources_max => listed,
        Some(_) => return Err(PeerError::NoList),
    };
    let total = fields.take("totalResults").and_then(|total| total.as_i64());
    let total = total.filter(|total| *total >= 0).ok_or(PeerError::NoList)?;
    let resources: Result<Vec<PeerResource>, PeerError> =
        listed.into_iter().map(read_resource).collect();
    Ok(PeerPage {
        total,
        resources: resources?,
    })
}

/// What an error says of itself, in few words on one line; nothing if that is no text.
#[must_use]
pub fn parse_detail(bytes: &[u8]) -> Option<String> {
    let value = json::parse_value_within(bytes, ANSWER_BYTES_MAX, ANSWER_DEPTH_MAX).ok()?;
    let Value::Object(fields) = value else {
        return None;
    };
    let mut fields = Fields::of(fields);
    let mut said = String::new();
    for name in ["scimType", "detail"] {
        if let Some(Value::String(text)) = fields.take(name) {
            if !said.is_empty() {
                said.push_str(": ");
            }
            said.push_str(&text);
        }
    }
    let said: String = said
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .take(DETAIL_CHARS_MAX)
        .collect();
    (!said.trim().is_empty()).then_some(said)
}

/// Whether an answer is an error as SCIM servers word them (RFC 7644, section 3.12).
#[must_use]
pub fn is_scim_error(bytes: &[u8]) -> bool {
    let value = json::parse_value_within(bytes, ANSWER_BYTES_MAX, ANSWER_DEPTH_MAX);
    let Ok(Value::Object(fields)) = value else {
        return false;
    };
    match Fields::of(fields).take("schemas") {
        Some(Value::Array(schemas)) => schemas
            .iter()
            .filter_map(Value::as_str)
            .any(|schema| schema.eq_ignore_ascii_case(super::ERROR)),
        _ => false,
    }
}

/// Whether a text can stand as an id in a path that is sent: short, visible, and no step of the path.
#[must_use]
pub fn is_usable_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= ID_BYTES_MAX
        && id != "."
        && id != ".."
        && !id
            .chars()
            .any(|char| char.is_control() || char.is_whitespace())
}

fn read_resource(value: Value) -> Result<PeerResource, PeerError> {
    let Value::Object(fields) = value else {
        return Err(PeerError::NoId);
    };
    let mut fields = Fields::of(fields);
    let id = match fields.take("id") {
        Some(Value::String(id)) => id,
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err(PeerError::NoId),
    };
    if !is_usable_id(&id) {
        return Err(PeerError::NoId);
    }
    let name = fields.take("name");
    let active = fields.take("active");
    Ok(PeerResource {
        id,
        external_id: text_of(fields.take("externalId")),
        user_name: text_of(fields.take("userName")),
        display_name: text_of(fields.take("displayName")),
        email: fields.take("emails").and_then(read_email),
        given_name: member(name.as_ref(), "givenName"),
        family_name: member(name.as_ref(), "familyName"),
        active: active.as_ref().and_then(as_flag).unwrap_or(true),
    })
}

fn text_of(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) if is_plain(&text) => Some(text),
        _ => None,
    }
}

/// Short and without U+0000, which no store takes.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= TEXT_BYTES_MAX && !text.contains('\0')
}

fn member(value: Option<&Value>, name: &str) -> Option<String> {
    let fields = value?.as_object()?.clone();
    text_of(Fields::of(fields).take(name))
}

fn read_email(emails: Value) -> Option<String> {
    let Value::Array(emails) = emails else {
        return None;
    };
    let is_primary = |email: &&Value| email.get("primary").and_then(as_flag) == Some(true);
    let chosen = emails.iter().find(is_primary).or_else(|| emails.first())?;
    match chosen {
        Value::String(text) => text_of(Some(Value::String(text.clone()))),
        email => member(Some(email), "value"),
    }
}

#[cfg(test)]
mod tests {
    use super::{PeerError, PeerResource, is_scim_error, parse_detail, parse_page, parse_resource};
    use proptest::prelude::{any, proptest};
    use serde_json::json;

    #[test]
    fn a_resource_is_read_however_its_names_are_written() {
        let bytes = json!({
            "ID": "7", "username": "ada", "externalId": "00u", "Active": "False",
            "name": { "givenName": "Ada", "familyName": "L" },
            "emails": [{ "value": "b@example.com" }, { "value": "a@example.com", "primary": true }],
            "groups": [{ "value": "x" }],
        });
        let expected = PeerResource {
            id: "7".into(),
            external_id: Some("00u".into()),
            user_name: Some("ada".into()),
            email: Some("a@example.com".into()),
            given_name: Some("Ada".into()),
            family_name: Some("L".into()),
            ..PeerResource::default()
        };
        assert_eq!(parse_resource(bytes.to_string().as_bytes()), Ok(expected));
    }

    #[test]
    fn what_cannot_be_used_is_none() {
        let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
        for (body, expected) in [
            (String::new(), PeerError::Garbled),
            ("{".into(), PeerError::Garbled),
            (deep, PeerError::Garbled),
            ("[]".into(), PeerError::NoId),
            ("{}".into(), PeerError::NoId),
            (json!({ "id": "" }).to_string(), PeerError::NoId),
            (json!({ "id": ".." }).to_string(), PeerError::NoId),
            (json!({ "id": "a b" }).to_string(), PeerError::NoId),
            (
                json!({ "id": "x".repeat(256) }).to_string(),
                PeerError::NoId,
            ),
            (json!({ "id": ["a"] }).to_string(), PeerError::NoId),
        ] {
            assert_eq!(parse_resource(body.as_bytes()), Err(expected), "{body}");
        }
    }

    #[test]
    fn a_page_is_within_its_bounds_or_none() {
        for (body, expected) in [
            (json!({ "totalResults": 0 }), Ok((0, 0))),
            (
                json!({ "totalResults": 9, "Resources": [{ "id": "1" }] }),
                Ok((9, 1)),
            ),
            (json!({ "totalResults": -1 }), Err(PeerError::NoList)),
            (json!({ "Resources": [] }), Err(PeerError::NoList)),
            (
                json!({ "totalResults": 1, "Resources": {} }),
                Err(PeerError::NoList),
            ),
            (
                json!({ "totalResults": 1, "Resources": [{}] }),
                Err(PeerError::NoId),
            ),
            (
                json!({ "totalResults": 3, "Resources": [{ "id": "1" }, { "id": "2" }, { "id": "3" }] }),
                Err(PeerError::NoList),
            ),
            (json!([]), Err(PeerError::NoList)),
        ] {
            let read = parse_page(body.to_string().as_bytes(), 2);
            let read = read.map(|page| (page.total, page.resources.len()));
            assert_eq!(read, expected, "{body}");
        }
    }

    #[test]
    fn an_error_of_a_server_is_told_from_other_pages() {
        let error = "urn:ietf:params:scim:api:messages:2.0:Error";
        for (body, expected) in [
            (
                json!({ "schemas": [error], "status": "404" }).to_string(),
                true,
            ),
            (
                json!({ "Schemas": [error.to_uppercase()] }).to_string(),
                true,
            ),
            (json!({ "schemas": [] }).to_string(), false),
            (json!({ "schemas": error }).to_string(), false),
            (json!({ "detail": "not found" }).to_string(), false),
            ("<html>".into(), false),
        ] {
            assert_eq!(is_scim_error(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn an_error_says_little_on_one_line() {
        for (body, expected) in [
            (
                json!({ "scimType": "uniqueness", "detail": "taken\nhere" }),
                Some("uniqueness: taken here"),
            ),
            (json!({ "detail": "no" }), Some("no")),
            (json!({ "detail": 1 }), None),
            (json!([]), None),
        ] {
            assert_eq!(
                parse_detail(body.to_string().as_bytes()).as_deref(),
                expected
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_taken_for_more_than_they_are(
            bytes in any::<Vec<u8>>(),
            said in "\\{\"(id|totalResults|detail|Resources)\": ?(\"[a-z \\.]{0,4}\"|-?[0-9]{1,3}|\\[\\{\"id\": \"[a-z]{0,3}\"\\}\\])\\}",
        ) {
            assert_eq!(crate::properties::check_scim_peer(&bytes), Ok(()));
            assert_eq!(crate::properties::check_scim_peer(said.as_bytes()), Ok(()));
        }
    }
}
