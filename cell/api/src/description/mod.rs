//! What an operation reads and answers, as data beside its route: the OpenAPI document, the page for developers and the list
//! in `docs/` are made of it, and what a query may name is held against it.
//!
//! To describe a new operation:
//!
//! 1. Beside the code of its area, in a file `described.rs`, say what its answer looks like (a [`Model`] by
//!    [`schema::shown`]) and what its body may look like ([`schema::taken`], with the list of what is only shown).
//! 2. Put them together in a `static` of [`Description`]: [`shows`], [`makes`], [`lists`], [`NOTHING`], [`DONE`] or
//!    [`ACCEPTED`], then [`Description::asked`] for the parameters of the query, [`Description::takes`] for the body with
//!    an example, and [`Description::refusing`] for errors beyond those that every operation has.
//! 3. Name that `static` at the end of its row of the route table: a row without one does not compile. A new parameter of a
//!    path gets its words in [`parameter`], a new area its title in [`area`]: a test names what is missing.
//! 4. Call it in `tests/described.rs`, which wants a good answer of each operation, and write the list of operations anew:
//!    `cargo xtask operations`.
//!
//! The handler need not look for parameters that it does not know: one that is not described is refused before it runs. Every
//! answer and every body that was taken, in all tests of this crate, is held against the document, in which then nothing more
//! may stand than is described, and each error must be among those named.

pub mod area;
pub mod components;
pub mod document;
pub mod listing;
pub mod parameter;
pub mod publish;
pub mod refusals;
pub mod schema;

use crate::description::parameter::Parameter;
use crate::description::schema::{Model, Schema};
use crate::error::ErrorCode;
use http::StatusCode;

/// What an operation reads and answers.
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// What the query may name.
    pub query: &'static [Parameter],
    /// What the body may be, if the operation reads one.
    pub body: Option<Body>,
    /// What is answered when it went well.
    pub success: Success,
    /// Errors beyond those that every operation of its kind has.
    pub refusals: &'static [ErrorCode],
}

/// The body that an operation reads.
#[derive(Debug, Clone, Copy)]
pub struct Body {
    /// Its shape.
    pub schema: Schema,
    /// One that is taken.
    pub example: &'static str,
    /// Whether there must be one.
    pub need: Need,
}

/// Whether something must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It must.
    Required,
    /// It need not.
    Optional,
}

/// The answer when it went well.
#[derive(Debug, Clone, Copy)]
pub struct Success {
    /// The status.
    pub status: StatusCode,
    /// The body, if there is one.
    pub schema: Option<Schema>,
    /// Headers that the answer has beside those of all answers.
    pub headers: &'static [Header],
}

/// A header of some answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// The address of the thing that was made.
    Location,
    /// The revision of the thing.
    ETag,
    /// The addresses of this page and of the next.
    Link,
}

const fn with(status: StatusCode, schema: Option<Schema>) -> Description {
    Description {
        query: &[],
        body: None,
        success: Success {
            status,
            schema,
            headers: &[],
        },
        refusals: &[],
    }
}

/// Shows a thing.
#[must_use]
pub const fn shows(model: &'static Model) -> Description {
    with(StatusCode::OK, Some(Schema::Of(model)))
}

/// Makes a thing, and shows it with the status for that.
#[must_use]
pub const fn makes(model: &'static Model) -> Description {
    with(StatusCode::CREATED, Some(Schema::Of(model)))
}

/// Shows a list, whole.
#[must_use]
pub const fn lists(things: &'static Schema) -> Description {
    with(StatusCode::OK, Some(Schema::List(things)))
}

/// Shows a list, a page at a time.
#[must_use]
pub const fn pages(things: &'static Schema, query: &'static [Parameter]) -> Description {
    let listed = lists(things);
    Description {
        query,
        success: Success {
            headers: &[Header::Link],
            ..listed.success
        },
        ..listed
    }
}

/// Done, with nothing to show.
pub const NOTHING: Description = with(StatusCode::NO_CONTENT, None);
/// Done, with an empty object.
pub const DONE: Description = with(StatusCode::OK, Some(Schema::Object(&[])));
/// Begun, and done a little later.
pub const ACCEPTED: Description = with(StatusCode::ACCEPTED, None);

impl Description {
    /// The same with parameters of the query.
    #[must_use]
    pub const fn asked(self, query: &'static [Parameter]) -> Self {
        Self { query, ..self }
    }

    /// The same with a body, and an example of one that is taken.
    #[must_use]
    pub const fn takes(self, model: &'static Model, example: &'static str) -> Self {
        self.reads(Schema::Of(model), example, Need::Required)
    }

    /// The same with a body that may be left out.
    #[must_use]
    pub const fn may_take(self, model: &'static Model, example: &'static str) -> Self {
        self.reads(Schema::Of(model), example, Need::Optional)
    }

    /// The same with a body of another kind than one thing.
    #[must_use]
    pub const fn reads(self, schema: Schema, example: &'static str, need: Need) -> Self {
        Self {
            body: Some(Body {
                schema,
                example,
                need,
            }),
            ..self
        }
    }

    /// The same with errors of its own.
    #[must_use]
    pub const fn refusing(self, refusals: &'static [ErrorCode]) -> Self {
        Self { refusals, ..self }
    }

    /// The same with headers of its own.
    #[must_use]
    pub const fn with_headers(self, headers: &'static [Header]) -> Self {
        Self {
            success: Success {
                headers,
                ..self.success
            },
            ..self
        }
    }
}
