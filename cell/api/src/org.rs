//! The org itself: what it is called, and what is said of it to whoever asks before signing in.

pub(crate) mod described;

use crate::authn::open::OpenCall;
use crate::body::Fields;
use crate::call::Call;
use crate::error::ApiError;
use crate::limits::CHANGE_ATTEMPTS_MAX;
use crate::reply::Reply;
use identity::fault::{Fault, Refusal};
use identity::org::{Org, store};
use serde_json::{Value, json};

/// What is shown of the org, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 7] = [
    "id",
    "subdomain",
    "status",
    "created",
    "lastUpdated",
    "expiresAt",
    "_links",
];
/// By which API programs sign people in here: clients in the field tell two apart, and this is the classic one.
pub(crate) const PIPELINE: &str = "v1";

/// `GET /api/v1/org`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let org = load(&call).await?;
    Ok(Reply::of(render(&call, &org)))
}

/// `POST /api/v1/org`: what is named is changed.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn update(call: Call) -> Result<Reply, ApiError> {
    match parse(call.json()?)? {
        Some(name) => rename(&call, &name).await,
        None => Ok(Reply::of(render(&call, &load(&call).await?))),
    }
}

/// `PUT /api/v1/org`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let name = parse(call.json()?)?;
    let name = name.ok_or_else(|| ApiError::invalid("companyName", "it is required"))?;
    rename(&call, &name).await
}

/// The name that a body gives, if it gives one. Addresses and telephone numbers of an organisation are no part of this
/// product.
fn parse(bytes: &[u8]) -> Result<Option<String>, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let name = fields.take_text("companyName")?;
    fields.end()?;
    Ok(name)
}

async fn rename(call: &Call, name: &str) -> Result<Reply, ApiError> {
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let org = load(call).await?;
        if org.name == name {
            return Ok(Reply::of(render(call, &org)));
        }
        let settings = org.settings.clone();
        match call
            .cell
            .update_org(&call.permit, org, name, settings)
            .await
        {
            Ok(()) => return Ok(Reply::of(render(call, &load(call).await?))),
            Err(Refusal::Changed) => {}
            Err(Refusal::Invalid {
                field: "name",
                problem,
            }) => return Err(ApiError::invalid("companyName", &problem.to_string())),
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(Refusal::Changed.into())
}

/// The org that is called.
pub(crate) async fn load(call: &Call) -> Result<Org, ApiError> {
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    let org = store::load(&mut tx, &call.context.org).await?;
    Ok(org.ok_or(Refusal::NotFound)?)
}

fn render(call: &Call, org: &Org) -> Value {
    let href = call.href("/api/v1/org");
    json!({
        "id": org.id.as_str(),
        "companyName": org.name,
        "subdomain": org.slug.as_str(),
        "status": "ACTIVE",
        "created": org.created_at.to_rfc3339_millis(),
        "lastUpdated": org.updated_at.to_rfc3339_millis(),
        "_links": { "self": { "href": href, "hints": { "allow": ["GET", "POST", "PUT"] } } },
    })
}

/// `GET /.well-known/okta-organization`: for clients that ask how people sign in here before they do.
///
/// # Errors
/// None but faults.
pub async fn describe(call: OpenCall) -> Result<Reply, ApiError> {
    Ok(Reply::of(json!({
        "id": call.context.org.as_str(),
        "pipeline": PIPELINE,
        "_links": { "organization": { "href": call.href("") } },
    })))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use serde_json::json;

    #[test]
    fn an_org_has_a_name_and_nothing_else_that_is_set_here() {
        let parse = |body: serde_json::Value| parse(body.to_string().as_bytes()).ok();
        let shown = json!({ "id": "00o", "companyName": "A", "subdomain": "main", "status": "ACTIVE",
            "created": "x", "lastUpdated": "x", "_links": {} });
        assert_eq!(parse(shown), Some(Some("A".into())));
        assert_eq!(parse(json!({})), Some(None));
        for bad in [
            json!({ "website": "https://a.example" }),
            json!({ "phoneNumber": "1" }),
            json!({ "companyName": 1 }),
            json!([]),
        ] {
            assert_eq!(parse(bad.clone()), None, "{bad}");
        }
    }
}
