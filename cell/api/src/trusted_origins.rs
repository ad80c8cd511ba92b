//! Sites that the org trusts: whose scripts may read what is answered here, and to which browsers may be sent on.

pub(crate) mod described;

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::TRUSTED_ORIGINS_PAGE;
use crate::reply::Reply;
use crate::search::Kind;
use crate::shown::{status_of, switched_links};
use crate::whole_list::{find_filter, page_of};
use identity::condition::{Condition, Operand};
use identity::fault::{Fault, Refusal};
use identity::trusted_origin::operations::OriginChange;
use identity::trusted_origin::{OriginInput, Trust, TrustedOrigin, store};
use serde_json::{Value, json};
use vocab::id::TrustedOriginId;

/// What is shown of a trusted origin, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 6] = [
    "id",
    "created",
    "createdBy",
    "lastUpdated",
    "lastUpdatedBy",
    "_links",
];
pub(crate) const CORS: &str = "CORS";
pub(crate) const REDIRECT: &str = "REDIRECT";

/// What can be asked for by a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Id,
    Name,
    Origin,
    Status,
    Created,
    LastUpdated,
}

fn find_attribute(name: &str) -> Option<(Attribute, Kind)> {
    Some(match name {
        "id" => (Attribute::Id, Kind::Text),
        "name" => (Attribute::Name, Kind::Text),
        "origin" => (Attribute::Origin, Kind::Text),
        "status" => (Attribute::Status, Kind::Text),
        "created" => (Attribute::Created, Kind::Moment),
        "lastUpdated" => (Attribute::LastUpdated, Kind::Moment),
        _ => return None,
    })
}

fn holds(condition: &Condition<Attribute>, origin: &TrustedOrigin) -> bool {
    condition.holds(&|attribute| {
        Some(match attribute {
            Attribute::Id => Operand::Exact(origin.id.to_string()),
            Attribute::Name => Operand::Text(origin.name.clone()),
            Attribute::Origin => Operand::Text(origin.origin.clone()),
            Attribute::Status => Operand::Text(status_of(origin.active).to_owned()),
            Attribute::Created => Operand::Moment(origin.created_at),
            Attribute::LastUpdated => Operand::Moment(origin.updated_at),
        })
    })
}

/// `GET /api/v1/trustedOrigins`: there are few, so that any filter is answered.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let filter = find_filter(&call, &find_attribute)?;
    let wanted = call.query.get("q").map(str::to_lowercase);
    let mut origins = load_all(&call).await?;
    origins.retain(|origin| {
        let texts = [&origin.name, &origin.origin];
        let is_found = wanted.as_ref().is_none_or(|wanted| {
            texts
                .iter()
                .any(|text| text.to_lowercase().contains(wanted))
        });
        is_found && filter.as_ref().is_none_or(|filter| holds(filter, origin))
    });
    let (origins, next) = page_of(&call, origins, TRUSTED_ORIGINS_PAGE, |origin| {
        origin.id.as_str()
    })?;
    let origins: Vec<Value> = origins.iter().map(|origin| render(&call, origin)).collect();
    Ok(call.paged(Reply::of(Value::from(origins)), next.as_ref()))
}

async fn load_all(call: &Call) -> Result<Vec<TrustedOrigin>, Fault> {
    let mut tx = call.cell.database.read().await?;
    Ok(store::load_all(&mut tx, &call.context.org).await?)
}

/// `POST /api/v1/trustedOrigins`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let mut fields = Fields::parse(call.json()?)?;
    let problem = "it counts from the start; deactivate it afterwards";
    fields.take_only("status", &["ACTIVE"], problem)?;
    let input = parse(fields)?;
    let made = call.cell.create_trusted_origin(&call.permit, input);
    let origin = made.await?;
    Ok(Reply::of(render(&call, &origin)))
}

/// `GET /api/v1/trustedOrigins/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let origin = load(&call).await?;
    Ok(Reply::of(render(&call, &origin)))
}

/// The trusted origin that the path names.
async fn load(call: &Call) -> Result<TrustedOrigin, ApiError> {
    let id = named(call)?;
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    let origin = store::load(&mut tx, &call.context.org, &id).await;
    origin.map_err(Fault::from)?.ok_or_else(|| missing(call))
}

/// `PUT /api/v1/trustedOrigins/{id}`; whether it counts is changed by its life cycle.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let origin = load(&call).await?;
    let mut fields = Fields::parse(call.json()?)?;
    fields.ignore_read_only(&["status"]);
    let input = parse(fields)?;
    change(&call, &origin.id, OriginChange::Set(input)).await
}

/// `DELETE /api/v1/trustedOrigins/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let id = named(&call)?;
    match call.cell.delete_trusted_origin(&call.permit, &id).await {
        Err(Refusal::NotFound) => Err(missing(&call)),
        other => Ok(other.map(|()| Reply::empty())?),
    }
}

/// `POST …/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    let id = named(&call)?;
    change(&call, &id, OriginChange::Activate).await
}

/// `POST …/lifecycle/deactivate`: from now on its scripts read nothing more.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    let id = named(&call)?;
    change(&call, &id, OriginChange::Deactivate).await
}

async fn change(
    call: &Call,
    id: &TrustedOriginId,
    change: OriginChange,
) -> Result<Reply, ApiError> {
    let changed = call
        .cell
        .change_trusted_origin(&call.permit, id, change)
        .await;
    match changed {
        Err(Refusal::NotFound) => Err(missing(call)),
        other => Ok(Reply::of(render(call, &other?))),
    }
}

fn named(call: &Call) -> Result<TrustedOriginId, ApiError> {
    TrustedOriginId::parse(call.parameter("id")).map_err(|_| missing(call))
}

fn missing(call: &Call) -> ApiError {
    ApiError::not_found(Thing::TrustedOrigin, call.parameter("id"))
}

/// What a body says of a site.
fn parse(mut fields: Fields) -> Result<OriginInput, ApiError> {
    fields.ignore_read_only(&READ_ONLY);
    let name = fields.take_text("name")?.unwrap_or_default();
    let origin = fields.take_text("origin")?.unwrap_or_default();
    let mut trust = Trust {
        cors: false,
        redirect: false,
    };
    for mut scope in fields.take_objects("scopes")?.unwrap_or_default() {
        match scope.take_text("type")?.as_deref() {
            Some(CORS) => trust.cors = true,
            Some(REDIRECT) => trust.redirect = true,
            // Nobody may put a page of ours into a frame: there is nothing that could be let through.
            _ => return Err(scope.refusal("type", "use CORS or REDIRECT")),
        }
        scope.end()?;
    }
    fields.end()?;
    Ok(OriginInput {
        name,
        origin,
        trust,
    })
}

fn render(call: &Call, origin: &TrustedOrigin) -> Value {
    let href = call.href(&format!("/api/v1/trustedOrigins/{}", origin.id));
    let scopes = [(CORS, origin.trust.cors), (REDIRECT, origin.trust.redirect)];
    let scopes = scopes.into_iter().filter(|(_, trusted)| *trusted);
    let scopes: Vec<Value> = scopes.map(|(word, _)| json!({ "type": word })).collect();
    json!({
        "id": origin.id.as_str(),
        "name": origin.name,
        "origin": origin.origin,
        "scopes": scopes,
        "status": status_of(origin.active),
        "created": origin.created_at.to_rfc3339_millis(),
        "lastUpdated": origin.updated_at.to_rfc3339_millis(),
        "_links": switched_links(&href, origin.active, &[]),
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::body::Fields;
    use serde_json::json;

    #[test]
    fn scopes_are_two_words_and_nothing_else() {
        for (scopes, expected) in [
            (json!([{ "type": "CORS" }]), Some((true, false))),
            (json!([{ "type": "REDIRECT" }]), Some((false, true))),
            (
                json!([{ "type": "REDIRECT" }, { "type": "CORS" }, { "type": "CORS" }]),
                Some((true, true)),
            ),
            (json!([]), Some((false, false))),
            (json!(null), Some((false, false))),
            (json!([{ "type": "IFRAME_EMBED" }]), None),
            (
                json!([{ "type": "CORS", "allowedOktaApps": ["OKTA_ENDUSER"] }]),
                None,
            ),
            (json!([{ "type": "cors" }]), None),
            (json!([{}]), None),
            (json!(["CORS"]), None),
            (json!("CORS"), None),
        ] {
            let body = json!({ "name": "n", "origin": "https://a.example", "scopes": scopes });
            let fields = Fields::parse(body.to_string().as_bytes()).unwrap();
            let seen = parse(fields)
                .ok()
                .map(|input| (input.trust.cors, input.trust.redirect));
            assert_eq!(seen, expected, "{body}");
        }
    }
}
