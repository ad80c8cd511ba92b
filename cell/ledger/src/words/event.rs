//! The words of one event: of every text in its body, but for what is the same in all or said by a number.

use crate::words::EVENT_WORDS_MAX;
use protocol::keywords::{Keywords, each_word};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Members that are not searched: moments are found by spans, and the version says nothing.
const PASSED_OVER: [&str; 2] = ["published", "version"];

/// Members that filters ask about: their words are searched in any event, however many others it has.
const ASKED_ABOUT: [&str; 3] = ["id", "eventType", "result"];

/// Whether the words of a value are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    /// They are, and left out beyond a number.
    Bounded,
    /// They are not.
    Free,
}

/// Calls `visit` with the values of an event that are searched, in the order of the body, and whether their words are counted:
/// those of the members that filters ask about are not. A body that is no JSON has those before it breaks off.
pub(crate) fn each_event_value(body: &str, mut visit: impl FnMut(&str, Count)) {
    let mut bodies = serde_json::Deserializer::from_str(body);
    let values = Values {
        visit: &mut visit,
        count: Count::Bounded,
    };
    // What was read before it broke off has been told.
    drop(values.deserialize(&mut bodies));
}

/// Calls `visit` with the words of an event, as far as they are searched: those of the values that are not counted, and of the
/// others the first so many.
pub(crate) fn each_event_word(body: &str, mut visit: impl FnMut(&str)) {
    let (mut room, mut left) = (String::new(), EVENT_WORDS_MAX);
    each_event_value(body, |value, count| {
        each_word(value, &mut room, |word| {
            if count == Count::Bounded {
                if left == 0 {
                    return;
                }
                left -= 1;
            }
            visit(word);
        });
    });
}

/// Whether all keywords are words of the event.
pub(crate) fn has_words(body: &str, keywords: &Keywords) -> bool {
    let mut missing: Vec<&str> = keywords.iter().collect();
    if missing.is_empty() {
        return true;
    }
    each_event_word(body, |word| missing.retain(|keyword| *keyword != word));
    missing.is_empty()
}

/// The mark of a word: FNV-1a, mixed so that its first byte spreads over the shelves. Blocks and shelves at rest depend on it.
pub(crate) fn mark_of(word: &str) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in word.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u32::try_from(mixed >> 32).unwrap_or(u32::MAX)
}

/// Tells every text of a JSON value, without building the value.
struct Values<'v> {
    visit: &'v mut dyn FnMut(&str, Count),
    count: Count,
}

impl Values<'_> {
    /// The same for a value within this one.
    fn within(&mut self, count: Count) -> Values<'_> {
        Values {
            visit: &mut *self.visit,
            count,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an event")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        (self.visit)(text, self.count);
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let count = self.count;
        while list.next_element_seed(self.within(count))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Name<'de>>()? {
            let name = name.0.as_ref();
            if PASSED_OVER.contains(&name) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let count = if ASKED_ABOUT.contains(&name) {
                Count::Free
            } else {
                Count::Bounded
            };
            map.next_value_seed(self.within(count))?;
        }
        Ok(())
    }
}

/// The name of a member, borrowed where the text has it as it is.
#[derive(serde::Deserialize)]
struct Name<'n>(#[serde(borrow)] Cow<'n, str>);

#[cfg(test)]
mod tests {
    use super::{each_event_word, has_words, mark_of};
    use crate::words::EVENT_WORDS_MAX;
    use protocol::keywords::Keywords;
    use std::collections::BTreeSet;

    const BODY: &str = r#"{"uuid":"evt1","published":"2026-11-23T20:31:41.123Z","version":"0","actor":{"displayName":"Ada \"L\""},
        "target":[{"id":"00g1"},{"changeDetails":{"to":{"title":"Countess"}}}],"outcome":{"result":"SUCCESS"},"n":[1,-1,1.5,true,null]}"#;

    fn words(body: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_event_word(body, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn every_text_of_an_event_has_words() {
        let all = ["evt1", "ada", "l", "00g1", "countess", "success"];
        assert_eq!(words(BODY), all);
        assert!(words("").is_empty());
        assert_eq!(words(r#"{"a":"b","c"#), ["b"]);
    }

    #[test]
    fn all_keywords_must_be_there() {
        let has = |text: &str| has_words(BODY, &Keywords::parse(text).unwrap());
        assert!(has("countess ADA 00g1"));
        assert!(has(""));
        for missing in ["countess bob", "count", "2026-11-23t20:31:41.123z", "title"] {
            assert!(!has(missing), "{missing}");
        }
    }

    #[test]
    fn an_event_of_very_many_words_is_searched_by_the_first() {
        let many: Vec<String> = (0..EVENT_WORDS_MAX + 9).map(|n| format!("w{n}")).collect();
        let body = serde_json::json!({ "a": many.join(" ") }).to_string();
        assert_eq!(words(&body).len(), EVENT_WORDS_MAX);
        assert!(!has_words(&body, &Keywords::parse("w512").unwrap()));
    }

    #[test]
    fn what_filters_ask_about_is_found_behind_any_number_of_words() {
        let many: Vec<String> = (0..EVENT_WORDS_MAX).map(|n| format!("w{n}")).collect();
        let body = serde_json::json!({
            "a": many.join(" "),
            "eventType": "user.session.start",
            "target": [{ "id": "00u1", "displayName": "Ada" }],
            "z": { "result": "DENY" },
        });
        let has = |text: &str| has_words(&body.to_string(), &Keywords::parse(text).unwrap());
        assert!(has("user.session.start 00u1 deny"));
        assert!(!has("ada"));
    }

    #[test]
    fn marks_spread_over_the_shelves_and_stay_what_they_are() {
        let shelves: BTreeSet<u32> = (0..4_000)
            .map(|n| mark_of(&format!("w{n}")) >> 24)
            .collect();
        assert_eq!(shelves.len(), 256);
        assert_eq!(mark_of("ada"), 0x8d6c_09cd);
        assert_eq!(mark_of("success"), 0x76aa_f190);
    }
}
