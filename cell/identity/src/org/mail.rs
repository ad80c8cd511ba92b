//! The mail server of an org's own. Its password is sealed under the org's key and leaves only towards that server.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::org::{Org, store};
use crate::person::profile::is_mail_address;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledger::{Event, EventType, Outcome, Target};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use vocab::future::boxed;
use vocab::id::OrgId;
use vocab::secret::Secret;

/// Binds the sealed password to its use.
const SEAL_CONTEXT: &str = "org/mail-password";
/// Longest name of a mail server.
const HOST_CHARS_MAX: usize = 253;
/// Longest user name and password at a mail server.
const CREDENTIAL_CHARS_MAX: usize = 256;

/// A mail server, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub security: MailSecurity,
    /// As whom we sign in there; empty for nobody.
    pub username: String,
    /// The password, sealed under the org's key, in base64; empty for none.
    pub sealed_password: String,
    /// The sender's address.
    pub from: String,
}

/// How the connection to a mail server is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// By TLS from the first byte.
    Tls,
    /// By TLS after the greeting, always.
    Starttls,
    /// Not at all: for a server on the same machine.
    None,
}

impl MailSecurity {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Tls, Self::Starttls, Self::None];

    /// The word of storage and forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Starttls => "starttls",
            Self::None => "none",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.as_str() == word)
    }
}

/// A mail server, as an administrator names it.
pub struct MailChange {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub security: MailSecurity,
    /// As whom we sign in there; empty for nobody.
    pub username: String,
    /// The password; none keeps the present one.
    pub password: Option<Secret<String>>,
    /// The sender's address.
    pub from: String,
}

/// What becomes of the stored password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordFate {
    /// The one that is stored stays.
    Kept,
    /// The one that was typed takes its place.
    Replaced,
    /// There is none from now on.
    Dropped,
}

/// A mail server with the password in the clear, for the one who connects to it.
pub struct MailRoute {
    /// The server.
    pub settings: MailSettings,
    /// The password.
    pub password: Option<Secret<String>>,
}

/// Holds a mail server against its bounds and decides what becomes of the password.
///
/// # Errors
/// [`Refusal::Invalid`] naming the field.
pub fn decide_mail(
    change: &MailChange,
    present: Option<&MailSettings>,
) -> Result<PasswordFate, Refusal> {
    if !is_server_name(&change.host) {
        return Err(Refusal::invalid(
            "host",
            "use a host name or an address, for example smtp.example.com",
        ));
    }
    if change.port == 0 {
        return Err(Refusal::invalid("port", "use a port from 1 to 65535"));
    }
    if change.security == MailSecurity::None && !is_this_machine(&change.host) {
        return Err(Refusal::invalid(
            "security",
            "without TLS only a server on this machine can be used",
        ));
    }
    let usable = |text: &str| {
        text.chars().count() <= CREDENTIAL_CHARS_MAX && !text.chars().any(char::is_control)
    };
    if !usable(&change.username) {
        return Err(Refusal::invalid(
            "username",
            "use at most 256 characters on one line",
        ));
    }
    if !is_mail_address(&change.from) {
        return Err(Refusal::invalid("from", "this is not a mail address"));
    }
    decide_password(change, present, usable)
}

/// The stored password goes to the server that it was typed for, and to no other: else whoever may change the settings
/// could have it sent to a server of their own.
fn decide_password(
    change: &MailChange,
    present: Option<&MailSettings>,
    usable: impl Fn(&str) -> bool,
) -> Result<PasswordFate, Refusal> {
    if let Some(password) = &change.password {
        if change.username.is_empty() {
            return Err(Refusal::invalid(
                "username",
                "a password needs a user name beside it",
            ));
        }
        if !usable(password.expose()) {
            return Err(Refusal::invalid(
                "password",
                "use at most 256 characters on one line",
            ));
        }
        return Ok(PasswordFate::Replaced);
    }
    let Some(present) = present.filter(|present| !present.sealed_password.is_empty()) else {
        return Ok(PasswordFate::Dropped);
    };
    if change.username.is_empty() {
        return Ok(PasswordFate::Dropped);
    }
    let same = (
        &present.host,
        present.port,
        present.security,
        &present.username,
    ) == (&change.host, change.port, change.security, &change.username);
    if same {
        Ok(PasswordFate::Kept)
    } else {
        Err(Refusal::invalid(
            "password",
            "type it again: it was stored for another server or user name",
        ))
    }
}

fn is_server_name(host: &str) -> bool {
    let name = host.len() <= HOST_CHARS_MAX
        && !host.starts_with(['-', '.'])
        && !host.ends_with(['-', '.'])
        && !host.contains("..")
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    !host.is_empty() && (name || host.parse::<IpAddr>().is_ok())
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Cell {
    /// Sets the mail server of an org, or removes it. `org` carries the revision that was read.
    ///
    /// # Errors
    /// [`Refusal`], above all [`Refusal::Changed`] for a stale revision.
    #[boxed]
    pub async fn update_mail(
        &self,
        permit: &Permit,
        org: Org,
        change: Option<MailChange>,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        if org.id != *permit.org() {
            return Err(Refusal::NotFound);
        }
        let present = org.settings.mail.as_ref();
        let kind = match (present, &change) {
            (None, None) => return Ok(()),
            (None, Some(_)) => EventType::SystemCustomEmailServerLifecycleCreate,
            (Some(_), Some(_)) => EventType::SystemCustomEmailServerLifecycleUpdate,
            (Some(_), None) => EventType::SystemCustomEmailServerLifecycleDelete,
        };
        let mut settings = org.settings.clone();
        settings.mail = match change {
            None => None,
            Some(change) => Some(self.seal_mail_settings(&org.id, change, present).await?),
        };
        let now = self.now();
        let event = Event::new(kind, Outcome::Success, now)
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(Target::other("Org", org.id.as_str(), &org.name));
        let id = org.id.clone();
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    store::update(tx, &org, &org.name, &settings, now).await?;
                    Ok(ledger::append(tx, &org.id, event).await?)
                })
            })
            .await;
        self.snapshots.invalidate(&id);
        outcome
    }

    async fn seal_mail_settings(
        &self,
        org: &OrgId,
        change: MailChange,
        present: Option<&MailSettings>,
    ) -> Result<MailSettings, Refusal> {
        let change = MailChange {
            host: change.host.trim().to_ascii_lowercase(),
            username: change.username.trim().to_owned(),
            from: change.from.trim().to_owned(),
            ..change
        };
        let kept = present.map(|present| present.sealed_password.clone());
        let sealed_password = match (decide_mail(&change, present)?, &change.password) {
            (PasswordFate::Kept, _) => kept.unwrap_or_default(),
            (PasswordFate::Replaced, Some(password)) => {
                let bytes = password.expose().as_bytes();
                STANDARD.encode(self.keyring.seal(org, SEAL_CONTEXT, bytes).await?)
            }
            (PasswordFate::Replaced, None) | (PasswordFate::Dropped, _) => String::new(),
        };
        Ok(MailSettings {
            host: change.host,
            port: change.port,
            security: change.security,
            username: change.username,
            sealed_password,
            from: change.from,
        })
    }

    /// The mail server of an org's own, ready to be connected to; none where mail goes the way of the whole cell.
    ///
    /// # Errors
    /// [`Fault`] if it cannot be read or opened.
    #[boxed]
    pub async fn mail_route(&self, org: &OrgId) -> Result<Option<MailRoute>, Fault> {
        let snapshot = self.snapshot(org).await?;
        let Some(settings) = snapshot.and_then(|snapshot| snapshot.org.settings.mail.clone())
        else {
            return Ok(None);
        };
        if settings.sealed_password.is_empty() {
            return Ok(Some(MailRoute {
                settings,
                password: None,
            }));
        }
        let unreadable = "password of a mail server";
        let sealed = STANDARD
            .decode(&settings.sealed_password)
            .map_err(|error| Fault::stored(unreadable, &error))?;
        let opened = self.keyring.open(org, SEAL_CONTEXT, &sealed).await?;
        let password =
            std::str::from_utf8(&opened).map_err(|error| Fault::stored(unreadable, &error))?;
        Ok(Some(MailRoute {
            password: Some(Secret::new(password.to_owned())),
            settings,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::{MailChange, MailSecurity, MailSettings, PasswordFate, decide_mail};
    use crate::fault::Refusal;
    use vocab::secret::Secret;

    /// A change with one field made unusable.
    type Spoil = fn(&mut MailChange);

    fn change(password: Option<&str>) -> MailChange {
        MailChange {
            host: "smtp.example.com".into(),
            port: 587,
            security: MailSecurity::Starttls,
            username: "id".into(),
            password: password.map(|text| Secret::new(text.to_owned())),
            from: "id@example.com".into(),
        }
    }

    fn stored() -> MailSettings {
        MailSettings {
            host: "smtp.example.com".into(),
            port: 587,
            security: MailSecurity::Starttls,
            username: "id".into(),
            sealed_password: "c2VhbGVk".into(),
            from: "old@example.com".into(),
        }
    }

    fn refused_field(change: &MailChange, present: Option<&MailSettings>) -> &'static str {
        match decide_mail(change, present) {
            Err(Refusal::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn fields_that_cannot_be_used_are_named() {
        let bad: [(&str, Spoil); 10] = [
            ("host", |change| change.host = String::new()),
            ("host", |change| change.host = "a b".into()),
            ("host", |change| change.host = "smtp..example.com".into()),
            ("host", |change| change.host = "smtp.example.com:25".into()),
            ("port", |change| change.port = 0),
            ("security", |change| change.security = MailSecurity::None),
            ("username", |change| change.username = "a\r\nb".into()),
            ("username", |change| change.username = String::new()),
            ("password", |change| {
                change.password = Some(Secret::new("a\nb".to_owned()));
            }),
            ("from", |change| change.from = "nobody".into()),
        ];
        for (field, spoil) in bad {
            let mut change = change(Some("secret"));
            spoil(&mut change);
            assert_eq!(refused_field(&change, None), field);
        }
    }

    #[test]
    fn plain_connections_stay_on_the_machine() {
        for host in ["localhost", "127.0.0.1", "::1"] {
            let change = MailChange {
                host: host.into(),
                security: MailSecurity::None,
                ..change(None)
            };
            assert_eq!(decide_mail(&change, None).unwrap(), PasswordFate::Dropped);
        }
    }

    #[test]
    fn the_stored_password_is_for_its_server_alone() {
        let present = stored();
        assert_eq!(
            decide_mail(&change(None), Some(&present)).unwrap(),
            PasswordFate::Kept
        );
        assert_eq!(
            decide_mail(&change(Some("new")), Some(&present)).unwrap(),
            PasswordFate::Replaced
        );
        let anonymous = MailChange {
            username: String::new(),
            ..change(None)
        };
        assert_eq!(
            decide_mail(&anonymous, Some(&present)).unwrap(),
            PasswordFate::Dropped
        );
        let elsewhere: [Spoil; 4] = [
            |change| change.host = "evil.example".into(),
            |change| change.port = 2525,
            |change| change.security = MailSecurity::Tls,
            |change| change.username = "eve".into(),
        ];
        for lead in elsewhere {
            let mut change = change(None);
            lead(&mut change);
            assert_eq!(refused_field(&change, Some(&present)), "password");
        }
    }
}
