//! The operations as data: whoever composes the server mounts them, the matrix of who may do what is held against them,
//! and the page in `docs/` lists them.

use crate::call::{Asked, Call, answer, no_method, no_path};
use crate::error::ScimError;
use crate::reply::Reply;
use crate::{bulk, discovery, groups, list, users};
use axum::Router;
use axum::extract::{FromRef, Request, State};
use axum::routing::{MethodFilter, MethodRouter, any, on};
use http::Method;
use identity::access::Permission;
use identity::api_token::allowance::Allowances;
use identity::cell::Cell;
use std::collections::BTreeMap;
use std::pin::Pin;

/// Where the server answers, within the org.
pub const BASE: &str = "/scim/v2";
/// The person with whose roles the token acts.
pub(crate) const ME: &str = "/scim/v2/Me";

/// What a handler returns.
pub type Answer = Pin<Box<dyn Future<Output = Result<Reply, ScimError>> + Send>>;

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
    pub(crate) takes_many: bool,
    pub(crate) run: fn(Call, Asked) -> Answer,
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
                takes_many: matches!($path.as_bytes(), b"/scim/v2/Bulk"),
                run: |call, asked| Box::pin(async move { $($handler)::+(&call, &asked).await }),
            },
        )*];
    };
}

operations! {
    GET "/scim/v2/Users" ReadDirectory list::users "List users, or search for some";
    POST "/scim/v2/Users" ManagePeople users::create "Add a user";
    POST "/scim/v2/Users/.search" ReadDirectory list::search_users "Search for users";
    GET "/scim/v2/Users/{id}" ReadDirectory users::show "Get a user";
    PUT "/scim/v2/Users/{id}" ManagePeople users::replace "Replace a user";
    PATCH "/scim/v2/Users/{id}" ManagePeople users::patch "Change what is named of a user";
    DELETE "/scim/v2/Users/{id}" ManagePeople users::delete "Deactivate and remove a user";
    GET "/scim/v2/Groups" ReadDirectory list::groups "List groups, or search for some";
    POST "/scim/v2/Groups" ManageGroups groups::create "Add a group";
    POST "/scim/v2/Groups/.search" ReadDirectory list::search_groups "Search for groups";
    GET "/scim/v2/Groups/{id}" ReadDirectory groups::show "Get a group";
    PUT "/scim/v2/Groups/{id}" ManageGroups groups::replace "Replace a group, its members if they are named";
    PATCH "/scim/v2/Groups/{id}" ManageGroups groups::patch "Change what is named of a group, and who belongs to it";
    DELETE "/scim/v2/Groups/{id}" ManageGroups groups::delete "Remove a group";
    GET "/scim/v2/Me" ReadDirectory users::show "Get the owner of the token";
    PUT "/scim/v2/Me" ManagePeople users::replace "Replace the owner of the token";
    PATCH "/scim/v2/Me" ManagePeople users::patch "Change what is named of the owner of the token";
    POST "/scim/v2/.search" ReadDirectory list::search_all "Search for users and groups";
    POST "/scim/v2/Bulk" ManagePeople bulk::run "Do several operations at once";
    GET "/scim/v2/ServiceProviderConfig" ReadDirectory discovery::config "Get what the server supports";
    GET "/scim/v2/ResourceTypes" ReadDirectory discovery::resource_types "List the kinds of resources";
    GET "/scim/v2/ResourceTypes/{name}" ReadDirectory discovery::resource_type "Get a kind of resource";
    GET "/scim/v2/Schemas" ReadDirectory discovery::schemas "List the schemas of the organisation";
    GET "/scim/v2/Schemas/{name}" ReadDirectory discovery::schema "Get a schema";
}

/// Whether a path, within the org, is one of SCIM: what answers there is never a page for a person.
#[must_use]
pub fn is_of_scim(path: &str) -> bool {
    path.strip_prefix(BASE)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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
    let router = Router::new()
        .route(BASE, any(no_path))
        .route("/scim/v2/{*rest}", any(no_path));
    paths.into_iter().fold(router, |router, (path, methods)| {
        router.route(path, methods.fallback(no_method))
    })
}

#[cfg(test)]
mod tests {
    use super::{OPERATIONS, is_of_scim};
    use std::collections::BTreeSet;

    #[test]
    fn each_operation_stands_once_below_the_base() {
        let places: BTreeSet<(&str, &str)> = OPERATIONS
            .iter()
            .map(|operation| (operation.path, operation.method.as_str()))
            .collect();
        assert_eq!(places.len(), OPERATIONS.len());
        assert!(places.iter().all(|(path, _)| is_of_scim(path)));
        let many = OPERATIONS.iter().filter(|operation| operation.takes_many);
        assert_eq!(many.count(), 1);
        for (path, is_of) in [
            ("/scim/v2", true),
            ("/scim/v2/", true),
            ("/scim/v2x", false),
            ("/scim", false),
            ("/api/v1/users", false),
        ] {
            assert_eq!(is_of_scim(path), is_of, "{path}");
        }
    }
}
