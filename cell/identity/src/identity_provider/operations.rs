//! Adding, changing, switching and removing providers. Whoever may do so decides who people are here, administrators among them:
//! [`Permission::ManageOrg`].

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::event_hook::envoy::PlainHttp;
use crate::fault::{Fault, Refusal};
use crate::identity_provider::arrival::ArrivalPolicy;
use crate::identity_provider::settings::{ProviderChange, SecretFate, decide_provider};
use crate::identity_provider::way::SECRET_PART;
use crate::identity_provider::{IdentityProvider, PROVIDERS_MAX, ProviderConfig, place_of, store};
use crate::person::profile::fold;
use crate::problem::{Problem, named};
use database::{ReadTx, WriteTx};
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::{GroupId, IdentityProviderId, OrgId};
use vocab::secret::Secret;
use vocab::time::Timestamp;

impl Cell {
    /// The providers of the org, the oldest first.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_identity_providers(
        &self,
        permit: &Permit,
    ) -> Result<Vec<IdentityProvider>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        Ok(store::load_all(&mut tx, permit.org()).await?)
    }

    /// A provider.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for one that this org does not have.
    #[boxed]
    pub async fn find_identity_provider(
        &self,
        permit: &Permit,
        id: &IdentityProviderId,
    ) -> Result<IdentityProvider, Refusal> {
        permit
            .covers(Permission::ReadDirectory)
            .or_else(|_| permit.covers(Permission::ManageOrg))
            .or_else(|_| permit.covers(Permission::ManagePeople))?;
        let mut tx = self.database.read().await?;
        let found = store::load(&mut tx, permit.org(), id).await?;
        found.ok_or(Refusal::NotFound)
    }

    /// A provider at which people may sign in now.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn active_identity_provider(
        &self,
        org: &OrgId,
        id: &IdentityProviderId,
    ) -> Result<Option<IdentityProvider>, Fault> {
        let mut tx = self.database.read().await?;
        let found = store::load(&mut tx, org, id).await?;
        Ok(found.filter(|provider| provider.active))
    }

    /// Adds a provider, which is switched on.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was added.
    #[boxed]
    pub async fn create_identity_provider(
        &self,
        permit: &Permit,
        change: ProviderChange,
        plain: PlainHttp,
    ) -> Result<IdentityProvider, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        decide_provider(&change, None, plain)?;
        let (id, now) = (IdentityProviderId::generate(self.entropy()), self.now());
        let org = permit.org();
        let sealed = match &change.client_secret {
            Some(secret) => self.seal_provider_secret(org, &id, secret).await?,
            None => return Err(Refusal::Forbidden),
        };
        let provider = IdentityProvider {
            org_id: org.clone(),
            name: change.name.clone(),
            config: plan_config(change, sealed),
            active: true,
            revision: 1,
            created_at: now,
            updated_at: now,
            id,
        };
        let event = provider_event(permit, EventType::SystemIdpCreated, &provider, now);
        let stored = provider.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = &stored.org_id;
                    // Of two who add at once, the second counts the first one's provider.
                    crate::org::store::lock(tx, org).await?;
                    let present = store::load_all(tx, org).await?;
                    if present.len() >= PROVIDERS_MAX {
                        return Err(Refusal::TooMany {
                            what: "identity providers",
                            max: PROVIDERS_MAX,
                        });
                    }
                    decide_name_free(&present, &stored)?;
                    check_groups(tx, org, &stored.config.policy).await?;
                    store::insert(tx, &stored).await?;
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await?;
        self.snapshots.invalidate(&provider.org_id);
        Ok(provider)
    }

    /// Replaces a provider. What it calls itself stays while people are linked to it: somebody whom another issuer calls by the
    /// same name is somebody else.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was changed.
    #[boxed]
    pub async fn replace_identity_provider(
        &self,
        permit: &Permit,
        present: IdentityProvider,
        change: ProviderChange,
        plain: PlainHttp,
    ) -> Result<IdentityProvider, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, &present)?;
        let fate = decide_provider(&change, Some(&present.config), plain)?;
        let sealed = match (fate, &change.client_secret) {
            (SecretFate::Replaced, Some(secret)) => {
                let sealed = self.seal_provider_secret(permit.org(), &present.id, secret);
                sealed.await?
            }
            _ => present.config.client_secret.clone(),
        };
        let is_other_issuer = change.issuer != present.config.issuer;
        let provider = IdentityProvider {
            name: change.name.clone(),
            config: plan_config(change, sealed),
            ..present
        };
        let check = Check {
            is_other_issuer,
            names_groups: true,
        };
        self.store_provider(permit, provider, EventType::SystemIdpUpdated, check)
            .await
    }

    /// Switches a provider on or off. While it is off nobody comes in by it; sessions that began by it go on.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was changed.
    #[boxed]
    pub async fn switch_identity_provider(
        &self,
        permit: &Permit,
        present: IdentityProvider,
        active: bool,
    ) -> Result<IdentityProvider, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, &present)?;
        if present.active == active {
            return Ok(present);
        }
        let kind = if active {
            EventType::SystemIdpActivated
        } else {
            EventType::SystemIdpDeactivated
        };
        let provider = IdentityProvider { active, ..present };
        self.store_provider(permit, provider, kind, Check::default())
            .await
    }

    /// Removes a provider that is switched off, with the links of its people.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for another one.
    #[boxed]
    pub async fn delete_identity_provider(
        &self,
        permit: &Permit,
        provider: IdentityProvider,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, &provider)?;
        let event = provider_event(permit, EventType::SystemIdpDeleted, &provider, self.now());
        let org = provider.org_id.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = &provider.org_id;
                    // Whoever arrives at the same time comes before, or finds it gone.
                    crate::org::store::lock(tx, org).await?;
                    if !store::delete(tx, org, &provider.id).await? {
                        return Err(Refusal::WrongState("switch the provider off first"));
                    }
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await?;
        self.snapshots.invalidate(&org);
        Ok(())
    }

    async fn seal_provider_secret(
        &self,
        org: &OrgId,
        id: &IdentityProviderId,
        secret: &Secret<String>,
    ) -> Result<String, Fault> {
        Ok(self
            .seal_part(org, &place_of(id), SECRET_PART, secret)
            .await?)
    }

    /// Stores a provider that was changed, if it is still as it was read.
    async fn store_provider(
        &self,
        permit: &Permit,
        mut provider: IdentityProvider,
        kind: EventType,
        check: Check,
    ) -> Result<IdentityProvider, Refusal> {
        let now = self.now();
        provider.updated_at = now;
        let event = provider_event(permit, kind, &provider, now);
        let shown = IdentityProvider {
            revision: provider.revision + 1,
            ..provider.clone()
        };
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = &provider.org_id;
                    // Names are held against each other, and arrivals wait: they link to a provider as it is.
                    crate::org::store::lock(tx, org).await?;
                    // So does whoever makes a link by hand: whether there is one is not told before that is done.
                    if store::load_held(tx, org, &provider.id).await?.is_none() {
                        return Err(Refusal::Changed);
                    }
                    decide_name_free(&store::load_all(tx, org).await?, &provider)?;
                    if check.is_other_issuer && store::has_links(tx, org, &provider.id).await? {
                        let problem = "it stays while people are linked to the provider";
                        return Err(Refusal::invalid("protocol.issuer.url", problem));
                    }
                    if check.names_groups {
                        check_groups(tx, org, &provider.config.policy).await?;
                    }
                    if !store::update(tx, &provider).await? {
                        return Err(Refusal::Changed);
                    }
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await?;
        self.snapshots.invalidate(&shown.org_id);
        Ok(shown)
    }
}

/// What a change is held against where it is stored.
#[derive(Debug, Clone, Copy, Default)]
struct Check {
    is_other_issuer: bool,
    names_groups: bool,
}

fn plan_config(change: ProviderChange, sealed: String) -> ProviderConfig {
    ProviderConfig {
        issuer: change.issuer,
        authorization: change.authorization,
        token: change.token,
        userinfo: change.userinfo,
        jwks: change.jwks,
        client_id: change.client_id,
        client_secret: sealed,
        secret_place: change.secret_place,
        scopes: change.scopes,
        clock_skew_secs: change.clock_skew_secs,
        policy: change.policy,
    }
}

/// Two buttons of one name would tell nobody where they lead.
fn decide_name_free(
    present: &[IdentityProvider],
    provider: &IdentityProvider,
) -> Result<(), Refusal> {
    let mut others = present.iter().filter(|other| other.id != provider.id);
    if others.any(|other| fold(&other.name) == fold(&provider.name)) {
        return Err(Refusal::Taken { field: "name" });
    }
    Ok(())
}

async fn check_groups(
    tx: &mut WriteTx,
    org: &OrgId,
    policy: &ArrivalPolicy,
) -> Result<(), Refusal> {
    for (field, groups) in [
        (
            "policy.provisioning.groups.assignments",
            &policy.first_groups,
        ),
        (
            "policy.accountLink.filter.groups.include",
            &policy.link_groups,
        ),
    ] {
        for id in groups {
            refuse_missing(tx, org, id, field).await?;
        }
    }
    Ok(())
}

async fn refuse_missing(
    tx: &mut ReadTx,
    org: &OrgId,
    id: &GroupId,
    field: &'static str,
) -> Result<(), Refusal> {
    match crate::group::store::load(tx, org, id).await? {
        Some(_) => Ok(()),
        None => {
            let problem = Problem::of("there is no group {name}", [named(id.as_str())]);
            Err(Refusal::invalid(field, problem))
        }
    }
}

fn own(permit: &Permit, provider: &IdentityProvider) -> Result<(), Refusal> {
    if provider.org_id == *permit.org() {
        Ok(())
    } else {
        Err(Refusal::NotFound)
    }
}

/// A provider as a target of a log row.
#[must_use]
pub fn provider_target(provider: &IdentityProvider) -> Target {
    Target::other("IdentityProvider", provider.id.as_str(), &provider.name)
}

fn provider_event(
    permit: &Permit,
    kind: EventType,
    provider: &IdentityProvider,
    now: Timestamp,
) -> Event {
    Event::new(kind, Outcome::Success, now)
        .actor(permit.actor().clone())
        .client(permit.client())
        .target(provider_target(provider))
}
