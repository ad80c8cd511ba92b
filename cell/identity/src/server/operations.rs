//! What administrators do with authorization servers. Each change and its log row are one transaction, and no cached
//! configuration outlives it.

use crate::access::custom::capability::{Capability, ThingKind};
use crate::access::custom::within;
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::inline_hook::InlineHookKind;
use crate::org::settings::ProfileAttribute;
use crate::profile_mapping::store::load_of_people;
use crate::server::change::{ServerChange, plan_change};
use crate::server::parts::{AccessPolicy, rules_in_force};
use crate::server::policies::{PolicyChange, plan_policy_change};
use crate::server::rules::{
    asks_for_attributes, check_attributes, decide_name, decide_parts, decide_server,
};
use crate::server::store::{self, SERVERS_MAX};
use crate::server::{AuthorizationServer, ClaimConfig, DEFAULT_SERVER_NAME, ServerConfig};
use database::{ReadTx, WriteTx};
use keys::ServerKeyScope;
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::{InlineHookId, OrgId, ServerId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Active,
    Inactive,
}

impl Cell {
    /// Adds a custom authorization server.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of servers say; [`Refusal::Taken`] for a name in use.
    #[boxed]
    pub async fn create_server(
        &self,
        permit: &Permit,
        name: &str,
        config: ServerConfig,
    ) -> Result<AuthorizationServer, Refusal> {
        permit.covers(Permission::ManageServers)?;
        let (name, config, now) = (decide_name(name)?, decide_server(config)?, self.now());
        let id = ServerId::generate(self.entropy());
        let server = AuthorizationServer::new(permit.org().clone(), id, name, config, now);
        let stored = server.clone();
        let event = self.server_event(permit, EventType::Oauth2AsCreated, &server);
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    // Of two who add at once, the second counts the first one's server.
                    crate::org::store::lock(tx, &stored.org_id).await?;
                    let claims = &stored.config.claims;
                    let schema = hold_attributes(tx, &stored.org_id, claims).await?;
                    check_attributes(claims, &[], &schema)?;
                    if store::count(tx, &stored.org_id).await? >= SERVERS_MAX {
                        return Err(Refusal::TooMany {
                            what: "authorization servers",
                            max: SERVERS_MAX,
                        });
                    }
                    store::insert(tx, &stored, now).await?;
                    Ok(ledger::append(tx, &stored.org_id, event).await?)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        outcome.map(|()| server)
    }

    /// Changes name and settings. The preset server keeps its name, by which apps address it.
    ///
    /// # Errors
    /// [`Refusal`], above all [`Refusal::Changed`] for a stale revision.
    #[boxed]
    pub async fn update_server(
        &self,
        permit: &Permit,
        server_id: &ServerId,
        revision: i64,
        name: &str,
        config: ServerConfig,
    ) -> Result<(), Refusal> {
        permit.covers_within(Permission::ManageServers, Capability::ServersManage)?;
        let (name, config) = (decide_name(name)?, decide_server(config)?);
        let (cell, by, id) = (self.clone(), permit.clone(), server_id.clone());
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let schema = hold_attributes(tx, by.org(), &config.claims).await?;
                    let mut server = load_for_change(tx, &by, &id).await?;
                    if server.revision != revision {
                        return Err(Refusal::Changed);
                    }
                    let name = decide_kept_name(&server.name, name)?;
                    let mut config = config;
                    check_attributes(&config.claims, &server.config.claims, &schema)?;
                    server.parts.mark_unlisted(&mut config);
                    server.name = name;
                    reconfigure(&mut server, config)?;
                    store::update(tx, &server, cell.now()).await?;
                    let event = cell.server_event(&by, EventType::Oauth2AsUpdated, &server);
                    Ok(ledger::append(tx, by.org(), event).await?)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        outcome
    }

    /// Changes one thing of a server and leaves what others changed meanwhile as it is.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of servers say; [`Refusal::Changed`] if the very thing was changed meanwhile.
    #[boxed]
    pub async fn change_server(
        &self,
        permit: &Permit,
        server_id: &ServerId,
        change: ServerChange,
    ) -> Result<(), Refusal> {
        permit.covers_within(Permission::ManageServers, Capability::ServersManage)?;
        // A scope that is renamed takes its claims along, whatever they name.
        let claim = match &change {
            ServerChange::PutClaim(_, claim) => Some(claim.clone()),
            _ => None,
        };
        let (cell, by, id) = (self.clone(), permit.clone(), server_id.clone());
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let schema = hold_attributes(tx, by.org(), claim.as_slice()).await?;
                    let mut server = load_for_change(tx, &by, &id).await?;
                    let planned = plan_change(&server.name, &server.config, change)?;
                    check_attributes(claim.as_slice(), &server.config.claims, &schema)?;
                    let name = decide_kept_name(&server.name, decide_name(&planned.name)?)?;
                    server.name = name;
                    reconfigure(&mut server, decide_server(planned.config)?)?;
                    store::update(tx, &server, cell.now()).await?;
                    let mut target = server_target(&server);
                    if planned.part.is_none() {
                        target = with_fields(target, &planned.fields);
                    }
                    let mut event = cell.event_by(&by, planned.event).target(target);
                    if let Some((kind, name)) = planned.part {
                        let part = Target::other(kind, &name, &name);
                        event = event.target(with_fields(part, &planned.fields));
                    }
                    Ok(ledger::append(tx, by.org(), event).await?)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        outcome
    }

    /// Changes the access policies of a server, and with them the rules in force.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of servers say; [`Refusal::NotFound`] for a policy or rule that it does not have.
    #[boxed]
    pub async fn change_access_policies(
        &self,
        permit: &Permit,
        server_id: &ServerId,
        change: PolicyChange,
    ) -> Result<(), Refusal> {
        permit.covers_within(Permission::ManageServers, Capability::ServersManage)?;
        let (cell, by, id) = (self.clone(), permit.clone(), server_id.clone());
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    if change.hook().is_some() {
                        crate::org::store::lock(tx, by.org()).await?;
                    }
                    let mut server = load_for_change(tx, &by, &id).await?;
                    if change.is_so(&server.parts.policies) {
                        return Ok(());
                    }
                    check_known_hook(&by, &server.parts.policies, &change)?;
                    if let Some(hook) = change.hook() {
                        check_hook(tx, &by, hook).await?;
                    }
                    let planned = plan_policy_change(server.parts.policies, change, cell.now())?;
                    server.parts.policies = planned.policies;
                    let config = ServerConfig {
                        rules: rules_in_force(&server.parts.policies),
                        ..server.config.clone()
                    };
                    reconfigure(&mut server, decide_server(config)?)?;
                    store::update(tx, &server, cell.now()).await?;
                    let (kind, part_id, name) = planned.part;
                    let part = Target::other(kind, &part_id, &name);
                    let event = cell
                        .event_by(&by, planned.event)
                        .target(server_target(&server))
                        .target(with_fields(part, &planned.fields));
                    Ok(ledger::append(tx, by.org(), event).await?)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        outcome
    }

    /// Deletes a server that is switched off, with its signing keys: what it issued is worth nothing from now on.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for one that is in use or preset.
    #[boxed]
    pub async fn delete_server(
        &self,
        permit: &Permit,
        server_id: &ServerId,
    ) -> Result<(), Refusal> {
        permit.covers_within(Permission::ManageServers, Capability::ServersManage)?;
        let (cell, by, id) = (self.clone(), permit.clone(), server_id.clone());
        let scope = ServerKeyScope::Custom(server_id.clone());
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let server = load_for_change(tx, &by, &id).await?;
                    if server.name == DEFAULT_SERVER_NAME {
                        return Err(Refusal::WrongState(
                            "the preset server can only be switched off",
                        ));
                    }
                    if !store::delete_inactive(tx, by.org(), &id).await? {
                        return Err(Refusal::WrongState(
                            "switch the server off before it is deleted",
                        ));
                    }
                    keys::delete_server_keys(tx, by.org(), &scope).await?;
                    let event = cell.server_event(&by, EventType::Oauth2AsDeleted, &server);
                    Ok(ledger::append(tx, by.org(), event).await?)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        let scope = ServerKeyScope::Custom(server_id.clone());
        self.signing_keys.forget_server(permit.org(), &scope);
        outcome
    }

    /// Lets a server issue tokens again; nothing happens if it does.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a server that this org does not have.
    #[boxed]
    pub async fn activate_server(
        &self,
        permit: &Permit,
        server_id: &ServerId,
    ) -> Result<(), Refusal> {
        self.change_server_state(permit, server_id, State::Active)
            .await
    }

    /// Switches a server off: it issues no token from now on. Nothing happens if it is off.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a server that this org does not have.
    #[boxed]
    pub async fn deactivate_server(
        &self,
        permit: &Permit,
        server_id: &ServerId,
    ) -> Result<(), Refusal> {
        self.change_server_state(permit, server_id, State::Inactive)
            .await
    }

    /// The authorization servers of the org that a permit shows.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_servers(&self, permit: &Permit) -> Result<Vec<AuthorizationServer>, Refusal> {
        permit.covers_finding(ThingKind::Server)?;
        let mut tx = self.database.read().await?;
        let extent = within::load_extent(&mut tx, permit, ThingKind::Server).await?;
        let mut servers = store::load_all(&mut tx, permit.org()).await?;
        if let Some(extent) = extent {
            servers.retain(|server| extent.reach.holds(server.id.as_str()));
        }
        Ok(servers)
    }

    async fn change_server_state(
        &self,
        permit: &Permit,
        server_id: &ServerId,
        state: State,
    ) -> Result<(), Refusal> {
        permit.covers_within(Permission::ManageServers, Capability::ServersManage)?;
        let (cell, by, id) = (self.clone(), permit.clone(), server_id.clone());
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let mut server = load_for_change(tx, &by, &id).await?;
                    let active = state == State::Active;
                    if server.active == active {
                        return Ok(());
                    }
                    server.active = active;
                    store::update(tx, &server, cell.now()).await?;
                    let kind = match state {
                        State::Active => EventType::Oauth2AsActivated,
                        State::Inactive => EventType::Oauth2AsDeactivated,
                    };
                    Ok(ledger::append(tx, by.org(), cell.server_event(&by, kind, &server)).await?)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        outcome
    }

    fn server_event(
        &self,
        permit: &Permit,
        kind: EventType,
        server: &AuthorizationServer,
    ) -> Event {
        self.event_by(permit, kind).target(server_target(server))
    }

    fn event_by(&self, permit: &Permit, kind: EventType) -> Event {
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
    }
}

fn server_target(server: &AuthorizationServer) -> Target {
    Target::other("AuthorizationServer", server.id.as_str(), &server.name)
}

fn with_fields(target: Target, fields: &[(&'static str, String, String)]) -> Target {
    fields.iter().fold(target, |target, (field, from, to)| {
        target.change(field, from, to)
    })
}

/// The settings from now on; what administrators read beside them follows.
fn reconfigure(server: &mut AuthorizationServer, config: ServerConfig) -> Result<(), Refusal> {
    let parts = std::mem::take(&mut server.parts);
    server.parts = parts.fitted(&server.id, &config);
    server.config = config;
    decide_parts(&server.config, &server.parts)
}

/// The attributes that there are, if claims name some that not everybody has. Whoever removes one holds the org's row: of two at once, the
/// second sees what the first one did.
async fn hold_attributes(
    tx: &mut WriteTx,
    org: &OrgId,
    claims: &[ClaimConfig],
) -> Result<Vec<ProfileAttribute>, Refusal> {
    if !asks_for_attributes(claims) {
        return Ok(Vec::new());
    }
    crate::org::store::lock(tx, org).await?;
    Ok(load_of_people(tx, org).await?)
}

/// Apps address the preset server by its name.
fn decide_kept_name(former: &str, name: String) -> Result<String, Refusal> {
    if former == DEFAULT_SERVER_NAME && name != DEFAULT_SERVER_NAME {
        return Err(Refusal::invalid("name", "the preset server keeps its name"));
    }
    Ok(name)
}

/// A hook that a rule names is there, and stays: whoever removes it locks the org's row, too, and looks for rules.
async fn check_hook(tx: &mut ReadTx, permit: &Permit, id: &InlineHookId) -> Result<(), Refusal> {
    let hook = crate::inline_hook::store::load(tx, permit.org(), id).await?;
    if hook.is_some_and(|hook| hook.kind == InlineHookKind::TokenTransform) {
        return Ok(());
    }
    let problem = "there is no inline hook of this id that is asked about tokens";
    Err(Refusal::invalid("actions.token.inlineHook.id", problem))
}

/// No custom role shows hooks: its holder leaves the one that a rule names, and brings no other.
fn check_known_hook(
    permit: &Permit,
    policies: &[AccessPolicy],
    change: &PolicyChange,
) -> Result<(), Refusal> {
    let (Some(_), Some(hook)) = (permit.custom_caller(), change.hook()) else {
        return Ok(());
    };
    let mut known = policies.iter().flat_map(|policy| &policy.rules);
    let is_known = matches!(change, PolicyChange::Rule(_, id, _)
        if known.any(|rule| rule.id == *id && rule.hook.as_ref() == Some(hook)));
    match is_known {
        true => Ok(()),
        false => Err(Refusal::OutOfReach(
            "hooks are not yours to see; somebody who may see them can name another one",
        )),
    }
}

async fn load_for_change(
    tx: &mut WriteTx,
    permit: &Permit,
    server_id: &ServerId,
) -> Result<AuthorizationServer, Refusal> {
    let server = store::load(tx, permit.org(), server_id).await?;
    let server = server.ok_or(Refusal::NotFound)?;
    within::check_server(tx, permit, server_id).await?;
    Ok(server)
}
