//! Devices of users: when each was seen and what it holds, written together.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::domain::{Device, DeviceName, GroupId, Millis, Seq, UserId, now_ms};
use crate::hub::local::SessionHandle;
use crate::kernel::Delayed;
use crate::ports::DeviceStore;

/// Devices that are written with one call.
const WRITTEN_TOGETHER: usize = 500;

type DeviceKey = (UserId, DeviceName);

/// What waits to be written of a device.
#[derive(Default)]
struct Progress {
    seen: Millis,
    delivered: HashMap<GroupId, Seq>,
}

/// Keeps what sessions say of their devices. Of a session without a device it keeps nothing.
pub(crate) struct DeviceMarks {
    devices: Arc<dyn DeviceStore>,
    /// How long what is known of a device waits for more of it.
    every: Duration,
    waiting: Mutex<Delayed<DeviceKey, Progress>>,
}

// === impl DeviceMarks ===

impl DeviceMarks {
    pub(crate) fn new(devices: Arc<dyn DeviceStore>, every: Duration) -> Self {
        Self { devices, every, waiting: Mutex::default() }
    }

    /// A session's device is here, and holds these groups up to these seqs.
    pub(super) fn seen(&self, session: &SessionHandle, delivered: impl IntoIterator<Item = (GroupId, Seq)>) {
        if let Some(key) = key_of(session) {
            self.keep(&key, now_ms(), delivered);
        }
    }

    /// A session is over: what is known of its device, another node may be asked for next.
    pub(super) fn left(&self, session: &SessionHandle) {
        // Who was never welcomed was not here: they may be banned, or deleted.
        let Some(key) = key_of(session).filter(|_| session.is_open()) else { return };
        self.keep(&key, now_ms(), []);
        self.waiting.lock().hasten(&key);
    }

    fn keep(&self, key: &DeviceKey, seen: Millis, delivered: impl IntoIterator<Item = (GroupId, Seq)>) {
        let mut waiting = self.waiting.lock();
        let progress = waiting.entry(key, self.every);
        progress.seen = seen.max(progress.seen);
        for (group, seq) in delivered {
            let mark = progress.delivered.entry(group).or_default();
            *mark = seq.max(*mark);
        }
    }

    /// Writes everything that waits.
    pub(super) async fn write_all(&self) {
        self.write(Instant::now() + self.every).await;
    }

    /// Writes what is due at a moment; what cannot be written waits on.
    pub(super) async fn write(&self, due: Instant) {
        loop {
            let taken = self.waiting.lock().take_due(due, WRITTEN_TOGETHER);
            if taken.is_empty() {
                return;
            }
            let devices: Vec<(UserId, Device)> = taken.into_iter().map(device_of).collect();
            if let Err(error) = self.devices.raise_devices(&devices).await {
                tracing::debug!(%error, "devices wait to be stored");
                for (user, device) in devices {
                    self.keep(&(user, device.name), device.seen, device.delivered);
                }
                return;
            }
        }
    }
}

fn key_of(session: &SessionHandle) -> Option<DeviceKey> {
    session.device.clone().map(|device| (session.user.clone(), device))
}

fn device_of(((user, name), progress): (DeviceKey, Progress)) -> (UserId, Device) {
    let mut device = Device::new(name, progress.seen);
    device.raise(progress.seen, progress.delivered);
    (user, device)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::hub::local::LocalUsers;
    use crate::hub::testing::{MemoryStore, device_session, open_session, user};

    const EVERY: Duration = Duration::from_secs(15);

    async fn held(store: &MemoryStore) -> Vec<(String, BTreeMap<GroupId, Seq>)> {
        let devices = store.devices(&user("anna")).await.unwrap();
        devices.into_iter().map(|device| (device.name.to_string(), device.delivered)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_two_devices_hold_is_written_once_it_is_due_each_for_itself() {
        let (store, users, tea) = (Arc::<MemoryStore>::default(), LocalUsers::default(), GroupId::random());
        let marks = DeviceMarks::new(store.clone(), EVERY);
        let [phone, laptop] = ["phone", "laptop"].map(|name| device_session(&users, "anna", name).0);
        marks.seen(&phone, [(tea.clone(), 4)]);
        marks.seen(&phone, [(tea.clone(), 3)]);
        marks.seen(&laptop, [(tea.clone(), 9)]);
        marks.write(Instant::now()).await;
        assert_eq!(held(&store).await, [], "others of the device may come");
        tokio::time::advance(EVERY).await;
        marks.write(Instant::now()).await;
        let mut there = held(&store).await;
        there.sort();
        let up_to = |seq| BTreeMap::from([(tea.clone(), seq)]);
        assert_eq!(there, [("laptop".to_owned(), up_to(9)), ("phone".to_owned(), up_to(4))]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_device_that_left_is_written_soon_and_a_session_without_one_never() {
        let (store, users, tea) = (Arc::<MemoryStore>::default(), LocalUsers::default(), GroupId::random());
        let marks = DeviceMarks::new(store.clone(), EVERY);
        let (plain, _ear) = open_session(&users, "anna");
        marks.seen(&plain, [(tea.clone(), 4)]);
        marks.left(&plain);
        let (phone, _ear) = device_session(&users, "anna", "phone");
        marks.seen(&phone, [(tea.clone(), 4)]);
        marks.left(&phone);
        marks.write(Instant::now()).await;
        assert_eq!(held(&store).await, [("phone".to_owned(), BTreeMap::from([(tea, 4)]))]);
        assert_eq!(store.raised(), 1, "nothing more waits");
        marks.write_all().await;
        assert_eq!(store.raised(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_silent_store_does_not_take_waits_on() {
        let (store, users, tea) = (Arc::<MemoryStore>::default(), LocalUsers::default(), GroupId::random());
        let marks = DeviceMarks::new(store.clone(), EVERY);
        let (phone, _ear) = device_session(&users, "anna", "phone");
        marks.seen(&phone, [(tea.clone(), 4)]);
        store.be_silent(true);
        marks.write_all().await;
        marks.seen(&phone, [(tea.clone(), 2)]);
        store.be_silent(false);
        marks.write_all().await;
        assert_eq!(held(&store).await, [("phone".to_owned(), BTreeMap::from([(tea, 4)]))]);
    }
}
