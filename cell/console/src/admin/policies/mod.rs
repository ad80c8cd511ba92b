//! Sign-on policies: the list, a new one, one with its rules in order.

pub mod describe;
pub mod rule_form;
pub mod rules;
pub mod simulate;

use crate::admin::caller::{
    Answer, Detour, administrator, administrator_freshly, done, found, loaded,
};
use crate::admin::form::{Shown, problem_of, revision, revision_of, shell_after, typed};
use crate::admin::policies::describe::{load_names, render_conditions, render_demands};
use crate::view::admin::{
    PoliciesPage, PolicyNewPage, PolicyPage, PolicyRow, PolicyScope, RuleRow,
};
use crate::view::part::Input;
use crate::view::row::LinkRow;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::Permission;
use identity::fault::Refusal;
use identity::sign_on::aside::ListedRule;
use identity::sign_on::store::{self, StoredPolicy};
use identity::sign_on::{Outcome, SignOnPolicy, presets};
use vocab::id::PolicyId;

/// Apps that the page of a policy shows.
const SHOWN_APPS: i64 = 50;

/// `GET /admin/policies`.
pub async fn list(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let (policies, apps) = {
        let org = &visit.context.org;
        let mut tx = loaded(&visit, visit.cell.database.read().await)?;
        let policies = store::load_all_policies(&mut tx, org).await;
        let apps = store::count_apps_by_policy(&mut tx, org).await;
        (loaded(&visit, policies)?, loaded(&visit, apps)?)
    };
    let mut rows: Vec<PolicyRow> = policies
        .into_iter()
        .map(|stored| PolicyRow {
            id: stored.policy.id.to_string(),
            name: stored.policy.name,
            scope: scope_of(stored.scope),
            rules: u64::try_from(stored.policy.rules.len()).unwrap_or(u64::MAX),
            apps: apps.get(&stored.policy.id).copied().unwrap_or_default(),
            active: stored.active,
        })
        .collect();
    // They come by name; the two that every org has stand above the others.
    rows.sort_by_key(|row| row.scope as u8);
    Ok(visit.page(&PoliciesPage {
        shell: visit.shell(),
        rows,
    }))
}

const fn scope_of(scope: identity::sign_on::PolicyScope) -> PolicyScope {
    match scope {
        identity::sign_on::PolicyScope::Org => PolicyScope::Org,
        identity::sign_on::PolicyScope::Console => PolicyScope::Console,
        identity::sign_on::PolicyScope::App => PolicyScope::App,
    }
}

/// `GET /admin/policies/new`.
pub async fn show_new(visit: Visit) -> Answer {
    administrator_freshly(&visit, Permission::ManagePolicies, &visit.path).await?;
    Ok(visit.page(&PolicyNewPage {
        shell: visit.shell(),
        name: Input::default(),
    }))
}

/// `POST /admin/policies/new`: with one rule that asks for nothing beyond the org's policy.
pub async fn create(visit: Visit) -> Answer {
    let permit =
        administrator_freshly(&visit, Permission::ManagePolicies, "/admin/policies").await?;
    let entropy = visit.cell.entropy();
    let (_, preset) = presets::app_policy(PolicyId::generate(entropy), entropy);
    let made = visit
        .cell
        .create_policy(&permit, visit.field("name"), preset.rules)
        .await;
    match made {
        Ok(policy) => Ok(visit.go(&address(&policy.id))),
        Err(refusal) => {
            let name = name_after(&visit, &refusal);
            let shell = done(&visit, shell_after(&visit, refusal))?;
            Ok(visit.page(&PolicyNewPage { shell, name }))
        }
    }
}

/// `GET /admin/policies/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let stored = load_policy(&visit, &id).await?;
    let name = Input::of(&stored.policy.name);
    let name = (Shown::Stored, name);
    page(&visit, visit.shell(), &stored, name).await
}

/// `POST /admin/policies/{id}`: its name.
pub async fn rename(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit =
        administrator_freshly(&visit, Permission::ManagePolicies, "/admin/policies").await?;
    let stored = load_policy(&visit, &id).await?;
    let policy = SignOnPolicy {
        name: visit.field("name").trim().to_owned(),
        ..stored.policy.clone()
    };
    match visit
        .cell
        .update_policy(&permit, policy, revision(&visit))
        .await
    {
        Ok(()) => Ok(visit.go(&address(&stored.policy.id))),
        Err(refusal) => {
            let name = name_after(&visit, &refusal);
            let shell = done(&visit, shell_after(&visit, refusal))?;
            page(&visit, shell, &stored, (Shown::Typed, name)).await
        }
    }
}

/// `POST /admin/policies/{id}/delete`.
pub async fn delete(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit =
        administrator_freshly(&visit, Permission::ManagePolicies, "/admin/policies").await?;
    let stored = load_policy(&visit, &id).await?;
    match visit.cell.delete_policy(&permit, &stored.policy.id).await {
        Ok(()) => Ok(visit.go("/admin/policies")),
        Err(refusal) => refused(&visit, &stored, refusal).await,
    }
}

/// `POST /admin/policies/{id}/activate`.
pub async fn activate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, true).await
}

/// `POST /admin/policies/{id}/deactivate`.
pub async fn deactivate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, false).await
}

async fn switch(visit: &Visit, id: &str, active: bool) -> Answer {
    let permit =
        administrator_freshly(visit, Permission::ManagePolicies, "/admin/policies").await?;
    let stored = load_policy(visit, id).await?;
    let switched = visit.cell.switch_policy(&permit, &stored.policy.id, active);
    match switched.await {
        Ok(()) => Ok(visit.go(&address(&stored.policy.id))),
        Err(refusal) => refused(visit, &stored, refusal).await,
    }
}

/// Shows a policy as it is, with a refusal above it.
async fn refused(visit: &Visit, stored: &StoredPolicy, refusal: Refusal) -> Answer {
    let shell = done(visit, shell_after(visit, refusal))?;
    let name = (Shown::Stored, Input::of(&stored.policy.name));
    page(visit, shell, stored, name).await
}

fn address(id: &PolicyId) -> String {
    format!("/admin/policies/{id}")
}

fn name_after(visit: &Visit, refusal: &Refusal) -> Input {
    match problem_of(visit.shell().t, refusal) {
        Some(("name", text)) => typed(visit, "name").refused(text),
        _ => typed(visit, "name"),
    }
}

/// The policy of an address, as it is stored now.
///
/// # Errors
/// The page that says that there is none.
pub async fn load_policy(visit: &Visit, id: &str) -> Result<StoredPolicy, Detour> {
    let id = found(visit, PolicyId::parse(id).ok())?;
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let policy = store::load_policy(&mut tx, &visit.context.org, &id).await;
    drop(tx);
    found(visit, loaded(visit, policy)?)
}

async fn page(
    visit: &Visit,
    shell: Shell,
    stored: &StoredPolicy,
    (shown, name): (Shown, Input),
) -> Answer {
    let policy = &stored.policy;
    let listed = stored.listed();
    let whole = SignOnPolicy {
        rules: listed.iter().map(|one| one.rule.clone()).collect(),
        ..policy.clone()
    };
    let (names, apps) = {
        let org = &visit.context.org;
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let names = load_names(&mut tx, org, &whole).await;
        let apps = store::load_apps_of_policy(&mut tx, org, &policy.id, SHOWN_APPS).await;
        (loaded(visit, names)?, loaded(visit, apps)?)
    };
    let t = shell.t;
    let rules = listed.iter().map(|ListedRule { rule, active }| RuleRow {
        id: rule.id.to_string(),
        name: rule.name.clone(),
        conditions: render_conditions(t, &rule.conditions, &names),
        demands: match &rule.outcome {
            Outcome::Deny => Vec::new(),
            Outcome::Allow(allow) => render_demands(t, allow),
        },
        allows: rule.outcome != Outcome::Deny,
        active: *active,
    });
    Ok(visit.page(&PolicyPage {
        shell,
        id: policy.id.to_string(),
        title: policy.name.clone(),
        scope: scope_of(stored.scope),
        active: stored.active,
        revision: revision_of(visit, shown, stored.revision),
        name,
        rules: rules.collect(),
        apps: apps
            .into_iter()
            .map(|(id, name)| LinkRow {
                id: id.to_string(),
                name,
                about: String::new(),
            })
            .collect(),
    }))
}
