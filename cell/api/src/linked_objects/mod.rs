//! Relations between people, and who is linked to whom by them.

pub(crate) mod described;

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::LINKED_PEOPLE_PAGE;
use crate::reply::Reply;
use identity::condition::Place;
use identity::fault::Refusal;
use identity::linked_object::{End, LinkedObject};
use serde_json::{Value, json};
use vocab::id::UserId;

/// Where relations stand.
const PATH: &str = "/api/v1/meta/schemas/user/linkedObjects";
/// What both ends of every relation are.
pub(crate) const TYPE: &str = "USER";

/// `GET /api/v1/meta/schemas/user/linkedObjects`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let objects = call.cell.list_linked_objects(&call.permit).await?;
    let shown = objects.iter().map(|object| render(&call, object));
    Ok(Reply::of(shown.collect()))
}

/// `POST /api/v1/meta/schemas/user/linkedObjects`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let (primary, associated) = parse(call.json()?)?;
    let made = call
        .cell
        .create_linked_object(&call.permit, primary, associated);
    Ok(Reply::created(render(&call, &made.await?)))
}

/// `GET /api/v1/meta/schemas/user/linkedObjects/{name}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let named = call.parameter("name");
    let found = call.cell.find_linked_object(&call.permit, named).await;
    let found = found.map_err(|refusal| missing(refusal, named))?;
    Ok(Reply::of(render(&call, &found)))
}

/// `DELETE /api/v1/meta/schemas/user/linkedObjects/{name}`: either name ends the relation.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let named = call.parameter("name");
    let deleted = call.cell.delete_linked_object(&call.permit, named).await;
    deleted.map_err(|refusal| missing(refusal, named))?;
    Ok(Reply::empty())
}

/// `GET /api/v1/users/{id}/linkedObjects/{name}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn people(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let named = call.parameter("name");
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let limit = call.query.limit(LINKED_PEOPLE_PAGE)?;
    let page = (after.as_str(), limit);
    let found = call
        .cell
        .list_linked_people(&call.permit, &person.id, named, page)
        .await;
    let (people, has_more) = found.map_err(|refusal| missing(refusal, named))?;
    let next = people.last().filter(|_| has_more);
    let next = next.map(|user| Place::at(user.as_str()));
    let shown = people.iter().map(|user| render_person(&call, user));
    Ok(call.paged(Reply::of(shown.collect()), next.as_ref()))
}

/// `PUT /api/v1/users/{id}/linkedObjects/{name}/{primary}`.
///
/// # Errors
/// [`ApiError`] as every operation; nobody was linked.
pub async fn link(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let primary = call.user("primary").await?.person;
    let named = call.parameter("name");
    let linked = call
        .cell
        .link_primary(&call.permit, (&person.id, named, &primary.id))
        .await;
    linked.map_err(|refusal| missing(refusal, named))?;
    Ok(Reply::empty())
}

/// `DELETE /api/v1/users/{id}/linkedObjects/{name}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn unlink(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let named = call.parameter("name");
    let unlinked = call
        .cell
        .unlink_primary(&call.permit, &person.id, named)
        .await;
    unlinked.map_err(|refusal| missing(refusal, named))?;
    Ok(Reply::empty())
}

fn missing(refusal: Refusal, named: &str) -> ApiError {
    match refusal {
        Refusal::NotFound => ApiError::not_found(Thing::LinkedObject, named),
        other => other.into(),
    }
}

fn parse(bytes: &[u8]) -> Result<(End, End), ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&["_links"]);
    let primary = take_end(&mut fields, "primary")?;
    let associated = take_end(&mut fields, "associated")?;
    fields.end()?;
    Ok((primary, associated))
}

fn take_end(fields: &mut Fields, side: &str) -> Result<End, ApiError> {
    let missing = || ApiError::invalid(side, "it is required");
    let mut end = fields.take_object(side)?.ok_or_else(missing)?;
    end.take_only("type", &[TYPE], "people are linked to people")?;
    let taken = End {
        name: end.take_text("name")?.unwrap_or_default(),
        title: end
            .take_text("title")?
            .unwrap_or_default()
            .trim()
            .to_owned(),
        description: end.take_text("description")?.unwrap_or_default(),
    };
    end.end()?;
    Ok(taken)
}

fn render(call: &Call, object: &LinkedObject) -> Value {
    let href = call.href(&format!("{PATH}/{}", object.primary.name));
    json!({
        "primary": render_end(&object.primary),
        "associated": render_end(&object.associated),
        "_links": { "self": { "href": href } },
    })
}

fn render_end(end: &End) -> Value {
    let description = Some(end.description.as_str()).filter(|text| !text.is_empty());
    json!({
        "name": end.name,
        "title": end.title,
        "description": description,
        "type": TYPE,
    })
}

fn render_person(call: &Call, user: &UserId) -> Value {
    let href = call.href(&format!("/api/v1/users/{user}"));
    json!({ "_links": { "self": { "href": href } } })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use serde_json::{Value, json};

    #[test]
    fn a_relation_has_two_ends_and_nothing_else() {
        let parse = |body: Value| parse(body.to_string().as_bytes());
        let end = |name: &str| json!({ "name": name, "title": " A ", "type": "USER" });
        let good = json!({ "primary": end("a"), "associated": end("b"), "_links": {} });
        let (primary, associated) = parse(good).unwrap();
        assert_eq!((primary.name.as_str(), primary.title.as_str()), ("a", "A"));
        assert_eq!(associated.name, "b");
        for bad in [
            json!({ "primary": end("a") }),
            json!({ "primary": end("a"), "associated": "b" }),
            json!({ "primary": end("a"), "associated": end("b"), "third": end("c") }),
            json!({ "primary": end("a"), "associated": { "name": "b", "title": "B", "type": "GROUP" } }),
            json!({ "primary": end("a"), "associated": { "name": "b", "title": "B", "order": 1 } }),
        ] {
            assert!(parse(bad.clone()).is_err(), "{bad}");
        }
    }
}
