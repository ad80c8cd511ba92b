//! One account: what is to be done for it is decided by what the person is like now, done at the peer, and noted.

use crate::cell::Cell;
use crate::event_hook::envoy::Envoy;
use crate::fault::Fault;
use crate::provisioning::account_facts::{Facts, load_facts};
use crate::provisioning::account_note::{Act, Attempt};
use crate::provisioning::account_search::{USERS, is_gone};
use crate::provisioning::decide::Step;
use crate::provisioning::mapping::{
    Rendered, merge_update, render_deactivation, render_update, unite_names,
};
use crate::provisioning::peer::{Failure, Peer};
use crate::provisioning::retry::Fate;
use crate::provisioning::store::accounts::{self, Account, Begun};
use crate::provisioning::store::connections;
use crate::provisioning::work::{Work, Worked};
use protocol::scim::peer::PeerResource;
use serde_json::{Value, json};
use vocab::future::boxed;

/// What an account is that the peer does not know any more.
const VANISHED: &str = "ACCOUNT_VANISHED";
/// That the mapping of the app takes more for somebody than it may.
const MAPPING_TOO_LARGE: &str = "MAPPING_TOO_LARGE";

impl Cell {
    /// Does for an account what is to be done.
    ///
    /// # Errors
    /// [`Fault`] if the store fails; it is then done again.
    #[boxed]
    pub async fn provision_account(
        &self,
        work: &Work,
        account: Account,
        envoy: &dyn Envoy,
    ) -> Result<Worked, Fault> {
        let facts = {
            let mut tx = self.database.read().await?;
            load_facts(&mut tx, work.held.key(), &account.user_id, &work.sources).await?
        };
        let Some(facts) = facts else {
            return Ok(Worked::Done);
        };
        let mut attempt = Attempt::new(&facts, work.connection.standing.replaces);
        let mut peer = work.peer(self, envoy, facts.account.user_id.as_str());
        let done = self.perform(work, &mut peer, &facts, &mut attempt).await;
        attempt.end(&facts);
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
            // To send what is stored alone would take away at the peer what the mapping gave until now.
            (Step::Create | Step::Update, None) => {
                Err(Failure::of_word(MAPPING_TOO_LARGE, Fate::Parked))
            }
            (Step::Nothing | Step::Forget, _) => Ok(Act::None),
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
