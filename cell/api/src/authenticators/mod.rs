//! Authenticators: what the settings of the org make of passwords, passkeys, authenticator apps and mail. Every org has these
//! four; what it does not take counts nowhere. Printed codes are none of them on the wire: they stand in for something lost.

pub(crate) mod described;
pub mod methods;

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::policies::take_active;
use crate::reply::Reply;
use crate::shown::{moment, status_of};
use identity::credential::one_time::CODE_SECS;
use identity::fault::{Fault, Refusal};
use identity::org::Org;
use identity::sign_on::means::{Means, UntakenMeans, authenticator_id};
use serde_json::{Value, json};
use vocab::id::OrgId;

/// What is shown of one, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 4] = ["id", "created", "lastUpdated", "_links"];
/// Why a password is always one.
const PASSWORDS: &str = "passwords are always there; a rule of a policy says where none suffices";

/// An authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Password,
    Passkey,
    Totp,
    Email,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Password, Self::Passkey, Self::Totp, Self::Email];

    /// Its name among programs.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Password => "okta_password",
            Self::Passkey => "webauthn",
            Self::Totp => "google_otp",
            Self::Email => "okta_email",
        }
    }

    /// Its name among people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Password => "Password",
            Self::Passkey => "Passkeys",
            Self::Totp => "Authenticator app",
            Self::Email => "Email",
        }
    }

    const fn type_word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey => "security_key",
            Self::Totp => "app",
            Self::Email => "email",
        }
    }

    /// The one way in which it is used.
    pub(crate) const fn method(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey => "webauthn",
            Self::Totp => "otp",
            Self::Email => "email",
        }
    }

    /// What it is made of that an org takes or not.
    const fn means(self) -> &'static [Means] {
        match self {
            Self::Password => &[],
            Self::Passkey => &[Means::Passkey],
            Self::Totp => &[Means::Totp],
            Self::Email => &[Means::EmailCode, Means::MailedRecovery],
        }
    }

    /// The id: it follows from the org's, since a setting has none of its own.
    pub(crate) fn id(self, org: &OrgId) -> String {
        authenticator_id(org, self.key())
    }

    pub(crate) fn is_active(self, untaken: &UntakenMeans) -> bool {
        let means = self.means();
        means.is_empty() || means.iter().any(|means| untaken.takes(*means))
    }
}

/// What mail is used for, in the word of the wire.
fn allowed_for(untaken: &UntakenMeans) -> &'static str {
    match (
        untaken.takes(Means::EmailCode),
        untaken.takes(Means::MailedRecovery),
    ) {
        (true, true) => "any",
        (true, false) => "sso",
        (false, true) => "recovery",
        (false, false) => "none",
    }
}

/// The words for what mail may be used for.
pub(crate) const ALLOWED_FOR: [&str; 4] = ["any", "none", "recovery", "sso"];

fn parse_allowed_for(word: &str) -> Option<[(Means, bool); 2]> {
    let (codes, links) = match word {
        "any" => (true, true),
        "sso" => (true, false),
        "recovery" => (false, true),
        "none" => (false, false),
        _ => return None,
    };
    Some([(Means::EmailCode, codes), (Means::MailedRecovery, links)])
}

/// How many minutes a code by mail is good.
pub(crate) const fn code_minutes() -> i64 {
    CODE_SECS / 60
}

/// The org as it is stored now: what was changed a moment ago is seen.
async fn load_org(call: &Call) -> Result<Org, ApiError> {
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    let org = identity::org::store::load(&mut tx, &call.context.org).await?;
    Ok(org.ok_or(Refusal::NotFound)?)
}

/// The authenticator that the path names.
///
/// # Errors
/// [`ApiError`] if this org has none such.
pub(crate) fn find(call: &Call) -> Result<Kind, ApiError> {
    let named = call.parameter("id");
    let mut kinds = Kind::ALL.into_iter();
    let found = kinds.find(|kind| kind.id(&call.context.org) == named);
    found.ok_or_else(|| ApiError::not_found(Thing::Authenticator, named))
}

/// `GET /api/v1/authenticators`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let org = load_org(&call).await?;
    let shown = Kind::ALL.into_iter().map(|kind| render(&call, &org, kind));
    Ok(Reply::of(Value::Array(shown.collect())))
}

/// `GET /api/v1/authenticators/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let kind = find(&call)?;
    Ok(Reply::of(render(&call, &load_org(&call).await?, kind)))
}

/// `PUT /api/v1/authenticators/{id}`: of mail, what it is used for; all else can only be repeated.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let kind = find(&call)?;
    let org = load_org(&call).await?;
    let fields = Fields::parse(call.json()?)?;
    let active = kind.is_active(&org.settings.untaken_means);
    if let Some(wanted) = parse(fields, kind, active)? {
        change(&call, &wanted).await?;
    }
    Ok(Reply::of(render(&call, &load_org(&call).await?, kind)))
}

fn parse(
    mut fields: Fields,
    kind: Kind,
    active: bool,
) -> Result<Option<[(Means, bool); 2]>, ApiError> {
    fields.ignore_read_only(&READ_ONLY);
    fields.take_only("key", &[kind.key()], "it keeps its key")?;
    fields.take_only("type", &[kind.type_word()], "it keeps its type")?;
    fields.take_only("name", &[kind.name()], "it keeps its name")?;
    take_active(&mut fields, Some(active))?;
    let settings = match kind {
        Kind::Email => fields.take_object("settings")?,
        Kind::Password | Kind::Passkey | Kind::Totp => None,
    };
    let mut wanted = None;
    if let Some(mut settings) = settings {
        if let Some(word) = settings.take_text("allowedFor")? {
            let unknown = || settings.refusal("allowedFor", &ALLOWED_FOR.join(", "));
            wanted = Some(parse_allowed_for(&word).ok_or_else(unknown)?);
        }
        let minutes = settings.take_number("tokenLifetimeInMinutes")?;
        if minutes.is_some_and(|minutes| minutes != code_minutes()) {
            let problem = format!("a code is good for {} minutes", code_minutes());
            return Err(settings.refusal("tokenLifetimeInMinutes", &problem));
        }
        settings.end()?;
    }
    fields.end()?;
    Ok(wanted)
}

/// `POST …/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    let kind = find(&call)?;
    switch(&call, kind, true).await?;
    Ok(Reply::of(render(&call, &load_org(&call).await?, kind)))
}

/// `POST …/lifecycle/deactivate`.
///
/// # Errors
/// [`ApiError`] as every operation, above all while a policy asks for what nobody could prove then.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    let kind = find(&call)?;
    switch(&call, kind, false).await?;
    Ok(Reply::of(render(&call, &load_org(&call).await?, kind)))
}

/// Takes all of it, or nothing. What is used for something already is active as it is.
pub(crate) async fn switch(call: &Call, kind: Kind, active: bool) -> Result<(), ApiError> {
    if kind == Kind::Password {
        return match active {
            true => Ok(()),
            false => Err(ApiError::invalid("authenticator", PASSWORDS)),
        };
    }
    let settings = load_org(call).await?.settings;
    if kind.is_active(&settings.untaken_means) == active {
        return Ok(());
    }
    // Mail is used again for what it was used for.
    let means = kind.means().iter();
    let wanted: Vec<(Means, bool)> = means
        .map(|means| (*means, active && settings.mail_kept_off.takes(*means)))
        .collect();
    change(call, &wanted).await
}

async fn change(call: &Call, wanted: &[(Means, bool)]) -> Result<(), ApiError> {
    Ok(call.cell.change_means(&call.permit, wanted).await?)
}

pub(crate) fn href(call: &Call, kind: Kind) -> String {
    call.href(&format!(
        "/api/v1/authenticators/{}",
        kind.id(&call.context.org)
    ))
}

/// The link that switches something; passwords have none.
pub(crate) fn step_link(kind: Kind, href: &str, active: bool) -> Option<(&'static str, Value)> {
    let step = if active { "deactivate" } else { "activate" };
    let link =
        json!({ "href": format!("{href}/lifecycle/{step}"), "hints": { "allow": ["POST"] } });
    (kind != Kind::Password).then_some((step, link))
}

fn render(call: &Call, org: &Org, kind: Kind) -> Value {
    let (untaken, href) = (&org.settings.untaken_means, href(call, kind));
    let active = kind.is_active(untaken);
    let settings = (kind == Kind::Email).then(
        || json!({ "allowedFor": allowed_for(untaken), "tokenLifetimeInMinutes": code_minutes() }),
    );
    let mut links = json!({
        "self": { "href": href, "hints": { "allow": ["GET", "PUT"] } },
        "methods": { "href": format!("{href}/methods"), "hints": { "allow": ["GET"] } },
    });
    if let Some((step, link)) = step_link(kind, &href, active) {
        links[step] = link;
    }
    json!({
        "id": kind.id(&org.id),
        "key": kind.key(),
        "type": kind.type_word(),
        "name": kind.name(),
        "status": status_of(active),
        "created": moment(Some(org.created_at)),
        "lastUpdated": moment(Some(org.updated_at)),
        "settings": settings,
        "_links": links,
    })
}

#[cfg(test)]
mod tests {
    use super::{ALLOWED_FOR, Kind, allowed_for, parse, parse_allowed_for};
    use crate::body::Fields;
    use identity::sign_on::means::UntakenMeans;
    use serde_json::{Value, json};

    #[test]
    fn what_mail_is_used_for_is_said_as_it_was_asked_for() {
        for word in ALLOWED_FOR {
            let means = UntakenMeans::default().with(&parse_allowed_for(word).unwrap());
            assert_eq!(allowed_for(&means), word);
            assert_eq!(Kind::Email.is_active(&means), word != "none");
            assert!(Kind::Password.is_active(&means) && Kind::Passkey.is_active(&means));
        }
        for kind in Kind::ALL {
            for means in kind.means() {
                assert_eq!(
                    (means.key(), means.authenticator()),
                    (kind.key(), kind.name())
                );
            }
        }
        assert!(parse_allowed_for("ALL").is_none());
    }

    #[test]
    fn what_cannot_be_changed_can_only_be_repeated() {
        let read = |kind: Kind, body: Value| {
            let fields = Fields::parse(body.to_string().as_bytes()).unwrap();
            parse(fields, kind, true)
        };
        let repeated = json!({ "key": "okta_email", "type": "email", "name": "Email", "status": "ACTIVE", "id": "x" });
        assert!(read(Kind::Email, repeated).unwrap().is_none());
        for (kind, body) in [
            (Kind::Email, json!({ "key": "webauthn" })),
            (Kind::Email, json!({ "name": "Post" })),
            (Kind::Email, json!({ "status": "INACTIVE" })),
            (Kind::Email, json!({ "settings": { "allowedFor": "all" } })),
            (
                Kind::Email,
                json!({ "settings": { "tokenLifetimeInMinutes": 1 } }),
            ),
            (Kind::Email, json!({ "settings": { "compliance": {} } })),
            (
                Kind::Passkey,
                json!({ "settings": { "allowedFor": "any" } }),
            ),
            (Kind::Totp, json!({ "provider": {} })),
            (Kind::Password, json!({ "agreeToTerms": true })),
        ] {
            assert!(read(kind, body.clone()).is_err(), "{kind:?} {body}");
        }
    }
}
