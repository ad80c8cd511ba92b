//! Features: ways in of programs that an org can shut, what they depend on, and whether they are open. The list is the same in
//! every org; ids are not.

pub(crate) mod described;

use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::reply::Reply;
use identity::fault::{Fault, Refusal};
use identity::feature::{Door, Feature, Others, ShutDoors};
use serde_json::{Value, json};

/// The word for a feature that is on.
pub(crate) const ENABLED: &str = "ENABLED";
/// The word for one that is off.
pub(crate) const DISABLED: &str = "DISABLED";
/// The one word for what becomes of features that are in the way.
pub(crate) const FORCE: &str = "force";
/// The one type that there is.
pub(crate) const SELF_SERVICE: &str = "self-service";
/// What is said of the stage: the interface has no word for what is finished, and this is the one for what may be switched.
pub(crate) const STAGE: &str = "EA";

/// The doors as they are stored now: what was changed a moment ago is seen.
async fn load(call: &Call) -> Result<ShutDoors, ApiError> {
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    let org = identity::org::store::load(&mut tx, &call.context.org).await?;
    Ok(org.ok_or(Refusal::NotFound)?.settings.shut_doors)
}

fn find(call: &Call) -> Result<Feature, ApiError> {
    let id = call.parameter("id");
    Feature::find(&call.context.org, id).ok_or_else(|| ApiError::not_found(Thing::Feature, id))
}

/// `GET /api/v1/features`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    render_all(&call, Feature::ALL).await
}

/// `GET /api/v1/features/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let feature = find(&call)?;
    Ok(Reply::of(render(&call, &load(&call).await?, feature)))
}

/// `GET …/dependencies`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn dependencies(call: Call) -> Result<Reply, ApiError> {
    let feature = find(&call)?;
    render_all(&call, feature.dependencies().iter().copied()).await
}

/// `GET …/dependents`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn dependents(call: Call) -> Result<Reply, ApiError> {
    let feature = find(&call)?;
    render_all(&call, feature.dependents()).await
}

/// `POST …/{enable|disable}`: without `mode=force` only if no other feature is in the way.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn switch(call: Call) -> Result<Reply, ApiError> {
    let feature = find(&call)?;
    let wanted = parse_lifecycle(call.parameter("lifecycle"))?;
    let others = match call.query.get("mode") {
        None => Others::Stay,
        Some(FORCE) => Others::Follow,
        Some(_) => return Err(ApiError::invalid("mode", "use force")),
    };
    let changed = call
        .cell
        .change_feature(&call.permit, feature, wanted, others);
    changed.await?;
    Ok(Reply::of(render(&call, &load(&call).await?, feature)))
}

/// Clients write the word in small letters or in large ones.
fn parse_lifecycle(word: &str) -> Result<Door, ApiError> {
    match word {
        "enable" | "ENABLE" => Ok(Door::Open),
        "disable" | "DISABLE" => Ok(Door::Shut),
        _ => Err(ApiError::of(ErrorCode::NoPath)),
    }
}

async fn render_all(
    call: &Call,
    features: impl IntoIterator<Item = Feature>,
) -> Result<Reply, ApiError> {
    let doors = load(call).await?;
    let features = features.into_iter();
    let shown = features.map(|feature| render(call, &doors, feature));
    Ok(Reply::of(Value::Array(shown.collect())))
}

fn render(call: &Call, doors: &ShutDoors, feature: Feature) -> Value {
    let id = feature.id(&call.context.org);
    let href = call.href(&format!("/api/v1/features/{id}"));
    let status = match doors.door(feature) {
        Door::Open => ENABLED,
        Door::Shut => DISABLED,
    };
    json!({
        "id": id,
        "name": feature.name(),
        "description": feature.about(),
        "status": status,
        "stage": { "value": STAGE },
        "type": SELF_SERVICE,
        "_links": {
            "self": { "href": href, "hints": { "allow": ["GET"] } },
            "dependencies": { "href": format!("{href}/dependencies") },
            "dependents": { "href": format!("{href}/dependents") },
        },
    })
}
