//! Changes of groups: appended, and waited for.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Cid, Code, GroupId, Kind, Refusal, Role, Seq, UserId};
use crate::hub::node::NodeState;
use crate::hub::pipeline::restore::Restorer;
use crate::kernel::Backoff;
use crate::ports::{
    BackplaneError, ChangeOutcome, ChangeRequest, GroupStates, GroupStore, Permission, Sequencer, UpdateRequest,
};

/// Between two looks at whether a change is stored: most are within milliseconds.
const LOOK: Backoff = Backoff::new(Duration::from_millis(2), Duration::from_millis(100));

/// What others are told.
pub(crate) const ADMINS_ONLY: &str = "only an admin of this group may do this";

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

    /// Appends a membership change, and waits until all that it brought is stored.
    async fn append_change(&self, change: &ChangeRequest) -> Result<(), Refusal> {
        let (partition, name) = (self.node.partition(&change.group), self.node.name());
        let append = || self.sequencer.change_members(partition, &name, change);
        self.stored(&change.group, append, forbidden_reason(change)).await
    }

    /// Changes what admins set, and waits until that is stored.
    pub(crate) async fn update(&self, change: &UpdateRequest) -> Result<(), Refusal> {
        let (partition, name) = (self.node.partition(&change.group), self.node.name());
        let append = || self.sequencer.change_group(partition, &name, change);
        self.stored(&change.group, append, ADMINS_ONLY).await
    }

    /// Appends a change, and waits until all that it brought is stored. The group's state is restored first where it is
    /// absent.
    async fn stored<F>(&self, group: &GroupId, append: impl Fn() -> F, forbidden: &'static str) -> Result<(), Refusal>
    where
        F: Future<Output = Result<ChangeOutcome, BackplaneError>>,
    {
        self.node.check_owner()?;
        for _ in 0..2 {
            match append().await? {
                ChangeOutcome::Accepted { seq } => return self.until_stored(group, seq).await,
                ChangeOutcome::Unchanged => return Ok(()),
                ChangeOutcome::Forbidden => return Err(Refusal::forbidden(forbidden)),
                ChangeOutcome::Archived => return Err(Refusal::archived()),
                ChangeOutcome::TooMany => return self.check_count(usize::MAX),
                ChangeOutcome::NoAdmin => {
                    let message = "a group with members has an admin: make another member admin first";
                    return Err(Refusal::new(Code::Conflict, message));
                }
                ChangeOutcome::Full => {
                    return Err(Refusal::overloaded("the hub is storing more than it can; try again"));
                }
                ChangeOutcome::Unknown => drop(self.restorer.restore_held(group).await?),
            }
        }
        Err(Refusal::unavailable())
    }

    /// Waits until an event is stored, so that `ok` means what it says.
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
        (Permission::Oneself | Permission::Password, Kind::Joined) => "this group takes only those whom an admin adds",
        (Permission::Oneself, _) => "you are not a member of this group",
        _ => ADMINS_ONLY,
    }
}
