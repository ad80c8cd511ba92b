//! What the operations on groups, and on the rules that fill them, read and answer.

use crate::description::components::{LINKS, STATUS};
use crate::description::parameter::{
    AFTER, Parameter, SORT_ORDER, filter, flag, limit, q, search, sort_by, text, word,
};
use crate::description::schema::{Model, Schema, may, must, shown, taken};
use crate::description::{ACCEPTED, Description, NOTHING, makes, pages, shows};
use crate::groups::READ_ONLY;
use crate::groups::owners::{self, ORIGIN};
use crate::groups::rules::{self, NAMES};
use crate::limits::{GROUP_OWNERS_PAGE, GROUP_RULES_PAGE, GROUPS_PAGE, MEMBERS_PAGE};
use crate::users::described::USER;
use identity::group::search::KIND;
use protocol::expression::EXPRESSION_TYPE;

const STATS: Schema = Schema::Object(&[
    may("usersCount", Schema::Whole),
    may("appsCount", Schema::Whole),
    must("hasAdminPrivlege", Schema::Flag),
    must("groupPushMappingsCount", Schema::Whole),
    must("_links", LINKS),
]);
const COUNTED: Parameter = word("expand", &["stats"], "What is shown inside of it.");

pub(crate) static GROUP: Model = shown(
    "Group",
    "A group of people.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("type", Schema::Word(&[KIND])),
        must("objectClass", Schema::List(&Schema::Text)),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("lastMembershipUpdated", Schema::Moment),
        must(
            "profile",
            Schema::Open(&[must("name", Schema::Text), may("description", Schema::Text)]),
        ),
        may("_embedded", Schema::Object(&[must("stats", STATS)])),
        must("_links", LINKS),
    ]),
);

static GROUP_INPUT: Model = taken(
    "GroupInput",
    "Name and description of a group, and what the schema of groups adds.",
    Schema::Object(&[must(
        "profile",
        Schema::Open(&[
            must("name", Schema::Text),
            may("description", Schema::Text),
            may("objectClass", Schema::Anything).said("Shown, and not changed here."),
        ]),
    )]),
    &READ_ONLY,
);

const GROUP_EXAMPLE: &str = r#"{"profile":{"name":"Engineers","description":"All who build"}}"#;

pub(crate) static LIST: Description = pages(
    &Schema::Of(&GROUP),
    &[
        q("The beginning of the name."),
        filter(
            "Such as `lastMembershipUpdated gt \"2026-11-23T20:31:41.123Z\"`: each alternative names something that is indexed.",
        ),
        search("The same as `filter`."),
        sort_by(&["id", "profile.name"]),
        SORT_ORDER,
        COUNTED,
        limit(GROUPS_PAGE),
        AFTER,
    ],
);
pub(crate) static SHOW: Description = shows(&GROUP).asked(&[COUNTED]);
pub(crate) static WRITE: Description = shows(&GROUP).takes(&GROUP_INPUT, GROUP_EXAMPLE);
pub(crate) static MEMBERS: Description = pages(&Schema::Of(&USER), &[limit(MEMBERS_PAGE), AFTER]);

const OWNER_TYPE: Schema = Schema::Word(&[owners::USER, owners::GROUP]);

static OWNER: Model = shown(
    "GroupOwner",
    "Who answers for a group. It gives them nothing.",
    Schema::Object(&[
        must("id", Schema::Text).said("The person, or the group."),
        must("type", OWNER_TYPE),
        must("displayName", Schema::Text),
        must("originType", Schema::Word(&[ORIGIN])),
        must("resolved", Schema::Flag),
        must("lastUpdated", Schema::Moment).said("Since when."),
    ]),
);

static NEW_OWNER: Model = taken(
    "NewGroupOwner",
    "Who is to answer for a group.",
    Schema::Object(&[
        must("id", Schema::Text).said("The person, or the group."),
        must("type", OWNER_TYPE),
        may("originType", Schema::Word(&[ORIGIN])),
    ]),
    &owners::READ_ONLY,
);

pub(crate) static OWNERS: Description = pages(
    &Schema::Of(&OWNER),
    &[
        search(
            "Such as `type eq \"USER\"`: any filter over `id`, `type`, `displayName` and `lastUpdated`.",
        ),
        limit(GROUP_OWNERS_PAGE),
        AFTER,
    ],
);
pub(crate) static OWNER_ADD: Description =
    makes(&OWNER).takes(&NEW_OWNER, r#"{"id":"00u1a2b3c4d5e6f7g8h9","type":"USER"}"#);

static RULE: Model = shown(
    "GroupRule",
    "A rule that fills groups.",
    Schema::Object(&[
        must("type", Schema::Word(&[rules::TYPE])),
        must("id", Schema::Text),
        must("status", Schema::Word(&["ACTIVE", "INACTIVE", "INVALID"])),
        must("name", Schema::Text),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must(
            "conditions",
            Schema::Object(&[
                must(
                    "people",
                    Schema::Object(&[
                        must(
                            "users",
                            Schema::Object(&[must("exclude", Schema::List(&Schema::Text))]),
                        ),
                        must(
                            "groups",
                            Schema::Object(&[must("exclude", Schema::List(&Schema::Text))]),
                        ),
                    ]),
                ),
                must(
                    "expression",
                    Schema::Object(&[
                        must("value", Schema::Text)
                            .said("Whom it puts in, such as `user.department == \"Engineering\"`."),
                        must("type", Schema::Word(&[EXPRESSION_TYPE])),
                    ]),
                ),
            ]),
        ),
        must(
            "actions",
            Schema::Object(&[must(
                "assignUserToGroups",
                Schema::Object(&[must("groupIds", Schema::List(&Schema::Text))]),
            )]),
        ),
        may(
            "_embedded",
            Schema::Object(&[must(NAMES, Schema::Map(&Schema::Text))]),
        )
        .said("The names of the groups, if they are asked for."),
        must("_links", LINKS),
    ]),
);

/// A list that means nothing here and may be sent empty.
const NOBODY: Schema = Schema::List(&Schema::Text);

static RULE_INPUT: Model = taken(
    "GroupRuleInput",
    "A rule that fills groups.",
    Schema::Object(&[
        may("type", Schema::Word(&[rules::TYPE])),
        may("status", STATUS)
            .said("As it is: it is switched by `lifecycle/activate` and `lifecycle/deactivate`."),
        must("name", Schema::Text),
        must(
            "conditions",
            Schema::Object(&[
                may(
                    "people",
                    Schema::Object(&[
                        may(
                            "users",
                            Schema::Object(&[
                                may("exclude", Schema::List(&Schema::Text))
                                    .said("Who is never put in."),
                                may("include", NOBODY).said("Empty: the expression says whom."),
                            ]),
                        ),
                        may(
                            "groups",
                            Schema::Object(&[
                                may("exclude", NOBODY).said("Empty."),
                                may("include", NOBODY).said("Empty."),
                            ]),
                        ),
                    ]),
                ),
                must(
                    "expression",
                    Schema::Object(&[
                        may("type", Schema::Word(&[EXPRESSION_TYPE])),
                        must("value", Schema::Text),
                    ]),
                ),
            ]),
        ),
        must(
            "actions",
            Schema::Object(&[must(
                "assignUserToGroups",
                Schema::Object(&[must("groupIds", Schema::List(&Schema::Text))]),
            )]),
        ),
    ]),
    &rules::READ_ONLY,
);

const RULE_EXAMPLE: &str = r#"{"type":"group_rule","name":"Engineers","conditions":{"expression":{"type":"urn:okta:expression:1.0","value":"user.firstName == \"Ada\""}},"actions":{"assignUserToGroups":{"groupIds":["00g1a2b3c4d5e6f7g8h9"]}}}"#;
const EXPAND: Parameter = word("expand", &[NAMES], "What is shown beside it.");
const REMOVE_USERS: &[Parameter] = &[flag(
    "removeUsers",
    false,
    "Whether those leave whom the rule put in.",
)];

pub(crate) static RULES: Description = pages(
    &Schema::Of(&RULE),
    &[
        text("search", "A part of the name."),
        EXPAND,
        limit(GROUP_RULES_PAGE),
        AFTER,
    ],
);

pub(crate) static RULE_SHOW: Description = shows(&RULE).asked(&[EXPAND]);
pub(crate) static RULE_WRITE: Description = shows(&RULE).takes(&RULE_INPUT, RULE_EXAMPLE);
pub(crate) static RULE_DELETE: Description = ACCEPTED.asked(REMOVE_USERS);
pub(crate) static RULE_DEACTIVATE: Description = NOTHING.asked(REMOVE_USERS);
