//! The log of deliveries: what a hook was to be told, what came of it, and how to tell it once more by hand.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::event_hook::dispatch::enqueue;
use crate::event_hook::store::{deliveries as store, hooks};
use crate::fault::{Fault, Refusal};
use vocab::future::boxed;
use vocab::id::{EventHookId, HookDeliveryId};
use vocab::time::Timestamp;

/// Most deliveries of one hook that wait; the hook goes on in the log when there is room.
pub const WAITING_MAX: usize = 100;
/// Most deliveries of one hook that are kept.
pub const KEPT_MAX: i64 = 10_000;
/// How long they are kept.
pub const KEPT_SECS: i64 = 7 * 24 * 60 * 60;
/// Most deliveries of a page, and one more that tells whether another follows.
pub const PAGE_ROWS_MAX: i64 = 201;
/// How much of an answer is kept.
pub const ANSWER_CHARS_MAX: usize = 500;

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is to be sent, for the first time or again.
    Waiting,
    /// The receiver has taken it.
    Delivered,
    /// It was tried as often as it is.
    Failed,
    /// The hook was switched off, or sent elsewhere, before it went out.
    Cancelled,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 4] = [
        Self::Waiting,
        Self::Delivered,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The word of storage and of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Delivered => "DELIVERED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A delivery: some events that a hook is told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, by which the receiver tells a repetition.
    pub id: HookDeliveryId,
    /// The hook.
    pub hook_id: EventHookId,
    /// It counts the deliveries of the hook.
    pub number: i64,
    /// The numbers of the events in the log of the org.
    pub rows: Vec<i64>,
    /// The type of the first event.
    pub event_type: String,
    /// How many events there are.
    pub events: i64,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was begun again by hand.
    pub repeats: i64,
    /// How often it was tried since.
    pub attempts: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last tried.
    pub attempted_at: Option<Timestamp>,
    /// How long that took.
    pub took_ms: Option<i64>,
    /// The status that was answered.
    pub status: Option<i64>,
    /// Why nothing was answered: a word of [`crate::event_hook::envoy::Trouble`].
    pub trouble: Option<String>,
    /// How the answer begins.
    pub answer: Option<String>,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How often it was tried, this time included.
    pub number: i64,
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took_ms: i64,
    /// The status that was answered.
    pub status: Option<i64>,
    /// Why nothing was answered.
    pub trouble: Option<&'static str>,
    /// How the answer begins.
    pub answer: Option<String>,
}

/// How an answer begins, fit to be stored and shown in a line: whatever is no visible character is a space.
#[must_use]
pub fn render_answer(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let visible = |char: char| {
        if vocab::text::disguises(char) {
            ' '
        } else {
            char
        }
    };
    let line: String = text.chars().take(ANSWER_CHARS_MAX).map(visible).collect();
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

impl Cell {
    /// Deliveries of a hook before that number, the newest first.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a hook that this org does not have.
    #[boxed]
    pub async fn list_hook_deliveries(
        &self,
        permit: &Permit,
        hook: &EventHookId,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Delivery>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let found = hooks::load(&mut tx, permit.org(), hook).await?;
        found.ok_or(Refusal::NotFound)?;
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        Ok(store::load_page(&mut tx, (permit.org(), hook), before, limit).await?)
    }

    /// A delivery of a hook.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for one that this hook does not have.
    #[boxed]
    pub async fn find_hook_delivery(
        &self,
        permit: &Permit,
        hook: &EventHookId,
        id: &HookDeliveryId,
    ) -> Result<Delivery, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let found = store::load(&mut tx, permit.org(), id).await?;
        found
            .filter(|delivery| delivery.hook_id == *hook)
            .ok_or(Refusal::NotFound)
    }

    /// Sends a delivery once more, under the id that it had, by whatever the hook is now.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for one that waits anyway, and for a hook that is told nothing.
    #[boxed]
    pub async fn repeat_hook_delivery(
        &self,
        permit: &Permit,
        hook: &EventHookId,
        id: &HookDeliveryId,
    ) -> Result<Delivery, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (by, hook, id, now) = (permit.clone(), hook.clone(), id.clone(), self.now());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    let found = store::load(tx, org, &id).await?;
                    let delivery = found
                        .filter(|delivery| delivery.hook_id == hook)
                        .ok_or(Refusal::NotFound)?;
                    let to = hooks::load(tx, org, &hook)
                        .await?
                        .ok_or(Refusal::NotFound)?;
                    if !(to.active && to.verified) {
                        return Err(Refusal::WrongState(
                            "the hook is switched off or not verified",
                        ));
                    }
                    if !store::repeat(tx, org, &id, delivery.repeats).await? {
                        return Err(Refusal::WrongState("the delivery waits to be sent already"));
                    }
                    let again = store::load(tx, org, &id).await?.ok_or(Refusal::NotFound)?;
                    enqueue(tx, org, &again, now).await?;
                    Ok(again)
                })
            })
            .await
    }

    /// Forgets deliveries that are old.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn forget_hook_deliveries(&self, rows_max: i64) -> Result<(), Fault> {
        let before = self.now().plus_secs(-KEPT_SECS);
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    store::forget_before(tx, before, rows_max).await?;
                    Ok(())
                })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::{ANSWER_CHARS_MAX, render_answer};

    #[test]
    fn an_answer_is_shown_in_one_bounded_line() {
        for (body, shown) in [
            (&b""[..], None),
            (b" \r\n\0", None),
            (b"ok", Some("ok".to_owned())),
            (b"a\r\nSet-Cookie: x", Some("a  Set-Cookie: x".to_owned())),
            ("a\u{202e}b".as_bytes(), Some("a b".to_owned())),
            (b"\xff<b>", Some("\u{fffd}<b>".to_owned())),
        ] {
            assert_eq!(render_answer(body), shown);
        }
        let long = render_answer("ä".repeat(2_000).as_bytes()).unwrap();
        assert_eq!(long.chars().count(), ANSWER_CHARS_MAX);
    }
}
