//! The description of the API for people (`/openapi`): operations by area, then the shapes that they name. Nothing is posted.

use crate::view::part::{self, Icon};
use crate::view::shell::{Place, Shell};
use askama::Template;
use std::sync::Arc;

/// What the API offers.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    /// The operations, by area.
    pub areas: Vec<Area>,
    /// The shapes that they name.
    pub shapes: Vec<Shape>,
    /// The codes of errors, and what they mean.
    pub errors: Vec<(String, String)>,
}

/// A part of the API.
#[derive(Debug, Clone, Default)]
pub struct Area {
    /// Its word.
    pub word: String,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub about: String,
    /// What can be done.
    pub operations: Vec<Operation>,
}

/// Something that can be done.
#[derive(Debug, Clone, Default)]
pub struct Operation {
    /// Its name.
    pub id: String,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// What it does.
    pub summary: String,
    /// The scope that an app needs; empty where no token is asked for.
    pub scope: String,
    /// The roles that permit it.
    pub roles: Vec<String>,
    /// What stands in the address and in headers.
    pub parameters: Vec<Parameter>,
    /// What the body is.
    pub body: Option<Kind>,
    /// A body that is taken; empty where there is none.
    pub example: String,
    /// What may be answered.
    pub answers: Vec<Answer>,
}

/// Something in an address or a header.
#[derive(Debug, Clone, Default)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it stands: `path`, `query` or `header`.
    pub place: String,
    /// What it may say.
    pub kind: Kind,
    /// What it does.
    pub about: String,
    /// Whether it must be there.
    pub required: bool,
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Its status.
    pub status: String,
    /// The codes of errors that it tells.
    pub codes: Vec<String>,
    /// What the body is, unless it is an error or there is none.
    pub kind: Option<Kind>,
}

/// What a value is.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "component/api_kind.html")]
pub struct Kind {
    /// The kind in a word, unless one of the others says it.
    pub about: String,
    /// The shape of that name.
    pub shape: String,
    /// One of these words.
    pub words: Vec<String>,
    /// Whether it is a list of them.
    pub many: bool,
}

impl askama::filters::HtmlSafe for Kind {}

/// A shape that has a name.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// The name.
    pub name: String,
    /// What it is.
    pub about: String,
    /// Its fields, those of the objects in it included.
    pub fields: Vec<Field>,
}

/// A field of a shape.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// Where it stands.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// What it means.
    pub about: String,
    /// Whether it is always there, or must be.
    pub required: bool,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "reference.html")]
pub struct ReferencePage {
    /// The frame.
    pub shell: Shell,
    /// The address of the organisation.
    pub base: String,
    /// What it is about.
    pub reference: Arc<Reference>,
}

impl ReferencePage {
    fn here(&self) -> Place {
        Place::Elsewhere
    }

    fn first_call(&self) -> String {
        format!(
            "curl -H \"Authorization: SSWS $TOKEN\" {}/api/v1/users/me",
            self.base
        )
    }

    fn placed(&self, parameter: &Parameter) -> &'static str {
        let t = &self.shell.t.reference;
        match parameter.place.as_str() {
            "path" => t.in_path,
            "header" => t.in_header,
            _ => t.in_query,
        }
    }

    /// What every role permits is said in a word.
    fn every_role(&self, operation: &Operation) -> bool {
        let all = self
            .reference
            .areas
            .iter()
            .flat_map(|area| &area.operations);
        all.map(|operation| operation.roles.len()).max() == Some(operation.roles.len())
    }
}

impl Operation {
    fn tone(&self) -> &'static str {
        match self.method.as_str() {
            "GET" => "is-info",
            "POST" => "is-ok",
            "DELETE" => "is-bad",
            _ => "is-warn",
        }
    }
}
