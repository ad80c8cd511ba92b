//! The operations as data: whoever composes the server mounts them, the matrix of who may do what is held against them,
//! and the page in `docs/` lists them.

use crate::api_tokens;
use crate::attribute_schemas;
use crate::authenticators;
use crate::authn::{self, open};
use crate::behaviors;
use crate::call::{Call, answer, no_method, no_path};
use crate::description::{self, Description, publish};
use crate::error::ApiError;
use crate::event_hooks;
use crate::features;
use crate::hook_keys;
use crate::iam;
use crate::identity_providers;
use crate::inline_hooks;
use crate::linked_objects;
use crate::log_streams;
use crate::org;
use crate::profile_mappings;
use crate::provisioning;
use crate::reply::Reply;
use crate::role_targets;
use crate::threats;
use crate::trusted_origins;
use crate::user_schema;
use crate::zones;
use crate::{api_access, apps, authorization_servers, groups, logs, policies, sessions, users};
use axum::Router;
use axum::extract::{FromRef, Request, State};
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, any, get, on};
use http::Method;
use identity::access::Permission;
use identity::access::custom::capability::Capability;
use identity::access::scope::{ApiScope, Area, Verb};
use identity::api_token::allowance::Allowances;
use identity::cell::Cell;
use std::collections::BTreeMap;
use std::pin::Pin;

/// What every path of the API begins with.
const PREFIX: &str = "/api/";
/// What every path of this version of it begins with.
const VERSION: &str = "/api/v1/";
/// Roles of apps are where clients in the field look for them: beside the endpoints of the authorization server.
const CLIENTS: &str = "/oauth2/v1/clients/";
/// Relations between people, which stand below their schema.
const LINKED_OBJECTS: &str = "/api/v1/meta/schemas/user/linkedObjects";
/// Where anybody is told which org answers and how its people sign in.
const ORGANIZATION: &str = "/.well-known/okta-organization";

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
    /// What of custom roles opens it besides, over the things that it touches: one or nothing.
    capabilities: &'static [Capability],
    /// What it does, for the page that lists the operations.
    pub summary: &'static str,
    /// What it reads and answers.
    pub description: &'static Description,
    pub(crate) handler: &'static str,
    pub(crate) run: fn(Call) -> Answer,
}

impl Operation {
    /// What of custom roles opens it, for whoever lacks the permission. The operation then holds the permit against each
    /// thing that it touches or shows.
    #[must_use]
    pub fn capability(&self) -> Option<Capability> {
        self.capabilities.first().copied()
    }

    /// The scope that an app's token must carry.
    #[must_use]
    pub fn scope(&self) -> Option<ApiScope> {
        // What is asked by a body changes no more than what is asked by an address.
        let verb = match self.permission {
            Permission::ReadDirectory | Permission::ReadLog => Verb::Read,
            _ if self.method == Method::GET => Verb::Read,
            _ => Verb::Manage,
        };
        area_of(self.path).map(|area| ApiScope { area, verb })
    }

    /// Whether it looks at `If-Match`; where it would not, the field is refused and nothing is done.
    pub(crate) fn is_conditional(&self) -> bool {
        self.path == "/api/v1/users/{id}" && [Method::POST, Method::PUT].contains(&self.method)
    }
}

/// The part of the API that a path is in: by its first word, but for what stands below others' things.
fn area_of(path: &str) -> Option<Area> {
    if path.starts_with(LINKED_OBJECTS) {
        return Some(Area::LinkedObjects);
    }
    let mut words = path.trim_start_matches(VERSION).split('/');
    match (words.next(), words.next(), words.next()) {
        (Some("users" | "groups"), _, Some("roles")) => Some(Area::Roles),
        (Some("apps"), _, Some("grants")) => Some(Area::AppGrants),
        (Some("api-tokens"), ..) => Some(Area::ApiTokens),
        (Some("iam"), ..) => Some(Area::Roles),
        (Some("mappings"), ..) => Some(Area::ProfileMappings),
        (Some("zones"), ..) => Some(Area::NetworkZones),
        (Some("hook-keys"), ..) => Some(Area::InlineHooks),
        (Some("threats"), ..) => Some(Area::ThreatInsights),
        (Some("org"), ..) => Some(Area::Orgs),
        (Some("meta"), Some("types"), _) => Some(Area::UserTypes),
        (Some("meta"), ..) => Some(Area::Schemas),
        (Some(word), ..) if path.starts_with(VERSION) => {
            Area::ALL.iter().copied().find(|area| area.as_str() == word)
        }
        _ if path.starts_with(CLIENTS) => Some(Area::Roles),
        _ => None,
    }
}

macro_rules! operations {
    ($(
        $method:ident $path:literal $permission:ident $(/ $capability:ident)? $($handler:ident)::+ $summary:literal
        $($described:ident)::+;
    )*) => {
        /// Every operation.
        pub static OPERATIONS: &[Operation] = &[$(
            Operation {
                method: Method::$method,
                path: $path,
                permission: Permission::$permission,
                capabilities: &[$(Capability::$capability)?],
                summary: $summary,
                description: &$($described)::+,
                handler: stringify!($($handler)::+),
                run: |call| Box::pin($($handler)::+(call)),
            },
        )*];
    };
}

operations! {
    GET "/api/v1/users" ReadDirectory / UsersRead users::list::list "List people, or search for some" users::described::LIST;
    POST "/api/v1/users" ManagePeople / UsersCreate users::create "Add a person" users::described::CREATE;
    GET "/api/v1/users/{id}" ReadDirectory / UsersRead users::show "Get a person by id or login, or the owner of the token as `me`" users::described::SHOW;
    POST "/api/v1/users/{id}" ManagePeople / UsersProfile users::update "Change what is named of a person" users::described::UPDATE;
    PUT "/api/v1/users/{id}" ManagePeople / UsersProfile users::replace "Replace the profile of a person" users::described::REPLACE;
    DELETE "/api/v1/users/{id}" ManagePeople / UsersLifecycle users::lifecycle::delete "Deactivate a person, or remove one who was deactivated" users::described::DELETE;
    GET "/api/v1/users/{id}/groups" ReadDirectory users::list::groups "List the groups of a person" users::described::GROUPS;
    GET "/api/v1/users/{id}/appLinks" ReadDirectory apps::links::list "List the apps that a person may start" apps::described::APP_LINKS;
    POST "/api/v1/users/{id}/lifecycle/activate" ManagePeople / UsersActivate users::lifecycle::activate "Activate or invite a person" users::described::INVITES;
    POST "/api/v1/users/{id}/lifecycle/reactivate" ManagePeople / UsersActivate users::lifecycle::reactivate "Invite a person once more" users::described::INVITES;
    POST "/api/v1/users/{id}/lifecycle/deactivate" ManagePeople / UsersDeactivate users::lifecycle::deactivate "Deactivate a person" users::described::DEACTIVATES;
    POST "/api/v1/users/{id}/lifecycle/suspend" ManagePeople / UsersSuspend users::lifecycle::suspend "Keep a person out for a time" description::DONE;
    POST "/api/v1/users/{id}/lifecycle/unsuspend" ManagePeople / UsersUnsuspend users::lifecycle::unsuspend "Let a suspended person in again" description::DONE;
    POST "/api/v1/users/{id}/lifecycle/unlock" HelpPeople / UsersUnlock users::lifecycle::unlock "Unlock a person" description::DONE;
    POST "/api/v1/users/{id}/lifecycle/expire_password" HelpPeople / UsersExpirePassword users::lifecycle::expire_password "Ask a person for a new password at the next sign-in" users::described::EXPIRE_PASSWORD;
    POST "/api/v1/users/{id}/lifecycle/expire_password_with_temp_password" ManagePeople users::credentials::expire_with_temporary "Give a person a password, shown this once, that they replace at the next sign-in" users::described::TEMPORARY;
    POST "/api/v1/users/{id}/lifecycle/reset_password" HelpPeople / UsersResetPassword users::lifecycle::reset_password "Send a person a link to get back in" users::described::SENDS_LINK;
    POST "/api/v1/users/{id}/lifecycle/reset_factors" HelpPeople / UsersResetFactors users::factors::reset "Take every passkey, authenticator app and recovery code from a person" description::DONE;
    GET "/api/v1/users/{id}/factors" ReadDirectory / UsersRead users::factors::list "List the means by which a person proves who they are" users::described::FACTORS;
    POST "/api/v1/users/{id}/factors" ManagePeople users::factors::enroll "Begin to enrol an authenticator app for a person, its secret shown this once" users::described::FACTOR_ENROLL;
    GET "/api/v1/users/{id}/factors/catalog" ReadDirectory users::factors::catalog "List what a person can prove who they are by" users::described::CATALOG;
    GET "/api/v1/users/{id}/factors/questions" ReadDirectory users::factors::questions "List the secret questions that a person can choose from: there are none" users::described::QUESTIONS;
    GET "/api/v1/users/{id}/factors/{factor}" ReadDirectory / UsersRead users::factors::show "Get a means of proof of a person" users::described::FACTOR_SHOW;
    DELETE "/api/v1/users/{id}/factors/{factor}" HelpPeople / UsersResetFactors users::factors::remove "Take a means of proof from a person" users::described::FACTOR_REMOVE;
    POST "/api/v1/users/{id}/factors/{factor}/lifecycle/activate" ManagePeople users::factors::activate "Confirm an authenticator app by the first code that it shows" users::described::FACTOR_ACTIVATE;
    POST "/api/v1/users/{id}/factors/{factor}/verify" HelpPeople users::factors::verify "Find out whether a code is that of the person's authenticator app" users::described::FACTOR_VERIFY;
    GET "/api/v1/users/{id}/roles" ReadDirectory users::roles::list "List the administrator roles of a person" apps::described::USER_ROLES;
    POST "/api/v1/users/{id}/roles" ManageOrg users::roles::grant "Give a person an administrator role" apps::described::USER_ROLE_GIVE;
    GET "/api/v1/users/{id}/roles/{rid}" ReadDirectory users::roles::show "Get an administrator role of a person" apps::described::USER_ROLE_SHOW;
    DELETE "/api/v1/users/{id}/roles/{rid}" ManageOrg users::roles::revoke "Take an administrator role from a person" description::NOTHING;
    GET "/api/v1/groups/{id}/roles" ReadDirectory groups::roles::list "List the roles that a group gives its members" apps::described::USER_ROLES;
    POST "/api/v1/groups/{id}/roles" ManageOrg groups::roles::grant "Give whoever is in a group a role" apps::described::USER_ROLE_GIVE;
    GET "/api/v1/groups/{id}/roles/{rid}" ReadDirectory groups::roles::show "Get a role that a group gives its members" apps::described::USER_ROLE_SHOW;
    DELETE "/api/v1/groups/{id}/roles/{rid}" ManageOrg groups::roles::revoke "Take a role from a group" description::NOTHING;
    GET "/api/v1/iam/assignees/users" ReadDirectory iam::assignees::list "List people who have a role by themselves" iam::described::ASSIGNEE_LIST;
    GET "/api/v1/iam/roles" ReadDirectory iam::roles::list "List custom roles" iam::described::ROLE_LIST;
    POST "/api/v1/iam/roles" ManageOrg iam::roles::create "Add a custom role" iam::described::ROLE_CREATE;
    GET "/api/v1/iam/roles/{role}" ReadDirectory iam::roles::show "Get a custom role" iam::described::ROLE_SHOW;
    PUT "/api/v1/iam/roles/{role}" ManageOrg iam::roles::replace "Replace label and description of a custom role" iam::described::ROLE_REPLACE;
    DELETE "/api/v1/iam/roles/{role}" ManageOrg iam::roles::delete "Remove a custom role that nobody holds" description::NOTHING;
    GET "/api/v1/iam/roles/{role}/permissions" ReadDirectory iam::permissions::list "List what a custom role permits" iam::described::PERMISSION_LIST;
    GET "/api/v1/iam/roles/{role}/permissions/{permission}" ReadDirectory iam::permissions::show "Get something that a custom role permits" iam::described::PERMISSION_SHOW;
    POST "/api/v1/iam/roles/{role}/permissions/{permission}" ManageOrg iam::permissions::add "Let a custom role permit something more" iam::described::PERMISSION_ADD;
    DELETE "/api/v1/iam/roles/{role}/permissions/{permission}" ManageOrg iam::permissions::remove "Let a custom role permit something no more" description::NOTHING;
    GET "/api/v1/iam/resource-sets" ReadDirectory iam::sets::list "List resource sets" iam::described::SET_LIST;
    POST "/api/v1/iam/resource-sets" ManageOrg iam::sets::create "Add a resource set" iam::described::SET_CREATE;
    GET "/api/v1/iam/resource-sets/{set}" ReadDirectory iam::sets::show "Get a resource set" iam::described::SET_SHOW;
    PUT "/api/v1/iam/resource-sets/{set}" ManageOrg iam::sets::replace "Replace label and description of a resource set" iam::described::SET_REPLACE;
    DELETE "/api/v1/iam/resource-sets/{set}" ManageOrg iam::sets::delete "Remove a resource set over which nobody holds a role" description::NOTHING;
    GET "/api/v1/iam/resource-sets/{set}/resources" ReadDirectory iam::resources::list "List what a resource set holds" iam::described::RESOURCE_LIST;
    PATCH "/api/v1/iam/resource-sets/{set}/resources" ManageOrg iam::resources::add "Put something into a resource set" iam::described::RESOURCE_ADD;
    POST "/api/v1/iam/resource-sets/{set}/resources" ManageOrg iam::resources::create "Put one thing into a resource set" iam::described::RESOURCE_CREATE;
    PUT "/api/v1/iam/resource-sets/{set}/resources/{resource}" ManageOrg iam::resources::replace "Replace the conditions of something that a resource set holds: there are none" iam::described::RESOURCE_REPLACE;
    GET "/api/v1/iam/resource-sets/{set}/resources/{resource}" ReadDirectory iam::resources::show "Get something that a resource set holds" iam::described::RESOURCE_SHOW;
    DELETE "/api/v1/iam/resource-sets/{set}/resources/{resource}" ManageOrg iam::resources::remove "Take something out of a resource set" description::NOTHING;
    GET "/api/v1/iam/resource-sets/{set}/bindings" ReadDirectory iam::bindings::list "List the custom roles that are held over a resource set" iam::described::BINDING_LIST;
    POST "/api/v1/iam/resource-sets/{set}/bindings" ManageOrg iam::bindings::create "Give people and groups a custom role over a resource set" iam::described::BINDING_CREATE;
    GET "/api/v1/iam/resource-sets/{set}/bindings/{role}" ReadDirectory iam::bindings::show "Get a custom role that is held over a resource set" iam::described::BINDING_SHOW;
    DELETE "/api/v1/iam/resource-sets/{set}/bindings/{role}" ManageOrg iam::bindings::delete "Take a custom role over a resource set from everybody" description::NOTHING;
    GET "/api/v1/iam/resource-sets/{set}/bindings/{role}/members" ReadDirectory iam::members::list "List who holds a custom role over a resource set" iam::described::MEMBER_LIST;
    PATCH "/api/v1/iam/resource-sets/{set}/bindings/{role}/members" ManageOrg iam::members::add "Give more people and groups a custom role over a resource set" iam::described::MEMBER_ADD;
    GET "/api/v1/iam/resource-sets/{set}/bindings/{role}/members/{member}" ReadDirectory iam::members::show "Get somebody who holds a custom role over a resource set" iam::described::MEMBER_SHOW;
    DELETE "/api/v1/iam/resource-sets/{set}/bindings/{role}/members/{member}" ManageOrg iam::members::remove "Take a custom role over a resource set from somebody" description::NOTHING;
    PUT "/api/v1/apps/{id}/policies/{policy}" ManageApps policies::mappings::put "Let a policy govern an app, in the place of the one that does" description::NOTHING;
    GET "/api/v1/apps/{id}/tokens" ReadDirectory apps::tokens::list "List the refresh tokens of an app, never what they are" users::grants::described::TOKENS_OF_APP;
    DELETE "/api/v1/apps/{id}/tokens" ManageApps apps::tokens::revoke_all "End every refresh token of an app" description::NOTHING;
    GET "/api/v1/apps/{id}/tokens/{token}" ReadDirectory apps::tokens::show "Get a refresh token of an app, never what it is" users::grants::described::TOKEN_SHOW;
    DELETE "/api/v1/apps/{id}/tokens/{token}" ManageApps apps::tokens::revoke "End a refresh token of an app" description::NOTHING;
    GET "/api/v1/apps/{id}/grants" ReadDirectory api_access::grants::list "List the scopes of this API that an app was granted" apps::described::GRANTS;
    POST "/api/v1/apps/{id}/grants" ManageOrg api_access::grants::grant "Grant an app a scope of this API" apps::described::GRANT_ADD;
    GET "/api/v1/apps/{id}/grants/{grant}" ReadDirectory api_access::grants::show "Get a scope that an app was granted" apps::described::GRANT_SHOW;
    DELETE "/api/v1/apps/{id}/grants/{grant}" ManageOrg api_access::grants::revoke "Take a scope of this API from an app" description::NOTHING;
    GET "/oauth2/v1/clients/{id}/roles" ReadDirectory api_access::roles::list "List the roles of an app" apps::described::ROLES;
    POST "/oauth2/v1/clients/{id}/roles" ManageOrg api_access::roles::grant "Give an app a role" apps::described::ROLE_GIVE_APP;
    GET "/oauth2/v1/clients/{id}/roles/{rid}" ReadDirectory api_access::roles::show "Get a role of an app" apps::described::ROLE_SHOW;
    DELETE "/oauth2/v1/clients/{id}/roles/{rid}" ManageOrg api_access::roles::revoke "Take a role from an app" description::NOTHING;
    GET "/api/v1/users/{id}/roles/{rid}/targets" ReadDirectory role_targets::of_users::list "List what a role of a person is narrowed to" role_targets::described::ALL;
    GET "/api/v1/users/{id}/roles/{rid}/targets/groups" ReadDirectory role_targets::of_users::list_groups "List the groups that a role of a person is narrowed to" role_targets::described::GROUPS;
    PUT "/api/v1/users/{id}/roles/{rid}/targets/groups/{gid}" ManageOrg role_targets::of_users::add_group "Narrow a role of a person to a group, beside those it is narrowed to" role_targets::described::ADD;
    DELETE "/api/v1/users/{id}/roles/{rid}/targets/groups/{gid}" ManageOrg role_targets::of_users::remove_group "Narrow a role of a person to a group no more, but the last one" role_targets::described::REMOVE;
    GET "/api/v1/users/{id}/roles/{rid}/targets/catalog/apps" ReadDirectory role_targets::of_users::list_apps "List the apps that a role of a person is narrowed to" role_targets::described::APPS;
    PUT "/api/v1/users/{id}/roles/{rid}/targets/catalog/apps" ManageOrg role_targets::of_users::widen "Let a role of a person that is narrowed to apps be held over everything again" role_targets::described::WIDEN;
    PUT "/api/v1/users/{id}/roles/{rid}/targets/catalog/apps/{app}" ManageOrg role_targets::of_users::add_kind "Narrow a role of a person to every app of a kind" role_targets::described::ADD;
    DELETE "/api/v1/users/{id}/roles/{rid}/targets/catalog/apps/{app}" ManageOrg role_targets::of_users::remove_kind "Narrow a role of a person to every app of a kind no more" role_targets::described::REMOVE;
    PUT "/api/v1/users/{id}/roles/{rid}/targets/catalog/apps/{app}/{instance}" ManageOrg role_targets::of_users::add_app "Narrow a role of a person to an app, beside those it is narrowed to" role_targets::described::ADD;
    DELETE "/api/v1/users/{id}/roles/{rid}/targets/catalog/apps/{app}/{instance}" ManageOrg role_targets::of_users::remove_app "Narrow a role of a person to an app no more, but the last one" role_targets::described::REMOVE;
    GET "/api/v1/groups/{id}/roles/{rid}/targets/groups" ReadDirectory role_targets::of_groups::list_groups "List the groups that a role of a group is narrowed to" role_targets::described::GROUPS;
    PUT "/api/v1/groups/{id}/roles/{rid}/targets/groups/{gid}" ManageOrg role_targets::of_groups::add_group "Narrow a role of a group to a group, beside those it is narrowed to" role_targets::described::ADD;
    DELETE "/api/v1/groups/{id}/roles/{rid}/targets/groups/{gid}" ManageOrg role_targets::of_groups::remove_group "Narrow a role of a group to a group no more, but the last one" role_targets::described::REMOVE;
    GET "/api/v1/groups/{id}/roles/{rid}/targets/catalog/apps" ReadDirectory role_targets::of_groups::list_apps "List the apps that a role of a group is narrowed to" role_targets::described::APPS;
    PUT "/api/v1/groups/{id}/roles/{rid}/targets/catalog/apps/{app}" ManageOrg role_targets::of_groups::add_kind "Narrow a role of a group to every app of a kind" role_targets::described::ADD_KIND_TO_GROUP;
    DELETE "/api/v1/groups/{id}/roles/{rid}/targets/catalog/apps/{app}" ManageOrg role_targets::of_groups::remove_kind "Narrow a role of a group to every app of a kind no more" role_targets::described::REMOVE;
    PUT "/api/v1/groups/{id}/roles/{rid}/targets/catalog/apps/{app}/{instance}" ManageOrg role_targets::of_groups::add_app "Narrow a role of a group to an app, beside those it is narrowed to" role_targets::described::ADD;
    DELETE "/api/v1/groups/{id}/roles/{rid}/targets/catalog/apps/{app}/{instance}" ManageOrg role_targets::of_groups::remove_app "Narrow a role of a group to an app no more, but the last one" role_targets::described::REMOVE;
    GET "/oauth2/v1/clients/{id}/roles/{rid}/targets/groups" ReadDirectory role_targets::of_clients::list_groups "List the groups that a role of an app is narrowed to" role_targets::described::GROUPS;
    PUT "/oauth2/v1/clients/{id}/roles/{rid}/targets/groups/{gid}" ManageOrg role_targets::of_clients::add_group "Narrow a role of an app to a group, beside those it is narrowed to" role_targets::described::ADD;
    DELETE "/oauth2/v1/clients/{id}/roles/{rid}/targets/groups/{gid}" ManageOrg role_targets::of_clients::remove_group "Narrow a role of an app to a group no more, but the last one" role_targets::described::REMOVE;
    GET "/oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps" ReadDirectory role_targets::of_clients::list_apps "List the apps that a role of an app is narrowed to" role_targets::described::APPS;
    PUT "/oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps/{app}" ManageOrg role_targets::of_clients::add_kind "Narrow a role of an app to every app of a kind" role_targets::described::ADD;
    DELETE "/oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps/{app}" ManageOrg role_targets::of_clients::remove_kind "Narrow a role of an app to every app of a kind no more" role_targets::described::REMOVE;
    PUT "/oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps/{app}/{instance}" ManageOrg role_targets::of_clients::add_app "Narrow a role of an app to an app, beside those it is narrowed to" role_targets::described::ADD;
    DELETE "/oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps/{app}/{instance}" ManageOrg role_targets::of_clients::remove_app "Narrow a role of an app to an app no more, but the last one" role_targets::described::REMOVE;
    POST "/api/v1/users/{id}/credentials/change_password" ManagePeople users::credentials::change_password "Change the password of a person whose present one is known" users::described::CHANGE_PASSWORD;
    POST "/api/v1/users/{id}/credentials/forgot_password" HelpPeople / UsersResetPassword users::credentials::forgot_password "Send a person the link for a forgotten password; their state stays" users::described::FORGOT_PASSWORD;
    GET "/api/v1/users/{id}/blocks" ReadDirectory / UsersRead users::blocks::list "List from where a person cannot sign in now" users::described::BLOCKS;
    GET "/api/v1/users/{id}/grants" ReadDirectory users::grants::list "List the scopes that a person let apps have" users::grants::described::LIST;
    DELETE "/api/v1/users/{id}/grants" HelpPeople users::grants::revoke_all "Take back every scope that a person let apps have" description::NOTHING;
    GET "/api/v1/users/{id}/grants/{grant}" ReadDirectory users::grants::show "Get a scope that a person let an app have" users::grants::described::SHOW;
    DELETE "/api/v1/users/{id}/grants/{grant}" HelpPeople users::grants::revoke "Take back a scope that a person let an app have" description::NOTHING;
    GET "/api/v1/users/{id}/clients" ReadDirectory users::grants::list_clients "List the apps that hold scopes or refresh tokens of a person" users::grants::described::CLIENTS;
    GET "/api/v1/users/{id}/clients/{client}/grants" ReadDirectory users::grants::list_of_client "List the scopes that a person let an app have" users::grants::described::OF_CLIENT;
    DELETE "/api/v1/users/{id}/clients/{client}/grants" HelpPeople users::grants::revoke_of_client "Take back every scope that a person let an app have" description::NOTHING;
    GET "/api/v1/users/{id}/clients/{client}/tokens" ReadDirectory users::grants::list_tokens "List the refresh tokens that an app has of a person, never what they are" users::grants::described::TOKENS;
    DELETE "/api/v1/users/{id}/clients/{client}/tokens" HelpPeople users::grants::revoke_tokens "End every refresh token that an app has of a person" description::NOTHING;
    GET "/api/v1/users/{id}/clients/{client}/tokens/{token}" ReadDirectory users::grants::show_token "Get a refresh token that an app has of a person, never what it is" users::grants::described::TOKEN_SHOW;
    DELETE "/api/v1/users/{id}/clients/{client}/tokens/{token}" HelpPeople users::grants::revoke_token "End a refresh token that an app has of a person" description::NOTHING;
    POST "/api/v1/sessions" HelpPeople sessions::create "Begin a session by a session token, which is good once" users::described::SESSION_CREATE;
    GET "/api/v1/sessions/{id}" ReadDirectory sessions::show "Get a session that lives" users::described::SESSION_SHOW;
    DELETE "/api/v1/sessions/{id}" HelpPeople sessions::end "End a session; its apps are told" description::NOTHING;
    POST "/api/v1/sessions/{id}/lifecycle/refresh" HelpPeople sessions::refresh "Prolong a session as its use would" users::described::SESSION_SHOW;
    DELETE "/api/v1/users/{id}/sessions" HelpPeople / UsersClearSessions sessions::end_all "End every session of a person, and all that apps were granted in them" users::described::SESSIONS_END;
    GET "/api/v1/groups" ReadDirectory / GroupsRead groups::list "List groups, or search for some" groups::described::LIST;
    POST "/api/v1/groups" ManageGroups / GroupsCreate groups::create "Add a group" groups::described::WRITE;
    GET "/api/v1/groups/{id}" ReadDirectory / GroupsRead groups::show "Get a group" groups::described::SHOW;
    PUT "/api/v1/groups/{id}" ManageGroups / GroupsManage groups::replace "Replace name and description of a group" groups::described::WRITE;
    DELETE "/api/v1/groups/{id}" ManageGroups / GroupsManage groups::delete "Remove a group" description::NOTHING;
    GET "/api/v1/groups/{id}/users" ReadDirectory / GroupsRead groups::members::list "List the members of a group" groups::described::MEMBERS;
    PUT "/api/v1/groups/{id}/users/{user}" ManageGroups / GroupsMembers groups::members::add "Add a person to a group" description::NOTHING;
    DELETE "/api/v1/groups/{id}/users/{user}" ManageGroups / GroupsMembers groups::members::remove "Take a person out of a group" description::NOTHING;
    GET "/api/v1/groups/{id}/owners" ReadDirectory / GroupsRead groups::owners::list "List who owns a group" groups::described::OWNERS;
    POST "/api/v1/groups/{id}/owners" ManageGroups groups::owners::add "Make a person or a group an owner of a group" groups::described::OWNER_ADD;
    DELETE "/api/v1/groups/{id}/owners/{owner}" ManageGroups groups::owners::remove "Take an owner from a group" description::NOTHING;
    GET "/api/v1/groups/{id}/apps" ReadDirectory apps::of_group "List the apps that are assigned to a group" apps::described::OF_GROUP;
    GET "/api/v1/groups/rules" ReadDirectory groups::rules::list "List the rules that fill groups" groups::described::RULES;
    POST "/api/v1/groups/rules" ManageGroups groups::rules::create "Add a rule that fills groups" groups::described::RULE_WRITE;
    GET "/api/v1/groups/rules/{id}" ReadDirectory groups::rules::show "Get a rule that fills groups" groups::described::RULE_SHOW;
    PUT "/api/v1/groups/rules/{id}" ManageGroups groups::rules::replace "Replace a rule that is not on" groups::described::RULE_WRITE;
    DELETE "/api/v1/groups/rules/{id}" ManageGroups groups::rules::delete "Remove a rule that is not on" groups::described::RULE_DELETE;
    POST "/api/v1/groups/rules/{id}/lifecycle/activate" ManageGroups groups::rules::activate "Bring a rule that fills groups into force" description::NOTHING;
    POST "/api/v1/groups/rules/{id}/lifecycle/deactivate" ManageGroups groups::rules::deactivate "Let a rule that fills groups rest" groups::described::RULE_DEACTIVATE;
    GET "/api/v1/apps" ReadDirectory / AppsRead apps::list "List apps, or search for some" apps::described::LIST;
    POST "/api/v1/apps" ManageApps apps::create "Add an app" apps::described::CREATE;
    GET "/api/v1/apps/{id}" ReadDirectory / AppsRead apps::show "Get an app" apps::described::SHOW;
    PUT "/api/v1/apps/{id}" ManageApps / AppsManage apps::replace "Replace label and settings of an app" apps::described::REPLACE;
    DELETE "/api/v1/apps/{id}" ManageApps / AppsManage apps::delete "Remove an app that is switched off" apps::described::DELETE;
    POST "/api/v1/apps/{id}/lifecycle/activate" ManageApps / AppsManage apps::activate "Let an app be used again" description::DONE;
    POST "/api/v1/apps/{id}/lifecycle/deactivate" ManageApps / AppsManage apps::deactivate "Switch an app off" description::DONE;
    GET "/api/v1/apps/{id}/users" ReadDirectory apps::users::list "List the people to whom an app is assigned" apps::described::USERS;
    POST "/api/v1/apps/{id}/users" ManageApps / AppsAssignment apps::users::assign "Assign an app to a person" apps::described::USER_ASSIGN;
    GET "/api/v1/apps/{id}/users/{user}" ReadDirectory apps::users::show "Get how an app is assigned to a person" apps::described::USER_SHOW;
    POST "/api/v1/apps/{id}/users/{user}" ManageApps apps::users::update "Assign an app to a person who has it through a group" apps::described::USER_UPDATE;
    DELETE "/api/v1/apps/{id}/users/{user}" ManageApps / AppsAssignment apps::users::unassign "Take an app from a person" apps::described::USER_UNASSIGN;
    GET "/api/v1/apps/{id}/groups" ReadDirectory apps::groups::list "List the groups to which an app is assigned" apps::described::GROUPS;
    GET "/api/v1/apps/{id}/groups/{group}" ReadDirectory apps::groups::show "Get how an app is assigned to a group" apps::described::GROUP_SHOW;
    PUT "/api/v1/apps/{id}/groups/{group}" ManageApps / AppsAssignment apps::groups::assign "Assign an app to a group" apps::described::GROUP_ASSIGN;
    DELETE "/api/v1/apps/{id}/groups/{group}" ManageApps / AppsAssignment apps::groups::unassign "Take an app from a group" description::NOTHING;
    GET "/api/v1/apps/{id}/credentials/secrets" ReadDirectory apps::secrets::list "List the secrets of an app, never what they are" apps::described::SECRETS;
    POST "/api/v1/apps/{id}/credentials/secrets" ManageApps apps::secrets::add "Add a secret to an app, shown this once" apps::described::SECRET_ADD;
    GET "/api/v1/apps/{id}/credentials/secrets/{secret}" ReadDirectory apps::secrets::show "Get a secret of an app, never what it is" apps::described::SECRET_SHOW;
    DELETE "/api/v1/apps/{id}/credentials/secrets/{secret}" ManageApps apps::secrets::delete "Remove a secret that is switched off" description::NOTHING;
    POST "/api/v1/apps/{id}/credentials/secrets/{secret}/lifecycle/activate" ManageApps apps::secrets::activate "Accept a secret again" apps::described::SECRET_SHOW;
    POST "/api/v1/apps/{id}/credentials/secrets/{secret}/lifecycle/deactivate" ManageApps apps::secrets::deactivate "Accept a secret no more" apps::described::SECRET_SHOW;
    GET "/api/v1/apps/{id}/credentials/jwks" ReadDirectory apps::keys::list "List the public keys of an app" apps::described::KEYS;
    POST "/api/v1/apps/{id}/credentials/jwks" ManageApps apps::keys::add "Add a public key to an app" apps::described::KEY_ADD;
    GET "/api/v1/apps/{id}/credentials/jwks/{key}" ReadDirectory apps::keys::show "Get a public key of an app" apps::described::KEY_SHOW;
    DELETE "/api/v1/apps/{id}/credentials/jwks/{key}" ManageApps apps::keys::delete "Take a public key from an app" description::NOTHING;
    GET "/api/v1/apps/{id}/connections/default" ReadDirectory provisioning::connection::show "Get the connection of an app to its SCIM server" provisioning::described::CONNECTION_SHOW;
    POST "/api/v1/apps/{id}/connections/default" ManageApps provisioning::connection::set "Set up or change the connection of an app to its SCIM server" provisioning::described::CONNECTION_SET;
    POST "/api/v1/apps/{id}/connections/default/lifecycle/activate" ManageApps provisioning::connection::activate "Switch the provisioning of an app on" description::NOTHING;
    POST "/api/v1/apps/{id}/connections/default/lifecycle/deactivate" ManageApps provisioning::connection::deactivate "Switch the provisioning of an app off" description::NOTHING;
    GET "/api/v1/apps/{id}/features" ReadDirectory provisioning::features::list "List what is done at the SCIM server of an app" provisioning::described::FEATURES;
    GET "/api/v1/apps/{id}/features/{feature}" ReadDirectory provisioning::features::show "Get what is done at the SCIM server of an app" provisioning::described::FEATURE_SHOW;
    PUT "/api/v1/apps/{id}/features/{feature}" ManageApps provisioning::features::update "Set what is done at the SCIM server of an app" provisioning::described::FEATURE_UPDATE;
    GET "/api/v1/apps/{id}/group-push/mappings" ReadDirectory provisioning::pushes::list "List the groups that are pushed to an app" provisioning::described::PUSHES;
    POST "/api/v1/apps/{id}/group-push/mappings" ManageApps provisioning::pushes::create "Push a group to an app" provisioning::described::PUSH_CREATE;
    GET "/api/v1/apps/{id}/group-push/mappings/{mapping}" ReadDirectory provisioning::pushes::show "Get a group that is pushed to an app" provisioning::described::PUSH_SHOW;
    PATCH "/api/v1/apps/{id}/group-push/mappings/{mapping}" ManageApps provisioning::pushes::update "Switch the push of a group on or off" provisioning::described::PUSH_UPDATE;
    DELETE "/api/v1/apps/{id}/group-push/mappings/{mapping}" ManageApps provisioning::pushes::delete "Push a group no more that is switched off" provisioning::described::PUSH_DELETE;
    GET "/api/v1/apps/{id}/provisioning" ReadDirectory provisioning::connection::survey "Get how the provisioning of an app stands" provisioning::described::SURVEY;
    POST "/api/v1/apps/{id}/provisioning/retry" ManageApps provisioning::accounts::retry_all "Look at everybody again whom an app concerns" description::NOTHING;
    GET "/api/v1/apps/{id}/provisioning/accounts" ReadDirectory provisioning::accounts::list "List who is known at the SCIM server of an app, and what waits or went wrong" provisioning::described::ACCOUNTS;
    GET "/api/v1/apps/{id}/provisioning/accounts/{user}" ReadDirectory provisioning::accounts::show "Get who a person is at the SCIM server of an app" provisioning::described::ACCOUNT_SHOW;
    POST "/api/v1/apps/{id}/provisioning/accounts/{user}/retry" ManageApps provisioning::accounts::retry "Try again what waits or went wrong for a person at an app" description::NOTHING;
    GET "/api/v1/apps/{id}/provisioning/accounts/{user}/plan" ReadDirectory provisioning::plan::show "Get what would be sent of a person to an app" provisioning::described::PLAN_SHOW;
    GET "/api/v1/apps/{id}/provisioning/plan" ReadDirectory provisioning::plan::list "List what would be sent to an app" provisioning::described::PLAN;
    GET "/api/v1/apps/{id}/provisioning/requests" ReadDirectory provisioning::requests::list "List the requests that were sent to an app" provisioning::described::REQUESTS;
    GET "/api/v1/apps/{id}/provisioning/imports" ReadDirectory provisioning::imports::show "Get the import from an app that is under way, or the last one" provisioning::described::IMPORT_SHOW;
    POST "/api/v1/apps/{id}/provisioning/imports" ManageApps provisioning::imports::begin "Begin an import from an app" provisioning::described::IMPORT_SHOW;
    GET "/api/v1/apps/{id}/provisioning/imports/people" ReadDirectory provisioning::imports::list "List who was found at an app, and who they are here" provisioning::described::IMPORT_PEOPLE;
    POST "/api/v1/apps/{id}/provisioning/imports/link" ManageApps provisioning::imports::link "Link accounts at an app to the people whom they match" provisioning::described::IMPORT_CONFIRM;
    POST "/api/v1/apps/{id}/provisioning/imports/create" ManagePeople provisioning::imports::create "Add people for accounts at an app that match nobody" provisioning::described::IMPORT_CONFIRM;
    GET "/api/v1/authorizationServers" ReadDirectory / ServersRead authorization_servers::list "List authorization servers, or search for some" authorization_servers::described::LIST;
    POST "/api/v1/authorizationServers" ManageServers authorization_servers::create "Add an authorization server" authorization_servers::described::CREATE;
    GET "/api/v1/authorizationServers/{id}" ReadDirectory / ServersRead authorization_servers::show "Get an authorization server by id, or the preset one as `default`" authorization_servers::described::SHOW;
    PUT "/api/v1/authorizationServers/{id}" ManageServers / ServersManage authorization_servers::replace "Replace name, description and audience of a server" authorization_servers::described::REPLACE;
    DELETE "/api/v1/authorizationServers/{id}" ManageServers / ServersManage authorization_servers::delete "Remove a server that was switched off" description::NOTHING;
    POST "/api/v1/authorizationServers/{id}/lifecycle/activate" ManageServers / ServersManage authorization_servers::activate "Let a server issue tokens again" description::NOTHING;
    POST "/api/v1/authorizationServers/{id}/lifecycle/deactivate" ManageServers / ServersManage authorization_servers::deactivate "Switch a server off" description::NOTHING;
    GET "/api/v1/authorizationServers/{id}/scopes" ReadDirectory / ServersRead authorization_servers::scopes::list "List the scopes of a server" authorization_servers::described::SCOPES;
    POST "/api/v1/authorizationServers/{id}/scopes" ManageServers / ServersManage authorization_servers::scopes::create "Add a scope to a server" authorization_servers::described::SCOPE_CREATE;
    GET "/api/v1/authorizationServers/{id}/scopes/{scope}" ReadDirectory / ServersRead authorization_servers::scopes::show "Get a scope of a server" authorization_servers::described::SCOPE_SHOW;
    PUT "/api/v1/authorizationServers/{id}/scopes/{scope}" ManageServers / ServersManage authorization_servers::scopes::replace "Replace a scope of a server" authorization_servers::described::SCOPE_REPLACE;
    DELETE "/api/v1/authorizationServers/{id}/scopes/{scope}" ManageServers / ServersManage authorization_servers::scopes::delete "Remove a scope of a server" description::NOTHING;
    GET "/api/v1/authorizationServers/{id}/claims" ReadDirectory / ServersRead authorization_servers::claims::list "List the claims that a server adds" authorization_servers::described::CLAIMS;
    POST "/api/v1/authorizationServers/{id}/claims" ManageServers / ServersManage authorization_servers::claims::create "Add a claim to a server" authorization_servers::described::CLAIM_CREATE;
    GET "/api/v1/authorizationServers/{id}/claims/{claim}" ReadDirectory / ServersRead authorization_servers::claims::show "Get a claim of a server" authorization_servers::described::CLAIM_SHOW;
    PUT "/api/v1/authorizationServers/{id}/claims/{claim}" ManageServers / ServersManage authorization_servers::claims::replace "Replace a claim of a server" authorization_servers::described::CLAIM_REPLACE;
    DELETE "/api/v1/authorizationServers/{id}/claims/{claim}" ManageServers / ServersManage authorization_servers::claims::delete "Remove a claim of a server" description::NOTHING;
    GET "/api/v1/authorizationServers/{id}/policies" ReadDirectory / ServersRead authorization_servers::policies::list "List the access policies of a server" authorization_servers::described::POLICIES;
    POST "/api/v1/authorizationServers/{id}/policies" ManageServers / ServersManage authorization_servers::policies::create "Add an access policy to a server" authorization_servers::described::POLICY_CREATE;
    GET "/api/v1/authorizationServers/{id}/policies/{policy}" ReadDirectory / ServersRead authorization_servers::policies::show "Get an access policy of a server" authorization_servers::described::POLICY_SHOW;
    PUT "/api/v1/authorizationServers/{id}/policies/{policy}" ManageServers / ServersManage authorization_servers::policies::replace "Replace an access policy of a server; its rules stay" authorization_servers::described::POLICY_REPLACE;
    DELETE "/api/v1/authorizationServers/{id}/policies/{policy}" ManageServers / ServersManage authorization_servers::policies::delete "Remove an access policy of a server, with its rules" description::NOTHING;
    POST "/api/v1/authorizationServers/{id}/policies/{policy}/lifecycle/activate" ManageServers / ServersManage authorization_servers::policies::activate "Bring an access policy into force" description::NOTHING;
    POST "/api/v1/authorizationServers/{id}/policies/{policy}/lifecycle/deactivate" ManageServers / ServersManage authorization_servers::policies::deactivate "Let an access policy rest" description::NOTHING;
    GET "/api/v1/authorizationServers/{id}/policies/{policy}/rules" ReadDirectory / ServersRead authorization_servers::rules::list "List the rules of an access policy" authorization_servers::described::RULES;
    POST "/api/v1/authorizationServers/{id}/policies/{policy}/rules" ManageServers / ServersManage authorization_servers::rules::create "Add a rule to an access policy" authorization_servers::described::RULE_CREATE;
    GET "/api/v1/authorizationServers/{id}/policies/{policy}/rules/{rule}" ReadDirectory / ServersRead authorization_servers::rules::show "Get a rule of an access policy" authorization_servers::described::RULE_SHOW;
    PUT "/api/v1/authorizationServers/{id}/policies/{policy}/rules/{rule}" ManageServers / ServersManage authorization_servers::rules::replace "Replace a rule of an access policy" authorization_servers::described::RULE_REPLACE;
    DELETE "/api/v1/authorizationServers/{id}/policies/{policy}/rules/{rule}" ManageServers / ServersManage authorization_servers::rules::delete "Remove a rule of an access policy" description::NOTHING;
    POST "/api/v1/authorizationServers/{id}/policies/{policy}/rules/{rule}/lifecycle/activate" ManageServers / ServersManage authorization_servers::rules::activate "Bring a rule of an access policy into force" description::NOTHING;
    POST "/api/v1/authorizationServers/{id}/policies/{policy}/rules/{rule}/lifecycle/deactivate" ManageServers / ServersManage authorization_servers::rules::deactivate "Let a rule of an access policy rest" description::NOTHING;
    GET "/api/v1/authorizationServers/{id}/clients" ReadDirectory authorization_servers::clients::list "List the apps that have refresh tokens of a server" users::grants::described::CLIENTS_OF_SERVER;
    GET "/api/v1/authorizationServers/{id}/clients/{client}/tokens" ReadDirectory authorization_servers::clients::list_tokens "List the refresh tokens that an app has of a server, never what they are" users::grants::described::TOKENS_OF_APP;
    DELETE "/api/v1/authorizationServers/{id}/clients/{client}/tokens" ManageServers authorization_servers::clients::revoke_tokens "End every refresh token that an app has of a server" description::NOTHING;
    GET "/api/v1/authorizationServers/{id}/clients/{client}/tokens/{token}" ReadDirectory authorization_servers::clients::show_token "Get a refresh token that an app has of a server, never what it is" users::grants::described::TOKEN_SHOW;
    DELETE "/api/v1/authorizationServers/{id}/clients/{client}/tokens/{token}" ManageServers authorization_servers::clients::revoke_token "End a refresh token that an app has of a server" description::NOTHING;
    GET "/api/v1/authorizationServers/{id}/credentials/keys" ReadDirectory / ServersRead authorization_servers::keys::list "List the signing keys of a server" authorization_servers::described::KEYS;
    GET "/api/v1/authorizationServers/{id}/credentials/keys/{key}" ReadDirectory / ServersRead authorization_servers::keys::show "Get a signing key of a server" authorization_servers::described::KEY_SHOW;
    POST "/api/v1/authorizationServers/{id}/credentials/lifecycle/keyRotate" ManageKeys authorization_servers::keys::rotate "Rotate the signing keys of a server" authorization_servers::described::ROTATE;
    GET "/api/v1/policies" ReadDirectory policies::list "List policies, of all types or of one" policies::described::LIST;
    POST "/api/v1/policies" ManagePolicies policies::create "Add a policy that apps may name" policies::described::CREATE;
    POST "/api/v1/policies/simulate" ReadDirectory policies::simulate::simulate "Ask what the policies would make of a sign-in" policies::described::SIMULATE;
    GET "/api/v1/policies/{id}" ReadDirectory policies::show "Get a policy" policies::described::SHOW;
    PUT "/api/v1/policies/{id}" ManagePolicies policies::replace "Replace name and description of a policy, or what a password must be" policies::described::REPLACE;
    DELETE "/api/v1/policies/{id}" ManagePolicies policies::delete "Remove a policy that no app names" description::NOTHING;
    POST "/api/v1/policies/{id}/lifecycle/activate" ManagePolicies policies::activate "Let apps name a policy again" description::NOTHING;
    POST "/api/v1/policies/{id}/lifecycle/deactivate" ManagePolicies policies::deactivate "Let a policy rest that no app names" description::NOTHING;
    GET "/api/v1/policies/{id}/mappings" ReadDirectory policies::mappings::list "List the apps that a policy governs" policies::described::MAPPINGS;
    POST "/api/v1/policies/{id}/mappings" ManageApps policies::mappings::add "Let a policy govern an app, in the place of the one that does" policies::described::MAPPING_ADD;
    GET "/api/v1/policies/{id}/mappings/{mapping}" ReadDirectory policies::mappings::show "Get an app that a policy governs" policies::described::MAPPING_SHOW;
    DELETE "/api/v1/policies/{id}/mappings/{mapping}" ManageApps policies::mappings::remove "Let a policy govern an app no more" description::NOTHING;
    GET "/api/v1/policies/{id}/rules" ReadDirectory policies::rules::list "List the rules of a policy" policies::described::RULES;
    POST "/api/v1/policies/{id}/rules" ManagePolicies policies::rules::create "Add a rule to a policy" policies::described::RULE_CREATE;
    GET "/api/v1/policies/{id}/rules/{rule}" ReadDirectory policies::rules::show "Get a rule of a policy" policies::described::RULE_SHOW;
    PUT "/api/v1/policies/{id}/rules/{rule}" ManagePolicies policies::rules::replace "Replace a rule of a policy" policies::described::RULE_REPLACE;
    DELETE "/api/v1/policies/{id}/rules/{rule}" ManagePolicies policies::rules::delete "Remove a rule of a policy" description::NOTHING;
    POST "/api/v1/policies/{id}/rules/{rule}/lifecycle/activate" ManagePolicies policies::rules::activate "Bring a rule of a policy into force" description::NOTHING;
    POST "/api/v1/policies/{id}/rules/{rule}/lifecycle/deactivate" ManagePolicies policies::rules::deactivate "Let a rule of a policy rest" description::NOTHING;
    GET "/api/v1/api-tokens" ReadDirectory api_tokens::list "List the tokens of this API, never what they are" api_tokens::described::LIST;
    POST "/api/v1/api-tokens" ManageOrg api_tokens::create "Make a token that acts as the owner of the calling one, shown this once" api_tokens::described::CREATE;
    DELETE "/api/v1/api-tokens/current" ReadLog api_tokens::revoke_current "Revoke the token with which this is asked for" description::NOTHING;
    GET "/api/v1/api-tokens/{id}" ReadDirectory api_tokens::show "Get a token of this API, never what it is" api_tokens::described::SHOW;
    DELETE "/api/v1/api-tokens/{id}" ManageOrg api_tokens::revoke "Revoke a token of this API" description::NOTHING;
    GET "/api/v1/zones" ReadDirectory zones::list "List network zones, or search for some" zones::described::LIST;
    POST "/api/v1/zones" ManagePolicies zones::create "Add a network zone" zones::described::CREATE;
    GET "/api/v1/zones/{id}" ReadDirectory zones::show "Get a network zone" zones::described::SHOW;
    PUT "/api/v1/zones/{id}" ManagePolicies zones::replace "Replace name, usage and addresses of a network zone" zones::described::REPLACE;
    DELETE "/api/v1/zones/{id}" ManagePolicies zones::delete "Remove a network zone that no rule names" description::NOTHING;
    POST "/api/v1/zones/{id}/lifecycle/activate" ManagePolicies zones::activate "Let a network zone count again" zones::described::SHOW;
    POST "/api/v1/zones/{id}/lifecycle/deactivate" ManagePolicies zones::deactivate "Let a network zone rest that no rule names" zones::described::SHOW;
    GET "/api/v1/behaviors" ReadDirectory behaviors::list "List behaviours" behaviors::described::LIST;
    POST "/api/v1/behaviors" ManagePolicies behaviors::create "Add a behaviour" behaviors::described::CREATE;
    GET "/api/v1/behaviors/{id}" ReadDirectory behaviors::show "Get a behaviour" behaviors::described::SHOW;
    PUT "/api/v1/behaviors/{id}" ManagePolicies behaviors::replace "Replace name, numbers and state of a behaviour" behaviors::described::REPLACE;
    DELETE "/api/v1/behaviors/{id}" ManagePolicies behaviors::delete "Remove a behaviour that no rule names" description::NOTHING;
    POST "/api/v1/behaviors/{id}/lifecycle/activate" ManagePolicies behaviors::activate "Let a behaviour be detected" behaviors::described::SHOW;
    POST "/api/v1/behaviors/{id}/lifecycle/deactivate" ManagePolicies behaviors::deactivate "Let a behaviour be detected no more" behaviors::described::SHOW;
    GET "/api/v1/threats/configuration" ReadDirectory threats::show "Get what is done about addresses from which many names fail" threats::described::SHOW;
    POST "/api/v1/threats/configuration" ManageOrg threats::update "Say what is done about addresses from which many names fail" threats::described::UPDATE;
    GET "/api/v1/trustedOrigins" ReadDirectory trusted_origins::list "List trusted origins, or search for some" trusted_origins::described::LIST;
    POST "/api/v1/trustedOrigins" ManageOrg trusted_origins::create "Trust an origin" trusted_origins::described::CREATE;
    GET "/api/v1/trustedOrigins/{id}" ReadDirectory trusted_origins::show "Get a trusted origin" trusted_origins::described::SHOW;
    PUT "/api/v1/trustedOrigins/{id}" ManageOrg trusted_origins::replace "Replace name, origin and scopes of a trusted origin" trusted_origins::described::REPLACE;
    DELETE "/api/v1/trustedOrigins/{id}" ManageOrg trusted_origins::delete "Trust an origin no more" description::NOTHING;
    POST "/api/v1/trustedOrigins/{id}/lifecycle/activate" ManageOrg trusted_origins::activate "Let a trusted origin count again" trusted_origins::described::SHOW;
    POST "/api/v1/trustedOrigins/{id}/lifecycle/deactivate" ManageOrg trusted_origins::deactivate "Let a trusted origin count no more" trusted_origins::described::SHOW;
    GET "/api/v1/org" ReadDirectory org::show "Get what the organisation is called" org::described::SHOW;
    POST "/api/v1/org" ManageOrg org::update "Change what is named of the organisation" org::described::UPDATE;
    PUT "/api/v1/org" ManageOrg org::replace "Rename the organisation" org::described::REPLACE;
    GET "/api/v1/meta/schemas/user/{schema}" ReadDirectory user_schema::show "Get what profiles of a type hold, by id, or as `default`" user_schema::described::SHOW;
    POST "/api/v1/meta/schemas/user/{schema}" ManageOrg user_schema::update "Add, change and remove attributes of profiles of a type" user_schema::described::UPDATE;
    GET "/api/v1/meta/schemas/group/default" ReadDirectory attribute_schemas::show_of_groups "Get what groups hold" attribute_schemas::described::SHOW;
    POST "/api/v1/meta/schemas/group/default" ManageOrg attribute_schemas::update_of_groups "Add, change and remove attributes of groups" attribute_schemas::described::UPDATE;
    GET "/api/v1/meta/schemas/apps/{id}/default" ReadDirectory attribute_schemas::show_of_app "Get what people have in an app" attribute_schemas::described::SHOW;
    POST "/api/v1/meta/schemas/apps/{id}/default" ManageApps attribute_schemas::update_of_app "Add, change and remove attributes of people in an app" attribute_schemas::described::UPDATE;
    GET "/api/v1/mappings" ReadDirectory profile_mappings::list "List the mappings of profiles to apps: there is one for each app" profile_mappings::described::LIST;
    GET "/api/v1/mappings/{mapping}" ReadDirectory profile_mappings::show "Get a mapping of profiles to an app" profile_mappings::described::SHOW;
    POST "/api/v1/mappings/{mapping}" ManageApps profile_mappings::update "Add, change and remove what is mapped to an app" profile_mappings::described::UPDATE;
    GET "/api/v1/meta/schemas/user/linkedObjects" ReadDirectory linked_objects::list "List relations between people" linked_objects::described::LIST;
    POST "/api/v1/meta/schemas/user/linkedObjects" ManageOrg linked_objects::create "Add a relation between people" linked_objects::described::CREATE;
    GET "/api/v1/meta/schemas/user/linkedObjects/{name}" ReadDirectory linked_objects::show "Get a relation between people by the name of an end" linked_objects::described::SHOW;
    DELETE "/api/v1/meta/schemas/user/linkedObjects/{name}" ManageOrg linked_objects::delete "Remove a relation between people, and all links by it" description::NOTHING;
    GET "/api/v1/meta/types/user" ReadDirectory user_schema::types::list "List the types of people" user_schema::described::TYPES;
    POST "/api/v1/meta/types/user" ManageOrg user_schema::types::create "Add a type of people" user_schema::described::TYPE_CREATE;
    GET "/api/v1/meta/types/user/{type}" ReadDirectory user_schema::types::show "Get a type of people, by id, or as `default` the one that every organisation has" user_schema::described::TYPE_SHOW;
    POST "/api/v1/meta/types/user/{type}" ManageOrg user_schema::types::update "Change what is named of the words of a type of people" user_schema::described::TYPE_UPDATE;
    PUT "/api/v1/meta/types/user/{type}" ManageOrg user_schema::types::replace "Replace the words of a type of people" user_schema::described::TYPE_REPLACE;
    DELETE "/api/v1/meta/types/user/{type}" ManageOrg user_schema::types::delete "Remove a type of people that nobody is of" user_schema::described::TYPE_DELETE;
    GET "/api/v1/eventHooks" ReadDirectory event_hooks::list "List event hooks" event_hooks::described::LIST;
    POST "/api/v1/eventHooks" ManageOrg event_hooks::create "Add an event hook" event_hooks::described::WRITE;
    GET "/api/v1/eventHooks/{id}" ReadDirectory event_hooks::show "Get an event hook" event_hooks::described::SHOW;
    PUT "/api/v1/eventHooks/{id}" ManageOrg event_hooks::replace "Replace an event hook; at another address it is to be verified anew" event_hooks::described::WRITE;
    DELETE "/api/v1/eventHooks/{id}" ManageOrg event_hooks::delete "Remove an event hook that is switched off" description::NOTHING;
    POST "/api/v1/eventHooks/{id}/lifecycle/activate" ManageOrg event_hooks::activate "Switch an event hook on" event_hooks::described::SHOW;
    POST "/api/v1/eventHooks/{id}/lifecycle/deactivate" ManageOrg event_hooks::deactivate "Switch an event hook off" event_hooks::described::SHOW;
    POST "/api/v1/eventHooks/{id}/lifecycle/verify" ManageOrg event_hooks::verify "Ask the address of an event hook whether it wants to be told" event_hooks::described::SHOW;
    POST "/api/v1/eventHooks/{id}/credentials/secret" ManageOrg event_hooks::renew_secret "Make a new secret that signs what a hook is told, shown this once" event_hooks::described::RENEW_SECRET;
    GET "/api/v1/eventHooks/{id}/deliveries" ReadDirectory event_hooks::deliveries::list "List what an event hook was told" event_hooks::described::DELIVERIES;
    GET "/api/v1/eventHooks/{id}/deliveries/{delivery}" ReadDirectory event_hooks::deliveries::show "Get a delivery of an event hook" event_hooks::described::DELIVERY_SHOW;
    POST "/api/v1/eventHooks/{id}/deliveries/{delivery}/redeliver" ManageOrg event_hooks::deliveries::redeliver "Tell an event hook something once more" event_hooks::described::DELIVERY_SHOW;
    GET "/api/v1/inlineHooks" ReadDirectory inline_hooks::list "List inline hooks, or those of one type" inline_hooks::described::LIST;
    POST "/api/v1/inlineHooks" ManageOrg inline_hooks::create "Add an inline hook" inline_hooks::described::CREATE;
    GET "/api/v1/inlineHooks/{id}" ReadDirectory inline_hooks::show "Get an inline hook" inline_hooks::described::SHOW;
    POST "/api/v1/inlineHooks/{id}" ManageOrg inline_hooks::update "Change what is named of an inline hook" inline_hooks::described::CHANGE;
    PUT "/api/v1/inlineHooks/{id}" ManageOrg inline_hooks::replace "Replace an inline hook, which keeps its type" inline_hooks::described::CHANGE;
    DELETE "/api/v1/inlineHooks/{id}" ManageOrg inline_hooks::delete "Remove an inline hook that is switched off and that no access rule names" description::NOTHING;
    POST "/api/v1/inlineHooks/{id}/execute" ManageOrg inline_hooks::execute "Ask an inline hook something, without anything following from it" inline_hooks::described::EXECUTE;
    POST "/api/v1/inlineHooks/{id}/lifecycle/activate" ManageOrg inline_hooks::activate "Switch an inline hook on" inline_hooks::described::SHOW;
    POST "/api/v1/inlineHooks/{id}/lifecycle/deactivate" ManageOrg inline_hooks::deactivate "Switch an inline hook off" inline_hooks::described::SHOW;
    POST "/api/v1/inlineHooks/{id}/credentials/secret" ManageOrg inline_hooks::renew_secret "Make a new secret that signs what an inline hook is asked, shown this once" inline_hooks::described::RENEW_SECRET;
    GET "/api/v1/hook-keys" ReadDirectory hook_keys::list "List hook keys" hook_keys::described::LIST;
    POST "/api/v1/hook-keys" ManageOrg hook_keys::create "Make a hook key" hook_keys::described::CREATE;
    GET "/api/v1/hook-keys/public/{key}" ReadDirectory hook_keys::show_public "Get the public half of a hook key" hook_keys::described::SHOW_PUBLIC;
    GET "/api/v1/hook-keys/{id}" ReadDirectory hook_keys::show "Get a hook key" hook_keys::described::SHOW;
    PUT "/api/v1/hook-keys/{id}" ManageOrg hook_keys::replace "Rename a hook key" hook_keys::described::REPLACE;
    DELETE "/api/v1/hook-keys/{id}" ManageOrg hook_keys::delete "Remove a hook key that no inline hook uses" description::NOTHING;
    GET "/api/v1/idps" ReadDirectory identity_providers::list "List identity providers, or search for some" identity_providers::described::LIST;
    POST "/api/v1/idps" ManageOrg identity_providers::create "Add an identity provider" identity_providers::described::CREATE;
    POST "/api/v1/idps/discovery" ManageOrg identity_providers::discover "Read what an issuer publishes of itself, without storing it" identity_providers::described::DISCOVER;
    GET "/api/v1/idps/{id}" ReadDirectory identity_providers::show "Get an identity provider" identity_providers::described::SHOW;
    PUT "/api/v1/idps/{id}" ManageOrg identity_providers::replace "Replace an identity provider" identity_providers::described::CREATE;
    DELETE "/api/v1/idps/{id}" ManageOrg identity_providers::delete "Remove an identity provider that is switched off, and the links of its people" description::NOTHING;
    POST "/api/v1/idps/{id}/lifecycle/activate" ManageOrg identity_providers::activate "Switch an identity provider on" identity_providers::described::SHOW;
    POST "/api/v1/idps/{id}/lifecycle/deactivate" ManageOrg identity_providers::deactivate "Switch an identity provider off" identity_providers::described::SHOW;
    GET "/api/v1/idps/{id}/users" ReadDirectory identity_providers::list_users "List the people of an identity provider" identity_providers::described::LIST_USERS;
    GET "/api/v1/idps/{id}/users/{user}" ReadDirectory identity_providers::show_user "Get a person of an identity provider" identity_providers::described::SHOW_USER;
    POST "/api/v1/idps/{id}/users/{user}" ManagePeople identity_providers::link "Link a person to an identity provider" identity_providers::described::LINK_USER;
    DELETE "/api/v1/idps/{id}/users/{user}" ManagePeople identity_providers::unlink "Remove the link of a person to an identity provider" description::NOTHING;
    GET "/api/v1/users/{id}/linkedObjects/{name}" ReadDirectory linked_objects::people "List to whom a person is linked" linked_objects::described::PEOPLE;
    DELETE "/api/v1/users/{id}/linkedObjects/{name}" ManagePeople linked_objects::unlink "Take the primary of a relation from a person" description::NOTHING;
    PUT "/api/v1/users/{id}/linkedObjects/{name}/{primary}" ManagePeople linked_objects::link "Make somebody the primary of a person" description::NOTHING;
    GET "/api/v1/users/{id}/idps" ReadDirectory identity_providers::list_of_user "List the identity providers to which a person is linked" identity_providers::described::LIST_OF_USER;
    GET "/api/v1/features" ReadDirectory features::list "List the features that can be switched" features::described::LIST;
    GET "/api/v1/features/{id}" ReadDirectory features::show "Get a feature" features::described::SHOW;
    GET "/api/v1/features/{id}/dependencies" ReadDirectory features::dependencies "List what a feature depends on" features::described::LIST;
    GET "/api/v1/features/{id}/dependents" ReadDirectory features::dependents "List what depends on a feature" features::described::LIST;
    POST "/api/v1/features/{id}/{lifecycle}" ManageOrg features::switch "Switch a feature on or off" features::described::SWITCH;
    GET "/api/v1/authenticators" ReadDirectory authenticators::list "List what people can prove who they are by" authenticators::described::LIST;
    GET "/api/v1/authenticators/{id}" ReadDirectory authenticators::show "Get an authenticator" authenticators::described::SHOW;
    PUT "/api/v1/authenticators/{id}" ManageOrg authenticators::replace "Say what mail is used for; of the others, repeat what they are" authenticators::described::REPLACE;
    POST "/api/v1/authenticators/{id}/lifecycle/activate" ManageOrg authenticators::activate "Let an authenticator count again" authenticators::described::SHOW;
    POST "/api/v1/authenticators/{id}/lifecycle/deactivate" ManageOrg authenticators::deactivate "Let an authenticator count nowhere" authenticators::described::SHOW;
    GET "/api/v1/authenticators/{id}/methods" ReadDirectory authenticators::methods::list "List the one method of an authenticator" authenticators::described::METHODS;
    GET "/api/v1/authenticators/{id}/methods/{method}" ReadDirectory authenticators::methods::show "Get the method of an authenticator" authenticators::described::METHOD_SHOW;
    PUT "/api/v1/authenticators/{id}/methods/{method}" ManageOrg authenticators::methods::replace "Say which passkeys count; of the others, repeat what they are" authenticators::described::METHOD_REPLACE;
    POST "/api/v1/authenticators/{id}/methods/{method}/lifecycle/activate" ManageOrg authenticators::methods::activate "Let the method of an authenticator count again" authenticators::described::METHOD_SHOW;
    POST "/api/v1/authenticators/{id}/methods/{method}/lifecycle/deactivate" ManageOrg authenticators::methods::deactivate "Let the method of an authenticator count nowhere" authenticators::described::METHOD_SHOW;
    GET "/api/v1/logStreams" ReadDirectory log_streams::list "List log streams, or search for some" log_streams::described::LIST;
    POST "/api/v1/logStreams" ManageOrg log_streams::create "Add a log stream" log_streams::described::CREATE;
    GET "/api/v1/logStreams/{id}" ReadDirectory log_streams::show "Get a log stream, and how far it has come" log_streams::described::SHOW;
    PUT "/api/v1/logStreams/{id}" ManageOrg log_streams::replace "Replace a log stream, which goes on from where it stands" log_streams::described::REPLACE;
    DELETE "/api/v1/logStreams/{id}" ManageOrg log_streams::delete "Remove a log stream that is switched off" description::NOTHING;
    POST "/api/v1/logStreams/{id}/lifecycle/activate" ManageOrg log_streams::activate "Switch a log stream on, from where it stood" log_streams::described::SHOW;
    POST "/api/v1/logStreams/{id}/lifecycle/deactivate" ManageOrg log_streams::deactivate "Switch a log stream off" log_streams::described::SHOW;
    POST "/api/v1/logStreams/{id}/test" ManageOrg log_streams::test "Send a test to the receiver of a log stream" log_streams::described::TEST;
    POST "/api/v1/logStreams/{id}/credentials/secret" ManageOrg log_streams::renew_secret "Make a new secret that signs what a webhook is sent, shown this once" log_streams::described::RENEW_SECRET;
    GET "/api/v1/logs" ReadLog logs::list "Read the system log, a span of it or on and on" logs::described::LIST;
}

/// Whether a path, within the org, is one of the API: what answers there is never a page for a person.
#[must_use]
pub fn is_of_api(path: &str) -> bool {
    path.starts_with(PREFIX)
        || path.starts_with(CLIENTS)
        || path == ORGANIZATION
        || path == publish::PATH
}

/// The handlers of [`OPERATIONS`] on a router. Middleware must have put the org and the facts of the request into its
/// extensions.
pub fn router<S>(allowances: &Allowances) -> Router<S>
where
    Cell: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let mut paths = BTreeMap::new();
    for operation in OPERATIONS {
        let allowances = allowances.clone();
        let handler = move |State(cell): State<Cell>, request: Request| {
            answer(operation, cell, allowances.clone(), request)
        };
        add(&mut paths, (&operation.method, operation.path), handler);
    }
    for operation in authn::OPERATIONS {
        let handler = move |State(cell): State<Cell>, request: Request| {
            open::answer(operation, cell, request)
        };
        add(&mut paths, (&operation.method, operation.path), handler);
    }
    let router = Router::new()
        .route("/api/{*rest}", any(no_path))
        .route(publish::PATH, get(publish::serve).fallback(no_method));
    paths.into_iter().fold(router, |router, (path, methods)| {
        router.route(path, methods.fallback(no_method))
    })
}

/// Adds a method to whatever its path has already.
fn add<S, H, T>(
    paths: &mut BTreeMap<&'static str, MethodRouter<S>>,
    (method, path): (&Method, &'static str),
    handler: H,
) where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    // Every method of an operation is one that the router knows.
    if let Ok(filter) = MethodFilter::try_from(method.clone()) {
        let methods = paths.remove(path).unwrap_or_default();
        paths.insert(path, methods.merge(on(filter, handler)));
    }
}

#[cfg(test)]
mod tests {
    use super::{OPERATIONS, area_of, is_of_api};
    use identity::access::scope::Area;
    use std::collections::BTreeSet;

    #[test]
    fn each_operation_stands_once_below_the_prefix() {
        let places: BTreeSet<(&str, &str)> = OPERATIONS
            .iter()
            .map(|operation| (operation.path, operation.method.as_str()))
            .collect();
        assert_eq!(places.len(), OPERATIONS.len());
        assert!(places.iter().all(|(path, _)| is_of_api(path)));
        assert!(
            OPERATIONS
                .iter()
                .all(|operation| operation.scope().is_some())
        );
    }

    #[test]
    fn scopes_follow_from_the_path() {
        for (path, area) in [
            ("/api/v1/users", Some(Area::Users)),
            ("/api/v1/users/{id}/groups", Some(Area::Users)),
            ("/api/v1/users/{id}/roles/{role}", Some(Area::Roles)),
            ("/api/v1/groups/{id}/users", Some(Area::Groups)),
            ("/api/v1/apps/{id}", Some(Area::Apps)),
            ("/api/v1/apps/{id}/grants", Some(Area::AppGrants)),
            (
                "/api/v1/authorizationServers/{id}",
                Some(Area::AuthorizationServers),
            ),
            ("/api/v1/logs", Some(Area::Logs)),
            ("/api/v1/api-tokens/current", Some(Area::ApiTokens)),
            ("/api/v1/groups/{id}/roles", Some(Area::Roles)),
            ("/api/v1/iam/resource-sets/{set}", Some(Area::Roles)),
            ("/api/v1/zones/{id}", Some(Area::NetworkZones)),
            ("/api/v1/behaviors/{id}", Some(Area::Behaviors)),
            ("/api/v1/trustedOrigins", Some(Area::TrustedOrigins)),
            ("/api/v1/org", Some(Area::Orgs)),
            ("/api/v1/meta/types/user", Some(Area::UserTypes)),
            ("/api/v1/mappings/{mapping}", Some(Area::ProfileMappings)),
            ("/api/v1/meta/schemas/user/{schema}", Some(Area::Schemas)),
            ("/oauth2/v1/clients/{id}/roles", Some(Area::Roles)),
            ("/oauth2/v1/token", None),
            ("/api/v1/unheard-of", None),
            ("/users", None),
        ] {
            assert_eq!(area_of(path), area, "{path}");
        }
    }
}
