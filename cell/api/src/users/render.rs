//! A person as the API shows them.

use crate::call::Call;
use crate::user_schema::render::{schema_href, type_href};
use crate::users::input::PROVIDER;
use crate::users::lifecycle::{Step, permitted_steps};
use identity::person::profile::known_attributes;
use identity::person::search::PersonRecord;
use identity::user_type::id_of;
use serde_json::{Map, Value, json};
use vocab::time::Timestamp;

/// One person, with the steps that their state permits.
#[must_use]
pub fn render_one(call: &Call, record: &PersonRecord) -> Value {
    let href = own_href(call, record);
    let mut links = Map::new();
    links.insert("self".into(), json!({ "href": href }));
    let (org, key) = (&record.person.org_id, record.person.type_id.as_ref());
    links.insert(
        "schema".into(),
        json!({ "href": schema_href(call, org, key) }),
    );
    links.insert("type".into(), json!({ "href": type_href(call, org, key) }));
    for step in permitted_steps(record.person.status) {
        let link =
            json!({ "href": format!("{href}/lifecycle/{}", step.as_str()), "method": "POST" });
        links.insert(step.link().into(), link);
    }
    render(call, record, &links.into())
}

/// One of a list.
#[must_use]
pub fn render_listed(call: &Call, record: &PersonRecord) -> Value {
    render(
        call,
        record,
        &json!({ "self": { "href": own_href(call, record) } }),
    )
}

fn own_href(call: &Call, record: &PersonRecord) -> String {
    call.href(&format!("/api/v1/users/{}", record.person.id))
}

fn render(call: &Call, record: &PersonRecord, links: &Value) -> Value {
    let person = &record.person;
    let mut profile = known_attributes(&person.profile, call.schema_of(person));
    for (name, text) in [
        ("login", &person.login),
        ("email", &person.email),
        ("firstName", &person.first_name),
        ("lastName", &person.last_name),
    ] {
        if !text.is_empty() {
            profile.insert(name.into(), Value::from(text.as_str()));
        }
    }
    let moment = |moment: Option<Timestamp>| moment.map(Timestamp::to_rfc3339_millis);
    json!({
        "id": person.id.as_str(),
        "status": person.status.as_str(),
        "type": { "id": id_of(&person.org_id, person.type_id.as_ref()) },
        "created": person.created_at.to_rfc3339_millis(),
        "activated": moment(person.activated_at),
        "statusChanged": person.status_changed_at.to_rfc3339_millis(),
        "lastLogin": moment(person.last_sign_in_at),
        "lastUpdated": person.updated_at.to_rfc3339_millis(),
        "passwordChanged": moment(record.password_changed_at),
        "profile": profile,
        "credentials": {
            "password": record.password_changed_at.map(|_| json!({})),
            "provider": { "type": PROVIDER, "name": PROVIDER },
        },
        "_links": links,
    })
}

impl Step {
    /// The relation of its link.
    const fn link(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Reactivate => "reactivate",
            Self::Deactivate => "deactivate",
            Self::Suspend => "suspend",
            Self::Unsuspend => "unsuspend",
            Self::Unlock => "unlock",
            Self::ExpirePassword => "expirePassword",
            Self::ResetPassword => "resetPassword",
        }
    }
}
