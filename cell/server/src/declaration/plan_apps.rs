//! How apps and authorization servers stand to what is declared of them: pure. Secrets are compared by their hashes and
//! never shown.

use crate::declaration::difference::{as_json, differences, put_names};
use crate::declaration::document::{AppDeclaration, ServerDeclaration};
use crate::declaration::plan::{Known, find_all, find_missing, role};
use crate::declaration::report::{FieldChange, Standing};
use identity::access::Role;
use identity::access::scope::ApiScope;
use identity::app::App;
use identity::app::operations::check_declared_secret;
use identity::app::rules::{decide_app, decide_label, needs_secret};
use identity::app::settings::AppSettings;
use identity::fault::Refusal;
use identity::org::settings::ProfileAttribute;
use identity::server::rules::{asked_in_vain, check_attributes, decide_name, decide_server};
use identity::server::{AccessRule, AuthorizationServer, ServerConfig};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use vocab::id::{GroupId, PolicyId, UserId};
use vocab::secret::{Secret, SecretHash};

/// What is there of an app.
pub struct PresentApp {
    /// The app.
    pub app: App,
    /// Those of the declared people to whom it is assigned.
    pub people: HashSet<UserId>,
    /// Those of the declared groups to which it is assigned.
    pub groups: HashSet<GroupId>,
    /// Its roles at the management API.
    pub roles: Vec<Role>,
}

/// Whether label, settings or policy of an app are to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppUpdate {
    /// They are as declared.
    None,
    /// They are not.
    Write,
}

/// What is to be done for an app.
pub struct AppPlan {
    /// How it stands.
    pub standing: Standing,
    /// The settings that it shall have.
    pub settings: AppSettings,
    /// Whether label, settings or policy are to be written.
    pub update: AppUpdate,
    /// Whether the declared secret is to be added.
    pub adds_secret: bool,
    /// To whom it is to be assigned.
    pub people: Vec<UserId>,
    /// To which groups it is to be assigned.
    pub groups: Vec<GroupId>,
    /// Scopes of the management API that it is to be granted.
    pub api_scopes: Vec<ApiScope>,
    /// Roles that it is to be given.
    pub roles: Vec<Role>,
}

/// What is to be done for an app. Whoever is not declared keeps it; the secret before stays good beside a new one.
///
/// # Errors
/// [`Refusal`] as the rules of apps say; the kind of an app never changes.
pub fn plan_app(
    declared: &AppDeclaration,
    present: Option<&PresentApp>,
    secret: Option<&Secret<String>>,
    policy: Option<&PolicyId>,
    known: &Known,
) -> Result<AppPlan, Refusal> {
    if present.is_some_and(|present| present.app.kind != declared.kind) {
        return Err(Refusal::invalid(
            "kind",
            "the kind of an app never changes: declare a new one",
        ));
    }
    let label = decide_label(&declared.label.value)?;
    let settings = decide_app(declared.kind, declared.settings.clone())?;
    check_secret(present.is_some(), &settings, secret)?;
    let (no_people, no_groups) = (HashSet::new(), HashSet::new());
    let assigned_people = present.map_or(&no_people, |present| &present.people);
    let assigned_groups = present.map_or(&no_groups, |present| &present.groups);
    let (people, people_names) = find_missing(&known.people, &declared.people, assigned_people)?;
    let (groups, groups_names) = find_missing(&known.groups, &declared.groups, assigned_groups)?;
    let api_scopes = missing_scopes(declared, present)?;
    let roles = missing_roles(declared, present);
    let mut plan = AppPlan {
        standing: Standing::Missing,
        api_scopes,
        roles,
        update: AppUpdate::None,
        adds_secret: false,
        settings,
        people,
        groups,
    };
    let Some(PresentApp { app, .. }) = present else {
        return Ok(plan);
    };
    let show = |label: &str, settings, policy: Option<&PolicyId>| {
        app_as_json(label, settings, policy, &known.names)
    };
    let mut fields = differences(
        &show(&app.label, &app.settings, app.policy_id.as_ref()),
        &show(&label, &plan.settings, policy),
    );
    if !fields.is_empty() {
        plan.update = AppUpdate::Write;
    }
    if secret.is_some_and(|secret| !app.secrets.contains(&SecretHash::of(secret.expose()))) {
        plan.adds_secret = true;
        fields.push(FieldChange::hidden("client_secret"));
    }
    let scopes = plan.api_scopes.iter();
    let scopes = scopes.map(|scope| Value::from(scope.render())).collect();
    let roles = plan.roles.iter().map(|role| Value::from(role.as_str()));
    for (field, names) in [
        ("people", people_names),
        ("groups", groups_names),
        ("api_scopes", scopes),
        ("roles", roles.collect()),
    ] {
        if !names.is_empty() {
            fields.push(FieldChange::added(field, Value::from(names)));
        }
    }
    plan.standing = Standing::from(fields);
    Ok(plan)
}

fn missing_scopes(
    declared: &AppDeclaration,
    present: Option<&PresentApp>,
) -> Result<Vec<ApiScope>, Refusal> {
    let mut missing = Vec::new();
    for name in &declared.api_scopes {
        let scope = ApiScope::parse(name).ok_or_else(|| {
            Refusal::invalid("api_scopes", format!("this API has no scope {name:?}"))
        })?;
        let has = present.is_some_and(|present| present.app.api_scopes.contains(&scope));
        if !has && !missing.contains(&scope) {
            missing.push(scope);
        }
    }
    Ok(missing)
}

fn missing_roles(declared: &AppDeclaration, present: Option<&PresentApp>) -> Vec<Role> {
    let mut missing = Vec::new();
    for declared in declared.roles.iter().map(|name| role(*name)) {
        let has = present.is_some_and(|present| present.roles.contains(&declared));
        if !has && !missing.contains(&declared) {
            missing.push(declared);
        }
    }
    missing
}

fn check_secret(
    is_there: bool,
    settings: &AppSettings,
    secret: Option<&Secret<String>>,
) -> Result<(), Refusal> {
    let proves = needs_secret(settings.client_authentication);
    match secret {
        Some(secret) if proves => check_declared_secret(secret.expose()),
        // One that is there has a secret, perhaps one that was drawn for it.
        None if proves && !is_there => Err(Refusal::invalid(
            "client_secret",
            "this app proves itself by a secret: name one",
        )),
        Some(_) => Err(Refusal::invalid(
            "client_secret",
            "this app does not prove itself by a secret: leave it out",
        )),
        None => Ok(()),
    }
}

fn app_as_json(
    label: &str,
    settings: &AppSettings,
    policy: Option<&PolicyId>,
    names: &HashMap<String, String>,
) -> Value {
    let mut policy = policy.map_or(Value::Null, |policy| Value::from(policy.as_str()));
    put_names(&mut policy, names);
    json!({ "label": label, "settings": as_json(settings), "policy": policy })
}

/// What is to be done for an authorization server.
pub struct ServerPlan {
    /// How it stands.
    pub standing: Standing,
    /// The settings that it shall have.
    pub config: ServerConfig,
    /// What stays as it is declared and gives nothing.
    pub remarks: Vec<String>,
}

/// What is to be done for an authorization server, whose claims may name these attributes.
///
/// # Errors
/// [`Refusal`] as the rules of servers say.
pub fn plan_server(
    declared: &ServerDeclaration,
    present: Option<&AuthorizationServer>,
    known: &Known,
    schema: &[ProfileAttribute],
) -> Result<ServerPlan, Refusal> {
    let name = decide_name(&declared.name.value)?;
    let config = decide_server(ServerConfig {
        audience: declared.audience.clone(),
        description: declared.description.clone(),
        scopes: declared.scopes.clone(),
        claims: declared.claims.clone(),
        rules: access_rules(declared, known)?,
        access_token_form: declared.access_token_form,
        access_token_algorithm: declared.access_token_algorithm,
    })?;
    let former = present.map_or(&[][..], |present| present.config.claims.as_slice());
    check_attributes(&config.claims, former, schema)?;
    let standing = present.map_or(Standing::Missing, |present| {
        let show = |name: &str, config| server_as_json(name, config, &known.names);
        Standing::from(differences(
            &show(&present.name, &present.config),
            &show(&name, &config),
        ))
    });
    let remarks = asked_in_vain(&config.claims, &[], schema).map(|(claim, attribute)| {
        format!(
            "the claim {claim:?} gives nothing: people have no attribute {attribute:?}; declare the attribute, or leave the claim out"
        )
    });
    Ok(ServerPlan {
        standing,
        remarks: remarks.collect(),
        config,
    })
}

fn server_as_json(name: &str, config: &ServerConfig, names: &HashMap<String, String>) -> Value {
    let mut shown = as_json(config);
    if let Value::Object(fields) = &mut shown {
        fields.insert(String::from("name"), Value::from(name));
    }
    put_names(&mut shown, names);
    shown
}

/// The declared rules, with ids in the place of names.
fn access_rules(declared: &ServerDeclaration, known: &Known) -> Result<Vec<AccessRule>, Refusal> {
    let Some(rules) = &declared.rules else {
        return Ok(ServerConfig::default().rules);
    };
    let rules = rules.iter().map(|rule| {
        Ok(AccessRule {
            name: rule.name.clone(),
            apps: words(&find_all(&known.apps, &rule.apps)?),
            grants: rule.grants.clone(),
            people: words(&find_all(&known.people, &rule.people)?),
            groups: words(&find_all(&known.groups, &rule.groups)?),
            scopes: rule.scopes.clone(),
            access_token_secs: rule.access_token_secs,
            refresh_idle_secs: rule.refresh_idle_secs,
            refresh_lifetime_secs: rule.refresh_lifetime_secs,
        })
    });
    rules.collect()
}

fn words<Id: ToString>(ids: &[Id]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}
