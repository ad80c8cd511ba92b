//! The rows of what stands beside people, groups and apps: attributes, relations, roles of groups, what roles are held over, and
//! refresh tokens.

use super::{Audience, Row, both, get, post};

const NAMES: Audience = Audience::ManagerWhoNames;

pub(super) const ROWS: &[Row] = &[
    get("/admin/groups/attributes", Audience::Reader),
    post("/admin/groups/attributes/add", NAMES),
    both(
        "/admin/groups/attributes/rules/{name}",
        Audience::Reader,
        NAMES,
    ),
    post("/admin/groups/attributes/remove", NAMES),
    post("/admin/apps/{id}/profile/attributes/add", NAMES),
    both(
        "/admin/apps/{id}/profile/attributes/rules/{name}",
        Audience::Reader,
        NAMES,
    ),
    post("/admin/apps/{id}/profile/attributes/remove", NAMES),
    get("/admin/settings/relations", Audience::Reader),
    post("/admin/settings/relations/add", Audience::Manager),
    post("/admin/settings/relations/remove", NAMES),
    get("/admin/people/{id}/relations", Audience::Reader),
    get("/admin/people/{id}/relations/{name}", Audience::Reader),
    post("/admin/people/{id}/relations/{name}/set", NAMES),
    post("/admin/people/{id}/relations/{name}/remove", NAMES),
    post("/admin/people/{id}/temporary-password", Audience::Manager),
    post("/admin/people/{id}/factors/providers/add", NAMES),
    get("/admin/people/{id}/clients", Audience::Reader),
    post("/admin/people/{id}/clients/revoke-all", Audience::Manager),
    get("/admin/people/{id}/clients/{client}", Audience::Reader),
    post("/admin/people/{id}/clients/{client}/scopes/revoke", NAMES),
    post(
        "/admin/people/{id}/clients/{client}/scopes/revoke-all",
        Audience::Manager,
    ),
    post("/admin/people/{id}/clients/{client}/tokens/revoke", NAMES),
    post(
        "/admin/people/{id}/clients/{client}/tokens/revoke-all",
        Audience::Manager,
    ),
    get("/admin/groups/{id}/roles", Audience::Reader),
    post("/admin/groups/{id}/roles/add", NAMES),
    post("/admin/groups/{id}/roles/remove", NAMES),
    get("/admin/groups/{id}/roles/{role}", Audience::Reader),
    post("/admin/groups/{id}/roles/{role}/add", NAMES),
    post("/admin/groups/{id}/roles/{role}/remove", NAMES),
    get("/admin/apps/{id}/api/roles/{role}", Audience::Reader),
    post("/admin/apps/{id}/api/roles/{role}/add", NAMES),
    post("/admin/apps/{id}/api/roles/{role}/remove", NAMES),
    get("/admin/administrators/{id}/roles/{role}", Audience::Reader),
    post("/admin/administrators/{id}/roles/{role}/add", NAMES),
    post("/admin/administrators/{id}/roles/{role}/remove", NAMES),
    post("/admin/administrators/{id}/roles/{role}/widen", NAMES),
    both(
        "/admin/apps/{id}/assignments/people/{user}",
        Audience::Reader,
        Audience::Manager,
    ),
    post("/admin/apps/{id}/secrets/switch", NAMES),
    get("/admin/apps/{id}/tokens", Audience::Reader),
    post("/admin/apps/{id}/tokens/revoke", NAMES),
    post("/admin/apps/{id}/tokens/revoke-all", Audience::Manager),
    post("/admin/servers/{id}/access/switch", NAMES),
    get("/admin/servers/{id}/clients", Audience::Reader),
    get("/admin/servers/{id}/clients/{client}", Audience::Reader),
    post("/admin/servers/{id}/clients/{client}/revoke", NAMES),
    post("/admin/servers/{id}/clients/{client}/revoke-all", NAMES),
];
