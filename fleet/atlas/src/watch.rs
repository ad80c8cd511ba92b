//! What is known of the fleet at the moment: what cells say of themselves, and what edges measure.

use crate::doors::Doors;
use crate::placement::CellLoad;
use crate::refusal::Refusal;
use crate::register::Register;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use wire::cell::CellHealth;
use wire::control::{CellState, CellTraffic, CellView, EdgeReport};
use wire::names::CellName;
use wire::org_move::view::MoveView;

/// How often cells are asked.
pub const ROUND: Duration = Duration::from_secs(1);
/// What is older is not shown.
const FRESH: Duration = Duration::from_secs(4);
/// Questions without an answer, one after the other, after which it is said of a cell that it does not answer: a cell under load
/// may miss one, and nobody shall be woken by that. Whoever chooses a cell goes by the last question alone.
const MISSED_MAX: u32 = 2;
/// Most edges whose reports are kept.
const EDGES_MAX: usize = 1_000;
/// Most cells of a report that are looked at.
const CELLS_MAX: usize = 10_000;

/// The newest of each. Clones share it.
#[derive(Clone, Default)]
pub struct Watch(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// Cells that have not answered yet.
    asked: HashSet<CellName>,
    health: HashMap<CellName, (Instant, CellHealth)>,
    /// How many questions in a row each cell did not answer; those that answered last are not in it.
    missed: HashMap<CellName, u32>,
    /// Counts the cells that answered after they had not.
    returns: watch::Sender<u64>,
    /// Per edge, what it measured per second.
    reports: HashMap<String, (Instant, Vec<CellTraffic>)>,
}

/// Once this is gone, a cell may be asked again.
struct Asked(Watch, CellName);

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.seen().asked.remove(&self.1);
    }
}

impl Watch {
    /// Asks every cell that is not being asked already. Nobody waits for the answers: a cell that hangs delays no other.
    ///
    /// # Errors
    /// [`Refusal`] if the register cannot be read.
    pub async fn ask_round(
        &self,
        register: &Register,
        asked: &mut JoinSet<()>,
    ) -> Result<(), Refusal> {
        for cell in register.cells().await? {
            if self.seen().asked.insert(cell.name.clone()) {
                let one = Asked(self.clone(), cell.name.clone());
                asked.spawn(ask(one, register.doors.clone(), cell));
            }
        }
        Ok(())
    }

    /// Asks one cell, as soon as it is known: nobody is shown that it does not answer who only was not asked yet.
    pub async fn ask_now(&self, register: &Register, cell: &CellView) {
        if self.seen().asked.insert(cell.name.clone()) {
            let one = Asked(self.clone(), cell.name.clone());
            ask(one, register.doors.clone(), cell.clone()).await;
        }
    }

    /// Notes which cells take an org at the moment. Of those that were not asked yet, the best is believed.
    pub fn mark(&self, cells: &mut [CellLoad]) {
        let seen = self.seen();
        for cell in cells {
            let ready = seen.health.get(&cell.name).map(|(_, health)| health.ready);
            cell.well = !seen.missed.contains_key(&cell.name) && ready != Some(false);
        }
    }

    /// Whether a cell did not answer when it was asked last.
    #[must_use]
    pub fn is_silent(&self, cell: &CellName) -> bool {
        self.seen().missed.contains_key(cell)
    }

    /// Resolves when a cell answers that did not when it was asked last; of any other it is not waited for anything.
    pub(crate) async fn comes_back(&self, cell: &CellName) {
        let mut returns = self.seen().returns.subscribe();
        if !self.is_silent(cell) {
            return std::future::pending().await;
        }
        // The sender lives as long as this does.
        while self.is_silent(cell) && returns.changed().await.is_ok() {}
    }

    /// Says of a move whom it waits for, be it that it knows that itself, or that a cell does not answer whose question was not
    /// given up yet. Why it came to its phase is told before that.
    pub fn explain(&self, view: &mut MoveView, waits_for: Option<String>) {
        if view.phase.is_over() {
            return;
        }
        let silent = || {
            let seen = self.seen();
            let mut both = [&view.target, &view.source].into_iter();
            let silent = both.find(|cell| seen.is_given_up(cell));
            silent.map(|cell| format!("{cell} does not answer"))
        };
        let waits_for = waits_for.or_else(silent);
        view.reason = match (view.reason.take(), waits_for) {
            (Some(reason), Some(waits_for)) => Some(format!("{reason}; it waits: {waits_for}")),
            (reason, waits_for) => reason.or(waits_for),
        };
    }

    /// Takes an edge's report.
    pub fn report(&self, report: EdgeReport) {
        let span_micros = report.span_micros;
        let cells = report.cells.iter().take(CELLS_MAX);
        let cells = cells.map(|traffic| per_second(traffic, span_micros));
        let mut seen = self.seen();
        seen.reports.retain(|_, (at, _)| at.elapsed() < FRESH);
        if seen.reports.len() < EDGES_MAX || seen.reports.contains_key(&report.edge) {
            seen.reports
                .insert(report.edge, (Instant::now(), cells.collect()));
        }
    }

    /// Adds what is known at the moment to the register's cells; counts are per second.
    pub fn complete(&self, cells: &mut [CellView]) {
        let seen = self.seen();
        let fresh = |at: &Instant| at.elapsed() < FRESH;
        let mut traffic: HashMap<&CellName, CellTraffic> = HashMap::new();
        for (_, report) in seen.reports.values().filter(|(at, _)| fresh(at)) {
            for of_cell in report {
                let known = traffic.remove(&of_cell.cell);
                let sum = known.map_or_else(|| of_cell.clone(), |known| sum(known, of_cell));
                traffic.insert(&of_cell.cell, sum);
            }
        }
        for cell in cells {
            let health = seen.health.get(&cell.name);
            let health = health.filter(|(at, _)| fresh(at) || seen.missed.contains_key(&cell.name));
            let health = health.filter(|_| !seen.is_given_up(&cell.name));
            cell.health = health.map(|(_, health)| health.clone());
            cell.traffic = traffic.remove(&cell.name);
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// Whether it is said of a cell that it does not answer.
    fn is_given_up(&self, cell: &CellName) -> bool {
        let missed = self.missed.get(cell);
        missed.is_some_and(|missed| *missed >= MISSED_MAX)
    }

    /// Notes what came of a question; whether there is something to tell whoever reads the log.
    fn note(&mut self, cell: &CellName, answer: Option<CellHealth>) -> News {
        let was_given_up = self.is_given_up(cell);
        match answer {
            Some(health) => {
                if self.missed.remove(cell).is_some() {
                    self.returns.send_modify(|count| *count += 1);
                }
                self.health.insert(cell.clone(), (Instant::now(), health));
            }
            None => {
                let missed = self.missed.entry(cell.clone()).or_default();
                *missed = missed.saturating_add(1);
            }
        }
        match (was_given_up, self.is_given_up(cell)) {
            (false, true) => News::FellSilent,
            (true, false) => News::AnswersAgain,
            _ => News::Nothing,
        }
    }
}

/// What a question to a cell has brought to light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    /// All is as it was.
    Nothing,
    /// It does not answer any more.
    FellSilent,
    /// It answers again.
    AnswersAgain,
}

async fn ask(asked: Asked, doors: Doors, cell: CellView) {
    let (health, error) = match doors.status(&cell).await {
        Ok(health) => (Some(health), None),
        Err(error) => (None, Some(error)),
    };
    let error = error.map_or_else(String::new, |error| error.to_string());
    // One that is closed may well be gone.
    let may_be_gone = cell.state == CellState::Closed;
    match asked.0.seen().note(&cell.name, health) {
        News::FellSilent if may_be_gone => {}
        News::FellSilent => {
            tracing::warn!(cell = %cell.name, address = cell.address, error, "a cell does not answer; its organisations are not served");
        }
        News::AnswersAgain => {
            tracing::info!(cell = %cell.name, address = cell.address, "a cell answers again");
        }
        News::Nothing if !error.is_empty() => {
            tracing::debug!(cell = %cell.name, error, "a cell does not say how it is");
        }
        News::Nothing => {}
    }
}

/// Counts over some time as counts per second. A part of one is one: no error goes unseen.
fn per_second(traffic: &CellTraffic, span_micros: u64) -> CellTraffic {
    let rate = |count: u64| {
        let rate = (u128::from(count) * 1_000_000).div_ceil(u128::from(span_micros.max(1)));
        u64::try_from(rate).unwrap_or(u64::MAX)
    };
    CellTraffic {
        requests: rate(traffic.requests),
        errors: rate(traffic.errors),
        ..traffic.clone()
    }
}

/// Counts add up; of the times the worse one is shown.
fn sum(a: CellTraffic, b: &CellTraffic) -> CellTraffic {
    CellTraffic {
        cell: a.cell,
        requests: a.requests.saturating_add(b.requests),
        errors: a.errors.saturating_add(b.errors),
        p50_micros: a.p50_micros.max(b.p50_micros),
        p99_micros: a.p99_micros.max(b.p99_micros),
    }
}

#[cfg(test)]
mod tests {
    use super::{MISSED_MAX, News, Watch, per_second};
    use crate::placement::CellLoad;
    use futures_util::FutureExt as _;
    use vocab::entropy::SeededEntropy;
    use vocab::epoch::Epoch;
    use vocab::id::MoveId;
    use vocab::slug::Slug;
    use vocab::time::Timestamp;
    use wire::cell::CellHealth;
    use wire::control::{CellSize, CellState, CellTraffic, CellView, EdgeReport};
    use wire::names::CellName;
    use wire::org_move::view::{MoveView, Phase};

    fn traffic(cell: &str, requests: u64, errors: u64, p99_micros: u64) -> CellTraffic {
        CellTraffic {
            cell: CellName::parse(cell).unwrap(),
            requests,
            errors,
            p50_micros: p99_micros / 2,
            p99_micros,
        }
    }

    fn view(cell: &str) -> CellView {
        CellView {
            name: CellName::parse(cell).unwrap(),
            region: String::from("eu"),
            cloud: String::from("metal"),
            regimes: Vec::new(),
            size: CellSize::Small,
            address: String::from("127.0.0.1:1"),
            state: CellState::Open,
            epoch: Epoch::FIRST,
            orgs: 0,
            health: None,
            traffic: None,
            waiting: None,
        }
    }

    #[test]
    fn counts_are_per_second_and_no_error_goes_unseen() {
        let table = [
            (1_000_000, 7, 7),
            (2_000_000, 7, 4),
            (10_000_000, 1, 1),
            (500_000, 7, 14),
            (1_000_000, 0, 0),
            (0, 1, 1_000_000),
        ];
        for (span, counted, rate) in table {
            let one = per_second(&traffic("cell-a", counted, counted, 5), span);
            assert_eq!((one.requests, one.errors, one.p99_micros), (rate, rate, 5));
        }
        let most = per_second(&traffic("cell-a", u64::MAX, 0, 0), 1);
        assert_eq!(most.requests, u64::MAX);
    }

    fn name(text: &str) -> CellName {
        CellName::parse(text).unwrap()
    }

    fn health() -> CellHealth {
        CellHealth {
            name: String::from("cell-a"),
            ready: true,
            orgs: 0,
            version: String::new(),
            store: String::new(),
        }
    }

    fn load(name: &str) -> CellLoad {
        let cell = view(name);
        CellLoad {
            name: cell.name,
            region: cell.region,
            regimes: cell.regimes,
            size: cell.size,
            state: cell.state,
            orgs: cell.orgs,
            well: true,
        }
    }

    #[test]
    fn of_cells_that_are_silent_or_not_ready_placement_and_moves_are_told() {
        let watch = Watch::default();
        let health = |ready| CellHealth {
            name: String::from("cell-b"),
            ready,
            orgs: 0,
            version: String::new(),
            store: String::new(),
        };
        let now = std::time::Instant::now();
        watch.seen().missed.insert(name("cell-a"), MISSED_MAX);
        let health = [("cell-b", health(false)), ("cell-c", health(true))];
        watch
            .seen()
            .health
            .extend(health.map(|(one, health)| (name(one), (now, health))));
        let mut cells = ["cell-a", "cell-b", "cell-c", "cell-d"].map(load);
        watch.mark(&mut cells);
        assert_eq!(cells.map(|cell| cell.well), [false, false, true, true]);

        let explained = |from: &str, to: &str, phase, reason: Option<&str>| {
            let mut one = MoveView {
                id: MoveId::generate(&SeededEntropy::new(1)),
                slug: Slug::parse("acme").unwrap(),
                source: name(from),
                target: name(to),
                phase,
                serving: name(from),
                epoch: Epoch::FIRST,
                returning: false,
                rows_total: 0,
                rows_done: 0,
                pause_micros: None,
                until: None,
                reason: reason.map(str::to_owned),
                left_behind: None,
                requested_by: String::new(),
                created_at: Timestamp::from_seconds(1),
                updated_at: Timestamp::from_seconds(1),
            };
            watch.explain(&mut one, None);
            one.reason
        };
        let said = Some(String::from("cell-a does not answer"));
        assert_eq!(explained("cell-b", "cell-a", Phase::Copying, None), said);
        assert_eq!(explained("cell-a", "cell-b", Phase::Copying, None), said);
        assert_eq!(explained("cell-b", "cell-c", Phase::Copying, None), None);
        assert_eq!(explained("cell-b", "cell-a", Phase::Done, None), None);
        let both = explained("cell-a", "cell-b", Phase::Undoing, Some("given up"));
        let said = "given up; it waits: cell-a does not answer";
        assert_eq!(both.as_deref(), Some(said));
        let still = explained("cell-b", "cell-c", Phase::Undoing, Some("given up"));
        assert_eq!(still.as_deref(), Some("given up"));
    }

    #[test]
    fn a_cell_that_misses_one_question_is_not_said_to_be_silent() {
        let watch = Watch::default();
        let cell = name("cell-a");
        let table = [
            (true, News::Nothing, true),
            (false, News::Nothing, true),
            (true, News::Nothing, true),
            (false, News::Nothing, true),
            (false, News::FellSilent, false),
            (false, News::Nothing, false),
            (true, News::AnswersAgain, true),
        ];
        for (at, (answers, news, shown)) in table.into_iter().enumerate() {
            let answer = answers.then(health);
            assert_eq!(watch.seen().note(&cell, answer), news, "{at}");
            let mut cells = [view("cell-a")];
            watch.complete(&mut cells);
            assert_eq!(cells[0].health.is_some(), shown, "{at}");
            // Whoever chooses a cell does not take one that missed a question.
            let mut loads = [load("cell-a")];
            watch.mark(&mut loads);
            assert_eq!((loads[0].well, watch.is_silent(&cell)), (answers, !answers));
        }
    }

    #[tokio::test]
    async fn whoever_waits_for_a_silent_cell_hears_that_it_is_back() {
        let (watch, cell) = (Watch::default(), name("cell-a"));
        let well = watch.comes_back(&cell).now_or_never();
        assert_eq!(well, None, "nobody is waited for who answers");
        watch.seen().note(&cell, None);
        let mut back = std::pin::pin!(watch.comes_back(&cell));
        assert_eq!(back.as_mut().now_or_never(), None);
        watch.seen().note(&name("cell-b"), None);
        watch.seen().note(&name("cell-b"), Some(health()));
        assert_eq!(back.as_mut().now_or_never(), None, "another one is");
        watch.seen().note(&cell, Some(health()));
        back.await;
    }

    #[test]
    fn what_edges_measured_adds_up_and_the_newest_of_each_counts() {
        let watch = Watch::default();
        let report = |edge: &str, cells| {
            watch.report(EdgeReport {
                edge: edge.to_owned(),
                span_micros: 1_000_000,
                cursor: 1,
                cells,
                tls: Vec::new(),
            });
        };
        report("edge-1", vec![traffic("cell-a", 99, 99, 99)]);
        report("edge-1", vec![traffic("cell-a", 10, 1, 700)]);
        report(
            "edge-2",
            vec![traffic("cell-a", 5, 0, 300), traffic("cell-z", 1, 0, 1)],
        );
        let mut cells = [view("cell-a"), view("cell-b")];
        watch.complete(&mut cells);
        assert_eq!(cells[0].traffic, Some(traffic("cell-a", 15, 1, 700)));
        assert_eq!(cells[1].traffic, None);
    }
}
