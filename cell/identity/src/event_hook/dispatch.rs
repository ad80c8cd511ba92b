//! A delivery on its way out: what it needs when its turn comes, and what came of it. Whether the hook is still to be told
//! is looked at then, not when the delivery was made.

use crate::cell::Cell;
use crate::event_hook::deliveries::{Attempt, Delivery, DeliveryState};
use crate::event_hook::envoy::{ANSWER_BYTES_MAX, Letter, Method};
use crate::event_hook::sealing::{headers_of, sign};
use crate::event_hook::store::{deliveries, hooks};
use crate::event_hook::{EventHook, place_of};
use crate::fault::Fault;
use database::{DatabaseFault, WriteTx};
use ledger::outbox::Retry;
use ledger::outbox::store::{self as outbox, Leased};
use ledger::{Actor, Event, EventType, LogRow, Outcome, Target};
use serde::{Deserialize, Serialize};
use vocab::future::boxed;
use vocab::id::{EventHookId, HookDeliveryId, OrgId};
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// The kind of its rows in the outbox.
pub const OUTBOX_KIND: &str = "event_hook";
/// What stands between the parts of an idempotency key.
const KEY_SEPARATOR: char = '/';

/// A row of the outbox.
#[derive(Debug, Serialize, Deserialize)]
struct Notice {
    hook: EventHookId,
    delivery: HookDeliveryId,
    repeat: i64,
}

/// A delivery whose turn has come.
pub struct Parcel {
    /// The hook, as it is now.
    pub hook: EventHook,
    /// The delivery.
    pub delivery: Delivery,
    /// Its events.
    pub rows: Vec<LogRow>,
    auth: Option<(String, Secret<String>)>,
    secrets: Vec<Secret<String>>,
}

/// What came of an attempt: an answer, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcomes {
    /// Whether the receiver has taken it.
    pub is_taken: bool,
    /// What is noted.
    pub attempt: Attempt,
}

/// The hook of a row of the outbox: what one hook is slow to take delays no other.
#[must_use]
pub fn lane_of(leased: &Leased) -> &str {
    let key = leased.idempotency_key.as_str();
    key.split(KEY_SEPARATOR).next().unwrap_or(key)
}

/// Puts a delivery into the outbox.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(crate) async fn enqueue(
    tx: &mut WriteTx,
    org: &OrgId,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<(), Fault> {
    let (hook, id, repeat) = (&delivery.hook_id, &delivery.id, delivery.repeats);
    let notice = Notice {
        hook: hook.clone(),
        delivery: id.clone(),
        repeat,
    };
    let payload =
        serde_json::to_vec(&notice).map_err(|error| Fault::stored("event hook", &error))?;
    let key = format!("{hook}{KEY_SEPARATOR}{id}{KEY_SEPARATOR}{repeat}");
    Ok(outbox::enqueue(tx, org, OUTBOX_KIND, &key, payload, now).await?)
}

fn read_notice(payload: &[u8]) -> Result<Notice, Fault> {
    serde_json::from_slice(payload).map_err(|error| Fault::stored("event hook", &error))
}

impl Parcel {
    /// The request that tells the hook, with this body.
    #[must_use]
    pub fn letter(&self, body: Vec<u8>, now: Timestamp) -> Letter {
        let id = self.delivery.id.as_str();
        let mut headers = headers_of(&self.hook.config, self.auth.as_ref());
        headers.extend(sign(&self.secrets, id, now, &body));
        Letter {
            method: Method::Post,
            uri: self.hook.config.uri.clone(),
            headers,
            body,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }
}

impl Cell {
    /// What a delivery needs whose turn has come; none if it was called off, or its hook is told nothing any more.
    ///
    /// # Errors
    /// [`Fault`] if something cannot be read or opened.
    #[boxed]
    pub async fn prepare_hook_delivery(&self, leased: &Leased) -> Result<Option<Parcel>, Fault> {
        let notice = read_notice(&leased.payload)?;
        let org = &leased.org_id;
        let (hook, delivery, rows) = {
            let mut tx = self.database.read().await?;
            let Some(hook) = hooks::load(&mut tx, org, &notice.hook).await? else {
                return Ok(None);
            };
            let Some(delivery) = deliveries::load(&mut tx, org, &notice.delivery).await? else {
                return Ok(None);
            };
            let is_due =
                delivery.state == DeliveryState::Waiting && delivery.repeats == notice.repeat;
            if !(hook.active && hook.verified && is_due) {
                return Ok(None);
            }
            let mut rows = Vec::with_capacity(delivery.rows.len());
            for seq in &delivery.rows {
                rows.extend(ledger::load_event(&mut tx, org, *seq).await?);
            }
            (hook, delivery, rows)
        };
        let place = place_of(&hook.id);
        Ok(Some(Parcel {
            auth: self
                .open_auth(org, &place, hook.config.auth.as_ref())
                .await?,
            secrets: self
                .open_signing_secrets(org, &place, hook.config.signing())
                .await?,
            hook,
            delivery,
            rows,
        }))
    }

    /// Notes what came of an attempt. One that failed is tried again later, by the waits of the outbox; the last one is
    /// told to the log of the org.
    ///
    /// # Errors
    /// [`Fault`] if the store fails; the delivery is then sent again.
    #[boxed]
    pub async fn note_hook_delivery(
        &self,
        leased: Leased,
        parcel: Parcel,
        outcome: Outcomes,
    ) -> Result<(), Fault> {
        let now = self.now();
        self.database
            .write(move |tx| {
                Box::pin(async move { note(tx, &leased, &parcel, &outcome, now).await })
            })
            .await
    }

    /// Notes that a delivery was called off.
    ///
    /// # Errors
    /// [`Fault`] if the store fails; it is looked at again.
    #[boxed]
    pub async fn drop_hook_delivery(&self, leased: Leased) -> Result<(), Fault> {
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    outbox::complete(tx, &leased.org_id, &leased.id).await?;
                    Ok(())
                })
            })
            .await
    }
}

async fn note(
    tx: &mut WriteTx,
    leased: &Leased,
    parcel: &Parcel,
    outcome: &Outcomes,
    now: Timestamp,
) -> Result<(), Fault> {
    let (org, delivery) = (&leased.org_id, &parcel.delivery);
    let state = if outcome.is_taken {
        outbox::complete(tx, org, &leased.id).await?;
        DeliveryState::Delivered
    } else {
        match outbox::give_back(tx, leased, now).await? {
            Retry::After(_) => DeliveryState::Waiting,
            Retry::GiveUp => DeliveryState::Failed,
            // Another worker has it, and its word is the last.
            Retry::LeaseLost => return Ok(()),
        }
    };
    let key = (org, &delivery.id);
    let is_noted = deliveries::note(tx, key, delivery.repeats, state, &outcome.attempt).await?;
    if is_noted && state == DeliveryState::Failed {
        append_failure(tx, parcel, now).await?;
    }
    Ok(())
}

async fn append_failure(
    tx: &mut WriteTx,
    parcel: &Parcel,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let (hook, delivery) = (&parcel.hook, &parcel.delivery);
    let event = Event::new(EventType::EventHookDelivery, Outcome::Failure, now)
        .actor(Actor::system("event hooks"))
        .target(Target::other("EventHook", hook.id.as_str(), &hook.name))
        .detail("delivery", &delivery.id)
        .detail("events", delivery.events);
    ledger::append(tx, &hook.org_id, event).await
}
