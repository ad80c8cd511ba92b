//! What the operations on authenticators read and answer.

use crate::authenticators::methods::{
    ALGORITHM, ATTACHMENT, CONVEYANCE, ENCODING, EXISTING, PROTOCOL, VERIFICATION,
};
use crate::authenticators::{ALLOWED_FOR, Kind, READ_ONLY, code_minutes};
use crate::description::components::{LINKS, STATUS};
use crate::description::schema::{Model, Schema, may, must, shown, taken};
use crate::description::{Description, Need, lists, shows};
use identity::totp::{CODE_DIGITS, STEP_SECS, WINDOW_STEPS};

const TEXTS: Schema = Schema::List(&Schema::Text);
const MINUTES: Schema = Schema::Standing(|| code_minutes().into());
const STEP: Schema = Schema::Standing(|| STEP_SECS.into());
const WINDOW: Schema = Schema::Standing(|| WINDOW_STEPS.into());
const DIGITS: Schema = Schema::Standing(|| CODE_DIGITS.into());
const REQUIRED: Schema = Schema::Word(&[VERIFICATION]);

static AUTHENTICATOR: Model = shown(
    "Authenticator",
    "What people can prove who they are by.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("key", Schema::WordOf(|| Kind::ALL.map(Kind::key).to_vec())),
        must("type", Schema::Text),
        must("name", Schema::Text),
        must("status", STATUS),
        must("created", Schema::Moment),
        must("lastUpdated", Schema::Moment),
        may(
            "settings",
            Schema::Object(&[
                must("allowedFor", Schema::Word(&ALLOWED_FOR)),
                must("tokenLifetimeInMinutes", Schema::Whole),
            ]),
        )
        .said("Of mail."),
        must("_links", LINKS),
    ]),
);

static PLAIN: Model = taken(
    "AuthenticatorInput",
    "An authenticator as it is.",
    Schema::Object(&[
        may(
            "key",
            Schema::WordOf(|| {
                let kinds = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Email);
                kinds.map(Kind::key).collect()
            }),
        ),
        may("type", Schema::Text).said("As it is."),
        may("name", Schema::Text).said("As it is."),
        may("status", STATUS).said("As it is."),
    ]),
    &READ_ONLY,
);

static MAIL: Model = taken(
    "MailAuthenticatorInput",
    "What mail is used for.",
    Schema::Object(&[
        may("key", Schema::Word(&[Kind::Email.key()])),
        may("type", Schema::Word(&["email"])),
        may("name", Schema::Word(&[Kind::Email.name()])),
        may("status", STATUS).said("As it is."),
        may(
            "settings",
            Schema::Object(&[
                may("allowedFor", Schema::Word(&ALLOWED_FOR)).said(
                    "Codes at a sign-in (`sso`), links for whoever cannot get in (`recovery`), both or neither.",
                ),
                may("tokenLifetimeInMinutes", MINUTES),
            ]),
        ),
    ]),
    &READ_ONLY,
);

const ATTESTATION: Schema = Schema::Object(&[
    may("conveyance", Schema::Word(&CONVEYANCE))
        .said("Whether an authenticator must prove its model."),
    may("allowedAaguids", TEXTS).said("The models that count where it must."),
    may("rootCertificates", TEXTS).said("The certificates of their makers, in PEM."),
    may("existing", Schema::Word(&EXISTING))
        .said("What becomes of passkeys of other models that are there."),
]);

static METHOD: Model = shown(
    "AuthenticatorMethod",
    "The way in which an authenticator is used.",
    Schema::Object(&[
        must(
            "type",
            Schema::WordOf(|| Kind::ALL.map(Kind::method).to_vec()),
        ),
        must("status", STATUS),
        may(
            "settings",
            Schema::Object(&[
                must("userVerification", REQUIRED),
                must("attachment", Schema::Word(&[ATTACHMENT])),
                must("residentKeyRequirement", REQUIRED),
                must("attestation", ATTESTATION),
            ]),
        )
        .said("Of passkeys."),
        may("protocol", Schema::Word(&[PROTOCOL])).said("Of authenticator apps."),
        may("algorithm", Schema::Word(&[ALGORITHM])),
        may("encoding", Schema::Word(&[ENCODING])),
        may("timeIntervalInSeconds", STEP),
        may("acceptableAdjacentIntervals", WINDOW),
        may("passCodeLength", DIGITS),
        must("_links", LINKS),
    ]),
);

static PASSKEY_METHOD: Model = taken(
    "PasskeyMethodInput",
    "Which passkeys count; what is not named stays.",
    Schema::Object(&[
        may("type", Schema::Word(&[Kind::Passkey.method()])),
        may("status", STATUS).said("As it is."),
        may(
            "settings",
            Schema::Object(&[
                may("userVerification", REQUIRED),
                may("userVerificationForVerify", REQUIRED),
                may("residentKeyRequirement", REQUIRED),
                may("attachment", Schema::Word(&[ATTACHMENT])),
                may("attestation", ATTESTATION),
            ]),
        ),
    ]),
    &["_links"],
);

static OTHER_METHOD: Model = taken(
    "MethodInput",
    "A method as it is.",
    Schema::Object(&[
        may(
            "type",
            Schema::WordOf(|| {
                let kinds = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Passkey);
                kinds.map(Kind::method).collect()
            }),
        ),
        may("status", STATUS).said("As it is."),
        may("protocol", Schema::Word(&[PROTOCOL])),
        may("algorithm", Schema::Word(&[ALGORITHM])),
        may("encoding", Schema::Word(&[ENCODING])),
        may("timeIntervalInSeconds", STEP),
        may("acceptableAdjacentIntervals", WINDOW),
        may("passCodeLength", DIGITS),
    ]),
    &["_links"],
);

pub(crate) static LIST: Description = lists(&Schema::Of(&AUTHENTICATOR));
pub(crate) static SHOW: Description = shows(&AUTHENTICATOR);
pub(crate) static REPLACE: Description = shows(&AUTHENTICATOR).reads(
    Schema::Either(&[Schema::Of(&PLAIN), Schema::Of(&MAIL)]),
    r#"{"name":"Passkeys"}"#,
    Need::Required,
);
pub(crate) static METHODS: Description = lists(&Schema::Of(&METHOD));
pub(crate) static METHOD_SHOW: Description = shows(&METHOD);
pub(crate) static METHOD_REPLACE: Description = shows(&METHOD).reads(
    Schema::Either(&[Schema::Of(&PASSKEY_METHOD), Schema::Of(&OTHER_METHOD)]),
    r#"{"type":"webauthn","settings":{"attestation":{"conveyance":"NONE","existing":"KEPT"}}}"#,
    Need::Required,
);
