//! Attributes that an org adds to groups, or to what people have in an app: what their forms send, and how they are shown. The
//! rules stand in `identity`.

use crate::admin::attribute_rules::Seen;
use crate::admin::caller::{Answer, Detour, done, found};
use crate::admin::form::{Shown, problem_of, revision, revision_of, typed_again};
use crate::admin::settings::attributes::{kind_of, row};
use crate::view::admin::{AttributeFrame, CustomAttributes, NewAttributeForm};
use crate::view::part::Input;
use crate::visit::Visit;
use identity::access::Permit;
use identity::attribute_schema::{AttributeSchema, Owner};
use identity::fault::Refusal;
use identity::org::settings::ProfileAttribute;

/// What becomes of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// A new one.
    Add,
    /// It is no more.
    Remove,
}

/// Does what a form asks of a schema, as the form saw it.
///
/// # Errors
/// The page that says that there is no such attribute or kind; the inner error is what a page says of the form.
pub async fn apply(
    visit: &Visit,
    (permit, reader): (&Permit, &Permit),
    owner: &Owner,
    edit: Edit,
) -> Result<Result<(), Refusal>, Detour> {
    let seen = visit.cell.attribute_schema(reader, owner).await;
    let mut seen = done(visit, seen)?;
    let planned = plan(visit, std::mem::take(&mut seen.attributes), edit)?;
    Ok(put(visit, permit, owner, (seen, planned)).await)
}

async fn put(
    visit: &Visit,
    permit: &Permit,
    owner: &Owner,
    (seen, planned): (AttributeSchema, Vec<ProfileAttribute>),
) -> Result<(), Refusal> {
    // What was changed since the form was made is not changed back by it.
    let seen = AttributeSchema {
        revision: revision(visit),
        ..seen
    };
    let put = visit
        .cell
        .put_attribute_schema(permit, owner, seen, planned);
    put.await
}

/// The page of an attribute.
///
/// # Errors
/// The page that says that there is none.
pub async fn show_rules(
    visit: &Visit,
    reader: &Permit,
    owner: &Owner,
    of: (AttributeFrame, &str),
) -> Answer {
    let schema = visit.cell.attribute_schema(reader, owner).await;
    let schema = done(visit, schema)?;
    let seen = Seen::of(&schema, of);
    seen.show(visit)
}

/// Stores what the form of an attribute says of it.
///
/// # Errors
/// The page that says what was refused.
pub async fn save_rules(
    visit: &Visit,
    (permit, reader): (&Permit, &Permit),
    owner: &Owner,
    of: (AttributeFrame, &str),
) -> Answer {
    let schema = visit.cell.attribute_schema(reader, owner).await;
    let schema = done(visit, schema)?;
    let seen = Seen::of(&schema, of);
    let planned = seen.plan(visit)?;
    let outcome = put(visit, permit, owner, (schema.clone(), planned)).await;
    seen.answer(visit, outcome)
}

fn plan(
    visit: &Visit,
    mut attributes: Vec<ProfileAttribute>,
    edit: Edit,
) -> Result<Vec<ProfileAttribute>, Detour> {
    let title = visit.field("title").trim();
    let place = attributes
        .iter()
        .position(|attribute| attribute.name == visit.field("name"));
    match edit {
        Edit::Add => attributes.push(ProfileAttribute {
            name: visit.field("name").trim().to_owned(),
            title: title.to_owned(),
            kind: found(visit, kind_of(visit.field("kind")))?,
            // Nobody has pages of their own where it would be seen.
            self_hidden: true,
            ..ProfileAttribute::default()
        }),
        Edit::Remove => {
            attributes.remove(found(visit, place)?);
        }
    }
    Ok(attributes)
}

/// What was typed for a new one that was refused, to be shown again.
#[must_use]
pub fn refused_form(visit: &Visit, edit: Edit, refusal: &Refusal) -> (Shown, NewAttributeForm) {
    if edit != Edit::Add {
        return (Shown::Stored, NewAttributeForm::default());
    }
    let problem = problem_of(visit.shell().t, refusal);
    let again = |field: &str, of: &str| typed_again(visit, field, of, problem.as_ref());
    let form = NewAttributeForm {
        name: again("name", "profile_schema"),
        title: again("title", "title"),
        kind: Input::of(visit.field("kind")),
    };
    (Shown::Typed, form)
}

/// A schema as a page shows it.
///
/// # Errors
/// The page for a refusal.
pub async fn load(
    visit: &Visit,
    reader: &Permit,
    owner: &Owner,
    (shown, form): (Shown, NewAttributeForm),
) -> Result<CustomAttributes, Detour> {
    let t = visit.shell().t;
    let schema = visit.cell.attribute_schema(reader, owner).await;
    let schema = done(visit, schema)?;
    let rows = schema.attributes.into_iter().map(|attribute| {
        // It is so of each of them, and need not be told.
        let told = ProfileAttribute {
            self_hidden: false,
            ..attribute
        };
        row(t, &told)
    });
    Ok(CustomAttributes {
        revision: revision_of(visit, shown, schema.revision),
        rows: rows.collect(),
        form,
    })
}
