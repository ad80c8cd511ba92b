//! The rows of targets of roles.

use super::{Row, api};

pub(super) const ROWS: &[Row] = &[
    api("/api/v1/users/{id}/roles/{rid}/targets", ["GET"]),
    api("/api/v1/users/{id}/roles/{rid}/targets/groups", ["GET"]),
    api(
        "/api/v1/users/{id}/roles/{rid}/targets/groups/{gid}",
        ["PUT", "DELETE"],
    ),
    api(
        "/api/v1/users/{id}/roles/{rid}/targets/catalog/apps",
        ["GET", "PUT"],
    ),
    api(
        "/api/v1/users/{id}/roles/{rid}/targets/catalog/apps/{app}",
        ["PUT", "DELETE"],
    ),
    api(
        "/api/v1/users/{id}/roles/{rid}/targets/catalog/apps/{app}/{instance}",
        ["PUT", "DELETE"],
    ),
    api("/api/v1/groups/{id}/roles/{rid}/targets/groups", ["GET"]),
    api(
        "/api/v1/groups/{id}/roles/{rid}/targets/groups/{gid}",
        ["PUT", "DELETE"],
    ),
    api(
        "/api/v1/groups/{id}/roles/{rid}/targets/catalog/apps",
        ["GET"],
    ),
    api(
        "/api/v1/groups/{id}/roles/{rid}/targets/catalog/apps/{app}",
        ["PUT", "DELETE"],
    ),
    api(
        "/api/v1/groups/{id}/roles/{rid}/targets/catalog/apps/{app}/{instance}",
        ["PUT", "DELETE"],
    ),
    api(
        "/oauth2/v1/clients/{id}/roles/{rid}/targets/groups",
        ["GET"],
    ),
    api(
        "/oauth2/v1/clients/{id}/roles/{rid}/targets/groups/{gid}",
        ["PUT", "DELETE"],
    ),
    api(
        "/oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps",
        ["GET"],
    ),
    api(
        "/oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps/{app}",
        ["PUT", "DELETE"],
    ),
    api(
        "/oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps/{app}/{instance}",
        ["PUT", "DELETE"],
    ),
];
