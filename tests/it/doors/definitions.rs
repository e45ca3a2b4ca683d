//! The fields of all doors, as the code defines them: so that one that is new is tried as well, or fails.

use std::collections::BTreeSet;

use hubbub::app::operator::AdminCommand;
use hubbub::domain::{GroupId, UserId};
use hubbub::protocol::REQUESTS;
use hubbub::transport::http::descriptions::{Listener, openapi};
use serde_json::{Value, json};

/// A call over HTTP: what it may be given, by the name of each parameter or field.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    pub path: String,
    /// Each with its place: `path`, `query`, `header` or `body`.
    pub fields: Vec<(String, &'static str)>,
    /// Those that it cannot do without.
    pub required: BTreeSet<String>,
}

impl Call {
    /// What its fields' names begin with.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn has_body(&self) -> bool {
        self.fields.iter().any(|(_, place)| *place == "body")
    }
}

/// The calls of a listener that may be given something.
pub fn calls(listener: Listener) -> Vec<Call> {
    let description: Value = serde_json::from_str(&openapi(listener).to_json().unwrap()).unwrap();
    let mut calls = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let call = call(&description, method, path, operation);
            calls.extend(Some(call).filter(|call| !call.fields.is_empty()));
        }
    }
    calls
}

fn call(description: &Value, method: &str, path: &str, operation: &Value) -> Call {
    let (mut fields, mut required) = (Vec::new(), BTreeSet::new());
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        let place = ["path", "query", "header"].into_iter().find(|place| parameter["in"] == *place);
        fields.push((name.to_owned(), place.expect("a place that is known")));
        if parameter["required"] == true {
            required.insert(name.to_owned());
        }
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    if let Some(name) = body.as_str().and_then(|name| name.rsplit('/').next()) {
        let schema = &description["components"]["schemas"][name];
        fields.extend(schema["properties"].as_object().unwrap().keys().map(|field| (field.clone(), "body")));
        required.extend(schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().into()));
    } else {
        assert!(operation.get("requestBody").is_none(), "{method} {path}: its body has no schema with a name");
    }
    Call { method: method.to_uppercase(), path: path.to_owned(), fields, required }
}

/// An order of each sort, with all that it may hold. The match is without a `_`: who adds an order is told here to add it
/// to the list as well.
pub fn orders() -> Vec<Value> {
    let (group, user) = (GroupId::parse(&"a".repeat(26)).unwrap(), UserId::parse("nobody").unwrap());
    let orders = [
        AdminCommand::FindUsers { prefix: "x".into(), limit: 1 },
        AdminCommand::ShowUser { user: "x".into() },
        AdminCommand::FindGroups { part: "x".into(), limit: 1 },
        AdminCommand::ShowGroup { group: group.clone() },
        AdminCommand::ListNodes,
        AdminCommand::MakeAdmin { group: group.clone(), user: user.clone() },
        AdminCommand::Kick { user: user.clone(), group: Some(group.clone()) },
        AdminCommand::Ban { user: user.clone() },
        AdminCommand::Unban { user: user.clone() },
        AdminCommand::SetPassword { user: user.clone(), hash: "x".into() },
        AdminCommand::DeleteUser { user },
        AdminCommand::DeleteGroup { group },
        AdminCommand::ShowFollowers,
        AdminCommand::Drain { node: Some("nowhere".into()) },
    ];
    for order in &orders {
        match order {
            AdminCommand::FindUsers { .. }
            | AdminCommand::ShowUser { .. }
            | AdminCommand::FindGroups { .. }
            | AdminCommand::ShowGroup { .. }
            | AdminCommand::ListNodes
            | AdminCommand::MakeAdmin { .. }
            | AdminCommand::Kick { .. }
            | AdminCommand::Ban { .. }
            | AdminCommand::Unban { .. }
            | AdminCommand::SetPassword { .. }
            | AdminCommand::DeleteUser { .. }
            | AdminCommand::DeleteGroup { .. }
            | AdminCommand::ShowFollowers
            | AdminCommand::Drain { .. } => {}
        }
    }
    orders.iter().map(|order| json!(order)).collect()
}

/// An argument of a command: where it stands in the command line.
#[derive(Debug, Clone)]
pub struct Argument {
    /// `hubbub <command> <argument>`.
    pub name: String,
    /// The words of its command.
    pub command: Vec<String>,
    /// `--<flag>`, where it is not told by its place.
    pub flag: Option<String>,
    pub is_required: bool,
    /// Whether something follows the flag.
    pub takes_value: bool,
}

/// The arguments of the commands by which operators bring something in.
pub fn arguments() -> Vec<Argument> {
    let line = hubbub::app::cli::command_line();
    let named = |name: &str| line.find_subcommand(name).unwrap_or_else(|| panic!("no command {name}")).clone();
    let (admin, token) = (named("admin"), named("token"));
    let mut arguments = own_arguments(&admin, &["admin"]);
    for command in admin.get_subcommands() {
        arguments.extend(own_arguments(command, &["admin", command.get_name()]));
    }
    arguments.extend(own_arguments(&token, &["token"]));
    arguments
}

fn own_arguments(command: &clap::Command, words: &[&str]) -> Vec<Argument> {
    let mine = command.get_arguments().filter(|argument| !argument.is_global_set() && argument.get_id() != "help");
    mine.map(|argument| Argument {
        name: format!("hubbub {} {}", words.join(" "), argument.get_id()),
        command: words.iter().map(|word| (*word).to_owned()).collect(),
        flag: argument.get_long().map(|flag| format!("--{flag}")),
        is_required: argument.is_required_set(),
        takes_value: argument.get_action().takes_values(),
    })
    .collect()
}

/// The names of all fields.
pub fn fields() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for form in REQUESTS {
        names.extend(form.fields.iter().map(|field| format!("{} {}", form.name, field.name())));
    }
    for call in [Listener::Public, Listener::Internal].into_iter().flat_map(calls) {
        names.extend(call.fields.iter().map(|(field, _)| format!("{} {field}", call.name())));
    }
    for order in orders() {
        let fields = order.as_object().unwrap().keys().filter(|field| *field != "order");
        names.extend(fields.map(|field| format!("order {} {field}", order["order"].as_str().unwrap())));
    }
    names.extend(arguments().into_iter().map(|argument| argument.name));
    names
}
