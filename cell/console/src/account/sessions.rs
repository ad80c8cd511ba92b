//! Where a person is signed in, and ending what they do not know.

use crate::account::caller::own;
use crate::account::said::{Said, go_saying, page, shell};
use crate::admin::caller::{Answer, done, found, loaded};
use crate::admin::row::session_row;
use crate::cookie::CookieKind;
use crate::view::account::SessionsPage;
use crate::view::signin::SignedOutPage;
use crate::visit::Visit;
use axum::extract::Path;
use identity::session::ending::Ending;
use identity::session::{Session, store};
use oauth::account::end_sessions;
use std::cmp::Reverse;
use vocab::id::SessionId;

const PAGE: &str = "/account/sessions";
/// Most sessions that are shown, the newest ones.
const SESSIONS_MAX: i64 = 100;

/// `GET /account/sessions`.
pub async fn show(visit: Visit) -> Answer {
    let own = own(&visit, PAGE).await?;
    let person = &own.signed_in.person;
    let (org, now) = (&person.org_id, visit.facts.now);
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let rows = store::load_of_person(&mut tx, org, &person.id, now, SESSIONS_MAX).await;
    drop(tx);
    let mut sessions: Vec<Session> = loaded(&visit, rows)?;
    // A raised epoch has ended sessions that are still stored.
    sessions.retain(|session| session.user_epoch == person.epoch);
    let this = &own.signed_in.session.id;
    sessions.sort_by_key(|session| (session.id != *this, Reverse(session.last_seen_at)));
    let shell = shell(&visit);
    let sessions = sessions
        .iter()
        .map(|session| session_row(shell.t, session, Some(this)))
        .collect();
    Ok(page(&visit, &SessionsPage { shell, sessions }))
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
