//! What a declaration changes, as a list: for people, and as JSON. It never holds a secret.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Write as _;

/// The longest value that is shown to people; JSON has it whole.
const SHOWN_CHARS_MAX: usize = 160;
/// The longest remark that is shown to people: what is to be done stands at its end.
const REMARK_CHARS_MAX: usize = 1_000;

/// A kind of thing that can be declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An organisation.
    Organisation,
    /// A type of people.
    UserType,
    /// A person.
    Person,
    /// A group.
    Group,
    /// A network zone.
    Zone,
    /// What is unusual of a sign-in.
    Behavior,
    /// A site that is trusted.
    TrustedOrigin,
    /// A sign-on policy.
    Policy,
    /// An application.
    App,
    /// An authorization server.
    AuthorizationServer,
    /// A token of the management API.
    ApiToken,
}

impl Kind {
    /// The word for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::UserType => "type of people",
            Self::Person => "person",
            Self::Group => "group",
            Self::Zone => "zone",
            Self::Behavior => "behaviour",
            Self::TrustedOrigin => "trusted origin",
            Self::Policy => "policy",
            Self::App => "app",
            Self::AuthorizationServer => "authorization server",
            Self::ApiToken => "API token",
        }
    }
}

/// Whether a thing is made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is not there.
    Create,
    /// It is there, and differs.
    Update,
}

/// One field that differs. Neither value is there for a secret; one alone is something that is added or taken away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field: `settings.redirect_uris`.
    pub field: String,
    /// What is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

impl FieldChange {
    /// A field whose values are not shown.
    #[must_use]
    pub fn hidden(field: &str) -> Self {
        Self {
            field: field.to_owned(),
            before: None,
            after: None,
        }
    }

    /// A field that gets more.
    #[must_use]
    pub fn added(field: &str, what: Value) -> Self {
        Self {
            field: field.to_owned(),
            before: None,
            after: Some(what),
        }
    }
}

/// How a thing stands to what is declared of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// It is not there.
    Missing,
    /// It differs in these fields; never none.
    Different(Vec<FieldChange>),
    /// It is as declared.
    Same,
}

impl From<Vec<FieldChange>> for Standing {
    fn from(fields: Vec<FieldChange>) -> Self {
        if fields.is_empty() {
            Self::Same
        } else {
            Self::Different(fields)
        }
    }
}

/// A thing that is made or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Whether it is made or changed.
    pub action: Action,
    /// The short name of its organisation.
    pub org: String,
    /// What kind of thing.
    pub kind: Kind,
    /// The name it is declared by.
    pub name: String,
    /// What differs; empty for what is made.
    #[serde(default)]
    pub fields: Vec<FieldChange>,
}

/// Something that is as it is declared, and is of no use so. No change of what is there would mend it: whoever wrote the document is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The slug of the organisation.
    pub org: String,
    /// What kind of thing.
    pub kind: Kind,
    /// The name it is declared by.
    pub name: String,
    /// What is to be known of it, and what to do.
    pub what: String,
}

/// Everything that a declaration changes, in its order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What is made or changed.
    pub changes: Vec<Change>,
    /// How many declared things are as declared.
    pub unchanged: u64,
    /// What is of no use as it is declared; mostly nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
}

impl Report {
    /// Notes how a thing stands.
    pub(super) fn note(&mut self, org: &str, kind: Kind, name: &str, standing: Standing) {
        let (action, fields) = match standing {
            Standing::Same => {
                self.unchanged += 1;
                return;
            }
            Standing::Missing => (Action::Create, Vec::new()),
            Standing::Different(fields) => (Action::Update, fields),
        };
        self.changes.push(Change {
            action,
            org: org.to_owned(),
            kind,
            name: name.trim().to_owned(),
            fields,
        });
    }

    /// Notes what is of no use.
    pub(super) fn remark(&mut self, org: &str, kind: Kind, name: &str, what: String) {
        self.remarks.push(Remark {
            org: org.to_owned(),
            kind,
            name: name.trim().to_owned(),
            what,
        });
    }
}

/// A thing by kind and name. Names that could be taken for something else are quoted.
#[must_use]
pub fn render_named(kind: Kind, name: &str) -> String {
    let plain = matches!(kind, Kind::Person | Kind::Organisation)
        && !name.is_empty()
        && name.chars().all(|character| character.is_ascii_graphic());
    if plain {
        format!("{} {name}", kind.as_str())
    } else {
        format!("{} {name:?}", kind.as_str())
    }
}

/// The report for people: one line for each thing, one below it for each field, and behind them what is of no use.
#[must_use]
pub fn render_text(report: &Report) -> String {
    let mut text = String::new();
    let mut org = None;
    for change in &report.changes {
        put_org(&mut text, &mut org, &change.org);
        let named = render_named(change.kind, &change.name);
        let _ = match change.action {
            Action::Create => writeln!(text, "  + {named}"),
            Action::Update => writeln!(text, "  ~ {named}: {}", field_names(&change.fields)),
        };
        for field in &change.fields {
            let _ = writeln!(text, "      {}", render_field(field));
        }
    }
    let _ = writeln!(text, "  = {} unchanged", report.unchanged);
    let mut org = None;
    for remark in &report.remarks {
        put_org(&mut text, &mut org, &remark.org);
        let named = render_named(remark.kind, &remark.name);
        let what = render_within(&remark.what, REMARK_CHARS_MAX);
        let _ = writeln!(text, "  ! {named}: {what}");
    }
    text
}

/// The organisation above what is said of it, where another one comes.
fn put_org<'r>(text: &mut String, before: &mut Option<&'r str>, org: &'r str) {
    if *before != Some(org) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{org}:");
        *before = Some(org);
    }
}

fn field_names(fields: &[FieldChange]) -> String {
    let names: Vec<String> = fields
        .iter()
        .map(|field| render_shown(&field.field))
        .collect();
    names.join(", ")
}

fn render_field(change: &FieldChange) -> String {
    let field = render_shown(&change.field);
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => {
            format!(
                "{field}: {} → {}",
                render_value(before),
                render_value(after)
            )
        }
        (None, Some(after)) => format!("{field}: + {}", render_value(after)),
        (Some(before), None) => format!("{field}: - {}", render_value(before)),
        (None, None) => format!("{field}: not shown"),
    }
}

fn render_value(value: &Value) -> String {
    render_shown(&value.to_string())
}

/// Text, cut off where it is long. What could move the cursor of a terminal or turn the direction of text is escaped;
/// JSON itself escapes only some of it.
fn render_shown(whole: &str) -> String {
    render_within(whole, SHOWN_CHARS_MAX)
}

fn render_within(whole: &str, chars_max: usize) -> String {
    let mut text = String::new();
    for (index, character) in whole.chars().enumerate() {
        if index == chars_max {
            text.push('…');
            break;
        }
        if character.is_control() || is_direction_mark(character) {
            let _ = write!(text, "\\u{:04x}", u32::from(character));
        } else {
            text.push(character);
        }
    }
    text
}

const fn is_direction_mark(character: char) -> bool {
    matches!(
        character,
        '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::{FieldChange, Kind, Report, Standing, render_named, render_text};
    use serde_json::json;

    #[test]
    fn a_report_reads_as_a_list() {
        let mut report = Report::default();
        report.note("main", Kind::Person, "ada@example.com", Standing::Missing);
        let fields = vec![
            FieldChange {
                field: String::from("label"),
                before: Some(json!("Wiki")),
                after: Some(json!("Handbook")),
            },
            FieldChange::hidden("client_secret"),
            FieldChange::added("people", json!(["grace@example.com"])),
        ];
        report.note("main", Kind::App, "Handbook", Standing::from(fields));
        report.note(
            "acme",
            Kind::Organisation,
            "acme",
            Standing::from(Vec::new()),
        );
        report.note("acme", Kind::Zone, "Of fice", Standing::Missing);
        let what = String::from("the claim gives nothing");
        report.remark("acme", Kind::AuthorizationServer, " Orders ", what);
        let expected = "main:\n  + person ada@example.com\n  ~ app \"Handbook\": label, client_secret, people\n      \
                        label: \"Wiki\" → \"Handbook\"\n      client_secret: not shown\n      \
                        people: + [\"grace@example.com\"]\nacme:\n  + zone \"Of fice\"\n  = 1 unchanged\n\
                        acme:\n  ! authorization server \"Orders\": the claim gives nothing\n";
        assert_eq!(render_text(&report), expected);
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
        // As a process of the release before writes it, and as most are written.
        let former = r#"{"changes":[],"unchanged":1}"#;
        let read = serde_json::from_str::<Report>(former).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), former);
    }

    #[test]
    fn nothing_that_is_shown_can_play_with_a_terminal() {
        let nasty = "\u{1b}[2J\u{9b}2J\u{202e}x\u{7f}";
        let mut report = Report::default();
        let field = FieldChange::added(nasty, json!(nasty));
        report.note("main", Kind::Group, nasty, Standing::Different(vec![field]));
        report.remark("main", Kind::AuthorizationServer, nasty, nasty.to_owned());
        let text = render_text(&report) + &render_named(Kind::Person, nasty);
        assert!(
            !text.chars().any(|c| c.is_control() && c != '\n'),
            "{text:?}"
        );
        assert!(!text.contains('\u{202e}'), "{text:?}");
        assert!(render_named(Kind::Person, "a b").contains('"'));
    }

    #[test]
    fn a_long_value_is_cut_off() {
        let mut report = Report::default();
        let field = FieldChange::added("x", json!("y".repeat(10_000)));
        report.note("main", Kind::Group, "g", Standing::Different(vec![field]));
        assert!(render_text(&report).len() < 400);
    }
}
