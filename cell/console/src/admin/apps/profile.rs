//! What people have in an app: its attributes, and what they are made of.

use crate::admin::apps::{draw, load_app, refused_shell};
use crate::admin::caller::{Answer, administrator, done};
use crate::admin::form::{is_ticked, problem_of, typed};
use crate::view::admin::{AppAttributeRow, AppTab, MappedRow, MappingForm};
use crate::view::part::{Choice, Input};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::app::App;
use identity::fault::Refusal;
use identity::profile_mapping::{Change, MappingRefusal, Property, PushStatus};

fn path_of(id: &str) -> String {
    format!("/admin/apps/{id}/profile")
}

/// `GET /admin/apps/{id}/profile`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let app = load_app(&visit, &id).await?;
    page(&visit, visit.shell(), (&permit, &app), None).await
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
    let form = MappingForm {
        attribute: typed(visit, "attribute"),
        expression: match problem_of(visit.shell().t, &refusal) {
            Some((_, problem)) => expression.refused(problem.as_str()),
            None => expression,
        },
        once: Input::ticked(is_ticked(visit, "once")),
    };
    let shell = refused_shell(visit, refusal)?;
    page(visit, shell, (&reader, &app), Some(form)).await
}

async fn page(
    visit: &Visit,
    shell: Shell,
    (reader, app): (&Permit, &App),
    refused: Option<MappingForm>,
) -> Answer {
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
    let tab = AppTab::Profile {
        form: refused.unwrap_or_default(),
        attributes: choices.collect(),
        rows,
    };
    Ok(draw(visit, shell, app, tab))
}
