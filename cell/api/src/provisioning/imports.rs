//! Imports: who has an account at the SCIM server of an app, who of the organisation they are, and linking and making those.

use crate::apps::load_app;
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::PROVISIONED_PAGE;
use crate::provisioning::connection::render_import;
use crate::provisioning::{load, missing, refused};
use crate::reply::Reply;
use crate::shown::text;
use identity::access::Permission;
use identity::condition::Place;
use identity::fault::Refusal;
use identity::provisioning::import::{CONFIRMED_MAX, Found};
use serde_json::{Value, json};

/// `POST …/provisioning/imports`: begins one.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn begin(call: Call) -> Result<Reply, ApiError> {
    let (app, _) = load(&call).await?;
    let begun = call.cell.begin_import(&call.permit, &app.id).await;
    Ok(Reply::of(render_import(&begun.map_err(refused)?)))
}

/// `GET …/provisioning/imports`: the one that is under way, or the last.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let (app, _) = load(&call).await?;
    match call.cell.find_import(&call.permit, &app.id).await {
        Err(Refusal::NotFound) => Err(missing(&call, Thing::AppImport, "id")),
        other => Ok(Reply::of(render_import(&other?))),
    }
}

/// `GET …/provisioning/imports/people`: who was found.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let (app, _) = load(&call).await?;
    let limit = call.query.limit(PROVISIONED_PAGE)?;
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let found = call.cell.list_found(&call.permit, &app.id, (&after, most));
    let mut found = found.await?;
    let is_last = found.len() <= limit;
    found.truncate(limit);
    let next = found.last().filter(|_| !is_last);
    let next = next.map(|found| Place::at(&found.peer_id));
    let shown: Vec<Value> = found.iter().map(render).collect();
    Ok(call.paged(Reply::of(Value::from(shown)), next.as_ref()))
}

/// `POST …/provisioning/imports/link`: those who matched somebody are linked to them.
///
/// # Errors
/// [`ApiError`] as every operation; what became of each is answered.
pub async fn link(call: Call) -> Result<Reply, ApiError> {
    let (app, _) = load(&call).await?;
    let mut outcomes = Vec::new();
    for id in parse_ids(call.json()?)? {
        let linked = call.cell.link_found(&call.permit, &app, &id).await;
        outcomes.push(render_outcome(&id, linked)?);
    }
    Ok(Reply::of(Value::from(outcomes)))
}

/// `POST …/provisioning/imports/create`: people are added for those who matched nobody.
///
/// # Errors
/// [`ApiError`] as every operation; what became of each is answered.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let ids = parse_ids(call.json()?)?;
    let of_apps = call.permit_for(Permission::ManageApps)?;
    let mut outcomes = Vec::new();
    for id in ids {
        let made = call
            .cell
            .make_found((&call.permit, &of_apps), &app, &id)
            .await;
        outcomes.push(render_outcome(&id, made)?);
    }
    Ok(Reply::of(Value::from(outcomes)))
}

fn parse_ids(bytes: &[u8]) -> Result<Vec<String>, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    let ids = fields.take_texts("ids")?.unwrap_or_default();
    if ids.is_empty() || ids.len() > CONFIRMED_MAX {
        return Err(fields.refusal("ids", "name 1 to 100"));
    }
    fields.end()?;
    Ok(ids)
}

/// What became of one; what is our fault ends the whole.
fn render_outcome(id: &str, outcome: Result<Found, Refusal>) -> Result<Value, ApiError> {
    match outcome {
        Ok(found) => Ok(render(&found)),
        Err(Refusal::Fault(fault)) => Err(Refusal::Fault(fault).into()),
        Err(refusal) => Ok(json!({ "id": id, "failure": refusal.to_string() })),
    }
}

fn render(found: &Found) -> Value {
    json!({
        "id": found.peer_id,
        "verdict": found.verdict.as_str(),
        "reason": text(&found.reason),
        "userName": text(&found.user_name),
        "email": text(&found.email),
        "givenName": text(&found.given_name),
        "familyName": text(&found.family_name),
        "active": found.active,
        "userId": found.user_id.as_ref().map(vocab::id::UserId::as_str),
    })
}

#[cfg(test)]
mod tests {
    use super::parse_ids;
    use serde_json::json;

    #[test]
    fn a_few_are_named_at_once() {
        for (body, expected) in [
            (json!({ "ids": ["1"] }), Some(1)),
            (json!({ "ids": vec!["1"; 100] }), Some(100)),
            (json!({ "ids": vec!["1"; 101] }), None),
            (json!({ "ids": [] }), None),
            (json!({}), None),
            (json!({ "ids": [1] }), None),
            (json!({ "ids": ["1"], "all": true }), None),
        ] {
            let read = parse_ids(body.to_string().as_bytes()).ok();
            assert_eq!(read.map(|ids| ids.len()), expected, "{body}");
        }
    }
}
