//! Making, changing, switching, trying and removing inline hooks.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::event_hook::envoy::PlainHttp;
use crate::event_hook::{HookConfig, SealedHeader};
use crate::fault::{Fault, Refusal};
use crate::hook_key;
use crate::inline_hook::bearer::CLIENT_SECRET_PART;
use crate::inline_hook::call::{Called, Times};
use crate::inline_hook::oauth::{ClientProof, OAuthChannel, ProofFate};
use crate::inline_hook::settings::{InlineHookChange, InlineHookFate, decide_inline_hook};
use crate::inline_hook::{HOOKS_MAX, InlineHook, InlineHookKind, place_of, store};
use database::{ReadTx, WriteTx};
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::{InlineHookId, OrgId};
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// A hook that was made, and the secret that signs what it is asked, which is shown this once.
pub struct CreatedInlineHook {
    /// The hook.
    pub hook: InlineHook,
    /// The text of the secret.
    pub secret: Secret<String>,
}

/// An access rule that names a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskingRule {
    /// The server.
    pub server: String,
    /// The rule.
    pub rule: String,
}

impl Cell {
    /// The hooks of the org, the oldest first.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_inline_hooks(&self, permit: &Permit) -> Result<Vec<InlineHook>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        Ok(store::load_all(&mut tx, permit.org()).await?)
    }

    /// A hook.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for one that this org does not have.
    #[boxed]
    pub async fn find_inline_hook(
        &self,
        permit: &Permit,
        id: &InlineHookId,
    ) -> Result<InlineHook, Refusal> {
        permit
            .covers(Permission::ReadDirectory)
            .or_else(|_| permit.covers(Permission::ManageOrg))?;
        let mut tx = self.database.read().await?;
        let found = store::load(&mut tx, permit.org(), id).await?;
        found.ok_or(Refusal::NotFound)
    }

    /// Makes a hook, which is switched on. Nobody asks it before a rule names it, or a person is to be taken over by it.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was made.
    #[boxed]
    pub async fn create_inline_hook(
        &self,
        permit: &Permit,
        kind: InlineHookKind,
        change: InlineHookChange,
        plain: PlainHttp,
    ) -> Result<CreatedInlineHook, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let fate = decide_inline_hook(&change, None, plain)?;
        let (id, now) = (InlineHookId::generate(self.entropy()), self.now());
        let (org, place) = (permit.org(), place_of(&id));
        let (secret, sealed) = self.draw_signing_secret(org, &place).await?;
        let (auth, oauth) = self.seal_proof(org, &place, fate).await?;
        let maker = permit.own_user();
        let maker = maker.map_or_else(|| permit.actor().id(), |user| user.as_str());
        let hook = InlineHook {
            org_id: org.clone(),
            name: change.name,
            kind,
            oauth,
            active: true,
            revision: 1,
            created_at: now,
            updated_at: now,
            config: HookConfig {
                auth,
                description: String::new(),
                uri: change.uri,
                headers: change.headers,
                secret: sealed,
                former: None,
                base_url: change.base_url,
                created_by: maker.to_owned(),
            },
            id,
        };
        let event = hook_event(permit, EventType::InlineHookCreated, &hook, now);
        let stored = hook.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = &stored.org_id;
                    // Of two who add at once, the second counts the first one's hook.
                    crate::org::store::lock(tx, org).await?;
                    decide_room(&store::load_all(tx, org).await?, stored.kind)?;
                    check_key(tx, &stored).await?;
                    store::insert(tx, &stored).await?;
                    Ok::<(), Refusal>(ledger::append(tx, org, event).await?)
                })
            })
            .await?;
        Ok(CreatedInlineHook { hook, secret })
    }

    /// Replaces a hook, which keeps its kind.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was changed.
    #[boxed]
    pub async fn replace_inline_hook(
        &self,
        permit: &Permit,
        present: InlineHook,
        change: InlineHookChange,
        plain: PlainHttp,
    ) -> Result<InlineHook, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let fate = decide_inline_hook(&change, Some(&present), plain)?;
        let place = place_of(&present.id);
        let (auth, oauth) = self.seal_proof(permit.org(), &place, fate).await?;
        let hook = InlineHook {
            name: change.name,
            oauth,
            config: HookConfig {
                auth,
                uri: change.uri,
                headers: change.headers,
                base_url: change.base_url,
                ..present.config
            },
            ..present
        };
        self.store_inline_hook(permit, hook, EventType::InlineHookUpdated)
            .await
    }

    /// Switches a hook on or off. While it is off nobody asks it: tokens say what they say without it, and people whose
    /// password it knows are refused.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was changed.
    #[boxed]
    pub async fn switch_inline_hook(
        &self,
        permit: &Permit,
        present: InlineHook,
        active: bool,
    ) -> Result<InlineHook, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        if present.active == active {
            return Ok(present);
        }
        let kind = if active {
            EventType::InlineHookActivated
        } else {
            EventType::InlineHookDeactivated
        };
        let hook = InlineHook { active, ..present };
        self.store_inline_hook(permit, hook, kind).await
    }

    /// Removes a hook that is switched off and that no access rule names.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for another one.
    #[boxed]
    pub async fn delete_inline_hook(
        &self,
        permit: &Permit,
        hook: InlineHook,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, &hook)?;
        let event = hook_event(permit, EventType::InlineHookDeleted, &hook, self.now());
        let gone = (hook.org_id.clone(), hook.id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = &hook.org_id;
                    // Whoever lets a rule name it at the same time comes before, or finds it gone.
                    crate::org::store::lock(tx, org).await?;
                    if !load_asking_rules(tx, org, &hook.id).await?.is_empty() {
                        return Err(Refusal::WrongState("an access rule names the hook"));
                    }
                    if !store::delete(tx, org, &hook.id).await? {
                        return Err(Refusal::WrongState("switch the hook off first"));
                    }
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await?;
        self.hook_tokens.invalidate(&gone);
        Ok(())
    }

    /// Makes a new secret, which is shown this once. The one before signs beside it for a day.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was changed.
    #[boxed]
    pub async fn renew_inline_hook_secret(
        &self,
        permit: &Permit,
        present: InlineHook,
    ) -> Result<Secret<String>, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, &present)?;
        let place = place_of(&present.id);
        let drawn = self.draw_signing_secret(permit.org(), &place);
        let (secret, sealed) = drawn.await?;
        let hook = InlineHook {
            config: present.config.renewed(sealed, self.now()),
            ..present
        };
        self.store_inline_hook(permit, hook, EventType::SystemHookKeyCreated)
            .await?;
        Ok(secret)
    }

    /// Asks a hook what an administrator wants to know of it, be it switched on or off. Nothing follows from what it says.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for whoever may not change it.
    #[boxed]
    pub async fn try_inline_hook(
        &self,
        permit: &Permit,
        hook: &InlineHook,
        body: Vec<u8>,
    ) -> Result<Called, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, hook)?;
        let id = self.draw_call_id();
        let called = self.call_inline_hook(hook, id, body, Times::Twice).await?;
        let event = called.event(hook, self.now()).detail("preview", true);
        let by = (permit.actor().clone(), permit.client());
        self.note_inline_call(&hook.org_id, vec![event], by).await?;
        Ok(called)
    }

    /// Stores a hook that was changed, if it is still as it was read.
    async fn store_inline_hook(
        &self,
        permit: &Permit,
        mut hook: InlineHook,
        kind: EventType,
    ) -> Result<InlineHook, Refusal> {
        own(permit, &hook)?;
        let now = self.now();
        hook.updated_at = now;
        let event = hook_event(permit, kind, &hook, now);
        let shown = InlineHook {
            revision: hook.revision + 1,
            ..hook.clone()
        };
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    if kind == EventType::InlineHookUpdated {
                        check_key(tx, &hook).await?;
                    }
                    if !store::update(tx, &hook).await? {
                        return Err(Refusal::Changed);
                    }
                    Ok(ledger::append(tx, &hook.org_id, event).await?)
                })
            })
            .await?;
        self.hook_tokens
            .invalidate(&(shown.org_id.clone(), shown.id.clone()));
        Ok(shown)
    }

    /// How the receiver knows us, as it is stored from now on: by a header, or by a token and how it is got.
    async fn seal_proof(
        &self,
        org: &OrgId,
        place: &str,
        fate: InlineHookFate<'_>,
    ) -> Result<(Option<SealedHeader>, Option<OAuthChannel>), Fault> {
        let (change, fate) = match fate {
            InlineHookFate::Header(given, fate) => {
                return Ok((self.seal_auth(org, place, given, fate).await?, None));
            }
            InlineHookFate::Token(change, fate) => (change, fate),
        };
        let proof = match fate {
            ProofFate::Kept(sealed) => ClientProof::Secret {
                sealed: sealed.to_owned(),
            },
            ProofFate::Replaced(secret) => {
                let sealed = self.seal_part(org, place, CLIENT_SECRET_PART, secret);
                ClientProof::Secret {
                    sealed: sealed.await?,
                }
            }
            ProofFate::Key(id) => ClientProof::Key { id: id.clone() },
        };
        let channel = OAuthChannel {
            client_id: change.client_id.clone(),
            token_uri: change.token_uri.clone(),
            scope: change.scope.clone(),
            proof,
        };
        Ok((None, Some(channel)))
    }
}

/// Holds the key that a hook names against those of the org, behind its lock: nobody removes it meanwhile.
async fn check_key(tx: &mut WriteTx, hook: &InlineHook) -> Result<(), Refusal> {
    let Some(ClientProof::Key { id }) = hook.oauth.as_ref().map(|channel| &channel.proof) else {
        return Ok(());
    };
    crate::org::store::lock(tx, &hook.org_id).await?;
    if hook_key::operations::is_there(tx, &hook.org_id, id).await? {
        return Ok(());
    }
    let problem = "there is no hook key of this id";
    Err(Refusal::invalid("channel.config.hookKeyId", problem))
}

/// Whether an org may have one more hook of this kind. People whose password another system knows do not say which hook is
/// asked, so that there is but one.
fn decide_room(present: &[InlineHook], kind: InlineHookKind) -> Result<(), Refusal> {
    if present.len() >= HOOKS_MAX {
        return Err(Refusal::TooMany {
            what: "inline hooks",
            max: HOOKS_MAX,
        });
    }
    let is_one = kind == InlineHookKind::PasswordImport;
    if is_one && present.iter().any(|hook| hook.kind == kind) {
        let problem = "an organisation has one hook of this type";
        return Err(Refusal::invalid("type", problem));
    }
    Ok(())
}

/// The access rules that name a hook, those at rest included; an org has few servers.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_asking_rules(
    tx: &mut ReadTx,
    org: &OrgId,
    id: &InlineHookId,
) -> Result<Vec<AskingRule>, Fault> {
    let servers = crate::server::store::load_all(tx, org).await?;
    let mut asking = Vec::new();
    for server in &servers {
        let rules = server
            .parts
            .policies
            .iter()
            .flat_map(|policy| &policy.rules);
        let named = rules.filter(|rule| rule.hook.as_ref() == Some(id));
        asking.extend(named.map(|rule| AskingRule {
            server: server.name.clone(),
            rule: rule.rule.name.clone(),
        }));
    }
    Ok(asking)
}

fn own(permit: &Permit, hook: &InlineHook) -> Result<(), Refusal> {
    if hook.org_id == *permit.org() {
        Ok(())
    } else {
        Err(Refusal::NotFound)
    }
}

fn hook_event(permit: &Permit, kind: EventType, hook: &InlineHook, now: Timestamp) -> Event {
    Event::new(kind, Outcome::Success, now)
        .actor(permit.actor().clone())
        .client(permit.client())
        .target(Target::other("InlineHook", hook.id.as_str(), &hook.name))
}
