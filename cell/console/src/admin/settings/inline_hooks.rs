//! Inline hooks: the list, one of them, trying it, and a secret that is shown once. Whoever sends elsewhere what happens here
//! proves afresh who they are.

use crate::admin::caller::{
    Answer, Detour, administrator, administrator_freshly, done, found, loaded,
};
use crate::admin::form::{problem_of, revision, revision_beside, shell_after, typed, typed_again};
use crate::admin::row::moment;
use crate::admin::settings::hooks::explain;
use crate::admin::settings::posted_auth;
use crate::text::Text;
use crate::view::admin::{
    AskingRuleRow, InlineHookForm, InlineHookPage, InlineHookProof, InlineHookRow, InlineHookTopic,
    InlineHookTrial, InlineHooksPage,
};
use crate::view::part::{Input, Tone};
use crate::view::shell::{Flash, Shell};
use crate::visit::Visit;
use axum::Extension;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::event_hook::envoy::Envoy;
use identity::fault::Refusal;
use identity::inline_hook::bearer::NoToken;
use identity::inline_hook::call::{Envelope, Unheard, render_question};
use identity::inline_hook::oauth::{ClientProof, GivenProof, OAuthChange};
use identity::inline_hook::settings::{InlineHookAuth, InlineHookChange};
use identity::inline_hook::{InlineHook, InlineHookKind};
use serde_json::{Value, json};
use std::sync::Arc;
use vocab::id::{HookKeyId, InlineHookId};
use vocab::secret::Secret;

const HERE: &str = "/admin/settings/inline-hooks";

/// The way to addresses that administrators named.
type Way = Extension<Arc<dyn Envoy>>;

/// `GET /admin/settings/inline-hooks`.
pub async fn list(visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let form = InlineHookForm {
        topic: Input::of(InlineHookTopic::Tokens.as_str()),
        auth_kind: Input::of(InlineHookProof::Header.as_str()),
        ..InlineHookForm::default()
    };
    list_page(&visit, visit.shell(), &permit, form).await
}

/// `POST /admin/settings/inline-hooks/add`: the page of the new hook shows its secret this once.
pub async fn add(Extension(envoy): Way, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let topic = found(&visit, InlineHookTopic::from_word(visit.field("topic")))?;
    let change = match posted(&visit, None) {
        Ok(change) => change,
        Err(refusal) => return refused_list(&visit, &permit, refusal).await,
    };
    let made = visit
        .cell
        .create_inline_hook(&permit, kind_of(topic), change, envoy.plain_http());
    match made.await {
        Ok(made) => {
            let secret = made.secret.expose().clone();
            let shown = Shown::secret(secret);
            hook_page(&visit, visit.shell(), &permit, made.hook, shown).await
        }
        Err(refusal) => refused_list(&visit, &permit, refusal).await,
    }
}

async fn refused_list(visit: &Visit, permit: &Permit, refusal: Refusal) -> Answer {
    let form = refused_form(visit, &refusal, None);
    let shell = done(visit, shell_after(visit, refusal))?;
    list_page(visit, shell, permit, form).await
}

/// `GET /admin/settings/inline-hooks/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let hook = load(&visit, &permit, &id).await?;
    hook_page(&visit, visit.shell(), &permit, hook, Shown::default()).await
}

/// `POST /admin/settings/inline-hooks/{id}`.
pub async fn save(Path(id): Path<String>, Extension(envoy): Way, visit: Visit) -> Answer {
    let (permit, hook) = at_hook(&visit, &id).await?;
    let changed = match posted(&visit, Some(&hook)) {
        Ok(change) => {
            let plain = envoy.plain_http();
            let seen = InlineHook {
                revision: revision(&visit),
                ..hook.clone()
            };
            let changed = visit.cell.replace_inline_hook(&permit, seen, change, plain);
            changed.await
        }
        Err(refusal) => Err(refusal),
    };
    match changed {
        Ok(_) => Ok(visit.go(&address(&hook))),
        Err(refusal) => {
            let form = refused_form(&visit, &refusal, Some(&hook));
            refused(&visit, &permit, hook, refusal, Some(form)).await
        }
    }
}

/// `POST /admin/settings/inline-hooks/{id}/try`: the page shows what was answered.
pub async fn try_it(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, hook) = at_hook(&visit, &id).await?;
    let (shell, question) = (visit.shell(), typed(&visit, "question"));
    let t = shell.t;
    let asked = serde_json::from_str::<Value>(visit.field("question")).ok();
    let Some(asked) = asked.filter(Value::is_object) else {
        let shown = Shown {
            trial: Some(InlineHookTrial {
                question: question.refused(t.inline_hooks.try_no_json),
                answer: None,
            }),
            ..Shown::default()
        };
        return hook_page(&visit, shell, &permit, hook, shown).await;
    };
    let body = asked.to_string().into_bytes();
    let tried = visit.cell.try_inline_hook(&permit, &hook, body).await;
    let tried = match tried {
        Ok(tried) => tried,
        Err(refusal) => return refused(&visit, &permit, hook, refusal, None).await,
    };
    let (answer, flash) = match &tried.heard {
        Ok(said) => {
            let said = Value::Object(said.clone().unwrap_or_default());
            (Some(format!("{said:#}")), None)
        }
        Err(unheard) => {
            let why = explain_unheard(t, *unheard, tried.token_error());
            let text = t.inline_hooks.try_failed.replace("{why}", &why);
            let tone = Tone::Bad;
            (None, Some(Flash { tone, text }))
        }
    };
    let shown = Shown {
        trial: Some(InlineHookTrial { question, answer }),
        ..Shown::default()
    };
    let shell = Shell { flash, ..shell };
    hook_page(&visit, shell, &permit, hook, shown).await
}

/// `POST /admin/settings/inline-hooks/{id}/activate`.
pub async fn activate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, true).await
}

/// `POST /admin/settings/inline-hooks/{id}/deactivate`.
pub async fn deactivate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, false).await
}

async fn switch(visit: &Visit, id: &str, active: bool) -> Answer {
    let (permit, hook) = at_hook(visit, id).await?;
    let switched = visit
        .cell
        .switch_inline_hook(&permit, hook.clone(), active)
        .await;
    match switched {
        Ok(_) => Ok(visit.go(&address(&hook))),
        Err(refusal) => refused(visit, &permit, hook, refusal, None).await,
    }
}

/// `POST /admin/settings/inline-hooks/{id}/secret`: the page shows the new secret this once.
pub async fn renew_secret(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, hook) = at_hook(&visit, &id).await?;
    let renewed = visit
        .cell
        .renew_inline_hook_secret(&permit, hook.clone())
        .await;
    match renewed {
        Ok(secret) => {
            let hook = load(&visit, &permit, &id).await?;
            let shown = Shown::secret(secret.expose().clone());
            hook_page(&visit, visit.shell(), &permit, hook, shown).await
        }
        Err(refusal) => refused(&visit, &permit, hook, refusal, None).await,
    }
}

/// `POST /admin/settings/inline-hooks/{id}/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, hook) = at_hook(&visit, &id).await?;
    match visit.cell.delete_inline_hook(&permit, hook.clone()).await {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => refused(&visit, &permit, hook, refusal, None).await,
    }
}

fn address(hook: &InlineHook) -> String {
    format!("{HERE}/{}", hook.id)
}

/// The hook of an address, for whoever may change it.
async fn at_hook(visit: &Visit, id: &str) -> Result<(Permit, InlineHook), Detour> {
    let back = match InlineHookId::parse(id) {
        Ok(id) => format!("{HERE}/{id}"),
        Err(_) => HERE.to_owned(),
    };
    let permit = administrator_freshly(visit, Permission::ManageOrg, &back).await?;
    let hook = load(visit, &permit, id).await?;
    Ok((permit, hook))
}

async fn load(visit: &Visit, permit: &Permit, id: &str) -> Result<InlineHook, Detour> {
    let id = found(visit, InlineHookId::parse(id).ok())?;
    done(visit, visit.cell.find_inline_hook(permit, &id).await)
}

const fn kind_of(topic: InlineHookTopic) -> InlineHookKind {
    match topic {
        InlineHookTopic::Tokens => InlineHookKind::TokenTransform,
        InlineHookTopic::Passwords => InlineHookKind::PasswordImport,
    }
}

const fn topic_of(kind: InlineHookKind) -> InlineHookTopic {
    match kind {
        InlineHookKind::TokenTransform => InlineHookTopic::Tokens,
        InlineHookKind::PasswordImport => InlineHookTopic::Passwords,
    }
}

/// The hook that a form describes. Headers that no page shows stay as they are.
fn posted(visit: &Visit, present: Option<&InlineHook>) -> Result<InlineHookChange, Refusal> {
    let text = |field: &str| visit.field(field).trim().to_owned();
    // A form that does not say so is none of ours, and means no way rather than another: it would drop what is stored of the others.
    let proof = InlineHookProof::from_word(visit.field("auth_kind"));
    let proof = proof
        .ok_or_else(|| Refusal::invalid("channel.config.headers", "say by what it knows us"))?;
    let proof = match proof {
        InlineHookProof::Secret => {
            let secret = visit.field("client_secret");
            let secret = (!secret.is_empty()).then(|| Secret::new(secret.to_owned()));
            Some(GivenProof::Secret(secret))
        }
        InlineHookProof::Key => {
            let problem = "there is no hook key of this id";
            let id = HookKeyId::parse(visit.field("hook_key"));
            let id = id.map_err(|_| Refusal::invalid("channel.config.hookKeyId", problem))?;
            Some(GivenProof::Key(id))
        }
        InlineHookProof::Header => None,
    };
    let auth = match proof {
        None => InlineHookAuth::Header(posted_auth(visit)),
        Some(proof) => InlineHookAuth::Token(OAuthChange {
            client_id: text("client_id"),
            token_uri: text("token_uri"),
            scope: text("scope"),
            proof,
        }),
    };
    Ok(InlineHookChange {
        name: text("name"),
        uri: text("uri"),
        headers: present.map_or_else(Vec::new, |hook| hook.config.headers.clone()),
        auth,
        base_url: visit.context.base_url.clone(),
    })
}

/// Whether the secret of a client is stored.
fn has_secret(hook: &InlineHook) -> bool {
    let channel = hook.oauth.as_ref();
    channel.is_some_and(|channel| matches!(channel.proof, ClientProof::Secret { .. }))
}

/// What was typed, with what is wrong beside it.
fn refused_form(visit: &Visit, refusal: &Refusal, present: Option<&InlineHook>) -> InlineHookForm {
    let problem = problem_of(visit.shell().t, refusal);
    let input = |field: &str, named: &str| typed_again(visit, field, named, problem.as_ref());
    InlineHookForm {
        name: input("name", "name"),
        uri: input("uri", "channel.config.uri"),
        auth_name: input("auth_name", "channel.config.authScheme"),
        auth_kind: input("auth_kind", "channel.config.headers"),
        token_uri: input("token_uri", "channel.config.tokenUrl"),
        client_id: input("client_id", "channel.config.clientId"),
        scope: input("scope", "channel.config.scope"),
        client_secret: Input {
            value: String::new(),
            ..input("client_secret", "channel.config.clientSecret")
        },
        has_secret: present.is_some_and(has_secret),
        hook_key: input("hook_key", "channel.config.hookKeyId"),
        keys: Vec::new(),
        topic: input("topic", "type"),
    }
}

fn stored_form(hook: &InlineHook) -> InlineHookForm {
    let auth = hook.config.auth.as_ref();
    let form = InlineHookForm {
        name: Input::of(&hook.name),
        uri: Input::of(&hook.config.uri),
        auth_name: Input::of(auth.map_or("", |auth| auth.name.as_str())),
        auth_kind: Input::of(InlineHookProof::Header.as_str()),
        ..InlineHookForm::default()
    };
    let Some(channel) = &hook.oauth else {
        return form;
    };
    let (proof, key) = match &channel.proof {
        ClientProof::Secret { .. } => (InlineHookProof::Secret, ""),
        ClientProof::Key { id } => (InlineHookProof::Key, id.as_str()),
    };
    InlineHookForm {
        auth_kind: Input::of(proof.as_str()),
        token_uri: Input::of(&channel.token_uri),
        client_id: Input::of(&channel.client_id),
        scope: Input::of(&channel.scope),
        has_secret: has_secret(hook),
        hook_key: Input::of(key),
        ..form
    }
}

/// The hook keys of the org: ids and names.
async fn load_keys(visit: &Visit, permit: &Permit) -> Result<Vec<(String, String)>, Detour> {
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let keys = identity::hook_key::store::load_all(&mut tx, permit.org()).await;
    let keys = loaded(visit, keys)?.into_iter();
    Ok(keys.map(|key| (key.id.to_string(), key.name)).collect())
}

async fn list_page(visit: &Visit, shell: Shell, permit: &Permit, form: InlineHookForm) -> Answer {
    let hooks = {
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let hooks = identity::inline_hook::store::load_all(&mut tx, permit.org()).await;
        loaded(visit, hooks)?
    };
    let form = InlineHookForm {
        keys: load_keys(visit, permit).await?,
        ..form
    };
    Ok(visit.page(&InlineHooksPage {
        shell,
        rows: hooks
            .into_iter()
            .map(|hook| InlineHookRow {
                id: hook.id.to_string(),
                name: hook.name,
                uri: hook.config.uri,
                topic: topic_of(hook.kind),
                is_active: hook.active,
            })
            .collect(),
        form,
    }))
}

/// What a page shows beside the hook.
#[derive(Default)]
struct Shown {
    secret: Option<String>,
    form: Option<InlineHookForm>,
    trial: Option<InlineHookTrial>,
}

impl Shown {
    fn secret(secret: String) -> Self {
        Self {
            secret: Some(secret),
            ..Self::default()
        }
    }
}

async fn refused(
    visit: &Visit,
    permit: &Permit,
    hook: InlineHook,
    refusal: Refusal,
    form: Option<InlineHookForm>,
) -> Answer {
    let shell = done(visit, shell_after(visit, refusal))?;
    let shown = Shown {
        form,
        ..Shown::default()
    };
    hook_page(visit, shell, permit, hook, shown).await
}

async fn hook_page(
    visit: &Visit,
    shell: Shell,
    permit: &Permit,
    hook: InlineHook,
    shown: Shown,
) -> Answer {
    let asked_by = {
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let rules = identity::inline_hook::operations::load_asking_rules;
        loaded(visit, rules(&mut tx, permit.org(), &hook.id).await)?
    };
    let trial = shown.trial.unwrap_or_else(|| InlineHookTrial {
        question: Input::of(render_example(visit, &hook)),
        answer: None,
    });
    Ok(visit.page(&InlineHookPage {
        id: hook.id.to_string(),
        revision: revision_beside(visit, shown.form.as_ref(), hook.revision),
        name: hook.name.clone(),
        topic: topic_of(hook.kind),
        is_active: hook.active,
        has_auth: hook.config.auth.is_some(),
        created: moment(hook.created_at),
        fresh_secret: shown.secret,
        form: InlineHookForm {
            keys: load_keys(visit, permit).await?,
            ..shown.form.unwrap_or_else(|| stored_form(&hook))
        },
        asked_by: asked_by
            .into_iter()
            .map(|asking| AskingRuleRow {
                rule: asking.rule,
                server: asking.server,
            })
            .collect(),
        trial,
        shell,
    }))
}

/// A question as the hook is asked it, in short.
fn render_example(visit: &Visit, hook: &InlineHook) -> String {
    let envelope = Envelope {
        kind: hook.kind,
        event_id: "example",
        at: visit.cell.now(),
        source: &visit.context.base_url,
    };
    let data = match hook.kind {
        InlineHookKind::TokenTransform => json!({
            "access": { "claims": { "sub": "ada" }, "token": { "lifetime": { "expiration": 3600 } } },
        }),
        InlineHookKind::PasswordImport => json!({
            "context": { "credential": { "username": "ada", "password": "…" } },
            "action": { "credential": "UNVERIFIED" },
        }),
    };
    format!("{:#}", render_question(&envelope, data))
}

/// Why nothing was heard, in the reader's language; the word by which a token endpoint refused us as it was said.
fn explain_unheard(t: &'static Text, unheard: Unheard, token_error: Option<&str>) -> String {
    match unheard {
        Unheard::Trouble(trouble) => explain(t, trouble).to_owned(),
        Unheard::NoToken(why) => {
            let why = explain_no_token(t, why, token_error);
            t.inline_hooks.no_token.replace("{why}", &why)
        }
        Unheard::Status(status) => t
            .settings
            .hook_status
            .replace("{status}", &status.to_string()),
        Unheard::TooLarge => t.inline_hooks.too_large.to_owned(),
        Unheard::NoJson => t.inline_hooks.no_json.to_owned(),
        Unheard::Busy => t.inline_hooks.busy.to_owned(),
    }
}

/// Why there was no token, in the reader's language.
fn explain_no_token(t: &'static Text, why: NoToken, token_error: Option<&str>) -> String {
    match why {
        NoToken::Trouble(trouble) => explain(t, trouble).to_owned(),
        NoToken::Status(status) => {
            let text = match token_error {
                Some(_) => t.inline_hooks.token_status_said,
                None => t.inline_hooks.token_status,
            };
            let text = text.replace("{status}", &status.to_string());
            text.replace("{error}", token_error.unwrap_or_default())
        }
        NoToken::Answer => t.inline_hooks.no_bearer.to_owned(),
        NoToken::NoKey => t.inline_hooks.no_key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::explain_unheard;
    use crate::text::{de, en};
    use identity::event_hook::envoy::Trouble;
    use identity::inline_hook::bearer::NoToken;
    use identity::inline_hook::call::Unheard;

    #[test]
    fn the_word_of_a_token_endpoint_is_shown_where_it_said_one() {
        let refused = Unheard::NoToken(NoToken::Status(401));
        for t in [&en::TEXT, &de::TEXT] {
            let said = explain_unheard(t, refused, Some("invalid_client"));
            assert!(
                said.contains("401") && said.contains("invalid_client"),
                "{said}"
            );
            let silent = explain_unheard(t, refused, None);
            assert!(
                silent.contains("401") && silent.len() < said.len(),
                "{silent}"
            );
            assert!(!silent.contains('{'), "{silent}");
            for other in [
                Unheard::NoToken(NoToken::Trouble(Trouble::TimedOut)),
                Unheard::NoToken(NoToken::Answer),
                Unheard::Status(500),
            ] {
                let why = explain_unheard(t, other, None);
                assert!(!why.is_empty() && !why.contains('{'), "{why}");
            }
        }
    }
}
