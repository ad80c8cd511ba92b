//! What would be sent, without anything being sent.

use crate::access::{Permission, Permit};
use crate::app;
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::person::store as people;
use crate::provisioning::account_facts::{Facts, Sources, decide_facts};
use crate::provisioning::decide::Step;
use crate::provisioning::follow::{Place, WALK_START, load_page};
use crate::provisioning::mapping::{render_deactivation, render_update};
use crate::provisioning::peer::{as_part, equals};
use crate::provisioning::store::accounts::{self, Account};
use crate::provisioning::store::{Key, connections};
use database::ReadTx;
use serde_json::Value;
use vocab::future::boxed;
use vocab::id::{AppId, UserId};

/// People of one page.
pub const PAGE_PEOPLE: i64 = 50;

/// A request that would be made.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRequest {
    /// The method.
    pub method: &'static str,
    /// The path, below the address of the peer.
    pub path: String,
    /// The body.
    pub body: Option<Value>,
}

/// What would be done for somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The person.
    pub user_id: UserId,
    /// The login, as far as it is known.
    pub login: String,
    /// What would be done.
    pub step: Step,
    /// What would be sent. Where an account is found that is to be made, it is changed and none is made.
    pub requests: Vec<PlannedRequest>,
}

/// A page of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedPage {
    /// For whom something would be done, or nothing.
    pub planned: Vec<Planned>,
    /// Where the next page begins; there is none behind the last.
    pub next: Option<String>,
}

fn lookup(attribute: &str, value: &str) -> PlannedRequest {
    PlannedRequest {
        method: "GET",
        path: format!("/Users{}", equals(attribute, value)),
        body: None,
    }
}

/// Where an account is looked for that may have been made: by what we call it, and by each name that it may have.
fn lookups(account: &Account, login: &str, is_wide: bool) -> Vec<PlannedRequest> {
    let mut lookups = Vec::new();
    if is_wide {
        lookups.push(lookup("externalId", account.user_id.as_str()));
    }
    lookups.push(lookup("userName", login));
    if is_wide && account.login.to_lowercase() != login.to_lowercase() {
        lookups.push(lookup("userName", &account.login));
    }
    lookups
}

impl Cell {
    /// What would be done for one person.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app without a connection, and for somebody whom the app does not concern.
    #[boxed]
    pub async fn plan_provisioning_of(
        &self,
        permit: &Permit,
        app: &AppId,
        user: &UserId,
    ) -> Result<Planned, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let connection = connections::load(&mut tx, (permit.org(), app)).await?;
        let connection = connection.ok_or(Refusal::NotFound)?;
        let sources = Sources::load(&mut tx, &connection).await?;
        let planned = plan_one(&mut tx, (permit.org(), app), &sources, user).await?;
        planned.ok_or(Refusal::NotFound)
    }

    /// What would be done for everybody, page by page.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app without a connection; [`Refusal::Invalid`] for a place that is none.
    #[boxed]
    pub async fn plan_provisioning(
        &self,
        permit: &Permit,
        app: &AppId,
        place: Option<&str>,
    ) -> Result<PlannedPage, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let place = place.unwrap_or(WALK_START);
        if Place::parse(place).is_none() {
            return Err(Refusal::invalid("after", "it is no cursor of this list"));
        }
        let mut tx = self.database.read().await?;
        let key = (permit.org(), app);
        let connection = connections::load(&mut tx, key).await?;
        let connection = connection.ok_or(Refusal::NotFound)?;
        let sources = Sources::load(&mut tx, &connection).await?;
        let page = load_page(&mut tx, key, place, PAGE_PEOPLE).await?;
        let mut planned = Vec::new();
        for user in page.people {
            if is_first_place(&mut tx, key, place, &user).await? {
                planned.extend(plan_one(&mut tx, key, &sources, &user).await?);
            }
        }
        Ok(PlannedPage {
            planned,
            next: Some(page.next).filter(|next| !next.is_empty()),
        })
    }
}

/// Whether a walk comes by somebody at this place for the first time.
async fn is_first_place(
    tx: &mut ReadTx,
    key: (&vocab::id::OrgId, &AppId),
    place: &str,
    user: &UserId,
) -> Result<bool, Fault> {
    let (org, app_id) = key;
    Ok(match Place::parse(place) {
        Some(Place::Members(group, _)) => {
            !app::store::is_assigned_to_person(tx, org, app_id, user).await?
                && accounts::first_group_of(tx, key, user).await?.as_deref() == Some(group)
        }
        Some(Place::Accounts(_)) => !app::store::is_assigned(tx, org, app_id, user).await?,
        Some(Place::People(_)) | None => true,
    })
}

async fn plan_one(
    tx: &mut ReadTx,
    key: Key<'_>,
    sources: &Sources,
    user: &UserId,
) -> Result<Option<Planned>, Fault> {
    let account = accounts::load(tx, key, user).await?;
    let assigned = app::store::is_assigned(tx, key.0, key.1, user).await?;
    if account.is_none() && !assigned {
        return Ok(None);
    }
    let person = people::load(tx, key.0, user).await?;
    let account = account.unwrap_or_else(|| Account::unknown(user));
    let stored = sources.load_stored(tx, key, user).await?;
    let Facts {
        account,
        person,
        rendered,
        step,
        ..
    } = decide_facts(sources, account, (person, stored), assigned);
    let login = person.map_or_else(|| account.login.clone(), |person| person.login);
    let at = |id: &Option<String>| format!("/Users/{}", as_part(id.as_deref().unwrap_or_default()));
    let requests = match (step, &rendered) {
        (Step::Create, Some(rendered)) => {
            let mut requests = lookups(&account, &login, account.begun);
            requests.push(PlannedRequest {
                method: "POST",
                path: "/Users".to_owned(),
                body: Some(Value::Object(rendered.document.clone())),
            });
            requests
        }
        (Step::Update, Some(rendered)) => vec![PlannedRequest {
            method: "PATCH",
            path: at(&account.peer_id),
            body: Some(render_update(rendered, &account.sent_names)),
        }],
        (Step::Deactivate, _) => vec![PlannedRequest {
            method: "PATCH",
            path: at(&account.peer_id),
            body: Some(render_deactivation()),
        }],
        (Step::FindAndDeactivate, _) => lookups(&account, &login, true),
        (Step::Nothing | Step::Forget | Step::Create | Step::Update, _) => Vec::new(),
    };
    Ok(Some(Planned {
        user_id: user.clone(),
        login,
        step,
        requests,
    }))
}
