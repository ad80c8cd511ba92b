//! The words and signs of the expression language.

use crate::expression::{ExpressionError, Wrong};

/// A word or a sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Number(i64),
    Sign(&'static str),
}

/// A token and the column at which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) column: usize,
}

/// Longer signs first: the first that fits is meant.
const SIGNS: [&str; 20] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", "{", "}", ",", ".", "?", ":", "+",
    "-", "=",
];

/// Takes a text apart.
pub(super) fn parse_tokens(text: &str) -> Result<Vec<Placed>, ExpressionError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let column = column_of(text, rest);
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let wrong = |wrong| ExpressionError { column, wrong };
        let (token, after) = if first == '"' || first == '\'' {
            read_text(rest, first).ok_or_else(|| wrong(Wrong::EndlessText))?
        } else if first.is_ascii_digit() {
            let (digits, after) = split(rest, |sign| sign.is_ascii_digit());
            let number = digits.parse().map_err(|_| wrong(Wrong::LargeNumber))?;
            (Token::Number(number), after)
        } else if first.is_ascii_alphabetic() || first == '_' {
            let (word, after) = split(rest, |sign| sign.is_ascii_alphanumeric() || sign == '_');
            (Token::Word(word.to_owned()), after)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| wrong(Wrong::Sign(first)))?;
            (
                Token::Sign(sign),
                rest.get(sign.len()..).unwrap_or_default(),
            )
        };
        tokens.push(Placed { token, column });
        rest = after;
    }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|sign| !belongs(sign)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// A text between two of the same quotation marks; a back slash takes the meaning from what follows it.
fn read_text(rest: &str, mark: char) -> Option<(Token, &str)> {
    let mut text = String::new();
    let mut is_escaped = false;
    for (at, sign) in rest.char_indices().skip(1) {
        if is_escaped {
            text.push(sign);
            is_escaped = false;
        } else if sign == '\\' {
            is_escaped = true;
        } else if sign == mark {
            return Some((Token::Text(text), rest.get(at + 1..)?));
        } else {
            text.push(sign);
        }
    }
    None
}

fn column_of(text: &str, rest: &str) -> usize {
    let before = text.len() - rest.len();
    let before = text.get(..before).unwrap_or_default();
    before.chars().count() + 1
}
