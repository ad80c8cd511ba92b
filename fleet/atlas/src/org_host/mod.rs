//! Host names that orgs bring: claimed in the register, made known to the org's cell, then to edges; and the other way
//! round when one is taken away.
//!
//! Each step is there once it is done, and doing it again changes nothing: interrupted anywhere, it is carried on with. No
//! edge sends requests for a host to a cell that does not know it.

mod door;
pub(crate) mod http;
pub(crate) mod store;

use crate::creation::{Hope, decide_hope};
use crate::log::{self, Entry};
use crate::refusal::Refusal;
use crate::register::Register;
use vocab::id::OrgId;
use vocab::slug::Slug;
use wire::control::{OrgState, OrgView};
use wire::names::Host;
use wire::routes::entry::{Change, Entry as RouteEntry, HostRoute, Key};

/// Host names that are read at once.
const PAGE_HOSTS: i64 = 100;
/// Longest part of a cell's words that the log keeps.
const REASON_CHARS_MAX: usize = 300;
/// Whom the log names for what is carried on with.
const RESUMER: &str = "control";

/// Where a host name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostState {
    /// It is claimed; the cell may not know it.
    Adding,
    /// The cell knows it, and so do edges.
    Serving,
    /// Edges know it no more; the cell may.
    Removing,
}

impl HostState {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Adding => "adding",
            Self::Serving => "serving",
            Self::Removing => "removing",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Adding, Self::Serving, Self::Removing]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A host name of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostRow {
    pub(crate) host: Host,
    pub(crate) org: OrgId,
    pub(crate) slug: Slug,
    pub(crate) state: HostState,
}

/// What whoever wants a host name has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// Claim it.
    New,
    /// Carry on with what was begun.
    CarryOn,
    /// Nothing: it is there.
    Done,
}

fn decide_claim(known: Option<&HostRow>, org: &OrgId) -> Result<Claim, Refusal> {
    let Some(known) = known else {
        return Ok(Claim::New);
    };
    if known.org != *org {
        return Err(Refusal::HostTaken {
            host: known.host.to_string(),
        });
    }
    match known.state {
        HostState::Adding => Ok(Claim::CarryOn),
        HostState::Serving => Ok(Claim::Done),
        HostState::Removing => Err(Refusal::UnderWay {
            name: known.host.to_string(),
        }),
    }
}

/// A step of a host name: its log row, and what edges learn.
struct Step<'s> {
    kind: &'static str,
    actor: &'s str,
    detail: String,
    routes: Vec<Change>,
}

impl Register {
    /// Lets an org answer at a host name. Asked again, it is carried on with, or there already.
    ///
    /// # Errors
    /// [`Refusal::HostTaken`] if it is another's, [`Refusal::HostNotYet`] if the cell cannot take it at the moment.
    pub async fn add_host(
        &self,
        slug: &Slug,
        host: &Host,
        actor: &str,
    ) -> Result<OrgView, Refusal> {
        let org = self.org(slug).await?;
        let _turn = self.begin_host(&org, host)?;
        if org.state != OrgState::Serving {
            let name = slug.to_string();
            return Err(Refusal::UnderWay { name });
        }
        let row = HostRow {
            host: host.clone(),
            org: org.id.clone(),
            slug: slug.clone(),
            state: HostState::Adding,
        };
        if self.claim_host(row.clone(), &org, actor).await? != Claim::Done {
            self.carry_host(&row, actor).await?;
        }
        self.org(slug).await
    }

    /// Lets an org no longer answer at a host name. Edges forget it first.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it is not the org's, [`Refusal::HostNotYet`] if the cell cannot be told at the moment.
    pub async fn remove_host(
        &self,
        slug: &Slug,
        host: &Host,
        actor: &str,
    ) -> Result<OrgView, Refusal> {
        let org = self.org(slug).await?;
        let _turn = self.begin_host(&org, host)?;
        let known = store::load(&mut self.database.read().await?, host).await?;
        let known = known.filter(|known| known.org == org.id);
        let known = known.ok_or_else(|| Refusal::NoHost {
            name: slug.to_string(),
            host: host.to_string(),
        })?;
        let removing = HostRow {
            state: HostState::Removing,
            ..known.clone()
        };
        if known.state != HostState::Removing {
            let step = Step {
                kind: "org.host.remove",
                actor,
                detail: host.to_string(),
                routes: vec![Change::Delete(Key::Host(host.clone()))],
            };
            self.step(known, &org, Some(HostState::Removing), step)
                .await?;
        }
        self.carry_host(&removing, actor).await?;
        self.org(slug).await
    }

    /// Carries on with host names whose adding or removing was interrupted. Says how many it left behind.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn resume_hosts(&self) -> Result<usize, Refusal> {
        let (mut left, mut after) = (0, String::new());
        loop {
            let mut tx = self.database.read().await?;
            let waiting = store::load_under_way(&mut tx, &after, PAGE_HOSTS).await?;
            drop(tx);
            let Some(last) = waiting.last() else {
                return Ok(left);
            };
            after = last.host.to_string();
            for row in &waiting {
                let Some(_turn) = self.underway.begin(&row.org) else {
                    left += 1;
                    continue;
                };
                // It may have come further since it was read.
                let known = store::load(&mut self.database.read().await?, &row.host).await?;
                if known.as_ref() != Some(row) {
                    continue;
                }
                match self.carry_host(row, RESUMER).await {
                    Ok(()) => {}
                    Err(Refusal::HostNotYet { source, .. }) => {
                        tracing::debug!(host = %row.host, error = %source, "a host name waits for its cell");
                        left += 1;
                    }
                    Err(Refusal::CellRefused { reason, .. }) => {
                        tracing::warn!(host = %row.host, reason, "a host name was given up");
                    }
                    Err(refusal) => return Err(refusal),
                }
            }
        }
    }

    /// One change of an org's hosts at a time: the cell would hear two of them in any order.
    fn begin_host(&self, org: &OrgView, host: &Host) -> Result<crate::underway::Turn, Refusal> {
        let turn = self.underway.begin(&org.id);
        turn.ok_or_else(|| Refusal::UnderWay {
            name: host.to_string(),
        })
    }

    async fn claim_host(&self, row: HostRow, org: &OrgView, actor: &str) -> Result<Claim, Refusal> {
        let entry = self.host_entry(org, "org.host.claim", row.host.to_string(), actor);
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    let known = store::load(tx, &row.host).await?;
                    let claim = decide_claim(known.as_ref(), &row.org)?;
                    if claim == Claim::New {
                        store::insert(tx, &row.host, &row.org).await?;
                        log::append(tx, place, &entry, &[]).await?;
                    }
                    Ok(claim)
                })
            })
            .await
    }

    /// From its state to the end: tells the cell, then writes that it knows.
    async fn carry_host(&self, row: &HostRow, actor: &str) -> Result<(), Refusal> {
        let org = self.org(&row.slug).await?;
        let cell = self.cell(&org.cell).await?;
        let told = match row.state {
            HostState::Adding => self.doors.add_host(&cell, &org, &row.host).await,
            HostState::Removing => self.doors.remove_host(&cell, &org, &row.host).await,
            HostState::Serving => return Ok(()),
        };
        let step = |kind, detail, routes| Step {
            kind,
            actor,
            detail,
            routes,
        };
        match (told, row.state) {
            (Ok(()), HostState::Adding) => {
                let route = Change::Put(RouteEntry::Host(HostRoute {
                    host: row.host.clone(),
                    slug: row.slug.clone(),
                }));
                let step = step("org.host.add", row.host.to_string(), vec![route]);
                self.step(row.clone(), &org, Some(HostState::Serving), step)
                    .await
            }
            (Ok(()), _) => {
                let step = step("org.host.gone", row.host.to_string(), Vec::new());
                self.step(row.clone(), &org, None, step).await
            }
            (Err(error), HostState::Adding) if decide_hope(&error) == Hope::Never => {
                let reason: String = error.to_string().chars().take(REASON_CHARS_MAX).collect();
                let detail = format!("{}: {reason}", row.host);
                let step = step("org.host.release", detail, Vec::new());
                self.step(row.clone(), &org, None, step).await?;
                Err(Refusal::CellRefused {
                    name: row.host.to_string(),
                    cell: org.cell.to_string(),
                    reason,
                })
            }
            (Err(source), _) => Err(Refusal::HostNotYet {
                host: row.host.to_string(),
                cell: org.cell.to_string(),
                source,
            }),
        }
    }

    /// Brings a host name to another state, or gives it up, with its log row and what edges learn.
    async fn step(
        &self,
        row: HostRow,
        org: &OrgView,
        to: Option<HostState>,
        step: Step<'_>,
    ) -> Result<(), Refusal> {
        let entry = self.host_entry(org, step.kind, step.detail, step.actor);
        let routes = step.routes;
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    let moved = match to {
                        Some(to) => store::update_state(tx, &row, to).await?,
                        None => store::delete(tx, &row).await?,
                    };
                    if !moved {
                        // Another control plane carried it on meanwhile.
                        return Ok(());
                    }
                    log::append(tx, place, &entry, &routes).await
                })
            })
            .await?;
        self.feed.catch_up().await
    }

    fn host_entry(&self, org: &OrgView, kind: &str, detail: String, actor: &str) -> Entry {
        Entry {
            at: self.clock.now(),
            kind: kind.to_owned(),
            subject: org.slug.to_string(),
            epoch: org.epoch,
            actor: actor.to_owned(),
            detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, HostRow, HostState, decide_claim};
    use crate::refusal::Refusal;
    use vocab::entropy::SeededEntropy;
    use vocab::id::OrgId;
    use vocab::slug::Slug;
    use wire::names::Host;

    #[test]
    fn a_host_name_is_claimed_once_and_carried_on_with() {
        let entropy = SeededEntropy::new(1);
        let (own, other) = (OrgId::generate(&entropy), OrgId::generate(&entropy));
        let row = |org: &OrgId, state| HostRow {
            host: Host::parse("login.acme.test").unwrap(),
            org: org.clone(),
            slug: Slug::parse("acme").unwrap(),
            state,
        };
        assert_eq!(decide_claim(None, &own).unwrap(), Claim::New);
        for (state, claim) in [
            (HostState::Adding, Some(Claim::CarryOn)),
            (HostState::Serving, Some(Claim::Done)),
            (HostState::Removing, None),
        ] {
            assert_eq!(decide_claim(Some(&row(&own, state)), &own).ok(), claim);
            let refusal = decide_claim(Some(&row(&other, state)), &own).err().unwrap();
            assert!(matches!(refusal, Refusal::HostTaken { .. }), "{refusal}");
            assert_eq!(HostState::parse(state.as_str()), Some(state));
        }
    }
}
