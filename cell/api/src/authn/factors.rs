//! A second proof, and an authenticator app that is enrolled because the policy wants one.

use crate::authn::open::OpenCall;
use crate::authn::render::{Shown, wire_name};
use crate::authn::{Transaction, judge};
use crate::body::Fields;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::reply::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::credential::totp::BegunTotp;
use identity::fault::Refusal;
use identity::sign_in::Step;
use identity::sign_in::factors::SignInFactor;
use identity::sign_in::prove::Typed;
use identity::sign_on::AuthenticatorKind;
use identity::totp::TotpSeed;
use identity::totp::qr::render_qr;
use serde_json::{Value, json};

/// Seconds that a code counts, and its digits (RFC 6238 section 4, RFC 4226 section 5.3).
pub(crate) const TOTP_STEP_SECS: u32 = 30;
const TOTP_DIGITS: u32 = 6;

/// `POST /api/v1/authn/factors/{factor}/verify`: without an answer, the question is asked.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn verify(call: OpenCall) -> Result<Reply, ApiError> {
    let mut fields = call.fields()?;
    let mut transaction = Transaction::load(&call, &mut fields).await?;
    let code = fields.take_text("passCode")?;
    let assertion = take_assertion(&mut fields)?;
    // Devices are remembered by our own pages alone.
    fields.ignore_read_only(&["rememberDevice", "autoPush"]);
    fields.end()?;
    let factor = find(&call, &transaction).await?;
    match (factor.kind, code, assertion) {
        (AuthenticatorKind::Totp, Some(code), None) => {
            type_in(&call, &mut transaction, Typed::Totp(code)).await?;
        }
        (AuthenticatorKind::EmailCode, Some(code), None) => {
            type_in(&call, &mut transaction, Typed::EmailCode(code)).await?;
        }
        (AuthenticatorKind::EmailCode, None, None) => {
            return send(&call, &mut transaction, factor).await;
        }
        (AuthenticatorKind::Passkey(_), None, None) => {
            return challenge(&call, &mut transaction, factor).await;
        }
        (AuthenticatorKind::Passkey(_), None, Some(assertion)) => {
            let answer = assertion.render(&factor);
            let flow = &mut transaction.flow;
            let proved = call
                .cell
                .prove_passkey(&call.context, flow, &answer, &call.facts);
            judge(proved.await?, ErrorCode::PassCode)?;
        }
        (AuthenticatorKind::Totp, None, None) => {
            return transaction
                .reply(&call, &Shown::Challenge(factor, None))
                .await;
        }
        _ => {
            return Err(ApiError::invalid(
                "passCode",
                "it is no answer of this factor",
            ));
        }
    }
    transaction.show(&call).await
}

/// The factor that the path names, if it counts now.
async fn find(call: &OpenCall, transaction: &Transaction) -> Result<SignInFactor, ApiError> {
    let Step::Prove(kinds) = transaction.step(call).await? else {
        return Err(ApiError::of(ErrorCode::Forbidden));
    };
    let rp_id = &call.context.rp_id;
    let factors = call
        .cell
        .sign_in_factors(&transaction.flow, &kinds, rp_id)
        .await?;
    let named = call.parameter("factor");
    let found = factors.into_iter().find(|factor| factor.id == named);
    found.ok_or_else(|| ApiError::not_found(Thing::Factor, named))
}

async fn type_in(
    call: &OpenCall,
    transaction: &mut Transaction,
    typed: Typed,
) -> Result<(), ApiError> {
    let flow = &mut transaction.flow;
    let attempt = call
        .cell
        .prove_typed(&call.snapshot, flow, typed, &call.facts);
    judge(attempt.await?, ErrorCode::PassCode)
}

async fn send(
    call: &OpenCall,
    transaction: &mut Transaction,
    factor: SignInFactor,
) -> Result<Reply, ApiError> {
    let flow = &mut transaction.flow;
    let sent = call.cell.send_code(&call.snapshot, flow, &call.facts);
    match sent.await? {
        Ok(()) => {
            transaction
                .reply(call, &Shown::Challenge(factor, None))
                .await
        }
        Err(wait) => Err(ApiError::slow(wait.secs)),
    }
}

async fn challenge(
    call: &OpenCall,
    transaction: &mut Transaction,
    factor: SignInFactor,
) -> Result<Reply, ApiError> {
    let flow = &mut transaction.flow;
    let options = match call.cell.begin_passkey(&call.context, flow).await {
        Err(Refusal::WrongState(why)) => {
            return Err(ApiError::because(ErrorCode::Unsupported, why));
        }
        other => other?,
    };
    let options: Value = serde_json::from_str(&options).unwrap_or_default();
    let asked = options.get("publicKey").unwrap_or(&options);
    let challenge = json!({
        "challenge": asked.get("challenge"),
        "userVerification": asked.get("userVerification"),
        "extensions": {},
    });
    transaction
        .reply(call, &Shown::Challenge(factor, Some(challenge)))
        .await
}

/// The answer of an authenticator, as clients of this API send it: three texts in base64url (Web Authentication Level 2,
/// section 5.2.2).
#[derive(Debug)]
struct Assertion {
    client_data: String,
    authenticator_data: String,
    signature: String,
}

fn take_assertion(fields: &mut Fields) -> Result<Option<Assertion>, ApiError> {
    let client_data = fields.take_text("clientData")?;
    let authenticator_data = fields.take_text("authenticatorData")?;
    let signature = fields.take_text("signatureData")?;
    match (client_data, authenticator_data, signature) {
        (None, None, None) => Ok(None),
        (Some(client_data), Some(authenticator_data), Some(signature)) => Ok(Some(Assertion {
            client_data,
            authenticator_data,
            signature,
        })),
        _ => Err(ApiError::invalid(
            "clientData",
            "it goes together with authenticatorData and signatureData",
        )),
    }
}

impl Assertion {
    /// As browsers write it (Web Authentication Level 3, section 5.5.6).
    fn render(&self, factor: &SignInFactor) -> String {
        let id = factor.credential_id.as_deref().unwrap_or_default();
        let url = |text: &str| {
            text.trim_end_matches('=')
                .replace('+', "-")
                .replace('/', "_")
        };
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "response": {
                "clientDataJSON": url(&self.client_data),
                "authenticatorData": url(&self.authenticator_data),
                "signature": url(&self.signature),
            },
            "extensions": {},
        })
        .to_string()
    }
}

/// `POST /api/v1/authn/factors`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn enroll(call: OpenCall) -> Result<Reply, ApiError> {
    let mut fields = call.fields()?;
    let transaction = Transaction::load(&call, &mut fields).await?;
    let kind = fields.take_text("factorType")?.unwrap_or_default();
    // Every app that follows RFC 6238 is the same to us, whoever made it.
    fields.ignore_read_only(&["provider", "vendorName"]);
    fields.end()?;
    let offered = match transaction.step(&call).await? {
        Step::Enroll(kinds) => kinds.contains(&AuthenticatorKind::Totp),
        _ => return Err(ApiError::of(ErrorCode::Forbidden)),
    };
    let is_totp = wire_name(AuthenticatorKind::Totp).is_some_and(|(name, _)| name == kind);
    if !(offered && is_totp) {
        let problem = "here an authenticator app can be enrolled, where the policy asks for one: token:software:totp";
        return Err(ApiError::invalid("factorType", problem));
    }
    let flow = &transaction.flow;
    let enrolling = call
        .cell
        .enrolling_person(&call.snapshot, flow, &call.facts)
        .await?;
    let BegunTotp { id, seed } = call
        .cell
        .begin_totp(&enrolling.permit, &enrolling.person.id)
        .await?;
    let account = &enrolling.person.login;
    let factor = render_activation(id.as_str(), &seed, &call.context.name, account);
    transaction.reply(&call, &Shown::Activate(factor)).await
}

/// What a kind is called on the wire; every kind that is shown has a name there.
pub(crate) fn wire_factor(kind: AuthenticatorKind) -> (&'static str, &'static str) {
    wire_name(kind).unwrap_or_default()
}

/// An authenticator app that is being enrolled, with what it must know.
pub(crate) fn render_activation(id: &str, seed: &TotpSeed, issuer: &str, account: &str) -> Value {
    let address = seed.to_uri(issuer, account);
    let picture = render_qr(address.expose()).map(|picture| {
        let drawn = STANDARD.encode(picture.to_svg(issuer));
        let href = format!("data:image/svg+xml;base64,{drawn}");
        json!({ "qrcode": { "href": href, "type": "image/svg+xml" } })
    });
    let (kind, provider) = wire_factor(AuthenticatorKind::Totp);
    json!({
        "id": id,
        "factorType": kind,
        "provider": provider,
        "profile": { "credentialId": account },
        "_embedded": { "activation": {
            "timeStep": TOTP_STEP_SECS,
            "sharedSecret": seed.to_base32().expose(),
            "encoding": "base32",
            "keyLength": TOTP_DIGITS,
            "_links": picture.ok(),
        } },
    })
}

/// `POST /api/v1/authn/factors/{factor}/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: OpenCall) -> Result<Reply, ApiError> {
    let mut fields = call.fields()?;
    let mut transaction = Transaction::load(&call, &mut fields).await?;
    let code = fields.take_text("passCode")?.unwrap_or_default();
    fields.end()?;
    let flow = &transaction.flow;
    let enrolling = match call
        .cell
        .enrolling_person(&call.snapshot, flow, &call.facts)
        .await
    {
        Err(Refusal::Forbidden) => return Err(ApiError::of(ErrorCode::Forbidden)),
        other => other?,
    };
    let named = call.parameter("factor");
    let pending = call
        .cell
        .pending_totp(&enrolling.permit, &enrolling.person.id);
    if pending.await?.is_none_or(|id| id.as_str() != named) {
        return Err(ApiError::not_found(Thing::Factor, named));
    }
    let flow = &mut transaction.flow;
    match call
        .cell
        .finish_enroll_totp(&enrolling, flow, &code, &call.facts)
        .await
    {
        Err(Refusal::Invalid { .. }) => return Err(ApiError::of(ErrorCode::PassCode)),
        other => other?,
    }
    transaction.show(&call).await
}
