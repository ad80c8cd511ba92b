//! An organisation moves to and fro under load, and at every step of a move one of those who take part is killed. The log of
//! the control plane says which step it is at; a step that was over before the kill arrived is tried again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::fleet::Fleet;
use crate::proof::audit::{Audit, audit_spent};
use crate::proof::flow;
use crate::proof::moves::{End, MOVE_MAX, ask, end_of, two_cells};
use crate::proof::outage::{Outages, Struck};
use crate::proof::plan::{Draws, Flood, Flow, Load};
use crate::proof::row::{Row, Times};
use crate::proof::scenario::{Effort, Phases, load_of};
use crate::proof::site::Site;
use crate::proof::steps::{Case, HANDED_OVER, Step, Victim, Way, plan_cases};
use crate::proof::trace::{Follower, News};
use crate::proof::world::{World, who_answers};
use crate::wait;

const CONTROL: &str = "control";
const EDGE: &str = "edge-1";
/// What the moving organisation asks for each second: enough that something is under way at any step.
const MOVER_PER_SECOND: f64 = 8.0;
/// How often a step is tried that was over before the kill arrived.
const TRIES_MAX: u32 = 3;
/// How long a move may take until it is at a step.
const STEP_MAX: Duration = Duration::from_secs(60);
/// How long whoever was killed may take to serve again.
const BACK_MAX: Duration = Duration::from_secs(60);
/// Writes that there shall be to ship.
const CHANGES: usize = 3;
/// Lines of the log that are shown where something did not come.
const LINES_SHOWN: usize = 12;
/// Where a target is held up while rows are copied, and while nobody serves.
const HELD_COPYING: (&str, &str) = ("copying", "take");
const HELD_FENCED: (&str, &str) = ("fenced", "parcel");

/// Kills each who takes part at each step, one step for each move.
///
/// # Errors
/// When a move does not come to its end, or somebody does not come back.
pub async fn run(world: &World, effort: &Effort) -> anyhow::Result<Row> {
    let cells = two_cells(world)?;
    let mover = world.sites.iter().position(|site| site.cell == cells[0]);
    let mover = mover.context("a cell without organisations")?;
    let load = load_of(effort, 0);
    let share = load.per_second / world.sites.len() as f64;
    let load = Load {
        flood: Some(Flood {
            site: mover,
            times: (MOVER_PER_SECOND / share).ceil() as u32,
        }),
        ..load
    };
    let mut phases = Phases::default();
    phases.quiet(world.drive(load).await?);
    let tour = Tour {
        fleet: Arc::clone(&world.fleet),
        outages: Arc::clone(&world.outages),
        log: world.fleet.log_of(CONTROL),
        mover: Arc::clone(&world.sites[mover]),
        residents: residents(world, mover, &cells)?,
        at: 0,
        cells,
        found: Found::default(),
    };
    let cases = plan_cases(effort.crashes, &mut Draws(effort.seed));
    let touring = tokio::spawn(tour.run(cases));
    loop {
        phases.hurt(world.drive(load).await?);
        if touring.is_finished() {
            break;
        }
    }
    let found = touring.await??;
    phases.recovered(world.recover().await?);
    let mut row = phases.row(&[], Times::Ignored);
    let cut_off = row.others.as_ref().map_or(0, |others| others.cut_off);
    row.missed.extend(found.gaps(effort.crashes.is_none()));
    row.notes = found.notes();
    row.notes.push(format!(
        "{cut_off} operations were under way in the very process that was killed or held up, or came to it while it was away"
    ));
    row.audit = found.audit;
    Ok(row)
}

/// An organisation of each cell that stays.
fn residents(world: &World, mover: usize, cells: &[String; 2]) -> anyhow::Result<[Arc<Site>; 2]> {
    let resident = |cell: &String| {
        let mut sites = world.sites.iter().enumerate();
        let found = sites.find(|(place, site)| *place != mover && site.cell == *cell);
        found
            .map(|(_, site)| Arc::clone(site))
            .with_context(|| format!("{cell} needs two organisations"))
    };
    Ok([resident(&cells[0])?, resident(&cells[1])?])
}

/// Whether the kill came in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timing {
    /// The step had begun, and was not through.
    During,
    /// It was through already.
    After,
    /// The move ended without it.
    Never,
}

/// What is done at a step.
#[derive(Debug, Clone)]
enum Blow {
    Kill {
        process: Pid,
        struck: Option<Struck>,
    },
    Hold {
        process: Pid,
        struck: Struck,
    },
    HandOver,
}

/// What came of it: whether it was in time, and the number of the outage, where there is one.
type Dealt = (Timing, Option<usize>);

/// Nothing was dealt: a move was given up before it came to where it is wanted. On a busy machine a fence may not be through
/// in time again and again.
const NOT_DEALT: Dealt = (Timing::Never, None);

/// A target that is held up. Its own organisations have to wait for it, or are told to come again.
struct Held {
    process: Pid,
    outage: Option<usize>,
}

/// The organisation on its way.
struct Tour {
    fleet: Arc<Fleet>,
    outages: Arc<Outages>,
    log: PathBuf,
    mover: Arc<Site>,
    residents: [Arc<Site>; 2],
    cells: [String; 2],
    /// In which of the cells it is.
    at: usize,
    found: Found,
}

impl Tour {
    async fn run(mut self, cases: Vec<Case>) -> anyhow::Result<Found> {
        for case in cases {
            let mut timing = Timing::Never;
            for _ in 0..TRIES_MAX {
                let killed = self.kill(case).await;
                timing = killed.with_context(|| {
                    let (victim, log) = (case.victim.name(), last_lines(&self.log));
                    format!("{victim} killed at {}; the log ends with\n{log}", case.step)
                })?;
                if timing == Timing::During {
                    break;
                }
                self.found.tried_again += 1;
            }
            self.found.count(case, timing);
        }
        for step in HANDED_OVER {
            self.hand_over(*step).await?;
        }
        Ok(self.found)
    }

    /// One move, with one kill.
    async fn kill(&mut self, case: Case) -> anyhow::Result<Timing> {
        let target = 1 - self.at;
        let place = match case.victim {
            Victim::Source => Some(self.at),
            Victim::Target => Some(target),
            Victim::Control | Victim::Edge => None,
        };
        let (member, struck) = match (case.victim, place) {
            (Victim::Control, _) => (CONTROL.to_owned(), None),
            (_, None) => (EDGE.to_owned(), Some(Struck::Connections)),
            (_, Some(place)) => {
                let moving = match serves(case) {
                    true => self.mover.slug.clone(),
                    false => String::new(),
                };
                let struck = Struck::Cell {
                    name: self.cells[place].clone(),
                    moving,
                };
                (self.cells[place].clone(), Some(struck))
            }
        };
        let process = self.process_of(&member).await?;
        let blow = Blow::Kill { process, struck };
        let (timing, outage) = self.travel(case.step, blow).await?;
        if let Some(outage) = outage {
            let asked = place.map_or(&self.mover, |place| &self.residents[place]);
            wait::until_async(&member, BACK_MAX, async || {
                Ok(who_answers(asked).await.filter(|is_right| *is_right))
            })
            .await?;
            self.outages.end(outage);
        }
        self.settle().await?;
        Ok(timing)
    }

    /// One move, in which the edge is replaced.
    async fn hand_over(&mut self, step: Step) -> anyhow::Result<()> {
        let (timing, _) = self.travel(step, Blow::HandOver).await?;
        self.found.handed_over += u64::from(timing != Timing::Never);
        self.settle().await?;
        // Whoever hurts the edge next must meet the one that serves.
        wait::until_async("the end of the old edge", BACK_MAX, async || {
            Ok((self.fleet.processes_of(EDGE)?.len() == 1).then_some(()))
        })
        .await
    }

    /// Begins a move and deals a blow when it is at the step.
    async fn travel(&mut self, step: Step, blow: Blow) -> anyhow::Result<Dealt> {
        let target = self.cells[1 - self.at].clone();
        let keep_secs = match (step.way, step.phase) {
            (Way::Back, _) => "60",
            (_, "following") => "1",
            _ => "0",
        };
        let slug = self.mover.slug.clone();
        let order = [
            "org",
            "move",
            &slug,
            "--to",
            &target,
            "--keep-secs",
            keep_secs,
        ];
        self.found.moves += 1;
        match step.way {
            Way::Straight => {
                let dealt = self.lie_in_wait(step.phase, step.word, blow)?;
                self.order(&order, &dealt).await?;
                dealt.await?
            }
            Way::Changed => {
                let Some(held) = self.hold(&order, &target, HELD_COPYING).await? else {
                    return Ok(NOT_DEALT);
                };
                // Not left to the load, which may be waiting for the cell that is held up.
                for _ in 0..CHANGES {
                    flow::run(&self.mover, Flow::Service, &mut 0).await?;
                }
                let dealt = self.lie_in_wait(step.phase, step.word, blow)?;
                kill_process(held.process, Signal::CONT)?;
                let dealt = dealt.await?;
                self.is_let_go(&held).await?;
                dealt
            }
            Way::Undone => {
                let Some(held) = self.hold(&order, &target, HELD_COPYING).await? else {
                    return Ok(NOT_DEALT);
                };
                // Nobody waits for a target that hangs once its move is given up.
                let dealt = self.lie_in_wait(step.phase, step.word, blow)?;
                let undo = ["org", "move", &slug, "--undo"];
                let undone = self.order(&undo, &dealt).await;
                // It may be the one that was killed.
                let _ = kill_process(held.process, Signal::CONT);
                undone?;
                let dealt = dealt.await?;
                self.is_let_go(&held).await?;
                dealt
            }
            Way::Loosened => {
                let Some(held) = self.hold(&order, &target, HELD_FENCED).await? else {
                    return Ok(NOT_DEALT);
                };
                let dealt = self.lie_in_wait(step.phase, step.word, blow)?.await;
                // It may be the one that was killed.
                let _ = kill_process(held.process, Signal::CONT);
                self.is_let_go(&held).await?;
                dealt?
            }
            Way::Back => {
                let follower = Follower::from_now(&self.log)?;
                ask(&self.fleet, &order).await?;
                if !self.is_switched(follower).await? {
                    return Ok(NOT_DEALT);
                }
                let dealt = self.lie_in_wait(step.phase, step.word, blow)?;
                self.order(&["org", "move", &slug, "--back"], &dealt)
                    .await?;
                dealt.await?
            }
        }
    }

    /// Asks for something; the control plane may be killed before it can answer.
    async fn order(
        &self,
        words: &[&str],
        dealt: &JoinHandle<anyhow::Result<Dealt>>,
    ) -> anyhow::Result<()> {
        let asked = ask(&self.fleet, words).await;
        if dealt.is_finished() {
            return Ok(());
        }
        asked.map(drop)
    }

    /// Begins a move, and stops the target where it is told to; none if the move is past that.
    async fn hold(
        &self,
        order: &[&str],
        target: &str,
        (phase, word): (&'static str, &'static str),
    ) -> anyhow::Result<Option<Held>> {
        let process = self.process_of(target).await?;
        // Nothing of the organisation itself is to be had from the target yet: it may not notice.
        let struck = Struck::Cell {
            name: target.to_owned(),
            moving: String::new(),
        };
        let held = self.lie_in_wait(phase, word, Blow::Hold { process, struck })?;
        ask(&self.fleet, order).await?;
        let (timing, outage) = held.await??;
        let held = Held { process, outage };
        if timing == Timing::After {
            // It may be past the place where it is needed: then nothing would hold the move up, until it is at its end.
            kill_process(process, Signal::CONT)?;
            self.is_let_go(&held).await?;
        }
        Ok((timing == Timing::During).then_some(held))
    }

    /// Waits until the target serves its own again.
    async fn is_let_go(&self, held: &Held) -> anyhow::Result<()> {
        let Some(outage) = held.outage else {
            return Ok(());
        };
        let resident = &self.residents[1 - self.at];
        wait::until_async("a cell that was held up", BACK_MAX, async || {
            Ok(who_answers(resident).await.filter(|is_right| *is_right))
        })
        .await?;
        self.outages.end(outage);
        Ok(())
    }

    /// Waits for the switch; false if the move is given up.
    async fn is_switched(&self, mut follower: Follower) -> anyhow::Result<bool> {
        let org = self.mover.slug.clone();
        wait::until_async("the switch", STEP_MAX, || {
            let told = follower.read(&org);
            async move {
                let told = told?;
                let came_to = |phase| told.iter().any(|told| told.is(News::Phase, phase, ""));
                Ok(match (came_to("following"), came_to("undone")) {
                    (true, _) => Some(true),
                    (false, true) => Some(false),
                    (false, false) => None,
                })
            }
        })
        .await
    }

    /// Deals the blow as soon as the log says that the step begins.
    fn lie_in_wait(
        &self,
        phase: &'static str,
        word: &'static str,
        blow: Blow,
    ) -> anyhow::Result<JoinHandle<anyhow::Result<Dealt>>> {
        let mut follower = Follower::from_now(&self.log)?;
        let (fleet, outages) = (Arc::clone(&self.fleet), Arc::clone(&self.outages));
        let org = self.mover.slug.clone();
        Ok(spawn_blocking(move || {
            wait::until_closely("a step of a move", STEP_MAX, || {
                let mut told = follower.read(&org)?;
                let mut lines = told.iter();
                let Some(begun) = lines.position(|told| told.is(News::Begins, phase, word)) else {
                    // Steps are told of those phases as well: what the last move left behind is removed in them.
                    let is_end = |phase| told.iter().any(|told| told.is(News::Phase, phase, ""));
                    let is_over = is_end("done") || is_end("undone");
                    return Ok(is_over.then_some((Timing::Never, None)));
                };
                let outage = deal(&fleet, &outages, &blow)?;
                told.extend(follower.read(&org)?);
                let mut after = told.iter().skip(begun);
                let is_through = after.any(|told| told.is(News::Through, phase, word));
                let timing = if is_through {
                    Timing::After
                } else {
                    Timing::During
                };
                Ok(Some((timing, outage)))
            })
        }))
    }

    async fn process_of(&self, member: &str) -> anyhow::Result<Pid> {
        wait::until_async(member, BACK_MAX, async || self.fleet.process_of(member)).await
    }

    /// Waits until the move is over, and shows what was spent once more.
    async fn settle(&mut self) -> anyhow::Result<()> {
        match end_of(&self.fleet, &self.mover.slug, MOVE_MAX).await? {
            End::Undone => self.found.undone += 1,
            End::Done {
                serving,
                pause_micros,
            } => {
                self.found.pause_micros = self.found.pause_micros.max(pause_micros);
                let mut cells = self.cells.iter();
                let at = cells.position(|cell| *cell == serving);
                self.at = at.with_context(|| format!("it is in {serving}"))?;
            }
        }
        self.found.audit.merge(audit_spent(&self.mover).await?);
        Ok(())
    }
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let shown = lines.len().saturating_sub(LINES_SHOWN);
    lines.get(shown..).unwrap_or_default().join("\n")
}

/// The number of the outage, where there is one.
fn deal(fleet: &Fleet, outages: &Outages, blow: &Blow) -> anyhow::Result<Option<usize>> {
    match blow {
        Blow::Kill { process, struck } => {
            let outage = struck.clone().map(|struck| outages.begin(struck));
            kill_process(*process, Signal::KILL)?;
            Ok(outage)
        }
        Blow::Hold { process, struck } => {
            let outage = outages.begin(struck.clone());
            kill_process(*process, Signal::STOP)?;
            Ok(Some(outage))
        }
        Blow::HandOver => {
            fleet.ask(&["fleet", "restart", "edge"])?;
            Ok(None)
        }
    }
}

/// Whether the victim may be the one that serves the moving organisation when it is killed, so that its requests may be cut off.
fn serves(case: Case) -> bool {
    let (way, phase) = (case.step.way, case.step.phase);
    let before = matches!(phase, "preparing" | "copying" | "verifying" | "closing");
    let after = matches!(phase, "following" | "purging");
    match case.victim {
        // On the way back each has the other's part for a while.
        _ if way == Way::Back => true,
        Victim::Target => !before && phase != "undoing",
        Victim::Source => !after,
        Victim::Control | Victim::Edge => false,
    }
}

/// What came of all crashes.
#[derive(Debug, Default)]
struct Found {
    moves: u64,
    undone: u64,
    pause_micros: i64,
    tried_again: u64,
    handed_over: u64,
    audit: Audit,
    /// Steps, and whether anybody was killed at one: not only after it was over.
    met: BTreeMap<String, bool>,
    tried: BTreeMap<&'static str, u64>,
    missed: BTreeMap<&'static str, Vec<String>>,
}

impl Found {
    fn count(&mut self, case: Case, timing: Timing) {
        let victim = case.victim.name();
        *self.tried.entry(victim).or_default() += 1;
        *self.met.entry(case.step.to_string()).or_default() |= timing != Timing::Never;
        let why = match timing {
            Timing::During => return,
            Timing::After => "was over",
            Timing::Never => "did not come",
        };
        let missed = self.missed.entry(victim).or_default();
        missed.push(format!("{} {why}", case.step));
    }

    /// What keeps this from being a proof: of all steps, those that never came; of a few, that none did.
    fn gaps(&self, is_whole: bool) -> Vec<String> {
        let mut gaps = Vec::new();
        let never = self.met.iter().filter(|(_, met)| !**met);
        if is_whole {
            gaps.extend(never.map(|(step, _)| format!("the step {step} never came")));
        } else if self.met.values().all(|met| !met) {
            gaps.push(String::from("none of the steps came"));
        }
        if self.handed_over == 0 {
            gaps.push(String::from("the edge was replaced at none of the steps"));
        }
        gaps
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!(
            "{} moves, of which {} undid themselves or were undone; the longest pause {:.0} ms",
            self.moves,
            self.undone,
            self.pause_micros as f64 / 1e3
        )];
        for (victim, tried) in &self.tried {
            let missed = self.missed.get(victim).map_or(&[][..], Vec::as_slice);
            let hit = tried - missed.len() as u64;
            let mut note = format!("{victim} killed during {hit} of {tried} steps");
            if !missed.is_empty() {
                note = format!(
                    "{note}; before the kill arrived, {TRIES_MAX} times: {}",
                    missed.join(", ")
                );
            }
            notes.push(note);
        }
        notes.push(format!(
            "{} kills came too late and were tried again; edge replaced at {} of {} steps",
            self.tried_again,
            self.handed_over,
            HANDED_OVER.len()
        ));
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, Timing, serves};
    use crate::proof::plan::Draws;
    use crate::proof::steps::{Victim, Way, plan_cases};

    #[test]
    fn a_proof_needs_the_steps_that_it_is_about() {
        let mut found = Found::default();
        let cases = plan_cases(None, &mut Draws(1));
        found.count(cases[0], Timing::Never);
        assert_eq!(found.gaps(false).len(), 2, "{:?}", found.gaps(false));
        found.handed_over = 1;
        assert_eq!(found.gaps(true), ["the step preparing/offer never came"]);
        found.count(cases[1], Timing::After);
        assert!(found.gaps(false).is_empty() && found.gaps(true).is_empty());
    }

    #[test]
    fn only_the_cell_that_serves_cuts_off_the_organisation_that_moves() {
        let told = |victim, phase| {
            let mut cases = plan_cases(None, &mut Draws(1)).into_iter();
            let found = cases.find(|case| {
                (case.victim, case.step.phase, case.step.way) == (victim, phase, Way::Straight)
            });
            serves(found.unwrap())
        };
        for (phase, source, target) in [
            ("preparing", true, false),
            ("closing", true, false),
            ("fenced", true, true),
            ("activating", true, true),
            ("following", false, true),
            ("purging", false, true),
        ] {
            let told = (told(Victim::Source, phase), told(Victim::Target, phase));
            assert_eq!(told, (source, target), "{phase}");
        }
    }

    #[test]
    fn what_was_not_hit_is_named() {
        let mut found = Found::default();
        let cases = plan_cases(None, &mut Draws(1));
        found.count(cases[0], Timing::During);
        found.count(cases[0], Timing::After);
        let notes = found.notes().join("\n");
        assert!(notes.contains("control plane killed during 1 of 2 steps; before the kill arrived, 3 times: preparing/offer was over"), "{notes}");
    }
}
