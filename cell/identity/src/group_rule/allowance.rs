//! What the rules of an org may take for one person. Every change of somebody asks all rules that are on, and others wait for it, those of
//! other orgs too; so there is a bound on all of them together.
//!
//! Each rule has a little for itself, and what it takes beyond that comes out of what all share. So none that asks for no more than its
//! own is ever left without an answer by what others take. How many steps an expression takes is known before anybody is looked at: rules
//! that could take more than there is are not switched on.

use crate::fault::Refusal;
use crate::group_rule::GROUPS_SEEN_MAX;
use crate::group_rule::active::ActiveRule;
use crate::problem::Problem;
use protocol::expression::{Budget, EvaluationError, Expression, Facts};

/// Steps that each rule has for itself.
pub const RULE_STEPS: usize = 250;
/// Bytes of text that each rule has for itself.
pub const RULE_BYTES: usize = 4 * 1_024;
/// Steps that all rules share: with what each has for itself, well under a tenth of a second.
pub const SHARED_STEPS_MAX: usize = 2_000_000;
/// Bytes of text that all rules share.
pub const SHARED_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// So many bytes of text are as much work as a step.
const BYTES_OF_A_STEP: usize = 16;

/// What is left of it for one person.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    shared: Budget,
    work: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        let shared = Budget {
            steps: SHARED_STEPS_MAX,
            bytes: SHARED_BYTES_MAX,
        };
        Self { shared, work: 0 }
    }
}

impl Allowance {
    /// Asks an expression, and takes away what that took.
    ///
    /// # Errors
    /// [`EvaluationError`] where a bound was reached: [`EvaluationError::BudgetSpent`] where it is that of all together.
    pub fn ask(
        &mut self,
        expression: &Expression,
        facts: &Facts<'_>,
    ) -> Result<bool, EvaluationError> {
        let all = Budget {
            steps: self.shared.steps + RULE_STEPS,
            bytes: self.shared.bytes + RULE_BYTES,
        };
        let mut rest = all;
        let holds = expression.holds_within(facts, &mut rest);
        let steps = all.steps.saturating_sub(rest.steps);
        let bytes = all.bytes.saturating_sub(rest.bytes);
        let beyond = (
            steps.saturating_sub(RULE_STEPS),
            bytes.saturating_sub(RULE_BYTES),
        );
        self.shared = Budget {
            steps: self.shared.steps.saturating_sub(beyond.0),
            bytes: self.shared.bytes.saturating_sub(beyond.1),
        };
        self.work = self.work.saturating_add(steps + bytes / BYTES_OF_A_STEP);
        holds
    }

    /// How much was taken so far, as steps.
    #[must_use]
    pub const fn work(&self) -> usize {
        self.work
    }
}

/// What a rule may take of what all share, for somebody in as many groups as are looked at.
fn shared_steps(rule: &ActiveRule) -> usize {
    let expression = rule.expression.as_ref();
    let steps = expression.map_or(0, |expression| expression.steps_max(GROUPS_SEEN_MAX));
    steps.saturating_sub(RULE_STEPS)
}

/// Refuses a rule with which those that are on could take more than there is. One that needs nothing of it is never in the way.
///
/// # Errors
/// [`Refusal::Invalid`] with what is possible.
pub fn decide_room(own: &ActiveRule, active: &[ActiveRule]) -> Result<(), Refusal> {
    let needed = shared_steps(own);
    let others = active.iter().filter(|other| other.id != own.id);
    let taken: usize = others.map(shared_steps).sum();
    if needed == 0 || needed + taken <= SHARED_STEPS_MAX {
        return Ok(());
    }
    let bounds = [
        ("steps", SHARED_STEPS_MAX.to_string()),
        ("groups", GROUPS_SEEN_MAX.to_string()),
    ];
    let problem = Problem::of(
        "with this one, the rules that are on could take more than {steps} steps for one person; each isMemberOfGroupNameContains takes {groups}, and the other functions for groups take one for each group that they name",
        bounds,
    );
    Err(Refusal::invalid("expression", problem))
}

#[cfg(test)]
mod tests {
    use super::{
        Allowance, RULE_BYTES, RULE_STEPS, SHARED_BYTES_MAX, SHARED_STEPS_MAX, decide_room,
    };
    use crate::fault::Refusal;
    use crate::group_rule::active::ActiveRule;
    use crate::group_rule::{GROUPS_SEEN_MAX, RULES_MAX};
    use protocol::expression::{
        EvaluationError, Expression, Facts, GroupFact, Groups, Kind, PRODUCED_BYTES_MAX, Value,
    };
    use vocab::entropy::SeededEntropy;
    use vocab::id::GroupRuleId;

    fn expression(text: &str) -> Expression {
        Expression::parse(text, &|_| Some(Kind::Any)).unwrap()
    }

    fn rule(seed: u64, text: &str) -> ActiveRule {
        ActiveRule {
            id: GroupRuleId::generate(&SeededEntropy::new(seed)),
            name: format!("rule {seed}"),
            expression: Some(expression(text)),
            groups: Vec::new(),
        }
    }

    fn asking(times: usize) -> String {
        vec!["isMemberOfGroupNameContains(\"none\")"; times].join(" or ")
    }

    /// What all share, and what each of as many rules as there may be has for itself.
    fn is_bounded(work: usize) -> bool {
        work <= SHARED_STEPS_MAX + 2 * RULES_MAX * RULE_STEPS
    }

    #[test]
    fn what_one_takes_leaves_each_other_its_own() {
        let many = (0..GROUPS_SEEN_MAX).map(|number| GroupFact {
            id: number.to_string(),
            name: format!("Group {number}"),
        });
        let groups = Groups::of(many);
        let facts = Facts {
            attribute: &|_| Value::Text("Eng".into()),
            groups: &groups,
        };
        let (dear, plain) = (
            expression(&asking(100)),
            expression("user.a == 'Eng' and isMemberOfGroupName('Group 7')"),
        );
        let mut allowance = Allowance::default();
        let mut answered = 0;
        while allowance.ask(&dear, &facts) == Ok(false) {
            answered += 1;
        }
        assert_eq!(answered, SHARED_STEPS_MAX / (100 * GROUPS_SEEN_MAX));
        for _ in answered..RULES_MAX {
            let spent = Err(EvaluationError::BudgetSpent);
            assert_eq!(allowance.ask(&dear, &facts), spent);
            assert_eq!(allowance.ask(&plain, &facts), Ok(true));
        }
        assert!(is_bounded(allowance.work()), "{}", allowance.work());
    }

    #[test]
    fn produced_text_is_bounded_likewise() {
        let long = "x".repeat(PRODUCED_BYTES_MAX - 1_000);
        let facts = Facts {
            attribute: &|name| match name {
                "long" => Value::Text(long.clone()),
                _ => Value::Text("Eng".into()),
            },
            groups: &Groups::default(),
        };
        let (dear, plain) = (expression("user.long != ''"), expression("user.a == 'Eng'"));
        let mut allowance = Allowance::default();
        let mut answered = 0;
        while allowance.ask(&dear, &facts) == Ok(true) {
            answered += 1;
        }
        assert_eq!(answered, SHARED_BYTES_MAX / (long.len() - RULE_BYTES));
        let spent = Err(EvaluationError::BudgetSpent);
        assert_eq!(allowance.ask(&dear, &facts), spent);
        assert_eq!(allowance.ask(&plain, &facts), Ok(true));
    }

    #[test]
    fn rules_that_could_take_too_much_are_not_on_together() {
        let dear = asking(100);
        let mut active: Vec<ActiveRule> = Vec::new();
        let fitting = SHARED_STEPS_MAX / (100 * GROUPS_SEEN_MAX + 101 - RULE_STEPS);
        for seed in 0..=fitting {
            let own = rule(u64::try_from(seed).unwrap(), &dear);
            let room = decide_room(&own, &active);
            assert_eq!(room.is_ok(), seed < fitting, "{seed}");
            if room.is_ok() {
                active.push(own);
            }
        }
        assert!(matches!(
            decide_room(&rule(1_000, &dear), &active),
            Err(Refusal::Invalid {
                field: "expression",
                ..
            })
        ));
        // What needs nothing of it is on besides, and so is one of them again.
        let plain = "user.department == 'Eng' and isMemberOfGroupNameStartsWith('E')";
        assert!(decide_room(&rule(1_001, plain), &active).is_ok());
        assert!(decide_room(&active[0], &active).is_ok());
        active.pop();
        assert!(decide_room(&rule(1_000, &dear), &active).is_ok());
    }
}
