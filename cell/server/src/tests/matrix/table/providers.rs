//! The rows of identity providers.

use super::{Audience, Row, api, both, get, post};

pub(super) const ROWS: &[Row] = &[
    api("/api/v1/idps", ["GET", "POST"]),
    api("/api/v1/idps/discovery", ["POST"]),
    api("/api/v1/idps/{id}", ["GET", "PUT", "DELETE"]),
    api("/api/v1/idps/{id}/lifecycle/activate", ["POST"]),
    api("/api/v1/idps/{id}/lifecycle/deactivate", ["POST"]),
    api("/api/v1/idps/{id}/users", ["GET"]),
    api("/api/v1/idps/{id}/users/{user}", ["GET", "POST", "DELETE"]),
    api("/api/v1/users/{id}/idps", ["GET"]),
    get("/sso/idps/{id}", Audience::SigningIn),
    get("/oauth2/v1/authorize/callback/{id}", Audience::SigningIn),
    get("/signin/provider", Audience::SigningIn),
    both("/signin/connect", Audience::SigningIn, Audience::SigningIn),
    get("/admin/settings/providers", Audience::Reader),
    post("/admin/settings/providers/add", Audience::Manager),
    both(
        "/admin/settings/providers/{id}",
        Audience::Reader,
        Audience::Manager,
    ),
    get("/admin/settings/providers/{id}/people", Audience::Reader),
    post("/admin/settings/providers/{id}/activate", Audience::Manager),
    post(
        "/admin/settings/providers/{id}/deactivate",
        Audience::Manager,
    ),
    post("/admin/settings/providers/{id}/remove", Audience::Manager),
    post(
        "/admin/people/{id}/factors/providers/remove",
        Audience::ManagerWhoNames,
    ),
    post(
        "/account/security/providers/{id}/remove",
        Audience::OwnFactors,
    ),
];
