//! Tokens of the management API: the list, a new one that is shown once, revoking. Whoever makes one proves afresh who
//! they are, since it acts with their rights long after they have left.

use crate::admin::caller::{
    Answer, Detour, administrator, administrator_freshly, done, found, loaded,
};
use crate::admin::form::{problem_of, shell_after, typed};
use crate::admin::row::moment;
use crate::view::admin::{ApiTokenRow, ApiTokensPage};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use database::ReadTx;
use identity::access::Permission;
use identity::api_token::{ApiToken, TOKENS_MAX, store};
use identity::fault::Fault;
use identity::person;
use std::collections::HashMap;
use vocab::id::{ApiTokenId, UserId};

const HERE: &str = "/admin/settings/tokens";

/// `GET /admin/settings/tokens`.
pub async fn list(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    page(&visit, visit.shell(), Input::default(), None).await
}

/// `POST /admin/settings/tokens/add`: the page shows the new token this once.
pub async fn add(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    match visit
        .cell
        .create_api_token(&permit, visit.field("name"))
        .await
    {
        Ok(made) => {
            let text = made.text.expose().clone();
            page(&visit, visit.shell(), Input::default(), Some(text)).await
        }
        Err(refusal) => {
            let name = match problem_of(visit.shell().t, &refusal) {
                Some(("name", text)) => typed(&visit, "name").refused(text),
                _ => typed(&visit, "name"),
            };
            let shell = done(&visit, shell_after(&visit, refusal))?;
            page(&visit, shell, name, None).await
        }
    }
}

/// `POST /admin/settings/tokens/revoke`.
pub async fn revoke(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let id = found(&visit, ApiTokenId::parse(visit.field("id")).ok())?;
    done(&visit, visit.cell.revoke_api_token(&permit, &id).await)?;
    Ok(visit.go(HERE))
}

async fn page(visit: &Visit, shell: Shell, name: Input, fresh_token: Option<String>) -> Answer {
    let rows = load_rows(visit).await?;
    Ok(visit.page(&ApiTokensPage {
        shell,
        rows,
        fresh_token,
        name,
    }))
}

async fn load_rows(visit: &Visit) -> Result<Vec<ApiTokenRow>, Detour> {
    let (tokens, owners) = {
        let org = &visit.context.org;
        let limit = i64::try_from(TOKENS_MAX).unwrap_or(i64::MAX);
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let tokens = store::load_live(&mut tx, org, visit.facts.now, limit).await;
        let tokens = loaded(visit, tokens)?;
        let owners = load_owners(&mut tx, &tokens).await;
        (tokens, loaded(visit, owners)?)
    };
    Ok(tokens
        .into_iter()
        .map(|token| ApiTokenRow {
            id: token.id.to_string(),
            name: token.name,
            owner: owners
                .get(&token.user_id)
                .cloned()
                .unwrap_or_else(|| token.user_id.to_string()),
            created: moment(token.created_at),
            last_used: token.last_used_at.map(moment),
            expires: moment(token.expires_at),
        })
        .collect())
}

/// What those are called with whose rights the tokens act.
async fn load_owners(
    tx: &mut ReadTx,
    tokens: &[ApiToken],
) -> Result<HashMap<UserId, String>, Fault> {
    let mut owners = HashMap::new();
    for token in tokens {
        if owners.contains_key(&token.user_id) {
            continue;
        }
        if let Some(owner) = person::store::load(tx, &token.org_id, &token.user_id).await? {
            owners.insert(token.user_id.clone(), owner.login);
        }
    }
    Ok(owners)
}
