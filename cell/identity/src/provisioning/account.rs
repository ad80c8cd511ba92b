//! One account: what is to be done for it is decided by what the person is like now, done at the peer, and noted.

use crate::app;
use crate::cell::Cell;
use crate::event_hook::envoy::Envoy;
use crate::fault::Fault;
use crate::person::{Person, store as people};
use crate::provisioning::account_search::{USERS, is_gone};
use crate::provisioning::decide::{Known, Step, Wanted, decide_step, decide_wanted};
use crate::provisioning::mapping::{
    Rendered, merge_update, render_deactivation, render_update, render_user, unite_names,
};
use crate::provisioning::peer::{Failure, Peer};
use crate::provisioning::requests::Request;
use crate::provisioning::retry::{Fate, decide_next_refused};
use crate::provisioning::store::accounts::{self, Account, Begun};
use crate::provisioning::store::{Held, connections, groups, requests};
use crate::provisioning::work::{Work, Worked};
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use protocol::scim::peer::PeerResource;
use serde_json::{Value, json};
use vocab::time::Timestamp;

/// What an account is that the peer does not know any more.
const VANISHED: &str = "ACCOUNT_VANISHED";

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

/// What is known of whom an account belongs to.
pub(crate) struct Facts {
    pub(crate) account: Account,
    pub(crate) person: Option<Person>,
    pub(crate) rendered: Option<Rendered>,
    pub(crate) wanted: Wanted,
    pub(crate) step: Step,
}

/// What came of it.
struct Attempt {
    account: Account,
    act: Act,
    failure: Option<Failure>,
    forgets: bool,
    /// Whether it was noted that an account may be made under the name of now.
    is_begun: bool,
    replaces: bool,
    trail: Vec<Request>,
}

impl Cell {
    /// What is known of an account, and what is to be done.
    pub(crate) async fn load_account_facts(
        &self,
        work: &Work,
        account: Account,
    ) -> Result<Option<Facts>, Fault> {
        let (org, app_id) = work.held.key();
        let mut tx = self.database.read().await?;
        let Some(account) = accounts::load(&mut tx, (org, app_id), &account.user_id).await? else {
            return Ok(None);
        };
        let person = people::load(&mut tx, org, &account.user_id).await?;
        let assigned = app::store::is_assigned(&mut tx, org, app_id, &account.user_id).await?;
        Ok(Some(decide_facts(work, account, person, assigned)))
    }

    /// Does for an account what is to be done.
    ///
    /// # Errors
    /// [`Fault`] if the store fails; it is then done again.
    pub async fn provision_account(
        &self,
        work: &Work,
        account: Account,
        envoy: &dyn Envoy,
    ) -> Result<Worked, Fault> {
        let Some(facts) = self.load_account_facts(work, account).await? else {
            return Ok(Worked::Done);
        };
        let mut attempt = Attempt {
            account: facts.account.clone(),
            act: Act::None,
            failure: None,
            forgets: false,
            is_begun: false,
            replaces: work.connection.standing.replaces,
            trail: Vec::new(),
        };
        if let Some(person) = &facts.person {
            attempt.account.login.clone_from(&person.login);
        }
        let mut peer = work.peer(self, envoy, facts.account.user_id.as_str());
        let done = self.perform(work, &mut peer, &facts, &mut attempt).await;
        if attempt.account.begun && attempt.account.peer_id.is_none() && !attempt.is_begun {
            // The name that it may have been given is not lost while it is looked for.
            attempt.account.login.clone_from(&facts.account.login);
        }
        attempt.trail = peer.trail();
        match done? {
            Ok(act) => attempt.act = act,
            Err(failure) => attempt.failure = Some(failure),
        }
        self.note_attempt(work, facts, attempt).await
    }

    async fn perform(
        &self,
        work: &Work,
        peer: &mut Peer<'_>,
        facts: &Facts,
        attempt: &mut Attempt,
    ) -> Result<Result<Act, Failure>, Fault> {
        Ok(match (facts.step, &facts.rendered) {
            (Step::Create, Some(rendered)) => {
                let known = (attempt.account.login.as_str(), facts.account.begun);
                match self.find_theirs(work, peer, known, facts).await? {
                    Err(failure) => Err(failure),
                    Ok(Some(found)) => {
                        self.take_over(work, peer, (facts, rendered, &found), attempt)
                            .await?
                    }
                    Ok(None) => self.create(work, peer, (facts, rendered), attempt).await?,
                }
            }
            (Step::Update, Some(rendered)) => {
                let act = match facts.account.peer_active {
                    true => Act::Updated,
                    false => Act::Reactivated,
                };
                let updated = self.update(work, peer, (facts, rendered), attempt).await?;
                updated.map(|()| act)
            }
            (Step::Deactivate, _) => deactivate(peer, facts, attempt)
                .await
                .map(|()| Act::Deactivated),
            (Step::FindAndDeactivate, _) => {
                let known = (attempt.account.login.as_str(), true);
                match self.find_theirs(work, peer, known, facts).await? {
                    Err(failure) => Err(failure),
                    Ok(None) => {
                        attempt.forgets = true;
                        Ok(Act::None)
                    }
                    Ok(Some(found)) => {
                        adopt(attempt, &found);
                        // Whatever it says of itself, until it has taken what is sent now.
                        attempt.account.peer_active = true;
                        deactivate(peer, facts, attempt)
                            .await
                            .map(|()| Act::Deactivated)
                    }
                }
            }
            (Step::Forget, _) => {
                attempt.forgets = true;
                Ok(Act::None)
            }
            (Step::Nothing | Step::Create | Step::Update, _) => Ok(Act::None),
        })
    }

    /// Makes an account that was found that of the person.
    async fn take_over(
        &self,
        work: &Work,
        peer: &mut Peer<'_>,
        (facts, rendered, found): (&Facts, &Rendered, &PeerResource),
        attempt: &mut Attempt,
    ) -> Result<Result<Act, Failure>, Fault> {
        adopt(attempt, found);
        if !work.connection.config.features.update && found.active {
            return Ok(Ok(Act::Found));
        }
        let updated = self.update(work, peer, (facts, rendered), attempt).await?;
        Ok(updated.map(|()| Act::Found))
    }

    async fn create(
        &self,
        work: &Work,
        peer: &mut Peer<'_>,
        (facts, rendered): (&Facts, &Rendered),
        attempt: &mut Attempt,
    ) -> Result<Result<Act, Failure>, Fault> {
        attempt.account.begun = true;
        if let Err(failure) = self.begin(work, facts, attempt).await? {
            return Ok(Err(failure));
        }
        attempt.is_begun = true;
        let made = match peer
            .add(USERS, &Value::Object(rendered.document.clone()))
            .await
        {
            // Somebody was quicker, or the answer to the last attempt was lost.
            Err(failure) if failure.is_conflict() => {
                let known = (attempt.account.login.as_str(), true);
                return match self.find_theirs(work, peer, known, facts).await? {
                    Err(failure) => Ok(Err(failure)),
                    Ok(None) => Ok(Err(failure)),
                    Ok(Some(found)) => {
                        self.take_over(work, peer, (facts, rendered, &found), attempt)
                            .await
                    }
                };
            }
            Err(failure) => return Ok(Err(failure)),
            Ok(made) => made,
        };
        let login = attempt.account.login.to_lowercase();
        if made
            .user_name
            .is_some_and(|name| name.to_lowercase() != login)
        {
            let word = "ANOTHER_NAME_IN_ANSWER";
            return Ok(Err(Failure::of_word(word, Fate::Parked)));
        }
        attempt.account.peer_id = Some(made.id);
        note_sent(&mut attempt.account, rendered);
        Ok(Ok(Act::Created))
    }

    /// Makes an account like the person, and active. Before it is asked for it is noted that it may be.
    async fn update(
        &self,
        work: &Work,
        peer: &mut Peer<'_>,
        (facts, rendered): (&Facts, &Rendered),
        attempt: &mut Attempt,
    ) -> Result<Result<(), Failure>, Fault> {
        let account = &mut attempt.account;
        let names = account.sent_names.clone();
        account.begun = true;
        account.peer_active = true;
        account.sent = String::new();
        account.sent_names = unite_names(&names, &rendered.names);
        if let Err(failure) = self.begin(work, facts, attempt).await? {
            attempt.account = facts.account.clone();
            return Ok(Err(failure));
        }
        Ok(update(peer, facts, attempt, (rendered, &names)).await)
    }

    /// Notes that an account may be made, or switched on and changed, by what is sent next: whoever comes later, if nothing more is noted,
    /// does not believe what was noted before.
    async fn begin(
        &self,
        work: &Work,
        facts: &Facts,
        attempt: &Attempt,
    ) -> Result<Result<(), Failure>, Fault> {
        let (held, account) = (work.held.clone(), attempt.account.clone());
        let known = facts.account.peer_id.clone();
        let begun: Result<Begun, Fault> = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    if !connections::is_held(tx, &held).await? {
                        return Ok(Begun::Changed);
                    }
                    Ok(accounts::begin(tx, held.key(), &account, known.as_deref()).await?)
                })
            })
            .await;
        Ok(match begun? {
            Begun::Yes => Ok(()),
            Begun::Changed => Err(Failure::of_word("LOST", Fate::Later)),
            Begun::InUse => Err(Failure::of_word("ID_IN_USE", Fate::Parked)),
        })
    }

    async fn note_attempt(
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

async fn store_account(
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

/// What is known of somebody, and what follows from it.
pub(crate) fn decide_facts(
    work: &Work,
    account: Account,
    person: Option<Person>,
    assigned: bool,
) -> Facts {
    let wanted = decide_wanted(person.as_ref().map(|person| person.status), assigned);
    let rendered = person
        .as_ref()
        .filter(|_| wanted == Wanted::Yes)
        .map(|person| render_user(person, &work.schema));
    let known = Known {
        linked: account.peer_id.is_some(),
        active: account.peer_active,
        current: rendered
            .as_ref()
            .is_some_and(|rendered| rendered.mark == account.sent),
        begun: account.begun,
    };
    Facts {
        step: decide_step(wanted, known, work.connection.config.features),
        account,
        person,
        rendered,
        wanted,
    }
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

fn adopt(attempt: &mut Attempt, found: &PeerResource) {
    let account = &mut attempt.account;
    account.peer_id = Some(found.id.clone());
    account.peer_active = found.active;
    account.sent = String::new();
    account.sent_names = String::new();
    account.begun = false;
}

fn note_sent(account: &mut Account, rendered: &Rendered) {
    account.sent.clone_from(&rendered.mark);
    account.sent_names.clone_from(&rendered.names);
    account.peer_active = true;
    account.begun = false;
}

/// Forgets which account is theirs: it is not there any more, as far as the peer says.
fn unlink(account: &mut Account) {
    account.peer_id = None;
    account.begun = true;
    account.peer_active = false;
    account.sent = String::new();
    account.sent_names = String::new();
}

fn is_vanished(failure: &Failure) -> bool {
    failure.is_missing() || failure.word == VANISHED
}

async fn update(
    peer: &mut Peer<'_>,
    facts: &Facts,
    attempt: &mut Attempt,
    (rendered, names): (&Rendered, &str),
) -> Result<(), Failure> {
    let id = attempt.account.peer_id.clone().unwrap_or_default();
    let mut done = Ok(());
    if !attempt.replaces {
        done = peer
            .patch(USERS, &id, &render_update(rendered, names))
            .await;
        attempt.replaces = done.as_ref().is_err_and(Failure::is_unknown_method);
    }
    if attempt.replaces {
        done = match peer.find(USERS, &id).await? {
            Some((_, present)) => {
                let merged = merge_update(present, rendered, names);
                peer.put(USERS, &id, &Value::Object(merged)).await
            }
            None => Err(Failure::of_word(VANISHED, Fate::Later)),
        };
    }
    match done {
        Err(failure) if is_vanished(&failure) => {
            is_gone(peer, (&attempt.account.login, &id), facts).await?;
            unlink(&mut attempt.account);
            Err(Failure::of_word(VANISHED, Fate::Later))
        }
        Err(failure) => Err(failure),
        Ok(()) => {
            note_sent(&mut attempt.account, rendered);
            Ok(())
        }
    }
}

async fn deactivate(
    peer: &mut Peer<'_>,
    facts: &Facts,
    attempt: &mut Attempt,
) -> Result<(), Failure> {
    let id = attempt.account.peer_id.clone().unwrap_or_default();
    let mut done = Ok(());
    if !attempt.replaces {
        done = peer.patch(USERS, &id, &render_deactivation()).await;
        attempt.replaces = done.as_ref().is_err_and(Failure::is_unknown_method);
    }
    if attempt.replaces {
        done = match peer.find(USERS, &id).await? {
            Some((_, mut present)) => {
                present.remove("meta");
                present.insert("active".to_owned(), json!(false));
                peer.put(USERS, &id, &Value::Object(present)).await
            }
            None => Err(Failure::of_word(VANISHED, Fate::Later)),
        };
    }
    match done {
        // What is nowhere lets nobody in; another one that is found is switched off the next time.
        Err(failure) if is_vanished(&failure) => {
            if !is_gone(peer, (&attempt.account.login, &id), facts).await? {
                unlink(&mut attempt.account);
                return Err(Failure::of_word(VANISHED, Fate::Later));
            }
        }
        other => other?,
    }
    attempt.account.peer_active = false;
    attempt.account.begun = false;
    attempt.account.sent = String::new();
    Ok(())
}
