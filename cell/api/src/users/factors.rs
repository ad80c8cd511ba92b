//! Means of proof of a person as an administrator sees and changes them: the authenticator app, passkeys, and the mail
//! address, to which a code can go. A password is none of these on the wire.

use crate::authn::factors::{render_activation, wire_factor};
use crate::authn::render::wire_name;
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::reply::Reply;
use identity::credential::store::{self, StoredPasskey, StoredTotp};
use identity::credential::totp::{BegunTotp, ENROLMENT_SECS};
use identity::fault::{Fault, Refusal};
use identity::person::Person;
use identity::sign_in::factors::email_factor_id;
use identity::sign_in::prove::Attempt;
use identity::sign_on::{AuthenticatorKind, PasskeyStorage};
use serde_json::{Value, json};
use vocab::time::Timestamp;

/// Why a passkey is not made here.
const OWN_PAGES: &str = "factorType: a passkey is enrolled by its person, at the pages of its host";
/// Why a mail address is not enrolled or taken away.
const ALWAYS: &str = "the mail address of the account is one as long as there is one";

/// A means of proof.
enum Factor {
    Email,
    Totp(StoredTotp),
    Passkey(Box<StoredPasskey>),
}

impl Factor {
    fn id(&self, person: &Person) -> String {
        match self {
            Self::Email => email_factor_id(&person.id),
            Self::Totp(totp) => totp.id.to_string(),
            Self::Passkey(passkey) => passkey.id.to_string(),
        }
    }

    const fn kind(&self) -> AuthenticatorKind {
        match self {
            Self::Email => AuthenticatorKind::EmailCode,
            Self::Totp(_) => AuthenticatorKind::Totp,
            Self::Passkey(_) => AuthenticatorKind::Passkey(PasskeyStorage::Synced),
        }
    }
}

/// `GET /api/v1/users/{id}/factors`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let factors = load_all(&call, &person).await?;
    let factors: Vec<Value> = factors
        .iter()
        .map(|factor| render(&call, &person, factor))
        .collect();
    Ok(Reply::of(Value::from(factors)))
}

async fn load_all(call: &Call, person: &Person) -> Result<Vec<Factor>, Fault> {
    let (org, user, now) = (&person.org_id, &person.id, call.now());
    let mut tx = call.cell.database.read().await?;
    let apps = store::load_totp(&mut tx, org, user).await?;
    let passkeys = store::load_passkeys(&mut tx, org, user).await?;
    let counts = |totp: &StoredTotp| {
        totp.confirmed_at.is_some() || now.secs_since(totp.created_at) < ENROLMENT_SECS
    };
    let apps = apps.into_iter().filter(counts).map(Factor::Totp);
    let passkeys = passkeys.into_iter().map(Box::new).map(Factor::Passkey);
    let mail = (!person.email.is_empty()).then_some(Factor::Email);
    Ok(mail.into_iter().chain(apps).chain(passkeys).collect())
}

/// The person and the means of proof that the path names.
async fn load(call: &Call) -> Result<(Person, Factor), ApiError> {
    let person = call.user("id").await?.person;
    let named = call.parameter("factor");
    let mut factors = load_all(call, &person).await?.into_iter();
    let found = factors.find(|factor| factor.id(&person) == named);
    let found = found.ok_or_else(|| ApiError::not_found(Thing::Factor, named))?;
    Ok((person, found))
}

/// `GET /api/v1/users/{id}/factors/{factor}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let (person, factor) = load(&call).await?;
    Ok(Reply::of(render(&call, &person, &factor)))
}

/// `GET /api/v1/users/{id}/factors/catalog`: what the person can enrol, here or at a sign-in.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn catalog(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let present = load_all(&call, &person).await?;
    let has = |wanted: AuthenticatorKind| {
        present.iter().any(|factor| match factor {
            Factor::Totp(totp) => wanted == AuthenticatorKind::Totp && totp.confirmed_at.is_some(),
            other => wire_name(other.kind()) == wire_name(wanted),
        })
    };
    let enroll = call.href(&format!("/api/v1/users/{}/factors", person.id));
    let supported = [
        (AuthenticatorKind::Totp, true),
        (AuthenticatorKind::Passkey(PasskeyStorage::Synced), false),
        (AuthenticatorKind::EmailCode, false),
    ];
    let untaken = &call.snapshot.org.settings.untaken_means;
    let supported: Vec<Value> = supported
        .into_iter()
        .filter(|(kind, _)| untaken.counts(*kind))
        .filter_map(|(kind, is_enrolled_here)| {
            let (factor_type, provider) = wire_name(kind)?;
            let link = json!({ "href": enroll, "hints": { "allow": ["POST"] } });
            Some(json!({
                "factorType": factor_type,
                "provider": provider,
                "vendorName": provider,
                "status": if has(kind) { "ACTIVE" } else { "NOT_SETUP" },
                "enrollment": "OPTIONAL",
                "_links": is_enrolled_here.then(|| json!({ "enroll": link })),
            }))
        })
        .collect();
    Ok(Reply::of(Value::from(supported)))
}

/// `GET /api/v1/users/{id}/factors/questions`: nobody proves who they are by an answer that others can find out.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn questions(call: Call) -> Result<Reply, ApiError> {
    call.user("id").await?;
    Ok(Reply::of(Value::Array(Vec::new())))
}

/// `POST /api/v1/users/{id}/factors`: begins the enrolment of an authenticator app, whose secret is shown this once.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was begun.
pub async fn enroll(call: Call) -> Result<Reply, ApiError> {
    if call.query.flag("activate", false)? {
        let problem = "an app is activated by the first code that it shows";
        return Err(ApiError::invalid("activate", problem));
    }
    let person = call.user("id").await?.person;
    let mut fields = Fields::parse(call.json()?)?;
    let kind = fields.take_text("factorType")?.unwrap_or_default();
    decide_enrolment(&kind)?;
    // Every app that follows RFC 6238 is the same to us, whoever made it.
    fields.take_only("provider", &["GOOGLE", "OKTA"], "use GOOGLE or OKTA")?;
    fields.ignore_read_only(&["vendorName"]);
    fields.end()?;
    let is_confirmed = |factor: &Factor| match factor {
        Factor::Totp(totp) => totp.confirmed_at.is_some(),
        _ => false,
    };
    if load_all(&call, &person).await?.iter().any(is_confirmed) {
        let problem = "A factor of this type is already set up.";
        return Err(ApiError::invalid("factorType", problem));
    }
    let BegunTotp { id, seed } = call.cell.begin_totp(&call.permit, &person.id).await?;
    let factors = load_all(&call, &person).await?;
    let begun = factors
        .iter()
        .find(|factor| factor.id(&person) == id.as_str());
    let mut shown = begun
        .map(|factor| render(&call, &person, factor))
        .ok_or(ApiError::of(ErrorCode::Internal))?;
    let mut activation = render_activation(id.as_str(), &seed, &call.context.name, &person.login);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert(String::from("_embedded"), activation["_embedded"].take());
    }
    Ok(Reply::of(shown))
}

/// Which kinds can be enrolled here, and why not the others.
fn decide_enrolment(kind: &str) -> Result<(), ApiError> {
    match kind {
        "token:software:totp" => Ok(()),
        "webauthn" | "u2f" => Err(ApiError::because(ErrorCode::Unsupported, OWN_PAGES)),
        "email" => Err(ApiError::invalid("factorType", ALWAYS)),
        "question" | "sms" | "call" | "push" | "token" | "token:hardware" | "token:hotp"
        | "signed_nonce" | "web" => {
            let cause = "factorType: nobody proves who they are by that here";
            Err(ApiError::because(ErrorCode::Unsupported, cause))
        }
        _ => Err(ApiError::invalid("factorType", "use token:software:totp")),
    }
}

/// `POST …/lifecycle/activate`: by the first code that the app shows.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    let (person, factor) = load(&call).await?;
    let code = parse_code(call.json()?)?;
    match factor {
        Factor::Totp(totp) if totp.confirmed_at.is_none() => {}
        _ => return Err(ApiError::because(ErrorCode::UserStatus, "it is active")),
    }
    let code = code.unwrap_or_default();
    match call
        .cell
        .confirm_totp(&call.permit, &person.id, &code)
        .await
    {
        Err(Refusal::Invalid { .. }) => return Err(ApiError::of(ErrorCode::PassCode)),
        other => other?,
    }
    let (person, factor) = load(&call).await?;
    Ok(Reply::of(render(&call, &person, &factor)))
}

/// `POST …/verify`: whether the person who reads a code out has the app. The code is used up.
///
/// # Errors
/// [`ApiError`] as every operation; [`ErrorCode::PassCode`] for a wrong one.
pub async fn verify(call: Call) -> Result<Reply, ApiError> {
    let (person, factor) = load(&call).await?;
    let code = parse_code(call.json()?)?;
    match factor {
        Factor::Totp(totp) if totp.confirmed_at.is_some() => {}
        Factor::Totp(_) => {
            let cause = "it is not activated yet";
            return Err(ApiError::because(ErrorCode::UserStatus, cause));
        }
        Factor::Email | Factor::Passkey(_) => {
            let cause = "this is proved at a sign-in alone";
            return Err(ApiError::because(ErrorCode::Unsupported, cause));
        }
    }
    let code = code.ok_or_else(|| ApiError::invalid("passCode", "it is required"))?;
    let attempt = call.cell.verify_totp_for(&call.permit, &person.id, &code);
    match attempt.await? {
        Attempt::Right => Ok(Reply::of(json!({ "factorResult": "SUCCESS" }))),
        Attempt::Wrong | Attempt::ModelRefused => Err(ApiError::of(ErrorCode::PassCode)),
        Attempt::Slow { retry_after_secs } => Err(ApiError::slow(retry_after_secs)),
        // Nobody signs in here.
        Attempt::Threat => Err(ApiError::of(ErrorCode::Forbidden)),
    }
}

fn parse_code(bytes: &[u8]) -> Result<Option<String>, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    let code = fields.take_text("passCode")?;
    fields.end()?;
    Ok(code)
}

/// `DELETE /api/v1/users/{id}/factors/{factor}`: as the pages of the administration take it away.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn remove(call: Call) -> Result<Reply, ApiError> {
    call.query.flag("removeRecoveryEnrollment", false)?;
    let (person, factor) = load(&call).await?;
    match factor {
        Factor::Email => return Err(ApiError::because(ErrorCode::UserStatus, ALWAYS)),
        Factor::Totp(_) => call.cell.remove_totp(&call.permit, &person.id).await?,
        Factor::Passkey(passkey) => {
            let removed = call
                .cell
                .remove_passkey(&call.permit, &person.id, &passkey.id);
            removed.await?;
        }
    }
    Ok(Reply::empty())
}

/// `POST /api/v1/users/{id}/lifecycle/reset_factors`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn reset(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    call.cell.reset_factors(&call.permit, &person.id).await?;
    Ok(Reply::done())
}

fn render(call: &Call, person: &Person, factor: &Factor) -> Value {
    let id = factor.id(person);
    let href = call.href(&format!("/api/v1/users/{}/factors/{id}", person.id));
    let step =
        |path: &str| json!({ "href": format!("{href}/{path}"), "hints": { "allow": ["POST"] } });
    let (created, updated): (Timestamp, Option<Timestamp>) = match factor {
        Factor::Email => (person.created_at, None),
        Factor::Totp(totp) => (totp.created_at, totp.confirmed_at),
        Factor::Passkey(passkey) => (passkey.created_at, passkey.last_used_at),
    };
    let (profile, allowed) = match factor {
        Factor::Email => (json!({ "email": person.email }), json!(["GET"])),
        Factor::Totp(_) => (
            json!({ "credentialId": person.login }),
            json!(["GET", "DELETE"]),
        ),
        Factor::Passkey(passkey) => (
            json!({ "credentialId": passkey.credential_id, "authenticatorName": passkey.name }),
            json!(["GET", "DELETE"]),
        ),
    };
    let (status, activate, verify) = match factor {
        Factor::Totp(totp) if totp.confirmed_at.is_none() => {
            ("PENDING_ACTIVATION", Some(step("lifecycle/activate")), None)
        }
        Factor::Totp(_) => ("ACTIVE", None, Some(step("verify"))),
        Factor::Email | Factor::Passkey(_) => ("ACTIVE", None, None),
    };
    let (kind, provider) = wire_factor(factor.kind());
    json!({
        "id": id,
        "factorType": kind,
        "provider": provider,
        "vendorName": provider,
        "status": status,
        "created": created.to_rfc3339_millis(),
        "lastUpdated": updated.unwrap_or(created).to_rfc3339_millis(),
        "profile": profile,
        "_links": {
            "self": { "href": href, "hints": { "allow": allowed } },
            "activate": activate,
            "verify": verify,
            "user": {
                "href": call.href(&format!("/api/v1/users/{}", person.id)),
                "hints": { "allow": ["GET"] },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::decide_enrolment;
    use crate::error::ErrorCode;

    #[test]
    fn one_kind_is_enrolled_here_and_the_others_are_told_why_not() {
        for (kind, expected) in [
            ("token:software:totp", None),
            ("webauthn", Some(ErrorCode::Unsupported)),
            ("question", Some(ErrorCode::Unsupported)),
            ("sms", Some(ErrorCode::Unsupported)),
            ("push", Some(ErrorCode::Unsupported)),
            ("email", Some(ErrorCode::Validation)),
            ("password", Some(ErrorCode::Validation)),
            ("", Some(ErrorCode::Validation)),
        ] {
            let refused = decide_enrolment(kind).err().map(|error| error.code());
            assert_eq!(refused, expected, "{kind}");
        }
    }
}
