//! One connection's requests, in their order.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::codec::Body;
use super::config::{HISTORY_DEFAULT, HISTORY_PAGE, MAX_DATA_DEPTH, PAGE_BYTES};
use super::handle::SessionHandle;
use super::limits::TokenBucket;
use super::publish::Reply;
use super::{Hub, effects};
use crate::domain::{Code, Data, Ending, GroupId, Millis, Refusal, Seq, UserId};
use crate::ports::{Append, Identity, Outbound, Page, Standing};
use crate::protocol::{
    ClientFrame, Encoding, Rejection, RequestId, SendFrame, ServerFrame, Target, WireEvent, decode, encode, pushes,
    requests,
};

/// Requests beyond the rate are answered up to so many times the rate: a client that sent in one go
/// what it had kept is told to slow down, one that does not listen is sent away.
const PATIENCE: u32 = 10;

/// What is known of a connection before its first frame.
#[derive(Debug, Clone)]
pub struct ConnectionInfo {
    /// Where it comes from.
    pub peer: IpAddr,
    /// Who it is, when the upgrade request proved it.
    pub identity: Option<Identity>,
}

/// Whether a connection goes on after a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flow {
    /// It goes on.
    Continue,
    /// It ends so, after what is queued.
    Close(Ending),
}

/// One connection as the hub sees it: first a stranger, then, after `hello`, a session.
pub struct Session {
    hub: Arc<Hub>,
    outbound: Arc<dyn Outbound>,
    encoding: Encoding,
    /// Until its `hello`; boxed, since from then on there is none.
    identity: Option<Box<Identity>>,
    bucket: TokenBucket,
    /// How many more refused requests are answered.
    patience: TokenBucket,
    live: Option<Live>,
}

/// What a session has once it said hello.
pub(crate) struct Live {
    pub(crate) handle: Arc<SessionHandle>,
    pub(crate) user_bucket: Arc<Mutex<TokenBucket>>,
    pub(crate) expires: Millis,
}

impl Hub {
    /// Takes a connection in. Nothing is registered before its `hello`.
    pub fn connect(self: &Arc<Self>, outbound: Arc<dyn Outbound>, encoding: Encoding, info: ConnectionInfo) -> Session {
        let rate = self.config.session_rate;
        let (bucket, patience) = (TokenBucket::new(rate), TokenBucket::new(rate.times(PATIENCE)));
        let identity = info.identity.map(Box::new);
        Session { hub: self.clone(), outbound, encoding, identity, bucket, patience, live: None }
    }
}

// === impl Session ===

impl Session {
    /// Does what one message asks. A `send` is only taken in here; its answer comes later.
    pub async fn handle(&mut self, message: &[u8]) -> Flow {
        if let Err(wait) = self.take_token() {
            if self.patience.take().is_err() {
                return Flow::Close(Ending::Flood);
            }
            let refusal = Refusal::rate_limited("too many requests; slow down", wait);
            // Only its id is of interest; what it asks is not done.
            let re = decode(self.encoding, message).map_or_else(|rejection| rejection.re, |(re, _)| re);
            self.refuse(re.as_ref(), &refusal);
            return Flow::Continue;
        }
        match decode(self.encoding, message) {
            Ok((re, frame)) => self.take(re, frame).await,
            Err(Rejection { re, refusal }) => {
                self.refuse(re.as_ref(), &refusal);
                if self.live.is_some() { Flow::Continue } else { no_hello() }
            }
        }
    }

    /// When the session's token runs out; `None` before `hello`.
    pub fn expires(&self) -> Option<Millis> {
        self.live.as_ref().map(|live| live.expires)
    }

    /// The connection is gone.
    pub async fn end(self) {
        if let Some(live) = self.live {
            self.hub.end_session(&live.handle).await;
        }
    }

    fn take_token(&mut self) -> Result<(), Duration> {
        self.bucket.take()?;
        self.live.as_ref().map_or(Ok(()), |live| live.user_bucket.lock().take())
    }

    fn say(&self, frame: &ServerFrame<'_>) {
        self.outbound.offer(&encode(frame, self.encoding));
    }

    fn refuse(&self, re: Option<&RequestId>, refusal: &Refusal) {
        self.hub.metrics.rejected(refusal.code);
        self.say(&ServerFrame::refusal(re, refusal));
    }

    async fn take(&mut self, re: Option<RequestId>, frame: ClientFrame) -> Flow {
        let Some(live) = &self.live else { return self.first_frame(re, frame).await };
        let handle = live.handle.clone();
        let outcome = match frame {
            ClientFrame::Hello(requests::Hello { token, device, cursors }) => {
                self.renew(re.as_ref(), token, device.is_some() || cursors.is_some()).await
            }
            ClientFrame::Send(send) => self.hub.send_from(&handle, re.clone(), *send).await,
            other => self.hub.request(&handle, re.as_ref(), other).await,
        };
        if let Err(refusal) = outcome {
            self.refuse(re.as_ref(), &refusal);
        }
        Flow::Continue
    }

    async fn first_frame(&mut self, re: Option<RequestId>, frame: ClientFrame) -> Flow {
        let ClientFrame::Hello(requests::Hello { token, cursors, .. }) = frame else {
            self.refuse(re.as_ref(), &Refusal::new(Code::Unauthorized, "say `hello` first"));
            return no_hello();
        };
        match self.hello(token, cursors.unwrap_or_default()).await {
            Ok(live) => {
                self.live = Some(live);
                Flow::Continue
            }
            Err((refusal, ending)) => {
                self.refuse(re.as_ref(), &refusal);
                Flow::Close(ending)
            }
        }
    }

    async fn hello(
        &mut self,
        token: Option<String>,
        cursors: HashMap<GroupId, Seq>,
    ) -> Result<Live, (Refusal, Ending)> {
        let identity = match token {
            Some(token) => self.hub.identify(&token).await?,
            None => *self.identity.take().ok_or_else(|| {
                let refusal = Refusal::new(Code::Unauthorized, "`hello` needs a `token`");
                (refusal, Ending::NoHello)
            })?,
        };
        self.hub.admit(&identity)?;
        self.hub.begin_session(identity, self.outbound.clone(), self.encoding, cursors).await
    }

    /// A later `hello` with nothing but a token extends the session.
    async fn renew(&mut self, re: Option<&RequestId>, token: Option<String>, more: bool) -> Result<(), Refusal> {
        if more {
            return Err(Refusal::bad_frame("a later `hello` takes nothing but `token`"));
        }
        let token = token.ok_or_else(|| Refusal::bad_frame("the field `token` is missing"))?;
        let identity = self.hub.authenticate(&token).await?;
        let Some(live) = &mut self.live else { return Ok(()) };
        if identity.user != live.handle.user {
            return Err(Refusal::forbidden("this token is another user's"));
        }
        live.expires = identity.expires;
        self.say(&ServerFrame::Ok(pushes::Done { re }));
        Ok(())
    }
}

/// Whether lists and maps lie in each other more than so many times.
fn is_deeper(value: &serde_json::Value, most: usize) -> bool {
    match value {
        serde_json::Value::Array(items) => most == 0 || items.iter().any(|item| is_deeper(item, most - 1)),
        serde_json::Value::Object(fields) => most == 0 || fields.values().any(|field| is_deeper(field, most - 1)),
        _ => false,
    }
}

fn no_hello() -> Flow {
    Flow::Close(Ending::NoHello)
}

impl Hub {
    /// A send from a session. Its answer comes when it is stored.
    async fn send_from(
        self: &Arc<Self>,
        session: &Arc<SessionHandle>,
        re: Option<RequestId>,
        send: SendFrame,
    ) -> Result<(), Refusal> {
        let on_demand = matches!(send.target, Target::User(_));
        let append = self.prepare_send(&session.user, send, true).await?;
        self.publish(append, Reply::Session { session: session.clone(), re }, on_demand);
        Ok(())
    }

    /// Checks a send's limits, finds (or makes) its group, and packs it for the log.
    pub(crate) async fn prepare_send(
        self: &Arc<Self>,
        from: &UserId,
        send: SendFrame,
        members_only: bool,
    ) -> Result<Append, Refusal> {
        self.check_text(send.text.as_deref().unwrap_or_default())?;
        self.check_data(send.data.as_ref())?;
        let group = match &send.target {
            Target::Group(group) => group.clone(),
            Target::User(peer) => self.direct_group(from, peer).await?,
        };
        self.check_effect(from, &group, &send, members_only).await?;
        let standing = match send.kind.row().filter(|_| members_only) {
            Some(row) => effects::standing(row),
            None => Standing::Anybody,
        };
        let body = Body::new(send.text, send.reference, send.data).encode();
        let SendFrame { cid, kind, traits, .. } = send;
        Ok(Append { group, from: from.clone(), cid, kind, traits, body, standing })
    }

    fn check_text(&self, text: &str) -> Result<(), Refusal> {
        let most = self.config.max_text;
        // A text of no more bytes has no more characters either.
        if text.len() > most && text.chars().count() > most {
            return Err(Refusal::too_large(format!("a text has at most {most} characters")));
        }
        Ok(())
    }

    fn check_data(&self, data: Option<&Data>) -> Result<(), Refusal> {
        let most = self.config.max_data;
        let Some(data) = data else { return Ok(()) };
        let size = serde_json::to_vec(data).map_or(usize::MAX, |json| json.len());
        if size > most {
            return Err(Refusal::too_large(format!("`data` has at most {most} bytes as JSON")));
        }
        if data.values().any(|value| is_deeper(value, MAX_DATA_DEPTH)) {
            return Err(Refusal::bad_frame(format!("`data` is nested at most {MAX_DATA_DEPTH} deep")));
        }
        Ok(())
    }

    /// Everything that a session asks and is answered at once.
    async fn request(
        self: &Arc<Self>,
        session: &Arc<SessionHandle>,
        re: Option<&RequestId>,
        frame: ClientFrame,
    ) -> Result<(), Refusal> {
        let user = &session.user;
        match frame {
            ClientFrame::Read(requests::Read { group, seq }) => self.read(session, &group, seq).await?,
            ClientFrame::Typing(requests::Typing { group }) => return self.typing(session, &group).await,
            ClientFrame::History(requests::History { group, before, after, limit }) => {
                return self.answer_history(session, re, group, before, after, limit).await;
            }
            ClientFrame::Pins(requests::Pins { group }) => return self.answer_pins(session, re, &group).await,
            ClientFrame::Groups(requests::Groups { after, limit }) => {
                return self.answer_groups(session, re, after, limit).await;
            }
            ClientFrame::Create(requests::Create { name, members, access, cid }) => {
                let access = access.unwrap_or_default();
                let group = self.create_group(user, name, members, access, cid).await?;
                return self.show_group(session, re, &group).await;
            }
            ClientFrame::Join(requests::Join { group }) => self.join(user, &group).await?,
            ClientFrame::Leave(requests::Leave { group }) => self.leave(user, &group).await?,
            ClientFrame::Add(requests::Add { group, users }) => self.add(user, &group, users).await?,
            ClientFrame::Remove(requests::Remove { group, users }) => self.remove(user, &group, users).await?,
            ClientFrame::Watch(requests::Watch { groups }) => return self.watch(session, re, groups).await,
            ClientFrame::Ping(requests::Ping { cursors }) => {
                self.delivered_marks(session, cursors.unwrap_or_default());
                session.send(&ServerFrame::Pong(pushes::Pong { re }));
                return Ok(());
            }
            // Both were taken before.
            ClientFrame::Hello(requests::Hello { .. }) | ClientFrame::Send(_) => return Ok(()),
        }
        session.send(&ServerFrame::Ok(pushes::Done { re }));
        Ok(())
    }

    async fn answer_history(
        &self,
        session: &SessionHandle,
        re: Option<&RequestId>,
        group: GroupId,
        before: Option<Seq>,
        after: Option<Seq>,
        limit: Option<usize>,
    ) -> Result<(), Refusal> {
        if !session.is_in(&group) {
            return Err(Refusal::forbidden("you are not a member of this group"));
        }
        let limit = limit.unwrap_or(HISTORY_DEFAULT).clamp(1, HISTORY_PAGE);
        let page = match (before, after) {
            (_, Some(after)) => Page::After(after, limit),
            (before, None) => Page::Before(before.unwrap_or(Seq::MAX), limit),
        };
        let base = self.groups.get(&group).map_or(0, |group| group.state.lock().base());
        let (events, more) = self.page_with_more(&group, base, page, PAGE_BYTES).await?;
        let messages = events.iter().map(|event| WireEvent::for_reader(event, &session.user)).collect();
        session.send(&ServerFrame::History(pushes::History { re, group: &group, messages, more }));
        Ok(())
    }
}
