//! Links that open an account: the first administrator's set-up, invitations, recovery.

use crate::access::Role;
use crate::cell::Cell;
use crate::credential::password::{PasswordRefusal, refuse_hash};
use crate::credential::store::{self as credentials, OneTimeCode, StoredPassword};
use crate::fault::{Fault, Refusal};
use crate::notice::Notice;
use crate::org::Org;
use crate::org::context::{OrgContext, RequestFacts};
use crate::password::policy::{PasswordFacts, Reuse, decide_password};
use crate::person::lifecycle::LifecycleAction;
use crate::person::operations::{apply_transition, as_target};
use crate::person::profile::{ProfileInput, decide_profile};
use crate::person::{Person, PersonStatus, store as people};
use database::WriteTx;
use ledger::{Actor, Event, EventType, Outcome, Target};
use vocab::id::{OneTimeCodeId, OrgId, UserId};
use vocab::secret::{Secret, SecretHash, random_token};

/// How long the set-up link of the first administrator is valid.
pub const SETUP_SECS: i64 = 60 * 60;
/// How long an invitation is valid.
pub const INVITATION_SECS: i64 = 7 * 24 * 60 * 60;
/// How long a recovery link is valid.
pub const RECOVERY_SECS: i64 = 60 * 60;

/// What a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// The first administrator sets the org up.
    Setup,
    /// An invited person sets the account up.
    Invitation,
    /// A person gets back in.
    Recovery,
}

impl LinkPurpose {
    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invitation => "invitation",
            Self::Recovery => "recovery",
        }
    }

    const fn lifetime_secs(self) -> i64 {
        match self {
            Self::Setup => SETUP_SECS,
            Self::Invitation => INVITATION_SECS,
            Self::Recovery => RECOVERY_SECS,
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Setup => "/setup",
            Self::Invitation => "/welcome",
            Self::Recovery => "/reset",
        }
    }
}

/// What a person who gets back in says of the passkeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passkeys {
    /// They are still at hand.
    Kept,
    /// They are lost.
    Lost,
}

/// Why an org was not set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupRefusal {
    /// The password cannot be used.
    #[error(transparent)]
    Password(PasswordRefusal),
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Refusal),
}

/// Who may get back in by mail: not somebody whom an administrator keeps out, nor somebody who was never in.
const fn may_recover(status: PersonStatus) -> bool {
    matches!(
        status,
        PersonStatus::Active | PersonStatus::PasswordExpired | PersonStatus::Recovery
    )
}

impl Cell {
    fn plan_link(
        &self,
        purpose: LinkPurpose,
        user_id: Option<UserId>,
    ) -> (OneTimeCode, Secret<String>) {
        let token = random_token(self.entropy(), "");
        let code = OneTimeCode {
            id: OneTimeCodeId::generate(self.entropy()),
            user_id,
            purpose: purpose.as_str(),
            hash: SecretHash::of(token.expose()),
            bound_to: String::new(),
            expires_at: self.now().plus_secs(purpose.lifetime_secs()),
        };
        (code, token)
    }

    /// A fresh set-up link as long as the org has no administrator; earlier ones end.
    ///
    /// # Errors
    /// [`Refusal`] if the store fails.
    pub async fn make_setup_link(&self, org_id: &OrgId) -> Result<Option<Secret<String>>, Refusal> {
        let (code, token) = self.plan_link(LinkPurpose::Setup, None);
        let (org_id, now) = (org_id.clone(), self.now());
        let made = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    if !people::load_administrators(tx, &org_id, "", 1)
                        .await?
                        .is_empty()
                    {
                        return Ok(false);
                    }
                    credentials::insert_one_time(tx, &org_id, &code, now).await?;
                    Ok::<_, Refusal>(true)
                })
            })
            .await?;
        Ok(made.then_some(token))
    }

    /// Whom an unused link opens for, without using it.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    pub async fn find_link(
        &self,
        org_id: &OrgId,
        purpose: LinkPurpose,
        token: &str,
    ) -> Result<Option<Option<UserId>>, Fault> {
        let mut tx = self.database.read().await?;
        let hash = SecretHash::of(token);
        Ok(credentials::find_link(&mut tx, org_id, purpose.as_str(), &hash, self.now()).await?)
    }

    /// Uses the set-up link: names the org and makes the first administrator, active, with a password.
    ///
    /// # Errors
    /// [`SetupRefusal`]; the link is not used up by a refusal.
    pub async fn set_up(
        &self,
        org: &Org,
        token: &str,
        org_name: &str,
        input: ProfileInput,
        password: Secret<String>,
        request: &RequestFacts,
    ) -> Result<Person, SetupRefusal> {
        let profile = decide_profile(input, &[])?;
        let user_id = UserId::generate(self.entropy());
        let now = self.now();
        let facts = PasswordFacts {
            login: &profile.login,
            emails: &[&profile.email],
            names: &[&profile.first_name, &profile.last_name],
        };
        decide_password(
            &org.settings.password,
            password.expose(),
            &facts,
            Reuse::New,
        )
        .map_err(|problems| SetupRefusal::Password(PasswordRefusal::Policy(problems)))?;
        let hash = self
            .passwords
            .hash(password)
            .await
            .map_err(|error| SetupRefusal::Password(refuse_hash(error)))?;
        let password = StoredPassword {
            hash,
            changed_at: now,
            must_change: false,
        };
        let target = Target::user(&user_id, &profile.login, &profile.first_name);
        let event = |kind| {
            Event::new(kind, Outcome::Success, now)
                .client(&request.client)
                .target(target.clone())
        };
        let events = [
            event(EventType::SystemOrgSetupComplete),
            event(EventType::UserLifecycleCreate),
            event(EventType::UserAccountPrivilegeGrant)
                .detail("privilegeGranted", Role::SuperAdmin.as_str()),
        ];
        let (org_row, hash) = (org.clone(), SecretHash::of(token));
        let org_name = org_name.trim();
        let name = if org_name.is_empty() {
            org.name.clone()
        } else {
            org_name.to_owned()
        };
        crate::org::operations::check_name(&name)?;
        let (org_id, id) = (org.id.clone(), user_id.clone());
        let person = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let used =
                        credentials::use_link(tx, &org_id, LinkPurpose::Setup.as_str(), &hash, now)
                            .await?;
                    used.ok_or(Refusal::NotFound)?;
                    crate::org::store::update(tx, &org_row, &name, &org_row.settings, now).await?;
                    people::insert(tx, &org_id, &id, PersonStatus::Active, &profile, now).await?;
                    people::insert_role(tx, &org_id, &id, Role::SuperAdmin, now).await?;
                    credentials::put_password(tx, &org_id, &id, &password).await?;
                    for event in events {
                        ledger::append(tx, &org_id, event).await?;
                    }
                    people::load(tx, &org_id, &id)
                        .await?
                        .ok_or(Refusal::NotFound)
                })
            })
            .await?;
        self.snapshots.invalidate(&org.id);
        Ok(person)
    }

    /// The person for whom an unused link opens, without using it.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    pub async fn find_link_person(
        &self,
        org_id: &OrgId,
        purpose: LinkPurpose,
        token: &str,
    ) -> Result<Option<Person>, Fault> {
        let Some(Some(user_id)) = self.find_link(org_id, purpose, token).await? else {
            return Ok(None);
        };
        let mut tx = self.database.read().await?;
        people::load(&mut tx, org_id, &user_id).await
    }

    /// Sends a recovery link, if there is such a person who may have one. The caller learns nothing of it.
    ///
    /// # Errors
    /// [`Refusal`] if store or keys fail.
    pub async fn send_recovery(
        &self,
        context: &OrgContext,
        identifier: &str,
        request: &RequestFacts,
    ) -> Result<(), Refusal> {
        let person = {
            let mut tx = self.database.read().await?;
            people::find_by_identifier(&mut tx, &context.org, identifier).await?
        };
        let Some(person) = person.filter(|person| may_recover(person.status)) else {
            return Ok(());
        };
        let event = Event::new(
            EventType::UserAccountResetPassword,
            Outcome::Success,
            self.now(),
        )
        .actor(Actor::unknown(identifier))
        .client(&request.client)
        .target(as_target(&person));
        let org_id = context.org.clone();
        self.database
            .write(move |tx| Box::pin(async move { ledger::append(tx, &org_id, event).await }))
            .await?;
        self.send_link(context, &person, LinkPurpose::Recovery)
            .await
    }

    /// Sends a person a link by mail: an invitation, or a way back in.
    ///
    /// # Errors
    /// [`Refusal`] if store or keys fail.
    pub async fn send_link(
        &self,
        context: &OrgContext,
        person: &Person,
        purpose: LinkPurpose,
    ) -> Result<(), Refusal> {
        let (code, token) = self.plan_link(purpose, Some(person.id.clone()));
        let url = format!(
            "{}{}?token={}",
            context.base_url,
            purpose.path(),
            token.expose()
        );
        let notice = match purpose {
            LinkPurpose::Invitation | LinkPurpose::Setup => Notice::Invitation { url: &url },
            LinkPurpose::Recovery => Notice::Recovery { url: &url },
        };
        let mail = self.seal_mail(&context.name, person, &notice).await?;
        let (org_id, now) = (context.org.clone(), self.now());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    credentials::insert_one_time(tx, &org_id, &code, now).await?;
                    Ok::<_, Refusal>(mail.enqueue(tx, &org_id, now).await?)
                })
            })
            .await
    }

    /// Uses an invitation or recovery link: the mail address is proved, and the person may act again. Passkeys that
    /// are lost are removed; whatever else is enrolled is still asked for.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a link that is unknown, used or has ended.
    pub async fn use_link(
        &self,
        org: &Org,
        purpose: LinkPurpose,
        token: &str,
        passkeys: Passkeys,
        request: &RequestFacts,
    ) -> Result<Person, Refusal> {
        let found = self
            .find_link_person(&org.id, purpose, token)
            .await?
            .ok_or(Refusal::NotFound)?;
        let mail = match passkeys {
            Passkeys::Lost => Some(
                self.seal_mail(&org.name, &found, &Notice::PasskeysLost)
                    .await?,
            ),
            Passkeys::Kept => None,
        };
        let (cell, org_id, hash) = (self.clone(), org.id.clone(), SecretHash::of(token));
        let client = request.client.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let now = cell.now();
                    let used =
                        credentials::use_link(tx, &org_id, purpose.as_str(), &hash, now).await?;
                    let user_id = used.flatten().ok_or(Refusal::NotFound)?;
                    let person = people::load(tx, &org_id, &user_id)
                        .await?
                        .ok_or(Refusal::NotFound)?;
                    let event = |kind| {
                        Event::new(kind, Outcome::Success, now)
                            .actor(Actor::user(
                                &person.id,
                                &person.login,
                                &person.display_name(),
                            ))
                            .client(&client)
                            .target(as_target(&person))
                            .detail("link", purpose.as_str())
                    };
                    open_account(tx, &cell, &person).await?;
                    if let Some(mail) = mail {
                        credentials::delete_passkeys(tx, &org_id, &user_id).await?;
                        mail.enqueue(tx, &org_id, now).await?;
                        ledger::append(tx, &org_id, event(EventType::UserMfaFactorResetAll))
                            .await?;
                    }
                    ledger::append(tx, &org_id, event(EventType::UserLifecycleActivate)).await?;
                    people::load(tx, &org_id, &user_id)
                        .await?
                        .ok_or(Refusal::NotFound)
                })
            })
            .await
    }
}

/// Lets a person act again who followed a link, and proves the address; whom an administrator keeps out stays out.
async fn open_account(tx: &mut WriteTx, cell: &Cell, person: &Person) -> Result<(), Refusal> {
    let closed = matches!(
        person.status,
        PersonStatus::Suspended | PersonStatus::LockedOut | PersonStatus::Deprovisioned
    );
    if closed {
        return Err(Refusal::NotFound);
    }
    if person.status != PersonStatus::Active {
        apply_transition(tx, cell, person, LifecycleAction::Activate).await?;
    }
    people::mark_email_verified(tx, &person.org_id, &person.id).await?;
    // Whoever had the account open before the recovery is out.
    crate::session::store::delete_all(tx, &person.org_id, &person.id).await?;
    Ok(people::raise_epoch(tx, &person.org_id, &person.id).await?)
}
