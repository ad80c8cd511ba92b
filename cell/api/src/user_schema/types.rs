//! Types of people: listed, added, shown, changed and removed. The one that every org has is always there.

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::limits::CHANGE_ATTEMPTS_MAX;
use crate::reply::Reply;
use crate::shown::text;
use crate::user_schema::render::{schema_href, type_href};
use identity::fault::Refusal;
use identity::user_type::{UserType, UserTypeInput, parse_id};
use serde_json::{Value, json};
use vocab::id::UserTypeId;

/// What is shown of a type, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 7] = [
    "id",
    "default",
    "created",
    "createdBy",
    "lastUpdated",
    "lastUpdatedBy",
    "_links",
];

/// `GET /api/v1/meta/types/user`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let types = call.cell.list_user_types(&call.permit).await?;
    let shown: Vec<Value> = types.iter().map(|one| render(&call, one)).collect();
    Ok(Reply::of(Value::from(shown)))
}

/// `POST /api/v1/meta/types/user`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let wish = parse(call.json()?)?;
    let (Some(name), Some(display_name)) = (wish.name, wish.display_name) else {
        return Err(ApiError::invalid(
            "name",
            "name and displayName are required",
        ));
    };
    let input = UserTypeInput {
        name,
        display_name,
        description: wish.description.unwrap_or_default(),
    };
    let made = call.cell.create_user_type(&call.permit, input).await?;
    Ok(Reply::of(render(&call, &made)))
}

/// `GET /api/v1/meta/types/user/{type}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let found = load(&call).await?;
    Ok(Reply::of(render(&call, &found)))
}

/// `POST /api/v1/meta/types/user/{type}`: what is not named stays as it is.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn update(call: Call) -> Result<Reply, ApiError> {
    let wish = parse(call.json()?)?;
    change(&call, &wish).await
}

/// `PUT /api/v1/meta/types/user/{type}`: all that can be changed is said, and the name, which cannot.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let wish = parse(call.json()?)?;
    for (field, is_missing) in [
        ("name", wish.name.is_none()),
        ("displayName", wish.display_name.is_none()),
        ("description", wish.description.is_none()),
    ] {
        if is_missing {
            return Err(ApiError::invalid(field, "it is required"));
        }
    }
    change(&call, &wish).await
}

/// `DELETE /api/v1/meta/types/user/{type}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a type that somebody is of, and for the one that every org has.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let key = named(&call)?;
    let deleted = call.cell.delete_user_type(&call.permit, key.as_ref()).await;
    deleted.map_err(|refusal| match refusal {
        Refusal::WrongState(why) => ApiError::because(ErrorCode::UserTypeStays, why),
        other => missing(other, call.parameter("type")),
    })?;
    Ok(Reply::empty())
}

async fn change(call: &Call, wish: &Wish) -> Result<Reply, ApiError> {
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let seen = load(call).await?;
        let name = wish.name.as_deref().map(str::trim);
        if name.is_some_and(|name| name != seen.name) {
            return Err(ApiError::invalid(
                "name",
                "the name of a type never changes",
            ));
        }
        let words = (
            wish.display_name.as_ref().unwrap_or(&seen.display_name),
            wish.description.as_ref().unwrap_or(&seen.description),
        );
        let words = (words.0.clone(), words.1.clone());
        let changed = call.cell.change_user_type(&call.permit, seen, words).await;
        match changed {
            Ok(()) => return Ok(Reply::of(render(call, &load(call).await?))),
            Err(Refusal::Changed) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(Refusal::Changed.into())
}

/// The type that the path names, whether the org has it or not.
fn named(call: &Call) -> Result<Option<UserTypeId>, ApiError> {
    let named = call.parameter("type");
    let missing = |_| ApiError::not_found(Thing::UserType, named);
    parse_id(&call.context.org, named).map_err(missing)
}

async fn load(call: &Call) -> Result<UserType, ApiError> {
    let key = named(call)?;
    let found = call.cell.find_user_type(&call.permit, key.as_ref()).await;
    found.map_err(|refusal| missing(refusal, call.parameter("type")))
}

fn missing(refusal: Refusal, named: &str) -> ApiError {
    match refusal {
        Refusal::NotFound => ApiError::not_found(Thing::UserType, named),
        other => other.into(),
    }
}

/// What is said of a type.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    name: Option<String>,
    display_name: Option<String>,
    description: Option<String>,
}

fn parse(bytes: &[u8]) -> Result<Wish, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let wish = Wish {
        name: fields.take_text("name")?,
        display_name: fields.take_text("displayName")?,
        description: fields.take_text("description")?,
    };
    fields.end()?;
    Ok(wish)
}

fn render(call: &Call, shown: &UserType) -> Value {
    let (org, key) = (&shown.org_id, shown.key.as_ref());
    let allow: &[&str] = match shown.is_of_every_org() {
        true => &["GET", "POST", "PUT"],
        false => &["GET", "POST", "PUT", "DELETE"],
    };
    json!({
        "id": shown.id(),
        "name": shown.name,
        "displayName": shown.display_name,
        "description": text(&shown.description),
        "default": shown.is_of_every_org(),
        "created": shown.created_at.to_rfc3339_millis(),
        "createdBy": shown.created_by.as_ref().map(ToString::to_string),
        "lastUpdated": shown.updated_at.to_rfc3339_millis(),
        "lastUpdatedBy": shown.updated_by.as_ref().map(ToString::to_string),
        "_links": {
            "self": { "href": type_href(call, org, key), "hints": { "allow": allow } },
            "schema": { "href": schema_href(call, org, key) },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{Wish, parse};
    use serde_json::{Value, json};

    #[test]
    fn what_was_shown_may_be_sent_back_and_nothing_else_is_taken() {
        let read = |body: Value| parse(body.to_string().as_bytes()).ok();
        let said = |text: &str| Some(text.to_owned());
        let shown = json!({ "id": "oty1", "name": "user", "displayName": " User ", "default": true, "created": "x",
            "createdBy": "00u", "lastUpdated": "x", "lastUpdatedBy": "00u", "_links": {} });
        let wish = Wish {
            name: said("user"),
            display_name: said(" User "),
            description: None,
        };
        assert_eq!(read(shown), Some(wish));
        for body in [
            json!({ "name": 1 }),
            json!({ "displayName": ["a"] }),
            json!({ "other": "a" }),
            json!([]),
        ] {
            assert_eq!(read(body.clone()), None, "{body}");
        }
    }
}
