//! Behaviours: the list with the form of a new one, and one of them. Whoever changes one proves afresh who they are.

use crate::admin::caller::{
    Answer, Detour, administrator, administrator_freshly, done, found, loaded,
};
use crate::admin::form::{
    Shown, is_ticked, problem_of, revision, revision_of, shell_after, typed_again,
};
use crate::view::admin::{BehaviorForm, BehaviorPage, BehaviorRow, BehaviorsPage};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use identity::access::Permission;
use identity::behavior::operations::NewBehavior;
use identity::behavior::store;
use identity::behavior::{Behavior, BehaviorKind, StoredBehavior};
use identity::fault::Refusal;
use identity::sign_on::aside::all_rules;
use identity::sign_on::store::load_all_policies;
use vocab::id::BehaviorId;

const HERE: &str = "/admin/behaviors";
/// A number that no behaviour takes, in the place of one that is none: the bound then says what is taken.
const NO_NUMBER: u32 = u32::MAX;

/// `GET /admin/behaviors`.
pub async fn list(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let form = BehaviorForm {
        active: Input::ticked(true),
        kind: Input::of(BehaviorKind::AnomalousDevice.as_str()),
        events_max: Input::of(BehaviorKind::AnomalousDevice.usual_events_max().to_string()),
        events_min: Input::of("0"),
        ..BehaviorForm::default()
    };
    list_page(&visit, visit.shell(), form).await
}

/// `POST /admin/behaviors/add`.
pub async fn add(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManagePolicies, HERE).await?;
    let outcome = match BehaviorKind::from_word(visit.field("kind")) {
        Some(kind) => {
            let wanted = NewBehavior {
                name: visit.field("name").trim().to_owned(),
                kind,
                events_max: number(&visit, "events_max"),
                events_min: number(&visit, "events_min"),
                active: is_ticked(&visit, "active"),
            };
            visit.cell.create_behavior(&permit, wanted).await
        }
        None => Err(Refusal::invalid("kind", visit.shell().t.words.choose_one)),
    };
    match outcome {
        Ok(made) => Ok(visit.go(&format!("{HERE}/{}", made.id))),
        Err(refusal) => {
            let form = refused_form(&visit, &refusal);
            let shell = done(&visit, shell_after(&visit, refusal))?;
            list_page(&visit, shell, form).await
        }
    }
}

/// `GET /admin/behaviors/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let stored = load(&visit, &id).await?;
    let form = form_of(&stored.behavior);
    let form = (Shown::Stored, form);
    Ok(page(&visit, visit.shell(), &stored, form))
}

/// `POST /admin/behaviors/{id}`.
pub async fn save(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManagePolicies, HERE).await?;
    let stored = load(&visit, &id).await?;
    let behavior = Behavior {
        id: stored.behavior.id.clone(),
        name: visit.field("name").trim().to_owned(),
        kind: stored.behavior.kind,
        events_max: number(&visit, "events_max"),
        events_min: number(&visit, "events_min"),
        active: is_ticked(&visit, "active"),
    };
    let changed = visit
        .cell
        .update_behavior(&permit, behavior, revision(&visit));
    match changed.await {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let form = refused_form(&visit, &refusal);
            let shell = done(&visit, shell_after(&visit, refusal))?;
            Ok(page(&visit, shell, &stored, (Shown::Typed, form)))
        }
    }
}

/// `POST /admin/behaviors/{id}/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManagePolicies, HERE).await?;
    let stored = load(&visit, &id).await?;
    let removed = visit
        .cell
        .delete_behavior(&permit, &stored.behavior.id)
        .await;
    match removed {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let shell = done(&visit, shell_after(&visit, refusal))?;
            let form = (Shown::Stored, form_of(&stored.behavior));
            Ok(page(&visit, shell, &stored, form))
        }
    }
}

fn number(visit: &Visit, field: &str) -> u32 {
    visit.field(field).trim().parse().unwrap_or(NO_NUMBER)
}

fn form_of(behavior: &Behavior) -> BehaviorForm {
    BehaviorForm {
        name: Input::of(&behavior.name),
        kind: Input::of(behavior.kind.as_str()),
        events_max: Input::of(behavior.events_max.to_string()),
        events_min: Input::of(behavior.events_min.to_string()),
        active: Input::ticked(behavior.active),
    }
}

fn refused_form(visit: &Visit, refusal: &Refusal) -> BehaviorForm {
    let problem = problem_of(visit.shell().t, refusal);
    let input = |field: &str, named: &str| typed_again(visit, field, named, problem.as_ref());
    BehaviorForm {
        name: input("name", "name"),
        kind: input("kind", "kind"),
        events_max: input("events_max", "events_max"),
        events_min: input("events_min", "events_min"),
        active: input("active", "status"),
    }
}

async fn list_page(visit: &Visit, shell: Shell, form: BehaviorForm) -> Answer {
    let (behaviors, policies) = {
        let org = &visit.context.org;
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let behaviors = store::load_all(&mut tx, org).await;
        let policies = load_all_policies(&mut tx, org).await;
        (loaded(visit, behaviors)?, loaded(visit, policies)?)
    };
    let row = |stored: &StoredBehavior| {
        let behavior = &stored.behavior;
        let rules = policies
            .iter()
            .flat_map(|stored| all_rules(&stored.policy, &stored.aside));
        let naming = rules.filter(|rule| rule.conditions.behaviors.contains(&behavior.id));
        BehaviorRow {
            id: behavior.id.to_string(),
            name: behavior.name.clone(),
            is_device: behavior.kind == BehaviorKind::AnomalousDevice,
            active: behavior.active,
            rules: u64::try_from(naming.count()).unwrap_or(u64::MAX),
        }
    };
    Ok(visit.page(&BehaviorsPage {
        shell,
        rows: behaviors.iter().map(row).collect(),
        form,
    }))
}

fn page(
    visit: &Visit,
    shell: Shell,
    stored: &StoredBehavior,
    (shown, form): (Shown, BehaviorForm),
) -> Response {
    visit.page(&BehaviorPage {
        shell,
        id: stored.behavior.id.to_string(),
        title: stored.behavior.name.clone(),
        is_device: stored.behavior.kind == BehaviorKind::AnomalousDevice,
        revision: revision_of(visit, shown, stored.revision),
        form,
    })
}

async fn load(visit: &Visit, id: &str) -> Result<StoredBehavior, Detour> {
    let id = found(visit, BehaviorId::parse(id).ok())?;
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let stored = store::load(&mut tx, &visit.context.org, &id).await;
    drop(tx);
    found(visit, loaded(visit, stored)?)
}
