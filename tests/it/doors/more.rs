//! Ends of lists: a page that is full is not the last one for that, nor is there more for that; and what a list leaves out is
//! told.

use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use super::asking::Doors;
use crate::commands::{beside, succeeds};
use crate::contract::stage::token;
use crate::http_api::caller::Caller;
use crate::protocol::peer::Peer;
use crate::support::{Hub, http, scratch};

/// Holds a list of so many entries to what it says of its end, page size by page size. `ask` gives a page of so many.
async fn hold(what: &str, count: usize, list: &str, ask: impl AsyncFn(usize) -> Value) {
    for (size, more) in [(count - 1, true), (count, false), (count + 1, false)] {
        let page = ask(size).await;
        let found = page[list].as_array().unwrap_or_else(|| panic!("{what}: {page}")).len();
        assert_eq!((found, &page["more"]), (size.min(count), &json!(more)), "{what} by {size}");
    }
}

async fn got(url: String) -> Value {
    let answer = http::client().get(url).bearer_auth(token("anna")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn lists_say_truly_whether_there_are_more() {
    let doors = Doors::open().await;
    let (public, internal) = (doors.hub.http_url(), doors.hub.internal_url());
    let (mut anna, _) = Peer::hello(&doors.hub, Encoding::Json, "anna").await;
    for _ in 0..2 {
        anna.group(&[]).await;
    }
    let group = &doors.group;
    let _carl = Peer::hello(&doors.hub, Encoding::Json, "carl").await;
    for number in 0..2 {
        anna.send(group, &format!("c{number}"), "x").await;
    }
    // Anna, bert and carl; three groups; in this one two events of its founding and two texts.
    hold("GET /user/", 3, "users", async |size| got(format!("{internal}/user/?perPage={size}")).await).await;
    hold("GET /group/", 3, "groups", async |size| got(format!("{internal}/group/?perPage={size}")).await).await;
    let all = got(format!("{internal}/message/")).await["messages"].as_array().unwrap().len();
    hold("GET /message/", all, "messages", async |size| got(format!("{internal}/message/?perPage={size}")).await).await;
    let of_group = format!("{internal}/group/messages?groupID={group}");
    hold("GET /group/messages", 4, "messages", async |size| got(format!("{of_group}&perPage={size}")).await).await;
    hold("GET /chat", 3, "groups", async |size| got(format!("{public}/chat?limit={size}")).await).await;
    for query in ["perPage=", "after=0&limit=", "before=9&limit=", "limit="] {
        let url = format!("{public}/chat/{group}/message?{query}");
        hold(&url, 4, "messages", async |size| got(format!("{url}{size}")).await).await;
    }
    let last = got(format!("{internal}/group/?perPage=1&page=2")).await;
    assert_eq!((last["groups"].as_array().unwrap().len(), &last["more"]), (1, &json!(false)));
    for (size, more) in [(3, true), (4, false), (5, false)] {
        for bound in [json!({}), json!({"after": 0}), json!({"before": 9})] {
            let mut history = bound;
            history["type"] = "history".into();
            history["group"] = json!(group);
            history["limit"] = json!(size);
            assert_eq!(anna.answer(history.clone()).await["more"], json!(more), "{history}");
        }
    }
    for (size, more) in [(2, true), (3, false), (4, false)] {
        assert_eq!(anna.answer(json!({"type": "groups", "limit": size})).await["more"], json!(more), "{size}");
    }
}

#[tokio::test]
async fn reports_to_operators_say_whether_there_are_more() {
    let doors = Doors::open().await;
    let (mut anna, _) = Peer::hello(&doors.hub, Encoding::Json, "anna").await;
    anna.group(&[]).await;
    let directory = scratch::directory("more");
    for list in ["users", "groups"] {
        for (limit, more) in [("1", true), ("2", false), ("3", false)] {
            for looked_for in [vec![], vec![if list == "users" { "" } else { "es" }]] {
                let words = [&["admin", "--json", list, "--limit", limit][..], &looked_for[..]].concat();
                let report = succeeds(beside(&doors.hub, directory.path(), &words)).await;
                let report: Value = serde_json::from_str(&report).unwrap();
                assert_eq!(report["more"], json!(more), "{words:?}: {report}");
            }
            let shown = succeeds(beside(&doors.hub, directory.path(), &["admin", list, "--limit", limit])).await;
            assert_eq!(shown.contains("There are more"), more, "{shown}");
        }
    }
}

#[tokio::test]
async fn a_search_says_whether_it_found_more_than_it_tells() {
    let doors = Doors::open().await;
    let internal = doors.hub.internal_url();
    let search = async || {
        let url = format!("{}/users?username=crowd", doors.hub.http_url());
        let answer = http::client().get(url).bearer_auth(token("anna")).send().await.unwrap();
        let more = answer.headers()["hubbub-more"].to_str().unwrap().to_owned();
        (answer.json::<Value>().await.unwrap().as_array().unwrap().len(), more)
    };
    for number in 0..21 {
        if number == 20 {
            assert_eq!(search().await, (20, "false".into()));
        }
        let put = http::client().post(format!("{internal}/user/crowd-{number}")).json(&json!({}));
        assert_eq!(put.send().await.unwrap().status(), 200);
    }
    assert_eq!(search().await, (20, "true".into()));
}

#[tokio::test]
async fn a_bundle_of_more_groups_than_go_into_it_is_gone_on_with() {
    let hub = Hub::builder("a").env("HUBBUB_SESSION_BURST", "100000").env("HUBBUB_USER_BURST", "100000").start().await;
    let (mut anna, _) = Peer::hello(&hub, Encoding::Json, "anna").await;
    let mut caller = Caller::new(hub.http_url()).await;
    caller.bearer(token("anna"));
    let mut groups = Vec::new();
    for number in 0..201 {
        groups.push(anna.group(&[]).await);
        if number == 199 {
            let all = caller.get("/chat/message", "/chat/message?perPage=1").await.expect(200);
            assert_eq!(all["groups"].as_array().unwrap().len(), 200);
            assert_eq!((&all["more"], all.get("cursor")), (&json!(false), None));
        }
    }
    let first = caller.get("/chat/message", "/chat/message?perPage=1").await.expect(200);
    assert_eq!((first["groups"].as_array().unwrap().len(), &first["more"]), (200, &json!(true)));
    // Groups that get a message meanwhile do not move.
    anna.send(&groups[7], "m1", "x").await;
    let next = format!("/chat/message?perPage=1&cursor={}", first["cursor"].as_str().unwrap());
    let second = caller.get("/chat/message", &next).await.expect(200);
    assert_eq!((&second["more"], second.get("cursor")), (&json!(false), None));
    let pages = [&first, &second].into_iter().flat_map(|bundle| bundle["groups"].as_array().unwrap());
    let mut found: Vec<&str> = pages.map(|page| page["group"].as_str().unwrap()).collect();
    found.sort_unstable();
    groups.sort_unstable();
    assert_eq!(found, groups);
}
