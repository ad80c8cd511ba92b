//! Targets of standard roles, whoever has the role: the groups or the apps that it is held over. A role without any is held
//! over everything; a narrowed one keeps its last target, and is none that is held over everything even if that is removed.

/// The operations of one kind of holder, who is found by `holder` of the module.
macro_rules! handlers {
    () => {
        handlers! {
            "Lists the groups that the role is narrowed to." list_groups
            "Narrows the role to a group, beside those it is narrowed to." add_group
            "Narrows the role to a group no more, but the last one." remove_group
            "Lists the apps that the role is narrowed to." list_apps
            "Narrows the role to every app of a kind." add_kind
            "Narrows the role to every app of a kind no more." remove_kind
            "Narrows the role to an app, beside those it is narrowed to." add_app
            "Narrows the role to an app no more, but the last one." remove_app
        }
    };
    ($($does:literal $name:ident)*) => {$(
        #[doc = $does]
        ///
        /// # Errors
        /// [`ApiError`] as every operation; nothing was changed.
        pub async fn $name(call: Call) -> Result<Reply, ApiError> {
            let holder = holder(&call).await?;
            crate::role_targets::$name(call, holder).await
        }
    )*};
}

pub(crate) mod described;
pub mod of_clients;
pub mod of_groups;
pub mod of_users;

use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::groups::render::render_group;
use crate::limits::ROLE_TARGETS_PAGE;
use crate::reply::Reply;
use crate::role;
use crate::whole_list::page_of;
use identity::access::narrowed::{AddedTarget, RoleHolder, RoleTarget, TargetKind, narrowed_by};
use identity::access::{Permission, Role};
use identity::app::search::MAKE;
use identity::app::{App, AppStatus};
use identity::fault::Refusal;
use serde_json::{Value, json};
use std::sync::Arc;
use vocab::id::{AppId, GroupId};

/// A role of somebody.
struct Held {
    holder: RoleHolder,
    role: Role,
}

impl Held {
    /// The assignment that the path names, of a kind that such targets narrow.
    fn of(call: &Call, holder: RoleHolder, kind: TargetKind) -> Result<Self, ApiError> {
        let role = role::parse_id(call.parameter("rid")).ok_or_else(|| missing(call))?;
        if narrowed_by(role) != Some(kind) {
            return Err(ApiError::of(ErrorCode::RoleType));
        }
        Ok(Self { holder, role })
    }

    async fn targets(&self, call: &Call) -> Result<Vec<AddedTarget>, ApiError> {
        let reader = call.permit_for(Permission::ReadDirectory)?;
        let held = (&self.holder, self.role);
        match call.cell.list_role_targets(&reader, held).await {
            Err(Refusal::NotFound) => Err(missing(call)),
            other => Ok(other?),
        }
    }

    async fn add(&self, call: &Call, target: RoleTarget) -> Result<Reply, ApiError> {
        let held = (&self.holder, self.role);
        match call.cell.add_role_target(&call.permit, held, target).await {
            Err(Refusal::NotFound) => Err(missing(call)),
            Err(Refusal::TooMany { .. }) => Err(ApiError::of(ErrorCode::TooManyTargets)),
            other => Ok(other.map(|()| Reply::empty())?),
        }
    }

    async fn remove(
        &self,
        call: &Call,
        target: RoleTarget,
        gone: ApiError,
    ) -> Result<Reply, ApiError> {
        // Whoever does not have the role is told so, rather than that it has no such target.
        self.targets(call).await?;
        let held = (&self.holder, self.role);
        match call
            .cell
            .remove_role_target(&call.permit, held, target)
            .await
        {
            Err(Refusal::NotFound) => Err(gone),
            other => Ok(other.map(|()| Reply::empty())?),
        }
    }
}

fn missing(call: &Call) -> ApiError {
    ApiError::not_found(Thing::RoleAssignment, call.parameter("rid"))
}

async fn list_groups(call: Call, holder: RoleHolder) -> Result<Reply, ApiError> {
    let held = Held::of(&call, holder, TargetKind::Groups)?;
    let targets = held.targets(&call).await?;
    let (targets, next) = page_of(&call, targets, ROLE_TARGETS_PAGE, |one| {
        one.target.stored().1
    })?;
    let ids: Vec<GroupId> = targets
        .into_iter()
        .filter_map(|one| match one.target {
            RoleTarget::Group(id) => Some(id),
            RoleTarget::App(_) | RoleTarget::Apps => None,
        })
        .collect();
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let mut groups = call.cell.find_groups(&reader, &ids).await?;
    let found = ids.iter().filter_map(|id| groups.remove(id));
    let shown: Vec<Value> = found.map(|group| render_group(&call, &group)).collect();
    Ok(call.paged(Reply::of(Value::from(shown)), next.as_ref()))
}

async fn add_group(call: Call, holder: RoleHolder) -> Result<Reply, ApiError> {
    let held = Held::of(&call, holder, TargetKind::Groups)?;
    let group = call.group("gid").await?.id;
    held.add(&call, RoleTarget::Group(group)).await
}

async fn remove_group(call: Call, holder: RoleHolder) -> Result<Reply, ApiError> {
    let held = Held::of(&call, holder, TargetKind::Groups)?;
    let named = call.parameter("gid");
    let gone = || ApiError::not_found(Thing::UserGroup, named);
    let id = GroupId::parse(named).map_err(|_| gone())?;
    held.remove(&call, RoleTarget::Group(id), gone()).await
}

async fn list_apps(call: Call, holder: RoleHolder) -> Result<Reply, ApiError> {
    let held = Held::of(&call, holder, TargetKind::Apps)?;
    let targets = held.targets(&call).await?;
    let (targets, next) = page_of(&call, targets, ROLE_TARGETS_PAGE, |one| {
        one.target.stored().1
    })?;
    let mut shown = Vec::new();
    for one in targets {
        match one.target {
            RoleTarget::Apps => shown.push(render_kind(&call)),
            RoleTarget::App(id) => {
                let app = call.cell.app(&call.context.org, &id).await?;
                shown.extend(app.map(|app| render_app(&call, &app)));
            }
            RoleTarget::Group(_) => {}
        }
    }
    Ok(call.paged(Reply::of(Value::from(shown)), next.as_ref()))
}

async fn add_kind(call: Call, holder: RoleHolder) -> Result<Reply, ApiError> {
    let held = Held::of(&call, holder, TargetKind::Apps)?;
    check_kind(&call)?;
    let added = held.add(&call, RoleTarget::Apps).await?;
    // Clients know this one of groups by another status.
    Ok(match held.holder {
        RoleHolder::Group(_) => Reply::done(),
        RoleHolder::User(_) | RoleHolder::App(_) => added,
    })
}

async fn remove_kind(call: Call, holder: RoleHolder) -> Result<Reply, ApiError> {
    let held = Held::of(&call, holder, TargetKind::Apps)?;
    check_kind(&call)?;
    let gone = ApiError::not_found(Thing::CatalogApp, call.parameter("app"));
    held.remove(&call, RoleTarget::Apps, gone).await
}

async fn add_app(call: Call, holder: RoleHolder) -> Result<Reply, ApiError> {
    let held = Held::of(&call, holder, TargetKind::Apps)?;
    let id = instance(&call)?;
    let app = call.cell.app(&call.context.org, &id).await?;
    let app: Arc<App> = app.ok_or_else(|| no_instance(&call))?;
    held.add(&call, RoleTarget::App(app.id.clone())).await
}

async fn remove_app(call: Call, holder: RoleHolder) -> Result<Reply, ApiError> {
    let held = Held::of(&call, holder, TargetKind::Apps)?;
    let id = instance(&call)?;
    let gone = no_instance(&call);
    held.remove(&call, RoleTarget::App(id), gone).await
}

/// There is one kind of app here, and no catalogue of others.
fn check_kind(call: &Call) -> Result<(), ApiError> {
    match call.parameter("app") {
        MAKE => Ok(()),
        other => Err(ApiError::not_found(Thing::CatalogApp, other)),
    }
}

fn instance(call: &Call) -> Result<AppId, ApiError> {
    check_kind(call)?;
    AppId::parse(call.parameter("instance")).map_err(|_| no_instance(call))
}

fn no_instance(call: &Call) -> ApiError {
    ApiError::not_found(Thing::App, call.parameter("instance"))
}

fn render_kind(call: &Call) -> Value {
    json!({
        "name": MAKE,
        "displayName": "Every app",
        "status": "ACTIVE",
        "signOnModes": ["OPENID_CONNECT"],
        "_links": { "self": { "href": call.href("/api/v1/apps") } },
    })
}

fn render_app(call: &Call, app: &App) -> Value {
    let status = match app.status {
        AppStatus::Active => "ACTIVE",
        AppStatus::Inactive => "INACTIVE",
    };
    json!({
        "id": app.id.as_str(),
        "name": MAKE,
        "displayName": app.label,
        "status": status,
        "signOnModes": ["OPENID_CONNECT"],
        "lastUpdated": app.updated_at.to_rfc3339_millis(),
        "_links": { "self": { "href": call.href(&format!("/api/v1/apps/{}", app.id)) } },
    })
}
