//! Users and their marks, in memory.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;

use async_trait::async_trait;

use super::{Answer, MemoryStore, made};
use crate::domain::{
    Details, DetailsPatch, Device, GroupId, Mark, Millis, Profile, User, UserId, WordPlace, name_key, search_form,
    words_of,
};
use crate::ports::{CursorStore, DeviceStore, ProfileStore, UserStore};

#[async_trait]
impl UserStore for MemoryStore {
    async fn ensure_user(&self, id: &UserId, profile: &Profile) -> Answer<User> {
        self.answer(self.users.lock().entry(id.clone()).or_insert_with(|| made(id, profile)).clone())
    }

    async fn user(&self, id: &UserId) -> Answer<Option<User>> {
        self.note("user");
        let found = self.users.lock().get(id).cloned();
        self.late(found).await
    }

    async fn users(&self, ids: &[UserId]) -> Answer<Vec<User>> {
        self.note("users");
        let found = {
            let users = self.users.lock();
            ids.iter().filter_map(|id| users.get(id).cloned()).collect()
        };
        self.late(found).await
    }

    async fn create_account(&self, id: &UserId, profile: &Profile, _: &str) -> Answer<bool> {
        self.answer(self.users.lock().insert(id.clone(), made(id, profile)).is_none())
    }

    async fn user_by_username(&self, username: &str) -> Answer<Option<User>> {
        let is_named = |user: &&User| name_key(&user.profile.username) == name_key(username);
        self.answer(self.users.lock().values().find(is_named).cloned())
    }

    async fn find_users(&self, prefix: &str, limit: usize) -> Answer<Vec<User>> {
        let users = self.users.lock();
        let prefix = search_form(prefix);
        let found = users.values().filter(|user| search_form(&user.profile.username).starts_with(&prefix));
        self.answer(found.take(limit).cloned().collect())
    }

    async fn find_words(&self, beginning: &str, after: Option<&WordPlace>, limit: usize) -> Answer<Vec<WordPlace>> {
        let users = self.users.lock();
        let places = users.values().flat_map(|user| {
            let place = |word| WordPlace { word, user: user.id.clone() };
            words_of(&user.profile).into_iter().map(place)
        });
        let begins = |place: &WordPlace| place.word.starts_with(beginning) && after.is_none_or(|after| place > after);
        let mut places: Vec<_> = places.filter(begins).collect();
        places.sort();
        places.truncate(limit);
        self.answer(places)
    }

    async fn all_users(&self, page: usize, per_page: usize) -> Answer<Vec<User>> {
        self.answer(self.users.lock().values().skip(page * per_page).take(per_page).cloned().collect())
    }

    async fn set_profile(&self, id: &UserId, username: Option<&str>, name: Option<&str>) -> Answer<bool> {
        if let Some(user) = self.users.lock().get_mut(id) {
            let profile = &mut user.profile;
            profile.username = username.unwrap_or(&profile.username).to_owned();
            profile.name = name.unwrap_or(&profile.name).to_owned();
        }
        self.answer(true)
    }

    async fn set_password(&self, id: &UserId, password: &str, not_before: Millis) -> Answer<()> {
        if let Some(user) = self.users.lock().get_mut(id) {
            user.password = Some(password.to_owned());
        }
        self.end_logins(id, not_before).await
    }

    async fn end_logins(&self, id: &UserId, not_before: Millis) -> Answer<()> {
        if let Some(user) = self.users.lock().get_mut(id) {
            user.not_before = user.not_before.max(not_before);
        }
        self.answer(())
    }

    async fn set_banned(&self, id: &UserId, banned: bool) -> Answer<()> {
        if let Some(user) = self.users.lock().get_mut(id) {
            user.banned = banned;
        }
        self.answer(())
    }

    async fn seen(&self, seen: &[(UserId, Millis)]) -> Answer<()> {
        let mut users = self.users.lock();
        for (id, at) in seen {
            if let Some(user) = users.get_mut(id) {
                user.last_seen = *at;
            }
        }
        self.answer(())
    }

    async fn delete_user(&self, id: &UserId) -> Answer<()> {
        self.users.lock().remove(id);
        self.answer(())
    }
}

#[async_trait]
impl ProfileStore for MemoryStore {
    async fn details(&self, user: &UserId) -> Answer<Details> {
        self.note("details");
        let found = self.details.lock().get(user).cloned().unwrap_or_default();
        self.late(found).await
    }

    async fn edit_details(&self, user: &UserId, edit: &DetailsPatch) -> Answer<()> {
        self.answer(())?;
        self.details.lock().entry(user.clone()).or_default().apply(edit.clone());
        Ok(())
    }
}

#[async_trait]
impl CursorStore for MemoryStore {
    async fn marks(&self, users: &[UserId]) -> Answer<HashMap<UserId, HashMap<GroupId, Mark>>> {
        let marks = self.marks.lock();
        let of = |user: &UserId| Some((user.clone(), marks.get(user)?.clone()));
        self.answer(users.iter().filter_map(of).collect())
    }

    async fn marks_in(&self, group: &GroupId, users: &[UserId]) -> Answer<HashMap<UserId, Mark>> {
        let marks = self.marks.lock();
        let of = |user: &UserId| Some((user.clone(), *marks.get(user)?.get(group)?));
        self.answer(users.iter().filter_map(of).collect())
    }

    async fn raise_marks(&self, raised: &[(UserId, GroupId, Mark)]) -> Answer<()> {
        self.answer(())?;
        let mut marks = self.marks.lock();
        for (user, group, mark) in raised {
            let kept = marks.entry(user.clone()).or_default().entry(group.clone()).or_default();
            *kept = kept.max(*mark);
        }
        Ok(())
    }
}

#[async_trait]
impl DeviceStore for MemoryStore {
    async fn raise_devices(&self, devices: &[(UserId, Device)]) -> Answer<()> {
        self.answer(())?;
        self.raised.fetch_add(devices.len(), Relaxed);
        let mut kept = self.devices.lock();
        for (user, device) in devices {
            let fresh = || Device::new(device.name.clone(), 0);
            let known = kept.entry((user.clone(), device.name.clone())).or_insert_with(fresh);
            known.raise(device.seen, device.delivered.clone());
        }
        Ok(())
    }

    async fn devices(&self, user: &UserId) -> Answer<Vec<Device>> {
        let devices = self.devices.lock();
        self.answer(devices.iter().filter(|((of, _), _)| of == user).map(|(_, device)| device.clone()).collect())
    }
}
