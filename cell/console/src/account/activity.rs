//! What happened with the own account: what the person did, and what others did to it.

use crate::account::caller::own;
use crate::account::said::{page, shell};
use crate::admin::caller::{Answer, loaded};
use crate::admin::log::{cursor_of, render_seq};
use crate::admin::paging::{PAGE_ROWS, pager};
use crate::admin::row::log_row;
use crate::view::account::ActivityPage;
use crate::visit::Visit;
use database::{DatabaseFault, ReadTx};
use identity::person::Person;
use ledger::{LogFilter, LogRow};
use vocab::id::AppId;

const PAGE: &str = "/account/activity";
/// Most stretches of the log that are looked through for one page.
const STRETCHES_MAX: usize = 5;

/// `GET /account/activity`.
pub async fn show(visit: Visit) -> Answer {
    let own = own(&visit, PAGE).await?;
    let before = cursor_of(&visit);
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let found = load_rows(&mut tx, &own.signed_in.person, before).await;
    drop(tx);
    let (rows, next) = loaded(&visit, found)?;
    Ok(page(
        &visit,
        &ActivityPage {
            shell: shell(&visit),
            rows: rows
                .iter()
                .map(|row| log_row(visit.shell().t, row))
                .collect(),
            pager: pager(&visit, &[], next.map(render_seq)),
        },
    ))
}

/// A page of rows, the newest first, and the row to go on before. It may come back short where apps have fetched token
/// after token for the person, which is left out.
async fn load_rows(
    tx: &mut ReadTx,
    person: &Person,
    mut before: Option<i64>,
) -> Result<(Vec<LogRow>, Option<i64>), DatabaseFault> {
    let mut rows = Vec::new();
    for _ in 0..STRETCHES_MAX {
        let (stretch, next) = load_stretch(tx, person, before).await?;
        for row in stretch {
            if is_of_an_app(&row) {
                continue;
            }
            let seq = row.seq;
            rows.push(row);
            if rows.len() == PAGE_ROWS {
                return Ok((rows, Some(seq)));
            }
        }
        before = next;
        if before.is_none() {
            break;
        }
    }
    Ok((rows, before))
}

/// Rows by the person and rows about the person, merged.
async fn load_stretch(
    tx: &mut ReadTx,
    person: &Person,
    before: Option<i64>,
) -> Result<(Vec<LogRow>, Option<i64>), DatabaseFault> {
    let id = Some(person.id.to_string());
    let by = LogFilter {
        actor: id.clone(),
        ..LogFilter::default()
    };
    let about = LogFilter {
        target: id,
        ..LogFilter::default()
    };
    let by = ledger::load_page(tx, &person.org_id, &by, before, PAGE_ROWS).await?;
    let about = ledger::load_page(tx, &person.org_id, &about, before, PAGE_ROWS).await?;
    Ok(plan_merged(
        (by.rows, by.next),
        (about.rows, about.next),
        |row| row.seq,
    ))
}

/// Two lists in falling order as one, each row once, as far down as both are complete; and where to go on.
fn plan_merged<T>(
    (one, one_next): (Vec<T>, Option<i64>),
    (other, other_next): (Vec<T>, Option<i64>),
    seq: impl Fn(&T) -> i64,
) -> (Vec<T>, Option<i64>) {
    // A list that goes on is complete only down to where it goes on.
    let next = one_next.max(other_next);
    let mut rows: Vec<T> = one.into_iter().chain(other).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(seq(row)));
    rows.dedup_by_key(|row| seq(row));
    if let Some(next) = next {
        rows.retain(|row| seq(row) >= next);
    }
    (rows, next)
}

/// What an app did by itself, such as to fetch a token.
fn is_of_an_app(row: &LogRow) -> bool {
    AppId::parse(&row.actor_id).is_ok()
}

#[cfg(test)]
mod tests {
    use super::plan_merged;

    #[test]
    fn two_lists_are_merged_as_far_as_both_are_known() {
        let merged = |one, one_next, other, other_next| {
            plan_merged((one, one_next), (other, other_next), |seq: &i64| *seq)
        };
        assert_eq!(
            merged(vec![9, 5], None, vec![9, 7], None),
            (vec![9, 7, 5], None)
        );
        // The first goes on after 8: what lies below it in the second has to wait.
        assert_eq!(
            merged(vec![9, 8], Some(8), vec![9, 7], None),
            (vec![9, 8], Some(8))
        );
        assert_eq!(
            merged(vec![9, 8], Some(8), vec![7, 6], Some(6)),
            (vec![9, 8], Some(8))
        );
        assert_eq!(merged(vec![], None, vec![], None), (vec![], None));
    }
}
