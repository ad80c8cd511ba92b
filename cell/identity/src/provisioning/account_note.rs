//! What came of an account at the peer, and how it is noted.

use crate::cell::Cell;
use crate::fault::Fault;
use crate::person::Person;
use crate::provisioning::account_facts::Facts;
use crate::provisioning::decide::{Step, Wanted};
use crate::provisioning::peer::Failure;
use crate::provisioning::requests::Request;
use crate::provisioning::retry::{Fate, decide_next_refused};
use crate::provisioning::store::accounts::{self, Account};
use crate::provisioning::store::{Held, connections, groups, requests};
use crate::provisioning::work::{Work, Worked};
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use vocab::time::Timestamp;

/// What was done at the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Nothing.
    None,
    /// An account was made.
    Created,
    /// One that was there was found, and is theirs.
    Found,
    /// It was made to be like the person.
    Updated,
    /// The same, and it is active again.
    Reactivated,
    /// It was switched off.
    Deactivated,
}

impl Act {
    const fn event(self) -> Option<EventType> {
        match self {
            Self::None => None,
            Self::Created => Some(EventType::ApplicationProvisionUserPush),
            Self::Found => Some(EventType::ApplicationProvisionUserVerifyExists),
            Self::Updated => Some(EventType::ApplicationProvisionUserPushProfile),
            Self::Reactivated => Some(EventType::ApplicationProvisionUserReactivate),
            Self::Deactivated => Some(EventType::ApplicationProvisionUserDeactivate),
        }
    }
}

/// What came of it.
pub(super) struct Attempt {
    pub(super) account: Account,
    pub(super) act: Act,
    pub(super) failure: Option<Failure>,
    pub(super) forgets: bool,
    /// Whether it was noted that an account may be made under the name of now.
    pub(super) is_begun: bool,
    pub(super) replaces: bool,
    pub(super) trail: Vec<Request>,
}

impl Attempt {
    /// That which begins now.
    pub(super) fn new(facts: &Facts, replaces: bool) -> Self {
        let mut account = facts.account.clone();
        if let Some(person) = &facts.person {
            account.login.clone_from(&person.login);
        }
        Self {
            account,
            act: Act::None,
            failure: None,
            forgets: facts.step == Step::Forget,
            is_begun: false,
            replaces,
            trail: Vec::new(),
        }
    }

    /// That of an account for which there is nothing to do at the peer.
    pub(super) fn without_peer(facts: Facts) -> Self {
        let mut attempt = Self::new(&facts, false);
        attempt.end(&facts);
        settle(&mut attempt.account);
        attempt
    }

    /// The name that an account may have been given is not lost while it is looked for.
    pub(super) fn end(&mut self, facts: &Facts) {
        if self.account.begun && self.account.peer_id.is_none() && !self.is_begun {
            self.account.login.clone_from(&facts.account.login);
        }
    }
}

impl Cell {
    pub(super) async fn note_attempt(
        &self,
        work: &Work,
        facts: Facts,
        mut attempt: Attempt,
    ) -> Result<Worked, Fault> {
        let now = self.now();
        let mut left_alone = None;
        match &attempt.failure {
            None => settle(&mut attempt.account),
            Some(failure) => {
                let attempts = attempt.account.attempts + 1;
                let drawn = (now, self.draw_share());
                let (mut next, alone) = work.plan_retry(failure, attempts, drawn);
                if next.is_none() && is_leaving(facts.step) {
                    next = Some(decide_next_refused(now, attempts, drawn.1));
                }
                left_alone = alone;
                attempt.account.attempts = attempts;
                attempt.account.due_at = next;
                attempt.account.trouble = Some(failure.explain());
            }
        }
        // Whoever is no more and has no active account is nobody's concern.
        attempt.forgets |= facts.wanted == Wanted::Gone
            && attempt.failure.is_none()
            && !attempt.account.peer_active;
        let event = event_of(work, &facts, &attempt, now);
        let held = work.held.clone();
        let is_new = is_other_account(&facts.account, &attempt.account);
        attempt.replaces &= !work.connection.standing.replaces;
        let noted: Result<bool, Fault> = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    if !take_note(tx, &held, &attempt, left_alone).await? {
                        return Ok(false);
                    }
                    let user = attempt.account.user_id.clone();
                    store_account(tx, &held, attempt, now).await?;
                    if is_new {
                        groups::mark_person(tx, held.key(), &user, now).await?;
                    }
                    if let Some(event) = event {
                        ledger::append(tx, &held.org_id, event).await?;
                    }
                    Ok(true)
                })
            })
            .await;
        Ok(match (noted?, left_alone) {
            (false, _) => Worked::Lost,
            (true, Some(_)) => Worked::Paused,
            (true, None) => Worked::Done,
        })
    }
}

/// Notes how the peer fared, and what was asked; false if the connection is held no more.
async fn take_note(
    tx: &mut WriteTx,
    held: &Held,
    attempt: &Attempt,
    left_alone: Option<Timestamp>,
) -> Result<bool, Fault> {
    let trouble = attempt.failure.as_ref();
    let trouble = trouble.filter(|failure| failure.fate != Fate::Parked);
    let trouble = trouble.map(|failure| (failure.word.as_str(), left_alone));
    let is_held = match attempt.trail.is_empty() {
        true => connections::is_held(tx, held).await?,
        false => connections::note(tx, held, trouble).await?,
    };
    if is_held {
        requests::append(tx, held.key(), &attempt.trail).await?;
        if attempt.replaces {
            connections::note_replaces(tx, held).await?;
        }
    }
    Ok(is_held)
}

pub(super) async fn store_account(
    tx: &mut WriteTx,
    held: &Held,
    attempt: Attempt,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut account = attempt.account;
    if let Some(id) = account.peer_id.clone() {
        let owner = accounts::find_by_peer(tx, held.key(), &id).await?;
        if owner.is_some_and(|owner| owner.user_id != account.user_id) {
            account = in_use(account, attempt.act == Act::Created);
        }
    }
    match attempt.forgets {
        true => accounts::forget(tx, held.key(), &account).await?,
        false => accounts::note(tx, held.key(), &account, now).await?,
    }
    Ok(())
}

/// Whether somebody is to be let in no more: that is tried again until it is done.
const fn is_leaving(step: Step) -> bool {
    matches!(step, Step::Deactivate | Step::FindAndDeactivate)
}

fn settle(account: &mut Account) {
    account.attempts = 0;
    account.due_at = None;
    account.trouble = None;
}

/// The id is somebody else's. Where one was made, it may be there under another id.
fn in_use(account: Account, is_made: bool) -> Account {
    Account {
        peer_id: None,
        begun: account.begun || is_made,
        sent: String::new(),
        sent_names: String::new(),
        peer_active: false,
        due_at: None,
        trouble: Some("ID_IN_USE".to_owned()),
        ..account
    }
}

fn is_other_account(before: &Account, after: &Account) -> bool {
    before.peer_id != after.peer_id || before.peer_active != after.peer_active
}

fn event_of(work: &Work, facts: &Facts, attempt: &Attempt, now: Timestamp) -> Option<Event> {
    let (kind, outcome) = match &attempt.failure {
        None => (attempt.act.event()?, Outcome::Success),
        // What is tried again and again is told once.
        Some(failure) if facts.account.trouble == Some(failure.explain()) => return None,
        Some(failure) if failure.fate == Fate::Parked => {
            let kind = match facts.step {
                Step::Create => EventType::ApplicationProvisionUserPush,
                Step::Update => EventType::ApplicationProvisionUserPushProfile,
                _ => EventType::ApplicationProvisionUserDeactivate,
            };
            (kind, Outcome::Failure)
        }
        Some(_) => return None,
    };
    let account = &attempt.account;
    let name = facts
        .person
        .as_ref()
        .map_or_else(String::new, Person::display_name);
    let event = work.event(kind, outcome, now).target(Target::user(
        &account.user_id,
        &account.login,
        &name,
    ));
    let event = match &account.peer_id {
        Some(id) => event.detail("peerId", id),
        None => event,
    };
    Some(match &attempt.failure {
        Some(failure) => event.reason(&failure.word),
        None => event,
    })
}
