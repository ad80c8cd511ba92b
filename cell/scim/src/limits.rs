//! Every bound of this crate; those of messages are with the grammar, in `protocol::scim`.

use identity::walk::EXAMINED_MAX;

/// Resources of a page, unless it is said.
pub const PAGE_DEFAULT: usize = 100;
/// Resources of a page, at most.
pub const PAGE_MAX: usize = 200;
/// How often an index page looks at as much as one page may look at.
pub const INDEX_STEPS_MAX: usize = 5;
/// How deep an index goes: whatever is further on is reached by a cursor.
pub const INDEX_DEPTH_MAX: usize = INDEX_STEPS_MAX * EXAMINED_MAX;
/// Most members with which a group is shown; one that has more is shown without.
pub const MEMBERS_SHOWN_MAX: usize = 1_000;
/// Most groups with which a person is shown.
pub const GROUPS_SHOWN_MAX: usize = 100;
/// How often a change without `If-Match` is tried again when somebody else changes the same thing.
pub const CHANGE_ATTEMPTS_MAX: usize = 3;
/// How many people of one bulk request are made at the same time.
pub const MADE_TOGETHER_MAX: usize = 32;
/// How much of an id that is not there is repeated.
pub const SHOWN_ID_CHARS_MAX: usize = 100;
