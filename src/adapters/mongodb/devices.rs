//! Devices of users in MongoDB: one document each.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::bson::raw::cstr;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use serde::Deserialize;

use super::commands::encode;
use super::documents::{VERSION, int, read};
use super::{IDS_AT_ONCE, MongoStore, by_ids};
use crate::domain::{Device, DeviceName, GroupId, MAX_DEVICES, Millis, Seq, UserId, stored};
use crate::ports::{DeviceStore, StoreError, UserStore};

/// A device of one user, with its delivered marks.
#[derive(Deserialize)]
struct DeviceDocument {
    name: DeviceName,
    seen: Millis,
    #[serde(default)]
    g: BTreeMap<GroupId, Seq>,
}

/// A device without its marks: who has it, and when it was last seen.
#[derive(Deserialize)]
struct DeviceEntry {
    #[serde(rename = "_id")]
    id: String,
    #[serde(deserialize_with = "stored")]
    user: UserId,
    seen: Millis,
}

#[async_trait]
impl DeviceStore for MongoStore {
    async fn raise_devices(&self, devices: &[(UserId, Device)]) -> Result<(), StoreError> {
        let statements = devices.iter().map(|(user, device)| raise(user, device));
        let made = self.upsert_all(cstr!("devices"), statements.collect::<Result<_, _>>()?).await?;
        if made.is_empty() {
            return Ok(());
        }
        let made: HashSet<String> = made.into_iter().collect();
        let owners = devices.iter().filter(|(user, device)| made.contains(&device_id(user, &device.name)));
        let owners: HashSet<&UserId> = owners.map(|(user, _)| user).collect();
        self.keep_newest(&owners.into_iter().cloned().collect::<Vec<_>>()).await
    }

    async fn devices(&self, user: &UserId) -> Result<Vec<Device>, StoreError> {
        let sort = doc! { "seen": -1, "_id": 1 };
        let found = self.find(&self.devices, doc! { "user": user.as_str() }, sort, 0, MAX_DEVICES).await?;
        found.iter().map(|document| read::<DeviceDocument>(document).map(Device::from)).collect()
    }
}

// === impl MongoStore ===

impl MongoStore {
    /// Removes what is too much of these users, each of whom has a new device: the devices beyond those seen last, and
    /// all of users who are not there. Asked after the device was made, as a deletion removes devices after the user:
    /// one of the two sees what the other did.
    async fn keep_newest(&self, users: &[UserId]) -> Result<(), StoreError> {
        for users in users.chunks(IDS_AT_ONCE) {
            let known = self.users(users).await?;
            let known: HashSet<UserId> =
                known.into_iter().filter(|user| !user.is_deleted()).map(|user| user.id).collect();
            let mut entries = self.device_entries(users).await?;
            entries.sort_by(|a, b| (Reverse(a.seen), &a.id).cmp(&(Reverse(b.seen), &b.id)));
            let mut kept: HashMap<UserId, usize> = known.into_iter().map(|user| (user, 0)).collect();
            let stays = |entry: &DeviceEntry| {
                kept.get_mut(&entry.user).is_some_and(|kept| {
                    *kept += 1;
                    *kept <= MAX_DEVICES
                })
            };
            let (_, gone): (Vec<_>, Vec<_>) = entries.into_iter().partition(stays);
            let gone: Vec<&str> = gone.iter().map(|entry| entry.id.as_str()).collect();
            for slice in gone.chunks(IDS_AT_ONCE) {
                self.within(self.devices.delete_many(by_ids(slice))).await?;
            }
        }
        Ok(())
    }

    async fn device_entries(&self, users: &[UserId]) -> Result<Vec<DeviceEntry>, StoreError> {
        let users: Vec<&str> = users.iter().map(UserId::as_str).collect();
        let find = self.devices.find(doc! { "user": { "$in": users } });
        let find = find.projection(doc! { "user": 1, "seen": 1, "v": 1 });
        let found: Vec<RawDocumentBuf> = self.within(async move { find.await?.try_collect().await }).await?;
        found.iter().map(|document| read(document)).collect()
    }

    /// Removes what devices of these users hold of a group up to a seq; a later mark stays as it is.
    pub(super) async fn forget_device_marks(
        &self,
        group: &GroupId,
        users: &[&str],
        last: Seq,
    ) -> Result<(), StoreError> {
        let unset = doc! { "$unset": { format!("g.{group}"): 1 } };
        for slice in users.chunks(IDS_AT_ONCE) {
            let filter = doc! { "user": { "$in": slice }, format!("g.{group}"): { "$lte": int(last) } };
            self.within(self.devices.update_many(filter, unset.clone())).await?;
        }
        Ok(())
    }
}

impl From<DeviceDocument> for Device {
    fn from(document: DeviceDocument) -> Self {
        Self { name: document.name, seen: document.seen, delivered: document.g }
    }
}

/// A device's `_id`: no id of a user holds a space.
fn device_id(user: &UserId, name: &DeviceName) -> String {
    format!("{user} {name}")
}

/// A statement that raises one device.
fn raise(user: &UserId, device: &Device) -> Result<RawDocumentBuf, StoreError> {
    let mut highest = Document::new();
    highest.insert("seen", device.seen);
    for (group, seq) in &device.delivered {
        highest.insert(format!("g.{group}"), int(*seq));
    }
    let first = doc! { "user": user.as_str(), "name": device.name.as_str(), "v": VERSION };
    encode(&doc! {
        "q": { "_id": device_id(user, &device.name) },
        "u": { "$max": highest, "$setOnInsert": first },
        "upsert": true,
    })
}
