//! Shapes of bodies and answers, as data, and their JSON Schema (2020-12, which OpenAPI 3.1 speaks).

use serde_json::{Map, Value, json};

/// Where the named shapes stand in the document.
const COMPONENTS: &str = "#/components/schemas/";

/// A shape.
#[derive(Debug, Clone, Copy)]
pub enum Schema {
    /// A text.
    Text,
    /// A moment (RFC 3339).
    Moment,
    /// An address.
    Address,
    /// A whole number.
    Whole,
    /// True or false.
    Flag,
    /// Whatever it is.
    Anything,
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of the words that a type of the code has.
    WordOf(fn() -> Vec<&'static str>),
    /// A list.
    List(&'static Schema),
    /// Values by names that are not known beforehand.
    Map(&'static Schema),
    /// An object of these fields.
    Object(&'static [Field]),
    /// The same with whatever else the organisation has made up.
    Open(&'static [Field]),
    /// The same with fields that say the same everywhere, as the code has them.
    Joined(&'static [Field], fn() -> Value),
    /// What says the same everywhere, as the code has it.
    Standing(fn() -> Value),
    /// The same, or `null`.
    Maybe(&'static Schema),
    /// One of several shapes.
    Either(&'static [Schema]),
    /// A shape that has a name.
    Of(&'static Model),
}

/// A field of an object.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    name: &'static str,
    schema: Schema,
    always: bool,
    about: &'static str,
}

/// A shape that has a name.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    /// The name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The shape.
    pub schema: Schema,
    /// From whom it comes.
    pub side: Side,
    ignored: &'static [&'static str],
}

/// From whom something comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It is answered: fields may be added some day, and clients leave aside what they do not know.
    Shown,
    /// A client sends it: what is not known is refused, and `null` is as good as nothing.
    Taken,
}

/// A field that is always there.
#[must_use]
pub const fn must(name: &'static str, schema: Schema) -> Field {
    Field {
        name,
        schema,
        always: true,
        about: "",
    }
}

/// A field that may be missing.
#[must_use]
pub const fn may(name: &'static str, schema: Schema) -> Field {
    Field {
        always: false,
        ..must(name, schema)
    }
}

impl Field {
    /// The same with what it means.
    #[must_use]
    pub const fn said(self, about: &'static str) -> Self {
        Self { about, ..self }
    }
}

/// What is answered.
#[must_use]
pub const fn shown(name: &'static str, about: &'static str, schema: Schema) -> Model {
    Model {
        name,
        about,
        schema,
        side: Side::Shown,
        ignored: &[],
    }
}

/// What a client sends; `ignored` is what it may send back as it was shown, and does not change.
#[must_use]
pub const fn taken(
    name: &'static str,
    about: &'static str,
    schema: Schema,
    ignored: &'static [&'static str],
) -> Model {
    Model {
        name,
        about,
        schema,
        side: Side::Taken,
        ignored,
    }
}

impl Model {
    /// Its JSON Schema, without its name.
    #[must_use]
    pub fn render(&self) -> Value {
        let mut rendered = self.schema.render(self.side);
        if let Some(Value::Object(properties)) = rendered.get_mut("properties") {
            for name in self.ignored {
                let about = json!({ "description": "Shown, and not changed here." });
                properties.entry(*name).or_insert(about);
            }
        }
        describe(&mut rendered, self.about);
        rendered
    }
}

impl Schema {
    /// Its JSON Schema.
    #[must_use]
    pub fn render(&self, side: Side) -> Value {
        match self {
            Self::Text => json!({ "type": "string" }),
            Self::Moment => json!({ "type": "string", "format": "date-time" }),
            Self::Address => json!({ "type": "string", "format": "uri" }),
            Self::Whole => json!({ "type": "integer" }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::Anything => json!({}),
            Self::Word(words) => json!({ "type": "string", "enum": words }),
            Self::WordOf(words) => json!({ "type": "string", "enum": words() }),
            Self::List(things) => json!({ "type": "array", "items": things.render(side) }),
            Self::Map(values) => {
                json!({ "type": "object", "additionalProperties": values.render(side) })
            }
            Self::Object(fields) => object(fields, &Value::Null, side),
            Self::Open(fields) => {
                let mut rendered = object(fields, &Value::Null, side);
                rendered["additionalProperties"] = json!(true);
                rendered
            }
            Self::Joined(fields, standing) => object(fields, &standing(), side),
            Self::Standing(standing) => fixed(&standing(), side),
            Self::Maybe(shape) => nullable(shape.render(side)),
            Self::Either(shapes) => {
                let shapes: Vec<Value> = shapes.iter().map(|shape| shape.render(side)).collect();
                json!({ "anyOf": shapes })
            }
            Self::Of(model) => json!({ "$ref": format!("{COMPONENTS}{}", model.name) }),
        }
    }

    /// Calls with every named shape in it, those in them included.
    pub fn each_model(&self, found: &mut dyn FnMut(&'static Model)) {
        match self {
            Self::List(inner) | Self::Map(inner) | Self::Maybe(inner) => inner.each_model(found),
            Self::Object(fields) | Self::Open(fields) | Self::Joined(fields, _) => {
                for field in *fields {
                    field.schema.each_model(found);
                }
            }
            Self::Either(shapes) => {
                for shape in *shapes {
                    shape.each_model(found);
                }
            }
            Self::Of(model) => {
                found(model);
                model.schema.each_model(found);
            }
            _ => {}
        }
    }
}

fn object(fields: &[Field], standing: &Value, side: Side) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let mut rendered = field.schema.render(side);
        if side == Side::Taken && !field.always {
            rendered = nullable(rendered);
        }
        describe(&mut rendered, field.about);
        properties.insert(field.name.to_owned(), rendered);
        if field.always {
            required.push(Value::from(field.name));
        }
    }
    if let Value::Object(standing) = standing {
        for (name, value) in standing.iter().filter(|(_, value)| !value.is_null()) {
            let mut rendered = fixed(value, side);
            match side {
                Side::Shown => required.push(Value::from(name.as_str())),
                Side::Taken => rendered = nullable(rendered),
            }
            properties.insert(name.clone(), rendered);
        }
    }
    closed(properties, required, side)
}

fn closed(properties: Map<String, Value>, required: Vec<Value>, side: Side) -> Value {
    let mut rendered = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        rendered["required"] = Value::from(required);
    }
    if side == Side::Taken {
        rendered["additionalProperties"] = json!(false);
    }
    rendered
}

/// The shape of what says the same everywhere.
fn fixed(value: &Value, side: Side) -> Value {
    match value {
        Value::Object(fields) => {
            let (mut properties, mut required) = (Map::new(), Vec::new());
            for (name, value) in fields {
                let rendered = fixed(value, side);
                let rendered = match side {
                    Side::Shown => {
                        required.push(Value::from(name.as_str()));
                        rendered
                    }
                    Side::Taken => nullable(rendered),
                };
                properties.insert(name.clone(), rendered);
            }
            closed(properties, required, side)
        }
        same => json!({ "const": same }),
    }
}

/// The same, or `null`.
fn nullable(mut schema: Value) -> Value {
    let Some(fields) = schema.as_object_mut() else {
        return schema;
    };
    if let Some(Value::Array(words)) = fields.get_mut("enum") {
        words.push(Value::Null);
    }
    if let Some(kind) = fields.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
        return schema;
    }
    if let Some(Value::Array(shapes)) = fields.get_mut("anyOf") {
        shapes.push(json!({ "type": "null" }));
        return schema;
    }
    if let Some(same) = fields.remove("const") {
        return json!({ "enum": [same, null] });
    }
    if fields.contains_key("$ref") {
        return json!({ "anyOf": [schema, { "type": "null" }] });
    }
    schema
}

fn describe(schema: &mut Value, about: &str) {
    if let Some(fields) = schema.as_object_mut().filter(|_| !about.is_empty()) {
        fields.insert(String::from("description"), Value::from(about));
    }
}

#[cfg(test)]
mod tests {
    use super::{Schema, Side, may, must, shown, taken};
    use serde_json::json;

    static INNER: super::Model = shown("Inner", "", Schema::Object(&[]));

    #[test]
    fn what_is_shown_is_open_and_what_is_taken_is_closed() {
        const FIELDS: Schema = Schema::Object(&[
            must("name", Schema::Text).said("What it is called."),
            may("status", Schema::Word(&["ACTIVE"])),
            may("inner", Schema::Of(&INNER)),
        ]);
        let out = shown("Thing", "A thing.", FIELDS).render();
        assert_eq!(
            out,
            json!({
                "type": "object", "description": "A thing.", "required": ["name"],
                "properties": {
                    "name": { "type": "string", "description": "What it is called." },
                    "status": { "type": "string", "enum": ["ACTIVE"] },
                    "inner": { "$ref": "#/components/schemas/Inner" },
                },
            })
        );
        let back = taken("ThingInput", "", FIELDS, &["id"]).render();
        assert_eq!(
            back,
            json!({
                "type": "object", "required": ["name"], "additionalProperties": false,
                "properties": {
                    "id": { "description": "Shown, and not changed here." },
                    "name": { "type": "string", "description": "What it is called." },
                    "status": { "type": ["string", "null"], "enum": ["ACTIVE", null] },
                    "inner": { "anyOf": [{ "$ref": "#/components/schemas/Inner" }, { "type": "null" }] },
                },
            })
        );
    }

    #[test]
    fn what_says_the_same_everywhere_is_read_off_the_code() {
        let fields = Schema::Joined(&[], || json!({ "app": {}, "mode": "X", "none": null }));
        assert_eq!(
            fields.render(Side::Shown),
            json!({
                "type": "object", "required": ["app", "mode"],
                "properties": { "app": { "type": "object", "properties": {} }, "mode": { "const": "X" } },
            })
        );
        let taken = fields.render(Side::Taken);
        assert_eq!(taken["properties"]["mode"], json!({ "enum": ["X", null] }));
        assert_eq!(taken.get("required"), None);
    }
}
