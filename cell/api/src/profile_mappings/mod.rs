//! Mappings of profiles: what people have in an app because of what their own profiles say. There is one for each app, for people of every
//! type; its source is said to be the type that every org has. None leads from an app to people, and so the list has none whose source is an app.

pub(crate) mod described;

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::{CHANGE_ATTEMPTS_MAX, PROFILE_MAPPINGS_PAGE};
use crate::reply::Reply;
use crate::user_schema::render::{schema_href, type_href};
use identity::app::App;
use identity::app::search::{AppSearch, MAKE};
use identity::fault::Refusal;
use identity::profile_mapping::{
    Change, MappingRefusal, Misfit, ProfileMapping, Property, PushStatus,
};
use identity::user_type::id_of;
use serde_json::{Map, Value, json};
use vocab::id::AppId;

/// What ids begin with; the rest is that of the app's.
const PREFIX: &str = "prm";
/// What is shown of a mapping, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 4] = ["id", "source", "target", "_links"];
/// What a mapping is from, and what it is to.
pub(crate) const SOURCE: &str = "user";
pub(crate) const TARGET: &str = "appuser";

/// The id of the mapping of an app.
pub(crate) fn mapping_id(app: &AppId) -> String {
    let whole = app.as_str();
    let own = whole.strip_prefix(AppId::PREFIX).unwrap_or(whole);
    format!("{PREFIX}{own}")
}

fn app_of(id: &str) -> Option<AppId> {
    let own = id.strip_prefix(PREFIX)?;
    AppId::parse(&format!("{}{own}", AppId::PREFIX)).ok()
}

/// `GET /api/v1/mappings`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let limit = call.query.limit(PROFILE_MAPPINGS_PAGE)?;
    let place = call.place()?;
    let source = call.query.get("sourceId");
    if source.is_some_and(|source| source != id_of(&call.context.org, None)) {
        return Ok(call.paged(Reply::of(json!([])), None));
    }
    let search = match call.query.get("targetId") {
        Some(target) => AppSearch::by_id(target),
        None => AppSearch::every(),
    };
    let found = call.cell.search_apps(&call.permit, &search, place, limit);
    let found = found.await?;
    let shown = found.apps.iter().map(|app| Value::from(render(&call, app)));
    let shown: Vec<Value> = shown.collect();
    Ok(call.paged(Reply::of(Value::from(shown)), found.next.as_ref()))
}

/// `GET /api/v1/mappings/{mapping}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let app = load(&call).await?;
    show_of(&call, &app).await
}

async fn show_of(call: &Call, app: &App) -> Result<Reply, ApiError> {
    let reader = call.reader()?;
    let (mapping, _) = call.cell.profile_mapping(&reader, &app.id).await?;
    Ok(Reply::of(render_whole(call, app, &mapping)))
}

/// `POST /api/v1/mappings/{mapping}`: attributes that are named are mapped from now on, those that are `null` no more.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn update(call: Call) -> Result<Reply, ApiError> {
    let app = load(&call).await?;
    let change = parse_change(call.json()?)?;
    let reader = call.reader()?;
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let (mapping, ends) = call.cell.profile_mapping(&reader, &app.id).await?;
        let seen = (&mapping, &ends);
        let changed = call
            .cell
            .change_profile_mapping(&call.permit, &app.id, seen, change.clone());
        match changed.await {
            Ok(()) => return show_of(&call, &app).await,
            Err(MappingRefusal::Other(Refusal::Changed)) => {}
            Err(refusal) => return Err(refused(refusal)),
        }
    }
    Err(Refusal::Changed.into())
}

fn refused(refusal: MappingRefusal) -> ApiError {
    match refusal {
        MappingRefusal::Misfit(Misfit { name, problem }) => {
            ApiError::invalid(&format!("properties.{name}"), &problem.to_string())
        }
        MappingRefusal::Other(refusal) => refusal.into(),
    }
}

async fn load(call: &Call) -> Result<App, ApiError> {
    let named = call.parameter("mapping");
    let missing = || ApiError::not_found(Thing::ProfileMapping, named);
    let id = app_of(named).ok_or_else(missing)?;
    match call.cell.find_app(&call.reader()?, &id).await {
        Err(Refusal::NotFound) => Err(missing()),
        other => Ok(other?),
    }
}

fn parse_change(bytes: &[u8]) -> Result<Change, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let properties = fields.take_object("properties")?;
    let properties = properties.ok_or_else(|| fields.refusal("properties", "it is required"))?;
    fields.end()?;
    let properties = properties.rest().into_iter();
    let read = |(name, value): (String, Value)| {
        let property = parse_property(&name, value)?;
        Ok((name, property))
    };
    properties.map(read).collect()
}

fn parse_property(name: &str, value: Value) -> Result<Option<Property>, ApiError> {
    let place = format!("properties.{name}");
    let object = match value {
        Value::Null => return Ok(None),
        Value::Object(object) => object,
        _ => return Err(ApiError::invalid(&place, "it must be an object, or null")),
    };
    let mut fields = Fields::at(place, object);
    let expression = fields.take_text("expression")?;
    let expression = expression.ok_or_else(|| fields.refusal("expression", "it is required"))?;
    let word = fields.take_text("pushStatus")?.unwrap_or_default();
    let push = PushStatus::from_word(&word);
    let push = push.ok_or_else(|| fields.refusal("pushStatus", "use PUSH or DONT_PUSH"))?;
    fields.end()?;
    Ok(Some(Property { expression, push }))
}

/// A mapping as it is listed.
fn render(call: &Call, app: &App) -> Map<String, Value> {
    let org = &call.context.org;
    let of_app = call.href(&format!("/api/v1/apps/{}", app.id));
    let of_schema = call.href(&format!("/api/v1/meta/schemas/apps/{}/default", app.id));
    let id = mapping_id(&app.id);
    let href = call.href(&format!("/api/v1/mappings/{id}"));
    let source = json!({
        "id": id_of(org, None),
        "name": SOURCE,
        "type": SOURCE,
        "_links": {
            "self": { "href": type_href(call, org, None) },
            "schema": { "href": schema_href(call, org, None) },
        },
    });
    let target = json!({
        "id": app.id.as_str(),
        "name": MAKE,
        "type": TARGET,
        "_links": { "self": { "href": of_app }, "schema": { "href": of_schema } },
    });
    let shown = [
        ("id", Value::from(id)),
        ("source", source),
        ("target", target),
        ("_links", json!({ "self": { "href": href } })),
    ];
    Map::from_iter(shown.map(|(name, value)| (name.to_owned(), value)))
}

fn render_whole(call: &Call, app: &App, mapping: &ProfileMapping) -> Value {
    let properties = mapping.properties.iter().map(|(name, property)| {
        let shown = json!({
            "expression": property.expression,
            "pushStatus": property.push.as_str(),
        });
        (name.clone(), shown)
    });
    let mut shown = render(call, app);
    let properties: Map<String, Value> = properties.collect();
    shown.insert("properties".to_owned(), Value::from(properties));
    Value::from(shown)
}

#[cfg(test)]
mod tests {
    use super::{app_of, mapping_id, parse_change};
    use identity::profile_mapping::{Property, PushStatus};
    use serde_json::{Value, json};
    use vocab::entropy::SeededEntropy;
    use vocab::id::AppId;

    #[test]
    fn a_mapping_is_named_after_its_app() {
        let app = AppId::generate(&SeededEntropy::new(1));
        let id = mapping_id(&app);
        assert_eq!((id.len(), app_of(&id)), (20, Some(app.clone())));
        for other in [app.as_str(), "prm", "prm0oa", "", "prm/../000000000000000"] {
            assert_eq!(app_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_change_names_what_is_mapped_and_how() {
        let parse = |body: Value| parse_change(body.to_string().as_bytes());
        let good = json!({ "id": "prm", "source": {}, "target": {}, "_links": {}, "properties": {
            "title": { "expression": "user.title", "pushStatus": "DONT_PUSH" },
            "site": null,
        } });
        let change = parse(good).unwrap();
        let title = Property {
            expression: "user.title".into(),
            push: PushStatus::DontPush,
        };
        assert_eq!(change.get("title"), Some(&Some(title)));
        assert_eq!(change.get("site"), Some(&None));
        for bad in [
            json!({}),
            json!({ "properties": [] }),
            json!({ "properties": { "a": "user.title" } }),
            json!({ "properties": { "a": { "expression": "user.title" } } }),
            json!({ "properties": { "a": { "pushStatus": "PUSH" } } }),
            json!({ "properties": { "a": { "expression": "user.title", "pushStatus": "SOMETIMES" } } }),
            json!({ "properties": { "a": { "expression": 7, "pushStatus": "PUSH" } } }),
            json!({ "properties": { "a": { "expression": "1", "pushStatus": "PUSH", "b": 1 } } }),
            json!({ "properties": {}, "other": 1 }),
        ] {
            assert!(parse(bad.clone()).is_err(), "{bad}");
        }
    }
}
