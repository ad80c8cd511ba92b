//! What apps were let have, and taking it back.

use crate::account::caller::own;
use crate::account::said::{Said, go_saying, page, shell};
use crate::admin::caller::{Answer, done, found, loaded};
use crate::admin::paging::{LOAD_ROWS, cut, key_of, pager, render_cursor};
use crate::admin::row::moment;
use crate::text::Text;
use crate::view::account::{ConsentRow, ConsentsPage};
use crate::view::signin::ScopeLine;
use crate::visit::Visit;
use axum::extract::Path;
use identity::snapshot::OrgSnapshot;
use oauth::account::revoke_consent;
use oauth::consent::store::{GivenConsent, load_page};
use vocab::id::AppId;

const PAGE: &str = "/account/consents";

/// `GET /account/consents`.
pub async fn show(visit: Visit) -> Answer {
    let own = own(&visit, PAGE).await?;
    let person = &own.signed_in.person;
    let mut key = key_of(&visit).into_iter();
    let mut part = || key.next().unwrap_or_default();
    let (label, app, server) = (part(), part(), part());
    let after = (label.as_str(), app.as_str(), server.as_str());
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let rows = load_page(&mut tx, &person.org_id, &person.id, after, LOAD_ROWS).await;
    drop(tx);
    let mut rows = loaded(&visit, rows)?;
    let next = cut(&mut rows, |given| {
        render_cursor(&[&given.label_key, given.app.as_str(), &given.server])
    });
    let shell = shell(&visit);
    let consents = rows
        .into_iter()
        .map(|given| consent_row(shell.t, &visit.snapshot, given))
        .collect();
    let pager = pager(&visit, &[], next);
    Ok(page(
        &visit,
        &ConsentsPage {
            shell,
            consents,
            pager,
        },
    ))
}

/// `POST /account/consents/{id}/revoke`; the id is that of the app and of the server.
pub async fn revoke(Path(id): Path<String>, visit: Visit) -> Answer {
    let own = own(&visit, PAGE).await?;
    let (app, server) = found(&visit, parse_id(&id))?;
    let revoked = revoke_consent(&visit.cell, &own.permit, &app, server).await;
    done(&visit, revoked)?;
    Ok(go_saying(&visit, PAGE, Said::Revoked))
}

fn consent_row(t: &'static Text, snapshot: &OrgSnapshot, given: GivenConsent) -> ConsentRow {
    let server = snapshot.server(&given.server);
    let describe = |name: &str| {
        let known = server
            .as_ref()
            .and_then(|server| server.config.scopes.iter().find(|scope| scope.name == name));
        known
            .map(|scope| scope.description.clone())
            .unwrap_or_default()
    };
    ConsentRow {
        id: render_id(&given.app, &given.server),
        app: given.label,
        scopes: given
            .scopes
            .split_whitespace()
            .map(|name| ScopeLine::new(t, name, &describe(name)).title)
            .collect(),
        granted: moment(given.granted_at),
    }
}

fn render_id(app: &AppId, server: &str) -> String {
    format!("{app}.{server}")
}

fn parse_id(id: &str) -> Option<(AppId, &str)> {
    let (app, server) = id.split_once('.')?;
    Some((AppId::parse(app).ok()?, server))
}

#[cfg(test)]
mod tests {
    use super::{parse_id, render_id};
    use vocab::entropy::SeededEntropy;
    use vocab::id::AppId;

    #[test]
    fn the_id_of_a_consent_is_read_back() {
        let app = AppId::generate(&SeededEntropy::new(5));
        let id = render_id(&app, "org");
        assert_eq!(parse_id(&id), Some((app, "org")));
        for other in ["", "org", ".org", "0oa.org"] {
            assert_eq!(parse_id(other), None, "{other}");
        }
    }
}
