//! Apps: listed, added, shown, changed, switched on and off, and removed.

pub(crate) mod described;
pub mod groups;
pub mod input;
pub mod keys;
pub mod links;
pub mod render;
pub mod secrets;
pub mod standing;
pub mod tokens;
pub mod users;
pub mod words;

use crate::apps::input::{parse_app, plan_change, plan_new};
use crate::apps::render::render_app;
use crate::apps::users::render_way;
use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::limits::{APPS_OF_GROUP_PAGE, APPS_PAGE, CHANGE_ATTEMPTS_MAX};
use crate::query::Query;
use crate::reply::Reply;
use crate::search::{Asked, Kind, asked, parse_condition};
use identity::access::Permission;
use identity::app::search::{AppAttribute, AppSearch};
use identity::app::{App, AppStatus};
use identity::fault::Refusal;
use serde_json::{Value, json};
use vocab::id::{AppId, UserId};

/// `GET /api/v1/apps`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let search = plan_search(&call.query)?;
    found(&call, &search, call.query.limit(APPS_PAGE)?).await
}

/// `GET /api/v1/groups/{id}/apps`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn of_group(call: Call) -> Result<Reply, ApiError> {
    let group = call.group("id").await?;
    let limit = call.query.limit(APPS_OF_GROUP_PAGE)?;
    found(&call, &AppSearch::of_group(&group.id), limit).await
}

async fn found(call: &Call, search: &AppSearch, limit: usize) -> Result<Reply, ApiError> {
    let found = call
        .cell
        .search_apps(&call.permit, search, call.place()?, limit)
        .await?;
    let apps = show_all(call, &found.apps).await?;
    Ok(call.paged(Reply::of(Value::from(apps)), found.next.as_ref()))
}

/// Apps as they are shown, each with what is done at its SCIM server: read together for all of them.
async fn render_all(call: &Call, apps: &[App]) -> Result<Vec<Value>, ApiError> {
    let features = call.cell.find_features(&call.reader()?, apps).await?;
    let features = |app: &App| features.get(&app.id).copied();
    let shown = apps.iter();
    let shown = shown.map(|app| render_app(call, app, features(app), None));
    Ok(shown.collect())
}

/// The same, each with how it is assigned to the person whom `expand` names: read together as well.
async fn show_all(call: &Call, apps: &[App]) -> Result<Vec<Value>, ApiError> {
    let shown = render_all(call, apps).await?;
    let Some(expand) = call.query.get("expand") else {
        return Ok(shown);
    };
    let named = expand.strip_prefix("user/");
    let named = named.ok_or_else(|| ApiError::invalid("expand", "use user/ and an id"))?;
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let missing = || ApiError::not_found(Thing::User, named);
    let id = UserId::parse(named).map_err(|_| missing())?;
    let person = match call.cell.find_person(&reader, id.as_str()).await {
        Err(Refusal::NotFound) => return Err(missing()),
        other => other?.person,
    };
    let ids: Vec<AppId> = apps.iter().map(|app| app.id.clone()).collect();
    let ways = call.cell.find_ways(&reader, &person, &ids).await?;
    let shown = apps.iter().zip(shown).map(|(app, mut shown)| {
        if let Some(way) = ways.get(&app.id) {
            let way = render_way(call, &app.id, &person, way);
            shown["_embedded"] = json!({ "user": way });
        }
        shown
    });
    Ok(shown.collect())
}

fn plan_search(query: &Query) -> Result<AppSearch, ApiError> {
    match asked(query)? {
        Asked::Everything => Ok(AppSearch::every()),
        Asked::Beginning(text) => Ok(AppSearch::by_beginning(text)),
        Asked::Condition(text) => {
            let condition = parse_condition(text, &find_attribute)?;
            Ok(AppSearch::plan(&condition)?)
        }
    }
}

fn find_attribute(name: &str) -> Option<(AppAttribute, Kind)> {
    use AppAttribute as Of;
    let attribute = match name {
        "id" => Of::Id,
        "status" => Of::Status,
        "name" => Of::Make,
        "user.id" => Of::Person,
        "group.id" => Of::Group,
        _ => return None,
    };
    Some((attribute, Kind::Text))
}

/// The app whose id is a parameter of the path.
///
/// # Errors
/// [`ApiError`] if this org has none such.
pub(crate) async fn load_app(call: &Call) -> Result<App, ApiError> {
    let named = call.parameter("id");
    let missing = || ApiError::not_found(Thing::App, named);
    let id = AppId::parse(named).map_err(|_| missing())?;
    let reader = call.reader()?;
    match call.cell.find_app(&reader, &id).await {
        Err(Refusal::NotFound) => Err(missing()),
        other => Ok(other?),
    }
}

/// `GET /api/v1/apps/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let mut shown = show_all(&call, std::slice::from_ref(&app)).await?;
    Ok(Reply::of(shown.pop().unwrap_or_default()))
}

/// `POST /api/v1/apps`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let status = match call.query.flag("activate", true)? {
        true => AppStatus::Active,
        false => AppStatus::Inactive,
    };
    let new = plan_new(parse_app(call.json()?)?)?;
    let created = call.cell.add_app(&call.permit, new, status).await?;
    let secret = created.secret.as_ref();
    Ok(Reply::of(render_app(&call, &created.app, None, secret)))
}

/// `PUT /api/v1/apps/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let present = load_app(&call).await?;
        let mut input = parse_app(call.json()?)?;
        if call.permit.custom_caller().is_some() {
            input.keep_visibility(&present);
        }
        let change = plan_change(&present, input)?;
        let (id, revision) = (&present.id, present.revision);
        let changed = call.cell.update_app(&call.permit, id, revision, change);
        match changed.await {
            Ok(()) => {
                let app = load_app(&call).await?;
                let mut shown = render_all(&call, std::slice::from_ref(&app)).await?;
                return Ok(Reply::of(shown.pop().unwrap_or_default()));
            }
            Err(Refusal::Changed) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(Refusal::Changed.into())
}

/// `DELETE /api/v1/apps/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    match call.cell.delete_app(&call.permit, &app.id).await {
        Ok(()) => Ok(Reply::empty()),
        Err(Refusal::WrongState(why)) => Err(ApiError::because(ErrorCode::AppInUse, why)),
        Err(refusal) => Err(refusal.into()),
    }
}

/// `POST …/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    call.cell.activate_app(&call.permit, &app.id).await?;
    Ok(Reply::done())
}

/// `POST …/lifecycle/deactivate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    call.cell.deactivate_app(&call.permit, &app.id).await?;
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use super::plan_search;
    use crate::query::Query;

    #[test]
    fn lists_are_asked_for_in_ways_that_an_index_answers() {
        for (text, is_good) in [
            ("", true),
            ("q=Wiki", true),
            ("filter=status+eq+%22ACTIVE%22", true),
            ("filter=name+eq+%22oidc_client%22+and+id+eq+%220oa%22", true),
            (
                "filter=user.id+eq+%2200u%22+and+not+(status+eq+%22ACTIVE%22)",
                true,
            ),
            ("filter=group.id+eq+%2200g%22", true),
            ("filter=not+(status+eq+%22ACTIVE%22)", false),
            (
                "filter=user.id+eq+%2200u%22+or+status+eq+%22ACTIVE%22",
                false,
            ),
            ("filter=label+sw+%22W%22", false),
            ("filter=credentials.signing.kid+eq+%22k%22", false),
            ("q=a&filter=id+eq+%220oa%22", false),
        ] {
            let query = Query::parse(text).unwrap();
            assert_eq!(plan_search(&query).is_ok(), is_good, "{text}");
        }
    }
}
