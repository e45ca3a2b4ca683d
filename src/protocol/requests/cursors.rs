//! Cursors: of groups, the last seq held.

use std::collections::HashMap;

use crate::domain::{GroupId, Refusal, Seq};

/// Groups that a client names at most. A frame must not grow with all that somebody is in.
pub const MAX_CURSORS: usize = 1_000;

/// Refuses more groups than a frame may name.
pub(super) fn check(cursors: Option<&HashMap<GroupId, Seq>>) -> Result<(), Refusal> {
    match cursors {
        Some(cursors) if cursors.len() > MAX_CURSORS => Err(Refusal::too_large(format!(
            "`cursors` names {} groups and may name {MAX_CURSORS}: give those that moved last, and read on in the others with \
             `groups` and `history`",
            cursors.len()
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Code;

    #[test]
    fn a_thousand_groups_may_be_named_and_no_more() {
        let cursors = |count: usize| -> HashMap<_, _> { (0..count).map(|_| (GroupId::random(), 1)).collect() };
        assert!(check(None).is_ok() && check(Some(&cursors(MAX_CURSORS))).is_ok());
        assert_eq!(check(Some(&cursors(MAX_CURSORS + 1))).unwrap_err().code, Code::TooLarge);
    }
}
