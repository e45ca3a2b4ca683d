//! The table of kinds, as the docs have it: made from the code's own.

use hubbub::domain::{Author, KINDS, KindRow, Part, Unread};
use serde_json::{Value, json};

use crate::support::docs;

fn table() -> String {
    let mut table =
        "| kind | from | unread | shown | `text` | `ref` | `data` | |\n|---|---|---|---|---|---|---|---|\n".to_owned();
    for row in &KINDS {
        let from = match row.author {
            Author::Members => "members",
            Author::Admins => "admins; in a direct chat both",
            Author::SameAuthor => "its author",
            Author::SameAuthorOrAdmins => "its author, admins",
            Author::Pinners => "admins, or all members where `pinning` says so; in a direct chat both",
            Author::Hub => "the hub",
        };
        let unread = match row.unread {
            Unread::Always => "yes",
            Unread::OnRequest => "if `data.notify` is true",
            Unread::Never => "no",
        };
        let shown = if row.shown { "yes" } else { "no" };
        let [text, reference, data] = [row.text, row.reference, row.data].map(part);
        let name = row.name;
        table +=
            &format!("| `{name}` | {from} | {unread} | {shown} | {text} | {reference} | {data} | {} |\n", row.meaning);
    }
    table
}

fn part(part: Part) -> &'static str {
    match part {
        Part::Required => "yes",
        Part::Optional => "may be",
        Part::Refused => "–",
    }
}

fn names(rows: impl Iterator<Item = &'static KindRow>) -> String {
    rows.map(|row| format!("`{}`", row.name)).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_protocols_table_is_the_codes() {
    docs::hold_table("kinds", "src/domain/kinds.rs", &table());
}

#[test]
fn asyncapi_names_the_kinds_of_the_table() {
    let path = docs::path("asyncapi.json");
    let mut document: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let written = document.clone();
    let all = names(KINDS.iter());
    let sent = names(KINDS.iter().filter(|row| row.author != Author::Hub));
    let schemas = &mut document["components"]["schemas"];
    schemas["Kind"]["description"] =
        json!(format!("{all}; of others, keep the seq and say no more than that something is there."));
    let named = KINDS.iter().filter(|row| row.author != Author::Hub).map(|row| match row.name {
        "x.<name>" => r"x\.[a-z0-9._-]{1,30}",
        name => name,
    });
    schemas["SentKind"]["pattern"] = json!(format!("^({})$", named.collect::<Vec<_>>().join("|")));
    schemas["SentKind"]["description"] = json!(format!("What a client may send: {sent}."));
    if std::env::var_os("HUBBUB_WRITE_DOCS").is_some() {
        std::fs::write(&path, serde_json::to_string_pretty(&document).unwrap() + "\n").unwrap();
        return;
    }
    assert!(written == document, "run this test again with HUBBUB_WRITE_DOCS=1");
}
