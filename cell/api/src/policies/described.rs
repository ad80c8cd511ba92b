//! What the operations on policies read and answer.

use crate::description::components::{LINKS, STATUS};
use crate::description::parameter::{AFTER, Parameter, Values, flag, limit, word};
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{Description, Need, lists, pages, shows};
use crate::limits::{MAPPINGS_PAGE, POLICIES_PAGE};
use crate::policies::assurance::PASSWORD;
use crate::policies::password::{self, NAMES};
use crate::policies::{Kind, READ_ONLY, mappings, rules};

const KIND: Schema = Schema::WordOf(kinds);
const RULE_KIND: Schema = Schema::WordOf(|| Kind::ALL.map(Kind::rule_type).to_vec());
const ONE: Schema = Schema::Standing(|| 1.into());
const NONE: Schema = Schema::Standing(|| 0.into());
const TEXTS: Schema = Schema::List(&Schema::Text);

fn kinds() -> Vec<&'static str> {
    Kind::ALL.map(Kind::as_str).to_vec()
}

const COMPLEXITY: &[Field] = &[
    must("minLength", Schema::Whole),
    must("minLowerCase", Schema::Whole),
    must("minUpperCase", Schema::Whole),
    must("minNumber", Schema::Whole),
    must("minSymbol", Schema::Whole),
    must("excludeUsername", Schema::Flag),
    must("excludeAttributes", Schema::List(&Schema::Word(&NAMES))),
    must(
        "dictionary",
        Schema::Object(&[must(
            "common",
            Schema::Object(&[must("exclude", Schema::Flag)]),
        )]),
    ),
];

static POLICY: Model = shown(
    "Policy",
    "What is asked at a sign-in, or what a password must be.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("type", KIND),
        must("name", Schema::Text),
        may("description", Schema::Text),
        must("status", STATUS),
        must("priority", Schema::Whole),
        must("system", Schema::Flag).said("Whether every organisation has it."),
        must("created", Schema::Moment),
        may("lastUpdated", Schema::Moment),
        may(
            "conditions",
            Schema::Object(&[must(
                "authProvider",
                Schema::Object(&[must("provider", Schema::Text)]),
            )]),
        )
        .said("Of the policy of passwords."),
        may(
            "settings",
            Schema::Object(&[must(
                "password",
                Schema::Object(&[
                    must("complexity", Schema::Object(COMPLEXITY)),
                    must(
                        "age",
                        Schema::Object(&[
                            must("maxAgeDays", Schema::Whole),
                            must("historyCount", Schema::Whole),
                            must("expireWarnDays", Schema::Whole),
                            must("minAgeMinutes", Schema::Whole),
                        ]),
                    ),
                ]),
            )]),
        )
        .said("Of the policy of passwords."),
        may(
            "_embedded",
            Schema::Object(&[must("rules", Schema::List(&Schema::Of(&RULE)))]),
        ),
        must("_links", LINKS),
    ]),
);

static NEW_POLICY: Model = taken(
    "NewPolicy",
    "A policy that apps may name; it begins with one rule for everyone.",
    Schema::Object(&[
        must("type", Schema::Word(&["ACCESS_POLICY"])),
        must("name", Schema::Text),
        may("description", Schema::Text),
        may("status", STATUS),
        may("priority", ONE),
        may("system", Schema::Flag).said("Shown, and not changed here."),
        may("conditions", Schema::Object(&[])).said("Empty: the rules have conditions."),
    ]),
    &READ_ONLY,
);

const COMPLEXITY_TAKEN: &[Field] = &[
    may("minLength", Schema::Whole),
    may("minLowerCase", NONE),
    may("minUpperCase", NONE),
    may("minNumber", NONE),
    may("minSymbol", NONE),
    may("excludeUsername", Schema::Flag),
    may("excludeAttributes", Schema::List(&Schema::Word(&NAMES))).said("Both, or none."),
    may(
        "dictionary",
        Schema::Object(&[may(
            "common",
            Schema::Object(&[may("exclude", Schema::Flag)]),
        )]),
    ),
];

static POLICY_INPUT: Model = taken(
    "PolicyInput",
    "Name and description of a policy of rules.",
    Schema::Object(&[
        may(
            "type",
            Schema::Word(&[Kind::Access.as_str(), Kind::SignOn.as_str()]),
        )
        .said("As it is."),
        must("name", Schema::Text),
        may("description", Schema::Text),
        may("status", STATUS).said("As it is."),
        may("priority", ONE),
        may("system", Schema::Flag).said("Shown, and not changed here."),
        may("conditions", Schema::Object(&[])).said("Empty: the rules have conditions."),
    ]),
    &READ_ONLY,
);

static PASSWORD_INPUT: Model = taken(
    "PasswordPolicyInput",
    "What a password must be; what is not named stays.",
    Schema::Object(&[
        may("type", Schema::Word(&[Kind::Password.as_str()])),
        may("name", Schema::Word(&[password::NAME])),
        may("description", Schema::Word(&[""])),
        may("status", Schema::Word(&["ACTIVE"])),
        may("priority", ONE),
        may("system", Schema::Flag).said("Shown, and not changed here."),
        may(
            "conditions",
            Schema::Object(&[may(
                "authProvider",
                Schema::Object(&[may("provider", Schema::Word(&["ANY", "OKTA"]))]),
            )]),
        ),
        must(
            "settings",
            Schema::Object(&[may(
                "password",
                Schema::Object(&[
                    may("complexity", Schema::Object(COMPLEXITY_TAKEN)),
                    may(
                        "age",
                        Schema::Object(&[
                            may("maxAgeDays", Schema::Whole).said("0 for none."),
                            may("historyCount", Schema::Whole),
                            may("expireWarnDays", NONE),
                            may("minAgeMinutes", NONE),
                        ]),
                    ),
                ]),
            )]),
        ),
    ]),
    &READ_ONLY,
);

const WITH_RULES: Parameter = word("expand", &["rules"], "What is shown inside of it.");

pub(crate) static LIST: Description = pages(
    &Schema::Of(&POLICY),
    &[
        Parameter {
            name: "type",
            values: Values::WordOf(kinds),
            about: "Policies of this type alone.",
        },
        word(
            "status",
            &["ACTIVE", "INACTIVE"],
            "A policy is always in force.",
        ),
        WITH_RULES,
        limit(POLICIES_PAGE),
        AFTER,
    ],
);
pub(crate) static SHOW: Description = shows(&POLICY).asked(&[WITH_RULES]);
pub(crate) static CREATE: Description = shows(&POLICY)
    .asked(&[flag(
        "activate",
        true,
        "A policy is always in force: `false` is refused.",
    )])
    .takes(
        &NEW_POLICY,
        r#"{"type":"ACCESS_POLICY","name":"Finance","description":"For money"}"#,
    );
pub(crate) static REPLACE: Description = shows(&POLICY).reads(
    Schema::Either(&[Schema::Of(&POLICY_INPUT), Schema::Of(&PASSWORD_INPUT)]),
    r#"{"type":"ACCESS_POLICY","name":"Finance","description":"For money"}"#,
    Need::Required,
);

const MEMBERS: Schema = Schema::Object(&[must("include", TEXTS), must("exclude", TEXTS)]);
const CONNECTION: Schema = Schema::Word(&["ANYWHERE", "ZONE"]);
const ACCESS: Schema = Schema::Word(&["ALLOW", "DENY"]);
const FACTORS: Schema = Schema::Word(&["1FA", "2FA"]);
const DEMAND: Schema = Schema::Word(&["REQUIRED", "OPTIONAL"]);
const PRIMARY: Schema = Schema::Word(&["PASSWORD_IDP", "PASSWORD_IDP_ANY_FACTOR"]);

static RULE: Model = shown(
    "PolicyRule",
    "A rule of a policy.",
    Schema::Object(&[
        must("id", Schema::Text),
        must("type", RULE_KIND),
        must("name", Schema::Text),
        must("status", STATUS),
        must("priority", Schema::Whole),
        must("system", Schema::Flag),
        must(
            "conditions",
            Schema::Object(&[
                must(
                    "people",
                    Schema::Object(&[must("users", MEMBERS), must("groups", MEMBERS)]),
                ),
                must(
                    "network",
                    Schema::Object(&[
                        must("connection", CONNECTION),
                        may("include", TEXTS),
                        may("exclude", TEXTS),
                    ]),
                ),
                may(
                    "authContext",
                    Schema::Object(&[must("authType", Schema::Text)]),
                ),
                may("risk", Schema::Object(&[must("behaviors", TEXTS)]))
                    .said("Behaviours of which one must be detected, of a rule for every sign-in."),
                may(
                    "elCondition",
                    Schema::Object(&[must("condition", Schema::Text)]),
                )
                .said("The same of a rule for apps, by their names."),
            ]),
        ),
        must(
            "actions",
            Schema::Object(&[
                may(
                    "appSignOn",
                    Schema::Object(&[
                        must("access", ACCESS),
                        may(
                            "verificationMethod",
                            Schema::Object(&[
                                must("type", Schema::Word(&["ASSURANCE"])),
                                must("factorMode", FACTORS),
                                may("reauthenticateIn", Schema::Text)
                                    .said("A duration (ISO 8601)."),
                                must(
                                    "constraints",
                                    Schema::List(&Schema::Object(&[
                                        may(
                                            "knowledge",
                                            Schema::Object(&[
                                                must("required", Schema::Flag),
                                                must("types", TEXTS),
                                            ]),
                                        ),
                                        may(
                                            "possession",
                                            Schema::Object(&[
                                                must("required", Schema::Flag),
                                                must("deviceBound", DEMAND),
                                                must("hardwareProtection", DEMAND),
                                                must("phishingResistant", DEMAND),
                                                must("userPresence", DEMAND),
                                                must("userVerification", DEMAND),
                                            ]),
                                        ),
                                    ])),
                                ),
                            ]),
                        ),
                    ]),
                )
                .said("Of a rule for apps."),
                may(
                    "signon",
                    Schema::Object(&[
                        must("access", ACCESS),
                        must("requireFactor", Schema::Flag),
                        may("primaryFactor", PRIMARY),
                        may("factorPromptMode", Schema::Word(&["ALWAYS"])),
                        must("rememberDeviceByDefault", Schema::Flag),
                        must(
                            "session",
                            Schema::Object(&[
                                must("maxSessionIdleMinutes", Schema::Whole),
                                must("maxSessionLifetimeMinutes", Schema::Whole),
                                must("usePersistentCookie", Schema::Flag),
                            ]),
                        ),
                    ]),
                )
                .said("Of a rule for every sign-in."),
            ]),
        ),
        must("_links", LINKS),
    ]),
);

const NAMED: Schema = Schema::Object(&[may("include", TEXTS), may("exclude", TEXTS)]);
const NEUTRAL: &[Field] = &[
    may("include", TEXTS).said("Empty."),
    may("exclude", TEXTS).said("Empty."),
];

const CONDITIONS: &[Field] = &[
    may(
        "people",
        Schema::Object(&[may("users", NAMED), may("groups", NAMED)]),
    ),
    may(
        "network",
        Schema::Object(&[
            may("connection", CONNECTION),
            may("include", TEXTS).said("Zones."),
            may("exclude", TEXTS).said("Zones."),
        ]),
    ),
    may("risk", Schema::Object(&[may("behaviors", TEXTS)]))
        .said("Behaviours of which one must be detected, by id."),
    may(
        "elCondition",
        Schema::Object(&[may("condition", Schema::Text)]),
    )
    .said("The same by name: `security.behaviors.contains(\"New Device\")`, with `||` between where there are several."),
    may(
        "riskScore",
        Schema::Object(&[
            may("level", Schema::Word(&["ANY"])),
            may("include", TEXTS).said("Empty."),
            may("exclude", TEXTS).said("Empty."),
        ]),
    ),
    may(
        "authContext",
        Schema::Object(&[
            may("authType", Schema::Word(&["ANY"])),
            may("include", TEXTS).said("Empty."),
            may("exclude", TEXTS).said("Empty."),
        ]),
    ),
    may(
        "identityProvider",
        Schema::Object(&[
            may("provider", Schema::Word(&["ANY"])),
            may("include", TEXTS).said("Empty."),
            may("exclude", TEXTS).said("Empty."),
        ]),
    ),
    may("userType", Schema::Object(NEUTRAL)),
];

/// The word for what is known, as it is shown and as some clients write it.
const KNOWN: &[&str] = &[PASSWORD, "PASSWORD"];

const CONSTRAINT: Schema = Schema::Object(&[
    may(
        "knowledge",
        Schema::Object(&[
            may("required", Schema::Flag).said("True."),
            may("types", Schema::List(&Schema::Word(KNOWN))),
            may("methods", Schema::List(&Schema::Word(KNOWN))),
        ]),
    ),
    may(
        "possession",
        Schema::Object(&[
            may("required", Schema::Flag).said("True."),
            may("deviceBound", DEMAND),
            may("hardwareProtection", Schema::Word(&["OPTIONAL"])),
            may("phishingResistant", DEMAND),
            may("userPresence", DEMAND),
            may("userVerification", DEMAND).said("Beside `phishingResistant` or `deviceBound`."),
            may("types", TEXTS).said("Empty."),
            may("methods", TEXTS).said("Empty."),
            may("userVerificationMethods", TEXTS).said("Empty."),
        ]),
    ),
]);

const APP_SIGN_ON: Schema = Schema::Object(&[must(
    "appSignOn",
    Schema::Object(&[
        must("access", ACCESS),
        may(
            "verificationMethod",
            Schema::Object(&[
                may("type", Schema::Word(&["ASSURANCE"])),
                must("factorMode", FACTORS),
                may("reauthenticateIn", Schema::Text).said("A duration (ISO 8601)."),
                may("constraints", Schema::List(&CONSTRAINT)).said("One at most."),
            ]),
        )
        .said("Where people are let in."),
    ]),
)]);

const SIGN_ON: Schema = Schema::Object(&[must(
    "signon",
    Schema::Object(&[
        must("access", ACCESS),
        may("requireFactor", Schema::Flag),
        may("primaryFactor", PRIMARY),
        may("factorPromptMode", Schema::Word(&["ALWAYS"])),
        may("factorLifetime", NONE),
        may("rememberDeviceByDefault", Schema::Flag).said("False."),
        may(
            "session",
            Schema::Object(&[
                may("maxSessionIdleMinutes", Schema::Whole)
                    .said("As the settings of the organisation say."),
                may("maxSessionLifetimeMinutes", Schema::Whole)
                    .said("As the settings of the organisation say."),
                may("usePersistentCookie", Schema::Flag).said("False."),
            ]),
        ),
    ]),
)]);

const NAME: Field = must("name", Schema::Text);
const IN_FORCE: Field = may("status", STATUS);
const PLACE: Field = may("priority", Schema::Whole).said("The place in the order, from 1 on.");
const OWN: Field = may("system", Schema::Flag).said("False.");
const WHEN: Field = may("conditions", Schema::Object(CONDITIONS));

static APP_RULE: Model = taken(
    "AppRuleInput",
    "A rule of a policy for apps.",
    Schema::Object(&[
        may("type", Schema::Word(&[Kind::Access.rule_type()])),
        NAME,
        IN_FORCE,
        PLACE,
        OWN,
        WHEN,
        must("actions", APP_SIGN_ON),
    ]),
    &rules::READ_ONLY,
);

static SIGN_ON_RULE: Model = taken(
    "SignOnRuleInput",
    "A rule of the policy that every sign-in is held against.",
    Schema::Object(&[
        may("type", Schema::Word(&[Kind::SignOn.rule_type()])),
        NAME,
        IN_FORCE,
        PLACE,
        OWN,
        WHEN,
        must("actions", SIGN_ON),
    ]),
    &rules::READ_ONLY,
);

const RULES_TAKEN: Schema = Schema::Either(&[Schema::Of(&APP_RULE), Schema::Of(&SIGN_ON_RULE)]);
const RULE_EXAMPLE: &str = r#"{"type":"ACCESS_POLICY","name":"Two factors","actions":{"appSignOn":{"access":"ALLOW","verificationMethod":{"type":"ASSURANCE","factorMode":"2FA","reauthenticateIn":"PT2H","constraints":[{"possession":{"phishingResistant":"REQUIRED"}}]}}}}"#;

pub(crate) static RULES: Description = lists(&Schema::Of(&RULE));
pub(crate) static RULE_SHOW: Description = shows(&RULE);
pub(crate) static RULE_CREATE: Description = shows(&RULE)
    .asked(&[flag("activate", true, "Whether it is in force at once.")])
    .reads(RULES_TAKEN, RULE_EXAMPLE, Need::Required);
pub(crate) static RULE_REPLACE: Description =
    shows(&RULE).reads(RULES_TAKEN, RULE_EXAMPLE, Need::Required);

const FOUND: Schema = Schema::Word(&["MATCH", "NOT_MATCH"]);
const FOUND_OR_NOT_KNOWN: Schema = Schema::Word(&["NOT_MATCH", "UNDEFINED"]);
const CONDITION_LIST: Schema = Schema::List(&Schema::Object(&[
    must("type", Schema::Text),
    must("status", FOUND_OR_NOT_KNOWN),
]));
const POLICY_LIST: Schema = Schema::List(&Schema::Object(&[
    must("id", Schema::Text),
    must("name", Schema::Text),
    must("status", FOUND),
    must("conditions", CONDITION_LIST),
    must(
        "rules",
        Schema::List(&Schema::Object(&[
            must("id", Schema::Text),
            must("name", Schema::Text),
            must("status", FOUND),
            must("conditions", CONDITION_LIST),
        ])),
    ),
]));
const POLICIES: Schema = Schema::Object(&[must("policies", POLICY_LIST)]);
const SIMULATED: Schema = Schema::Word(&["OKTA_SIGN_ON", "ACCESS_POLICY"]);

static EVALUATION: Model = shown(
    "Evaluation",
    "What the policies of a type would make of a sign-in.",
    Schema::Object(&[
        must("policyType", Schema::List(&SIMULATED)),
        must("status", FOUND),
        must("result", POLICIES).said("The rule that decides."),
        must("evaluated", POLICIES)
            .said("The rules that were looked at and do not fit, if they are asked for."),
        must("undefined", POLICIES),
    ]),
);

const IDS: Schema = Schema::Object(&[may("ids", TEXTS).said("Empty.")]);

static QUESTION: Model = taken(
    "Simulation",
    "A sign-in, before anything was proved.",
    Schema::Object(&[
        must("appInstance", Schema::Text).said("The id of an app."),
        may("policyTypes", Schema::List(&SIMULATED)),
        must(
            "policyContext",
            Schema::Object(&[
                must("user", Schema::Object(&[must("id", Schema::Text)])),
                may("groups", IDS).said("They are those of the person."),
                may("zones", IDS).said("They are those of the address."),
                may("ip", Schema::Text).said("The address that the person comes from."),
            ]),
        ),
    ]),
    &[],
);

pub(crate) static SIMULATE: Description = lists(&Schema::Of(&EVALUATION))
    .asked(&[Parameter {
        name: "expand",
        values: Values::Words(&["EVALUATED", "RULE"]),
        about: "What is told besides: the rules that do not fit, and which of their conditions does not hold.",
    }])
    .reads(
        Schema::Either(&[Schema::Of(&QUESTION), Schema::List(&Schema::Of(&QUESTION))]),
        r#"{"appInstance":"0oa1a2b3c4d5e6f7g8h9","policyContext":{"user":{"id":"00u1a2b3c4d5e6f7g8h9"},"ip":"192.0.2.1"}}"#,
        Need::Required,
    );

static MAPPING: Model = shown(
    "PolicyMapping",
    "An app that a policy governs.",
    Schema::Object(&[must("id", Schema::Text), must("_links", LINKS)]),
);
static NEW_MAPPING: Model = taken(
    "NewPolicyMapping",
    "An app that a policy shall govern, in the place of the one that does.",
    Schema::Object(&[
        must("resourceId", Schema::Text).said("The id of an app."),
        must("resourceType", Schema::Word(&[mappings::APP])),
    ]),
    &[],
);

pub(crate) static MAPPINGS: Description =
    pages(&Schema::Of(&MAPPING), &[limit(MAPPINGS_PAGE), AFTER]);
pub(crate) static MAPPING_SHOW: Description = shows(&MAPPING);
pub(crate) static MAPPING_ADD: Description = shows(&MAPPING).takes(
    &NEW_MAPPING,
    r#"{"resourceId":"0oa1a2b3c4d5e6f7g8h9","resourceType":"APP"}"#,
);
