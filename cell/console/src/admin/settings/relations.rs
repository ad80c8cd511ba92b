//! Relations between people: the list, a new one, and removing one. Whoever changes them proves afresh who they are.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done};
use crate::admin::form::{problem_of, shell_after, typed_again};
use crate::view::admin::{EndForm, EndView, RelationRow, RelationsPage};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use identity::access::{Permission, Permit};
use identity::linked_object::{End, LinkedObject};

const HERE: &str = "/admin/settings/relations";

/// `GET /admin/settings/relations`.
pub async fn list(visit: Visit) -> Answer {
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let blank = (EndForm::default(), EndForm::default());
    page(&visit, visit.shell(), &reader, blank).await
}

/// `POST /admin/settings/relations/add`.
pub async fn add(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let (first, second) = (posted_end(&visit, "first"), posted_end(&visit, "second"));
    let made = visit.cell.create_linked_object(&permit, first, second);
    match made.await {
        Ok(_) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let problem = problem_of(visit.shell().t, &refusal);
            let again = |side: &str, end: &str| EndForm {
                name: again(&visit, side, (end, "name"), problem.as_ref()),
                title: again(&visit, side, (end, "title"), problem.as_ref()),
                about: again(&visit, side, (end, "description"), problem.as_ref()),
            };
            let forms = (again("first", "primary"), again("second", "associated"));
            let shell = done(&visit, shell_after(&visit, refusal))?;
            let reader = administrator(&visit, Permission::ReadDirectory).await?;
            page(&visit, shell, &reader, forms).await
        }
    }
}

/// `POST /admin/settings/relations/remove`.
pub async fn remove(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let removed = visit
        .cell
        .delete_linked_object(&permit, visit.field("name"));
    done(&visit, removed.await)?;
    Ok(visit.go(HERE))
}

/// The name of the field of a form for what the rules call so.
const fn field_word(part: &str) -> &str {
    match part.as_bytes() {
        b"description" => "about",
        _ => part,
    }
}

fn posted_end(visit: &Visit, side: &str) -> End {
    let field = |part: &str| {
        let name = format!("{side}_{}", field_word(part));
        visit.field(&name).trim().to_owned()
    };
    End {
        name: field("name"),
        title: field("title"),
        description: field("description"),
    }
}

fn again(
    visit: &Visit,
    side: &str,
    (end, part): (&str, &str),
    problem: Option<&(&'static str, String)>,
) -> Input {
    let field = format!("{side}_{}", field_word(part));
    typed_again(visit, &field, &format!("{end}.{part}"), problem)
}

async fn page(
    visit: &Visit,
    shell: Shell,
    reader: &Permit,
    (first, second): (EndForm, EndForm),
) -> Answer {
    let relations = done(visit, visit.cell.list_linked_objects(reader).await)?;
    let mut rows: Vec<RelationRow> = relations.into_iter().map(relation_row).collect();
    rows.sort_by_cached_key(|row| (row.first.title.to_lowercase(), row.first.name.clone()));
    Ok(visit.page(&RelationsPage {
        shell,
        rows,
        first,
        second,
    }))
}

/// A relation as pages show it.
#[must_use]
pub fn relation_row(relation: LinkedObject) -> RelationRow {
    let view = |end: End| EndView {
        name: end.name,
        title: end.title,
        about: end.description,
    };
    RelationRow {
        first: view(relation.primary),
        second: view(relation.associated),
    }
}
