//! What an answer makes of tokens: pure. It adds, replaces and removes claims that are not the protocol's, and sets lifetimes
//! within bounds; whom a token is for, from whom and with which scopes no answer changes.

use crate::token::issue::{Alteration, Drafts};
use protocol::json::parse_object;
use protocol::oidc::claims::{ExtraClaims, is_reserved_claim};
use serde_json::{Map, Value};
use std::ops::RangeInclusive;
use vocab::text::disguises;

/// Most commands of one answer.
pub const COMMANDS_MAX: usize = 20;
/// Most operations of all commands together.
pub const OPERATIONS_MAX: usize = 100;
/// Longest path.
const PATH_BYTES_MAX: usize = 512;
/// Most parts of one.
const PATH_PARTS_MAX: usize = 8;
/// Most bytes of the claims that are added to one token: it must still fit where tokens are read.
pub const CLAIMS_BYTES_MAX: usize = 8 * 1_024;
/// Most elements of a list that an operation changes.
const ELEMENTS_MAX: usize = 500;
/// The shortest and longest life of a token.
pub const LIFETIME_SECS: RangeInclusive<i64> = 300..=24 * 60 * 60;
/// Most of the words that refuse tokens.
const SUMMARY_CHARS_MAX: usize = 300;
/// What is said where the hook names no words.
const SUMMARY: &str = "The callback service returned an error";

const ACCESS_PATCH: &str = "com.okta.access.patch";
const ID_PATCH: &str = "com.okta.identity.patch";
const CLAIMS: &str = "claims";
const LIFETIME: &str = "/token/lifetime/expiration";
/// The end of a list.
const END: &str = "-";

/// Why an answer is not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchProblem {
    /// It has not the shape of an answer.
    Malformed,
    /// More commands or operations than there may be.
    TooMany,
    /// A command that means nothing here.
    UnknownCommand,
    /// An operation that means nothing.
    UnknownOperation,
    /// A path that leads nowhere.
    Path,
    /// A claim that is the protocol's.
    ReservedClaim,
    /// There is no such claim, member or element.
    NoSuchClaim,
    /// A value that cannot be used.
    Value,
    /// A lifetime out of bounds.
    Lifetime,
    /// The token is not asked for.
    NoSuchToken,
    /// The claims would be too large, too many or nested too deep.
    TooLarge,
}

impl PatchProblem {
    /// The word in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "MALFORMED",
            Self::TooMany => "TOO_MANY_COMMANDS",
            Self::UnknownCommand => "UNKNOWN_COMMAND",
            Self::UnknownOperation => "UNKNOWN_OPERATION",
            Self::Path => "PATH",
            Self::ReservedClaim => "RESERVED_CLAIM",
            Self::NoSuchClaim => "NO_SUCH_CLAIM",
            Self::Value => "VALUE",
            Self::Lifetime => "LIFETIME",
            Self::NoSuchToken => "NO_SUCH_TOKEN",
            Self::TooLarge => "TOO_LARGE",
        }
    }
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// No tokens, for this reason.
    Refuse(String),
    /// These commands.
    Commands(Vec<Command>),
}

/// Which token a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The access token.
    Access,
    /// The ID token.
    Id,
}

/// Operations on one token.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    which: Which,
    operations: Vec<Operation>,
}

#[derive(Debug, Clone, PartialEq)]
struct Operation {
    path: Path,
    act: Act,
}

#[derive(Debug, Clone, PartialEq)]
enum Act {
    Add(Value),
    Replace(Value),
    Remove,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Path {
    Lifetime,
    Claim { name: String, rest: Vec<String> },
}

/// What is other in the tokens.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alterations {
    /// Of the access token.
    pub access: Option<Alteration>,
    /// Of the ID token.
    pub id: Option<Alteration>,
}

/// Reads an answer.
///
/// # Errors
/// [`PatchProblem`]; nothing of it is applied.
pub fn decide_answer(said: &Map<String, Value>) -> Result<Answer, PatchProblem> {
    if let Some(error) = said.get("error").filter(|error| !error.is_null()) {
        let summary = error.get("errorSummary").and_then(Value::as_str);
        return Ok(Answer::Refuse(render_summary(summary.unwrap_or_default())));
    }
    let commands = match said.get("commands") {
        None | Some(Value::Null) => return Ok(Answer::Commands(Vec::new())),
        Some(Value::Array(commands)) => commands,
        Some(_) => return Err(PatchProblem::Malformed),
    };
    if commands.len() > COMMANDS_MAX {
        return Err(PatchProblem::TooMany);
    }
    let mut read = Vec::with_capacity(commands.len());
    let mut room = OPERATIONS_MAX;
    for command in commands {
        let command = parse_command(command, room)?;
        room -= command.operations.len();
        read.push(command);
    }
    Ok(Answer::Commands(read))
}

fn render_summary(summary: &str) -> String {
    let visible = summary.chars().filter(|char| !disguises(*char));
    let summary: String = visible.take(SUMMARY_CHARS_MAX).collect();
    let summary = summary.trim();
    if summary.is_empty() {
        SUMMARY.to_owned()
    } else {
        summary.to_owned()
    }
}

fn parse_command(command: &Value, room: usize) -> Result<Command, PatchProblem> {
    let which = match command.get("type").and_then(Value::as_str) {
        Some(ACCESS_PATCH) => Which::Access,
        Some(ID_PATCH) => Which::Id,
        _ => return Err(PatchProblem::UnknownCommand),
    };
    let Some(Value::Array(operations)) = command.get("value") else {
        return Err(PatchProblem::Malformed);
    };
    if operations.len() > room {
        return Err(PatchProblem::TooMany);
    }
    let operations = operations.iter().map(parse_operation);
    Ok(Command {
        which,
        operations: operations.collect::<Result<_, _>>()?,
    })
}

fn parse_operation(operation: &Value) -> Result<Operation, PatchProblem> {
    let text = |field: &str| operation.get(field).and_then(Value::as_str);
    let value = operation.get("value").filter(|value| !value.is_null());
    let given = || value.cloned().ok_or(PatchProblem::Value);
    let act = match text("op") {
        Some("add") => Act::Add(given()?),
        Some("replace") => Act::Replace(given()?),
        Some("remove") if value.is_some() => return Err(PatchProblem::Value),
        Some("remove") => Act::Remove,
        _ => return Err(PatchProblem::UnknownOperation),
    };
    let path = parse_path(text("path").ok_or(PatchProblem::Path)?)?;
    Ok(Operation { path, act })
}

/// A path in the form of RFC 6901.
fn parse_path(path: &str) -> Result<Path, PatchProblem> {
    if path == LIFETIME {
        return Ok(Path::Lifetime);
    }
    if path.len() > PATH_BYTES_MAX {
        return Err(PatchProblem::Path);
    }
    let mut parts = path.strip_prefix('/').ok_or(PatchProblem::Path)?.split('/');
    if parts.next() != Some(CLAIMS) {
        return Err(PatchProblem::Path);
    }
    let mut parts = parts.map(|part| part.replace("~1", "/").replace("~0", "~"));
    let name = parts.next().filter(|name| !name.is_empty());
    let name = name.ok_or(PatchProblem::Path)?;
    if is_reserved_claim(&name) {
        return Err(PatchProblem::ReservedClaim);
    }
    let rest: Vec<String> = parts.collect();
    if rest.len() >= PATH_PARTS_MAX || rest.iter().any(String::is_empty) {
        return Err(PatchProblem::Path);
    }
    Ok(Path::Claim { name, rest })
}

/// What the commands make of the tokens.
///
/// # Errors
/// [`PatchProblem`] of the first operation that cannot be applied; then none is.
pub fn plan_alterations(
    commands: &[Command],
    drafts: &Drafts<'_>,
) -> Result<Alterations, PatchProblem> {
    let id = drafts.id.as_ref().map(|id| id.extra().members());
    plan(commands, drafts.access.extra().members(), id)
}

fn plan(
    commands: &[Command],
    access: &Map<String, Value>,
    id: Option<&Map<String, Value>>,
) -> Result<Alterations, PatchProblem> {
    let mut of_access = Working::new(access);
    let mut of_id = id.map(Working::new);
    for command in commands {
        let working = match command.which {
            Which::Access => &mut of_access,
            Which::Id => of_id.as_mut().ok_or(PatchProblem::NoSuchToken)?,
        };
        for operation in &command.operations {
            working.apply(operation)?;
        }
    }
    Ok(Alterations {
        access: of_access.finish()?,
        id: match of_id {
            Some(working) => working.finish()?,
            None => None,
        },
    })
}

/// A token while operations are applied to it.
struct Working {
    claims: Map<String, Value>,
    lifetime_secs: Option<i64>,
    is_touched: bool,
}

impl Working {
    fn new(claims: &Map<String, Value>) -> Self {
        Self {
            claims: claims.clone(),
            lifetime_secs: None,
            is_touched: false,
        }
    }

    fn apply(&mut self, operation: &Operation) -> Result<(), PatchProblem> {
        self.is_touched = true;
        match (&operation.path, &operation.act) {
            (Path::Lifetime, Act::Replace(value)) => {
                let secs = value.as_i64().filter(|secs| LIFETIME_SECS.contains(secs));
                self.lifetime_secs = Some(secs.ok_or(PatchProblem::Lifetime)?);
                Ok(())
            }
            (Path::Lifetime, Act::Add(_) | Act::Remove) => Err(PatchProblem::UnknownOperation),
            (Path::Claim { name, rest }, act) => self.apply_to_claim(name, rest, act),
        }
    }

    fn apply_to_claim(
        &mut self,
        name: &str,
        rest: &[String],
        act: &Act,
    ) -> Result<(), PatchProblem> {
        let Some((last, way)) = rest.split_last() else {
            return apply_to_member(&mut self.claims, name, act);
        };
        let mut place = self.claims.get_mut(name).ok_or(PatchProblem::NoSuchClaim)?;
        for part in way {
            place = match place {
                Value::Object(members) => members.get_mut(part),
                Value::Array(elements) => {
                    parse_index(part).and_then(|index| elements.get_mut(index))
                }
                _ => None,
            }
            .ok_or(PatchProblem::NoSuchClaim)?;
        }
        match place {
            Value::Object(members) => apply_to_member(members, last, act),
            Value::Array(elements) => apply_to_element(elements, last, act),
            _ => Err(PatchProblem::NoSuchClaim),
        }
    }

    /// All of it, held against the bounds of a token: it is read again as whoever verifies it will.
    fn finish(self) -> Result<Option<Alteration>, PatchProblem> {
        if !self.is_touched {
            return Ok(None);
        }
        let mut extra = ExtraClaims::default();
        for (name, value) in self.claims {
            let added = extra.insert(&name, value);
            added.map_err(|_| PatchProblem::TooLarge)?;
        }
        let text = serde_json::to_vec(&extra).map_err(|_| PatchProblem::TooLarge)?;
        parse_object(&text, CLAIMS_BYTES_MAX).map_err(|_| PatchProblem::TooLarge)?;
        Ok(Some(Alteration {
            extra,
            lifetime_secs: self.lifetime_secs,
        }))
    }
}

fn apply_to_member(
    members: &mut Map<String, Value>,
    name: &str,
    act: &Act,
) -> Result<(), PatchProblem> {
    match act {
        Act::Add(value) => {
            members.insert(name.to_owned(), value.clone());
            Ok(())
        }
        Act::Replace(value) => {
            let place = members.get_mut(name).ok_or(PatchProblem::NoSuchClaim)?;
            place.clone_from(value);
            Ok(())
        }
        Act::Remove => {
            let removed = members.remove(name);
            removed.map(|_| ()).ok_or(PatchProblem::NoSuchClaim)
        }
    }
}

fn parse_index(part: &str) -> Option<usize> {
    // RFC 6901 section 4: no leading zeros, no signs.
    let is_plain =
        part == "0" || !part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit());
    part.parse().ok().filter(|_| is_plain)
}

fn apply_to_element(elements: &mut Vec<Value>, part: &str, act: &Act) -> Result<(), PatchProblem> {
    let index = match (part, act) {
        (END, Act::Add(_)) => Some(elements.len()),
        _ => parse_index(part),
    };
    let index = index.ok_or(PatchProblem::NoSuchClaim)?;
    match act {
        Act::Add(_) if elements.len() >= ELEMENTS_MAX => Err(PatchProblem::TooLarge),
        Act::Add(value) if index <= elements.len() => {
            elements.insert(index, value.clone());
            Ok(())
        }
        Act::Replace(value) => {
            let place = elements.get_mut(index).ok_or(PatchProblem::NoSuchClaim)?;
            place.clone_from(value);
            Ok(())
        }
        Act::Remove if index < elements.len() => {
            elements.remove(index);
            Ok(())
        }
        Act::Add(_) | Act::Remove => Err(PatchProblem::NoSuchClaim),
    }
}

#[cfg(test)]
mod tests;
