//! Requests of sessions, each to its feature.

use std::sync::Arc;

use crate::domain::Refusal;
use crate::hub::features::history::History;
use crate::hub::features::lists::GroupLists;
use crate::hub::features::membership::{Creation, Membership};
use crate::hub::features::pins::Pins;
use crate::hub::features::presence::Watching;
use crate::hub::features::receipts::Receipts;
use crate::hub::features::sending::Sending;
use crate::hub::features::typing::Typing;
use crate::hub::local::SessionHandle;
use crate::protocol::{ClientFrame, RequestId, ServerFrame, pushes, requests};

/// The features that sessions ask.
pub(crate) struct Dispatch {
    pub(crate) sending: Arc<Sending>,
    pub(crate) receipts: Arc<Receipts>,
    pub(crate) typing: Arc<Typing>,
    pub(crate) history: Arc<History>,
    pub(crate) pins: Arc<Pins>,
    pub(crate) lists: Arc<GroupLists>,
    pub(crate) creation: Arc<Creation>,
    pub(crate) membership: Arc<Membership>,
    pub(crate) watching: Arc<Watching>,
}

// === impl Dispatch ===

impl Dispatch {
    /// Everything that a session asks and is answered at once.
    pub(super) async fn request(
        &self,
        session: &Arc<SessionHandle>,
        re: Option<&RequestId>,
        frame: ClientFrame,
    ) -> Result<(), Refusal> {
        let user = &session.user;
        match frame {
            ClientFrame::Read(requests::Read { group, seq }) => self.receipts.read(session, &group, seq).await?,
            ClientFrame::Typing(requests::Typing { group }) => return self.typing.typing(session, &group).await,
            ClientFrame::History(requests::History { group, before, after, limit }) => {
                return self.history.answer_history(session, re, group, before, after, limit).await;
            }
            ClientFrame::Pins(requests::Pins { group }) => return self.pins.answer_pins(session, re, &group).await,
            ClientFrame::Groups(requests::Groups { after, limit }) => {
                return self.lists.answer_groups(session, re, after, limit).await;
            }
            ClientFrame::Create(requests::Create { name, members, access, cid }) => {
                let access = access.unwrap_or_default();
                let group = self.creation.create_group(user, name, members, access, cid).await?;
                return self.lists.show_group(session, re, &group).await;
            }
            ClientFrame::Join(requests::Join { group }) => self.membership.join(user, &group).await?,
            ClientFrame::Leave(requests::Leave { group }) => self.membership.leave(user, &group).await?,
            ClientFrame::Add(requests::Add { group, users }) => self.membership.add(user, &group, users).await?,
            ClientFrame::Remove(requests::Remove { group, users }) => {
                self.membership.remove(user, &group, users).await?
            }
            ClientFrame::Watch(requests::Watch { groups }) => return self.watching.watch(session, re, groups).await,
            ClientFrame::Ping(requests::Ping { cursors }) => {
                self.receipts.delivered_marks(session, cursors.unwrap_or_default());
                session.send(&ServerFrame::Pong(pushes::Pong { re }));
                return Ok(());
            }
            // Both were taken before.
            ClientFrame::Hello(requests::Hello { .. }) | ClientFrame::Send(_) => return Ok(()),
        }
        session.send(&ServerFrame::Ok(pushes::Done { re }));
        Ok(())
    }
}
