//! Secrets of an app that are switched off and on again: whoever moves clients to a new one can try whether the old one is
//! still in use, and take it back. Each change and its log row are one transaction, and no cached app outlives it.

pub mod store;

use crate::access::{Permission, Permit};
use crate::app::operations::load_for_change;
use crate::app::rules::needs_secret;
use crate::app::{App, AppStatus};
use crate::cell::Cell;
use crate::fault::Refusal;
use database::WriteTx;
use ledger::EventType;
use vocab::future::boxed;
use vocab::id::{AppId, AppSecretId};
use vocab::time::Timestamp;

/// A secret as far as it is known after it was shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSecret {
    /// Its id.
    pub id: AppSecretId,
    /// Its last four characters.
    pub hint: String,
    /// Whether it is accepted.
    pub status: AppStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last switched off or on, or made.
    pub changed_at: Timestamp,
}

impl Cell {
    /// The secrets of an app, oldest first.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app that this org does not have.
    #[boxed]
    pub async fn list_app_secrets(
        &self,
        permit: &Permit,
        app_id: &AppId,
    ) -> Result<Vec<KnownSecret>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        crate::app::store::load(&mut tx, permit.org(), app_id)
            .await?
            .ok_or(Refusal::NotFound)?;
        Ok(store::load_all(&mut tx, permit.org(), app_id).await?)
    }

    /// Accepts a secret again; nothing happens if it is accepted.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the app has none of that id; [`Refusal::WrongState`] for an app that proves itself
    /// otherwise.
    #[boxed]
    pub async fn activate_app_secret(
        &self,
        permit: &Permit,
        app_id: &AppId,
        id: &AppSecretId,
    ) -> Result<(), Refusal> {
        self.change_app_secret(permit, (app_id, id), AppStatus::Active)
            .await
    }

    /// Accepts a secret no more; nothing happens if it is not accepted.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the app has none of that id; [`Refusal::WrongState`] for the last one by which the app can
    /// prove itself.
    #[boxed]
    pub async fn deactivate_app_secret(
        &self,
        permit: &Permit,
        app_id: &AppId,
        id: &AppSecretId,
    ) -> Result<(), Refusal> {
        self.change_app_secret(permit, (app_id, id), AppStatus::Inactive)
            .await
    }

    async fn change_app_secret(
        &self,
        permit: &Permit,
        (app_id, secret_id): (&AppId, &AppSecretId),
        to: AppStatus,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageApps)?;
        let (cell, by) = (self.clone(), permit.clone());
        let (id, secret) = (app_id.clone(), secret_id.clone());
        let outcome = self.database.write(move |tx| {
            Box::pin(async move {
                // Of two who switch off the last two at once, the second counts what the first has left.
                crate::org::store::lock(tx, by.org()).await?;
                let app = load_for_change(tx, &by, &id).await?;
                if !apply(tx, &cell, &app, &secret, to).await? {
                    return Ok(());
                }
                let kind = match to {
                    AppStatus::Active => EventType::AppOauth2CredentialsLifecycleActivate,
                    AppStatus::Inactive => EventType::AppOauth2CredentialsLifecycleDeactivate,
                };
                let event = cell.app_event(&by, kind, &app);
                let event = event.detail("secretId", secret.as_str());
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        });
        self.forget_app_after(permit, app_id, outcome).await
    }

    /// Removes a secret that is switched off.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] while it is accepted; [`Refusal::NotFound`] if the app has none of that id.
    #[boxed]
    pub async fn delete_app_secret(
        &self,
        permit: &Permit,
        app_id: &AppId,
        id: &AppSecretId,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageApps)?;
        let (cell, by, app, secret) = (self.clone(), permit.clone(), app_id.clone(), id.clone());
        let outcome = self.database.write(move |tx| {
            Box::pin(async move {
                let app = load_for_change(tx, &by, &app).await?;
                if !store::delete_inactive(tx, by.org(), &app.id, &secret).await? {
                    let others = store::load_all(tx, by.org(), &app.id).await?;
                    return Err(match others.iter().any(|other| other.id == secret) {
                        true => Refusal::WrongState("switch the secret off before it is removed"),
                        false => Refusal::NotFound,
                    });
                }
                let kind = EventType::AppOauth2CredentialsLifecycleDelete;
                let event = cell.app_event(&by, kind, &app);
                let event = event.detail("secretId", secret.as_str());
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        });
        self.forget_app_after(permit, app_id, outcome).await
    }
}

/// What is to be done with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Nothing,
    Move,
}

/// Whether a secret may be switched on or off.
fn decide_step(
    app: &App,
    secrets: &[KnownSecret],
    id: &AppSecretId,
    to: AppStatus,
) -> Result<Step, Refusal> {
    let secret = secrets.iter().find(|secret| secret.id == *id);
    let secret = secret.ok_or(Refusal::NotFound)?;
    if secret.status == to {
        return Ok(Step::Nothing);
    }
    let proves = needs_secret(app.settings.client_authentication);
    let accepted = secrets.iter();
    let accepted = accepted.filter(|secret| secret.status == AppStatus::Active);
    match to {
        AppStatus::Active if !proves => Err(Refusal::WrongState(
            "this app does not prove itself by a secret",
        )),
        AppStatus::Inactive if proves && accepted.count() == 1 => Err(Refusal::WrongState(
            "it is the only secret that is accepted: add another one first",
        )),
        _ => Ok(Step::Move),
    }
}

async fn apply(
    tx: &mut WriteTx,
    cell: &Cell,
    app: &App,
    id: &AppSecretId,
    to: AppStatus,
) -> Result<bool, Refusal> {
    let secrets = store::load_all(tx, &app.org_id, &app.id).await?;
    if decide_step(app, &secrets, id, to)? == Step::Nothing {
        return Ok(false);
    }
    let now = cell.now();
    match to {
        AppStatus::Active => store::activate(tx, &app.org_id, &app.id, id, now).await?,
        AppStatus::Inactive => store::deactivate(tx, &app.org_id, &app.id, id, now).await?,
    }
    Ok(true)
}
