//! Messages of syslog (RFC 5424) and their frames on a connection (RFC 5425 section 4.3): written, never read.
//!
//! Whatever the fields hold, a message is one that a strict reader takes: names are cut to what the grammar allows,
//! values are escaped, and the text is ASCII, so that it means the same in whatever encoding it is read.

use std::fmt::Write as _;
use vocab::text::disguises;
use vocab::time::Timestamp;

/// Longest message: what receivers should take (RFC 5425 section 4.3.1); some cut or split what is longer.
pub const MESSAGE_BYTES_MAX: usize = 8_192;
/// Longest value of structured data, before it is escaped.
pub const VALUE_BYTES_MAX: usize = 256;
/// Most values of structured data of one message: with the longest header, they leave room for a text.
pub const VALUES_MAX: usize = 10;
/// The bounds of the grammar (RFC 5424 section 6).
const HOST_BYTES_MAX: usize = 255;
const APP_BYTES_MAX: usize = 48;
const KIND_BYTES_MAX: usize = 32;
/// The facility "log audit" (RFC 5424 section 6.2.1).
const FACILITY: u8 = 13;
/// What stands where nothing is known.
const NIL: &str = "-";

/// How much a message should draw the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something failed.
    Error,
    /// Something may be wrong.
    Warning,
    /// A thing happened.
    Informational,
    /// For whoever looks for a mistake.
    Debug,
}

impl Severity {
    const fn number(self) -> u8 {
        match self {
            Self::Error => 3,
            Self::Warning => 4,
            Self::Informational => 6,
            Self::Debug => 7,
        }
    }
}

/// A message.
#[derive(Debug, Clone, Copy)]
pub struct Message<'m> {
    /// How much it should draw the eye.
    pub severity: Severity,
    /// When what it tells of happened.
    pub at: Timestamp,
    /// Where it comes from.
    pub host: &'m str,
    /// What program says it.
    pub app: &'m str,
    /// Of which kind it is.
    pub kind: &'m str,
    /// The id of the structured data: a name, an at sign, the number of whoever gave the name.
    pub element: &'static str,
    /// Its values by name; those beyond [`VALUES_MAX`] are left out.
    pub values: &'m [(&'static str, &'m str)],
}

/// Everything of a message that comes before its text. Names of structured data are ours and stand as they are.
#[must_use]
pub fn render_head(message: &Message<'_>) -> String {
    let priority = FACILITY * 8 + message.severity.number();
    let mut head = format!(
        "<{priority}>1 {} {} {} {NIL} {} [{}",
        message.at.to_rfc3339_millis(),
        printable(message.host, HOST_BYTES_MAX),
        printable(message.app, APP_BYTES_MAX),
        printable(message.kind, KIND_BYTES_MAX),
        message.element,
    );
    for (name, value) in message.values.iter().take(VALUES_MAX) {
        let _ = write!(head, " {name}=\"");
        push_value(&mut head, value);
        head.push('"');
    }
    head.push(']');
    head
}

/// How many bytes a text may have behind this head.
#[must_use]
pub const fn text_bytes_max(head: &str) -> usize {
    MESSAGE_BYTES_MAX.saturating_sub(head.len() + 1)
}

/// A message on a connection: its length, and what it is.
#[must_use]
pub fn render_frame(head: &str, text: &str) -> String {
    format!("{} {head} {text}", head.len() + 1 + text.len())
}

/// JSON in ASCII: whatever is none stands in a string, where it may be escaped (RFC 8259 section 7).
#[must_use]
pub fn render_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for char in json.chars() {
        if (' '..='~').contains(&char) {
            ascii.push(char);
        } else {
            for unit in char.encode_utf16(&mut [0; 2]) {
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

/// A field of the header: visible ASCII without space, or the sign that there is nothing.
fn printable(text: &str, bytes_max: usize) -> String {
    let visible = |char: char| if char.is_ascii_graphic() { char } else { '_' };
    let shown: String = text.chars().take(bytes_max).map(visible).collect();
    if shown.is_empty() {
        NIL.to_owned()
    } else {
        shown
    }
}

/// A value of structured data (RFC 5424 section 6.3.3). What would end a line or turn it around is no part of one: a reader
/// that takes a message for a line would be shown another one.
fn push_value(head: &mut String, value: &str) {
    let mut bytes = 0;
    for char in value.chars() {
        let char = if disguises(char) { ' ' } else { char };
        bytes += char.len_utf8();
        if bytes > VALUE_BYTES_MAX {
            break;
        }
        if matches!(char, '"' | '\\' | ']') {
            head.push('\\');
        }
        head.push(char);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        MESSAGE_BYTES_MAX, Message, Severity, VALUE_BYTES_MAX, VALUES_MAX, render_ascii,
        render_frame, render_head, text_bytes_max,
    };
    use proptest::prelude::{any, prop, proptest};
    use vocab::time::Timestamp;

    const AT: Timestamp = Timestamp::from_micros(1_795_465_901_123_000);
    const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

    fn message<'m>(texts: [&'m str; 3], values: &'m [(&'static str, &'m str)]) -> Message<'m> {
        let [host, app, kind] = texts;
        Message {
            severity: Severity::Warning,
            at: AT,
            host,
            app,
            kind,
            element: "own@32473",
            values,
        }
    }

    #[test]
    fn a_message_has_the_form_of_the_specification() {
        let values = [("uuid", "evt1"), ("said", "a\"b\\c]d\ne")];
        let head = render_head(&message(
            ["id.example", "testudo", "user.account.lock"],
            &values,
        ));
        assert_eq!(
            head,
            "<108>1 2026-11-23T20:31:41.123Z id.example testudo - user.account.lock \
             [own@32473 uuid=\"evt1\" said=\"a\\\"b\\\\c\\]d e\"]"
        );
        assert_eq!(render_frame("<1>1 -", "{}"), "9 <1>1 - {}");
        for (severity, priority) in [
            (Severity::Error, "<107>1 "),
            (Severity::Informational, "<110>1 "),
            (Severity::Debug, "<111>1 "),
        ] {
            let message = Message {
                severity,
                ..message(["", "", ""], &[])
            };
            let head = render_head(&message);
            assert!(head.starts_with(priority), "{head}");
            assert!(head.ends_with(" - - - - [own@32473]"), "{head}");
        }
    }

    #[test]
    fn what_is_no_ascii_is_escaped() {
        for (json, ascii) in [
            (r#"{"a":"b"}"#, r#"{"a":"b"}"#),
            (r#"{"ä":"€"}"#, r#"{"\u00e4":"\u20ac"}"#),
            (r#""👩""#, r#""\ud83d\udc69""#),
            ("\"\u{7f}\u{85}\"", r#""\u007f\u0085""#),
        ] {
            assert_eq!(render_ascii(json), ascii);
        }
    }

    /// The fields, and the parameters by their names.
    type Head<'h> = (Vec<&'h str>, Vec<(String, String)>);

    /// Takes the head apart as the grammar says; none for what is not of it.
    fn parse_head(head: &str) -> Option<Head<'_>> {
        let mut rest = head.strip_prefix("<108>1 ")?;
        let mut fields = Vec::new();
        for bytes_max in [32, 255, 48, 128, 32] {
            let (field, behind) = rest.split_once(' ')?;
            let fits = (1..=bytes_max).contains(&field.len());
            if !fits || !field.bytes().all(|byte| byte.is_ascii_graphic()) {
                return None;
            }
            fields.push(field);
            rest = behind;
        }
        let mut rest = rest.strip_prefix("[own@32473")?;
        let mut values = Vec::new();
        while let Some(param) = rest.strip_prefix(' ') {
            let (name, quoted) = param.split_once("=\"")?;
            let (mut value, mut chars) = (String::new(), quoted.char_indices());
            let end = loop {
                match chars.next()? {
                    (at, '"') => break at,
                    (_, ']') => return None,
                    (_, '\\') => value.push(chars.next().map(|(_, char)| char)?),
                    (_, char) => value.push(char),
                }
            };
            values.push((name.to_owned(), value));
            rest = &quoted[end + 1..];
        }
        (rest == "]").then_some((fields, values))
    }

    proptest! {
        /// Whatever stands in the fields, the grammar holds, and values that are short and of one line come back whole.
        #[test]
        fn a_strict_reader_takes_every_message(
            host in any::<String>(),
            app in any::<String>(),
            kind in any::<String>(),
            texts in prop::collection::vec(any::<String>(), 0..12),
        ) {
            let values: Vec<(&str, &str)> =
                NAMES.into_iter().zip(texts.iter().map(String::as_str)).collect();
            let head = render_head(&message([&host, &app, &kind], &values));
            let (fields, read) = parse_head(&head).unwrap();
            assert_eq!(fields[0], "2026-11-23T20:31:41.123Z");
            assert_eq!(read.len(), texts.len().min(VALUES_MAX));
            assert!(!head.contains(char::is_control));
            for ((_, value), text) in read.iter().zip(&texts) {
                let is_plain = text.len() <= VALUE_BYTES_MAX && !text.chars().any(vocab::text::disguises);
                assert!(!is_plain || value == text);
                assert!(value.len() <= VALUE_BYTES_MAX);
            }
        }

        /// JSON means the same in ASCII, and what it holds comes back.
        #[test]
        fn ascii_loses_nothing(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let ascii = render_ascii(&json);
            assert!(ascii.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            assert_eq!(serde_json::from_str::<String>(&ascii).unwrap(), text);
        }

        #[test]
        fn the_longest_fields_leave_room_for_a_text(text in prop::collection::vec(any::<char>(), 600)) {
            let long: String = text.into_iter().collect();
            let values = NAMES.map(|name| (name, long.as_str()));
            let worst = "\\".repeat(600);
            let worst_values = NAMES.map(|name| (name, worst.as_str()));
            for values in [values, worst_values] {
                let head = render_head(&message([&long, &long, &long], &values));
                let room = text_bytes_max(&head);
                assert!(room >= 1_024, "{room}");
                let frame = render_frame(&head, &"x".repeat(room));
                let (length, framed) = frame.split_once(' ').unwrap();
                assert_eq!(length.parse::<usize>().unwrap(), framed.len());
                assert_eq!(framed.len(), MESSAGE_BYTES_MAX);
            }
        }
    }
}
