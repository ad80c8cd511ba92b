//! `testudo org move` and `testudo org moves`: begin a move, give it up, take it back, watch it.

use crate::fleet::ask::{ANSWER, Operator, SILENT};
use crate::options::Output;
use crate::options::fleet::{Fleet, OrgMove};
use crate::terminal::{row, table};
use anyhow::Context as _;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use vocab::time::Timestamp;
use wire::client::CallError;
use wire::names::CellName;
use wire::org_move::view::{MovePage, MoveView, Phase, StartMove};

/// How often it is looked how far a move is.
const WATCH_ROUND: Duration = Duration::from_millis(200);
/// How long a move is watched that does not come on. It goes on without anybody who watches.
const STILL_MAX: Duration = Duration::from_secs(120);
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
    } else if options.only_watches() {
        find_under_way(&operator, &path, &options).await?
    } else {
        begin(&operator, &path, &options).await?
    };
    if !options.watch {
        return operator.print(&begun, |begun| render_asked(begun, &operator.at));
    }
    let end = watch(&operator, &path, begun).await?;
    operator.print(&end, render_move)?;
    Ok(match end.phase {
        Phase::Undone if !options.undo => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}

/// The move to watch. Whoever only watches has not asked for one: none is begun.
async fn find_under_way(
    operator: &Operator,
    path: &str,
    options: &OrgMove,
) -> anyhow::Result<MoveView> {
    let slug = &options.slug;
    let newest = find(operator, path).await?;
    newest.filter(|known| !known.phase.is_over()).with_context(|| {
        format!(
            "{slug} is not on its way, and --watch alone begins no move: `testudo org move {slug} --to CELL --watch{at}` does, or \
             `testudo org move {slug}{at}` to the emptiest cell",
            at = operator.at
        )
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
    let mut still = Still::of(&view, Instant::now());
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
        match operator.client.get::<MoveView>(path, ANSWER).await {
            Ok(now) => view = now,
            // It is started again, and carries the move on.
            Err(CallError::Unreachable { .. }) => view.reason = Some(SILENT.to_owned()),
            Err(error) => return Err(error.into()),
        }
        anyhow::ensure!(view.id == id, "another move of {} was begun", view.slug);
        if still.is_too_long(&view, Instant::now()) {
            anyhow::bail!("{}", render_given_up(&view, &operator.at));
        }
    }
    if shown && in_place {
        write_line("\r\u{1b}[K");
    }
    Ok(view)
}

/// Since when a move has not come on.
struct Still {
    seen: (Phase, i64, Timestamp),
    since: Instant,
}

impl Still {
    const fn of(view: &MoveView, now: Instant) -> Self {
        Self {
            seen: (view.phase, view.rows_done, view.updated_at),
            since: now,
        }
    }

    fn is_too_long(&mut self, view: &MoveView, now: Instant) -> bool {
        let next = Self::of(view, now);
        if next.seen != self.seen {
            *self = next;
        }
        now.saturating_duration_since(self.since) >= STILL_MAX
    }
}

fn render_given_up(view: &MoveView, at: &str) -> String {
    let reason = view.reason.as_deref().unwrap_or("it did not say why");
    format!(
        "the move of {} did not come on for {} seconds ({}: {reason}), and is watched no longer. It goes on by itself; \
         `testudo org moves{at}` shows how far it is, and `testudo org move {0} --watch{at}` watches it again",
        view.slug,
        STILL_MAX.as_secs(),
        words(view)
    )
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

/// How far a move is. One that is taken back goes the other way: its second cell stops, and its first one starts.
fn words(view: &MoveView) -> &'static str {
    let is_back = view.serving == view.source;
    match view.phase {
        Phase::Done | Phase::Purging if is_back => return "taken back",
        Phase::Activating | Phase::Following if view.returning && is_back => {
            return "on its way back: starting at the first cell";
        }
        Phase::Activating | Phase::Following if view.returning => return "on its way back",
        Phase::Closing if view.returning => return "on its way back: catching up",
        Phase::Fencing if view.returning => return "on its way back: stopping the second cell",
        Phase::Fenced if view.returning => return "on its way back: the last changes",
        Phase::Loosening if view.returning => {
            return "on its way back: going on at the second cell";
        }
        Phase::Verifying if view.returning => return "on its way back: comparing",
        _ => {}
    }
    match view.phase {
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
    format!(
        "{} -> {}: {}{reason}",
        view.source,
        view.target,
        words(view)
    )
}

/// Rows are counted anew when they are compared: to copy them is the first half, so that nobody sees a move go back.
fn render_progress(view: &MoveView) -> String {
    let through = match view.rows_total {
        0 => 0.0,
        total => view.rows_done.clamp(0, total) as f64 / total as f64,
    };
    let share = match view.phase {
        Phase::Preparing => 0.0,
        Phase::Copying => through / 2.0,
        Phase::Verifying => 0.5 + through / 2.0,
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
        words(view)
    )
}

/// A move that was asked for something, and how it is followed while it is not through with that.
fn render_asked(view: &MoveView, at: &str) -> String {
    let (slug, text) = (&view.slug, render_move(view));
    let goes_on = match view.phase {
        _ if is_settled(view) => return text,
        Phase::Undoing => String::from("its move is being undone"),
        _ if view.returning => format!("it is on its way back to {}", view.source),
        _ => format!("it is on its way to {}", view.target),
    };
    format!("{text}\n{goes_on}; follow it with `testudo org move {slug} --watch{at}`\n")
}

/// One move, a line for each thing.
fn render_move(view: &MoveView) -> String {
    let mut rows = vec![
        row(&["organisation", view.slug.as_str()]),
        row(&["move", view.id.as_str()]),
        row(&["from", view.source.as_str()]),
        row(&["to", view.target.as_str()]),
        row(&["phase", words(view)]),
        row(&["served by", view.serving.as_str()]),
        row(&["epoch", &view.epoch.to_string()]),
        row(&["rows", &view.rows_total.to_string()]),
    ];
    if let Some(pause) = view.pause_micros {
        rows.push(row(&["pause", &format!("{} ms", pause / 1_000)]));
    }
    if let Some(until) = view
        .until
        .filter(|_| view.phase == Phase::Following && !view.returning)
    {
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
            words(view),
            &view.created_at.to_rfc3339_millis(),
            view.reason.as_deref().unwrap_or_default(),
        ])
    }));
    table(&rows)
}

#[cfg(test)]
mod tests {
    use super::{
        STILL_MAX, Still, render_asked, render_given_up, render_line, render_progress, words,
    };
    use std::time::{Duration, Instant};
    use vocab::entropy::SeededEntropy;
    use vocab::id::MoveId;
    use wire::org_move::view::{MoveView, Phase};

    fn view(phase: &str, serving: &str, returning: bool) -> MoveView {
        serde_json::from_value(serde_json::json!({
            "id": MoveId::generate(&SeededEntropy::new(1)), "slug": "acme", "source": "cell-a", "target": "cell-b", "phase": phase,
            "serving": serving, "epoch": 2, "returning": returning, "rows_total": 9, "rows_done": 0, "pause_micros": null,
            "until": null, "reason": null, "requested_by": "operator", "created_at": 1, "updated_at": 1,
        }))
        .unwrap()
    }

    #[test]
    fn a_move_that_was_taken_back_says_so_in_every_phase() {
        let table = [
            ("following", "cell-b", false, "served by the second cell"),
            ("done", "cell-b", false, "done"),
            ("undone", "cell-a", false, "undone"),
            ("following", "cell-b", true, "on its way back"),
            ("closing", "cell-b", true, "on its way back: catching up"),
            (
                "activating",
                "cell-a",
                true,
                "on its way back: starting at the first cell",
            ),
            ("purging", "cell-a", true, "taken back"),
            ("done", "cell-a", true, "taken back"),
        ];
        for (phase, serving, returning, said) in table {
            assert_eq!(words(&view(phase, serving, returning)), said, "{phase}");
        }
        let line = render_line(&view("done", "cell-a", true));
        assert_eq!(line, "cell-a -> cell-b: taken back");
        let asked = render_asked(&view("following", "cell-b", true), " --data f2");
        assert!(
            asked.contains("on its way back to cell-a; follow it with `testudo org move acme --watch --data f2`"),
            "{asked}"
        );
        let asked = render_asked(&view("following", "cell-b", false), "");
        assert!(!asked.contains("follow it"), "{asked}");
    }

    #[test]
    fn the_bar_of_a_move_never_goes_back() {
        let counted = [
            ("preparing", 0, "  0 %"),
            ("copying", 0, "  0 %"),
            ("copying", 26, " 13 %"),
            ("copying", 100, " 50 %"),
            ("verifying", 0, " 50 %"),
            ("verifying", 100, "100 %"),
            ("closing", 0, "100 %"),
        ];
        for (phase, rows_done, share) in counted {
            let one = MoveView {
                rows_done,
                rows_total: 100,
                ..view(phase, "cell-a", false)
            };
            let line = render_progress(&one);
            assert!(line.contains(share), "{phase} {rows_done}: {line}");
        }
        let empty = MoveView {
            rows_total: 0,
            ..view("copying", "cell-a", false)
        };
        assert!(render_progress(&empty).contains("  0 %"));
    }

    #[test]
    fn a_move_that_does_not_come_on_is_not_watched_for_ever() {
        let (first, begun) = (view("copying", "cell-a", false), Instant::now());
        let mut still = Still::of(&first, begun);
        let almost = begun + STILL_MAX - Duration::from_millis(1);
        assert!(!still.is_too_long(&first, almost));
        let further = MoveView {
            rows_done: 5,
            ..first.clone()
        };
        assert!(!still.is_too_long(&further, almost));
        assert!(!still.is_too_long(&further, begun + STILL_MAX));
        assert!(still.is_too_long(&further, almost + STILL_MAX));
        // What it waits for may change: that is no step.
        let waits = MoveView {
            phase: Phase::Undoing,
            reason: Some(String::from("cell-b does not answer")),
            ..further
        };
        let mut still = Still::of(&view("undoing", "cell-a", false), begun);
        let waits = MoveView {
            rows_done: 0,
            ..waits
        };
        assert!(still.is_too_long(&waits, begun + STILL_MAX));
        let said = render_given_up(&waits, "");
        for part in ["(undoing: cell-b does not answer)", "goes on by itself"] {
            assert!(said.contains(part), "{said}");
        }
    }
}
