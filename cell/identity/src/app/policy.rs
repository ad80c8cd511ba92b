//! Which sign-on policy governs an app beside the org's own.

use crate::access::{Permission, Permit};
use crate::app::operations::{check_policy, load_for_change};
use crate::app::{AppKind, store};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::sign_on::store as policies;
use ledger::{EventType, Target};
use vocab::future::boxed;
use vocab::id::{AppId, PolicyId};

/// What becomes of the policy of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    /// This one governs it, in the place of any other.
    Put(PolicyId),
    /// This one governs it no more: the org's own alone does.
    Take(PolicyId),
}

impl Cell {
    /// Lets a policy govern an app, in the place of the one that did; nothing happens if it does.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a policy that apps cannot name; [`Refusal::WrongState`] for an app that signs nobody in.
    #[boxed]
    pub async fn put_app_policy(
        &self,
        permit: &Permit,
        app_id: &AppId,
        policy: &PolicyId,
    ) -> Result<(), Refusal> {
        self.change_app_policy(permit, app_id, Change::Put(policy.clone()))
            .await
    }

    /// Lets a policy govern an app no more, so that the org's own alone does.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if another one governs it, or none.
    #[boxed]
    pub async fn take_app_policy(
        &self,
        permit: &Permit,
        app_id: &AppId,
        policy: &PolicyId,
    ) -> Result<(), Refusal> {
        self.change_app_policy(permit, app_id, Change::Take(policy.clone()))
            .await
    }

    async fn change_app_policy(
        &self,
        permit: &Permit,
        app_id: &AppId,
        change: Change,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageApps)?;
        let (cell, by, id) = (self.clone(), permit.clone(), app_id.clone());
        let outcome = self.database.write(move |tx| {
            Box::pin(async move {
                let app = load_for_change(tx, &by, &id).await?;
                let policy = match &change {
                    Change::Put(policy) if app.policy_id.as_ref() == Some(policy) => return Ok(()),
                    Change::Put(_) if app.kind == AppKind::Service => {
                        return Err(Refusal::WrongState("this app signs nobody in"));
                    }
                    Change::Put(policy) => {
                        check_policy(tx, &by, policy).await?;
                        Some(policy)
                    }
                    Change::Take(policy) if app.policy_id.as_ref() == Some(policy) => None,
                    Change::Take(_) => return Err(Refusal::NotFound),
                };
                store::update(tx, &app, policy, cell.now()).await?;
                let (Change::Put(named) | Change::Take(named)) = &change;
                let event = cell.app_event(&by, EventType::ApplicationPolicySignOnUpdate, &app);
                let event = event.target(Target::other("PolicyEntity", named.as_str(), ""));
                let event = event.detail("governs", if policy.is_some() { "yes" } else { "no" });
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        });
        self.forget_app_after(permit, app_id, outcome).await
    }

    /// A page of the apps that a policy governs, by id behind that id; whether there are more.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_governed_apps(
        &self,
        permit: &Permit,
        policy: &PolicyId,
        after: &str,
        limit: usize,
    ) -> Result<(Vec<AppId>, bool), Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let rows = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut tx = self.database.read().await?;
        let mut apps =
            policies::load_governed_apps(&mut tx, permit.org(), policy, after, rows).await?;
        let has_more = apps.len() > limit;
        apps.truncate(limit);
        Ok((apps, has_more))
    }
}
