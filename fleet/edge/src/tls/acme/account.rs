//! The account at an authority: made once, kept on disk, and made anew only where the authority knows it no more.

use crate::tls::acme::folder::AcmeFolder;
use crate::tls::acme::http_client::AcmeClient;
use instant_acme::{Account, AccountCredentials, Error, NewAccount, Problem};
use std::io;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The authority refused, or could not be asked.
    #[error(transparent)]
    Acme(#[from] Error),
    /// The account cannot be kept.
    #[error("the account cannot be kept on disk: {0}")]
    Disk(#[from] io::Error),
    /// The account cannot be written down.
    #[error("the account cannot be written down: {0}")]
    Render(#[from] serde_json::Error),
}

/// The account of this edge.
pub struct Accounts {
    directory: String,
    contact: Option<String>,
    client: AcmeClient,
    folder: AcmeFolder,
    open: Mutex<Option<Account>>,
}

impl Accounts {
    /// The account at the authority with this directory. Nobody is asked yet.
    #[must_use]
    pub fn new(
        directory: String,
        contact: Option<String>,
        client: AcmeClient,
        folder: AcmeFolder,
    ) -> Self {
        Self {
            directory,
            contact: contact.map(|mail| format!("mailto:{mail}")),
            client,
            folder,
            open: Mutex::new(None),
        }
    }

    /// The account, made if there is none.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn get(&self) -> Result<Account, AccountError> {
        // One at a time: of two that find none, the second finds that of the first.
        let mut open = self.open.lock().await;
        if let Some(account) = &*open {
            return Ok(account.clone());
        }
        let account = match self.restore().await? {
            Some(account) => account,
            None => self.create().await?,
        };
        *open = Some(account.clone());
        Ok(account)
    }

    /// Makes another account the next time, if it was the account that the authority did not know.
    pub async fn forget_if_unknown(&self, error: &Error) {
        if !is_unknown_account(error) {
            return;
        }
        tracing::warn!(
            directory = self.directory,
            "the certificate authority knows our account no more; another one is made"
        );
        let mut open = self.open.lock().await;
        *open = None;
        if let Err(error) = self.folder.keep_account(b"{}") {
            tracing::error!(%error, "an account could not be forgotten");
        }
    }

    async fn restore(&self) -> Result<Option<Account>, AccountError> {
        let Some(bytes) = self.folder.load_account()? else {
            return Ok(None);
        };
        let Ok(credentials) = serde_json::from_slice::<AccountCredentials>(&bytes) else {
            tracing::warn!("the account on disk is unreadable or forgotten; another one is made");
            return Ok(None);
        };
        let builder = Account::builder_with_http(Box::new(self.client.clone()));
        Ok(Some(builder.from_credentials(credentials).await?))
    }

    async fn create(&self) -> Result<Account, AccountError> {
        let contact: Vec<&str> = self.contact.iter().map(String::as_str).collect();
        let wanted = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let builder = Account::builder_with_http(Box::new(self.client.clone()));
        let made = builder.create(&wanted, self.directory.clone(), None);
        let (account, credentials) = made.await?;
        let bytes = Zeroizing::new(serde_json::to_vec(&credentials)?);
        self.folder.keep_account(&bytes)?;
        tracing::info!(
            directory = self.directory,
            account = account.id(),
            "an account at a certificate authority was made"
        );
        Ok(account)
    }
}

fn is_unknown_account(error: &Error) -> bool {
    matches!(error, Error::Api(Problem { r#type: Some(kind), .. })
        if kind == "urn:ietf:params:acme:error:accountDoesNotExist")
}
