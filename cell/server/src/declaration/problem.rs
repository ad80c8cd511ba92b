//! What is wrong with a declaration, and where: told once, as `FILE:LINE:COLUMN: what; what to do`. It never shows a
//! secret, and it crosses the control socket as it is.

use crate::declaration::document::Name;
use crate::declaration::report::{Kind, Report, render_named};
use identity::fault::Refusal;
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// A place in a document, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

/// What is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Where, if it is about a place.
    pub place: Option<Place>,
    /// What.
    pub what: String,
}

impl Problem {
    /// A problem with the document as a whole.
    #[must_use]
    pub const fn whole(what: String) -> Self {
        Self { place: None, what }
    }

    /// A problem at what stands in the document.
    #[must_use]
    pub fn at<T>(what_stands: &Spanned<T>, what: String) -> Self {
        Self {
            place: Some(Place {
                line: what_stands.referenced.line(),
                column: what_stands.referenced.column(),
            }),
            what,
        }
    }

    /// What was refused of a thing that is declared.
    #[must_use]
    pub fn refused(kind: Kind, name: &Name, why: &dyn Error) -> Self {
        let what = format!("{}: {}", render_named(kind, &name.value), render_chain(why));
        Self::at(name, what)
    }

    /// The same, told of that file.
    #[must_use]
    pub fn of_file(self, path: &Path) -> DeclarationError {
        DeclarationError {
            path: path.to_owned(),
            problem: self,
        }
    }
}

/// Puts the place of a thing to what was refused of it.
pub(super) fn placed<T>(
    kind: Kind,
    name: &Name,
    outcome: Result<T, Refusal>,
) -> Result<T, Problem> {
    outcome.map_err(|refusal| Problem::refused(kind, name, &refusal))
}

/// An error and its causes, each told once.
#[must_use]
pub fn render_chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        if !said.contains(&text) {
            said.push_str(": ");
            said.push_str(&text);
        }
        cause = next.source();
    }
    said
}

/// A problem with the document of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DeclarationError {
    /// The document.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for DeclarationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:", self.path.display())?;
        if let Some(place) = self.problem.place {
            write!(formatter, "{}:{}:", place.line, place.column)?;
        }
        write!(formatter, " {}", self.problem.what)
    }
}

/// A declaration that was not carried out to its end. What was done before stays; the next attempt goes on from there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unfinished {
    /// What stopped it.
    pub problem: Problem,
    /// What was made before, as far as it is known.
    pub made: Report,
}

#[cfg(test)]
mod tests {
    use super::{Place, Problem, render_chain};
    use std::path::Path;

    #[derive(Debug, thiserror::Error)]
    #[error("outer: inner")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("inner")]
    struct Inner(#[source] std::fmt::Error);

    #[test]
    fn each_cause_is_told_once() {
        let told = render_chain(&Outer(Inner(std::fmt::Error)));
        assert_eq!(told.matches("inner").count(), 1, "{told}");
        assert!(told.contains(&std::fmt::Error.to_string()), "{told}");
    }

    #[test]
    fn the_place_stands_behind_the_file() {
        let mut problem = Problem {
            place: Some(Place { line: 3, column: 7 }),
            what: String::from("x"),
        };
        let path = Path::new("a.yaml");
        assert_eq!(problem.clone().of_file(path).to_string(), "a.yaml:3:7: x");
        problem.place = None;
        assert_eq!(problem.of_file(path).to_string(), "a.yaml: x");
    }
}
