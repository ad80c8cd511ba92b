//! What administrators and people themselves do with a person's record. Each change and its log row are one
//! transaction.

use crate::access::ceiling::{check_way_in, hold_within_reach};
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
use crate::org::settings::ProfileAttribute;
use crate::person::lifecycle::{LifecycleAction, decide_return};
use crate::person::profile::{
    ProfileInput, decide_profile, decide_profile_of, fold, known_attributes,
};
use crate::person::store::{self, Sessions};
use crate::person::{Person, PersonStatus, unique};
use crate::snapshot::OrgSnapshot;
use crate::user_type::id_of;
use crate::user_type::store::{hold_type, put_type_of};
use database::{ReadTx, WriteTx};
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::{OrgId, UserId, UserTypeId};
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// What becomes of the type of somebody whose profile is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Retype {
    /// They stay of the type that they are of.
    #[default]
    Keep,
    /// They are of this one from now on; nothing is the one that every org has.
    To(Option<UserTypeId>),
}

impl Retype {
    /// The type that the person is of from then on, and its attributes.
    ///
    /// # Errors
    /// As [`OrgSnapshot::schema_of_person`] and [`OrgSnapshot::schema_of_type`].
    pub(crate) fn of<'s>(
        &'s self,
        snapshot: &'s OrgSnapshot,
        person: &'s Person,
    ) -> Result<(Option<&'s UserTypeId>, &'s [ProfileAttribute]), Refusal> {
        Ok(match self {
            Self::Keep => (person.type_id.as_ref(), snapshot.schema_of_person(person)?),
            Self::To(key) => (key.as_ref(), snapshot.schema_of_type(key.as_ref())?),
        })
    }
}

/// A profile that is written whole.
struct Written {
    input: ProfileInput,
    retype: Retype,
    password: Option<PlannedPassword>,
}

/// The person as a target of a log row.
#[must_use]
pub fn as_target(person: &Person) -> Target {
    Target::user(&person.id, &person.login, &person.display_name())
}

/// Somebody to be added, STAGED, with what is known of them.
pub(crate) struct PlannedPerson {
    id: UserId,
    profile: ProfileInput,
    type_id: Option<UserTypeId>,
    event: Event,
}

impl PlannedPerson {
    /// Adds them, in the caller's transaction, and returns their id and what is to be logged when all else is done.
    pub(crate) async fn insert(
        self,
        tx: &mut WriteTx,
        cell: &Cell,
        permit: &Permit,
    ) -> Result<(UserId, Vec<Event>), Refusal> {
        let (org, id, key) = (permit.org(), self.id, self.type_id.as_ref());
        // The type before the rules, and these before names, as wherever they are held.
        hold_type(tx, org, key).await?;
        let rules = active::hold(tx, cell, org).await?;
        store::insert(
            tx,
            org,
            &id,
            PersonStatus::Staged,
            &self.profile,
            cell.now(),
        )
        .await?;
        if key.is_some() {
            put_type_of(tx, org, &id, key).await?;
        }
        unique::claim(tx, org, (&id, key), &self.profile.attributes).await?;
        let mut events = vec![self.event];
        events.extend(follow(tx, cell, Some(permit), rules.as_deref(), (org, &id)).await?);
        Ok((id, events))
    }
}

impl Cell {
    /// Adds a person in state STAGED, of the type that every org has.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of profiles say.
    #[boxed]
    pub async fn create_person(
        &self,
        permit: &Permit,
        input: ProfileInput,
    ) -> Result<UserId, Refusal> {
        self.create_person_of(permit, input, None).await
    }

    /// The same of a type.
    ///
    /// # Errors
    /// As for [`Cell::create_person`]; [`Refusal::Invalid`] for a type that the org does not have.
    #[boxed]
    pub async fn create_person_of(
        &self,
        permit: &Permit,
        input: ProfileInput,
        type_id: Option<UserTypeId>,
    ) -> Result<UserId, Refusal> {
        let planned = self.plan_person(permit, input, type_id).await?;
        let (cell, permit) = (self.clone(), permit.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let (id, events) = planned.insert(tx, &cell, &permit).await?;
                    ledger::append_all(tx, permit.org(), events).await?;
                    Ok(id)
                })
            })
            .await
    }

    /// Holds the profile of somebody to be added against the schema; nobody is added yet.
    pub(crate) async fn plan_person(
        &self,
        permit: &Permit,
        input: ProfileInput,
        type_id: Option<UserTypeId>,
    ) -> Result<PlannedPerson, Refusal> {
        permit.covers(Permission::ManagePeople)?;
        let snapshot = self
            .snapshot(permit.org())
            .await?
            .ok_or(Refusal::NotFound)?;
        let schema = snapshot.schema_of_type(type_id.as_ref())?;
        let profile = decide_profile(input, schema)?;
        let id = UserId::generate(self.entropy());
        let display = format!("{} {}", profile.first_name, profile.last_name);
        let event = Event::new(EventType::UserLifecycleCreate, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(Target::user(&id, &profile.login, display.trim()));
        Ok(PlannedPerson {
            id,
            profile,
            type_id,
            event,
        })
    }

    /// Changes a person's profile. A person may change the own names and those attributes that the schema lets.
    ///
    /// # Errors
    /// [`Refusal`], above all [`Refusal::Changed`] for a stale revision and [`Refusal::OutOfReach`] for somebody who may
    /// do more.
    #[boxed]
    pub async fn update_person(
        &self,
        permit: &Permit,
        user_id: &UserId,
        revision: i64,
        input: ProfileInput,
    ) -> Result<(), Refusal> {
        self.retype_person(permit, (user_id, revision), input, Retype::Keep)
            .await
    }

    /// The same, and makes the person one of another type. What the profile holds must be of that type; what it does not hold is no more.
    ///
    /// # Errors
    /// As for [`Cell::update_person`]; [`Refusal::Invalid`] for a type that the org does not have, and for attributes that it does not have.
    #[boxed]
    pub async fn retype_person(
        &self,
        permit: &Permit,
        (user_id, revision): (&UserId, i64),
        input: ProfileInput,
        retype: Retype,
    ) -> Result<(), Refusal> {
        let written = Written {
            input,
            retype,
            password: None,
        };
        self.write_profile(permit, user_id, revision, written).await
    }

    /// Changes a person's profile, type and password, all or nothing.
    ///
    /// # Errors
    /// [`PasswordRefusal`], or in it what [`Cell::retype_person`] refuses.
    #[boxed]
    pub async fn update_person_with_password(
        &self,
        permit: &Permit,
        (user_id, revision): (&UserId, i64),
        (input, retype): (ProfileInput, Retype),
        password: Secret<String>,
    ) -> Result<(), PasswordRefusal> {
        permit.covers(Permission::ManagePeople)?;
        let subject = self.factor_subject(permit, user_id).await?;
        let schema = subject.schema_after(&retype)?;
        // It must not be what the person is called from now on; what they were called before is nothing any more.
        let profile = decide_profile_of(&subject.person, input.clone(), schema)?;
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
        let written = Written {
            input,
            retype,
            password: Some(planned),
        };
        self.write_profile(permit, user_id, revision, written)
            .await?;
        Ok(())
    }

    async fn write_profile(
        &self,
        permit: &Permit,
        user_id: &UserId,
        revision: i64,
        written: Written,
    ) -> Result<(), Refusal> {
        let administers = permit.covers_within(Permission::ManagePeople, Capability::UsersProfile);
        let own = administers.is_err();
        if own {
            permit.covers_account_of(user_id)?;
        }
        let Written {
            input,
            retype,
            password,
        } = written;
        if own && retype != Retype::Keep {
            return Err(Refusal::Forbidden);
        }
        let snapshot = self
            .snapshot(permit.org())
            .await?
            .ok_or(Refusal::NotFound)?;
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
                    let (key, schema) = retype.of(&snapshot, &person)?;
                    let input = if own {
                        keep_what_only_others_set(input, &person, schema)
                    } else {
                        input
                    };
                    let profile = decide_profile_of(&person, input, schema)?;
                    check_addresses(tx, &permit, &person, &profile).await?;
                    let kind = EventType::UserAccountUpdateProfile;
                    let mut events = vec![cell.person_event(&permit, kind, &person)];
                    if key != person.type_id.as_ref() {
                        check_retype(tx, &permit, &person).await?;
                        events.push(cell.type_event(&permit, &person, key));
                    }
                    let change = (&profile, key);
                    // Before names are held, as wherever people are added.
                    hold_type(tx, permit.org(), key).await?;
                    let org = permit.org();
                    let rules = active::hold(tx, &cell, org).await?;
                    apply_profile(tx, &person, change, mails, cell.now()).await?;
                    let place = (org, &user_id);
                    let followed = follow(tx, &cell, Some(&permit), rules.as_deref(), place);
                    events.extend(followed.await?);
                    ledger::append_all(tx, org, events).await?;
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

    /// Moves a person through the life cycle. Nothing is sent by it: with [`Cell::plan_step`] goes the link that lets them in.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] where the table has no such step; [`Refusal::OutOfReach`] for somebody who may do more.
    #[boxed]
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
                    let person = hold_for_step(tx, &permit, &user_id, action).await?;
                    let after = apply_transition(tx, &cell, &person, action).await?;
                    let event = cell.person_event(&permit, action.event(), &person);
                    tell(tx, &cell, &permit, &user_id, event).await?;
                    Ok(after)
                })
            })
            .await
    }

    /// A log row of another type of a person.
    fn type_event(&self, permit: &Permit, person: &Person, key: Option<&UserTypeId>) -> Event {
        let before = id_of(&person.org_id, person.type_id.as_ref());
        let after = id_of(&person.org_id, key);
        let kind = EventType::UserAccountUpdateUserType;
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(as_target(person).change("type", &before, &after))
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
/// roles must be let do to the person whatever there is, and an app gives no administrator another one.
async fn check_addresses(
    tx: &mut ReadTx,
    permit: &Permit,
    person: &Person,
    profile: &ProfileInput,
) -> Result<(), Refusal> {
    if profile.login == person.login && profile.email == person.email {
        return Ok(());
    }
    check_way_in(tx, permit, &person.id).await?;
    match manages(tx, permit, person).await? {
        true => Ok(()),
        false => Err(Refusal::OutOfReach(
            "by a login or a mail address one gets in as somebody; whoever may manage them in all ways can change it",
        )),
    }
}

/// The type decides what a profile holds, so that whoever gives another takes what the profile held.
async fn check_retype(tx: &mut ReadTx, permit: &Permit, person: &Person) -> Result<(), Refusal> {
    match manages(tx, permit, person).await? {
        true => Ok(()),
        false => Err(Refusal::OutOfReach(
            "the type of somebody decides what their profile holds; whoever may manage them in all ways can change it",
        )),
    }
}

/// Whether a holder of custom roles is let do to the person whatever there is; whoever has other roles is.
async fn manages(tx: &mut ReadTx, permit: &Permit, person: &Person) -> Result<bool, Refusal> {
    let Some(caller) = permit.custom_caller() else {
        return Ok(true);
    };
    let whose = (permit.org(), caller);
    let held = reach::load_capabilities_over(tx, whose, &person.id).await?;
    Ok(held.contains(&Capability::UsersManage))
}

/// Begins a step of the life cycle: the person whom it is about to move, held until the end of its transaction.
///
/// # Errors
/// As [`hold_within_reach`], and [`Refusal::OutOfReach`] for an app that would let in somebody who administers;
/// [`Refusal::WrongState`] for a step after which nobody could administer everything.
pub(super) async fn hold_for_step(
    tx: &mut WriteTx,
    permit: &Permit,
    user_id: &UserId,
    action: LifecycleAction,
) -> Result<Person, Refusal> {
    // The org's row before the person's, as whoever grants and takes roles locks them.
    if action.ends_sessions() {
        crate::org::store::lock(tx, permit.org()).await?;
    }
    let person = hold_within_reach(tx, permit, user_id).await?;
    if action.lets_in() {
        check_way_in(tx, permit, user_id).await?;
    }
    if action.ends_sessions() {
        refuse_last_super_admin(tx, permit.org(), user_id).await?;
    }
    Ok(person)
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
    (profile, key): (&ProfileInput, Option<&UserTypeId>),
    notices: Vec<SealedMail>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let (org, id) = (&person.org_id, &person.id);
    store::update_profile(tx, person, profile, now).await?;
    if key != person.type_id.as_ref() {
        put_type_of(tx, org, id, key).await?;
    }
    unique::claim(tx, org, (id, key), &profile.attributes).await?;
    if fold(&profile.email) != fold(&person.email) {
        credentials::delete_mailed(tx, &person.org_id, &person.id).await?;
    }
    for notice in notices {
        notice.enqueue(tx, &person.org_id, now).await?;
    }
    Ok(())
}

/// Changes the state by the table, in the caller's transaction. Whoever had to choose another password before they were kept out
/// has to do so after it.
///
/// # Errors
/// [`Refusal::WrongState`] where the table has no such step.
pub async fn apply_transition(
    tx: &mut WriteTx,
    cell: &Cell,
    person: &Person,
    action: LifecycleAction,
) -> Result<PersonStatus, Refusal> {
    let returns_to = store::load_return(tx, &person.org_id, &person.id).await?;
    let (after, returns_to) = decide_return(person.status, returns_to, action)?;
    let sessions = if action.ends_sessions() {
        Sessions::Ended
    } else {
        Sessions::Kept
    };
    let states = (after, returns_to);
    store::update_status(tx, person, states, sessions, cell.now()).await?;
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
    schema: &[ProfileAttribute],
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
