//! One page of an import: read, held against what was read before, and matched. A peer may say what it likes: what does not add up ends the
//! import, and what it may cost is bounded.

use crate::cell::Cell;
use crate::event_hook::envoy::Envoy;
use crate::fault::Fault;
use crate::person::profile::fold;
use crate::person::store as people;
use crate::provisioning::import::{Found, Import, ImportState, Verdict};
use crate::provisioning::peer::Failure;
use crate::provisioning::retry::Fate;
use crate::provisioning::store::{Held, Key, accounts, connections, imports, requests};
use crate::provisioning::work::{Work, Worked};
use crate::provisioning::{MatchBy, requests::Request};
use database::WriteTx;
use ledger::{Event, EventType, Outcome};
use protocol::scim::peer::{PeerPage, PeerResource};
use vocab::future::boxed;
use vocab::id::UserId;
use vocab::time::Timestamp;

/// People of one page.
pub const PAGE_PEOPLE: usize = 100;
/// Most people of one import.
pub const PEOPLE_MAX: i64 = 20_000;
/// Most pages, which a peer may make smaller than it was asked to.
pub const PAGES_MAX: i64 = 1_000;
/// Longest import.
pub const IMPORT_SECS_MAX: i64 = 60 * 60;
/// How often a page is asked for.
pub const ATTEMPTS_MAX: i64 = 5;

/// What a page makes of an import.
#[must_use]
pub fn decide_page(before: &Import, total: i64, count: usize, now: Timestamp) -> Import {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let next_index = before.next_index.saturating_add(count);
    let after = Import {
        next_index,
        pages: before.pages + 1,
        seen: before.seen + count,
        attempts: 0,
        trouble: None,
        ..before.clone()
    };
    let is_last = next_index > total;
    let trouble = if total > PEOPLE_MAX || after.seen > PEOPLE_MAX {
        Some("TOO_MANY_PEOPLE")
    } else if after.pages > PAGES_MAX {
        Some("TOO_MANY_PAGES")
    } else if now.secs_since(before.started_at) > IMPORT_SECS_MAX {
        Some("TOO_LONG")
    } else if count == 0 && !is_last {
        Some("FEWER_THAN_SAID")
    } else {
        None
    };
    match trouble {
        Some(trouble) => end(after, ImportState::Failed, Some(trouble), now),
        None if is_last => end(after, ImportState::Completed, None, now),
        None => after,
    }
}

fn end(import: Import, state: ImportState, trouble: Option<&str>, now: Timestamp) -> Import {
    Import {
        state,
        ended_at: Some(now),
        trouble: trouble.map(str::to_owned),
        ..import
    }
}

/// What a failure makes of it.
fn decide_failed(before: &Import, failure: &Failure, now: Timestamp) -> Import {
    let attempts = before.attempts + 1;
    let after = Import {
        attempts,
        trouble: Some(failure.explain()),
        ..before.clone()
    };
    match failure.fate == Fate::Parked || attempts >= ATTEMPTS_MAX {
        true => end(after, ImportState::Failed, Some(&failure.explain()), now),
        false => after,
    }
}

impl Cell {
    /// Reads the next page of the import that is under way.
    ///
    /// # Errors
    /// [`Fault`] if the store fails; it is then read again.
    #[boxed]
    pub async fn import_page(&self, work: &Work, envoy: &dyn Envoy) -> Result<Worked, Fault> {
        let before = {
            let mut tx = self.database.read().await?;
            imports::load(&mut tx, work.held.key()).await?
        };
        let Some(before) = before.filter(Import::is_running) else {
            return Ok(Worked::Done);
        };
        let mut peer = work.peer(self, envoy, "import");
        let page = peer.page(before.next_index, PAGE_PEOPLE).await;
        let trail = peer.trail();
        let now = self.now();
        let match_by = work.connection.config.match_by;
        match page {
            Ok(page) => {
                let after = decide_page(&before, page.total, page.resources.len(), now);
                self.note_page(work, (before, after), page, (match_by, trail))
                    .await
            }
            Err(failure) => {
                let after = decide_failed(&before, &failure, now);
                let is_over = !after.is_running();
                let (_, alone) =
                    work.plan_retry(&failure, after.attempts, (now, self.draw_share()));
                // Between two attempts at a page the peer is left alone in any case.
                let alone = alone.or_else(|| (!is_over).then(|| now.plus_secs(1)));
                let event = is_over.then(|| import_event(work, &after, now));
                let held = work.held.clone();
                let noted: Result<bool, Fault> = self
                    .database
                    .write(move |tx| {
                        Box::pin(async move {
                            let trouble = (failure.word.as_str(), alone);
                            if !connections::note(tx, &held, Some(trouble)).await? {
                                return Ok(false);
                            }
                            requests::append(tx, held.key(), &trail).await?;
                            imports::note(tx, held.key(), (&before, &after)).await?;
                            if let Some(event) = event {
                                ledger::append(tx, &held.org_id, event).await?;
                            }
                            Ok(true)
                        })
                    })
                    .await;
                Ok(match noted? {
                    true => Worked::Paused,
                    false => Worked::Lost,
                })
            }
        }
    }

    async fn note_page(
        &self,
        work: &Work,
        (before, after): (Import, Import),
        page: PeerPage,
        (match_by, trail): (MatchBy, Vec<Request>),
    ) -> Result<Worked, Fault> {
        let now = self.now();
        let held = work.held.clone();
        let (completed, repeated) = (
            import_event(work, &after, now),
            import_event(
                work,
                &end(after.clone(), ImportState::Failed, Some(REPEATED), now),
                now,
            ),
        );
        let noted: Result<bool, Fault> = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    if !connections::note(tx, &held, None).await? {
                        return Ok(false);
                    }
                    requests::append(tx, held.key(), &trail).await?;
                    let is_new = match after.state == ImportState::Failed {
                        true => true,
                        false => store_found(tx, &held, page, match_by).await?,
                    };
                    let (after, event) = match is_new {
                        true => (after, completed),
                        false => (
                            end(after, ImportState::Failed, Some(REPEATED), now),
                            repeated,
                        ),
                    };
                    imports::note(tx, held.key(), (&before, &after)).await?;
                    if !after.is_running() {
                        ledger::append(tx, &held.org_id, event).await?;
                    }
                    Ok(true)
                })
            })
            .await;
        Ok(match noted? {
            true => Worked::Done,
            false => Worked::Lost,
        })
    }
}

/// Why an import ends that would never end by itself.
const REPEATED: &str = "REPEATED_PEOPLE";

fn import_event(work: &Work, import: &Import, now: Timestamp) -> Event {
    let outcome = match import.state {
        ImportState::Failed => Outcome::Failure,
        ImportState::Completed | ImportState::Running => Outcome::Success,
    };
    let kind = match import.state {
        ImportState::Failed => EventType::AppProvisionSyncJobFailed,
        ImportState::Completed | ImportState::Running => EventType::AppProvisionSyncJobCompleted,
    };
    let event = work.event(kind, outcome, now).detail("people", import.seen);
    match &import.trouble {
        Some(trouble) => event.reason(trouble),
        None => event,
    }
}

/// Notes who is on a page; false if somebody was on one before.
async fn store_found(
    tx: &mut WriteTx,
    held: &Held,
    page: PeerPage,
    match_by: MatchBy,
) -> Result<bool, Fault> {
    for resource in page.resources {
        let found = judge(tx, held.key(), resource, match_by).await?;
        if !imports::insert(tx, held.key(), &found).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Says who somebody is.
async fn judge(
    tx: &mut WriteTx,
    key: Key<'_>,
    resource: PeerResource,
    match_by: MatchBy,
) -> Result<Found, Fault> {
    let mut found = Found {
        peer_id: resource.id,
        user_name: resource.user_name.unwrap_or_default(),
        email: resource.email.unwrap_or_default(),
        given_name: resource.given_name.unwrap_or_default(),
        family_name: resource.family_name.unwrap_or_default(),
        active: resource.active,
        verdict: Verdict::New,
        reason: String::new(),
        user_id: None,
    };
    if let Some(linked) = accounts::find_by_peer(tx, key, &found.peer_id).await? {
        found.verdict = Verdict::Linked;
        found.user_id = Some(linked.user_id);
        return Ok(found);
    }
    if found.user_name.is_empty() {
        return Ok(conflict(found, "NO_NAME"));
    }
    let Some(user) = find_person(tx, key, &found, match_by).await? else {
        return Ok(found);
    };
    let account = accounts::load(tx, key, &user).await?;
    if account.is_some_and(|account| account.peer_id.is_some()) {
        return Ok(conflict(found, "LINKED_TO_ANOTHER"));
    }
    if imports::is_matched(tx, key, &user).await? {
        return Ok(conflict(found, "MATCHED_TWICE"));
    }
    found.verdict = Verdict::Matched;
    found.user_id = Some(user);
    Ok(found)
}

fn conflict(found: Found, reason: &str) -> Found {
    Found {
        verdict: Verdict::Conflict,
        reason: reason.to_owned(),
        ..found
    }
}

async fn find_person(
    tx: &mut WriteTx,
    (org, _): Key<'_>,
    found: &Found,
    match_by: MatchBy,
) -> Result<Option<UserId>, Fault> {
    let named = match match_by {
        MatchBy::Username => &found.user_name,
        MatchBy::Email => &found.email,
    };
    if named.is_empty() {
        return Ok(None);
    }
    let person = people::find_by_identifier(tx, org, named).await?;
    let is_meant = |person: &crate::person::Person| match match_by {
        MatchBy::Username => fold(&person.login) == fold(named),
        MatchBy::Email => fold(&person.email) == fold(named),
    };
    Ok(person.filter(is_meant).map(|person| person.id))
}

#[cfg(test)]
mod tests {
    use super::{ATTEMPTS_MAX, PAGES_MAX, PEOPLE_MAX, decide_failed, decide_page};
    use crate::provisioning::import::{Import, ImportState};
    use crate::provisioning::peer::Failure;
    use crate::provisioning::retry::Fate;
    use vocab::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_465_901);

    fn import() -> Import {
        Import {
            state: ImportState::Running,
            started_at: NOW,
            ended_at: None,
            next_index: 101,
            pages: 1,
            seen: 100,
            attempts: 2,
            trouble: Some("TIMEOUT".into()),
        }
    }

    #[test]
    fn what_does_not_add_up_ends_an_import() {
        let many = Import {
            pages: PAGES_MAX,
            ..import()
        };
        let old = Import {
            started_at: NOW.plus_secs(-3_601),
            ..import()
        };
        for (before, total, count, state, trouble) in [
            (import(), 150, 50, ImportState::Completed, None),
            (import(), 300, 100, ImportState::Running, None),
            (import(), 300, 7, ImportState::Running, None),
            (import(), 100, 0, ImportState::Completed, None),
            (
                import(),
                300,
                0,
                ImportState::Failed,
                Some("FEWER_THAN_SAID"),
            ),
            (
                import(),
                PEOPLE_MAX + 1,
                100,
                ImportState::Failed,
                Some("TOO_MANY_PEOPLE"),
            ),
            (many, 20_000, 1, ImportState::Failed, Some("TOO_MANY_PAGES")),
            (old, 300, 100, ImportState::Failed, Some("TOO_LONG")),
        ] {
            let after = decide_page(&before, total, count, NOW);
            assert_eq!(
                (after.state, after.trouble.as_deref()),
                (state, trouble),
                "{total} {count}"
            );
            assert_eq!(after.ended_at.is_some(), !after.is_running());
            assert_eq!((after.pages, after.attempts), (before.pages + 1, 0));
        }
    }

    #[test]
    fn a_page_that_fails_is_asked_for_a_few_times() {
        let later = Failure::of_word("TIMEOUT", Fate::PeerLater);
        let never = Failure::of_word("WRONG_ANSWER", Fate::Parked);
        let last = Import {
            attempts: ATTEMPTS_MAX - 1,
            ..import()
        };
        for (before, failure, state) in [
            (import(), &later, ImportState::Running),
            (import(), &never, ImportState::Failed),
            (last, &later, ImportState::Failed),
        ] {
            let after = decide_failed(&before, failure, NOW);
            assert_eq!(after.state, state, "{failure:?}");
            assert_eq!(after.pages, before.pages);
        }
    }
}
