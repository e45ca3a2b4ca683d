//! Devices of users.

use std::collections::BTreeMap;

use super::{DeviceName, GroupId, Millis, Seq};

/// Devices that are kept of a user at most: those seen last.
pub const MAX_DEVICES: usize = 20;

/// A device of a user, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What its client calls it.
    pub name: DeviceName,
    /// When it was last seen. Never goes back.
    pub seen: Millis,
    /// Of groups the greatest seq that it holds: its delivered marks. None goes back.
    pub delivered: BTreeMap<GroupId, Seq>,
}

// === impl Device ===

impl Device {
    /// A device that was seen now, and holds nothing yet.
    pub fn new(name: DeviceName, seen: Millis) -> Self {
        Self { name, seen, delivered: BTreeMap::new() }
    }

    /// Notes that it was seen, and what it holds.
    pub fn raise(&mut self, seen: Millis, delivered: impl IntoIterator<Item = (GroupId, Seq)>) {
        self.seen = self.seen.max(seen);
        // Before the first event there is nothing to hold.
        for (group, seq) in delivered.into_iter().filter(|(_, seq)| *seq > 0) {
            let mark = self.delivered.entry(group).or_default();
            *mark = seq.max(*mark);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        for good in ["d", "Anna's phone", "küche", &"ü".repeat(64)] {
            assert_eq!(DeviceName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a\nb", "\u{1b}[31m", "\u{85}", &"x".repeat(65)] {
            assert!(DeviceName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn nothing_of_a_device_goes_back() {
        let (tea, cake) = (GroupId::random(), GroupId::random());
        let mut phone = Device::new(DeviceName::parse("phone").unwrap(), 5);
        phone.raise(7, [(tea.clone(), 3), (cake, 0)]);
        phone.raise(6, [(tea.clone(), 2)]);
        assert_eq!((phone.seen, phone.delivered), (7, BTreeMap::from([(tea, 3)])));
    }
}
