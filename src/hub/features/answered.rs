//! Frames that features answer.

use std::sync::Arc;

use crate::domain::Refusal;
use crate::hub::local::SessionHandle;
use crate::protocol::{RequestId, ServerFrame, pushes};

/// Who asks by a frame.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) session: &'a Arc<SessionHandle>,
    /// The request, which its answer names.
    pub(crate) re: Option<&'a RequestId>,
}

/// A frame that a feature answers. The feature's folder says how.
pub(crate) trait Answered {
    /// The feature.
    type By: Sync;

    /// Does what it asks, and answers.
    ///
    /// # Errors
    /// Why it is not done, which is then the answer.
    fn answer(self, by: &Self::By, asker: Asker<'_>) -> impl Future<Output = Result<(), Refusal>> + Send;
}

// === impl Asker ===

impl Asker<'_> {
    /// Answers with a frame.
    pub(crate) fn tell(self, frame: &ServerFrame<'_>) {
        self.session.send(frame);
    }

    /// Answers that it is done.
    pub(crate) fn done(self) {
        self.tell(&ServerFrame::Ok(pushes::Done { re: self.re }));
    }
}
