//! docs/asyncapi.json by the frames' forms: each frame has an entry with each of its fields. A schema that says more than
//! the field's type is kept, and so are examples; what is not there yet is made.

use hubbub::protocol::{Field, Form, PUSHES, REQUESTS};
use serde_json::{Map, Value, json};

use crate::support::docs;

/// What each side says: before the names of its messages, its operation, and its frames.
const SIDES: [(&str, &str, &[Form]); 2] = [("client", "ask", REQUESTS), ("server", "tell", PUSHES)];
const GROUP: &str = "abcdefghijklmnopqrstuvwxyz";

/// The document as it is.
pub fn written() -> Value {
    serde_json::from_str(&std::fs::read_to_string(docs::path("asyncapi.json")).unwrap()).unwrap()
}

/// Makes the document say what the forms say, in their order.
pub fn describe(document: &mut Value) {
    let (mut messages, mut named) = (Map::new(), Map::new());
    for (side, operation, forms) in SIDES {
        let side = Side { is_client: side == "client", schemas: &document["components"]["schemas"] };
        for form in forms {
            let key = side.key(form);
            named.insert(key.clone(), json!({"$ref": format!("#/components/messages/{key}")}));
            messages.insert(key.clone(), side.message(&document["components"]["messages"][&key], form));
        }
        let told = forms.iter().map(|form| json!({"$ref": format!("#/channels/ws/messages/{}", side.key(form))}));
        document["operations"][operation]["messages"] = told.collect();
    }
    document["components"]["messages"] = messages.into();
    document["channels"]["ws"]["messages"] = named.into();
}

/// Who says a frame, and the schemas that it may name.
#[derive(Clone, Copy)]
struct Side<'a> {
    is_client: bool,
    schemas: &'a Value,
}

// === impl Side ===

impl Side<'_> {
    fn key(self, form: &Form) -> String {
        format!("{}.{}", if self.is_client { "client" } else { "server" }, form.name)
    }

    /// A frame's entry, by what is written of it.
    fn message(self, written: &Value, form: &Form) -> Value {
        let mut message = match written {
            Value::Null => json!({"name": form.name, "title": form.name, "summary": "", "payload": {"type": "object"}}),
            written => written.clone(),
        };
        message["summary"] = json!(form.about());
        let payload = &mut message["payload"];
        let needed = form.fields.iter().filter(|field| !field.is_optional()).map(Field::name);
        payload["required"] = ["type"].into_iter().chain(needed).collect();
        payload["properties"] = self.properties(&payload["properties"], form).into();
        if self.is_client && message["examples"].is_null() {
            message["examples"] = json!([{"payload": self.example(&message["payload"])}]);
        }
        message
    }

    fn properties(self, written: &Value, form: &Form) -> Map<String, Value> {
        let mut properties = Map::from_iter([("type".to_owned(), json!({"const": form.name}))]);
        if self.is_client && form.reply().is_some() {
            properties.insert("id".to_owned(), self.schema("RequestId"));
        }
        for field in form.fields {
            let known = &written[field.name()];
            let mut schema = if known.is_null() { self.of_field(field) } else { known.clone() };
            schema["description"] = json!(field.about());
            properties.insert(field.name().to_owned(), schema);
        }
        properties
    }

    /// The schema of a field, as far as its type says it.
    fn of_field(self, field: &Field) -> Value {
        let mut schema = self.schema(field.rust_type());
        if !field.takes_null() {
            return schema;
        }
        match schema["type"].as_str().map(str::to_owned) {
            Some(plain) => schema["type"] = json!([plain, "null"]),
            None => schema = json!({"anyOf": [schema, {"type": "null"}]}),
        }
        schema
    }

    /// The schema of a type, as far as the type says it.
    fn schema(self, rust_type: &str) -> Value {
        let plain = rust_type.trim_start_matches('&').trim_start_matches("'a ");
        let list = plain.strip_prefix("Vec<").and_then(|items| items.strip_suffix('>'));
        let list = list.or_else(|| plain.strip_prefix('[').and_then(|items| items.strip_suffix(']')));
        if let Some(items) = list {
            return json!({"type": "array", "items": self.schema(items)});
        }
        let name = match plain.split('<').next().unwrap_or_default() {
            "String" | "str" => return json!({"type": "string"}),
            "bool" => return json!({"type": "boolean"}),
            "u16" | "u64" | "usize" => return json!({"type": "integer", "minimum": 0}),
            "Data" => return json!({"type": "object"}),
            "ReactionList" => return json!({"type": "array", "items": self.schema("ReactionView")}),
            "MemberList" => return json!({"type": "array", "items": self.schema("MemberView")}),
            "HashMap" => "Cursors",
            "Seq" => "Mark",
            "UserId" if self.is_client => "Person",
            "WireEvent" => "Event",
            name => name.trim_end_matches("View"),
        };
        assert!(self.schemas[name].is_object(), "no schema in docs/asyncapi.json for `{rust_type}`: describe `{name}`");
        json!({"$ref": format!("#/components/schemas/{name}")})
    }

    /// What may stand where a schema does.
    fn example(self, schema: &Value) -> Value {
        if let Some(named) = schema["$ref"].as_str() {
            let name = named.rsplit('/').next().unwrap_or_default();
            return match name {
                "GroupId" => json!(GROUP),
                "Place" => json!(format!("7.{GROUP}")),
                "Emoji" => json!("👍"),
                "EventId" => json!(format!("{GROUP}:6")),
                "Mentions" => json!(["anna"]),
                "Person" | "UserId" => json!("anna"),
                "Cursors" => json!({GROUP: 7}),
                "SentKind" => json!("text"),
                "RequestId" => json!(1),
                name => self.example(&self.schemas[name]),
            };
        }
        let known = schema["const"].as_str().or_else(|| schema["enum"][0].as_str());
        if let Some(known) = known {
            return json!(known);
        }
        if schema["anyOf"].is_array() {
            return self.example(&schema["anyOf"][0]);
        }
        let properties = schema["properties"].as_object().into_iter().flatten();
        match schema["type"].as_str().or_else(|| schema["type"][0].as_str()) {
            Some("integer") => json!(7),
            Some("boolean") => json!(true),
            Some("array") => json!([self.example(&schema["items"])]),
            Some("object") => properties.map(|(name, schema)| (name.clone(), self.example(schema))).collect(),
            _ => json!("hello"),
        }
    }
}

#[test]
fn what_is_not_described_yet_is_made_from_the_form() {
    let written = written();
    let mut document = written.clone();
    let messages = document["components"]["messages"].as_object_mut().unwrap();
    let plain =
        ["client.pins", "client.read", "client.ping", "client.add", "server.receipt", "server.groups", "server.ok"];
    plain.iter().for_each(|name| drop(messages.remove(*name)));
    messages.insert("client.gone".to_owned(), json!({}));
    document["channels"]["ws"]["messages"].as_object_mut().unwrap().remove("client.pins");
    document["operations"]["ask"]["messages"].as_array_mut().unwrap().clear();
    describe(&mut document);
    for part in ["channels", "operations"] {
        assert_eq!(document[part], written[part]);
    }
    let (made, kept) = (&document["components"]["messages"], &written["components"]["messages"]);
    assert_eq!(made.as_object().map(Map::len), kept.as_object().map(Map::len));
    for name in plain {
        assert_eq!((&made[name]["payload"], &made[name]["summary"]), (&kept[name]["payload"], &kept[name]["summary"]));
    }
    assert_eq!(made["client.pins"]["examples"], json!([{"payload": {"type": "pins", "id": 1, "group": GROUP}}]));
}

#[test]
fn each_request_has_an_example_that_is_one() {
    let mut document = written();
    for keeps in [true, false] {
        for (name, message) in document["components"]["messages"].as_object_mut().unwrap() {
            let is_choice = ["oneOf", "not"]
                .iter()
                .any(|choice| message["payload"][choice].is_object() || message["payload"][choice].is_array());
            if !keeps && name.starts_with("client.") && !is_choice {
                message["examples"] = Value::Null;
            }
        }
        describe(&mut document);
        for form in REQUESTS {
            let message = &document["components"]["messages"][format!("client.{}", form.name)];
            let mut schema = message["payload"].clone();
            schema["components"] = document["components"].clone();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let examples = message["examples"].as_array().unwrap();
            assert!(!examples.is_empty());
            for example in examples {
                assert!(validator.is_valid(&example["payload"]), "{example}");
            }
        }
    }
}
