//! The rows of hooks.

use super::{Audience, Row, api, both, get, post};

pub(super) const ROWS: &[Row] = &[
    api("/api/v1/eventHooks", ["GET", "POST"]),
    api("/api/v1/eventHooks/{id}", ["GET", "PUT", "DELETE"]),
    api("/api/v1/eventHooks/{id}/lifecycle/activate", ["POST"]),
    api("/api/v1/eventHooks/{id}/lifecycle/deactivate", ["POST"]),
    api("/api/v1/eventHooks/{id}/lifecycle/verify", ["POST"]),
    api("/api/v1/eventHooks/{id}/credentials/secret", ["POST"]),
    api("/api/v1/eventHooks/{id}/deliveries", ["GET"]),
    api("/api/v1/eventHooks/{id}/deliveries/{delivery}", ["GET"]),
    api(
        "/api/v1/eventHooks/{id}/deliveries/{delivery}/redeliver",
        ["POST"],
    ),
    get("/admin/settings/hooks", Audience::Reader),
    post("/admin/settings/hooks/add", Audience::Manager),
    both(
        "/admin/settings/hooks/{id}",
        Audience::Reader,
        Audience::Manager,
    ),
    post("/admin/settings/hooks/{id}/activate", Audience::Manager),
    post("/admin/settings/hooks/{id}/deactivate", Audience::Manager),
    post(
        "/admin/settings/hooks/{id}/repeat",
        Audience::ManagerWhoNames,
    ),
    post("/admin/settings/hooks/{id}/secret", Audience::Manager),
    post("/admin/settings/hooks/{id}/verify", Audience::Manager),
    post("/admin/settings/hooks/{id}/remove", Audience::Manager),
    api("/api/v1/inlineHooks", ["GET", "POST"]),
    api("/api/v1/inlineHooks/{id}", ["GET", "POST", "PUT", "DELETE"]),
    api("/api/v1/inlineHooks/{id}/execute", ["POST"]),
    api("/api/v1/inlineHooks/{id}/lifecycle/activate", ["POST"]),
    api("/api/v1/inlineHooks/{id}/lifecycle/deactivate", ["POST"]),
    api("/api/v1/inlineHooks/{id}/credentials/secret", ["POST"]),
    api("/api/v1/hook-keys", ["GET", "POST"]),
    api("/api/v1/hook-keys/public/{key}", ["GET"]),
    api("/api/v1/hook-keys/{id}", ["GET", "PUT", "DELETE"]),
    get("/admin/settings/hook-keys", Audience::Reader),
    post("/admin/settings/hook-keys/add", Audience::Manager),
    both(
        "/admin/settings/hook-keys/{id}",
        Audience::Reader,
        Audience::Manager,
    ),
    post("/admin/settings/hook-keys/{id}/remove", Audience::Manager),
    get("/admin/settings/inline-hooks", Audience::Reader),
    post("/admin/settings/inline-hooks/add", Audience::Manager),
    both(
        "/admin/settings/inline-hooks/{id}",
        Audience::Reader,
        Audience::Manager,
    ),
    post(
        "/admin/settings/inline-hooks/{id}/activate",
        Audience::Manager,
    ),
    post(
        "/admin/settings/inline-hooks/{id}/deactivate",
        Audience::Manager,
    ),
    post(
        "/admin/settings/inline-hooks/{id}/secret",
        Audience::Manager,
    ),
    post("/admin/settings/inline-hooks/{id}/try", Audience::Manager),
    post(
        "/admin/settings/inline-hooks/{id}/remove",
        Audience::Manager,
    ),
];
