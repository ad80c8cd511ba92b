//! Compares people and groups with what is declared of them, and makes what differs.

use crate::declaration::Mode;
use crate::declaration::apply::Site;
use crate::declaration::document::{GroupDeclaration, PersonDeclaration};
use crate::declaration::plan::{
    Known, PersonPlan, PersonStep, PresentGroup, PresentPerson, check_password, find, plan_group,
    plan_person, profile, render_problem,
};
use crate::declaration::problem::{Problem, placed};
use crate::declaration::report::{Kind, Report, Standing};
use crate::declaration::types::OfType;
use identity::access::{Permission, Permit};
use identity::credential::password::PasswordRefusal;
use identity::fault::Refusal;
use identity::person::Person;
use identity::person::lifecycle::LifecycleAction;
use identity::person::profile::fold;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use vocab::id::{UserId, UserTypeId};
use vocab::secret::Secret;

/// How many people are made at once: enough that their transactions share commits.
const PEOPLE_AT_ONCE: usize = 64;
/// How often a password is brought to the threads that hash, which serve sign-ins first.
const HASH_ATTEMPTS_MAX: u32 = 20;

/// A person who is done.
struct Done {
    /// The place in the document.
    place: usize,
    declared: PersonDeclaration,
    id: UserId,
    standing: Standing,
}

pub(super) async fn apply_people(
    site: &Arc<Site>,
    people: Vec<PersonDeclaration>,
    known: &mut Known,
    report: &mut Report,
) -> Result<(), Problem> {
    let hashing = Arc::new(Semaphore::new(passwords_at_once()));
    let mut waiting = people.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut done = BTreeMap::new();
    let mut stopped = None;
    loop {
        while stopped.is_none()
            && running.len() < PEOPLE_AT_ONCE
            && let Some((place, declared)) = waiting.next()
        {
            let (site, hashing) = (Arc::clone(site), Arc::clone(&hashing));
            running.spawn(async move {
                let (id, standing) = apply_person(&site, &declared, &hashing).await?;
                Ok(Done {
                    place,
                    declared,
                    id,
                    standing,
                })
            });
        }
        let Some(finished) = running.join_next().await else {
            break;
        };
        match flatten(finished) {
            Ok(person) => {
                site.progress.step();
                done.insert(person.place, person);
            }
            // Those under way are waited for, so that the report tells all that was made.
            Err(problem) => stopped = stopped.or(Some(problem)),
        }
    }
    for person in done.into_values() {
        let login = &person.declared.login;
        report.note(
            site.slug.as_str(),
            Kind::Person,
            &login.value,
            person.standing,
        );
        known
            .names
            .insert(person.id.to_string(), login.value.trim().to_owned());
        known.people.insert(fold(&login.value), person.id);
    }
    stopped.map_or(Ok(()), Err)
}

/// As many as there are cores: the pool never gets a queue that would turn sign-ins away.
fn passwords_at_once() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn flatten(finished: Result<Result<Done, Problem>, JoinError>) -> Result<Done, Problem> {
    finished.unwrap_or_else(|error| {
        Err(Problem::whole(format!(
            "a person could not be made: {error}; this is a bug, please report it"
        )))
    })
}

async fn apply_person(
    site: &Site,
    declared: &PersonDeclaration,
    hashing: &Semaphore,
) -> Result<(UserId, Standing), Problem> {
    let placed = |outcome| placed(Kind::Person, &declared.login, outcome);
    let present = load_person(site, declared)
        .await
        .map_err(|refusal| Problem::refused(Kind::Person, &declared.login, &refusal))?;
    let person = present.as_ref().map(|present| &present.person);
    let of = site
        .types
        .of(declared, person)
        .map_err(|refusal| Problem::refused(Kind::Person, &declared.login, &refusal))?;
    let plan = plan_person(declared, present.as_ref(), &of)
        .map_err(|refusal| Problem::refused(Kind::Person, &declared.login, &refusal))?;
    let password = bring_password(site, declared, &plan)?;
    let (present, steps) = match (present, site.mode) {
        (Some(present), Mode::Plan) => return Ok((present.person.id, plan.standing)),
        (None, Mode::Plan) => {
            return Ok((UserId::generate(site.cell.entropy()), plan.standing));
        }
        (Some(present), Mode::Apply) => (present, plan.steps),
        (None, Mode::Apply) => {
            let present = make_person(site, declared, of.key.clone())
                .await
                .map_err(|refusal| Problem::refused(Kind::Person, &declared.login, &refusal))?;
            let rest = plan_person(declared, Some(&present), &of)
                .map_err(|refusal| Problem::refused(Kind::Person, &declared.login, &refusal))?;
            (present, rest.steps)
        }
    };
    for step in steps {
        match (step, &password) {
            (PersonStep::SetPassword, Some(password)) => {
                set_password(site, declared, &present, password, hashing).await?;
            }
            _ => placed(apply_step(site, declared, (&present, &of), step).await)?,
        }
    }
    Ok((present.person.id, plan.standing))
}

/// The declared password, if it is about to be set, and only if the policy accepts it.
fn bring_password(
    site: &Site,
    declared: &PersonDeclaration,
    plan: &PersonPlan,
) -> Result<Option<Secret<String>>, Problem> {
    let needed =
        plan.standing == Standing::Missing || plan.steps.contains(&PersonStep::SetPassword);
    let Some(source) = declared.password.as_ref().filter(|_| needed) else {
        return Ok(None);
    };
    let password = site.secrets.get(Kind::Person, &declared.login, source)?;
    let checked = check_password(
        declared,
        &site.name,
        &site.settings.password,
        password.expose(),
    );
    placed(Kind::Person, &declared.login, checked)?;
    Ok(Some(password))
}

async fn make_person(
    site: &Site,
    declared: &PersonDeclaration,
    key: Option<UserTypeId>,
) -> Result<PresentPerson, Refusal> {
    let permit = site.permit(Permission::ManagePeople)?;
    site.cell
        .create_person_of(&permit, profile(declared), key)
        .await?;
    load_person(site, declared).await?.ok_or(Refusal::NotFound)
}

async fn load_person(
    site: &Site,
    declared: &PersonDeclaration,
) -> Result<Option<PresentPerson>, Refusal> {
    use identity::person::store;
    let login = &declared.login.value;
    let mut tx = site.cell.database.read().await?;
    let found = store::find_by_identifier(&mut tx, &site.org, login).await?;
    // The look-up also finds people by their mail address.
    let Some(person) = found.filter(|person| fold(&person.login) == fold(login)) else {
        return Ok(None);
    };
    // Their own: what a group gives is not declared of a person.
    let roles = store::load_granted_roles(&mut tx, &site.org, &person.id).await?;
    let password =
        identity::credential::store::load_password(&mut tx, &site.org, &person.id).await?;
    let returns_to = store::load_return(&mut tx, &site.org, &person.id).await?;
    Ok(Some(PresentPerson {
        person,
        returns_to,
        roles: roles.into_iter().map(|held| held.role).collect(),
        has_password: password.is_some(),
    }))
}

async fn apply_step(
    site: &Site,
    declared: &PersonDeclaration,
    (present, of): (&PresentPerson, &OfType),
    step: PersonStep,
) -> Result<(), Refusal> {
    let (cell, person) = (&site.cell, &present.person);
    let permit = site.permit(Permission::ManagePeople)?;
    match step {
        PersonStep::UpdateProfile => {
            let seen = (&person.id, person.revision);
            cell.retype_person(&permit, seen, profile(declared), of.retype())
                .await
        }
        // There is always a password to set: the plan has one only for a declared one.
        PersonStep::SetPassword => Ok(()),
        PersonStep::ImportHash => {
            let hash = declared.password_hash.as_deref().unwrap_or_default();
            cell.import_password_hash(&permit, &person.id, hash).await
        }
        // Made ready after the profile is as it is declared: a link goes to the address that they have from now on.
        PersonStep::Activate => take_step(site, &permit, person, LifecycleAction::Activate).await,
        PersonStep::Invite => take_step(site, &permit, person, LifecycleAction::Invite).await,
        PersonStep::Grant(role) => {
            let permit = site.permit(Permission::ManageOrg)?;
            cell.grant_role(&permit, &person.id, role).await.map(drop)
        }
    }
}

async fn take_step(
    site: &Site,
    permit: &Permit,
    person: &Person,
    step: LifecycleAction,
) -> Result<(), Refusal> {
    let (cell, context) = (&site.cell, site.context());
    let planned = cell.plan_step(&context, permit, &person.id, step).await?;
    planned.apply(cell).await.map(drop)
}

async fn set_password(
    site: &Site,
    declared: &PersonDeclaration,
    present: &PresentPerson,
    password: &Secret<String>,
    hashing: &Semaphore,
) -> Result<(), Problem> {
    let permit = placed(
        Kind::Person,
        &declared.login,
        site.permit(Permission::ManagePeople),
    )?;
    // It is closed by nobody.
    let _turn = hashing.acquire().await;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let set = site
            .cell
            .set_password(&permit, &present.person.id, password.clone());
        match set.await {
            Ok(()) => return Ok(()),
            Err(PasswordRefusal::Busy { retry_after_secs }) if attempts < HASH_ATTEMPTS_MAX => {
                tokio::time::sleep(Duration::from_secs(u64::from(retry_after_secs))).await;
            }
            Err(refusal) => return Err(refuse_password(declared, refusal)),
        }
    }
}

fn refuse_password(declared: &PersonDeclaration, refusal: PasswordRefusal) -> Problem {
    let refused =
        |error: &dyn std::error::Error| Problem::refused(Kind::Person, &declared.login, error);
    match refusal {
        PasswordRefusal::Policy(problems) => {
            let problems: Vec<String> = problems.into_iter().map(render_problem).collect();
            refused(&Refusal::invalid("password", problems.join(", and ")))
        }
        other => refused(&other),
    }
}

pub(super) async fn apply_group(
    site: &Site,
    declared: &GroupDeclaration,
    known: &mut Known,
) -> Result<Standing, Refusal> {
    let present = load_group(site, declared, known).await?;
    let plan = plan_group(declared, present.as_ref(), known)?;
    let present = present.map(|present| present.group);
    let id = match (present, site.mode) {
        (Some(group), Mode::Plan) => group.id,
        (None, Mode::Plan) => vocab::id::GroupId::generate(site.cell.entropy()),
        (present, Mode::Apply) => {
            let permit = site.permit(Permission::ManageGroups)?;
            let group = match present {
                Some(group) => group,
                None => {
                    let name = declared.name.value.trim();
                    site.cell
                        .create_group(&permit, name, &declared.description)
                        .await?
                }
            };
            if let Some(changed) = plan.update {
                site.cell.update_group(&permit, changed).await?;
            }
            for member in &plan.joining {
                site.cell
                    .add_group_member(&permit, &group.id, member)
                    .await?;
            }
            group.id
        }
    };
    let name = &declared.name.value;
    known.names.insert(id.to_string(), name.trim().to_owned());
    known.groups.insert(fold(name), id);
    Ok(plan.standing)
}

async fn load_group(
    site: &Site,
    declared: &GroupDeclaration,
    known: &Known,
) -> Result<Option<PresentGroup>, Refusal> {
    use identity::group::store;
    let mut tx = site.cell.database.read().await?;
    let name = declared.name.value.trim();
    let Some(group) = store::find_by_name(&mut tx, &site.org, name).await? else {
        return Ok(None);
    };
    let mut members = HashSet::new();
    for login in &declared.members {
        let person = find(&known.people, login)?;
        if store::is_member(&mut tx, &site.org, &group.id, &person).await? {
            members.insert(person);
        }
    }
    Ok(Some(PresentGroup { group, members }))
}
