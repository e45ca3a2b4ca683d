//! One connection's requests, in their order.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::dispatch::Dispatch;
use crate::domain::{Code, DeviceName, Ending, GroupId, Millis, Refusal, Seq};
use crate::hub::config::Rate;
use crate::hub::features::answered::{Answered, Asker};
use crate::hub::limits::TokenBucket;
use crate::hub::local::SessionHandle;
use crate::hub::metrics::CommonMetrics;
use crate::hub::sessions::{Admission, Refused, Sessions};
use crate::ports::{Identity, Outbound};
use crate::protocol::requests::{self, Handle};
use crate::protocol::{ClientFrame, Encoding, Rejection, RequestId, ServerFrame, decode, encode, pushes};

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

/// What every connection's session works with.
pub(crate) struct Front {
    pub(crate) dispatch: Dispatch,
    pub(crate) admission: Arc<Admission>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) metrics: CommonMetrics,
    /// Requests a session may send in a burst, and then each second.
    pub(crate) rate: Rate,
}

/// One connection as the hub sees it: first a stranger, then, after `hello`, a session.
pub struct Session {
    front: Arc<Front>,
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
struct Live {
    handle: Arc<SessionHandle>,
    user_bucket: Arc<Mutex<TokenBucket>>,
    expires: Millis,
}

/// A frame's turn in a live session.
struct Turn<'a> {
    session: &'a mut Session,
    asker: Asker<'a>,
}

// === impl Session ===

impl Session {
    /// A connection that has said nothing yet.
    pub(crate) fn new(
        front: Arc<Front>,
        outbound: Arc<dyn Outbound>,
        encoding: Encoding,
        info: ConnectionInfo,
    ) -> Self {
        let (bucket, patience) = (TokenBucket::new(front.rate), TokenBucket::new(front.rate.times(PATIENCE)));
        let identity = info.identity.map(Box::new);
        Self { front, outbound, encoding, identity, bucket, patience, live: None }
    }

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
            self.front.sessions.end(&live.handle);
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
        self.front.metrics.rejected(refusal.code);
        self.say(&ServerFrame::refusal(re, refusal));
    }

    async fn take(&mut self, re: Option<RequestId>, frame: ClientFrame) -> Flow {
        let Some(live) = &self.live else { return self.first_frame(re, frame).await };
        let handle = live.handle.clone();
        let asker = Asker { session: &handle, re: re.as_ref() };
        if let Err(refusal) = frame.give_to(Turn { session: self, asker }).await {
            self.refuse(re.as_ref(), &refusal);
        }
        Flow::Continue
    }

    async fn first_frame(&mut self, re: Option<RequestId>, frame: ClientFrame) -> Flow {
        let ClientFrame::Hello(requests::Hello { token, device, cursors }) = frame else {
            self.refuse(re.as_ref(), &Refusal::new(Code::Unauthorized, "say `hello` first"));
            return no_hello();
        };
        match self.hello(token, device, cursors.unwrap_or_default()).await {
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
        device: Option<DeviceName>,
        cursors: HashMap<GroupId, Seq>,
    ) -> Result<Live, Refused> {
        let front = self.front.clone();
        let identity = match token {
            Some(token) => front.admission.identify(&token).await?,
            None => *self.identity.take().ok_or_else(|| {
                let refusal = Refusal::new(Code::Unauthorized, "`hello` needs a `token`");
                (refusal, Ending::NoHello)
            })?,
        };
        front.admission.admit(&identity)?;
        let held = if device.is_some() { cursors.clone() } else { HashMap::new() };
        let handle = front.sessions.begin(&identity, self.outbound.clone(), self.encoding, device, cursors).await?;
        front.dispatch.receipts.came(&handle, &held);
        let user_bucket = front.admission.bucket_of(&handle.user);
        Ok(Live { handle, user_bucket, expires: identity.expires })
    }

    /// A later `hello` with nothing but a token extends the session.
    async fn renew(&mut self, re: Option<&RequestId>, token: Option<String>, more: bool) -> Result<(), Refusal> {
        if more {
            return Err(Refusal::bad_frame("a later `hello` takes nothing but `token`"));
        }
        let token = token.ok_or_else(|| Refusal::bad_frame("the field `token` is missing"))?;
        let identity = self.front.admission.authenticate(&token).await?;
        let Some(live) = &mut self.live else { return Ok(()) };
        if identity.user != live.handle.user {
            return Err(Refusal::forbidden("this token is another user's"));
        }
        live.expires = identity.expires;
        live.handle.prove(identity.proven);
        self.say(&ServerFrame::Ok(pushes::Done { re }));
        Ok(())
    }
}

// === impl Turn ===

/// A later `hello` is the session's own.
impl Handle<requests::Hello> for Turn<'_> {
    async fn handle(self, hello: requests::Hello) -> Result<(), Refusal> {
        let more = hello.device.is_some() || hello.cursors.is_some();
        self.session.renew(self.asker.re, hello.token, more).await
    }
}

/// Every other frame is a feature's.
impl<F> Handle<F> for Turn<'_>
where
    F: Answered + Send,
    Dispatch: AsRef<F::By>,
{
    async fn handle(self, frame: F) -> Result<(), Refusal> {
        frame.answer(self.session.front.dispatch.as_ref(), self.asker).await
    }
}

fn no_hello() -> Flow {
    Flow::Close(Ending::NoHello)
}

#[cfg(test)]
mod tests;
