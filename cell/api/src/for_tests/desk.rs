//! Somebody without a standard role who holds a custom one: the owner of the token of [`By::Person`].

use crate::for_tests::{Answered, By, World};
use identity::access::Permission;
use identity::access::custom::capability::Capability;
use identity::access::custom::{Holder, Resource};
use serde_json::{Value, json};
use vocab::id::{GroupId, RoleBindingId, UserId};

/// The login of that person.
const HOLDER: &str = "person";

impl World {
    /// The holder.
    pub(crate) async fn desk(&self) -> UserId {
        let found = self.get(&format!("/api/v1/users/{HOLDER}")).await;
        UserId::parse(&found.id()).unwrap()
    }

    /// Gives the holder these over those; roles and sets bear that name.
    pub(crate) async fn let_desk(
        &self,
        name: &str,
        capabilities: &[Capability],
        resources: &[Resource],
    ) -> RoleBindingId {
        let desk = self.desk().await;
        let (role, set) = self
            .role_over(&self.main, name, capabilities, resources)
            .await;
        self.bind(&self.main, (&role, &set), Holder::User(desk))
            .await
    }

    /// Takes it.
    pub(crate) async fn unbind(&self, binding: &RoleBindingId) {
        let permit = self.permit(&self.main, Permission::ManageOrg);
        self.cell.unbind_role(&permit, binding).await.unwrap();
    }

    /// A group of `main` with so many members, who are called by its name.
    pub(crate) async fn crowd(&self, name: &str, count: usize) -> (GroupId, Vec<UserId>) {
        let permit = self.permit(&self.main, Permission::ManageGroups);
        let group = self.cell.create_group(&permit, name, "").await.unwrap().id;
        let mut members = Vec::new();
        for number in 0..count {
            let login = format!("{name}{number}");
            let member = self.person(&self.main, &login, name, "Member").await;
            self.join(&group, &member).await;
            members.push(member);
        }
        (group, members)
    }

    /// Puts somebody into a group of `main`.
    pub(crate) async fn join(&self, group: &GroupId, user: &UserId) {
        let permit = self.permit(&self.main, Permission::ManageGroups);
        let added = self.cell.add_group_member(&permit, group, user);
        added.await.unwrap();
    }

    /// A call of the holder.
    pub(crate) async fn asks(&self, method: &str, path: &str, body: &Value) -> Answered {
        self.call(By::Person, method, &format!("/api/v1/{path}"), body)
            .await
    }

    /// Status and code of a call of the holder without a body.
    pub(crate) async fn does(&self, method: &str, path: &str) -> (u16, String) {
        let answer = self.asks(method, path, &Value::Null).await;
        (answer.status.as_u16(), answer.code().to_owned())
    }

    /// Every page that the holder sees from that address on, by the links alone.
    pub(crate) async fn sees(&self, path: &str) -> Vec<String> {
        let (mut found, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let page = self.asks("GET", &path, &Value::Null).await;
            assert_eq!(page.status, 200, "{path}: {}", page.body);
            found.extend(page.texts("/id"));
            next = page
                .link("next")
                .map(|link| link["https://id.example/t/main/api/v1/".len()..].to_owned());
        }
        found
    }
}

/// What nobody does to somebody who can do more: method, what follows the person in the path, and body.
pub(crate) fn acts_upon_somebody() -> [(&'static str, &'static str, Value); 9] {
    [
        (
            "POST",
            "",
            json!({ "profile": { "email": "mallory@example.com" } }),
        ),
        ("POST", "/lifecycle/reset_password", Value::Null),
        ("POST", "/lifecycle/expire_password", Value::Null),
        ("POST", "/lifecycle/reset_factors", Value::Null),
        ("POST", "/lifecycle/suspend", Value::Null),
        ("POST", "/lifecycle/deactivate", Value::Null),
        ("POST", "/credentials/forgot_password", Value::Null),
        ("DELETE", "/sessions", Value::Null),
        ("DELETE", "", Value::Null),
    ]
}
