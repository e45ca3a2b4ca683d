//! [`Sequencer`] in process.

use async_trait::async_trait;

use super::LocalBackplane;
use crate::domain::{Cid, GroupId, NodeName, UserId};
use crate::ports::{
    Append, Appended, BackplaneError, ChangeOutcome, ChangeRequest, Partition, Sequencer, UpdateRequest,
};

#[async_trait]
impl Sequencer for LocalBackplane {
    async fn append(
        &self,
        partition: Partition,
        origin: &NodeName,
        appends: &[Append],
    ) -> Result<Vec<Appended>, BackplaneError> {
        let cx = self.context();
        let answers: Vec<Appended> = {
            let state = self.partition(partition);
            let mut state = state.lock();
            appends.iter().map(|append| state.append(&cx, origin, append)).collect()
        };
        self.appended.notify_waiters();
        Ok(answers)
    }

    async fn change_members(
        &self,
        partition: Partition,
        origin: &NodeName,
        change: &ChangeRequest,
    ) -> Result<ChangeOutcome, BackplaneError> {
        let outcome = self.partition(partition).lock().change(&self.context(), origin, change);
        self.appended.notify_waiters();
        Ok(outcome)
    }

    async fn change_group(
        &self,
        partition: Partition,
        origin: &NodeName,
        change: &UpdateRequest,
    ) -> Result<ChangeOutcome, BackplaneError> {
        let outcome = self.partition(partition).lock().change_group(&self.context(), origin, change);
        self.appended.notify_waiters();
        Ok(outcome)
    }

    async fn forget_cid(
        &self,
        partition: Partition,
        group: &GroupId,
        from: &UserId,
        cid: &Cid,
    ) -> Result<(), BackplaneError> {
        self.partition(partition).lock().forget_cid(group, from, cid);
        Ok(())
    }
}
