//! Behaviours: what is unusual of a sign-in. Kinds that need to know where on earth an address is, or whose network it lies in, are
//! refused: nothing here knows that.

pub(crate) mod described;

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::limits::CHANGE_ATTEMPTS_MAX;
use crate::reply::Reply;
use crate::shown::{moment, status_of};
use identity::behavior::operations::NewBehavior;
use identity::behavior::store;
use identity::behavior::{Behavior, BehaviorKind, StoredBehavior};
use identity::fault::{Fault, Refusal};
use serde_json::{Value, json};
use vocab::id::BehaviorId;

/// What is shown of a behaviour, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 6] = [
    "id",
    "created",
    "lastUpdated",
    "_link",
    "_links",
    "_embedded",
];
/// Kinds that nobody could tell here.
const UNTOLD: [&str; 3] = ["ANOMALOUS_LOCATION", "ANOMALOUS_ASN", "VELOCITY"];
const EVENTS_MAX: &str = "maxEventsUsedForEvaluation";
const EVENTS_MIN: &str = "minEventsNeededForEvaluation";

/// `GET /api/v1/behaviors`: there are few, which are listed whole.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let behaviors = {
        let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
        store::load_all(&mut tx, &call.context.org).await?
    };
    let shown: Vec<Value> = behaviors
        .iter()
        .map(|stored| render(&call, stored))
        .collect();
    Ok(Reply::of(Value::from(shown)))
}

/// `GET /api/v1/behaviors/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let stored = load(&call).await?;
    Ok(Reply::of(render(&call, &stored)))
}

/// `POST /api/v1/behaviors`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let wanted = parse(Fields::parse(call.json()?)?, true)?;
    let made = call.cell.create_behavior(&call.permit, wanted);
    let behavior = made.await.map_err(refused)?;
    let stored = reload(&call, &behavior.id).await?;
    Ok(Reply::of(render(&call, &stored)))
}

/// `PUT /api/v1/behaviors/{id}`; what is compared stays.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    change(&call, |present| {
        let wanted = parse(Fields::parse(call.json()?)?, present.active)?;
        Ok(Behavior {
            id: present.id.clone(),
            name: wanted.name.trim().to_owned(),
            kind: wanted.kind,
            events_max: wanted.events_max,
            events_min: wanted.events_min,
            active: wanted.active,
        })
    })
    .await
}

/// `DELETE /api/v1/behaviors/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a behaviour that a rule names.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let stored = load(&call).await?;
    let deleted = call.cell.delete_behavior(&call.permit, &stored.behavior.id);
    deleted.await.map_err(refused)?;
    Ok(Reply::empty())
}

/// `POST …/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    switch(&call, true).await
}

/// `POST …/lifecycle/deactivate`: from now on it is never detected.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    switch(&call, false).await
}

async fn switch(call: &Call, active: bool) -> Result<Reply, ApiError> {
    change(call, |present| {
        Ok(Behavior {
            active,
            ..present.clone()
        })
    })
    .await
}

async fn change(
    call: &Call,
    plan: impl Fn(&Behavior) -> Result<Behavior, ApiError> + Send + Sync,
) -> Result<Reply, ApiError> {
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let stored = load(call).await?;
        let planned = plan(&stored.behavior)?;
        let id = planned.id.clone();
        let changed = call
            .cell
            .update_behavior(&call.permit, planned, stored.revision);
        match changed.await {
            Ok(()) => {
                let stored = reload(call, &id).await?;
                return Ok(Reply::of(render(call, &stored)));
            }
            Err(Refusal::Changed) => {}
            Err(refusal) => return Err(refused(refusal)),
        }
    }
    Err(Refusal::Changed.into())
}

/// The behaviour that the path names.
async fn load(call: &Call) -> Result<StoredBehavior, ApiError> {
    let named = call.parameter("id");
    let missing = || ApiError::not_found(Thing::Behavior, named);
    let id = BehaviorId::parse(named).map_err(|_| missing())?;
    reload(call, &id).await
}

async fn reload(call: &Call, id: &BehaviorId) -> Result<StoredBehavior, ApiError> {
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    let stored = store::load(&mut tx, &call.context.org, id).await?;
    stored.ok_or_else(|| ApiError::not_found(Thing::Behavior, id.as_str()))
}

/// The reasons of the domain in the words of the wire.
fn refused(refusal: Refusal) -> ApiError {
    let field = match &refusal {
        Refusal::Invalid {
            field: "events_max",
            ..
        } => "settings.maxEventsUsedForEvaluation",
        Refusal::Invalid {
            field: "events_min",
            ..
        } => "settings.minEventsNeededForEvaluation",
        _ => return refusal.into(),
    };
    match refusal {
        Refusal::Invalid { problem, .. } => ApiError::invalid(field, &problem.to_string()),
        other => other.into(),
    }
}

fn parse(mut fields: Fields, is_active: bool) -> Result<NewBehavior, ApiError> {
    fields.ignore_read_only(&READ_ONLY);
    let kind = fields.take_text("type")?.unwrap_or_default();
    let Some(kind) = BehaviorKind::from_word(&kind) else {
        if UNTOLD.contains(&kind.as_str()) {
            let cause = format!("type: {kind} needs to know places or networks of addresses");
            return Err(ApiError::because(ErrorCode::Unsupported, cause));
        }
        return Err(fields.refusal("type", "use ANOMALOUS_DEVICE or ANOMALOUS_IP"));
    };
    let name = fields.take_text("name")?.unwrap_or_default();
    let active = match fields.take_text("status")?.as_deref() {
        None => is_active,
        Some("ACTIVE") => true,
        Some("INACTIVE") => false,
        Some(_) => return Err(fields.refusal("status", "use ACTIVE or INACTIVE")),
    };
    let (mut events_max, mut events_min) = (kind.usual_events_max(), 0);
    if let Some(mut settings) = fields.take_object("settings")? {
        for (field, number) in [(EVENTS_MAX, &mut events_max), (EVENTS_MIN, &mut events_min)] {
            if let Some(sent) = settings.take_number(field)? {
                *number = u32::try_from(sent)
                    .map_err(|_| settings.refusal(field, "use a number from 0 on"))?;
            }
        }
        settings.end()?;
    }
    fields.end()?;
    Ok(NewBehavior {
        name,
        kind,
        events_max,
        events_min,
        active,
    })
}

fn render(call: &Call, stored: &StoredBehavior) -> Value {
    let behavior = &stored.behavior;
    let href = call.href(&format!("/api/v1/behaviors/{}", behavior.id));
    json!({
        "id": behavior.id.as_str(),
        "name": behavior.name,
        "type": behavior.kind.as_str(),
        "status": status_of(behavior.active),
        "settings": {
            EVENTS_MAX: behavior.events_max,
            EVENTS_MIN: behavior.events_min,
        },
        "created": moment(Some(stored.created_at)),
        "lastUpdated": moment(Some(stored.updated_at)),
        "_link": {
            "self": { "href": href, "hints": { "allow": ["GET", "PUT", "DELETE"] } },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::body::Fields;
    use identity::behavior::BehaviorKind;
    use serde_json::{Value, json};

    fn read(body: &Value) -> Result<(BehaviorKind, u32, u32, bool), String> {
        let fields = Fields::parse(body.to_string().as_bytes()).unwrap();
        let wanted = parse(fields, true).map_err(|error| error.render("").to_string())?;
        Ok((
            wanted.kind,
            wanted.events_max,
            wanted.events_min,
            wanted.active,
        ))
    }

    #[test]
    fn what_is_left_out_is_as_the_description_says() {
        let device = json!({ "name": "New Device", "type": "ANOMALOUS_DEVICE" });
        let seen = read(&device).unwrap();
        assert_eq!(seen, (BehaviorKind::AnomalousDevice, 20, 0, true));
        let address = json!({
            "name": "New IP", "type": "ANOMALOUS_IP", "status": "INACTIVE",
            "settings": { "minEventsNeededForEvaluation": 3 }, "id": "x", "_link": {},
        });
        let seen = read(&address).unwrap();
        assert_eq!(seen, (BehaviorKind::AnomalousIp, 50, 3, false));
    }

    #[test]
    fn what_nobody_can_tell_is_refused() {
        for (field, value, place) in [
            ("type", json!("ANOMALOUS_LOCATION"), "ANOMALOUS_LOCATION"),
            ("type", json!("ANOMALOUS_ASN"), "ANOMALOUS_ASN"),
            ("type", json!("VELOCITY"), "VELOCITY"),
            ("type", json!("STRANGE"), "type"),
            ("type", json!(null), "type"),
            ("status", json!("DELETED"), "status"),
            ("settings", json!({ "velocityKph": 805 }), "velocityKph"),
            ("settings", json!({ "granularity": "CITY" }), "granularity"),
            (
                "settings",
                json!({ "maxEventsUsedForEvaluation": -1 }),
                "settings.maxEventsUsedForEvaluation",
            ),
            (
                "settings",
                json!({ "maxEventsUsedForEvaluation": "20" }),
                "settings.maxEventsUsedForEvaluation",
            ),
            ("color", json!("red"), "color"),
        ] {
            let mut body = json!({ "name": "New", "type": "ANOMALOUS_IP" });
            body[field] = value;
            let refused = read(&body).unwrap_err();
            assert!(refused.contains(place), "{body}: {refused}");
        }
    }
}
