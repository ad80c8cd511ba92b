//! Where a person is signed in, and what they did lately.

use crate::account::sessions::load_sessions;
use crate::admin::caller::{Answer, administrator, administrator_over, done, found, loaded};
use crate::admin::log::{cursor_of, render_seq};
use crate::admin::paging::{PAGE_ROWS, pager};
use crate::admin::people::{draw, load_person, load_touch};
use crate::admin::row::{log_row, session_row};
use crate::view::admin::PersonTab;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::Permission;
use identity::session::ending::Ending;
use ledger::LogFilter;
use oauth::account::end_sessions;
use vocab::id::SessionId;

/// `GET /admin/people/{id}/sessions`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let person = load_person(&visit, &id).await?;
    let touch = load_touch(&visit, &person).await?;
    let (live, next) = load_sessions(&visit, &person).await?;
    let shell = visit.shell();
    let own = visit.signed_in().map(|signed_in| &signed_in.session.id);
    let tab = PersonTab::Sessions {
        sessions: live
            .iter()
            .map(|session| session_row(shell.t, session, own))
            .collect(),
        pager: pager(&visit, &[], next),
    };
    Ok(draw(&visit, shell, &person, touch, tab))
}

/// `POST /admin/people/{id}/sessions/end`.
pub async fn end(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_over(&visit, &id, "/sessions", Permission::HelpPeople).await?;
    let person = load_person(&visit, &id).await?;
    let session = found(&visit, SessionId::parse(visit.field("id")).ok())?;
    let ending = Ending::One(session);
    done(
        &visit,
        end_sessions(&visit.cell, &permit, &person.id, ending).await,
    )?;
    Ok(visit.go(&format!("/admin/people/{id}/sessions")))
}

/// `GET /admin/people/{id}/activity`: the rows of the log in which the person acted.
pub async fn show_activity(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadLog).await?;
    let person = load_person(&visit, &id).await?;
    let touch = load_touch(&visit, &person).await?;
    let filter = LogFilter {
        actor: Some(person.id.to_string()),
        ..LogFilter::default()
    };
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let page = ledger::load_page(
        &mut tx,
        &person.org_id,
        &filter,
        cursor_of(&visit),
        PAGE_ROWS,
    )
    .await;
    drop(tx);
    let page = loaded(&visit, page)?;
    let tab = PersonTab::Activity {
        rows: page
            .rows
            .iter()
            .map(|row| log_row(visit.shell().t, row))
            .collect(),
        pager: pager(&visit, &[], page.next.map(render_seq)),
    };
    Ok(draw(&visit, visit.shell(), &person, touch, tab))
}
