//! How what is there stands to what is declared, and what must be done: pure, and nothing for what is there already.
//! Showing a plan and carrying it out both begin here, so they cannot disagree.
//!
//! Organisations, people, groups and API tokens are here; zones and policies in `plan_policies`, apps and servers in
//! `plan_apps`.

use crate::declaration::difference::{as_json, differences};
use crate::declaration::document::{
    GroupDeclaration, Name, OrgDeclaration, PersonDeclaration, RoleName,
};
use crate::declaration::report::{FieldChange, Standing};
use crate::declaration::types::OfType;
use identity::access::Role;
use identity::api_token::ApiToken;
use identity::api_token::operations::check_declared;
use identity::fault::Refusal;
use identity::group::Group;
use identity::org::Org;
use identity::org::operations::decide_settings;
use identity::org::settings::OrgSettings;
use identity::password::foreign::parse_foreign;
use identity::password::policy::{
    PasswordFacts, PasswordPolicy, PasswordProblem, Reuse, decide_password,
};
use identity::person::lifecycle::{LifecycleAction, decide_return};
use identity::person::profile::{ProfileInput, decide_profile, decide_profile_of, fold};
use identity::person::{Person, PersonStatus};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use vocab::id::{AppId, BehaviorId, GroupId, PolicyId, UserId, ZoneId};
use vocab::secret::Secret;

/// The ids under which the declared names are known by now.
#[derive(Debug, Default)]
pub struct Known {
    /// People by login.
    pub people: HashMap<String, UserId>,
    /// Groups by name.
    pub groups: HashMap<String, GroupId>,
    /// Zones by name.
    pub zones: HashMap<String, ZoneId>,
    /// Behaviours by name.
    pub behaviors: HashMap<String, BehaviorId>,
    /// Policies by name.
    pub policies: HashMap<String, PolicyId>,
    /// Apps by label.
    pub apps: HashMap<String, AppId>,
    /// Names by id, to show them.
    pub names: HashMap<String, String>,
}

/// The id behind a name; there is one for every name that the parser let through.
///
/// # Errors
/// [`Refusal::NotFound`] if not.
pub fn find<Id: Clone, S: BuildHasher>(
    known: &HashMap<String, Id, S>,
    name: &Name,
) -> Result<Id, Refusal> {
    known
        .get(&fold(&name.value))
        .cloned()
        .ok_or(Refusal::NotFound)
}

/// The ids behind names.
///
/// # Errors
/// [`Refusal::NotFound`] as for one.
pub fn find_all<Id: Clone>(
    known: &HashMap<String, Id>,
    names: &[Name],
) -> Result<Vec<Id>, Refusal> {
    names.iter().map(|name| find(known, name)).collect()
}

/// Those of the declared names that are not among the present ids, and their ids.
pub(super) fn find_missing<Id: Clone + Eq + std::hash::Hash>(
    known: &HashMap<String, Id>,
    declared: &[Name],
    present: &HashSet<Id>,
) -> Result<(Vec<Id>, Vec<Value>), Refusal> {
    let (mut ids, mut names) = (Vec::new(), Vec::new());
    for name in declared {
        let id = find(known, name)?;
        if !present.contains(&id) {
            ids.push(id);
            names.push(Value::from(name.value.trim()));
        }
    }
    Ok((ids, names))
}

/// What is to be done for an org.
pub struct OrgPlan {
    /// How it stands.
    pub standing: Standing,
    /// The settings that it shall have.
    pub settings: OrgSettings,
}

/// What is to be done so that an org has the declared name and settings.
///
/// # Errors
/// [`Refusal`] as the rules of settings say.
pub fn plan_org(declared: &OrgDeclaration, present: Option<&Org>) -> Result<OrgPlan, Refusal> {
    let before = present.map(|org| org.settings.clone()).unwrap_or_default();
    let mut settings = before.clone();
    if let Some(branding) = &declared.branding {
        settings.branding = branding.clone();
    }
    if let Some(session) = &declared.session {
        settings.session = session.clone();
    }
    if let Some(schema) = &declared.profile_schema {
        settings.profile_schema.clone_from(schema);
    }
    decide_settings(&settings)?;
    let standing = match present {
        None => Standing::Missing,
        Some(org) => Standing::from(differences(
            &org_as_json(&org.name, &before),
            &org_as_json(declared.name.trim(), &settings),
        )),
    };
    Ok(OrgPlan { standing, settings })
}

/// What can be declared of an org, and nothing else of it.
fn org_as_json(name: &str, settings: &OrgSettings) -> Value {
    json!({
        "name": name,
        "branding": as_json(&settings.branding),
        "session": as_json(&settings.session),
        "profile_schema": as_json(&settings.profile_schema),
    })
}

/// What is there of a person.
pub struct PresentPerson {
    /// The person.
    pub person: Person,
    /// The state to which activation leads them back, if not to that of most people.
    pub returns_to: Option<PersonStatus>,
    /// The roles.
    pub roles: Vec<Role>,
    /// Whether there is a password.
    pub has_password: bool,
}

/// One thing to do for a person who exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonStep {
    /// Write the declared profile.
    UpdateProfile,
    /// Set the declared password.
    SetPassword,
    /// Take over the declared hash.
    ImportHash,
    /// Let the person sign in.
    Activate,
    /// Send the invitation.
    Invite,
    /// Grant a role.
    Grant(Role),
}

/// What is to be done for a person.
pub struct PersonPlan {
    /// How the person stands.
    pub standing: Standing,
    /// What to do, in order; for somebody who is not there, it is found out once the record is.
    pub steps: Vec<PersonStep>,
}

/// The role of that name.
#[must_use]
pub const fn role(name: RoleName) -> Role {
    match name {
        RoleName::SuperAdmin => Role::SuperAdmin,
        RoleName::OrgAdmin => Role::OrgAdmin,
        RoleName::AppAdmin => Role::AppAdmin,
        RoleName::UserAdmin => Role::UserAdmin,
        RoleName::HelpDeskAdmin => Role::HelpDeskAdmin,
        RoleName::ReadOnlyAdmin => Role::ReadOnlyAdmin,
        RoleName::ReportAdmin => Role::ReportAdmin,
        RoleName::ApiAccessManagementAdmin => Role::ApiAccessManagementAdmin,
    }
}

/// The declared profile.
#[must_use]
pub fn profile(declared: &PersonDeclaration) -> ProfileInput {
    ProfileInput {
        login: declared.login.value.trim().to_owned(),
        email: declared.email.trim().to_owned(),
        first_name: declared.first_name.trim().to_owned(),
        last_name: declared.last_name.trim().to_owned(),
        attributes: declared.attributes.clone(),
    }
}

/// What is to be done for a person. A password that is there is the person's own and stays; a person whom an
/// administrator keeps out stays out.
///
/// # Errors
/// [`Refusal`] as the rules of profiles and of foreign hashes say.
pub fn plan_person(
    declared: &PersonDeclaration,
    present: Option<&PresentPerson>,
    of: &OfType,
) -> Result<PersonPlan, Refusal> {
    let has_password = present.is_some_and(|present| present.has_password);
    if let Some(hash) = declared.password_hash.as_ref().filter(|_| !has_password) {
        parse_foreign(hash)
            .map_err(|error| Refusal::invalid("password_hash", error.to_string()))?;
    }
    let Some(present) = present else {
        decide_profile(profile(declared), &of.attributes)?;
        return Ok(PersonPlan {
            standing: Standing::Missing,
            steps: Vec::new(),
        });
    };
    let mut steps = Vec::new();
    let mut fields = Vec::new();
    let differing = differences(
        &profile_as_json(&present_profile(&present.person)),
        &profile_as_json(&profile(declared)),
    );
    if !differing.is_empty() || of.change.is_some() {
        decide_profile_of(&present.person, profile(declared), &of.attributes)?;
        steps.push(PersonStep::UpdateProfile);
        fields.extend(of.change.clone());
        fields.extend(differing);
    }
    plan_credentials(declared, present, &mut steps, &mut fields)?;
    for granted in declared.roles.iter().map(|name| role(*name)) {
        let step = PersonStep::Grant(granted);
        if !present.roles.contains(&granted) && !steps.contains(&step) {
            steps.push(step);
            fields.push(FieldChange::added("roles", json!(granted.as_str())));
        }
    }
    Ok(PersonPlan {
        standing: Standing::from(fields),
        steps,
    })
}

fn plan_credentials(
    declared: &PersonDeclaration,
    present: &PresentPerson,
    steps: &mut Vec<PersonStep>,
    fields: &mut Vec<FieldChange>,
) -> Result<(), Refusal> {
    let status = present.person.status;
    if !present.has_password && declared.password.is_some() {
        steps.push(PersonStep::SetPassword);
        fields.push(FieldChange::hidden("password"));
    }
    if !present.has_password && declared.password_hash.is_some() {
        steps.push(PersonStep::ImportHash);
        fields.push(FieldChange::hidden("password_hash"));
    }
    let becomes = |status: PersonStatus, after: PersonStatus| FieldChange {
        field: String::from("status"),
        before: Some(json!(status.as_str())),
        after: Some(json!(after.as_str())),
    };
    let brings_password = declared.password.is_some() || declared.password_hash.is_some();
    if brings_password && matches!(status, PersonStatus::Staged | PersonStatus::Provisioned) {
        let (after, _) = decide_return(status, present.returns_to, LifecycleAction::Activate)?;
        steps.push(PersonStep::Activate);
        fields.push(becomes(status, after));
    }
    if declared.invitation && status == PersonStatus::Staged {
        steps.push(PersonStep::Invite);
        fields.push(becomes(status, PersonStatus::Provisioned));
    }
    Ok(())
}

fn present_profile(person: &Person) -> ProfileInput {
    ProfileInput {
        login: person.login.clone(),
        email: person.email.clone(),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        attributes: person.profile.clone(),
    }
}

fn profile_as_json(profile: &ProfileInput) -> Value {
    json!({
        "login": profile.login,
        "email": profile.email,
        "first_name": profile.first_name,
        "last_name": profile.last_name,
        "attributes": profile.attributes,
    })
}

/// What is there of a group.
pub struct PresentGroup {
    /// The group.
    pub group: Group,
    /// Those of the declared members who are members.
    pub members: HashSet<UserId>,
}

/// What is to be done for a group.
pub struct GroupPlan {
    /// How it stands.
    pub standing: Standing,
    /// The group as it shall be, if it is there and not so.
    pub update: Option<Group>,
    /// Who shall become a member.
    pub joining: Vec<UserId>,
}

/// What is to be done for a group. Members who are not declared stay.
///
/// # Errors
/// [`Refusal::NotFound`] for a member without an id.
pub fn plan_group(
    declared: &GroupDeclaration,
    present: Option<&PresentGroup>,
    known: &Known,
) -> Result<GroupPlan, Refusal> {
    let none = HashSet::new();
    let members = present.map_or(&none, |present| &present.members);
    let (joining, joining_names) = find_missing(&known.people, &declared.members, members)?;
    let Some(present) = present else {
        return Ok(GroupPlan {
            standing: Standing::Missing,
            update: None,
            joining,
        });
    };
    let group = &present.group;
    let name = declared.name.value.trim();
    let mut fields = differences(
        &json!({ "name": group.name, "description": group.description }),
        &json!({ "name": name, "description": declared.description }),
    );
    let update = (!fields.is_empty()).then(|| Group {
        name: name.to_owned(),
        description: declared.description.clone(),
        ..group.clone()
    });
    if !joining_names.is_empty() {
        fields.push(FieldChange::added("members", Value::from(joining_names)));
    }
    Ok(GroupPlan {
        standing: Standing::from(fields),
        update,
        joining,
    })
}

/// How an API token of that text stands. One that was revoked or has ended stays so: a document must not
/// bring it back.
///
/// # Errors
/// [`Refusal::Invalid`] for the text of another token: what a token may do is never changed.
pub fn plan_token(
    name: &str,
    person: &UserId,
    text: &Secret<String>,
    present: Option<&ApiToken>,
) -> Result<Standing, Refusal> {
    check_declared(text.expose())?;
    match present {
        None => Ok(Standing::Missing),
        Some(token) if token.name == name.trim() && token.user_id == *person => Ok(Standing::Same),
        Some(token) => Err(Refusal::invalid(
            "token",
            format!(
                "its text is that of the token {:?}, which has another name or person; bring a new text",
                token.name
            ),
        )),
    }
}

/// Holds a declared password against the policy of the org before anything is made.
///
/// # Errors
/// [`Refusal::Invalid`] with everything that is wrong with it, but not the password.
pub fn check_password(
    declared: &PersonDeclaration,
    org_name: &str,
    policy: &PasswordPolicy,
    password: &str,
) -> Result<(), Refusal> {
    let facts = PasswordFacts {
        login: declared.login.value.trim(),
        emails: &[declared.email.trim()],
        names: &[&declared.first_name, &declared.last_name, org_name],
    };
    decide_password(policy, password, &facts, Reuse::New).map_err(|problems| {
        let problems: Vec<String> = problems.into_iter().map(render_problem).collect();
        Refusal::invalid("password", problems.join(", and "))
    })
}

/// What is wrong with a password, for the operator.
#[must_use]
pub fn render_problem(problem: PasswordProblem) -> String {
    match problem {
        PasswordProblem::TooShort { length_min } => {
            format!("it must have at least {length_min} characters")
        }
        PasswordProblem::TooLong { bytes_max } => {
            format!("it must have at most {bytes_max} bytes")
        }
        PasswordProblem::ControlCharacter => String::from("it must not contain control characters"),
        PasswordProblem::Commonest => String::from("it is one of the commonest passwords"),
        PasswordProblem::NamePart => {
            String::from("it must not contain a part of the login, of the address or of a name")
        }
        PasswordProblem::Former { history_count } => {
            format!("it must not be one of the last {history_count}")
        }
    }
}
