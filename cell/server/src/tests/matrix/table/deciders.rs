//! Rows of what decides about tokens and sign-ins: authorization servers and policies.

use super::{Audience, Row, api, post};

pub(super) const ROWS: &[Row] = &[
    api("/api/v1/authorizationServers", ["GET", "POST"]),
    api(
        "/api/v1/authorizationServers/{id}",
        ["GET", "PUT", "DELETE"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/lifecycle/activate",
        ["POST"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/lifecycle/deactivate",
        ["POST"],
    ),
    api("/api/v1/authorizationServers/{id}/scopes", ["GET", "POST"]),
    api(
        "/api/v1/authorizationServers/{id}/scopes/{scope}",
        ["GET", "PUT", "DELETE"],
    ),
    api("/api/v1/authorizationServers/{id}/claims", ["GET", "POST"]),
    api(
        "/api/v1/authorizationServers/{id}/claims/{claim}",
        ["GET", "PUT", "DELETE"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/policies",
        ["GET", "POST"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/policies/{policy}",
        ["GET", "PUT", "DELETE"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/policies/{policy}/lifecycle/activate",
        ["POST"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/policies/{policy}/lifecycle/deactivate",
        ["POST"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/policies/{policy}/rules",
        ["GET", "POST"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/policies/{policy}/rules/{rule}",
        ["GET", "PUT", "DELETE"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/policies/{policy}/rules/{rule}/lifecycle/activate",
        ["POST"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/policies/{policy}/rules/{rule}/lifecycle/deactivate",
        ["POST"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/credentials/keys",
        ["GET"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/credentials/keys/{key}",
        ["GET"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/credentials/lifecycle/keyRotate",
        ["POST"],
    ),
    api("/api/v1/authorizationServers/{id}/clients", ["GET"]),
    api(
        "/api/v1/authorizationServers/{id}/clients/{client}/tokens",
        ["GET", "DELETE"],
    ),
    api(
        "/api/v1/authorizationServers/{id}/clients/{client}/tokens/{token}",
        ["GET", "DELETE"],
    ),
    api("/api/v1/policies", ["GET", "POST"]),
    api("/api/v1/policies/{id}", ["GET", "PUT", "DELETE"]),
    api("/api/v1/policies/{id}/lifecycle/activate", ["POST"]),
    api("/api/v1/policies/{id}/lifecycle/deactivate", ["POST"]),
    api("/api/v1/policies/{id}/mappings", ["GET", "POST"]),
    api(
        "/api/v1/policies/{id}/mappings/{mapping}",
        ["GET", "DELETE"],
    ),
    api("/api/v1/policies/{id}/rules", ["GET", "POST"]),
    api(
        "/api/v1/policies/{id}/rules/{rule}",
        ["GET", "PUT", "DELETE"],
    ),
    api(
        "/api/v1/policies/{id}/rules/{rule}/lifecycle/activate",
        ["POST"],
    ),
    api(
        "/api/v1/policies/{id}/rules/{rule}/lifecycle/deactivate",
        ["POST"],
    ),
    post("/api/v1/policies/simulate", Audience::ApiReader),
    post("/admin/policies/{id}/activate", Audience::Manager),
    post("/admin/policies/{id}/deactivate", Audience::Manager),
    post(
        "/admin/policies/{id}/rules/{rule}/activate",
        Audience::Manager,
    ),
    post(
        "/admin/policies/{id}/rules/{rule}/deactivate",
        Audience::Manager,
    ),
    post("/admin/zones/{id}/activate", Audience::Manager),
    post("/admin/zones/{id}/deactivate", Audience::Manager),
];
