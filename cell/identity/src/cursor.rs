//! Where a page ended, as opaque text: bound to the org and the list it is of.

use crate::condition::Place;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vocab::id::OrgId;
use vocab::secret::SecretHash;

/// Longest cursor.
pub const CURSOR_BYTES_MAX: usize = 2_048;
/// How much of the hash is kept: an accident is found out; whoever makes one up only chooses where to begin.
const MARK_CHARS: usize = 16;

/// The list that a cursor is of: the org, the path, and whatever else decides what is in it.
#[must_use]
pub fn mark(org: &OrgId, path: &str, parameters: &[(String, String)]) -> String {
    let text = serde_json::json!([org.as_str(), path, parameters]).to_string();
    let mut hash = SecretHash::of(&text).to_hex();
    hash.truncate(MARK_CHARS);
    hash
}

/// The text of a cursor.
#[must_use]
pub fn render(mark: &str, place: &Place) -> String {
    let parts = serde_json::json!([mark, place.alternative, place.key, place.id]);
    URL_SAFE_NO_PAD.encode(parts.to_string())
}

/// Reads a cursor of that list; none for any other text.
#[must_use]
pub fn parse(mark: &str, text: &str) -> Option<Place> {
    if text.len() > CURSOR_BYTES_MAX {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (of, alternative, key, id): (String, usize, String, String) =
        serde_json::from_slice(&bytes).ok()?;
    let is_whole = !key.contains('\0') && !id.contains('\0');
    (of == mark && is_whole).then_some(Place {
        alternative,
        key,
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::{CURSOR_BYTES_MAX, mark, parse, render};
    use crate::condition::Place;
    use proptest::prelude::{any, proptest};
    use vocab::entropy::SeededEntropy;
    use vocab::id::OrgId;

    fn place() -> Place {
        Place {
            alternative: 2,
            key: "a,b&\u{10FFFF}".into(),
            id: "00u0".into(),
        }
    }

    #[test]
    fn a_cursor_is_of_its_list_alone() {
        let entropy = SeededEntropy::new(3);
        let (acme, globex) = (OrgId::generate(&entropy), OrgId::generate(&entropy));
        let of = |filter: &str| vec![("filter".to_owned(), filter.to_owned())];
        let own = mark(&acme, "/api/v1/users", &of("a"));
        let text = render(&own, &place());
        assert_eq!(parse(&own, &text).unwrap(), place());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        assert!(text.bytes().all(plain), "{text}");
        for other in [
            mark(&globex, "/api/v1/users", &of("a")),
            mark(&acme, "/api/v1/groups", &of("a")),
            mark(&acme, "/api/v1/users", &of("b")),
            mark(&acme, "/api/v1/users", &[]),
        ] {
            assert_eq!(parse(&other, &text), None);
        }
        let nul = Place {
            key: "\0".into(),
            ..place()
        };
        assert_eq!(parse(&own, &render(&own, &nul)), None);
        let long = "A".repeat(CURSOR_BYTES_MAX + 1);
        assert_eq!(parse(&own, &long), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_cursor_or_refused(text in any::<String>()) {
            assert_eq!(parse("0123456789abcdef", &text), None);
        }
    }
}
