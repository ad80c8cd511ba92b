//! What is done about addresses from which many different names fail to sign in.

pub(crate) mod described;

use crate::body::Fields;
use crate::call::Call;
use crate::error::ApiError;
use crate::reply::Reply;
use crate::shown::moment;
use identity::fault::{Fault, Refusal};
use identity::org::Org;
use identity::threat::ThreatAction;
use serde_json::{Value, json};
use vocab::id::ZoneId;

/// What is shown, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 3] = ["created", "lastUpdated", "_links"];
/// Where this answers.
const HERE: &str = "/api/v1/threats/configuration";

/// The org as it is stored now: what was changed a moment ago is seen.
async fn load(call: &Call) -> Result<Org, ApiError> {
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    let org = identity::org::store::load(&mut tx, &call.context.org).await?;
    Ok(org.ok_or(Refusal::NotFound)?)
}

/// `GET /api/v1/threats/configuration`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    Ok(Reply::of(render(&call, &load(&call).await?)))
}

/// `POST /api/v1/threats/configuration`: zones that are not named stay.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn update(call: Call) -> Result<Reply, ApiError> {
    let (action, zones) = parse(Fields::parse(call.json()?)?)?;
    let changed = call.cell.change_threats(&call.permit, action, zones, None);
    changed.await?;
    Ok(Reply::of(render(&call, &load(&call).await?)))
}

fn parse(mut fields: Fields) -> Result<(ThreatAction, Option<Vec<ZoneId>>), ApiError> {
    fields.ignore_read_only(&READ_ONLY);
    let word = fields.take_text("action")?;
    let word = word.ok_or_else(|| ApiError::invalid("action", "it is required"))?;
    let mut known = ThreatAction::ALL.into_iter();
    let action = known
        .find(|action| action.as_str() == word)
        .ok_or_else(|| ApiError::invalid("action", "use none, audit or block"))?;
    let ids = fields.take_texts("excludeZones")?;
    fields.end()?;
    let parse = |id: &String| {
        let unknown = |_| ApiError::invalid("excludeZones", "it names what is no zone");
        ZoneId::parse(id).map_err(unknown)
    };
    let zones = ids.map(|ids| ids.iter().map(parse).collect::<Result<_, _>>());
    Ok((action, zones.transpose()?))
}

fn render(call: &Call, org: &Org) -> Value {
    let threats = &org.settings.threats;
    let zones: Vec<&str> = threats.exclude_zones.iter().map(ZoneId::as_str).collect();
    json!({
        "action": threats.action.as_str(),
        "excludeZones": zones,
        "created": moment(Some(org.created_at)),
        "lastUpdated": moment(Some(org.updated_at)),
        "_links": {
            "self": { "href": call.href(HERE), "hints": { "allow": ["GET", "POST"] } },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::body::Fields;
    use identity::threat::ThreatAction;
    use serde_json::{Value, json};

    #[test]
    fn a_body_names_an_action_and_perhaps_zones() {
        let read = |body: Value| parse(Fields::parse(body.to_string().as_bytes()).unwrap());
        let id = "nzo1a2b3c4d5e6f7g8h9";
        let audit = read(json!({ "action": "audit", "created": "x", "_links": {} })).unwrap();
        assert_eq!(audit, (ThreatAction::Audit, None));
        let block = read(json!({ "action": "block", "excludeZones": [id] })).unwrap();
        assert_eq!(block.0, ThreatAction::Block);
        assert_eq!(block.1.unwrap()[0].as_str(), id);
        for wrong in [
            json!({}),
            json!({ "action": "BLOCK" }),
            json!({ "action": "challenge" }),
            json!({ "action": "none", "excludeZones": "all" }),
            json!({ "action": "none", "excludeZones": ["Office"] }),
            json!({ "action": "none", "threshold": 3 }),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
