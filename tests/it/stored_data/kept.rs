//! Data as it is kept in files that can be read and compared: SQLite as SQL, MongoDB as a line of JSON a document.

use std::fmt::Write;
use std::path::Path;

use futures::TryStreamExt;
use mongodb::Database;
use mongodb::bson::{Bson, Document, doc};
use serde_json::{Map, Value, json};

/// All of a database, as the SQL that makes it again.
pub fn sqlite(path: &Path) -> String {
    let db = rusqlite::Connection::open(path).unwrap();
    let strings = |sql: &str| -> Vec<String> {
        let mut statement = db.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let mut script = format!("PRAGMA user_version = {version};\n");
    for sql in strings("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid") {
        writeln!(script, "{sql};").unwrap();
    }
    for table in strings("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") {
        let columns = strings(&format!("SELECT name FROM pragma_table_info('{table}')"));
        let values: Vec<_> = columns.iter().map(|column| format!("quote({column})")).collect();
        for row in strings(&format!("SELECT {} FROM {table} ORDER BY 1", values.join(" || ', ' || "))) {
            writeln!(script, "INSERT INTO {table} ({}) VALUES ({row});", columns.join(", ")).unwrap();
        }
    }
    script
}

/// All documents of a database, each with the name of its collection.
pub async fn mongodb(database: &Database) -> String {
    let mut names = database.list_collection_names().await.unwrap();
    names.retain(|name| !name.starts_with("system."));
    names.sort();
    let mut lines = String::new();
    for name in names {
        let found = database.collection::<Document>(&name).find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
        for document in found.try_collect::<Vec<_>>().await.unwrap() {
            writeln!(lines, "{}", json!({"in": name, "document": to_json(&document.into())})).unwrap();
        }
    }
    lines
}

/// Puts into a database what [`mongodb`] wrote.
pub async fn load(database: &Database, lines: &str) {
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let Bson::Document(document) = from_json(&line["document"]) else { panic!("{line}") };
        let collection = database.collection::<Document>(line["in"].as_str().unwrap());
        collection.insert_one(document).await.unwrap();
    }
}

/// MongoDB's extended JSON, as far as it is needed: which integer it is must come back.
fn to_json(value: &Bson) -> Value {
    match value {
        Bson::Document(fields) => fields.iter().map(|(name, value)| (name.clone(), to_json(value))).collect(),
        Bson::Array(items) => items.iter().map(to_json).collect(),
        Bson::String(text) => json!(text),
        Bson::Boolean(truth) => json!(truth),
        Bson::Int32(number) => json!({"$numberInt": number.to_string()}),
        Bson::Int64(number) => json!({"$numberLong": number.to_string()}),
        other => panic!("nothing like this is stored: {other:?}"),
    }
}

fn from_json(value: &Value) -> Bson {
    let number = |fields: &Map<String, Value>, name: &str| fields.get(name)?.as_str()?.parse::<i64>().ok();
    match value {
        Value::Object(fields) => match (number(fields, "$numberInt"), number(fields, "$numberLong")) {
            (Some(int), _) => Bson::Int32(int.try_into().unwrap()),
            (_, Some(long)) => Bson::Int64(long),
            _ => Bson::Document(fields.iter().map(|(name, value)| (name.clone(), from_json(value))).collect()),
        },
        Value::Array(items) => Bson::Array(items.iter().map(from_json).collect()),
        Value::String(text) => Bson::String(text.clone()),
        Value::Bool(truth) => Bson::Boolean(*truth),
        other => panic!("nothing like this is stored: {other}"),
    }
}
