//! What groups have beside name and description. Whoever changes that proves afresh who they are.

use crate::admin::attributes::{Edit, apply, load, refused_form, save_rules, show_rules};
use crate::admin::caller::{Answer, administrator, administrator_freshly, done};
use crate::admin::form::{Shown, shell_after};
use crate::view::admin::{AttributeFrame, GroupAttributesPage, NewAttributeForm};
use crate::view::shell::{Place, Right, Shell};
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::attribute_schema::Owner;

const HERE: &str = "/admin/groups/attributes";

/// `GET /admin/groups/attributes`.
pub async fn show(visit: Visit) -> Answer {
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let form = (Shown::Stored, NewAttributeForm::default());
    page(&visit, visit.shell(), &reader, form).await
}

/// `POST /admin/groups/attributes/add`.
pub async fn add(visit: Visit) -> Answer {
    change(&visit, Edit::Add).await
}

/// `GET /admin/groups/attributes/rules/{name}`.
pub async fn show_one(Path(name): Path<String>, visit: Visit) -> Answer {
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let frame = frame(&visit, &name);
    show_rules(&visit, &reader, &Owner::Groups, (frame, &name)).await
}

/// `POST /admin/groups/attributes/rules/{name}`.
pub async fn save_one(Path(name): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let frame = frame(&visit, &name);
    let by = (&permit, &reader);
    save_rules(&visit, by, &Owner::Groups, (frame, &name)).await
}

fn frame(visit: &Visit, name: &str) -> AttributeFrame {
    AttributeFrame {
        place: Place::Groups,
        right: Right::ChangeOrg,
        list: visit.shell().t.schemas.groups.to_owned(),
        list_href: HERE.to_owned(),
        path: format!("{HERE}/rules/{name}"),
        type_word: String::new(),
        of_people: false,
    }
}

/// `POST /admin/groups/attributes/remove`.
pub async fn remove(visit: Visit) -> Answer {
    change(&visit, Edit::Remove).await
}

async fn change(visit: &Visit, edit: Edit) -> Answer {
    let permit = administrator_freshly(visit, Permission::ManageOrg, HERE).await?;
    let reader = administrator(visit, Permission::ReadDirectory).await?;
    match apply(visit, (&permit, &reader), &Owner::Groups, edit).await? {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let form = refused_form(visit, edit, &refusal);
            let shell = done(visit, shell_after(visit, refusal))?;
            page(visit, shell, &reader, form).await
        }
    }
}

async fn page(
    visit: &Visit,
    shell: Shell,
    reader: &Permit,
    form: (Shown, NewAttributeForm),
) -> Answer {
    let attributes = load(visit, reader, &Owner::Groups, form).await?;
    Ok(visit.page(&GroupAttributesPage { shell, attributes }))
}
