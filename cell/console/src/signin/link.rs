//! Links that open an account: the first administrator's set-up, invitations, and what they share with the way back in.

use crate::cookie::CookieKind;
use crate::signin::go_on;
use crate::signin::prove::slow;
use crate::text::Text;
use crate::view::part::Input;
use crate::view::signin::{SetupPage, WelcomePage};
use crate::view::trouble::ErrorKind;
use crate::visit::Visit;
use axum::http::StatusCode;
use axum::response::Response;
use identity::credential::password::PasswordRefusal;
use identity::fault::Refusal;
use identity::org::NAME_CHARS_MAX;
use identity::password::policy::PasswordProblem;
use identity::person::Person;
use identity::person::profile::ProfileInput;
use identity::sign_in::begin::Purpose;
use identity::sign_in::open::{FollowedLink, LinkAnswer, LinkProof, LinkRefusal};
use identity::sign_in::setup::{LinkPurpose, Passkeys, SetupRefusal};
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
        PasswordRefusal::WrongPresent => t.words.wrong_present_password.to_owned(),
        PasswordRefusal::Slow { retry_after_secs } => t
            .words
            .slow_down
            .replace("{n}", &retry_after_secs.to_string()),
        PasswordRefusal::Refused(_) => t.common.changed_meanwhile.to_owned(),
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

pub(crate) fn expired(visit: &Visit) -> Response {
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
    org_name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    email: Option<String>,
    password: Option<String>,
    again: Option<String>,
}

impl Refused {
    /// What is wrong with a field of the profile or the organisation, in the reader's words.
    fn at(t: &'static Text, field: &str) -> Self {
        let too_long = || {
            let max = NAME_CHARS_MAX.to_string();
            Some(t.words.too_long.replace("{n}", &max))
        };
        let mut refused = Self::default();
        match field {
            "name" => refused.org_name = too_long(),
            "first_name" => refused.given_name = too_long(),
            "last_name" => refused.family_name = too_long(),
            _ => refused.email = Some(t.words.not_an_email.to_owned()),
        }
        refused
    }
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
        org_name: input(
            if org_name.is_empty() {
                &visit.context.name
            } else {
                org_name
            },
            refused.org_name.as_ref(),
        ),
        given_name: input(visit.field("given_name"), refused.given_name.as_ref()),
        family_name: input(visit.field("family_name"), refused.family_name.as_ref()),
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
            secret,
            &visit.facts,
        )
        .await
    {
        Ok(person) => sign_in_opened(&visit, &person, None, "/admin").await,
        Err(SetupRefusal::Password(refusal)) => {
            let refused = Refused {
                password: Some(explain(&visit, &refusal)),
                ..Refused::default()
            };
            setup_page(&visit, &token, &refused)
        }
        Err(SetupRefusal::Other(Refusal::NotFound)) => expired(&visit),
        Err(SetupRefusal::Other(Refusal::Invalid { field, .. })) => {
            setup_page(&visit, &token, &Refused::at(t, field))
        }
        Err(SetupRefusal::Other(refusal)) => visit.refused(&refusal),
    }
}

/// Goes on with a sign-in in which the password that was just set counts as proved: nobody has guessed it.
async fn sign_in_opened(
    visit: &Visit,
    person: &Person,
    proof: Option<&LinkProof>,
    to: &str,
) -> Response {
    let purpose = Purpose {
        continue_to: to.to_owned(),
        device_cookie: visit.cookie(CookieKind::Device).unwrap_or_default(),
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
    let (cell, facts) = (&visit.cell, &visit.facts);
    let mut done = cell.count_new_password(&mut flow, person, facts).await;
    if let (Ok(()), Some(proof)) = (&done, proof) {
        done = cell.count_link_proof(&mut flow, proof, facts).await;
    }
    match done {
        Ok(()) => {
            let response = go_on(visit, &flow).await;
            visit.with_cookie_unless_ended(response, CookieKind::SignIn, secret.expose())
        }
        Err(refusal) => visit.refused(&refusal),
    }
}

pub(crate) async fn link_person(
    visit: &Visit,
    purpose: LinkPurpose,
    token: &str,
) -> Result<Person, Response> {
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
    let link = FollowedLink {
        purpose: LinkPurpose::Invitation,
        token: &token,
    };
    match open_with_password(&visit, link).await {
        Ok(response) => response,
        Err(Wrong::Again(text)) => welcome_page(
            &visit,
            &person,
            &token,
            Input::default(),
            Input::default().refused(text),
        ),
        Err(Wrong::Password(text) | Wrong::Code(text)) => welcome_page(
            &visit,
            &person,
            &token,
            Input::default().refused(text),
            Input::default(),
        ),
        Err(Wrong::Response(response)) => *response,
    }
}

pub(crate) enum Wrong {
    Again(String),
    Password(String),
    Code(String),
    Response(Box<Response>),
}

impl From<Response> for Wrong {
    fn from(response: Response) -> Self {
        Self::Response(Box::new(response))
    }
}

pub(crate) async fn open_with_password(
    visit: &Visit,
    link: FollowedLink<'_>,
) -> Result<Response, Wrong> {
    let (t, org) = (visit.shell().t, &visit.snapshot.org);
    if visit.field("password") != visit.field("password_again") {
        return Err(Wrong::Again(t.begin.password_differs.to_owned()));
    }
    let passkeys = if visit.field("lost_passkeys") == "on" {
        Passkeys::Lost
    } else {
        Passkeys::Kept
    };
    // All in one: a password that is refused does not use the link up.
    let answer = LinkAnswer {
        passkeys,
        code: visit.field("code"),
        password: Secret::new(visit.field("password").to_owned()),
    };
    let opened = visit
        .cell
        .use_link(org, link, answer, &visit.facts)
        .await
        .map_err(|refusal| refuse_link(visit, refusal))?;
    let person = &opened.enrolling.person;
    Ok(sign_in_opened(visit, person, opened.proof.as_ref(), "/").await)
}

fn refuse_password(visit: &Visit, refusal: PasswordRefusal) -> Wrong {
    match refusal {
        PasswordRefusal::Fault(fault) => Wrong::from(visit.failed(&fault)),
        refusal => Wrong::Password(explain(visit, &refusal)),
    }
}

fn refuse_link(visit: &Visit, refusal: LinkRefusal) -> Wrong {
    match refusal {
        LinkRefusal::WrongCode => Wrong::Code(visit.shell().t.signin.wrong_code.to_owned()),
        LinkRefusal::Slow(wait) => Wrong::from(slow(visit, wait.secs)),
        LinkRefusal::Password(refusal) => refuse_password(visit, refusal),
        LinkRefusal::NeedsHelp | LinkRefusal::Other(Refusal::NotFound) => {
            Wrong::from(expired(visit))
        }
        LinkRefusal::Other(refusal) => Wrong::from(visit.refused(&refusal)),
    }
}
