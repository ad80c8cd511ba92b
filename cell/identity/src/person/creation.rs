//! A person who is added whole: profile, password, groups and the first state in one transaction.

use crate::access::custom::capability::{Capability, ThingKind};
use crate::access::custom::{guard, within};
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::credential::password::{PasswordRefusal, refuse_hash};
use crate::credential::store::{StoredPassword, await_import, put_password};
use crate::fault::Refusal;
use crate::group;
use crate::group_rule::{active, follow::follow};
use crate::inline_hook::{self, InlineHookKind};
use crate::org::Org;
use crate::org::context::OrgContext;
use crate::password::policy::{PasswordFacts, Reuse, decide_password};
use crate::person::profile::{ProfileInput, decide_external_id, decide_profile};
use crate::person::{Person, PersonStatus, store, unique};
use crate::problem::{Problem, named};
use crate::sign_in::setup::{LinkPurpose, MailedLink};
use crate::user_type::store::{hold_type, put_type_of};
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use std::sync::Arc;
use vocab::future::boxed;
use vocab::id::{GroupId, OrgId, UserId, UserTypeId};
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// Most groups that a person is added to at once.
pub const FIRST_GROUPS_MAX: usize = 20;

/// How a person begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Known, and not yet invited.
    Staged,
    /// With a password, active; without one, to be invited.
    Active,
    /// With a password that is to be replaced at the first sign-in.
    ActiveWithNewPassword,
}

/// The first password of somebody.
pub enum FirstPassword {
    /// This one.
    Given(Secret<String>),
    /// One that another system knows: the org's inline hook is asked about it at the first sign-in.
    Imported,
}

/// Somebody to be added.
pub struct NewPerson {
    /// What is known of them.
    pub profile: ProfileInput,
    /// What a provisioning client calls them.
    pub external_id: Option<String>,
    /// The first password.
    pub password: Option<FirstPassword>,
    /// The groups they belong to from the start, with the permit to say so.
    pub groups: Option<(Permit, Vec<GroupId>)>,
    /// Of which type they are; nothing for the one that every org has.
    pub type_id: Option<UserTypeId>,
    /// How they begin.
    pub beginning: Beginning,
    /// By which address of the org somebody is invited who begins without a password; nobody is where there is none.
    pub invited_by: Option<Arc<OrgContext>>,
}

/// The first state.
#[must_use]
pub const fn decide_first_status(beginning: Beginning, has_password: bool) -> PersonStatus {
    match (beginning, has_password) {
        (Beginning::Staged, _) => PersonStatus::Staged,
        (_, false) => PersonStatus::Provisioned,
        (Beginning::Active, true) => PersonStatus::Active,
        (Beginning::ActiveWithNewPassword, true) => PersonStatus::PasswordExpired,
    }
}

impl Cell {
    /// Adds a person, all of it or nothing, the mail with the invitation included.
    ///
    /// # Errors
    /// [`PasswordRefusal`], or in it the [`Refusal`] that the rules of profiles and groups give.
    #[boxed]
    pub async fn add_person(
        &self,
        permit: &Permit,
        new: NewPerson,
    ) -> Result<(UserId, PersonStatus), PasswordRefusal> {
        permit.covers_within(Permission::ManagePeople, Capability::UsersCreate)?;
        let groups = match new.groups {
            Some((to_groups, groups)) => {
                to_groups.covers(Permission::ManageGroups)?;
                if groups.len() > FIRST_GROUPS_MAX {
                    return Err(PasswordRefusal::Refused(Refusal::TooMany {
                        what: "groups at the start",
                        max: FIRST_GROUPS_MAX,
                    }));
                }
                groups
            }
            None => Vec::new(),
        };
        let snapshot = self.snapshot(permit.org()).await?;
        let snapshot = snapshot.ok_or(Refusal::NotFound)?;
        let org = &snapshot.org;
        let type_id = new.type_id;
        let schema = snapshot.schema_of_type(type_id.as_ref())?;
        let profile = decide_profile(new.profile, schema)?;
        let external_id = decide_external_id(new.external_id)?;
        let password = match new.password {
            Some(FirstPassword::Given(password)) => {
                Some(Kept::Here(self.hash_first(org, &profile, password).await?))
            }
            Some(FirstPassword::Imported) => Some(Kept::Elsewhere),
            None => None,
        };
        let status = decide_first_status(new.beginning, password.is_some());
        let id = UserId::generate(self.entropy());
        let invitation = match new
            .invited_by
            .filter(|_| status == PersonStatus::Provisioned)
        {
            Some(context) => {
                let person = Person::new(&org.id, &id, status, &profile, self.now());
                let purpose = LinkPurpose::Invitation;
                Some(self.plan_mailed_link(&context, &person, purpose).await?)
            }
            None => None,
        };
        let added = Added {
            id,
            profile,
            external_id,
            invitation,
            password,
            groups,
            status,
            type_id,
            now: self.now(),
        };
        let (id, permit, cell) = (added.id.clone(), permit.clone(), self.clone());
        let stored: Result<(), Refusal> = self
            .database
            .write(move |tx| Box::pin(async move { added.apply(tx, &cell, &permit).await }))
            .await;
        stored?;
        Ok((id, status))
    }

    async fn hash_first(
        &self,
        org: &Org,
        profile: &ProfileInput,
        password: Secret<String>,
    ) -> Result<String, PasswordRefusal> {
        let facts = PasswordFacts {
            login: &profile.login,
            emails: &[&profile.email],
            names: &[&profile.first_name, &profile.last_name, &org.name],
        };
        // The cheap rules first: a refused password costs no hashing.
        decide_password(
            &org.settings.password,
            password.expose(),
            &facts,
            Reuse::New,
        )
        .map_err(PasswordRefusal::Policy)?;
        self.passwords.hash(password).await.map_err(refuse_hash)
    }
}

/// Where the first password is kept.
enum Kept {
    /// Here, as this hash.
    Here(String),
    /// In another system.
    Elsewhere,
}

struct Added {
    id: UserId,
    profile: ProfileInput,
    external_id: Option<String>,
    password: Option<Kept>,
    groups: Vec<GroupId>,
    status: PersonStatus,
    type_id: Option<UserTypeId>,
    invitation: Option<MailedLink>,
    now: Timestamp,
}

impl Added {
    async fn apply(
        mut self,
        tx: &mut WriteTx,
        cell: &Cell,
        permit: &Permit,
    ) -> Result<(), Refusal> {
        let org = permit.org();
        within::check_everything(tx, permit, ThingKind::Person).await?;
        // The type before the rules, as wherever both are held: else two could wait for each other.
        hold_type(tx, org, self.type_id.as_ref()).await?;
        let rules = active::hold(tx, cell, org).await?;
        store::insert(tx, org, &self.id, self.status, &self.profile, self.now).await?;
        let key = self.type_id.as_ref();
        if key.is_some() {
            put_type_of(tx, org, &self.id, key).await?;
        }
        unique::claim(tx, org, (&self.id, key), &self.profile.attributes).await?;
        if let Some(external_id) = &self.external_id {
            store::put_external_id(tx, org, &self.id, Some(external_id)).await?;
        }
        self.put_password(tx, org).await?;
        let mut events = vec![self.event(permit, EventType::UserLifecycleCreate)];
        if let Some(Kept::Here(_)) = self.password {
            events.push(self.event(permit, EventType::UserAccountUpdatePassword));
        }
        if self.status != PersonStatus::Staged {
            let event = self.event(permit, EventType::UserLifecycleActivate);
            events.push(match self.invitation.take() {
                Some(invitation) => invitation.put_with(tx, event).await?,
                None => event,
            });
        }
        if self.status == PersonStatus::PasswordExpired {
            events.push(self.event(permit, EventType::UserAccountExpirePassword));
        }
        for id in &self.groups {
            let found = group::store::load(tx, org, id).await?;
            let group = found.ok_or_else(|| {
                let problem = Problem::of("there is no group {name}", [named(id.as_str())]);
                Refusal::invalid("groupIds", problem)
            })?;
            guard::check_group(tx, permit, id).await?;
            guard::check_new(tx, permit, id, &self.id).await?;
            if group::store::insert_member(tx, org, id, &self.id, self.now).await? {
                let event = self.event(permit, EventType::GroupUserMembershipAdd);
                events.push(event.target(Target::group(id, &group.name)));
            }
        }
        let place = (org, &self.id);
        events.extend(follow(tx, cell, Some(permit), rules.as_deref(), place).await?);
        Ok(ledger::append_all(tx, org, events).await?)
    }

    async fn put_password(&self, tx: &mut WriteTx, org: &OrgId) -> Result<(), Refusal> {
        match &self.password {
            None => {}
            Some(Kept::Here(hash)) => {
                let password = StoredPassword {
                    hash: hash.clone(),
                    changed_at: self.now,
                    must_change: false,
                };
                put_password(tx, org, &self.id, &password).await?;
            }
            Some(Kept::Elsewhere) => {
                let kind = InlineHookKind::PasswordImport;
                // Without one, nobody could ever sign in as this person.
                if inline_hook::store::load_active_of(tx, org, kind)
                    .await?
                    .is_none()
                {
                    let problem = "no inline hook for passwords of another system is switched on";
                    return Err(Refusal::invalid("credentials.password.hook", problem));
                }
                await_import(tx, org, &self.id, self.now).await?;
            }
        }
        Ok(())
    }

    fn event(&self, permit: &Permit, kind: EventType) -> Event {
        let name = format!("{} {}", self.profile.first_name, self.profile.last_name);
        Event::new(kind, Outcome::Success, self.now)
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(Target::user(&self.id, &self.profile.login, name.trim()))
    }
}
