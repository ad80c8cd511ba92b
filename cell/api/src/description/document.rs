//! The OpenAPI 3.1 document, made of the route table and the descriptions beside it.

use crate::description::area::{Described, all};
use crate::description::components::{self, BASE};
use crate::description::parameter::{names_of, words_of};
use crate::description::refusals::refusals_of;
use crate::description::schema::{Model, Schema, Side};
use crate::description::{Body, Header, Need};
use crate::error::ErrorCode;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The version of OpenAPI.
const OPENAPI: &str = "3.1.0";
/// What is called so.
const TITLE: &str = "Management API";
/// What the document says of itself.
const ABOUT: &str = "Manage people, groups, apps, authorization servers and policies of an organisation. \
    The interface is a subset of one that many tools speak already: scripts and clients work by a change of address and token.\n\n\
    Each call carries an API token (`Authorization: SSWS …`), which acts with the roles of its person, or the access token of an \
    app that acts for itself (`Authorization: Bearer …`), which needs the scope that an operation names *and* a role of its own. \
    A parameter or field that is not described is refused, and never taken without effect. Fields may be added to answers: leave \
    aside those that you do not know. What has no value is left out of answers, and `null` in a body is as good as nothing.\n\n\
    The endpoints of OAuth and OpenID Connect are described by their discovery documents, and those of SCIM by \
    `/scim/v2/ServiceProviderConfig`, `/scim/v2/ResourceTypes` and `/scim/v2/Schemas`.";

/// The whole document; where the address of the organisation belongs stands [`BASE`].
#[must_use]
pub fn render_document() -> Value {
    json!({
        "openapi": OPENAPI,
        "info": {
            "title": TITLE,
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
        },
        "servers": [{ "url": BASE, "description": "This organisation." }],
        "tags": render_tags(),
        "paths": render_paths(),
        "components": {
            "securitySchemes": components::security_schemes(),
            "headers": components::headers(),
            "responses": render_refusals(),
            "schemas": render_models(),
        },
    })
}

/// The areas, in the order in which the route table comes to them.
fn render_tags() -> Value {
    let mut tags: Vec<(&str, Value)> = Vec::new();
    for operation in all() {
        let (word, title, about) = operation.area();
        if !tags.iter().any(|(known, _)| *known == word) {
            let tag = json!({ "name": word, "x-title": title, "description": about });
            tags.push((word, tag));
        }
    }
    tags.into_iter().map(|(_, tag)| tag).collect()
}

fn render_paths() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in all() {
        let path = paths.entry(operation.path()).or_insert_with(|| json!({}));
        let method = operation.method().as_str().to_lowercase();
        path[method] = render_operation(operation);
    }
    Value::Object(paths)
}

fn render_operation(operation: Described) -> Value {
    let description = operation.description();
    let mut rendered = json!({
        "operationId": operation.id(),
        "tags": [operation.area().0],
        "summary": operation.summary(),
        "responses": render_answers(operation),
    });
    let parameters = render_parameters(operation);
    if !parameters.is_empty() {
        rendered["parameters"] = Value::from(parameters);
    }
    if let Some(body) = &description.body {
        rendered["requestBody"] = render_body(body);
    }
    match operation.scope() {
        Some(scope) => {
            let need = operation.need().unwrap_or_default();
            rendered["description"] = Value::from(format!(
                "What the caller's roles must permit: {need}. The scope that an app needs: `{scope}`."
            ));
            rendered["security"] = components::security(&scope);
            rendered["x-need"] = Value::from(need);
            rendered["x-roles"] = json!(operation.roles());
            if let Some(permission) = operation.permission() {
                rendered["x-permission"] = Value::from(permission);
            }
        }
        None => rendered["security"] = json!([]),
    }
    rendered
}

fn render_parameters(operation: Described) -> Vec<Value> {
    let path = operation.path();
    let of_path = names_of(path).map(|name| {
        json!({
            "name": name, "in": "path", "required": true,
            "description": words_of(path, name), "schema": { "type": "string", "minLength": 1 },
        })
    });
    let of_query = operation.description().query.iter();
    let mut parameters: Vec<Value> = of_path
        .chain(of_query.map(|parameter| parameter.render()))
        .collect();
    if matches!(operation, Described::Held(held) if held.is_conditional()) {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "The `ETag` with which the thing was shown: it is changed only if nobody else was quicker.",
        }));
    }
    parameters
}

fn render_body(body: &Body) -> Value {
    let example: Value = serde_json::from_str(body.example).unwrap_or_default();
    json!({
        "required": body.need == Need::Required,
        "content": { "application/json": {
            "schema": body.schema.render(Side::Taken),
            "example": example,
        } },
    })
}

fn render_answers(operation: Described) -> Value {
    let success = &operation.description().success;
    let mut headers = components::common_headers(operation);
    for header in success.headers {
        headers[header.name()] = header.render();
    }
    let mut good = json!({ "description": "It is done.", "headers": headers });
    if let Some(schema) = &success.schema {
        good["content"] = json!({ "application/json": { "schema": schema.render(Side::Shown) } });
    }
    let mut answers = Map::new();
    answers.insert(success.status.as_str().to_owned(), good);
    for (status, codes) in refusals_of(operation) {
        let reference = format!("#/components/responses/{}", name_of(&codes));
        answers.insert(status.to_string(), json!({ "$ref": reference }));
    }
    Value::Object(answers)
}

/// The name of an answer that tells one of these codes: many operations have the same.
fn name_of(codes: &[ErrorCode]) -> String {
    let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    words.join("-")
}

fn render_refusals() -> Value {
    let refusals = all().flat_map(|operation| refusals_of(operation).into_values());
    refusals
        .map(|codes| (name_of(&codes), render_refusal(&codes)))
        .collect()
}

fn render_refusal(codes: &[ErrorCode]) -> Value {
    let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let about: Vec<String> = codes
        .iter()
        .map(|code| {
            format!(
                "`{}`: {}",
                code.as_str(),
                code.summary().trim_end_matches(": {0}")
            )
        })
        .collect();
    json!({
        "description": about.join("  \n"),
        "content": { "application/json": { "schema": {
            "allOf": [{ "$ref": "#/components/schemas/Error" }],
            "properties": { "errorCode": { "enum": words } },
        } } },
    })
}

impl Header {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Location => "Location",
            Self::ETag => "ETag",
            Self::Link => "Link",
        }
    }

    fn render(self) -> Value {
        json!({ "$ref": format!("#/components/headers/{}", self.name()) })
    }
}

/// Every named shape that something names.
#[must_use]
pub fn models() -> BTreeMap<&'static str, &'static Model> {
    let mut models: BTreeMap<&str, &'static Model> = BTreeMap::new();
    let mut add = |schema: &Schema| {
        schema.each_model(&mut |model| {
            models.insert(model.name, model);
        });
    };
    add(&Schema::Of(&components::ERROR));
    for operation in all() {
        let description = operation.description();
        description.success.schema.iter().for_each(&mut add);
        description.body.iter().for_each(|body| add(&body.schema));
    }
    models
}

fn render_models() -> Value {
    models()
        .into_iter()
        .map(|(name, model)| (name.to_owned(), model.render()))
        .collect()
}
