//! `testudo org move` and `testudo org moves`: begin a move, give it up, take it back, watch it.

use crate::fleet::ask::{ANSWER, Operator};
use crate::fleet::print::{row, table};
use crate::options::Output;
use crate::options::fleet::{Fleet, OrgMove};
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;
use wire::client::CallError;
use wire::names::CellName;
use wire::org_move::view::{MovePage, MoveView, Phase, StartMove};

/// How often it is looked how far a move is.
const WATCH_ROUND: Duration = Duration::from_millis(200);
/// Characters of the bar that shows how far it is.
const BAR_CHARS: usize = 24;

/// `testudo org move`.
///
/// # Errors
/// No fleet runs, it does not answer, or it refuses.
pub async fn run(options: OrgMove) -> anyhow::Result<ExitCode> {
    let operator = Operator::of(&options.fleet)?;
    let path = format!("/v1/orgs/{}/move", options.slug);
    let asked = [
        (options.undo, "undo"),
        (options.back, "back"),
        (options.settle, "settle"),
        (options.abandon_target, "abandon-target"),
    ];
    let asked = asked.into_iter().find(|(asked, _)| *asked);
    let begun = if let Some((_, what)) = asked {
        let path = format!("{path}/{what}");
        let nothing = serde_json::json!({});
        operator.client.post(&path, &nothing, ANSWER).await?
    } else {
        begin(&operator, &path, &options).await?
    };
    if !options.watch {
        return operator.print(&begun, render_move);
    }
    let end = watch(&operator, &path, begun).await?;
    operator.print(&end, render_move)?;
    Ok(match end.phase {
        Phase::Undone if !options.undo => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}

/// Begins a move. One that is under way already and goes to the wanted cell is followed, if it is to be watched.
async fn begin(operator: &Operator, path: &str, options: &OrgMove) -> anyhow::Result<MoveView> {
    let wanted = StartMove {
        to: options.to.clone(),
        keep_secs: options.keep_secs,
    };
    let refused = match operator.client.post(path, &wanted, ANSWER).await {
        Ok(begun) => return Ok(begun),
        Err(error) => error,
    };
    let known = match &refused {
        CallError::Refused { problem, .. } if options.watch && problem.error == "taken" => {
            find(operator, path).await?
        }
        _ => None,
    };
    known
        .filter(|known| is_wanted(known, options.to.as_ref()))
        .ok_or_else(|| refused.into())
}

/// Whether a move that is not over is the one that was asked for.
fn is_wanted(known: &MoveView, to: Option<&CellName>) -> bool {
    !known.phase.is_over() && to.is_none_or(|to| *to == known.target)
}

/// The newest move of an organisation; none if it was never moved.
pub(crate) async fn find(operator: &Operator, path: &str) -> anyhow::Result<Option<MoveView>> {
    match operator.client.get(path, ANSWER).await {
        Ok(found) => Ok(Some(found)),
        Err(CallError::Refused { problem, .. }) if problem.error == "not_found" => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// `testudo org moves`.
///
/// # Errors
/// No fleet runs, or it does not answer.
pub async fn list(fleet: &Fleet) -> anyhow::Result<ExitCode> {
    let operator = Operator::of(fleet)?;
    let page: MovePage = operator.get("/v1/moves").await?;
    operator.print(&page, |page| render_moves(&page.moves))
}

async fn watch(operator: &Operator, path: &str, begun: MoveView) -> anyhow::Result<MoveView> {
    let shown = operator.output == Output::Text;
    let in_place = std::io::stderr().is_terminal();
    let (mut seen, mut view) = (None, begun);
    let id = view.id.clone();
    loop {
        let line = render_progress(&view);
        if shown && in_place {
            write_line(&format!("\r\u{1b}[K{line}"));
        } else if shown && seen != Some(view.phase) {
            write_line(&format!("{line}\n"));
        }
        seen = Some(view.phase);
        if is_settled(&view) {
            break;
        }
        tokio::time::sleep(WATCH_ROUND).await;
        let now: MoveView = operator.get(path).await?;
        anyhow::ensure!(now.id == id, "another move of {} was begun", now.slug);
        view = now;
    }
    if shown && in_place {
        write_line("\r\u{1b}[K");
    }
    Ok(view)
}

/// Whether it is decided which cell serves the organisation.
fn is_settled(view: &MoveView) -> bool {
    match view.phase {
        Phase::Following | Phase::Purging => !view.returning || view.phase == Phase::Purging,
        phase => phase.is_over(),
    }
}

/// A line that nobody can see is no reason to stop watching.
fn write_line(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

const fn words(phase: Phase) -> &'static str {
    match phase {
        Phase::Preparing => "the cells get ready",
        Phase::Copying => "copying",
        Phase::Verifying => "comparing",
        Phase::Closing => "catching up",
        Phase::Fencing => "stopping the first cell",
        Phase::Fenced => "the last changes",
        Phase::Loosening => "going on at the first cell",
        Phase::Activating => "starting at the second cell",
        Phase::Following => "served by the second cell",
        Phase::Purging => "closing the way back",
        Phase::Done => "done",
        Phase::Undoing => "undoing",
        Phase::Undone => "undone",
    }
}

/// A move in one line.
pub(crate) fn render_line(view: &MoveView) -> String {
    let reason = view.reason.as_ref();
    let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
    let back = if view.returning { "taken back: " } else { "" };
    format!(
        "{} -> {}: {back}{}{reason}",
        view.source,
        view.target,
        words(view.phase)
    )
}

fn render_progress(view: &MoveView) -> String {
    let share = match view.phase {
        Phase::Copying | Phase::Verifying if view.rows_total > 0 => {
            view.rows_done.clamp(0, view.rows_total) as f64 / view.rows_total as f64
        }
        Phase::Preparing | Phase::Copying | Phase::Verifying => 0.0,
        _ => 1.0,
    };
    let filled = (share * BAR_CHARS as f64) as usize;
    let bar: String = (0..BAR_CHARS)
        .map(|at| if at < filled { '#' } else { '.' })
        .collect();
    let waits = view.reason.as_ref().filter(|_| !view.phase.is_over());
    let waits = waits.map_or_else(String::new, |reason| format!(" ({reason})"));
    let (from, to) = (&view.source, &view.target);
    format!(
        "{} {from} -> {to} [{bar}] {:3.0} % {}{waits}",
        view.slug,
        share * 100.0,
        words(view.phase)
    )
}

/// One move, a line for each thing.
fn render_move(view: &MoveView) -> String {
    let mut rows = vec![
        row(&["organisation", view.slug.as_str()]),
        row(&["move", view.id.as_str()]),
        row(&["from", view.source.as_str()]),
        row(&["to", view.target.as_str()]),
        row(&["phase", words(view.phase)]),
        row(&["served by", view.serving.as_str()]),
        row(&["epoch", &view.epoch.to_string()]),
        row(&["rows", &view.rows_total.to_string()]),
    ];
    if let Some(pause) = view.pause_micros {
        rows.push(row(&["pause", &format!("{} ms", pause / 1_000)]));
    }
    if let Some(until) = view.until.filter(|_| view.phase == Phase::Following) {
        rows.push(row(&[
            "can be taken back until",
            &until.to_rfc3339_millis(),
        ]));
    }
    if let Some(reason) = &view.reason {
        rows.push(row(&["reason", reason]));
    }
    table(&rows)
}

fn render_moves(moves: &[MoveView]) -> String {
    let mut rows = vec![row(&[
        "ORG",
        "FROM",
        "TO",
        "SERVED BY",
        "PHASE",
        "BEGUN",
        "REASON",
    ])];
    rows.extend(moves.iter().map(|view| {
        row(&[
            view.slug.as_str(),
            view.source.as_str(),
            view.target.as_str(),
            view.serving.as_str(),
            words(view.phase),
            &view.created_at.to_rfc3339_millis(),
            view.reason.as_deref().unwrap_or_default(),
        ])
    }));
    table(&rows)
}
