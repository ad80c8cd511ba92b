//! What the operations on custom roles, resource sets and bindings read and answer.

use crate::description::components::LINKS;
use crate::description::parameter::{AFTER, Parameter, limit};
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{Description, NOTHING, shows};
use crate::error::ErrorCode;
use crate::iam::READ_ONLY;
use crate::limits::ASSIGNEES_PAGE;
use identity::access::custom::capability::Capability;

const LABEL: Field =
    must("label", Schema::Text).said("Unique; it is as good as the id in an address.");
const DESCRIPTION: Field = must("description", Schema::Text);

/// The permissions that are enforced.
const PERMISSION: Schema =
    Schema::WordOf(|| Capability::ALL.iter().map(|one| one.as_str()).collect());

static ROLE: Model = shown(
    "CustomRole",
    "A role that the organisation made itself. It counts for whoever holds it over a resource set.",
    Schema::Object(&[
        must("id", Schema::Text),
        LABEL,
        DESCRIPTION,
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("_links", LINKS),
    ]),
);

static ROLES: Model = shown(
    "CustomRoles",
    "Every custom role, by label.",
    Schema::Object(&[
        must("roles", Schema::List(&Schema::Of(&ROLE))),
        must("_links", LINKS),
    ]),
);

static NEW_ROLE: Model = taken(
    "NewCustomRole",
    "A role to be added.",
    Schema::Object(&[
        LABEL,
        DESCRIPTION,
        must("permissions", Schema::List(&PERMISSION))
            .said("What it permits: one at least. A name that is not enforced here is refused."),
    ]),
    &READ_ONLY,
);

static NAMED: Model = taken(
    "Labelled",
    "What a role or a set is called from now on.",
    Schema::Object(&[LABEL, DESCRIPTION]),
    &READ_ONLY,
);

static PERMISSION_MODEL: Model = shown(
    "Permission",
    "Something that a custom role permits.",
    Schema::Object(&[
        must("label", PERMISSION),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("_links", LINKS),
    ]),
);

static PERMISSIONS: Model = shown(
    "Permissions",
    "What a custom role permits, by name.",
    Schema::Object(&[must(
        "permissions",
        Schema::List(&Schema::Of(&PERMISSION_MODEL)),
    )]),
);

static PERMISSION_INPUT: Model = taken(
    "PermissionInput",
    "Empty: a permission holds or does not, without conditions.",
    Schema::Object(&[]),
    &[],
);

static SET: Model = shown(
    "ResourceSet",
    "A set of things over which roles are held.",
    Schema::Object(&[
        must("id", Schema::Text),
        LABEL,
        DESCRIPTION,
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("_links", LINKS),
    ]),
);

static SETS: Model = shown(
    "ResourceSets",
    "Every resource set, by label.",
    Schema::Object(&[
        must("resource-sets", Schema::List(&Schema::Of(&SET))),
        must("_links", LINKS),
    ]),
);

static NEW_SET: Model = taken(
    "NewResourceSet",
    "A resource set to be added.",
    Schema::Object(&[
        LABEL,
        DESCRIPTION,
        must("resources", Schema::List(&Schema::Text)).said(
            "One at least, each by its resource name (`orn:…`) or its address: all people, groups, apps or authorization \
             servers, one group, app or server, or the people of a group.",
        ),
    ]),
    &READ_ONLY,
);

static RESOURCE: Model = shown(
    "ResourceSetResource",
    "Something that a set holds.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("orn", Schema::Text).said("Its resource name."),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("_links", LINKS).said(
            "`self` is the address of what is meant, `resource` that of its place in the set.",
        ),
    ]),
);

static NEW_RESOURCE: Model = taken(
    "NewResourceSetResource",
    "Something that a set is to hold too.",
    Schema::Object(&[
        must("resourceOrnOrUrl", Schema::Text).said("Its resource name (`orn:…`) or its address."),
        may("conditions", Schema::Object(&[])).said("Empty: nothing is left out of a resource."),
    ]),
    &[],
);

static RESOURCE_INPUT: Model = taken(
    "ResourceSetResourceInput",
    "Empty conditions: nothing is left out of a resource.",
    Schema::Object(&[may("conditions", Schema::Object(&[]))]),
    &[],
);

static ASSIGNEE: Model = shown(
    "RoleAssignee",
    "Somebody who has a role.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("orn", Schema::Text).said("The resource name of the person."),
        must("_links", LINKS),
    ]),
);

static ASSIGNEES: Model = shown(
    "RoleAssignees",
    "People who have a role by themselves, by id.",
    Schema::Object(&[
        must("value", Schema::List(&Schema::Of(&ASSIGNEE))),
        must("_links", LINKS).said("`next` is the address of the next page, if there is one."),
    ]),
);

static RESOURCES: Model = shown(
    "ResourceSetResources",
    "What a set holds.",
    Schema::Object(&[
        must("resources", Schema::List(&Schema::Of(&RESOURCE))),
        must("_links", LINKS),
    ]),
);

static ADDITIONS: Model = taken(
    "Additions",
    "What is to be added: resources, or the addresses of people and groups.",
    Schema::Object(&[must("additions", Schema::List(&Schema::Text))]),
    &[],
);

static BINDING: Model = shown(
    "ResourceSetBinding",
    "A role that is held over a set.",
    Schema::Object(&[
        must("id", Schema::Text).said("The id of the role."),
        must("_links", LINKS),
    ]),
);

static BINDINGS: Model = shown(
    "ResourceSetBindings",
    "The roles that are held over a set.",
    Schema::Object(&[
        must("roles", Schema::List(&Schema::Of(&BINDING))),
        must("_links", LINKS),
    ]),
);

static NEW_BINDING: Model = taken(
    "NewResourceSetBinding",
    "A role to be given over a set.",
    Schema::Object(&[
        must("role", Schema::Text).said("The role: its id or its label."),
        must("members", Schema::List(&Schema::Text))
            .said("The addresses of the people and groups that are given it: one at least."),
    ]),
    &[],
);

static MEMBER: Model = shown(
    "ResourceSetBindingMember",
    "Somebody who holds a role over a set.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("_links", LINKS).said("`self` is the address of the person or the group."),
    ]),
);

static MEMBERS: Model = shown(
    "ResourceSetBindingMembers",
    "Who holds a role over a set.",
    Schema::Object(&[
        must("members", Schema::List(&Schema::Of(&MEMBER))),
        must("_links", LINKS),
    ]),
);

const LABELLED: &str = r#"{"label":"Desk of Samos","description":"Helps people of Samos"}"#;
const NEW_ROLE_EXAMPLE: &str =
    r#"{"label":"Desk","description":"Helps people","permissions":["okta.users.read"]}"#;
const NEW_SET_EXAMPLE: &str = r#"{"label":"Samos","description":"People of Samos","resources":["https://id.example/t/main/api/v1/users"]}"#;
const ADDITIONS_EXAMPLE: &str =
    r#"{"additions":["https://id.example/t/main/api/v1/groups/00g1a2b3c4d5e6f7g8h9"]}"#;
const NEW_RESOURCE_EXAMPLE: &str = r#"{"resourceOrnOrUrl":"https://id.example/t/main/api/v1/groups/00g1a2b3c4d5e6f7g8h9","conditions":{}}"#;
const BINDING_EXAMPLE: &str =
    r#"{"role":"Desk","members":["https://id.example/t/main/api/v1/users/00u1a2b3c4d5e6f7g8h9"]}"#;

pub(crate) static ROLE_LIST: Description = shows(&ROLES);
pub(crate) static ROLE_SHOW: Description = shows(&ROLE);
pub(crate) static ROLE_CREATE: Description = shows(&ROLE).takes(&NEW_ROLE, NEW_ROLE_EXAMPLE);
pub(crate) static ROLE_REPLACE: Description = shows(&ROLE).takes(&NAMED, LABELLED);
pub(crate) static PERMISSION_LIST: Description = shows(&PERMISSIONS);
pub(crate) static PERMISSION_SHOW: Description = shows(&PERMISSION_MODEL);
pub(crate) static PERMISSION_ADD: Description = NOTHING
    .may_take(&PERMISSION_INPUT, "{}")
    .refusing(&[ErrorCode::Unsupported]);
pub(crate) static SET_LIST: Description = shows(&SETS);
pub(crate) static SET_SHOW: Description = shows(&SET);
pub(crate) static SET_CREATE: Description = shows(&SET).takes(&NEW_SET, NEW_SET_EXAMPLE);
pub(crate) static SET_REPLACE: Description = shows(&SET).takes(&NAMED, LABELLED);
pub(crate) static RESOURCE_LIST: Description = shows(&RESOURCES);
pub(crate) static RESOURCE_SHOW: Description = shows(&RESOURCE);
pub(crate) static RESOURCE_ADD: Description = shows(&SET).takes(&ADDITIONS, ADDITIONS_EXAMPLE);
pub(crate) static RESOURCE_CREATE: Description =
    shows(&RESOURCE).takes(&NEW_RESOURCE, NEW_RESOURCE_EXAMPLE);
pub(crate) static RESOURCE_REPLACE: Description =
    shows(&RESOURCE).may_take(&RESOURCE_INPUT, r#"{"conditions":{}}"#);
pub(crate) static ASSIGNEE_LIST: Description = shows(&ASSIGNEES).asked(&[
    limit(ASSIGNEES_PAGE),
    Parameter {
        about: "Where the page begins: as the address of the next page in `_links` has it.",
        ..AFTER
    },
]);
pub(crate) static BINDING_LIST: Description = shows(&BINDINGS);
pub(crate) static BINDING_SHOW: Description = shows(&BINDING);
pub(crate) static BINDING_CREATE: Description =
    shows(&BINDING).takes(&NEW_BINDING, BINDING_EXAMPLE);
pub(crate) static MEMBER_LIST: Description = shows(&MEMBERS);
pub(crate) static MEMBER_SHOW: Description = shows(&MEMBER);
pub(crate) static MEMBER_ADD: Description = shows(&BINDING).takes(&ADDITIONS, ADDITIONS_EXAMPLE);
