//! Forms that hold every value that somebody or something has: of a person, of a group, of whoever uses an app. An org may have so many
//! attributes of such length that all of them are more than any other form may hold, so that these may be larger: as large as their own
//! values can make them, and from those alone who may change such values. From nobody else is so much read. Of the form of somebody's own
//! profile no more is read than the values make that they may change themselves.

use crate::visit::{FORM_BYTES_MAX, Visit};
use axum::extract::{FromRef, FromRequest, Request};
use axum::response::Response;
use identity::access::custom::capability::Capability;
use identity::access::{Permission, roles_permit};
use identity::cell::Cell;
use identity::org::profile_schema::ATTRIBUTES_MAX;
use identity::org::settings::{AttributeKind, ProfileAttribute};
use identity::person::profile::TEXT_CHARS_MAX;
use identity::session::SignedIn;

/// Most bytes of a character in a form: four of UTF-8, each as a sign and two digits.
const CHAR_BYTES_MAX: usize = 12;
/// How often a form holds a value: as it is to be, and as it was seen.
const TIMES_HELD_MAX: usize = 2;
/// Largest form of values: all that there can be of them, beside what any form may hold.
pub const VALUES_BYTES_MAX: usize = form_bytes_max(ATTRIBUTES_MAX * TIMES_HELD_MAX);

/// Largest form that holds so many texts, each of them once.
const fn form_bytes_max(texts: usize) -> usize {
    FORM_BYTES_MAX + texts * TEXT_CHARS_MAX * CHAR_BYTES_MAX
}

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

/// A browser's request for a page, with the form of the own profile.
pub struct OwnValuesVisit(pub Visit);

impl<S> FromRequest<S> for OwnValuesVisit
where
    Cell: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let visit = Visit::read(request, state, decide_own_bytes_max).await?;
        Ok(Self(visit))
    }
}

/// Whoever is not signed in has no profile, and sends no more of one than of any other form.
fn decide_own_bytes_max(visit: &Visit) -> usize {
    let Some(signed_in) = visit.signed_in() else {
        return FORM_BYTES_MAX;
    };
    let schema = visit.snapshot.schemas().of_person(&signed_in.person);
    form_bytes_max(count_own_texts(schema))
}

/// How many texts somebody may change of their own profile; the names fit into any form.
fn count_own_texts(schema: &[ProfileAttribute]) -> usize {
    let own = schema.iter().filter(|attribute| attribute.self_editable);
    own.filter(|attribute| attribute.kind == AttributeKind::Text)
        .count()
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
    use super::{FORM_BYTES_MAX, count_own_texts, form_bytes_max};
    use crate::view::part::TEXT_UNITS_MAX;
    use identity::org::settings::{AttributeKind, ProfileAttribute};
    use identity::person::profile::TEXT_CHARS_MAX;

    #[test]
    fn the_own_form_holds_what_its_person_may_change() {
        let of = |kind, self_editable| ProfileAttribute {
            kind,
            self_editable,
            ..ProfileAttribute::default()
        };
        let schema = [
            of(AttributeKind::Text, true),
            of(AttributeKind::Text, false),
            of(AttributeKind::Integer, true),
            of(AttributeKind::Boolean, true),
        ];
        assert_eq!(count_own_texts(&schema), 1);
        assert_eq!(form_bytes_max(count_own_texts(&[])), FORM_BYTES_MAX);
    }

    /// A browser counts a character beyond the first plane as two, and lets nobody send what they cannot type.
    #[test]
    fn the_control_of_a_text_takes_the_longest_value() {
        let units = usize::try_from(TEXT_UNITS_MAX).unwrap();
        assert!(units >= 2 * TEXT_CHARS_MAX);
    }
}
