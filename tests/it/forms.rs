//! Frames in the docs: the tables of docs/protocol.md and the entries of docs/asyncapi.json are made from the frames'
//! own forms.

mod asyncapi;

use hubbub::protocol::{Field, Form, PUSHES, REQUESTS};
use serde_json::Value;

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

#[test]
fn asyncapi_describes_each_frame_and_field() {
    let path = docs::path("asyncapi.json");
    let written = asyncapi::written();
    let mut document = written.clone();
    asyncapi::describe(&mut document);
    if docs::are_written() {
        std::fs::write(&path, serde_json::to_string_pretty(&document).unwrap() + "\n").unwrap();
        return;
    }
    let text = |document: &Value| serde_json::to_string(document).unwrap();
    assert!(
        text(&written) == text(&document),
        "docs/asyncapi.json is not current: run this test with HUBBUB_WRITE_DOCS=1"
    );
}
