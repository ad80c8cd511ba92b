//! The one way in which each authenticator is used, and what is asked of it. Of passkeys it can be changed which models count;
//! what else is asked is what the product does, and can only be repeated.

use crate::authenticators::{Kind, find, href, load_org, step_link, switch};
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::CHANGE_ATTEMPTS_MAX;
use crate::policies::take_active;
use crate::reply::Reply;
use crate::shown::status_of;
use identity::fault::Refusal;
use identity::org::Org;
use identity::org::settings::{
    Aaguid, Attestation, ExistingPasskeys, OrgSettings, PasskeySettings,
};
use identity::totp::{CODE_DIGITS, STEP_SECS, WINDOW_STEPS};
use serde_json::{Value, json};

/// The words for whether an authenticator must prove its model.
pub(crate) const CONVEYANCE: [&str; 2] = ["NONE", "DIRECT"];
/// The words for what becomes of passkeys that were there before.
pub(crate) const EXISTING: [&str; 2] = ["KEPT", "REFUSED"];
/// A passkey always verifies its person.
pub(crate) const VERIFICATION: &str = "REQUIRED";
/// Wherever it lives.
pub(crate) const ATTACHMENT: &str = "ANY";
/// What authenticator apps in the field do by themselves.
pub(crate) const PROTOCOL: &str = "TOTP";
pub(crate) const ALGORITHM: &str = "HMACSHA1";
pub(crate) const ENCODING: &str = "base32";

/// The method that the path names.
fn find_method(call: &Call) -> Result<Kind, ApiError> {
    let (kind, named) = (find(call)?, call.parameter("method"));
    match kind.method() == named {
        true => Ok(kind),
        false => Err(ApiError::not_found(Thing::AuthenticatorMethod, named)),
    }
}

/// `GET /api/v1/authenticators/{id}/methods`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let kind = find(&call)?;
    let shown = render(&call, &load_org(&call).await?, kind);
    Ok(Reply::of(json!([shown])))
}

/// `GET /api/v1/authenticators/{id}/methods/{method}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let kind = find_method(&call)?;
    Ok(Reply::of(render(&call, &load_org(&call).await?, kind)))
}

/// `PUT /api/v1/authenticators/{id}/methods/{method}`: what it does not name stays.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let kind = find_method(&call)?;
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let org = load_org(&call).await?;
        let fields = Fields::parse(call.json()?)?;
        let passkey = parse(fields, kind, &org.settings)?;
        if passkey == org.settings.passkey {
            return Ok(Reply::of(render(&call, &org, kind)));
        }
        let settings = OrgSettings {
            passkey,
            ..org.settings.clone()
        };
        let name = org.name.clone();
        let changed = call.cell.update_org(&call.permit, org, &name, settings);
        match changed.await {
            Ok(()) => return Ok(Reply::of(render(&call, &load_org(&call).await?, kind))),
            Err(Refusal::Changed) => {}
            Err(refusal) => return Err(refused(refusal)),
        }
    }
    Err(Refusal::Changed.into())
}

/// The reasons of the domain in the words of the wire.
fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Invalid { field, problem } => {
            let place = match field {
                "models" => "settings.attestation.allowedAaguids",
                "roots" => "settings.attestation.rootCertificates",
                "existing" => "settings.attestation.existing",
                other => other,
            };
            ApiError::invalid(place, &problem.to_string())
        }
        other => other.into(),
    }
}

/// `POST …/methods/{method}/lifecycle/activate`: the authenticator has no other, and is switched by it.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    let kind = find_method(&call)?;
    switch(&call, kind, true).await?;
    Ok(Reply::of(render(&call, &load_org(&call).await?, kind)))
}

/// `POST …/methods/{method}/lifecycle/deactivate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    let kind = find_method(&call)?;
    switch(&call, kind, false).await?;
    Ok(Reply::of(render(&call, &load_org(&call).await?, kind)))
}

/// The settings of passkeys that a body asks for; of another method they stay as they are.
fn parse(
    mut fields: Fields,
    kind: Kind,
    present: &OrgSettings,
) -> Result<PasskeySettings, ApiError> {
    fields.ignore_read_only(&["_links"]);
    fields.take_only("type", &[kind.method()], "it keeps its type")?;
    take_active(&mut fields, Some(kind.is_active(&present.untaken_means)))?;
    let passkey = match kind {
        Kind::Passkey => match fields.take_object("settings")? {
            Some(settings) => parse_passkeys(settings, &present.passkey)?,
            None => present.passkey.clone(),
        },
        Kind::Totp => {
            take_totp(&mut fields)?;
            present.passkey.clone()
        }
        Kind::Password | Kind::Email => present.passkey.clone(),
    };
    fields.end()?;
    Ok(passkey)
}

/// What every authenticator app does, which can only be repeated.
fn take_totp(fields: &mut Fields) -> Result<(), ApiError> {
    for (field, word) in [
        ("protocol", PROTOCOL),
        ("algorithm", ALGORITHM),
        ("encoding", ENCODING),
    ] {
        fields.take_only(field, &[word], &format!("it is {word}"))?;
    }
    for (field, number) in totp_numbers() {
        if fields
            .take_number(field)?
            .is_some_and(|asked| asked != number)
        {
            return Err(fields.refusal(field, &format!("it is {number}")));
        }
    }
    Ok(())
}

fn totp_numbers() -> [(&'static str, i64); 3] {
    [
        ("timeIntervalInSeconds", STEP_SECS),
        ("acceptableAdjacentIntervals", WINDOW_STEPS),
        (
            "passCodeLength",
            i64::try_from(CODE_DIGITS).unwrap_or(i64::MAX),
        ),
    ]
}

fn parse_passkeys(
    mut settings: Fields,
    present: &PasskeySettings,
) -> Result<PasskeySettings, ApiError> {
    let verified = "a passkey always verifies its person: REQUIRED";
    for field in ["userVerification", "userVerificationForVerify"] {
        settings.take_only(field, &[VERIFICATION], verified)?;
    }
    let resident = "a passkey is found without a name: REQUIRED";
    settings.take_only("residentKeyRequirement", &[VERIFICATION], resident)?;
    settings.take_only("attachment", &[ATTACHMENT], "wherever it lives: ANY")?;
    let mut wanted = present.clone();
    if let Some(mut attestation) = settings.take_object("attestation")? {
        if let Some(word) = attestation.take_text("conveyance")? {
            wanted.attestation = match word.as_str() {
                "NONE" => Attestation::None,
                "DIRECT" => Attestation::Direct,
                _ => return Err(attestation.refusal("conveyance", &CONVEYANCE.join(" or "))),
            };
        }
        if let Some(word) = attestation.take_text("existing")? {
            wanted.existing = match word.as_str() {
                "KEPT" => ExistingPasskeys::Kept,
                "REFUSED" => ExistingPasskeys::Refused,
                _ => return Err(attestation.refusal("existing", &EXISTING.join(" or "))),
            };
        }
        if let Some(models) = attestation.take_texts("allowedAaguids")? {
            let unknown = || attestation.refusal("allowedAaguids", "use AAGUIDs of models");
            let models = models.iter().map(|text| Aaguid::parse(text));
            let models: Option<Vec<Aaguid>> = models.collect();
            wanted.allowed_aaguids = models.ok_or_else(unknown)?;
        }
        if let Some(roots) = attestation.take_texts("rootCertificates")? {
            wanted.attestation_roots = roots;
        }
        attestation.end()?;
    }
    settings.end()?;
    Ok(wanted)
}

fn render(call: &Call, org: &Org, kind: Kind) -> Value {
    let active = kind.is_active(&org.settings.untaken_means);
    let place = format!("{}/methods/{}", href(call, kind), kind.method());
    let mut shown = json!({
        "type": kind.method(),
        "status": status_of(active),
        "_links": { "self": { "href": place, "hints": { "allow": ["GET", "PUT"] } } },
    });
    if let Some((step, link)) = step_link(kind, &place, active) {
        shown["_links"][step] = link;
    }
    match kind {
        Kind::Password | Kind::Email => {}
        Kind::Totp => {
            shown["protocol"] = Value::from(PROTOCOL);
            shown["algorithm"] = Value::from(ALGORITHM);
            shown["encoding"] = Value::from(ENCODING);
            for (field, number) in totp_numbers() {
                shown[field] = Value::from(number);
            }
        }
        Kind::Passkey => shown["settings"] = render_passkeys(&org.settings.passkey),
    }
    shown
}

fn render_passkeys(settings: &PasskeySettings) -> Value {
    let models: Vec<String> = settings
        .allowed_aaguids
        .iter()
        .map(ToString::to_string)
        .collect();
    json!({
        "userVerification": VERIFICATION,
        "attachment": ATTACHMENT,
        "residentKeyRequirement": VERIFICATION,
        "attestation": {
            "conveyance": match settings.attestation {
                Attestation::None => "NONE",
                Attestation::Direct => "DIRECT",
            },
            "allowedAaguids": models,
            "rootCertificates": settings.attestation_roots,
            "existing": match settings.existing {
                ExistingPasskeys::Kept => "KEPT",
                ExistingPasskeys::Refused => "REFUSED",
            },
        },
    })
}
