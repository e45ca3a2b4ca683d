//! One's own profile, by frames.

use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use super::peer::Peer;
use crate::contract::stage::token;
use crate::support::{Hub, http};

#[tokio::test]
async fn a_profile_is_changed_and_the_users_other_sessions_hear_of_it() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let user = format!("anna-{}", encoding.name());
        let (mut anna, _) = Peer::hello(&hub, encoding, &user).await;
        let (mut phone, _) = Peer::hello(&hub, encoding, &user).await;
        let mine = anna.ask(json!({"type": "me"}), "me").await["me"].clone();
        assert_eq!(mine, json!({"id": user, "username": user, "name": user}));
        let settings = json!({"theme": "dark", "n": [1, 2.5, null, {"a.b": "$c"}]});
        let change = json!({"type": "me", "about": "one\ntwo", "settings": settings, "status": {"text": "tea"}});
        let changed = anna.ask(change, "me").await["me"].clone();
        assert_eq!((&changed["about"], &changed["settings"]), (&json!("one\ntwo"), &settings));
        let heard = phone.next("me").await;
        assert_eq!((&heard["me"], heard.get("re")), (&changed, None));
        let fewer = phone.ask(json!({"type": "me", "about": null, "status": null}), "me").await["me"].clone();
        assert_eq!((fewer.get("about"), &fewer["settings"]), (None, &settings));
        assert_eq!(anna.next("me").await["me"], fewer);
        for (wrong, code) in [
            (json!({"name": ""}), "bad_frame"),
            (json!({"username": "hub.x"}), "bad_frame"),
            (json!({"time_zone": "+01:00"}), "bad_frame"),
            (json!({"status": "tea"}), "bad_frame"),
            (json!({"status": {"text": "x".repeat(101)}}), "too_large"),
            (json!({"image": "a"}), "unsupported"),
        ] {
            let mut frame = wrong;
            frame["type"] = json!("me");
            assert_eq!(anna.refused(frame.clone()).await, code, "{frame}");
        }
        let by_call: Value = http::client()
            .get(format!("{}/me", hub.http_url()))
            .bearer_auth(token(&user))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(by_call, fewer);
    }
}
