//! Reads a declaration and refuses what does not hold together, with line and column. It never repeats a secret.

use crate::declaration::document::{
    AppDeclaration, Document, GroupDeclaration, Name, OrgDeclaration, RuleDeclaration,
    ZoneDeclaration,
};
use crate::declaration::problem::{Place, Problem};
use identity::person::profile::fold;
use identity::sign_on::zone::parse_ranges;
use identity::user_type::DEFAULT_NAME;
use serde_saphyr::{DuplicateKeyPolicy, Error, MessageFormatter as _, UserMessageFormatter};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use vocab::secret::Secret;
use vocab::slug::Slug;

/// Largest document.
pub const DOCUMENT_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Most values of one document; a person takes about a dozen.
const NODES_MAX: usize = 2_000_000;
/// Most aliases of one document.
const ALIASES_MAX: usize = 1_000;
/// Most values that all aliases together stand for.
const ALIAS_NODES_MAX: usize = 100_000;
/// Most text behind all anchors together: with [`ALIASES_MAX`] it bounds what they can blow up to.
const ANCHOR_BYTES_MAX: usize = 64 * 1024;
/// Deepest nesting.
const DEPTH_MAX: usize = 32;
/// The longest message of the YAML parser that is repeated: it may quote the document.
const MESSAGE_CHARS_MAX: usize = 500;

/// The ways to write a secret, as the parser names them.
const SECRET_FORMS: [&str; 3] = ["env", "file", "clear"];

/// Reads the file, as far as it is within bounds.
///
/// # Errors
/// [`Problem`] for a file that is missing, too long or no text.
pub fn load_text(path: &Path) -> Result<Secret<String>, Problem> {
    let mut text = String::new();
    let read = File::open(path)
        .and_then(|file| file.take(DOCUMENT_BYTES_MAX + 1).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(Secret::new(text)),
        Err(error) => Err(Problem::whole(format!(
            "it cannot be read: {error}; name a text file that this user may read"
        ))),
    }
}

/// Reads a document (YAML, so JSON too) and checks that its names are unique and that each reference has its object.
///
/// # Errors
/// [`Problem`] with line and column, the first there is.
pub fn parse_document(text: &str) -> Result<Document, Problem> {
    if u64::try_from(text.len()).map_or(true, |bytes| bytes > DOCUMENT_BYTES_MAX) {
        return Err(Problem::whole(format!(
            "it is longer than {DOCUMENT_BYTES_MAX} bytes; split it: what one document declares stays when another is \
             applied"
        )));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: NODES_MAX,
            max_nodes: NODES_MAX,
            max_aliases: ALIASES_MAX,
            max_recorded_anchor_events: ALIAS_NODES_MAX,
            max_recorded_anchor_bytes: ANCHOR_BYTES_MAX,
            max_depth: DEPTH_MAX,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: ALIAS_NODES_MAX,
            max_replay_stack_depth: DEPTH_MAX,
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

fn parse_refusal(error: &Error) -> Problem {
    let (line, column) = error
        .location()
        .map_or((1, 1), |at| (at.line(), at.column()));
    Problem {
        place: Some(Place { line, column }),
        what: render_refusal(error),
    }
}

fn render_refusal(error: &Error) -> String {
    // Whoever writes `password: hunter2` must not find it in a log.
    if let Error::SerdeUnknownVariant { expected, .. } = innermost(error)
        && expected.as_slice() == SECRET_FORMS
    {
        return String::from(
            "a secret cannot stand here as it is; write { env: NAME }, { file: PATH } or, for tests, { clear: TEXT }",
        );
    }
    let message: String = UserMessageFormatter
        .format_message(error)
        .chars()
        .take(MESSAGE_CHARS_MAX)
        .collect();
    // Snippets and causes on further lines would tear the one line apart.
    let message = message.replace(char::is_control, " ");
    format!(
        "{}; {}",
        message.trim_end_matches('.'),
        mend(innermost(error))
    )
}

fn innermost(error: &Error) -> &Error {
    match error {
        Error::AliasError { error, .. } | Error::WithSnippet { error, .. } => innermost(error),
        other => other,
    }
}

const fn mend(error: &Error) -> &'static str {
    match error {
        Error::DuplicateMappingKey { .. } => "keep one of them",
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "split the document, or write out what its aliases stand for"
        }
        Error::MultipleDocuments { .. } => "keep one document in the file",
        Error::Message { .. }
        | Error::InvalidScalar { .. }
        | Error::SerdeInvalidType { .. }
        | Error::SerdeInvalidValue { .. }
        | Error::SerdeInvalidLength { .. }
        | Error::SerdeUnknownVariant { .. }
        | Error::SerdeUnknownField { .. }
        | Error::SerdeMissingField { .. } => "`testudo schema` prints what may stand where",
        _ => "mend the YAML here",
    }
}

fn check_unique<'d>(
    kind: &str,
    names: impl IntoIterator<Item = &'d Name>,
) -> Result<HashSet<String>, Problem> {
    let mut seen: HashMap<String, u64> = HashMap::new();
    for name in names {
        if let Some(line) = seen.insert(fold(&name.value), name.referenced.line()) {
            let what = format!(
                "the {kind} {:?} stands here twice, first in line {line}; keep one of them",
                name.value
            );
            return Err(Problem::at(name, what));
        }
    }
    Ok(seen.into_keys().collect())
}

/// The names of what an org declares.
struct Declared {
    user_types: HashSet<String>,
    people: HashSet<String>,
    groups: HashSet<String>,
    zones: HashSet<String>,
    behaviors: HashSet<String>,
    policies: HashSet<String>,
    apps: HashSet<String>,
}

/// References must be unique within their list, and lead somewhere.
fn check_list<'d>(
    kind: &str,
    known: &HashSet<String>,
    names: impl IntoIterator<Item = &'d Name> + Clone,
) -> Result<(), Problem> {
    check_unique(kind, names.clone())?;
    names
        .into_iter()
        .try_for_each(|name| check_reference(kind, known, name))
}

fn check_reference(kind: &str, known: &HashSet<String>, name: &Name) -> Result<(), Problem> {
    if known.contains(&fold(&name.value)) {
        return Ok(());
    }
    let what = format!(
        "the {kind} {:?} is named here but not declared; declare it in this organisation, or correct the name",
        name.value
    );
    Err(Problem::at(name, what))
}

fn check_org(org: &OrgDeclaration) -> Result<(), Problem> {
    if let Err(error) = Slug::parse(&org.slug.value) {
        return Err(Problem::at(&org.slug, format!("slug: {error}")));
    }
    let mut user_types =
        check_unique("type of people", org.user_types.iter().map(|one| &one.name))?;
    user_types.insert(fold(DEFAULT_NAME));
    let declared = Declared {
        user_types,
        people: check_unique("person", org.people.iter().map(|person| &person.login))?,
        groups: check_unique("group", org.groups.iter().map(|group| &group.name))?,
        zones: check_unique("zone", org.zones.iter().map(|zone| &zone.name))?,
        behaviors: check_unique(
            "behaviour",
            org.behaviors.iter().map(|behavior| &behavior.name),
        )?,
        policies: check_unique("policy", org.policies.iter().map(|policy| &policy.name))?,
        apps: check_unique("app", org.apps.iter().map(|app| &app.label))?,
    };
    check_unique("app id", org.apps.iter().filter_map(|app| app.id.as_ref()))?;
    check_unique(
        "authorization server",
        org.authorization_servers.iter().map(|server| &server.name),
    )?;
    check_unique(
        "trusted origin",
        org.trusted_origins.iter().map(|origin| &origin.name),
    )?;
    check_unique("API token", org.api_tokens.iter().map(|token| &token.name))?;
    check_people(org, &declared)?;
    org.groups
        .iter()
        .try_for_each(|group| check_group(group, &declared))?;
    org.zones.iter().try_for_each(check_zone)?;
    org.policies
        .iter()
        .flat_map(|policy| &policy.rules)
        .try_for_each(|rule| check_rule(rule, &declared))?;
    org.apps
        .iter()
        .try_for_each(|app| check_app(app, &declared))?;
    let rules = org
        .authorization_servers
        .iter()
        .filter_map(|server| server.rules.as_ref());
    for rule in rules.flatten() {
        check_list("app", &declared.apps, &rule.apps)?;
        check_list("person", &declared.people, &rule.people)?;
        check_list("group", &declared.groups, &rule.groups)?;
    }
    org.api_tokens
        .iter()
        .try_for_each(|token| check_reference("person", &declared.people, &token.person))
}

fn check_people(org: &OrgDeclaration, declared: &Declared) -> Result<(), Problem> {
    for person in &org.people {
        if let Some(name) = &person.of_type {
            check_reference("type of people", &declared.user_types, name)?;
        }
        let ways = usize::from(person.password.is_some())
            + usize::from(person.password_hash.is_some())
            + usize::from(person.invitation);
        if ways > 1 {
            let what = "use one of password, password_hash and invitation";
            return Err(Problem::at(&person.login, what.to_owned()));
        }
    }
    Ok(())
}

fn check_group(group: &GroupDeclaration, declared: &Declared) -> Result<(), Problem> {
    check_list("person", &declared.people, &group.members)
}

fn check_zone(zone: &ZoneDeclaration) -> Result<(), Problem> {
    if zone.ranges.is_empty() {
        let what = format!("the zone {:?} has no ranges; name one", zone.name.value);
        return Err(Problem::at(&zone.name, what));
    }
    check_unique("range", &zone.ranges)?;
    for range in &zone.ranges {
        if let Err(error) = parse_ranges(&range.value) {
            return Err(Problem::at(range, error.to_string()));
        }
    }
    Ok(())
}

fn check_rule(rule: &RuleDeclaration, declared: &Declared) -> Result<(), Problem> {
    let people = rule.people.include.iter().chain(&rule.people.exclude);
    check_list("person", &declared.people, people)?;
    let groups = rule.groups.include.iter().chain(&rule.groups.exclude);
    check_list("group", &declared.groups, groups)?;
    check_list("behaviour", &declared.behaviors, &rule.behaviors)?;
    match &rule.zones {
        Some(zones) => check_list("zone", &declared.zones, zones.named()),
        None => Ok(()),
    }
}

fn check_app(app: &AppDeclaration, declared: &Declared) -> Result<(), Problem> {
    if let Some(id) = &app.id
        && let Err(error) = vocab::id::AppId::parse(&id.value)
    {
        return Err(Problem::at(id, error.to_string()));
    }
    if let Some(policy) = &app.policy {
        check_reference("policy", &declared.policies, policy)?;
    }
    check_list("person", &declared.people, &app.people)?;
    check_list("group", &declared.groups, &app.groups)
}
