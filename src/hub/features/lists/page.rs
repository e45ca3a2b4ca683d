//! A page of a list of groups.

use crate::domain::{GroupId, Millis};
use crate::hub::config::GROUPS_PAGE;

/// Which page is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    /// The group behind which it begins; the first page where there is none, or it is not in the list.
    pub(super) after: Option<&'a GroupId>,
    /// How many groups it has at most.
    pub(super) limit: Option<usize>,
}

// === impl Asked ===

impl Asked<'_> {
    /// The page of these groups, newest activity first, and in the order of their ids where it is equally new; with
    /// whether there are more.
    pub(super) fn of<T>(self, mut groups: Vec<T>, place: impl Fn(&T) -> (Millis, &GroupId)) -> (Vec<T>, bool) {
        let limit = self.limit.unwrap_or(GROUPS_PAGE).clamp(1, GROUPS_PAGE);
        groups.sort_by(|one, other| {
            let ((time, id), (other_time, other_id)) = (place(one), place(other));
            other_time.cmp(&time).then_with(|| id.cmp(other_id))
        });
        let found = self.after.and_then(|after| groups.iter().position(|group| place(group).1 == after));
        let start = found.map_or(0, |at| at + 1);
        let more = groups.len() > start + limit;
        (groups.into_iter().skip(start).take(limit).collect(), more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(count: usize) -> Vec<GroupId> {
        let mut ids: Vec<_> = (0..count).map(|_| GroupId::random()).collect();
        ids.sort();
        ids
    }

    #[test]
    fn pages_go_on_behind_each_other_until_there_is_no_more() {
        let ids = ids(5);
        // Two are equally new.
        let groups: Vec<_> = [3, 9, 3, 1, 7].into_iter().zip(&ids).collect();
        let page = |after, limit| {
            let (page, more) = Asked { after, limit }.of(groups.clone(), |(time, id)| (*time, *id));
            (page.into_iter().map(|(_, id)| id.clone()).collect::<Vec<_>>(), more)
        };
        let order = [1, 4, 0, 2, 3].map(|at: usize| ids[at].clone());
        assert_eq!(page(None, Some(3)), (order[..3].to_vec(), true));
        assert_eq!(page(Some(&order[2]), Some(2)), (order[3..].to_vec(), false));
        assert_eq!(page(Some(&order[1]), Some(2)), (order[2..4].to_vec(), true));
        assert_eq!(page(Some(&order[4]), None), (Vec::new(), false));
        assert_eq!(page(Some(&GroupId::random()), Some(0)), (order[..1].to_vec(), true), "one at least");
    }

    #[test]
    fn nobody_gets_more_than_a_page() {
        let ids = ids(GROUPS_PAGE + 1);
        let asked = Asked { after: None, limit: Some(usize::MAX) };
        let (page, more) = asked.of(ids.iter().collect(), |id| (0, *id));
        assert_eq!((page.len(), more), (GROUPS_PAGE, true));
    }
}
