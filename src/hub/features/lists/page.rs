//! A page of a list of groups.

use crate::domain::{GroupId, Place};
use crate::hub::config::GROUPS_PAGE;

/// Behind which group of a list a page begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ListedFrom {
    /// Before all of them.
    #[default]
    Top,
    /// Behind a place, whether a group stands there or not.
    Behind(Place),
    /// Behind where this group stands now; at the top where it is not in the list.
    After(GroupId),
}

/// Which page is asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// Where it begins.
    pub(super) from: ListedFrom,
    /// How many groups it has at most.
    pub(super) limit: Option<usize>,
}

// === impl ListedFrom ===

impl ListedFrom {
    /// What a request names: a cursor, or a group as older versions do, or neither.
    pub fn named(cursor: Option<Place>, after: Option<GroupId>) -> Self {
        match (cursor, after) {
            (Some(place), _) => ListedFrom::Behind(place),
            (None, Some(group)) => ListedFrom::After(group),
            (None, None) => ListedFrom::Top,
        }
    }
}

// === impl Asked ===

impl Asked {
    /// The page of these groups, newest activity first; and where there are more, the place behind which they stand.
    pub(super) fn of<T>(self, groups: Vec<T>, place: impl Fn(&T) -> Place) -> (Vec<T>, Option<Place>) {
        let limit = self.limit.unwrap_or(GROUPS_PAGE).clamp(1, GROUPS_PAGE);
        let mut placed: Vec<(Place, T)> = groups.into_iter().map(|group| (place(&group), group)).collect();
        placed.sort_by(|(one, _), (other, _)| one.cmp(other));
        let start = match &self.from {
            ListedFrom::Top => 0,
            ListedFrom::Behind(behind) => placed.partition_point(|(place, _)| place <= behind),
            ListedFrom::After(after) => {
                placed.iter().position(|(place, _)| place.group == *after).map_or(0, |at| at + 1)
            }
        };
        let more = placed.len() > start + limit;
        let page: Vec<_> = placed.into_iter().skip(start).take(limit).collect();
        let next = page.last().filter(|_| more).map(|(place, _)| place.clone());
        (page.into_iter().map(|(_, group)| group).collect(), next)
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

    fn place_of((time, id): &(i64, &GroupId)) -> Place {
        Place { time: *time, group: (*id).clone() }
    }

    #[test]
    fn pages_go_on_behind_each_other_until_there_is_no_more() {
        let ids = ids(5);
        // Two are equally new.
        let groups: Vec<_> = [3, 9, 3, 1, 7].into_iter().zip(&ids).collect();
        let page = |after: Option<&GroupId>, limit| {
            let from = ListedFrom::named(None, after.cloned());
            let (page, next) = Asked { from, limit }.of(groups.clone(), place_of);
            (page.into_iter().map(|(_, id)| id.clone()).collect::<Vec<_>>(), next.is_some())
        };
        let order = [1, 4, 0, 2, 3].map(|at: usize| ids[at].clone());
        assert_eq!(page(None, Some(3)), (order[..3].to_vec(), true));
        assert_eq!(page(Some(&order[2]), Some(2)), (order[3..].to_vec(), false));
        assert_eq!(page(Some(&order[1]), Some(2)), (order[2..4].to_vec(), true));
        assert_eq!(page(Some(&order[4]), None), (Vec::new(), false));
        assert_eq!(page(Some(&GroupId::random()), Some(0)), (order[..1].to_vec(), true), "one at least");
    }

    #[test]
    fn a_cursor_goes_on_where_it_was_whatever_moves_or_leaves() {
        let ids = ids(6);
        let mut times: Vec<i64> = vec![6, 5, 4, 3, 2, 1];
        let mut left = vec![0, 1, 2, 3, 4, 5];
        let (mut from, mut seen) = (ListedFrom::Top, Vec::new());
        for round in 0.. {
            let list: Vec<_> = left.iter().map(|at: &usize| (times[*at], &ids[*at])).collect();
            let (page, next) = Asked { from, limit: Some(2) }.of(list, place_of);
            seen.extend(page.iter().map(|(_, id)| (*id).clone()));
            // The group that the page ended with gets a message, and then is left.
            match round {
                0 => times[1] = 100,
                _ => left.retain(|at| *at != 3),
            }
            match next {
                Some(place) => from = ListedFrom::Behind(place),
                None => break,
            }
        }
        assert_eq!(seen, ids, "each once, in the order of their places");
    }

    #[test]
    fn nobody_gets_more_than_a_page() {
        let ids = ids(GROUPS_PAGE + 1);
        let asked = Asked { from: ListedFrom::Top, limit: Some(usize::MAX) };
        let (page, next) = asked.of(ids.iter().map(|id| (0, id)).collect(), place_of);
        assert_eq!((page.len(), next.map(|place| place.group)), (GROUPS_PAGE, Some(ids[GROUPS_PAGE - 1].clone())));
    }
}
