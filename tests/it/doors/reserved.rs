//! What is the hub's own (`hub.…`) comes in at no door. Each field that holds a user's id, a username or a cid is tried with
//! it in `refused`; here is what came of one that did come in.

use hubbub::protocol::Encoding;
use serde_json::json;

use super::fields::FIELDS;
use super::sorts::{OWN, Sort};
use crate::protocol::peer::Peer;
use crate::support::Hub;

#[test]
fn whatever_names_a_user_or_a_send_is_tried_with_the_hubs_own() {
    use Sort::{Account, Cid, Members, User, Username, Users};
    let mut tried = 0;
    for (name, sort) in FIELDS.iter().filter(|(_, sort)| [Account, Cid, Members, User, Username, Users].contains(sort))
    {
        for own in OWN {
            let is_of_it = |value: &serde_json::Value| *value == own || *value == json!(["anna", own]);
            let bad = sort.bad().into_iter().find(|bad| is_of_it(&bad.value));
            let bad = bad.unwrap_or_else(|| panic!("{name} is not tried with {own}"));
            assert!(bad.code == "bad_frame" && bad.told.contains("hub."), "{name} {own}");
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}

/// The fault itself: the creator's send with the cid of the founding was acked and stored nowhere.
#[tokio::test]
async fn a_send_is_never_acked_with_the_seq_of_what_the_hub_did() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let [mut anna, _bert] = Peer::people(&hub, encoding, ["anna", "bert"]).await;
        let group = anna.group(&["bert"]).await;
        for own in ["hub.create", "hub.create.admin", "hub.x"] {
            let send = json!({"type": "send", "group": group, "cid": own, "text": "x"});
            assert_eq!(anna.refused(send).await, "bad_frame", "{own}");
        }
        let seq = anna.send(&group, "c1", "x").await;
        let history = anna.ask(json!({"type": "history", "group": group}), "history").await;
        let last = history["messages"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["seq"], &last["text"], &last["cid"]), (&json!(seq), &json!("x"), &json!("c1")));
    }
}
