//! From fields of a form to values, and from refusals to words beside them.

use crate::text::Text;
use crate::view::part::{Input, Tone};
use crate::view::shell::{Flash, Shell};
use crate::visit::Visit;
use identity::fault::Refusal;

/// What was typed, to show it again.
#[must_use]
pub fn typed(visit: &Visit, field: &str) -> Input {
    Input::of(visit.field(field))
}

/// The same with why it was refused, where the refusal names it.
#[must_use]
pub fn typed_again(
    visit: &Visit,
    field: &str,
    named: &str,
    problem: Option<&(&'static str, String)>,
) -> Input {
    let input = typed(visit, field);
    match problem.filter(|(of, _)| *of == named) {
        Some((_, text)) => input.refused(text.as_str()),
        None => input,
    }
}

/// Whether a box was ticked.
#[must_use]
pub fn is_ticked(visit: &Visit, field: &str) -> bool {
    visit.field(field) == "on"
}

/// The lines of a field, without empty ones.
#[must_use]
pub fn lines(visit: &Visit, field: &str) -> Vec<String> {
    visit
        .field(field)
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The revision that a form was made from; none that anything ever has if it carries none.
#[must_use]
pub fn revision(visit: &Visit) -> i64 {
    visit.field("revision").parse().unwrap_or(-1)
}

/// Whose words the form of a page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shown {
    /// What is stored.
    #[default]
    Stored,
    /// What somebody typed and sent, which was not done.
    Typed,
}

/// The revision that the form of a page carries. With what somebody typed it stays the one that they saw, whatever they are told of:
/// with a newer one the form, sent again, would undo what another changed meanwhile, and neither of them would know.
#[must_use]
pub fn revision_of(visit: &Visit, shown: Shown, stored: i64) -> i64 {
    match shown {
        Shown::Stored => stored,
        Shown::Typed => revision(visit),
    }
}

/// The same for a page that shows what is stored unless there is something that somebody typed.
#[must_use]
pub fn revision_beside<T>(visit: &Visit, typed: Option<&T>, stored: i64) -> i64 {
    let shown = match typed {
        Some(_) => Shown::Typed,
        None => Shown::Stored,
    };
    revision_of(visit, shown, stored)
}

/// A whole number within bounds, or the words to show beside the field.
///
/// # Errors
/// Those words.
pub fn number(visit: &Visit, field: &str, least: i64, most: i64) -> Result<i64, String> {
    let typed = visit.field(field).trim().parse::<i64>().ok();
    typed
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| {
            let text = visit.shell().t.words.not_a_number;
            text.replace("{least}", &least.to_string())
                .replace("{most}", &most.to_string())
        })
}

/// The field that a refusal speaks of, and the words to show beside it.
#[must_use]
pub fn problem_of(t: &'static Text, refusal: &Refusal) -> Option<(&'static str, String)> {
    match refusal {
        Refusal::Invalid { field, problem } => Some((field, t.problem(problem))),
        Refusal::Taken { field } => Some((field, t.common.taken.to_owned())),
        _ => None,
    }
}

/// The frame of a page that is shown again because something was refused.
///
/// # Errors
/// The refusal itself where a page of its own says it better: nothing was found, nothing allowed, or our fault.
pub fn shell_after(visit: &Visit, refusal: Refusal) -> Result<Shell, Refusal> {
    let shell = visit.shell();
    let text = match &refusal {
        Refusal::NotFound | Refusal::Forbidden | Refusal::Fault(_) => return Err(refusal),
        told => shell.t.refusal(told),
    };
    Ok(Shell {
        flash: Some(Flash {
            tone: Tone::Bad,
            text,
        }),
        ..shell
    })
}
