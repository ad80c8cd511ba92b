//! Compares apps and authorization servers with what is declared of them, and makes what differs.

use crate::declaration::Mode;
use crate::declaration::apply::{Presence, Site};
use crate::declaration::document::{AppDeclaration, ServerDeclaration};
use crate::declaration::plan::{Known, find};
use crate::declaration::plan_apps::{AppPlan, AppUpdate, PresentApp, plan_app, plan_server};
use crate::declaration::problem::{Problem, placed};
use crate::declaration::report::{Kind, Report, Standing};
use identity::access::{Permission, Permit};
use identity::app::App;
use identity::app::operations::{AppChange, DeclaredApp, NewApp};
use identity::app::{api_access, store};
use identity::fault::Refusal;
use identity::person::profile::fold;
use identity::server::{AuthorizationServer, DEFAULT_SERVER_NAME, ServerConfig};
use std::collections::HashSet;
use vocab::id::{AppId, PolicyId, ServerId};
use vocab::secret::Secret;

pub(super) async fn apply_app(
    site: &Site,
    declared: &AppDeclaration,
    known: &mut Known,
) -> Result<Standing, Problem> {
    let secret = match &declared.client_secret {
        Some(source) => Some(site.secrets.get(Kind::App, &declared.label, source)?),
        None => None,
    };
    let made = make_app(site, declared, secret, known).await;
    let (id, standing) = placed(Kind::App, &declared.label, made)?;
    let label = &declared.label.value;
    known.names.insert(id.to_string(), label.trim().to_owned());
    known.apps.insert(fold(label), id);
    Ok(standing)
}

async fn make_app(
    site: &Site,
    declared: &AppDeclaration,
    secret: Option<Secret<String>>,
    known: &Known,
) -> Result<(AppId, Standing), Refusal> {
    let policy = match &declared.policy {
        Some(name) => Some(find(&known.policies, name)?),
        None => None,
    };
    let id = declared.id.as_ref().map(|id| AppId::parse(&id.value));
    let id = id
        .transpose()
        .map_err(|error| Refusal::invalid("id", error.to_string()))?;
    let present = load_app(site, declared, id.as_ref(), known).await?;
    let plan = plan_app(
        declared,
        present.as_ref(),
        secret.as_ref(),
        policy.as_ref(),
        known,
    )?;
    let standing = plan.standing.clone();
    let present = present.map(|present| present.app);
    let id = match (present, site.mode) {
        (Some(app), Mode::Plan) => app.id,
        (None, Mode::Plan) => id.unwrap_or_else(|| AppId::generate(site.cell.entropy())),
        (Some(app), Mode::Apply) => {
            change_app(site, declared, &app, policy, &plan).await?;
            if let Some(secret) = secret.filter(|_| plan.adds_secret) {
                let permit = site.permit(Permission::ManageApps)?;
                site.cell
                    .declare_app_secret(&permit, &app.id, secret)
                    .await?;
            }
            assign_app(site, &app.id, &plan).await?;
            let_into_api(site, &app.id, &plan).await?;
            app.id
        }
        (None, Mode::Apply) => {
            let app = create_app(site, declared, id, secret).await?;
            if policy.is_some() {
                let permit = site.permit(Permission::ManageApps)?;
                write_app(site, &permit, declared, &app, policy, &plan).await?;
            }
            assign_app(site, &app.id, &plan).await?;
            let_into_api(site, &app.id, &plan).await?;
            app.id
        }
    };
    Ok((id, standing))
}

async fn load_app(
    site: &Site,
    declared: &AppDeclaration,
    id: Option<&AppId>,
    known: &Known,
) -> Result<Option<PresentApp>, Refusal> {
    let mut tx = site.cell.database.read().await?;
    let id = match id {
        Some(id) => Some(id.clone()),
        None => {
            let label = declared.label.value.trim();
            let found = store::find_by_label(&mut tx, &site.org, label).await?;
            found.map(|app| app.id)
        }
    };
    let Some(id) = id else {
        return Ok(None);
    };
    let Some(app) = store::load(&mut tx, &site.org, &id).await? else {
        return Ok(None);
    };
    let (mut people, mut groups) = (HashSet::new(), HashSet::new());
    for login in &declared.people {
        let person = find(&known.people, login)?;
        if store::is_assigned_to_person(&mut tx, &site.org, &id, &person).await? {
            people.insert(person);
        }
    }
    for name in &declared.groups {
        let group = find(&known.groups, name)?;
        if store::is_assigned_to_group(&mut tx, &site.org, &id, &group).await? {
            groups.insert(group);
        }
    }
    let roles = api_access::store::load_granted_roles(&mut tx, &site.org, &id).await?;
    Ok(Some(PresentApp {
        app,
        people,
        groups,
        roles: roles.into_iter().map(|held| held.role).collect(),
    }))
}

async fn create_app(
    site: &Site,
    declared: &AppDeclaration,
    id: Option<AppId>,
    secret: Option<Secret<String>>,
) -> Result<App, Refusal> {
    let permit = site.permit(Permission::ManageApps)?;
    let new = DeclaredApp {
        id,
        app: NewApp {
            label: declared.label.value.clone(),
            kind: declared.kind,
            settings: declared.settings.clone(),
        },
        secret,
    };
    Ok(site.cell.declare_app(&permit, new).await?.app)
}

async fn change_app(
    site: &Site,
    declared: &AppDeclaration,
    app: &App,
    policy: Option<PolicyId>,
    plan: &AppPlan,
) -> Result<(), Refusal> {
    if plan.update == AppUpdate::None {
        return Ok(());
    }
    let permit = site.permit(Permission::ManageApps)?;
    write_app(site, &permit, declared, app, policy, plan).await
}

async fn write_app(
    site: &Site,
    permit: &Permit,
    declared: &AppDeclaration,
    app: &App,
    policy_id: Option<PolicyId>,
    plan: &AppPlan,
) -> Result<(), Refusal> {
    let change = AppChange {
        label: declared.label.value.clone(),
        settings: plan.settings.clone(),
        policy_id,
    };
    site.cell
        .update_app(permit, &app.id, app.revision, change)
        .await
}

async fn assign_app(site: &Site, app: &AppId, plan: &AppPlan) -> Result<(), Refusal> {
    let permit = site.permit(Permission::ManageApps)?;
    for person in &plan.people {
        site.cell.assign_app_to_person(&permit, app, person).await?;
    }
    for group in &plan.groups {
        site.cell.assign_app_to_group(&permit, app, group).await?;
    }
    Ok(())
}

async fn let_into_api(site: &Site, app: &AppId, plan: &AppPlan) -> Result<(), Refusal> {
    let permit = site.permit(Permission::ManageOrg)?;
    for scope in &plan.api_scopes {
        site.cell.grant_api_scope(&permit, app, *scope).await?;
    }
    for role in &plan.roles {
        site.cell.grant_app_role(&permit, app, *role).await?;
    }
    Ok(())
}

pub(super) async fn apply_servers(
    site: &Site,
    declared: &[ServerDeclaration],
    known: &Known,
    report: &mut Report,
) -> Result<(), Problem> {
    for server in declared {
        let done = apply_server(site, server, known).await;
        let kind = Kind::AuthorizationServer;
        let (standing, remarks) = placed(kind, &server.name, done)?;
        site.note(report, kind, &server.name, standing);
        for what in remarks {
            report.remark(site.slug.as_str(), kind, &server.name.value, what);
        }
    }
    Ok(())
}

async fn apply_server(
    site: &Site,
    declared: &ServerDeclaration,
    known: &Known,
) -> Result<(Standing, Vec<String>), Refusal> {
    let name = declared.name.value.trim();
    let present = find_server(site, name).await?;
    let schema = site.types.every_attribute();
    let plan = plan_server(declared, present.as_ref(), known, &schema)?;
    if site.mode == Mode::Apply && plan.standing != Standing::Same {
        let permit = site.permit(Permission::ManageServers)?;
        match present {
            None => {
                site.cell.create_server(&permit, name, plan.config).await?;
            }
            Some(server) => {
                site.cell
                    .update_server(&permit, &server.id, server.revision, name, plan.config)
                    .await?;
            }
        }
    }
    Ok((plan.standing, plan.remarks))
}

/// The server of that name; of an org that is only planned, the preset one that it will begin with.
async fn find_server(site: &Site, name: &str) -> Result<Option<AuthorizationServer>, Refusal> {
    if site.presence == Presence::Planned {
        let preset = || {
            AuthorizationServer::new(
                site.org.clone(),
                ServerId::generate(site.cell.entropy()),
                String::from(DEFAULT_SERVER_NAME),
                ServerConfig::default(),
                site.cell.now(),
            )
        };
        return Ok((fold(name) == DEFAULT_SERVER_NAME).then(preset));
    }
    let mut tx = site.cell.database.read().await?;
    let servers = identity::server::store::load_all(&mut tx, &site.org).await?;
    Ok(servers
        .into_iter()
        .find(|server| fold(&server.name) == fold(name)))
}
