//! Applies the plan: makes the key outside the transaction, plans again inside it, and loses gracefully to others.

use crate::fault::KeyFault;
use crate::pair::SealedPair;
use crate::signing::plan::{KeyFacts, Step, due_at, plan_rotation, plan_rotation_now, signer_at};
use crate::signing::schedule::RotationSchedule;
use crate::signing::scope::ServerKeyScope;
use crate::signing::store::{self, NewKey};
use crate::signing::{KEYS_MAX, Owner, SigningKeys, facts_of, render_context};
use database::{DatabaseFault, WriteTx};
use ledger::{Actor, ClientFacts, Event, EventType, Outcome, Target};
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;
use vocab::time::Timestamp;

/// How often a rotation begins anew when others change the same keys.
const TRIES_MAX: usize = 5;
/// How long a key that failed is left alone.
const POSTPONE_SECS: i64 = 900;

/// Why keys are rotated.
#[derive(Clone)]
pub(crate) enum Cause {
    /// There is no key that signs.
    First,
    /// It is due.
    Schedule,
    /// An administrator wants it.
    Wish { actor: Actor, client: ClientFacts },
    /// An administrator withdraws a key.
    Revocation {
        kid: String,
        actor: Actor,
        client: ClientFacts,
    },
}

/// What a rotation came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Applied {
    pub(crate) created: usize,
    pub(crate) removed: usize,
    pub(crate) next_signs_from: Option<Timestamp>,
}

/// The turn of a rotation: over when all its tries are, and the keys that they began to make.
type Turn = Arc<OwnedMutexGuard<()>>;

/// How one try ended.
enum Try {
    Applied(Applied),
    /// Others changed the keys between the two plans; nothing was written.
    Again,
}

/// Rolls a try back.
enum TryFault {
    Again,
    Fault(KeyFault),
}

impl From<DatabaseFault> for TryFault {
    fn from(fault: DatabaseFault) -> Self {
        if fault.is_retryable() {
            Self::Again
        } else {
            Self::Fault(fault.into())
        }
    }
}

impl From<KeyFault> for TryFault {
    fn from(fault: KeyFault) -> Self {
        Self::Fault(fault)
    }
}

impl SigningKeys {
    pub(super) async fn rotate(&self, owner: &Owner, cause: &Cause) -> Result<Applied, KeyFault> {
        let turn = Arc::new(Arc::clone(&self.0.making).lock_owned().await);
        for _ in 0..TRIES_MAX {
            let tried = self.try_rotate(owner, cause, &turn).await;
            // Even a failed commit may have been kept.
            self.forget(owner);
            match tried? {
                Try::Applied(applied) => return Ok(applied),
                Try::Again => {}
            }
        }
        Err(KeyFault::Contended)
    }

    pub(super) async fn postpone(&self, owner: &Owner, now: Timestamp) -> Result<(), KeyFault> {
        let (org, server, algorithm) = owner.clone();
        self.0
            .keyring
            .database()
            .write(move |tx| {
                Box::pin(async move {
                    let until = now.plus_secs(POSTPONE_SECS);
                    Ok::<_, KeyFault>(
                        store::postpone(tx, &org, &server, algorithm, (now, until)).await?,
                    )
                })
            })
            .await
    }

    async fn try_rotate(&self, owner: &Owner, cause: &Cause, turn: &Turn) -> Result<Try, KeyFault> {
        let (org, server, algorithm) = owner;
        let now = self.now();
        let keys = facts_of(&self.load_stored(org, server).await?, *algorithm);
        let steps = plan_steps(cause, now, keys, &self.0.schedule).1;
        let made = match steps
            .iter()
            .find(|step| matches!(step, Step::Create { .. }))
        {
            Some(_) => {
                let (server, algorithm) = (server.clone(), *algorithm);
                let context = move |kid: &str| render_context(&server, kid, algorithm);
                let made = self
                    .0
                    .keyring
                    .make_pair(org, algorithm, context, Arc::clone(turn));
                Some(made.await?)
            }
            None => None,
        };
        let attempt = Attempt {
            owner: owner.clone(),
            cause: cause.clone(),
            schedule: self.0.schedule,
            now,
            made,
        };
        let written = self
            .0
            .keyring
            .database()
            .write(move |tx| Box::pin(attempt.apply(tx)))
            .await;
        match written {
            Ok(applied) => Ok(Try::Applied(applied)),
            Err(TryFault::Again) => Ok(Try::Again),
            Err(TryFault::Fault(fault)) => Err(fault),
        }
    }
}

/// One try, as it is carried into the transaction.
struct Attempt {
    owner: Owner,
    cause: Cause,
    schedule: RotationSchedule,
    now: Timestamp,
    /// A key that was made, to be inserted if the plan still wants one.
    made: Option<SealedPair>,
}

impl Attempt {
    async fn apply(self, tx: &mut WriteTx) -> Result<Applied, TryFault> {
        let (org, server, algorithm) = &self.owner;
        let stored = facts_of(&store::load_server_keys(tx, org, server).await?, *algorithm);
        if let Cause::Revocation { kid, .. } = &self.cause
            && !store::revoke_key(tx, org, server, kid, self.now).await?
        {
            return Err(KeyFault::NoSuchKey.into());
        }
        let (mut keys, steps) = plan_steps(&self.cause, self.now, stored, &self.schedule);
        let mut applied = Applied::default();
        for step in &steps {
            match step {
                Step::Create {
                    signs_from,
                    signs_until,
                    published_until,
                } => {
                    let times = (*signs_from, *signs_until, *published_until);
                    let facts = self.insert(tx, &keys, times).await?;
                    keys.push(facts);
                    applied.created += 1;
                }
                Step::Retime {
                    kid,
                    signs_from,
                    signs_until,
                    published_until,
                } => {
                    for key in keys.iter_mut().filter(|key| key.kid == *kid) {
                        key.signs_from = *signs_from;
                        key.signs_until = *signs_until;
                        key.published_until = *published_until;
                    }
                }
                Step::Remove { kid } => {
                    store::delete_key(tx, org, server, kid).await?;
                    keys.retain(|key| key.kid != *kid);
                    applied.removed += 1;
                }
            }
        }
        for key in &keys {
            store::update_times(tx, org, server, key, due_at(&keys, key, &self.schedule)).await?;
        }
        let next = next_signer(&keys, self.now);
        applied.next_signs_from = next.map(|key| key.signs_from);
        if let Some(event) = self.render_event(&steps, next) {
            ledger::append(tx, org, event).await?;
        }
        Ok(applied)
    }

    async fn insert(
        &self,
        tx: &mut WriteTx,
        keys: &[KeyFacts],
        (signs_from, signs_until, published_until): (Timestamp, Timestamp, Timestamp),
    ) -> Result<KeyFacts, TryFault> {
        let (org, server, algorithm) = &self.owner;
        // The plan outside the transaction wanted no key, this one does: others came between.
        let made = self.made.as_ref().ok_or(TryFault::Again)?;
        if keys.iter().filter(|key| key.revoked_at.is_none()).count() >= KEYS_MAX {
            return Err(KeyFault::TooManyKeys {
                algorithm: *algorithm,
                max: KEYS_MAX,
            }
            .into());
        }
        let facts = KeyFacts {
            kid: made.kid.clone(),
            generation: keys
                .iter()
                .map(|key| key.generation)
                .max()
                .unwrap_or(0)
                .saturating_add(1),
            created_at: self.now,
            signs_from,
            signs_until,
            published_until,
            revoked_at: None,
        };
        let key = NewKey {
            facts: &facts,
            public_jwk: &made.public_jwk,
            sealed: &made.sealed,
        };
        if store::insert_key(tx, org, server, *algorithm, key).await? {
            Ok(facts)
        } else {
            Err(TryFault::Again)
        }
    }

    /// A row in the log for what people should know of; that an old key was forgotten is not.
    fn render_event(&self, steps: &[Step], next: Option<&KeyFacts>) -> Option<Event> {
        let (_, server, algorithm) = &self.owner;
        let is_org = *server == ServerKeyScope::Org;
        let rollover = if is_org {
            EventType::AppOauth2KeyRollover
        } else {
            EventType::AppOauth2AsKeyRollover
        };
        let revoke = if is_org {
            EventType::AppOauth2KeyRevoke
        } else {
            EventType::AppOauth2AsKeyRevoke
        };
        let changes = steps
            .iter()
            .any(|step| !matches!(step, Step::Remove { .. }));
        let (event_type, kid, cause) = match &self.cause {
            Cause::Revocation { kid, .. } => (revoke, Some(kid.as_str()), "revocation"),
            _ if !changes => return None,
            Cause::First => (rollover, None, "first use"),
            Cause::Schedule => (rollover, None, "schedule"),
            Cause::Wish { .. } => (rollover, None, "administrator"),
        };
        let (actor, client) = match &self.cause {
            Cause::First | Cause::Schedule => {
                (Actor::system("key rotation"), ClientFacts::default())
            }
            Cause::Wish { actor, client } | Cause::Revocation { actor, client, .. } => {
                (actor.clone(), client.clone())
            }
        };
        let mut event = Event::new(event_type, Outcome::Success, self.now)
            .actor(actor)
            .client(&client)
            .detail("cause", cause)
            .detail("algorithm", algorithm);
        if let ServerKeyScope::Custom(id) = server {
            event = event.target(Target::other("AuthorizationServer", id.as_str(), ""));
        }
        for kid in kid.into_iter().chain(next.map(|key| key.kid.as_str())) {
            event = event.target(Target::signing_key(kid));
        }
        if let Some(next) = next {
            event = event.detail("signsFrom", next.signs_from.to_rfc3339_millis());
        }
        Some(event)
    }
}

/// The keys as the cause leaves them, and what the plan makes of them.
fn plan_steps(
    cause: &Cause,
    now: Timestamp,
    mut keys: Vec<KeyFacts>,
    schedule: &RotationSchedule,
) -> (Vec<KeyFacts>, Vec<Step>) {
    if let Cause::Revocation { kid, .. } = cause {
        for key in keys.iter_mut().filter(|key| key.kid == *kid) {
            key.revoked_at = Some(now);
        }
    }
    let steps = match cause {
        Cause::First | Cause::Schedule | Cause::Revocation { .. } => {
            plan_rotation(now, &keys, schedule)
        }
        Cause::Wish { .. } => plan_rotation_now(now, &keys, schedule),
    };
    (keys, steps)
}

/// The key that signs next, or the one that signs now if none is waiting.
fn next_signer(keys: &[KeyFacts], now: Timestamp) -> Option<&KeyFacts> {
    keys.iter()
        .filter(|key| key.revoked_at.is_none() && key.signs_from > now)
        .min_by_key(|key| (key.signs_from, key.generation))
        .or_else(|| signer_at(keys, now))
}
