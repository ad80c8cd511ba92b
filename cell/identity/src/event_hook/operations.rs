//! Making, changing, switching, verifying and removing hooks.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::event_hook::channel::{HookChange, decide_hook};
use crate::event_hook::envoy::{
    ANSWER_BYTES_MAX, Answered, Envoy, Letter, Method, PlainHttp, Trouble, ask,
};
use crate::event_hook::sealing::headers_of;
use crate::event_hook::store::{deliveries, hooks};
use crate::event_hook::{EventHook, HOOKS_MAX, HookConfig, place_of};
use crate::fault::Refusal;
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::EventHookId;
use vocab::secret::{Secret, random_token};

/// The header in which an address is asked whether it wants to be told.
pub const CHALLENGE_HEADER: &str = "x-okta-verification-challenge";
/// How often an address is asked before it counts as silent.
const QUESTIONS_MAX: usize = 2;
const STATUS_OK: u16 = 200;

/// A hook that was made, and the secret that signs what it is told, which is shown this once.
pub struct CreatedHook {
    /// The hook.
    pub hook: EventHook,
    /// The text of the secret.
    pub secret: Secret<String>,
}

/// Why an address was not verified.
#[derive(Debug)]
pub enum Unverified {
    /// There was no answer.
    Silent(Trouble),
    /// It answered with another status.
    Status(u16),
    /// It did not send the challenge back.
    Wrong,
    /// The hook cannot be verified now.
    Refused(Refusal),
}

impl From<Refusal> for Unverified {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Whether an answer says that its address wants to be told.
///
/// # Errors
/// [`Unverified`] saying why not.
pub fn decide_verified(answer: &Answered, challenge: &str) -> Result<(), Unverified> {
    if answer.status != STATUS_OK {
        return Err(Unverified::Status(answer.status));
    }
    let said: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
    let said = said.as_ref().and_then(|said| said.get("verification"));
    match said.and_then(serde_json::Value::as_str) {
        Some(said) if said == challenge => Ok(()),
        _ => Err(Unverified::Wrong),
    }
}

/// What is done to a hook that is there.
enum Act {
    Replace,
    Switch,
    Verify,
    Secret,
}

impl Cell {
    /// The hooks of the org, the oldest first.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_event_hooks(&self, permit: &Permit) -> Result<Vec<EventHook>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        Ok(hooks::load_all(&mut tx, permit.org()).await?)
    }

    /// A hook.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for one that this org does not have.
    #[boxed]
    pub async fn find_event_hook(
        &self,
        permit: &Permit,
        id: &EventHookId,
    ) -> Result<EventHook, Refusal> {
        permit
            .covers(Permission::ReadDirectory)
            .or_else(|_| permit.covers(Permission::ManageOrg))?;
        let mut tx = self.database.read().await?;
        let found = hooks::load(&mut tx, permit.org(), id).await?;
        found.ok_or(Refusal::NotFound)
    }

    /// Makes a hook. It is switched on, and told nothing before its address is verified.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was made.
    #[boxed]
    pub async fn create_event_hook(
        &self,
        permit: &Permit,
        change: HookChange,
        plain: PlainHttp,
    ) -> Result<CreatedHook, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (types, fate) = decide_hook(&change, None, plain)?;
        let (id, now) = (EventHookId::generate(self.entropy()), self.now());
        let (org, place) = (permit.org(), place_of(&id));
        let (secret, sealed) = self.draw_signing_secret(org, &place).await?;
        let maker = permit.own_user();
        let maker = maker.map_or_else(|| permit.actor().id(), |user| user.as_str());
        let hook = EventHook {
            org_id: org.clone(),
            name: change.name.clone(),
            types,
            active: true,
            verified: false,
            revision: 1,
            created_at: now,
            updated_at: now,
            config: HookConfig {
                auth: self.seal_auth(org, &place, &change.auth, fate).await?,
                description: change.description,
                uri: change.uri,
                headers: change.headers,
                secret: sealed,
                former: None,
                base_url: change.base_url,
                created_by: maker.to_owned(),
            },
            id,
        };
        let event = hook_event(permit, EventType::EventHookCreated, &hook, now);
        let stored = hook.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = &stored.org_id;
                    // Of two who add at once, the second counts the first one's hook.
                    crate::org::store::lock(tx, org).await?;
                    if hooks::count(tx, org).await? >= HOOKS_MAX {
                        return Err(Refusal::TooMany {
                            what: "event hooks",
                            max: HOOKS_MAX,
                        });
                    }
                    let newest = hooks::newest_row(tx, org).await?;
                    hooks::insert(tx, &stored, newest).await?;
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await?;
        Ok(CreatedHook { hook, secret })
    }

    /// Replaces a hook. At another address it is told nothing before that one is verified, and what waits is called off.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was changed.
    #[boxed]
    pub async fn replace_event_hook(
        &self,
        permit: &Permit,
        present: EventHook,
        change: HookChange,
        plain: PlainHttp,
    ) -> Result<EventHook, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (types, fate) = decide_hook(&change, Some(&present.config), plain)?;
        let place = place_of(&present.id);
        let auth = self
            .seal_auth(permit.org(), &place, &change.auth, fate)
            .await?;
        let stays = present.config.uri == change.uri;
        let hook = EventHook {
            name: change.name,
            types,
            verified: present.verified && stays,
            config: HookConfig {
                description: change.description,
                uri: change.uri,
                headers: change.headers,
                auth,
                base_url: change.base_url,
                ..present.config.clone()
            },
            ..present.clone()
        };
        self.store_event_hook(permit, &present, hook, Act::Replace)
            .await
    }

    /// Switches a hook on or off. What happens while it is off, it is not told; what waits is called off.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was changed.
    #[boxed]
    pub async fn switch_event_hook(
        &self,
        permit: &Permit,
        present: EventHook,
        active: bool,
    ) -> Result<EventHook, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        if present.active == active {
            return Ok(present);
        }
        let hook = EventHook {
            active,
            ..present.clone()
        };
        self.store_event_hook(permit, &present, hook, Act::Switch)
            .await
    }

    /// Removes a hook that is switched off, with its log of deliveries.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for one that is switched on.
    #[boxed]
    pub async fn delete_event_hook(&self, permit: &Permit, hook: EventHook) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, &hook)?;
        let event = hook_event(permit, EventType::EventHookDeleted, &hook, self.now());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    if !hooks::delete(tx, &hook.org_id, &hook.id).await? {
                        return Err(Refusal::WrongState("switch the hook off first"));
                    }
                    Ok(ledger::append(tx, &hook.org_id, event).await?)
                })
            })
            .await
    }

    /// Makes a new secret, which is shown this once. The one before signs beside it for a day.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was changed.
    #[boxed]
    pub async fn renew_hook_secret(
        &self,
        permit: &Permit,
        present: EventHook,
    ) -> Result<Secret<String>, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, &present)?;
        let place = place_of(&present.id);
        let drawn = self.draw_signing_secret(permit.org(), &place);
        let (secret, sealed) = drawn.await?;
        let hook = EventHook {
            config: present.config.clone().renewed(sealed, self.now()),
            ..present.clone()
        };
        self.store_event_hook(permit, &present, hook, Act::Secret)
            .await?;
        Ok(secret)
    }

    /// Asks the address of a hook whether it wants to be told, and notes that it does.
    ///
    /// # Errors
    /// [`Unverified`] saying why it does not count as verified; nothing was changed.
    #[boxed]
    pub async fn verify_event_hook(
        &self,
        permit: &Permit,
        present: EventHook,
        envoy: &dyn Envoy,
    ) -> Result<EventHook, Unverified> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, &present)?;
        let challenge = random_token(self.entropy(), "");
        let place = place_of(&present.id);
        let opened = self.open_auth(permit.org(), &place, present.config.auth.as_ref());
        let auth = opened.await.map_err(Refusal::from)?;
        let mut headers = headers_of(&present.config, auth.as_ref());
        headers.push((CHALLENGE_HEADER.to_owned(), challenge.clone()));
        let letter = Letter {
            method: Method::Get,
            uri: present.config.uri.clone(),
            headers,
            body: Vec::new(),
            answer_bytes_max: ANSWER_BYTES_MAX,
        };
        let answer = ask(envoy, &letter, QUESTIONS_MAX).await;
        let answer = answer.map_err(Unverified::Silent)?;
        decide_verified(&answer, challenge.expose())?;
        let hook = EventHook {
            verified: true,
            ..present.clone()
        };
        let stored = self.store_event_hook(permit, &present, hook, Act::Verify);
        Ok(stored.await?)
    }

    /// Stores a hook that was changed, if it is still as it was read.
    async fn store_event_hook(
        &self,
        permit: &Permit,
        present: &EventHook,
        mut hook: EventHook,
        act: Act,
    ) -> Result<EventHook, Refusal> {
        own(permit, present)?;
        let now = self.now();
        hook.updated_at = now;
        let kind = match act {
            Act::Replace => EventType::EventHookUpdated,
            Act::Switch if hook.active => EventType::EventHookActivated,
            Act::Switch => EventType::EventHookDeactivated,
            Act::Verify => EventType::EventHookVerified,
            Act::Secret => EventType::SystemHookKeyCreated,
        };
        let event = hook_event(permit, kind, &hook, now);
        let was_told = present.active && present.verified;
        let is_told = hook.active && hook.verified;
        let mut shown = hook.clone();
        shown.revision += 1;
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let begins_behind = match (was_told, is_told) {
                        (false, true) => Some(hooks::newest_row(tx, &hook.org_id).await?),
                        _ => None,
                    };
                    if !hooks::update(tx, &hook, begins_behind).await? {
                        return Err(Refusal::Changed);
                    }
                    if was_told && !is_told {
                        deliveries::call_off(tx, &hook.org_id, &hook.id).await?;
                    }
                    Ok(ledger::append(tx, &hook.org_id, event).await?)
                })
            })
            .await?;
        Ok(shown)
    }
}

fn own(permit: &Permit, hook: &EventHook) -> Result<(), Refusal> {
    if hook.org_id == *permit.org() {
        Ok(())
    } else {
        Err(Refusal::NotFound)
    }
}

fn hook_event(
    permit: &Permit,
    kind: EventType,
    hook: &EventHook,
    now: vocab::time::Timestamp,
) -> Event {
    Event::new(kind, Outcome::Success, now)
        .actor(permit.actor().clone())
        .client(permit.client())
        .target(Target::other("EventHook", hook.id.as_str(), &hook.name))
}

#[cfg(test)]
mod tests {
    use super::{Unverified, decide_verified};
    use crate::event_hook::envoy::Answered;

    #[test]
    fn an_address_is_verified_by_its_challenge_alone() {
        for (status, body, expected) in [
            (200, r#"{"verification":"abc"}"#, "verified"),
            (200, r#"{"verification":"abc","more":1}"#, "verified"),
            (200, r#"{"verification":"abd"}"#, "wrong"),
            (200, r#"{"verification":["abc"]}"#, "wrong"),
            (200, r#"{}"#, "wrong"),
            (200, "abc", "wrong"),
            (200, "", "wrong"),
            (201, r#"{"verification":"abc"}"#, "status"),
            (302, r#"{"verification":"abc"}"#, "status"),
            (500, "", "status"),
        ] {
            let answer = Answered::of(status, body.as_bytes().to_vec());
            let seen = match decide_verified(&answer, "abc") {
                Ok(()) => "verified",
                Err(Unverified::Status(seen)) => {
                    assert_eq!(seen, status);
                    "status"
                }
                Err(Unverified::Wrong) => "wrong",
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(seen, expected, "{status} {body}");
        }
    }
}
