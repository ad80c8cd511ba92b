//! Where a person is signed in, and ending what they do not know.

use crate::account::caller::own;
use crate::account::said::{Said, go_saying, page, shell};
use crate::admin::caller::{Answer, Detour, done, found, loaded};
use crate::admin::paging::{LOAD_ROWS, cut, is_first_page, key_of, pager, render_cursor};
use crate::admin::row::session_row;
use crate::cookie::CookieKind;
use crate::view::account::SessionsPage;
use crate::view::signin::SignedOutPage;
use crate::visit::Visit;
use axum::extract::Path;
use identity::person::Person;
use identity::session::ending::Ending;
use identity::session::store::SessionPlace;
use identity::session::{Session, store};
use oauth::account::end_sessions;
use vocab::id::SessionId;
use vocab::time::Timestamp;

const PAGE: &str = "/account/sessions";

/// `GET /account/sessions`.
pub async fn show(visit: Visit) -> Answer {
    let own = own(&visit, PAGE).await?;
    let this = &own.signed_in.session;
    let (mut sessions, next) = load_sessions(&visit, &own.signed_in.person).await?;
    // This one stands first on the first page, and nowhere else.
    sessions.retain(|session| session.id != this.id);
    if is_first_page(&visit) {
        sessions.insert(0, this.clone());
    }
    let shell = shell(&visit);
    let others = sessions.len() > 1 || next.is_some() || !is_first_page(&visit);
    let sessions = sessions
        .iter()
        .map(|session| session_row(shell.t, session, Some(&this.id)))
        .collect();
    Ok(page(
        &visit,
        &SessionsPage {
            shell,
            sessions,
            others,
            pager: pager(&visit, &[], next),
        },
    ))
}

/// A page of the person's sessions, and the cursor of the next one.
pub(crate) async fn load_sessions(
    visit: &Visit,
    person: &Person,
) -> Result<(Vec<Session>, Option<String>), Detour> {
    let after = parse_place(&key_of(visit));
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let rows = store::load_of_person(&mut tx, person, visit.facts.now, &after, LOAD_ROWS).await;
    drop(tx);
    let mut sessions = loaded(visit, rows)?;
    let next = cut(&mut sessions, |session| {
        let began = session.created_at.micros().to_string();
        render_cursor(&[&began, session.id.as_str()])
    });
    Ok((sessions, next))
}

/// The place that a cursor names; the beginning for one that is not ours.
fn parse_place(key: &[String]) -> SessionPlace {
    match key {
        [began, id] => began.parse().map_or_else(
            |_| SessionPlace::default(),
            |micros| SessionPlace {
                created_at: Timestamp::from_micros(micros),
                id: id.clone(),
            },
        ),
        _ => SessionPlace::default(),
    }
}

/// `POST /account/sessions/{id}/end`. To end this one is to sign out.
pub async fn end(Path(id): Path<String>, visit: Visit) -> Answer {
    let own = own(&visit, PAGE).await?;
    let id = found(&visit, SessionId::parse(&id).ok())?;
    let is_this = id == own.signed_in.session.id;
    let user = &own.signed_in.person.id;
    let ended = end_sessions(&visit.cell, &own.permit, user, Ending::One(id)).await;
    done(&visit, ended)?;
    if is_this {
        let shell = visit.gate_shell();
        let response = visit.page(&SignedOutPage { shell });
        return Ok(visit.without_cookie(response, CookieKind::Session));
    }
    Ok(go_saying(&visit, PAGE, Said::SessionsEnded))
}

/// `POST /account/sessions/end-others`.
pub async fn end_others(visit: Visit) -> Answer {
    let own = own(&visit, PAGE).await?;
    let ending = Ending::AllBut(own.signed_in.session.id.clone());
    let user = &own.signed_in.person.id;
    done(
        &visit,
        end_sessions(&visit.cell, &own.permit, user, ending).await,
    )?;
    Ok(go_saying(&visit, PAGE, Said::SessionsEnded))
}
