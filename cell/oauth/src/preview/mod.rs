//! What a token would say, without issuing it: the same decisions and the same claims as issuance, unsigned.
//!
//! Times, ids and how the person proved who they are come from a sign-in that did not happen; they are examples.

#[cfg(test)]
mod tests;

use crate::access::{RulePerson, decide_rule, decide_scopes, lifetimes_of, load_rule_groups};
use crate::claims::load_group_names;
use crate::denial::Denial;
use crate::grant::GrantDocument;
use crate::issuer::Issuer;
use crate::token::issue::{
    ACCESS_TOKEN_ID_PREFIX, AccessDraft, IdDraft, Order, PersonSubject, Subject,
};
use identity::app::settings::{Assignment, GrantKind};
use identity::app::{App, AppStatus};
use identity::cell::Cell;
use identity::fault::Fault;
use identity::person::Person;
use identity::sign_on::authenticator::AuthenticationContext;
use protocol::oauth::error::ErrorCode;
use protocol::oauth::scope::ScopeSet;
use serde_json::Value;
use vocab::id::{GroupId, SessionId};
use vocab::time::Timestamp;

/// What is asked.
#[derive(Clone, Copy)]
pub struct PreviewQuestion<'a> {
    /// For which app.
    pub app: &'a App,
    /// By which grant.
    pub grant: GrantKind,
    /// For which person; none for client credentials.
    pub person: Option<&'a Person>,
    /// With which scopes, separated by spaces.
    pub scope: &'a str,
}

/// What would come of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Preview {
    /// These tokens.
    Issued {
        /// What the access token would say.
        access_token: Value,
        /// What the ID token would say, if there were one.
        id_token: Option<Value>,
        /// The rule that permits it.
        rule: String,
        /// How long the access token would live.
        access_secs: i64,
    },
    /// None, in the protocol's words.
    Refused(Denial),
}

/// Answers the question for a server, whether it is switched on or not.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load(
    cell: &Cell,
    issuer: &Issuer,
    question: PreviewQuestion<'_>,
    now: Timestamp,
) -> Result<Preview, Fault> {
    let facts = match question.person {
        Some(person) => load_facts(cell, issuer, question.app, person).await?,
        None => PersonFacts::default(),
    };
    let session = SessionId::generate(cell.entropy());
    match plan(issuer, question, &facts, &session, now) {
        Ok(Ok(preview)) => Ok(preview),
        Ok(Err(denial)) => Ok(Preview::Refused(denial)),
        Err(error) => Err(Fault::stored("claims of a token", &error)),
    }
}

/// What is true of the person with regard to app and server.
#[derive(Debug, Clone, Default)]
struct PersonFacts {
    assigned: bool,
    rule_groups: Vec<GroupId>,
    group_names: Vec<String>,
}

async fn load_facts(
    cell: &Cell,
    issuer: &Issuer,
    app: &App,
    person: &Person,
) -> Result<PersonFacts, Fault> {
    let (org, user) = (&issuer.org, &person.id);
    let mut tx = cell.database.read().await?;
    Ok(PersonFacts {
        assigned: app.settings.visibility == Assignment::Everyone
            || identity::app::store::is_assigned(&mut tx, org, &app.id, user).await?,
        rule_groups: load_rule_groups(&mut tx, org, issuer.config(), user).await?,
        group_names: load_group_names(&mut tx, org, issuer.config(), user).await?,
    })
}

type Planned = Result<Result<Preview, Denial>, serde_json::Error>;

fn plan(
    issuer: &Issuer,
    question: PreviewQuestion<'_>,
    facts: &PersonFacts,
    session: &SessionId,
    now: Timestamp,
) -> Planned {
    let scopes = match decide_standing(question, facts).and_then(|()| scopes_of(issuer, question)) {
        Ok(scopes) => scopes,
        Err(denial) => return Ok(Err(denial)),
    };
    let person = question.person.map(|person| RulePerson {
        user: &person.id,
        groups: &facts.rule_groups,
    });
    let rule = match decide_rule(issuer, question.app, question.grant, person, &scopes) {
        Ok(rule) => rule,
        Err(denial) => return Ok(Err(denial)),
    };
    let grant = GrantDocument {
        scope: scopes.render(),
        redirect_uri: None,
        redirect_uri_was_named: false,
        code_challenge: None,
        nonce: None,
        authenticated_at: now,
        amr: Vec::new(),
        acr: AuthenticationContext::OneFactor.as_str().to_owned(),
    };
    let order = Order {
        issuer,
        app: question.app,
        scopes: &scopes,
        subject: question.person.map_or(Subject::App, |person| {
            Subject::Person(PersonSubject {
                person,
                grant: &grant,
                session,
                groups: &facts.group_names,
            })
        }),
        family: None,
        access_secs: lifetimes_of(rule, question.app).access_secs,
        now,
    };
    let access = AccessDraft::new(&order, format!("{ACCESS_TOKEN_ID_PREFIX}example"));
    let id = IdDraft::new(&order, || String::from("ID.example"));
    let id = id.map(|id| id.beside("example"));
    Ok(Ok(Preview::Issued {
        access_token: serde_json::to_value(access.claims())?,
        id_token: id.map(|id| serde_json::to_value(id.claims())).transpose()?,
        rule: rule.name.clone(),
        access_secs: order.access_secs,
    }))
}

/// What stands before any rule of the server.
fn decide_standing(question: PreviewQuestion<'_>, facts: &PersonFacts) -> Result<(), Denial> {
    let denied = |text| Err(Denial::new(ErrorCode::AccessDenied, text));
    if question.app.status != AppStatus::Active {
        return Err(Denial::new(
            ErrorCode::InvalidClient,
            "the app is switched off",
        ));
    }
    match (question.grant, question.person) {
        (GrantKind::ClientCredentials, Some(_)) => Err(Denial::new(
            ErrorCode::InvalidRequest,
            "client_credentials speaks for the app itself: name no person",
        )),
        (GrantKind::ClientCredentials, None) => Ok(()),
        (_, None) => Err(Denial::new(
            ErrorCode::InvalidRequest,
            "this grant is a person's: name one",
        )),
        (_, Some(person)) if !person.status.may_act() => denied("the person may not sign in now"),
        (_, Some(_)) if !facts.assigned => denied("the app is not assigned to the person"),
        (_, Some(_)) => Ok(()),
    }
}

fn scopes_of(issuer: &Issuer, question: PreviewQuestion<'_>) -> Result<ScopeSet, Denial> {
    let asked = ScopeSet::parse(question.scope.trim())
        .map_err(|_| Denial::new(ErrorCode::InvalidScope, "the scopes are malformed"))?;
    decide_scopes(issuer, question.app, Some(&asked), question.grant)
}
