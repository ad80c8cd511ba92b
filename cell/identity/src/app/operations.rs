//! What administrators do with apps. Each change and its log row are one transaction, and no cached app outlives it.

use crate::access::ceiling::{check_app_above, check_app_reach};
use crate::access::custom::Reach;
use crate::access::custom::capability::{Capability, ThingKind};
use crate::access::custom::store::reach;
use crate::access::{Permission, Permit};
use crate::app::rules::{decide_app, decide_label, needs_secret};
use crate::app::settings::AppSettings;
use crate::app::store::{self, StoredSecret};
use crate::app::{App, AppKind, AppStatus, secrets};
use crate::cell::Cell;
use crate::fault::Refusal;
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::{AppId, AppSecretId, OrgId, PolicyId};
use vocab::secret::{Secret, SecretHash, random_token};
use vocab::time::Timestamp;

/// Most secrets of one app: the present one, and the next while clients are moved to it.
pub const SECRETS_MAX: usize = 2;
/// What every app secret begins with, so that a leaked one is recognised.
pub const SECRET_PREFIX: &str = "tcs_";
/// The fewest characters of a secret that the operator declares: only its hash is stored, so it must not be guessable.
pub const DECLARED_SECRET_CHARS_MIN: usize = 32;
/// The most characters of a secret that the operator declares.
pub const DECLARED_SECRET_CHARS_MAX: usize = 256;
/// How much of a secret is kept in the clear to tell it from another.
const HINT_CHARS: usize = 4;

/// An app that is to be made.
#[derive(Debug, Clone)]
pub struct NewApp {
    /// Its name for people.
    pub label: String,
    /// What sort of program it is; never changed later.
    pub kind: AppKind,
    /// Its settings; grants that are left out are those of its kind.
    pub settings: AppSettings,
}

/// An app that the operator declares, with an id and a secret that the operator brings.
pub struct DeclaredApp {
    /// Its id; drawn if none is named.
    pub id: Option<AppId>,
    /// The app.
    pub app: NewApp,
    /// Its secret, for an app that proves itself by one.
    pub secret: Option<Secret<String>>,
}

/// An app that was made.
pub struct CreatedApp {
    /// The app.
    pub app: App,
    /// Its secret, if it has one. It is shown once and stored nowhere.
    pub secret: Option<Secret<String>>,
}

/// What an app shall be from now on.
#[derive(Debug, Clone)]
pub struct AppChange {
    /// Its name for people.
    pub label: String,
    /// Its settings.
    pub settings: AppSettings,
    /// The sign-on policy of its own, or none.
    pub policy_id: Option<PolicyId>,
}

/// A secret that was added to an app.
pub struct AddedSecret {
    /// Its id.
    pub id: AppSecretId,
    /// The secret. It is shown once and stored nowhere.
    pub secret: Secret<String>,
}

/// Holds a secret that the operator declares against its bounds.
///
/// # Errors
/// [`Refusal::Invalid`] that says what it must be.
pub fn check_declared_secret(text: &str) -> Result<(), Refusal> {
    let bounded = (DECLARED_SECRET_CHARS_MIN..=DECLARED_SECRET_CHARS_MAX).contains(&text.len());
    if bounded && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Refusal::invalid(
            "client_secret",
            "use 32 to 256 printable ASCII characters without spaces",
        ))
    }
}

impl Cell {
    /// Adds an app, and its first secret if it is to prove itself by one.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of apps say; [`Refusal::Taken`] for a label in use.
    #[boxed]
    pub async fn create_app(&self, permit: &Permit, new: NewApp) -> Result<CreatedApp, Refusal> {
        self.add_app(permit, new, AppStatus::Active).await
    }

    /// The same, in use from the beginning or only once it is activated.
    ///
    /// # Errors
    /// As [`Cell::create_app`].
    #[boxed]
    pub async fn add_app(
        &self,
        permit: &Permit,
        new: NewApp,
        status: AppStatus,
    ) -> Result<CreatedApp, Refusal> {
        permit.covers(Permission::ManageApps)?;
        let mut app = self.plan_app(permit, AppId::generate(self.entropy()), new)?;
        app.status = status;
        let drawn = needs_secret(app.settings.client_authentication).then(|| self.draw_secret());
        self.store_app(permit, app, drawn).await
    }

    /// Adds an app that the operator declares. Nobody else may choose ids and secrets.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of apps say; [`Refusal::Forbidden`] for any other caller.
    #[boxed]
    pub async fn declare_app(
        &self,
        permit: &Permit,
        declared: DeclaredApp,
    ) -> Result<CreatedApp, Refusal> {
        permit.covers(Permission::ManageApps)?;
        if !permit.is_operators() {
            return Err(Refusal::Forbidden);
        }
        let id = match declared.id {
            Some(id) => id,
            None => AppId::generate(self.entropy()),
        };
        let app = self.plan_app(permit, id, declared.app)?;
        let proves = needs_secret(app.settings.client_authentication);
        let secret = match (proves, declared.secret) {
            (true, Some(secret)) => Some(self.take_secret(secret)?),
            (false, None) => None,
            (true, None) => {
                return Err(Refusal::invalid(
                    "client_secret",
                    "this app proves itself by a secret: name one",
                ));
            }
            (false, Some(_)) => {
                return Err(Refusal::invalid(
                    "client_secret",
                    "this app does not prove itself by a secret",
                ));
            }
        };
        self.store_app(permit, app, secret).await
    }

    /// Gives an app a secret that the operator brings; nothing happens if it has it. The oldest makes room, so that
    /// the one before stays good while clients are moved.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for any other caller; [`Refusal::WrongState`] for an app that proves itself otherwise.
    #[boxed]
    pub async fn declare_app_secret(
        &self,
        permit: &Permit,
        app_id: &AppId,
        secret: Secret<String>,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageApps)?;
        if !permit.is_operators() {
            return Err(Refusal::Forbidden);
        }
        let (stored, _) = self.take_secret(secret)?;
        let (cell, by, id) = (self.clone(), permit.clone(), app_id.clone());
        let outcome = self.database.write(move |tx| {
            Box::pin(async move {
                crate::org::store::lock(tx, by.org()).await?;
                let app = load_for_change(tx, &by, &id).await?;
                if app.secrets.contains(&stored.hash) {
                    return Ok(());
                }
                if !needs_secret(app.settings.client_authentication) {
                    return Err(Refusal::WrongState(
                        "this app does not prove itself by a secret",
                    ));
                }
                let mut present = secrets::store::load_all(tx, by.org(), &id).await?;
                // What is switched off makes room first.
                present.sort_by_key(|secret| secret.status == AppStatus::Active);
                let surplus = (present.len() + 1).saturating_sub(SECRETS_MAX);
                for oldest in present.iter().take(surplus) {
                    remove_secret(tx, &by, &id, &oldest.id).await?;
                    let kind = EventType::AppOauth2CredentialsLifecycleDelete;
                    let event = cell.app_event(&by, kind, &app);
                    let event = event.detail("secretId", oldest.id.as_str());
                    ledger::append(tx, by.org(), event).await?;
                }
                store::insert_secret(tx, by.org(), &id, &stored).await?;
                let event = cell
                    .app_event(&by, EventType::AppOauth2CredentialsLifecycleCreate, &app)
                    .detail("secretId", stored.id.as_str());
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        });
        self.forget_app_after(permit, app_id, outcome).await
    }

    fn plan_app(&self, permit: &Permit, id: AppId, new: NewApp) -> Result<App, Refusal> {
        Ok(App {
            org_id: permit.org().clone(),
            id,
            label: decide_label(&new.label)?,
            kind: new.kind,
            status: AppStatus::Active,
            settings: decide_app(new.kind, new.settings)?,
            policy_id: None,
            api_scopes: Vec::new(),
            secrets: Vec::new(),
            revision: 1,
            created_at: self.now(),
            updated_at: self.now(),
        })
    }

    async fn store_app(
        &self,
        permit: &Permit,
        mut app: App,
        secret: Option<(StoredSecret, Secret<String>)>,
    ) -> Result<CreatedApp, Refusal> {
        let (stored, secret) = secret.unzip();
        app.secrets = stored.iter().map(|stored| stored.hash).collect();
        let (inserted, event) = (
            app.clone(),
            self.app_event(permit, EventType::ApplicationLifecycleCreate, &app),
        );
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    store::insert(tx, &inserted).await?;
                    if let Some(stored) = stored {
                        store::insert_secret(tx, &inserted.org_id, &inserted.id, &stored).await?;
                    }
                    Ok::<_, Refusal>(ledger::append(tx, &inserted.org_id, event).await?)
                })
            })
            .await?;
        Ok(CreatedApp { app, secret })
    }

    /// Changes label, settings and sign-on policy.
    ///
    /// # Errors
    /// [`Refusal`], above all [`Refusal::Changed`] for a stale revision; [`Refusal::OutOfReach`] for a holder of custom roles
    /// who would open the app to more people than they may assign it to.
    #[boxed]
    pub async fn update_app(
        &self,
        permit: &Permit,
        app_id: &AppId,
        revision: i64,
        change: AppChange,
    ) -> Result<(), Refusal> {
        permit.covers_within(Permission::ManageApps, Capability::AppsManage)?;
        let label = decide_label(&change.label)?;
        let (cell, by, id) = (self.clone(), permit.clone(), app_id.clone());
        let outcome = self.database.write(move |tx| {
            Box::pin(async move {
                let mut app = load_for_change(tx, &by, &id).await?;
                if app.revision != revision {
                    return Err(Refusal::Changed);
                }
                let settings = decide_app(app.kind, change.settings)?;
                if settings.visibility != app.settings.visibility {
                    check_visibility(tx, &by, &id).await?;
                }
                if let Some(policy) = change
                    .policy_id
                    .as_ref()
                    .filter(|policy| app.policy_id.as_ref() != Some(*policy))
                {
                    check_policy(tx, &by, policy).await?;
                }
                (app.label, app.settings) = (label, settings);
                store::update(tx, &app, change.policy_id.as_ref(), cell.now()).await?;
                let event = cell.app_event(&by, EventType::ApplicationLifecycleUpdate, &app);
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        });
        self.forget_app_after(permit, app_id, outcome).await
    }

    /// Lets an app be used again; nothing happens if it is in use.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app that this org does not have.
    #[boxed]
    pub async fn activate_app(&self, permit: &Permit, app_id: &AppId) -> Result<(), Refusal> {
        self.change_app_status(permit, app_id, AppStatus::Active)
            .await
    }

    /// Switches an app off: no sign-in and no token from now on. Nothing happens if it is off.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app that this org does not have.
    #[boxed]
    pub async fn deactivate_app(&self, permit: &Permit, app_id: &AppId) -> Result<(), Refusal> {
        self.change_app_status(permit, app_id, AppStatus::Inactive)
            .await
    }

    async fn change_app_status(
        &self,
        permit: &Permit,
        app_id: &AppId,
        status: AppStatus,
    ) -> Result<(), Refusal> {
        permit.covers_within(Permission::ManageApps, Capability::AppsManage)?;
        let (cell, by, id) = (self.clone(), permit.clone(), app_id.clone());
        let outcome = self.database.write(move |tx| {
            Box::pin(async move {
                let mut app = load_for_change(tx, &by, &id).await?;
                if app.status == status {
                    return Ok(());
                }
                app.status = status;
                store::update(tx, &app, app.policy_id.as_ref(), cell.now()).await?;
                let kind = match status {
                    AppStatus::Active => EventType::ApplicationLifecycleActivate,
                    AppStatus::Inactive => EventType::ApplicationLifecycleDeactivate,
                };
                Ok(ledger::append(tx, by.org(), cell.app_event(&by, kind, &app)).await?)
            })
        });
        self.forget_app_after(permit, app_id, outcome).await
    }

    /// Removes an app that is switched off, with its secrets, assignments and consents.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] while it is in use.
    #[boxed]
    pub async fn delete_app(&self, permit: &Permit, app_id: &AppId) -> Result<(), Refusal> {
        permit.covers_within(Permission::ManageApps, Capability::AppsManage)?;
        let (cell, by, id) = (self.clone(), permit.clone(), app_id.clone());
        let outcome = self.database.write(move |tx| {
            Box::pin(async move {
                let app = load_for_change(tx, &by, &id).await?;
                if !store::delete_inactive(tx, by.org(), &id).await? {
                    return Err(Refusal::WrongState(
                        "switch the app off before it is deleted",
                    ));
                }
                let event = cell.app_event(&by, EventType::ApplicationLifecycleDelete, &app);
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        });
        self.forget_app_after(permit, app_id, outcome).await
    }

    /// Adds a secret beside the present one, so that clients can be moved to it before the old one is removed.
    ///
    /// # Errors
    /// [`Refusal::TooMany`] for a third one; [`Refusal::WrongState`] for an app that proves itself otherwise.
    #[boxed]
    pub async fn add_app_secret(
        &self,
        permit: &Permit,
        app_id: &AppId,
    ) -> Result<AddedSecret, Refusal> {
        permit.covers(Permission::ManageApps)?;
        let (stored, secret) = self.draw_secret();
        let (cell, by, id, secret_id) = (
            self.clone(),
            permit.clone(),
            app_id.clone(),
            stored.id.clone(),
        );
        let outcome = self.database.write(move |tx| {
            Box::pin(async move {
                // Of two who add at once, the second counts the first one's secret.
                crate::org::store::lock(tx, by.org()).await?;
                let app = load_for_change(tx, &by, &id).await?;
                if !needs_secret(app.settings.client_authentication) {
                    return Err(Refusal::WrongState(
                        "this app does not prove itself by a secret",
                    ));
                }
                let idle = secrets::store::load_inactive(tx, by.org(), &id).await?;
                if app.secrets.len() + idle.len() >= SECRETS_MAX {
                    return Err(Refusal::TooMany {
                        what: "secrets",
                        max: SECRETS_MAX,
                    });
                }
                store::insert_secret(tx, by.org(), &id, &stored).await?;
                let event = cell
                    .app_event(&by, EventType::AppOauth2CredentialsLifecycleCreate, &app)
                    .detail("secretId", stored.id.as_str());
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        });
        self.forget_app_after(permit, app_id, outcome).await?;
        Ok(AddedSecret {
            id: secret_id,
            secret,
        })
    }

    /// Removes a secret, whether or not it is in use: it is refused from now on.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the app has none of that id.
    #[boxed]
    pub async fn remove_app_secret(
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
                if !remove_secret(tx, &by, &app.id, &secret).await? {
                    return Err(Refusal::NotFound);
                }
                let event = cell
                    .app_event(&by, EventType::AppOauth2CredentialsLifecycleDelete, &app)
                    .detail("secretId", secret.as_str());
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        });
        self.forget_app_after(permit, app_id, outcome).await
    }

    /// Runs the change and then drops the cached app, whatever came of it: after a lost connection it is unknown
    /// whether the change was kept.
    pub(crate) async fn forget_app_after<T>(
        &self,
        permit: &Permit,
        app_id: &AppId,
        change: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let outcome = change.await;
        self.forget_app(permit.org(), app_id);
        outcome
    }

    pub(crate) fn forget_app(&self, org_id: &OrgId, app_id: &AppId) {
        self.apps.invalidate(&(org_id.clone(), app_id.clone()));
    }

    fn draw_secret(&self) -> (StoredSecret, Secret<String>) {
        let secret = random_token(self.entropy(), SECRET_PREFIX);
        (self.plan_secret(&secret), secret)
    }

    fn take_secret(
        &self,
        secret: Secret<String>,
    ) -> Result<(StoredSecret, Secret<String>), Refusal> {
        check_declared_secret(secret.expose())?;
        Ok((self.plan_secret(&secret), secret))
    }

    fn plan_secret(&self, secret: &Secret<String>) -> StoredSecret {
        let text = secret.expose();
        StoredSecret {
            id: AppSecretId::generate(self.entropy()),
            hash: SecretHash::of(text),
            hint: text
                .chars()
                .skip(text.len().saturating_sub(HINT_CHARS))
                .collect(),
            created_at: self.now(),
        }
    }

    /// A log row of an act upon an app.
    #[must_use]
    pub(crate) fn app_event(&self, permit: &Permit, kind: EventType, app: &App) -> Event {
        event_at(self.now(), permit, kind).target(Target::app(&app.id, &app.label))
    }
}

fn event_at(now: Timestamp, permit: &Permit, kind: EventType) -> Event {
    Event::new(kind, Outcome::Success, now)
        .actor(permit.actor().clone())
        .client(permit.client())
}

/// The app of that id, as the transaction sees it, if whoever changes it may do as much as it may. Behind the org's row,
/// which whoever gives an app a role locks too: another key comes before the role, or is refused.
pub(crate) async fn load_for_change(
    tx: &mut WriteTx,
    permit: &Permit,
    app_id: &AppId,
) -> Result<App, Refusal> {
    let app = load_locked(tx, permit, app_id).await?;
    check_app_reach(tx, permit, app_id).await?;
    Ok(app)
}

/// The same for whoever gives an app a role, or takes it.
pub(crate) async fn load_to_give_role(
    tx: &mut WriteTx,
    permit: &Permit,
    app_id: &AppId,
) -> Result<App, Refusal> {
    let app = load_locked(tx, permit, app_id).await?;
    check_app_above(tx, permit, app_id).await?;
    Ok(app)
}

async fn load_locked(tx: &mut WriteTx, permit: &Permit, app_id: &AppId) -> Result<App, Refusal> {
    crate::org::store::lock(tx, permit.org()).await?;
    let app = store::load(tx, permit.org(), app_id).await?;
    app.ok_or(Refusal::NotFound)
}

async fn remove_secret(
    tx: &mut WriteTx,
    permit: &Permit,
    app_id: &AppId,
    id: &AppSecretId,
) -> Result<bool, Refusal> {
    let org = permit.org();
    Ok(store::delete_secret(tx, org, app_id, id).await?
        || secrets::store::delete_inactive(tx, org, app_id, id).await?)
}

/// An app that is open to everybody is assigned to everybody: a holder of custom roles needs as much for it.
async fn check_visibility(
    tx: &mut WriteTx,
    permit: &Permit,
    app_id: &AppId,
) -> Result<(), Refusal> {
    let Some(caller) = permit.custom_caller() else {
        return Ok(());
    };
    let needed = Capability::UsersAppAssignment;
    let whose = (permit.org(), caller);
    let held = reach::load_resources(tx, whose, needed, Some(app_id)).await?;
    match Reach::of(ThingKind::Person, &held).all {
        true => Ok(()),
        false => Err(Refusal::OutOfReach(
            "this opens the app to everybody, or to them no more; somebody who may assign it to everybody can do it",
        )),
    }
}

pub(crate) async fn check_policy(
    tx: &mut WriteTx,
    permit: &Permit,
    policy: &PolicyId,
) -> Result<(), Refusal> {
    // The lock keeps the policy from being deleted between this look and the commit.
    crate::org::store::lock(tx, permit.org()).await?;
    if crate::sign_on::store::is_app_policy(tx, permit.org(), policy).await? {
        Ok(())
    } else {
        Err(Refusal::invalid(
            "policy_id",
            "this organisation has no such policy for apps",
        ))
    }
}
