//! Links that open an account, how they are made and sent; and the first administrator's set-up.

use crate::access::ceiling::hold_for_way_in;
use crate::access::{Permit, Role};
use crate::cell::Cell;
use crate::credential::password::{PasswordRefusal, refuse_hash};
use crate::credential::store::{self as credentials, OneTimeCode, StoredPassword};
use crate::fault::{Fault, Refusal};
use crate::group_rule::{active, follow::follow};
use crate::notice::{Notice, SealedMail};
use crate::org::Org;
use crate::org::context::{OrgContext, RequestFacts};
use crate::password::policy::{PasswordFacts, Reuse, decide_password};
use crate::person::lifecycle::LifecycleAction;
use crate::person::profile::{ProfileInput, decide_profile};
use crate::person::{Person, PersonStatus, store as people};
use crate::sign_in::recover::{decide_opens, link_url, takes_link};
use database::{DatabaseFault, WriteTx};
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::{OneTimeCodeId, OrgId, UserId};
use vocab::secret::{Secret, SecretHash, random_token};
use vocab::time::Timestamp;

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
    /// The operator lets a person back in.
    Help,
}

impl LinkPurpose {
    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invitation => "invitation",
            Self::Recovery => "recovery",
            Self::Help => "help",
        }
    }

    pub(crate) const fn lifetime_secs(self) -> i64 {
        match self {
            Self::Setup => SETUP_SECS,
            Self::Invitation => INVITATION_SECS,
            Self::Recovery | Self::Help => RECOVERY_SECS,
        }
    }

    /// The page that it leads to, after the path prefix.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Setup => "/setup",
            Self::Invitation => "/welcome",
            Self::Recovery | Self::Help => "/reset",
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

impl Cell {
    pub(crate) fn plan_link(
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
    #[boxed]
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
    #[boxed]
    pub async fn find_link(
        &self,
        org_id: &OrgId,
        purpose: LinkPurpose,
        token: &str,
    ) -> Result<Option<Option<UserId>>, Fault> {
        let mut tx = self.database.read().await?;
        let hash = SecretHash::of(token);
        if !takes_link(&mut tx, org_id, purpose, &hash).await? {
            return Ok(None);
        }
        Ok(credentials::find_link(&mut tx, org_id, purpose.as_str(), &hash, self.now()).await?)
    }

    /// Uses the set-up link: names the org and makes the first administrator, active, with a password.
    ///
    /// # Errors
    /// [`SetupRefusal`]; the link is not used up by a refusal.
    #[boxed]
    pub async fn set_up(
        &self,
        org: &Org,
        token: &str,
        org_name: &str,
        input: ProfileInput,
        password: Secret<String>,
        request: &RequestFacts,
    ) -> Result<Person, SetupRefusal> {
        // Before the dear part: nobody without a link makes the pool of hashes busy.
        if self
            .find_link(&org.id, LinkPurpose::Setup, token)
            .await
            .map_err(Refusal::from)?
            .is_none()
        {
            return Err(Refusal::NotFound.into());
        }
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
        let (cell, org_id, id) = (self.clone(), org.id.clone(), user_id.clone());
        let person = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let used =
                        credentials::use_link(tx, &org_id, LinkPurpose::Setup.as_str(), &hash, now)
                            .await?;
                    used.ok_or(Refusal::NotFound)?;
                    crate::org::store::update(tx, &org_row, &name, &org_row.settings, now).await?;
                    let rules = active::hold(tx, &cell, &org_id).await?;
                    people::insert(tx, &org_id, &id, PersonStatus::Active, &profile, now).await?;
                    people::insert_role(tx, &org_id, &id, Role::SuperAdmin, now).await?;
                    credentials::put_password(tx, &org_id, &id, &password).await?;
                    let mut events = Vec::from(events);
                    let place = (&org_id, &id);
                    events.extend(follow(tx, &cell, None, rules.as_deref(), place).await?);
                    ledger::append_all(tx, &org_id, events).await?;
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
    #[boxed]
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

    /// Sends a person who has forgotten their password the link that they could ask for themselves. Nothing of theirs
    /// changes by it; a row of the log tells who had it sent.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for somebody whom it would not let in; [`Refusal::OutOfReach`] for somebody who may do more;
    /// [`Refusal::Changed`] if the address is not the person's any more.
    #[boxed]
    pub async fn send_password_link(
        &self,
        context: &OrgContext,
        permit: &Permit,
        person: &Person,
    ) -> Result<(), Refusal> {
        let (purpose, reset) = (LinkPurpose::Recovery, LifecycleAction::ResetPassword);
        permit.covers_within(reset.permission(), reset.capability())?;
        let link = self.plan_mailed_link(context, person, purpose).await?;
        let event = self
            .person_event(permit, EventType::UserAccountResetPassword, person)
            .detail("password", "kept until another is chosen");
        let (permit, user_id) = (permit.clone(), person.id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let person = hold_for_way_in(tx, &permit, &user_id).await?;
                    if !decide_opens(purpose, person.status) {
                        return Err(Refusal::WrongState(
                            "the person's state does not permit this",
                        ));
                    }
                    link.put(tx).await?;
                    Ok(ledger::append(tx, permit.org(), event).await?)
                })
            })
            .await
    }

    /// Prepares a link and the mail that carries it; nothing is kept or sent yet.
    ///
    /// # Errors
    /// [`Refusal`] if keys fail.
    pub(crate) async fn plan_mailed_link(
        &self,
        context: &OrgContext,
        person: &Person,
        purpose: LinkPurpose,
    ) -> Result<MailedLink, Refusal> {
        let (code, token) = self.plan_link(purpose, Some(person.id.clone()));
        let url = link_url(context, purpose, &token);
        let notice = match purpose {
            LinkPurpose::Invitation | LinkPurpose::Setup => Notice::Invitation { url: &url },
            LinkPurpose::Recovery | LinkPurpose::Help => Notice::Recovery { url: &url },
        };
        Ok(MailedLink {
            org_id: context.org.clone(),
            to: person.email.clone(),
            mail: self.seal_mail(&context.name, person, &notice).await?,
            code,
            now: self.now(),
        })
    }
}

/// A link, and the mail that carries it.
pub(crate) struct MailedLink {
    org_id: OrgId,
    to: String,
    code: OneTimeCode,
    mail: SealedMail,
    now: Timestamp,
}

impl MailedLink {
    /// Keeps the link and hands the mail over, in the caller's transaction.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if the address is not the person's any more.
    pub(crate) async fn put(self, tx: &mut WriteTx) -> Result<(), Refusal> {
        if !insert_mailed(tx, &self.org_id, &self.code, &self.to, self.now).await? {
            return Err(Refusal::Changed);
        }
        Ok(self.mail.enqueue(tx, &self.org_id, self.now).await?)
    }

    /// The same, and returns the row of the log about the step with which it goes out, which says so. A row that says by which link
    /// somebody came in calls it `link`.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub(crate) async fn put_with(self, tx: &mut WriteTx, event: Event) -> Result<Event, Refusal> {
        let purpose = self.code.purpose;
        self.put(tx).await?;
        Ok(event.detail("linkSent", purpose))
    }
}

/// Adds a code that goes out by mail, if the address is still the person's: what was sent to a former one opens nothing.
/// For nobody the same is done, with nobody to send it to.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn insert_mailed(
    tx: &mut WriteTx,
    org_id: &OrgId,
    code: &OneTimeCode,
    to: &str,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    if let Some(user_id) = &code.user_id
        && !people::hold_address(tx, org_id, user_id, to).await?
    {
        return Ok(false);
    }
    credentials::insert_one_time(tx, org_id, code, now).await?;
    Ok(true)
}
