//! Whoever works for a connection holds it, so that nobody else does meanwhile: a worker that dies leaves a hold that runs out, and what
//! it had not noted is done again.

use crate::cell::Cell;
use crate::event_hook::envoy::Envoy;
use crate::fault::Fault;
use crate::provisioning::account_facts::Sources;
use crate::provisioning::peer::{Failure, Peer, STEP_SECS_MAX};
use crate::provisioning::retry::{Fate, decide_next, is_left_alone};
use crate::provisioning::store::{Held, connections, groups, imports};
use crate::provisioning::{Connection, place_of};
use ledger::{Actor, Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::{AppId, OrgId};
use vocab::secret::{Secret, random_token};
use vocab::time::Timestamp;

/// How long a connection is held: longer than all requests of one step may take together, the last of which begins before the end of
/// the step.
pub const HOLD_SECS: i64 = 60;
/// How long one request takes at most, as the envoy has it.
const REQUEST_SECS_MAX: i64 = 10;
const _: () = assert!(HOLD_SECS > STEP_SECS_MAX + REQUEST_SECS_MAX);

/// What is held, with all that the work needs.
pub struct Work {
    /// The connection.
    pub connection: Connection,
    /// Who holds it.
    pub held: Held,
    /// The name of the app.
    pub label: String,
    pub(crate) sources: Sources,
    token: Secret<String>,
}

/// What came of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// It is done, or parked, and the next one comes.
    Done,
    /// The peer is left alone for a while.
    Paused,
    /// Somebody else holds the connection, or it was changed: nothing was noted.
    Lost,
}

impl Work {
    /// A way to the peer, for requests about this subject.
    pub(crate) fn peer<'p>(
        &'p self,
        cell: &'p Cell,
        envoy: &'p dyn Envoy,
        subject: &str,
    ) -> Peer<'p> {
        let to = (self.connection.config.base_url.as_str(), &self.token);
        Peer::new(cell, envoy, to, subject)
    }

    /// The app, as log rows name it.
    pub(crate) fn target(&self) -> Target {
        Target::app(&self.held.app_id, &self.label)
    }

    /// A row of the log.
    pub(crate) fn event(&self, kind: EventType, outcome: Outcome, now: Timestamp) -> Event {
        Event::new(kind, outcome, now)
            .actor(Actor::system("provisioning"))
            .target(self.target())
    }

    /// When something is tried again that failed so often, and until when its peer is left alone.
    pub(crate) fn plan_retry(
        &self,
        failure: &Failure,
        attempts: i64,
        (now, drawn): (Timestamp, u16),
    ) -> (Option<Timestamp>, Option<Timestamp>) {
        if failure.fate == Fate::Parked {
            return (None, None);
        }
        let failures = self.connection.standing.failures + 1;
        let asked = failure.retry_after_secs;
        let next = decide_next(now, attempts, asked, drawn);
        let alone =
            is_left_alone(failure.fate, failures).then(|| decide_next(now, failures, asked, drawn));
        (Some(next), alone)
    }
}

impl Cell {
    /// Takes hold of a connection that is switched on; none if somebody else has it.
    ///
    /// # Errors
    /// [`Fault`] if something cannot be read or opened.
    #[boxed]
    pub async fn hold_provisioning(
        &self,
        (org, app): (&OrgId, &AppId),
    ) -> Result<Option<Work>, Fault> {
        let now = self.now();
        let held = Held {
            org_id: org.clone(),
            app_id: app.clone(),
            holder: random_token(self.entropy(), "").expose().clone(),
        };
        let taken = held.clone();
        let is_held: Result<bool, Fault> = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let until = now.plus_secs(HOLD_SECS);
                    Ok(connections::hold(tx, &taken, (now, until)).await?)
                })
            })
            .await;
        if !is_held? {
            return Ok(None);
        }
        // As the store has it: of what is followed in the log, nothing may be older here.
        let (connection, sources) = {
            let mut tx = self.database.read().await?;
            let Some(connection) = connections::load(&mut tx, (org, app)).await? else {
                return Ok(None);
            };
            let sources = Sources::load(&mut tx, &connection).await?;
            (connection, sources)
        };
        let app_now = self.app(org, app).await?;
        let token = self
            .open_text(org, &place_of(app), &connection.config.token)
            .await?;
        Ok(Some(Work {
            label: app_now.map_or_else(String::new, |app| app.label.clone()),
            sources,
            connection,
            held,
            token,
        }))
    }

    /// Holds it for longer; false if it is held no more.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn keep_provisioning(&self, work: &Work) -> Result<bool, Fault> {
        let (held, until) = (work.held.clone(), self.now().plus_secs(HOLD_SECS));
        self.database
            .write(move |tx| {
                Box::pin(async move { Ok(connections::keep(tx, &held, until).await?) })
            })
            .await
    }

    /// Holds it no more.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn release_provisioning(&self, work: &Work) -> Result<(), Fault> {
        let held = work.held.clone();
        self.database
            .write(move |tx| Box::pin(async move { Ok(connections::release(tx, &held).await?) }))
            .await
    }

    /// Whether something waits at the peer of a connection.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn has_provisioning_work(&self, key: (&OrgId, &AppId)) -> Result<bool, Fault> {
        let mut tx = self.database.read().await?;
        Ok(connections::has_work(&mut tx, key, self.now()).await?)
    }

    /// So many pushed groups that are to be looked at.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn due_pushes(
        &self,
        work: &Work,
        limit: i64,
    ) -> Result<Vec<crate::provisioning::push::Push>, Fault> {
        let mut tx = self.database.read().await?;
        Ok(groups::load_due(&mut tx, work.held.key(), self.now(), limit).await?)
    }

    /// Whether an import is under way.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn has_import(&self, work: &Work) -> Result<bool, Fault> {
        let mut tx = self.database.read().await?;
        let import = imports::load(&mut tx, work.held.key()).await?;
        Ok(import.is_some_and(|import| import.is_running()))
    }

    pub(crate) fn draw_share(&self) -> u16 {
        let mut bytes = [0_u8; 2];
        self.entropy().fill(&mut bytes);
        u16::from_le_bytes(bytes)
    }
}
