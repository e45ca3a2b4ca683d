//! Sends of sessions, calls and services.

use std::sync::Arc;

use super::effects::EffectDoor;
use crate::domain::{Data, Refusal, UserId};
use crate::hub::codec::Body;
use crate::hub::config::MAX_DATA_DEPTH;
use crate::hub::features::answered::{Answered, Asker};
use crate::hub::features::membership::Creation;
use crate::hub::pipeline::publish::{Publisher, Reply, Stored};
use crate::ports::{Append, Standing};
use crate::protocol::{SendFrame, Target};

/// How large what is sent may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SendLimits {
    /// Greatest length of a text, in Unicode scalar values.
    pub(crate) text: usize,
    /// Greatest size of `data` as JSON, in bytes.
    pub(crate) data: usize,
}

/// Takes sends in.
pub(crate) struct Sending {
    publisher: Arc<Publisher>,
    creation: Arc<Creation>,
    door: EffectDoor,
    limits: SendLimits,
}

// === impl Sending ===

impl Sending {
    pub(crate) fn new(
        publisher: Arc<Publisher>,
        creation: Arc<Creation>,
        door: EffectDoor,
        limits: SendLimits,
    ) -> Self {
        Self { publisher, creation, door, limits }
    }

    /// Sends as a user and waits for the ack.
    pub(crate) async fn send(&self, user: &UserId, send: SendFrame) -> Result<Stored, Refusal> {
        let append = self.prepare_send(user, send, true).await?;
        self.publisher.publish_and_wait(append).await
    }

    /// Sends in a user's name, for a service: the user need not be a member.
    pub(crate) async fn send_as_service(&self, from: &UserId, send: SendFrame) -> Result<Stored, Refusal> {
        let append = self.prepare_send(from, send, false).await?;
        self.publisher.publish_and_wait(append).await
    }

    /// Checks a send's limits, finds (or makes) its group, and packs it for the log.
    async fn prepare_send(&self, from: &UserId, mut send: SendFrame, members_only: bool) -> Result<Append, Refusal> {
        self.check_text(send.text.as_deref().unwrap_or_default())?;
        self.check_data(send.data.as_ref())?;
        let group = match &send.target {
            Target::Group(group) => group.clone(),
            Target::User(peer) => self.creation.direct_group(from, peer).await?,
        };
        let asked = self.door.check(from, &group, &mut send, members_only).await?;
        let standing = if members_only { asked } else { Standing::Anybody };
        let entitled = !members_only || standing == Standing::Moderator;
        let body =
            Body::new(send.text, send.reference, send.data).mentioning(send.mentions).entitled(entitled).encode();
        let SendFrame { cid, kind, traits, .. } = send;
        Ok(Append { group, from: from.clone(), cid, kind, traits, body, standing })
    }

    fn check_text(&self, text: &str) -> Result<(), Refusal> {
        let most = self.limits.text;
        // A text of no more bytes has no more characters either.
        if text.len() > most && text.chars().count() > most {
            return Err(Refusal::too_large(format!("a text has at most {most} characters")));
        }
        Ok(())
    }

    fn check_data(&self, data: Option<&Data>) -> Result<(), Refusal> {
        let most = self.limits.data;
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
}

/// Its answer comes when it is stored.
impl Answered for Box<SendFrame> {
    type By = Sending;

    async fn answer(self, sending: &Sending, asker: Asker<'_>) -> Result<(), Refusal> {
        let on_demand = matches!(self.target, Target::User(_));
        let append = sending.prepare_send(&asker.session.user, *self, true).await?;
        let reply = Reply::Session { session: asker.session.clone(), re: asker.re.cloned() };
        sending.publisher.publish(append, reply, on_demand);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Cid, Code, Event, GroupId};
    use crate::hub::testing::{Bed, MemoryStore, text, until, user};
    use crate::protocol::Content;

    fn sending(bed: &Bed) -> Sending {
        let (groups, store) = (bed.groups.clone(), bed.store.clone());
        let door = EffectDoor::new(bed.node.clone(), groups, store.clone(), store);
        Sending::new(bed.publisher(), bed.creation(), door, SendLimits { text: 5, data: 10 })
    }

    fn send(group: &GroupId, text: &str) -> SendFrame {
        let content = Content { text: Some(text.into()), ..Content::default() };
        SendFrame::new(Target::Group(group.clone()), Cid::parse("c1").unwrap(), content).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_send_within_its_limits_is_appended_and_acked_when_it_is_stored() {
        let (id, bed) = (GroupId::random(), Bed::new(MemoryStore::default()));
        let (sending, anna, bob) = (sending(&bed), user("anna"), user("bob"));
        tokio::spawn(bed.acks.clone().run_send_deadlines());
        assert_eq!(sending.send(&anna, send(&id, "longer")).await.unwrap_err().code, Code::TooLarge);
        let stored = async {
            until(|| bed.log.appended.lock().len() == 2).await;
            bed.acks.resolve(&Event { cid: Cid::parse("c1").unwrap(), ..text(&id, 9, "anna") });
        };
        let (sent, as_service, ()) = tokio::join!(
            sending.send(&anna, send(&id, "short")),
            sending.send_as_service(&bob, send(&id, "short")),
            stored
        );
        assert_eq!(sent.unwrap().seq, 9);
        assert_eq!(as_service.unwrap_err().code, Code::Unavailable, "nothing answers it");
        let standings: Vec<_> = bed.log.appended.lock().iter().map(|append| append.standing).collect();
        assert_eq!(standings, [Standing::Member, Standing::Anybody]);
    }
}
