//! Tokens of the management API.

use crate::connection::Client;
use crate::error::ClientError;
use crate::pages::Pages;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// The id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// As whom it acts.
    #[serde(default)]
    pub user_id: String,
    /// When it ends, if it is not used.
    #[serde(default)]
    pub expires_at: String,
    /// Everything else that is shown; what a new token is, is in `token`.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Client {
    /// Tokens that are good.
    ///
    /// # Errors
    /// [`ClientError`]
    pub fn tokens(&self) -> Result<Pages<'_, Token>, ClientError> {
        Pages::of(self, &["api-tokens"], &[])
    }

    /// A token, by id.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn token(&self, id: &str) -> Result<Token, ClientError> {
        self.get(&["api-tokens", id]).await
    }

    /// Makes a token that acts as the owner of the calling one; what it is, is in the answer, this once.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn add_token(&self, name: &str) -> Result<Token, ClientError> {
        let body = json!({ "name": name });
        self.ask(Method::POST, &["api-tokens"], &[], Some(&body))
            .await
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn revoke_token(&self, id: &str) -> Result<(), ClientError> {
        self.tell(Method::DELETE, &["api-tokens", id], &[], None::<&()>)
            .await
    }
}
