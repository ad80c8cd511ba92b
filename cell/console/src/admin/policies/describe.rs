//! Rules in words: when they apply, and what they ask for.

use crate::text::Text;
use crate::view::admin::Proof;
use database::ReadTx;
use identity::behavior::store as behaviors;
use identity::fault::Fault;
use identity::sign_on::requirement::{Demand, Factors};
use identity::sign_on::{
    Allow, AuthenticatorKind, Conditions, Membership, SignOnPolicy, ZoneCondition, store,
};
use identity::{group, person};
use std::collections::HashMap;
use vocab::id::{BehaviorId, GroupId, OrgId, UserId, ZoneId};

/// How many of a list are named; the rest are counted.
const NAMED_MAX: usize = 5;
/// Seconds of a minute.
const MINUTE_SECS: u32 = 60;

/// What the people, groups and zones of a policy are called, as far as they are named.
#[derive(Debug, Default)]
pub struct Names {
    groups: HashMap<GroupId, String>,
    people: HashMap<UserId, String>,
    zones: HashMap<ZoneId, String>,
    behaviors: HashMap<BehaviorId, String>,
}

/// Loads the names that the words about a policy need, a bounded number for each rule.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load_names(
    tx: &mut ReadTx,
    org: &OrgId,
    policy: &SignOnPolicy,
) -> Result<Names, Fault> {
    let mut names = Names::default();
    for zone in store::load_zones(tx, org).await? {
        names.zones.insert(zone.id, zone.name);
    }
    for stored in behaviors::load_all(tx, org).await? {
        let behavior = stored.behavior;
        names.behaviors.insert(behavior.id, behavior.name);
    }
    for rule in &policy.rules {
        for id in named(&rule.conditions.groups) {
            if let Some(group) = group::store::load(tx, org, id).await? {
                names.groups.insert(id.clone(), group.name);
            }
        }
        for id in named(&rule.conditions.people) {
            if let Some(person) = person::store::load(tx, org, id).await? {
                names.people.insert(id.clone(), person.display_name());
            }
        }
    }
    Ok(names)
}

fn named<Id>(membership: &Membership<Id>) -> impl Iterator<Item = &Id> {
    let included = membership.include.iter().take(NAMED_MAX);
    included.chain(membership.exclude.iter().take(NAMED_MAX))
}

/// When a rule applies, a few words each; nothing for one that always does.
#[must_use]
pub fn render_conditions(t: &'static Text, conditions: &Conditions, names: &Names) -> Vec<String> {
    let mut words = Words {
        t,
        lines: Vec::new(),
    };
    let p = &t.policies;
    match conditions.administrators {
        Some(true) => words.lines.push(p.when_administrators.to_owned()),
        Some(false) => words.lines.push(p.when_others.to_owned()),
        None => {}
    }
    let Conditions { groups, people, .. } = conditions;
    words.list(p.when_group, &groups.include, &names.groups);
    words.list(p.when_person, &people.include, &names.people);
    words.list(p.when_not_group, &groups.exclude, &names.groups);
    words.list(p.when_not_person, &people.exclude, &names.people);
    match &conditions.zones {
        ZoneCondition::Any => {}
        ZoneCondition::In(zones) => words.list(p.when_in_zone, zones, &names.zones),
        ZoneCondition::NotIn(zones) => words.list(p.when_not_in_zone, zones, &names.zones),
    }
    words.list(t.behaviors.when, &conditions.behaviors, &names.behaviors);
    words.lines
}

struct Words {
    t: &'static Text,
    lines: Vec<String>,
}

impl Words {
    fn list<Id: std::hash::Hash + Eq>(
        &mut self,
        text: &str,
        ids: &[Id],
        names: &HashMap<Id, String>,
    ) {
        let gone = self.t.policies.gone;
        for id in ids.iter().take(NAMED_MAX) {
            let name = names.get(id).map_or(gone, String::as_str);
            self.lines.push(text.replace("{name}", name));
        }
        let more = ids.len().saturating_sub(NAMED_MAX);
        if more > 0 {
            let text = self.t.policies.more_names;
            self.lines.push(text.replace("{n}", &more.to_string()));
        }
    }
}

/// What a rule asks for, a few words each.
#[must_use]
pub fn render_demands(t: &'static Text, allow: &Allow) -> Vec<String> {
    let (p, require) = (&t.policies, &allow.require);
    let factors = match require.factors {
        Factors::AnyOne => p.factors_one,
        Factors::TwoWhereEnrolled => p.factors_where_enrolled,
        Factors::TwoFactors => p.factors_two,
    };
    let mut lines = vec![format!("{}: {factors}", p.factors)];
    let resistant = match require.phishing_resistant {
        Demand::No => None,
        Demand::WhereEnrolled => Some(p.resistant_where_enrolled),
        Demand::Always => Some(p.resistant_always),
    };
    lines.extend(resistant.map(|when| format!("{}: {when}", p.resistant)));
    let ticks = [
        (require.hardware_bound, p.hardware_bound),
        (require.possession, p.possession),
        (require.knowledge, p.knowledge),
    ];
    let ticked = ticks.into_iter().filter(|(is_on, _)| *is_on);
    lines.extend(ticked.map(|(_, text)| text.to_owned()));
    let refused = require.refused.iter();
    lines.extend(refused.map(|kind| p.then_refused.replace("{name}", kind_name(t, *kind))));
    if let Some(secs) = allow.session_age_max_secs {
        let minutes = secs.div_ceil(MINUTE_SECS).to_string();
        lines.push(p.then_age.replace("{n}", &minutes));
    }
    lines
}

/// A kind of authenticator in the reader's language.
#[must_use]
pub fn kind_name(t: &'static Text, kind: AuthenticatorKind) -> &'static str {
    Proof::parse(kind.as_str()).map_or(kind.as_str(), |proof| proof.label(t))
}

#[cfg(test)]
mod tests {
    use super::{Names, render_conditions, render_demands};
    use crate::text::en;
    use identity::sign_on::requirement::{Demand, Factors, Requirement};
    use identity::sign_on::{Allow, AuthenticatorKind, Conditions, Membership, ZoneCondition};
    use vocab::id::{GroupId, ZoneId};

    fn group(number: usize) -> GroupId {
        GroupId::parse(&format!("00g{number:017}")).unwrap()
    }

    #[test]
    fn conditions_are_named_and_long_lists_are_counted() {
        let none = render_conditions(&en::TEXT, &Conditions::default(), &Names::default());
        assert_eq!(none, Vec::<String>::new());
        let zone = ZoneId::parse("nzo00000000000000001").unwrap();
        let mut names = Names::default();
        names.groups.insert(group(0), "Finance".into());
        names.zones.insert(zone.clone(), "Office".into());
        let conditions = Conditions {
            groups: Membership {
                include: (0..7).map(group).collect(),
                exclude: vec![group(0)],
            },
            zones: ZoneCondition::NotIn(vec![zone]),
            administrators: Some(false),
            ..Conditions::default()
        };
        let lines = render_conditions(&en::TEXT, &conditions, &names);
        let gone = "Group deleted";
        assert_eq!(
            lines,
            [
                "No administrators",
                "Group Finance",
                gone,
                gone,
                gone,
                gone,
                "and 2 more",
                "Not group Finance",
                "Not from Office"
            ]
        );
    }

    #[test]
    fn demands_are_named() {
        let allow = Allow {
            require: Requirement {
                factors: Factors::TwoFactors,
                phishing_resistant: Demand::Always,
                hardware_bound: true,
                refused: vec![AuthenticatorKind::EmailCode],
                ..Requirement::default()
            },
            session_age_max_secs: Some(90),
        };
        let lines = render_demands(&en::TEXT, &allow);
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert_eq!(lines.last().unwrap(), "At most 2 minutes old");
    }
}
