//! One Rust file split into code, strings and comments, so that a rule looks only where it applies.
//!
//! A scanner, not a parser: it never fails, and on a file that does not compile it may be wrong about the rest.

/// A Rust file, split.
#[derive(Debug, Default)]
pub struct Source {
    /// The text with every comment and every string's content replaced by blanks; lines stay where they were.
    pub code: String,
    /// The strings, raw and byte strings included, without their quotes.
    pub strings: Vec<Piece>,
}

/// A part of a file and the line that it starts on, from 1.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// The line of its first character.
    pub line: usize,
    /// What it says.
    pub text: String,
}

impl Source {
    /// Splits a file.
    pub fn parse(text: &str) -> Self {
        let mut scanner = Scanner {
            rest: text,
            previous: ' ',
            line: 1,
            source: Self::default(),
        };
        while scanner.step() {}
        scanner.source
    }

    /// The code that only tests compile: the blocks under `#[cfg(test)]`, blanks elsewhere.
    pub fn test_code(&self) -> String {
        let mut rest = self.code.as_str();
        let mut result = String::with_capacity(rest.len());
        while let Some(position) = rest.find("cfg(test)") {
            let (before, marked) = rest.split_at(position);
            push_blanks(&mut result, before);
            let length = test_item_length(marked);
            let (item, after) = marked.split_at(length);
            result.push_str(item);
            rest = after;
        }
        push_blanks(&mut result, rest);
        result
    }
}

/// How far the item reaches that follows a `cfg(test)`: to its closing brace, or to a semicolon before any brace.
fn test_item_length(marked: &str) -> usize {
    let mut depth = 0_usize;
    for (position, character) in marked.char_indices() {
        match character {
            ';' if depth == 0 => return position,
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return position;
                }
            }
            _ => {}
        }
    }
    marked.len()
}

/// Appends as many blanks as `text` has characters, and its line ends.
fn push_blanks(target: &mut String, text: &str) {
    target.extend(
        text.chars()
            .map(|character| if character == '\n' { '\n' } else { ' ' }),
    );
}

/// Where the scanner stands in a file.
struct Scanner<'a> {
    rest: &'a str,
    previous: char,
    line: usize,
    source: Source,
}

impl<'a> Scanner<'a> {
    /// Takes the next piece; false at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else {
            return false;
        };
        if self.rest.starts_with("//") {
            let length = self.rest.find('\n').unwrap_or(self.rest.len());
            self.take_blank(length);
        } else if self.rest.starts_with("/*") {
            let length = block_comment_length(self.rest);
            self.take_blank(length);
        } else if let Some((open, close)) = self.raw_string_quotes() {
            self.take_raw_string(open, &close);
        } else if first == '"' {
            self.take_string();
        } else if first == '\'' {
            let length = character_length(self.rest);
            self.take_blank(length);
        } else {
            self.take_code(first.len_utf8());
        }
        true
    }

    /// The length of a raw string's opening and its closing, when one begins here.
    fn raw_string_quotes(&self) -> Option<(usize, String)> {
        if is_word(self.previous) {
            return None;
        }
        let after_prefix = ["br", "cr", "r"]
            .iter()
            .find_map(|prefix| self.rest.strip_prefix(prefix))?;
        let quoted = after_prefix.trim_start_matches('#');
        let hashes = after_prefix.len() - quoted.len();
        quoted.starts_with('"').then(|| {
            let open = self.rest.len() - quoted.len() + 1;
            (open, format!("\"{}", "#".repeat(hashes)))
        })
    }

    fn take_raw_string(&mut self, open: usize, close: &str) {
        self.take_code(open);
        let length = self.rest.find(close).unwrap_or(self.rest.len());
        self.take_literal(length);
        self.take_code(close.len().min(self.rest.len()));
    }

    fn take_string(&mut self) {
        self.take_code(1);
        let mut escaped = false;
        let length = self
            .rest
            .char_indices()
            .find(|(_, character)| {
                let ends = *character == '"' && !escaped;
                escaped = *character == '\\' && !escaped;
                ends
            })
            .map_or(self.rest.len(), |(position, _)| position);
        self.take_literal(length);
        self.take_code(1.min(self.rest.len()));
    }

    fn take_literal(&mut self, length: usize) {
        let line = self.line;
        let text = self.advance(length).to_owned();
        push_blanks(&mut self.source.code, &text);
        self.source.strings.push(Piece { line, text });
    }

    fn take_blank(&mut self, length: usize) {
        let text = self.advance(length);
        push_blanks(&mut self.source.code, text);
        self.previous = ' ';
    }

    fn take_code(&mut self, length: usize) {
        let text = self.advance(length);
        self.source.code.push_str(text);
        self.previous = text.chars().next_back().unwrap_or(' ');
    }

    fn advance(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.line += taken.matches('\n').count();
        taken
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The length of the block comment that begins here; they nest.
fn block_comment_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix("/*") {
            depth += 1;
            rest = after;
        } else if let Some(after) = rest.strip_prefix("*/") {
            depth = depth.saturating_sub(1);
            rest = after;
            if depth == 0 {
                return text.len() - rest.len();
            }
        } else {
            let mut characters = rest.chars();
            if characters.next().is_none() {
                return text.len();
            }
            rest = characters.as_str();
        }
    }
}

/// The length of the character literal that begins here, or 1 when the quote opens a lifetime.
fn character_length(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    let Some((_, first)) = characters.next() else {
        return text.len();
    };
    if first == '\\' {
        // The escaped character may itself be a quote.
        let close = characters.skip(1).find(|(_, character)| *character == '\'');
        return close.map_or(text.len(), |(position, _)| position + 1);
    }
    match characters.next() {
        Some((position, '\'')) => position + 1,
        _ => 1,
    }
}
