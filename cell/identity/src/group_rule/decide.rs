//! What a rule may be like, and which rules may be on together: pure.

use crate::fault::Refusal;
use crate::group_rule::{EXCLUDED_MAX, GROUPS_MAX, NAME_CHARS_MAX, RuleInput};
use crate::org::settings::{AttributeKind, ProfileAttribute};
use crate::person::Person;
use crate::problem::{Problem, named};
use crate::user_type::schemas::Kinds;
use protocol::expression::{Expression, ExpressionError, Kind, Membership, Value, Wrong};
use serde_json::Value as Json;
use vocab::id::{GroupId, GroupRuleId};
use vocab::text::disguises;

/// Attributes that everybody has.
const BUILT_IN: [&str; 4] = ["login", "email", "firstName", "lastName"];

/// Of which kind an attribute is that expressions name.
#[must_use]
pub fn kind_of(schema: &[ProfileAttribute], name: &str) -> Option<Kind> {
    if is_built_in(name) {
        return Some(Kind::Text);
    }
    let known = schema.iter().find(|attribute| attribute.name == name)?;
    Some(kind_of_attribute(known.kind))
}

/// Whether everybody has it, of whatever type they are.
pub(crate) fn is_built_in(name: &str) -> bool {
    BUILT_IN.contains(&name)
}

/// What values of an attribute are to an expression.
pub(crate) const fn kind_of_attribute(kind: AttributeKind) -> Kind {
    match kind {
        AttributeKind::Text => Kind::Text,
        AttributeKind::Integer => Kind::Number,
        AttributeKind::Boolean => Kind::Flag,
    }
}

/// What an attribute of a person is; an empty one is nothing. So is one that the person's type does not have: what is stored of an attribute
/// that was removed stays until the profile is next saved, and another type may have one of the name.
#[must_use]
pub fn value_of(person: &Person, kinds: &Kinds, name: &str) -> Value {
    let text = |text: &str| match text {
        "" => Value::Nothing,
        text => Value::Text(text.to_owned()),
    };
    match name {
        "login" => text(&person.login),
        "email" => text(&person.email),
        "firstName" => text(&person.first_name),
        "lastName" => text(&person.last_name),
        name => match (kinds.of_person(person, name), person.profile.get(name)) {
            (Some(AttributeKind::Text), Some(Json::String(own))) => text(own),
            (Some(AttributeKind::Boolean), Some(Json::Bool(flag))) => Value::Flag(*flag),
            (Some(AttributeKind::Integer), Some(Json::Number(number))) => {
                number.as_i64().map_or(Value::Nothing, Value::Number)
            }
            _ => Value::Nothing,
        },
    }
}

/// Reads an expression about people of a schema.
///
/// # Errors
/// [`Refusal::Invalid`] with the column.
pub fn parse_expression(text: &str, schema: &[ProfileAttribute]) -> Result<Expression, Refusal> {
    Expression::parse(text, &|name| kind_of(schema, name))
        .map_err(|error| Refusal::invalid("expression", problem_of(&error)))
}

/// What is wrong with an expression, and where.
pub(crate) fn problem_of(error: &ExpressionError) -> Problem {
    let at = ("column", error.column.to_string());
    match &error.wrong {
        Wrong::TooLong => Problem::of("the expression is longer than 4,096 bytes", []),
        Wrong::TooDeep => Problem::of("column {column}: this is nested too deeply", [at]),
        Wrong::TooManyParts => Problem::of("column {column}: these are too many parts", [at]),
        Wrong::NoValue => Problem::of("column {column}: a value is missing", [at]),
        Wrong::NoSign(sign) => Problem::of("column {column}: {name} is missing", [at, named(sign)]),
        Wrong::Sign(sign) => Problem::of(
            "column {column}: {name} means nothing here",
            [at, named(&sign.to_string())],
        ),
        Wrong::EndlessText => Problem::of("column {column}: this text does not end", [at]),
        Wrong::LargeNumber => Problem::of("column {column}: this number is too large", [at]),
        Wrong::Surplus => Problem::of("column {column}: nothing more is expected here", [at]),
        Wrong::Unknown(name) => {
            Problem::of("column {column}: there is no {name}", [at, named(name)])
        }
        Wrong::Arguments(name) => Problem::of(
            "column {column}: {name} takes another number of values",
            [at, named(name)],
        ),
        Wrong::Not(Kind::Text) => Problem::of("column {column}: this must be a text", [at]),
        Wrong::Not(Kind::Number) => Problem::of("column {column}: this must be a number", [at]),
        Wrong::Not(Kind::List) => Problem::of("column {column}: this must be a list", [at]),
        Wrong::Not(Kind::Flag | Kind::Any) => {
            Problem::of("column {column}: this must be true or false", [at])
        }
        Wrong::NeverEqual => Problem::of("column {column}: these two are never equal", [at]),
        Wrong::NoOrder => Problem::of("column {column}: these two have no order", [at]),
        Wrong::GroupNotNamed => Problem::of(
            "column {column}: name the group by a text in quotation marks",
            [at],
        ),
    }
}

/// Trims and checks what a rule is to be like, apart from whether its groups and people exist.
///
/// # Errors
/// [`Refusal::Invalid`] or [`Refusal::TooMany`] naming what cannot be used.
pub fn decide_rule(
    input: RuleInput,
    schema: &[ProfileAttribute],
) -> Result<(RuleInput, Expression), Refusal> {
    let name = input.name.trim().to_owned();
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_CHARS_MAX || name.chars().any(disguises) {
        return Err(Refusal::invalid(
            "name",
            "use 1 to 50 characters on one line",
        ));
    }
    let expression = parse_expression(&input.expression, schema)?;
    let (mut groups, mut excluded) = (input.groups, input.excluded);
    groups.sort();
    groups.dedup();
    excluded.sort();
    excluded.dedup();
    if groups.is_empty() {
        return Err(Refusal::invalid("groups", "name at least one group"));
    }
    if groups.len() > GROUPS_MAX {
        return Err(Refusal::TooMany {
            what: "groups of one rule",
            max: GROUPS_MAX,
        });
    }
    if excluded.len() > EXCLUDED_MAX {
        return Err(Refusal::TooMany {
            what: "people whom a rule passes over",
            max: EXCLUDED_MAX,
        });
    }
    let decided = RuleInput {
        name,
        expression: input.expression,
        groups,
        excluded,
    };
    Ok((decided, expression))
}

/// What a rule asks about and what it fills.
#[derive(Debug, Clone)]
pub struct Wiring {
    /// The rule.
    pub id: GroupRuleId,
    /// Its name.
    pub name: String,
    /// The groups that it asks about.
    pub asks: Vec<Membership>,
    /// The groups that it fills, with their names.
    pub fills: Vec<(GroupId, String)>,
}

impl Wiring {
    fn asks_about_one_of<'o>(&self, other: &'o Self) -> Option<&'o str> {
        let mut fills = other.fills.iter();
        let asked =
            fills.find(|(id, name)| self.asks.iter().any(|asks| asks.fits(id.as_str(), name)));
        asked.map(|(_, name)| name.as_str())
    }
}

/// Refuses a rule that asks about a group which it or a rule that is on fills, and one that fills what such a rule asks about.
///
/// # Errors
/// [`Refusal::Invalid`] with the names of group and rule.
pub fn decide_wiring(own: &Wiring, active: &[Wiring]) -> Result<(), Refusal> {
    for other in std::iter::once(own).chain(active.iter().filter(|other| other.id != own.id)) {
        if let Some(group) = own.asks_about_one_of(other) {
            let problem = Problem::of(
                "it asks about the group {group}, which the rule {name} fills; rules see memberships by hand alone",
                [("group", group.to_owned()), named(&other.name)],
            );
            return Err(Refusal::invalid("expression", problem));
        }
        if let Some(group) = other.asks_about_one_of(own) {
            let problem = Problem::of(
                "the rule {name} asks about the group {group}, which this one would fill; rules see memberships by hand alone",
                [("group", group.to_owned()), named(&other.name)],
            );
            return Err(Refusal::invalid("groups", problem));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Wiring, decide_rule, decide_wiring, parse_expression};
    use crate::fault::Refusal;
    use crate::group_rule::{EXCLUDED_MAX, GROUPS_MAX, RuleInput};
    use crate::org::settings::{AttributeKind, ProfileAttribute};
    use protocol::expression::Membership;
    use vocab::entropy::SeededEntropy;
    use vocab::id::{GroupId, GroupRuleId, UserId};

    fn schema() -> Vec<ProfileAttribute> {
        [
            ("department", AttributeKind::Text),
            ("level", AttributeKind::Integer),
            ("remote", AttributeKind::Boolean),
        ]
        .map(|(name, kind)| ProfileAttribute {
            name: name.into(),
            title: String::new(),
            kind,
            required: false,
            self_editable: false,
            ..ProfileAttribute::default()
        })
        .into()
    }

    #[test]
    fn a_rule_is_named_and_fills_something_and_reads() {
        let entropy = SeededEntropy::new(4);
        let groups = |count: usize| {
            (0..count)
                .map(|_| GroupId::generate(&entropy))
                .collect::<Vec<_>>()
        };
        let people = |count: usize| {
            (0..count)
                .map(|_| UserId::generate(&entropy))
                .collect::<Vec<_>>()
        };
        let input = |name: &str, expression: &str, filled: usize, excluded: usize| RuleInput {
            name: name.into(),
            expression: expression.into(),
            groups: groups(filled),
            excluded: people(excluded),
        };
        let good = "user.department == 'Eng' and user.level > 2 and user.remote and user.firstName != null";
        for (input, is_good) in [
            (input(" Eng ", good, 1, 0), true),
            (input(&"x".repeat(50), good, GROUPS_MAX, EXCLUDED_MAX), true),
            (input("", good, 1, 0), false),
            (input(&"x".repeat(51), good, 1, 0), false),
            (input("a\nb", good, 1, 0), false),
            (input("Eng", good, 0, 0), false),
            (input("Eng", good, GROUPS_MAX + 1, 0), false),
            (input("Eng", good, 1, EXCLUDED_MAX + 1), false),
            (input("Eng", "user.department", 1, 0), false),
            (input("Eng", "user.level == 'x'", 1, 0), false),
            (input("Eng", "user.team == 'x'", 1, 0), false),
            (input("Eng", "", 1, 0), false),
        ] {
            let text = format!("{input:?}");
            assert_eq!(decide_rule(input, &schema()).is_ok(), is_good, "{text}");
        }
        let two = groups(2);
        let twice = RuleInput {
            groups: [two.clone(), two].concat(),
            ..input("Eng", good, 1, 0)
        };
        assert_eq!(decide_rule(twice, &schema()).unwrap().0.groups.len(), 2);
        let refusal = parse_expression("user.department == 7", &schema()).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "expression: column 17: these two are never equal"
        );
    }

    #[test]
    fn rules_that_are_on_together_do_not_ask_about_what_they_fill() {
        let entropy = SeededEntropy::new(5);
        let eng = GroupId::generate(&entropy);
        let wiring = |name: &str, asks: Vec<Membership>, fills: &[(&GroupId, &str)]| Wiring {
            id: GroupRuleId::generate(&entropy),
            name: name.into(),
            asks,
            fills: fills
                .iter()
                .map(|(id, name)| ((*id).clone(), (*name).to_owned()))
                .collect(),
        };
        let other = GroupId::generate(&entropy);
        let filler = wiring("filler", vec![], &[(&eng, "Engineers")]);
        let by_id = |id: &GroupId| vec![Membership::Ids(vec![id.to_string()])];
        let starts = || vec![Membership::NameStartsWith("Eng".into())];
        for (own, active, is_good) in [
            (
                wiring("a", by_id(&other), &[(&eng, "Engineers")]),
                vec![],
                true,
            ),
            (
                wiring("a", by_id(&eng), &[(&eng, "Engineers")]),
                vec![],
                false,
            ),
            (wiring("a", starts(), &[(&other, "English")]), vec![], false),
            (wiring("a", starts(), &[(&other, "Others")]), vec![], true),
            (
                wiring("a", starts(), &[(&other, "Others")]),
                vec![filler.clone()],
                false,
            ),
            (
                wiring("a", by_id(&other), &[(&other, "x")]),
                vec![filler.clone()],
                false,
            ),
            (wiring("a", by_id(&other), &[]), vec![filler.clone()], true),
            (filler.clone(), vec![wiring("b", by_id(&eng), &[])], false),
            (
                filler.clone(),
                vec![filler.clone(), wiring("b", vec![], &[(&eng, "Engineers")])],
                true,
            ),
        ] {
            let seen = decide_wiring(&own, &active);
            assert_eq!(seen.is_ok(), is_good, "{own:?} {active:?}");
            assert!(matches!(seen, Ok(()) | Err(Refusal::Invalid { .. })));
        }
    }
}
