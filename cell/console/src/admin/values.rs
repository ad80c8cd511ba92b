//! Forms that hold every value that somebody or something has: of a person, of a group, of whoever uses an app. An org may have so many
//! attributes of such length that all of them are more than any other form may hold, so that these may be larger: as large as their own
//! values can make them, and from those alone who may change such values. From nobody else is so much read.

use crate::visit::{FORM_BYTES_MAX, Visit};
use axum::extract::{FromRef, FromRequest, Request};
use axum::response::Response;
use identity::access::custom::capability::Capability;
use identity::access::{Permission, roles_permit};
use identity::cell::Cell;
use identity::org::profile_schema::ATTRIBUTES_MAX;
use identity::person::profile::TEXT_CHARS_MAX;
use identity::session::SignedIn;

/// Most bytes of a character in a form: four of UTF-8, each as a sign and two digits.
const CHAR_BYTES_MAX: usize = 12;
/// How often a form holds a value: as it is to be, and as it was seen.
const TIMES_HELD_MAX: usize = 2;
/// Largest form of values: all that there can be of them, beside what any form may hold.
pub const VALUES_BYTES_MAX: usize =
    FORM_BYTES_MAX + ATTRIBUTES_MAX * TEXT_CHARS_MAX * CHAR_BYTES_MAX * TIMES_HELD_MAX;

/// Over everything, what lets somebody change such values …
const PERMISSIONS: [Permission; 3] = [
    Permission::ManagePeople,
    Permission::ManageGroups,
    Permission::ManageApps,
];
/// … and over something.
const CAPABILITIES: [Capability; 2] = [Capability::UsersProfile, Capability::GroupsManage];

/// A browser's request for a page, with a form of values.
pub struct ValuesVisit(pub Visit);

impl<S> FromRequest<S> for ValuesVisit
where
    Cell: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let visit = Visit::read(request, state, decide_bytes_max).await?;
        Ok(Self(visit))
    }
}

fn decide_bytes_max(visit: &Visit) -> usize {
    match visit.signed_in() {
        Some(signed_in) if may_change_values(signed_in) => VALUES_BYTES_MAX,
        _ => FORM_BYTES_MAX,
    }
}

fn may_change_values(signed_in: &SignedIn) -> bool {
    let mut permissions = PERMISSIONS.into_iter();
    let mut held = signed_in.capabilities.iter();
    permissions.any(|permission| roles_permit(&signed_in.roles, permission))
        || held.any(|held| CAPABILITIES.into_iter().any(|one| held.contains(one)))
}

#[cfg(test)]
mod tests {
    use crate::view::part::TEXT_UNITS_MAX;
    use identity::person::profile::TEXT_CHARS_MAX;

    /// A browser counts a character beyond the first plane as two, and lets nobody send what they cannot type.
    #[test]
    fn the_control_of_a_text_takes_the_longest_value() {
        let units = usize::try_from(TEXT_UNITS_MAX).unwrap();
        assert!(units >= 2 * TEXT_CHARS_MAX);
    }
}
