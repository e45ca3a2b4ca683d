//! Devices of users in SQLite: a row each, and one for each of their marks.

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::columns::id;
use super::{SqliteStore, from_sql, to_sql};
use crate::domain::{Device, DeviceName, GroupId, MAX_DEVICES, UserId};
use crate::ports::{DeviceStore, StoreError};

#[async_trait]
impl DeviceStore for SqliteStore {
    async fn raise_devices(&self, devices: &[(UserId, Device)]) -> Result<(), StoreError> {
        let devices = devices.to_vec();
        self.write(move |db| devices.iter().try_for_each(|(user, device)| raise(db, user, device))).await
    }

    async fn devices(&self, user: &UserId) -> Result<Vec<Device>, StoreError> {
        let user = user.clone();
        self.read(move |db| devices_of(db, &user)).await
    }
}

fn raise(db: &Connection, user: &UserId, device: &Device) -> rusqlite::Result<()> {
    let (user, name) = (user.as_str(), device.name.as_str());
    let sql = "INSERT INTO devices (user, name, seen)
        SELECT id, ?2, ?3 FROM users WHERE id = ?1 AND NOT (banned AND username = '')
        ON CONFLICT DO UPDATE SET seen = max(seen, excluded.seen)";
    if db.prepare_cached(sql)?.execute(params![user, name, device.seen])? == 0 {
        // A session of a user who is deleted ends a moment later.
        return Ok(());
    }
    let sql = "INSERT INTO device_marks (user, device, grp, delivered) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET delivered = max(delivered, excluded.delivered)";
    let mut mark = db.prepare_cached(sql)?;
    for (group, seq) in &device.delivered {
        mark.execute(params![user, name, group.as_str(), to_sql(*seq)])?;
    }
    remove_oldest(db, user)
}

/// Removes the devices that are more than are kept, those that were not seen for longest.
fn remove_oldest(db: &Connection, user: &str) -> rusqlite::Result<()> {
    let sql = "SELECT name FROM devices WHERE user = ?1 ORDER BY seen DESC, name LIMIT -1 OFFSET ?2";
    let mut more = db.prepare_cached(sql)?;
    let names = more.query_map(params![user, MAX_DEVICES as i64], |row| row.get::<_, String>(0))?;
    for name in names.collect::<rusqlite::Result<Vec<_>>>()? {
        db.prepare_cached("DELETE FROM devices WHERE user = ?1 AND name = ?2")?.execute([user, &name])?;
        db.prepare_cached("DELETE FROM device_marks WHERE user = ?1 AND device = ?2")?.execute([user, &name])?;
    }
    Ok(())
}

fn devices_of(db: &Connection, user: &UserId) -> rusqlite::Result<Vec<Device>> {
    let sql = "SELECT name, seen FROM devices WHERE user = ?1 ORDER BY seen DESC, name LIMIT ?2";
    let mut statement = db.prepare_cached(sql)?;
    let found = statement.query_map(params![user.as_str(), MAX_DEVICES as i64], |row| {
        Ok(Device::new(id(row, 0, DeviceName::parse)?, row.get(1)?))
    })?;
    let mut devices = found.collect::<rusqlite::Result<Vec<_>>>()?;
    let sql = "SELECT grp, delivered FROM device_marks WHERE user = ?1 AND device = ?2";
    let mut marks = db.prepare_cached(sql)?;
    for device in &mut devices {
        let of_device = marks.query_map([user.as_str(), device.name.as_str()], |row| {
            Ok((id(row, 0, GroupId::parse)?, from_sql(row.get(1)?)))
        })?;
        device.delivered = of_device.collect::<rusqlite::Result<_>>()?;
    }
    Ok(devices)
}
