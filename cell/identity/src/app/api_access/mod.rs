//! What an app may do at the management API when it acts for itself: the scopes that it was granted, cut down to what its
//! own roles permit. Both are given by whoever manages the org, never by whoever manages apps: an app would else be a
//! way to more than one has.

pub mod store;

use crate::access::ceiling::check_grant;
use crate::access::custom::store::reach::load_held_by_app;
use crate::access::narrowed::{RoleHolder, store as narrowed};
use crate::access::scope::ApiScope;
use crate::access::{AppCaller, Permission, Permit, Role};
use crate::app::operations::{load_for_change, load_to_give_role};
use crate::app::settings::ClientAuthentication;
use crate::app::{App, AppStatus};
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::person::roles::GrantedRole;
use ledger::EventType;
use vocab::future::boxed;
use vocab::id::{ApiGrantId, AppId, OrgId};
use vocab::time::Timestamp;

/// A scope that an app was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiGrant {
    /// Its id.
    pub id: ApiGrantId,
    /// The scope.
    pub scope: ApiScope,
    /// When it was granted.
    pub granted_at: Timestamp,
    /// The id of whoever granted it.
    pub granted_by: String,
}

/// Whether an app proves itself well enough to act at the management API. A secret travels with every request, and is
/// known to both sides; a key stays where it is.
#[must_use]
pub fn may_act_for_itself(app: &App) -> bool {
    app.settings.client_authentication == ClientAuthentication::PrivateKeyJwt
}

impl Cell {
    /// The scopes that an app was granted, by name.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app that this org does not have.
    #[boxed]
    pub async fn list_api_grants(
        &self,
        permit: &Permit,
        app_id: &AppId,
    ) -> Result<Vec<ApiGrant>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        crate::app::store::load(&mut tx, permit.org(), app_id)
            .await?
            .ok_or(Refusal::NotFound)?;
        Ok(store::load_grants(&mut tx, permit.org(), app_id).await?)
    }

    /// Grants an app a scope; nothing happens if it has it.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for an app that does not prove itself by a key.
    #[boxed]
    pub async fn grant_api_scope(
        &self,
        permit: &Permit,
        app_id: &AppId,
        scope: ApiScope,
    ) -> Result<ApiGrant, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, id) = (self.clone(), permit.clone(), app_id.clone());
        let outcome = self.database.write(move |tx| {
            Box::pin(async move {
                let app = load_for_change(tx, &by, &id).await?;
                if !may_act_for_itself(&app) {
                    return Err(Refusal::WrongState(
                        "only an app that proves itself by a key (private_key_jwt) may act for itself at this API",
                    ));
                }
                let present = store::load_grants(tx, by.org(), &id).await?;
                if let Some(present) = present.into_iter().find(|grant| grant.scope == scope) {
                    return Ok(present);
                }
                let grant = ApiGrant {
                    id: ApiGrantId::generate(cell.entropy()),
                    scope,
                    granted_at: cell.now(),
                    granted_by: by.actor().id().to_owned(),
                };
                if !store::insert_grant(tx, by.org(), &id, &grant).await? {
                    return Err(Refusal::Changed);
                }
                let event = cell
                    .app_event(&by, EventType::ApplicationLifecycleUpdate, &app)
                    .detail("scopeGranted", scope.render());
                ledger::append(tx, by.org(), event).await?;
                Ok(grant)
            })
        });
        let granted = outcome.await;
        self.forget_app(permit.org(), app_id);
        granted
    }

    /// Takes a scope back. Tokens that carry it are refused from now on.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a grant that the app does not have.
    #[boxed]
    pub async fn revoke_api_scope(
        &self,
        permit: &Permit,
        app_id: &AppId,
        grant: &ApiGrantId,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, id, grant) = (self.clone(), permit.clone(), app_id.clone(), grant.clone());
        let outcome = self.database.write(move |tx| {
            Box::pin(async move {
                let app = load_for_change(tx, &by, &id).await?;
                let present = store::load_grant(tx, by.org(), &id, &grant)
                    .await?
                    .ok_or(Refusal::NotFound)?;
                if !store::delete_grant(tx, by.org(), &id, &grant).await? {
                    return Err(Refusal::NotFound);
                }
                let event = cell
                    .app_event(&by, EventType::ApplicationLifecycleUpdate, &app)
                    .detail("scopeRevoked", present.scope.render());
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        });
        let revoked = outcome.await;
        self.forget_app(permit.org(), app_id);
        revoked
    }

    /// The roles of an app, each with the moment at which it was given.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app that this org does not have.
    #[boxed]
    pub async fn list_app_roles(
        &self,
        permit: &Permit,
        app_id: &AppId,
    ) -> Result<Vec<GrantedRole>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        crate::app::store::load(&mut tx, permit.org(), app_id)
            .await?
            .ok_or(Refusal::NotFound)?;
        Ok(store::load_granted_roles(&mut tx, permit.org(), app_id).await?)
    }

    /// Gives an app a role; false if it has it.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for an app that does not prove itself by a key.
    #[boxed]
    pub async fn grant_app_role(
        &self,
        permit: &Permit,
        app_id: &AppId,
        role: Role,
    ) -> Result<bool, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, id) = (self.clone(), permit.clone(), app_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let app = load_to_give_role(tx, &by, &id).await?;
                    check_grant(tx, &by, role).await?;
                    if !may_act_for_itself(&app) {
                        return Err(Refusal::WrongState(
                            "only an app that proves itself by a key (private_key_jwt) may have a role",
                        ));
                    }
                    let holder = RoleHolder::App(id.clone());
                    let narrowed = narrowed::load_since(tx, by.org(), (&holder, role)).await?;
                    let is_new = narrowed.is_none()
                        && store::insert_role(tx, by.org(), &id, role, cell.now()).await?;
                    if is_new {
                        let event = cell
                            .app_event(&by, EventType::AppOauth2ClientPrivilegeGrant, &app)
                            .detail("privilegeGranted", role.as_str());
                        ledger::append(tx, by.org(), event).await?;
                    }
                    Ok(is_new)
                })
            })
            .await
    }

    /// Takes a role from an app.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a role that the app does not have.
    #[boxed]
    pub async fn revoke_app_role(
        &self,
        permit: &Permit,
        app_id: &AppId,
        role: Role,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, id) = (self.clone(), permit.clone(), app_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let app = load_to_give_role(tx, &by, &id).await?;
                    if !store::delete_role(tx, by.org(), &id, role).await? {
                        return Err(Refusal::NotFound);
                    }
                    let event = cell
                        .app_event(&by, EventType::AppOauth2ClientPrivilegeRevoke, &app)
                        .detail("privilegeRevoked", role.as_str());
                    Ok(ledger::append(tx, by.org(), event).await?)
                })
            })
            .await
    }

    /// The app as a caller that acts for itself, with those of a token's scopes that it still has; none if it may not be
    /// used, or does not prove itself by a key any more. Whoever calls has seen a token of the app.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn app_caller(
        &self,
        org_id: &OrgId,
        app_id: &AppId,
        carried: &[ApiScope],
    ) -> Result<Option<AppCaller>, Fault> {
        let Some(app) = self.app(org_id, app_id).await? else {
            return Ok(None);
        };
        if app.status != AppStatus::Active || !may_act_for_itself(&app) {
            return Ok(None);
        }
        let mut tx = self.database.read().await?;
        let (roles, capabilities) = load_held_by_app(&mut tx, org_id, app_id).await?;
        Ok(Some(AppCaller {
            org_id: org_id.clone(),
            app_id: app_id.clone(),
            label: app.label.clone(),
            roles,
            capabilities,
            scopes: carried
                .iter()
                .copied()
                .filter(|scope| app.api_scopes.contains(scope))
                .collect(),
        }))
    }
}
