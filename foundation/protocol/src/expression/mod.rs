//! The expression language of group rules and of mappings of profiles (`urn:okta:expression:1.0`): a text to a tree, and a tree with
//! facts about one person to true or false, or to a value.
//!
//! It knows no attribute and no group by itself: which attributes there are, and of which kind, is an argument of the
//! parser, and what a person has is one of the evaluation. Types are checked while the text is read, so that what cannot
//! ever hold is refused where it is written. Length, depth and count are bounded before anything is understood; there is no
//! loop in the language, and steps and produced text are bounded all the same.

mod evaluate;
mod function;
mod parse;
#[cfg(test)]
mod tests;
mod token;

use crate::expression::function::Function;
use std::collections::BTreeSet;
use std::fmt;

/// The name of the language.
pub const EXPRESSION_TYPE: &str = "urn:okta:expression:1.0";
/// Longest expression.
pub const EXPRESSION_BYTES_MAX: usize = 4_096;
/// Deepest nesting of parentheses, arguments, lists and alternatives.
pub const EXPRESSION_DEPTH_MAX: usize = 32;
/// Most values, operators and calls of one expression.
pub const EXPRESSION_NODES_MAX: usize = 512;
/// Most text that one evaluation produces, in bytes, all its parts together. What is searched time and again counts for a part of it.
pub const PRODUCED_BYTES_MAX: usize = 64 * 1_024;
/// Most steps of one evaluation: each value is one, each group whose name is looked at, and each that is looked up.
pub const STEPS_MAX: usize = 1_000_000;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// True or false.
    Flag,
    /// Several values.
    List,
    /// Not known before the evaluation, or nothing at all.
    Any,
}

impl Kind {
    const fn fits(self, wanted: Self) -> bool {
        matches!(self, Self::Any) || matches!(wanted, Self::Any) || self as u8 == wanted as u8
    }
}

/// A value of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// True or false.
    Flag(bool),
    /// Several values.
    List(Vec<Self>),
    /// Nothing. Whatever is made of nothing is nothing, and nothing holds of it but that it is nothing.
    Nothing,
}

/// How two values are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Groups that an expression asks about: of these the person is in one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    /// One of these, by id.
    Ids(Vec<String>),
    /// One of exactly this name.
    Name(String),
    /// One whose name begins so.
    NameStartsWith(String),
    /// One whose name contains this.
    NameContains(String),
}

impl Membership {
    /// Whether a group is one of those.
    #[must_use]
    pub fn fits(&self, id: &str, name: &str) -> bool {
        match self {
            Self::Ids(ids) => ids.iter().any(|known| known == id),
            Self::Name(known) => known == name,
            Self::NameStartsWith(start) => name.starts_with(start),
            Self::NameContains(part) => name.contains(part),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Literal(Value),
    List(Vec<Self>),
    Attribute(String),
    Not(Box<Self>),
    All(Vec<Self>),
    AnyOf(Vec<Self>),
    Sum(Vec<Self>),
    Compare(Comparison, Box<(Self, Self)>),
    Choice(Box<(Self, Self, Self)>),
    Call(Function, Vec<Self>),
    Member(Membership),
}

/// An expression that is true or false of a person, or is a value of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    root: Node,
    memberships: Vec<Membership>,
    attributes: BTreeSet<String>,
}

/// A group of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupFact {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The groups of a person: looked up by id and by name and its beginning, and looked through for a part of a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups {
    ids: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Groups {
    /// These.
    #[must_use]
    pub fn of(groups: impl IntoIterator<Item = GroupFact>) -> Self {
        let pairs = groups.into_iter().map(|group| (group.id, group.name));
        let (ids, names) = pairs.unzip();
        Self { ids, names }
    }

    /// How many they are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ids.len()
    }
}

/// What is left for several evaluations together, beside what bounds each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Steps, as [`STEPS_MAX`] counts them.
    pub steps: usize,
    /// Produced text, as [`PRODUCED_BYTES_MAX`] counts it.
    pub bytes: usize,
}

/// What is known of a person.
pub struct Facts<'f> {
    /// The value of an attribute.
    pub attribute: &'f dyn Fn(&str) -> Value,
    /// The groups that count.
    pub groups: &'f Groups,
}

/// Why a text is no expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {wrong}")]
pub struct ExpressionError {
    /// The place, in characters, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub wrong: Wrong,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// Longer than [`EXPRESSION_BYTES_MAX`].
    TooLong,
    /// Deeper than [`EXPRESSION_DEPTH_MAX`].
    TooDeep,
    /// More parts than [`EXPRESSION_NODES_MAX`].
    TooManyParts,
    /// A value must stand here.
    NoValue,
    /// This sign must stand here.
    NoSign(&'static str),
    /// A sign that the language does not have.
    Sign(char),
    /// A text that does not end.
    EndlessText,
    /// A number that is too large.
    LargeNumber,
    /// Nothing more may stand here.
    Surplus,
    /// No attribute, function or word of the language.
    Unknown(String),
    /// A function with too few or too many values.
    Arguments(&'static str),
    /// It must be of this kind.
    Not(Kind),
    /// Values of different kinds, which are never equal.
    NeverEqual,
    /// Values that have no order.
    NoOrder,
    /// The group must be named by a text, so that it is known beforehand which groups count.
    GroupNotNamed,
}

impl fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::TooLong => "the expression is too long",
            Self::TooDeep => "the expression is nested too deeply",
            Self::TooManyParts => "the expression has too many parts",
            Self::NoValue => "a value is missing",
            Self::NoSign(sign) => return write!(formatter, "{sign} is missing"),
            Self::Sign(sign) => return write!(formatter, "{sign:?} means nothing here"),
            Self::EndlessText => "this text does not end",
            Self::LargeNumber => "this number is too large",
            Self::Surplus => "nothing more is expected here",
            Self::Unknown(name) => return write!(formatter, "{name} is not known"),
            Self::Arguments(name) => {
                return write!(formatter, "{name} takes another number of values");
            }
            Self::Not(Kind::Text) => "this must be a text",
            Self::Not(Kind::Number) => "this must be a number",
            Self::Not(Kind::Flag) => "this must be true or false",
            Self::Not(Kind::List) => "this must be a list",
            Self::Not(Kind::Any) => "this must be something else",
            Self::NeverEqual => "these two are of different kinds and never equal",
            Self::NoOrder => "these two have no order",
            Self::GroupNotNamed => "name the group by a text in quotation marks",
        };
        formatter.write_str(text)
    }
}

/// Why an expression could not be evaluated: it is neither true nor false then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// More text than [`PRODUCED_BYTES_MAX`].
    #[error("more text than {PRODUCED_BYTES_MAX} bytes was produced")]
    TooMuchText,
    /// More steps than [`STEPS_MAX`].
    #[error("it took more than {STEPS_MAX} steps")]
    TooManySteps,
    /// More than was left for several evaluations together.
    #[error("several evaluations took more together than they may")]
    BudgetSpent,
    /// A sum that no number holds.
    #[error("a sum is too large")]
    LargeSum,
}

impl Expression {
    /// Reads an expression that is true or false; `kind_of` says of which kind an attribute of a person is, and that there is one.
    ///
    /// # Errors
    /// [`ExpressionError`] with the column.
    pub fn parse(
        text: &str,
        kind_of: &dyn Fn(&str) -> Option<Kind>,
    ) -> Result<Self, ExpressionError> {
        Self::parse_of(Kind::Flag, text, kind_of)
    }

    /// The same of one that is a value of that kind.
    ///
    /// # Errors
    /// [`ExpressionError`] with the column.
    pub fn parse_of(
        kind: Kind,
        text: &str,
        kind_of: &dyn Fn(&str) -> Option<Kind>,
    ) -> Result<Self, ExpressionError> {
        parse::parse_expression(kind, text, kind_of)
    }

    /// Whether it holds of a person. What is neither, because an attribute is not there, does not hold.
    ///
    /// # Errors
    /// [`EvaluationError`] where a bound was reached.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, EvaluationError> {
        evaluate::holds(&self.root, facts)
    }

    /// What it is of a person; nothing where an attribute is not there of which it is made.
    ///
    /// # Errors
    /// [`EvaluationError`] where a bound was reached.
    pub fn value(&self, facts: &Facts<'_>) -> Result<Value, EvaluationError> {
        evaluate::value(&self.root, facts)
    }

    /// The same, where several may take only so much together: of that, what this one takes is taken away.
    ///
    /// # Errors
    /// [`EvaluationError`] where a bound was reached, above all [`EvaluationError::BudgetSpent`].
    pub fn value_within(
        &self,
        facts: &Facts<'_>,
        budget: &mut Budget,
    ) -> Result<Value, EvaluationError> {
        evaluate::value_within(&self.root, facts, budget)
    }

    /// Whether it holds of a person, where several may take only so much together.
    ///
    /// # Errors
    /// As [`Expression::value_within`].
    pub fn holds_within(
        &self,
        facts: &Facts<'_>,
        budget: &mut Budget,
    ) -> Result<bool, EvaluationError> {
        Ok(self.value_within(facts, budget)? == Value::Flag(true))
    }

    /// Most steps that an evaluation takes about somebody who is in so many groups, whatever else they are like.
    #[must_use]
    pub fn steps_max(&self, groups: usize) -> usize {
        let asked = self.memberships.iter().map(|membership| match membership {
            Membership::Ids(ids) => ids.len(),
            Membership::Name(_) | Membership::NameStartsWith(_) => 1,
            Membership::NameContains(_) => groups,
        });
        evaluate::count_nodes(&self.root) + asked.sum::<usize>()
    }

    /// The groups that it asks about.
    #[must_use]
    pub fn memberships(&self) -> &[Membership] {
        &self.memberships
    }

    /// The attributes of a person that it names.
    #[must_use]
    pub const fn attributes(&self) -> &BTreeSet<String> {
        &self.attributes
    }
}
