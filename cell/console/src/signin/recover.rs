//! The way back in: a link is asked for, followed, and backed by a code where mail alone is not enough.

use crate::signin::link::{Wrong, expired, open_with_password, password_rules};
use crate::signin::prove::slow;
use crate::view::part::{HiddenField, Input};
use crate::view::signin::{
    MailSentKind, MailSentPage, NewPasswordPage, NewPasswordWhy, RecoverHelpPage, RecoverStartPage,
};
use crate::visit::Visit;
use axum::response::Response;
use identity::fault::Refusal;
use identity::person::Person;
use identity::sign_in::open::FollowedLink;
use identity::sign_in::recover::RecoveryNeed;
use identity::sign_in::setup::{LinkPurpose, RECOVERY_SECS};
use identity::sign_on::means::Means;

/// `GET /signin/recover`.
pub async fn show_recover(visit: Visit) -> Response {
    if !visit.takes(Means::MailedRecovery) {
        return nobody_by_mail(&visit);
    }
    visit.page(&RecoverStartPage {
        shell: visit.gate_shell(),
        identifier: Input::default(),
    })
}

/// Where links by mail let nobody back in, somebody must help, whoever it is.
fn nobody_by_mail(visit: &Visit) -> Response {
    visit.page(&RecoverHelpPage {
        shell: visit.gate_shell(),
        login: String::new(),
    })
}

/// `POST /signin/recover`: sends a link, if there is such a person. The page says the same either way.
pub async fn answer_recover(visit: Visit) -> Response {
    let identifier = visit.field("identifier");
    match visit
        .cell
        .send_recovery(&visit.context, identifier, &visit.facts)
        .await
    {
        Ok(Ok(())) => visit.page(&MailSentPage {
            shell: visit.gate_shell(),
            kind: MailSentKind::Recovery,
            minutes: u64::try_from(RECOVERY_SECS / 60).unwrap_or_default(),
            mailbox_href: visit.mailbox_href(),
        }),
        Ok(Err(wait)) => slow(&visit, wait.secs),
        Err(Refusal::WrongState(_)) => nobody_by_mail(&visit),
        Err(refusal) => visit.refused(&refusal),
    }
}

/// A link that somebody follows, for whom, and what must back it.
struct Followed {
    purpose: LinkPurpose,
    token: String,
    person: Person,
    need: RecoveryNeed,
}

/// A link of the person's own or of the operator: they lead to the same page.
async fn follow(visit: &Visit, token: &str) -> Result<Followed, Response> {
    for purpose in [LinkPurpose::Recovery, LinkPurpose::Help] {
        let found = visit
            .cell
            .find_link_person(&visit.context.org, purpose, token)
            .await
            .map_err(|fault| visit.failed(&fault))?;
        if let Some(person) = found {
            let need = visit
                .cell
                .recovery_need(&visit.snapshot.org, purpose, &person)
                .await
                .map_err(|fault| visit.failed(&fault))?;
            return Ok(Followed {
                purpose,
                token: token.to_owned(),
                person,
                need,
            });
        }
    }
    Err(expired(visit))
}

/// What was wrong with the form.
#[derive(Default)]
struct Inputs {
    password: Input,
    password_again: Input,
    code: Input,
}

fn page(visit: &Visit, followed: &Followed, inputs: Inputs) -> Response {
    if followed.need == RecoveryNeed::Help {
        return visit.page(&RecoverHelpPage {
            shell: visit.gate_shell(),
            login: followed.person.login.clone(),
        });
    }
    visit.page(&NewPasswordPage {
        shell: visit.gate_shell(),
        why: NewPasswordWhy::Recovery,
        login: followed.person.login.clone(),
        rules: password_rules(visit),
        password: inputs.password,
        password_again: inputs.password_again,
        code: (followed.need == RecoveryNeed::Code).then_some(inputs.code),
        action: String::from("/reset"),
        hidden: vec![HiddenField {
            name: String::from("token"),
            value: followed.token.clone(),
        }],
        may_lose_passkeys: true,
    })
}

/// `GET /reset`.
pub async fn show_reset(visit: Visit) -> Response {
    match follow(&visit, visit.parameter("token")).await {
        Ok(followed) => page(&visit, &followed, Inputs::default()),
        Err(response) => response,
    }
}

/// `POST /reset`: uses the link, sets the password, ends every session, goes on with signing in.
pub async fn answer_reset(visit: Visit) -> Response {
    let followed = match follow(&visit, visit.field("token")).await {
        Ok(followed) => followed,
        Err(response) => return response,
    };
    let link = FollowedLink {
        purpose: followed.purpose,
        token: &followed.token,
    };
    let mut inputs = Inputs::default();
    match open_with_password(&visit, link).await {
        Ok(response) => return response,
        Err(Wrong::Response(response)) => return *response,
        Err(Wrong::Again(text)) => inputs.password_again = Input::default().refused(text),
        Err(Wrong::Password(text)) => inputs.password = Input::default().refused(text),
        Err(Wrong::Code(text)) => inputs.code = Input::default().refused(text),
    }
    // What must back the link is decided anew where it is used: the page asks for what is asked for by now.
    match follow(&visit, &followed.token).await {
        Ok(followed) => page(&visit, &followed, inputs),
        Err(response) => response,
    }
}
