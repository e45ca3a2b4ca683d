//! Reactions and replies by the sequence alone, and as the store and the nodes tell them.

use std::collections::{BTreeMap, BTreeSet};

use hubbub::domain::{Event, GroupId, Kind, Seq};
use hubbub::ports::Page;
use serde_json::{Value, json};

use super::test_cluster::TestCluster;
use crate::people::Client;

/// With what, how many, whether the reader is one of them.
type Told = (String, u64, bool);

/// A frame by which somebody reacts.
pub fn react(group: &GroupId, cid: &str, target: Seq, emoji: &str, on: bool) -> Value {
    json!({"type": "send", "id": cid, "group": group.as_str(), "cid": cid, "kind": "reaction",
           "ref": group.event_id(target), "data": {"emoji": emoji, "on": on}})
}

/// A frame by which somebody replies.
pub fn reply(group: &GroupId, cid: &str, target: Seq) -> Value {
    json!({"type": "send", "id": cid, "group": group.as_str(), "cid": cid, "text": cid, "ref": group.event_id(target)})
}

fn target(event: &Event) -> Option<Seq> {
    event.reference.as_deref()?.rsplit_once(':')?.1.parse().ok()
}

/// Who reacts to each event with what, in the order of first use.
fn reckoned(raw: &[Event]) -> BTreeMap<Seq, Vec<(String, BTreeSet<String>)>> {
    let mut all: BTreeMap<Seq, Vec<(String, BTreeSet<String>)>> = BTreeMap::new();
    for event in raw.iter().filter(|event| event.kind == Kind::Reaction) {
        let data = event.data.as_ref().unwrap();
        let (emoji, on) = (data["emoji"].as_str().unwrap(), data["on"].as_bool().unwrap());
        let of_target = all.entry(target(event).unwrap()).or_default();
        if on && !of_target.iter().any(|(known, _)| known == emoji) {
            of_target.push((emoji.to_owned(), BTreeSet::new()));
        }
        if let Some((_, users)) = of_target.iter_mut().find(|(known, _)| known == emoji) {
            if on {
                users.insert(event.from.to_string())
            } else {
                users.remove(event.from.as_str())
            };
        }
    }
    all
}

fn told_to(reader: &str, reckoned: &[(String, BTreeSet<String>)]) -> Vec<Told> {
    let standing = reckoned.iter().filter(|(_, users)| !users.is_empty());
    standing.map(|(emoji, users)| (emoji.clone(), users.len() as u64, users.contains(reader))).collect()
}

fn told(message: &Value) -> Vec<Told> {
    let all = message["reactions"].as_array().into_iter().flatten();
    all.map(|one| (one["emoji"].as_str().unwrap().into(), one["count"].as_u64().unwrap(), one["mine"] == true))
        .collect()
}

/// What became of events by reactions and replies is the sequence's, wherever it is shown.
pub async fn state_is_the_sequences(scene: &TestCluster, people: &mut [Client], group: &GroupId, raw: &[Event]) {
    let deleted: BTreeSet<Seq> =
        raw.iter().filter(|event| event.kind.as_str() == "deleted").filter_map(target).collect();
    let mut reckoned = reckoned(raw);
    reckoned.retain(|seq, _| !deleted.contains(seq));
    let replies = |seq: Seq| {
        let stands = |event: &&Event| !deleted.contains(&event.seq) && !deleted.contains(&seq);
        let to_it = raw.iter().filter(|event| event.kind == Kind::Text && target(event) == Some(seq)).filter(stands);
        to_it.map(|event| event.seq).collect::<Vec<_>>()
    };
    let shown = scene.store.page(group, Page::Shown(u64::MAX, 1_000)).await.unwrap();
    for event in shown.iter().chain(raw) {
        let tallies: Vec<Told> =
            event.state.reactions.shown().iter().map(|tally| (tally.emoji.to_string(), tally.count, false)).collect();
        let expected = reckoned.get(&event.seq).map(|all| told_to("", all)).unwrap_or_default();
        assert_eq!(tallies, expected, "the store's tallies of {}", event.seq);
        assert_eq!(event.state.replies, replies(event.seq).len() as u64, "the store's replies to {}", event.seq);
    }
    for (name, client) in ["user-0", "user-1", "user-2"].into_iter().zip(people) {
        let page = json!({"type": "history", "id": "page", "group": group.as_str(), "limit": 200});
        let page = client.ask(page, "history").await;
        for message in page["messages"].as_array().unwrap() {
            let seq = message["seq"].as_u64().unwrap();
            let expected = reckoned.get(&seq).map(|all| told_to(name, all)).unwrap_or_default();
            assert_eq!(told(message), expected, "{name}: {message}");
        }
        for (seq, all) in &reckoned {
            let ask = json!({"type": "reactions", "id": "who", "group": group.as_str(), "seq": seq});
            let listed = client.ask(ask, "reactions").await;
            let listed = listed["users"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| (one["emoji"].as_str().unwrap().to_owned(), one["id"].as_str().unwrap().to_owned()));
            let who = all.iter().flat_map(|(emoji, users)| users.iter().map(|user| (emoji.clone(), user.clone())));
            assert_eq!(listed.collect::<BTreeSet<_>>(), who.collect::<BTreeSet<_>>(), "who reacts to {seq}");
            let ask = json!({"type": "history", "id": "replies", "group": group.as_str(), "ref": group.event_id(*seq)});
            let listed = client.ask(ask, "history").await;
            let listed = listed["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap());
            assert_eq!(listed.collect::<Vec<_>>(), replies(*seq), "replies to {seq}");
        }
    }
}
