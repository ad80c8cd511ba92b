//! Identity providers: the list, and one of them. Whoever decides at whose word people get in proves afresh who they are.

use crate::admin::caller::{
    Answer, Detour, administrator, administrator_freshly, done, found, loaded,
};
use crate::admin::form::{problem_of, revision, revision_beside, shell_after, typed};
use crate::admin::paging::{PAGE_ROWS, after_of, pager, render_cursor};
use crate::admin::row::{moment, person_link};
use crate::view::admin::{
    ProviderForm, ProviderPage, ProviderPeoplePage, ProviderPersonRow, ProviderRow, ProvidersPage,
};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::event_hook::envoy::{Envoy, PlainHttp};
use identity::fault::Refusal;
use identity::identity_provider::arrival::{ArrivalPolicy, Automatic, MatchBy};
use identity::identity_provider::settings::ProviderChange;
use identity::identity_provider::{IdentityProvider, SecretPlace, store};
use oauth::relying::away::callback_path;
use oauth::relying::discovery;
use std::sync::Arc;
use vocab::id::{IdentityProviderId, UserId};
use vocab::secret::Secret;

const HERE: &str = "/admin/settings/providers";
/// What a new provider is asked for.
const SCOPES: &str = "openid email profile";
/// How far the clock of a new one may be off.
const CLOCK_SKEW_SECS: i64 = 120;
/// How the form says that the secret goes into the body.
const IN_BODY: &str = "post";
/// How it says that it goes into the header.
const IN_HEADER: &str = "basic";

/// The way to addresses that administrators named.
type Way = Extension<Arc<dyn Envoy>>;

/// `GET /admin/settings/providers`.
pub async fn list(visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let form = ProviderForm {
        secret_place: Input::of(IN_HEADER),
        scopes: Input::of(SCOPES),
        match_by: Input::of(MatchBy::default().as_str()),
        ..ProviderForm::default()
    };
    list_page(&visit, visit.shell(), &permit, form).await
}

/// `POST /admin/settings/providers/add`.
pub async fn add(Extension(envoy): Way, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    if visit.field("act") == "discover" {
        return discover(&visit, &permit, envoy.plain_http()).await;
    }
    let change = posted(&visit, None);
    let made = visit
        .cell
        .create_identity_provider(&permit, change, envoy.plain_http());
    match made.await {
        Ok(provider) => Ok(visit.go(&address(&provider))),
        Err(refusal) => {
            let form = refused_form(&visit, &refusal);
            let shell = done(&visit, shell_after(&visit, refusal))?;
            list_page(&visit, shell, &permit, form).await
        }
    }
}

/// Fills the form with what the issuer publishes of itself, for the administrator to look at before it is saved.
async fn discover(visit: &Visit, permit: &Permit, plain: PlainHttp) -> Answer {
    let issuer = visit.field("issuer").trim();
    let found = discovery::discover(&visit.cell, permit, issuer, plain).await;
    let found = match found {
        Ok(found) => found,
        Err(refusal) => {
            let form = refused_form(visit, &refusal);
            let shell = done(visit, shell_after(visit, refusal))?;
            return list_page(visit, shell, permit, form).await;
        }
    };
    let form = ProviderForm {
        name: typed(visit, "name"),
        issuer: Input::of(issuer),
        authorization: Input::of(&found.authorization),
        token: Input::of(&found.token),
        userinfo: Input::of(found.userinfo.as_deref().unwrap_or_default()),
        jwks: Input::of(&found.jwks),
        client_id: typed(visit, "client_id"),
        client_secret: Input::default(),
        secret_place: Input::of(match found.secret_in_body_alone {
            true => IN_BODY,
            false => IN_HEADER,
        }),
        scopes: Input::of(found.scopes.join(" ")),
        match_by: typed(visit, "match_by"),
        linking: Input::ticked(visit.field("linking") == "on"),
        creation: Input::ticked(visit.field("creation") == "on"),
    };
    list_page(visit, visit.shell(), permit, form).await
}

/// `GET /admin/settings/providers/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let provider = load(&visit, &permit, &id).await?;
    Ok(provider_page(&visit, visit.shell(), &provider, None))
}

/// `GET /admin/settings/providers/{id}/people`.
pub async fn list_people(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let provider = load(&visit, &permit, &id).await?;
    let after = after_of(&visit);
    let links = visit
        .cell
        .list_provider_links(&permit, &provider, (&after, PAGE_ROWS))
        .await;
    let (links, has_more) = done(&visit, links)?;
    let ids: Vec<UserId> = links.iter().map(|link| link.user.clone()).collect();
    let people = done(&visit, visit.cell.find_people(&permit, &ids).await)?;
    let next = links.last().filter(|_| has_more);
    let next = next.map(|link| render_cursor(&[link.user.as_str()]));
    let rows = links.into_iter().filter_map(|link| {
        Some(ProviderPersonRow {
            person: person_link(people.get(&link.user)?),
            account: link.subject,
            since: moment(link.created_at),
            last_used: link.last_used_at.map(moment),
        })
    });
    Ok(visit.page(&ProviderPeoplePage {
        shell: visit.shell(),
        id: provider.id.to_string(),
        name: provider.name,
        rows: rows.collect(),
        pager: pager(&visit, &[], next),
    }))
}

/// `POST /admin/settings/providers/{id}`.
pub async fn save(Path(id): Path<String>, Extension(envoy): Way, visit: Visit) -> Answer {
    let (permit, provider) = at_provider(&visit, &id).await?;
    let change = posted(&visit, Some(&provider));
    let plain = envoy.plain_http();
    let seen = IdentityProvider {
        revision: revision(&visit),
        ..provider.clone()
    };
    let changed = visit
        .cell
        .replace_identity_provider(&permit, seen, change, plain);
    match changed.await {
        Ok(_) => Ok(visit.go(&address(&provider))),
        Err(refusal) => {
            let form = refused_form(&visit, &refusal);
            refused(&visit, &provider, refusal, Some(form))
        }
    }
}

/// `POST /admin/settings/providers/{id}/activate`.
pub async fn activate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, true).await
}

/// `POST /admin/settings/providers/{id}/deactivate`.
pub async fn deactivate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, false).await
}

async fn switch(visit: &Visit, id: &str, active: bool) -> Answer {
    let (permit, provider) = at_provider(visit, id).await?;
    let switched = visit
        .cell
        .switch_identity_provider(&permit, provider.clone(), active)
        .await;
    match switched {
        Ok(_) => Ok(visit.go(&address(&provider))),
        Err(refusal) => refused(visit, &provider, refusal, None),
    }
}

/// `POST /admin/settings/providers/{id}/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, provider) = at_provider(&visit, &id).await?;
    let removed = visit
        .cell
        .delete_identity_provider(&permit, provider.clone());
    match removed.await {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => refused(&visit, &provider, refusal, None),
    }
}

fn address(provider: &IdentityProvider) -> String {
    format!("{HERE}/{}", provider.id)
}

/// The provider of an address, for whoever may change it.
async fn at_provider(visit: &Visit, id: &str) -> Result<(Permit, IdentityProvider), Detour> {
    let back = match IdentityProviderId::parse(id) {
        Ok(id) => format!("{HERE}/{id}"),
        Err(_) => HERE.to_owned(),
    };
    let permit = administrator_freshly(visit, Permission::ManageOrg, &back).await?;
    let provider = load(visit, &permit, id).await?;
    Ok((permit, provider))
}

async fn load(visit: &Visit, permit: &Permit, id: &str) -> Result<IdentityProvider, Detour> {
    let id = found(visit, IdentityProviderId::parse(id).ok())?;
    done(visit, visit.cell.find_identity_provider(permit, &id).await)
}

/// The provider that a form describes. What no page shows stays as it is.
fn posted(visit: &Visit, present: Option<&IdentityProvider>) -> ProviderChange {
    let text = |field: &str| visit.field(field).trim().to_owned();
    let automatic = |field: &str| match visit.field(field) {
        "on" => Automatic::Auto,
        _ => Automatic::Disabled,
    };
    let (userinfo, secret) = (text("userinfo"), visit.field("client_secret"));
    let config = present.map(|provider| &provider.config);
    let policy = config.map(|config| config.policy.clone());
    ProviderChange {
        name: text("name"),
        issuer: text("issuer"),
        authorization: text("authorization"),
        token: text("token"),
        userinfo: (!userinfo.is_empty()).then_some(userinfo),
        jwks: text("jwks"),
        client_id: text("client_id"),
        client_secret: (!secret.is_empty()).then(|| Secret::new(secret.to_owned())),
        secret_place: match visit.field("secret_place") {
            IN_BODY => SecretPlace::Post,
            _ => SecretPlace::Basic,
        },
        scopes: visit
            .field("scopes")
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        clock_skew_secs: config.map_or(CLOCK_SKEW_SECS, |config| config.clock_skew_secs),
        policy: ArrivalPolicy {
            creation: automatic("creation"),
            linking: automatic("linking"),
            match_by: MatchBy::from_word(visit.field("match_by")).unwrap_or_default(),
            ..policy.unwrap_or_default()
        },
    }
}

/// What was typed, with what is wrong beside it.
fn refused_form(visit: &Visit, refusal: &Refusal) -> ProviderForm {
    let problem = problem_of(visit.shell().t, refusal);
    let beside = |input: Input, named: &str| match &problem {
        Some((of, text)) if *of == named => input.refused(text.as_str()),
        _ => input,
    };
    let input = |field: &str, named: &str| beside(typed(visit, field), named);
    let endpoint = |field: &str, name: &str| {
        let named = format!("protocol.endpoints.{name}.url");
        input(field, &named)
    };
    let secret = "protocol.credentials.client.client_secret";
    ProviderForm {
        name: input("name", "name"),
        issuer: input("issuer", "protocol.issuer.url"),
        authorization: endpoint("authorization", "authorization"),
        token: endpoint("token", "token"),
        userinfo: endpoint("userinfo", "userInfo"),
        jwks: endpoint("jwks", "jwks"),
        client_id: input("client_id", "protocol.credentials.client.client_id"),
        client_secret: beside(Input::default(), secret),
        secret_place: typed(visit, "secret_place"),
        scopes: input("scopes", "protocol.scopes"),
        match_by: typed(visit, "match_by"),
        linking: Input::ticked(visit.field("linking") == "on"),
        creation: Input::ticked(visit.field("creation") == "on"),
    }
}

fn stored_form(provider: &IdentityProvider) -> ProviderForm {
    let config = &provider.config;
    let is_auto = |automatic: Automatic| Input::ticked(automatic == Automatic::Auto);
    ProviderForm {
        name: Input::of(&provider.name),
        issuer: Input::of(&config.issuer),
        authorization: Input::of(&config.authorization),
        token: Input::of(&config.token),
        userinfo: Input::of(config.userinfo.as_deref().unwrap_or_default()),
        jwks: Input::of(&config.jwks),
        client_id: Input::of(&config.client_id),
        client_secret: Input::default(),
        secret_place: Input::of(match config.secret_place {
            SecretPlace::Basic => IN_HEADER,
            SecretPlace::Post => IN_BODY,
        }),
        scopes: Input::of(config.scopes.join(" ")),
        match_by: Input::of(config.policy.match_by.as_str()),
        linking: is_auto(config.policy.linking),
        creation: is_auto(config.policy.creation),
    }
}

async fn list_page(visit: &Visit, shell: Shell, permit: &Permit, form: ProviderForm) -> Answer {
    let providers = {
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let providers = store::load_all(&mut tx, permit.org()).await;
        loaded(visit, providers)?
    };
    Ok(visit.page(&ProvidersPage {
        shell,
        rows: providers
            .into_iter()
            .map(|provider| ProviderRow {
                id: provider.id.to_string(),
                name: provider.name,
                issuer: provider.config.issuer,
                is_active: provider.active,
            })
            .collect(),
        form,
    }))
}

fn refused(
    visit: &Visit,
    provider: &IdentityProvider,
    refusal: Refusal,
    form: Option<ProviderForm>,
) -> Answer {
    let shell = done(visit, shell_after(visit, refusal))?;
    Ok(provider_page(visit, shell, provider, form))
}

fn provider_page(
    visit: &Visit,
    shell: Shell,
    provider: &IdentityProvider,
    form: Option<ProviderForm>,
) -> axum::response::Response {
    visit.page(&ProviderPage {
        shell,
        id: provider.id.to_string(),
        revision: revision_beside(visit, form.as_ref(), provider.revision),
        name: provider.name.clone(),
        is_active: provider.active,
        created: moment(provider.created_at),
        callback: format!("{}{}", visit.context.base_url, callback_path(&provider.id)),
        start: format!("{}/sso/idps/{}", visit.context.base_url, provider.id),
        form: form.unwrap_or_else(|| stored_form(provider)),
    })
}
