//! What an app may do at the management API when it acts for itself.

use crate::admin::apps::{draw, load_app};
use crate::admin::caller::{Answer, administrator, administrator_freshly, done, found, loaded};
use crate::admin::row::{free_roles, moment, role_row};
use crate::view::admin::{AppTab, GivenRow};
use crate::view::part::{Choice, Input};
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use identity::access::scope::{ApiScope, Area, Verb};
use identity::access::{Permission, Role};
use identity::app::api_access::{ApiGrant, may_act_for_itself, store};
use identity::fault::Refusal;
use vocab::id::{ApiGrantId, AppId};

/// `GET /admin/apps/{id}/api`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let app = load_app(&visit, &id).await?;
    let (grants, roles) = {
        let mut tx = loaded(&visit, visit.cell.database.read().await)?;
        let grants = store::load_grants(&mut tx, &app.org_id, &app.id).await;
        let roles = store::load_granted_roles(&mut tx, &app.org_id, &app.id).await;
        (loaded(&visit, grants)?, loaded(&visit, roles)?)
    };
    let tab = AppTab::Api {
        has_key: may_act_for_itself(&app),
        free_scopes: free_scopes(&grants),
        scopes: grants.iter().map(scope_row).collect(),
        free_roles: free_roles(visit.shell().t, &roles),
        roles: roles
            .iter()
            .map(|held| role_row(visit.shell().t, *held))
            .collect(),
        chosen: Input::default(),
    };
    Ok(draw(&visit, visit.shell(), &app, tab))
}

fn scope_row(grant: &ApiGrant) -> GivenRow {
    GivenRow {
        id: grant.id.to_string(),
        name: grant.scope.render(),
        since: moment(grant.granted_at),
        has_targets: false,
    }
}

/// Every scope that the app does not have.
fn free_scopes(grants: &[ApiGrant]) -> Vec<Choice> {
    let all = Area::ALL
        .iter()
        .flat_map(|area| [Verb::Read, Verb::Manage].map(|verb| ApiScope { area: *area, verb }));
    all.filter(|scope| grants.iter().all(|grant| grant.scope != *scope))
        .map(|scope| Choice::new(scope.render(), scope.render()))
        .collect()
}

fn path_of(id: &str) -> String {
    format!("/admin/apps/{id}/api")
}

/// `POST /admin/apps/{id}/api/scopes/add`.
pub async fn add_scope(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, &path_of(&id)).await?;
    let app = found(&visit, AppId::parse(&id).ok())?;
    let scope = found(&visit, ApiScope::parse(visit.field("scope")))?;
    let granted = visit.cell.grant_api_scope(&permit, &app, scope).await;
    finish(&visit, &id, granted.map(drop))
}

/// `POST /admin/apps/{id}/api/scopes/remove`.
pub async fn remove_scope(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, &path_of(&id)).await?;
    let app = found(&visit, AppId::parse(&id).ok())?;
    let grant = found(&visit, ApiGrantId::parse(visit.field("id")).ok())?;
    let revoked = visit.cell.revoke_api_scope(&permit, &app, &grant).await;
    finish(&visit, &id, revoked)
}

/// `POST /admin/apps/{id}/api/roles/add`.
pub async fn add_role(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, &path_of(&id)).await?;
    let app = found(&visit, AppId::parse(&id).ok())?;
    let role = found(&visit, Role::from_word(visit.field("role")))?;
    let given = visit.cell.grant_app_role(&permit, &app, role).await;
    finish(&visit, &id, given.map(drop))
}

/// `POST /admin/apps/{id}/api/roles/remove`.
pub async fn remove_role(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, &path_of(&id)).await?;
    let app = found(&visit, AppId::parse(&id).ok())?;
    let role = found(&visit, Role::from_word(visit.field("id")))?;
    let taken = visit.cell.revoke_app_role(&permit, &app, role).await;
    finish(&visit, &id, taken)
}

fn finish(visit: &Visit, id: &str, outcome: Result<(), Refusal>) -> Answer {
    let back: Response = visit.go(&path_of(id));
    done(visit, outcome).map(|()| back)
}
