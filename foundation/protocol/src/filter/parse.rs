//! The parser of filters: one pass, with the depth counted on the way down.

use crate::filter::{
    ATTRIBUTE_BYTES_MAX, FILTER_BYTES_MAX, FILTER_DEPTH_MAX, FILTER_TERMS_MAX, Filter, FilterError,
    Literal, Operator,
};

pub(super) fn parse_filter(text: &str) -> Result<Filter, FilterError> {
    parse(text, Brackets::Allowed)
}

pub(super) fn parse_value_filter(text: &str) -> Result<Filter, FilterError> {
    parse(text, Brackets::Open)
}

fn parse(text: &str, brackets: Brackets) -> Result<Filter, FilterError> {
    if text.len() > FILTER_BYTES_MAX {
        return Err(FilterError::TooLong);
    }
    let mut parser = Parser {
        text,
        rest: text,
        terms: 0,
        brackets,
    };
    let filter = parser.read_or(0)?;
    parser.skip_spaces();
    if parser.rest.is_empty() {
        Ok(filter)
    } else {
        Err(parser.expected("`and`, `or` or the end"))
    }
}

/// Whether a value path may begin: not within another one (RFC 7644 section 3.4.2.2, `valFilter`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Brackets {
    Allowed,
    Open,
}

struct Parser<'t> {
    text: &'t str,
    rest: &'t str,
    terms: usize,
    brackets: Brackets,
}

impl<'t> Parser<'t> {
    fn read_or(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.read_and(depth)?];
        while self.take_word("or") {
            parts.push(self.read_and(depth)?);
        }
        Ok(one_or(parts, Filter::Or))
    }

    fn read_and(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.read_part(depth)?];
        while self.take_word("and") {
            parts.push(self.read_part(depth)?);
        }
        Ok(one_or(parts, Filter::And))
    }

    fn read_part(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if self.take_sign('(') {
            return self.read_group(depth);
        }
        if self.take_word("not") {
            if !self.take_sign('(') {
                return Err(self.expected("`(`"));
            }
            return Ok(Filter::Not(Box::new(self.read_group(depth)?)));
        }
        self.terms += 1;
        if self.terms > FILTER_TERMS_MAX {
            return Err(FilterError::TooManyTerms);
        }
        self.read_comparison(depth)
    }

    /// What follows an opening parenthesis, and its end.
    fn read_group(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth >= FILTER_DEPTH_MAX {
            return Err(FilterError::TooDeep);
        }
        let inner = self.read_or(depth + 1)?;
        if self.take_sign(')') {
            Ok(inner)
        } else {
            Err(self.expected("`)`"))
        }
    }

    fn read_comparison(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let attribute = self.read_attribute()?.to_owned();
        if self.brackets == Brackets::Allowed && self.rest.starts_with('[') {
            return self.read_value_path(attribute, depth);
        }
        if self.take_word("pr") {
            return Ok(Filter::Present(attribute));
        }
        let operator = Operator::ALL
            .into_iter()
            .find(|operator| self.take_word(operator.as_str()))
            .ok_or_else(|| self.expected("an operator"))?;
        Ok(Filter::Compare {
            attribute,
            operator,
            literal: self.read_literal()?,
        })
    }

    /// What follows the name of an attribute with several values, up to the closing bracket.
    fn read_value_path(&mut self, attribute: String, depth: usize) -> Result<Filter, FilterError> {
        if depth >= FILTER_DEPTH_MAX {
            return Err(FilterError::TooDeep);
        }
        let _ = self.take_sign('[');
        self.brackets = Brackets::Open;
        let filter = Box::new(self.read_or(depth + 1)?);
        if !self.take_sign(']') {
            return Err(self.expected("`]`"));
        }
        self.brackets = Brackets::Allowed;
        Ok(Filter::Within { attribute, filter })
    }

    fn read_attribute(&mut self) -> Result<&'t str, FilterError> {
        self.skip_spaces();
        let end = self
            .rest
            .find(|sign: char| !(sign.is_ascii_alphanumeric() || "_-.:".contains(sign)))
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let begins = name.starts_with(|sign: char| sign.is_ascii_alphabetic());
        if !begins || name.len() > ATTRIBUTE_BYTES_MAX {
            return Err(self.expected("the name of an attribute"));
        }
        self.rest = rest;
        Ok(name)
    }

    fn read_literal(&mut self) -> Result<Literal, FilterError> {
        self.skip_spaces();
        if self.rest.starts_with('"') {
            return self.read_text();
        }
        for (word, flag) in [("true", true), ("false", false)] {
            if self.take_word(word) {
                return Ok(Literal::Flag(flag));
            }
        }
        let end = self
            .rest
            .find(|sign: char| !(sign.is_ascii_digit() || sign == '-'))
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        match digits.parse() {
            Ok(number) if ends_word(rest) => {
                self.rest = rest;
                Ok(Literal::Number(number))
            }
            _ => Err(self.expected("a text in quotation marks, a whole number, true or false")),
        }
    }

    /// A text as in JSON.
    fn read_text(&mut self) -> Result<Literal, FilterError> {
        let mut is_escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, sign)| {
            let is_end = *sign == '"' && !is_escaped;
            is_escaped = *sign == '\\' && !is_escaped;
            is_end
        });
        let quoted = end.and_then(|(at, _)| self.rest.split_at_checked(at + 1));
        let Some((quoted, rest)) = quoted else {
            return Err(self.expected("a text that ends"));
        };
        match serde_json::from_str::<String>(quoted) {
            Ok(text) if !text.contains('\0') && ends_word(rest) => {
                self.rest = rest;
                Ok(Literal::Text(text))
            }
            _ => Err(self.expected("a text as in JSON")),
        }
    }

    /// Takes a word, however its letters are written.
    fn take_word(&mut self, word: &str) -> bool {
        self.skip_spaces();
        let Some((head, rest)) = self.rest.split_at_checked(word.len()) else {
            return false;
        };
        let is_word = head.eq_ignore_ascii_case(word) && ends_word(rest);
        if is_word {
            self.rest = rest;
        }
        is_word
    }

    fn take_sign(&mut self, sign: char) -> bool {
        self.skip_spaces();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn expected(&self, expected: &'static str) -> FilterError {
        let before = self.text.len() - self.rest.len();
        FilterError::Expected {
            expected,
            at: self
                .text
                .get(..before)
                .map_or(0, |text| text.chars().count()),
        }
    }
}

/// Whether what was read before is whole.
fn ends_word(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', '(', ')', ']'])
}

fn one_or(mut parts: Vec<Filter>, several: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            several(parts)
        }
        None => several(parts),
    }
}
