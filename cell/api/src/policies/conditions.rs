//! When a rule of a sign-on policy matches, on the wire: who, from where, and whether it is unusual.
//!
//! A condition about administrators has no words there. It stays as it is when a rule is changed, so that no change makes
//! such a rule one for everybody.

use crate::body::Fields;
use crate::call::Call;
use crate::error::ApiError;
use crate::limits::SHOWN_ID_CHARS_MAX;
use crate::named::{Named, check_named};
use crate::policies::{Kind, expression};
use identity::behavior::Behavior;
use identity::sign_on::{Conditions, Membership, ZoneCondition};
use serde_json::{Value, json};
use vocab::id::{BehaviorId, GroupId, UserId, ZoneId};

/// Conditions that can only say that they are none.
const NEUTRAL: [(&str, &[(&str, &str)]); 4] = [
    ("riskScore", &[("level", "ANY")]),
    ("authContext", &[("authType", "ANY")]),
    ("identityProvider", &[("provider", "ANY")]),
    ("userType", &[]),
];

/// The conditions that a body asks for.
///
/// # Errors
/// [`ApiError`] for what is not evaluated here.
pub(crate) fn parse_conditions(
    named: Option<Fields>,
    before: Option<&Conditions>,
    known: &[Behavior],
) -> Result<Conditions, ApiError> {
    let mut conditions = Conditions {
        administrators: before.and_then(|before| before.administrators),
        ..Conditions::default()
    };
    let Some(mut fields) = named else {
        return Ok(conditions);
    };
    if let Some(mut people) = fields.take_object("people")? {
        if let Some(users) = people.take_object("users")? {
            conditions.people = parse_membership(users, UserId::parse)?;
        }
        if let Some(groups) = people.take_object("groups")? {
            conditions.groups = parse_membership(groups, GroupId::parse)?;
        }
        people.end()?;
    }
    if let Some(network) = fields.take_object("network")? {
        conditions.zones = parse_network(network)?;
    }
    conditions.behaviors = parse_behaviors(&mut fields, known)?;
    for (field, words) in NEUTRAL {
        if let Some(mut neutral) = fields.take_object(field)? {
            for (name, word) in words.iter().copied() {
                neutral.take_only(name, &[word], "nothing is known of that here")?;
            }
            for list in ["include", "exclude"] {
                if neutral.take_texts(list)?.is_some_and(|ids| !ids.is_empty()) {
                    return Err(neutral.refusal(list, "nothing is known of that here"));
                }
            }
            neutral.end()?;
        }
    }
    fields.end()?;
    Ok(conditions)
}

/// The behaviours of which one must be detected: by id, or by an expression that names them.
fn parse_behaviors(fields: &mut Fields, known: &[Behavior]) -> Result<Vec<BehaviorId>, ApiError> {
    let mut found = Vec::new();
    if let Some(mut risk) = fields.take_object("risk")? {
        for text in risk.take_texts("behaviors")?.unwrap_or_default() {
            let behavior = known.iter().find(|known| known.id.as_str() == text);
            let Some(behavior) = behavior else {
                let shown: String = text.chars().take(SHOWN_ID_CHARS_MAX).collect();
                let problem = format!("there is no behaviour {shown}");
                return Err(risk.refusal("behaviors", &problem));
            };
            if !found.contains(&behavior.id) {
                found.push(behavior.id.clone());
            }
        }
        risk.end()?;
    }
    if let Some(mut expression) = fields.take_object("elCondition")? {
        let text = expression.take_text("condition")?.unwrap_or_default();
        let refused = |problem: &str| expression.refusal("condition", problem);
        let named =
            expression::parse_behaviors(&text, known).map_err(|problem| refused(&problem))?;
        if !found.is_empty() && found != named {
            return Err(refused("it asks for other behaviours than risk.behaviors"));
        }
        found = named;
        expression.end()?;
    }
    Ok(found)
}

fn parse_membership<Id, E: ToString>(
    mut fields: Fields,
    parse: impl Fn(&str) -> Result<Id, E>,
) -> Result<Membership<Id>, ApiError> {
    let mut list = |field: &str| -> Result<Vec<Id>, ApiError> {
        let ids = fields.take_texts(field)?.unwrap_or_default();
        ids.iter()
            .map(|id| parse(id).map_err(|error| fields.refusal(field, &error.to_string())))
            .collect()
    };
    let (include, exclude) = (list("include")?, list("exclude")?);
    fields.end()?;
    Ok(Membership { include, exclude })
}

fn parse_network(mut fields: Fields) -> Result<ZoneCondition, ApiError> {
    let connection = fields.take_text("connection")?;
    let Membership { include, exclude } = {
        let mut list = |field: &str| -> Result<Vec<ZoneId>, ApiError> {
            let ids = fields.take_texts(field)?.unwrap_or_default();
            ids.iter()
                .map(|id| {
                    ZoneId::parse(id).map_err(|error| fields.refusal(field, &error.to_string()))
                })
                .collect()
        };
        Membership {
            include: list("include")?,
            exclude: list("exclude")?,
        }
    };
    let condition = match (
        connection.as_deref(),
        include.is_empty(),
        exclude.is_empty(),
    ) {
        (None | Some("ANYWHERE"), true, true) => ZoneCondition::Any,
        (Some("ZONE"), false, true) => ZoneCondition::In(include),
        (Some("ZONE"), true, false) => ZoneCondition::NotIn(exclude),
        _ => {
            let problem = "use ANYWHERE, or ZONE with zones either to include or to exclude";
            return Err(fields.refusal("connection", problem));
        }
    };
    fields.end()?;
    Ok(condition)
}

/// Holds who is named against who there is.
///
/// # Errors
/// [`ApiError`] naming the first id that is of nothing.
pub(crate) async fn check_conditions(
    call: &Call,
    conditions: &Conditions,
    before: Option<&Conditions>,
) -> Result<(), ApiError> {
    let usual = Conditions::default();
    let before = before.unwrap_or(&usual);
    for (kind, field, ids, known) in [
        (
            Named::Person,
            "conditions.people.users",
            texts(&conditions.people),
            texts(&before.people),
        ),
        (
            Named::Group,
            "conditions.people.groups",
            texts(&conditions.groups),
            texts(&before.groups),
        ),
    ] {
        check_named(call, kind, field, &ids, &known).await?;
    }
    Ok(())
}

fn texts<Id: ToString>(membership: &Membership<Id>) -> Vec<String> {
    let all = membership.include.iter().chain(&membership.exclude);
    all.map(ToString::to_string).collect()
}

/// The conditions as they are shown.
pub(crate) fn render_conditions(
    conditions: &Conditions,
    (kind, known): (Kind, &[Behavior]),
) -> Value {
    let network = match &conditions.zones {
        ZoneCondition::Any => json!({ "connection": "ANYWHERE" }),
        ZoneCondition::In(zones) => json!({ "connection": "ZONE", "include": zones }),
        ZoneCondition::NotIn(zones) => json!({ "connection": "ZONE", "exclude": zones }),
    };
    let behaviors = &conditions.behaviors;
    let is_asked = !behaviors.is_empty();
    let by_id = is_asked && kind == Kind::SignOn;
    let by_name = is_asked && kind != Kind::SignOn;
    let neutral = (kind == Kind::SignOn).then(|| json!({ "authType": "ANY" }));
    json!({
        "people": {
            "users": conditions.people,
            "groups": conditions.groups,
        },
        "network": network,
        "authContext": neutral,
        "risk": by_id.then(|| json!({ "behaviors": behaviors })),
        "elCondition": by_name.then(|| {
            json!({ "condition": expression::render_behaviors(behaviors, known) })
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::{parse_conditions, render_conditions};
    use crate::body::Fields;
    use crate::policies::Kind;
    use crate::reply::without_nulls;
    use identity::behavior::{Behavior, BehaviorKind};
    use identity::sign_on::{Conditions, Membership, ZoneCondition};
    use serde_json::{Value, json};
    use vocab::id::{BehaviorId, GroupId, UserId, ZoneId};

    fn parse(body: &Value, before: Option<&Conditions>) -> Result<Conditions, String> {
        let fields = Fields::parse(body.to_string().as_bytes()).unwrap();
        parse_conditions(Some(fields), before, &known())
            .map_err(|error| error.render("")["errorSummary"].to_string())
    }

    fn known() -> Vec<Behavior> {
        let behavior = |number: usize, name: &str| Behavior {
            id: BehaviorId::parse(&format!("bhv{number:017}")).unwrap(),
            name: name.into(),
            kind: BehaviorKind::AnomalousDevice,
            events_max: 20,
            events_min: 0,
            active: number == 1,
        };
        vec![behavior(1, "New Device"), behavior(2, "Strange \"IP\"")]
    }

    fn some() -> Conditions {
        let user = |n: u32| UserId::parse(&format!("00u{n:017}")).unwrap();
        let group = |n: u32| GroupId::parse(&format!("00g{n:017}")).unwrap();
        Conditions {
            people: Membership {
                include: vec![user(1)],
                exclude: vec![user(2)],
            },
            groups: Membership {
                include: vec![],
                exclude: vec![group(1)],
            },
            zones: ZoneCondition::NotIn(vec![ZoneId::parse("nzo00000000000000001").unwrap()]),
            administrators: None,
            behaviors: known().into_iter().map(|known| known.id).collect(),
        }
    }

    #[test]
    fn what_is_shown_means_the_same_conditions() {
        let within = Conditions {
            zones: ZoneCondition::In(vec![ZoneId::parse("nzo00000000000000001").unwrap()]),
            ..Conditions::default()
        };
        for conditions in [Conditions::default(), some(), within] {
            for kind in [Kind::SignOn, Kind::Access] {
                let shown = without_nulls(render_conditions(&conditions, (kind, &known())));
                let is_named = shown.get("elCondition").is_some();
                assert!(!(is_named && kind == Kind::SignOn), "{shown}");
                assert_eq!(parse(&shown, None).unwrap(), conditions);
            }
        }
        let none = parse_conditions(None, None, &known());
        assert_eq!(none.unwrap(), Conditions::default());
    }

    #[test]
    fn a_rule_for_administrators_never_becomes_one_for_everybody() {
        let before = Conditions {
            administrators: Some(true),
            ..Conditions::default()
        };
        for body in [
            json!({}),
            json!({ "network": { "connection": "ANYWHERE" } }),
        ] {
            assert_eq!(parse(&body, Some(&before)).unwrap(), before);
        }
    }

    #[test]
    fn what_is_not_evaluated_is_refused() {
        let zone = "nzo00000000000000001";
        for (body, place) in [
            (
                json!({ "riskScore": { "level": "HIGH" } }),
                "riskScore.level",
            ),
            (
                json!({ "userType": { "include": ["oty"] } }),
                "userType.include",
            ),
            (json!({ "device": { "registered": true } }), "device"),
            (json!({ "platform": { "include": [] } }), "platform"),
            (
                json!({ "elCondition": { "condition": "true" } }),
                "elCondition",
            ),
            (
                json!({ "risk": { "behaviors": ["bhv00000000000000009"] } }),
                "risk.behaviors",
            ),
            (json!({ "risk": { "level": "HIGH" } }), "risk.level"),
            (
                json!({
                    "risk": { "behaviors": ["bhv00000000000000002"] },
                    "elCondition": { "condition": "security.behaviors.contains('New Device')" },
                }),
                "elCondition.condition",
            ),
            (
                json!({ "people": { "users": { "include": ["ada"] } } }),
                "users.include",
            ),
            (
                json!({ "people": { "users": { "exclude": "00u" } } }),
                "users.exclude",
            ),
            (
                json!({ "network": { "connection": "ZONE" } }),
                "network.connection",
            ),
            (
                json!({ "network": { "connection": "ANYWHERE", "include": [zone] } }),
                "network.connection",
            ),
            (
                json!({ "network": { "connection": "ZONE", "include": [zone], "exclude": [zone] } }),
                "network.connection",
            ),
            (
                json!({ "network": { "connection": "ZONE", "include": ["ALL_ZONES"] } }),
                "network.include",
            ),
        ] {
            let refused = parse(&body, None).unwrap_err();
            assert!(refused.contains(place), "{body}: {refused}");
        }
        let neutral = json!({
            "riskScore": { "level": "ANY" }, "userType": { "include": [], "exclude": [] },
            "authContext": { "authType": "ANY" }, "identityProvider": { "provider": "ANY" },
        });
        assert_eq!(parse(&neutral, None).unwrap(), Conditions::default());
    }
}
