//! What a password must be, as a policy of the wire: there is one, for everybody, among the settings of the org.

use crate::body::Fields;
use crate::call::Call;
use crate::error::ApiError;
use crate::policies::{ALWAYS, Kind, READ_ONLY, policy_links, take_fixed};
use crate::shown::moment;
use identity::access::Permission;
use identity::fault::Refusal;
use identity::org::Org;
use identity::org::settings::OrgSettings;
use identity::password::policy::PasswordPolicy;
use serde_json::{Value, json};
use vocab::id::{OrgId, PolicyId};
use vocab::secret::SecretHash;

/// The name on the wire.
pub(crate) const NAME: &str = "Default Policy";
/// Characters of an id after its prefix.
const TAIL_CHARS: usize = 17;
/// The names that are looked for in a password, by their attributes.
pub(crate) const NAMES: [&str; 2] = ["firstName", "lastName"];
/// What could be asked of a password elsewhere and is not asked here.
const KINDS_OF_CHARACTERS: [&str; 4] = ["minLowerCase", "minUpperCase", "minNumber", "minSymbol"];

/// The id of the policy: it follows from the org's, since a setting has none of its own.
pub(crate) fn password_policy_id(org: &OrgId) -> String {
    let mut tail = SecretHash::of(&format!("password policy of {org}")).to_hex();
    tail.truncate(TAIL_CHARS);
    format!("{}{tail}", PolicyId::PREFIX)
}

/// Changes what a password must be; it needs what the same page of the console needs.
///
/// # Errors
/// [`ApiError`] for a body that cannot be carried out; inside, the refusal of the change.
pub(crate) async fn replace(
    call: &Call,
    org: &Org,
    fields: Fields,
) -> Result<Result<(), Refusal>, ApiError> {
    let permit = call.permit_for(Permission::ManageOrg)?;
    let settings = OrgSettings {
        password: parse_password(fields, &org.settings.password)?,
        ..org.settings.clone()
    };
    let name = org.name.clone();
    let changed = call
        .cell
        .update_org(&permit, org.clone(), &name, settings)
        .await;
    Ok(changed)
}

/// The policy that a body asks for; what it does not name stays.
fn parse_password(
    mut fields: Fields,
    present: &PasswordPolicy,
) -> Result<PasswordPolicy, ApiError> {
    fields.ignore_read_only(&READ_ONLY);
    fields.take_only("status", &["ACTIVE"], ALWAYS)?;
    take_fixed(&mut fields)?;
    fields.take_only("name", &[NAME], "there is one, and it keeps its name")?;
    fields.take_only("description", &[""], "there is one, for everybody")?;
    if let Some(conditions) = fields.take_object("conditions")? {
        parse_everybody(conditions)?;
    }
    let mut policy = present.clone();
    let Some(mut settings) = fields.take_object("settings")? else {
        return Err(fields.refusal("settings", "it is required"));
    };
    if let Some(mut password) = settings.take_object("password")? {
        if let Some(complexity) = password.take_object("complexity")? {
            parse_complexity(complexity, &mut policy)?;
        }
        if let Some(age) = password.take_object("age")? {
            parse_age(age, &mut policy)?;
        }
        password.end()?;
    }
    settings.end()?;
    fields.end()?;
    Ok(policy)
}

/// It is for everybody: a condition may say so, and nothing else.
fn parse_everybody(mut conditions: Fields) -> Result<(), ApiError> {
    if let Some(mut provider) = conditions.take_object("authProvider")? {
        provider.take_only(
            "provider",
            &["ANY", "OKTA"],
            "passwords are kept here alone",
        )?;
        provider.end()?;
    }
    conditions.end()
}

fn parse_complexity(mut fields: Fields, policy: &mut PasswordPolicy) -> Result<(), ApiError> {
    if let Some(length) = fields.take_number("minLength")? {
        policy.length_min = u16::try_from(length)
            .map_err(|_| fields.refusal("minLength", "use a number of characters"))?;
    }
    for field in KINDS_OF_CHARACTERS {
        if fields.take_number(field)?.is_some_and(|count| count != 0) {
            let problem =
                "nothing is asked about kinds of characters, which make passwords worse: use 0";
            return Err(fields.refusal(field, problem));
        }
    }
    let login = fields.take_flag("excludeUsername")?;
    let names = match fields.take_texts("excludeAttributes")? {
        None => login,
        Some(names) if names.is_empty() => Some(false),
        Some(mut names) => {
            names.sort();
            if names != NAMES {
                let problem = "use firstName and lastName, or nothing";
                return Err(fields.refusal("excludeAttributes", problem));
            }
            Some(true)
        }
    };
    let login = login.or(names);
    if login != names {
        let problem = "the login and the names are left out together, or neither";
        return Err(fields.refusal("excludeUsername", problem));
    }
    policy.refuse_name_parts = login.unwrap_or(policy.refuse_name_parts);
    if let Some(mut dictionary) = fields.take_object("dictionary")? {
        if let Some(mut common) = dictionary.take_object("common")? {
            let exclude = common.take_flag("exclude")?;
            policy.refuse_commonest = exclude.unwrap_or(policy.refuse_commonest);
            common.end()?;
        }
        dictionary.end()?;
    }
    fields.end()
}

fn parse_age(mut fields: Fields, policy: &mut PasswordPolicy) -> Result<(), ApiError> {
    if let Some(days) = fields.take_number("maxAgeDays")? {
        let days = u16::try_from(days)
            .map_err(|_| fields.refusal("maxAgeDays", "use a number of days, or 0 for none"))?;
        policy.age_max_days = Some(days).filter(|days| *days > 0);
    }
    if let Some(count) = fields.take_number("historyCount")? {
        policy.history_count = u8::try_from(count)
            .map_err(|_| fields.refusal("historyCount", "use a number of passwords"))?;
    }
    for (field, problem) in [
        ("expireWarnDays", "nobody is warned before: use 0"),
        (
            "minAgeMinutes",
            "a password can be replaced at any time: use 0",
        ),
    ] {
        if fields.take_number(field)?.is_some_and(|number| number != 0) {
            return Err(fields.refusal(field, problem));
        }
    }
    fields.end()
}

/// The policy as the API shows it.
pub(crate) fn render_password(call: &Call, org: &Org) -> Value {
    let id = password_policy_id(&org.id);
    let mut shown = render_says(&org.settings.password);
    if let Some(fields) = shown.as_object_mut() {
        for (name, value) in [
            ("id", json!(id)),
            ("created", json!(moment(Some(org.created_at)))),
            ("_links", policy_links(call, &id)),
        ] {
            fields.insert(name.to_owned(), value);
        }
    }
    shown
}

fn render_says(policy: &PasswordPolicy) -> Value {
    let names: &[&str] = if policy.refuse_name_parts {
        &NAMES
    } else {
        &[]
    };
    json!({
        "type": Kind::Password.as_str(),
        "name": NAME,
        "status": "ACTIVE",
        "priority": 1,
        "system": true,
        "conditions": { "authProvider": { "provider": "OKTA" } },
        "settings": {
            "password": {
                "complexity": {
                    "minLength": policy.length_min,
                    "minLowerCase": 0,
                    "minUpperCase": 0,
                    "minNumber": 0,
                    "minSymbol": 0,
                    "excludeUsername": policy.refuse_name_parts,
                    "excludeAttributes": names,
                    "dictionary": { "common": { "exclude": policy.refuse_commonest } },
                },
                "age": {
                    "maxAgeDays": policy.age_max_days.unwrap_or(0),
                    "historyCount": policy.history_count,
                    "expireWarnDays": 0,
                    "minAgeMinutes": 0,
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{parse_password, render_says};
    use crate::body::Fields;
    use crate::error::ApiError;
    use identity::password::policy::PasswordPolicy;
    use serde_json::{Value, json};

    fn parse(body: &Value, present: &PasswordPolicy) -> Result<PasswordPolicy, ApiError> {
        let mut fields = Fields::parse(body.to_string().as_bytes()).unwrap();
        // The caller looks at it.
        fields.take("type");
        parse_password(fields, present)
    }

    #[test]
    fn what_is_shown_means_the_same_policy() {
        let usual = PasswordPolicy::default();
        for policy in [
            usual.clone(),
            PasswordPolicy {
                length_min: 20,
                history_count: 0,
                age_max_days: Some(90),
                refuse_commonest: false,
                refuse_name_parts: false,
            },
        ] {
            assert_eq!(parse(&render_says(&policy), &usual).unwrap(), policy);
        }
    }

    #[test]
    fn what_is_not_named_stays() {
        let usual = PasswordPolicy::default();
        let with =
            |complexity: Value| json!({ "settings": { "password": { "complexity": complexity } } });
        let longer = parse(&with(json!({ "minLength": 14 })), &usual).unwrap();
        let expected = PasswordPolicy {
            length_min: 14,
            ..usual.clone()
        };
        assert_eq!(longer, expected);
        let plain = parse(&with(json!({ "excludeUsername": false })), &usual).unwrap();
        assert!(!plain.refuse_name_parts);
        assert!(parse(&json!({}), &usual).is_err());
    }

    #[test]
    fn what_is_not_asked_of_a_password_is_refused() {
        let shown = render_says(&PasswordPolicy::default());
        let complexity = "/settings/password/complexity";
        for (pointer, field, value) in [
            (complexity, "minNumber", json!(1)),
            (complexity, "minLength", json!(-1)),
            (complexity, "excludeUsername", json!(false)),
            (complexity, "excludeAttributes", json!(["firstName"])),
            (complexity, "oelStatement", json!("x")),
            ("/settings/password/age", "minAgeMinutes", json!(5)),
            ("/settings/password/age", "expireWarnDays", json!(5)),
            ("/settings/password/age", "historyCount", json!(300)),
            ("/settings/password", "lockout", json!({ "maxAttempts": 5 })),
            ("/settings", "recovery", json!({})),
            ("/settings", "delegation", json!({})),
            ("/conditions", "people", json!({})),
            ("/conditions/authProvider", "provider", json!("LDAP")),
            ("", "name", json!("Another")),
            ("", "status", json!("INACTIVE")),
            ("", "priority", json!(2)),
        ] {
            let mut body = shown.clone();
            body.pointer_mut(pointer).unwrap()[field] = value;
            let parsed = parse(&body, &PasswordPolicy::default());
            assert!(parsed.is_err(), "{pointer}/{field}");
        }
    }
}
