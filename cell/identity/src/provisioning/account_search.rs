//! The account of somebody at a peer: where it is looked for, and whose what is found there is.

use crate::cell::Cell;
use crate::fault::Fault;
use crate::person::store as people;
use crate::provisioning::account_facts::Facts;
use crate::provisioning::decide::{Step, Wanted};
use crate::provisioning::peer::{Failure, Peer};
use crate::provisioning::retry::Fate;
use crate::provisioning::store::accounts;
use crate::provisioning::work::Work;
use protocol::scim::peer::PeerResource;
use vocab::id::UserId;

pub(crate) const USERS: &str = "Users";

/// Whose an account is that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Whose {
    /// As far as is known, it is that of the person for whom it was looked for.
    Theirs,
    /// Somebody else of the org has it, or it says that it is theirs.
    Another(&'static str),
    /// It has the name of somebody else, and says nothing.
    Unsure,
}

/// How widely an account is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    /// By the name that the person has now.
    Name,
    /// By what we call it and by every name that it may have been given.
    All,
}

/// What came of a search, and whether the peer said nothing of what we call the account.
struct Sought {
    found: Option<PeerResource>,
    is_open: bool,
}

async fn seek(
    peer: &mut Peer<'_>,
    (login, facts): (&str, &Facts),
    width: Width,
) -> Result<Sought, Failure> {
    let mut is_open = false;
    let mut names = vec![login];
    if width == Width::All {
        let id = facts.account.user_id.as_str();
        let is_ours = |found: &PeerResource| found.external_id.as_deref() == Some(id);
        match peer.search(USERS, ("externalId", id), is_ours).await {
            // A server that cannot find by it has nothing to say; that it failed is another matter.
            Err(failure) if matches!(failure.status, Some(400 | 501)) => is_open = true,
            Err(failure) => return Err(failure),
            Ok(None) => {}
            Ok(found) => return Ok(Sought { found, is_open }),
        }
        let before = facts.account.login.as_str();
        if before.to_lowercase() != login.to_lowercase() {
            names.push(before);
        }
    }
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        let lower = name.to_lowercase();
        let is_named = |found: &PeerResource| {
            let found = found.user_name.as_deref();
            found.is_some_and(|found| found.to_lowercase() == lower)
        };
        let found = peer.search(USERS, ("userName", name), is_named).await?;
        if found.is_some() {
            return Ok(Sought { found, is_open });
        }
    }
    let found = None;
    Ok(Sought { found, is_open })
}

/// Whether an account that the peer says is not there is nowhere else either. One that is found is not gone.
pub(crate) async fn is_gone(
    peer: &mut Peer<'_>,
    (login, peer_id): (&str, &str),
    facts: &Facts,
) -> Result<bool, Failure> {
    let sought = seek(peer, (login, facts), Width::All).await?;
    match sought.found {
        Some(found) if found.id == peer_id => Err(Failure::of_word("HTTP_404", Fate::Later)),
        found => Ok(found.is_none()),
    }
}

impl Cell {
    /// The account that is theirs: by their name, and where one may have been made, by what we call it and the name it was given. What is
    /// somebody else's is left untouched.
    pub(crate) async fn find_theirs(
        &self,
        work: &Work,
        peer: &mut Peer<'_>,
        (login, begun): (&str, bool),
        facts: &Facts,
    ) -> Result<Result<Option<PeerResource>, Failure>, Fault> {
        let width = if begun { Width::All } else { Width::Name };
        let sought = match seek(peer, (login, facts), width).await {
            Ok(sought) => sought,
            Err(failure) => return Ok(Err(failure)),
        };
        let leaves = facts.step == Step::FindAndDeactivate;
        let Some(found) = sought.found else {
            return Ok(match sought.is_open && leaves {
                true => Err(Failure::of_word("NO_SEARCH_BY_EXTERNAL_ID", Fate::Parked)),
                false => Ok(None),
            });
        };
        Ok(match self.decide_whose(work, facts, &found).await? {
            Whose::Theirs => Ok(Some(found)),
            // Of whom the account is somebody else's, there is none.
            Whose::Another(_) if leaves && !sought.is_open => Ok(None),
            Whose::Another(word) => Err(Failure::of_word(word, Fate::Parked)),
            Whose::Unsure => Err(Failure::of_word("BELONGS_TO_ANOTHER", Fate::Parked)),
        })
    }

    async fn decide_whose(
        &self,
        work: &Work,
        facts: &Facts,
        found: &PeerResource,
    ) -> Result<Whose, Fault> {
        let key = work.held.key();
        let user = &facts.account.user_id;
        let mut tx = self.database.read().await?;
        let owner = accounts::find_by_peer(&mut tx, key, &found.id).await?;
        match owner.map(|owner| owner.user_id == *user) {
            Some(true) => return Ok(Whose::Theirs),
            Some(false) => return Ok(Whose::Another("ID_IN_USE")),
            None => {}
        }
        if let Some(Ok(named)) = found.external_id.as_deref().map(UserId::parse) {
            if named == *user {
                return Ok(Whose::Theirs);
            }
            if people::load(&mut tx, key.0, &named).await?.is_some()
                || accounts::was_known(&mut tx, key, &named).await?
            {
                return Ok(Whose::Another("BELONGS_TO_ANOTHER"));
            }
        }
        let name = found.user_name.as_deref().unwrap_or_default();
        if facts.wanted != Wanted::Yes
            && let Some(person) = people::find_by_identifier(&mut tx, key.0, name).await?
            && person.id != *user
        {
            return Ok(Whose::Unsure);
        }
        Ok(Whose::Theirs)
    }
}
