//! One connection's requests over fakes.

use super::*;
use crate::domain::{Group, GroupId};
use crate::hub::front::testing::front;
use crate::hub::testing::{Bed, Ear, MemoryStore, MemoryTokens, group, head, identity, key_of, until, user};
use crate::ports::TokenError;

/// Enough for every test that is not about it.
const ROOM: Rate = Rate { burst: 100, per_second: 1 };

/// A node of whom `anna` is a user, with a group.
struct Rig {
    bed: Bed,
    group: Group,
    front: Arc<Front>,
}

// === impl Rig ===

impl Rig {
    fn new(rate: Rate) -> Self {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], []));
        bed.registry.heads.lock().insert(id.clone(), head(0));
        let tokens = Arc::<MemoryTokens>::default();
        for (token, says) in [
            ("anna", Ok(identity("anna", 5_000))),
            ("anna.later", Ok(identity("anna", 9_000))),
            ("bob", Ok(identity("bob", 5_000))),
            ("old", Err(TokenError::Expired)),
            ("unsure", Err(TokenError::Unavailable)),
        ] {
            tokens.put(token, says);
        }
        let front = front(&bed, &tokens, rate);
        Self { bed, group: group(&id, &["anna"]), front }
    }

    fn connect(&self, identity: Option<Identity>) -> (Session, Arc<Ear>) {
        let ear = Arc::<Ear>::default();
        let info = ConnectionInfo { peer: IpAddr::from([127, 0, 0, 1]), identity };
        (Session::new(self.front.clone(), ear.clone(), Encoding::Json, info), ear)
    }

    /// A session of anna's that has been welcomed.
    async fn welcomed(&self) -> (Session, Arc<Ear>) {
        let (mut session, ear) = self.connect(None);
        assert_eq!(session.handle(&hello("anna")).await, Flow::Continue);
        assert!(ear.texts()[0].contains("welcome"));
        (session, ear)
    }
}

fn hello(token: &str) -> Vec<u8> {
    format!(r#"{{"type":"hello","id":"h","token":"{token}"}}"#).into_bytes()
}

const PING: &[u8] = br#"{"type":"ping","id":"p"}"#;

#[tokio::test]
async fn a_stranger_may_say_nothing_but_hello() {
    let rig = Rig::new(ROOM);
    for (frame, code) in [(PING, "unauthorized"), (b"{", "bad_frame"), (br#"{"type":"hello"}"#, "unauthorized")] {
        let (mut session, ear) = rig.connect(None);
        assert_eq!(session.handle(frame).await, Flow::Close(Ending::NoHello), "{code}");
        assert!(ear.texts().concat().contains(code));
        assert_eq!(session.expires(), None);
        session.end().await;
    }
    assert!(rig.bed.told.take().is_empty(), "nobody came");
}

#[tokio::test]
async fn a_token_says_who_comes_or_how_it_ends() {
    let rig = Rig::new(ROOM);
    for (token, ending) in
        [("old", Ending::TokenExpired), ("unsure", Ending::Unavailable), ("made up", Ending::NoHello)]
    {
        let (mut session, ear) = rig.connect(Some(identity("anna", 1)));
        assert_eq!(session.handle(&hello(token)).await, Flow::Close(ending), "{token}");
        assert!(ear.texts().concat().contains("\"h\""), "the request is named");
    }
    let (mut session, ear) = rig.connect(Some(identity("anna", 7_000)));
    assert_eq!(session.handle(br#"{"type":"hello"}"#).await, Flow::Continue);
    assert_eq!((session.expires(), ear.texts().len()), (Some(7_000), 1), "the upgrade had proven it");
}

#[tokio::test]
async fn a_later_hello_extends_the_session_of_its_user_and_of_nobody_else() {
    let rig = Rig::new(ROOM);
    let (mut session, ear) = rig.welcomed().await;
    let cursors = br#"{"type":"hello","token":"anna.later","cursors":{}}"#;
    let frames: [(&[u8], &str); 5] = [
        (&hello("bob"), "forbidden"),
        (&hello("old"), "unauthorized"),
        (&hello("unsure"), "unavailable"),
        (br#"{"type":"hello"}"#, "bad_frame"),
        (cursors, "bad_frame"),
    ];
    for (frame, code) in frames {
        assert_eq!(session.handle(frame).await, Flow::Continue, "{code}");
        let answer = ear.texts().concat();
        assert!(answer.contains(code), "{code}: {answer}");
        assert_eq!(session.expires(), Some(5_000));
    }
    assert_eq!(session.handle(&hello("anna.later")).await, Flow::Continue);
    assert!(ear.texts().concat().contains("\"ok\""));
    assert_eq!(session.expires(), Some(9_000));
    assert_eq!(rig.bed.users.all().len(), 1);
}

#[tokio::test]
async fn what_is_refused_names_its_request_and_the_session_goes_on() {
    let rig = Rig::new(ROOM);
    let (mut session, ear) = rig.welcomed().await;
    let elsewhere = GroupId::random();
    for (frame, code) in [
        (format!(r#"{{"type":"typing","id":"t1","group":"{elsewhere}"}}"#), "forbidden"),
        (r#"{"type":"dance","id":"t1"}"#.into(), "unsupported"),
        (r#"{"type":"read","id":"t1"}"#.into(), "bad_frame"),
    ] {
        assert_eq!(session.handle(frame.as_bytes()).await, Flow::Continue);
        let answer = ear.texts().concat();
        assert!(answer.contains(code) && answer.contains("\"t1\""), "{answer}");
    }
    session.handle(PING).await;
    assert!(ear.texts().concat().contains("pong"));
}

#[tokio::test(start_paused = true)]
async fn a_send_is_taken_in_and_answered_when_it_is_stored() {
    let rig = Rig::new(ROOM);
    let (mut session, ear) = rig.welcomed().await;
    let id = &rig.group.id;
    let send = |text: &str| format!(r#"{{"type":"send","id":"s1","group":"{id}","cid":"c1","text":"{text}"}}"#);
    assert_eq!(session.handle(send("hi").as_bytes()).await, Flow::Continue);
    session.handle(PING).await;
    let before = ear.texts().concat();
    assert!(before.contains("pong") && !before.contains("\"s1\""), "{before}");
    until(|| !rig.bed.log.appended.lock().is_empty()).await;
    let key = key_of(&rig.bed.log.appended.lock()[0]);
    rig.bed.acks.resolve_key(&key, 7, 7);
    let ack = ear.texts().concat();
    assert!(ack.contains("ack") && ack.contains("\"s1\"") && ack.contains("\"seq\":7"), "{ack}");
    session.handle(send(&"x".repeat(101)).as_bytes()).await;
    assert!(ear.texts().concat().contains("too_large"));
    assert_eq!(rig.bed.log.appended.lock().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_asks_too_much_is_told_so_and_sent_away_when_that_does_not_help() {
    let rate = Rate { burst: 3, per_second: 1 };
    let rig = Rig::new(rate);
    let (mut session, ear) = rig.welcomed().await;
    // The hello took one.
    for _ in 0..2 {
        session.handle(PING).await;
    }
    assert!(ear.texts().iter().all(|answer| answer.contains("pong")));
    for _ in 0..3 * PATIENCE {
        assert_eq!(session.handle(PING).await, Flow::Continue);
    }
    let told = ear.texts();
    assert!(told.iter().all(|answer| answer.contains("rate_limited") && answer.contains("\"p\"")), "{told:?}");
    assert_eq!(session.handle(PING).await, Flow::Close(Ending::Flood));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(session.handle(PING).await, Flow::Continue);
    assert!(ear.texts().concat().contains("pong"), "time gives it back");
}

#[tokio::test(start_paused = true)]
async fn the_sessions_of_a_user_share_their_users_rate() {
    let rig = Rig::new(Rate { burst: 4, per_second: 1 });
    let (mut one, _) = rig.welcomed().await;
    let (mut other, ear) = rig.welcomed().await;
    for _ in 0..3 {
        one.handle(PING).await;
    }
    ear.take();
    other.handle(PING).await;
    other.handle(PING).await;
    let answers = ear.texts();
    assert!(answers[0].contains("pong") && answers[1].contains("rate_limited"), "{answers:?}");
}

#[tokio::test]
async fn who_comes_back_too_often_waits() {
    let rig = Rig::new(Rate { burst: 2, per_second: 1 });
    let kept = [rig.welcomed().await, rig.welcomed().await];
    let (mut session, ear) = rig.connect(None);
    assert_eq!(session.handle(&hello("anna")).await, Flow::Close(Ending::Unavailable));
    assert!(ear.texts().concat().contains("rate_limited"));
    let (mut bob, _) = rig.connect(None);
    assert_eq!(bob.handle(&hello("bob")).await, Flow::Continue, "each has a rate of their own");
    drop(kept);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_is_gone_from_the_node() {
    let rig = Rig::new(ROOM);
    let (session, _ear) = rig.welcomed().await;
    assert_eq!(rig.bed.users.sessions(&user("anna")).len(), 1);
    session.end().await;
    assert!(rig.bed.users.all().is_empty());
    until(|| rig.bed.told.take().contains(&"went anna".into())).await;
}
