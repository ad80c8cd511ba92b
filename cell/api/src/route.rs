//! The operations as data: whoever composes the server mounts them, the matrix of who may do what is held against them,
//! and the page in `docs/` lists them.

use crate::allowance::Allowances;
use crate::call::{Call, answer, no_method, no_path};
use crate::error::ApiError;
use crate::reply::Reply;
use crate::{apps, groups, logs, users};
use axum::Router;
use axum::extract::{FromRef, Request, State};
use axum::routing::{MethodFilter, MethodRouter, any, on};
use http::Method;
use identity::access::Permission;
use identity::cell::Cell;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::pin::Pin;

/// What every path of the API begins with.
const PREFIX: &str = "/api/";

/// What a handler returns.
pub type Answer = Pin<Box<dyn Future<Output = Result<Reply, ApiError>> + Send>>;

/// An operation: where it answers, what it needs, and what it does.
pub struct Operation {
    /// The method.
    pub method: Method,
    /// The path, within the org.
    pub path: &'static str,
    /// What the caller's roles must permit.
    pub permission: Permission,
    /// What it does, for the page that lists the operations.
    pub summary: &'static str,
    pub(crate) run: fn(Call) -> Answer,
}

impl Operation {
    /// Whether it looks at `If-Match`; where it would not, the field is refused and nothing is done.
    pub(crate) fn is_conditional(&self) -> bool {
        self.path == "/api/v1/users/{id}" && [Method::POST, Method::PUT].contains(&self.method)
    }
}

macro_rules! operations {
    ($($method:ident $path:literal $permission:ident $($handler:ident)::+ $summary:literal;)*) => {
        /// Every operation.
        pub static OPERATIONS: &[Operation] = &[$(
            Operation {
                method: Method::$method,
                path: $path,
                permission: Permission::$permission,
                summary: $summary,
                run: |call| Box::pin($($handler)::+(call)),
            },
        )*];
    };
}

operations! {
    GET "/api/v1/users" ReadDirectory users::list::list "List people, or search for some";
    POST "/api/v1/users" ManagePeople users::create "Add a person";
    GET "/api/v1/users/{id}" ReadDirectory users::show "Get a person by id or login, or the owner of the token as `me`";
    POST "/api/v1/users/{id}" ManagePeople users::update "Change what is named of a person";
    PUT "/api/v1/users/{id}" ManagePeople users::replace "Replace the profile of a person";
    DELETE "/api/v1/users/{id}" ManagePeople users::lifecycle::delete "Deactivate a person, or remove one who was deactivated";
    GET "/api/v1/users/{id}/groups" ReadDirectory users::list::groups "List the groups of a person";
    GET "/api/v1/users/{id}/appLinks" ReadDirectory apps::links::list "List the apps that a person may start";
    POST "/api/v1/users/{id}/lifecycle/activate" ManagePeople users::lifecycle::activate "Activate or invite a person";
    POST "/api/v1/users/{id}/lifecycle/reactivate" ManagePeople users::lifecycle::reactivate "Invite a person once more";
    POST "/api/v1/users/{id}/lifecycle/deactivate" ManagePeople users::lifecycle::deactivate "Deactivate a person";
    POST "/api/v1/users/{id}/lifecycle/suspend" ManagePeople users::lifecycle::suspend "Keep a person out for a time";
    POST "/api/v1/users/{id}/lifecycle/unsuspend" ManagePeople users::lifecycle::unsuspend "Let a suspended person in again";
    POST "/api/v1/users/{id}/lifecycle/unlock" HelpPeople users::lifecycle::unlock "Unlock a person";
    POST "/api/v1/users/{id}/lifecycle/expire_password" HelpPeople users::lifecycle::expire_password "Ask a person for a new password at the next sign-in";
    POST "/api/v1/users/{id}/lifecycle/reset_password" HelpPeople users::lifecycle::reset_password "Send a person a link to get back in";
    GET "/api/v1/users/{id}/roles" ReadDirectory users::roles::list "List the administrator roles of a person";
    POST "/api/v1/users/{id}/roles" ManageOrg users::roles::grant "Give a person an administrator role";
    GET "/api/v1/users/{id}/roles/{rid}" ReadDirectory users::roles::show "Get an administrator role of a person";
    DELETE "/api/v1/users/{id}/roles/{rid}" ManageOrg users::roles::revoke "Take an administrator role from a person";
    GET "/api/v1/groups" ReadDirectory groups::list "List groups, or search for some";
    POST "/api/v1/groups" ManageGroups groups::create "Add a group";
    GET "/api/v1/groups/{id}" ReadDirectory groups::show "Get a group";
    PUT "/api/v1/groups/{id}" ManageGroups groups::replace "Replace name and description of a group";
    DELETE "/api/v1/groups/{id}" ManageGroups groups::delete "Remove a group";
    GET "/api/v1/groups/{id}/users" ReadDirectory groups::members::list "List the members of a group";
    PUT "/api/v1/groups/{id}/users/{user}" ManageGroups groups::members::add "Add a person to a group";
    DELETE "/api/v1/groups/{id}/users/{user}" ManageGroups groups::members::remove "Take a person out of a group";
    GET "/api/v1/groups/{id}/apps" ReadDirectory apps::of_group "List the apps that are assigned to a group";
    GET "/api/v1/apps" ReadDirectory apps::list "List apps, or search for some";
    POST "/api/v1/apps" ManageApps apps::create "Add an app";
    GET "/api/v1/apps/{id}" ReadDirectory apps::show "Get an app";
    PUT "/api/v1/apps/{id}" ManageApps apps::replace "Replace label and settings of an app";
    DELETE "/api/v1/apps/{id}" ManageApps apps::delete "Remove an app that is switched off";
    POST "/api/v1/apps/{id}/lifecycle/activate" ManageApps apps::activate "Let an app be used again";
    POST "/api/v1/apps/{id}/lifecycle/deactivate" ManageApps apps::deactivate "Switch an app off";
    GET "/api/v1/apps/{id}/users" ReadDirectory apps::users::list "List the people to whom an app is assigned";
    POST "/api/v1/apps/{id}/users" ManageApps apps::users::assign "Assign an app to a person";
    GET "/api/v1/apps/{id}/users/{user}" ReadDirectory apps::users::show "Get how an app is assigned to a person";
    POST "/api/v1/apps/{id}/users/{user}" ManageApps apps::users::update "Assign an app to a person who has it through a group";
    DELETE "/api/v1/apps/{id}/users/{user}" ManageApps apps::users::unassign "Take an app from a person";
    GET "/api/v1/apps/{id}/groups" ReadDirectory apps::groups::list "List the groups to which an app is assigned";
    GET "/api/v1/apps/{id}/groups/{group}" ReadDirectory apps::groups::show "Get how an app is assigned to a group";
    PUT "/api/v1/apps/{id}/groups/{group}" ManageApps apps::groups::assign "Assign an app to a group";
    DELETE "/api/v1/apps/{id}/groups/{group}" ManageApps apps::groups::unassign "Take an app from a group";
    GET "/api/v1/apps/{id}/credentials/secrets" ReadDirectory apps::secrets::list "List the secrets of an app, never what they are";
    POST "/api/v1/apps/{id}/credentials/secrets" ManageApps apps::secrets::add "Add a secret to an app, shown this once";
    GET "/api/v1/apps/{id}/credentials/secrets/{secret}" ReadDirectory apps::secrets::show "Get a secret of an app, never what it is";
    DELETE "/api/v1/apps/{id}/credentials/secrets/{secret}" ManageApps apps::secrets::delete "Remove a secret that is switched off";
    POST "/api/v1/apps/{id}/credentials/secrets/{secret}/lifecycle/activate" ManageApps apps::secrets::activate "Accept a secret again";
    POST "/api/v1/apps/{id}/credentials/secrets/{secret}/lifecycle/deactivate" ManageApps apps::secrets::deactivate "Accept a secret no more";
    GET "/api/v1/apps/{id}/credentials/jwks" ReadDirectory apps::keys::list "List the public keys of an app";
    POST "/api/v1/apps/{id}/credentials/jwks" ManageApps apps::keys::add "Add a public key to an app";
    GET "/api/v1/apps/{id}/credentials/jwks/{key}" ReadDirectory apps::keys::show "Get a public key of an app";
    DELETE "/api/v1/apps/{id}/credentials/jwks/{key}" ManageApps apps::keys::delete "Take a public key from an app";
    GET "/api/v1/logs" ReadLog logs::list "Read the system log, a span of it or on and on";
}

/// Whether a path, within the org, is one of the API: what answers there is never a page for a person.
#[must_use]
pub fn is_of_api(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// A path of the API with single slashes: clients whose configured address ends in one send two. Other paths stay as
/// they are.
#[must_use]
pub fn tidy_path(path: &str) -> Cow<'_, str> {
    if !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let tidy = format!("/{}", parts.join("/"));
    if is_of_api(&tidy) {
        Cow::Owned(tidy)
    } else {
        Cow::Borrowed(path)
    }
}

/// The handlers of [`OPERATIONS`] on a router. Middleware must have put the org and the facts of the request into its
/// extensions.
pub fn router<S>(allowances: &Allowances) -> Router<S>
where
    Cell: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let mut paths: BTreeMap<&str, MethodRouter<S>> = BTreeMap::new();
    for operation in OPERATIONS {
        let Ok(filter) = MethodFilter::try_from(operation.method.clone()) else {
            continue;
        };
        let allowances = allowances.clone();
        let handler = move |State(cell): State<Cell>, request: Request| {
            answer(operation, cell, allowances.clone(), request)
        };
        let methods = paths.remove(operation.path).unwrap_or_default();
        paths.insert(operation.path, methods.merge(on(filter, handler)));
    }
    let router = Router::new().route("/api/{*rest}", any(no_path));
    paths.into_iter().fold(router, |router, (path, methods)| {
        router.route(path, methods.fallback(no_method))
    })
}

#[cfg(test)]
mod tests {
    use super::{OPERATIONS, is_of_api, tidy_path};
    use std::collections::BTreeSet;

    #[test]
    fn each_operation_stands_once_below_the_prefix() {
        let places: BTreeSet<(&str, &str)> = OPERATIONS
            .iter()
            .map(|operation| (operation.path, operation.method.as_str()))
            .collect();
        assert_eq!(places.len(), OPERATIONS.len());
        assert!(places.iter().all(|(path, _)| is_of_api(path)));
    }

    #[test]
    fn two_slashes_are_one_in_the_api_alone() {
        for (path, tidy) in [
            ("/api/v1/users", "/api/v1/users"),
            ("//api/v1//users", "/api/v1/users"),
            ("/api//v1/users/", "/api/v1/users"),
            ("//apps", "//apps"),
            ("//api", "//api"),
            ("/", "/"),
        ] {
            assert_eq!(tidy_path(path), tidy, "{path}");
        }
    }
}
