//! What apps hold of a person: scopes that the person consented to, and refresh tokens. `oauth` decides who takes them back.

use crate::admin::apps::load_app;
use crate::admin::caller::{Answer, Detour, administrator, administrator_over, done, found};
use crate::admin::held::{server_name, token_row};
use crate::admin::paging::{PAGE_ROWS, after_of, key_of, pager, render_cursor};
use crate::admin::people::{draw, load_person, load_touch, refused_shell};
use crate::admin::row::moment;
use crate::view::admin::{HeldOfPerson, HeldScopeRow, HeldTokens, PersonTab};
use crate::view::part::Pager;
use crate::view::row::LinkRow;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::app::App;
use identity::fault::Refusal;
use identity::person::Person;
use oauth::held::{self, HeldScope, Which};
use vocab::id::RefreshFamilyId;

/// The view of the page to which a browser comes back that has to prove more.
const TAB: &str = "/clients";
/// In cursors: which of the two lists of an app's page goes on.
const SCOPES: &str = "scopes";
const TOKENS: &str = "tokens";

/// `GET /admin/people/{id}/clients`.
pub async fn list(Path(id): Path<String>, visit: Visit) -> Answer {
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let person = load_person(&visit, &id).await?;
    page(&visit, visit.shell(), &reader, &person).await
}

/// `POST /admin/people/{id}/clients/revoke-all`: every consent of the person, whichever app has it.
pub async fn revoke_everything(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_over(&visit, &id, TAB, Permission::HelpPeople).await?;
    let person = load_person(&visit, &id).await?;
    match held::revoke_scopes(&visit.cell, &permit, &person.id, Which::All).await {
        Ok(_) => Ok(visit.go(&format!("/admin/people/{id}{TAB}"))),
        Err(refusal) => {
            let shell = refused_shell(&visit, refusal)?;
            let reader = administrator(&visit, Permission::ReadDirectory).await?;
            page(&visit, shell, &reader, &person).await
        }
    }
}

/// `GET /admin/people/{id}/clients/{client}`.
pub async fn show(Path((id, client)): Path<(String, String)>, visit: Visit) -> Answer {
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let person = load_person(&visit, &id).await?;
    let app = load_app(&visit, &client).await?;
    client_page(&visit, visit.shell(), &reader, (&person, &app)).await
}

/// `POST /admin/people/{id}/clients/{client}/scopes/revoke`.
pub async fn revoke_scope(Path((id, client)): Path<(String, String)>, visit: Visit) -> Answer {
    let of = Of::load(&visit, &id, &client).await?;
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let named = visit.field("id");
    let scope = held::find_scope(&visit.cell, &reader, &of.person.id, named).await;
    let scope = done(&visit, scope)?.filter(|scope| scope.app == of.app.id);
    of.revoke_scopes(&visit, Which::One(found(&visit, scope)?))
        .await
}

/// `POST /admin/people/{id}/clients/{client}/scopes/revoke-all`.
pub async fn revoke_scopes(Path((id, client)): Path<(String, String)>, visit: Visit) -> Answer {
    let of = Of::load(&visit, &id, &client).await?;
    let which = Which::OfApp(of.app.id.clone());
    of.revoke_scopes(&visit, which).await
}

/// `POST /admin/people/{id}/clients/{client}/tokens/revoke`.
pub async fn revoke_token(Path((id, client)): Path<(String, String)>, visit: Visit) -> Answer {
    let of = Of::load(&visit, &id, &client).await?;
    let token = found(&visit, RefreshFamilyId::parse(visit.field("id")).ok())?;
    of.revoke_tokens(&visit, Some(&token)).await
}

/// `POST /admin/people/{id}/clients/{client}/tokens/revoke-all`.
pub async fn revoke_tokens(Path((id, client)): Path<(String, String)>, visit: Visit) -> Answer {
    let of = Of::load(&visit, &id, &client).await?;
    of.revoke_tokens(&visit, None).await
}

/// Whoever takes back, of whom, and from which app.
struct Of {
    permit: Permit,
    person: Person,
    app: App,
}

impl Of {
    async fn load(visit: &Visit, id: &str, client: &str) -> Result<Self, Detour> {
        let tab = format!("{TAB}/{client}");
        let permit = administrator_over(visit, id, &tab, Permission::HelpPeople).await?;
        Ok(Self {
            permit,
            person: load_person(visit, id).await?,
            app: load_app(visit, client).await?,
        })
    }

    async fn revoke_scopes(&self, visit: &Visit, which: Which) -> Answer {
        let is_one = matches!(which, Which::One(_));
        let revoked = held::revoke_scopes(&visit.cell, &self.permit, &self.person.id, which);
        self.answer(visit, revoked.await, is_one).await
    }

    async fn revoke_tokens(&self, visit: &Visit, token: Option<&RefreshFamilyId>) -> Answer {
        let app = (&self.app.id, self.app.label.as_str());
        let revoked =
            held::revoke_tokens(&visit.cell, &self.permit, &self.person.id, app, token).await;
        self.answer(visit, revoked, token.is_some()).await
    }

    /// Where one was named that is not there by now, that is what is told.
    async fn answer(&self, visit: &Visit, outcome: Result<usize, Refusal>, is_one: bool) -> Answer {
        let (person, app) = (&self.person, &self.app);
        match outcome {
            Ok(0) if is_one => Err(visit.refused(&Refusal::NotFound).into()),
            Ok(_) => Ok(visit.go(&format!("/admin/people/{}{TAB}/{}", person.id, app.id))),
            Err(refusal) => {
                let shell = refused_shell(visit, refusal)?;
                let reader = administrator(visit, Permission::ReadDirectory).await?;
                client_page(visit, shell, &reader, (person, app)).await
            }
        }
    }
}

async fn page(visit: &Visit, shell: Shell, reader: &Permit, person: &Person) -> Answer {
    let touch = load_touch(visit, person).await?;
    let after = after_of(visit);
    let apps = held::list_apps(&visit.cell, reader, &person.id, (&after, PAGE_ROWS)).await;
    let (apps, has_more) = done(visit, apps)?;
    let next = apps.last().filter(|_| has_more);
    let next = next.map(|(id, _)| render_cursor(&[id.as_str()]));
    let rows = apps.into_iter().map(|(id, name)| LinkRow {
        id: id.to_string(),
        name,
        about: String::new(),
    });
    let tab = PersonTab::Clients {
        rows: rows.collect(),
        pager: pager(visit, &[], next),
    };
    Ok(draw(visit, shell, person, touch, tab))
}

async fn client_page(
    visit: &Visit,
    shell: Shell,
    reader: &Permit,
    (person, app): (&Person, &App),
) -> Answer {
    let touch = load_touch(visit, person).await?;
    let (cell, user) = (&visit.cell, &person.id);
    let after = place_in(visit, SCOPES).unwrap_or_default();
    let scopes = held::list_scopes(cell, reader, user, Some(&app.id), (&after, PAGE_ROWS)).await;
    let (scopes, has_more) = done(visit, scopes)?;
    let next = scopes.last().filter(|_| has_more);
    let scopes_pager = pager_of(visit, SCOPES, next.map(HeldScope::place));
    let after = place_in(visit, TOKENS).unwrap_or_default();
    let tokens = held::list_tokens(cell, reader, user, &app.id, (&after, PAGE_ROWS)).await;
    let (tokens, has_more) = done(visit, tokens)?;
    let next = tokens.last().filter(|_| has_more);
    let view = HeldOfPerson {
        app: LinkRow {
            id: app.id.to_string(),
            name: app.label.clone(),
            about: String::new(),
        },
        scopes: scopes
            .iter()
            .map(|scope| scope_row(visit, person, scope))
            .collect(),
        scopes_pager,
        tokens: HeldTokens {
            pager: pager_of(visit, TOKENS, next.map(|token| token.id.to_string())),
            rows: tokens
                .iter()
                .map(|token| token_row(visit, (user, Some(person)), token))
                .collect(),
        },
    };
    let tab = PersonTab::Client(Box::new(view));
    Ok(draw(visit, shell, person, touch, tab))
}

/// Behind what the page of that list begins, where it is the one that goes on.
fn place_in(visit: &Visit, list: &str) -> Option<String> {
    match key_of(visit).as_slice() {
        [kind, place] if kind == list => Some(place.clone()),
        _ => None,
    }
}

/// The neighbours in that list; the other one begins at its beginning.
fn pager_of(visit: &Visit, list: &str, next: Option<String>) -> Pager {
    let own = pager(visit, &[], next.map(|place| render_cursor(&[list, &place])));
    Pager {
        first: own.first.filter(|_| place_in(visit, list).is_some()),
        next: own.next,
    }
}

fn scope_row(visit: &Visit, person: &Person, held: &HeldScope) -> HeldScopeRow {
    let server = visit.snapshot.server(&held.server);
    let mut described = server.iter().flat_map(|server| &server.config.scopes);
    let described = described.find(|scope| scope.name == held.scope);
    HeldScopeRow {
        id: held.id(&person.id),
        name: held.scope.clone(),
        about: described
            .map(|scope| scope.description.clone())
            .unwrap_or_default(),
        server: server_name(visit, &held.server),
        since: moment(held.granted_at),
    }
}
