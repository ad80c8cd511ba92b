//! Schemas of groups, and of the people of an app, as the API shows them.

use crate::call::Call;
use crate::user_schema::render::{render_custom, render_own, render_whole};
use identity::app::App;
use identity::attribute_schema::{AttributeSchema, Owner};
use identity::group::{DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX};
use identity::org::settings::ProfileAttribute;
use serde_json::{Map, Value, json};
use vocab::time::Timestamp;

/// What is around the attributes of a schema.
pub(super) struct Frame {
    pub(super) owner: Owner,
    href: String,
    name: String,
    title: String,
    /// When what it is of was made: a schema is there from then on.
    since: Timestamp,
}

impl Frame {
    pub(super) fn of_groups(call: &Call, since: Timestamp) -> Self {
        Self {
            owner: Owner::Groups,
            href: call.href("/api/v1/meta/schemas/group/default"),
            name: String::from("group"),
            title: String::from("Group"),
            since,
        }
    }

    pub(super) fn of_app(call: &Call, app: &App) -> Self {
        Self {
            owner: Owner::App(app.id.clone()),
            href: call.href(&format!("/api/v1/meta/schemas/apps/{}/default", app.id)),
            name: app.label.clone(),
            title: format!("{} user", app.label),
            since: app.created_at,
        }
    }

    /// What is built in.
    pub(super) fn base(&self) -> Value {
        let (properties, required) = match self.owner {
            Owner::Groups => (of_groups(), vec!["name"]),
            Owner::App(_) => (Map::new(), Vec::new()),
        };
        json!({
            "id": "#base",
            "type": "object",
            "properties": properties,
            "required": required,
        })
    }
}

fn of_groups() -> Map<String, Value> {
    let built_in = [
        ("name", "Name", NAME_CHARS_MAX, true),
        ("description", "Description", DESCRIPTION_CHARS_MAX, false),
    ];
    let shown = built_in.map(|(name, title, chars_max, required)| {
        let attribute = ProfileAttribute {
            title: title.to_owned(),
            required,
            self_hidden: true,
            max: i64::try_from(chars_max).ok(),
            ..ProfileAttribute::default()
        };
        (name.to_owned(), render_own(&attribute))
    });
    Map::from_iter(shown)
}

/// A schema.
pub(super) fn render_schema(frame: &Frame, schema: &AttributeSchema) -> Value {
    let (created, updated) = schema.changed.unwrap_or((frame.since, frame.since));
    json!({
        "id": frame.href,
        "$schema": "http://json-schema.org/draft-04/schema#",
        "name": frame.name,
        "title": frame.title,
        "type": "object",
        "created": created.to_rfc3339_millis(),
        "lastUpdated": updated.to_rfc3339_millis(),
        "definitions": {
            "custom": render_custom(&schema.attributes),
            "base": frame.base(),
        },
        "properties": render_whole(),
        "_links": { "self": { "href": frame.href, "hints": { "allow": ["GET", "POST"] } } },
    })
}
