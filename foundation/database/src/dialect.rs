//! Where the two engines' SQL differs, by name. The schema is written once, in a common dialect, and mapped here word
//! by word; string literals, quoted names and comments pass through unchanged.
//!
//! | common | SQLite | PostgreSQL |
//! |---|---|---|
//! | `TEXT` | `TEXT` | `TEXT COLLATE "C"`: compares bytes, as SQLite does, so keyset pages agree |
//! | `BIGINT` | `INT` | `BIGINT` |
//! | `REAL` | `REAL` | `DOUBLE PRECISION` |
//! | `BYTES` | `BLOB` | `BYTEA` |
//! | `CREATE TABLE t (…)` | … ` STRICT`: a value of the wrong type is refused, as on PostgreSQL | as it is |
//! | `CREATE TABLE t (…) WITHOUT ROWID` | … ` STRICT, WITHOUT ROWID` | the words are left out |
//! | `SELECT … FOR UPDATE`, `… SKIP LOCKED`, `… FOR KEY SHARE`, at the end | the words are left out | as it is |
//!
//! `BIGINT` becomes `INT` because `INTEGER PRIMARY KEY` would make SQLite invent numbers for missing keys. The words
//! are upper case; a column may be called `text`. `CAST(x AS TEXT)` and `x::TEXT` keep their type as it is.
//!
//! Refused: a deferred constraint, because it would fail at the commit that many callers share; and what only one of
//! the engines understands (dollar quotes, comments inside comments, quotes in brackets or backticks).

use crate::Engine;

/// Why a text has no form in both dialects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialectError {
    /// A quote or comment that does not end.
    #[error("unterminated {what} at byte {at}")]
    Unterminated {
        /// What was begun.
        what: &'static str,
        /// Where.
        at: usize,
    },
    /// Something that one of the engines does not understand, or that we must not use.
    #[error("{what} at byte {at} cannot be used on both engines")]
    NotCommon {
        /// What it is.
        what: &'static str,
        /// Where.
        at: usize,
    },
}

/// A piece of SQL. The pieces of a text, put together, are the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'s> {
    Word(&'s str),
    QuotedName(&'s str),
    Literal(&'s str),
    Gap(&'s str),
    Symbol(&'s str),
}

/// A statement without the lock of its rows at its end. SQLite has no such words and needs none: whoever writes is alone.
pub(crate) fn without_row_lock(sql: &str) -> &str {
    let sql = sql.strip_suffix(" SKIP LOCKED").unwrap_or(sql);
    let words = [" FOR UPDATE", " FOR KEY SHARE"];
    let mut without = words.iter().filter_map(|lock| sql.strip_suffix(lock));
    without.next().unwrap_or(sql)
}

/// The text in the engine's own dialect.
pub(crate) fn render_ddl(engine: Engine, sql: &str) -> Result<String, DialectError> {
    let tokens = parse_tokens(sql)?;
    let mut renderer = Renderer {
        engine,
        out: String::with_capacity(sql.len() * 2),
        depth: 0,
        table: Table::Outside,
    };
    let mut at = 0;
    let mut before = Before::default();
    for (index, token) in tokens.iter().enumerate() {
        let rest = tokens.get(index + 1..).unwrap_or_default();
        renderer.render(*token, &before, rest, at)?;
        before.note(*token);
        at += token.text().len();
    }
    Ok(renderer.out)
}

impl<'s> Token<'s> {
    fn text(self) -> &'s str {
        match self {
            Self::Word(text)
            | Self::QuotedName(text)
            | Self::Literal(text)
            | Self::Gap(text)
            | Self::Symbol(text) => text,
        }
    }

    fn is_word(self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }

    fn is_symbol(self, symbol: &str) -> bool {
        matches!(self, Self::Symbol(text) if text == symbol)
    }
}

/// The two tokens before this one, gaps left out.
#[derive(Default)]
struct Before<'s> {
    last: Option<Token<'s>>,
    last_but_one: Option<Token<'s>>,
}

impl<'s> Before<'s> {
    fn note(&mut self, token: Token<'s>) {
        if !matches!(token, Token::Gap(_)) {
            self.last_but_one = self.last;
            self.last = Some(token);
        }
    }

    /// `CAST(x AS TEXT)`, `x::TEXT`.
    fn is_cast(&self) -> bool {
        self.last
            .is_some_and(|token| token.is_word("AS") || token.is_symbol(":"))
    }

    /// `CREATE TABLE`, so that what follows is a table's name.
    fn is_create_table(&self) -> bool {
        self.last.is_some_and(|token| token.is_word("TABLE"))
            && self
                .last_but_one
                .is_some_and(|token| token.is_word("CREATE"))
    }
}

/// How far a `CREATE TABLE` has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Outside,
    Named,
    Columns,
    /// After the closing parenthesis, where `WITHOUT ROWID` may stand.
    Options,
}

struct Renderer {
    engine: Engine,
    out: String,
    depth: usize,
    table: Table,
}

impl Renderer {
    fn render(
        &mut self,
        token: Token<'_>,
        before: &Before<'_>,
        rest: &[Token<'_>],
        at: usize,
    ) -> Result<(), DialectError> {
        if before.is_create_table() && !matches!(token, Token::Gap(_)) {
            self.table = Table::Named;
        }
        match token {
            Token::Word(word) => self.render_word(word, before, rest, at),
            Token::Symbol(symbol) => {
                self.render_symbol(symbol, rest);
                Ok(())
            }
            Token::QuotedName(text) | Token::Literal(text) | Token::Gap(text) => {
                self.out.push_str(text);
                Ok(())
            }
        }
    }

    fn render_word(
        &mut self,
        word: &str,
        before: &Before<'_>,
        rest: &[Token<'_>],
        at: usize,
    ) -> Result<(), DialectError> {
        if ["DEFERRABLE", "DEFERRED"]
            .iter()
            .any(|refused| word.eq_ignore_ascii_case(refused))
        {
            return Err(DialectError::NotCommon {
                what: "a deferred constraint",
                at,
            });
        }
        if self.table == Table::Options && ["WITHOUT", "ROWID"].contains(&word) {
            return Ok(());
        }
        if self.table == Table::Named && word.eq_ignore_ascii_case("AS") {
            self.table = Table::Outside;
        }
        if before.is_cast() {
            self.out.push_str(word);
            return Ok(());
        }
        let collated = next_token(rest).is_some_and(|token| token.is_word("COLLATE"));
        self.out.push_str(map_type(self.engine, word, collated));
        Ok(())
    }

    fn render_symbol(&mut self, symbol: &str, rest: &[Token<'_>]) {
        self.out.push_str(symbol);
        match symbol {
            "(" => {
                self.depth += 1;
                if self.table == Table::Named && self.depth == 1 {
                    self.table = Table::Columns;
                }
            }
            ")" => {
                self.depth = self.depth.saturating_sub(1);
                if self.table == Table::Columns && self.depth == 0 {
                    self.table = Table::Options;
                    self.render_table_options(rest);
                }
            }
            ";" => {
                self.depth = 0;
                self.table = Table::Outside;
            }
            _ => {}
        }
    }

    fn render_table_options(&mut self, rest: &[Token<'_>]) {
        if self.engine == Engine::Postgres {
            return;
        }
        let without_rowid = next_token(rest).is_some_and(|token| token == Token::Word("WITHOUT"));
        self.out.push_str(if without_rowid {
            " STRICT, WITHOUT ROWID"
        } else {
            " STRICT"
        });
    }
}

/// The engine's word for a type of the common dialect; any other word stays.
fn map_type(engine: Engine, word: &str, collated: bool) -> &str {
    match (engine, word) {
        (Engine::Sqlite, "BIGINT") => "INT",
        (Engine::Sqlite, "BYTES") => "BLOB",
        (Engine::Postgres, "BYTES") => "BYTEA",
        (Engine::Postgres, "REAL") => "DOUBLE PRECISION",
        (Engine::Postgres, "TEXT") if !collated => "TEXT COLLATE \"C\"",
        _ => word,
    }
}

fn next_token<'s>(rest: &[Token<'s>]) -> Option<Token<'s>> {
    rest.iter()
        .copied()
        .find(|token| !matches!(token, Token::Gap(_)))
}

/// Cuts a text into its pieces.
fn parse_tokens(sql: &str) -> Result<Vec<Token<'_>>, DialectError> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let at = sql.len() - rest.len();
        let (token, after) = parse_token(rest, first, at)?;
        tokens.push(token);
        rest = after;
    }
    Ok(tokens)
}

fn parse_token(rest: &str, first: char, at: usize) -> Result<(Token<'_>, &str), DialectError> {
    let not_common = |what| Err(DialectError::NotCommon { what, at });
    match first {
        '\'' => parse_quoted(rest, b'\'', "string", at)
            .map(|(text, after)| (Token::Literal(text), after)),
        '"' => parse_quoted(rest, b'"', "quoted name", at)
            .map(|(text, after)| (Token::QuotedName(text), after)),
        '$' => not_common("a dollar quote or parameter"),
        '`' => not_common("a name in backticks"),
        '[' => not_common("a name in brackets or an array"),
        _ if rest.starts_with("--") => {
            let end = rest.find('\n').map_or(rest.len(), |newline| newline + 1);
            Ok(split(rest, end, Token::Gap))
        }
        _ if rest.starts_with("/*") => parse_comment(rest, at),
        _ if first.is_whitespace() => Ok(split_while(rest, char::is_whitespace, Token::Gap)),
        _ if is_word_start(first) => {
            // E'…', U&'…', X'…': a prefix that changes what the string means.
            let (token, after) = split_while(rest, is_word_part, Token::Word);
            if after.starts_with('\'') || after.starts_with("&'") {
                return not_common("a string with a prefix");
            }
            Ok((token, after))
        }
        _ if first.is_ascii_digit() => Ok(split_while(rest, is_word_part, Token::Literal)),
        _ => Ok(split(rest, first.len_utf8(), Token::Symbol)),
    }
}

fn parse_quoted<'s>(
    rest: &'s str,
    quote: u8,
    what: &'static str,
    at: usize,
) -> Result<(&'s str, &'s str), DialectError> {
    let mut bytes = rest.bytes().enumerate().skip(1).peekable();
    while let Some((index, byte)) = bytes.next() {
        if byte != quote {
            continue;
        }
        // Doubled, the quote stands for itself.
        if bytes.next_if(|(_, next)| *next == quote).is_none() {
            return Ok(rest.split_at(index + 1));
        }
    }
    Err(DialectError::Unterminated { what, at })
}

fn parse_comment(rest: &str, at: usize) -> Result<(Token<'_>, &str), DialectError> {
    let Some((inside, _)) = rest.get(2..).and_then(|inside| inside.split_once("*/")) else {
        return Err(DialectError::Unterminated {
            what: "comment",
            at,
        });
    };
    // PostgreSQL nests comments, SQLite does not.
    if inside.contains("/*") {
        return Err(DialectError::NotCommon {
            what: "a comment in a comment",
            at,
        });
    }
    Ok(split(rest, inside.len() + 4, Token::Gap))
}

fn split<'s>(rest: &'s str, end: usize, token: fn(&'s str) -> Token<'s>) -> (Token<'s>, &'s str) {
    let (text, after) = rest.split_at(end);
    (token(text), after)
}

fn split_while<'s>(
    rest: &'s str,
    belongs: fn(char) -> bool,
    token: fn(&'s str) -> Token<'s>,
) -> (Token<'s>, &'s str) {
    let end = rest
        .find(|character| !belongs(character))
        .unwrap_or(rest.len());
    split(rest, end, token)
}

fn is_word_start(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

fn is_word_part(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
