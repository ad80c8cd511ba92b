//! Sending mail: by the mail server of the org, or by that of the whole process; kept in the data folder where neither is
//! configured.

use crate::config::{Config, ConfigError};
use crate::data_folder::{DataFolder, DataFolderError};
use crate::outbound::{Reach, look_up};
use console::courier::{Courier, Delivery, Undelivered};
use identity::cell::Cell;
use identity::notice::Mail;
use identity::org::mail::{MailRoute, MailSecurity};
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncTransport as _, Message, Tokio1Executor};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use vocab::id::{OrgId, OutboxId};
use wire::files::write_durably;

/// The folder of the data folder that keeps mail, where no server is configured.
const KEPT_FOLDER: &str = "mail";
/// How long one delivery may take.
const SEND_SECS_MAX: u64 = 30;
/// How long one delivery by a mail server of an org's own may take: others wait behind it.
const OWN_SEND_SECS_MAX: u64 = 10;

/// Why one mail could not be sent now.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The mail itself cannot be sent, now or later.
    #[error("the mail cannot be written: {0}")]
    Message(String),
    /// The server or the disk refused; later it may not.
    #[error("the mail could not be delivered: {0}")]
    Delivery(String),
    /// The server answered, and its answer was no.
    #[error("the mail server refused: {0}")]
    Refused(String),
}

fn smtp_error(error: &lettre::transport::smtp::Error) -> SendError {
    if error.is_permanent() || error.is_transient() {
        SendError::Refused(error.to_string())
    } else {
        SendError::Delivery(error.to_string())
    }
}

/// Delivers the mail of all orgs, each by the way that it has set, or else by that of the whole process.
pub struct Office {
    cell: Cell,
    post: Post,
    reach: Reach,
}

impl Office {
    /// With the way of the whole process, and how far the mail servers of orgs may lie.
    #[must_use]
    pub const fn new(cell: Cell, post: Post, reach: Reach) -> Self {
        Self { cell, post, reach }
    }

    /// Sends one mail of an org; the key is that of [`Post::send`].
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send(&self, org: &OrgId, key: &str, mail: &Mail) -> Result<(), SendError> {
        let route = self.cell.mail_route(org).await;
        match route.map_err(|fault| SendError::Delivery(fault.to_string()))? {
            None => self.post.send(key, mail).await,
            Some(route) => send_by(&route, self.reach, key, mail).await,
        }
    }

    /// The cell whose mail it is.
    #[must_use]
    pub const fn cell(&self) -> &Cell {
        &self.cell
    }
}

impl Courier for Office {
    fn leaves_machine(&self) -> bool {
        self.post.folder().is_none()
    }

    fn deliver<'c>(&'c self, org: &'c OrgId, mail: &'c Mail) -> Delivery<'c> {
        Box::pin(async move {
            let key = OutboxId::generate(self.cell.entropy());
            match self.send(org, key.as_str(), mail).await {
                Ok(()) => Ok(()),
                Err(SendError::Refused(words)) => Err(Undelivered::Refused(words)),
                Err(error) => {
                    tracing::info!(%error, "a trial of a mail server failed");
                    Err(Undelivered::Unreachable)
                }
            }
        })
    }
}

/// Sends by the mail server that an administrator has named, at an address of it that was judged.
async fn send_by(route: &MailRoute, reach: Reach, key: &str, mail: &Mail) -> Result<(), SendError> {
    let from = route
        .settings
        .from
        .parse()
        .map_err(|error| SendError::Message(format!("sender: {error}")))?;
    let message = compose(&from, key, mail)?;
    let (host, port) = (&route.settings.host, route.settings.port);
    let addresses = look_up(reach, host, port)
        .await
        .map_err(|error| SendError::Delivery(error.to_string()))?;
    let mut last = SendError::Delivery(String::from("the mail server has no address"));
    for address in addresses {
        let transport = build_transport(route, address).map_err(|error| smtp_error(&error))?;
        match transport.send(message.clone()).await {
            Ok(_) => return Ok(()),
            Err(error) => last = smtp_error(&error),
        }
        if matches!(last, SendError::Refused(_)) {
            break;
        }
    }
    Err(last)
}

fn build_transport(
    route: &MailRoute,
    address: SocketAddr,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, lettre::transport::smtp::Error> {
    type Transport = AsyncSmtpTransport<Tokio1Executor>;
    let settings = &route.settings;
    // The certificate is that of the name, wherever the name leads.
    let named = || TlsParameters::new(settings.host.clone());
    let security = match settings.security {
        MailSecurity::Tls => Tls::Wrapper(named()?),
        MailSecurity::Starttls => Tls::Required(named()?),
        // The rules of mail servers let it through for this machine alone.
        MailSecurity::None => Tls::None,
    };
    let builder = Transport::builder_dangerous(address.ip().to_string()).tls(security);
    let builder = match &route.password {
        Some(password) => {
            let (user, password) = (settings.username.clone(), password.expose().clone());
            builder.credentials(Credentials::new(user, password))
        }
        None => builder,
    };
    Ok(builder
        .port(settings.port)
        .timeout(Some(Duration::from_secs(OWN_SEND_SECS_MAX)))
        .build())
}

/// Sends mail.
pub struct Post {
    from: Address,
    route: Route,
}

enum Route {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Folder(PathBuf),
}

impl Post {
    /// As configured; none of it is tried, and nothing is made.
    ///
    /// # Errors
    /// [`ConfigError`] naming the option.
    pub fn parse(config: &Config) -> Result<Self, ConfigError> {
        let from = config
            .mail_from
            .parse()
            .map_err(|error: lettre::address::AddressError| ConfigError {
                key: "--mail-from",
                reason: error.to_string(),
                mend: "name the sender, for example --mail-from testudo@example.com",
            })?;
        let route = match &config.smtp {
            None => Route::Folder(config.data.join(KEPT_FOLDER)),
            Some(url) => {
                let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose()).map_err(|error| {
                    ConfigError {
                        key: "--smtp",
                        reason: error.to_string(),
                        mend: "name the server, for example --smtp smtps://user:password@mail.example.com",
                    }
                })?;
                Route::Smtp(Box::new(
                    builder
                        .timeout(Some(Duration::from_secs(SEND_SECS_MAX)))
                        .build(),
                ))
            }
        };
        Ok(Self { from, route })
    }

    /// Makes the folder that keeps mail, where no server is configured.
    ///
    /// # Errors
    /// [`DataFolderError`] if the file system refuses.
    pub fn prepare(&self, folder: &DataFolder) -> Result<(), DataFolderError> {
        match &self.route {
            Route::Folder(_) => folder.subfolder(KEPT_FOLDER).map(drop),
            Route::Smtp(_) => Ok(()),
        }
    }

    /// The folder that keeps mail, where no server is configured.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match &self.route {
            Route::Folder(folder) => Some(folder),
            Route::Smtp(_) => None,
        }
    }

    /// Sends one mail. The key is the same at every attempt and becomes the Message-ID, so that a receiver can drop a
    /// repetition.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send(&self, key: &str, mail: &Mail) -> Result<(), SendError> {
        let message = compose(&self.from, key, mail)?;
        match &self.route {
            Route::Smtp(transport) => transport
                .send(message)
                .await
                .map(|_| ())
                .map_err(|error| smtp_error(&error)),
            Route::Folder(folder) => {
                let (folder, name) = (folder.clone(), format!("{key}.eml"));
                let written = tokio::task::spawn_blocking(move || {
                    write_durably(&folder, &name, &message.formatted())
                })
                .await;
                match written {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(error)) => Err(SendError::Delivery(error.to_string())),
                    Err(error) => Err(SendError::Delivery(error.to_string())),
                }
            }
        }
    }
}

fn compose(from: &Address, key: &str, mail: &Mail) -> Result<Message, SendError> {
    let to: Address = mail
        .to
        .parse()
        .map_err(|error| SendError::Message(format!("receiver: {error}")))?;
    Message::builder()
        .from(Mailbox::new(Some(mail.from_name.clone()), from.clone()))
        .to(Mailbox::new(None, to))
        .message_id(Some(format!("<{key}@{}>", from.domain())))
        .subject(&mail.subject)
        .header(ContentType::TEXT_PLAIN)
        .body(mail.text.clone())
        .map_err(|error| SendError::Message(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::compose;
    use identity::notice::Mail;

    fn mail(to: &str, subject: &str) -> Mail {
        Mail {
            to: to.into(),
            from_name: "Acme".into(),
            subject: subject.into(),
            text: "Grüße".into(),
        }
    }

    #[test]
    fn a_mail_has_its_key_as_message_id() {
        let from = "testudo@example.com".parse().unwrap();
        let text = compose(&from, "obx1", &mail("ada@example.com", "Hello"))
            .unwrap()
            .formatted();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("Message-ID: <obx1@example.com>"), "{text}");
    }

    #[test]
    fn a_subject_cannot_add_a_header() {
        let from = "testudo@example.com".parse().unwrap();
        let text = compose(
            &from,
            "k",
            &mail("ada@example.com", "a\r\nBcc: eve@example.com"),
        )
        .unwrap()
        .formatted();
        let text = String::from_utf8(text).unwrap();
        assert!(!text.lines().any(|line| line.starts_with("Bcc:")), "{text}");
    }

    #[test]
    fn an_impossible_receiver_is_refused() {
        let from = "testudo@example.com".parse().unwrap();
        assert!(compose(&from, "k", &mail("nobody", "x")).is_err());
    }
}
