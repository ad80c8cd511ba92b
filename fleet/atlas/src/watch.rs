//! What is known of the fleet at the moment: what cells say of themselves, and what edges measure.

use crate::refusal::Refusal;
use crate::register::Register;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use wire::cell::CellHealth;
use wire::control::{CellTraffic, CellView, EdgeReport};
use wire::names::CellName;

/// How often cells are asked.
pub const ROUND: Duration = Duration::from_secs(1);
/// What is older is not shown.
const FRESH: Duration = Duration::from_secs(4);
/// Most edges whose reports are kept.
const EDGES_MAX: usize = 1_000;

/// The newest of each. Clones share it.
#[derive(Clone, Default)]
pub struct Watch(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    health: HashMap<CellName, (Instant, CellHealth)>,
    reports: HashMap<String, (Instant, EdgeReport)>,
}

impl Watch {
    /// Asks every cell, side by side: one that hangs delays no other.
    ///
    /// # Errors
    /// [`Refusal`] if the register cannot be read.
    pub async fn ask_round(&self, register: &Register) -> Result<(), Refusal> {
        let mut asked = JoinSet::new();
        for cell in register.cells().await? {
            let doors = register.doors.clone();
            asked.spawn(async move { (cell.name.clone(), doors.status(&cell).await) });
        }
        while let Some(answer) = asked.join_next().await {
            match answer {
                Ok((name, Ok(health))) => {
                    self.seen().health.insert(name, (Instant::now(), health));
                }
                Ok((name, Err(error))) => {
                    tracing::debug!(cell = %name, %error, "a cell does not say how it is");
                    self.seen().health.remove(&name);
                }
                Err(error) => tracing::error!(%error, "asking a cell failed"),
            }
        }
        Ok(())
    }

    /// Takes an edge's report.
    pub fn report(&self, report: EdgeReport) {
        let mut seen = self.seen();
        seen.reports.retain(|_, (at, _)| at.elapsed() < FRESH);
        if seen.reports.len() < EDGES_MAX {
            seen.reports
                .insert(report.edge.clone(), (Instant::now(), report));
        }
    }

    /// Adds what is known at the moment to the register's cells.
    pub fn complete(&self, cells: &mut [CellView]) {
        let seen = self.seen();
        for cell in cells {
            let health = seen.health.get(&cell.name);
            let health = health.filter(|(at, _)| at.elapsed() < FRESH);
            cell.health = health.map(|(_, health)| health.clone());
            let fresh = seen.reports.values().filter(|(at, _)| at.elapsed() < FRESH);
            let of_cell = fresh
                .flat_map(|(_, report)| &report.cells)
                .filter(|traffic| traffic.cell == cell.name);
            cell.traffic = of_cell.cloned().reduce(sum);
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts add up; of the times the worse one is shown.
fn sum(a: CellTraffic, b: CellTraffic) -> CellTraffic {
    CellTraffic {
        cell: a.cell,
        requests: a.requests.saturating_add(b.requests),
        errors: a.errors.saturating_add(b.errors),
        p50_micros: a.p50_micros.max(b.p50_micros),
        p99_micros: a.p99_micros.max(b.p99_micros),
    }
}
