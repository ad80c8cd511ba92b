//! The rows of provisioned apps.

use super::{Audience, Row, api, both, post};

pub(super) const ROWS: &[Row] = &[
    api("/api/v1/apps/{id}/connections/default", ["GET", "POST"]),
    api(
        "/api/v1/apps/{id}/connections/default/lifecycle/activate",
        ["POST"],
    ),
    api(
        "/api/v1/apps/{id}/connections/default/lifecycle/deactivate",
        ["POST"],
    ),
    api("/api/v1/apps/{id}/features", ["GET"]),
    api("/api/v1/apps/{id}/features/{feature}", ["GET", "PUT"]),
    api("/api/v1/apps/{id}/group-push/mappings", ["GET", "POST"]),
    api(
        "/api/v1/apps/{id}/group-push/mappings/{mapping}",
        ["GET", "PATCH", "DELETE"],
    ),
    api("/api/v1/apps/{id}/provisioning", ["GET"]),
    api("/api/v1/apps/{id}/provisioning/retry", ["POST"]),
    api("/api/v1/apps/{id}/provisioning/accounts", ["GET"]),
    api("/api/v1/apps/{id}/provisioning/accounts/{user}", ["GET"]),
    api(
        "/api/v1/apps/{id}/provisioning/accounts/{user}/retry",
        ["POST"],
    ),
    api(
        "/api/v1/apps/{id}/provisioning/accounts/{user}/plan",
        ["GET"],
    ),
    api("/api/v1/apps/{id}/provisioning/plan", ["GET"]),
    api("/api/v1/apps/{id}/provisioning/requests", ["GET"]),
    api("/api/v1/apps/{id}/provisioning/imports", ["GET", "POST"]),
    api("/api/v1/apps/{id}/provisioning/imports/people", ["GET"]),
    api("/api/v1/apps/{id}/provisioning/imports/link", ["POST"]),
    api("/api/v1/apps/{id}/provisioning/imports/create", ["POST"]),
    both(
        "/admin/apps/{id}/profile",
        Audience::Reader,
        Audience::Manager,
    ),
    post("/admin/apps/{id}/profile/remove", Audience::Manager),
    both(
        "/admin/apps/{id}/provisioning",
        Audience::Reader,
        Audience::Manager,
    ),
    post(
        "/admin/apps/{id}/provisioning/activate",
        Audience::ManagerWhoNames,
    ),
    post(
        "/admin/apps/{id}/provisioning/deactivate",
        Audience::ManagerWhoNames,
    ),
    post(
        "/admin/apps/{id}/provisioning/retry",
        Audience::ManagerWhoNames,
    ),
    post(
        "/admin/apps/{id}/provisioning/pushes/add",
        Audience::ManagerWhoNames,
    ),
    post(
        "/admin/apps/{id}/provisioning/pushes/switch",
        Audience::ManagerWhoNames,
    ),
    post(
        "/admin/apps/{id}/provisioning/pushes/remove",
        Audience::ManagerWhoNames,
    ),
    post(
        "/admin/apps/{id}/provisioning/import",
        Audience::ManagerWhoNames,
    ),
    post(
        "/admin/apps/{id}/provisioning/import/link",
        Audience::ManagerWhoNames,
    ),
    post(
        "/admin/apps/{id}/provisioning/import/create",
        Audience::ManagerWhoNames,
    ),
];
