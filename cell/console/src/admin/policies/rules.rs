//! The rules of a policy: adding, changing, ordering, removing. Each form names the revision of the policy that it was
//! made from, so that no change undoes another one unseen.

use crate::admin::caller::{Answer, Detour, administrator_freshly, done, found, loaded};
use crate::admin::form::{problem_of, revision, shell_after};
use crate::admin::policies::rule_form::{Problems, RuleFields, RuleReader};
use crate::admin::policies::{address, load_policy, refused};
use crate::text::Text;
use crate::view::admin::RuleFormPage;
use crate::view::part::{Choice, Input};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use database::ReadTx;
use identity::access::{Permission, Permit};
use identity::fault::Fault;
use identity::group;
use identity::sign_on::store::{self, StoredPolicy};
use identity::sign_on::{Conditions, Rule, SignOnPolicy};
use vocab::id::{GroupId, OrgId, RuleId};

/// Most groups that the form offers to tick; further ones are named.
const OFFERED_GROUPS: i64 = 50;

/// Where a form goes on after a fresh proof: what it held is typed again.
fn back_to(policy: &str) -> String {
    format!("/admin/policies/{policy}")
}

/// `GET /admin/policies/{id}/rules/new`: proved afresh before the form is filled in rather than after.
pub async fn show_new(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator_freshly(&visit, Permission::ManagePolicies, &visit.path).await?;
    let stored = load_policy(&visit, &id).await?;
    let form = Form {
        stored: &stored,
        rule: None,
        fields: RuleFields::blank(),
        problems: Problems::new(),
    };
    form.page(&visit, visit.shell()).await
}

/// `POST /admin/policies/{id}/rules/new`. A rule below one that fits everybody would never be reached, so the new one
/// goes before it.
pub async fn create(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManagePolicies, &back_to(&id)).await?;
    let stored = load_policy(&visit, &id).await?;
    let rule_id = RuleId::generate(visit.cell.entropy());
    save_rule(&visit, &permit, &stored, None, rule_id).await
}

/// `GET /admin/policies/{id}/rules/{rule}`: proved afresh as above.
pub async fn show(Path((id, rule)): Path<(String, String)>, visit: Visit) -> Answer {
    administrator_freshly(&visit, Permission::ManagePolicies, &visit.path).await?;
    let stored = load_policy(&visit, &id).await?;
    let rule = find_rule(&visit, &stored, &rule)?;
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let fields = RuleFields::of_rule(&mut tx, &visit.context.org, rule).await;
    drop(tx);
    let form = Form {
        stored: &stored,
        rule: Some(rule),
        fields: loaded(&visit, fields)?,
        problems: Problems::new(),
    };
    form.page(&visit, visit.shell()).await
}

/// `POST /admin/policies/{id}/rules/{rule}`.
pub async fn save(Path((id, rule)): Path<(String, String)>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManagePolicies, &back_to(&id)).await?;
    let stored = load_policy(&visit, &id).await?;
    let rule = find_rule(&visit, &stored, &rule)?;
    save_rule(&visit, &permit, &stored, Some(rule), rule.id.clone()).await
}

/// `POST /admin/policies/{id}/rules/move`.
pub async fn move_rule(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManagePolicies, &back_to(&id)).await?;
    let stored = load_policy(&visit, &id).await?;
    let rule = find_rule(&visit, &stored, visit.field("id"))?;
    let way = found(&visit, Way::parse(visit.field("to")))?;
    let mut policy = stored.policy.clone();
    policy.rules = plan_move(policy.rules, &rule.id, way);
    apply(&visit, &permit, &stored, policy).await
}

/// `POST /admin/policies/{id}/rules/{rule}/remove`.
pub async fn remove(Path((id, rule)): Path<(String, String)>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManagePolicies, &back_to(&id)).await?;
    let stored = load_policy(&visit, &id).await?;
    let rule = find_rule(&visit, &stored, &rule)?;
    let mut policy = stored.policy.clone();
    policy.rules.retain(|kept| kept.id != rule.id);
    apply(&visit, &permit, &stored, policy).await
}

async fn apply(
    visit: &Visit,
    permit: &Permit,
    stored: &StoredPolicy,
    policy: SignOnPolicy,
) -> Answer {
    let outcome = visit
        .cell
        .update_policy(permit, policy, revision(visit))
        .await;
    match outcome {
        Ok(()) => Ok(visit.go(&address(&stored.policy.id))),
        Err(refusal) => refused(visit, stored, refusal).await,
    }
}

fn find_rule<'s>(visit: &Visit, stored: &'s StoredPolicy, id: &str) -> Result<&'s Rule, Detour> {
    let mut rules = stored.policy.rules.iter();
    found(visit, rules.find(|rule| rule.id.as_str() == id))
}

async fn save_rule(
    visit: &Visit,
    permit: &Permit,
    stored: &StoredPolicy,
    before: Option<&Rule>,
    id: RuleId,
) -> Answer {
    let fields = RuleFields::of_form(visit);
    let mut reader = RuleReader {
        visit,
        fields: &fields,
        before,
        problems: Problems::new(),
    };
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let rule = reader.read(&mut tx, id).await;
    drop(tx);
    let (rule, mut problems) = (loaded(visit, rule)?, reader.problems);
    let mut shell = visit.shell();
    if problems.is_empty() {
        let mut policy = stored.policy.clone();
        policy.rules = plan_rule(policy.rules, rule);
        let outcome = visit
            .cell
            .update_policy(permit, policy, revision(visit))
            .await;
        let refusal = match outcome {
            Ok(()) => return Ok(visit.go(&address(&stored.policy.id))),
            Err(refusal) => refusal,
        };
        if let Some((field, text)) = problem_of(shell.t, &refusal) {
            problems.insert(field_of(field), text);
        }
        shell = done(visit, shell_after(visit, refusal))?;
    }
    let form = Form {
        stored,
        rule: before,
        fields,
        problems,
    };
    form.page(visit, shell).await
}

/// The field of the form for a field of the model.
fn field_of(field: &'static str) -> &'static str {
    match field {
        "session_age_max_secs" => "session_minutes",
        "conditions" => "zones",
        "require" => "factors",
        "rules" => "access",
        other => other,
    }
}

/// The rules with this one in its place: where it stood, or else before a last one that fits everybody.
fn plan_rule(mut rules: Vec<Rule>, rule: Rule) -> Vec<Rule> {
    if let Some(present) = rules.iter_mut().find(|present| present.id == rule.id) {
        *present = rule;
        return rules;
    }
    let ends_with_all = rules
        .last()
        .is_some_and(|last| last.conditions == Conditions::default());
    let place = rules.len().saturating_sub(usize::from(ends_with_all));
    rules.insert(place, rule);
    rules
}

/// Which way a rule moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

impl Way {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "up" => Some(Self::Up),
            "down" => Some(Self::Down),
            _ => None,
        }
    }
}

/// The rules with that one a place further; one at the end stays where it is.
fn plan_move(mut rules: Vec<Rule>, id: &RuleId, way: Way) -> Vec<Rule> {
    let Some(from) = rules.iter().position(|rule| rule.id == *id) else {
        return rules;
    };
    let to = match way {
        Way::Up => from.checked_sub(1),
        Way::Down => from.checked_add(1).filter(|to| *to < rules.len()),
    };
    if let Some(to) = to {
        rules.swap(from, to);
    }
    rules
}

/// The form as it is drawn.
struct Form<'f> {
    stored: &'f StoredPolicy,
    rule: Option<&'f Rule>,
    fields: RuleFields,
    problems: Problems,
}

impl Form<'_> {
    fn input(&self, field: &str, value: &str) -> Input {
        Input {
            value: value.to_owned(),
            error: self.problems.get(field).cloned(),
        }
    }

    fn tick(&self, field: &str, is_on: bool) -> Input {
        self.input(field, if is_on { "on" } else { "" })
    }

    async fn page(self, visit: &Visit, shell: Shell) -> Answer {
        let t = shell.t;
        let gone = t.policies.gone;
        let (offer, zones) = {
            let org = &visit.context.org;
            let mut tx = loaded(visit, visit.cell.database.read().await)?;
            let offer = load_offer(&mut tx, org, &self.fields, gone).await;
            let zones = store::load_zones(&mut tx, org).await;
            (loaded(visit, offer)?, loaded(visit, zones)?)
        };
        let fields = &self.fields;
        let more = |field: &str, text: &str| {
            let is_wanted = offer.has_more || self.problems.contains_key(field);
            is_wanted.then(|| self.input(field, text))
        };
        Ok(visit.page(&RuleFormPage {
            shell,
            policy_id: self.stored.policy.id.to_string(),
            policy_name: self.stored.policy.name.clone(),
            id: self.rule.map(|rule| rule.id.to_string()),
            revision: self.stored.revision,
            name: self.input("name", &fields.name),
            administrators: self.input("administrators", &fields.administrators),
            groups: offer.choices(&fields.groups),
            groups_except: offer.choices(&fields.groups_except),
            more_groups: more("more_groups", &fields.more_groups),
            more_groups_except: more("more_groups_except", &fields.more_groups_except),
            people: self.input("people", &fields.people),
            people_except: self.input("people_except", &fields.people_except),
            zone_mode: self.input("zone_mode", &fields.zone_mode),
            zones: zones
                .into_iter()
                .map(|zone| {
                    let is_on = fields.zones.iter().any(|id| id == zone.id.as_str());
                    Choice::new(zone.id.as_str(), zone.name).ticked(is_on)
                })
                .collect(),
            zones_error: self.input("zones", ""),
            behaviors: behavior_choices(visit, t, &fields.behaviors),
            behaviors_error: self.input("behaviors", ""),
            access: self.input("access", &fields.access),
            factors: self.input("factors", &fields.factors),
            phishing_resistant: self.input("phishing_resistant", &fields.phishing_resistant),
            hardware_bound: self.tick("hardware_bound", fields.hardware_bound),
            possession: self.tick("possession", fields.possession),
            knowledge: self.tick("knowledge", fields.knowledge),
            refused: fields.refused.clone(),
            session_minutes: self.input("session_minutes", &fields.session_minutes),
        }))
    }
}

/// The behaviours of the org to tick; one that is never detected says so.
fn behavior_choices(visit: &Visit, t: &'static Text, ticked: &[String]) -> Vec<Choice> {
    let known = visit.snapshot.behaviors.iter();
    known
        .map(|behavior| {
            let name = match behavior.active {
                true => behavior.name.clone(),
                false => t.behaviors.inactive.replace("{name}", &behavior.name),
            };
            let is_on = ticked.iter().any(|id| id == behavior.id.as_str());
            Choice::new(behavior.id.as_str(), name).ticked(is_on)
        })
        .collect()
}

/// Groups that can be ticked: the first by name, and whatever is ticked already.
struct Offer {
    groups: Vec<(String, String)>,
    has_more: bool,
}

impl Offer {
    fn choices(&self, ticked: &[String]) -> Vec<Choice> {
        self.groups
            .iter()
            .map(|(id, name)| Choice::new(id, name).ticked(ticked.contains(id)))
            .collect()
    }
}

async fn load_offer(
    tx: &mut ReadTx,
    org: &OrgId,
    fields: &RuleFields,
    gone: &str,
) -> Result<Offer, Fault> {
    let mut loaded = group::store::load_page(tx, org, "", "", OFFERED_GROUPS + 1).await?;
    let offered = usize::try_from(OFFERED_GROUPS).unwrap_or(usize::MAX);
    let has_more = loaded.len() > offered;
    loaded.truncate(offered);
    let mut groups: Vec<(String, String)> = loaded
        .into_iter()
        .map(|group| (group.id.to_string(), group.name))
        .collect();
    for id in fields.groups.iter().chain(&fields.groups_except) {
        let Ok(group) = GroupId::parse(id) else {
            continue;
        };
        if groups.iter().all(|(known, _)| known != id) {
            let name = group::store::load(tx, org, &group)
                .await?
                .map_or_else(|| format!("{id} ({gone})"), |group| group.name);
            groups.push((id.clone(), name));
        }
    }
    Ok(Offer { groups, has_more })
}

#[cfg(test)]
mod tests {
    use super::{Way, plan_move, plan_rule};
    use identity::sign_on::{Conditions, Outcome, Rule};
    use vocab::id::RuleId;

    fn rule(number: usize, administrators: Option<bool>) -> Rule {
        Rule {
            id: RuleId::parse(&format!("0pr{number:017}")).unwrap(),
            name: number.to_string(),
            conditions: Conditions {
                administrators,
                ..Conditions::default()
            },
            outcome: Outcome::Deny,
        }
    }

    fn names(rules: &[Rule]) -> Vec<&str> {
        rules.iter().map(|rule| rule.name.as_str()).collect()
    }

    #[test]
    fn a_new_rule_goes_before_one_that_fits_everybody() {
        let (some, all) = (rule(1, Some(true)), rule(2, None));
        let added = plan_rule(vec![some.clone(), all.clone()], rule(3, Some(false)));
        assert_eq!(names(&added), ["1", "3", "2"]);
        let added = plan_rule(vec![all.clone(), some.clone()], rule(3, None));
        assert_eq!(names(&added), ["2", "1", "3"]);
        assert_eq!(names(&plan_rule(Vec::new(), rule(3, None))), ["3"]);
        let changed = Rule {
            name: "changed".into(),
            ..all.clone()
        };
        assert_eq!(
            names(&plan_rule(vec![some, all], changed)),
            ["1", "changed"]
        );
    }

    #[test]
    fn rules_move_by_one_and_stay_at_the_ends() {
        let rules = || vec![rule(1, None), rule(2, None), rule(3, None)];
        let moved = |number, way| {
            let id = rule(number, None).id;
            let rules = plan_move(rules(), &id, way);
            rules.into_iter().map(|rule| rule.name).collect::<String>()
        };
        assert_eq!(moved(1, Way::Down), "213");
        assert_eq!(moved(3, Way::Up), "132");
        assert_eq!(moved(1, Way::Up), "123");
        assert_eq!(moved(3, Way::Down), "123");
        assert_eq!(moved(9, Way::Up), "123");
    }
}
