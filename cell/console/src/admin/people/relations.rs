//! Who a person is linked to by the relations of the org.

use crate::admin::caller::{
    Answer, Detour, administrator, administrator_over, done, found, loaded,
};
use crate::admin::paging::{PAGE_ROWS, after_of, pager, render_cursor, search_of};
use crate::admin::people::{draw, find_people, load_person, load_touch, refused_shell};
use crate::admin::row::person_link;
use crate::admin::settings::relations::relation_row;
use crate::view::admin::{LinkedView, PersonTab, Picker, RelationOfPerson};
use crate::view::row::LinkRow;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::fault::Refusal;
use identity::linked_object::{LinkedObject, Side};
use identity::person::Person;
use std::collections::HashMap;
use vocab::id::UserId;

/// The view of the page to which a browser comes back that has to prove more.
const TAB: &str = "/relations";

/// `GET /admin/people/{id}/relations`.
pub async fn list(Path(id): Path<String>, visit: Visit) -> Answer {
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let person = load_person(&visit, &id).await?;
    let touch = load_touch(&visit, &person).await?;
    let relations = visit.cell.list_primaries(&reader, &person.id).await;
    let relations = done(&visit, relations)?;
    let firsts: Vec<UserId> = relations.iter().filter_map(|one| one.1.clone()).collect();
    let people = done(&visit, visit.cell.find_people(&reader, &firsts).await)?;
    let mut rows: Vec<RelationOfPerson> = relations
        .into_iter()
        .map(|(relation, first)| RelationOfPerson {
            relation: relation_row(relation),
            first: first
                .as_ref()
                .and_then(|id| people.get(id))
                .map(person_link),
        })
        .collect();
    rows.sort_by_cached_key(|row| {
        let first = &row.relation.first;
        (first.title.to_lowercase(), first.name.clone())
    });
    let tab = PersonTab::Relations { rows };
    Ok(draw(&visit, visit.shell(), &person, touch, tab))
}

/// `GET /admin/people/{id}/relations/{name}`.
pub async fn show(Path((id, name)): Path<(String, String)>, visit: Visit) -> Answer {
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let person = load_person(&visit, &id).await?;
    let relation = load_relation(&visit, &reader, &name).await?;
    page(&visit, visit.shell(), &reader, (&person, relation)).await
}

/// `POST /admin/people/{id}/relations/{name}/set`.
pub async fn set(Path((id, name)): Path<(String, String)>, visit: Visit) -> Answer {
    let permit = administrator_over(&visit, &id, TAB, Permission::ManagePeople).await?;
    let person = load_person(&visit, &id).await?;
    let first = found(&visit, UserId::parse(visit.field("id")).ok())?;
    let linked = visit
        .cell
        .link_primary(&permit, (&person.id, &name, &first))
        .await;
    answer(&visit, (&person, &name), linked).await
}

/// `POST /admin/people/{id}/relations/{name}/remove`.
pub async fn remove(Path((id, name)): Path<(String, String)>, visit: Visit) -> Answer {
    let permit = administrator_over(&visit, &id, TAB, Permission::ManagePeople).await?;
    let person = load_person(&visit, &id).await?;
    let unlinked = visit.cell.unlink_primary(&permit, &person.id, &name).await;
    answer(&visit, (&person, &name), unlinked).await
}

/// The relation whose first end is called so: its page stands at that name alone.
async fn load_relation(visit: &Visit, reader: &Permit, name: &str) -> Result<LinkedObject, Detour> {
    let relation = visit.cell.find_linked_object(reader, name).await;
    let relation = done(visit, relation)?;
    let is_first = relation.side(name) == Some(Side::Primary);
    found(visit, is_first.then_some(relation))
}

async fn answer(
    visit: &Visit,
    (person, name): (&Person, &str),
    outcome: Result<(), Refusal>,
) -> Answer {
    let refusal = match outcome {
        Ok(()) => return Ok(visit.go(&format!("/admin/people/{}/relations/{name}", person.id))),
        Err(refusal) => refusal,
    };
    let shell = refused_shell(visit, refusal)?;
    let reader = administrator(visit, Permission::ReadDirectory).await?;
    let relation = load_relation(visit, &reader, name).await?;
    page(visit, shell, &reader, (person, relation)).await
}

async fn page(
    visit: &Visit,
    shell: Shell,
    reader: &Permit,
    (person, relation): (&Person, LinkedObject),
) -> Answer {
    let touch = load_touch(visit, person).await?;
    let first = linked(visit, reader, (person, &relation.primary.name), ("", 1)).await?;
    let after = after_of(visit);
    let page = (after.as_str(), PAGE_ROWS);
    let (second, next) = linked(visit, reader, (person, &relation.associated.name), page).await?;
    let picker = match touch.edit {
        false => Picker::default(),
        true => {
            let mut tx = loaded(visit, visit.cell.database.read().await)?;
            let find = search_of(visit, "find");
            loaded(visit, find_people(&mut tx, reader.org(), &find).await)?
        }
    };
    let view = LinkedView {
        at_first: RelationOfPerson {
            relation: relation_row(relation),
            first: first.0.into_iter().next(),
        },
        picker,
        at_second: second,
        pager: pager(visit, &["find"], next),
    };
    let tab = PersonTab::Relation(Box::new(view));
    Ok(draw(visit, shell, person, touch, tab))
}

/// A page of those at an end, and the cursor of the next one.
async fn linked(
    visit: &Visit,
    reader: &Permit,
    (person, end): (&Person, &str),
    page: (&str, usize),
) -> Result<(Vec<LinkRow>, Option<String>), Detour> {
    let found = visit
        .cell
        .list_linked_people(reader, &person.id, end, page)
        .await;
    let (ids, has_more) = done(visit, found)?;
    let people = done(visit, visit.cell.find_people(reader, &ids).await)?;
    let next = ids.last().filter(|_| has_more);
    let next = next.map(|last| render_cursor(&[last.as_str()]));
    Ok((rows_of(&ids, &people), next))
}

fn rows_of(ids: &[UserId], people: &HashMap<UserId, Person>) -> Vec<LinkRow> {
    let found = ids.iter().filter_map(|id| people.get(id));
    found.map(person_link).collect()
}
