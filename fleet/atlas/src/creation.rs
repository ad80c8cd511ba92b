//! How an org comes to be: its name and place are taken, its cell makes it, edges learn of it.
//!
//! Each step is there once it is done, and doing it again changes nothing: interrupted anywhere, the creation is carried
//! on with by whoever comes next. No edge is told of an org before its cell has it.

use crate::log::{self, Entry};
use crate::placement::decide_placement;
use crate::refusal::Refusal;
use crate::register::{Register, check_text, org_route};
use crate::store;
use http::StatusCode;
use tokio::task::JoinSet;
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use vocab::slug::Slug;
use wire::cell::{AdoptOrg, AdoptedOrg};
use wire::client::CallError;
use wire::control::{CreateOrg, OrgState, OrgView};
use wire::names::CellName;

/// Creations that are read at once.
const PAGE_ORGS: i64 = 100;
/// Longest part of a cell's words that the log keeps.
const REASON_CHARS_MAX: usize = 300;
/// Whom the log names for what is carried on with.
const RESUMER: &str = "control";

impl Register {
    /// Makes an org. Asked again with the same words while it is being made, it is carried on with.
    ///
    /// # Errors
    /// [`Refusal::NotYet`] if its cell cannot take it at the moment, [`Refusal::CellRefused`] if it never will.
    pub async fn create_org(
        &self,
        wanted: CreateOrg,
        actor: &str,
    ) -> Result<(OrgView, AdoptedOrg), Refusal> {
        check_text("name", &wanted.name)?;
        check_new_slug(&wanted.slug)?;
        let id = OrgId::generate(self.entropy.as_ref());
        // Begun before anyone can find the org in the register, so that nobody carries it on in between.
        let mut turn = self.underway.begin(&id);
        let org = self.claim(id.clone(), wanted, actor).await?;
        if org.id != id {
            turn = self.underway.begin(&org.id);
        }
        let name = org.slug.to_string();
        let _turn = turn.ok_or_else(|| Refusal::UnderWay { name: name.clone() })?;
        match self.org(&org.slug).await?.state {
            OrgState::Creating => self.settle(&org, actor).await,
            OrgState::Serving => Err(Refusal::Taken { name }),
        }
    }

    /// Takes the org's name and place; answers with the org of that name if it is being made with the same words.
    async fn claim(&self, id: OrgId, wanted: CreateOrg, actor: &str) -> Result<OrgView, Refusal> {
        let (now, actor, watch) = (self.clock.now(), actor.to_owned(), self.watch.clone());
        let claimed = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    if let Some(known) = store::load_org(tx, &wanted.slug).await? {
                        return if decide_resumes(&known, &wanted) {
                            Ok(known)
                        } else {
                            Err(Refusal::Taken {
                                name: wanted.slug.to_string(),
                            })
                        };
                    }
                    let mut cells = store::load_loads(tx).await?;
                    watch.mark(&mut cells);
                    let cell = decide_placement(&wanted.pin, wanted.cell.as_ref(), &cells)?;
                    let org = OrgView {
                        id,
                        slug: wanted.slug,
                        name: wanted.name,
                        pin: wanted.pin,
                        hosts: Vec::new(),
                        cell,
                        epoch: Epoch::FIRST,
                        state: OrgState::Creating,
                        created_at: now,
                    };
                    store::insert_org(tx, &org).await?;
                    store::count_org(tx, &org.cell).await?;
                    let entry = Entry {
                        at: now,
                        kind: String::from("org.create"),
                        subject: org.slug.to_string(),
                        epoch: org.epoch,
                        actor,
                        detail: format!("in {}", org.cell),
                    };
                    log::append(tx, place, &entry, &[]).await?;
                    Ok(org)
                })
            })
            .await?;
        self.feed.catch_up().await?;
        Ok(claimed)
    }

    /// Has the cell make the org, and lets edges know.
    pub(crate) async fn settle(
        &self,
        org: &OrgView,
        actor: &str,
    ) -> Result<(OrgView, AdoptedOrg), Refusal> {
        let cell = self.cell(&org.cell).await?;
        let adopt = AdoptOrg {
            slug: org.slug.clone(),
            name: org.name.clone(),
            epoch: org.epoch,
        };
        let (name, place) = (org.slug.to_string(), org.cell.to_string());
        match self.doors.adopt(&cell, &org.id, &adopt).await {
            Ok(adopted) => {
                self.serve(org.clone(), actor).await?;
                Ok((self.org(&org.slug).await?, adopted))
            }
            Err(error) => match decide_hope(&error) {
                Hope::Later => Err(Refusal::NotYet {
                    name,
                    cell: place,
                    source: error,
                }),
                Hope::Never => {
                    let reason: String = error.to_string().chars().take(REASON_CHARS_MAX).collect();
                    self.release(org.clone(), actor, reason.clone()).await?;
                    Err(Refusal::CellRefused {
                        name,
                        cell: place,
                        reason,
                    })
                }
            },
        }
    }

    async fn serve(&self, org: OrgView, actor: &str) -> Result<(), Refusal> {
        let (now, actor) = (self.clock.now(), actor.to_owned());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    if !store::update_to_serving(tx, &org).await? {
                        // Another control plane carried it on meanwhile.
                        return Ok(());
                    }
                    let entry = Entry {
                        at: now,
                        kind: String::from("org.serve"),
                        subject: org.slug.to_string(),
                        epoch: org.epoch,
                        actor,
                        detail: format!("by {}", org.cell),
                    };
                    log::append(tx, place, &entry, &[org_route(&org)]).await
                })
            })
            .await?;
        self.feed.catch_up().await
    }

    /// Gives name and place back. No edge was told of the org.
    async fn release(&self, org: OrgView, actor: &str, reason: String) -> Result<(), Refusal> {
        let (now, actor) = (self.clock.now(), actor.to_owned());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    if !store::delete_creating(tx, &org).await? {
                        return Ok(());
                    }
                    let entry = Entry {
                        at: now,
                        kind: String::from("org.release"),
                        subject: org.slug.to_string(),
                        epoch: org.epoch,
                        actor,
                        detail: reason,
                    };
                    log::append(tx, place, &entry, &[]).await
                })
            })
            .await?;
        self.feed.catch_up().await
    }

    /// Carries on with creations that were interrupted, in all cells side by side: one that hangs delays no other. Says
    /// how many it left behind.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn resume_creations(&self) -> Result<usize, Refusal> {
        let mut cells = JoinSet::new();
        for cell in self.cells().await? {
            let register = self.clone();
            cells.spawn(async move { register.resume_in(&cell.name).await });
        }
        let mut left = 0;
        while let Some(done) = cells.join_next().await {
            match done {
                Ok(resumed) => left += resumed?,
                Err(error) => tracing::error!(%error, "carrying on with creations failed"),
            }
        }
        Ok(left)
    }

    async fn resume_in(&self, cell: &CellName) -> Result<usize, Refusal> {
        let (mut left, mut after) = (0, String::new());
        loop {
            let mut tx = self.database.read().await?;
            let waiting = store::load_creating(&mut tx, cell, &after, PAGE_ORGS).await?;
            drop(tx);
            let Some(last) = waiting.last() else {
                return Ok(left);
            };
            after = last.id.to_string();
            for (done, org) in waiting.iter().enumerate() {
                match self.resume(org).await {
                    Ok(Resumed::Through) => {}
                    Ok(Resumed::Left) => left += 1,
                    Err(Refusal::NotYet { source, .. }) => {
                        tracing::debug!(%cell, error = %source, "orgs wait for their cell");
                        return Ok(left + waiting.len() - done);
                    }
                    Err(Refusal::CellRefused { reason, .. }) => {
                        tracing::warn!(org = %org.slug, %cell, reason, "an org was given up");
                    }
                    Err(refusal) => return Err(refusal),
                }
            }
        }
    }

    async fn resume(&self, org: &OrgView) -> Result<Resumed, Refusal> {
        let Some(_turn) = self.underway.begin(&org.id) else {
            return Ok(Resumed::Left);
        };
        // Looked at again: its own creator may have been through just before.
        let mut tx = self.database.read().await?;
        let known = store::load_org(&mut tx, &org.slug).await?;
        drop(tx);
        let waits = known.is_some_and(|known| {
            known.id == org.id && known.epoch == org.epoch && known.state == OrgState::Creating
        });
        if waits {
            self.settle(org, RESUMER).await?;
        }
        Ok(Resumed::Through)
    }
}

enum Resumed {
    Through,
    Left,
}

/// A name that browsers show in other letters than it is written in could pass for another's (RFC 5890 section 2.3.2.5).
fn check_new_slug(slug: &Slug) -> Result<(), Refusal> {
    if slug.as_str().get(2..4) != Some("--") {
        return Ok(());
    }
    Err(Refusal::Invalid {
        field: "slug",
        problem: format!(
            "{slug} would be shown in other letters: a short name has no two hyphens in the third and fourth place"
        ),
    })
}

/// Whether whoever asks for an org means the one that is being made under its name.
fn decide_resumes(known: &OrgView, wanted: &CreateOrg) -> bool {
    known.state == OrgState::Creating
        && (&known.name, &known.pin) == (&wanted.name, &wanted.pin)
        && wanted.cell.as_ref().is_none_or(|cell| *cell == known.cell)
}

/// Whether a cell that did not take an org, or a host of one, may take it yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hope {
    Later,
    Never,
}

/// Never, if the cell read the request and refused what it says. A cell that knows the org already at another epoch is
/// not one of these: it has the org.
pub(crate) fn decide_hope(error: &CallError) -> Hope {
    match error {
        CallError::Refused { status, problem } => match (*status, problem.error.as_str()) {
            (StatusCode::BAD_REQUEST, "invalid")
            | (StatusCode::UNPROCESSABLE_ENTITY, "refused")
            | (StatusCode::CONFLICT, "taken") => Hope::Never,
            _ => Hope::Later,
        },
        CallError::Unreachable { .. } | CallError::Garbled { .. } => Hope::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::{Hope, check_new_slug, decide_hope};
    use http::StatusCode;
    use vocab::slug::Slug;
    use wire::client::CallError;
    use wire::control::Problem;

    #[test]
    fn no_new_name_is_shown_in_other_letters() {
        for (name, fits) in [
            ("acme", true),
            ("a--b", true),
            ("xn--a", false),
            ("ab--c", false),
        ] {
            let slug = Slug::parse(name).unwrap();
            assert_eq!(check_new_slug(&slug).is_ok(), fits, "{name}");
        }
    }

    #[test]
    fn only_what_a_cell_refuses_for_good_is_given_up() {
        let refused = |status, error: &str| CallError::Refused {
            status,
            problem: Problem {
                error: error.to_owned(),
                message: String::new(),
            },
        };
        let table = [
            (refused(StatusCode::BAD_REQUEST, "invalid"), Hope::Never),
            (
                refused(StatusCode::UNPROCESSABLE_ENTITY, "refused"),
                Hope::Never,
            ),
            (refused(StatusCode::CONFLICT, "taken"), Hope::Never),
            (refused(StatusCode::CONFLICT, "changed"), Hope::Later),
            (refused(StatusCode::FORBIDDEN, "forbidden"), Hope::Later),
            (refused(StatusCode::BAD_REQUEST, "unknown"), Hope::Later),
            (
                refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
                Hope::Later,
            ),
            (
                CallError::Unreachable {
                    address: String::new(),
                    reason: String::new(),
                },
                Hope::Later,
            ),
        ];
        for (error, hope) in table {
            assert_eq!(decide_hope(&error), hope, "{error:?}");
        }
    }
}
