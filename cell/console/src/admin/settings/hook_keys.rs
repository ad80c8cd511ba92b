//! Hook keys: the list, and one of them with the half that others are given. Whoever makes or removes one proves afresh who they are.

use crate::admin::caller::{Answer, Detour, administrator, administrator_freshly, done, found};
use crate::admin::form::{problem_of, shell_after, typed};
use crate::admin::row::moment;
use crate::view::admin::{HookKeyPage, HookKeyRow, HookKeysPage, UsingHookRow};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use identity::access::{Permission, Permit};
use identity::fault::Refusal;
use identity::hook_key::operations::HookKeyInUse;
use vocab::id::HookKeyId;

const HERE: &str = "/admin/settings/hook-keys";

/// `GET /admin/settings/hook-keys`.
pub async fn list(visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    list_page(&visit, visit.shell(), &permit, Input::default()).await
}

/// `POST /admin/settings/hook-keys/add`.
pub async fn add(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    match visit.cell.create_hook_key(&permit, posted(&visit)).await {
        Ok(made) => Ok(visit.go(&format!("{HERE}/{}", made.id))),
        Err(refusal) => {
            let name = refused_name(&visit, &refusal);
            let shell = done(&visit, shell_after(&visit, refusal))?;
            list_page(&visit, shell, &permit, name).await
        }
    }
}

/// `GET /admin/settings/hook-keys/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let key = load(&visit, &permit, &id).await?;
    Ok(key_page(&visit, visit.shell(), key, None))
}

/// `POST /admin/settings/hook-keys/{id}`.
pub async fn rename(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, key) = at_key(&visit, &id).await?;
    let address = format!("{HERE}/{}", key.key.id);
    let renamed = visit
        .cell
        .rename_hook_key(&permit, key.clone(), posted(&visit));
    match renamed.await {
        Ok(_) => Ok(visit.go(&address)),
        Err(refusal) => {
            let name = refused_name(&visit, &refusal);
            let shell = done(&visit, shell_after(&visit, refusal))?;
            Ok(key_page(&visit, shell, key, Some(name)))
        }
    }
}

/// `POST /admin/settings/hook-keys/{id}/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, key) = at_key(&visit, &id).await?;
    match visit.cell.delete_hook_key(&permit, key.key.clone()).await {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let shell = done(&visit, shell_after(&visit, refusal))?;
            Ok(key_page(&visit, shell, key, None))
        }
    }
}

/// The key of an address, for whoever may change it.
async fn at_key(visit: &Visit, id: &str) -> Result<(Permit, HookKeyInUse), Detour> {
    let back = match HookKeyId::parse(id) {
        Ok(id) => format!("{HERE}/{id}"),
        Err(_) => HERE.to_owned(),
    };
    let permit = administrator_freshly(visit, Permission::ManageOrg, &back).await?;
    let key = load(visit, &permit, id).await?;
    Ok((permit, key))
}

async fn load(visit: &Visit, permit: &Permit, id: &str) -> Result<HookKeyInUse, Detour> {
    let id = found(visit, HookKeyId::parse(id).ok())?;
    done(visit, visit.cell.find_hook_key(permit, &id).await)
}

fn posted(visit: &Visit) -> String {
    visit.field("name").trim().to_owned()
}

fn refused_name(visit: &Visit, refusal: &Refusal) -> Input {
    match problem_of(visit.shell().t, refusal) {
        Some(("name", text)) => typed(visit, "name").refused(text),
        _ => typed(visit, "name"),
    }
}

async fn list_page(visit: &Visit, shell: Shell, permit: &Permit, name: Input) -> Answer {
    let keys = done(visit, visit.cell.list_hook_keys(permit).await)?;
    let row = |HookKeyInUse { key, used_by }: HookKeyInUse| HookKeyRow {
        id: key.id.to_string(),
        name: key.name,
        key_id: key.kid,
        is_used: !used_by.is_empty(),
    };
    Ok(visit.page(&HookKeysPage {
        shell,
        rows: keys.into_iter().map(row).collect(),
        name,
    }))
}

fn key_page(visit: &Visit, shell: Shell, key: HookKeyInUse, name: Option<Input>) -> Response {
    let HookKeyInUse { key, used_by } = key;
    let using = used_by.into_iter().map(|(id, name)| UsingHookRow {
        id: id.to_string(),
        name,
    });
    visit.page(&HookKeyPage {
        shell,
        id: key.id.to_string(),
        name: name.unwrap_or_else(|| Input::of(&key.name)),
        title: key.name,
        key_id: key.kid,
        public_jwk: key.public_jwk,
        created: moment(key.created_at),
        used_by: using.collect(),
    })
}
