//! How a connection follows the log of its org, and how everybody is walked over where a row says no more than that much changed.
//!
//! Rows of one org have numbers without gaps, in the order of their commits, so that whoever goes on from the last number misses none. What
//! is found becomes marks, in the transaction that notes how far the connection has come. Rows that were removed from the log before they
//! were looked at are made up for by a walk; so is what a newer release sends of people who did not change, of whom no row says anything.

use crate::app;
use crate::attribute_schema::store as schemas;
use crate::cell::Cell;
use crate::fault::Fault;
use crate::provisioning::mapping::{RULES, changes_by_rules};
use crate::provisioning::store::accounts::{self, FoundTarget, LEFT_OUT};
use crate::provisioning::store::connections::{self, Due};
use crate::provisioning::store::{Key, groups};
use database::{ReadTx, WriteTx};
use std::collections::BTreeSet;
use vocab::future::boxed;
use vocab::id::{AppId, GroupId, OrgId, UserId};
use vocab::time::Timestamp;

/// Rows of the log that are passed in one step.
pub const STEP_ROWS_MAX: i64 = 200;
/// A connection for which so many rows held nothing notes all the same how far it has come.
pub const UNNOTED_ROWS_MAX: i64 = 1_000;
/// People of one page of a walk.
pub const WALK_ROWS_MAX: i64 = 200;
/// What a row of the log about the settings of an org is about besides, where the attributes of profiles changed.
pub const PROFILE_SCHEMA: &str = "profileSchema";

/// What a row of the log about an app is about besides, where the attributes changed that people have in it.
#[must_use]
pub fn schema_of(app: &AppId) -> String {
    format!("{PROFILE_SCHEMA}:{app}")
}

/// Where a walk begins.
pub const WALK_START: &str = "u:";

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The last row that was looked at.
    pub reached: i64,
    /// Whether there is more to look at now.
    pub has_more: bool,
    /// Whether something was marked.
    pub has_marked: bool,
}

/// What rows of the log ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// People to be looked at.
    pub people: BTreeSet<UserId>,
    /// Of these, such as came into groups or left them.
    pub members: BTreeSet<UserId>,
    /// Of these, such as may have to be let in no more: they come first.
    pub leavers: BTreeSet<UserId>,
    /// Groups that changed by themselves.
    pub groups: BTreeSet<GroupId>,
    /// Whether everybody is to be looked at.
    pub walk: bool,
}

/// What rows ask for, of an app.
#[must_use]
pub fn plan_marks(found: &[FoundTarget], app: &AppId) -> Marks {
    let mut marks = Marks::default();
    for FoundTarget { event_type, target } in found {
        // Whom a row does not name is found among everybody.
        marks.walk |= target == LEFT_OUT;
        let user = UserId::parse(target).ok();
        match event_type.as_str() {
            "group.application_assignment.add"
            | "group.application_assignment.remove"
            | "directory.mapping.update" => {
                marks.walk |= target == app.as_str();
            }
            "application.lifecycle.update" => marks.walk |= *target == schema_of(app),
            // Who was in the group is not in the row; the apps that were assigned to it are.
            "group.lifecycle.delete" => {
                marks.walk |= target == app.as_str();
                marks.groups.extend(GroupId::parse(target).ok());
            }
            "system.org.settings.update" => marks.walk |= target == PROFILE_SCHEMA,
            "group.profile.update" => marks.groups.extend(GroupId::parse(target).ok()),
            "group.user_membership.add" | "group.user_membership.remove" => {
                if is_leaving(event_type) {
                    marks.leavers.extend(user.clone());
                }
                marks.people.extend(user.clone());
                marks.members.extend(user);
            }
            _ => {
                if is_leaving(event_type) {
                    marks.leavers.extend(user.clone());
                }
                marks.people.extend(user);
            }
        }
    }
    marks
}

/// Whether somebody may have to be let in no more after it.
fn is_leaving(event_type: &str) -> bool {
    matches!(
        event_type,
        "user.lifecycle.deactivate"
            | "user.lifecycle.suspend"
            | "user.lifecycle.delete.completed"
            | "group.user_membership.remove"
            | "application.user_membership.remove"
    )
}

/// A place of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place<'p> {
    /// Among those to whom the app is assigned one by one, behind this person.
    People(&'p str),
    /// Among the members of this group, behind this person.
    Members(&'p str, &'p str),
    /// Among those of whom an account is known, behind this person.
    Accounts(&'p str),
}

impl<'p> Place<'p> {
    pub(crate) fn parse(text: &'p str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "u" => Some(Self::People(rest)),
            "g" => rest
                .split_once(':')
                .map(|(group, user)| Self::Members(group, user)),
            "a" => Some(Self::Accounts(rest)),
            _ => None,
        }
    }
}

/// A page of a walk.
pub(crate) struct Page {
    pub(crate) people: Vec<UserId>,
    are_assigned: bool,
    /// Where the next one begins; empty behind the last.
    pub(crate) next: String,
}

pub(crate) async fn load_page(
    tx: &mut ReadTx,
    key: Key<'_>,
    place: &str,
    limit: i64,
) -> Result<Page, Fault> {
    let (people, are_assigned) = match Place::parse(place) {
        Some(Place::People(after)) => (accounts::load_assigned(tx, key, after, limit).await?, true),
        Some(Place::Members(group, after)) => (
            accounts::load_members(tx, key.0, (group, after), limit).await?,
            true,
        ),
        Some(Place::Accounts(after)) => (accounts::load_known(tx, key, after, limit).await?, false),
        None => (Vec::new(), false),
    };
    let is_last = i64::try_from(people.len()).unwrap_or(i64::MAX) < limit;
    let last = people.last().filter(|_| !is_last);
    let next = match (Place::parse(place), last) {
        (Some(Place::People(_)), Some(last)) => format!("u:{last}"),
        (Some(Place::Members(group, _)), Some(last)) => format!("g:{group}:{last}"),
        (Some(Place::Accounts(_)), Some(last)) => format!("a:{last}"),
        (Some(Place::People(_)), None) => behind_group(tx, key, "").await?,
        (Some(Place::Members(group, _)), None) => behind_group(tx, key, group).await?,
        (Some(Place::Accounts(_)) | None, _) => String::new(),
    };
    Ok(Page {
        people,
        are_assigned,
        next,
    })
}

async fn behind_group(tx: &mut ReadTx, key: Key<'_>, group: &str) -> Result<String, Fault> {
    let next = accounts::next_group(tx, key, group).await?;
    Ok(next.map_or_else(|| "a:".to_owned(), |group| format!("g:{group}:")))
}

async fn write_marks(
    tx: &mut WriteTx,
    key: Key<'_>,
    marks: &Marks,
    now: Timestamp,
) -> Result<(), Fault> {
    for user in &marks.people {
        if !accounts::mark(tx, key, user, now).await?
            && app::store::is_assigned(tx, key.0, key.1, user).await?
        {
            accounts::mark_or_insert(tx, key, user, now).await?;
        }
    }
    for user in &marks.leavers {
        accounts::hurry(tx, key, user).await?;
    }
    for user in &marks.members {
        groups::mark_person(tx, key, user, now).await?;
    }
    for group in &marks.groups {
        groups::mark_group(tx, key, group.as_str(), now).await?;
    }
    Ok(())
}

impl Cell {
    /// So many connections that may have something to look at, behind that one in the order of orgs and apps.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn due_provisioning(
        &self,
        after: (&str, &str),
        limit: i64,
    ) -> Result<Vec<Due>, Fault> {
        let mut tx = self.database.read().await?;
        Ok(connections::load_due(&mut tx, after, self.now(), limit).await?)
    }

    /// Goes on in the log for a connection, from the row up to which nothing is known to matter to it.
    ///
    /// # Errors
    /// [`Fault`] if the store fails; the connection has not gone on.
    #[boxed]
    pub async fn follow_provisioning(
        &self,
        (org, app): (&OrgId, &AppId),
        known: i64,
    ) -> Result<Step, Fault> {
        let stays = |reached| Step {
            reached,
            has_more: false,
            has_marked: false,
        };
        let (followed, last, newest, marks) = {
            let mut tx = self.database.read().await?;
            let Some(connection) = connections::load(&mut tx, (org, app)).await? else {
                return Ok(stays(known));
            };
            let followed = connection.standing.followed;
            let from = followed.max(known);
            let newest = connection.standing.newest;
            let last = newest.min(from.saturating_add(STEP_ROWS_MAX));
            if last <= from {
                return Ok(stays(from));
            }
            let oldest = ledger::load_oldest(&mut tx, org).await?;
            let found = accounts::load_targets(&mut tx, org, (from, last)).await?;
            let mut marks = plan_marks(&found, app);
            marks.walk |= oldest.is_some_and(|oldest| oldest > from + 1);
            (followed, last, newest, marks)
        };
        let has_marked = marks != Marks::default();
        let step = Step {
            reached: last,
            has_more: last < newest,
            has_marked,
        };
        // Noted only now and then: the log of a busy org would cost a write for each row.
        if !has_marked && last - followed < UNNOTED_ROWS_MAX {
            return Ok(step);
        }
        let (org, app, now) = (org.clone(), app.clone(), self.now());
        let written: Result<bool, Fault> = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let key = (&org, &app);
                    let walk = marks.walk.then_some(WALK_START);
                    if !connections::go_on(tx, key, (followed, last), walk).await? {
                        return Ok(false);
                    }
                    write_marks(tx, key, &marks, now).await?;
                    // Whoever works may know attributes and mappings as they were before.
                    if marks.walk {
                        connections::end_hold(tx, key).await?;
                    }
                    Ok(true)
                })
            })
            .await;
        Ok(match written? {
            true => step,
            false => stays(followed),
        })
    }

    /// Has everybody looked at by the rules of now, where these may send something new of people who did not change, and notes it. Whoever
    /// works by older rules loses the hold; a process of an older release that runs beside this one may take somebody for done all the
    /// same, until they change.
    async fn walk_by_rules(&self, (org, app): (&OrgId, &AppId)) -> Result<bool, Fault> {
        let (org, app) = (org.clone(), app.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let key = (&org, &app);
                    let of_app = schemas::load(tx, &org, app.as_str()).await?;
                    let changes = changes_by_rules(&of_app.attributes);
                    let walk = changes.then_some(WALK_START);
                    let is_noted = connections::note_rules(tx, key, walk).await?;
                    if is_noted && changes {
                        connections::end_hold(tx, key).await?;
                    }
                    Ok(is_noted)
                })
            })
            .await
    }

    /// Marks a page of everybody whom a connection may concern; false if there was none, or it was the last.
    ///
    /// # Errors
    /// [`Fault`] if the store fails; the page is then still to be done.
    #[boxed]
    pub async fn walk_provisioning(&self, (org, app): (&OrgId, &AppId)) -> Result<bool, Fault> {
        let (place, page) = {
            let mut tx = self.database.read().await?;
            let Some(connection) = connections::load(&mut tx, (org, app)).await? else {
                return Ok(false);
            };
            if connection.standing.walked_by < RULES {
                drop(tx);
                return self.walk_by_rules((org, app)).await;
            }
            let place = connection.standing.walk_at;
            if place.is_empty() {
                return Ok(false);
            }
            let page = load_page(&mut tx, (org, app), &place, WALK_ROWS_MAX).await?;
            (place, page)
        };
        let (org, app, now) = (org.clone(), app.clone(), self.now());
        let written: Result<bool, Fault> = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let key = (&org, &app);
                    let way = (place.as_str(), page.next.as_str());
                    if !connections::move_walk(tx, key, way, WALK_START).await? {
                        return Ok(true);
                    }
                    for user in &page.people {
                        match page.are_assigned {
                            true => accounts::mark_or_insert(tx, key, user, now).await?,
                            false => {
                                accounts::mark(tx, key, user, now).await?;
                            }
                        }
                    }
                    Ok(!page.next.is_empty())
                })
            })
            .await;
        written
    }
}

#[cfg(test)]
mod tests {
    use super::{Marks, Place, plan_marks, schema_of};
    use crate::provisioning::store::accounts::FoundTarget;
    use std::collections::BTreeSet;
    use vocab::entropy::SeededEntropy;
    use vocab::id::{AppId, GroupId, UserId};

    #[test]
    fn rows_ask_for_whom_they_are_about() {
        let entropy = SeededEntropy::new(2);
        let (app, other) = (AppId::generate(&entropy), AppId::generate(&entropy));
        let (user, group) = (UserId::generate(&entropy), GroupId::generate(&entropy));
        let people = BTreeSet::from([user.clone()]);
        let groups = BTreeSet::from([group.clone()]);
        let (schema_of_app, schema_of_other) = (schema_of(&app), schema_of(&other));
        let walk = || Marks {
            walk: true,
            ..Marks::default()
        };
        for (event_type, targets, expected) in [
            (
                "user.lifecycle.suspend",
                vec![user.as_str()],
                Marks {
                    people: people.clone(),
                    leavers: people.clone(),
                    ..Marks::default()
                },
            ),
            (
                "group.user_membership.add",
                vec![user.as_str(), group.as_str()],
                Marks {
                    people: people.clone(),
                    members: people.clone(),
                    ..Marks::default()
                },
            ),
            (
                "application.user_membership.add",
                vec![other.as_str(), user.as_str()],
                Marks {
                    people: people.clone(),
                    ..Marks::default()
                },
            ),
            (
                "group.application_assignment.add",
                vec![app.as_str(), group.as_str()],
                walk(),
            ),
            (
                "group.application_assignment.add",
                vec![other.as_str(), group.as_str()],
                Marks::default(),
            ),
            (
                "group.lifecycle.delete",
                vec![group.as_str(), app.as_str()],
                Marks {
                    groups: groups.clone(),
                    ..walk()
                },
            ),
            ("group.lifecycle.delete", vec!["*"], walk()),
            (
                "group.lifecycle.delete",
                vec![group.as_str(), other.as_str()],
                Marks {
                    groups: groups.clone(),
                    ..Marks::default()
                },
            ),
            (
                "group.profile.update",
                vec![group.as_str()],
                Marks {
                    groups,
                    ..Marks::default()
                },
            ),
            ("directory.mapping.update", vec![app.as_str()], walk()),
            (
                "directory.mapping.update",
                vec![other.as_str()],
                Marks::default(),
            ),
            (
                "application.lifecycle.update",
                vec![app.as_str(), schema_of_other.as_str()],
                Marks::default(),
            ),
            (
                "application.lifecycle.update",
                vec![app.as_str(), schema_of_app.as_str()],
                walk(),
            ),
            (
                "application.user_membership.update",
                vec![app.as_str(), user.as_str()],
                Marks {
                    people: people.clone(),
                    ..Marks::default()
                },
            ),
            ("system.org.settings.update", vec!["00o"], Marks::default()),
            (
                "system.org.settings.update",
                vec!["00o", super::PROFILE_SCHEMA],
                walk(),
            ),
        ] {
            let found: Vec<FoundTarget> = targets
                .iter()
                .map(|target| FoundTarget {
                    event_type: event_type.into(),
                    target: (*target).into(),
                })
                .collect();
            assert_eq!(
                plan_marks(&found, &app),
                expected,
                "{event_type} {targets:?}"
            );
        }
    }

    #[test]
    fn a_place_is_read_as_it_is_written() {
        for (text, expected) in [
            ("u:", Some(Place::People(""))),
            ("u:00u1", Some(Place::People("00u1"))),
            ("g:00g1:", Some(Place::Members("00g1", ""))),
            ("g:00g1:00u1", Some(Place::Members("00g1", "00u1"))),
            ("a:00u1", Some(Place::Accounts("00u1"))),
            ("g:00g1", None),
            ("", None),
        ] {
            assert_eq!(Place::parse(text), expected, "{text}");
        }
    }
}
