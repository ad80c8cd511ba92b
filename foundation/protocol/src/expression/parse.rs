//! The parser of expressions: one pass over the tokens, with depth and parts counted on the way and the kind of each part
//! known when it is read. From what binds least: `? :`, `or`, `and`, `not`, comparisons, `+`.

use crate::expression::function::Signature;
use crate::expression::token::{Placed, Token, parse_tokens};
use crate::expression::{
    Comparison, EXPRESSION_BYTES_MAX, EXPRESSION_DEPTH_MAX, EXPRESSION_NODES_MAX, Expression,
    ExpressionError, Kind, Membership, Node, Value, Wrong,
};
use std::collections::BTreeSet;

const PERSON: &str = "user";
/// The classes of which functions have names.
const CLASSES: [&str; 3] = ["String", "Arrays", "Convert"];

const IN_GROUP: &str = "isMemberOfGroup";
const IN_ANY_GROUP: &str = "isMemberOfAnyGroup";
const IN_GROUP_NAME: &str = "isMemberOfGroupName";
const IN_GROUP_NAME_STARTS: &str = "isMemberOfGroupNameStartsWith";
const IN_GROUP_NAME_CONTAINS: &str = "isMemberOfGroupNameContains";

/// Signs and words of comparisons.
const COMPARISONS: [(&str, &str, Comparison); 6] = [
    ("==", "eq", Comparison::Equal),
    ("!=", "ne", Comparison::NotEqual),
    ("<=", "le", Comparison::LessOrEqual),
    (">=", "ge", Comparison::GreaterOrEqual),
    ("<", "lt", Comparison::Less),
    (">", "gt", Comparison::Greater),
];

/// A part, its kind, and the column at which it begins.
struct Part {
    node: Node,
    kind: Kind,
    column: usize,
}

pub(super) fn parse_expression(
    kind: Kind,
    text: &str,
    kind_of: &dyn Fn(&str) -> Option<Kind>,
) -> Result<Expression, ExpressionError> {
    if text.len() > EXPRESSION_BYTES_MAX {
        return Err(at(1, Wrong::TooLong));
    }
    let mut parser = Parser {
        tokens: parse_tokens(text)?,
        next: 0,
        end: text.chars().count() + 1,
        nodes: 0,
        depth: 0,
        memberships: Vec::new(),
        attributes: BTreeSet::new(),
        kind_of,
    };
    let root = parser.read_choice()?;
    if parser.peek().is_some() {
        return Err(parser.wrong(Wrong::Surplus));
    }
    require(&root, kind)?;
    Ok(Expression {
        root: root.node,
        memberships: parser.memberships,
        attributes: parser.attributes,
    })
}

const fn at(column: usize, wrong: Wrong) -> ExpressionError {
    ExpressionError { column, wrong }
}

fn require(part: &Part, kind: Kind) -> Result<(), ExpressionError> {
    if part.kind.fits(kind) {
        Ok(())
    } else {
        Err(at(part.column, Wrong::Not(kind)))
    }
}

struct Parser<'p> {
    tokens: Vec<Placed>,
    next: usize,
    /// The column behind the text.
    end: usize,
    nodes: usize,
    depth: usize,
    memberships: Vec<Membership>,
    attributes: BTreeSet<String>,
    kind_of: &'p dyn Fn(&str) -> Option<Kind>,
}

impl Parser<'_> {
    fn read_choice(&mut self) -> Result<Part, ExpressionError> {
        self.descend()?;
        let condition = self.read_either()?;
        let part = if self.take_sign("?") {
            require(&condition, Kind::Flag)?;
            let yes = self.read_choice()?;
            self.need_sign(":")?;
            let no = self.read_choice()?;
            require(&no, yes.kind)?;
            let kind = if yes.kind == Kind::Any {
                no.kind
            } else {
                yes.kind
            };
            let column = condition.column;
            let parts = Box::new((condition.node, yes.node, no.node));
            self.part(Node::Choice(parts), kind, column)?
        } else {
            condition
        };
        self.depth -= 1;
        Ok(part)
    }

    fn descend(&mut self) -> Result<(), ExpressionError> {
        self.depth += 1;
        if self.depth > EXPRESSION_DEPTH_MAX {
            return Err(self.wrong(Wrong::TooDeep));
        }
        Ok(())
    }

    fn read_either(&mut self) -> Result<Part, ExpressionError> {
        let first = self.read_all()?;
        self.read_more(first, ("||", "or"), Node::AnyOf, Self::read_all)
    }

    fn read_all(&mut self) -> Result<Part, ExpressionError> {
        let first = self.read_not()?;
        self.read_more(first, ("&&", "and"), Node::All, Self::read_not)
    }

    /// Whatever else is joined to the first by a sign or word; all of it is true or false.
    fn read_more(
        &mut self,
        first: Part,
        (sign, word): (&'static str, &'static str),
        join: fn(Vec<Node>) -> Node,
        read: fn(&mut Self) -> Result<Part, ExpressionError>,
    ) -> Result<Part, ExpressionError> {
        if !self.sees(sign, word) {
            return Ok(first);
        }
        require(&first, Kind::Flag)?;
        let column = first.column;
        let mut parts = vec![first.node];
        while self.sees(sign, word) {
            self.next += 1;
            let part = read(self)?;
            require(&part, Kind::Flag)?;
            parts.push(part.node);
        }
        self.part(join(parts), Kind::Flag, column)
    }

    fn read_not(&mut self) -> Result<Part, ExpressionError> {
        if !self.sees("!", "not") {
            return self.read_comparison();
        }
        let column = self.column();
        self.next += 1;
        self.descend()?;
        let inner = self.read_not()?;
        self.depth -= 1;
        require(&inner, Kind::Flag)?;
        self.part(Node::Not(Box::new(inner.node)), Kind::Flag, column)
    }

    fn read_comparison(&mut self) -> Result<Part, ExpressionError> {
        let left = self.read_sum()?;
        let mut comparisons = COMPARISONS.into_iter();
        let seen = comparisons.find(|(sign, word, _)| self.sees(sign, word));
        let Some((_, _, comparison)) = seen else {
            return Ok(left);
        };
        let column = self.column();
        self.next += 1;
        let right = self.read_sum()?;
        check_comparison(comparison, &left, &right, column)?;
        let begin = left.column;
        let pair = Box::new((left.node, right.node));
        self.part(Node::Compare(comparison, pair), Kind::Flag, begin)
    }

    fn read_sum(&mut self) -> Result<Part, ExpressionError> {
        let first = self.read_value()?;
        if !self.sees_sign("+") {
            return Ok(first);
        }
        let (column, mut kind) = (first.column, first.kind);
        check_summand(&first, kind)?;
        let mut parts = vec![first.node];
        while self.take_sign("+") {
            let part = self.read_value()?;
            check_summand(&part, kind)?;
            if kind == Kind::Any {
                kind = part.kind;
            }
            parts.push(part.node);
        }
        self.part(Node::Sum(parts), kind, column)
    }

    fn read_value(&mut self) -> Result<Part, ExpressionError> {
        let column = self.column();
        let Some(token) = self.peek().cloned() else {
            return Err(self.wrong(Wrong::NoValue));
        };
        self.next += 1;
        match token {
            Token::Text(text) => self.literal(Value::Text(text), Kind::Text, column),
            Token::Number(number) => self.literal(Value::Number(number), Kind::Number, column),
            Token::Sign("-") => match self.peek().cloned() {
                Some(Token::Number(number)) => {
                    self.next += 1;
                    self.literal(Value::Number(-number), Kind::Number, column)
                }
                _ => Err(self.wrong(Wrong::NoValue)),
            },
            Token::Sign("(") => {
                let inner = self.read_choice()?;
                self.need_sign(")")?;
                Ok(inner)
            }
            Token::Sign("{") => {
                let parts = self.read_parts("}")?;
                let nodes = parts.into_iter().map(|part| part.node).collect();
                self.part(Node::List(nodes), Kind::List, column)
            }
            Token::Sign(_) => Err(at(column, Wrong::NoValue)),
            Token::Word(word) => self.read_word(&word, column),
        }
    }

    fn read_word(&mut self, word: &str, column: usize) -> Result<Part, ExpressionError> {
        for (known, value, kind) in [
            ("true", Value::Flag(true), Kind::Flag),
            ("false", Value::Flag(false), Kind::Flag),
            ("null", Value::Nothing, Kind::Any),
        ] {
            if word.eq_ignore_ascii_case(known) {
                return self.literal(value, kind, column);
            }
        }
        if word == PERSON {
            return self.read_attribute(column);
        }
        if CLASSES.contains(&word) {
            self.need_sign(".")?;
            let name = match self.peek() {
                Some(Token::Word(name)) => format!("{word}.{name}"),
                _ => return Err(self.wrong(Wrong::Unknown(word.to_owned()))),
            };
            self.next += 1;
            let signature =
                Signature::find(&name).ok_or_else(|| at(column, Wrong::Unknown(name)))?;
            return self.read_call(signature, column);
        }
        self.read_membership(word, column)
    }

    fn read_attribute(&mut self, column: usize) -> Result<Part, ExpressionError> {
        self.need_sign(".")?;
        let name = match self.peek() {
            Some(Token::Word(name)) => name.clone(),
            _ => return Err(self.wrong(Wrong::NoValue)),
        };
        self.next += 1;
        let kind = (self.kind_of)(&name);
        let kind = kind.ok_or_else(|| at(column, Wrong::Unknown(format!("{PERSON}.{name}"))))?;
        self.attributes.insert(name.clone());
        self.part(Node::Attribute(name), kind, column)
    }

    fn read_call(
        &mut self,
        signature: &'static Signature,
        column: usize,
    ) -> Result<Part, ExpressionError> {
        self.need_sign("(")?;
        let parts = self.read_parts(")")?;
        if !signature.takes_count(parts.len()) {
            return Err(at(column, Wrong::Arguments(signature.name)));
        }
        for (place, part) in parts.iter().enumerate() {
            require(part, signature.kind_at(place).unwrap_or(Kind::Any))?;
        }
        let nodes = parts.into_iter().map(|part| part.node).collect();
        let call = Node::Call(signature.function, nodes);
        self.part(call, signature.gives, column)
    }

    /// A function about groups, which are named by texts.
    fn read_membership(&mut self, word: &str, column: usize) -> Result<Part, ExpressionError> {
        let known = [
            IN_GROUP,
            IN_ANY_GROUP,
            IN_GROUP_NAME,
            IN_GROUP_NAME_STARTS,
            IN_GROUP_NAME_CONTAINS,
        ];
        let name = known.into_iter().find(|name| *name == word);
        let name = name.ok_or_else(|| at(column, Wrong::Unknown(word.to_owned())))?;
        self.need_sign("(")?;
        let mut texts = Vec::new();
        for part in self.read_parts(")")? {
            match part.node {
                Node::Literal(Value::Text(text)) => texts.push(text),
                _ => return Err(at(part.column, Wrong::GroupNotNamed)),
            }
        }
        let membership = match (name, texts.as_slice()) {
            (IN_GROUP, [_]) => Membership::Ids(texts),
            (IN_ANY_GROUP, [_, ..]) => Membership::Ids(texts),
            (IN_GROUP_NAME, [one]) => Membership::Name(one.clone()),
            (IN_GROUP_NAME_STARTS, [one]) => Membership::NameStartsWith(one.clone()),
            (IN_GROUP_NAME_CONTAINS, [one]) => Membership::NameContains(one.clone()),
            _ => return Err(at(column, Wrong::Arguments(name))),
        };
        self.memberships.push(membership.clone());
        self.part(Node::Member(membership), Kind::Flag, column)
    }

    /// What stands between commas, and the end of it.
    fn read_parts(&mut self, end: &'static str) -> Result<Vec<Part>, ExpressionError> {
        let mut parts = Vec::new();
        if self.take_sign(end) {
            return Ok(parts);
        }
        loop {
            parts.push(self.read_choice()?);
            if self.take_sign(end) {
                return Ok(parts);
            }
            if !self.take_sign(",") {
                return Err(self.wrong(Wrong::NoSign(end)));
            }
        }
    }

    fn literal(
        &mut self,
        value: Value,
        kind: Kind,
        column: usize,
    ) -> Result<Part, ExpressionError> {
        self.part(Node::Literal(value), kind, column)
    }

    fn part(&mut self, node: Node, kind: Kind, column: usize) -> Result<Part, ExpressionError> {
        self.nodes += 1;
        if self.nodes > EXPRESSION_NODES_MAX {
            return Err(at(column, Wrong::TooManyParts));
        }
        Ok(Part { node, kind, column })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    /// Where the next token begins.
    fn column(&self) -> usize {
        let next = self.tokens.get(self.next);
        next.map_or(self.end, |placed| placed.column)
    }

    fn sees_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(seen)) if *seen == sign)
    }

    /// Whether the sign comes next, or the word that means the same, however its letters are written.
    fn sees(&self, sign: &str, word: &str) -> bool {
        match self.peek() {
            Some(Token::Sign(seen)) => *seen == sign,
            Some(Token::Word(seen)) => seen.eq_ignore_ascii_case(word),
            _ => false,
        }
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let is_there = self.sees_sign(sign);
        if is_there {
            self.next += 1;
        }
        is_there
    }

    fn need_sign(&mut self, sign: &'static str) -> Result<(), ExpressionError> {
        if self.take_sign(sign) {
            Ok(())
        } else {
            Err(self.wrong(Wrong::NoSign(sign)))
        }
    }

    fn wrong(&self, wrong: Wrong) -> ExpressionError {
        at(self.column(), wrong)
    }
}

fn check_comparison(
    comparison: Comparison,
    left: &Part,
    right: &Part,
    column: usize,
) -> Result<(), ExpressionError> {
    let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    let has_order = |part: &Part| matches!(part.kind, Kind::Text | Kind::Number | Kind::Any);
    let is_list = left.kind == Kind::List || right.kind == Kind::List;
    if is_equality && (is_list || !left.kind.fits(right.kind)) {
        return Err(at(column, Wrong::NeverEqual));
    }
    let is_ordered = has_order(left) && has_order(right) && left.kind.fits(right.kind);
    if !is_equality && !is_ordered {
        return Err(at(column, Wrong::NoOrder));
    }
    Ok(())
}

/// Texts are joined, numbers are added, and neither is the other.
fn check_summand(part: &Part, sum: Kind) -> Result<(), ExpressionError> {
    if matches!(part.kind, Kind::Flag | Kind::List) {
        return Err(at(part.column, Wrong::Not(Kind::Text)));
    }
    require(part, sum)
}
