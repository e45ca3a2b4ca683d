//! Every input of every sort, at each door that has a field of it: what is refused at one is refused at all, with the same
//! code and for the same reason, and leaves nothing behind.

use hubbub::protocol::{Encoding, REQUESTS};
use hubbub::transport::http::descriptions::Listener;
use serde_json::{Value, json};

use super::asking::{Doors, Told, as_text, bad_values, good_values};
use super::definitions::{arguments, calls, fields, orders};
use super::fields::{FIELDS, sort_of};
use super::sorts::Sort;
use crate::protocol::peer::Peer;

/// The codes by which a right input would be told to be wrong, and that of a hub that failed on it.
const WRONG: [&str; 4] = ["bad_frame", "too_large", "unsupported", "internal"];

/// Calls that are for accounts of the hub's own: who tries the doors has none, and is told that it is unsupported.
const OF_ACCOUNTS: [&str; 3] = ["DELETE /me", "POST /me/password", "POST /me/sessions/end"];

#[test]
fn every_field_of_every_door_has_a_sort() {
    let defined = fields();
    for field in &defined {
        assert!(FIELDS.iter().any(|(name, _)| name == field), "{field} has no sort: give it a row in doors/fields.rs");
    }
    for (name, _) in FIELDS {
        assert!(defined.contains(*name), "{name} has a sort, and no door has it");
        assert_eq!(FIELDS.iter().filter(|(other, _)| other == name).count(), 1, "{name} has two rows");
    }
    assert!(fields().len() > 100, "the doors have gone");
}

#[tokio::test]
async fn frames_refuse_what_is_wrong() {
    let doors = Doors::open().await;
    for encoding in Encoding::ALL {
        let (mut anna, _) = Peer::hello(&doors.hub, encoding, "anna").await;
        for form in REQUESTS {
            for field in form.fields {
                let name = format!("{} {}", form.name, field.name());
                for bad in bad_values(sort_of(&name), !field.is_optional()) {
                    let frame = doors.frame(form, field.name(), &bad.value);
                    let told = match form.name {
                        "hello" => doors.greet(encoding, frame).await,
                        _ => Told::in_frame(&anna.answer(frame).await),
                    };
                    told.hold(&name, &bad);
                }
            }
        }
    }
    left_alone(doors).await;
}

#[tokio::test]
async fn calls_refuse_what_is_wrong() {
    let mut doors = Doors::open().await;
    for call in [Listener::Public, Listener::Internal].into_iter().flat_map(calls) {
        for (field, place) in &call.fields {
            let name = format!("{} {field}", call.name());
            let sort = sort_of(&name);
            let bad_here = if *place == "body" { bad_values(sort, call.required.contains(field)) } else { sort.bad() };
            for bad in bad_here {
                if let Some(told) = doors.call(&call, field, place, &bad.value).await {
                    told.hold(&name, &bad);
                }
            }
        }
    }
    left_alone(doors).await;
}

#[tokio::test]
async fn orders_refuse_what_is_wrong() {
    let doors = Doors::open().await;
    for order in orders() {
        for field in order.as_object().unwrap().keys().filter(|field| *field != "order") {
            let name = format!("order {} {field}", order["order"].as_str().unwrap());
            let mut order = order.clone();
            for bad in bad_values(sort_of(&name), false) {
                order[field] = bad.value.clone();
                doors.order(&order).await.hold(&name, &bad);
            }
        }
    }
    left_alone(doors).await;
}

#[tokio::test]
async fn commands_refuse_what_is_wrong() {
    let doors = Doors::open().await;
    let arguments = arguments();
    for argument in arguments.iter().filter(|argument| argument.takes_value) {
        let field = argument.name.rsplit(' ').next().unwrap();
        for bad in sort_of(&argument.name).bad() {
            // No argument of a process holds a NUL.
            let Some(value) = as_text(&bad.value).filter(|value| !value.contains('\0')) else { continue };
            let sentence = doors.command(argument, &arguments, &value).await.expect_err(&argument.name);
            let told = bad.told.replace("{}", field);
            assert!(sentence.contains(&told), "{} {value:?}: {sentence:?} does not say {told:?}", argument.name);
        }
    }
    left_alone(doors).await;
}

/// Nothing has come in: no user, no group, no text, and nobody has gone.
async fn left_alone(mut doors: Doors) {
    let users = doors.internal.get("/user/", "/user/").await.expect(200);
    let users: Vec<&Value> = users["users"].as_array().unwrap().iter().map(|user| &user["id"]).collect();
    assert_eq!(users, ["anna", "bert"]);
    let groups = doors.internal.get("/group/", "/group/").await.expect(200);
    let members: Vec<&Value> = groups["groups"].as_array().unwrap().iter().map(|group| &group["users"]).collect();
    assert_eq!(members, [&json!(["anna", "bert"])]);
    let said = doors.internal.get("/message/", "/message/").await.expect(200);
    let said = said["messages"].as_array().unwrap();
    assert!(said.iter().all(|event| event["kind"] == "joined"), "{said:?}");
}

#[tokio::test]
async fn frames_take_what_is_right() {
    let doors = Doors::open().await;
    for encoding in Encoding::ALL {
        let (mut anna, _) = Peer::hello(&doors.hub, encoding, "anna").await;
        for form in REQUESTS.iter().filter(|form| form.reply().is_some()) {
            for field in form.fields {
                let name = format!("{} {}", form.name, field.name());
                for value in good_values(sort_of(&name)) {
                    let frame = doors.frame(form, field.name(), &doors.of_group(sort_of(&name), value.clone()));
                    let told = match form.name {
                        "hello" => doors.greet(encoding, frame).await,
                        _ => Told::in_frame(&anna.answer(frame).await),
                    };
                    let is_wrong = told.code.as_deref().is_some_and(|code| WRONG.contains(&code));
                    assert!(!is_wrong, "{name} {value}: {told:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn calls_and_orders_take_what_is_right() {
    take_what_is_right(Doors::open().await).await;
}

#[tokio::test]
async fn calls_and_orders_take_what_is_right_over_mongodb() {
    take_what_is_right(Doors::on_mongodb().await).await;
}

async fn take_what_is_right(mut doors: Doors) {
    for call in [Listener::Public, Listener::Internal].into_iter().flat_map(calls) {
        for (field, place) in &call.fields {
            let name = format!("{} {field}", call.name());
            for value in good_values(sort_of(&name)) {
                let value = doors.of_group(sort_of(&name), value);
                let Some(told) = doors.call(&call, field, place, &value).await else { continue };
                let is_wrong = told.code.as_deref().is_some_and(|code| WRONG.contains(&code));
                let has_none = OF_ACCOUNTS.contains(&&*call.name()) && told.code.as_deref() == Some("unsupported");
                assert!(!is_wrong || has_none, "{name} {value}: {told:?}");
            }
        }
    }
    // All but what would end the node.
    for order in orders().into_iter().filter(|order| order["order"] != "drain") {
        for field in order.as_object().unwrap().keys().filter(|field| *field != "order") {
            let name = format!("order {} {field}", order["order"].as_str().unwrap());
            let mut order = order.clone();
            for value in good_values(sort_of(&name)) {
                order[field] = value.clone();
                let told = doors.order(&order).await;
                let is_wrong = told.code.as_deref().is_some_and(|code| WRONG.contains(&code));
                assert!(!is_wrong, "{name} {value}: {told:?}");
            }
        }
    }
}

#[test]
fn every_sort_that_a_door_has_refuses_something_or_says_why_not() {
    let free = [Sort::Flag, Sort::Anything, Sort::Own];
    for (name, sort) in FIELDS {
        assert_ne!(sort.bad().is_empty(), !free.contains(sort), "{name}");
    }
}
