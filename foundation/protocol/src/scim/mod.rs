//! The grammar of SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865): bodies, paths of attributes, patches, bulk requests, searches,
//! entity tags and errors.
//!
//! It says what was written and what a message does to a document; which attributes there are, who may change them and
//! what an index can answer is known above. Size, depth and count are bounded before anything is understood.

pub mod body;
pub mod bulk;
pub mod patch;
pub mod path;
pub mod peer;
pub mod problem;
pub mod projection;
pub mod search;
pub mod tag;
#[cfg(test)]
mod tests;

/// The media type of every message (RFC 7644 section 8.1).
pub const MEDIA_TYPE: &str = "application/scim+json";

/// A user (RFC 7643 section 4.1).
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// A group (RFC 7643 section 4.2).
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// What an enterprise knows of a user besides (RFC 7643 section 4.3).
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The attributes of the org's own schema that have no other place.
pub const PROFILE: &str = "urn:testudo:params:scim:schemas:extension:profile:2.0:User";
/// What the server does (RFC 7643 section 5).
pub const SERVICE_PROVIDER_CONFIG: &str =
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// A kind of resource (RFC 7643 section 6).
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// A schema (RFC 7643 section 7).
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// A list of resources.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// A search by POST.
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// A patch.
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Several operations at once.
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// What came of them.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// An error.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The schemas whose attributes a path may name.
pub const NAMED_IN_PATHS: [&str; 4] = [USER, GROUP, ENTERPRISE, PROFILE];

/// Largest body that holds one resource or one patch.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Largest body that holds several operations.
pub const BULK_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Deepest nesting: a patch of a value of several, within an operation of several.
pub const BODY_DEPTH_MAX: usize = 12;
/// Most operations of one patch.
pub const PATCH_OPERATIONS_MAX: usize = 100;
/// Most values of one attribute that a document may grow to.
pub const VALUES_MAX: usize = 1_000;
/// Most operations of one bulk request.
pub const BULK_OPERATIONS_MAX: usize = 1_000;
/// Longest name that a client gives a resource within a bulk request.
pub const BULK_ID_BYTES_MAX: usize = 128;
/// Longest path of a patch.
pub const PATH_BYTES_MAX: usize = 1_024;
/// Most attributes that one request names to be shown or left out.
pub const SHOWN_MAX: usize = 100;
