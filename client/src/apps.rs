//! Apps, and to whom they are assigned.

use crate::connection::Client;
use crate::error::ClientError;
use crate::groups::Group;
use crate::pages::Pages;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// An app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct App {
    /// The id, `0oa…`, which is its `client_id` as well.
    pub id: String,
    /// What people know it by.
    pub label: String,
    /// ACTIVE or INACTIVE.
    pub status: String,
    /// Everything else that is shown; the secret of a new app is below `credentials`.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// What an app is, which decides how it proves itself and what it may be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It runs on a server, and keeps a secret.
    Web,
    /// It runs in the browser.
    SinglePage,
    /// It runs on the person's device.
    Native,
    /// It acts for itself.
    Service,
}

/// An app to be added.
#[derive(Debug, Clone)]
pub struct NewApp {
    /// What people know it by.
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// Where people are sent back to after they have signed in.
    pub redirect_uris: Vec<String>,
    /// Where people are sent back to after they have signed out.
    pub post_logout_redirect_uris: Vec<String>,
}

/// Somebody to whom an app is assigned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppUser {
    /// The id of the person.
    pub id: String,
    /// USER or GROUP: by what.
    pub scope: String,
    /// Everything else that is shown.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl NewApp {
    fn render(&self) -> Value {
        let (kind, method, grants, answers): (_, _, &[&str], &[&str]) = match self.kind {
            Kind::Web => (
                "web",
                "client_secret_basic",
                &["authorization_code", "refresh_token"],
                &["code"],
            ),
            Kind::SinglePage => (
                "browser",
                "none",
                &["authorization_code", "refresh_token"],
                &["code"],
            ),
            Kind::Native => (
                "native",
                "none",
                &["authorization_code", "refresh_token"],
                &["code"],
            ),
            Kind::Service => (
                "service",
                "client_secret_basic",
                &["client_credentials"],
                &["token"],
            ),
        };
        let mut client =
            json!({ "application_type": kind, "grant_types": grants, "response_types": answers });
        if self.kind != Kind::Service {
            client["redirect_uris"] = json!(self.redirect_uris);
            client["post_logout_redirect_uris"] = json!(self.post_logout_redirect_uris);
        }
        json!({
            "name": "oidc_client",
            "label": self.label,
            "signOnMode": "OPENID_CONNECT",
            "credentials": { "oauthClient": { "token_endpoint_auth_method": method } },
            "settings": { "oauthClient": client },
        })
    }
}

impl Client {
    /// Apps: all, or those whose label begins with `q`.
    ///
    /// # Errors
    /// [`ClientError`]
    pub fn apps(&self, q: Option<&str>) -> Result<Pages<'_, App>, ClientError> {
        let query: Vec<(&str, &str)> = q.into_iter().map(|q| ("q", q)).collect();
        Pages::of(self, &["apps"], &query)
    }

    /// An app, by id.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn app(&self, id: &str) -> Result<App, ClientError> {
        self.get(&["apps", id]).await
    }

    /// Adds an app; its secret is in the answer, this once.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn add_app(&self, new: &NewApp) -> Result<App, ClientError> {
        self.ask(Method::POST, &["apps"], &[], Some(&new.render()))
            .await
    }

    /// Switches an app on or off.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn switch_app(&self, id: &str, on: bool) -> Result<(), ClientError> {
        let step = if on { "activate" } else { "deactivate" };
        self.tell(
            Method::POST,
            &["apps", id, "lifecycle", step],
            &[],
            None::<&()>,
        )
        .await
    }

    /// Removes an app that is switched off.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn delete_app(&self, id: &str) -> Result<(), ClientError> {
        self.tell(Method::DELETE, &["apps", id], &[], None::<&()>)
            .await
    }

    /// People to whom an app is assigned, themselves or through a group.
    ///
    /// # Errors
    /// [`ClientError`]
    pub fn app_users(&self, id: &str) -> Result<Pages<'_, AppUser>, ClientError> {
        Pages::of(self, &["apps", id, "users"], &[])
    }

    /// Assigns an app to a person, by id.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn assign_app_to_user(&self, id: &str, user: &str) -> Result<(), ClientError> {
        let body = json!({ "id": user, "scope": "USER" });
        self.tell(Method::POST, &["apps", id, "users"], &[], Some(&body))
            .await
    }

    /// Takes an app from a person.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn take_app_from_user(&self, id: &str, user: &str) -> Result<(), ClientError> {
        self.tell(
            Method::DELETE,
            &["apps", id, "users", user],
            &[],
            None::<&()>,
        )
        .await
    }

    /// Assigns an app to a group.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn assign_app_to_group(&self, id: &str, group: &Group) -> Result<(), ClientError> {
        self.tell(
            Method::PUT,
            &["apps", id, "groups", &group.id],
            &[],
            Some(&json!({})),
        )
        .await
    }

    /// Takes an app from a group.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn take_app_from_group(&self, id: &str, group: &Group) -> Result<(), ClientError> {
        self.tell(
            Method::DELETE,
            &["apps", id, "groups", &group.id],
            &[],
            None::<&()>,
        )
        .await
    }
}
