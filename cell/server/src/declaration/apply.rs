//! Makes orgs, people, groups and API tokens as declared, through the operations that administrators use.

use crate::declaration::DeclarationError;
use crate::declaration::apply_apps;
use crate::declaration::document::{
    ApiTokenDeclaration, GroupDeclaration, OrgDeclaration, PersonDeclaration, SecretSource,
};
use crate::declaration::plan::{
    Known, PersonStep, PresentPerson, find, plan_group, plan_org, plan_person, profile,
};
use crate::declaration::secret::load_secret;
use identity::access::{Caller, Permission, Permit, authorize};
use identity::api_token::operations::DeclaredApiToken;
use identity::cell::Cell;
use identity::credential::password::PasswordRefusal;
use identity::fault::Refusal;
use identity::org::context::OrgContext;
use identity::org::{Org, Slug};
use identity::person::lifecycle::LifecycleAction;
use identity::person::profile::fold;
use identity::sign_in::setup::LinkPurpose;
use ledger::ClientFacts;
use std::sync::Arc;
use tokio::task::JoinSet;
use vocab::id::{OrgId, UserId};
use vocab::secret::{Secret, SecretHash};

/// How many people are made at once: enough that their transactions share commits.
const PEOPLE_AT_ONCE: usize = 64;

/// One org that is being made as declared.
pub(super) struct Site {
    pub(super) cell: Cell,
    pub(super) org: Org,
    base_url: String,
}

impl Site {
    /// A permit of the operator.
    pub(super) fn permit(&self, permission: Permission) -> Result<Permit, Refusal> {
        authorize(
            &Caller::Operator,
            &self.org.id,
            permission,
            &ClientFacts::default(),
        )
    }

    fn context(&self) -> OrgContext {
        let path_prefix = format!("/t/{}", self.org.slug);
        OrgContext {
            org: self.org.id.clone(),
            slug: self.org.slug.to_string(),
            name: self.org.name.clone(),
            base_url: format!("{}{path_prefix}", self.base_url),
            path_prefix,
            rp_id: String::new(),
        }
    }
}

/// Names the thing that was refused.
pub(super) fn refused<T>(
    what: impl FnOnce() -> String,
    outcome: Result<T, Refusal>,
) -> Result<T, DeclarationError> {
    outcome.map_err(|source| DeclarationError::Refused {
        what: what(),
        source,
    })
}

/// Fetches the secret of the thing.
pub(super) fn secret(
    what: impl FnOnce() -> String,
    source: &SecretSource,
) -> Result<Secret<String>, DeclarationError> {
    load_secret(source).map_err(|source| DeclarationError::Secret {
        what: what(),
        source,
    })
}

pub(super) async fn apply_org(
    cell: &Cell,
    declared: OrgDeclaration,
    base_url: &str,
) -> Result<(), DeclarationError> {
    let named = || format!("organisation {:?}", declared.slug.value);
    let org = refused(named, make_org(cell, &declared).await)?;
    let site = Arc::new(Site {
        cell: cell.clone(),
        org,
        base_url: base_url.to_owned(),
    });
    let mut known = Known::default();
    apply_people(&site, declared.people, &mut known).await?;
    for group in &declared.groups {
        let named = || format!("group {:?}", group.name.value);
        refused(named, apply_group(&site, group, &mut known).await)?;
    }
    for policy in &declared.policies {
        let named = || format!("policy {:?}", policy.name.value);
        refused(
            named,
            apply_apps::apply_policy(&site, policy, &mut known).await,
        )?;
    }
    for app in &declared.apps {
        apply_apps::apply_app(&site, app, &mut known).await?;
    }
    for server in &declared.authorization_servers {
        let named = || format!("authorization server {:?}", server.name.value);
        refused(named, apply_apps::apply_server(&site, server, &known).await)?;
    }
    for token in &declared.api_tokens {
        let named = || format!("API token {:?}", token.name.value);
        let text = secret(named, &token.token)?;
        refused(named, apply_token(&site, token, text, &known).await)?;
    }
    Ok(())
}

async fn make_org(cell: &Cell, declared: &OrgDeclaration) -> Result<Org, Refusal> {
    let slug = Slug::parse(&declared.slug.value)?;
    let mut tx = cell.database.read().await?;
    let found = identity::org::store::find_by_slug(&mut tx, slug.as_str()).await?;
    drop(tx);
    let id = match found {
        Some(id) => id,
        None => cell.create_org(&slug, &declared.name).await?,
    };
    let org = load_org(cell, &id).await?;
    let Some(settings) = plan_org(declared, &org) else {
        return Ok(org);
    };
    let permit = authorize(
        &Caller::Operator,
        &id,
        Permission::ManageOrg,
        &ClientFacts::default(),
    )?;
    cell.update_org(&permit, org, &declared.name, settings)
        .await?;
    load_org(cell, &id).await
}

async fn load_org(cell: &Cell, id: &OrgId) -> Result<Org, Refusal> {
    let mut tx = cell.database.read().await?;
    identity::org::store::load(&mut tx, id)
        .await?
        .ok_or(Refusal::NotFound)
}

async fn apply_people(
    site: &Arc<Site>,
    people: Vec<PersonDeclaration>,
    known: &mut Known,
) -> Result<(), DeclarationError> {
    let mut waiting = people.into_iter();
    let mut running = JoinSet::new();
    loop {
        while running.len() < PEOPLE_AT_ONCE
            && let Some(person) = waiting.next()
        {
            let site = Arc::clone(site);
            running.spawn(async move {
                let id = apply_person(&site, &person).await?;
                Ok::<_, DeclarationError>((fold(&person.login.value), id))
            });
        }
        match running.join_next().await {
            None => return Ok(()),
            Some(done) => {
                let (login, id) = done??;
                known.people.insert(login, id);
            }
        }
    }
}

async fn apply_person(
    site: &Site,
    declared: &PersonDeclaration,
) -> Result<UserId, DeclarationError> {
    let named = || format!("person {:?}", declared.login.value);
    let present = match refused(named, load_person(site, declared).await)? {
        Some(present) => present,
        None => {
            let made = async {
                let permit = site.permit(Permission::ManagePeople)?;
                site.cell.create_person(&permit, profile(declared)).await?;
                load_person(site, declared).await?.ok_or(Refusal::NotFound)
            };
            refused(named, made.await)?
        }
    };
    for step in plan_person(declared, &present) {
        match (step, &declared.password) {
            (PersonStep::SetPassword, Some(source)) => {
                let password = secret(named, source)?;
                set_password(site, &present, password)
                    .await
                    .map_err(|refusal| refuse_password(named(), refusal))?;
            }
            _ => refused(named, apply_step(site, declared, &present, step).await)?,
        }
    }
    Ok(present.person.id)
}

async fn load_person(
    site: &Site,
    declared: &PersonDeclaration,
) -> Result<Option<PresentPerson>, Refusal> {
    use identity::person::store;
    let login = &declared.login.value;
    let mut tx = site.cell.database.read().await?;
    let found = store::find_by_identifier(&mut tx, &site.org.id, login).await?;
    // The look-up also finds people by their mail address.
    let Some(person) = found.filter(|person| fold(&person.login) == fold(login)) else {
        return Ok(None);
    };
    let roles = store::load_roles(&mut tx, &site.org.id, &person.id).await?;
    let password =
        identity::credential::store::load_password(&mut tx, &site.org.id, &person.id).await?;
    Ok(Some(PresentPerson {
        person,
        roles,
        has_password: password.is_some(),
    }))
}

async fn apply_step(
    site: &Site,
    declared: &PersonDeclaration,
    present: &PresentPerson,
    step: PersonStep,
) -> Result<(), Refusal> {
    let (cell, person) = (&site.cell, &present.person);
    let permit = site.permit(Permission::ManagePeople)?;
    match step {
        PersonStep::UpdateProfile => {
            cell.update_person(&permit, &person.id, person.revision, profile(declared))
                .await
        }
        PersonStep::SetPassword => Ok(()),
        PersonStep::ImportHash => {
            let hash = declared.password_hash.as_deref().unwrap_or_default();
            cell.import_password_hash(&site.org.id, person, hash).await
        }
        PersonStep::Activate => cell
            .change_person_status(&permit, &person.id, LifecycleAction::Activate)
            .await
            .map(drop),
        PersonStep::Invite => {
            // The mail first: a person who is invited twice is better off than one who never hears of it.
            cell.send_link(&site.context(), person, LinkPurpose::Invitation)
                .await?;
            cell.change_person_status(&permit, &person.id, LifecycleAction::Invite)
                .await
                .map(drop)
        }
        PersonStep::Grant(role) => {
            let permit = site.permit(Permission::ManageOrg)?;
            cell.grant_role(&permit, &person.id, role).await
        }
    }
}

async fn set_password(
    site: &Site,
    present: &PresentPerson,
    password: Secret<String>,
) -> Result<(), PasswordRefusal> {
    site.cell
        .set_password(
            &site.org,
            &present.person,
            ledger::Actor::system("operator"),
            &ClientFacts::default(),
            password,
        )
        .await
}

fn refuse_password(what: String, refusal: PasswordRefusal) -> DeclarationError {
    let reason = match refusal {
        PasswordRefusal::Policy(problems) => format!("the password is refused: {problems:?}"),
        other => other.to_string(),
    };
    DeclarationError::Password { what, reason }
}

async fn apply_group(
    site: &Site,
    declared: &GroupDeclaration,
    known: &mut Known,
) -> Result<(), Refusal> {
    let permit = site.permit(Permission::ManageGroups)?;
    let name = declared.name.value.trim();
    let mut tx = site.cell.database.read().await?;
    let found = identity::group::store::find_by_name(&mut tx, &site.org.id, name).await?;
    drop(tx);
    let group = match found {
        Some(group) => {
            if let Some(changed) = plan_group(declared, &group) {
                site.cell.update_group(&permit, changed).await?;
            }
            group
        }
        None => {
            site.cell
                .create_group(&permit, name, &declared.description)
                .await?
        }
    };
    for login in &declared.members {
        let member = find(&known.people, login)?;
        // Nothing is written for somebody who is a member.
        site.cell
            .add_group_member(&permit, &group.id, &member)
            .await?;
    }
    known.groups.insert(fold(name), group.id);
    Ok(())
}

async fn apply_token(
    site: &Site,
    declared: &ApiTokenDeclaration,
    text: Secret<String>,
    known: &Known,
) -> Result<(), Refusal> {
    use identity::api_token::store;
    let hash = SecretHash::of(text.expose());
    let mut tx = site.cell.database.read().await?;
    let found = store::find_by_hash(&mut tx, &site.org.id, &hash).await?;
    drop(tx);
    // A token that was revoked or has ended stays so: a document must not bring it back.
    if found.is_some() {
        return Ok(());
    }
    let permit = site.permit(Permission::ManageOrg)?;
    let token = DeclaredApiToken {
        name: declared.name.value.clone(),
        user_id: find(&known.people, &declared.person)?,
        text,
    };
    site.cell.declare_api_token(&permit, token).await.map(drop)
}
