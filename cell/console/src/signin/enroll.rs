//! Enrolling something on the way, because the policy asks for more than the person has.

use crate::signin::prove::{json, no_domain, passkey_trouble};
use crate::signin::{go_on, load_flow};
use crate::view::part::{Input, QrPicture};
use crate::view::signin::{EnrollOption, EnrollPage, EnrollPasskeyPage, EnrollTotpPage, EnrollWhy};
use crate::view::signin::{NewPasswordPage, NewPasswordWhy, RecoveryCodesPage};
use crate::visit::Visit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use identity::credential::passkey::Enrolment;
use identity::credential::password::PasswordRefusal;
use identity::fault::Refusal;
use identity::sign_in::enroll::Enrolling;
use identity::sign_in::{Flow, Step};
use identity::sign_on::AuthenticatorKind;
use identity::totp::TotpSeed;
use vocab::secret::Secret;

/// The page that goes on with whatever is needed next.
const ENROLL_PATH: &str = "/signin/enroll";

/// The sign-in and its person, if something must be enrolled now.
async fn load(visit: &Visit) -> Result<(Flow, Enrolling), Response> {
    let flow = load_flow(visit).await?;
    match visit
        .cell
        .enrolling_person(&visit.snapshot, &flow, &visit.facts)
        .await
    {
        Ok(enrolling) => Ok((flow, enrolling)),
        Err(Refusal::Forbidden) => Err(go_on(visit, &flow).await),
        Err(refusal) => Err(visit.refused(&refusal)),
    }
}

/// `GET /signin/enroll`.
pub async fn choose(visit: Visit) -> Response {
    let flow = match load_flow(&visit).await {
        Ok(flow) => flow,
        Err(response) => return response,
    };
    let kinds = match visit
        .cell
        .next_step(&visit.snapshot, &flow, &visit.facts)
        .await
    {
        Ok(Step::Enroll(kinds)) => kinds,
        Ok(_) => return go_on(&visit, &flow).await,
        Err(fault) => return visit.failed(&fault),
    };
    let mut options = Vec::new();
    for kind in kinds {
        let option = match kind {
            AuthenticatorKind::Passkey(_) => EnrollOption::Passkey,
            AuthenticatorKind::Totp => EnrollOption::Totp,
            _ => continue,
        };
        if !options.contains(&option) {
            options.push(option);
        }
    }
    visit.page(&EnrollPage {
        shell: visit.gate_shell(),
        identifier: flow.state.identifier.clone(),
        why: EnrollWhy::Policy,
        options,
    })
}

/// `GET /signin/enroll/passkey`.
pub async fn show_passkey(visit: Visit) -> Response {
    match load(&visit).await {
        Ok((flow, _)) => passkey_page(&visit, &flow, passkey_trouble(&visit)),
        Err(response) => response,
    }
}

fn passkey_page(visit: &Visit, flow: &Flow, error: Option<String>) -> Response {
    visit.page(&EnrollPasskeyPage {
        shell: visit.gate_shell(),
        identifier: flow.state.identifier.clone(),
        name: Input::default(),
        error,
    })
}

/// `GET /signin/enroll/passkey/options`.
pub async fn passkey_options(visit: Visit) -> Response {
    let Ok((mut flow, enrolling)) = load(&visit).await else {
        return StatusCode::GONE.into_response();
    };
    match visit
        .cell
        .begin_enroll_passkey(&visit.context, &enrolling, &mut flow)
        .await
    {
        Ok(options) => json(options),
        Err(Refusal::WrongState(_)) => no_domain(&visit),
        Err(refusal) => visit.refused(&refusal),
    }
}

/// `POST /signin/enroll/passkey`.
pub async fn answer_passkey(visit: Visit) -> Response {
    let (mut flow, enrolling) = match load(&visit).await {
        Ok(loaded) => loaded,
        Err(response) => return response,
    };
    let enrolment = Enrolment {
        context: &visit.context,
        permit: &enrolling.permit,
        user_id: &enrolling.person.id,
        name: visit.field("name"),
    };
    let answer = visit.field("credential");
    match visit
        .cell
        .finish_enroll_passkey(enrolment, &mut flow, answer, &visit.facts)
        .await
    {
        Ok(()) => hand_out_codes(&visit, &flow, &enrolling).await,
        Err(Refusal::Invalid { field: "model", .. }) => {
            let text = visit.shell().t.begin.passkey_model;
            passkey_page(&visit, &flow, Some(text.to_owned()))
        }
        Err(Refusal::Invalid { .. } | Refusal::Changed) => {
            let text = visit.shell().t.begin.passkey_failed;
            passkey_page(&visit, &flow, Some(text.to_owned()))
        }
        Err(refusal) => visit.refused(&refusal),
    }
}

/// Shows recovery codes, once, to a person who has none: whoever loses the one device is not locked out. Then on.
async fn hand_out_codes(visit: &Visit, flow: &Flow, enrolling: &Enrolling) -> Response {
    let (permit, user) = (&enrolling.permit, &enrolling.person.id);
    match visit.cell.make_first_recovery_codes(permit, user).await {
        Ok(Some(codes)) => visit.page(&RecoveryCodesPage {
            shell: visit.gate_shell(),
            codes: codes.iter().map(|code| code.expose().clone()).collect(),
            continue_to: String::from(ENROLL_PATH),
        }),
        Ok(None) => go_on(visit, flow).await,
        Err(refusal) => visit.refused(&refusal),
    }
}

/// `GET /signin/enroll/totp`.
pub async fn show_totp(visit: Visit) -> Response {
    match load(&visit).await {
        Ok((flow, enrolling)) => totp_page(&visit, &flow, &enrolling, Input::default()).await,
        Err(response) => response,
    }
}

async fn totp_page(visit: &Visit, flow: &Flow, enrolling: &Enrolling, code: Input) -> Response {
    let (permit, person) = (&enrolling.permit, &enrolling.person);
    let seed = match visit.cell.begin_totp(permit, &person.id).await {
        Ok(begun) => begun.seed,
        Err(refusal) => return visit.refused(&refusal),
    };
    let Some(picture) = draw(&seed, &visit.context.name, &person.login) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    visit.page(&EnrollTotpPage {
        shell: visit.gate_shell(),
        identifier: flow.state.identifier.clone(),
        picture,
        secret: in_groups(seed.to_base32().expose()),
        code,
    })
}

/// The address of a seed as a picture.
pub(crate) fn draw(seed: &TotpSeed, issuer: &str, account: &str) -> Option<QrPicture> {
    let uri = seed.to_uri(issuer, account);
    let grid = identity::totp::qr::render_qr(uri.expose()).ok()?;
    Some(QrPicture::from_path(grid.side, grid.path, issuer))
}

/// Groups of four, for typing.
pub(crate) fn in_groups(secret: &str) -> String {
    let characters: Vec<char> = secret.chars().collect();
    let groups: Vec<String> = characters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}

/// `POST /signin/enroll/totp`.
pub async fn answer_totp(visit: Visit) -> Response {
    let (mut flow, enrolling) = match load(&visit).await {
        Ok(loaded) => loaded,
        Err(response) => return response,
    };
    let code = visit.field("code").to_owned();
    match visit
        .cell
        .finish_enroll_totp(&enrolling, &mut flow, &code, &visit.facts)
        .await
    {
        Ok(()) => hand_out_codes(&visit, &flow, &enrolling).await,
        Err(Refusal::Invalid { .. }) => {
            let text = visit.shell().t.signin.wrong_code;
            totp_page(&visit, &flow, &enrolling, Input::default().refused(text)).await
        }
        Err(refusal) => visit.refused(&refusal),
    }
}

/// `GET /signin/new-password`.
pub async fn show_new_password(visit: Visit) -> Response {
    match load_flow(&visit).await {
        Ok(flow) => new_password_page(&visit, &flow, Input::default(), Input::default()),
        Err(response) => response,
    }
}

fn new_password_page(
    visit: &Visit,
    flow: &Flow,
    password: Input,
    password_again: Input,
) -> Response {
    visit.page(&NewPasswordPage {
        shell: visit.gate_shell(),
        why: NewPasswordWhy::Demanded,
        login: flow.state.identifier.clone(),
        rules: super::link::password_rules(visit),
        password,
        password_again,
        code: None,
        action: String::from("/signin/new-password"),
        hidden: Vec::new(),
        may_lose_passkeys: false,
    })
}

/// `POST /signin/new-password`.
pub async fn answer_new_password(visit: Visit) -> Response {
    let mut flow = match load_flow(&visit).await {
        Ok(flow) => flow,
        Err(response) => return response,
    };
    if visit.field("password") != visit.field("password_again") {
        let again = Input::default().refused(visit.shell().t.begin.password_differs);
        return new_password_page(&visit, &flow, Input::default(), again);
    }
    let password = Secret::new(visit.field("password").to_owned());
    match visit
        .cell
        .replace_password(&visit.snapshot, &mut flow, password, &visit.facts)
        .await
    {
        Ok(_) => go_on(&visit, &flow).await,
        Err(PasswordRefusal::Fault(fault)) => visit.failed(&fault),
        Err(refusal) => {
            let input = Input::default().refused(super::link::explain(&visit, &refusal));
            new_password_page(&visit, &flow, input, Input::default())
        }
    }
}
