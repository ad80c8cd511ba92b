//! The access policies of a server and their rules, in force or at rest: listed, and switched.

use crate::admin::caller::{Answer, administrator, found};
use crate::admin::form::is_ticked;
use crate::admin::servers::{Server, access, load_custom, refused_shell};
use crate::view::admin::AccessPolicyRow;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::Permission;
use identity::server::AuthorizationServer;
use identity::server::parts::{AccessPolicy, PolicyRule};
use identity::server::policies::{Force, PolicyChange, RuleChange};

/// Each policy with its rules behind it, in order.
#[must_use]
pub fn rows(server: &AuthorizationServer) -> Vec<AccessPolicyRow> {
    let policies = server.parts.policies.iter();
    policies.flat_map(policy_rows).collect()
}

fn policy_rows(policy: &AccessPolicy) -> Vec<AccessPolicyRow> {
    let row = |rule: Option<&PolicyRule>| AccessPolicyRow {
        policy: policy.id.to_string(),
        rule: rule.map(|rule| rule.id.to_string()).unwrap_or_default(),
        name: rule.map_or(&policy.name, |rule| &rule.rule.name).clone(),
        active: rule.map_or(policy.active, |rule| rule.active),
    };
    let rules = policy.rules.iter().map(Some);
    std::iter::once(None).chain(rules).map(row).collect()
}

/// `POST /admin/servers/{id}/access/switch`: a policy rests, or one of its rules, or, with `on`, is in force again.
pub async fn switch(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let (policy, rule) = (visit.field("policy"), visit.field("rule"));
    let mut listed = server.parts.policies.iter();
    let policy = found(&visit, listed.find(|one| one.id.as_str() == policy))?;
    let force = match is_ticked(&visit, "on") {
        true => Force::Active,
        false => Force::Resting,
    };
    let change = match rule {
        "" => PolicyChange::Switch(policy.id.clone(), force),
        rule => {
            let mut rules = policy.rules.iter();
            let rule = found(&visit, rules.find(|one| one.id.as_str() == rule))?;
            let change = RuleChange::Switch(force);
            PolicyChange::Rule(policy.id.clone(), rule.id.clone(), change)
        }
    };
    let outcome = visit
        .cell
        .change_access_policies(&permit, &server.id, change)
        .await;
    match outcome {
        Ok(()) => Ok(visit.go(&format!("/admin/servers/{id}/access"))),
        Err(refusal) => {
            let shell = refused_shell(&visit, refusal)?;
            access::page(&visit, shell, &Server::Custom(server)).await
        }
    }
}
