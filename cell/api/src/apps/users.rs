//! To whom an app is assigned: the person alone, or a group of the person.

use crate::apps::load_app;
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::limits::APP_USERS_PAGE;
use crate::reply::Reply;
use crate::users::render::render_listed;
use identity::access::Permission;
use identity::app::App;
use identity::app::assigned::{AppPerson, AppWay, Way};
use identity::fault::Refusal;
use identity::person::Person;
use serde_json::{Map, Value, json};
use vocab::id::{AppId, UserId};

/// What is shown of an assignment, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 10] = [
    "created",
    "lastUpdated",
    "status",
    "statusChanged",
    "syncState",
    "lastSync",
    "externalId",
    "passwordChanged",
    "_links",
    "_embedded",
];
/// What can be shown inside of an assignment.
const USER: &str = "user";
pub(crate) const DIRECT: &str = "USER";
pub(crate) const THROUGH_GROUP: &str = "GROUP";

/// The body of an assignment.
#[derive(Debug, Default, PartialEq, Eq)]
struct AssignmentInput {
    id: Option<String>,
    scope: Option<Scope>,
    user_name: Option<String>,
    profile: Option<Map<String, Value>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Direct,
    Group,
}

/// `GET /api/v1/apps/{id}/users`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let is_expanded = call.query.expand(&[USER])?.is_some();
    let app = load_app(&call).await?;
    let limit = call.query.limit(APP_USERS_PAGE)?;
    let found = call
        .cell
        .list_app_people(&call.permit, &app.id, call.place()?, limit)
        .await?;
    let people = show_all(&call, &app, &found.people, is_expanded).await?;
    Ok(call.paged(Reply::of(Value::from(people)), found.next.as_ref()))
}

/// `GET /api/v1/apps/{id}/users/{user}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let is_expanded = call.query.expand(&[USER])?.is_some();
    let app = load_app(&call).await?;
    let person = call.assignee("user", &app.id).await?.person;
    let assigned = load_assigned(&call, &app, &person.id).await?;
    let mut shown = show_all(&call, &app, &[assigned], is_expanded).await?;
    Ok(Reply::of(shown.pop().unwrap_or_default()))
}

/// The assignments as they are shown, with their people if they are asked for: what is missing of them is read together.
async fn show_all(
    call: &Call,
    app: &App,
    assigned: &[AppPerson],
    is_expanded: bool,
) -> Result<Vec<Value>, ApiError> {
    let shown = assigned.iter().map(|one| render_app_user(call, app, one));
    if !is_expanded {
        return Ok(shown.collect());
    }
    let people = assigned.iter().map(|one| one.person.clone()).collect();
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let records = call.cell.record_people(&reader, people).await?;
    let shown = records.iter().zip(shown).map(|(record, mut shown)| {
        shown["_embedded"] = json!({ USER: render_listed(call, record) });
        shown
    });
    Ok(shown.collect())
}

/// `POST /api/v1/apps/{id}/users`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was assigned.
pub async fn assign(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let input = parse_assignment(call.json()?)?;
    let Some(named) = &input.id else {
        return Err(ApiError::invalid("id", "it is required"));
    };
    if input.scope == Some(Scope::Group) {
        let problem = "assign the app to the group instead";
        return Err(ApiError::invalid("scope", problem));
    }
    let missing = || ApiError::not_found(Thing::User, named);
    let id = UserId::parse(named).map_err(|_| missing())?;
    let reader = call.reader()?;
    let found = call.cell.find_assignee(&reader, &app.id, id.as_str());
    let person = match found.await {
        Err(Refusal::NotFound) => return Err(missing()),
        other => other?.person,
    };
    check_user_name(&input, &person)?;
    assign_to(&call, &app, &person.id, input.profile).await
}

async fn assign_to(
    call: &Call,
    app: &App,
    user: &UserId,
    profile: Option<Map<String, Value>>,
) -> Result<Reply, ApiError> {
    let (cell, permit) = (&call.cell, &call.permit);
    // What names nothing changes nothing, whoever sends it.
    match profile.filter(|named| !named.is_empty()) {
        Some(profile) => cell.assign_app_with(permit, &app.id, user, profile).await?,
        None => cell.assign_app_to_person(permit, &app.id, user).await?,
    }
    let assigned = load_assigned(call, app, user).await?;
    Ok(Reply::of(render_app_user(call, app, &assigned)))
}

/// `POST /api/v1/apps/{id}/users/{user}`: an app that came through a group becomes the person's own.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn update(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let person = call.assignee("user", &app.id).await?.person;
    let assigned = load_assigned(&call, &app, &person.id).await?;
    let input = parse_assignment(call.json()?)?;
    if input
        .id
        .as_deref()
        .is_some_and(|id| id != person.id.as_str())
    {
        return Err(ApiError::invalid("id", "it is never changed"));
    }
    check_user_name(&input, &person)?;
    let has_profile = input
        .profile
        .as_ref()
        .is_some_and(|named| !named.is_empty());
    match (input.scope, &assigned.way) {
        (Some(Scope::Direct), Way::Group(_)) => {
            assign_to(&call, &app, &person.id, input.profile).await
        }
        (None | Some(Scope::Direct), Way::Direct) if has_profile => {
            assign_to(&call, &app, &person.id, input.profile).await
        }
        (_, Way::Group(_)) if has_profile => {
            let problem = "the app is theirs through a group; make it their own by the scope USER";
            Err(ApiError::invalid("profile", problem))
        }
        (Some(Scope::Group), Way::Direct) => {
            let problem = "take the app from the person instead, where a group of theirs has it";
            Err(ApiError::invalid("scope", problem))
        }
        _ => Ok(Reply::of(render_app_user(&call, &app, &assigned))),
    }
}

/// `DELETE /api/v1/apps/{id}/users/{user}`. Whoever has the app through a group keeps it, and whoever calls is told.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn unassign(call: Call) -> Result<Reply, ApiError> {
    if call.query.flag("sendEmail", false)? {
        let cause = "sendEmail: administrators are told by the log";
        return Err(ApiError::because(ErrorCode::Unsupported, cause));
    }
    let app = load_app(&call).await?;
    let person = call.assignee("user", &app.id).await?.person;
    let assigned = load_assigned(&call, &app, &person.id).await?;
    if let Way::Group(group) = assigned.way {
        // What one may do to an app shows no groups.
        let cause = match call.permit.custom_caller() {
            Some(_) => String::from("the app is assigned to a group of theirs, not to the person"),
            None => format!("the app is assigned to the group {group}, not to the person"),
        };
        return Err(ApiError::because(ErrorCode::AppUserOfGroup, cause));
    }
    let taken = call
        .cell
        .unassign_app_from_person(&call.permit, &app.id, &person.id)
        .await;
    taken?;
    Ok(Reply::empty())
}

async fn load_assigned(call: &Call, app: &App, user: &UserId) -> Result<AppPerson, ApiError> {
    let reader = call.reader()?;
    match call.cell.find_app_person(&reader, &app.id, user).await {
        Err(Refusal::NotFound) => Err(ApiError::not_found(Thing::AppUser, user.as_str())),
        other => Ok(other?),
    }
}

fn parse_assignment(bytes: &[u8]) -> Result<AssignmentInput, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let id = fields.take_text("id")?;
    let scope = match fields.take_text("scope")?.as_deref() {
        None => None,
        Some(DIRECT) => Some(Scope::Direct),
        Some(THROUGH_GROUP) => Some(Scope::Group),
        Some(_) => return Err(ApiError::invalid("scope", "use USER or GROUP")),
    };
    let mut user_name = None;
    if let Some(mut credentials) = fields.take_object("credentials")? {
        user_name = credentials.take_text("userName")?;
        if credentials.take("password").is_some() {
            return Err(ApiError::not_supported("credentials.password"));
        }
        credentials.end()?;
    }
    let profile = fields.take_object("profile")?.map(Fields::rest);
    fields.end()?;
    Ok(AssignmentInput {
        id,
        scope,
        user_name,
        profile,
    })
}

/// People have one name in all apps.
fn check_user_name(input: &AssignmentInput, person: &Person) -> Result<(), ApiError> {
    match &input.user_name {
        Some(name) if *name != person.login => {
            let problem = "it is not supported here: an app knows people by their login";
            Err(ApiError::invalid("credentials.userName", problem))
        }
        _ => Ok(()),
    }
}

fn render_app_user(call: &Call, app: &App, assigned: &AppPerson) -> Value {
    let way = AppWay {
        way: assigned.way.clone(),
        assigned_at: assigned.assigned_at,
        attributes: assigned.attributes.clone(),
    };
    render_way(call, &app.id, &assigned.person, &way)
}

/// How an app is assigned to a person, and since when.
pub(super) fn render_way(call: &Call, app: &AppId, person: &Person, way: &AppWay) -> Value {
    let since = way.assigned_at.to_rfc3339_millis();
    let (scope, group) = match &way.way {
        Way::Direct => (DIRECT, None),
        Way::Group(_) if call.permit.custom_caller().is_some() => (THROUGH_GROUP, None),
        Way::Group(group) => {
            let href = call.href(&format!("/api/v1/groups/{group}"));
            (THROUGH_GROUP, Some(json!({ "href": href })))
        }
    };
    let status = match person.status.may_act() {
        true => "ACTIVE",
        false => "INACTIVE",
    };
    // Whoever may assign the app may not look at what people have in it.
    let profile = call
        .permit
        .custom_caller()
        .is_none()
        .then(|| way.attributes.values());
    json!({
        "id": person.id.as_str(),
        "scope": scope,
        "status": status,
        "created": since,
        "lastUpdated": since,
        "syncState": "DISABLED",
        "credentials": { "userName": person.login },
        "profile": profile,
        "_links": {
            "app": { "href": call.href(&format!("/api/v1/apps/{app}")) },
            "user": { "href": call.href(&format!("/api/v1/users/{}", person.id)) },
            "group": group,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{AssignmentInput, Scope, parse_assignment};
    use serde_json::json;

    #[test]
    fn an_assignment_names_somebody_and_what_they_have_in_the_app() {
        let parse = |body: serde_json::Value| parse_assignment(body.to_string().as_bytes());
        let good = json!({
            "id": "00u", "scope": "USER", "status": "ACTIVE", "_links": {}, "profile": {},
            "credentials": { "userName": "ada", "password": null },
        });
        assert_eq!(
            parse(good).unwrap(),
            AssignmentInput {
                id: Some("00u".into()),
                scope: Some(Scope::Direct),
                user_name: Some("ada".into()),
                profile: Some(serde_json::Map::new()),
            }
        );
        for bad in [
            json!({ "id": 1 }),
            json!({ "scope": "ORG" }),
            json!({ "profile": "x" }),
            json!({ "credentials": { "password": { "value": "x" } } }),
            json!({ "priority": 1 }),
        ] {
            assert!(parse(bad.clone()).is_err(), "{bad}");
        }
    }
}
