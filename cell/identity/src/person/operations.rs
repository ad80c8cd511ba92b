//! What administrators and people themselves do with a person's record. Each change and its log row are one
//! transaction.

use crate::access::ceiling::hold_within_reach;
use crate::access::custom::capability::Capability;
use crate::access::custom::store::reach;
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::credential::password::{PasswordRefusal, PlannedPassword};
use crate::credential::store as credentials;
use crate::fault::{Fault, Refusal};
use crate::group_rule::{active, follow::follow};
use crate::notice::{Notice, SealedMail};
use crate::org::Org;
use crate::person::lifecycle::{LifecycleAction, decide_transition};
use crate::person::profile::{ProfileInput, decide_profile, fold, known_attributes};
use crate::person::store::{self, Sessions};
use crate::person::{Person, PersonStatus, unique};
use database::{ReadTx, WriteTx};
use ledger::{Event, EventType, Outcome, Target};
use vocab::id::{OrgId, UserId};
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// The person as a target of a log row.
#[must_use]
pub fn as_target(person: &Person) -> Target {
    Target::user(&person.id, &person.login, &person.display_name())
}

impl Cell {
    /// Adds a person in state STAGED.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of profiles say.
    pub async fn create_person(
        &self,
        permit: &Permit,
        input: ProfileInput,
    ) -> Result<UserId, Refusal> {
        permit.covers(Permission::ManagePeople)?;
        let snapshot = self
            .snapshot(permit.org())
            .await?
            .ok_or(Refusal::NotFound)?;
        let profile = decide_profile(input, &snapshot.org.settings.profile_schema)?;
        let user_id = UserId::generate(self.entropy());
        let display = format!("{} {}", profile.first_name, profile.last_name);
        let event = Event::new(EventType::UserLifecycleCreate, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(Target::user(&user_id, &profile.login, display.trim()));
        let (cell, permit, id) = (self.clone(), permit.clone(), user_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let (org, now) = (permit.org(), cell.now());
                    store::insert(tx, org, &id, PersonStatus::Staged, &profile, now).await?;
                    unique::claim(tx, org, &id, &profile.attributes).await?;
                    tell(tx, &cell, &permit, &id, event).await
                })
            })
            .await?;
        Ok(user_id)
    }

    /// Changes a person's profile. A person may change the own names and those attributes that the schema lets.
    ///
    /// # Errors
    /// [`Refusal`], above all [`Refusal::Changed`] for a stale revision and [`Refusal::OutOfReach`] for somebody who may
    /// do more.
    pub async fn update_person(
        &self,
        permit: &Permit,
        user_id: &UserId,
        revision: i64,
        input: ProfileInput,
    ) -> Result<(), Refusal> {
        self.write_profile(permit, user_id, revision, input, None)
            .await
    }

    /// Changes a person's profile and password, both or neither.
    ///
    /// # Errors
    /// [`PasswordRefusal`], or in it what [`Cell::update_person`] refuses.
    pub async fn update_person_with_password(
        &self,
        permit: &Permit,
        user_id: &UserId,
        revision: i64,
        input: ProfileInput,
        password: Secret<String>,
    ) -> Result<(), PasswordRefusal> {
        permit.covers(Permission::ManagePeople)?;
        let subject = self.factor_subject(permit, user_id).await?;
        // It must not be what the person is called from now on; what they were called before is nothing any more.
        let profile = decide_profile(input.clone(), &subject.org().settings.profile_schema)?;
        let about = Person {
            login: profile.login,
            email: profile.email,
            first_name: profile.first_name,
            last_name: profile.last_name,
            ..subject.person.clone()
        };
        let planned = self
            .plan_password(permit, &subject, &about, password)
            .await?;
        self.write_profile(permit, user_id, revision, input, Some(planned))
            .await?;
        Ok(())
    }

    async fn write_profile(
        &self,
        permit: &Permit,
        user_id: &UserId,
        revision: i64,
        input: ProfileInput,
        password: Option<PlannedPassword>,
    ) -> Result<(), Refusal> {
        let administers = permit.covers_within(Permission::ManagePeople, Capability::UsersProfile);
        let own = administers.is_err();
        if own {
            permit.covers_account_of(user_id)?;
        }
        let snapshot = self
            .snapshot(permit.org())
            .await?
            .ok_or(Refusal::NotFound)?;
        let schema = snapshot.org.settings.profile_schema.clone();
        // What the person may not change themselves is put back below, the address as well.
        let mails = if own {
            Vec::new()
        } else {
            self.seal_address_notices(&snapshot.org, user_id, input.email.trim())
                .await?
        };
        let (cell, permit, user_id) = (self.clone(), permit.clone(), user_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let person = hold_within_reach(tx, &permit, &user_id).await?;
                    if person.revision != revision {
                        return Err(Refusal::Changed);
                    }
                    let input = if own {
                        keep_what_only_others_set(input, &person, &schema)
                    } else {
                        input
                    };
                    let profile = decide_profile(input, &schema)?;
                    check_addresses(tx, &permit, &person, &profile).await?;
                    apply_profile(tx, &person, &profile, mails, cell.now()).await?;
                    let event =
                        cell.person_event(&permit, EventType::UserAccountUpdateProfile, &person);
                    tell(tx, &cell, &permit, &user_id, event).await?;
                    // A password logs its change itself, and rules are held before anything is logged.
                    if let Some(password) = password {
                        password.apply(tx).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Notices to the old address and to the new one; none where it stays the same, or nobody has used the account yet.
    pub(super) async fn seal_address_notices(
        &self,
        org: &Org,
        user_id: &UserId,
        to: &str,
    ) -> Result<Vec<SealedMail>, Fault> {
        let found = {
            let mut tx = self.database.read().await?;
            store::load(&mut tx, &org.id, user_id).await?
        };
        let Some(person) =
            found.filter(|person| person.status.may_act() && fold(&person.email) != fold(to))
        else {
            return Ok(Vec::new());
        };
        let notice = Notice::AddressChanged { to };
        let former = self.seal_mail(&org.name, &person, &notice).await?;
        let moved = Person {
            email: to.to_owned(),
            ..person
        };
        Ok(vec![
            former,
            self.seal_mail(&org.name, &moved, &notice).await?,
        ])
    }

    /// Moves a person through the life cycle.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] where the table has no such step; [`Refusal::OutOfReach`] for somebody who may do more.
    pub async fn change_person_status(
        &self,
        permit: &Permit,
        user_id: &UserId,
        action: LifecycleAction,
    ) -> Result<PersonStatus, Refusal> {
        permit.covers_within(action.permission(), action.capability())?;
        let (cell, permit, user_id) = (self.clone(), permit.clone(), user_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    // The org's row before the person's, as whoever grants and takes roles locks them.
                    if action.ends_sessions() {
                        crate::org::store::lock(tx, permit.org()).await?;
                    }
                    let person = hold_within_reach(tx, &permit, &user_id).await?;
                    if action.ends_sessions() {
                        refuse_last_super_admin(tx, permit.org(), &user_id).await?;
                    }
                    let after = apply_transition(tx, &cell, &person, action).await?;
                    let event = cell.person_event(&permit, action.event(), &person);
                    tell(tx, &cell, &permit, &user_id, event).await?;
                    Ok(after)
                })
            })
            .await
    }

    /// A log row of an act upon a person.
    #[must_use]
    pub fn person_event(&self, permit: &Permit, kind: EventType, person: &Person) -> Event {
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(as_target(person))
    }
}

/// Whoever gives somebody another login or mail address can get in as them, by a link that is sent there: a holder of custom
/// roles must be let do to the person whatever there is.
async fn check_addresses(
    tx: &mut ReadTx,
    permit: &Permit,
    person: &Person,
    profile: &ProfileInput,
) -> Result<(), Refusal> {
    let Some(caller) = permit.custom_caller() else {
        return Ok(());
    };
    if profile.login == person.login && profile.email == person.email {
        return Ok(());
    }
    let whose = (permit.org(), caller);
    let held = reach::load_capabilities_over(tx, whose, &person.id).await?;
    match held.contains(&Capability::UsersManage) {
        true => Ok(()),
        false => Err(Refusal::OutOfReach(
            "by a login or a mail address one gets in as somebody; whoever may manage them in all ways can change it",
        )),
    }
}

/// Lets the rules of groups follow a change of somebody, and logs the change and what came of it.
pub(crate) async fn tell(
    tx: &mut WriteTx,
    cell: &Cell,
    permit: &Permit,
    user_id: &UserId,
    event: Event,
) -> Result<(), Refusal> {
    let org = permit.org();
    let rules = active::hold(tx, cell, org).await?;
    let mut events = vec![event];
    let place = (org, user_id);
    events.extend(follow(tx, cell, Some(permit), rules.as_deref(), place).await?);
    Ok(ledger::append_all(tx, org, events).await?)
}

/// Changes the profile, in the caller's transaction: what was mailed to another address opens nothing any more.
///
/// # Errors
/// [`Refusal::Changed`] for a stale revision, [`Refusal::Taken`] for a login of somebody else.
pub(super) async fn apply_profile(
    tx: &mut WriteTx,
    person: &Person,
    profile: &ProfileInput,
    notices: Vec<SealedMail>,
    now: Timestamp,
) -> Result<(), Refusal> {
    store::update_profile(tx, person, profile, now).await?;
    unique::claim(tx, &person.org_id, &person.id, &profile.attributes).await?;
    if fold(&profile.email) != fold(&person.email) {
        credentials::delete_mailed(tx, &person.org_id, &person.id).await?;
    }
    for notice in notices {
        notice.enqueue(tx, &person.org_id, now).await?;
    }
    Ok(())
}

/// Changes the state by the table, in the caller's transaction.
///
/// # Errors
/// [`Refusal::WrongState`] where the table has no such step.
pub async fn apply_transition(
    tx: &mut WriteTx,
    cell: &Cell,
    person: &Person,
    action: LifecycleAction,
) -> Result<PersonStatus, Refusal> {
    let after = decide_transition(person.status, action)?;
    let sessions = if action.ends_sessions() {
        Sessions::Ended
    } else {
        Sessions::Kept
    };
    store::update_status(tx, person, after, sessions, cell.now()).await?;
    if sessions == Sessions::Ended {
        crate::session::store::delete_all(tx, &person.org_id, &person.id).await?;
        crate::credential::store::delete_pending_totp(tx, &person.org_id, &person.id).await?;
    }
    Ok(after)
}

pub(crate) async fn refuse_last_super_admin(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<(), Refusal> {
    if store::is_last_active_super_admin(tx, org_id, user_id).await? {
        return Err(Refusal::WrongState(
            "the organisation would have no super administrator left",
        ));
    }
    Ok(())
}

fn keep_what_only_others_set(
    input: ProfileInput,
    person: &Person,
    schema: &[crate::org::settings::ProfileAttribute],
) -> ProfileInput {
    let mut attributes = known_attributes(&person.profile, schema);
    for attribute in schema.iter().filter(|attribute| attribute.self_editable) {
        match input.attributes.get(&attribute.name) {
            Some(value) => attributes.insert(attribute.name.clone(), value.clone()),
            None => attributes.remove(&attribute.name),
        };
    }
    ProfileInput {
        login: person.login.clone(),
        email: person.email.clone(),
        first_name: input.first_name,
        last_name: input.last_name,
        attributes,
    }
}
