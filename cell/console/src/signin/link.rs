//! Links that open an account: the first administrator's set-up, invitations, and the way back in.

use crate::cookie::CookieKind;
use crate::signin::go_on;
use crate::text::Text;
use crate::view::part::{HiddenField, Input};
use crate::view::signin::{
    MailSentKind, MailSentPage, NewPasswordPage, NewPasswordWhy, RecoverStartPage,
};
use crate::view::signin::{SetupPage, WelcomePage};
use crate::view::trouble::ErrorKind;
use crate::visit::Visit;
use axum::http::StatusCode;
use axum::response::Response;
use identity::credential::password::PasswordRefusal;
use identity::fault::Refusal;
use identity::password::policy::PasswordProblem;
use identity::person::Person;
use identity::person::profile::ProfileInput;
use identity::sign_in::begin::Purpose;
use identity::sign_in::prove::{Attempt, Typed};
use identity::sign_in::setup::{LinkPurpose, Passkeys, RECOVERY_SECS};
use ledger::Actor;
use vocab::secret::Secret;

fn problem_text(t: &'static Text, problem: PasswordProblem) -> String {
    let text = match problem {
        PasswordProblem::TooShort { .. } => t.begin.password_too_short,
        PasswordProblem::TooLong { .. } => t.begin.password_too_long,
        PasswordProblem::ControlCharacter => t.begin.password_control,
        PasswordProblem::Commonest => t.begin.password_commonest,
        PasswordProblem::NamePart => t.begin.password_name_part,
        PasswordProblem::Former { .. } => t.begin.password_former,
    };
    match problem.message_number() {
        Some(number) => text.replace("{n}", &number.to_string()),
        None => text.to_owned(),
    }
}

/// Why a password was refused, in the reader's language.
#[must_use]
pub fn explain(visit: &Visit, refusal: &PasswordRefusal) -> String {
    let t = visit.shell().t;
    match refusal {
        PasswordRefusal::Policy(problems) => {
            let texts: Vec<String> = problems
                .iter()
                .map(|problem| problem_text(t, *problem))
                .collect();
            texts.join(" ")
        }
        PasswordRefusal::Busy { .. } | PasswordRefusal::Fault(_) => {
            t.begin.password_busy.to_owned()
        }
    }
}

/// What the org asks of a password, one rule a line.
#[must_use]
pub fn password_rules(visit: &Visit) -> Vec<String> {
    let (t, policy) = (visit.shell().t, &visit.snapshot.org.settings.password);
    let mut problems = vec![PasswordProblem::TooShort {
        length_min: policy.length_min,
    }];
    if policy.refuse_name_parts {
        problems.push(PasswordProblem::NamePart);
    }
    if policy.history_count > 0 {
        problems.push(PasswordProblem::Former {
            history_count: policy.history_count,
        });
    }
    problems
        .into_iter()
        .map(|problem| problem_text(t, problem))
        .collect()
}

fn expired(visit: &Visit) -> Response {
    visit.error(StatusCode::GONE, ErrorKind::Expired)
}

/// `GET /setup`.
pub async fn show_setup(visit: Visit) -> Response {
    let token = visit.parameter("token");
    match visit
        .cell
        .find_link(&visit.context.org, LinkPurpose::Setup, token)
        .await
    {
        Ok(Some(_)) => setup_page(&visit, token, &Refused::default()),
        Ok(None) => expired(&visit),
        Err(fault) => visit.failed(&fault),
    }
}

#[derive(Default)]
struct Refused {
    email: Option<String>,
    password: Option<String>,
    again: Option<String>,
}

fn input(value: &str, error: Option<&String>) -> Input {
    Input {
        value: value.to_owned(),
        error: error.cloned(),
    }
}

fn setup_page(visit: &Visit, token: &str, refused: &Refused) -> Response {
    let org_name = visit.field("org_name");
    visit.page(&SetupPage {
        shell: visit.gate_shell(),
        token: token.to_owned(),
        org_name: Input::of(if org_name.is_empty() {
            &visit.context.name
        } else {
            org_name
        }),
        given_name: Input::of(visit.field("given_name")),
        family_name: Input::of(visit.field("family_name")),
        email: input(visit.field("email"), refused.email.as_ref()),
        password: input("", refused.password.as_ref()),
        password_again: input("", refused.again.as_ref()),
        rules: password_rules(visit),
    })
}

/// `POST /setup`: makes the first administrator and goes on with signing in.
pub async fn answer_setup(visit: Visit) -> Response {
    let t = visit.shell().t;
    let token = visit.field("token").to_owned();
    let (email, password) = (visit.field("email"), visit.field("password"));
    if password != visit.field("password_again") {
        let refused = Refused {
            again: Some(t.begin.password_differs.to_owned()),
            ..Refused::default()
        };
        return setup_page(&visit, &token, &refused);
    }
    let input = ProfileInput {
        login: email.to_owned(),
        email: email.to_owned(),
        first_name: visit.field("given_name").to_owned(),
        last_name: visit.field("family_name").to_owned(),
        ..ProfileInput::default()
    };
    let secret = Secret::new(password.to_owned());
    let org_name = visit.field("org_name");
    match visit
        .cell
        .set_up(
            &visit.snapshot.org,
            &token,
            org_name,
            input,
            secret.clone(),
            &visit.facts,
        )
        .await
    {
        Ok(person) => sign_in_with(&visit, &person, secret, "/admin").await,
        Err(identity::sign_in::setup::SetupRefusal::Password(refusal)) => {
            let refused = Refused {
                password: Some(explain(&visit, &refusal)),
                ..Refused::default()
            };
            setup_page(&visit, &token, &refused)
        }
        Err(identity::sign_in::setup::SetupRefusal::Other(Refusal::NotFound)) => expired(&visit),
        Err(identity::sign_in::setup::SetupRefusal::Other(Refusal::Invalid {
            problem, ..
        })) => setup_page(
            &visit,
            &token,
            &Refused {
                email: Some(problem.into_owned()),
                ..Refused::default()
            },
        ),
        Err(identity::sign_in::setup::SetupRefusal::Other(refusal)) => visit.refused(&refusal),
    }
}

/// Goes on with a sign-in in which the password that was just set is proved already.
async fn sign_in_with(
    visit: &Visit,
    person: &Person,
    password: Secret<String>,
    to: &str,
) -> Response {
    let purpose = Purpose {
        continue_to: to.to_owned(),
        ..Purpose::default()
    };
    let (mut flow, secret) = match visit
        .cell
        .begin_sign_in(&visit.context.org, purpose, None)
        .await
    {
        Ok(begun) => begun,
        Err(fault) => return visit.failed(&fault),
    };
    if let Err(refusal) = visit.cell.identify(&mut flow, &person.login).await {
        return visit.refused(&refusal);
    }
    let typed = Typed::Password(password);
    match visit
        .cell
        .prove_typed(&visit.snapshot, &mut flow, typed, &visit.facts)
        .await
    {
        Ok(Attempt::Right | Attempt::Wrong | Attempt::Slow { .. }) => {
            let response = go_on(visit, &flow).await;
            visit.with_cookie_unless_ended(response, CookieKind::SignIn, secret.expose())
        }
        Err(refusal) => visit.refused(&refusal),
    }
}

/// `GET /signin/recover`.
pub async fn show_recover(visit: Visit) -> Response {
    visit.page(&RecoverStartPage {
        shell: visit.gate_shell(),
        identifier: Input::default(),
    })
}

/// `POST /signin/recover`: sends a link, if there is such a person. The page says the same either way.
pub async fn answer_recover(visit: Visit) -> Response {
    let identifier = visit.field("identifier");
    if let Err(refusal) = visit
        .cell
        .send_recovery(&visit.context, identifier, &visit.facts)
        .await
    {
        return visit.refused(&refusal);
    }
    visit.page(&MailSentPage {
        shell: visit.gate_shell(),
        kind: MailSentKind::Recovery,
        minutes: u64::try_from(RECOVERY_SECS / 60).unwrap_or_default(),
        mailbox_href: None,
    })
}

/// `GET /reset`.
pub async fn show_reset(visit: Visit) -> Response {
    let token = visit.parameter("token").to_owned();
    match link_person(&visit, LinkPurpose::Recovery, &token).await {
        Ok(person) => reset_page(&visit, &person, &token, Input::default(), Input::default()),
        Err(response) => response,
    }
}

async fn link_person(visit: &Visit, purpose: LinkPurpose, token: &str) -> Result<Person, Response> {
    match visit
        .cell
        .find_link_person(&visit.context.org, purpose, token)
        .await
    {
        Ok(Some(person)) => Ok(person),
        Ok(None) => Err(expired(visit)),
        Err(fault) => Err(visit.failed(&fault)),
    }
}

fn reset_page(
    visit: &Visit,
    person: &Person,
    token: &str,
    password: Input,
    password_again: Input,
) -> Response {
    visit.page(&NewPasswordPage {
        shell: visit.gate_shell(),
        why: NewPasswordWhy::Recovery,
        login: person.login.clone(),
        rules: password_rules(visit),
        password,
        password_again,
        action: String::from("/reset"),
        hidden: vec![HiddenField {
            name: String::from("token"),
            value: token.to_owned(),
        }],
        may_lose_passkeys: true,
    })
}

/// `POST /reset`: uses the link, sets the password, ends every session, goes on with signing in.
pub async fn answer_reset(visit: Visit) -> Response {
    let token = visit.field("token").to_owned();
    let person = match link_person(&visit, LinkPurpose::Recovery, &token).await {
        Ok(person) => person,
        Err(response) => return response,
    };
    match open_with_password(&visit, LinkPurpose::Recovery, &token, &person).await {
        Ok(response) => response,
        Err(Wrong::Again(text)) => reset_page(
            &visit,
            &person,
            &token,
            Input::default(),
            Input::default().refused(text),
        ),
        Err(Wrong::Password(text)) => reset_page(
            &visit,
            &person,
            &token,
            Input::default().refused(text),
            Input::default(),
        ),
        Err(Wrong::Response(response)) => *response,
    }
}

/// `GET /welcome`.
pub async fn show_welcome(visit: Visit) -> Response {
    let token = visit.parameter("token").to_owned();
    match link_person(&visit, LinkPurpose::Invitation, &token).await {
        Ok(person) => welcome_page(&visit, &person, &token, Input::default(), Input::default()),
        Err(response) => response,
    }
}

fn welcome_page(
    visit: &Visit,
    person: &Person,
    token: &str,
    password: Input,
    password_again: Input,
) -> Response {
    visit.page(&WelcomePage {
        shell: visit.gate_shell(),
        name: person.display_name(),
        login: person.login.clone(),
        token: token.to_owned(),
        rules: password_rules(visit),
        password,
        password_again,
        passkey_error: None,
    })
}

/// `POST /welcome`: uses the invitation, sets the password, goes on with signing in.
pub async fn answer_welcome(visit: Visit) -> Response {
    let token = visit.field("token").to_owned();
    let person = match link_person(&visit, LinkPurpose::Invitation, &token).await {
        Ok(person) => person,
        Err(response) => return response,
    };
    match open_with_password(&visit, LinkPurpose::Invitation, &token, &person).await {
        Ok(response) => response,
        Err(Wrong::Again(text)) => welcome_page(
            &visit,
            &person,
            &token,
            Input::default(),
            Input::default().refused(text),
        ),
        Err(Wrong::Password(text)) => welcome_page(
            &visit,
            &person,
            &token,
            Input::default().refused(text),
            Input::default(),
        ),
        Err(Wrong::Response(response)) => *response,
    }
}

enum Wrong {
    Again(String),
    Password(String),
    Response(Box<Response>),
}

async fn open_with_password(
    visit: &Visit,
    purpose: LinkPurpose,
    token: &str,
    person: &Person,
) -> Result<Response, Wrong> {
    if visit.field("password") != visit.field("password_again") {
        return Err(Wrong::Again(
            visit.shell().t.begin.password_differs.to_owned(),
        ));
    }
    let password = Secret::new(visit.field("password").to_owned());
    let actor = Actor::user(&person.id, &person.login, &person.display_name());
    // The password first: a refused one must not use the link up.
    match visit
        .cell
        .check_new_password(&visit.snapshot.org, person, &password)
    {
        Ok(()) => {}
        Err(PasswordRefusal::Fault(fault)) => {
            return Err(Wrong::Response(Box::new(visit.failed(&fault))));
        }
        Err(refusal) => return Err(Wrong::Password(explain(visit, &refusal))),
    }
    let passkeys = if purpose == LinkPurpose::Recovery && visit.field("lost_passkeys") == "on" {
        Passkeys::Lost
    } else {
        Passkeys::Kept
    };
    let opened = visit
        .cell
        .use_link(&visit.snapshot.org, purpose, token, passkeys, &visit.facts)
        .await;
    let person = match opened {
        Ok(person) => person,
        Err(Refusal::NotFound) => return Err(Wrong::Response(Box::new(expired(visit)))),
        Err(refusal) => return Err(Wrong::Response(Box::new(visit.refused(&refusal)))),
    };
    let set = visit
        .cell
        .set_password(
            &visit.snapshot.org,
            &person,
            actor,
            &visit.facts.client,
            password.clone(),
        )
        .await;
    match set {
        Ok(()) => Ok(sign_in_with(visit, &person, password, "/").await),
        Err(PasswordRefusal::Fault(fault)) => Err(Wrong::Response(Box::new(visit.failed(&fault)))),
        Err(refusal) => Err(Wrong::Password(explain(visit, &refusal))),
    }
}
