//! Rows of what an org sets beside its directory: trusted origins, zones, tokens of the API; and of people's means of proof.

use super::{Audience, Row, api, get, post};

pub(super) const ROWS: &[Row] = &[
    api("/api/v1/authenticators", ["GET"]),
    api("/api/v1/authenticators/{id}", ["GET", "PUT"]),
    api("/api/v1/authenticators/{id}/lifecycle/activate", ["POST"]),
    api("/api/v1/authenticators/{id}/lifecycle/deactivate", ["POST"]),
    api("/api/v1/authenticators/{id}/methods", ["GET"]),
    api(
        "/api/v1/authenticators/{id}/methods/{method}",
        ["GET", "PUT"],
    ),
    api(
        "/api/v1/authenticators/{id}/methods/{method}/lifecycle/activate",
        ["POST"],
    ),
    api(
        "/api/v1/authenticators/{id}/methods/{method}/lifecycle/deactivate",
        ["POST"],
    ),
    api("/api/v1/users/{id}/factors/questions", ["GET"]),
    api("/api/v1/api-tokens", ["GET", "POST"]),
    api("/api/v1/api-tokens/{id}", ["GET", "DELETE"]),
    Row {
        path: "/api/v1/api-tokens/current",
        methods: [Some(("DELETE", Audience::ApiReader)), None, None, None],
    },
    api("/api/v1/zones", ["GET", "POST"]),
    api("/api/v1/zones/{id}", ["GET", "PUT", "DELETE"]),
    api("/api/v1/zones/{id}/lifecycle/activate", ["POST"]),
    api("/api/v1/zones/{id}/lifecycle/deactivate", ["POST"]),
    api("/api/v1/trustedOrigins", ["GET", "POST"]),
    api("/api/v1/trustedOrigins/{id}", ["GET", "PUT", "DELETE"]),
    api("/api/v1/trustedOrigins/{id}/lifecycle/activate", ["POST"]),
    api("/api/v1/trustedOrigins/{id}/lifecycle/deactivate", ["POST"]),
    api(
        "/api/v1/users/{id}/lifecycle/expire_password_with_temp_password",
        ["POST"],
    ),
    api("/api/v1/users/{id}/credentials/forgot_password", ["POST"]),
    api("/api/v1/users/{id}/blocks", ["GET"]),
    api("/api/v1/users/{id}/grants", ["GET", "DELETE"]),
    api("/api/v1/users/{id}/grants/{grant}", ["GET", "DELETE"]),
    api("/api/v1/users/{id}/clients", ["GET"]),
    api(
        "/api/v1/users/{id}/clients/{client}/grants",
        ["GET", "DELETE"],
    ),
    api(
        "/api/v1/users/{id}/clients/{client}/tokens",
        ["GET", "DELETE"],
    ),
    api(
        "/api/v1/users/{id}/clients/{client}/tokens/{token}",
        ["GET", "DELETE"],
    ),
    get("/.well-known/okta-organization", Audience::Everybody),
    api("/api/v1/org", ["GET", "POST", "PUT"]),
    api("/api/v1/meta/schemas/user/{schema}", ["GET", "POST"]),
    api("/api/v1/meta/schemas/group/default", ["GET", "POST"]),
    api("/api/v1/meta/schemas/apps/{id}/default", ["GET", "POST"]),
    api("/api/v1/meta/schemas/user/linkedObjects", ["GET", "POST"]),
    api(
        "/api/v1/meta/schemas/user/linkedObjects/{name}",
        ["GET", "DELETE"],
    ),
    api("/api/v1/users/{id}/linkedObjects/{name}", ["GET", "DELETE"]),
    api("/api/v1/users/{id}/linkedObjects/{name}/{primary}", ["PUT"]),
    api("/api/v1/meta/types/user", ["GET"]),
    api("/api/v1/meta/types/user/{type}", ["GET"]),
    api("/api/v1/users/{id}/lifecycle/reset_factors", ["POST"]),
    api("/api/v1/users/{id}/factors", ["GET", "POST"]),
    api("/api/v1/users/{id}/factors/catalog", ["GET"]),
    api("/api/v1/users/{id}/factors/{factor}", ["GET", "DELETE"]),
    api(
        "/api/v1/users/{id}/factors/{factor}/lifecycle/activate",
        ["POST"],
    ),
    api("/api/v1/users/{id}/factors/{factor}/verify", ["POST"]),
    get("/admin/settings/origins", Audience::Reader),
    post(
        "/admin/settings/origins/activate",
        Audience::ManagerWhoNames,
    ),
    post("/admin/settings/origins/add", Audience::Manager),
    post(
        "/admin/settings/origins/deactivate",
        Audience::ManagerWhoNames,
    ),
    post("/admin/settings/origins/edit", Audience::ManagerWhoNames),
    post("/admin/settings/origins/remove", Audience::ManagerWhoNames),
];
