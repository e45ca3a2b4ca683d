//! Frames in the docs: the tables of docs/protocol.md are made from the frames' own forms, and docs/asyncapi.json is
//! held to them.

use std::collections::BTreeSet;

use hubbub::protocol::{Field, Form, PUSHES, REQUESTS};
use serde_json::{Value, json};

use crate::support::docs;

/// A note as it goes on in a list: without its stop, and in lower case unless it begins with a name.
fn in_a_list(note: &str) -> String {
    let note = note.trim_end_matches('.');
    let mut letters = note.chars();
    let first = letters.next().expect("a note says something");
    let is_name = letters.clone().next().is_some_and(char::is_uppercase);
    if is_name { note.to_owned() } else { first.to_lowercase().chain(letters).collect() }
}

fn fields(form: &Form) -> String {
    let cell = |field: &Field| {
        let mark = if field.is_optional() { "?" } else { "" };
        match field.name() {
            "re" => format!("`re`{mark}"),
            name => format!("`{name}`{mark}: {}", in_a_list(&field.about())),
        }
    };
    form.fields.iter().map(cell).collect::<Vec<_>>().join(" · ")
}

#[test]
fn the_protocols_tables_are_the_codes() {
    let mut requests = "| type | fields | reply | |\n|---|---|---|---|\n".to_owned();
    for form in REQUESTS {
        let reply = form.reply().map_or_else(|| "none".to_owned(), |reply| format!("`{reply}`"));
        requests += &format!("| `{}` | {} | {reply} | {} |\n", form.name, fields(form), form.about());
    }
    let mut pushes = "| type | fields | |\n|---|---|---|\n".to_owned();
    for form in PUSHES {
        pushes += &format!("| `{}` | {} | {} |\n", form.name, fields(form), form.about());
    }
    docs::hold_table("requests", "src/protocol/requests", &requests);
    docs::hold_table("pushes", "src/protocol/pushes", &pushes);
}

/// Puts the words of a frame's form into its description, and says what the description has more or less.
fn describe(message: &mut Value, form: &Form) {
    let name = form.name;
    assert!(message.is_object(), "docs/asyncapi.json does not describe `{name}`");
    message["summary"] = json!(form.about());
    let names = |fields: &mut dyn Iterator<Item = &str>| fields.map(str::to_owned).collect::<BTreeSet<_>>();
    let payload = &mut message["payload"];
    let described = names(&mut payload["properties"].as_object().unwrap().keys().map(String::as_str));
    let own = ["type", "id"].into_iter();
    let all = names(&mut form.fields.iter().map(Field::name).chain(own.filter(|own| described.contains(*own))));
    assert_eq!(described, all, "the fields of `{name}` in docs/asyncapi.json");
    let required = names(&mut payload["required"].as_array().unwrap().iter().filter_map(Value::as_str));
    let needed = form.fields.iter().filter(|field| !field.is_optional()).map(Field::name);
    assert_eq!(required, names(&mut needed.chain(["type"])), "what is required of `{name}` in docs/asyncapi.json");
    for field in form.fields {
        payload["properties"][field.name()]["description"] = json!(field.about());
    }
}

#[test]
fn asyncapi_describes_each_frame_and_field() {
    let path = docs::path("asyncapi.json");
    let written: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let mut document = written.clone();
    let messages = &mut document["components"]["messages"];
    for (side, forms) in [("client", REQUESTS), ("server", PUSHES)] {
        forms.iter().for_each(|form| describe(&mut messages[format!("{side}.{}", form.name)], form));
    }
    if docs::are_written() {
        std::fs::write(&path, serde_json::to_string_pretty(&document).unwrap() + "\n").unwrap();
        return;
    }
    assert!(written == document, "docs/asyncapi.json is not current: run this test with HUBBUB_WRITE_DOCS=1");
}
