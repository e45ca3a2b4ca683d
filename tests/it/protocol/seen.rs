//! Who has seen what was said, by frames and by calls.

use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use super::peer::Peer;
use crate::contract::stage::token;
use crate::http_api::caller::Caller;
use crate::support::Hub;

const SEEN: &str = "/chat/{group}/message/{seq}/seen";

/// The same by a call as by the frame.
async fn seen(caller: &mut Caller, peer: &mut Peer, group: &str, seq: u64) -> (Value, Value) {
    let told = peer.ask(json!({"type": "seen", "group": group, "seq": seq}), "seen").await;
    assert_eq!((&told["group"], &told["seq"]), (&json!(group), &json!(seq)));
    let called = caller.get(SEEN, &format!("/chat/{group}/message/{seq}/seen")).await.expect(200);
    assert_eq!(
        (&called["read"], &called["delivered"], &called["next"]),
        (&told["read"], &told["delivered"], &told["next"])
    );
    (told["read"].clone(), told["delivered"].clone())
}

#[tokio::test]
async fn who_has_read_and_who_holds_a_message_is_told_to_its_members() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let names = ["anna", "bert", "cleo", "dora"].map(|name| format!("{name}-{}", encoding.name()));
        let users = names.each_ref().map(String::as_str);
        let [mut anna, mut bert, mut cleo, mut dora] = Peer::people(&hub, encoding, users).await;
        let group = anna.group(&users[1..3]).await;
        let (first, second) = (anna.send(&group, "c1", "one").await, anna.send(&group, "c2", "two").await);
        anna.ask(json!({"type": "add", "group": group, "users": [users[3]]}), "ok").await;
        bert.ask(json!({"type": "read", "group": group, "seq": first}), "ok").await;
        cleo.ask(json!({"type": "ping", "cursors": {&group: first}}), "pong").await;
        let mut caller = Caller::new(hub.http_url()).await;
        caller.bearer(token(users[0]));
        assert_eq!(seen(&mut caller, &mut anna, &group, first).await, (json!(users[..2]), json!([users[2]])));
        // Who came later is in no such list, and may ask for it.
        assert_eq!(seen(&mut caller, &mut dora, &group, second).await, (json!([users[0]]), json!([])));
        let after = dora.ask(json!({"type": "seen", "group": group, "seq": first, "after": users[0]}), "seen").await;
        assert_eq!(after["read"], json!([users[1]]));

        let shown = anna.ask(json!({"type": "group", "group": group}), "group").await;
        let joined = second + 1;
        assert_eq!(shown["others"], json!({"read": [first - 1, joined], "delivered": [first, joined]}), "{shown}");
        let called = caller.get("/chat/{group}", &format!("/chat/{group}")).await.expect(200);
        assert_eq!((&called["others"], &called["last"]["seq"]), (&shown["others"], &shown["last"]["seq"]));
        let alone = dora.group(&[]).await;
        assert_eq!(dora.ask(json!({"type": "group", "group": alone}), "group").await.get("others"), None);
    }
}

#[tokio::test]
async fn what_is_not_there_and_who_is_no_member_is_refused() {
    let hub = Hub::embedded().await;
    let [mut anna, mut eve] = Peer::people(&hub, Encoding::Json, ["anna", "eve"]).await;
    let group = anna.group(&[]).await;
    let seq = anna.send(&group, "c1", "one").await;
    let mut caller = Caller::new(hub.http_url()).await;
    caller.bearer(token("anna"));
    for wrong in [0, seq + 1] {
        assert_eq!(anna.refused(json!({"type": "seen", "group": group, "seq": wrong})).await, "not_found", "{wrong}");
        let path = format!("/chat/{group}/message/{wrong}/seen");
        assert_eq!(caller.get(SEEN, &path).await.problem(404), "not_found", "{wrong}");
    }
    for wrong in [json!(-1), json!("1"), json!(null)] {
        assert_eq!(anna.refused(json!({"type": "seen", "group": group, "seq": wrong})).await, "bad_frame", "{wrong}");
    }
    assert_eq!(caller.get(SEEN, &format!("/chat/{group}/message/one/seen")).await.problem(404), "not_found");
    assert_eq!(
        caller.get(SEEN, &format!("/chat/{group}/message/{seq}/seen?after=a%20b")).await.problem(400),
        "bad_frame"
    );
    let after = json!({"type": "seen", "group": group, "seq": seq, "after": "a b"});
    assert_eq!(anna.refused(after).await, "bad_frame");
    assert_eq!(eve.refused(json!({"type": "seen", "group": group, "seq": seq})).await, "forbidden");
    // Who is in no group of this id learns nothing of it.
    assert_eq!(eve.refused(json!({"type": "group", "group": group})).await, "not_found");
    caller.bearer(token("eve"));
    assert_eq!(caller.get(SEEN, &format!("/chat/{group}/message/{seq}/seen")).await.problem(404), "not_found");
    assert_eq!(caller.get(SEEN, &format!("/chat/nonsense/message/{seq}/seen")).await.problem(404), "not_found");
}
