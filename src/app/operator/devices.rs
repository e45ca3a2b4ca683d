//! Devices of a user, as operators see them: when each was here, and how far it is behind.

use std::collections::{BTreeSet, HashMap, HashSet};

use futures::{StreamExt, TryStreamExt};

use super::admin_command::{DeviceLine, DeviceMark};
use crate::domain::{Device, DeviceName, GroupId, Seq, User};
use crate::ports::{Store, StoreError};

/// Groups that are shown of a device: those in which it is furthest behind.
const MOST_MARKS: usize = 10;
/// Groups whose heads are looked at, whatever the user is in.
const MOST_GROUPS: usize = 1_000;
/// Heads asked for at the same time.
const AT_ONCE: usize = 16;

/// The devices of a user, the one seen last first. Which are connected is known where a hub runs.
pub(super) async fn lines(
    store: &dyn Store,
    user: &User,
    connected: Option<&HashSet<DeviceName>>,
) -> Result<Vec<DeviceLine>, StoreError> {
    let devices = store.devices(&user.id).await?;
    let marked: BTreeSet<&GroupId> = devices.iter().flat_map(|device| device.delivered.keys()).collect();
    let mine = marked.into_iter().filter(|group| user.is_in(group)).take(MOST_GROUPS);
    let mine: Vec<GroupId> = mine.cloned().collect();
    let head = |group: GroupId| async move { Ok((store.head(&group).await?.seq, group)) };
    let heads = futures::stream::iter(mine).map(head).buffer_unordered(AT_ONCE);
    let heads: Vec<(Seq, GroupId)> = heads.try_collect().await?;
    let heads: HashMap<GroupId, Seq> = heads.into_iter().map(|(seq, group)| (group, seq)).collect();
    let of = |device: Device| {
        let groups = device.delivered.keys().filter(|group| user.is_in(group)).count();
        line(device, groups, &heads, connected)
    };
    Ok(devices.into_iter().map(of).collect())
}

/// A device with marks in so many of the user's groups.
fn line(
    device: Device,
    groups: usize,
    heads: &HashMap<GroupId, Seq>,
    connected: Option<&HashSet<DeviceName>>,
) -> DeviceLine {
    let marks = device.delivered.into_iter().filter_map(|(group, delivered)| {
        let behind = heads.get(&group)?.saturating_sub(delivered);
        Some(DeviceMark { group, delivered, behind })
    });
    let mut marks: Vec<DeviceMark> = marks.collect();
    marks.sort_by(|a, b| b.behind.cmp(&a.behind).then_with(|| a.group.cmp(&b.group)));
    marks.truncate(MOST_MARKS);
    let online = connected.map(|connected| connected.contains(&device.name));
    DeviceLine { device: device.name, online, last_seen: device.seen, groups, marks }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_shown_where_it_is_furthest_behind() {
        let groups: Vec<GroupId> = (0..30).map(|_| GroupId::random()).collect();
        let mut phone = Device::new(DeviceName::parse("phone").unwrap(), 5);
        phone.raise(5, groups.iter().cloned().zip(1..));
        // Of the first the user is no member any more.
        let heads: HashMap<GroupId, Seq> = groups[1..].iter().map(|group| (group.clone(), 20)).collect();
        let shown = line(phone, 29, &heads, Some(&HashSet::new()));
        assert_eq!((shown.online, shown.groups, shown.marks.len()), (Some(false), 29, MOST_MARKS));
        let behind: Vec<Seq> = shown.marks.iter().map(|mark| mark.behind).collect();
        assert!(behind.into_iter().eq((9..=18).rev()));
        assert_eq!(shown.marks[0], DeviceMark { group: groups[1].clone(), delivered: 2, behind: 18 });
    }
}
