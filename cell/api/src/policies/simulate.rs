//! What the policies would make of a sign-in: the same function as a real sign-in, with facts from the body; nothing is
//! changed.

use crate::body::Fields;
use crate::call::Call;
use crate::error::ApiError;
use crate::limits::{SHOWN_ID_CHARS_MAX, SIMULATIONS_MAX};
use crate::policies::Kind;
use crate::reply::Reply;
use identity::fault::Fault;
use identity::org::context::RequestFacts;
use identity::sign_in::evaluate::PolicyQuestion;
use identity::sign_on::evaluation::{Finding, Mismatch, RuleTrace};
use identity::snapshot::OrgSnapshot;
use identity::{app, person};
use ledger::ClientFacts;
use serde_json::{Value, json};
use std::net::IpAddr;
use vocab::id::{AppId, PolicyId, UserId};

/// What a body asks.
#[derive(Debug, PartialEq, Eq)]
struct Question {
    app: String,
    user: String,
    address: Option<IpAddr>,
    kinds: Vec<Kind>,
}

/// What is told beside what holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Detail {
    /// The rules that were looked at and do not fit.
    others: bool,
    /// Which condition does not hold.
    conditions: bool,
}

/// `POST /api/v1/policies/simulate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn simulate(call: Call) -> Result<Reply, ApiError> {
    let detail = parse_detail(call.query.get("expand").unwrap_or_default())?;
    let questions: Vec<Question> = Fields::parse_list(call.json()?, SIMULATIONS_MAX)?
        .into_iter()
        .map(parse_question)
        .collect::<Result<_, _>>()?;
    let mut evaluations = Vec::new();
    for question in questions {
        evaluations.extend(answer(&call, &question, detail).await?);
    }
    Ok(Reply::of(Value::from(evaluations)))
}

fn parse_detail(text: &str) -> Result<Detail, ApiError> {
    let words: Vec<&str> = text.split(',').filter(|word| !word.is_empty()).collect();
    if words
        .iter()
        .any(|word| !["EVALUATED", "RULE"].contains(word))
    {
        return Err(ApiError::invalid("expand", "use EVALUATED, RULE or both"));
    }
    Ok(Detail {
        others: words.contains(&"EVALUATED"),
        conditions: words.contains(&"RULE"),
    })
}

async fn answer(call: &Call, question: &Question, detail: Detail) -> Result<Vec<Value>, ApiError> {
    let org = &call.context.org;
    let (app, person) = {
        let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
        let app = match AppId::parse(&question.app) {
            Ok(id) => app::store::load(&mut tx, org, &id).await?,
            Err(_) => None,
        };
        let person = match UserId::parse(&question.user) {
            Ok(id) => person::store::load(&mut tx, org, &id).await?,
            Err(_) => None,
        };
        (app, person)
    };
    let no_app = || missing("appInstance", "app", &question.app);
    let no_person = || missing("policyContext.user.id", "person", &question.user);
    let (app, person) = (app.ok_or_else(no_app)?, person.ok_or_else(no_person)?);
    let snapshot = call.cell.snapshot(org).await?.ok_or_else(no_app)?;
    let address = question.address.map(|address| address.to_canonical());
    let facts = RequestFacts {
        client: ClientFacts {
            ip: address
                .map(|address| address.to_string())
                .unwrap_or_default(),
            ..ClientFacts::default()
        },
        now: call.now(),
        session: None,
        device_cookie: String::new(),
    };
    let asked = PolicyQuestion {
        app: Some(app.id.clone()),
        ..PolicyQuestion::default()
    };
    let evaluation = call
        .cell
        .evaluate_policies(&snapshot, &person, asked, &facts);
    let trace = evaluation.await?.trace;
    let of = |kind: &Kind| {
        let is_orgs = |policy: &PolicyId| *policy == snapshot.org_policy.id;
        let of_kind = |rule: &&RuleTrace| is_orgs(&rule.rule.policy) == (*kind == Kind::SignOn);
        let rules: Vec<&RuleTrace> = trace.iter().filter(of_kind).collect();
        let name = rules
            .first()
            .map(|rule| name_of(&snapshot, &rule.rule.policy));
        render_evaluation(*kind, name.unwrap_or_default(), &rules, detail)
    };
    Ok(question.kinds.iter().map(of).collect())
}

fn missing(field: &str, what: &str, id: &str) -> ApiError {
    let shown: String = id.chars().take(SHOWN_ID_CHARS_MAX).collect();
    ApiError::invalid(field, &format!("there is no {what} {shown}"))
}

fn name_of<'s>(snapshot: &'s OrgSnapshot, id: &PolicyId) -> &'s str {
    let orgs = &snapshot.org_policy;
    let found = Some(orgs).filter(|policy| policy.id == *id);
    found
        .or_else(|| snapshot.app_policies.get(id))
        .map_or("", |policy| policy.name.as_str())
}

fn parse_question(mut fields: Fields) -> Result<Question, ApiError> {
    let Some(app) = fields.take_text("appInstance")? else {
        return Err(fields.refusal("appInstance", "it is required"));
    };
    let mut kinds = Vec::new();
    for word in fields.take_texts("policyTypes")?.unwrap_or_default() {
        let kind = [Kind::SignOn, Kind::Access]
            .into_iter()
            .find(|kind| kind.as_str() == word);
        let problem = "there are OKTA_SIGN_ON and ACCESS_POLICY";
        let kind = kind.ok_or_else(|| fields.refusal("policyTypes", problem))?;
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if kinds.is_empty() {
        kinds.extend([Kind::SignOn, Kind::Access]);
    }
    let Some(mut context) = fields.take_object("policyContext")? else {
        return Err(fields.refusal("policyContext", "it is required"));
    };
    fields.end()?;
    let user = match context.take_object("user")? {
        None => None,
        Some(mut user) => {
            let id = user.take_text("id")?;
            user.end()?;
            id
        }
    };
    let Some(user) = user else {
        return Err(context.refusal("user", "name a person by id"));
    };
    for (field, problem) in [
        ("groups", "the groups are those of the person"),
        ("zones", "the zones are those of the address: name it as ip"),
    ] {
        if let Some(mut named) = context.take_object(field)? {
            if named.take_texts("ids")?.is_some_and(|ids| !ids.is_empty()) {
                return Err(named.refusal("ids", problem));
            }
            named.end()?;
        }
    }
    let address = match context.take_text("ip")? {
        None => None,
        Some(text) => match text.parse() {
            Ok(address) => Some(address),
            Err(_) => return Err(context.refusal("ip", "use an address such as 192.0.2.1")),
        },
    };
    context.end()?;
    Ok(Question {
        app,
        user,
        address,
        kinds,
    })
}

fn render_evaluation(kind: Kind, name: &str, rules: &[&RuleTrace], detail: Detail) -> Value {
    let is_match =
        |rule: &&&RuleTrace| matches!(rule.finding, Finding::Denies | Finding::Allows { .. });
    let found = rules.iter().find(is_match);
    let others: Vec<Value> = rules
        .iter()
        .filter_map(|rule| match &rule.finding {
            Finding::NotMatched(mismatches) => Some(render_rule(rule, mismatches, detail)),
            _ => None,
        })
        .filter(|_| detail.others)
        .collect();
    let policy = |status: &str, rules: Vec<Value>, of: &RuleTrace| {
        json!({
            "id": of.rule.policy.as_str(),
            "name": name,
            "status": status,
            "conditions": [],
            "rules": rules,
        })
    };
    let matched = found.map(|rule| policy("MATCH", vec![render_rule(rule, &[], detail)], rule));
    let first = rules.first().filter(|_| !others.is_empty());
    let status = if found.is_some() {
        "MATCH"
    } else {
        "NOT_MATCH"
    };
    let evaluated = first.map(|rule| policy(status, others, rule));
    json!({
        "policyType": [kind.as_str()],
        "status": status,
        "result": { "policies": Vec::from_iter(matched) },
        "evaluated": { "policies": Vec::from_iter(evaluated) },
        "undefined": { "policies": [] },
    })
}

fn render_rule(rule: &RuleTrace, mismatches: &[Mismatch], detail: Detail) -> Value {
    let conditions: Vec<Value> = mismatches
        .iter()
        .filter(|_| detail.conditions)
        .map(|mismatch| {
            let (condition, status) = word_of(mismatch);
            json!({ "type": condition, "status": status })
        })
        .collect();
    let status = if mismatches.is_empty() {
        "MATCH"
    } else {
        "NOT_MATCH"
    };
    json!({
        "id": rule.rule.rule.as_str(),
        "name": rule.rule_name,
        "status": status,
        "conditions": conditions,
    })
}

const fn word_of(mismatch: &Mismatch) -> (&'static str, &'static str) {
    match mismatch {
        Mismatch::PersonExcluded => ("people.users.exclude", "NOT_MATCH"),
        Mismatch::GroupExcluded(_) => ("people.groups.exclude", "NOT_MATCH"),
        Mismatch::NotIncluded => ("people.include", "NOT_MATCH"),
        Mismatch::OutsideZones => ("network.include", "NOT_MATCH"),
        Mismatch::InsideZone(_) => ("network.exclude", "NOT_MATCH"),
        Mismatch::UnknownZone(_) => ("network", "UNDEFINED"),
        Mismatch::AsUsual => ("risk.behaviors", "NOT_MATCH"),
        Mismatch::NotAdministrator | Mismatch::Administrator => ("administrators", "NOT_MATCH"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Detail, Question, parse_detail, parse_question};
    use crate::body::Fields;
    use crate::error::ApiError;
    use crate::policies::Kind;
    use serde_json::{Value, json};

    fn parse(body: &Value) -> Result<Question, ApiError> {
        parse_question(Fields::parse(body.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn the_detail_is_asked_for_by_its_words() {
        let detail = |others, conditions| Some(Detail { others, conditions });
        for (text, expected) in [
            ("", detail(false, false)),
            ("EVALUATED", detail(true, false)),
            ("EVALUATED,RULE", detail(true, true)),
            ("all", None),
        ] {
            assert_eq!(parse_detail(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_question_is_about_a_person_and_an_app() {
        let body = json!({
            "appInstance": "0oa", "policyTypes": ["ACCESS_POLICY", "ACCESS_POLICY"],
            "policyContext": { "user": { "id": "00u" }, "groups": { "ids": [] }, "ip": "192.0.2.1" },
        });
        let question = parse(&body).unwrap();
        assert_eq!(question.kinds, [Kind::Access]);
        assert_eq!(question.address, Some("192.0.2.1".parse().unwrap()));
        for (pointer, value) in [
            ("/appInstance", json!(null)),
            ("/policyTypes", json!(["MFA_ENROLL"])),
            ("/policyContext", json!(null)),
            ("/policyContext/user", json!(null)),
            (
                "/policyContext/user",
                json!({ "id": "00u", "status": "ACTIVE" }),
            ),
            ("/policyContext/groups", json!({ "ids": ["00g"] })),
            ("/policyContext/ip", json!("here")),
        ] {
            let mut body = body.clone();
            *body.pointer_mut(pointer).unwrap() = value;
            assert!(parse(&body).is_err(), "{body}");
        }
    }
}
