//! The rows of log streams.

use super::{Audience, Row, api, both, get, post};

pub(super) const ROWS: &[Row] = &[
    api("/api/v1/logStreams", ["GET", "POST"]),
    api("/api/v1/logStreams/{id}", ["GET", "PUT", "DELETE"]),
    api("/api/v1/logStreams/{id}/lifecycle/activate", ["POST"]),
    api("/api/v1/logStreams/{id}/lifecycle/deactivate", ["POST"]),
    api("/api/v1/logStreams/{id}/test", ["POST"]),
    api("/api/v1/logStreams/{id}/credentials/secret", ["POST"]),
    get("/admin/settings/streams", Audience::Reader),
    post("/admin/settings/streams/add", Audience::Manager),
    both(
        "/admin/settings/streams/{id}",
        Audience::Reader,
        Audience::Manager,
    ),
    post("/admin/settings/streams/{id}/activate", Audience::Manager),
    post("/admin/settings/streams/{id}/deactivate", Audience::Manager),
    post("/admin/settings/streams/{id}/remove", Audience::Manager),
    post("/admin/settings/streams/{id}/secret", Audience::Manager),
    post("/admin/settings/streams/{id}/test", Audience::Manager),
];
