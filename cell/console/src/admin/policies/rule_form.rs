//! The form of a rule: from a rule to fields, and from fields to a rule or to what is wrong with which field.

use crate::admin::form::{is_ticked, number};
use crate::text::Text;
use crate::visit::Visit;
use database::ReadTx;
use identity::fault::Fault;
use identity::person::profile::fold;
use identity::sign_on::requirement::{Demand, Factors};
use identity::sign_on::{
    Allow, AuthenticatorKind, CONDITION_ENTRIES_MAX, Conditions, Membership, NAME_CHARACTERS_MAX,
    Outcome, Requirement, Rule, ZoneCondition,
};
use identity::{group, person};
use std::collections::BTreeMap;
use vocab::id::{BehaviorId, GroupId, OrgId, RuleId, UserId, ZoneId};

/// Seconds of a minute.
const MINUTE_SECS: u32 = 60;
/// The oldest proof that a rule can ask for: longer than any session.
const AGE_MINUTES_MAX: i64 = 366 * 24 * 60;

const FACTORS: [(&str, Factors); 3] = [
    ("any_one", Factors::AnyOne),
    ("two_where_enrolled", Factors::TwoWhereEnrolled),
    ("two_factors", Factors::TwoFactors),
];
const DEMANDS: [(&str, Demand); 3] = [
    ("no", Demand::No),
    ("where_enrolled", Demand::WhereEnrolled),
    ("always", Demand::Always),
];
const ADMINISTRATORS: [(&str, Option<bool>); 3] = [
    ("both", None),
    ("only", Some(true)),
    ("others", Some(false)),
];

/// What is wrong, by field.
pub type Problems = BTreeMap<&'static str, String>;

/// The fields of the form as they are typed.
#[derive(Debug, Clone, Default)]
pub struct RuleFields {
    /// The name.
    pub name: String,
    /// A word of the form.
    pub administrators: String,
    /// Ids of ticked groups.
    pub groups: Vec<String>,
    /// Ids of ticked groups.
    pub groups_except: Vec<String>,
    /// Names of further groups, one a line.
    pub more_groups: String,
    /// Names of further groups, one a line.
    pub more_groups_except: String,
    /// Logins, one a line.
    pub people: String,
    /// Logins, one a line.
    pub people_except: String,
    /// A word of the form.
    pub zone_mode: String,
    /// Ids of ticked zones.
    pub zones: Vec<String>,
    /// Ids of ticked behaviours.
    pub behaviors: Vec<String>,
    /// A word of the form.
    pub access: String,
    /// A word of the form.
    pub factors: String,
    /// A word of the form.
    pub phishing_resistant: String,
    /// A tick.
    pub hardware_bound: bool,
    /// A tick.
    pub possession: bool,
    /// A tick.
    pub knowledge: bool,
    /// Words of kinds.
    pub refused: Vec<String>,
    /// A number, or empty.
    pub session_minutes: String,
}

fn word_of<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> String {
    let found = table.iter().find(|(_, known)| known == value);
    found.map_or("", |(word, _)| word).to_owned()
}

fn parse_word<T: Copy>(table: &[(&'static str, T)], word: &str) -> Option<T> {
    let found = table.iter().find(|(known, _)| *known == word);
    found.map(|(_, value)| *value)
}

fn ids<Id: ToString>(ids: &[Id]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

impl RuleFields {
    /// The form of a new rule: for everyone, with the proof that the org's own policy begins with.
    #[must_use]
    pub fn blank() -> Self {
        Self {
            administrators: "both".into(),
            zone_mode: "any".into(),
            access: "allow".into(),
            factors: "two_where_enrolled".into(),
            phishing_resistant: "where_enrolled".into(),
            ..Self::default()
        }
    }

    /// As they were typed.
    #[must_use]
    pub fn of_form(visit: &Visit) -> Self {
        let text = |field: &str| visit.field(field).to_owned();
        let all = |field: &str| visit.fields(field).map(str::to_owned).collect();
        Self {
            name: text("name"),
            administrators: text("administrators"),
            groups: all("group"),
            groups_except: all("group_except"),
            more_groups: text("more_groups"),
            more_groups_except: text("more_groups_except"),
            people: text("people"),
            people_except: text("people_except"),
            zone_mode: text("zone_mode"),
            zones: all("zone"),
            behaviors: all("behavior"),
            access: text("access"),
            factors: text("factors"),
            phishing_resistant: text("phishing_resistant"),
            hardware_bound: is_ticked(visit, "hardware_bound"),
            possession: is_ticked(visit, "possession"),
            knowledge: is_ticked(visit, "knowledge"),
            refused: all("refused"),
            session_minutes: text("session_minutes"),
        }
    }

    /// As a stored rule fills them; the logins are looked up.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    pub async fn of_rule(tx: &mut ReadTx, org: &OrgId, rule: &Rule) -> Result<Self, Fault> {
        let conditions = &rule.conditions;
        let (zone_mode, zones) = match &conditions.zones {
            ZoneCondition::Any => ("any", &[][..]),
            ZoneCondition::In(zones) => ("in", zones.as_slice()),
            ZoneCondition::NotIn(zones) => ("not_in", zones.as_slice()),
        };
        let mut fields = Self {
            name: rule.name.clone(),
            administrators: word_of(&ADMINISTRATORS, &conditions.administrators),
            groups: ids(&conditions.groups.include),
            groups_except: ids(&conditions.groups.exclude),
            people: load_logins(tx, org, &conditions.people.include).await?,
            people_except: load_logins(tx, org, &conditions.people.exclude).await?,
            zone_mode: zone_mode.to_owned(),
            zones: ids(zones),
            behaviors: ids(&conditions.behaviors),
            ..Self::blank()
        };
        match &rule.outcome {
            Outcome::Deny => fields.access = "deny".into(),
            Outcome::Allow(allow) => fields.fill_demands(allow),
        }
        Ok(fields)
    }

    fn fill_demands(&mut self, allow: &Allow) {
        let require = &allow.require;
        self.factors = word_of(&FACTORS, &require.factors);
        self.phishing_resistant = word_of(&DEMANDS, &require.phishing_resistant);
        self.hardware_bound = require.hardware_bound;
        self.possession = require.possession;
        self.knowledge = require.knowledge;
        let refused = require.refused.iter();
        self.refused = refused.map(|kind| kind.as_str().to_owned()).collect();
        self.session_minutes = allow
            .session_age_max_secs
            .map(|secs| secs.div_ceil(MINUTE_SECS).to_string())
            .unwrap_or_default();
    }
}

/// One login a line; the id of somebody who is no longer there.
async fn load_logins(tx: &mut ReadTx, org: &OrgId, people: &[UserId]) -> Result<String, Fault> {
    let mut lines = Vec::with_capacity(people.len());
    for id in people {
        let person = person::store::load(tx, org, id).await?;
        lines.push(person.map_or_else(|| id.to_string(), |person| person.login));
    }
    Ok(lines.join("\n"))
}

/// Reads the rule that a form describes. What the rule named before may stay named though it is no longer there: were it
/// dropped, a rule for one group would become a rule for everyone.
pub struct RuleReader<'r> {
    /// Who sent the form.
    pub visit: &'r Visit,
    /// The fields.
    pub fields: &'r RuleFields,
    /// The rule before, if there is one.
    pub before: Option<&'r Rule>,
    /// What is wrong so far.
    pub problems: Problems,
}

/// Groups of a form: those that are ticked, and those that are named in a field.
struct Named<'n> {
    ticked: &'n [String],
    names: &'n str,
    field: &'static str,
}

impl RuleReader<'_> {
    /// The rule; it counts only if no problem was found.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    pub async fn read(&mut self, tx: &mut ReadTx, id: RuleId) -> Result<Rule, Fault> {
        let t = self.visit.shell().t;
        let name = self.fields.name.trim().to_owned();
        if name.is_empty() {
            self.problem("name", t.words.required.to_owned());
        } else if name.chars().count() > NAME_CHARACTERS_MAX {
            let most = NAME_CHARACTERS_MAX.to_string();
            self.problem("name", t.words.too_long.replace("{n}", &most));
        }
        let conditions = self.read_conditions(tx, t).await?;
        let outcome = match self.fields.access.as_str() {
            "deny" => Outcome::Deny,
            "allow" => Outcome::Allow(self.read_allow(t)),
            _ => {
                self.problem("access", t.words.choose_one.to_owned());
                Outcome::Deny
            }
        };
        Ok(Rule {
            id,
            name,
            conditions,
            outcome,
        })
    }

    fn problem(&mut self, field: &'static str, text: String) {
        self.problems.entry(field).or_insert(text);
    }

    async fn read_conditions(
        &mut self,
        tx: &mut ReadTx,
        t: &'static Text,
    ) -> Result<Conditions, Fault> {
        let fields = self.fields;
        let administrators = parse_word(&ADMINISTRATORS, &fields.administrators);
        if administrators.is_none() {
            self.problem("administrators", t.words.choose_one.to_owned());
        }
        let named = Named {
            ticked: &fields.groups,
            names: &fields.more_groups,
            field: "more_groups",
        };
        let include = self.read_groups(tx, t, named).await?;
        let named = Named {
            ticked: &fields.groups_except,
            names: &fields.more_groups_except,
            field: "more_groups_except",
        };
        let exclude = self.read_groups(tx, t, named).await?;
        let groups = Membership { include, exclude };
        let people = Membership {
            include: self.read_people(tx, t, (&fields.people, "people")).await?,
            exclude: self
                .read_people(tx, t, (&fields.people_except, "people_except"))
                .await?,
        };
        Ok(Conditions {
            people,
            groups,
            zones: self.read_zones(t),
            administrators: administrators.flatten(),
            behaviors: self.read_behaviors(),
        })
    }

    async fn read_groups(
        &mut self,
        tx: &mut ReadTx,
        t: &'static Text,
        Named {
            ticked,
            names,
            field,
        }: Named<'_>,
    ) -> Result<Vec<GroupId>, Fault> {
        let org = &self.visit.context.org;
        let mut found: Vec<GroupId> = Vec::new();
        for id in ticked.iter().take(CONDITION_ENTRIES_MAX + 1) {
            let Ok(id) = GroupId::parse(id) else { continue };
            let named = self.before.is_some_and(|rule| {
                let groups = &rule.conditions.groups;
                groups.include.contains(&id) || groups.exclude.contains(&id)
            });
            if named || group::store::load(tx, org, &id).await?.is_some() {
                push_once(&mut found, id);
            }
        }
        let mut unknown = Vec::new();
        for name in lines(names) {
            match group::store::find_by_name(tx, org, name).await? {
                Some(group) => push_once(&mut found, group.id),
                None => unknown.push(name),
            }
        }
        self.report_unknown(t, field, &unknown);
        self.report_many(t, field, found.len());
        Ok(found)
    }

    async fn read_people(
        &mut self,
        tx: &mut ReadTx,
        t: &'static Text,
        (logins, field): (&str, &'static str),
    ) -> Result<Vec<UserId>, Fault> {
        let org = &self.visit.context.org;
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        for login in lines(logins) {
            let stays = UserId::parse(login).ok().filter(|id| {
                self.before.is_some_and(|rule| {
                    let people = &rule.conditions.people;
                    people.include.contains(id) || people.exclude.contains(id)
                })
            });
            if let Some(id) = stays {
                push_once(&mut found, id);
                continue;
            }
            let person = person::store::find_by_identifier(tx, org, login).await?;
            // The look-up also finds people by their mail address, which is not what is asked for here.
            match person.filter(|person| fold(&person.login) == fold(login)) {
                Some(person) => push_once(&mut found, person.id),
                None => unknown.push(login),
            }
        }
        self.report_unknown(t, field, &unknown);
        self.report_many(t, field, found.len());
        Ok(found)
    }

    fn report_unknown(&mut self, t: &'static Text, field: &'static str, unknown: &[&str]) {
        if !unknown.is_empty() {
            let names = unknown.join(", ");
            self.problem(field, t.policies.not_known.replace("{names}", &names));
        }
    }

    fn report_many(&mut self, t: &'static Text, field: &'static str, count: usize) {
        if count > CONDITION_ENTRIES_MAX {
            let most = CONDITION_ENTRIES_MAX.to_string();
            self.problem(field, t.words.too_many.replace("{n}", &most));
        }
    }

    /// What is ticked. One that is gone by now is refused where the rule is stored.
    fn read_behaviors(&self) -> Vec<BehaviorId> {
        let ticked = self.fields.behaviors.iter();
        let mut found = Vec::new();
        for id in ticked.filter_map(|id| BehaviorId::parse(id).ok()) {
            push_once(&mut found, id);
        }
        found
    }

    fn read_zones(&mut self, t: &'static Text) -> ZoneCondition {
        let zones: Vec<ZoneId> = self
            .fields
            .zones
            .iter()
            .filter_map(|id| ZoneId::parse(id).ok())
            .collect();
        let wants_some = self.fields.zone_mode != "any";
        if wants_some && zones.is_empty() {
            self.problem("zones", t.words.choose_one.to_owned());
        }
        match self.fields.zone_mode.as_str() {
            "in" => ZoneCondition::In(zones),
            "not_in" => ZoneCondition::NotIn(zones),
            _ => ZoneCondition::Any,
        }
    }

    fn read_allow(&mut self, t: &'static Text) -> Allow {
        let fields = self.fields;
        let factors = parse_word(&FACTORS, &fields.factors);
        let phishing_resistant = parse_word(&DEMANDS, &fields.phishing_resistant);
        for (field, is_missing) in [
            ("factors", factors.is_none()),
            ("phishing_resistant", phishing_resistant.is_none()),
        ] {
            if is_missing {
                self.problem(field, t.words.choose_one.to_owned());
            }
        }
        let refused = fields.refused.iter();
        Allow {
            require: Requirement {
                factors: factors.unwrap_or_default(),
                phishing_resistant: phishing_resistant.unwrap_or_default(),
                hardware_bound: fields.hardware_bound,
                possession: fields.possession,
                knowledge: fields.knowledge,
                refused: refused
                    .filter_map(|word| AuthenticatorKind::from_word(word))
                    .collect(),
            },
            session_age_max_secs: self.read_age(),
        }
    }

    fn read_age(&mut self) -> Option<u32> {
        let typed = self.fields.session_minutes.trim();
        if typed.is_empty() {
            return None;
        }
        let stored = match self.before.map(|rule| &rule.outcome) {
            Some(Outcome::Allow(allow)) => allow.session_age_max_secs,
            _ => None,
        };
        // An age that was declared in seconds stays exact unless another one is typed.
        if let Some(secs) = stored
            && secs.div_ceil(MINUTE_SECS).to_string() == typed
        {
            return Some(secs);
        }
        match number(self.visit, "session_minutes", 1, AGE_MINUTES_MAX) {
            Ok(minutes) => u32::try_from(minutes)
                .ok()
                .map(|minutes| minutes.saturating_mul(MINUTE_SECS)),
            Err(text) => {
                self.problem("session_minutes", text);
                None
            }
        }
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(CONDITION_ENTRIES_MAX + 1)
}

fn push_once<Id: PartialEq>(ids: &mut Vec<Id>, id: Id) {
    if !ids.contains(&id) {
        ids.push(id);
    }
}
