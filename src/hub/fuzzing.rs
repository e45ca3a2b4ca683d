//! For the fuzz targets only: what is pure and private here.

use super::groups::Plan;
use crate::domain::Seq;

/// What a session with this cursor is told will not be replayed, and after which seq replay begins.
pub fn resume_plan(cursor: Seq, head: Seq, first: Seq) -> (Vec<(Seq, Seq)>, Seq) {
    let Plan { gaps, after } = Plan::decide(cursor, head, first);
    (gaps.into_iter().map(|(from, to, _)| (from, to)).collect(), after)
}
