//! What the operations on the schemas of profiles, and on the types of people, read and answer.

use crate::description::components::LINKS;
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{Description, NOTHING, lists, shows};
use crate::error::ErrorCode;
use crate::user_schema::input::READ_ONLY;
use crate::user_schema::types::READ_ONLY as TYPE_READ_ONLY;

const KIND: Schema = Schema::Word(&["string", "integer", "boolean"]);
const ACTION: Schema = Schema::Word(&["HIDE", "READ_ONLY", "READ_WRITE"]);

static ATTRIBUTE: Model = shown(
    "UserAttribute",
    "An attribute of profiles.",
    Schema::Object(&[
        must("title", Schema::Text),
        may("description", Schema::Text),
        must("type", KIND),
        must("required", Schema::Flag),
        may("unique", Schema::Flag),
        may("minLength", Schema::Whole),
        may("maxLength", Schema::Whole),
        may("minimum", Schema::Whole),
        may("maximum", Schema::Whole),
        may("enum", Schema::List(&Schema::Anything)).said("The values that there are."),
        may(
            "oneOf",
            Schema::List(&Schema::Object(&[
                must("const", Schema::Text),
                must("title", Schema::Text),
            ])),
        )
        .said("What these values are called."),
        must("mutability", Schema::Word(&["READ_WRITE"])),
        must("scope", Schema::Word(&["NONE"])),
        must(
            "permissions",
            Schema::List(&Schema::Object(&[
                must("principal", Schema::Word(&["SELF"])),
                must("action", ACTION),
            ])),
        )
        .said("What people may do with their own."),
        must(
            "master",
            Schema::Object(&[must("type", Schema::Word(&["PROFILE_MASTER"]))]),
        ),
    ]),
);

static ATTRIBUTES: Model = shown(
    "UserAttributes",
    "Attributes of profiles, by their names.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("type", Schema::Word(&["object"])),
        must("properties", Schema::Map(&Schema::Of(&ATTRIBUTE))),
        must("required", Schema::List(&Schema::Text)),
    ]),
);

pub(crate) static SCHEMA: Model = shown(
    "UserSchema",
    "What profiles hold, as a JSON Schema.",
    Schema::Object(&[
        must("id", Schema::Address),
        must("$schema", Schema::Address),
        must("name", Schema::Text),
        must("title", Schema::Text),
        must("type", Schema::Word(&["object"])),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        must(
            "definitions",
            Schema::Object(&[
                must("custom", Schema::Of(&ATTRIBUTES)).said("The organisation's own."),
                must("base", Schema::Of(&ATTRIBUTES)).said("The built-in ones."),
            ]),
        ),
        must("properties", Schema::Map(&Schema::Anything)),
        must("_links", LINKS),
    ]),
);

const CHANGE: &[Field] = &[
    may("type", KIND).said("It never changes; a text unless it is said."),
    may("title", Schema::Text),
    may("description", Schema::Text),
    may("required", Schema::Flag),
    may("unique", Schema::Flag),
    may("minLength", Schema::Whole),
    may("maxLength", Schema::Whole),
    may("minimum", Schema::Whole),
    may("maximum", Schema::Whole),
    may("enum", Schema::List(&Schema::Anything)).said("Texts or whole numbers."),
    may(
        "oneOf",
        Schema::List(&Schema::Object(&[
            must("const", Schema::Anything).said("A text or a whole number."),
            may("title", Schema::Text),
        ])),
    ),
    may(
        "permissions",
        Schema::List(&Schema::Object(&[
            may("principal", Schema::Word(&["SELF"])),
            must("action", ACTION),
        ])),
    ),
    may("mutability", Schema::Word(&["READ_WRITE"])),
    may("scope", Schema::Word(&["NONE"])),
    may(
        "master",
        Schema::Object(&[may("type", Schema::Word(&["PROFILE_MASTER", "OKTA"]))]),
    ),
];

static ATTRIBUTE_CHANGE: Model = taken(
    "UserAttributeChange",
    "What is to become of an attribute; what is not named stays.",
    Schema::Object(CHANGE),
    &[],
);

pub(crate) static SCHEMA_CHANGE: Model = taken(
    "UserSchemaChange",
    "Attributes that are added or changed, and those that are `null`, which are removed.",
    Schema::Object(&[may(
        "definitions",
        Schema::Object(&[
            may("base", Schema::Anything).said("As it was shown."),
            may(
                "custom",
                Schema::Object(&[
                    may("id", Schema::Anything).said("Shown, and not changed here."),
                    may("type", Schema::Anything).said("Shown, and not changed here."),
                    may("required", Schema::Anything).said("Shown, and not changed here."),
                    may(
                        "properties",
                        Schema::Map(&Schema::Maybe(&Schema::Of(&ATTRIBUTE_CHANGE))),
                    ),
                ]),
            ),
        ]),
    )]),
    &READ_ONLY,
);

pub(crate) static SHOW: Description = shows(&SCHEMA);
pub(crate) static UPDATE: Description = shows(&SCHEMA).takes(
    &SCHEMA_CHANGE,
    r#"{"definitions":{"custom":{"properties":{"badge":{"title":"Badge","type":"string","maxLength":20}}}}}"#,
);

static TYPE: Model = shown(
    "UserType",
    "A type of people.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("name", Schema::Text),
        must("displayName", Schema::Text),
        may("description", Schema::Text),
        must("default", Schema::Flag).said("Whether it is the one that every organisation has."),
        must("created", Schema::Moment),
        may("createdBy", Schema::Text),
        must("lastUpdated", Schema::Moment),
        may("lastUpdatedBy", Schema::Text),
        must("_links", LINKS),
    ]),
);

const NAME: &str = "A letter, then letters, digits and underscores; it never changes.";

static TYPE_NEW: Model = taken(
    "NewUserType",
    "A type of people that is added.",
    Schema::Object(&[
        must("name", Schema::Text).said(NAME),
        must("displayName", Schema::Text),
        may("description", Schema::Text),
    ]),
    &TYPE_READ_ONLY,
);

static TYPE_CHANGE: Model = taken(
    "UserTypeChange",
    "Words of a type of people; what is not named stays.",
    Schema::Object(&[
        may("name", Schema::Text).said("As it was shown."),
        may("displayName", Schema::Text),
        may("description", Schema::Text),
    ]),
    &TYPE_READ_ONLY,
);

static TYPE_WHOLE: Model = taken(
    "UserTypeReplacement",
    "The words of a type of people.",
    Schema::Object(&[
        must("name", Schema::Text).said("As it was shown."),
        must("displayName", Schema::Text),
        must("description", Schema::Text),
    ]),
    &TYPE_READ_ONLY,
);

pub(crate) static TYPE_CREATE: Description = shows(&TYPE).takes(
    &TYPE_NEW,
    r#"{"name":"contractor","displayName":"Contractor","description":"Who works for others"}"#,
);
pub(crate) static TYPE_UPDATE: Description =
    shows(&TYPE).takes(&TYPE_CHANGE, r#"{"displayName":"Freelancer"}"#);
pub(crate) static TYPE_REPLACE: Description = shows(&TYPE).takes(
    &TYPE_WHOLE,
    r#"{"name":"contractor","displayName":"Freelancer","description":"Who works for others"}"#,
);
pub(crate) static TYPE_DELETE: Description = NOTHING.refusing(&[ErrorCode::UserTypeStays]);
pub(crate) static TYPES: Description = lists(&Schema::Of(&TYPE));
pub(crate) static TYPE_SHOW: Description = shows(&TYPE);
