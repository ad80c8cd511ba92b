//! The inline hook that is asked about the tokens which an access rule permits.

use crate::admin::caller::{Answer, Detour, administrator, found, loaded};
use crate::admin::servers::access::page;
use crate::admin::servers::{Server, load_custom, refused_shell};
use crate::view::part::{Choice, Input};
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::Permission;
use identity::inline_hook::{InlineHookKind, store};
use identity::server::AuthorizationServer;
use identity::server::change::rule_key;
use identity::server::parts::{AccessPolicy, PolicyRule, find_seat};
use identity::server::policies::{PolicyChange, RuleChange};
use vocab::id::InlineHookId;

/// The hook that the rule of a key has asked, and those that there are.
pub(super) async fn load(
    visit: &Visit,
    server: &AuthorizationServer,
    key: Option<&str>,
) -> Result<(Input, Vec<Choice>), Detour> {
    let seat = key.and_then(|key| find(server, key));
    let named = seat.and_then(|(_, rule)| rule.hook.as_ref());
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let hooks = store::load_all(&mut tx, &visit.context.org).await;
    let hooks = loaded(visit, hooks)?;
    drop(tx);
    let none = visit.shell().t.servers.hook_none;
    let asked = hooks
        .into_iter()
        .filter(|hook| hook.kind == InlineHookKind::TokenTransform)
        .map(|hook| Choice::new(hook.id.as_str(), hook.name));
    let choices = std::iter::once(Choice::new("", none)).chain(asked);
    let named = named.map(InlineHookId::to_string).unwrap_or_default();
    Ok((Input::of(named), choices.collect()))
}

/// `POST /admin/servers/{id}/access/{key}/hook`.
pub async fn save(Path((id, key)): Path<(String, String)>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let (policy, rule) = found(&visit, find(&server, &key))?;
    let hook = match visit.field("hook") {
        "" => None,
        named => Some(found(&visit, InlineHookId::parse(named).ok())?),
    };
    let bind = RuleChange::Hook(hook);
    let change = PolicyChange::Rule(policy.id.clone(), rule.id.clone(), bind);
    let changed = visit
        .cell
        .change_access_policies(&permit, &server.id, change);
    match changed.await {
        Ok(()) => Ok(visit.go(&format!("/admin/servers/{id}/access"))),
        Err(refusal) => {
            let shell = refused_shell(&visit, refusal)?;
            page(&visit, shell, &Server::Custom(server)).await
        }
    }
}

/// Where the rule of a key stands among the policies.
fn find<'s>(
    server: &'s AuthorizationServer,
    key: &str,
) -> Option<(&'s AccessPolicy, &'s PolicyRule)> {
    let mut rules = server.config.rules.iter().enumerate();
    let (_, rule) = rules.find(|(place, rule)| rule_key(*place, rule) == key)?;
    find_seat(&server.parts, &server.config, rule)
}
