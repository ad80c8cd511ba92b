//! Event hooks: the list, one of them with what it was told, verifying it, and a secret that is shown once. Whoever sends
//! what happens elsewhere proves afresh who they are.

use crate::admin::caller::{
    Answer, Detour, administrator, administrator_freshly, done, found, loaded,
};
use crate::admin::form::{lines, problem_of, revision, revision_beside, shell_after, typed_again};
use crate::admin::paging::{LOAD_ROWS, after_of, cut, pager, render_cursor};
use crate::admin::row::moment;
use crate::admin::settings::posted_auth;
use crate::text::Text;
use crate::view::admin::{DeliveryRow, DeliveryTone, HookForm, HookPage, HookRow, HooksPage};
use crate::view::part::{Input, Tone};
use crate::view::shell::{Flash, Shell};
use crate::visit::Visit;
use axum::Extension;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::event_hook::EventHook;
use identity::event_hook::channel::HookChange;
use identity::event_hook::deliveries::{Delivery, DeliveryState};
use identity::event_hook::envoy::{Envoy, Trouble};
use identity::event_hook::operations::Unverified;
use identity::fault::Refusal;
use std::sync::Arc;
use vocab::id::{EventHookId, HookDeliveryId};

const HERE: &str = "/admin/settings/hooks";

/// The way to addresses that administrators named.
type Way = Extension<Arc<dyn Envoy>>;

/// `GET /admin/settings/hooks`.
pub async fn list(visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    list_page(&visit, visit.shell(), &permit, HookForm::default()).await
}

/// `POST /admin/settings/hooks/add`: the page of the new hook shows its secret this once.
pub async fn add(Extension(envoy): Way, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let change = posted(&visit, None);
    let made = visit
        .cell
        .create_event_hook(&permit, change, envoy.plain_http());
    match made.await {
        Ok(made) => {
            let secret = made.secret.expose().clone();
            hook_page(
                &visit,
                visit.shell(),
                &permit,
                made.hook,
                Shown::secret(secret),
            )
            .await
        }
        Err(refusal) => {
            let form = refused_form(&visit, &refusal);
            let shell = done(&visit, shell_after(&visit, refusal))?;
            list_page(&visit, shell, &permit, form).await
        }
    }
}

/// `GET /admin/settings/hooks/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let hook = load(&visit, &permit, &id).await?;
    hook_page(&visit, visit.shell(), &permit, hook, Shown::default()).await
}

/// `POST /admin/settings/hooks/{id}`.
pub async fn save(Path(id): Path<String>, Extension(envoy): Way, visit: Visit) -> Answer {
    let (permit, hook) = at_hook(&visit, &id).await?;
    let change = posted(&visit, Some(&hook));
    let seen = EventHook {
        revision: revision(&visit),
        ..hook.clone()
    };
    let changed = visit
        .cell
        .replace_event_hook(&permit, seen, change, envoy.plain_http());
    match changed.await {
        Ok(_) => Ok(visit.go(&address(&hook))),
        Err(refusal) => {
            let form = refused_form(&visit, &refusal);
            refused(&visit, &permit, hook, refusal, Some(form)).await
        }
    }
}

/// `POST /admin/settings/hooks/{id}/verify`.
pub async fn verify(Path(id): Path<String>, Extension(envoy): Way, visit: Visit) -> Answer {
    let (permit, hook) = at_hook(&visit, &id).await?;
    let asked = visit
        .cell
        .verify_event_hook(&permit, hook.clone(), envoy.as_ref());
    let shell = visit.shell();
    let t = shell.t;
    let why = match asked.await {
        Ok(_) => return Ok(visit.go(&address(&hook))),
        Err(Unverified::Refused(refusal)) => {
            return refused(&visit, &permit, hook, refusal, None).await;
        }
        Err(Unverified::Silent(trouble)) => explain(t, trouble).to_owned(),
        Err(Unverified::Status(status)) => t
            .settings
            .hook_status
            .replace("{status}", &status.to_string()),
        Err(Unverified::Wrong) => t.settings.hook_wrong.to_owned(),
    };
    let shell = Shell {
        flash: Some(Flash {
            tone: Tone::Bad,
            text: t.settings.hook_unverified_now.replace("{why}", &why),
        }),
        ..shell
    };
    hook_page(&visit, shell, &permit, hook, Shown::default()).await
}

/// `POST /admin/settings/hooks/{id}/activate`.
pub async fn activate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, true).await
}

/// `POST /admin/settings/hooks/{id}/deactivate`.
pub async fn deactivate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, false).await
}

async fn switch(visit: &Visit, id: &str, active: bool) -> Answer {
    let (permit, hook) = at_hook(visit, id).await?;
    let switched = visit
        .cell
        .switch_event_hook(&permit, hook.clone(), active)
        .await;
    match switched {
        Ok(_) => Ok(visit.go(&address(&hook))),
        Err(refusal) => refused(visit, &permit, hook, refusal, None).await,
    }
}

/// `POST /admin/settings/hooks/{id}/secret`: the page shows the new secret this once.
pub async fn renew_secret(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, hook) = at_hook(&visit, &id).await?;
    match visit.cell.renew_hook_secret(&permit, hook.clone()).await {
        Ok(secret) => {
            let hook = load(&visit, &permit, &id).await?;
            let shown = Shown::secret(secret.expose().clone());
            hook_page(&visit, visit.shell(), &permit, hook, shown).await
        }
        Err(refusal) => refused(&visit, &permit, hook, refusal, None).await,
    }
}

/// `POST /admin/settings/hooks/{id}/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, hook) = at_hook(&visit, &id).await?;
    match visit.cell.delete_event_hook(&permit, hook.clone()).await {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => refused(&visit, &permit, hook, refusal, None).await,
    }
}

/// `POST /admin/settings/hooks/{id}/repeat`: tells the hook a delivery once more.
pub async fn repeat(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, hook) = at_hook(&visit, &id).await?;
    let delivery = found(&visit, HookDeliveryId::parse(visit.field("delivery")).ok())?;
    let repeated = visit
        .cell
        .repeat_hook_delivery(&permit, &hook.id, &delivery)
        .await;
    match repeated {
        Ok(_) => Ok(visit.go(&address(&hook))),
        Err(refusal) => refused(&visit, &permit, hook, refusal, None).await,
    }
}

fn address(hook: &EventHook) -> String {
    format!("{HERE}/{}", hook.id)
}

/// The hook of an address, for whoever may change it.
async fn at_hook(visit: &Visit, id: &str) -> Result<(Permit, EventHook), Detour> {
    let back = match EventHookId::parse(id) {
        Ok(id) => format!("{HERE}/{id}"),
        Err(_) => HERE.to_owned(),
    };
    let permit = administrator_freshly(visit, Permission::ManageOrg, &back).await?;
    let hook = load(visit, &permit, id).await?;
    Ok((permit, hook))
}

async fn load(visit: &Visit, permit: &Permit, id: &str) -> Result<EventHook, Detour> {
    let id = found(visit, EventHookId::parse(id).ok())?;
    done(visit, visit.cell.find_event_hook(permit, &id).await)
}

/// The hook that a form describes. Headers that no page shows stay as they are.
fn posted(visit: &Visit, present: Option<&EventHook>) -> HookChange {
    let text = |field: &str| visit.field(field).trim().to_owned();
    HookChange {
        name: text("name"),
        description: text("description"),
        types: lines(visit, "types"),
        uri: text("uri"),
        headers: present.map_or_else(Vec::new, |hook| hook.config.headers.clone()),
        auth: posted_auth(visit),
        base_url: visit.context.base_url.clone(),
    }
}

/// What was typed, with what is wrong beside it.
fn refused_form(visit: &Visit, refusal: &Refusal) -> HookForm {
    let problem = problem_of(visit.shell().t, refusal);
    let input = |field: &str, named: &str| typed_again(visit, field, named, problem.as_ref());
    HookForm {
        name: input("name", "name"),
        description: input("description", "description"),
        uri: input("uri", "channel.config.uri"),
        types: input("types", "events.items"),
        auth_name: input("auth_name", "channel.config.authScheme"),
    }
}

fn stored_form(hook: &EventHook) -> HookForm {
    let auth = hook.config.auth.as_ref();
    HookForm {
        name: Input::of(&hook.name),
        description: Input::of(&hook.config.description),
        uri: Input::of(&hook.config.uri),
        types: Input::of(hook.types.join("\n")),
        auth_name: Input::of(auth.map_or("", |auth| auth.name.as_str())),
    }
}

async fn list_page(visit: &Visit, shell: Shell, permit: &Permit, form: HookForm) -> Answer {
    let hooks = {
        let org = permit.org();
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let hooks = identity::event_hook::store::hooks::load_all(&mut tx, org).await;
        loaded(visit, hooks)?
    };
    Ok(visit.page(&HooksPage {
        shell,
        rows: hooks
            .into_iter()
            .map(|hook| HookRow {
                id: hook.id.to_string(),
                name: hook.name,
                uri: hook.config.uri,
                is_active: hook.active,
                is_verified: hook.verified,
                types: u64::try_from(hook.types.len()).unwrap_or(u64::MAX),
            })
            .collect(),
        form,
    }))
}

/// What a page shows beside the hook.
#[derive(Default)]
struct Shown {
    secret: Option<String>,
    form: Option<HookForm>,
}

impl Shown {
    fn secret(secret: String) -> Self {
        Self {
            secret: Some(secret),
            form: None,
        }
    }
}

async fn refused(
    visit: &Visit,
    permit: &Permit,
    hook: EventHook,
    refusal: Refusal,
    form: Option<HookForm>,
) -> Answer {
    let shell = done(visit, shell_after(visit, refusal))?;
    let shown = Shown { secret: None, form };
    hook_page(visit, shell, permit, hook, shown).await
}

async fn hook_page(
    visit: &Visit,
    shell: Shell,
    permit: &Permit,
    hook: EventHook,
    shown: Shown,
) -> Answer {
    let before = after_of(visit).parse().unwrap_or(i64::MAX);
    let mut told = {
        let key = (permit.org(), &hook.id);
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let told =
            identity::event_hook::store::deliveries::load_page(&mut tx, key, before, LOAD_ROWS);
        loaded(visit, told.await)?
    };
    let next = cut(&mut told, |last| render_cursor(&[&last.number.to_string()]));
    let t = shell.t;
    Ok(visit.page(&HookPage {
        id: hook.id.to_string(),
        revision: revision_beside(visit, shown.form.as_ref(), hook.revision),
        name: hook.name.clone(),
        is_active: hook.active,
        is_verified: hook.verified,
        has_auth: hook.config.auth.is_some(),
        created: moment(hook.created_at),
        fresh_secret: shown.secret,
        form: shown.form.unwrap_or_else(|| stored_form(&hook)),
        deliveries: told
            .iter()
            .map(|delivery| delivery_row(t, delivery))
            .collect(),
        pager: pager(visit, &[], next),
        shell,
    }))
}

fn delivery_row(t: &'static Text, delivery: &Delivery) -> DeliveryRow {
    let event = t.event(&delivery.event_type);
    let trouble = delivery.trouble.as_deref().and_then(Trouble::from_word);
    let result = match (delivery.status, trouble) {
        (Some(status), _) => Some(
            t.settings
                .hook_status
                .replace("{status}", &status.to_string()),
        ),
        (None, Some(trouble)) => Some(explain(t, trouble).to_owned()),
        (None, None) => None,
    };
    DeliveryRow {
        id: delivery.id.to_string(),
        event: event.unwrap_or(&delivery.event_type).to_owned(),
        more: u64::try_from(delivery.events.saturating_sub(1)).unwrap_or(0),
        at: moment(delivery.attempted_at.unwrap_or(delivery.created_at)),
        tone: match delivery.state {
            DeliveryState::Waiting => DeliveryTone::Waiting,
            DeliveryState::Delivered => DeliveryTone::Delivered,
            DeliveryState::Failed => DeliveryTone::Failed,
            DeliveryState::Cancelled => DeliveryTone::Cancelled,
        },
        attempts: u64::try_from(delivery.attempts).unwrap_or(0),
        took_ms: delivery.took_ms.and_then(|took| u64::try_from(took).ok()),
        result,
        answer: delivery.answer.clone(),
    }
}

/// Why there was no answer, in the reader's language.
pub(crate) const fn explain(t: &'static Text, trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Inward => t.settings.hook_inward,
        Trouble::Unreachable => t.settings.hook_unreachable,
        Trouble::Untrusted => t.settings.hook_untrusted,
        Trouble::TimedOut => t.settings.hook_timed_out,
        Trouble::Garbled => t.settings.hook_garbled,
        Trouble::Broken => t.settings.hook_broken,
    }
}
