//! Groups and who is in them.

use crate::connection::Client;
use crate::error::ClientError;
use crate::pages::Pages;
use crate::people::User;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The id, `00g…`.
    pub id: String,
    /// Its name and description.
    pub profile: GroupProfile,
    /// Everything else that is shown.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// What a group is called.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupProfile {
    /// The name, which no other group of the organisation has.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
}

impl Client {
    /// Groups: all, or those that an expression over indexed attributes finds.
    ///
    /// # Errors
    /// [`ClientError`]
    pub fn groups(&self, search: Option<&str>) -> Result<Pages<'_, Group>, ClientError> {
        let query: Vec<(&str, &str)> = search
            .into_iter()
            .map(|search| ("search", search))
            .collect();
        Pages::of(self, &["groups"], &query)
    }

    /// A group, by id.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn group(&self, id: &str) -> Result<Group, ClientError> {
        self.get(&["groups", id]).await
    }

    /// The group of exactly that name (without regard to case).
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn group_named(&self, name: &str) -> Result<Option<Group>, ClientError> {
        let quoted = Value::from(name).to_string();
        let mut found = self.groups(Some(&format!("profile.name eq {quoted}")))?;
        while let Some(page) = found.next().await? {
            if let Some(group) = page.into_iter().next() {
                return Ok(Some(group));
            }
        }
        Ok(None)
    }

    /// Adds a group.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn add_group(&self, profile: &GroupProfile) -> Result<Group, ClientError> {
        let body = json!({ "profile": profile });
        self.ask(Method::POST, &["groups"], &[], Some(&body)).await
    }

    /// Replaces name and description.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn replace_group(
        &self,
        id: &str,
        profile: &GroupProfile,
    ) -> Result<Group, ClientError> {
        let body = json!({ "profile": profile });
        self.ask(Method::PUT, &["groups", id], &[], Some(&body))
            .await
    }

    /// Removes a group; its members stay.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn delete_group(&self, id: &str) -> Result<(), ClientError> {
        self.tell(Method::DELETE, &["groups", id], &[], None::<&()>)
            .await
    }

    /// Who is in a group.
    ///
    /// # Errors
    /// [`ClientError`]
    pub fn members(&self, id: &str) -> Result<Pages<'_, User>, ClientError> {
        Pages::of(self, &["groups", id, "users"], &[])
    }

    /// Puts a person into a group, or does nothing if they are in it.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn add_member(&self, id: &str, user: &str) -> Result<(), ClientError> {
        self.tell(
            Method::PUT,
            &["groups", id, "users", user],
            &[],
            None::<&()>,
        )
        .await
    }

    /// Takes a person out of a group.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn remove_member(&self, id: &str, user: &str) -> Result<(), ClientError> {
        self.tell(
            Method::DELETE,
            &["groups", id, "users", user],
            &[],
            None::<&()>,
        )
        .await
    }
}
