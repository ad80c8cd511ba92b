//! Which apps a policy governs beside the one for every sign-in: listed, added and taken away, from either side.

use crate::apps::load_app;
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::MAPPINGS_PAGE;
use crate::policies::{Policy, load, policy_href, refused};
use crate::reply::Reply;
use identity::access::Permission;
use identity::app::App;
use identity::condition::Place;
use identity::fault::Refusal;
use identity::sign_on::PolicyScope;
use serde_json::{Value, json};
use vocab::id::{AppId, PolicyId};

/// The one kind of thing that a policy is mapped to here.
pub(crate) const APP: &str = "APP";
/// What ids of mappings begin with; the rest is that of the app, which one policy governs at most.
const PREFIX: &str = "rsm";

/// `GET /api/v1/policies/{id}/mappings`. What holds for every sign-in is not mapped to any app.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let Policy::SignOn(stored) = load(&call).await? else {
        return Ok(call.paged(Reply::of(json!([])), None));
    };
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let limit = call.query.limit(MAPPINGS_PAGE)?;
    let policy = &stored.policy.id;
    let governed = call
        .cell
        .list_governed_apps(&call.permit, policy, &after, limit);
    let (apps, has_more) = governed.await?;
    let next = apps.last().filter(|_| has_more);
    let next = next.map(|app| Place::at(app.as_str()));
    let shown = apps.iter().map(|app| render(&call, policy, app)).collect();
    Ok(call.paged(Reply::of(Value::Array(shown)), next.as_ref()))
}

/// `GET /api/v1/policies/{id}/mappings/{mapping}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let (policy, app) = find(&call).await?;
    Ok(Reply::of(render(&call, &policy, &app.id)))
}

/// `POST /api/v1/policies/{id}/mappings`: the app is governed by this policy, in the place of the one that governed it.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn add(call: Call) -> Result<Reply, ApiError> {
    let policy = load_for_apps(&call, "id").await?;
    let mut fields = Fields::parse(call.json()?)?;
    let kind = fields.take_text("resourceType")?;
    if kind.as_deref() != Some(APP) {
        return Err(fields.refusal("resourceType", "policies are mapped to apps: APP"));
    }
    let named = fields.take_text("resourceId")?.unwrap_or_default();
    fields.end()?;
    let unknown = || ApiError::invalid("resourceId", "there is no such app");
    let app = AppId::parse(&named).map_err(|_| unknown())?;
    match call.cell.put_app_policy(&call.permit, &app, &policy).await {
        Err(Refusal::NotFound) => Err(unknown()),
        Err(Refusal::WrongState(why)) => Err(ApiError::invalid("resourceId", why)),
        Err(refusal) => Err(refused(refusal)),
        Ok(()) => Ok(Reply::of(render(&call, &policy, &app))),
    }
}

/// `DELETE /api/v1/policies/{id}/mappings/{mapping}`: what holds for every sign-in is then all that governs the app.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn remove(call: Call) -> Result<Reply, ApiError> {
    let (policy, app) = find(&call).await?;
    match call
        .cell
        .take_app_policy(&call.permit, &app.id, &policy)
        .await
    {
        Err(Refusal::NotFound) => Err(missing(&call)),
        Err(refusal) => Err(refusal.into()),
        Ok(()) => Ok(Reply::empty()),
    }
}

/// `PUT /api/v1/apps/{id}/policies/{policy}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn put(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let policy = load_for_apps(&call, "policy").await?;
    match call
        .cell
        .put_app_policy(&call.permit, &app.id, &policy)
        .await
    {
        Err(Refusal::WrongState(why)) => Err(ApiError::invalid("app", why)),
        Err(refusal) => Err(refused(refusal)),
        Ok(()) => Ok(Reply::empty()),
    }
}

/// The policy that a parameter of the path names, if apps can name it.
async fn load_for_apps(call: &Call, parameter: &str) -> Result<PolicyId, ApiError> {
    match crate::policies::load_named(call, call.parameter(parameter)).await? {
        Policy::SignOn(stored) if stored.scope == PolicyScope::App && stored.active => {
            Ok(stored.policy.id)
        }
        Policy::SignOn(stored) if stored.scope == PolicyScope::App => Err(ApiError::invalid(
            "policy",
            "this policy rests; activate it first",
        )),
        _ => Err(ApiError::invalid(
            "policy",
            "it is no policy of apps: those are of type ACCESS_POLICY, but for that of the administrators' console",
        )),
    }
}

fn missing(call: &Call) -> ApiError {
    ApiError::not_found(Thing::PolicyMapping, call.parameter("mapping"))
}

/// The mapping of the path: its policy, and the app that it governs now.
async fn find(call: &Call) -> Result<(PolicyId, App), ApiError> {
    let Policy::SignOn(stored) = load(call).await? else {
        return Err(missing(call));
    };
    let policy = stored.policy.id;
    let id = parse_id(call.parameter("mapping")).ok_or_else(|| missing(call))?;
    let reader = call.permit_for(Permission::ReadDirectory)?;
    match call.cell.find_app(&reader, &id).await {
        Ok(app) if app.policy_id.as_ref() == Some(&policy) => Ok((policy, app)),
        Ok(_) | Err(Refusal::NotFound) => Err(missing(call)),
        Err(refusal) => Err(refusal.into()),
    }
}

fn parse_id(mapping: &str) -> Option<AppId> {
    let tail = mapping.strip_prefix(PREFIX)?;
    AppId::parse(&format!("{}{tail}", AppId::PREFIX)).ok()
}

/// The id of the mapping of an app.
pub(crate) fn mapping_id(app: &AppId) -> String {
    let tail = app.as_str().strip_prefix(AppId::PREFIX);
    format!("{PREFIX}{}", tail.unwrap_or_default())
}

fn render(call: &Call, policy: &PolicyId, app: &AppId) -> Value {
    let id = mapping_id(app);
    let href = policy_href(call, policy.as_str());
    json!({
        "id": id,
        "_links": {
            "self": { "href": format!("{href}/mappings/{id}"), "hints": { "allow": ["GET", "DELETE"] } },
            "policy": { "href": href, "hints": { "allow": ["GET", "PUT", "DELETE"] } },
            "application": {
                "href": call.href(&format!("/api/v1/apps/{app}")), "hints": { "allow": ["GET", "PUT", "DELETE"] },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{mapping_id, parse_id};
    use vocab::entropy::SeededEntropy;
    use vocab::id::AppId;

    #[test]
    fn a_mapping_is_named_after_its_app() {
        let app = AppId::generate(&SeededEntropy::new(7));
        let id = mapping_id(&app);
        assert_eq!(id.len(), app.as_str().len());
        assert_eq!(parse_id(&id), Some(app.clone()));
        for other in ["", "rsm", app.as_str(), "rsm\u{0}", &format!("{id}x")] {
            assert_eq!(parse_id(other), None, "{other}");
        }
    }
}
