//! People.

use crate::connection::Client;
use crate::error::ClientError;
use crate::groups::Group;
use crate::pages::Pages;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The id, `00u…`.
    pub id: String,
    /// Where in the life cycle.
    pub status: String,
    /// Login, address, names, and what the organisation's schema adds.
    #[serde(default)]
    pub profile: Map<String, Value>,
    /// Everything else that is shown.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl User {
    /// An attribute of the profile, as text.
    #[must_use]
    pub fn attribute(&self, name: &str) -> String {
        match self.profile.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }
}

/// Which people.
#[derive(Debug, Clone, Default)]
pub struct Which<'a> {
    /// An expression over indexed attributes.
    pub search: Option<&'a str>,
    /// The beginning of a login, an address or a name.
    pub q: Option<&'a str>,
}

/// A person to be added.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// Login, address, names, and what the organisation's schema adds.
    pub profile: Map<String, Value>,
    /// A first password; without one, the person is invited by mail.
    pub password: Option<String>,
    /// Groups to be a member of.
    pub groups: Vec<String>,
    /// The id of a type of people; without one, the person is of the type that every organisation has.
    pub of_type: Option<String>,
    /// Whether the person may begin.
    pub activate: bool,
}

/// A step of the life cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Let in, or invite.
    Activate,
    /// Invite once more.
    Reactivate,
    /// Out for good.
    Deactivate,
    /// Out for a time.
    Suspend,
    /// In again.
    Unsuspend,
    /// Take a lock away.
    Unlock,
    /// Ask for a new password.
    ExpirePassword,
    /// Send a link.
    ResetPassword,
}

impl Step {
    /// The word in its address.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Reactivate => "reactivate",
            Self::Deactivate => "deactivate",
            Self::Suspend => "suspend",
            Self::Unsuspend => "unsuspend",
            Self::Unlock => "unlock",
            Self::ExpirePassword => "expire_password",
            Self::ResetPassword => "reset_password",
        }
    }
}

/// A type of people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserType {
    /// The id, `oty…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Everything else that is shown.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Client {
    /// The types of people, which are few.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn user_types(&self) -> Result<Vec<UserType>, ClientError> {
        self.get(&["meta", "types", "user"]).await
    }

    /// People, whose order is that of the answer.
    ///
    /// # Errors
    /// [`ClientError`]
    pub fn users(&self, which: &Which<'_>) -> Result<Pages<'_, User>, ClientError> {
        let words = [("search", which.search), ("q", which.q)];
        let query: Vec<(&str, &str)> = words
            .into_iter()
            .filter_map(|(name, word)| Some((name, word?)))
            .collect();
        Pages::of(self, &["users"], &query)
    }

    /// A person, by id or login.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn user(&self, name: &str) -> Result<User, ClientError> {
        self.get(&["users", name]).await
    }

    /// Adds a person.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn add_user(&self, new: &NewUser) -> Result<User, ClientError> {
        let mut body = json!({ "profile": new.profile });
        if let Some(password) = &new.password {
            body["credentials"] = json!({ "password": { "value": password } });
        }
        if !new.groups.is_empty() {
            body["groupIds"] = json!(new.groups);
        }
        if let Some(id) = &new.of_type {
            body["type"] = json!({ "id": id });
        }
        let activate = if new.activate { "true" } else { "false" };
        self.ask(
            Method::POST,
            &["users"],
            &[("activate", activate)],
            Some(&body),
        )
        .await
    }

    /// Changes what is named of a profile.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn change_user(
        &self,
        name: &str,
        profile: &Map<String, Value>,
    ) -> Result<User, ClientError> {
        let body = json!({ "profile": profile });
        self.ask(Method::POST, &["users", name], &[], Some(&body))
            .await
    }

    /// One step of the life cycle; mail goes out where it has a link to carry.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn step_user(&self, name: &str, step: Step) -> Result<(), ClientError> {
        self.tell(
            Method::POST,
            &["users", name, "lifecycle", step.as_str()],
            &[],
            None::<&()>,
        )
        .await
    }

    /// Removes a person who was deactivated, or deactivates one.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn delete_user(&self, name: &str) -> Result<(), ClientError> {
        self.tell(Method::DELETE, &["users", name], &[], None::<&()>)
            .await
    }

    /// Ends every session of a person.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn sign_user_out(&self, name: &str) -> Result<(), ClientError> {
        let id = self.user(name).await?.id;
        self.tell(
            Method::DELETE,
            &["users", &id, "sessions"],
            &[],
            None::<&()>,
        )
        .await
    }

    /// The groups of a person.
    ///
    /// # Errors
    /// [`ClientError`]
    pub fn groups_of(&self, name: &str) -> Result<Pages<'_, Group>, ClientError> {
        Pages::of(self, &["users", name, "groups"], &[])
    }
}
