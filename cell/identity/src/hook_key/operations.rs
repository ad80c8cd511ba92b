//! Making, renaming and removing hook keys, and who uses them.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::hook_key::{ALGORITHM, HookKey, KEYS_MAX, NAME_CHARS_MAX, place_of, store};
use crate::inline_hook::oauth::ClientProof;
use crate::inline_hook::{InlineHook, store as hooks};
use database::ReadTx;
use ledger::{Event, EventType, Outcome, Target};
use std::sync::Arc;
use vocab::future::boxed;
use vocab::id::{HookKeyId, InlineHookId, OrgId};
use vocab::text::disguises;
use vocab::time::Timestamp;

/// A key, and the hooks that prove themselves by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookKeyInUse {
    /// The key.
    pub key: HookKey,
    /// Each hook by its id and its name, those that are switched off included.
    pub used_by: Vec<(InlineHookId, String)>,
}

impl HookKeyInUse {
    fn of(key: HookKey, hooks: &[InlineHook]) -> Self {
        let using = hooks.iter().filter(|hook| uses(hook, &key.id));
        let used_by = using.map(|hook| (hook.id.clone(), hook.name.clone()));
        Self {
            used_by: used_by.collect(),
            key,
        }
    }
}

impl Cell {
    /// The keys of the org, the oldest first.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_hook_keys(&self, permit: &Permit) -> Result<Vec<HookKeyInUse>, Refusal> {
        covers_reading(permit)?;
        let mut tx = self.database.read().await?;
        let keys = store::load_all(&mut tx, permit.org()).await?;
        let hooks = hooks::load_all(&mut tx, permit.org()).await?;
        let in_use = keys.into_iter().map(|key| HookKeyInUse::of(key, &hooks));
        Ok(in_use.collect())
    }

    /// A key.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for one that this org does not have.
    #[boxed]
    pub async fn find_hook_key(
        &self,
        permit: &Permit,
        id: &HookKeyId,
    ) -> Result<HookKeyInUse, Refusal> {
        covers_reading(permit)?;
        let mut tx = self.database.read().await?;
        let key = store::load(&mut tx, permit.org(), id).await?;
        let key = key.ok_or(Refusal::NotFound)?;
        let hooks = hooks::load_all(&mut tx, permit.org()).await?;
        Ok(HookKeyInUse::of(key, &hooks))
    }

    /// A key by the id of its public half.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for one that this org does not have.
    #[boxed]
    pub async fn find_public_hook_key(
        &self,
        permit: &Permit,
        kid: &str,
    ) -> Result<HookKey, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let key = store::load_by_kid(&mut tx, permit.org(), kid).await?;
        key.ok_or(Refusal::NotFound)
    }

    /// Makes a key pair, which nothing uses yet. One of an org is made at a time, and one of all orgs; whoever finds another one of
    /// the org under way waits a moment for it.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was made. [`Refusal::WrongState`] where the org's turn stays taken.
    #[boxed]
    pub async fn create_hook_key(&self, permit: &Permit, name: String) -> Result<HookKey, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        decide_name(&name)?;
        let (id, now, org) = (
            HookKeyId::generate(self.entropy()),
            self.now(),
            permit.org().clone(),
        );
        // Held until the key is stored, so that whoever comes next is told of it before another one is made.
        let line = self.hook_key_lines.enter(&org).await;
        let line = Arc::new(line.ok_or(Refusal::WrongState("another hook key is being made"))?);
        {
            // A key pair is dear to make: not where there is no room for it.
            let mut tx = self.database.read().await?;
            decide_new(&store::load_all(&mut tx, &org).await?, &name)?;
        }
        let place = place_of(&id);
        let turn = Arc::clone(&self.hook_key_turn).lock_owned().await;
        let turn = (Arc::clone(&line), turn);
        let made = self
            .keyring
            .make_pair(&org, ALGORITHM, move |_| place, turn);
        let made = made.await?;
        let key = HookKey {
            org_id: org,
            id,
            kid: made.kid,
            name,
            public_jwk: made.public_jwk,
            created_at: now,
            updated_at: now,
        };
        let event = key_event(permit, EventType::SystemHookKeyCreated, &key, now);
        let stored = key.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = &stored.org_id;
                    // Of two who add at once, the second sees the first one's key.
                    crate::org::store::lock(tx, org).await?;
                    decide_new(&store::load_all(tx, org).await?, &stored.name)?;
                    store::insert(tx, &stored, &made.sealed).await?;
                    Ok::<(), Refusal>(ledger::append(tx, org, event).await?)
                })
            })
            .await?;
        Ok(key)
    }

    /// Gives a key another name; nothing else of it ever changes.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was changed.
    #[boxed]
    pub async fn rename_hook_key(
        &self,
        permit: &Permit,
        present: HookKeyInUse,
        name: String,
    ) -> Result<HookKeyInUse, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, &present.key)?;
        decide_name(&name)?;
        let key = HookKey {
            name,
            updated_at: self.now(),
            ..present.key
        };
        let event = key_event(
            permit,
            EventType::SystemHookKeyUpdated,
            &key,
            key.updated_at,
        );
        let renamed = HookKeyInUse {
            key: key.clone(),
            ..present
        };
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = &key.org_id;
                    crate::org::store::lock(tx, org).await?;
                    let others = store::load_all(tx, org).await?;
                    let mut others = others.iter().filter(|other| other.id != key.id);
                    if others.any(|other| other.name == key.name) {
                        return Err(Refusal::Taken { field: "name" });
                    }
                    if !store::rename(tx, &key).await? {
                        return Err(Refusal::NotFound);
                    }
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await?;
        Ok(renamed)
    }

    /// Removes a key that no hook uses, and destroys its private half.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for one that a hook uses.
    #[boxed]
    pub async fn delete_hook_key(&self, permit: &Permit, key: HookKey) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, &key)?;
        let event = key_event(permit, EventType::SystemHookKeyDeleted, &key, self.now());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = &key.org_id;
                    // Whoever lets a hook use it at the same time comes before, or finds it gone.
                    crate::org::store::lock(tx, org).await?;
                    let hooks = hooks::load_all(tx, org).await?;
                    if hooks.iter().any(|hook| uses(hook, &key.id)) {
                        return Err(Refusal::WrongState("an inline hook uses the key"));
                    }
                    if !store::delete(tx, org, &key.id).await? {
                        return Err(Refusal::NotFound);
                    }
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await
    }
}

/// Whoever may change keys may look at them.
fn covers_reading(permit: &Permit) -> Result<(), Refusal> {
    permit
        .covers(Permission::ReadDirectory)
        .or_else(|_| permit.covers(Permission::ManageOrg))
}

/// Whether the org has the key that a hook is to use. Asked behind the lock of the org.
pub(crate) async fn is_there(tx: &mut ReadTx, org: &OrgId, id: &HookKeyId) -> Result<bool, Fault> {
    Ok(store::load(tx, org, id).await?.is_some())
}

fn uses(hook: &InlineHook, id: &HookKeyId) -> bool {
    let channel = hook.oauth.as_ref();
    channel.is_some_and(
        |channel| matches!(&channel.proof, ClientProof::Key { id: used } if used == id),
    )
}

fn decide_name(name: &str) -> Result<(), Refusal> {
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_CHARS_MAX || name.chars().any(disguises) {
        let problem = "use 1 to 255 characters on one line";
        return Err(Refusal::invalid("name", problem));
    }
    Ok(())
}

/// Whether an org may have one more key of this name.
fn decide_new(present: &[HookKey], name: &str) -> Result<(), Refusal> {
    if present.len() >= KEYS_MAX {
        return Err(Refusal::TooMany {
            what: "hook keys",
            max: KEYS_MAX,
        });
    }
    if present.iter().any(|key| key.name == name) {
        return Err(Refusal::Taken { field: "name" });
    }
    Ok(())
}

fn own(permit: &Permit, key: &HookKey) -> Result<(), Refusal> {
    if key.org_id == *permit.org() {
        Ok(())
    } else {
        Err(Refusal::NotFound)
    }
}

fn key_event(permit: &Permit, kind: EventType, key: &HookKey, now: Timestamp) -> Event {
    Event::new(kind, Outcome::Success, now)
        .actor(permit.actor().clone())
        .client(permit.client())
        .target(Target::other("HookKey", key.id.as_str(), &key.name))
        .detail("keyId", &key.kid)
}

#[cfg(test)]
mod tests {
    use super::{decide_name, decide_new};
    use crate::fault::Refusal;
    use crate::hook_key::{HookKey, KEYS_MAX};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{HookKeyId, OrgId};
    use vocab::time::Timestamp;

    #[test]
    fn names_are_single_and_keys_are_few() {
        let entropy = SeededEntropy::new(9);
        let org = OrgId::generate(&entropy);
        let key = |number: usize| HookKey {
            org_id: org.clone(),
            id: HookKeyId::generate(&entropy),
            kid: number.to_string(),
            name: format!("key {number}"),
            public_jwk: String::new(),
            created_at: Timestamp::from_seconds(0),
            updated_at: Timestamp::from_seconds(0),
        };
        let mut keys: Vec<HookKey> = (1..KEYS_MAX).map(key).collect();
        decide_new(&keys, "one more").unwrap();
        decide_new(&keys, "Key 1").unwrap();
        let taken = decide_new(&keys, "key 1").unwrap_err();
        assert!(matches!(taken, Refusal::Taken { field: "name" }));
        keys.push(key(KEYS_MAX));
        let full = decide_new(&keys, "one more").unwrap_err();
        assert!(matches!(full, Refusal::TooMany { max: KEYS_MAX, .. }));
    }

    #[test]
    fn a_name_stands_on_one_line() {
        let long = "x".repeat(256);
        for (name, is_good) in [
            ("Shop", true),
            (&long[1..], true),
            (&long, false),
            ("", false),
            ("a\nb", false),
            ("a\u{202e}b", false),
        ] {
            assert_eq!(decide_name(name).is_ok(), is_good, "{name}");
        }
    }
}
