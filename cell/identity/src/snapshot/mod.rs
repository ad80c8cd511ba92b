//! The configuration of an org as one immutable value, loaded on demand and replaced when it changes.

pub mod cache;

use crate::app::App;
use crate::attribute_schema;
use crate::behavior::Behavior;
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::org::Org;
use crate::org::settings::ProfileAttribute;
use crate::person::Person;
use crate::server::{AuthorizationServer, DEFAULT_SERVER_NAME};
use crate::sign_on::{SignOnPolicy, Zone};
use crate::snapshot::cache::Generation;
use crate::trusted_origin::TrustedOrigin;
use crate::user_type::schemas::{ProfileSchemas, TypeSchema};
use std::collections::HashMap;
use std::sync::Arc;
use vocab::future::boxed;
use vocab::id::{AppId, IdentityProviderId, OrgId, PolicyId, UserTypeId};

/// What a request needs to know of an org before it reads anything else.
#[derive(Debug)]
pub struct OrgSnapshot {
    /// The org and its settings.
    pub org: Org,
    /// The mark of its logo, if it has one.
    pub logo: Option<String>,
    /// What its groups have beyond name and description.
    pub group_schema: Vec<ProfileAttribute>,
    /// What people of each type have beyond what is built in, of other types than the one that every org has.
    pub type_schemas: Vec<TypeSchema>,
    /// Its custom authorization servers, by id.
    pub servers: HashMap<String, Arc<AuthorizationServer>>,
    /// Its network zones.
    pub zones: Vec<Zone>,
    /// Its behaviours, those that rest included.
    pub behaviors: Vec<Behavior>,
    /// Sites that it trusts.
    pub origins: Vec<TrustedOrigin>,
    /// The providers at which people may sign in now, and their names.
    pub providers: Vec<(IdentityProviderId, String)>,
    /// The sign-on policy of the org.
    pub org_policy: Arc<SignOnPolicy>,
    /// The sign-on policy of the administrators' console.
    pub console_policy: Arc<SignOnPolicy>,
    /// Sign-on policies that apps may name.
    pub app_policies: HashMap<PolicyId, Arc<SignOnPolicy>>,
}

impl OrgSnapshot {
    /// What profiles hold, by the type of the person.
    #[must_use]
    pub fn schemas(&self) -> ProfileSchemas<'_> {
        ProfileSchemas {
            of_default: &self.org.settings.profile_schema,
            of_types: &self.type_schemas,
        }
    }

    /// The attributes of a type that somebody is to be of.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a type that the org does not have.
    pub fn schema_of_type(&self, key: Option<&UserTypeId>) -> Result<&[ProfileAttribute], Refusal> {
        let schema = self.schemas().of(key);
        schema.ok_or_else(|| Refusal::invalid("type.id", "there is no such type of people"))
    }

    /// The attributes of a person that is about to be changed.
    ///
    /// # Errors
    /// [`Refusal::Changed`] for a person of a type that came to be after this was loaded.
    pub fn schema_of_person(&self, person: &Person) -> Result<&[ProfileAttribute], Refusal> {
        let schema = self.schemas().of(person.type_id.as_ref());
        schema.ok_or(Refusal::Changed)
    }

    /// Whether anything is told of where people come from: a behaviour of the org is active.
    #[must_use]
    pub fn watches(&self) -> bool {
        self.behaviors.iter().any(|behavior| behavior.active)
    }

    /// The custom server of that id, or the preset one by its name.
    #[must_use]
    pub fn server(&self, id_or_name: &str) -> Option<Arc<AuthorizationServer>> {
        if let Some(server) = self.servers.get(id_or_name) {
            return Some(Arc::clone(server));
        }
        if id_or_name != DEFAULT_SERVER_NAME {
            return None;
        }
        let mut servers = self.servers.values();
        servers
            .find(|server| server.name == DEFAULT_SERVER_NAME)
            .map(Arc::clone)
    }
}

impl Cell {
    /// The present configuration of an org.
    ///
    /// # Errors
    /// [`Fault`] if it cannot be read.
    pub async fn snapshot(&self, org_id: &OrgId) -> Result<Option<Arc<OrgSnapshot>>, Fault> {
        let generation = match self.snapshots.get(org_id) {
            Ok(snapshot) => return Ok(Some(snapshot)),
            Err(generation) => generation,
        };
        self.load_snapshot(org_id, generation).await
    }

    /// In a box: what is seldom done must not make the future of every request large.
    #[boxed]
    async fn load_snapshot(
        &self,
        org_id: &OrgId,
        generation: Generation,
    ) -> Result<Option<Arc<OrgSnapshot>>, Fault> {
        let mut tx = self.database.read().await?;
        let Some(org) = crate::org::store::load(&mut tx, org_id).await? else {
            return Ok(None);
        };
        let logo = crate::org::store::load_logo_mark(&mut tx, org_id).await?;
        let servers = crate::server::store::load_all(&mut tx, org_id).await?;
        let policies = crate::sign_on::store::load_policies(&mut tx, org_id).await?;
        let zones = crate::sign_on::store::load_zones(&mut tx, org_id).await?;
        let behaviors = crate::behavior::store::load_known(&mut tx, org_id).await?;
        let origins = crate::trusted_origin::store::load_all(&mut tx, org_id).await?;
        let providers = crate::identity_provider::store::load_all(&mut tx, org_id).await?;
        let (group_schema, type_schemas) =
            attribute_schema::store::load_of_snapshot(&mut tx, org_id).await?;
        let snapshot = Arc::new(OrgSnapshot {
            org,
            logo,
            group_schema,
            type_schemas,
            servers: servers
                .into_iter()
                .map(|server| (server.id.to_string(), Arc::new(server)))
                .collect(),
            zones,
            behaviors,
            origins,
            providers: providers
                .into_iter()
                .filter(|provider| provider.active)
                .map(|provider| (provider.id, provider.name))
                .collect(),
            org_policy: policies.org,
            console_policy: policies.console,
            app_policies: policies.apps,
        });
        self.snapshots
            .insert(org_id.clone(), Arc::clone(&snapshot), generation);
        Ok(Some(snapshot))
    }

    /// Forgets everything that is remembered of an org whose rows came, or went, behind the back of all operations.
    pub fn forget_org(&self, org_id: &OrgId) {
        self.snapshots.invalidate(org_id);
        self.rule_sets.invalidate(org_id);
        self.apps.invalidate_where(|(org, _), _| org == org_id);
        self.provider_keys
            .invalidate_where(|(org, _), _| org == org_id);
        self.hook_tokens
            .invalidate_where(|(org, _), _| org == org_id);
        self.hosts.invalidate_where(|_, org| org == org_id);
        self.names.invalidate_where(|_, org| org == org_id);
    }

    /// An app with what a token request needs of it.
    ///
    /// # Errors
    /// [`Fault`] if it cannot be read.
    pub async fn app(&self, org_id: &OrgId, app_id: &AppId) -> Result<Option<Arc<App>>, Fault> {
        let key = (org_id.clone(), app_id.clone());
        let generation = match self.apps.get(&key) {
            Ok(app) => return Ok(Some(app)),
            Err(generation) => generation,
        };
        self.load_app(key, generation).await
    }

    #[boxed]
    async fn load_app(
        &self,
        key: (OrgId, AppId),
        generation: Generation,
    ) -> Result<Option<Arc<App>>, Fault> {
        let mut tx = self.database.read().await?;
        let Some(app) = crate::app::store::load(&mut tx, &key.0, &key.1).await? else {
            return Ok(None);
        };
        let app = Arc::new(app);
        self.apps.insert(key, Arc::clone(&app), generation);
        Ok(Some(app))
    }
}
