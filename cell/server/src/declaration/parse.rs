//! Reads a declaration and refuses what does not hold together, with line and column.

use crate::declaration::document::{AppDeclaration, Document, Name, OrgDeclaration};
use identity::person::profile::fold;
use serde_saphyr::{DuplicateKeyPolicy, MessageFormatter as _, UserMessageFormatter};
use std::collections::HashSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Largest document.
pub const DOCUMENT_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Most values of one document; a person takes about a dozen.
const NODES_MAX: usize = 2_000_000;
/// Most aliases of one document.
const ALIASES_MAX: usize = 1_000;
/// Deepest nesting.
const DEPTH_MAX: usize = 32;

/// Why a document cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file is over [`DOCUMENT_BYTES_MAX`].
    #[error("it is longer than {DOCUMENT_BYTES_MAX} bytes")]
    TooLong,
    /// Something in it is wrong.
    #[error("line {line}, column {column}: {problem}")]
    At {
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// What is wrong.
        problem: String,
    },
}

/// Reads the file, as far as it is within bounds.
///
/// # Errors
/// [`ParseError`] for a file that is missing, too long or no text.
pub fn load_text(path: &Path) -> Result<String, ParseError> {
    let mut text = String::new();
    File::open(path)?
        .take(DOCUMENT_BYTES_MAX + 1)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// Reads a document (YAML, so JSON too) and checks that its names are unique and that each reference has its object.
///
/// # Errors
/// [`ParseError`] with line and column of the first problem.
pub fn parse_document(text: &str) -> Result<Document, ParseError> {
    if u64::try_from(text.len()).map_or(true, |bytes| bytes > DOCUMENT_BYTES_MAX) {
        return Err(ParseError::TooLong);
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: NODES_MAX,
            max_nodes: NODES_MAX,
            max_aliases: ALIASES_MAX,
            max_depth: DEPTH_MAX,
            max_documents: 1,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        with_snippet: false,
    };
    let document: Document = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| parse_refusal(&error))?;
    check_unique("organisation", document.orgs.iter().map(|org| &org.slug))?;
    for org in &document.orgs {
        check_org(org)?;
    }
    Ok(document)
}

fn parse_refusal(error: &serde_saphyr::Error) -> ParseError {
    let (line, column) = error
        .location()
        .map_or((1, 1), |at| (at.line(), at.column()));
    ParseError::At {
        line,
        column,
        problem: UserMessageFormatter.format_message(error).into_owned(),
    }
}

fn refuse(at: &Name, problem: String) -> ParseError {
    ParseError::At {
        line: at.referenced.line(),
        column: at.referenced.column(),
        problem,
    }
}

fn check_unique<'d>(
    kind: &str,
    names: impl Iterator<Item = &'d Name>,
) -> Result<HashSet<String>, ParseError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(fold(&name.value)) {
            return Err(refuse(
                name,
                format!("the {kind} {:?} is declared twice", name.value),
            ));
        }
    }
    Ok(seen)
}

/// The names of what an org declares.
struct Declared {
    people: HashSet<String>,
    groups: HashSet<String>,
    policies: HashSet<String>,
    apps: HashSet<String>,
}

impl Declared {
    fn check<'d>(
        kind: &str,
        known: &HashSet<String>,
        names: impl IntoIterator<Item = &'d Name>,
    ) -> Result<(), ParseError> {
        let missing = names
            .into_iter()
            .find(|name| !known.contains(&fold(&name.value)));
        match missing {
            Some(name) => Err(refuse(
                name,
                format!("the {kind} {:?} is named here but not declared", name.value),
            )),
            None => Ok(()),
        }
    }

    fn check_people<'d>(
        &self,
        names: impl IntoIterator<Item = &'d Name>,
    ) -> Result<(), ParseError> {
        Self::check("person", &self.people, names)
    }

    fn check_groups<'d>(
        &self,
        names: impl IntoIterator<Item = &'d Name>,
    ) -> Result<(), ParseError> {
        Self::check("group", &self.groups, names)
    }
}

fn check_org(org: &OrgDeclaration) -> Result<(), ParseError> {
    let declared = Declared {
        people: check_unique("person", org.people.iter().map(|person| &person.login))?,
        groups: check_unique("group", org.groups.iter().map(|group| &group.name))?,
        policies: check_unique("policy", org.policies.iter().map(|policy| &policy.name))?,
        apps: check_unique("app", org.apps.iter().map(|app| &app.label))?,
    };
    check_unique("app id", org.apps.iter().filter_map(|app| app.id.as_ref()))?;
    check_unique(
        "authorization server",
        org.authorization_servers.iter().map(|server| &server.name),
    )?;
    check_unique("API token", org.api_tokens.iter().map(|token| &token.name))?;
    check_people(org)?;
    for group in &org.groups {
        declared.check_people(&group.members)?;
    }
    for app in &org.apps {
        check_app(app, &declared)?;
    }
    for rule in org.policies.iter().flat_map(|policy| &policy.rules) {
        declared.check_people(rule.people.include.iter().chain(&rule.people.exclude))?;
        declared.check_groups(rule.groups.include.iter().chain(&rule.groups.exclude))?;
    }
    let rules = org
        .authorization_servers
        .iter()
        .filter_map(|server| server.rules.as_ref());
    for rule in rules.flatten() {
        Declared::check("app", &declared.apps, &rule.apps)?;
        declared.check_people(&rule.people)?;
        declared.check_groups(&rule.groups)?;
    }
    declared.check_people(org.api_tokens.iter().map(|token| &token.person))
}

fn check_people(org: &OrgDeclaration) -> Result<(), ParseError> {
    for person in &org.people {
        let ways = usize::from(person.password.is_some())
            + usize::from(person.password_hash.is_some())
            + usize::from(person.invitation);
        if ways > 1 {
            let problem = "use one of password, password_hash and invitation";
            return Err(refuse(&person.login, problem.to_owned()));
        }
    }
    Ok(())
}

fn check_app(app: &AppDeclaration, declared: &Declared) -> Result<(), ParseError> {
    if let Some(id) = &app.id
        && let Err(error) = vocab::id::AppId::parse(&id.value)
    {
        return Err(refuse(id, error.to_string()));
    }
    Declared::check("policy", &declared.policies, &app.policy)?;
    declared.check_people(&app.people)?;
    declared.check_groups(&app.groups)
}
