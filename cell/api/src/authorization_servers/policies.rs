//! The access policies of a server: its rules, put together by the apps that they are for.

use crate::authorization_servers::render::server_href;
use crate::authorization_servers::{load, refused};
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::named::{Named, check_named};
use crate::reply::Reply;
use crate::shown::{SWITCH, moment, status_of, switched_links, text};
use identity::server::AuthorizationServer;
use identity::server::parts::AccessPolicy;
use identity::server::policies::{Force, Place, PolicyChange, PolicySettings};
use identity::server::rules::LISTED_MAX;
use serde_json::{Value, json};
use vocab::id::PolicyId;

/// The type of every one.
pub(crate) const TYPE: &str = "OAUTH_AUTHORIZATION_POLICY";
/// The word for all apps.
const ALL_CLIENTS: &str = "ALL_CLIENTS";
/// Where the apps stand.
const CLIENTS: &str = "conditions.clients.include";
/// What is shown of a policy, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 5] = ["id", "created", "lastUpdated", "_links", "_embedded"];

/// What a body says of a policy.
#[derive(Debug, PartialEq, Eq)]
struct PolicyInput {
    settings: PolicySettings,
    force: Force,
    place: Place,
}

/// The policy that the path names, and its place.
///
/// # Errors
/// [`ApiError`] if the server has none such.
pub(crate) fn find<'s>(
    call: &Call,
    server: &'s AuthorizationServer,
) -> Result<(usize, &'s AccessPolicy), ApiError> {
    let named = call.parameter("policy");
    let mut policies = server.parts.policies.iter().enumerate();
    policies
        .find(|(_, policy)| policy.id.as_str() == named)
        .ok_or_else(|| ApiError::not_found(Thing::Policy, named))
}

/// `GET …/policies`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let policies: Vec<Value> = server
        .parts
        .policies
        .iter()
        .enumerate()
        .map(|(place, policy)| render_policy(&call, &server, place, policy))
        .collect();
    Ok(Reply::of(Value::from(policies)))
}

/// `GET …/policies/{policy}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let (place, policy) = find(&call, &server)?;
    Ok(Reply::of(render_policy(&call, &server, place, policy)))
}

/// `POST …/policies`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let input = parse_policy(call.json()?, None)?;
    check_named(&call, Named::App, CLIENTS, &input.settings.apps, &[]).await?;
    let id = PolicyId::generate(call.cell.entropy());
    let change = PolicyChange::Add(id.clone(), input.settings, input.force, input.place);
    let server = apply(&call, &server, change).await?;
    let shown = shown(&call, &server, &id)?;
    let href = policy_href(&call, &server, &id);
    Ok(Reply::created(shown).at(href))
}

/// `PUT …/policies/{policy}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let (_, policy) = find(&call, &server)?;
    let input = parse_policy(call.json()?, Some(status_of(policy.active)))?;
    check_named(
        &call,
        Named::App,
        CLIENTS,
        &input.settings.apps,
        &policy.apps,
    )
    .await?;
    let id = policy.id.clone();
    let change = PolicyChange::Set(id.clone(), input.settings, input.place);
    let server = apply(&call, &server, change).await?;
    shown(&call, &server, &id).map(Reply::of)
}

/// `DELETE …/policies/{policy}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let id = find(&call, &server)?.1.id.clone();
    apply(&call, &server, PolicyChange::Remove(id)).await?;
    Ok(Reply::empty())
}

/// `POST …/policies/{policy}/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    switch(&call, Force::Active).await
}

/// `POST …/policies/{policy}/lifecycle/deactivate`: from now on its rules give nobody a token.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    switch(&call, Force::Resting).await
}

async fn switch(call: &Call, force: Force) -> Result<Reply, ApiError> {
    let server = load(call).await?;
    let (_, policy) = find(call, &server)?;
    let change = PolicyChange::Switch(policy.id.clone(), force);
    apply(call, &server, change).await?;
    Ok(Reply::empty())
}

/// Makes a change; the server as it is after it.
///
/// # Errors
/// [`ApiError`] as the rules of servers say.
pub(crate) async fn apply(
    call: &Call,
    server: &AuthorizationServer,
    change: PolicyChange,
) -> Result<AuthorizationServer, ApiError> {
    let changed = call
        .cell
        .change_access_policies(&call.permit, &server.id, change);
    changed.await.map_err(refused)?;
    load(call).await
}

fn shown(call: &Call, server: &AuthorizationServer, id: &PolicyId) -> Result<Value, ApiError> {
    let mut policies = server.parts.policies.iter().enumerate();
    policies
        .find(|(_, policy)| policy.id == *id)
        .map(|(place, policy)| render_policy(call, server, place, policy))
        .ok_or_else(|| ApiError::not_found(Thing::Policy, id.as_str()))
}

/// The address of a policy.
pub(crate) fn policy_href(call: &Call, server: &AuthorizationServer, id: &PolicyId) -> String {
    format!("{}/policies/{id}", server_href(call, server))
}

fn parse_policy(bytes: &[u8], present: Option<&str>) -> Result<PolicyInput, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let wanted = "use OAUTH_AUTHORIZATION_POLICY";
    fields.take_only("type", &[TYPE], wanted)?;
    let force = take_force(&mut fields, present)?;
    let place = take_place(&mut fields)?;
    if fields.take_flag("system")? == Some(true) {
        return Err(fields.refusal("system", "policies are all made by administrators"));
    }
    let name = fields.take_text("name")?.unwrap_or_default();
    let description = fields.take_text("description")?.unwrap_or_default();
    let Some(mut conditions) = fields.take_object("conditions")? else {
        return Err(fields.refusal("conditions", "it is required"));
    };
    let Some(mut clients) = conditions.take_object("clients")? else {
        return Err(conditions.refusal("clients", "it is required"));
    };
    let include = clients.take_texts("include")?.unwrap_or_default();
    let apps = match include.as_slice() {
        // None would be all below.
        [] => return Err(clients.refusal("include", "name apps, or ALL_CLIENTS")),
        [all] if all == ALL_CLIENTS => Vec::new(),
        apps if apps.len() > LISTED_MAX => {
            let problem = format!("at most {LISTED_MAX} are possible");
            return Err(clients.refusal("include", &problem));
        }
        _ => include,
    };
    clients.end()?;
    conditions.end()?;
    fields.end()?;
    Ok(PolicyInput {
        settings: PolicySettings {
            name,
            description,
            apps,
        },
        force,
        place,
    })
}

/// Whether something new is in force; of something present a body can only repeat it.
///
/// # Errors
/// [`ApiError`] for another word.
pub(crate) fn take_force(fields: &mut Fields, present: Option<&str>) -> Result<Force, ApiError> {
    match (fields.take_text("status")?.as_deref(), present) {
        (Some(word), Some(present)) if word != present => Err(fields.refusal("status", SWITCH)),
        (None | Some("ACTIVE"), _) => Ok(Force::Active),
        (Some("INACTIVE"), _) => Ok(Force::Resting),
        (Some(_), _) => Err(fields.refusal("status", "use ACTIVE or INACTIVE")),
    }
}

/// The place in the order, if one is wanted.
///
/// # Errors
/// [`ApiError`] for what is no number from 1 on.
pub(crate) fn take_place(fields: &mut Fields) -> Result<Place, ApiError> {
    let wrong = |fields: &Fields| fields.refusal("priority", "use a whole number from 1 on");
    match fields.take_number("priority")? {
        None => Ok(None),
        Some(priority) => match usize::try_from(priority) {
            Ok(priority) if priority > 0 => Ok(Some(priority - 1)),
            _ => Err(wrong(fields)),
        },
    }
}

fn render_policy(
    call: &Call,
    server: &AuthorizationServer,
    place: usize,
    policy: &AccessPolicy,
) -> Value {
    let href = policy_href(call, server, &policy.id);
    let include = if policy.apps.is_empty() {
        json!([ALL_CLIENTS])
    } else {
        json!(policy.apps)
    };
    json!({
        "type": TYPE,
        "id": policy.id.as_str(),
        "name": policy.name,
        "description": text(&policy.description),
        "status": status_of(policy.active),
        "priority": place + 1,
        "system": false,
        "conditions": { "clients": { "include": include } },
        "created": moment(policy.created_at),
        "lastUpdated": moment(policy.updated_at),
        "_links": switched_links(&href, policy.active, &[("rules", "rules")]),
    })
}

#[cfg(test)]
mod tests {
    use super::parse_policy;
    use identity::server::policies::Force;
    use serde_json::{Value, json};

    fn body(field: &str, value: Value) -> String {
        let mut body = json!({
            "type": "OAUTH_AUTHORIZATION_POLICY", "id": "00p", "name": "All", "description": "For all",
            "status": "ACTIVE", "priority": 1, "system": false,
            "conditions": { "clients": { "include": ["ALL_CLIENTS"] } },
            "created": "x", "lastUpdated": "x", "_links": {},
        });
        body[field] = value;
        body.to_string()
    }

    #[test]
    fn a_policy_is_read_as_it_is_shown() {
        let input = parse_policy(body("id", json!("00p")).as_bytes(), Some("ACTIVE")).unwrap();
        assert_eq!(input.settings.name, "All");
        assert_eq!(input.settings.apps, Vec::<String>::new());
        assert_eq!((input.force, input.place), (Force::Active, Some(0)));
        let some = body(
            "conditions",
            json!({ "clients": { "include": ["0oa1", "0oa2"] } }),
        );
        let input = parse_policy(some.as_bytes(), None).unwrap();
        assert_eq!(input.settings.apps, ["0oa1", "0oa2"]);
        let resting = parse_policy(body("status", json!("INACTIVE")).as_bytes(), None);
        assert_eq!(resting.unwrap().force, Force::Resting);
    }

    #[test]
    fn nobody_named_is_not_everybody() {
        for (field, value) in [
            ("conditions", json!({ "clients": { "include": [] } })),
            ("conditions", json!({ "clients": {} })),
            ("conditions", json!({})),
            ("conditions", json!(null)),
            (
                "conditions",
                json!({ "clients": { "include": ["ALL_CLIENTS"], "exclude": [] } }),
            ),
            (
                "conditions",
                json!({ "clients": { "include": vec!["0oa"; 201] } }),
            ),
            ("type", json!("OKTA_SIGN_ON")),
            ("status", json!("INACTIVE")),
            ("status", json!("OTHER")),
            ("priority", json!(0)),
            ("priority", json!("1")),
            ("system", json!(true)),
            ("other", json!(1)),
        ] {
            let body = body(field, value);
            assert!(
                parse_policy(body.as_bytes(), Some("ACTIVE")).is_err(),
                "{body}"
            );
        }
    }
}
