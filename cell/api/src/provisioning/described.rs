//! What the operations on provisioning read and answer.

use crate::description::components::LINKS;
use crate::description::parameter::{AFTER, flag, limit, text, word};
use crate::description::schema::{Model, Schema, may, must, shown, taken};
use crate::description::{Description, lists, makes, pages, shows};
use crate::limits::{PROVISIONED_PAGE, PUSHES_PAGE};
use crate::provisioning::accounts::STATUSES as ACCOUNT_STATUSES;
use crate::provisioning::connection::READ_ONLY;
use crate::provisioning::pushes::STATUSES as PUSH_STATUSES;
use identity::provisioning::import::Verdict;

const ENABLED: Schema = Schema::Word(&["ENABLED", "DISABLED"]);
const SETTING: Schema = Schema::Object(&[may("status", ENABLED)]);

static CONNECTION: Model = shown(
    "ProvisioningConnection",
    "The connection of an app to its SCIM server.",
    Schema::Object(&[
        may("authScheme", Schema::Word(&["TOKEN"])),
        must("status", Schema::Word(&["ENABLED", "DISABLED", "UNKNOWN"]))
            .said("UNKNOWN where none is set up."),
        may("baseUrl", Schema::Address),
        must(
            "profile",
            Schema::Object(&[must("authScheme", Schema::Word(&["TOKEN", "UNKNOWN"]))]),
        ),
        must("_links", LINKS),
    ]),
);

static CONNECTION_INPUT: Model = taken(
    "ProvisioningConnectionInput",
    "Where the SCIM server of an app is, and the token by which it knows us.",
    Schema::Object(&[
        may("baseUrl", Schema::Address)
            .said("The address that `/Users` stands below; it stays unless it is said."),
        must(
            "profile",
            Schema::Object(&[
                must("authScheme", Schema::Word(&["TOKEN"])),
                may("token", Schema::Text)
                    .said("Taken, and never shown; it stays unless it is said, but not for another address."),
            ]),
        ),
    ]),
    &READ_ONLY,
);

const CONNECTION_EXAMPLE: &str =
    r#"{"baseUrl":"https://scim.example/v2","profile":{"authScheme":"TOKEN","token":"a-token"}}"#;

pub(crate) static CONNECTION_SHOW: Description = shows(&CONNECTION);
pub(crate) static CONNECTION_SET: Description = shows(&CONNECTION)
    .asked(&[flag("activate", false, "Whether it is switched on by it.")])
    .takes(&CONNECTION_INPUT, CONNECTION_EXAMPLE);

static FEATURE: Model = shown(
    "AppFeature",
    "What is done at the SCIM server of an app.",
    Schema::Object(&[
        must(
            "name",
            Schema::Word(&["USER_PROVISIONING", "INBOUND_PROVISIONING"]),
        ),
        must("status", ENABLED),
        must("description", Schema::Text),
        must(
            "capabilities",
            Schema::Object(&[
                may(
                    "create",
                    Schema::Object(&[must("lifecycleCreate", SETTING)]),
                ),
                may("update", Schema::Open(&[])),
                may("importSettings", Schema::Open(&[])),
                may("importRules", Schema::Open(&[])),
            ]),
        ),
        must("_links", LINKS),
    ]),
);

static FEATURE_INPUT: Model = taken(
    "AppFeatureInput",
    "What is done at the SCIM server of an app: what is not named stays.",
    Schema::Object(&[
        may("create", Schema::Object(&[may("lifecycleCreate", SETTING)]))
            .said("Whether accounts are made."),
        may(
            "update",
            Schema::Object(&[
                may("profile", SETTING).said("Whether changes are sent."),
                may("lifecycleDeactivate", SETTING).said("Whether accounts are switched off."),
                may(
                    "password",
                    Schema::Object(&[
                        may("status", Schema::Word(&["DISABLED"])),
                        may("seed", Schema::Word(&["RANDOM"])),
                        may("change", Schema::Word(&["KEEP_EXISTING"])),
                    ]),
                ),
            ]),
        ),
        may(
            "importSettings",
            Schema::Object(&[
                may(
                    "username",
                    Schema::Object(&[may("usernameFormat", Schema::Word(&["EMAIL"]))]),
                ),
                may(
                    "schedule",
                    Schema::Object(&[may("status", Schema::Word(&["DISABLED"]))]),
                ),
            ]),
        ),
        may(
            "importRules",
            Schema::Object(&[may(
                "userCreateAndMatch",
                Schema::Object(&[
                    may("exactMatchCriteria", Schema::Word(&["USERNAME", "EMAIL"])),
                    may("allowPartialMatch", Schema::Flag),
                    may("autoConfirmPartialMatch", Schema::Flag),
                    may("autoConfirmExactMatch", Schema::Flag),
                    may("autoConfirmNewUsers", Schema::Flag),
                    may("autoActivateNewUsers", Schema::Flag),
                ]),
            )]),
        ),
    ]),
    &[],
);

const FEATURE_EXAMPLE: &str = r#"{"create":{"lifecycleCreate":{"status":"ENABLED"}},"update":{"profile":{"status":"ENABLED"},"lifecycleDeactivate":{"status":"ENABLED"}}}"#;

pub(crate) static FEATURES: Description = lists(&Schema::Of(&FEATURE));
pub(crate) static FEATURE_SHOW: Description = shows(&FEATURE);
pub(crate) static FEATURE_UPDATE: Description =
    shows(&FEATURE).takes(&FEATURE_INPUT, FEATURE_EXAMPLE);

static PUSH: Model = shown(
    "GroupPushMapping",
    "A group that is pushed to an app.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("status", Schema::Word(PUSH_STATUSES)),
        must("sourceGroupId", Schema::Text),
        may("targetGroupId", Schema::Text).said("The group at the app, once it is known."),
        may("errorSummary", Schema::Text),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        may("lastPush", Schema::Moment),
        must("_links", LINKS),
    ]),
);

const SWITCHED: Schema = Schema::Word(&["ACTIVE", "INACTIVE"]);

static PUSH_INPUT: Model = taken(
    "GroupPushMappingInput",
    "A group that is to be pushed to an app.",
    Schema::Object(&[
        must("sourceGroupId", Schema::Text),
        may("targetGroupName", Schema::Text)
            .said("What it is called at the app: it is found there by that, or made."),
        may("targetGroupId", Schema::Text).said("The id of a group that is there."),
        may("status", SWITCHED),
    ]),
    &[],
);

static PUSH_CHANGE: Model = taken(
    "GroupPushMappingChange",
    "Whether a group is pushed.",
    Schema::Object(&[must("status", SWITCHED)]),
    &[],
);

pub(crate) static PUSHES: Description = pages(
    &Schema::Of(&PUSH),
    &[
        word("status", PUSH_STATUSES, "Those alone that stand so."),
        text("sourceGroupId", "The one alone of this group."),
        limit(PUSHES_PAGE),
        AFTER,
    ],
);
pub(crate) static PUSH_SHOW: Description = shows(&PUSH);
pub(crate) static PUSH_CREATE: Description = makes(&PUSH).takes(
    &PUSH_INPUT,
    r#"{"sourceGroupId":"00g1a2b3c4d5e6f7g8h9","targetGroupName":"Engineers"}"#,
);
pub(crate) static PUSH_UPDATE: Description =
    shows(&PUSH).takes(&PUSH_CHANGE, r#"{"status":"INACTIVE"}"#);
pub(crate) static PUSH_DELETE: Description = crate::description::NOTHING.asked(&[flag(
    "deleteTargetGroup",
    false,
    "Whether the group at the app is removed too.",
)]);

const IMPORT_FIELDS: Schema = Schema::Object(&[
    must("status", Schema::Word(&["RUNNING", "COMPLETED", "FAILED"])),
    must("started", Schema::Moment),
    may("ended", Schema::Moment),
    must("pages", Schema::Whole),
    must("people", Schema::Whole),
    may("failure", Schema::Text),
]);

static IMPORT: Model = shown(
    "AppImport",
    "The import of an app that is under way, or the last one.",
    IMPORT_FIELDS,
);

static OVERVIEW: Model = shown(
    "ProvisioningOverview",
    "How the provisioning of an app stands.",
    Schema::Object(&[
        must("status", ENABLED),
        must("waiting", Schema::Whole).said("People who wait to be looked at."),
        must("failed", Schema::Whole).said("People with whom something went wrong."),
        must("countedMax", Schema::Whole).said("No more of either are counted."),
        must("pushedGroups", Schema::Whole),
        must("eventsBehind", Schema::Whole).said("Rows of the log that were not looked at yet."),
        must("lookingAtEverybody", Schema::Flag),
        may("failure", Schema::Text).said("What went wrong the last time."),
        must("failedAttempts", Schema::Whole),
        may("nextAttempt", Schema::Moment),
        may("import", IMPORT_FIELDS),
        must("_links", LINKS),
    ]),
);

pub(crate) static SURVEY: Description = shows(&OVERVIEW);

static ACCOUNT: Model = shown(
    "ProvisionedAccount",
    "Who somebody is at an app, and what waits or went wrong.",
    Schema::Object(&[
        must("id", Schema::Text).said("The person."),
        may("login", Schema::Text),
        must("status", Schema::Word(ACCOUNT_STATUSES)),
        may("externalId", Schema::Text).said("The id at the app."),
        may("failure", Schema::Text),
        must("failedAttempts", Schema::Whole),
        may("nextAttempt", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must("_links", LINKS),
    ]),
);

pub(crate) static ACCOUNTS: Description = pages(
    &Schema::Of(&ACCOUNT),
    &[
        word(
            "status",
            &["FAILED"],
            "Those alone with whom something went wrong.",
        ),
        limit(PROVISIONED_PAGE),
        AFTER,
    ],
);
pub(crate) static ACCOUNT_SHOW: Description = shows(&ACCOUNT);

static PLANNED: Model = shown(
    "PlannedProvisioning",
    "What would be sent of somebody.",
    Schema::Object(&[
        must("id", Schema::Text),
        may("login", Schema::Text),
        must(
            "step",
            Schema::Word(&[
                "NOTHING",
                "FORGET",
                "FIND_AND_DEACTIVATE",
                "CREATE",
                "UPDATE",
                "DEACTIVATE",
            ]),
        ),
        must(
            "requests",
            Schema::List(&Schema::Object(&[
                must("method", Schema::Text),
                must("path", Schema::Text),
                may("body", Schema::Open(&[])),
            ])),
        ),
    ]),
);

pub(crate) static PLAN: Description = pages(&Schema::Of(&PLANNED), &[AFTER]);
pub(crate) static PLAN_SHOW: Description = shows(&PLANNED);

static REQUEST: Model = shown(
    "ProvisioningRequest",
    "A request to the SCIM server of an app.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("at", Schema::Moment),
        must("subject", Schema::Text).said("The person or the pushed group that it was about."),
        must("method", Schema::Text),
        must("path", Schema::Text),
        may("responseStatus", Schema::Whole),
        must("durationMillis", Schema::Whole),
        may("failure", Schema::Text).said("Why there was no answer."),
        may("responseError", Schema::Text).said("What the server said of an error."),
    ]),
);

pub(crate) static REQUESTS: Description =
    pages(&Schema::Of(&REQUEST), &[limit(PROVISIONED_PAGE), AFTER]);

static FOUND: Model = shown(
    "ImportedPerson",
    "Somebody who was found at an app, and who they are here; or why nothing was done with them.",
    Schema::Object(&[
        must("id", Schema::Text).said("The id at the app."),
        may(
            "verdict",
            Schema::WordOf(|| Verdict::ALL.map(Verdict::as_str).to_vec()),
        ),
        may("reason", Schema::Text),
        may("userName", Schema::Text),
        may("email", Schema::Text),
        may("givenName", Schema::Text),
        may("familyName", Schema::Text),
        may("active", Schema::Flag),
        may("userId", Schema::Text),
        may("failure", Schema::Text),
    ]),
);

static CONFIRMED: Model = taken(
    "ImportConfirmation",
    "Ids at the app of those who are confirmed.",
    Schema::Object(&[must("ids", Schema::List(&Schema::Text)).said("1 to 100.")]),
    &[],
);

pub(crate) static IMPORT_SHOW: Description = shows(&IMPORT);
pub(crate) static IMPORT_PEOPLE: Description =
    pages(&Schema::Of(&FOUND), &[limit(PROVISIONED_PAGE), AFTER]);
pub(crate) static IMPORT_CONFIRM: Description =
    lists(&Schema::Of(&FOUND)).takes(&CONFIRMED, r#"{"ids":["2819c223"]}"#);
