//! Mail to people: links, codes, and notices of what was changed on their account.
//!
//! A mail is sealed under the org's key before it is put into the outbox, since it may carry a link that opens an
//! account.

use crate::cell::Cell;
use crate::fault::Fault;
use crate::person::Person;
use database::{DatabaseFault, WriteTx};
use serde::{Deserialize, Serialize};
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
    /// An authenticator app was added.
    TotpAdded,
    /// The authenticator app was removed.
    TotpRemoved,
    /// New recovery codes were made.
    RecoveryCodesMade,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// The account got another mail address. It goes to the old one and to the new one.
    AddressChanged {
        /// The new address.
        to: &'a str,
    },
}

impl Notice<'_> {
    fn subject(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "Set up your account",
            Self::Recovery { .. } => "Get back into your account",
            Self::Code { .. } => "Your sign-in code",
            Self::PasswordChanged => "Your password was changed",
            Self::PasskeyAdded { .. } => "A passkey was added to your account",
            Self::PasskeyRenamed { .. } => "A passkey of your account was renamed",
            Self::PasskeyRemoved { .. } => "A passkey was removed from your account",
            Self::PasskeysLost => "Your passkeys were removed from your account",
            Self::TotpAdded => "An authenticator app was added to your account",
            Self::TotpRemoved => "The authenticator app was removed from your account",
            Self::RecoveryCodesMade => "New recovery codes were made for your account",
            Self::RecoveryCodeUsed => "A recovery code was used on your account",
            Self::AddressChanged { .. } => "The mail address of your account was changed",
        }
    }

    fn body(&self) -> String {
        const NOT_YOU: &str = "If this was not you, tell your administrator at once.";
        match self {
            Self::Invitation { url } => {
                format!("an account was made for you. Set it up within seven days:\n\n{url}\n")
            }
            Self::Recovery { url } => format!(
                "somebody asked to get back into your account. If it was you, open this link within one hour:\n\n{url}\n\n\
                 If it was not you, do nothing."
            ),
            Self::Code { code } => format!(
                "your code is {code}. It is valid for ten minutes. Nobody but the sign-in page will ever ask for it."
            ),
            Self::PasswordChanged => format!("the password of your account was changed. {NOT_YOU}"),
            Self::PasskeyAdded { name } => format!("the passkey \"{name}\" was added. {NOT_YOU}"),
            Self::PasskeyRenamed { from, to } => {
                format!("the passkey \"{from}\" is now called \"{to}\". {NOT_YOU}")
            }
            Self::PasskeyRemoved { name } => {
                format!("the passkey \"{name}\" was removed. {NOT_YOU}")
            }
            Self::PasskeysLost => {
                format!(
                    "all passkeys of your account were removed, because they were reported lost. {NOT_YOU}"
                )
            }
            Self::TotpAdded => format!("an authenticator app was added. {NOT_YOU}"),
            Self::TotpRemoved => format!("the authenticator app was removed. {NOT_YOU}"),
            Self::RecoveryCodesMade => {
                format!("new recovery codes were made; older ones no longer work. {NOT_YOU}")
            }
            Self::RecoveryCodeUsed => {
                format!("one of your recovery codes was used to sign in. {NOT_YOU}")
            }
            Self::AddressChanged { to } => {
                format!("mail about your account goes to {to} from now on. {NOT_YOU}")
            }
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

/// Plain text of a mail, for one person of one org.
#[must_use]
pub fn render_mail(org_name: &str, person: &Person, notice: &Notice<'_>) -> Mail {
    let text = format!(
        "Hello {},\n\n{}\n\n-- \n{org_name}\n",
        person.display_name(),
        notice.body()
    );
    Mail {
        to: person.email.clone(),
        from_name: org_name.to_owned(),
        subject: format!("{} - {org_name}", notice.subject()),
        text,
    }
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
        let mail = render_mail(org_name, person, notice);
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
        let mail = Mail {
            to: String::new(),
            from_name: org_name.to_owned(),
            subject: notice.subject().to_owned(),
            text: notice.body(),
        };
        let text = serde_json::to_vec(&mail).map_err(|error| Fault::stored("mail", &error))?;
        self.keyring.seal(org, SEAL_CONTEXT, &text).await?;
        Ok(())
    }

    /// Opens a mail that came out of the outbox.
    ///
    /// # Errors
    /// [`Fault`] if it was not sealed here, or cannot be read.
    pub async fn open_mail(&self, org: &OrgId, payload: &[u8]) -> Result<Mail, Fault> {
        let text = self.keyring.open(org, SEAL_CONTEXT, payload).await?;
        serde_json::from_slice(&text).map_err(|error| Fault::stored("mail", &error))
    }
}
