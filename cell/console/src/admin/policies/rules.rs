//! The rules of a policy, in force or at rest: adding, changing, ordering, switching, removing. Each form names the revision of the policy that it was
//! made from, so that no change undoes another one unseen.

use crate::admin::caller::{Answer, Detour, administrator_freshly, done, found, loaded};
use crate::admin::form::{Shown, problem_of, revision, revision_of, shell_after};
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
use identity::fault::{Fault, Refusal};
use identity::group;
use identity::sign_on::Rule;
use identity::sign_on::aside::{Aside, ListedRule, place_of_new};
use identity::sign_on::operations::PolicyChange;
use identity::sign_on::store::{self as policies, StoredPolicy};
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
        shown: Shown::Stored,
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
    let listed = stored.listed();
    let (_, listed) = find_rule(&visit, &listed, &rule)?;
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let fields = RuleFields::of_rule(&mut tx, &visit.context.org, &listed.rule).await;
    drop(tx);
    let form = Form {
        stored: &stored,
        rule: Some(&listed.rule),
        shown: Shown::Stored,
        fields: loaded(&visit, fields)?,
        problems: Problems::new(),
    };
    form.page(&visit, visit.shell()).await
}

/// `POST /admin/policies/{id}/rules/{rule}`.
pub async fn save(Path((id, rule)): Path<(String, String)>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManagePolicies, &back_to(&id)).await?;
    let stored = load_policy(&visit, &id).await?;
    let listed = stored.listed();
    let (_, ListedRule { rule, .. }) = find_rule(&visit, &listed, &rule)?;
    save_rule(&visit, &permit, &stored, Some(rule), rule.id.clone()).await
}

/// `POST /admin/policies/{id}/rules/move`.
pub async fn move_rule(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManagePolicies, &back_to(&id)).await?;
    let stored = load_policy(&visit, &id).await?;
    let listed = stored.listed();
    let (place, _) = find_rule(&visit, &listed, visit.field("id"))?;
    let way = found(&visit, Way::parse(visit.field("to")))?;
    let planned = plan_move(listed, place, way);
    apply(&visit, &permit, &stored, planned, PolicyChange::Whole).await
}

/// `POST /admin/policies/{id}/rules/{rule}/activate`.
pub async fn activate(Path((id, rule)): Path<(String, String)>, visit: Visit) -> Answer {
    switch(&visit, (&id, &rule), true).await
}

/// `POST /admin/policies/{id}/rules/{rule}/deactivate`: from now on no sign-in is held against it.
pub async fn deactivate(Path((id, rule)): Path<(String, String)>, visit: Visit) -> Answer {
    switch(&visit, (&id, &rule), false).await
}

async fn switch(visit: &Visit, (id, rule): (&str, &str), active: bool) -> Answer {
    let permit = administrator_freshly(visit, Permission::ManagePolicies, &back_to(id)).await?;
    let stored = load_policy(visit, id).await?;
    let mut listed = stored.listed();
    let (place, _) = find_rule(visit, &listed, rule)?;
    let Some(one) = listed.get_mut(place).filter(|one| one.active != active) else {
        // It is so already, and nothing is written in the log.
        return Ok(visit.go(&address(&stored.policy.id)));
    };
    one.active = active;
    let rule = one.rule.clone();
    let change = |aside| match active {
        true => PolicyChange::Activate(aside, rule),
        false => PolicyChange::Deactivate(aside, rule),
    };
    apply(visit, &permit, &stored, listed, change).await
}

/// `POST /admin/policies/{id}/rules/{rule}/remove`.
pub async fn remove(Path((id, rule)): Path<(String, String)>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManagePolicies, &back_to(&id)).await?;
    let stored = load_policy(&visit, &id).await?;
    let mut listed = stored.listed();
    let (place, _) = find_rule(&visit, &listed, &rule)?;
    listed.remove(place);
    apply(&visit, &permit, &stored, listed, PolicyChange::Whole).await
}

async fn apply(
    visit: &Visit,
    permit: &Permit,
    stored: &StoredPolicy,
    listed: Vec<ListedRule>,
    change: impl FnOnce(Aside) -> PolicyChange,
) -> Answer {
    match store(visit, permit, stored, listed, change).await {
        Ok(()) => Ok(visit.go(&address(&stored.policy.id))),
        Err(refusal) => refused(visit, stored, refusal).await,
    }
}

/// Stores the rules, if the policy is still as the form was made of.
async fn store(
    visit: &Visit,
    permit: &Permit,
    stored: &StoredPolicy,
    listed: Vec<ListedRule>,
    change: impl FnOnce(Aside) -> PolicyChange,
) -> Result<(), Refusal> {
    let (policy, aside) = stored.with_rules(listed);
    let changed = visit
        .cell
        .change_policy(permit, policy, change(aside), revision(visit));
    changed.await
}

fn find_rule<'l>(
    visit: &Visit,
    listed: &'l [ListedRule],
    id: &str,
) -> Result<(usize, &'l ListedRule), Detour> {
    let mut rules = listed.iter().enumerate();
    found(visit, rules.find(|(_, one)| one.rule.id.as_str() == id))
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
        let listed = plan_rule(stored.listed(), rule);
        let refusal = match store(visit, permit, stored, listed, PolicyChange::Whole).await {
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
        shown: Shown::Typed,
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

/// The rules with this one in its place: where it stood, or else in force before a last one that fits everybody.
fn plan_rule(mut listed: Vec<ListedRule>, rule: Rule) -> Vec<ListedRule> {
    if let Some(present) = listed.iter_mut().find(|one| one.rule.id == rule.id) {
        present.rule = rule;
        return listed;
    }
    let place = place_of_new(&listed);
    listed.insert(place, ListedRule { rule, active: true });
    listed
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

/// The rules with the one at that place a place further; one at the end stays where it is.
fn plan_move(mut listed: Vec<ListedRule>, from: usize, way: Way) -> Vec<ListedRule> {
    let to = match way {
        Way::Up => from.checked_sub(1),
        Way::Down => from.checked_add(1),
    };
    if let Some(to) = to.filter(|to| from.max(*to) < listed.len()) {
        listed.swap(from, to);
    }
    listed
}

/// The form as it is drawn.
struct Form<'f> {
    stored: &'f StoredPolicy,
    rule: Option<&'f Rule>,
    shown: Shown,
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
            let zones = policies::load_zones(&mut tx, org).await;
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
            revision: revision_of(visit, self.shown, self.stored.revision),
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
    use identity::sign_on::aside::ListedRule;
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

    fn listed(rules: &[Rule]) -> Vec<ListedRule> {
        let rules = rules.iter().cloned();
        rules
            .map(|rule| ListedRule { rule, active: true })
            .collect()
    }

    fn names(listed: &[ListedRule]) -> Vec<&str> {
        listed.iter().map(|one| one.rule.name.as_str()).collect()
    }

    #[test]
    fn a_new_rule_goes_before_one_that_fits_everybody() {
        let (some, all) = (rule(1, Some(true)), rule(2, None));
        let added = plan_rule(listed(&[some.clone(), all.clone()]), rule(3, Some(false)));
        assert_eq!(names(&added), ["1", "3", "2"]);
        let added = plan_rule(listed(&[all.clone(), some.clone()]), rule(3, None));
        assert_eq!(names(&added), ["2", "1", "3"]);
        let mut resting = listed(&[some.clone(), all.clone()]);
        resting[1].active = false;
        let added = plan_rule(resting, rule(3, None));
        assert_eq!(names(&added), ["1", "2", "3"], "nobody reaches one at rest");
        let mut resting = listed(&[all.clone(), some.clone()]);
        resting[1].active = false;
        let added = plan_rule(resting, rule(3, None));
        assert_eq!(
            names(&added),
            ["3", "2", "1"],
            "one at rest is not the last"
        );
        assert_eq!(names(&plan_rule(Vec::new(), rule(3, None))), ["3"]);
        let changed = Rule {
            name: "changed".into(),
            ..all.clone()
        };
        let mut resting = listed(&[some, all]);
        resting[1].active = false;
        let planned = plan_rule(resting, changed);
        assert_eq!(names(&planned), ["1", "changed"]);
        assert!(!planned[1].active, "it rests as before");
    }

    #[test]
    fn rules_move_by_one_and_stay_at_the_ends() {
        let rules = [rule(1, None), rule(2, None), rule(3, None)];
        let moved = |from, way| names(&plan_move(listed(&rules), from, way)).concat();
        assert_eq!(moved(0, Way::Down), "213");
        assert_eq!(moved(2, Way::Up), "132");
        assert_eq!(moved(0, Way::Up), "123");
        assert_eq!(moved(2, Way::Down), "123");
        assert_eq!(moved(8, Way::Up), "123");
    }
}
