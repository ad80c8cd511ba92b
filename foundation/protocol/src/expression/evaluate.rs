//! The evaluation of an expression: steps and produced text are counted, and what is not there makes nothing true.

use crate::expression::function::Function;
use crate::expression::{
    Budget, Comparison, EvaluationError, Facts, Membership, Node, PRODUCED_BYTES_MAX, STEPS_MAX,
    Value,
};
use std::cmp::Ordering;
use std::ops::Bound;

/// So many bytes that are searched count as one that is produced.
const SEARCHED_BYTES_OF_ONE: usize = 4;

pub(super) fn holds(root: &Node, facts: &Facts<'_>) -> Result<bool, EvaluationError> {
    Evaluation::new(facts).flag(root)
}

pub(super) fn value(root: &Node, facts: &Facts<'_>) -> Result<Value, EvaluationError> {
    Evaluation::new(facts).value(root)
}

/// The same, of what is left for several evaluations together.
pub(super) fn value_within(
    root: &Node,
    facts: &Facts<'_>,
    budget: &mut Budget,
) -> Result<Value, EvaluationError> {
    let mut evaluation = Evaluation {
        steps_max: STEPS_MAX.min(budget.steps),
        produced_max: PRODUCED_BYTES_MAX.min(budget.bytes),
        ..Evaluation::new(facts)
    };
    let value = evaluation.value(root);
    // Whose bound it was: that of this evaluation, or what the others left.
    let is_spent = match &value {
        Err(EvaluationError::TooManySteps) => budget.steps < STEPS_MAX,
        Err(EvaluationError::TooMuchText) => budget.bytes < PRODUCED_BYTES_MAX,
        _ => false,
    };
    budget.steps = budget.steps.saturating_sub(evaluation.steps);
    budget.bytes = budget.bytes.saturating_sub(evaluation.produced);
    match is_spent {
        true => Err(EvaluationError::BudgetSpent),
        false => value,
    }
}

/// How many values an expression has: no evaluation looks at one of them twice.
pub(super) fn count_nodes(node: &Node) -> usize {
    let parts = match node {
        Node::Literal(_) | Node::Attribute(_) | Node::Member(_) => 0,
        Node::List(nodes)
        | Node::All(nodes)
        | Node::AnyOf(nodes)
        | Node::Sum(nodes)
        | Node::Call(_, nodes) => nodes.iter().map(count_nodes).sum(),
        Node::Not(inner) => count_nodes(inner),
        Node::Compare(_, pair) => count_nodes(&pair.0) + count_nodes(&pair.1),
        Node::Choice(parts) => {
            count_nodes(&parts.0) + count_nodes(&parts.1) + count_nodes(&parts.2)
        }
    };
    parts + 1
}

struct Evaluation<'e> {
    facts: &'e Facts<'e>,
    steps_max: usize,
    produced_max: usize,
    steps: usize,
    produced: usize,
}

impl<'e> Evaluation<'e> {
    const fn new(facts: &'e Facts<'e>) -> Self {
        Self {
            facts,
            steps_max: STEPS_MAX,
            produced_max: PRODUCED_BYTES_MAX,
            steps: 0,
            produced: 0,
        }
    }

    fn step(&mut self) -> Result<(), EvaluationError> {
        self.steps += 1;
        if self.steps > self.steps_max {
            return Err(EvaluationError::TooManySteps);
        }
        Ok(())
    }

    /// A text that was made here, or came out of a profile.
    fn text(&mut self, text: String) -> Result<Value, EvaluationError> {
        self.produced += text.len();
        if self.produced > self.produced_max {
            return Err(EvaluationError::TooMuchText);
        }
        Ok(Value::Text(text))
    }

    fn flag(&mut self, node: &Node) -> Result<bool, EvaluationError> {
        Ok(self.value(node)? == Value::Flag(true))
    }

    fn value(&mut self, node: &Node) -> Result<Value, EvaluationError> {
        self.step()?;
        Ok(match node {
            Node::Literal(value) => value.clone(),
            Node::List(nodes) => Value::List(self.values(nodes)?),
            Node::Attribute(name) => match (self.facts.attribute)(name) {
                Value::Text(text) => self.text(text)?,
                other => other,
            },
            Node::Not(inner) => Value::Flag(!self.flag(inner)?),
            Node::All(nodes) => Value::Flag(self.all(nodes)?),
            Node::AnyOf(nodes) => Value::Flag(self.any_of(nodes)?),
            Node::Sum(nodes) => self.sum(nodes)?,
            Node::Compare(comparison, pair) => {
                let (left, right) = (self.value(&pair.0)?, self.value(&pair.1)?);
                Value::Flag(compare(*comparison, &left, &right))
            }
            Node::Choice(parts) => {
                if self.flag(&parts.0)? {
                    self.value(&parts.1)?
                } else {
                    self.value(&parts.2)?
                }
            }
            Node::Call(function, nodes) => self.call(*function, nodes)?,
            Node::Member(membership) => Value::Flag(self.is_member(membership)?),
        })
    }

    fn values(&mut self, nodes: &[Node]) -> Result<Vec<Value>, EvaluationError> {
        nodes.iter().map(|node| self.value(node)).collect()
    }

    fn all(&mut self, nodes: &[Node]) -> Result<bool, EvaluationError> {
        for node in nodes {
            if !self.flag(node)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn any_of(&mut self, nodes: &[Node]) -> Result<bool, EvaluationError> {
        for node in nodes {
            if self.flag(node)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn sum(&mut self, nodes: &[Node]) -> Result<Value, EvaluationError> {
        let mut values = self.values(nodes)?.into_iter();
        let mut sum = values.next().unwrap_or(Value::Nothing);
        for value in values {
            sum = match (sum, value) {
                (Value::Text(before), Value::Text(after)) => self.text(before + &after)?,
                (Value::Number(one), Value::Number(other)) => {
                    let sum = one.checked_add(other);
                    Value::Number(sum.ok_or(EvaluationError::LargeSum)?)
                }
                _ => Value::Nothing,
            };
        }
        Ok(sum)
    }

    fn is_member(&mut self, membership: &Membership) -> Result<bool, EvaluationError> {
        let groups = self.facts.groups;
        match membership {
            Membership::Ids(ids) => {
                for id in ids {
                    self.step()?;
                    if groups.ids.contains(id) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Membership::Name(name) => {
                self.step()?;
                Ok(groups.names.contains(name))
            }
            Membership::NameStartsWith(start) => {
                self.step()?;
                let from = (Bound::Included(start.as_str()), Bound::Unbounded);
                let first = groups.names.range::<str, _>(from).next();
                Ok(first.is_some_and(|name| name.starts_with(start.as_str())))
            }
            Membership::NameContains(part) => {
                for name in &groups.names {
                    self.step()?;
                    if name.contains(part.as_str()) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// A text that is searched for many others takes time without that anything is produced.
    fn search(&mut self, values: &[Value]) -> Result<(), EvaluationError> {
        let searched = match values.first() {
            Some(Value::Text(text)) => text.len().saturating_mul(values.len() / 2),
            _ => 0,
        };
        self.produced = self
            .produced
            .saturating_add(searched / SEARCHED_BYTES_OF_ONE);
        match self.produced > self.produced_max {
            true => Err(EvaluationError::TooMuchText),
            false => Ok(()),
        }
    }

    fn call(&mut self, function: Function, nodes: &[Node]) -> Result<Value, EvaluationError> {
        let values = self.values(nodes)?;
        check_growth(function, &values, self.produced_max)?;
        if function == Function::StringSwitch {
            self.search(&values)?;
        }
        let made = match function {
            Function::ArrayContains | Function::ArrayIsEmpty | Function::ArraySize => {
                Some(call_of_list(function, &values))
            }
            _ => call_of_texts(function, &values),
        };
        match made {
            Some(Value::Text(text)) => self.text(text),
            Some(other) => Ok(other),
            // Nothing is made of nothing, and nothing begins or contains anything.
            None => Ok(Value::Nothing),
        }
    }
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> bool {
    let order = match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => Some(left.cmp(right)),
        _ => None,
    };
    match comparison {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessOrEqual => order.is_some_and(Ordering::is_le),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
    }
}

fn call_of_list(function: Function, values: &[Value]) -> Value {
    let list = match values.first() {
        Some(Value::List(list)) => list.as_slice(),
        _ => &[],
    };
    match function {
        Function::ArrayContains => {
            let sought = values.get(1);
            Value::Flag(sought.is_some_and(|sought| list.contains(sought)))
        }
        Function::ArrayIsEmpty => Value::Flag(list.is_empty()),
        _ => Value::Number(i64::try_from(list.len()).unwrap_or(i64::MAX)),
    }
}

fn call_of_texts(function: Function, values: &[Value]) -> Option<Value> {
    let text = |place: usize| match values.get(place) {
        Some(Value::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let number = |place: usize| match values.get(place) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    };
    let of = text(0)?;
    Some(match function {
        Function::Append => Value::Text(format!("{of}{}", text(1)?)),
        Function::Join => {
            let parts: Option<Vec<&str>> = (1..values.len()).map(text).collect();
            Value::Text(parts?.join(of))
        }
        Function::Length => Value::Number(i64::try_from(of.chars().count()).ok()?),
        Function::RemoveSpaces => Value::Text(of.replace(' ', "")),
        Function::Replace => Value::Text(replace(of, text(1)?, text(2)?, usize::MAX)),
        Function::ReplaceFirst => Value::Text(replace(of, text(1)?, text(2)?, 1)),
        Function::StartsWith => Value::Flag(of.starts_with(text(1)?)),
        Function::StringContains => Value::Flag(of.contains(text(1)?)),
        Function::StringSwitch => {
            let otherwise = text(1)?;
            let mut pairs = (2..values.len()).step_by(2);
            let found = pairs.find_map(|place| {
                let (key, value) = (text(place)?, text(place + 1)?);
                of.contains(key).then_some(value)
            });
            Value::Text(found.unwrap_or(otherwise).to_owned())
        }
        Function::Substring => Value::Text(substring(of, number(1)?, number(2)?)),
        Function::SubstringAfter => {
            let sought = text(1)?;
            Value::Text(
                of.split_once(sought)
                    .map_or(of, |(_, after)| after)
                    .to_owned(),
            )
        }
        Function::SubstringBefore => {
            let sought = text(1)?;
            Value::Text(
                of.split_once(sought)
                    .map_or(of, |(before, _)| before)
                    .to_owned(),
            )
        }
        Function::ToLowerCase => Value::Text(of.to_lowercase()),
        Function::ToUpperCase => Value::Text(of.to_uppercase()),
        Function::ToInteger => Value::Number(of.trim().parse().ok()?),
        Function::ArrayContains | Function::ArrayIsEmpty | Function::ArraySize => return None,
    })
}

/// Refuses what would be longer than any evaluation may produce, before it is made.
fn check_growth(
    function: Function,
    values: &[Value],
    produced_max: usize,
) -> Result<(), EvaluationError> {
    let text = |place: usize| match values.get(place) {
        Some(Value::Text(text)) => text.as_str(),
        _ => "",
    };
    let (times, added) = match function {
        Function::Join => (values.len(), text(0)),
        Function::Replace if !text(1).is_empty() => (text(0).matches(text(1)).count(), text(2)),
        _ => return Ok(()),
    };
    if times.saturating_mul(added.len()) > produced_max {
        return Err(EvaluationError::TooMuchText);
    }
    Ok(())
}

/// Where nothing is sought, nothing is replaced: else a text would grow between all its signs.
fn replace(of: &str, sought: &str, by: &str, times: usize) -> String {
    if sought.is_empty() {
        return of.to_owned();
    }
    of.replacen(sought, by, times)
}

/// By characters, from the first that is meant up to the one behind the last; what lies outside of the text is cut.
fn substring(of: &str, start: i64, end: i64) -> String {
    let place = |number: i64| usize::try_from(number.max(0)).unwrap_or(usize::MAX);
    let (start, end) = (place(start), place(end));
    of.chars().take(end).skip(start).collect()
}
