//! A batch on its way out: which rows come next, and what came of sending them.
//!
//! Whoever sends holds the stream, so that nobody else sends meanwhile; the place moves, and the hold ends, when the receiver
//! has taken the batch. A sender that dies in between leaves everything as it was: its hold runs out, and the same rows are
//! sent again.

use crate::access::Role;
use crate::cell::Cell;
use crate::fault::Fault;
use crate::log_filter::parse_log_filter;
use crate::log_stream::operations::stream_target;
use crate::log_stream::parcel::{Outcomes, Parcel, Secrets, render_parcel};
use crate::log_stream::retry::{decide_alert, decide_next};
use crate::log_stream::store::{self, Due, Held};
use crate::log_stream::{LogStream, Standing};
use crate::notice::{Notice, SealedMail};
use crate::person::store::load_administrators;
use crate::person::{Person, PersonStatus};
use ledger::{Actor, Event, EventType, LogFilter, LogPage, LogRow, Outcome};
use vocab::future::boxed;
use vocab::id::{LogStreamId, OrgId};
use vocab::secret::random_token;
use vocab::time::Timestamp;

/// How long a sender holds a stream: longer than any receiver may take.
pub const HOLD_SECS: i64 = 30;
/// Largest sum of the events of one batch, unless the first is larger by itself.
pub const BATCH_BYTES_MAX: usize = 512 * 1_024;
/// A stream that was sent nothing of so many rows notes all the same how far it has come.
pub const UNNOTED_ROWS_MAX: i64 = 1_000;
/// Roles that are looked at for administrators who are told that a stream fails.
const ROLES_MAX: i64 = 200;
/// Most administrators who are told that.
const TOLD_MAX: usize = 20;

/// How far a sender has looked for a stream without noting it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// The last row that is known not to be for it.
    pub reached: i64,
    /// Whether it is time to note that.
    pub is_old: bool,
}

/// What comes next for a stream.
pub enum Next {
    /// Nothing: it is at the end, switched off, not to be tried yet, or somebody else sends.
    Nothing,
    /// No row up to this one is for it.
    Passed(i64),
    /// Rows are to be sent.
    Batch(Box<Batch>),
}

/// Rows that are to be sent, with all that this needs.
pub struct Batch {
    /// The stream, as it was when the rows were read.
    pub stream: LogStream,
    /// The rows, the oldest first.
    pub rows: Vec<LogRow>,
    /// The last row that is looked at when these are taken.
    pub reached: i64,
    held: Held,
    secrets: Secrets,
}

impl Batch {
    /// What goes out.
    #[must_use]
    pub fn parcel(&self, now: Timestamp) -> Parcel {
        render_parcel(&self.stream, &self.rows, &self.secrets, now)
    }
}

/// How many of these rows, of which there is one, go together.
fn count_first(rows: &[LogRow]) -> usize {
    let mut bytes = 0_usize;
    let fitting = rows.iter().take_while(|row| {
        bytes = bytes.saturating_add(row.body.len());
        bytes <= BATCH_BYTES_MAX
    });
    fitting.count().max(1)
}

/// How a stream stands after an attempt: its place moves only if the batch was taken.
#[must_use]
pub fn decide_standing(
    before: &Standing,
    reached: i64,
    outcome: Outcomes,
    (now, drawn): (Timestamp, u16),
) -> Standing {
    let told = Standing {
        tried_at: Some(now),
        status: outcome.status.map(i64::from),
        trouble: outcome.trouble.map(|trouble| trouble.as_str().to_owned()),
        ..before.clone()
    };
    if outcome.is_taken {
        return Standing {
            followed: reached,
            taken_at: Some(now),
            failures: 0,
            failing_since: None,
            alerted: false,
            next_at: Timestamp::default(),
            ..told
        };
    }
    let failures = before.failures.saturating_add(1);
    let failing = Standing {
        failures,
        failing_since: before.failing_since.or(Some(now)),
        next_at: decide_next(now, failures, drawn),
        ..told
    };
    let alerted = failing.alerted || decide_alert(&failing, now);
    Standing { alerted, ..failing }
}

/// Rows that were removed from the log before a stream came to them.
fn count_missed(followed: i64, oldest: Option<i64>) -> i64 {
    oldest.map_or(0, |oldest| (oldest - 1 - followed).max(0))
}

impl Cell {
    /// So many streams that have something to look at, behind that one in the order of orgs and ids.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn due_log_streams(
        &self,
        after: (&str, &str),
        limit: i64,
    ) -> Result<Vec<Due>, Fault> {
        let mut tx = self.database.read().await?;
        Ok(store::load_due(&mut tx, after, self.now(), limit).await?)
    }

    /// What comes next for a stream, from the row up to which it is known to have looked, at most so many rows. What is to be
    /// sent is held for the caller.
    ///
    /// # Errors
    /// [`Fault`] if something cannot be read or opened.
    #[boxed]
    pub async fn next_log_batch(
        &self,
        (org, id): (&OrgId, &LogStreamId),
        known: Known,
        rows_max: usize,
    ) -> Result<Next, Fault> {
        let (stream, page, oldest) = {
            let mut tx = self.database.read().await?;
            let Some(stream) = store::load(&mut tx, org, id).await? else {
                return Ok(Next::Nothing);
            };
            let from = stream.standing.followed.max(known.reached);
            let is_told = known.is_old && from > stream.standing.followed;
            if !stream.active || (stream.standing.newest <= from && !is_told) {
                return Ok(Next::Nothing);
            }
            let oldest = ledger::load_oldest(&mut tx, org).await?;
            // It was checked when it was stored. A release that knows fewer types waits for one that knows them: to pass rows
            // by that cannot be judged would lose them.
            let Some(filter) = plan_filter(&stream.filter) else {
                return Ok(Next::Nothing);
            };
            let page = ledger::load_after(&mut tx, org, &filter, from, rows_max).await?;
            (stream, page, oldest)
        };
        let missed = count_missed(stream.standing.followed, oldest);
        if missed > 0 {
            let to = stream.standing.followed + missed;
            return self.pass_log_rows(stream, to, missed).await;
        }
        let LogPage { mut rows, next } = page;
        let mut reached = next.unwrap_or(stream.standing.newest);
        if rows.is_empty() {
            let passed = reached - stream.standing.followed;
            // Noted only now and then: the log of a busy org would cost a write for each row.
            return match known.is_old || passed >= UNNOTED_ROWS_MAX {
                true => self.pass_log_rows(stream, reached, 0).await,
                false => Ok(Next::Passed(reached)),
            };
        }
        let fitting = count_first(&rows);
        if fitting < rows.len() {
            rows.truncate(fitting);
            reached = rows.last().map_or(reached, |row| row.seq);
        }
        let secrets = self.open_stream_secrets(&stream).await?;
        let Some(held) = self.hold_log_stream(&stream).await? else {
            return Ok(Next::Nothing);
        };
        Ok(Next::Batch(Box::new(Batch {
            stream,
            rows,
            reached,
            held,
            secrets,
        })))
    }

    /// Notes that rows are not for a stream; or that they were removed before it came to them, which the log says too.
    async fn pass_log_rows(
        &self,
        stream: LogStream,
        reached: i64,
        missed: i64,
    ) -> Result<Next, Fault> {
        let now = self.now();
        let to = (reached, stream.standing.missed + missed);
        let event = (missed > 0).then(|| {
            let kind = EventType::SystemLogStreamDelivery;
            Event::new(kind, Outcome::Failure, now)
                .actor(Actor::system("log streams"))
                .target(stream_target(&stream))
                .reason("REMOVED_FROM_LOG")
                .detail("missed", missed)
        });
        let passed: Result<bool, Fault> = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let is_passed = store::pass(tx, &stream, to, now).await?;
                    if let Some(event) = event.filter(|_| is_passed) {
                        ledger::append(tx, &stream.org_id, event).await?;
                    }
                    Ok(is_passed)
                })
            })
            .await;
        Ok(match passed? {
            true => Next::Passed(reached),
            false => Next::Nothing,
        })
    }

    async fn hold_log_stream(&self, stream: &LogStream) -> Result<Option<Held>, Fault> {
        let now = self.now();
        let until = now.plus_secs(HOLD_SECS);
        let held = Held {
            org_id: stream.org_id.clone(),
            id: stream.id.clone(),
            holder: random_token(self.entropy(), "").expose().clone(),
        };
        let stream = stream.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let is_held = store::hold(tx, &held, &stream, (now, until)).await?;
                    Ok(is_held.then_some(held))
                })
            })
            .await
    }

    /// Notes what came of a batch. Of a stream that begins to fail for long, or ceases to, the log and its administrators
    /// are told, once. False if somebody else sends meanwhile: then nothing was noted, and what was sent is sent again.
    ///
    /// # Errors
    /// [`Fault`] if the store fails; the batch is then sent again.
    #[boxed]
    pub async fn note_log_batch(&self, batch: Batch, outcome: Outcomes) -> Result<bool, Fault> {
        let Batch {
            stream,
            held,
            reached,
            ..
        } = batch;
        let now = self.now();
        let before = &stream.standing;
        let after = decide_standing(before, reached, outcome, (now, self.draw()));
        let turned = (before.alerted != after.alerted).then_some(after.alerted);
        let mails = match turned {
            Some(true) => self.seal_failing(&stream).await?,
            _ => Vec::new(),
        };
        let event = turned.map(|fails| turned_event(&stream, &after, fails, now));
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    if !store::note(tx, &held, &after).await? {
                        return Ok(false);
                    }
                    let org = &held.org_id;
                    for mail in mails {
                        mail.enqueue(tx, org, now).await?;
                    }
                    if let Some(event) = event {
                        ledger::append(tx, org, event).await?;
                    }
                    Ok(true)
                })
            })
            .await
    }

    fn draw(&self) -> u16 {
        let mut bytes = [0_u8; 2];
        self.entropy().fill(&mut bytes);
        u16::from_le_bytes(bytes)
    }

    /// Mail to those who may mend a stream.
    async fn seal_failing(&self, stream: &LogStream) -> Result<Vec<SealedMail>, Fault> {
        let snapshot = self.snapshot(&stream.org_id).await?;
        let name = snapshot.map_or_else(String::new, |snapshot| snapshot.org.name.clone());
        let roles = {
            let mut tx = self.database.read().await?;
            load_administrators(&mut tx, &stream.org_id, "", ROLES_MAX).await?
        };
        let may_mend = |person: &Person, role| {
            role == Role::SuperAdmin && person.status == PersonStatus::Active
        };
        let told = roles
            .iter()
            .filter(|(person, granted)| may_mend(person, granted.role));
        let mut mails = Vec::new();
        let notice = Notice::LogStreamFailing { name: &stream.name };
        for (person, ..) in told.take(TOLD_MAX) {
            mails.push(self.seal_mail(&name, person, &notice).await?);
        }
        Ok(mails)
    }
}

fn plan_filter(text: &str) -> Option<LogFilter> {
    if text.is_empty() {
        return Some(LogFilter::default());
    }
    parse_log_filter(text).ok().flatten()
}

fn turned_event(stream: &LogStream, after: &Standing, fails: bool, now: Timestamp) -> Event {
    let outcome = if fails {
        Outcome::Failure
    } else {
        Outcome::Success
    };
    let event = Event::new(EventType::SystemLogStreamDelivery, outcome, now)
        .actor(Actor::system("log streams"))
        .target(stream_target(stream))
        .detail("behind", after.behind());
    match (after.trouble.as_deref(), after.status) {
        (Some(trouble), _) => event.reason(trouble),
        (None, Some(status)) if fails => event.detail("status", status),
        (None, _) => event,
    }
}

#[cfg(test)]
mod tests {
    use super::{BATCH_BYTES_MAX, count_first, count_missed, decide_standing};
    use crate::event_hook::envoy::{Answered, Trouble};
    use crate::log_stream::Standing;
    use crate::log_stream::parcel::Outcomes;
    use ledger::LogRow;
    use vocab::entropy::SeededEntropy;
    use vocab::id::EventId;
    use vocab::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_465_901);

    fn answer(status: u16) -> Outcomes {
        let body = Vec::new();
        Outcomes::of_answer(&Ok(Answered::of(status, body)))
    }

    #[test]
    fn the_place_moves_with_what_was_taken_and_with_nothing_else() {
        let before = Standing {
            followed: 7,
            newest: 20,
            ..Standing::default()
        };
        let failed = decide_standing(&before, 12, answer(500), (NOW, 0));
        assert_eq!((failed.followed, failed.failures), (7, 1));
        assert_eq!(failed.failing_since, Some(NOW));
        assert_eq!((failed.status, failed.alerted), (Some(500), false));
        assert!(failed.next_at > NOW);
        let later = NOW.plus_secs(301);
        let trouble = Outcomes::of_shipment(Err(Trouble::Inward));
        let alerted = decide_standing(&failed, 12, trouble, (later, 0));
        assert_eq!((alerted.failures, alerted.alerted), (2, true));
        assert_eq!(alerted.failing_since, Some(NOW));
        assert_eq!(alerted.trouble.as_deref(), Some("PRIVATE_ADDRESS"));
        let taken = decide_standing(&alerted, 12, answer(202), (later, 0));
        let expected = Standing {
            followed: 12,
            newest: 20,
            taken_at: Some(later),
            tried_at: Some(later),
            status: Some(202),
            ..Standing::default()
        };
        assert_eq!(taken, expected);
    }

    #[test]
    fn a_batch_is_bounded_and_never_empty() {
        let entropy = SeededEntropy::new(1);
        let row = |bytes: usize| LogRow {
            seq: 1,
            id: EventId::generate(&entropy),
            published_at: NOW,
            event_type: String::new(),
            outcome: String::new(),
            actor_id: String::new(),
            body: "x".repeat(bytes),
            hash: String::new(),
        };
        let most = BATCH_BYTES_MAX;
        for (sizes, count) in [
            (vec![1, 1, 1], 3),
            (vec![most, 1], 1),
            (vec![most + 1, 1], 1),
            (vec![most - 1, 1, 1], 2),
        ] {
            let rows: Vec<LogRow> = sizes.into_iter().map(row).collect();
            assert_eq!(count_first(&rows), count);
        }
    }

    #[test]
    fn what_was_removed_unseen_is_counted() {
        for (followed, oldest, missed) in [
            (0, None, 0),
            (0, Some(1), 0),
            (7, Some(3), 0),
            (7, Some(8), 0),
            (7, Some(11), 3),
        ] {
            assert_eq!(count_missed(followed, oldest), missed);
        }
    }
}
