//! When keys are made, sign, are published and go: pure, over the keys of one server and algorithm.
//!
//! Two rules hold at every moment, whatever was late: exactly one key signs (once there is any), and a key signs only
//! after it has been published for longer than anybody keeps a copy of the published keys. The very first key, and the
//! one that replaces a revoked key, cannot keep the second rule; nothing else may break it.

use crate::signing::schedule::RotationSchedule;
use vocab::time::Timestamp;

/// What the plan needs to know of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its id.
    pub kid: String,
    /// Counts the keys of the server and algorithm, from 1.
    pub generation: i64,
    /// When it was made, and so published.
    pub created_at: Timestamp,
    /// When it begins to sign.
    pub signs_from: Timestamp,
    /// When its successor is meant to begin. Without a successor it signs on.
    pub signs_until: Timestamp,
    /// Until when it is published; the key that signs always is.
    pub published_until: Timestamp,
    /// When an administrator withdrew it.
    pub revoked_at: Option<Timestamp>,
}

/// Where in its life a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPhase {
    /// Published, and will sign.
    Next,
    /// Signs.
    Signing,
    /// Signs no more, but tokens that it signed may live.
    Retiring,
    /// Neither signs nor is published.
    Gone,
}

/// One step of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make a key.
    Create {
        /// When it begins to sign.
        signs_from: Timestamp,
        /// When its successor is meant to begin.
        signs_until: Timestamp,
        /// Until when it is published.
        published_until: Timestamp,
    },
    /// Give a key other times.
    Retime {
        /// The key.
        kid: String,
        /// When it begins to sign.
        signs_from: Timestamp,
        /// When its successor is meant to begin.
        signs_until: Timestamp,
        /// Until when it is published.
        published_until: Timestamp,
    },
    /// Forget a key, its private half included.
    Remove {
        /// The key.
        kid: String,
    },
}

/// The key that signs at a moment: of those that have begun and were not revoked, the one that began last.
///
/// It signs on without a successor, however late that is. When a revoked key leaves the one before it as the last, that
/// one signs again if it is still published: everybody knows it. If it is not, nobody may know it any more.
#[must_use]
pub fn signer_at(keys: &[KeyFacts], at: Timestamp) -> Option<&KeyFacts> {
    let latest = live(keys)
        .filter(|key| key.signs_from <= at)
        .max_by_key(|key| place(key))?;
    let had_successor = keys
        .iter()
        .any(|key| key.signs_from <= at && began(key) && place(key) > place(latest));
    (latest.published_until > at || !had_successor).then_some(latest)
}

/// Where in its life a key is at a moment.
#[must_use]
pub fn phase_at(keys: &[KeyFacts], key: &KeyFacts, at: Timestamp) -> KeyPhase {
    if key.revoked_at.is_some() {
        KeyPhase::Gone
    } else if signer_at(keys, at).is_some_and(|signer| signer.kid == key.kid) {
        KeyPhase::Signing
    } else if key.signs_from > at {
        KeyPhase::Next
    } else if key.published_until > at {
        KeyPhase::Retiring
    } else {
        KeyPhase::Gone
    }
}

/// The moment after which the answer of [`signer_at`] or the set of published keys may be another, if any is known.
#[must_use]
pub fn next_change(keys: &[KeyFacts], after: Timestamp) -> Option<Timestamp> {
    live(keys)
        .flat_map(|key| [key.signs_from, key.published_until])
        .filter(|moment| *moment > after)
        .min()
}

/// What is due now. Applied, and asked again at the same moment, it has nothing more to say.
#[must_use]
pub fn plan_rotation(now: Timestamp, keys: &[KeyFacts], schedule: &RotationSchedule) -> Vec<Step> {
    let mut steps = plan_removals(now, keys);
    let next = live(keys)
        .filter(|key| key.signs_from > now)
        .min_by_key(|key| place(key));
    match (signer_at(keys, now), next) {
        (None, None) => steps.push(create(now, schedule)),
        // The signer was revoked while its successor waited. It has been published for a while: better than a new one.
        (None, Some(next)) => steps.push(retime(next, now, next.signs_until, schedule)),
        (Some(signer), None) => {
            if now >= renews_at(signer, schedule) {
                let handover = signer
                    .signs_until
                    .max(now.plus_secs(schedule.publish_lead_secs()));
                steps.push(create(handover, schedule));
                steps.push(retime(signer, signer.signs_from, handover, schedule));
            }
        }
        // Otherwise only when the signer signs again in the place of a revoked one.
        (Some(signer), Some(next)) => {
            if signer.signs_until != next.signs_from {
                steps.push(retime(signer, signer.signs_from, next.signs_from, schedule));
            }
        }
    }
    steps
}

/// What an administrator's wish to rotate now comes to: the next key signs as soon as nobody's copy of the published
/// keys can lack it, and the present one stays published for the tokens that it signed.
#[must_use]
pub fn plan_rotation_now(
    now: Timestamp,
    keys: &[KeyFacts],
    schedule: &RotationSchedule,
) -> Vec<Step> {
    let Some(signer) = signer_at(keys, now) else {
        return plan_rotation(now, keys, schedule);
    };
    let next = live(keys)
        .filter(|key| key.signs_from > now)
        .min_by_key(|key| place(key));
    let mut steps = plan_removals(now, keys);
    match next {
        None => {
            let handover = now.plus_secs(schedule.handover_secs());
            steps.push(create(handover, schedule));
            steps.push(retime(signer, signer.signs_from, handover, schedule));
        }
        Some(next) => {
            let handover = next.created_at.plus_secs(schedule.handover_secs()).max(now);
            if handover < next.signs_from {
                let until = handover.plus_secs(schedule.period_secs());
                steps.push(retime(next, handover, until, schedule));
                steps.push(retime(signer, signer.signs_from, handover, schedule));
            }
        }
    }
    steps
}

/// When the plan must look at this key again.
#[must_use]
pub fn due_at(keys: &[KeyFacts], key: &KeyFacts, schedule: &RotationSchedule) -> Timestamp {
    let is_newest = live(keys)
        .max_by_key(|key| place(key))
        .is_some_and(|newest| newest == key);
    match (key.revoked_at, is_newest) {
        (Some(revoked_at), _) => revoked_at,
        (None, true) => renews_at(key, schedule),
        (None, false) => key.published_until,
    }
}

/// Keys that neither sign nor are published.
fn plan_removals(now: Timestamp, keys: &[KeyFacts]) -> Vec<Step> {
    let gone = keys
        .iter()
        .filter(|key| phase_at(keys, key, now) == KeyPhase::Gone);
    gone.map(|key| Step::Remove {
        kid: key.kid.clone(),
    })
    .collect()
}

/// When a key without a successor needs one.
fn renews_at(key: &KeyFacts, schedule: &RotationSchedule) -> Timestamp {
    key.signs_until.plus_secs(-schedule.publish_lead_secs())
}

fn create(signs_from: Timestamp, schedule: &RotationSchedule) -> Step {
    let signs_until = signs_from.plus_secs(schedule.period_secs());
    let published_until = signs_until.plus_secs(schedule.token_lifetime_max_secs());
    Step::Create {
        signs_from,
        signs_until,
        published_until,
    }
}

fn retime(
    key: &KeyFacts,
    signs_from: Timestamp,
    signs_until: Timestamp,
    schedule: &RotationSchedule,
) -> Step {
    let published_until = signs_until.plus_secs(schedule.token_lifetime_max_secs());
    Step::Retime {
        kid: key.kid.clone(),
        signs_from,
        signs_until,
        published_until,
    }
}

/// The order in which keys sign.
fn place(key: &KeyFacts) -> (Timestamp, i64) {
    (key.signs_from, key.generation)
}

/// Whether the key was to sign before it was revoked, if it was.
fn began(key: &KeyFacts) -> bool {
    key.revoked_at
        .is_none_or(|revoked_at| revoked_at > key.signs_from)
}

fn live(keys: &[KeyFacts]) -> impl Iterator<Item = &KeyFacts> {
    keys.iter().filter(|key| key.revoked_at.is_none())
}

#[cfg(test)]
mod tests;
