//! Rules that fill groups: the list, and the form of one with a question about somebody.

use crate::admin::caller::{Answer, Detour, administrator, done, found, loaded};
use crate::admin::form::{
    Shown, is_ticked, lines, problem_of, revision, revision_of, shell_after, typed,
};
use crate::admin::paging::{PAGE_ROWS, after_of, pager, render_cursor, search_of};
use crate::view::admin::{
    GroupRulePage, GroupRuleRow, GroupRuleState, GroupRuleTrial, GroupRulesPage, PresentRule,
};
use crate::view::part::{Input, count};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use identity::access::{Permission, Permit};
use identity::fault::Refusal;
use identity::group;
use identity::group_rule::active::Fit;
use identity::group_rule::store::{members, passes};
use identity::group_rule::{EXCLUDED_MAX, GROUPS_MAX, GroupRule, PutIn, RuleInput, RuleStatus};
use identity::person;
use vocab::id::{GroupId, GroupRuleId, UserId};

/// Groups of a rule that the list shows.
const SHOWN_GROUPS: usize = 5;
/// So many people of a rule are counted.
const COUNTED_MAX: i64 = 1_000;
/// What the button says that asks about somebody.
const TRY: &str = "try";

/// `GET /admin/groups/rules`.
pub async fn list(visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let query = search_of(&visit, "q");
    let after = after_of(&visit);
    let listed = visit
        .cell
        .list_group_rules(&permit, &query, &after, PAGE_ROWS);
    let (rules, next) = done(&visit, listed.await)?;
    let mut rows = Vec::with_capacity(rules.len());
    for rule in rules {
        let names = visit.cell.load_rule_groups(&permit, &rule.id).await;
        let names = done(&visit, names)?;
        let more = names.len().saturating_sub(SHOWN_GROUPS);
        rows.push(GroupRuleRow {
            id: rule.id.to_string(),
            state: state_of(&rule),
            name: rule.name,
            expression: rule.expression,
            groups: names
                .into_iter()
                .take(SHOWN_GROUPS)
                .map(|(_, name)| name)
                .collect(),
            more: u64::try_from(more).unwrap_or(u64::MAX),
        });
    }
    let next = next.map(|id| render_cursor(&[id.as_str()]));
    Ok(visit.page(&GroupRulesPage {
        shell: visit.shell(),
        query,
        rows,
        pager: pager(&visit, &["q"], next),
    }))
}

/// `GET /admin/groups/rules/new`.
pub async fn show_new(visit: Visit) -> Answer {
    administrator(&visit, Permission::ManageGroups).await?;
    Ok(draw(&visit, visit.shell(), None, Inputs::default()))
}

/// `POST /admin/groups/rules/new`.
pub async fn create(visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageGroups).await?;
    if visit.field("act") == TRY {
        return ask(&visit, None).await;
    }
    let outcome = match read_input(&visit).await? {
        Ok(input) => visit.cell.create_group_rule(&permit, input).await,
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(rule) => Ok(visit.go(&format!("/admin/groups/rules/{}", rule.id))),
        Err(refusal) => refused(&visit, None, refusal),
    }
}

/// `GET /admin/groups/rules/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let rule = load_rule(&visit, &permit, &id).await?;
    let inputs = inputs_of(&visit, &permit, &rule).await?;
    let present = present(&visit, &rule, Shown::Stored).await?;
    Ok(draw(&visit, visit.shell(), Some(present), inputs))
}

/// `POST /admin/groups/rules/{id}`.
pub async fn save(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, rule) = posted_rule(&visit, &id).await?;
    let seen = present(&visit, &rule, Shown::Typed).await?;
    if visit.field("act") == TRY {
        return ask(&visit, Some(seen)).await;
    }
    let outcome = match read_input(&visit).await? {
        Ok(input) => {
            let revision = Some(revision(&visit));
            let changed = visit
                .cell
                .change_group_rule(&permit, &rule.id, revision, input);
            changed.await.map(drop)
        }
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(()) => Ok(visit.go(&format!("/admin/groups/rules/{id}"))),
        Err(refusal) => refused(&visit, Some(seen), refusal),
    }
}

/// `POST /admin/groups/rules/{id}/activate`.
pub async fn activate(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, rule) = posted_rule(&visit, &id).await?;
    let outcome = visit.cell.activate_group_rule(&permit, &rule.id).await;
    switched(&visit, &rule, outcome).await
}

/// `POST /admin/groups/rules/{id}/deactivate`.
pub async fn deactivate(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, rule) = posted_rule(&visit, &id).await?;
    let off = visit
        .cell
        .deactivate_group_rule(&permit, &rule.id, put_in(&visit));
    switched(&visit, &rule, off.await).await
}

/// `POST /admin/groups/rules/{id}/delete`.
pub async fn delete(Path(id): Path<String>, visit: Visit) -> Answer {
    let (permit, rule) = posted_rule(&visit, &id).await?;
    let gone = visit
        .cell
        .delete_group_rule(&permit, &rule.id, put_in(&visit));
    match gone.await {
        Ok(()) => Ok(visit.go("/admin/groups/rules")),
        outcome => switched(&visit, &rule, outcome).await,
    }
}

fn put_in(visit: &Visit) -> PutIn {
    if is_ticked(visit, "leave") {
        PutIn::Leave
    } else {
        PutIn::Stay
    }
}

/// The page of a rule after it was switched; above it why that was refused, if it was.
async fn switched(visit: &Visit, rule: &GroupRule, outcome: Result<(), Refusal>) -> Answer {
    let refusal = match outcome {
        Ok(()) => return Ok(visit.go(&format!("/admin/groups/rules/{}", rule.id))),
        Err(refusal) => refusal,
    };
    let shell = done(visit, shell_after(visit, refusal))?;
    let permit = administrator(visit, Permission::ReadDirectory).await?;
    let inputs = inputs_of(visit, &permit, rule).await?;
    let present = present(visit, rule, Shown::Stored).await?;
    Ok(draw(visit, shell, Some(present), inputs))
}

async fn load_rule(visit: &Visit, permit: &Permit, id: &str) -> Result<GroupRule, Detour> {
    let id = found(visit, GroupRuleId::parse(id).ok())?;
    done(visit, visit.cell.find_group_rule(permit, &id).await)
}

/// The permit to change rules, and the rule of the address.
async fn posted_rule(visit: &Visit, id: &str) -> Result<(Permit, GroupRule), Detour> {
    let permit = administrator(visit, Permission::ManageGroups).await?;
    let reader = administrator(visit, Permission::ReadDirectory).await?;
    Ok((permit, load_rule(visit, &reader, id).await?))
}

const fn state_of(rule: &GroupRule) -> GroupRuleState {
    match rule.status {
        RuleStatus::Active => GroupRuleState::Active,
        RuleStatus::Invalid => GroupRuleState::Invalid,
        RuleStatus::Inactive | RuleStatus::Removed => GroupRuleState::Resting,
    }
}

async fn present(visit: &Visit, rule: &GroupRule, shown: Shown) -> Result<PresentRule, Detour> {
    let t = visit.shell().t;
    let org = &visit.context.org;
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let people = members::count_of_rule(&mut tx, org, &rule.id, COUNTED_MAX + 1).await;
    let is_under_way = passes::is_under_way(&mut tx, org, &rule.id).await;
    drop(tx);
    let people = loaded(visit, people)?;
    let counted = u64::try_from(people.min(COUNTED_MAX)).unwrap_or_default();
    let many = match people > COUNTED_MAX {
        true => t.groups.rule_people_more,
        false => t.groups.rule_people_many,
    };
    Ok(PresentRule {
        id: rule.id.to_string(),
        name: rule.name.clone(),
        revision: revision_of(visit, shown, rule.revision),
        state: state_of(rule),
        people: count(&counted, t.groups.rule_people_one, many),
        is_under_way: loaded(visit, is_under_way)?,
    })
}

/// What stands in the form.
#[derive(Default)]
struct Inputs {
    name: Input,
    expression: Input,
    groups: Input,
    excluded: Input,
    person: Input,
    trial: Option<GroupRuleTrial>,
}

impl Inputs {
    fn typed(visit: &Visit) -> Self {
        Self {
            name: typed(visit, "name"),
            expression: typed(visit, "expression"),
            groups: typed(visit, "groups"),
            excluded: typed(visit, "excluded"),
            person: typed(visit, "person"),
            trial: None,
        }
    }
}

async fn inputs_of(visit: &Visit, permit: &Permit, rule: &GroupRule) -> Result<Inputs, Detour> {
    let names = visit.cell.load_rule_groups(permit, &rule.id).await;
    let names: Vec<String> = done(visit, names)?
        .into_iter()
        .map(|(_, name)| name)
        .collect();
    let mut logins = Vec::new();
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    for user in &rule.excluded {
        let person = person::store::load(&mut tx, &rule.org_id, user).await;
        logins.extend(loaded(visit, person)?.map(|person| person.login));
    }
    drop(tx);
    Ok(Inputs {
        name: Input::of(&rule.name),
        expression: Input::of(&rule.expression),
        groups: Input::of(names.join("\n")),
        excluded: Input::of(logins.join("\n")),
        ..Inputs::default()
    })
}

/// What the form says; the refusal names the first group or person that there is not.
async fn read_input(visit: &Visit) -> Result<Result<RuleInput, Refusal>, Detour> {
    let groups = match read_groups(visit).await? {
        Ok(groups) => groups,
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(read_excluded(visit).await?.map(|excluded| RuleInput {
        name: visit.field("name").to_owned(),
        expression: visit.field("expression").trim().to_owned(),
        groups,
        excluded,
    }))
}

async fn read_groups(visit: &Visit) -> Result<Result<Vec<GroupId>, Refusal>, Detour> {
    let org = &visit.context.org;
    let mut ids = Vec::new();
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    // One more than fit is refused by the rule of rules.
    for name in lines(visit, "groups").into_iter().take(GROUPS_MAX + 1) {
        let group = group::store::find_by_name(&mut tx, org, &name).await;
        match loaded(visit, group)? {
            Some(group) => ids.push(group.id),
            None => return Ok(Err(missing(visit, "groups", &name))),
        }
    }
    Ok(Ok(ids))
}

async fn read_excluded(visit: &Visit) -> Result<Result<Vec<UserId>, Refusal>, Detour> {
    let org = &visit.context.org;
    let mut ids = Vec::new();
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    for login in lines(visit, "excluded").into_iter().take(EXCLUDED_MAX + 1) {
        let person = person::store::find_by_identifier(&mut tx, org, &login).await;
        match loaded(visit, person)? {
            Some(person) => ids.push(person.id),
            None => return Ok(Err(missing(visit, "excluded", &login))),
        }
    }
    Ok(Ok(ids))
}

fn missing(visit: &Visit, field: &'static str, name: &str) -> Refusal {
    let text = visit.shell().t.groups.rule_missing;
    Refusal::invalid(field, text.replace("{name}", name))
}

/// Asks what stands in the form about somebody, and keeps nothing.
async fn ask(visit: &Visit, present: Option<PresentRule>) -> Answer {
    let permit = administrator(visit, Permission::ReadDirectory).await?;
    let t = visit.shell().t;
    let mut inputs = Inputs::typed(visit);
    let person = {
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let typed = visit.field("person").trim();
        let person = person::store::find_by_identifier(&mut tx, &visit.context.org, typed).await;
        loaded(visit, person)?
    };
    let Some(person) = person else {
        inputs.person.error = Some(t.words.not_found.to_owned());
        return Ok(draw(visit, visit.shell(), present, inputs));
    };
    let expression = visit.field("expression").trim();
    let fit = visit
        .cell
        .try_group_rule(&permit, expression, &person.id)
        .await;
    match fit {
        Ok(fit) => {
            let excluded = read_excluded(visit).await?.unwrap_or_default();
            inputs.trial = Some(GroupRuleTrial {
                person: person.display_name(),
                fits: match fit {
                    Fit::Yes => Some(true),
                    Fit::No => Some(false),
                    Fit::Unknown(_) => None,
                },
                is_passed_over: excluded.contains(&person.id),
            });
        }
        Err(refusal) => match problem_of(t, &refusal) {
            Some((_, text)) => inputs.expression.error = Some(text),
            None => return Err(visit.refused(&refusal).into()),
        },
    }
    Ok(draw(visit, visit.shell(), present, inputs))
}

fn refused(visit: &Visit, present: Option<PresentRule>, refusal: Refusal) -> Answer {
    let mut inputs = Inputs::typed(visit);
    if let Some((field, text)) = problem_of(visit.shell().t, &refusal) {
        let input = match field {
            "name" => &mut inputs.name,
            "groups" => &mut inputs.groups,
            "excluded" => &mut inputs.excluded,
            _ => &mut inputs.expression,
        };
        input.error = Some(text);
    }
    let shell = done(visit, shell_after(visit, refusal))?;
    Ok(draw(visit, shell, present, inputs))
}

fn draw(visit: &Visit, shell: Shell, present: Option<PresentRule>, inputs: Inputs) -> Response {
    visit.page(&GroupRulePage {
        shell,
        present,
        name: inputs.name,
        expression: inputs.expression,
        groups: inputs.groups,
        excluded: inputs.excluded,
        person: inputs.person,
        trial: inputs.trial,
    })
}
