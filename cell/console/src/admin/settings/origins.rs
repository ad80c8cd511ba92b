//! Sites that the org trusts: the list, and what is done with one.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done, found, loaded};
use crate::admin::form::{is_ticked, problem_of, shell_after, typed};
use crate::view::admin::{OriginRow, OriginsPage};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use identity::access::Permission;
use identity::fault::Refusal;
use identity::trusted_origin::operations::OriginChange;
use identity::trusted_origin::{OriginInput, Trust, TrustedOrigin, store};
use vocab::id::TrustedOriginId;

const HERE: &str = "/admin/settings/origins";

/// `GET /admin/settings/origins`.
pub async fn list(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    page(&visit, visit.shell(), Inputs::blank()).await
}

/// `POST /admin/settings/origins/add`.
pub async fn add(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let made = visit
        .cell
        .create_trusted_origin(&permit, posted(&visit))
        .await;
    match made {
        Ok(_) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let inputs = Inputs::refused(&visit, &refusal);
            let shell = done(&visit, shell_after(&visit, refusal))?;
            page(&visit, shell, inputs).await
        }
    }
}

/// `POST /admin/settings/origins/edit`.
pub async fn edit(visit: Visit) -> Answer {
    let change = OriginChange::Set(posted(&visit));
    apply(visit, change).await
}

/// `POST /admin/settings/origins/activate`.
pub async fn activate(visit: Visit) -> Answer {
    apply(visit, OriginChange::Activate).await
}

/// `POST /admin/settings/origins/deactivate`.
pub async fn deactivate(visit: Visit) -> Answer {
    apply(visit, OriginChange::Deactivate).await
}

/// `POST /admin/settings/origins/remove`.
pub async fn remove(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let id = found(&visit, TrustedOriginId::parse(visit.field("id")).ok())?;
    let removed = visit.cell.delete_trusted_origin(&permit, &id).await;
    done(&visit, removed)?;
    Ok(visit.go(HERE))
}

async fn apply(visit: Visit, change: OriginChange) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let id = found(&visit, TrustedOriginId::parse(visit.field("id")).ok())?;
    let changed = visit.cell.change_trusted_origin(&permit, &id, change).await;
    match changed {
        Ok(_) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let shell = done(&visit, shell_after(&visit, refusal))?;
            page(&visit, shell, Inputs::blank()).await
        }
    }
}

fn posted(visit: &Visit) -> OriginInput {
    OriginInput {
        name: visit.field("name").to_owned(),
        origin: visit.field("origin").to_owned(),
        trust: Trust {
            cors: is_ticked(visit, "cors"),
            redirect: is_ticked(visit, "redirect"),
        },
    }
}

/// What stands in the form of a new one.
struct Inputs {
    name: Input,
    origin: Input,
    cors: Input,
    redirect: Input,
}

impl Inputs {
    fn blank() -> Self {
        Self {
            name: Input::default(),
            origin: Input::default(),
            cors: Input::ticked(true),
            redirect: Input::ticked(false),
        }
    }

    fn refused(visit: &Visit, refusal: &Refusal) -> Self {
        let problem = problem_of(visit.shell().t, refusal);
        let input = |name: &str, of: &str| match &problem {
            Some((field, text)) if *field == of => typed(visit, name).refused(text.as_str()),
            _ => typed(visit, name),
        };
        Self {
            name: input("name", "name"),
            origin: input("origin", "origin"),
            cors: input("cors", "scopes"),
            redirect: typed(visit, "redirect"),
        }
    }
}

async fn page(visit: &Visit, shell: Shell, inputs: Inputs) -> Answer {
    let origins = {
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let all = store::load_all(&mut tx, &visit.context.org).await;
        loaded(visit, all)?
    };
    Ok(visit.page(&OriginsPage {
        shell,
        rows: origins.into_iter().map(row).collect(),
        name: inputs.name,
        origin: inputs.origin,
        cors: inputs.cors,
        redirect: inputs.redirect,
    }))
}

fn row(origin: TrustedOrigin) -> OriginRow {
    OriginRow {
        id: origin.id.to_string(),
        name: origin.name,
        origin: origin.origin,
        is_cors: origin.trust.cors,
        is_redirect: origin.trust.redirect,
        is_active: origin.active,
    }
}
