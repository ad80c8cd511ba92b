//! The description of the API for people, read off the OpenAPI document, so that programs and people are told the same.
//!
//! It is read once in the life of a process. It tells what everybody may read, and nothing of an organisation.

use crate::view::reference::{
    Answer, Area, Field, Kind, Operation, Parameter, Reference, ReferencePage, Shape,
};
use crate::visit::Visit;
use axum::Extension;
use axum::response::Response;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How deep the fields of a shape are listed.
const DEPTH_MAX: usize = 8;
/// The methods in the order in which people think of them.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// What a reference to a shape begins with.
const SHAPES: &str = "#/components/schemas/";

/// `GET /openapi`.
pub async fn show(Extension(reference): Extension<Arc<Reference>>, visit: Visit) -> Response {
    visit.page(&ReferencePage {
        shell: visit.shell(),
        base: visit.context.base_url.clone(),
        reference,
    })
}

/// What a document says.
#[must_use]
pub fn read_reference(document: &Value) -> Reference {
    let tags = document["tags"].as_array().into_iter().flatten();
    let areas = tags.map(|tag| Area {
        word: text(&tag["name"]),
        title: text(&tag["x-title"]),
        about: text(&tag["description"]),
        operations: operations_of(document, &tag["name"]),
    });
    let shapes = document["components"]["schemas"].as_object();
    let shapes = shapes.into_iter().flatten().map(|(name, schema)| {
        let mut fields = Vec::new();
        list_fields(schema, "", 0, &mut fields);
        Shape {
            name: name.clone(),
            about: text(&schema["description"]),
            fields,
        }
    });
    Reference {
        areas: areas.collect(),
        shapes: shapes.collect(),
        errors: read_errors(document),
    }
}

/// A text, without the marks that set code apart in it.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('`', "")
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn operations_of(document: &Value, tag: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path, method, operation))
    });
    let rank = |method: &str| METHODS.iter().position(|known| *known == method);
    let mut all: Vec<_> = all
        .filter(|(_, _, operation)| operation["tags"][0] == *tag)
        .collect();
    all.sort_by_key(|(path, method, _)| (*path, rank(method)));
    all.into_iter()
        .map(|(path, method, operation)| read_operation(document, (path, method), operation))
        .collect()
}

fn read_operation(document: &Value, (path, method): (&str, &str), operation: &Value) -> Operation {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let body = operation.pointer("/requestBody/content/application~1json");
    let answers = operation["responses"].as_object().into_iter().flatten();
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        scope: text(&operation["security"][1]["oauth2"][0]),
        roles: texts(&operation["x-roles"]),
        parameters: parameters
            .map(|parameter| Parameter {
                name: text(&parameter["name"]),
                place: text(&parameter["in"]),
                kind: kind_of(&parameter["schema"]),
                about: text(&parameter["description"]),
                required: parameter["required"] == true,
            })
            .collect(),
        body: body.map(|body| kind_of(&body["schema"])),
        example: body
            .map(|body| &body["example"])
            .and_then(|example| serde_json::to_string_pretty(example).ok())
            .unwrap_or_default(),
        answers: answers
            .map(|(status, answer)| read_answer(document, status, answer))
            .collect(),
    }
}

fn read_answer(document: &Value, status: &str, answer: &Value) -> Answer {
    let answer = match answer["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')),
        None => Some(answer),
    };
    let answer = answer.unwrap_or(&Value::Null);
    let schema = answer.pointer("/content/application~1json/schema");
    let codes = schema.map(|schema| texts(&schema["properties"]["errorCode"]["enum"]));
    let is_good = |schema: &&Value| schema.get("allOf").is_none();
    Answer {
        status: status.to_owned(),
        codes: codes.unwrap_or_default(),
        kind: schema.filter(is_good).map(kind_of),
    }
}

/// The codes of errors and what they mean, as the answers tell them: a line each, the code in backquotes.
fn read_errors(document: &Value) -> Vec<(String, String)> {
    let answers = document["components"]["responses"].as_object();
    let mut errors = BTreeMap::new();
    for answer in answers.into_iter().flatten().map(|(_, answer)| answer) {
        let lines = answer["description"].as_str().unwrap_or_default().lines();
        for (code, about) in lines.filter_map(|line| line.trim().split_once("`: ")) {
            errors.insert(code.trim_start_matches('`').to_owned(), about.to_owned());
        }
    }
    errors.into_iter().collect()
}

fn kind_of(schema: &Value) -> Kind {
    let simple = |about: &str| Kind {
        about: about.to_owned(),
        ..Kind::default()
    };
    if let Some(reference) = schema["$ref"].as_str() {
        return Kind {
            shape: reference.trim_start_matches(SHAPES).to_owned(),
            ..Kind::default()
        };
    }
    if let Some(words) = schema["enum"].as_array() {
        let words = words.iter().filter(|word| !word.is_null());
        return Kind {
            words: words.map(render_word).collect(),
            ..Kind::default()
        };
    }
    if let Some(same) = schema.get("const") {
        return Kind {
            words: vec![render_word(same)],
            ..Kind::default()
        };
    }
    if let Some(shapes) = schema["anyOf"].as_array() {
        let first = shapes.iter().find(|shape| shape["type"] != "null");
        return first.map(kind_of).unwrap_or_default();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str(),
        kind => kind.as_str(),
    };
    match (kind, schema["format"].as_str()) {
        (Some("array"), _) => Kind {
            many: true,
            ..kind_of(&schema["items"])
        },
        (Some("string"), Some("date-time")) => simple("date-time"),
        (Some("string"), Some("uri")) => simple("uri"),
        (Some(kind), _) => simple(kind),
        (None, _) => simple("any"),
    }
}

fn render_word(word: &Value) -> String {
    match word {
        Value::String(word) => word.clone(),
        other => other.to_string(),
    }
}

/// The fields of a shape, those of the objects in it included.
fn list_fields(schema: &Value, before: &str, depth: usize, found: &mut Vec<Field>) {
    if depth == DEPTH_MAX {
        return;
    }
    let required = texts(&schema["required"]);
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{before}{name}");
        let kind = kind_of(field);
        let inner = if field.get("items").is_some() {
            (&field["items"], format!("{path}[]."))
        } else {
            (field, format!("{path}."))
        };
        found.push(Field {
            required: required.contains(name),
            about: text(&field["description"]),
            kind,
            path,
        });
        list_fields(inner.0, &inner.1, depth + 1, found);
    }
}

#[cfg(test)]
mod tests {
    use super::read_reference;
    use serde_json::json;

    #[test]
    fn people_are_told_what_programs_are_told() {
        let document = json!({
            "tags": [{ "name": "things", "x-title": "Things", "description": "All there is." }],
            "paths": { "/things/{id}": { "put": {
                "operationId": "thingsReplace", "tags": ["things"], "summary": "Replace a thing",
                "security": [{ "apiToken": [] }, { "oauth2": ["okta.things.manage"] }], "x-roles": ["SUPER_ADMIN"],
                "parameters": [
                    { "name": "id", "in": "path", "required": true, "schema": { "type": "string" }, "description": "The id." },
                ],
                "requestBody": { "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Thing" }, "example": { "name": "x" },
                } } },
                "responses": {
                    "200": { "description": "It is done.", "content": { "application/json": {
                        "schema": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } },
                    } } },
                    "400": { "$ref": "#/components/responses/E1-E2" },
                },
            } } },
            "components": { "responses": { "E1-E2": {
                "description": "`E1`: wrong  \n`E2`: worse",
                "content": { "application/json": { "schema": {
                    "allOf": [], "properties": { "errorCode": { "enum": ["E1", "E2"] } },
                } } },
            } }, "schemas": { "Thing": {
                "type": "object", "description": "A thing.", "required": ["name"],
                "properties": {
                    "name": { "type": "string" },
                    "parts": { "type": ["array", "null"], "items": { "type": "object", "properties": {
                        "kind": { "type": ["string", "null"], "enum": ["A", "B", null] },
                    } } },
                },
            } } },
        });
        let read = read_reference(&document);
        let operation = &read.areas[0].operations[0];
        assert_eq!(
            (operation.method.as_str(), operation.scope.as_str()),
            ("PUT", "okta.things.manage")
        );
        assert_eq!(operation.body.as_ref().unwrap().shape, "Thing");
        assert!(operation.example.contains("\"name\""));
        assert!(operation.parameters[0].required);
        let (good, bad) = (&operation.answers[0], &operation.answers[1]);
        let shown = good.kind.as_ref().unwrap();
        assert_eq!((shown.shape.as_str(), shown.many), ("Thing", true));
        assert!(bad.kind.is_none());
        assert_eq!(bad.codes, ["E1", "E2"]);
        let means = |code: &str, about: &str| (code.to_owned(), about.to_owned());
        assert_eq!(read.errors, [means("E1", "wrong"), means("E2", "worse")]);
        let paths: Vec<&str> = read.shapes[0]
            .fields
            .iter()
            .map(|field| field.path.as_str())
            .collect();
        assert_eq!(paths, ["name", "parts", "parts[].kind"]);
        assert_eq!(read.shapes[0].fields[2].kind.words, ["A", "B"]);
    }
}
