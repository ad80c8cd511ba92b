//! Mail to people: links, codes, and notices of what was changed on their account.
//!
//! A mail is sealed under the org's key before it is put into the outbox, since it may carry a link that opens an
//! account.

mod text;

use crate::cell::Cell;
use crate::fault::Fault;
use crate::notice::text::{ENGLISH, MailText, TEXTS, Wording};
use crate::person::Person;
use database::{DatabaseFault, WriteTx};
use serde::{Deserialize, Serialize};
use vocab::future::boxed;
use vocab::id::{OrgId, OutboxId};
use vocab::time::Timestamp;

/// The kind of outbox rows that are mail.
pub const OUTBOX_KIND: &str = "mail";
/// Binds the sealed text to its use.
pub const SEAL_CONTEXT: &str = "outbox/mail";

/// What a mail is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice<'a> {
    /// A link by which the account is set up.
    Invitation {
        /// The link.
        url: &'a str,
    },
    /// A link by which a new way to sign in is set up.
    Recovery {
        /// The link.
        url: &'a str,
    },
    /// A code for a sign-in that is under way.
    Code {
        /// The code.
        code: &'a str,
    },
    /// The password was changed.
    PasswordChanged,
    /// A passkey was added.
    PasskeyAdded {
        /// Its name.
        name: &'a str,
    },
    /// A passkey got another name.
    PasskeyRenamed {
        /// The name before.
        from: &'a str,
        /// The name now.
        to: &'a str,
    },
    /// A passkey was removed.
    PasskeyRemoved {
        /// Its name.
        name: &'a str,
    },
    /// All passkeys were removed, because they were lost.
    PasskeysLost,
    /// Somebody linked the account to one at a provider.
    ProviderLinked {
        /// The name of the provider.
        name: &'a str,
    },
    /// The link of the account to one at a provider was removed.
    ProviderUnlinked {
        /// The name of the provider.
        name: &'a str,
    },
    /// An authenticator app was added.
    TotpAdded,
    /// The authenticator app was removed.
    TotpRemoved,
    /// Everything beyond the password was removed.
    FactorsReset,
    /// New recovery codes were made.
    RecoveryCodesMade,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// The receiver of a log stream has taken nothing for a while. It goes to whoever may mend it.
    LogStreamFailing {
        /// The name of the stream.
        name: &'a str,
    },
    /// The account got another mail address. It goes to the old one and to the new one.
    AddressChanged {
        /// The new address.
        to: &'a str,
    },
}

impl Notice<'_> {
    /// Subject and body in that language.
    fn render(&self, t: &MailText) -> (&'static str, String) {
        let with = |(subject, body): Wording, words: &[(&str, &str)]| {
            let body = words.iter().fold(body.to_owned(), |text, (name, word)| {
                text.replacen(&format!("{{{name}}}"), word, 1)
            });
            (subject, body)
        };
        let alarming = |wording: Wording, words: &[(&str, &str)]| {
            let (subject, body) = with(wording, words);
            (subject, format!("{body} {}", t.not_you))
        };
        match self {
            Self::Invitation { url } => with(t.invitation, &[("url", url)]),
            Self::Recovery { url } => with(t.recovery, &[("url", url)]),
            Self::Code { code } => with(t.code, &[("code", code)]),
            Self::PasswordChanged => alarming(t.password_changed, &[]),
            Self::PasskeyAdded { name } => alarming(t.passkey_added, &[("name", name)]),
            Self::PasskeyRenamed { from, to } => {
                let (subject, body) = t.passkey_renamed;
                let (before, after) = body.split_once("{to}").unwrap_or((body, ""));
                let text = format!("{}{to}{after}", before.replacen("{from}", from, 1));
                (subject, format!("{text} {}", t.not_you))
            }
            Self::PasskeyRemoved { name } => alarming(t.passkey_removed, &[("name", name)]),
            Self::PasskeysLost => alarming(t.passkeys_lost, &[]),
            Self::ProviderLinked { name } => alarming(t.provider_linked, &[("name", name)]),
            Self::ProviderUnlinked { name } => alarming(t.provider_unlinked, &[("name", name)]),
            Self::TotpAdded => alarming(t.totp_added, &[]),
            Self::TotpRemoved => alarming(t.totp_removed, &[]),
            Self::FactorsReset => alarming(t.factors_reset, &[]),
            Self::RecoveryCodesMade => alarming(t.recovery_codes_made, &[]),
            Self::RecoveryCodeUsed => alarming(t.recovery_code_used, &[]),
            Self::LogStreamFailing { name } => with(t.log_stream_failing, &[("name", name)]),
            Self::AddressChanged { to } => alarming(t.address_changed, &[("to", to)]),
        }
    }
}

/// A mail as the sender of mail gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// The name of the org, as the sender's name.
    pub from_name: String,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// Plain text of a mail, for one person of one org, in the org's language.
#[must_use]
pub fn render_mail(org_name: &str, language: &str, person: &Person, notice: &Notice<'_>) -> Mail {
    let t = find_text(language);
    let (subject, body) = notice.render(t);
    let hello = t.hello.replacen("{name}", &person.display_name(), 1);
    Mail {
        to: person.email.clone(),
        from_name: org_name.to_owned(),
        subject: format!("{subject} - {org_name}"),
        text: format!("{hello}\n\n{body}\n\n-- \n{org_name}\n"),
    }
}

/// The texts for a tag such as `de` or `de-AT`: the primary part decides; English where nobody has chosen.
fn find_text(tag: &str) -> &'static MailText {
    let primary = tag.split(['-', '_']).next().unwrap_or_default();
    let mut texts = TEXTS.iter().copied();
    texts
        .find(|text| text.tag.eq_ignore_ascii_case(primary))
        .unwrap_or(&ENGLISH)
}

/// A sealed mail that waits to be put into the outbox.
#[derive(Debug, Clone)]
pub struct SealedMail {
    key: String,
    payload: Vec<u8>,
}

impl SealedMail {
    /// Puts it into the outbox, in the caller's transaction.
    ///
    /// # Errors
    /// [`DatabaseFault`] if the store fails.
    #[boxed]
    pub async fn enqueue(
        self,
        tx: &mut WriteTx,
        org: &OrgId,
        now: Timestamp,
    ) -> Result<(), DatabaseFault> {
        ledger::outbox::store::enqueue(tx, org, OUTBOX_KIND, &self.key, self.payload, now).await
    }
}

impl Cell {
    /// Writes and seals a mail. Nothing is sent before [`SealedMail::enqueue`] has committed.
    ///
    /// # Errors
    /// [`Fault`] if the org's key cannot be used.
    pub async fn seal_mail(
        &self,
        org_name: &str,
        person: &Person,
        notice: &Notice<'_>,
    ) -> Result<SealedMail, Fault> {
        let language = self.language_of(&person.org_id).await?;
        let mail = render_mail(org_name, &language, person, notice);
        let text = serde_json::to_vec(&mail).map_err(|error| Fault::stored("mail", &error))?;
        let payload = self
            .keyring
            .seal(&person.org_id, SEAL_CONTEXT, &text)
            .await?;
        let key = OutboxId::generate(self.entropy()).to_string();
        Ok(SealedMail { key, payload })
    }

    /// The work of writing and sealing a mail to nobody, so that the time does not tell whether there is such a person.
    ///
    /// # Errors
    /// [`Fault`] if the org's key cannot be used.
    pub async fn seal_decoy(
        &self,
        org: &OrgId,
        org_name: &str,
        notice: &Notice<'_>,
    ) -> Result<(), Fault> {
        let (subject, text) = notice.render(find_text(&self.language_of(org).await?));
        let mail = Mail {
            to: String::new(),
            from_name: org_name.to_owned(),
            subject: subject.to_owned(),
            text,
        };
        let text = serde_json::to_vec(&mail).map_err(|error| Fault::stored("mail", &error))?;
        self.keyring.seal(org, SEAL_CONTEXT, &text).await?;
        Ok(())
    }

    /// The language that the org has chosen for those of whom nothing is known; a mail comes without a browser's wish.
    async fn language_of(&self, org: &OrgId) -> Result<String, Fault> {
        let snapshot = self.snapshot(org).await?;
        Ok(snapshot.map_or_else(String::new, |snapshot| {
            snapshot.org.settings.language.clone()
        }))
    }

    /// Opens a mail that came out of the outbox.
    ///
    /// # Errors
    /// [`Fault`] if it was not sealed here, or cannot be read.
    #[boxed]
    pub async fn open_mail(&self, org: &OrgId, payload: &[u8]) -> Result<Mail, Fault> {
        let text = self.keyring.open(org, SEAL_CONTEXT, payload).await?;
        serde_json::from_slice(&text).map_err(|error| Fault::stored("mail", &error))
    }
}

#[cfg(test)]
mod tests {
    use super::{Notice, find_text};

    const NOTICES: [Notice<'static>; 17] = [
        Notice::Invitation { url: "https://x/1" },
        Notice::Recovery { url: "https://x/1" },
        Notice::Code { code: "123456" },
        Notice::PasswordChanged,
        Notice::PasskeyAdded { name: "{to}" },
        Notice::PasskeyRenamed {
            from: "{to}",
            to: "{from}",
        },
        Notice::PasskeyRemoved { name: "{name}" },
        Notice::PasskeysLost,
        Notice::ProviderLinked { name: "{name}" },
        Notice::ProviderUnlinked { name: "{name}" },
        Notice::TotpAdded,
        Notice::TotpRemoved,
        Notice::FactorsReset,
        Notice::RecoveryCodesMade,
        Notice::RecoveryCodeUsed,
        Notice::LogStreamFailing { name: "{name}" },
        Notice::AddressChanged { to: "a@b" },
    ];

    #[test]
    fn every_mail_has_its_words_in_every_language() {
        for notice in &NOTICES {
            let english = notice.render(find_text("en"));
            let german = notice.render(find_text("de-AT"));
            assert_ne!(english, german);
            for (subject, body) in [english, german] {
                assert!(!subject.contains('{'), "{subject}");
                for word in ["{url}", "{code}"] {
                    assert!(!body.contains(word), "{body}");
                }
            }
        }
        let (_, body) = NOTICES[5].render(find_text("de"));
        assert!(
            body.contains("\"{to}\"") && body.contains("\"{from}\""),
            "{body}"
        );
        assert_eq!(find_text("").tag, "en");
        assert_eq!(find_text("tlh").tag, "en");
    }
}
