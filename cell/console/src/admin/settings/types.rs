//! Types of people: the list, and what is done with one. Their attributes stand on the page of attributes.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done, found};
use crate::admin::form::{problem_of, revision, shell_after, typed_again};
use crate::view::admin::{TypeRow, TypesPage};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use identity::access::{Permission, Permit};
use identity::fault::Refusal;
use identity::user_type::{DEFAULT, UserType, UserTypeInput, parse_id};
use vocab::id::UserTypeId;

const HERE: &str = "/admin/settings/types";

/// `GET /admin/settings/types`.
pub async fn list(visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    page(&visit, visit.shell(), &permit, Inputs::default()).await
}

/// `POST /admin/settings/types/add`.
pub async fn add(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let (display_name, description) = posted_words(&visit);
    let input = UserTypeInput {
        name: visit.field("name").to_owned(),
        display_name,
        description,
    };
    match visit.cell.create_user_type(&permit, input).await {
        Ok(_) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let inputs = Inputs::refused(&visit, &refusal);
            again(&visit, refusal, inputs).await
        }
    }
}

/// `POST /admin/settings/types/edit`.
pub async fn edit(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let key = found(&visit, posted_key(&visit))?;
    let seen = visit.cell.find_user_type(&permit, key.as_ref()).await;
    let seen = UserType {
        revision: revision(&visit),
        ..done(&visit, seen)?
    };
    let words = posted_words(&visit);
    match visit.cell.change_user_type(&permit, seen, words).await {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => again(&visit, refusal, Inputs::default()).await,
    }
}

/// `POST /admin/settings/types/remove`.
pub async fn remove(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let key = found(&visit, posted_key(&visit))?;
    match visit.cell.delete_user_type(&permit, key.as_ref()).await {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => again(&visit, refusal, Inputs::default()).await,
    }
}

/// The type that a form names.
fn posted_key(visit: &Visit) -> Option<Option<UserTypeId>> {
    parse_id(&visit.context.org, visit.field("id")).ok()
}

fn posted_words(visit: &Visit) -> (String, String) {
    let posted = |field: &str| visit.field(field).to_owned();
    (posted("display_name"), posted("description"))
}

/// What the controls of a new one hold.
#[derive(Default)]
struct Inputs {
    name: Input,
    display_name: Input,
    description: Input,
}

impl Inputs {
    fn refused(visit: &Visit, refusal: &Refusal) -> Self {
        let problem = problem_of(visit.shell().t, refusal);
        let input = |field: &str, wire: &str| typed_again(visit, field, wire, problem.as_ref());
        Self {
            name: input("name", "name"),
            display_name: input("display_name", "displayName"),
            description: input("description", "description"),
        }
    }
}

async fn again(visit: &Visit, refusal: Refusal, inputs: Inputs) -> Answer {
    let shell = done(visit, shell_after(visit, refusal))?;
    let permit = administrator(visit, Permission::ReadDirectory).await?;
    page(visit, shell, &permit, inputs).await
}

async fn page(visit: &Visit, shell: Shell, permit: &Permit, inputs: Inputs) -> Answer {
    let types = done(visit, visit.cell.list_user_types(permit).await)?;
    Ok(visit.page(&TypesPage {
        shell,
        rows: types.into_iter().map(row).collect(),
        name: inputs.name,
        display_name: inputs.display_name,
        description: inputs.description,
    }))
}

fn row(of: UserType) -> TypeRow {
    TypeRow {
        word: word_of(of.key.as_ref()),
        is_default: of.is_of_every_org(),
        revision: of.revision,
        name: of.name,
        display_name: of.display_name,
        description: of.description,
    }
}

/// By which word forms and addresses name a type.
#[must_use]
pub fn word_of(key: Option<&UserTypeId>) -> String {
    key.map_or_else(|| DEFAULT.to_owned(), UserTypeId::to_string)
}
