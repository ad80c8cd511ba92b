//! What must be done so that what is declared is there: pure, and nothing for what is there already.

use crate::declaration::document::{
    AppDeclaration, GroupDeclaration, MembershipDeclaration, Name, OrgDeclaration,
    OutcomeDeclaration, PersonDeclaration, PolicyDeclaration, RoleName, RuleDeclaration,
    ServerDeclaration,
};
use identity::access::Role;
use identity::app::App;
use identity::app::rules::decide_app;
use identity::app::settings::AppSettings;
use identity::fault::Refusal;
use identity::group::Group;
use identity::org::Org;
use identity::org::settings::OrgSettings;
use identity::person::profile::{ProfileInput, fold};
use identity::person::{Person, PersonStatus};
use identity::server::rules::decide_server;
use identity::server::{AccessRule, AuthorizationServer, ServerConfig};
use identity::sign_on::{
    Allow, Conditions, Membership, Outcome, Rule, SignOnPolicy, ZoneCondition,
};
use std::collections::HashMap;
use std::hash::BuildHasher;
use vocab::entropy::Entropy;
use vocab::id::{AppId, GroupId, PolicyId, RuleId, UserId};

/// What is there of a person.
pub struct PresentPerson {
    /// The person.
    pub person: Person,
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

/// The role of that name.
#[must_use]
pub const fn role(name: RoleName) -> Role {
    match name {
        RoleName::SuperAdmin => Role::SuperAdmin,
        RoleName::ReadOnlyAdmin => Role::ReadOnlyAdmin,
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
#[must_use]
pub fn plan_person(declared: &PersonDeclaration, present: &PresentPerson) -> Vec<PersonStep> {
    let person = &present.person;
    let mut steps = Vec::new();
    let same = profile(declared)
        == ProfileInput {
            login: person.login.clone(),
            email: person.email.clone(),
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            attributes: person.profile.clone(),
        };
    if !same {
        steps.push(PersonStep::UpdateProfile);
    }
    let brings_password = declared.password.is_some() || declared.password_hash.is_some();
    if !present.has_password {
        if declared.password.is_some() {
            steps.push(PersonStep::SetPassword);
        }
        if declared.password_hash.is_some() {
            steps.push(PersonStep::ImportHash);
        }
    }
    let waits = matches!(
        person.status,
        PersonStatus::Staged | PersonStatus::Provisioned
    );
    if brings_password && waits {
        steps.push(PersonStep::Activate);
    }
    if declared.invitation && person.status == PersonStatus::Staged {
        steps.push(PersonStep::Invite);
    }
    let missing = declared.roles.iter().map(|name| role(*name));
    steps.extend(
        missing
            .filter(|role| !present.roles.contains(role))
            .map(PersonStep::Grant),
    );
    steps
}

/// The settings that an org shall have, if they are not those it has.
#[must_use]
pub fn plan_org(declared: &OrgDeclaration, org: &Org) -> Option<OrgSettings> {
    let mut settings = org.settings.clone();
    if let Some(branding) = &declared.branding {
        settings.branding = branding.clone();
    }
    if let Some(session) = &declared.session {
        settings.session = session.clone();
    }
    if let Some(schema) = &declared.profile_schema {
        settings.profile_schema.clone_from(schema);
    }
    let same = org.name == declared.name.trim() && org.settings == settings;
    (!same).then_some(settings)
}

/// The group as it shall be, if it is not so.
#[must_use]
pub fn plan_group(declared: &GroupDeclaration, group: &Group) -> Option<Group> {
    let name = declared.name.value.trim();
    let same = group.name == name && group.description == declared.description;
    (!same).then(|| Group {
        name: name.to_owned(),
        description: declared.description.clone(),
        ..group.clone()
    })
}

/// The ids under which the declared names are known by now.
#[derive(Debug, Default)]
pub struct Known {
    /// People by login.
    pub people: HashMap<String, UserId>,
    /// Groups by name.
    pub groups: HashMap<String, GroupId>,
    /// Policies by name.
    pub policies: HashMap<String, PolicyId>,
    /// Apps by label.
    pub apps: HashMap<String, AppId>,
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

fn find_all<Id: Clone>(known: &HashMap<String, Id>, names: &[Name]) -> Result<Vec<Id>, Refusal> {
    names.iter().map(|name| find(known, name)).collect()
}

/// The settings that an app shall have, if label, settings or policy are not so.
///
/// # Errors
/// [`Refusal`] as the rules of apps say; the kind of an app never changes.
pub fn plan_app(
    declared: &AppDeclaration,
    app: &App,
    policy: Option<&PolicyId>,
) -> Result<Option<AppSettings>, Refusal> {
    if declared.kind != app.kind {
        return Err(Refusal::invalid(
            "kind",
            "the kind of an app never changes: declare a new one",
        ));
    }
    let settings = decide_app(app.kind, declared.settings.clone())?;
    let same = app.label == declared.label.value.trim()
        && app.settings == settings
        && app.policy_id.as_ref() == policy;
    Ok((!same).then_some(settings))
}

/// The declared settings of an authorization server, with ids in the place of names.
///
/// # Errors
/// [`Refusal`] as the rules of servers say.
pub fn server_config(declared: &ServerDeclaration, known: &Known) -> Result<ServerConfig, Refusal> {
    let default = ServerConfig::default();
    let rules = match &declared.rules {
        None => default.rules,
        Some(rules) => rules
            .iter()
            .map(|rule| {
                Ok(AccessRule {
                    name: rule.name.clone(),
                    apps: words(find_all(&known.apps, &rule.apps)?),
                    grants: rule.grants.clone(),
                    people: words(find_all(&known.people, &rule.people)?),
                    groups: words(find_all(&known.groups, &rule.groups)?),
                    scopes: rule.scopes.clone(),
                    access_token_secs: rule.access_token_secs,
                    refresh_idle_secs: rule.refresh_idle_secs,
                    refresh_lifetime_secs: rule.refresh_lifetime_secs,
                })
            })
            .collect::<Result<_, Refusal>>()?,
    };
    decide_server(ServerConfig {
        audience: declared.audience.clone(),
        description: declared.description.clone(),
        scopes: declared.scopes.clone(),
        claims: declared.claims.clone(),
        rules,
        access_token_form: declared.access_token_form,
        access_token_algorithm: declared.access_token_algorithm,
    })
}

/// Whether a server is as declared.
#[must_use]
pub fn is_as_declared(
    server: &AuthorizationServer,
    declared: &ServerDeclaration,
    config: &ServerConfig,
) -> bool {
    server.name == declared.name.value.trim() && server.config == *config
}

fn words<Id: ToString>(ids: Vec<Id>) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// The declared rules of a policy. A rule at the same place of the present policy keeps its id, so that an unchanged
/// policy compares equal.
///
/// # Errors
/// [`Refusal::NotFound`] for a name without an id.
pub fn policy_rules(
    declared: &PolicyDeclaration,
    present: Option<&SignOnPolicy>,
    known: &Known,
    entropy: &dyn Entropy,
) -> Result<Vec<Rule>, Refusal> {
    let present = present.map_or(&[][..], |policy| policy.rules.as_slice());
    declared
        .rules
        .iter()
        .enumerate()
        .map(|(index, rule)| {
            let id = match present.get(index) {
                Some(before) => before.id.clone(),
                None => RuleId::generate(entropy),
            };
            policy_rule(id, rule, known)
        })
        .collect()
}

fn policy_rule(id: RuleId, declared: &RuleDeclaration, known: &Known) -> Result<Rule, Refusal> {
    Ok(Rule {
        id,
        name: declared.name.clone(),
        conditions: Conditions {
            people: membership(&declared.people, &known.people)?,
            groups: membership(&declared.groups, &known.groups)?,
            zones: ZoneCondition::Any,
            administrators: declared.administrators,
        },
        outcome: match &declared.outcome {
            OutcomeDeclaration::Deny => Outcome::Deny,
            OutcomeDeclaration::Allow(allow) => Outcome::Allow(Allow {
                require: allow.require.clone(),
                session_age_max_secs: allow.session_age_max_secs,
            }),
        },
    })
}

fn membership<Id: Clone>(
    declared: &MembershipDeclaration,
    known: &HashMap<String, Id>,
) -> Result<Membership<Id>, Refusal> {
    Ok(Membership {
        include: find_all(known, &declared.include)?,
        exclude: find_all(known, &declared.exclude)?,
    })
}
