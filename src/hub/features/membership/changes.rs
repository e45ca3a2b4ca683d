//! Membership changes: appended, and waited for.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Cid, Code, GroupId, Kind, Refusal, Role, Seq, UserId};
use crate::hub::node::NodeState;
use crate::hub::pipeline::restore::Restorer;
use crate::kernel::Backoff;
use crate::ports::{ChangeOutcome, ChangeRequest, GroupStates, GroupStore, Permission, Sequencer};

/// Between two looks at whether a change is stored: most are within milliseconds.
const LOOK: Backoff = Backoff::new(Duration::from_millis(2), Duration::from_millis(100));

/// A change of a group's members.
pub(crate) struct Change<'a> {
    pub(crate) group: &'a GroupId,
    pub(crate) actor: &'a UserId,
    pub(crate) kind: Kind,
    pub(crate) users: Vec<UserId>,
    pub(crate) permission: Permission,
    pub(crate) role: Role,
    pub(crate) cid: Cid,
}

/// Makes changes.
pub(crate) struct Changes {
    sequencer: Arc<dyn Sequencer>,
    states: Arc<dyn GroupStates>,
    documents: Arc<dyn GroupStore>,
    restorer: Arc<Restorer>,
    node: Arc<NodeState>,
    /// Greatest number of members of a group.
    max_members: usize,
    /// After this long without being stored a change gets `unavailable`.
    timeout: Duration,
}

// === impl Changes ===

impl Changes {
    pub(crate) fn new(
        sequencer: Arc<dyn Sequencer>,
        states: Arc<dyn GroupStates>,
        documents: Arc<dyn GroupStore>,
        restorer: Arc<Restorer>,
        node: Arc<NodeState>,
        max_members: usize,
        timeout: Duration,
    ) -> Self {
        Self { sequencer, states, documents, restorer, node, max_members, timeout }
    }

    /// Makes a change, and waits until all that it brought is stored.
    pub(super) async fn make(&self, change: Change<'_>) -> Result<(), Refusal> {
        let Change { group, actor, kind, users, permission, role, cid } = change;
        let (group, actor, max_members) = (group.clone(), actor.clone(), self.max_members);
        self.append_change(&ChangeRequest { group, actor, kind, role, users, permission, max_members, cid }).await
    }

    pub(super) fn check_count(&self, count: usize) -> Result<(), Refusal> {
        let most = self.max_members;
        if count > most {
            return Err(Refusal::too_large(format!("a group has at most {most} members")));
        }
        Ok(())
    }

    /// Appends a membership change, and waits until all that it brought is stored. The group's state is restored first
    /// where it is absent.
    async fn append_change(&self, change: &ChangeRequest) -> Result<(), Refusal> {
        self.node.check_owner()?;
        let partition = self.node.partition(&change.group);
        for _ in 0..2 {
            let outcome = self.sequencer.change_members(partition, &self.node.name(), change).await;
            match outcome? {
                ChangeOutcome::Accepted { seq } => return self.until_stored(&change.group, seq).await,
                ChangeOutcome::Unchanged => return Ok(()),
                ChangeOutcome::Forbidden => return Err(Refusal::forbidden(forbidden_reason(change))),
                ChangeOutcome::TooMany => return self.check_count(usize::MAX),
                ChangeOutcome::NoAdmin => {
                    let message = "a group with members has an admin: make another member admin first";
                    return Err(Refusal::new(Code::Conflict, message));
                }
                ChangeOutcome::Full => {
                    return Err(Refusal::overloaded("the hub is storing more than it can; try again"));
                }
                ChangeOutcome::Unknown => drop(self.restorer.restore_held(&change.group).await?),
            }
        }
        Err(Refusal::unavailable())
    }

    /// Waits until a membership event is stored, so that `ok` means what it says.
    async fn until_stored(&self, group: &GroupId, seq: Seq) -> Result<(), Refusal> {
        let partition = self.node.partition(group);
        let wait = async {
            let mut look = LOOK;
            loop {
                let heads = self.states.heads(partition, std::slice::from_ref(group)).await;
                match heads.map(|heads| heads.first().copied().flatten()) {
                    Ok(Some(head)) if head.seq >= seq => return Ok(()),
                    // It may have been deleted meanwhile: then it never will be stored.
                    Ok(None) if matches!(self.documents.group(group).await, Ok(None)) => {
                        return Err(Refusal::unavailable());
                    }
                    _ => {}
                }
                look.pause().await;
            }
        };
        tokio::time::timeout(self.timeout, wait).await.unwrap_or_else(|_| Err(Refusal::unavailable()))
    }
}

fn forbidden_reason(change: &ChangeRequest) -> &'static str {
    match (change.permission, change.kind) {
        (Permission::Oneself, Kind::Joined) => "this group takes only those whom an admin adds",
        (Permission::Oneself, _) => "you are not a member of this group",
        _ => "only an admin of this group may do this",
    }
}
