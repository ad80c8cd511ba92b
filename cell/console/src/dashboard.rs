//! My apps: where a person lands after signing in.

use crate::view::apps::{AppTile, AppsPage};
use crate::visit::Visit;
use axum::response::Response;
use identity::app::store::load_for_person;
use identity::fault::Fault;

/// Most apps on the page.
const TILES_MAX: i64 = 200;

/// `GET /`.
pub async fn home(visit: Visit) -> Response {
    visit.go("/apps")
}

/// `GET /apps`.
pub async fn apps(visit: Visit) -> Response {
    let Some(signed_in) = visit.signed_in() else {
        return visit.go("/signin?continue=/apps");
    };
    let person = &signed_in.person;
    let apps = match load_tiles(&visit, person).await {
        Ok(tiles) => tiles,
        Err(fault) => return visit.failed(&fault),
    };
    visit.page(&AppsPage {
        shell: visit.shell(),
        name: person.display_name(),
        tiles: apps,
    })
}

/// An app without a start address cannot be started from here and has no tile.
async fn load_tiles(
    visit: &Visit,
    person: &identity::person::Person,
) -> Result<Vec<AppTile>, Fault> {
    let mut tx = visit.cell.database.read().await?;
    let apps = load_for_person(&mut tx, &person.org_id, &person.id, TILES_MAX).await?;
    let tiles = apps
        .into_iter()
        .filter(|app| !app.settings.initiate_login_uri.is_empty());
    Ok(tiles
        .map(|app| AppTile {
            name: app.label,
            about: String::new(),
            href: app.settings.initiate_login_uri,
        })
        .collect())
}
