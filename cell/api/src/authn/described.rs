//! What the operations of the classic sign-in read and answer.

use crate::authn::factors::TOTP_STEP_SECS;
use crate::description::components::LINKS;
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{DONE, Description, shows};
use crate::error::ErrorCode;

pub(crate) const FACTOR_TYPE: Schema = Schema::Word(&["webauthn", "token:software:totp", "email"]);

pub(crate) static ACTIVATION: Model = shown(
    "Activation",
    "What an authenticator app must know (RFC 6238).",
    Schema::Object(&[
        must("timeStep", Schema::Standing(|| TOTP_STEP_SECS.into())),
        must("sharedSecret", Schema::Text),
        must("encoding", Schema::Word(&["base32"])),
        must("keyLength", Schema::Whole).said("The digits of a code."),
        may("_links", LINKS).said("The picture to be scanned."),
    ]),
);

static FACTOR_FIELDS: &[Field] = &[
    may("id", Schema::Text),
    must("factorType", FACTOR_TYPE),
    must("provider", Schema::Text),
    may("vendorName", Schema::Text),
    may("status", Schema::Word(&["NOT_SETUP"])),
    may("enrollment", Schema::Word(&["REQUIRED"])),
    may(
        "profile",
        Schema::Object(&[
            may("email", Schema::Text).said("Its beginning and its host."),
            may("credentialId", Schema::Text),
        ]),
    ),
    may(
        "_embedded",
        Schema::Object(&[
            may("activation", Schema::Of(&ACTIVATION)),
            may(
                "challenge",
                Schema::Object(&[
                    may("challenge", Schema::Text),
                    may("userVerification", Schema::Text),
                    must("extensions", Schema::Object(&[])),
                ]),
            ),
        ]),
    ),
    may("_links", LINKS),
];

static FACTOR: Model = shown(
    "SignInFactor",
    "What counts as a second proof, or must be enrolled.",
    Schema::Object(FACTOR_FIELDS),
);

static TRANSACTION: Model = shown(
    "SignIn",
    "How far a sign-in has come.",
    Schema::Object(&[
        must(
            "status",
            Schema::Word(&[
                "SUCCESS",
                "MFA_REQUIRED",
                "MFA_CHALLENGE",
                "MFA_ENROLL",
                "MFA_ENROLL_ACTIVATE",
                "PASSWORD_EXPIRED",
            ]),
        ),
        may("stateToken", Schema::Text).said("By which the sign-in goes on."),
        may("sessionToken", Schema::Text)
            .said("At the end: it becomes the browser's session once."),
        must("expiresAt", Schema::Moment),
        must(
            "_embedded",
            Schema::Object(&[
                must(
                    "user",
                    Schema::Object(&[
                        must("id", Schema::Text),
                        must(
                            "profile",
                            Schema::Object(&[
                                must("login", Schema::Text),
                                must("firstName", Schema::Text),
                                must("lastName", Schema::Text),
                            ]),
                        ),
                    ]),
                ),
                may("factors", Schema::List(&Schema::Of(&FACTOR))),
                may("factor", Schema::Of(&FACTOR)),
            ]),
        ),
        must("_links", LINKS),
    ]),
);

const OPTIONS: Field = may("options", Schema::Anything).said("Taken, and not looked at.");
const CONTEXT: Field = may("context", Schema::Anything).said("Taken, and not looked at.");
const STATE: Field = must("stateToken", Schema::Text);

static BEGIN: Model = taken(
    "SignInBegin",
    "Login and password; or the token of a sign-in that is to be looked at.",
    Schema::Object(&[
        may("username", Schema::Text),
        may("password", Schema::Text),
        may("stateToken", Schema::Text),
        OPTIONS,
        CONTEXT,
    ]),
    &[],
);

static CANCEL: Model = taken(
    "SignInCancel",
    "The sign-in to be given up.",
    Schema::Object(&[STATE]),
    &[],
);

static ENROLL: Model = taken(
    "SignInEnroll",
    "An authenticator app to be enrolled.",
    Schema::Object(&[
        STATE,
        must("factorType", Schema::Word(&["token:software:totp"])),
        may("provider", Schema::Anything).said("Every app that follows RFC 6238 is the same here."),
        may("vendorName", Schema::Anything).said("Taken, and not looked at."),
    ]),
    &[],
);

static ACTIVATE: Model = taken(
    "SignInActivate",
    "The first code of an authenticator app.",
    Schema::Object(&[STATE, must("passCode", Schema::Text)]),
    &[],
);

static VERIFY: Model = taken(
    "SignInVerify",
    "One more proof; without an answer, the question is asked.",
    Schema::Object(&[
        STATE,
        may("passCode", Schema::Text),
        may("clientData", Schema::Text)
            .said("Of a passkey, in base64url, with the two that follow."),
        may("authenticatorData", Schema::Text),
        may("signatureData", Schema::Text),
        may("rememberDevice", Schema::Anything).said("Taken, and not looked at."),
        may("autoPush", Schema::Anything).said("Taken, and not looked at."),
    ]),
    &[],
);

static CHANGE: Model = taken(
    "SignInPassword",
    "A password in place of one that has expired.",
    Schema::Object(&[
        STATE,
        must("oldPassword", Schema::Text),
        must("newPassword", Schema::Text),
    ]),
    &[],
);

static RECOVER: Model = taken(
    "SignInRecovery",
    "Who wants to get back in.",
    Schema::Object(&[
        must("username", Schema::Text),
        may("factorType", Schema::Text).said("`EMAIL`."),
        OPTIONS,
        CONTEXT,
    ]),
    &[],
);

static RECOVERY: Model = shown(
    "Recovery",
    "That a link is on its way, if there is such a person.",
    Schema::Object(&[
        must("status", Schema::Word(&["RECOVERY_CHALLENGE"])),
        must("factorResult", Schema::Word(&["WAITING"])),
        must("factorType", Schema::Word(&["EMAIL"])),
        must("recoveryType", Schema::Word(&["PASSWORD"])),
    ]),
);

/// What every answer to a state token may be.
const KNOWN: &[ErrorCode] = &[
    ErrorCode::InvalidToken,
    ErrorCode::Forbidden,
    ErrorCode::Authentication,
];
const PROVED: &[ErrorCode] = &[
    ErrorCode::InvalidToken,
    ErrorCode::Forbidden,
    ErrorCode::PassCode,
    ErrorCode::Unsupported,
];
const REPLACED: &[ErrorCode] = &[
    ErrorCode::InvalidToken,
    ErrorCode::Forbidden,
    ErrorCode::CredentialUpdate,
    ErrorCode::PasswordPolicy,
];

pub(crate) static BEGINS: Description = shows(&TRANSACTION)
    .takes(&BEGIN, r#"{"username":"ada@example.com","password":"…"}"#)
    .refusing(KNOWN);
pub(crate) static CANCELS: Description =
    DONE.takes(&CANCEL, r#"{"stateToken":"…"}"#).refusing(KNOWN);
pub(crate) static ENROLLS: Description = shows(&TRANSACTION)
    .takes(
        &ENROLL,
        r#"{"stateToken":"…","factorType":"token:software:totp","provider":"GOOGLE"}"#,
    )
    .refusing(KNOWN);
pub(crate) static ACTIVATES: Description = shows(&TRANSACTION)
    .takes(&ACTIVATE, r#"{"stateToken":"…","passCode":"123456"}"#)
    .refusing(PROVED);
pub(crate) static VERIFIES: Description = shows(&TRANSACTION)
    .takes(&VERIFY, r#"{"stateToken":"…","passCode":"123456"}"#)
    .refusing(PROVED);
pub(crate) static CHANGES: Description = shows(&TRANSACTION)
    .takes(
        &CHANGE,
        r#"{"stateToken":"…","oldPassword":"…","newPassword":"correct horse battery"}"#,
    )
    .refusing(REPLACED);
pub(crate) static RECOVERS: Description = shows(&RECOVERY)
    .takes(
        &RECOVER,
        r#"{"username":"ada@example.com","factorType":"EMAIL"}"#,
    )
    .refusing(&[ErrorCode::Forbidden]);
