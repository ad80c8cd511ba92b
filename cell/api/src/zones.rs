//! Network zones: lists of addresses that rules name, or to which nothing is served. What is not evaluated here, such as
//! places and networks by their number, is refused.

pub(crate) mod described;

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::limits::{CHANGE_ATTEMPTS_MAX, ZONES_PAGE};
use crate::reply::Reply;
use crate::search::Kind;
use crate::shown::{moment, status_of, switched_links};
use crate::whole_list::{find_filter, page_of};
use identity::condition::{Condition, Operand};
use identity::fault::{Fault, Refusal};
use identity::sign_on::Zone;
use identity::sign_on::store::{self, StoredZone};
use identity::sign_on::zone::{ZoneReach, ZoneState, parse_ranges, parse_span};
use ipnet::IpNet;
use serde_json::{Value, json};
use vocab::id::ZoneId;

/// What is shown of a zone, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 5] = ["id", "created", "lastUpdated", "_links", "_embedded"];
pub(crate) const POLICY: &str = "POLICY";
pub(crate) const BLOCKLIST: &str = "BLOCKLIST";

/// What can be asked for by a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Id,
    Name,
    Usage,
    Status,
    System,
}

fn find_attribute(name: &str) -> Option<(Attribute, Kind)> {
    Some(match name {
        "id" => (Attribute::Id, Kind::Text),
        "name" => (Attribute::Name, Kind::Text),
        "usage" => (Attribute::Usage, Kind::Text),
        "status" => (Attribute::Status, Kind::Text),
        "system" => (Attribute::System, Kind::Any),
        _ => return None,
    })
}

fn holds(condition: &Condition<Attribute>, stored: &StoredZone) -> bool {
    condition.holds(&|attribute| {
        let zone = &stored.zone;
        Some(match attribute {
            Attribute::Id => Operand::Exact(zone.id.to_string()),
            Attribute::Name => Operand::Text(zone.name.clone()),
            Attribute::Usage => Operand::Text(usage_of(zone).to_owned()),
            Attribute::Status => Operand::Text(status_of(stored.active).to_owned()),
            Attribute::System => Operand::Flag(false),
        })
    })
}

/// What a body says of a zone.
#[derive(Debug, PartialEq, Eq)]
struct ZoneInput {
    name: String,
    ranges: Vec<IpNet>,
    reach: ZoneReach,
}

/// `GET /api/v1/zones`: there are few, so that any filter is answered.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let filter = find_filter(&call, &find_attribute)?;
    let mut zones = {
        let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
        store::load_all_zones(&mut tx, &call.context.org).await?
    };
    zones.retain(|stored| filter.as_ref().is_none_or(|filter| holds(filter, stored)));
    let (zones, next) = page_of(&call, zones, ZONES_PAGE, |stored| stored.zone.id.as_str())?;
    let zones: Vec<Value> = zones.iter().map(|stored| render(&call, stored)).collect();
    Ok(call.paged(Reply::of(Value::from(zones)), next.as_ref()))
}

/// `GET /api/v1/zones/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let stored = load(&call).await?;
    Ok(Reply::of(render(&call, &stored)))
}

/// `POST /api/v1/zones`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let mut fields = Fields::parse(call.json()?)?;
    let problem = "it counts from the start; deactivate it afterwards";
    fields.take_only("status", &["ACTIVE"], problem)?;
    let input = parse(fields)?;
    let made = call
        .cell
        .create_zone(&call.permit, &input.name, input.ranges, input.reach);
    let zone = made.await.map_err(refused)?;
    let stored = reload(&call, &zone.id).await?;
    Ok(Reply::of(render(&call, &stored)))
}

/// `PUT /api/v1/zones/{id}`; whether it counts is changed by its life cycle.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let stored = load(&call).await?;
        let mut fields = Fields::parse(call.json()?)?;
        fields.ignore_read_only(&["status"]);
        let input = parse(fields)?;
        let zone = Zone {
            id: stored.zone.id.clone(),
            name: input.name.trim().to_owned(),
            ranges: input.ranges,
            blocked: input.reach == ZoneReach::Blocked,
        };
        let changed = call.cell.update_zone(&call.permit, zone, stored.revision);
        match changed.await {
            Ok(()) => {
                let stored = reload(&call, &stored.zone.id).await?;
                return Ok(Reply::of(render(&call, &stored)));
            }
            Err(Refusal::Changed) => {}
            Err(refusal) => return Err(refused(refusal)),
        }
    }
    Err(Refusal::Changed.into())
}

/// `DELETE /api/v1/zones/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a zone that a rule names.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let stored = load(&call).await?;
    let deleted = call.cell.delete_zone(&call.permit, &stored.zone.id);
    deleted.await.map_err(refused)?;
    Ok(Reply::empty())
}

/// `POST …/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    switch(&call, ZoneState::Active).await
}

/// `POST …/lifecycle/deactivate`: from now on it contains nobody.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a zone that a rule names.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    switch(&call, ZoneState::Resting).await
}

async fn switch(call: &Call, state: ZoneState) -> Result<Reply, ApiError> {
    let id = load(call).await?.zone.id;
    let switched = call.cell.switch_zone(&call.permit, &id, state);
    switched.await.map_err(refused)?;
    let stored = reload(call, &id).await?;
    Ok(Reply::of(render(call, &stored)))
}

/// The zone that the path names.
async fn load(call: &Call) -> Result<StoredZone, ApiError> {
    let named = call.parameter("id");
    let missing = || ApiError::not_found(Thing::Zone, named);
    let id = ZoneId::parse(named).map_err(|_| missing())?;
    reload(call, &id).await
}

async fn reload(call: &Call, id: &ZoneId) -> Result<StoredZone, ApiError> {
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    let stored = store::load_zone(&mut tx, &call.context.org, id).await?;
    stored.ok_or_else(|| ApiError::not_found(Thing::Zone, id.as_str()))
}

/// The reasons of the domain in the words of the wire.
fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Invalid {
            field: "ranges",
            problem,
        } => ApiError::invalid("gateways", &problem.to_string()),
        other => other.into(),
    }
}

fn parse(mut fields: Fields) -> Result<ZoneInput, ApiError> {
    fields.ignore_read_only(&READ_ONLY);
    // Whether every org has it is no choice.
    fields.take_flag("system")?;
    match fields.take_text("type")?.as_deref() {
        Some("IP") => {}
        Some("DYNAMIC" | "DYNAMIC_V2") => {
            let cause = "type: zones are lists of addresses here";
            return Err(ApiError::because(ErrorCode::Unsupported, cause));
        }
        _ => return Err(fields.refusal("type", "use IP")),
    }
    let name = fields.take_text("name")?.unwrap_or_default();
    let reach = match fields.take_text("usage")?.as_deref() {
        None | Some(POLICY) => ZoneReach::Named,
        Some(BLOCKLIST) => ZoneReach::Blocked,
        Some(_) => return Err(fields.refusal("usage", "use POLICY or BLOCKLIST")),
    };
    let mut ranges = Vec::new();
    for entry in fields.take_objects("gateways")?.unwrap_or_default() {
        ranges.extend(parse_entry(entry)?);
    }
    if !fields
        .take_objects("proxies")?
        .unwrap_or_default()
        .is_empty()
    {
        let problem = "which proxies stand in front is the operator's to say";
        return Err(fields.refusal("proxies", problem));
    }
    fields.end()?;
    Ok(ZoneInput {
        name,
        ranges,
        reach,
    })
}

fn parse_entry(mut entry: Fields) -> Result<Vec<IpNet>, ApiError> {
    let kind = entry.take_text("type")?;
    let value = entry.take_text("value")?.unwrap_or_default();
    let wrong = |problem: &str| entry.refusal("value", problem);
    let ranges = match kind.as_deref() {
        // One entry is one network, whatever separates several elsewhere.
        Some("CIDR") => parse_ranges(&value)
            .ok()
            .filter(|ranges| ranges.len() == 1)
            .ok_or_else(|| wrong("use a network such as 192.0.2.0/24 or 2001:db8::/32"))?,
        Some("RANGE") => parse_span(&value).ok_or_else(|| {
            wrong("use two addresses such as 192.0.2.1-192.0.2.9, the lower first")
        })?,
        _ => return Err(entry.refusal("type", "use CIDR or RANGE")),
    };
    entry.end()?;
    Ok(ranges)
}

const fn usage_of(zone: &Zone) -> &'static str {
    if zone.blocked { BLOCKLIST } else { POLICY }
}

fn render(call: &Call, stored: &StoredZone) -> Value {
    let zone = &stored.zone;
    let href = call.href(&format!("/api/v1/zones/{}", zone.id));
    let gateways: Vec<Value> = zone
        .ranges
        .iter()
        .map(|range| json!({ "type": "CIDR", "value": range.to_string() }))
        .collect();
    json!({
        "type": "IP",
        "id": zone.id.as_str(),
        "name": zone.name,
        "status": status_of(stored.active),
        "usage": usage_of(zone),
        "system": false,
        "created": moment(Some(stored.created_at)),
        "lastUpdated": moment(Some(stored.updated_at)),
        "gateways": gateways,
        "_links": switched_links(&href, stored.active, &[]),
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::body::Fields;
    use serde_json::{Value, json};

    fn read(gateways: &Value) -> Option<Vec<String>> {
        let body = json!({ "type": "IP", "name": "Office", "gateways": gateways });
        let fields = Fields::parse(body.to_string().as_bytes()).unwrap();
        let input = parse(fields).ok()?;
        Some(input.ranges.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn entries_are_networks_or_spans_of_addresses() {
        for (kind, value, expected) in [
            ("CIDR", "192.0.2.0/24", Some(&["192.0.2.0/24"][..])),
            ("CIDR", "192.0.2.7/24", Some(&["192.0.2.0/24"])),
            ("CIDR", "192.0.2.7", Some(&["192.0.2.7/32"])),
            ("CIDR", "2001:db8::/32", Some(&["2001:db8::/32"])),
            ("CIDR", "192.0.2.0/24,198.51.100.0/24", None),
            ("CIDR", "192.0.2.1-192.0.2.2", None),
            ("CIDR", "", None),
            ("RANGE", "192.0.2.0-192.0.2.255", Some(&["192.0.2.0/24"])),
            (
                "RANGE",
                "192.0.2.1 - 192.0.2.2",
                Some(&["192.0.2.1/32", "192.0.2.2/32"]),
            ),
            ("RANGE", "192.0.2.1-192.0.2.1", Some(&["192.0.2.1/32"])),
            ("RANGE", "2001:db8::-2001:db8::1", Some(&["2001:db8::/127"])),
            ("RANGE", "192.0.2.2-192.0.2.1", None),
            ("RANGE", "192.0.2.1-2001:db8::1", None),
            ("RANGE", "192.0.2.1", None),
            ("RANGE", "-", None),
            ("NAME", "192.0.2.0/24", None),
        ] {
            let seen = read(&json!([{ "type": kind, "value": value }]));
            let seen: Option<Vec<&str>> = seen
                .as_ref()
                .map(|ranges| ranges.iter().map(String::as_str).collect());
            assert_eq!(seen.as_deref(), expected, "{kind} {value}");
        }
        for gateways in [json!("192.0.2.0/24"), json!(["192.0.2.0/24"]), json!([{}])] {
            assert_eq!(read(&gateways), None, "{gateways}");
        }
    }
}
