//! A new person, and how they begin.

use crate::admin::caller::{Answer, Detour, administrator, done, found, loaded};
use crate::admin::form::{problem_of, shell_after, typed};
use crate::admin::paging::CHOICE_ROWS;
use crate::admin::people::profile::{attribute_fields, read_profile, schema_of};
use crate::admin::people::types::{chosen_type, type_choices};
use crate::admin::settings::types::word_of;
use crate::admin::values::ValuesVisit;
use crate::signin::link::explain;
use crate::view::admin::PersonNewPage;
use crate::view::part::{Choice, Input};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::response::Response;
use identity::access::Permission;
use identity::credential::password::PasswordRefusal;
use identity::fault::Refusal;
use identity::group;
use identity::person::creation::{Beginning, FirstPassword, NewPerson};
use identity::person::profile::ProfileInput;
use serde_json::Map;
use std::sync::Arc;
use vocab::id::{GroupId, UserTypeId};
use vocab::secret::Secret;

/// How a person begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Invite,
    Password,
    Staged,
}

impl Start {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "invite" => Some(Self::Invite),
            "password" => Some(Self::Password),
            "staged" => Some(Self::Staged),
            _ => None,
        }
    }

    /// Whoever else knows the first password shall not know the second.
    const fn beginning(self) -> Beginning {
        match self {
            Self::Invite => Beginning::Active,
            Self::Password => Beginning::ActiveWithNewPassword,
            Self::Staged => Beginning::Staged,
        }
    }

    /// What was typed is a password only where one is set.
    fn password(self, visit: &Visit) -> Option<FirstPassword> {
        let password = || Secret::new(visit.field("password").to_owned());
        (self == Self::Password).then(|| FirstPassword::Given(password()))
    }
}

/// `GET /admin/people/new`.
pub async fn show(visit: Visit) -> Answer {
    administrator(&visit, Permission::ManagePeople).await?;
    let key = found(&visit, chosen_type(&visit, visit.parameter("type"), None))?;
    let blank = Blank {
        key,
        start: Input::of("invite"),
        password: Input::default(),
    };
    page(&visit, visit.shell(), &ProfileInput::default(), None, blank).await
}

/// `POST /admin/people/new`: the person, their groups, the first password and the mail that invites, all of it or nothing.
pub async fn create(ValuesVisit(visit): ValuesVisit) -> Answer {
    let permit = administrator(&visit, Permission::ManagePeople).await?;
    let key = found(&visit, chosen_type(&visit, visit.field("of-type"), None))?;
    let input = read_profile(&visit, schema_of(&visit, key.as_ref()), &Map::new());
    let Some(start) = Start::parse(visit.field("start")) else {
        return Err(visit.refused(&Refusal::invalid("start", "unknown")).into());
    };
    let groups: Vec<GroupId> = visit
        .fields("group")
        .filter_map(|id| GroupId::parse(id).ok())
        .collect();
    let groups = match groups.is_empty() {
        true => None,
        false => Some((
            administrator(&visit, Permission::ManageGroups).await?,
            groups,
        )),
    };
    let new = NewPerson {
        profile: input.clone(),
        external_id: None,
        password: start.password(&visit),
        groups,
        type_id: key.clone(),
        beginning: start.beginning(),
        invited_by: Some(Arc::clone(&visit.context)),
    };
    match visit.cell.add_person(&permit, new).await {
        Ok((user, _)) => Ok(visit.go(&format!("/admin/people/{user}"))),
        Err(refusal) => again(&visit, &input, key, refusal).await,
    }
}

/// The form again with what was refused; nobody was added.
async fn again(
    visit: &Visit,
    input: &ProfileInput,
    key: Option<UserTypeId>,
    refusal: PasswordRefusal,
) -> Answer {
    let blank = Blank {
        key,
        start: typed(visit, "start"),
        password: Input::default(),
    };
    match refusal {
        PasswordRefusal::Refused(refusal) => {
            let problem = problem_of(visit.shell().t, &refusal);
            let shell = done(visit, shell_after(visit, refusal))?;
            page(visit, shell, input, problem, blank).await
        }
        refusal @ PasswordRefusal::Policy(_) => {
            let password = Input::default().refused(explain(visit, &refusal));
            let blank = Blank { password, ..blank };
            page(visit, visit.shell(), input, None, blank).await
        }
        refusal => Err(password_refused(visit, refusal).into()),
    }
}

pub(super) fn password_refused(visit: &Visit, refusal: PasswordRefusal) -> Response {
    match refusal {
        PasswordRefusal::Fault(fault) => visit.failed(&fault),
        PasswordRefusal::Refused(refusal) => visit.refused(&refusal),
        PasswordRefusal::Policy(_) | PasswordRefusal::WrongPresent => {
            visit.refused(&Refusal::WrongState("the password is refused"))
        }
        PasswordRefusal::Busy { .. } | PasswordRefusal::Slow { .. } => visit.error(
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            crate::view::trouble::ErrorKind::Unavailable,
        ),
    }
}

struct Blank {
    key: Option<UserTypeId>,
    start: Input,
    password: Input,
}

async fn page(
    visit: &Visit,
    shell: Shell,
    input: &ProfileInput,
    problem: Option<(&'static str, String)>,
    blank: Blank,
) -> Answer {
    let error = problem
        .as_ref()
        .filter(|(field, _)| *field == "login")
        .map(|(_, text)| text.clone());
    let schema = schema_of(visit, blank.key.as_ref());
    Ok(visit.page(&PersonNewPage {
        shell,
        type_word: Input::of(word_of(blank.key.as_ref())),
        types: type_choices(visit).await?,
        login: Input {
            value: input.login.clone(),
            error,
        },
        attributes: attribute_fields(visit, schema, (input, problem.as_ref()), false),
        start: blank.start,
        password: blank.password,
        groups: group_choices(visit).await?,
    }))
}

/// A bounded few groups to tick, by name, with those ticked that the form has ticked.
///
/// # Errors
/// The page for a fault.
pub async fn group_choices(visit: &Visit) -> Result<Vec<Choice>, Detour> {
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let groups = group::store::load_page(&mut tx, &visit.context.org, "", "", CHOICE_ROWS).await;
    drop(tx);
    let is_ticked = |group: &group::Group| visit.fields("group").any(|id| id == group.id.as_str());
    Ok(loaded(visit, groups)?
        .iter()
        .map(|group| Choice::new(group.id.as_str(), group.name.as_str()).ticked(is_ticked(group)))
        .collect())
}
