//! Makes policies, apps and authorization servers as declared.

use crate::declaration::DeclarationError;
use crate::declaration::apply::{Site, refused, secret};
use crate::declaration::document::{AppDeclaration, PolicyDeclaration, ServerDeclaration};
use crate::declaration::plan::{
    Known, find, is_as_declared, plan_app, policy_rules, server_config,
};
use identity::access::Permission;
use identity::app::App;
use identity::app::operations::{AppChange, DeclaredApp, NewApp};
use identity::fault::Refusal;
use identity::person::profile::fold;
use identity::sign_on::{PolicyScope, SignOnPolicy};
use vocab::id::{AppId, PolicyId};
use vocab::secret::{Secret, SecretHash};

pub(super) async fn apply_policy(
    site: &Site,
    declared: &PolicyDeclaration,
    known: &mut Known,
) -> Result<(), Refusal> {
    let permit = site.permit(Permission::ManagePolicies)?;
    let name = declared.name.value.trim();
    let mut tx = site.cell.database.read().await?;
    let stored = identity::sign_on::store::load_all_policies(&mut tx, &site.org.id).await?;
    drop(tx);
    let present = stored
        .into_iter()
        .find(|stored| fold(&stored.policy.name) == fold(name));
    let before = present.as_ref().map(|stored| &stored.policy);
    let rules = policy_rules(declared, before, known, site.cell.entropy())?;
    let id = match present {
        None => site.cell.create_policy(&permit, name, rules).await?.id,
        Some(stored) if stored.scope != PolicyScope::App => {
            return Err(Refusal::Taken { field: "name" });
        }
        Some(stored) => {
            let policy = SignOnPolicy {
                id: stored.policy.id.clone(),
                name: name.to_owned(),
                rules,
            };
            if policy != stored.policy {
                let revision = stored.revision;
                site.cell.update_policy(&permit, policy, revision).await?;
            }
            stored.policy.id
        }
    };
    known.policies.insert(fold(name), id);
    Ok(())
}

pub(super) async fn apply_app(
    site: &Site,
    declared: &AppDeclaration,
    known: &mut Known,
) -> Result<(), DeclarationError> {
    let named = || format!("app {:?}", declared.label.value);
    let brought = match &declared.client_secret {
        Some(source) => Some(secret(named, source)?),
        None => None,
    };
    let id = refused(named, make_app(site, declared, brought, known).await)?;
    refused(named, assign_app(site, declared, &id, known).await)?;
    known.apps.insert(fold(&declared.label.value), id);
    Ok(())
}

async fn make_app(
    site: &Site,
    declared: &AppDeclaration,
    brought: Option<Secret<String>>,
    known: &Known,
) -> Result<AppId, Refusal> {
    let permit = site.permit(Permission::ManageApps)?;
    let policy = match &declared.policy {
        Some(name) => Some(find(&known.policies, name)?),
        None => None,
    };
    let id = declared.id.as_ref().map(|id| AppId::parse(&id.value));
    let id = id
        .transpose()
        .map_err(|error| Refusal::invalid("id", error.to_string()))?;
    let Some(app) = load_app(site, declared, id.as_ref()).await? else {
        let new = DeclaredApp {
            id,
            app: NewApp {
                label: declared.label.value.clone(),
                kind: declared.kind,
                settings: declared.settings.clone(),
            },
            secret: brought,
        };
        let created = site.cell.declare_app(&permit, new).await?;
        change_app(site, declared, &created.app, policy).await?;
        return Ok(created.app.id);
    };
    change_app(site, declared, &app, policy).await?;
    if let Some(secret) = brought
        && !app.secrets.contains(&SecretHash::of(secret.expose()))
    {
        site.cell
            .declare_app_secret(&permit, &app.id, secret)
            .await?;
    }
    Ok(app.id)
}

async fn load_app(
    site: &Site,
    declared: &AppDeclaration,
    id: Option<&AppId>,
) -> Result<Option<App>, Refusal> {
    use identity::app::store;
    let mut tx = site.cell.database.read().await?;
    if let Some(id) = id {
        return Ok(store::load(&mut tx, &site.org.id, id).await?);
    }
    let Some(found) =
        store::find_by_label(&mut tx, &site.org.id, declared.label.value.trim()).await?
    else {
        return Ok(None);
    };
    Ok(store::load(&mut tx, &site.org.id, &found.id).await?)
}

async fn change_app(
    site: &Site,
    declared: &AppDeclaration,
    app: &App,
    policy_id: Option<PolicyId>,
) -> Result<(), Refusal> {
    let Some(settings) = plan_app(declared, app, policy_id.as_ref())? else {
        return Ok(());
    };
    let change = AppChange {
        label: declared.label.value.clone(),
        settings,
        policy_id,
    };
    let permit = site.permit(Permission::ManageApps)?;
    site.cell
        .update_app(&permit, &app.id, app.revision, change)
        .await
}

async fn assign_app(
    site: &Site,
    declared: &AppDeclaration,
    app: &AppId,
    known: &Known,
) -> Result<(), Refusal> {
    let permit = site.permit(Permission::ManageApps)?;
    // Nothing is written for an assignment that is there.
    for login in &declared.people {
        let person = find(&known.people, login)?;
        site.cell
            .assign_app_to_person(&permit, app, &person)
            .await?;
    }
    for name in &declared.groups {
        let group = find(&known.groups, name)?;
        site.cell.assign_app_to_group(&permit, app, &group).await?;
    }
    Ok(())
}

pub(super) async fn apply_server(
    site: &Site,
    declared: &ServerDeclaration,
    known: &Known,
) -> Result<(), Refusal> {
    let permit = site.permit(Permission::ManageServers)?;
    let config = server_config(declared, known)?;
    let name = declared.name.value.trim();
    let mut tx = site.cell.database.read().await?;
    let servers = identity::server::store::load_all(&mut tx, &site.org.id).await?;
    drop(tx);
    match servers
        .iter()
        .find(|server| fold(&server.name) == fold(name))
    {
        None => site
            .cell
            .create_server(&permit, name, config)
            .await
            .map(drop),
        Some(server) if is_as_declared(server, declared, &config) => Ok(()),
        Some(server) => {
            site.cell
                .update_server(&permit, &server.id, server.revision, name, config)
                .await
        }
    }
}
