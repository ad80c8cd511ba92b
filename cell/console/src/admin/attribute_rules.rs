//! The page of one attribute, whosever it is: what its form says, and how it is shown. The rules stand in `identity`.

use crate::admin::caller::{Detour, done, found};
use crate::admin::form::{
    Shown, is_ticked, problem_of, revision_of, shell_after, typed, typed_again,
};
use crate::admin::settings::attributes::kind_name;
use crate::view::admin::{AttributeFrame, AttributeRulesForm, AttributeRulesPage, RuledKind};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::response::Response;
use identity::attribute_schema::AttributeSchema;
use identity::fault::Refusal;
use identity::org::settings::{AttributeChoice, AttributeKind, ProfileAttribute};

/// Between the value of a choice and its title.
const CALLED: &str = " = ";

/// Where an attribute belongs, and what was read of its schema.
pub struct Seen<'a> {
    /// Where it belongs.
    pub frame: AttributeFrame,
    /// The attributes.
    pub attributes: &'a [ProfileAttribute],
    /// Of which revision they are.
    pub revision: i64,
    /// Which of them it is.
    pub name: &'a str,
}

impl<'a> Seen<'a> {
    /// An attribute of a schema.
    #[must_use]
    pub fn of(schema: &'a AttributeSchema, (frame, name): (AttributeFrame, &'a str)) -> Self {
        Self {
            frame,
            attributes: &schema.attributes,
            revision: schema.revision,
            name,
        }
    }

    fn attribute(&self, visit: &Visit) -> Result<&ProfileAttribute, Detour> {
        let mut named = self.attributes.iter();
        found(visit, named.find(|attribute| attribute.name == self.name))
    }

    /// The attribute as it is stored.
    ///
    /// # Errors
    /// The page that says that there is none.
    pub fn show(&self, visit: &Visit) -> Result<Response, Detour> {
        let attribute = self.attribute(visit)?;
        let form = (Shown::Stored, stored(attribute));
        Ok(self.page(visit, visit.shell(), attribute, form))
    }

    /// The attributes as a form wants them.
    ///
    /// # Errors
    /// The page that says that there is no such attribute; or the form again, where it says what cannot be read.
    pub fn plan(&self, visit: &Visit) -> Result<Vec<ProfileAttribute>, Detour> {
        let attribute = self.attribute(visit)?;
        match read(visit, attribute, self.frame.of_people) {
            Ok(planned) => {
                let all = self.attributes.iter().map(|present| {
                    let is_it = present.name == planned.name;
                    if is_it { &planned } else { present }.clone()
                });
                Ok(all.collect())
            }
            Err(form) => {
                let form = (Shown::Typed, *form);
                Err(self.page(visit, visit.shell(), attribute, form).into())
            }
        }
    }

    /// Back to the list where it was done; else the form again, with what the refusal says of it.
    ///
    /// # Errors
    /// The page for a refusal that has one of its own.
    pub fn answer(&self, visit: &Visit, outcome: Result<(), Refusal>) -> Result<Response, Detour> {
        let refusal = match outcome {
            Ok(()) => return Ok(visit.go(&self.frame.list_href)),
            Err(refusal) => refusal,
        };
        let attribute = self.attribute(visit)?;
        let problem = problem_of(visit.shell().t, &refusal);
        let form = (Shown::Typed, again(visit, problem.as_ref()));
        let shell = done(visit, shell_after(visit, refusal))?;
        Ok(self.page(visit, shell, attribute, form))
    }

    fn page(
        &self,
        visit: &Visit,
        shell: Shell,
        attribute: &ProfileAttribute,
        (shown, form): (Shown, AttributeRulesForm),
    ) -> Response {
        visit.page(&AttributeRulesPage {
            kind_name: kind_name(shell.t, attribute.kind).to_owned(),
            shell,
            frame: self.frame.clone(),
            name: attribute.name.clone(),
            kind: match attribute.kind {
                AttributeKind::Text => RuledKind::Text,
                AttributeKind::Integer => RuledKind::Number,
                AttributeKind::Boolean => RuledKind::Flag,
            },
            revision: revision_of(visit, shown, self.revision),
            form,
        })
    }
}

fn stored(attribute: &ProfileAttribute) -> AttributeRulesForm {
    let bound = |bound: Option<i64>| {
        let text = bound.map(|bound| bound.to_string());
        Input::of(text.unwrap_or_default())
    };
    let own = match (attribute.self_hidden, attribute.self_editable) {
        (true, _) => "hide",
        (false, false) => "read",
        (false, true) => "write",
    };
    AttributeRulesForm {
        title: Input::of(&attribute.title),
        description: Input::of(&attribute.description),
        min: bound(attribute.min),
        max: bound(attribute.max),
        choices: Input::of(render_choices(&attribute.choices)),
        required: Input::ticked(attribute.required),
        unique: Input::ticked(attribute.unique),
        own: Input::of(own),
    }
}

fn again(visit: &Visit, problem: Option<&(&'static str, String)>) -> AttributeRulesForm {
    let field = |name: &str| typed_again(visit, name, name, problem);
    AttributeRulesForm {
        title: field("title"),
        description: field("description"),
        min: field("min"),
        max: field("max"),
        choices: field("choices"),
        required: typed(visit, "required"),
        unique: typed(visit, "unique"),
        own: typed(visit, "own"),
    }
}

/// The attribute as the form wants it, or the form with what is wrong in it. What the form does not ask about stays.
fn read(
    visit: &Visit,
    attribute: &ProfileAttribute,
    of_people: bool,
) -> Result<ProfileAttribute, Box<AttributeRulesForm>> {
    let mut planned = ProfileAttribute {
        title: visit.field("title").trim().to_owned(),
        description: visit.field("description").trim().to_owned(),
        ..attribute.clone()
    };
    let has_bounds = attribute.kind != AttributeKind::Boolean;
    if has_bounds {
        let words = visit.shell().t.schemas.bound_wrong;
        for (name, bound) in [("min", &mut planned.min), ("max", &mut planned.max)] {
            match parse_bound(visit.field(name)) {
                Some(parsed) => *bound = parsed,
                None => {
                    let problem = (name, words.to_owned());
                    return Err(Box::new(again(visit, Some(&problem))));
                }
            }
        }
        planned.choices = plan_choices(&attribute.choices, visit.field("choices"));
    }
    if of_people {
        planned.required = is_ticked(visit, "required");
        planned.unique = has_bounds && is_ticked(visit, "unique");
        (planned.self_hidden, planned.self_editable) = match visit.field("own") {
            "hide" => (true, false),
            "write" => (false, true),
            _ => (false, false),
        };
    }
    Ok(planned)
}

/// A bound, or that there is none; nothing for what is no whole number.
fn parse_bound(text: &str) -> Option<Option<i64>> {
    match text.trim() {
        "" => Some(None),
        number => number.parse().ok().map(Some),
    }
}

fn render_choices(choices: &[AttributeChoice]) -> String {
    let lines: Vec<String> = choices.iter().map(render_choice).collect();
    lines.join("\n")
}

fn render_choice(choice: &AttributeChoice) -> String {
    match choice.title.as_str() {
        "" => choice.value.clone(),
        title => format!("{}{CALLED}{title}", choice.value),
    }
}

/// The choices of a form. A line as it was made says what is stored: a value may hold what otherwise stands before a title.
fn plan_choices(stored: &[AttributeChoice], text: &str) -> Vec<AttributeChoice> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let choices = lines.map(|line| {
        let mut present = stored.iter();
        let present = present.find(|choice| render_choice(choice).trim() == line);
        present.cloned().unwrap_or_else(|| parse_choice(line))
    });
    choices.collect()
}

fn parse_choice(line: &str) -> AttributeChoice {
    let (value, title) = line.split_once(CALLED).unwrap_or((line, ""));
    let (value, title) = (value.trim().to_owned(), title.trim());
    AttributeChoice {
        // What is called as it is has no other name.
        title: if title == value {
            String::new()
        } else {
            title.to_owned()
        },
        value,
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_bound, plan_choices, render_choices};
    use identity::org::settings::AttributeChoice;

    fn choices(of: &[(&str, &str)]) -> Vec<AttributeChoice> {
        of.iter()
            .map(|(value, title)| AttributeChoice {
                value: (*value).to_owned(),
                title: (*title).to_owned(),
            })
            .collect()
    }

    #[test]
    fn choices_are_read_as_they_are_written() {
        let odd = choices(&[("a = b", ""), ("c", "See"), (" d", "")]);
        assert_eq!(render_choices(&odd), "a = b\nc = See\n d");
        // Sent back by a browser, with its own ends of lines, they are what they were.
        assert_eq!(plan_choices(&odd, "a = b\r\nc = See\r\n d"), odd);
        // And so they are beside one that is new.
        let more = [odd.clone(), choices(&[("e", "")])].concat();
        assert_eq!(plan_choices(&odd, "a = b\nc = See\n d\ne"), more);
        for (text, expected) in [
            ("", vec![]),
            (
                "\r\n BER = Berlin \r\nHAM\n",
                vec![("BER", "Berlin"), ("HAM", "")],
            ),
            ("a = b = c", vec![("a", "b = c")]),
            ("HAM = HAM", vec![("HAM", "")]),
            ("x=y", vec![("x=y", "")]),
        ] {
            assert_eq!(plan_choices(&odd, text), choices(&expected), "{text}");
        }
    }

    #[test]
    fn a_bound_is_a_whole_number_or_nothing() {
        for (text, expected) in [
            (" ", Some(None)),
            ("-3", Some(Some(-3))),
            ("1.5", None),
            ("many", None),
        ] {
            assert_eq!(parse_bound(text), expected, "{text}");
        }
    }
}
