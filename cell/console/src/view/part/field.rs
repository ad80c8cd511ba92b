//! One labelled control of a form with its hint and its error, tied together for assistive technology.

use super::Icon;
use askama::Template;

/// What a control holds when the page is drawn: the value to show again and what was wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// The value; for a checkbox `on` when it is ticked.
    pub value: String,
    /// What is wrong with it, in the reader's language.
    pub error: Option<String>,
}

impl Input {
    /// A control that shows this value.
    #[must_use]
    pub fn of(value: impl Into<String>) -> Input {
        Input {
            value: value.into(),
            error: None,
        }
    }

    /// A checkbox.
    #[must_use]
    pub fn ticked(is_on: bool) -> Input {
        Input::of(if is_on { "on" } else { "" })
    }

    /// The same control with an error beside it.
    #[must_use]
    pub fn refused(mut self, error: impl Into<String>) -> Input {
        self.error = Some(error.into());
        self
    }
}

/// One of several values to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What is posted.
    pub value: String,
    /// What is read.
    pub label: String,
    /// A second line, or empty.
    pub about: String,
    /// Whether it is ticked, for lists in which several may be.
    pub is_on: bool,
}

impl Choice {
    /// A choice without a second line.
    #[must_use]
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Choice {
        Choice {
            value: value.into(),
            label: label.into(),
            ..Choice::default()
        }
    }

    /// With a second line.
    #[must_use]
    pub fn about(mut self, about: impl Into<String>) -> Choice {
        self.about = about.into();
        self
    }

    /// Ticked or not, for lists in which several may be.
    #[must_use]
    pub fn ticked(mut self, is_on: bool) -> Choice {
        self.is_on = is_on;
        self
    }
}

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Line(&'static str),
    Secret,
    Code,
    Area(u8),
    Select,
    Radio,
    Checks,
    Tick,
    Colour,
    File(&'static str),
}

/// A control. Build it with one of the constructors, then refine it.
#[derive(Clone, Debug, Template)]
#[template(path = "component/field.html")]
pub struct Field<'a> {
    kind: Kind,
    name: &'a str,
    label: &'a str,
    value: &'a str,
    error: Option<&'a str>,
    choices: &'a [Choice],
    hint: &'a str,
    aside: &'a str,
    scope: &'a str,
    autocomplete: &'a str,
    placeholder: &'a str,
    reveal: &'a str,
    is_required: bool,
    is_focused: bool,
    is_read_only: bool,
    is_mono: bool,
    length_max: u32,
}

impl askama::filters::HtmlSafe for Field<'_> {}

impl<'a> Field<'a> {
    fn new(kind: Kind, name: &'a str, label: &'a str, input: &'a Input) -> Field<'a> {
        Field {
            kind,
            name,
            label,
            value: &input.value,
            error: input.error.as_deref(),
            choices: &[],
            hint: "",
            aside: "",
            scope: "f",
            autocomplete: "off",
            placeholder: "",
            reveal: "",
            is_required: false,
            is_focused: false,
            is_read_only: false,
            is_mono: false,
            length_max: 256,
        }
    }

    /// One line of text.
    #[must_use]
    pub fn text(name: &'a str, label: &'a str, input: &'a Input) -> Field<'a> {
        Field::new(Kind::Line("text"), name, label, input)
    }

    /// A mail address.
    #[must_use]
    pub fn email(name: &'a str, label: &'a str, input: &'a Input) -> Field<'a> {
        Field::new(Kind::Line("email"), name, label, input)
    }

    /// A web address.
    #[must_use]
    pub fn url(name: &'a str, label: &'a str, input: &'a Input) -> Field<'a> {
        Field {
            length_max: 2048,
            ..Field::new(Kind::Line("url"), name, label, input)
        }
    }

    /// A whole number.
    #[must_use]
    pub fn number(name: &'a str, label: &'a str, input: &'a Input) -> Field<'a> {
        Field {
            length_max: 12,
            ..Field::new(Kind::Line("number"), name, label, input)
        }
    }

    /// A point in time on the reader's clock face, posted as `YYYY-MM-DDTHH:MM`.
    #[must_use]
    pub fn time(name: &'a str, label: &'a str, input: &'a Input) -> Field<'a> {
        Field::new(Kind::Line("datetime-local"), name, label, input)
    }

    /// A password; `reveal` labels the button that shows it. The value is never drawn again.
    #[must_use]
    pub fn password(name: &'a str, label: &'a str, input: &'a Input, reveal: &'a str) -> Field<'a> {
        Field {
            value: "",
            reveal,
            length_max: 1024,
            ..Field::new(Kind::Secret, name, label, input)
        }
    }

    /// A short code that is typed from another screen.
    #[must_use]
    pub fn code(name: &'a str, label: &'a str, input: &'a Input) -> Field<'a> {
        Field {
            length_max: 32,
            ..Field::new(Kind::Code, name, label, input)
        }
    }

    /// Several lines of text.
    #[must_use]
    pub fn area(name: &'a str, label: &'a str, input: &'a Input, rows: u8) -> Field<'a> {
        Field {
            length_max: 16_384,
            ..Field::new(Kind::Area(rows), name, label, input)
        }
    }

    /// One of a list that folds out.
    #[must_use]
    pub fn select(
        name: &'a str,
        label: &'a str,
        input: &'a Input,
        choices: &'a [Choice],
    ) -> Field<'a> {
        Field {
            choices,
            ..Field::new(Kind::Select, name, label, input)
        }
    }

    /// One of a few, all in sight.
    #[must_use]
    pub fn radio(
        name: &'a str,
        label: &'a str,
        input: &'a Input,
        choices: &'a [Choice],
    ) -> Field<'a> {
        Field {
            choices,
            ..Field::new(Kind::Radio, name, label, input)
        }
    }

    /// Any of a few; each ticked one is posted under the same name. `input` carries the error only.
    #[must_use]
    pub fn checks(
        name: &'a str,
        label: &'a str,
        input: &'a Input,
        choices: &'a [Choice],
    ) -> Field<'a> {
        Field {
            choices,
            ..Field::new(Kind::Checks, name, label, input)
        }
    }

    /// A single tick, posted as `on`.
    #[must_use]
    pub fn tick(name: &'a str, label: &'a str, input: &'a Input) -> Field<'a> {
        Field::new(Kind::Tick, name, label, input)
    }

    /// A colour.
    #[must_use]
    pub fn colour(name: &'a str, label: &'a str, input: &'a Input) -> Field<'a> {
        Field::new(Kind::Colour, name, label, input)
    }

    /// A file to upload; `accept` lists the types that the browser offers. Its form must be multipart.
    #[must_use]
    pub fn file(
        name: &'a str,
        label: &'a str,
        input: &'a Input,
        accept: &'static str,
    ) -> Field<'a> {
        Field::new(Kind::File(accept), name, label, input)
    }

    /// A line of help below the label.
    #[must_use]
    pub fn hint(mut self, hint: &'a str) -> Field<'a> {
        self.hint = hint;
        self
    }

    /// A quiet word beside the label, such as "optional".
    #[must_use]
    pub fn aside(mut self, aside: &'a str) -> Field<'a> {
        self.aside = aside;
        self
    }

    /// Keeps ids apart where one page has several forms with the same field.
    #[must_use]
    pub fn scope(mut self, scope: &'a str) -> Field<'a> {
        self.scope = scope;
        self
    }

    /// What the browser may fill in.
    #[must_use]
    pub fn autocomplete(mut self, autocomplete: &'a str) -> Field<'a> {
        self.autocomplete = autocomplete;
        self
    }

    /// An example inside the empty control.
    #[must_use]
    pub fn example(mut self, placeholder: &'a str) -> Field<'a> {
        self.placeholder = placeholder;
        self
    }

    /// Must be filled in.
    #[must_use]
    pub fn required(mut self) -> Field<'a> {
        self.is_required = true;
        self
    }

    /// Takes the keyboard when the page opens.
    #[must_use]
    pub fn focused(mut self) -> Field<'a> {
        self.is_focused = true;
        self
    }

    /// Shown, neither posted nor changed. A line of text can still be reached by the keyboard and copied; what is
    /// chosen or ticked is switched off, since browsers know no other way to leave it as it is.
    #[must_use]
    pub fn read_only(mut self) -> Field<'a> {
        self.is_read_only = true;
        self
    }

    /// In a fixed-width face.
    #[must_use]
    pub fn mono(mut self) -> Field<'a> {
        self.is_mono = true;
        self
    }

    /// The most characters the browser lets through.
    #[must_use]
    pub fn length_max(mut self, length_max: u32) -> Field<'a> {
        self.length_max = length_max;
        self
    }

    fn id(&self) -> String {
        format!("{}-{}", self.scope, self.name)
    }

    /// The ids of hint and error, for `aria-describedby`.
    fn described_by(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.id()));
        let error = self.error.map(|_| format!("{}-error", self.id()));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }

    /// Fieldset-like kinds carry a legend in place of a label.
    fn is_group(&self) -> bool {
        matches!(self.kind, Kind::Radio | Kind::Checks)
    }
}
