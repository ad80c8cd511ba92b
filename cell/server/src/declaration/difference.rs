//! In which fields two values differ: pure. Ids are shown by the names that the document knows them by.

use crate::declaration::report::FieldChange;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// Any value as JSON.
pub(super) fn as_json<T: Serialize>(value: &T) -> Value {
    // The declared types serialise; if one ever does not, it compares as nothing rather than ending the command.
    serde_json::to_value(value).unwrap_or_default()
}

/// The fields in which `after` differs from `before`.
#[must_use]
pub(super) fn differences(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut found = Vec::new();
    collect(String::new(), Some(before), Some(after), &mut found);
    found
}

fn collect(
    path: String,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<FieldChange>,
) {
    if before == after {
        return;
    }
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            for key in keys(before, after) {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                collect(path, before.get(key), after.get(key), found);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after)))
            if before.len() == after.len() && before.iter().chain(after).all(Value::is_object) =>
        {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                collect(format!("{path}[{index}]"), Some(before), Some(after), found);
            }
        }
        _ => found.push(FieldChange {
            field: path,
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

fn keys<'m>(before: &'m Map<String, Value>, after: &'m Map<String, Value>) -> BTreeSet<&'m String> {
    before.keys().chain(after.keys()).collect()
}

/// Puts names in the place of the ids that have one.
pub(super) fn put_names(value: &mut Value, names: &HashMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(name) = names.get(text.as_str()) {
                text.clone_from(name);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| put_names(value, names)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|value| put_names(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{differences, put_names};
    use serde_json::json;
    use std::collections::HashMap;

    #[test]
    fn only_what_differs_is_named_by_its_path() {
        let before =
            json!({ "a": 1, "b": { "c": [1], "d": 2 }, "r": [{ "x": 1 }, { "x": 2 }], "g": 1 });
        let after =
            json!({ "a": 1, "b": { "c": [1, 2], "d": 2 }, "r": [{ "x": 1 }, { "x": 3 }], "n": 1 });
        let found = differences(&before, &after);
        let paths: Vec<&str> = found.iter().map(|found| found.field.as_str()).collect();
        assert_eq!(paths, ["b.c", "g", "n", "r[1].x"]);
        assert_eq!(found[1].after, None);
        assert_eq!(found[2].before, None);
        assert!(differences(&before, &before).is_empty());
        let longer = json!({ "r": [{ "x": 1 }] });
        assert_eq!(differences(&longer, &json!({ "r": [] }))[0].field, "r");
    }

    #[test]
    fn ids_become_names_at_any_depth() {
        let mut value = json!({ "in": ["00g1", { "x": "00g1" }], "y": "00g2" });
        put_names(
            &mut value,
            &HashMap::from([("00g1".into(), "Engineers".into())]),
        );
        assert_eq!(
            value,
            json!({ "in": ["Engineers", { "x": "Engineers" }], "y": "00g2" })
        );
    }
}
