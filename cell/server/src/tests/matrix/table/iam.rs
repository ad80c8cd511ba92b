//! The rows of custom roles, resource sets and bindings.

use super::{Audience, Row, api, both, get, post};

pub(super) const ROWS: &[Row] = &[
    get("/admin/custom-roles", Audience::Reader),
    post("/admin/custom-roles/add", Audience::Manager),
    post("/admin/custom-roles/{id}/edit", Audience::Manager),
    post("/admin/custom-roles/{id}/remove", Audience::Manager),
    post("/admin/resource-sets/add", Audience::Manager),
    both(
        "/admin/resource-sets/{id}",
        Audience::Reader,
        Audience::Manager,
    ),
    post("/admin/resource-sets/{id}/remove", Audience::Manager),
    post("/admin/resource-sets/{id}/resources/add", Audience::Manager),
    post(
        "/admin/resource-sets/{id}/resources/remove",
        Audience::ManagerWhoNames,
    ),
    post(
        "/admin/resource-sets/{id}/bindings/add",
        Audience::ManagerWhoNames,
    ),
    post(
        "/admin/resource-sets/{id}/bindings/remove",
        Audience::ManagerWhoNames,
    ),
    api("/api/v1/groups/{id}/roles", ["GET", "POST"]),
    api("/api/v1/groups/{id}/roles/{rid}", ["GET", "DELETE"]),
    api("/api/v1/iam/assignees/users", ["GET"]),
    api("/api/v1/iam/roles", ["GET", "POST"]),
    api("/api/v1/iam/roles/{role}", ["GET", "PUT", "DELETE"]),
    api("/api/v1/iam/roles/{role}/permissions", ["GET"]),
    api(
        "/api/v1/iam/roles/{role}/permissions/{permission}",
        ["GET", "POST", "DELETE"],
    ),
    api("/api/v1/iam/resource-sets", ["GET", "POST"]),
    api("/api/v1/iam/resource-sets/{set}", ["GET", "PUT", "DELETE"]),
    api(
        "/api/v1/iam/resource-sets/{set}/resources",
        ["GET", "POST", "PATCH"],
    ),
    api(
        "/api/v1/iam/resource-sets/{set}/resources/{resource}",
        ["GET", "PUT", "DELETE"],
    ),
    api("/api/v1/iam/resource-sets/{set}/bindings", ["GET", "POST"]),
    api(
        "/api/v1/iam/resource-sets/{set}/bindings/{role}",
        ["GET", "DELETE"],
    ),
    api(
        "/api/v1/iam/resource-sets/{set}/bindings/{role}/members",
        ["GET", "PATCH"],
    ),
    api(
        "/api/v1/iam/resource-sets/{set}/bindings/{role}/members/{member}",
        ["GET", "DELETE"],
    ),
];
