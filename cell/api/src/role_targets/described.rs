//! What the operations on targets of roles read and answer.

use crate::description::components::{LINKS, STATUS};
use crate::description::parameter::{AFTER, limit, word};
use crate::description::schema::{Model, Schema, may, must, shown};
use crate::description::{DONE, Description, NOTHING, pages};
use crate::error::ErrorCode;
use crate::groups::described::GROUP;
use crate::limits::ROLE_TARGETS_PAGE;
use crate::role_targets::of_users::WAYS;
use identity::app::search::MAKE;

static CATALOG_APP: Model = shown(
    "RoleTargetApp",
    "An app, or every app of a kind, that a role is held over.",
    Schema::Object(&[
        may("id", Schema::Text).said("The app; none where every app of the kind is meant."),
        must("name", Schema::Word(&[MAKE])),
        must("displayName", Schema::Text),
        must("status", STATUS),
        must(
            "signOnModes",
            Schema::List(&Schema::Word(&["OPENID_CONNECT"])),
        ),
        may("lastUpdated", Schema::Moment),
        must("_links", LINKS),
    ]),
);

static TARGET: Model = shown(
    "RoleTarget",
    "Something that a role is held over.",
    Schema::Object(&[
        must("assignmentType", Schema::Word(&WAYS))
            .said("Whether the person has the role by themselves, or by a group."),
        must("orn", Schema::Text).said("The resource name of the group or the app."),
        must("_links", LINKS),
    ]),
);

pub(crate) static GROUPS: Description =
    pages(&Schema::Of(&GROUP), &[limit(ROLE_TARGETS_PAGE), AFTER]).refusing(&[ErrorCode::RoleType]);
pub(crate) static APPS: Description = pages(
    &Schema::Of(&CATALOG_APP),
    &[limit(ROLE_TARGETS_PAGE), AFTER],
)
.refusing(&[ErrorCode::RoleType]);
pub(crate) static ALL: Description = pages(
    &Schema::Of(&TARGET),
    &[
        word(
            "assignmentType",
            &WAYS,
            "Targets of the role that the person has by themselves, or by groups.",
        ),
        limit(ROLE_TARGETS_PAGE),
        AFTER,
    ],
)
.refusing(&[ErrorCode::RoleType]);
pub(crate) static ADD: Description =
    NOTHING.refusing(&[ErrorCode::RoleType, ErrorCode::TooManyTargets]);
pub(crate) static ADD_KIND_TO_GROUP: Description =
    DONE.refusing(&[ErrorCode::RoleType, ErrorCode::TooManyTargets]);
pub(crate) static REMOVE: Description = NOTHING.refusing(&[ErrorCode::RoleType]);
pub(crate) static WIDEN: Description = DONE.refusing(&[ErrorCode::RoleType]);
