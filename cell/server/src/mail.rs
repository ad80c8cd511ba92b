//! Sending mail: by SMTP, or kept in the data folder where no server is configured.

use crate::config::{Config, ConfigError};
use crate::data_folder::{DataFolder, DataFolderError, write_durably};
use identity::notice::Mail;
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{Address, AsyncTransport as _, Message, Tokio1Executor};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one delivery may take.
const SEND_SECS_MAX: u64 = 30;

/// Why mail cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MailSetUpError {
    /// An option is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The folder for mail cannot be made.
    #[error(transparent)]
    Folder(#[from] DataFolderError),
}

/// Why one mail could not be sent now.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The mail itself cannot be sent, now or later.
    #[error("the mail cannot be written: {0}")]
    Message(String),
    /// The server or the disk refused; later it may not.
    #[error("the mail could not be delivered: {0}")]
    Delivery(String),
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
    /// As configured.
    ///
    /// # Errors
    /// [`MailSetUpError`] naming the option.
    pub fn set_up(config: &Config, folder: &DataFolder) -> Result<Self, MailSetUpError> {
        let from = config
            .mail_from
            .parse()
            .map_err(|error: lettre::address::AddressError| ConfigError {
                key: "--mail-from",
                reason: error.to_string(),
                mend: "name the sender, for example --mail-from testudo@example.com",
            })?;
        let route = match &config.smtp {
            None => Route::Folder(folder.subfolder("mail")?),
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
                .map_err(|error| SendError::Delivery(error.to_string())),
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
