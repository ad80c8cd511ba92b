//! The rows of SCIM.

use super::{Row, api, search};

pub(super) const ROWS: &[Row] = &[
    api("/scim/v2/Users", ["GET", "POST"]),
    search("/scim/v2/Users/.search"),
    api("/scim/v2/Users/{id}", ["GET", "PUT", "PATCH", "DELETE"]),
    api("/scim/v2/Groups", ["GET", "POST"]),
    search("/scim/v2/Groups/.search"),
    api("/scim/v2/Groups/{id}", ["GET", "PUT", "PATCH", "DELETE"]),
    api("/scim/v2/Me", ["GET", "PUT", "PATCH"]),
    search("/scim/v2/.search"),
    api("/scim/v2/Bulk", ["POST"]),
    api("/scim/v2/ServiceProviderConfig", ["GET"]),
    api("/scim/v2/ResourceTypes", ["GET"]),
    api("/scim/v2/ResourceTypes/{name}", ["GET"]),
    api("/scim/v2/Schemas", ["GET"]),
    api("/scim/v2/Schemas/{name}", ["GET"]),
];
