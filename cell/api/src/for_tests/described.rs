//! Holds what the tests see against the document: each answer, and each body that was taken. Nothing more may stand there
//! than is described, though clients are told to expect more some day.

use crate::description::components::BASE;
use crate::description::document::render_document;
use axum::http::{HeaderMap, StatusCode};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document = render_document();
    close(&mut document);
    document
});
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// A call, and what came of it.
pub(crate) struct Seen<'s> {
    pub(crate) method: &'s str,
    pub(crate) path: &'s str,
    pub(crate) sent: &'s str,
    pub(crate) status: StatusCode,
    pub(crate) headers: &'s HeaderMap,
    pub(crate) answered: &'s [u8],
}

/// Holds a call against the document; the path of the operation that it is of, if there is one.
pub(crate) fn check(seen: &Seen<'_>) -> Option<&'static str> {
    let path = find_path(seen.path.split('?').next().unwrap_or_default())?;
    let operation = DOCUMENT["paths"][path].get(seen.method.to_lowercase())?;
    let place = format!("{} {path}", seen.method);
    let status = seen.status.as_str();
    let shown = String::from_utf8_lossy(seen.answered);
    let answer = operation["responses"]
        .get(status)
        .unwrap_or_else(|| panic!("{place} answers {status}, which is not described: {shown}"));
    let answer = resolve(answer);
    match answer.pointer("/content/application~1json/schema") {
        Some(schema) => {
            let answered = serde_json::from_slice(seen.answered).unwrap_or_default();
            validate(&format!("{place} {status}"), schema, &answered);
        }
        None => assert!(seen.answered.is_empty(), "{place} {status}: {shown}"),
    }
    if let Some(headers) = answer["headers"].as_object() {
        for name in headers.keys() {
            assert!(seen.headers.contains_key(name), "{place}: no {name}");
        }
    }
    let taken = operation.pointer("/requestBody/content/application~1json/schema");
    if let Some(schema) = taken.filter(|_| seen.status.is_success() && !seen.sent.is_empty()) {
        let sent = serde_json::from_str(seen.sent).unwrap_or_default();
        validate(&format!("{place} takes"), schema, &sent);
    }
    Some(path)
}

fn validate(place: &str, schema: &Value, instance: &Value) {
    let validator = {
        let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
        let made = validators.entry(place.to_owned()).or_insert_with(|| {
            let whole = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "allOf": [schema],
                "components": DOCUMENT["components"],
            });
            let made = jsonschema::options()
                .should_validate_formats(true)
                .build(&whole);
            Arc::new(made.unwrap_or_else(|error| panic!("{place}: {error}")))
        });
        Arc::clone(made)
    };
    let errors: Vec<String> = validator
        .iter_errors(instance)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{place}: {errors:#?}\nin {instance:#}");
}

/// The path of the document that an address fits; one that names it whole comes before one with parameters.
fn find_path(address: &str) -> Option<&'static str> {
    let parts: Vec<&str> = address.split('/').collect();
    let paths = DOCUMENT["paths"].as_object()?.keys();
    let fits = |path: &&String| {
        let wanted: Vec<&str> = path.split('/').collect();
        let mut pairs = wanted.iter().zip(&parts);
        let is_same = pairs.all(|(wanted, part)| wanted == part || wanted.starts_with('{'));
        wanted.len() == parts.len() && is_same
    };
    let fitting = paths.filter(fits).map(String::as_str);
    fitting.min_by_key(|path| path.matches('{').count())
}

/// Whether the word of a schema for its kind is that of objects; fields of objects may be called `type`, too.
fn is_of_objects(kind: &Value) -> bool {
    match kind {
        Value::String(kind) => kind == "object",
        Value::Array(kinds) => kinds.iter().any(is_of_objects),
        _ => false,
    }
}

/// Lets every object have the fields that are described and no others.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let is_object = fields.get("properties").is_some_and(Value::is_object)
                && fields.get("type").is_some_and(is_of_objects);
            if is_object && !fields.contains_key("allOf") {
                fields
                    .entry("additionalProperties")
                    .or_insert(Value::Bool(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(parts) => parts.iter_mut().for_each(close),
        _ => {}
    }
}

/// A part of the document, where a reference stands for what it leads to.
pub(crate) fn resolve(schema: &Value) -> &Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            let found = DOCUMENT.pointer(reference.trim_start_matches('#'));
            resolve(found.unwrap_or_else(|| panic!("{reference} leads to nothing")))
        }
        None => schema,
    }
}

/// The shape of the body of an operation, and an example of one that is taken.
pub(crate) fn body_of(method: &str, path: &str) -> Option<(&'static Value, &'static Value)> {
    let operation = DOCUMENT["paths"][path].get(method.to_lowercase())?;
    let content = operation.pointer("/requestBody/content/application~1json")?;
    Some((&content["schema"], &content["example"]))
}

#[test]
fn the_document_is_whole() {
    assert_eq!(DOCUMENT["openapi"], "3.1.0");
    assert_eq!(DOCUMENT["servers"][0]["url"], BASE);
    let mut waiting = vec![&*DOCUMENT];
    while let Some(part) = waiting.pop() {
        if part.get("$ref").is_some_and(Value::is_string) {
            assert!(!resolve(part).is_null());
        }
        match part {
            Value::Object(fields) => waiting.extend(fields.values()),
            Value::Array(parts) => waiting.extend(parts),
            _ => {}
        }
    }
}

#[test]
fn each_example_is_one_of_what_it_is_of() {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            if let Some((schema, example)) = body_of(method, path) {
                assert!(example.is_object(), "{method} {path}");
                validate(&format!("{method} {path} example"), schema, example);
            }
        }
    }
}
