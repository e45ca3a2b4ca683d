//! Groups that their admins change, through the whole hub: what it comes to for who is there, who comes, and who asks.

use hubbub::domain::{Cid, GroupId, UserId};
use hubbub::protocol::{Content, SendFrame, Target};
use serde_json::{Value, json};

use crate::people::{Client, EmbeddedHub, make_group};

struct Circle {
    embedded: EmbeddedHub,
    group: String,
    anna: Client,
    bob: Client,
}

impl Circle {
    /// A group of anna, its admin, and bob.
    async fn open() -> Self {
        let embedded = EmbeddedHub::start().await;
        let (mut anna, _) = Client::hello(&embedded.hub, "anna").await;
        let (mut bob, _) = Client::hello(&embedded.hub, "bob").await;
        let group = make_group(&mut anna, &["bob"]).await;
        bob.next("group").await;
        Self { embedded, group, anna, bob }
    }

    fn change(&self, fields: Value) -> Value {
        with(json!({"type": "change", "id": "change", "group": self.group}), fields)
    }

    async fn set(&mut self, fields: Value) {
        let frame = self.change(fields);
        assert_eq!(self.anna.ask(frame, "ok").await["re"], "change");
    }

    fn said(&self, cid: &str) -> Value {
        json!({"type": "send", "id": cid, "group": self.group, "cid": cid, "text": cid})
    }

    async fn shown(&mut self) -> Value {
        let frame = json!({"type": "group", "id": 1, "group": self.group});
        self.bob.say(frame).await;
        loop {
            let group = self.bob.next("group").await;
            if group["re"] == 1 {
                return group;
            }
        }
    }
}

fn with(mut frame: Value, fields: Value) -> Value {
    frame.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    frame
}

/// The next event of a kind.
async fn event(client: &mut Client, kind: &str) -> Value {
    loop {
        let message = client.next("message").await;
        if message["kind"] == kind {
            return message;
        }
    }
}

/// What of a group admins set, as it is told of.
fn settings(group: &Value) -> Value {
    let fields = ["name", "about", "access", "pinning", "archived"];
    fields
        .iter()
        .filter(|field| !group[**field].is_null())
        .map(|field| ((*field).to_owned(), group[*field].clone()))
        .collect()
}

#[tokio::test]
async fn a_change_is_an_event_and_everybody_sees_the_group_so() {
    let mut circle = Circle::open().await;
    circle.set(json!({"name": " coffee ", "about": "beans\nand water", "access": "members"})).await;
    for client in [&mut circle.anna, &mut circle.bob] {
        let told = event(client, "updated").await;
        assert_eq!(
            (&told["from"], &told["data"]),
            (&json!("anna"), &json!({"name": "coffee", "about": "beans\nand water"}))
        );
        assert!(told["shown"].is_null() || told["shown"] == true);
        assert_eq!(told["n"], 0, "it counts for nothing");
    }
    // What is so already makes no event.
    circle.set(json!({"name": "coffee", "archived": false})).await;
    circle.set(json!({"pinning": "members"})).await;
    assert_eq!(event(&mut circle.bob, "updated").await["data"], json!({"pinning": "members"}));
    circle.set(json!({"about": "", "archived": true})).await;
    event(&mut circle.bob, "updated").await;
    let expected = json!({"name": "coffee", "access": "members", "pinning": "members", "archived": true});
    let shown = circle.shown().await;
    assert_eq!(
        (settings(&shown), &shown["online"], &shown["last"]["kind"]),
        (expected.clone(), &json!(1), &json!("updated"))
    );
    let groups = circle.bob.ask(json!({"type": "groups", "id": 1}), "groups").await;
    assert_eq!(settings(&groups["groups"][0]), expected);
    let (_, welcome) = Client::hello(&circle.embedded.hub, "bob").await;
    assert_eq!(settings(&welcome["groups"][0]), expected);
}

#[tokio::test]
async fn who_may_not_and_what_cannot_be_changed_is_refused() {
    let mut circle = Circle::open().await;
    let (mut mallory, _) = Client::hello(&circle.embedded.hub, "mallory").await;
    for fields in [json!({"name": "mine"}), json!({}), json!({"name": "tea"})] {
        let frame = circle.change(fields);
        assert_eq!(circle.bob.refused(frame.clone()).await, "forbidden");
        assert_eq!(mallory.refused(frame).await, "forbidden");
    }
    for (fields, code) in [
        (json!({"name": "\u{202e}tea"}), "bad_frame"),
        (json!({"about": "a\u{7}"}), "bad_frame"),
        (json!({"about": "ä".repeat(501)}), "too_large"),
        (json!({"access": "owners"}), "bad_frame"),
        (json!({"pinning": "nobody"}), "bad_frame"),
        (json!({"archived": "yes"}), "bad_frame"),
        (json!({"image": "a picture"}), "unsupported"),
        (json!({"group": GroupId::random().as_str(), "name": "x"}), "not_found"),
    ] {
        let frame = circle.change(fields.clone());
        assert_eq!(circle.anna.refused(frame).await, code, "{fields}");
    }
    let forged = json!({"kind": "updated", "data": {"name": "mine"}, "text": null});
    let forged = with(circle.said("forged"), forged);
    assert_eq!(circle.anna.refused(forged).await, "unsupported");
    let said = circle.bob.ask(json!({"type": "send", "id": 1, "to": "anna", "cid": "hi", "text": "hi"}), "ack").await;
    let direct = json!({"type": "change", "id": 1, "group": said["group"], "name": "ours"});
    assert_eq!(circle.anna.refused(direct).await, "forbidden");
    assert_eq!(settings(&circle.shown().await), json!({"name": "tea", "access": "members", "pinning": "admins"}));
}

#[tokio::test]
async fn nothing_is_said_in_an_archive_until_it_is_brought_back() {
    let mut circle = Circle::open().await;
    let said = circle.said("before");
    let seq = circle.bob.ask(said, "ack").await["seq"].clone();
    let _cleo = Client::hello(&circle.embedded.hub, "cleo").await;
    circle.set(json!({"archived": true, "access": "open", "pinning": "members"})).await;
    let pin = json!({"kind": "pinned", "ref": format!("{}:{seq}", circle.group), "data": {"on": true}});
    let mut pin = with(circle.said("pin"), pin);
    pin.as_object_mut().unwrap().remove("text");
    for frame in [circle.said("after"), pin] {
        assert_eq!(circle.bob.refused(frame.clone()).await, "forbidden");
        let refused = circle.anna.ask(frame, "error").await;
        assert!(refused["message"].as_str().unwrap().contains("archived"), "{refused}");
    }
    let group = circle.group.clone();
    let of_members =
        |frame_type: &str| json!({"type": frame_type, "id": 1, "group": group, "users": ["cleo"], "role": "admin"});
    for frame_type in ["add", "remove", "role"] {
        let code = circle.anna.refused(with(of_members(frame_type), json!({"users": ["bob", "cleo"]}))).await;
        assert_eq!(code, "forbidden", "{frame_type}");
    }
    let (mut cleo, _) = Client::hello(&circle.embedded.hub, "cleo").await;
    assert_eq!(cleo.refused(json!({"type": "join", "id": 1, "group": group})).await, "forbidden");
    // What was said before is acked again, read, and answered for.
    let before = circle.said("before");
    assert_eq!(circle.bob.ask(before, "ack").await["seq"], seq);
    let read = json!({"type": "read", "id": 2, "group": group, "seq": seq});
    assert_eq!(circle.anna.ask(read, "ok").await["re"], 2);
    let history = json!({"type": "history", "id": 1, "group": group});
    assert!(circle.bob.ask(history, "history").await["messages"].as_array().unwrap().len() > 2);
    let (hub, id) = (&circle.embedded.hub, GroupId::parse(&group).unwrap());
    let content = Content { text: Some("by a service".into()), ..Content::default() };
    let send = SendFrame::new(Target::Group(id), Cid::parse("service").unwrap(), content).unwrap();
    hub.send_as_service(&UserId::parse("robot").unwrap(), send).await.unwrap();
    assert_eq!(circle.bob.ask(json!({"type": "leave", "id": 1, "group": group}), "ok").await["re"], 1);
    circle.set(json!({"archived": false})).await;
    let after = circle.said("after");
    circle.anna.ask(after, "ack").await;
}

#[tokio::test]
async fn who_types_in_an_archive_is_shown_to_nobody() {
    let mut circle = Circle::open().await;
    let (watch, typing) =
        (json!({"type": "watch", "id": 1, "groups": [circle.group]}), json!({"type": "typing", "group": circle.group}));
    circle.bob.ask(watch, "presence").await;
    circle.anna.say(typing.clone()).await;
    assert_eq!(circle.bob.next("typing").await["user"], "anna");
    circle.set(json!({"archived": true})).await;
    event(&mut circle.bob, "updated").await;
    circle.anna.say(typing.clone()).await;
    circle.set(json!({"archived": false})).await;
    event(&mut circle.bob, "updated").await;
    let said = circle.said("end");
    circle.anna.ask(said, "ack").await;
    circle.bob.texts(1).await;
    circle.anna.say(typing).await;
    // One of before, and the one of after; each is told before what comes behind it.
    circle.bob.next("typing").await;
    assert!(!circle.bob.has("typing"));
}

#[tokio::test]
async fn members_pin_where_that_is_set() {
    let mut circle = Circle::open().await;
    let said = circle.said("first");
    let seq = circle.bob.ask(said, "ack").await["seq"].clone();
    let pin = |cid: &str| {
        json!({"type": "send", "id": cid, "group": circle.group, "cid": cid, "kind": "pinned",
               "ref": format!("{}:{seq}", circle.group), "data": {"on": true}})
    };
    let (one, two, three) = (pin("one"), pin("two"), pin("three"));
    assert_eq!(circle.bob.refused(one).await, "forbidden");
    circle.set(json!({"pinning": "members"})).await;
    circle.bob.ask(two, "ack").await;
    circle.set(json!({"pinning": "admins"})).await;
    assert_eq!(circle.bob.refused(three).await, "forbidden");
}

#[tokio::test]
async fn admins_give_roles_and_the_last_one_stays() {
    let mut circle = Circle::open().await;
    let role =
        |user: &str, role: &str| json!({"type": "role", "id": 1, "group": circle.group, "users": [user], "role": role});
    let [promote, demote, demote_bob, odd] =
        [role("bob", "admin"), role("anna", "member"), role("bob", "member"), role("bob", "owner")];
    assert_eq!(circle.bob.refused(promote.clone()).await, "forbidden");
    assert_eq!(circle.anna.refused(odd).await, "bad_frame");
    assert_eq!(circle.anna.refused(demote.clone()).await, "conflict");
    circle.anna.ask(promote, "ok").await;
    assert_eq!(event(&mut circle.bob, "role").await["data"], json!({"users": ["bob"], "role": "admin"}));
    circle.bob.ask(demote, "ok").await;
    assert_eq!(circle.bob.refused(demote_bob.clone()).await, "conflict");
    assert_eq!(circle.anna.refused(demote_bob).await, "forbidden");
}

#[tokio::test]
async fn an_open_group_is_shown_to_who_might_join_and_no_other() {
    let mut circle = Circle::open().await;
    let (mut cleo, _) = Client::hello(&circle.embedded.hub, "cleo").await;
    let ask = json!({"type": "group", "id": 1, "group": circle.group});
    assert_eq!(cleo.refused(ask.clone()).await, "not_found");
    circle.set(json!({"access": "open", "about": "for members"})).await;
    let shown = cleo.ask(ask.clone(), "group").await;
    let expected = json!({"type": "group", "re": 1, "id": circle.group, "name": "tea", "access": "open", "count": 2});
    assert_eq!(shown, expected);
    cleo.ask(json!({"type": "join", "id": 2, "group": circle.group}), "ok").await;
    assert_eq!(cleo.ask(ask, "group").await["about"], "for members");
    let absent = json!({"type": "group", "id": 1, "group": GroupId::random().as_str()});
    assert_eq!(cleo.refused(absent).await, "not_found");
}

/// What somebody asks to join shows.
fn join(group: &str, password: Option<&str>) -> Value {
    let frame = json!({"type": "join", "id": "join", "group": group});
    password.map_or(frame.clone(), |password| with(frame, json!({"password": password})))
}

#[tokio::test]
async fn who_knows_the_password_joins_and_nobody_is_told_it() {
    let Circle { embedded, mut anna, mut bob, .. } = Circle::open().await;
    let create = |fields: Value| with(json!({"type": "create", "id": 2, "name": "secret tea", "members": []}), fields);
    for wrong in [
        json!({"access": "password"}),
        json!({"access": "open", "password": "correct horse"}),
        json!({"access": "password", "password": "short"}),
    ] {
        assert_eq!(anna.refused(create(wrong.clone())).await, "bad_frame", "{wrong}");
    }
    anna.say(create(json!({"password": "correct horse"}))).await;
    let group = loop {
        let group = anna.next("group").await;
        if group["re"] == 2 {
            break group["id"].as_str().unwrap().to_owned();
        }
    };
    assert_eq!(bob.refused(join(&group, None)).await, "forbidden");
    assert_eq!(bob.refused(join(&group, Some("wrong horse"))).await, "forbidden");
    let shown = json!({"type": "group", "id": 1, "group": group});
    assert_eq!(bob.refused(shown.clone()).await, "not_found");
    assert_eq!(bob.ask(join(&group, Some("correct horse")), "ok").await["re"], "join");
    assert_eq!(bob.ask(join(&group, None), "ok").await["re"], "join", "a member joins by nothing");

    // Another one, by no event; then none, by one.
    let change = |fields: Value| with(json!({"type": "change", "id": 3, "group": group}), fields);
    assert_eq!(bob.refused(change(json!({"password": "another horse"}))).await, "forbidden");
    anna.ask(change(json!({"password": "another horse"})), "ok").await;
    let (mut cleo, _) = Client::hello(&embedded.hub, "cleo").await;
    assert_eq!(cleo.refused(join(&group, Some("correct horse"))).await, "forbidden");
    cleo.ask(join(&group, Some("another horse")), "ok").await;
    let history = json!({"type": "history", "id": 4, "group": group});
    let page = anna.ask(history, "history").await;
    let kinds: Vec<&str> = page["messages"].as_array().unwrap().iter().map(|m| m["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["joined", "joined", "joined"]);
    let shown = cleo.ask(shown, "group").await;
    assert_eq!(shown["access"], "password");
    for told in [page.to_string(), shown.to_string()] {
        assert!(!told.contains("horse") && !told.contains("argon2"), "{told}");
    }
    anna.ask(change(json!({"access": "open"})), "ok").await;
    assert_eq!(anna.refused(change(json!({"access": "open", "password": "third horse"}))).await, "bad_frame");
    let (mut dora, _) = Client::hello(&embedded.hub, "dora").await;
    dora.ask(join(&group, None), "ok").await;
    // The one of before is asked for again.
    anna.ask(change(json!({"access": "password"})), "ok").await;
    let (mut emil, _) = Client::hello(&embedded.hub, "emil").await;
    assert_eq!(emil.refused(join(&group, None)).await, "forbidden");
    emil.ask(join(&group, Some("another horse")), "ok").await;
}

#[tokio::test]
async fn who_guesses_a_groups_password_is_slowed() {
    let Circle { embedded, group, mut anna, .. } = Circle::open().await;
    let change = json!({"type": "change", "id": 3, "group": group, "access": "password", "password": "correct horse"});
    anna.ask(change, "ok").await;
    let (mut mallory, _) = Client::hello(&embedded.hub, "mallory").await;
    for number in 0..10 {
        assert_eq!(mallory.refused(join(&group, Some(&format!("guess number {number}")))).await, "forbidden");
    }
    let refused = mallory.ask(join(&group, Some("correct horse")), "error").await;
    assert_eq!((&refused["code"], refused["retry_after"].is_u64()), (&json!("rate_limited"), true));
}
