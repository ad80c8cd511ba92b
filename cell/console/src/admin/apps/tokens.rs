//! The refresh tokens of an app, whosever they are.

use crate::admin::apps::{draw, load_app};
use crate::admin::caller::{Answer, administrator};
use crate::admin::held::{self, Which};
use crate::view::admin::AppTab;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::app::App;
use identity::fault::Refusal;

/// `GET /admin/apps/{id}/tokens`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let app = load_app(&visit, &id).await?;
    page(&visit, visit.shell(), &reader, &app).await
}

/// `POST /admin/apps/{id}/tokens/revoke`.
pub async fn revoke(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    let revoked = held::revoke(&visit, &permit, which(&app)).await?;
    answer(&visit, &app, revoked.map(|()| true)).await
}

/// `POST /admin/apps/{id}/tokens/revoke-all`.
pub async fn revoke_all(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    let revoked = held::revoke_all(&visit, &permit, which(&app)).await;
    answer(&visit, &app, revoked).await
}

const fn which(app: &App) -> Which<'_> {
    Which { app, server: None }
}

async fn answer(visit: &Visit, app: &App, outcome: Result<bool, Refusal>) -> Answer {
    match held::told(visit, outcome)? {
        None => Ok(visit.go(&format!("/admin/apps/{}/tokens", app.id))),
        Some(shell) => {
            let reader = administrator(visit, Permission::ReadDirectory).await?;
            page(visit, shell, &reader, app).await
        }
    }
}

async fn page(visit: &Visit, shell: Shell, reader: &Permit, app: &App) -> Answer {
    let tokens = held::load(visit, reader, which(app)).await?;
    Ok(draw(visit, shell, app, AppTab::Tokens { tokens }))
}
