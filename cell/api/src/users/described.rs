//! What the operations on people read and answer.

use crate::authn::described::{ACTIVATION, FACTOR_TYPE};
use crate::description::components::{LINKS, STATUS};
use crate::description::parameter::{
    AFTER, Parameter, SORT_ORDER, filter, flag, limit, q, search, sort_by, word,
};
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{DONE, Description, Header, NOTHING, lists, pages, shows};
use crate::error::ErrorCode;
use crate::groups::described::GROUP;
use crate::limits::{GROUPS_OF_USER_PAGE, USERS_PAGE};
use crate::sessions::COOKIE_TOKEN;
use crate::users::input::{HOOK, PROVIDER, READ_ONLY};
use identity::person::PersonStatus;

const PROFILE: &[Field] = &[
    may("login", Schema::Text).said("What the person signs in with."),
    may("email", Schema::Text),
    may("firstName", Schema::Text),
    may("lastName", Schema::Text),
];

const PROVIDER_SHOWN: Schema = Schema::Object(&[
    must("type", Schema::Word(&[PROVIDER])),
    must("name", Schema::Word(&[PROVIDER])),
]);

const CREDENTIALS: Schema = Schema::Object(&[
    may("password", Schema::Object(&[])).said("There, and empty, if the person has one."),
    must("provider", PROVIDER_SHOWN),
]);

pub(crate) static USER: Model = shown(
    "User",
    "A person.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("status", Schema::WordOf(statuses)),
        must("created", Schema::Moment),
        may("activated", Schema::Moment),
        must("statusChanged", Schema::Moment),
        may("lastLogin", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        may("passwordChanged", Schema::Moment),
        must("profile", Schema::Open(PROFILE))
            .said("With the attributes of the organisation's schema."),
        must("credentials", CREDENTIALS),
        must("type", Schema::Object(&[must("id", Schema::Text)])),
        may(
            "_embedded",
            Schema::Object(&[must("blocks", Schema::List(&Schema::Of(&BLOCK)))]),
        ),
        must("_links", LINKS).said("Among them the steps that the state permits."),
    ]),
);

static BLOCK: Model = shown(
    "UserBlock",
    "From where a person cannot sign in now.",
    Schema::Object(&[
        must("type", Schema::Word(&["DEVICE_BASED"])),
        must(
            "appliesTo",
            Schema::Word(&["ANY_DEVICES", "UNKNOWN_DEVICES"]),
        ),
    ]),
);

pub(crate) static BLOCKS: Description = lists(&Schema::Of(&BLOCK));

fn statuses() -> Vec<&'static str> {
    PersonStatus::ALL.map(PersonStatus::as_str).to_vec()
}

const PROVIDER_TAKEN: Field = may(
    "provider",
    Schema::Object(&[
        may("type", Schema::Word(&[PROVIDER])),
        may("name", Schema::Word(&[PROVIDER])),
    ]),
);
const CREDENTIALS_TAKEN: Schema = Schema::Object(&[
    may("password", Schema::Object(&[may("value", Schema::Text)])),
    PROVIDER_TAKEN,
]);
const FIRST_CREDENTIALS: Schema = Schema::Object(&[
    may(
        "password",
        Schema::Object(&[
            may("value", Schema::Text),
            may(
                "hook",
                Schema::Object(&[must("type", Schema::Word(&[HOOK]))]),
            )
            .said("Another system knows it: the inline hook is asked at the first sign-in."),
        ]),
    ),
    PROVIDER_TAKEN,
]);

const TYPE: Field = may(
    "type",
    Schema::Object(&[
        may("id", Schema::Text).said("The id of a type of people, or `default`."),
        may("_links", Schema::Anything).said("Shown, and not changed here."),
    ]),
);

static NEW_USER: Model = taken(
    "NewUser",
    "Somebody to be added.",
    Schema::Object(&[
        must("profile", Schema::Open(PROFILE)),
        may("credentials", FIRST_CREDENTIALS),
        TYPE,
        may("groupIds", Schema::List(&Schema::Text)).said("The first groups."),
    ]),
    &READ_ONLY,
);

static USER_CHANGE: Model = taken(
    "UserChange",
    "What is to change of a person; `null` takes a value away.",
    Schema::Object(&[
        may("profile", Schema::Open(PROFILE)),
        may("credentials", CREDENTIALS_TAKEN),
        TYPE,
    ]),
    &READ_ONLY,
);

static USER_REPLACEMENT: Model = taken(
    "UserReplacement",
    "The profile that a person is to have.",
    Schema::Object(&[
        must("profile", Schema::Open(PROFILE)),
        may("credentials", CREDENTIALS_TAKEN),
        TYPE,
    ]),
    &READ_ONLY,
);

const IN_WORDS: &str = "Such as `profile.lastName sw \"Lo\" and status eq \"ACTIVE\"`: each alternative names something that is indexed.";
const PERSON_EXAMPLE: &str = r#"{"profile":{"login":"ada@example.com","email":"ada@example.com","firstName":"Ada","lastName":"Lovelace"}}"#;

pub(crate) static LIST: Description = pages(
    &Schema::Of(&USER),
    &[
        q("The beginning of login, address, name or a word of it."),
        filter(IN_WORDS),
        search("The same as `filter`."),
        sort_by(&["id", "profile.login", "created", "lastUpdated"]),
        SORT_ORDER,
        limit(USERS_PAGE),
        AFTER,
    ],
);
pub(crate) static SHOW: Description = shows(&USER).with_headers(&[Header::ETag]).asked(&[word(
    "expand",
    &["blocks"],
    "What is shown inside of it.",
)]);

static TEMPORARY_PASSWORD: Model = shown(
    "TemporaryPassword",
    "A password, shown this once, that is replaced at the next sign-in.",
    Schema::Object(&[must("tempPassword", Schema::Text)]),
);

pub(crate) static TEMPORARY: Description = shows(&TEMPORARY_PASSWORD)
    .asked(&[flag(
        "revokeSessions",
        false,
        "Whether every session of the person ends.",
    )])
    .refusing(&[ErrorCode::PasswordPolicy]);

static NO_FIELDS: Model = taken(
    "Nothing",
    "There is nothing to say.",
    Schema::Object(&[]),
    &[],
);

pub(crate) static FORGOT_PASSWORD: Description = DONE
    .asked(&[flag(
        "sendEmail",
        true,
        "A link is sent to the person alone: `false` is refused.",
    )])
    .may_take(&NO_FIELDS, "{}");
pub(crate) static CREATE: Description = shows(&USER)
    .with_headers(&[Header::ETag])
    .asked(&[
        flag("activate", true, "Whether the person begins at once."),
        word(
            "nextLogin",
            &["changePassword"],
            "The first password is used once, then replaced.",
        ),
        flag(
            "provider",
            false,
            "Whether another provider keeps the credentials: none does.",
        ),
    ])
    .takes(&NEW_USER, PERSON_EXAMPLE)
    .refusing(&[ErrorCode::PasswordPolicy]);
pub(crate) static UPDATE: Description = shows(&USER)
    .with_headers(&[Header::ETag])
    .takes(&USER_CHANGE, r#"{"profile":{"lastName":"Byron"}}"#)
    .refusing(&[ErrorCode::PasswordPolicy]);
pub(crate) static REPLACE: Description = shows(&USER)
    .with_headers(&[Header::ETag])
    .takes(&USER_REPLACEMENT, PERSON_EXAMPLE)
    .refusing(&[ErrorCode::PasswordPolicy]);

const MAILED: &[Parameter] = &[flag(
    "sendEmail",
    true,
    "A link is sent to the person alone: `false` is refused where one is sent.",
)];
const TOLD: &[Parameter] = &[flag(
    "sendEmail",
    false,
    "Administrators are told by the log: `true` is refused.",
)];

pub(crate) static DELETE: Description = NOTHING.asked(TOLD);
pub(crate) static GROUPS: Description =
    pages(&Schema::Of(&GROUP), &[limit(GROUPS_OF_USER_PAGE), AFTER]);
pub(crate) static INVITES: Description = DONE.asked(MAILED).refusing(&[ErrorCode::AlreadyActive]);
pub(crate) static DEACTIVATES: Description = DONE.asked(TOLD);
pub(crate) static SENDS_LINK: Description = DONE.asked(MAILED);
pub(crate) static EXPIRE_PASSWORD: Description = shows(&USER).with_headers(&[Header::ETag]);

static CHANGED_CREDENTIALS: Model = shown("Credentials", "What a person signs in by.", CREDENTIALS);

const PASSWORD: Schema =
    Schema::Either(&[Schema::Object(&[must("value", Schema::Text)]), Schema::Text]);

static PASSWORD_CHANGE: Model = taken(
    "PasswordChange",
    "A password, and the one in its place.",
    Schema::Object(&[
        must("oldPassword", PASSWORD),
        must("newPassword", PASSWORD),
        may("revokeSessions", Schema::Flag).said("Whether every session of the person ends."),
    ]),
    &[],
);

pub(crate) static CHANGE_PASSWORD: Description = shows(&CHANGED_CREDENTIALS)
    .asked(&[flag("strict", true, "The policy holds in any case.")])
    .takes(
        &PASSWORD_CHANGE,
        r#"{"oldPassword":{"value":"…"},"newPassword":{"value":"correct horse battery"}}"#,
    )
    .refusing(&[ErrorCode::CredentialUpdate, ErrorCode::PasswordPolicy]);

static FACTOR_FIELDS: &[Field] = &[
    must("id", Schema::Text),
    must("factorType", FACTOR_TYPE),
    must("provider", Schema::Text),
    must("vendorName", Schema::Text),
    must("status", Schema::Word(&["ACTIVE", "PENDING_ACTIVATION"])),
    must("created", Schema::Moment),
    must("lastUpdated", Schema::Moment),
    must(
        "profile",
        Schema::Object(&[
            may("email", Schema::Text),
            may("credentialId", Schema::Text),
            may("authenticatorName", Schema::Text),
        ]),
    ),
    may(
        "_embedded",
        Schema::Object(&[must("activation", Schema::Of(&ACTIVATION))]),
    )
    .said("What an authenticator app must know, shown this once."),
    must("_links", LINKS),
];

static FACTOR: Model = shown(
    "UserFactor",
    "A means by which a person proves who they are.",
    Schema::Object(FACTOR_FIELDS),
);

static SUPPORTED_FACTOR: Model = shown(
    "SupportedFactor",
    "A kind of proof that a person can have.",
    Schema::Object(&[
        must("factorType", FACTOR_TYPE),
        must("provider", Schema::Text),
        must("vendorName", Schema::Text),
        must("status", Schema::Word(&["ACTIVE", "NOT_SETUP"])),
        must("enrollment", Schema::Word(&["OPTIONAL"])),
        may("_links", LINKS),
    ]),
);

static NEW_FACTOR: Model = taken(
    "NewUserFactor",
    "An authenticator app to be enrolled.",
    Schema::Object(&[
        must("factorType", Schema::Word(&["token:software:totp"])),
        may("provider", Schema::Word(&["GOOGLE", "OKTA"]))
            .said("Every app that follows RFC 6238 is the same here."),
    ]),
    &["vendorName"],
);

static CODE: Model = taken(
    "PassCode",
    "What an authenticator app shows.",
    Schema::Object(&[must("passCode", Schema::Text)]),
    &[],
);

static VERIFIED: Model = shown(
    "FactorResult",
    "That the code is right.",
    Schema::Object(&[must("factorResult", Schema::Word(&["SUCCESS"]))]),
);

pub(crate) static FACTORS: Description = lists(&Schema::Of(&FACTOR));
pub(crate) static CATALOG: Description = lists(&Schema::Of(&SUPPORTED_FACTOR));
pub(crate) static QUESTIONS: Description = lists(&Schema::Object(&[]));
pub(crate) static FACTOR_SHOW: Description = shows(&FACTOR);
pub(crate) static FACTOR_ENROLL: Description = shows(&FACTOR)
    .asked(&[flag(
        "activate",
        false,
        "An app is activated by the first code that it shows: `true` is refused.",
    )])
    .takes(
        &NEW_FACTOR,
        r#"{"factorType":"token:software:totp","provider":"GOOGLE"}"#,
    );
pub(crate) static FACTOR_ACTIVATE: Description = shows(&FACTOR)
    .takes(&CODE, r#"{"passCode":"123456"}"#)
    .refusing(&[ErrorCode::PassCode]);
pub(crate) static FACTOR_VERIFY: Description = shows(&VERIFIED)
    .takes(&CODE, r#"{"passCode":"123456"}"#)
    .refusing(&[ErrorCode::PassCode]);
pub(crate) static FACTOR_REMOVE: Description = NOTHING.asked(&[flag(
    "removeRecoveryEnrollment",
    false,
    "There is nothing else that would be left.",
)]);

static SESSION: Model = shown(
    "Session",
    "A session of a person that lives.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("userId", Schema::Text),
        must("login", Schema::Text),
        must("status", STATUS),
        must("createdAt", Schema::Moment),
        must("expiresAt", Schema::Moment),
        must("lastFactorVerification", Schema::Moment),
        must("amr", Schema::List(&Schema::Text)).said("What was proved (RFC 8176)."),
        may("cookieToken", Schema::Text).said("Shown where it is asked for, this once."),
        must("_links", LINKS),
    ]),
);

pub(crate) static SESSION_SHOW: Description = shows(&SESSION);
static SESSION_TOKEN: Model = taken(
    "SessionToken",
    "The token that ended a sign-in by a program's own pages.",
    Schema::Object(&[must("sessionToken", Schema::Text)]),
    &[],
);
pub(crate) static SESSION_CREATE: Description = shows(&SESSION)
    .asked(&[word(
        "additionalFields",
        &[COOKIE_TOKEN],
        "What the answer has besides: a token that `/login/sessionCookieRedirect` makes the session of a browser, once.",
    )])
    .takes(&SESSION_TOKEN, r#"{"sessionToken":"x"}"#)
    .refusing(&[ErrorCode::Authentication]);
pub(crate) static SESSIONS_END: Description = NOTHING.asked(&[
    flag(
        "oauthTokens",
        true,
        "What apps were granted ends with the sessions: `false` is refused.",
    ),
    flag(
        "forgetDevices",
        true,
        "What was remembered of devices ends with the sessions: `false` is refused.",
    ),
]);
