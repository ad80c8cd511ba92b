//! What people have in an app: its attributes, and what they are made of.

use crate::admin::apps::{draw, load_app, refused_shell};
use crate::admin::attributes::{self, Edit};
use crate::admin::caller::{Answer, administrator, done};
use crate::admin::form::{Shown, is_ticked, problem_of, typed};
use crate::view::admin::{
    AppAttributeRow, AppTab, AttributeFrame, MappedRow, MappingForm, NewAttributeForm,
};
use crate::view::part::{Choice, Input};
use crate::view::shell::{Place, Right, Shell};
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::app::App;
use identity::attribute_schema::Owner;
use identity::fault::Refusal;
use identity::profile_mapping::{Change, MappingRefusal, Property, PushStatus};

fn path_of(id: &str) -> String {
    format!("/admin/apps/{id}/profile")
}

/// `GET /admin/apps/{id}/profile`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let app = load_app(&visit, &id).await?;
    page(&visit, visit.shell(), (&permit, &app), Forms::default()).await
}

/// `POST /admin/apps/{id}/profile`: an attribute is made of an expression from now on.
pub async fn save(Path(id): Path<String>, visit: Visit) -> Answer {
    let property = Property {
        expression: visit.field("expression").trim().to_owned(),
        push: match is_ticked(&visit, "once") {
            true => PushStatus::DontPush,
            false => PushStatus::Push,
        },
    };
    change(&visit, &id, Some(property)).await
}

/// `POST /admin/apps/{id}/profile/remove`: an attribute is made of nothing any more.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    change(&visit, &id, None).await
}

/// `POST /admin/apps/{id}/profile/attributes/add`.
pub async fn add_attribute(Path(id): Path<String>, visit: Visit) -> Answer {
    change_schema(&visit, &id, Edit::Add).await
}

/// `GET /admin/apps/{id}/profile/attributes/rules/{name}`.
pub async fn show_attribute(Path((id, name)): Path<(String, String)>, visit: Visit) -> Answer {
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let app = load_app(&visit, &id).await?;
    let frame = frame(&app, &name);
    let owner = Owner::App(app.id);
    attributes::show_rules(&visit, &reader, &owner, (frame, &name)).await
}

/// `POST /admin/apps/{id}/profile/attributes/rules/{name}`.
pub async fn save_attribute(Path((id, name)): Path<(String, String)>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let app = load_app(&visit, &id).await?;
    let frame = frame(&app, &name);
    let owner = Owner::App(app.id);
    let by = (&permit, &reader);
    attributes::save_rules(&visit, by, &owner, (frame, &name)).await
}

fn frame(app: &App, name: &str) -> AttributeFrame {
    let list_href = path_of(app.id.as_str());
    AttributeFrame {
        place: Place::Apps,
        right: Right::ChangeApps,
        list: app.label.clone(),
        path: format!("{list_href}/attributes/rules/{name}"),
        list_href,
        type_word: String::new(),
        of_people: false,
    }
}

/// `POST /admin/apps/{id}/profile/attributes/remove`.
pub async fn remove_attribute(Path(id): Path<String>, visit: Visit) -> Answer {
    change_schema(&visit, &id, Edit::Remove).await
}

async fn change_schema(visit: &Visit, id: &str, edit: Edit) -> Answer {
    let permit = administrator(visit, Permission::ManageApps).await?;
    let reader = administrator(visit, Permission::ReadDirectory).await?;
    let app = load_app(visit, id).await?;
    let owner = Owner::App(app.id.clone());
    match attributes::apply(visit, (&permit, &reader), &owner, edit).await? {
        Ok(()) => Ok(visit.go(&path_of(id))),
        Err(refusal) => {
            let forms = Forms {
                attribute: attributes::refused_form(visit, edit, &refusal),
                ..Forms::default()
            };
            let shell = refused_shell(visit, refusal)?;
            page(visit, shell, (&reader, &app), forms).await
        }
    }
}

/// What the forms of the page hold at first.
#[derive(Default)]
struct Forms {
    attribute: (Shown, NewAttributeForm),
    mapping: MappingForm,
}

async fn change(visit: &Visit, id: &str, property: Option<Property>) -> Answer {
    let permit = administrator(visit, Permission::ManageApps).await?;
    let reader = administrator(visit, Permission::ReadDirectory).await?;
    let app = load_app(visit, id).await?;
    let mapping = visit.cell.profile_mapping(&reader, &app.id).await;
    let (mapping, ends) = done(visit, mapping)?;
    let change = Change::from([(visit.field("attribute").to_owned(), property)]);
    let seen = (&mapping, &ends);
    let changed = visit
        .cell
        .change_profile_mapping(&permit, &app.id, seen, change);
    let refusal = match changed.await {
        Ok(()) => return Ok(visit.go(&path_of(id))),
        Err(MappingRefusal::Misfit(misfit)) => Refusal::invalid("expression", misfit.problem),
        Err(MappingRefusal::Other(refusal)) => refusal,
    };
    let expression = typed(visit, "expression");
    let mapping = MappingForm {
        attribute: typed(visit, "attribute"),
        expression: match problem_of(visit.shell().t, &refusal) {
            Some((_, problem)) => expression.refused(problem.as_str()),
            None => expression,
        },
        once: Input::ticked(is_ticked(visit, "once")),
    };
    let shell = refused_shell(visit, refusal)?;
    let forms = Forms {
        mapping,
        ..Forms::default()
    };
    page(visit, shell, (&reader, &app), forms).await
}

async fn page(visit: &Visit, shell: Shell, (reader, app): (&Permit, &App), forms: Forms) -> Answer {
    let mapping = visit.cell.profile_mapping(reader, &app.id).await;
    let (mapping, ends) = done(visit, mapping)?;
    let rows = ends.of_app.iter().map(|attribute| {
        let mapped = mapping.properties.get(&attribute.name);
        let title = Some(&attribute.title).filter(|title| !title.is_empty());
        AppAttributeRow {
            name: attribute.name.clone(),
            title: title.unwrap_or(&attribute.name).clone(),
            mapped: mapped.map(|property| MappedRow {
                expression: property.expression.clone(),
                is_once: property.push == PushStatus::DontPush,
            }),
        }
    });
    let rows: Vec<AppAttributeRow> = rows.collect();
    let choices = rows.iter();
    let choices = choices.map(|row| Choice::new(row.name.clone(), row.title.clone()));
    let owner = Owner::App(app.id.clone());
    let tab = AppTab::Profile {
        schema: attributes::load(visit, reader, &owner, forms.attribute).await?,
        form: forms.mapping,
        attributes: choices.collect(),
        rows,
    };
    Ok(draw(visit, shell, app, tab))
}
