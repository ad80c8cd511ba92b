//! What is done at the SCIM server of an app: people are sent there, and found there.

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::provisioning::{href, load, missing, refused};
use crate::reply::Reply;
use identity::app::App;
use identity::provisioning::{ConnectionConfig, Features, MatchBy};
use serde_json::{Value, json};

/// A feature of apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Feature {
    Outward,
    Inward,
}

impl Feature {
    const ALL: [Self; 2] = [Self::Outward, Self::Inward];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Outward => "USER_PROVISIONING",
            Self::Inward => "INBOUND_PROVISIONING",
        }
    }

    const fn about(self) -> &'static str {
        match self {
            Self::Outward => "What is sent to the app of the people to whom it is assigned",
            Self::Inward => "How people of the app are found among those of the organisation",
        }
    }

    fn of(call: &Call) -> Result<Self, ApiError> {
        let named = call.parameter("feature");
        let found = Self::ALL.into_iter().find(|known| known.as_str() == named);
        found.ok_or_else(|| missing(call, Thing::AppFeature, "feature"))
    }
}

/// `GET …/features`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for an app without a connection.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let (app, connection) = load(&call).await?;
    let shown = Feature::ALL.map(|feature| render(&call, &app, feature, &connection.config));
    Ok(Reply::of(json!(shown)))
}

/// `GET …/features/{feature}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let feature = Feature::of(&call)?;
    let (app, connection) = load(&call).await?;
    Ok(Reply::of(render(&call, &app, feature, &connection.config)))
}

/// `PUT …/features/{feature}`: what is not named stays.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn update(call: Call) -> Result<Reply, ApiError> {
    let feature = Feature::of(&call)?;
    let (app, connection) = load(&call).await?;
    let (features, match_by) = match feature {
        Feature::Outward => {
            let present = connection.config.features;
            (Some(parse_outward(call.json()?, present)?), None)
        }
        Feature::Inward => (None, parse_inward(call.json()?)?),
    };
    let set = call
        .cell
        .set_features(&call.permit, &app, features, match_by);
    let connection = set.await.map_err(refused)?;
    Ok(Reply::of(render(&call, &app, feature, &connection.config)))
}

const fn word(on: bool) -> &'static str {
    if on { "ENABLED" } else { "DISABLED" }
}

fn take_status(fields: &mut Fields, field: &str, present: bool) -> Result<bool, ApiError> {
    let Some(mut setting) = fields.take_object(field)? else {
        return Ok(present);
    };
    let on = match setting.take_text("status")?.as_deref() {
        None => present,
        Some("ENABLED") => true,
        Some("DISABLED") => false,
        Some(_) => return Err(setting.refusal("status", "use ENABLED or DISABLED")),
    };
    setting.end()?;
    Ok(on)
}

fn parse_outward(bytes: &[u8], present: Features) -> Result<Features, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    refuse_others(&fields, Feature::Inward, &["importSettings", "importRules"])?;
    let mut features = present;
    if let Some(mut create) = fields.take_object("create")? {
        features.create = take_status(&mut create, "lifecycleCreate", present.create)?;
        create.end()?;
    }
    if let Some(mut update) = fields.take_object("update")? {
        features.update = take_status(&mut update, "profile", present.update)?;
        features.deactivate = take_status(&mut update, "lifecycleDeactivate", present.deactivate)?;
        if let Some(mut password) = update.take_object("password")? {
            let problem = "passwords are sent to no app";
            password.take_only("status", &["DISABLED"], problem)?;
            password.take_only("seed", &["RANDOM"], problem)?;
            password.take_only("change", &["KEEP_EXISTING"], problem)?;
            password.end()?;
        }
        update.end()?;
    }
    fields.end()?;
    Ok(features)
}

/// What belongs to the other feature means nothing at this one.
fn refuse_others(fields: &Fields, other: Feature, names: &[&str]) -> Result<(), ApiError> {
    match names.iter().find(|name| fields.names(name)) {
        Some(name) => {
            let problem = format!("it belongs to the feature {}", other.as_str());
            Err(fields.refusal(name, &problem))
        }
        None => Ok(()),
    }
}

fn parse_inward(bytes: &[u8]) -> Result<Option<MatchBy>, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    refuse_others(&fields, Feature::Outward, &["create", "update"])?;
    if let Some(mut settings) = fields.take_object("importSettings")? {
        if let Some(mut username) = settings.take_object("username")? {
            let problem = "the name at the app is the login here";
            username.take_only("usernameFormat", &["EMAIL"], problem)?;
            username.take_only("userNameFormat", &["EMAIL"], problem)?;
            username.end()?;
        }
        if let Some(mut schedule) = settings.take_object("schedule")? {
            schedule.take_only("status", &["DISABLED"], "an import is begun by hand")?;
            schedule.end()?;
        }
        settings.end()?;
    }
    let mut match_by = None;
    if let Some(mut rules) = fields.take_object("importRules")? {
        if let Some(mut matching) = rules.take_object("userCreateAndMatch")? {
            match_by = take_match_by(&mut matching)?;
            for field in [
                "allowPartialMatch",
                "autoConfirmPartialMatch",
                "autoConfirmExactMatch",
                "autoConfirmNewUsers",
                "autoActivateNewUsers",
            ] {
                if matching.take_flag(field)? == Some(true) {
                    let problem = "whoever is found is confirmed by hand";
                    return Err(matching.refusal(field, problem));
                }
            }
            matching.end()?;
        }
        rules.end()?;
    }
    fields.end()?;
    Ok(match_by)
}

fn take_match_by(matching: &mut Fields) -> Result<Option<MatchBy>, ApiError> {
    match matching.take_text("exactMatchCriteria")? {
        None => Ok(None),
        Some(word) => match MatchBy::from_word(&word) {
            Some(match_by) => Ok(Some(match_by)),
            None => Err(matching.refusal("exactMatchCriteria", "use USERNAME or EMAIL")),
        },
    }
}

fn render(call: &Call, app: &App, feature: Feature, config: &ConnectionConfig) -> Value {
    let (on, capabilities) = match feature {
        Feature::Outward => {
            let may = config.features;
            let capabilities = json!({
                "create": { "lifecycleCreate": { "status": word(may.create) } },
                "update": {
                    "profile": { "status": word(may.update) },
                    "lifecycleDeactivate": { "status": word(may.deactivate) },
                    "password": { "status": "DISABLED", "seed": "RANDOM", "change": "KEEP_EXISTING" },
                },
            });
            (may.create || may.update || may.deactivate, capabilities)
        }
        Feature::Inward => {
            let capabilities = json!({
                "importSettings": {
                    "username": { "usernameFormat": "EMAIL" },
                    "schedule": { "status": "DISABLED" },
                },
                "importRules": { "userCreateAndMatch": {
                    "exactMatchCriteria": config.match_by.as_str(),
                    "allowPartialMatch": false,
                    "autoConfirmPartialMatch": false,
                    "autoConfirmExactMatch": false,
                    "autoConfirmNewUsers": false,
                    "autoActivateNewUsers": false,
                } },
            });
            (true, capabilities)
        }
    };
    let path = format!("/features/{}", feature.as_str());
    json!({
        "name": feature.as_str(),
        "status": word(on),
        "description": feature.about(),
        "capabilities": capabilities,
        "_links": { "self": { "href": href(call, app, &path), "hints": { "allow": ["GET", "PUT"] } } },
    })
}

#[cfg(test)]
mod tests {
    use super::{parse_inward, parse_outward};
    use identity::provisioning::{Features, MatchBy};
    use serde_json::json;

    #[test]
    fn what_is_not_named_stays_and_what_is_not_done_is_refused() {
        let present = Features {
            create: true,
            ..Features::default()
        };
        for (body, expected) in [
            (json!({}), Some((true, false, false))),
            (
                json!({ "create": { "lifecycleCreate": { "status": "DISABLED" } } }),
                Some((false, false, false)),
            ),
            (
                json!({ "update": { "profile": { "status": "ENABLED" }, "lifecycleDeactivate": { "status": "ENABLED" } } }),
                Some((true, true, true)),
            ),
            (
                json!({ "update": { "password": { "status": "DISABLED", "seed": "RANDOM", "change": "KEEP_EXISTING" } } }),
                Some((true, false, false)),
            ),
            (
                json!({ "update": { "password": { "status": "ENABLED" } } }),
                None,
            ),
            (
                json!({ "update": { "password": { "seed": "OKTA" } } }),
                None,
            ),
            (json!({ "update": { "profile": { "status": "ON" } } }), None),
            (json!({ "import": {} }), None),
        ] {
            let read = parse_outward(body.to_string().as_bytes(), present).ok();
            let read = read.map(|may| (may.create, may.update, may.deactivate));
            assert_eq!(read, expected, "{body}");
        }
    }

    #[test]
    fn an_import_is_confirmed_by_hand() {
        let rules = |rules| json!({ "importRules": { "userCreateAndMatch": rules } });
        for (body, expected) in [
            (json!({}), Some(None)),
            (
                rules(json!({ "exactMatchCriteria": "EMAIL" })),
                Some(Some(MatchBy::Email)),
            ),
            (
                rules(json!({ "exactMatchCriteria": "USERNAME", "allowPartialMatch": false })),
                Some(Some(MatchBy::Username)),
            ),
            (rules(json!({ "exactMatchCriteria": "PHONE" })), None),
            (rules(json!({ "autoConfirmNewUsers": true })), None),
            (
                json!({ "importSettings": { "schedule": { "status": "ENABLED" } } }),
                None,
            ),
            (
                json!({ "importSettings": { "username": { "usernameFormat": "EMAIL" }, "schedule": { "status": "DISABLED" } } }),
                Some(None),
            ),
            (
                json!({ "importSettings": { "username": { "usernameFormat": "CUSTOM" } } }),
                None,
            ),
        ] {
            assert_eq!(
                parse_inward(body.to_string().as_bytes()).ok(),
                expected,
                "{body}"
            );
        }
    }
}
