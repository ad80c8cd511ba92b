//! What a rule asks to be proved, on the wire.
//!
//! The wire has words for a part of what a rule can ask for. What it has none for, such as two factors of those alone who
//! have enrolled two, is shown by the weaker word that is true of everybody; and it stays as it is when a rule is changed
//! in other respects. So a change that was not meant makes no rule weaker.

use crate::body::Fields;
use crate::error::ApiError;
use identity::org::settings::SessionSettings;
use identity::sign_on::requirement::{Demand, Factors, Requirement};
use identity::sign_on::{Allow, Outcome, SESSION_AGE_MIN_SECS};
use serde_json::{Value, json};

const MINUTE_SECS: i64 = 60;
const HOUR_SECS: u32 = 3_600;
const DAY_SECS: u32 = 24 * HOUR_SECS;
/// Digits of a number of a duration: more would be over what is counted.
const DIGITS_MAX: usize = 9;

/// What the wire has words for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Assurance {
    two_factors: bool,
    knowledge: bool,
    possession: bool,
    phishing_resistant: bool,
    device_bound: bool,
    age_max_secs: Option<u32>,
}

impl Assurance {
    /// What is shown of a rule.
    pub(crate) fn of(allow: &Allow) -> Self {
        let require = &allow.require;
        let phishing_resistant = require.phishing_resistant == Demand::Always;
        Self {
            two_factors: require.factors == Factors::TwoFactors,
            knowledge: require.knowledge,
            // What cannot be tricked out of a person, or cannot leave its device, is held.
            possession: require.possession || phishing_resistant || require.hardware_bound,
            phishing_resistant,
            device_bound: require.hardware_bound,
            age_max_secs: allow.session_age_max_secs,
        }
    }

    /// What a rule asks for that asked for `before`: what is asked as it was shown stays as it was.
    pub(crate) fn apply(self, before: Option<&Allow>) -> Allow {
        let usual = Allow::default();
        let before = before.unwrap_or(&usual);
        let (shown, require) = (Self::of(before), &before.require);
        Allow {
            require: Requirement {
                factors: match self.two_factors {
                    same if same == shown.two_factors => require.factors,
                    true => Factors::TwoFactors,
                    false => Factors::AnyOne,
                },
                phishing_resistant: match self.phishing_resistant {
                    same if same == shown.phishing_resistant => require.phishing_resistant,
                    true => Demand::Always,
                    false => Demand::No,
                },
                hardware_bound: self.device_bound,
                possession: match self.possession {
                    same if same == shown.possession => require.possession,
                    asked => asked,
                },
                knowledge: self.knowledge,
                refused: require.refused.clone(),
            },
            session_age_max_secs: self.age_max_secs,
        }
    }
}

/// What a rule of an app's policy does, by its `actions`.
///
/// # Errors
/// [`ApiError`] for what cannot be carried out.
pub(crate) fn parse_app_sign_on(
    mut actions: Fields,
    before: Option<&Outcome>,
) -> Result<Outcome, ApiError> {
    let Some(mut fields) = actions.take_object("appSignOn")? else {
        return Err(actions.refusal("appSignOn", "it is required"));
    };
    actions.end()?;
    let access = take_access(&mut fields)?;
    let method = fields.take_object("verificationMethod")?;
    let outcome = match (access, method) {
        (Access::Deny, None) => Outcome::Deny,
        (Access::Deny, Some(_)) => {
            let problem = "nothing is proved where nobody gets in: leave it out";
            return Err(fields.refusal("verificationMethod", problem));
        }
        (Access::Allow, None) => {
            let problem = "say what is to be proved";
            return Err(fields.refusal("verificationMethod", problem));
        }
        (Access::Allow, Some(method)) => {
            Outcome::Allow(parse_method(method)?.apply(allow_of(before)))
        }
    };
    fields.end()?;
    Ok(outcome)
}

const fn allow_of(before: Option<&Outcome>) -> Option<&Allow> {
    match before {
        Some(Outcome::Allow(allow)) => Some(allow),
        Some(Outcome::Deny) | None => None,
    }
}

enum Access {
    Allow,
    Deny,
}

fn take_access(fields: &mut Fields) -> Result<Access, ApiError> {
    match fields.take_text("access")?.as_deref() {
        Some("ALLOW") => Ok(Access::Allow),
        Some("DENY") => Ok(Access::Deny),
        _ => Err(fields.refusal("access", "use ALLOW or DENY")),
    }
}

fn parse_method(mut fields: Fields) -> Result<Assurance, ApiError> {
    fields.take_only("type", &["ASSURANCE"], "use ASSURANCE")?;
    let two_factors = match fields.take_text("factorMode")?.as_deref() {
        Some("1FA") => false,
        Some("2FA") => true,
        _ => return Err(fields.refusal("factorMode", "use 1FA or 2FA")),
    };
    let age_max_secs = match fields.take_text("reauthenticateIn")? {
        None => None,
        Some(text) => match parse_duration(&text).filter(|secs| *secs >= SESSION_AGE_MIN_SECS) {
            Some(secs) => Some(secs),
            None => {
                let problem = "use a duration of a minute or more, such as PT2H";
                return Err(fields.refusal("reauthenticateIn", problem));
            }
        },
    };
    let mut assurance = Assurance {
        two_factors,
        age_max_secs,
        ..Assurance::default()
    };
    let constraints = fields.take_objects("constraints")?.unwrap_or_default();
    if constraints.len() > 1 {
        let problem = "all of what is asked must be proved: name one constraint";
        return Err(fields.refusal("constraints", problem));
    }
    for mut constraint in constraints {
        if let Some(knowledge) = constraint.take_object("knowledge")? {
            parse_knowledge(knowledge)?;
            assurance.knowledge = true;
        }
        if let Some(possession) = constraint.take_object("possession")? {
            parse_possession(possession, &mut assurance)?;
        }
        constraint.end()?;
    }
    fields.end()?;
    Ok(assurance)
}

fn take_required(fields: &mut Fields) -> Result<(), ApiError> {
    match fields.take_flag("required")? {
        None | Some(true) => Ok(()),
        Some(false) => Err(fields.refusal("required", "leave out what is not required")),
    }
}

/// The one thing known that there is.
pub(crate) const PASSWORD: &str = "password";

/// It is a password.
fn parse_knowledge(mut fields: Fields) -> Result<(), ApiError> {
    take_required(&mut fields)?;
    for field in ["types", "methods"] {
        let words = fields.take_texts(field)?.unwrap_or_default();
        // Some clients write it in capitals.
        if words
            .iter()
            .any(|known| !known.eq_ignore_ascii_case(PASSWORD))
        {
            return Err(fields.refusal(field, "what is known is a password"));
        }
    }
    fields.end()
}

fn parse_possession(mut fields: Fields, assurance: &mut Assurance) -> Result<(), ApiError> {
    take_required(&mut fields)?;
    let mut is_required = |field: &str| match fields.take_text(field)?.as_deref() {
        None | Some("OPTIONAL") => Ok(false),
        Some("REQUIRED") => Ok(true),
        Some(_) => Err(fields.refusal(field, "use REQUIRED or OPTIONAL")),
    };
    assurance.possession = true;
    assurance.phishing_resistant = is_required("phishingResistant")?;
    assurance.device_bound = is_required("deviceBound")?;
    // Whatever there is to prove with needs an act of the person.
    is_required("userPresence")?;
    let verified = is_required("userVerification")?;
    let in_hardware = is_required("hardwareProtection")?;
    if verified && !assurance.phishing_resistant && !assurance.device_bound {
        let problem = "only passkeys verify the person: ask for phishingResistant or deviceBound";
        return Err(fields.refusal("userVerification", problem));
    }
    if in_hardware {
        let problem =
            "ask for deviceBound: what else is known of a device, the list of models says";
        return Err(fields.refusal("hardwareProtection", problem));
    }
    for list in ["types", "methods", "userVerificationMethods"] {
        if fields
            .take_texts(list)?
            .is_some_and(|words| !words.is_empty())
        {
            let problem = "ask for a property: what is held is named nowhere";
            return Err(fields.refusal(list, problem));
        }
    }
    fields.end()
}

/// What a rule of an app's policy does, as it is shown.
pub(crate) fn render_app_sign_on(outcome: &Outcome) -> Value {
    let Outcome::Allow(allow) = outcome else {
        return json!({ "appSignOn": { "access": "DENY" } });
    };
    let shown = Assurance::of(allow);
    let word = |is_required: bool| if is_required { "REQUIRED" } else { "OPTIONAL" };
    let by_passkey = shown.phishing_resistant || shown.device_bound;
    let possession = shown.possession.then(|| {
        json!({
            "required": true,
            "deviceBound": word(shown.device_bound),
            "hardwareProtection": word(false),
            "phishingResistant": word(shown.phishing_resistant),
            "userPresence": word(true),
            "userVerification": word(by_passkey),
        })
    });
    let knowledge = shown
        .knowledge
        .then(|| json!({ "required": true, "types": [PASSWORD] }));
    let constraints = if possession.is_none() && knowledge.is_none() {
        json!([])
    } else {
        json!([{ "knowledge": knowledge, "possession": possession }])
    };
    json!({
        "appSignOn": {
            "access": "ALLOW",
            "verificationMethod": {
                "type": "ASSURANCE",
                "factorMode": if shown.two_factors { "2FA" } else { "1FA" },
                "reauthenticateIn": shown.age_max_secs.map(render_duration),
                "constraints": constraints,
            },
        },
    })
}

/// What a rule for every sign-in does, by its `actions`. How long sessions last is a setting of the org: a rule may repeat
/// it.
///
/// # Errors
/// [`ApiError`] for what cannot be carried out.
pub(crate) fn parse_sign_on(
    mut actions: Fields,
    before: Option<&Outcome>,
    sessions: &SessionSettings,
) -> Result<Outcome, ApiError> {
    let Some(mut fields) = actions.take_object("signon")? else {
        return Err(actions.refusal("signon", "it is required"));
    };
    actions.end()?;
    let access = take_access(&mut fields)?;
    let two_factors = fields.take_flag("requireFactor")?.unwrap_or(false);
    let knowledge = match fields.take_text("primaryFactor")?.as_deref() {
        Some("PASSWORD_IDP") => true,
        None | Some("PASSWORD_IDP_ANY_FACTOR") => false,
        Some(_) => {
            let problem = "use PASSWORD_IDP or PASSWORD_IDP_ANY_FACTOR";
            return Err(fields.refusal("primaryFactor", problem));
        }
    };
    fields.take_only(
        "factorPromptMode",
        &["ALWAYS"],
        "two factors are asked for at every sign-in: ALWAYS",
    )?;
    if fields
        .take_number("factorLifetime")?
        .is_some_and(|minutes| minutes != 0)
    {
        let problem = "two factors are asked for at every sign-in: use 0";
        return Err(fields.refusal("factorLifetime", problem));
    }
    if fields.take_flag("rememberDeviceByDefault")? == Some(true) {
        let problem = "no device stands in for a factor";
        return Err(fields.refusal("rememberDeviceByDefault", problem));
    }
    if let Some(session) = fields.take_object("session")? {
        parse_session(session, sessions)?;
    }
    let outcome = match access {
        Access::Deny if two_factors || knowledge => {
            let problem = "nothing is proved where nobody gets in: leave it out";
            return Err(fields.refusal("requireFactor", problem));
        }
        Access::Deny => Outcome::Deny,
        Access::Allow => {
            let before = allow_of(before);
            let asked = Assurance {
                two_factors,
                knowledge,
                ..before.map(Assurance::of).unwrap_or_default()
            };
            Outcome::Allow(asked.apply(before))
        }
    };
    fields.end()?;
    Ok(outcome)
}

fn parse_session(mut fields: Fields, sessions: &SessionSettings) -> Result<(), ApiError> {
    for (field, secs) in [
        ("maxSessionIdleMinutes", sessions.idle_secs),
        ("maxSessionLifetimeMinutes", sessions.lifetime_secs),
    ] {
        let minutes = secs.div_euclid(MINUTE_SECS);
        if fields
            .take_number(field)?
            .is_some_and(|asked| asked != minutes)
        {
            let problem =
                format!("sessions last as the settings of the organisation say: {minutes}");
            return Err(fields.refusal(field, &problem));
        }
    }
    if fields.take_flag("usePersistentCookie")? == Some(true) {
        let problem = "a session ends with the browser's";
        return Err(fields.refusal("usePersistentCookie", problem));
    }
    fields.end()
}

/// What a rule for every sign-in does, as it is shown.
pub(crate) fn render_sign_on(outcome: &Outcome, sessions: &SessionSettings) -> Value {
    let shown = match outcome {
        Outcome::Deny => None,
        Outcome::Allow(allow) => Some(Assurance::of(allow)),
    };
    let primary = shown.map(|shown| match shown.knowledge {
        true => "PASSWORD_IDP",
        false => "PASSWORD_IDP_ANY_FACTOR",
    });
    let two_factors = shown.is_some_and(|shown| shown.two_factors);
    json!({
        "signon": {
            "access": if shown.is_some() { "ALLOW" } else { "DENY" },
            "requireFactor": two_factors,
            "primaryFactor": primary,
            "factorPromptMode": two_factors.then_some("ALWAYS"),
            "rememberDeviceByDefault": false,
            "session": {
                "maxSessionIdleMinutes": sessions.idle_secs.div_euclid(MINUTE_SECS),
                "maxSessionLifetimeMinutes": sessions.lifetime_secs.div_euclid(MINUTE_SECS),
                "usePersistentCookie": false,
            },
        },
    })
}

/// A duration of days, hours, minutes and seconds (ISO 8601). Months and years are of no certain length.
fn parse_duration(text: &str) -> Option<u32> {
    let rest = text.strip_prefix('P')?;
    let (days, time) = match rest.split_once('T') {
        Some((days, time)) if !time.is_empty() => (days, time),
        Some(_) => return None,
        None => (rest, ""),
    };
    if days.is_empty() && time.is_empty() {
        return None;
    }
    let days = add_units(days, &[('D', DAY_SECS)])?;
    let time = add_units(time, &[('H', HOUR_SECS), ('M', 60), ('S', 1)])?;
    days.checked_add(time)
}

fn add_units(mut text: &str, units: &[(char, u32)]) -> Option<u32> {
    let mut secs: u32 = 0;
    let mut units = units.iter();
    while !text.is_empty() {
        let end = text.find(|character: char| !character.is_ascii_digit())?;
        let (digits, rest) = text.split_at(end);
        let unit = rest.chars().next()?;
        // Units come in their order, each at most once.
        let (_, of) = units.find(|(known, _)| *known == unit)?;
        if digits.is_empty() || digits.len() > DIGITS_MAX {
            return None;
        }
        let number: u32 = digits.parse().ok()?;
        secs = secs.checked_add(number.checked_mul(*of)?)?;
        text = rest.get(unit.len_utf8()..)?;
    }
    Some(secs)
}

fn render_duration(secs: u32) -> String {
    if secs.is_multiple_of(HOUR_SECS) {
        format!("PT{}H", secs / HOUR_SECS)
    } else if secs.is_multiple_of(60) {
        format!("PT{}M", secs / 60)
    } else {
        format!("PT{secs}S")
    }
}

#[cfg(test)]
mod tests;
