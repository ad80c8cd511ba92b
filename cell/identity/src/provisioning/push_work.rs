//! One pushed group: it is found or made at the peer, called as it is to be called, and given its members, a bounded number at a time.

use crate::cell::Cell;
use crate::event_hook::envoy::Envoy;
use crate::fault::Fault;
use crate::group::{self, Group};
use crate::provisioning::peer::{Failure, Peer};
use crate::provisioning::push::Push;
use crate::provisioning::retry::{Fate, decide_next_refused};
use crate::provisioning::store::groups::{self, Member};
use crate::provisioning::store::{Held, accounts, connections, requests};
use crate::provisioning::work::{Work, Worked};
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use protocol::scim::peer::PeerResource;
use protocol::scim::{GROUP, PATCH_OP};
use serde_json::{Map, Value, json};
use vocab::future::boxed;
use vocab::id::UserId;
use vocab::time::Timestamp;

const GROUPS: &str = "Groups";
/// Members of one request.
pub const MEMBERS_MAX: i64 = 100;
/// Members of one page of a walk.
const WALK_ROWS_MAX: i64 = 200;
/// Where a walk begins.
const WALK_START: &str = "-";

/// What came of it.
struct Attempt {
    push: Push,
    failure: Option<Failure>,
    members: Vec<Member>,
    /// Of these, such as are at the peer as they are to be.
    done: Vec<Member>,
    /// Such as the peer does not take in. They are not tried again by themselves.
    refused: Vec<Member>,
    /// Such as the peer does not let go. They are tried again, behind all others.
    kept: Vec<Member>,
    /// Whether more members wait behind these.
    has_more: bool,
    /// Whether more wait that were not tried yet.
    has_untried: bool,
    act: Option<EventType>,
    vanished: bool,
    is_removed: bool,
}

/// The patch that puts people in and takes people out; none if there are none.
#[must_use]
pub fn render_members(members: &[Member]) -> Option<Value> {
    let added: Vec<Value> = members
        .iter()
        .filter(|member| member.sent != member.wanted)
        .filter_map(|member| member.wanted.as_ref())
        .map(|id| json!({ "value": id }))
        .collect();
    let removed = members.iter().filter(|member| member.sent != member.wanted);
    let removed = removed.filter_map(|member| member.sent.as_ref());
    let mut operations: Vec<Value> = removed
        .map(|id| {
            let path = format!("members[value eq {}]", Value::from(id.as_str()));
            json!({ "op": "remove", "path": path })
        })
        .collect();
    if !added.is_empty() {
        operations.push(json!({ "op": "add", "path": "members", "value": added }));
    }
    (!operations.is_empty()).then(|| json!({ "schemas": [PATCH_OP], "Operations": operations }))
}

impl Cell {
    /// Does for a pushed group what is to be done next.
    ///
    /// # Errors
    /// [`Fault`] if the store fails; it is then done again.
    #[boxed]
    pub async fn push_group(
        &self,
        work: &Work,
        push: Push,
        envoy: &dyn Envoy,
    ) -> Result<Worked, Fault> {
        let (push, source) = {
            let mut tx = self.database.read().await?;
            let Some(push) = groups::load(&mut tx, work.held.key(), &push.id).await? else {
                return Ok(Worked::Done);
            };
            let source = group::store::load(&mut tx, &work.held.org_id, &push.group_id).await?;
            (push, source)
        };
        let push = match push.active && !push.walk_at.is_empty() && source.is_some() {
            true => match self.walk_push(work, push).await? {
                Some(push) => push,
                // Something was marked meanwhile.
                None => return Ok(Worked::Done),
            },
            false => push,
        };
        let mut attempt = Attempt {
            push,
            failure: None,
            members: Vec::new(),
            done: Vec::new(),
            refused: Vec::new(),
            kept: Vec::new(),
            has_more: false,
            has_untried: false,
            act: None,
            vanished: false,
            is_removed: false,
        };
        let mut peer = work.peer(self, envoy, attempt.push.id.as_str());
        let done = self
            .perform_push(work, &mut peer, source.as_ref(), &mut attempt)
            .await?;
        attempt.failure = done.err();
        let trail = peer.trail();
        self.note_push(work, source.as_ref(), attempt, trail).await
    }

    async fn perform_push(
        &self,
        work: &Work,
        peer: &mut Peer<'_>,
        source: Option<&Group>,
        attempt: &mut Attempt,
    ) -> Result<Result<(), Failure>, Fault> {
        if attempt.push.removing {
            let id = attempt.push.peer_id.clone().unwrap_or_default();
            let removed = peer.remove(GROUPS, &id).await;
            attempt.is_removed = removed.is_ok();
            return Ok(removed);
        }
        if !attempt.push.active {
            return Ok(Ok(()));
        }
        let Some(source) = source else {
            return Ok(Err(Failure::of_word("SOURCE_GROUP_GONE", Fate::Parked)));
        };
        if attempt.push.follows_name {
            attempt.push.name.clone_from(&source.name);
        }
        let known = attempt.push.peer_id.clone();
        if let Err(failure) = reach_target(peer, attempt).await {
            return Ok(Err(failure));
        }
        if known != attempt.push.peer_id
            && let Err(failure) = self.claim_target(work, &attempt.push).await?
        {
            attempt.push.peer_id = None;
            attempt.push.sent_name = String::new();
            return Ok(Err(failure));
        }
        let members = {
            let mut tx = self.database.read().await?;
            let whose = (&attempt.push.id, &attempt.push.group_id);
            groups::load_due_members(&mut tx, work.held.key(), whose, MEMBERS_MAX).await?
        };
        take_members(attempt, members);
        Ok(push_members(peer, attempt).await)
    }

    /// Notes which group at the peer it is, before anybody is put into it: it is that of one push alone.
    async fn claim_target(&self, work: &Work, push: &Push) -> Result<Result<(), Failure>, Fault> {
        let (held, push) = (work.held.clone(), push.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    if !connections::is_held(tx, &held).await? {
                        return Ok(Err(Failure::of_word("LOST", Fate::Later)));
                    }
                    let target = push.peer_id.as_deref().unwrap_or_default();
                    let owner = groups::find_by_peer(tx, held.key(), target).await?;
                    Ok(match owner.filter(|owner| owner.id != push.id) {
                        // It goes soon, and another one is made.
                        Some(owner) if owner.removing => {
                            Err(Failure::of_word("TARGET_GROUP_IN_USE", Fate::Later))
                        }
                        Some(_) => Err(Failure::of_word("TARGET_GROUP_IN_USE", Fate::Parked)),
                        None => {
                            groups::claim(tx, held.key(), &push).await?;
                            Ok(())
                        }
                    })
                })
            })
            .await
    }

    /// Marks a page of those who are in the group, or were put into it at the peer.
    async fn walk_push(&self, work: &Work, push: Push) -> Result<Option<Push>, Fault> {
        let (people, next) = {
            let mut tx = self.database.read().await?;
            let place = push.walk_at.as_str();
            match place.strip_prefix("n:") {
                Some(after) => {
                    let key = work.held.key();
                    let people =
                        groups::load_noted(&mut tx, key, &push.id, after, WALK_ROWS_MAX).await?;
                    let next = behind(&people, "n:", "");
                    (people, next)
                }
                None => {
                    let after = if place == WALK_START { "" } else { place };
                    let whose = (push.group_id.as_str(), after);
                    let org = &work.held.org_id;
                    let people = accounts::load_members(&mut tx, org, whose, WALK_ROWS_MAX).await?;
                    let next = behind(&people, "", "n:");
                    (people, next)
                }
            }
        };
        let held = work.held.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let key = held.key();
                    let version = (&push.id, push.version);
                    if !groups::move_walk(tx, key, version, &next).await? {
                        return Ok(None);
                    }
                    groups::mark_members(tx, key, &push.id, &people).await?;
                    Ok(Some(Push {
                        walk_at: next,
                        ..push
                    }))
                })
            })
            .await
    }

    async fn note_push(
        &self,
        work: &Work,
        source: Option<&Group>,
        mut attempt: Attempt,
        trail: Vec<crate::provisioning::requests::Request>,
    ) -> Result<Worked, Fault> {
        let now = self.now();
        let mut left_alone = None;
        let is_refused_there = is_refused_there(&attempt);
        let goes_on = attempt.has_untried
            && [&attempt.done, &attempt.refused, &attempt.kept]
                .into_iter()
                .any(|some| !some.is_empty());
        let push = &mut attempt.push;
        match &attempt.failure {
            None => {
                let is_through = push.walk_at.is_empty() && !attempt.has_more;
                push.attempts = 0;
                push.trouble = None;
                push.due_at = (push.active && !is_through).then_some(now);
                if !trail.is_empty() {
                    push.pushed_at = Some(now);
                }
            }
            Some(failure) => {
                push.attempts += 1;
                let drawn = self.draw_share();
                let (next, alone) = work.plan_retry(failure, push.attempts, (now, drawn));
                left_alone = alone;
                push.due_at = match next {
                    None if goes_on => Some(now),
                    None if is_refused_there => {
                        Some(decide_next_refused(now, push.attempts, drawn))
                    }
                    other => other,
                };
                push.trouble = Some(failure.explain());
            }
        }
        let event = event_of(work, source, &attempt, now);
        let held = work.held.clone();
        let noted: Result<bool, Fault> = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let trouble = attempt.failure.as_ref();
                    let trouble = trouble.filter(|failure| failure.fate != Fate::Parked);
                    let trouble = trouble.map(|failure| (failure.word.as_str(), left_alone));
                    let is_held = match trail.is_empty() {
                        true => connections::is_held(tx, &held).await?,
                        false => connections::note(tx, &held, trouble).await?,
                    };
                    if !is_held {
                        return Ok(false);
                    }
                    requests::append(tx, held.key(), &trail).await?;
                    store_push(tx, &held, &attempt).await?;
                    if let Some(event) = event.filter(|_| !attempt.is_removed) {
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

async fn store_push(tx: &mut WriteTx, held: &Held, attempt: &Attempt) -> Result<(), Fault> {
    let (key, id) = (held.key(), &attempt.push.id);
    if attempt.is_removed {
        groups::delete(tx, key, id).await?;
        return Ok(());
    }
    groups::note(tx, key, &attempt.push).await?;
    if attempt.vanished {
        groups::forget_target(tx, key, id, attempt.push.due_at).await?;
    } else {
        for member in &attempt.done {
            groups::note_member(tx, key, id, member).await?;
        }
        for member in &attempt.refused {
            groups::park_member(tx, key, id, member).await?;
        }
        for member in &attempt.kept {
            groups::put_behind(tx, key, id, member).await?;
        }
    }
    Ok(())
}

/// Takes those of a page of members who go together: whom the peer refused to let go before is not asked for with the others, who would
/// have to go one by one with them.
fn take_members(attempt: &mut Attempt, mut page: Vec<Member>) {
    let is_full = i64::try_from(page.len()).unwrap_or(i64::MAX) == MEMBERS_MAX;
    let untried = page.partition_point(|member| member.refusals == 0);
    let is_mixed = untried > 0 && untried < page.len();
    if is_mixed {
        page.truncate(untried);
    }
    attempt.has_more = is_full || is_mixed;
    attempt.has_untried = is_full && untried > 0 && !is_mixed;
    attempt.members = page;
}

/// Whether the group is there, and refuses what may concern who is to be in it no more: that is tried until it is done.
fn is_refused_there(attempt: &Attempt) -> bool {
    let refuses = |failure: &Failure| failure.fate == Fate::Parked && failure.status.is_some();
    let left = |member: &Member| is_leaving(member) && !attempt.done.contains(member);
    attempt.failure.as_ref().is_some_and(refuses)
        && !attempt.vanished
        && attempt.push.peer_id.is_some()
        && (attempt.refused.is_empty() || attempt.members.iter().any(left))
}

/// Whether somebody is in the group at the peer by an id that is to be in it no more.
fn is_leaving(member: &Member) -> bool {
    member.sent.is_some() && member.sent != member.wanted
}

/// Where the next page of a walk begins: behind the last of a full one, else at the next part.
fn behind(people: &[UserId], prefix: &str, else_at: &str) -> String {
    let is_full = i64::try_from(people.len()).unwrap_or(i64::MAX) == WALK_ROWS_MAX;
    match people.last().filter(|_| is_full) {
        Some(last) => format!("{prefix}{last}"),
        None => else_at.to_owned(),
    }
}

fn event_of(
    work: &Work,
    source: Option<&Group>,
    attempt: &Attempt,
    now: Timestamp,
) -> Option<Event> {
    let kind = attempt.act?;
    let outcome = match &attempt.failure {
        None => Outcome::Success,
        Some(failure) if failure.fate == Fate::Parked => Outcome::Failure,
        Some(_) => return None,
    };
    let name = source.map_or("", |group| group.name.as_str());
    let event = work.event(kind, outcome, now);
    let event = event.target(Target::group(&attempt.push.group_id, name));
    Some(match &attempt.failure {
        Some(failure) => event.reason(&failure.word),
        None => event,
    })
}

/// Finds or makes the group at the peer, and calls it as it is to be called.
async fn reach_target(peer: &mut Peer<'_>, attempt: &mut Attempt) -> Result<(), Failure> {
    let push = &mut attempt.push;
    let name = push.name.clone();
    match push.peer_id.clone() {
        // It was named by an id that leads nowhere any more, and there is no name to find or make one by.
        None if name.is_empty() => {
            return Err(Failure::of_word("TARGET_GROUP_NOT_FOUND", Fate::Parked));
        }
        None => {
            attempt.act = Some(EventType::ApplicationProvisionGroupPushPushed);
            let is_named = |found: &PeerResource| found.display_name.as_deref() == Some(&name);
            let found = peer
                .search(GROUPS, ("displayName", &name), is_named)
                .await?;
            let target = match found {
                Some(found) => found,
                None => {
                    let body = json!({ "schemas": [GROUP], "displayName": name });
                    peer.add(GROUPS, &body).await?
                }
            };
            push.peer_id = Some(target.id);
            push.sent_name = name;
        }
        // It was named by its id: it must be there.
        Some(id) if push.pushed_at.is_none() && push.sent_name.is_empty() && name.is_empty() => {
            attempt.act = Some(EventType::ApplicationProvisionGroupPushPushed);
            if peer.find(GROUPS, &id).await?.is_none() {
                return Err(Failure::of_word("TARGET_GROUP_NOT_FOUND", Fate::Parked));
            }
        }
        Some(id) if !name.is_empty() && push.sent_name != name => {
            attempt.act = Some(EventType::ApplicationProvisionGroupPushUpdated);
            let operation = json!({ "op": "replace", "value": { "displayName": name } });
            let body = json!({ "schemas": [PATCH_OP], "Operations": [operation] });
            match peer.patch(GROUPS, &id, &body).await {
                Err(failure) if failure.is_missing() => {
                    return match peer.find(GROUPS, &id).await? {
                        Some(_) => Err(failure),
                        None => Err(vanish(attempt)),
                    };
                }
                other => other?,
            }
            push.sent_name = name;
        }
        Some(_) => {}
    }
    Ok(())
}

fn vanish(attempt: &mut Attempt) -> Failure {
    attempt.vanished = true;
    attempt.push.peer_id = None;
    attempt.push.sent_name = String::new();
    match attempt.push.name.is_empty() {
        // There is nothing that another one could be found by.
        true => Failure::of_word("TARGET_GROUP_NOT_FOUND", Fate::Parked),
        false => Failure::of_word("TARGET_GROUP_VANISHED", Fate::Later),
    }
}

async fn push_members(peer: &mut Peer<'_>, attempt: &mut Attempt) -> Result<(), Failure> {
    let Some(body) = render_members(&attempt.members) else {
        attempt.done.clone_from(&attempt.members);
        return Ok(());
    };
    let id = attempt.push.peer_id.clone().unwrap_or_default();
    attempt
        .act
        .get_or_insert(EventType::ApplicationProvisionGroupPushPushMemberships);
    match peer.patch(GROUPS, &id, &body).await {
        Ok(()) => {
            attempt.done.clone_from(&attempt.members);
            Ok(())
        }
        Err(failure) if failure.is_missing() || failure.fate == Fate::Parked => {
            match peer.find(GROUPS, &id).await? {
                None => Err(vanish(attempt)),
                Some((_, group)) => push_singly(peer, attempt, (&id, &group)).await,
            }
        }
        Err(failure) => Err(failure),
    }
}

/// The group is there, and somebody of many is not taken: each goes alone, so that nobody is held up by another.
async fn push_singly(
    peer: &mut Peer<'_>,
    attempt: &mut Attempt,
    (id, group): (&str, &Map<String, Value>),
) -> Result<(), Failure> {
    let mut trouble = Ok(());
    for member in attempt.members.clone() {
        let Some(body) = render_members(std::slice::from_ref(&member)) else {
            attempt.done.push(member);
            continue;
        };
        if !peer.has_time() {
            attempt.has_more = true;
            attempt.has_untried |= member.refusals == 0;
            break;
        }
        match peer.patch(GROUPS, id, &body).await {
            Ok(()) => attempt.done.push(member),
            Err(failure) if failure.is_missing() || failure.fate == Fate::Parked => {
                if member.wanted.is_none() && is_absent(group, &member) {
                    attempt.done.push(member);
                    continue;
                }
                match is_leaving(&member) {
                    true => attempt.kept.push(member),
                    false => attempt.refused.push(member),
                }
                trouble = Err(Failure {
                    fate: Fate::Parked,
                    ..failure
                });
            }
            Err(failure) => return Err(failure),
        }
    }
    trouble
}

/// Whether the group shows its members, and somebody is not among them.
fn is_absent(group: &Map<String, Value>, member: &Member) -> bool {
    let Some(Value::Array(members)) = group.get("members") else {
        return false;
    };
    let id = member.sent.as_deref();
    !members
        .iter()
        .any(|shown| shown.get("value").and_then(Value::as_str) == id)
}

#[cfg(test)]
mod tests {
    use super::render_members;
    use crate::provisioning::store::groups::Member;
    use serde_json::json;
    use vocab::entropy::SeededEntropy;
    use vocab::id::UserId;

    #[test]
    fn only_what_differs_is_sent() {
        let entropy = SeededEntropy::new(5);
        let member = |sent: Option<&str>, wanted: Option<&str>| Member {
            user_id: UserId::generate(&entropy),
            sent: sent.map(str::to_owned),
            version: 1,
            refusals: 0,
            wanted: wanted.map(str::to_owned),
        };
        let same = [member(Some("1"), Some("1")), member(None, None)];
        assert_eq!(render_members(&same), None);
        let other = [
            member(None, Some("1")),
            member(Some("2"), None),
            member(Some("3"), Some("4")),
            member(Some("5"), Some("5")),
        ];
        let rendered = render_members(&other).unwrap();
        let expected = json!([
            { "op": "remove", "path": "members[value eq \"2\"]" },
            { "op": "remove", "path": "members[value eq \"3\"]" },
            { "op": "add", "path": "members", "value": [{ "value": "1" }, { "value": "4" }] },
        ]);
        assert_eq!(rendered["Operations"], expected);
    }
}
