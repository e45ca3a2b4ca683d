//! A store in memory, for each of the small ports.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use async_trait::async_trait;
use parking_lot::Mutex;

use super::followers::MemoryFollowers;
use super::{group, user};
use crate::domain::{
    Base, Cid, Device, DeviceName, Effect, Event, Group, GroupId, Head, Mark, MembershipChange, Millis, Profile, Seq,
    User, UserId, name_key, search_form,
};
use crate::ports::{
    CursorStore, Deletion, DeviceStore, GroupStore, Inserted, MessageStore, Page, StoreError, StoreHealth, UserStore,
};

type Answer<T> = Result<T, StoreError>;

/// What is stored. It can be silent, and then answers nothing.
#[derive(Default)]
pub(crate) struct MemoryStore {
    events: Mutex<BTreeMap<(GroupId, Seq), Event>>,
    pub(super) groups: Mutex<HashMap<GroupId, Group>>,
    users: Mutex<BTreeMap<UserId, User>>,
    marks: Mutex<HashMap<UserId, HashMap<GroupId, Mark>>>,
    devices: Mutex<BTreeMap<(UserId, DeviceName), Device>>,
    /// Devices that were raised, each as often as it was.
    raised: AtomicUsize,
    effects: Mutex<Vec<Effect>>,
    pub(super) followers: MemoryFollowers,
    refuses_effects: AtomicBool,
    silent: AtomicBool,
    pages: AtomicUsize,
}

// === impl MemoryStore ===

impl MemoryStore {
    /// A store with these events, and a group of these members.
    pub(crate) fn of(id: &GroupId, members: &[&str], events: impl IntoIterator<Item = Event>) -> Self {
        let store = Self::default();
        store.put_group(group(id, members));
        members.iter().for_each(|name| store.put_user(name, id));
        store.put(events);
        store
    }

    pub(crate) fn put(&self, events: impl IntoIterator<Item = Event>) {
        self.events.lock().extend(events.into_iter().map(|event| ((event.group.clone(), event.seq), event)));
    }

    pub(crate) fn put_group(&self, group: Group) {
        self.groups.lock().insert(group.id.clone(), group);
    }

    pub(crate) fn put_user(&self, name: &str, group: &GroupId) {
        let profile = Profile { username: name.into(), name: name.into() };
        let mut users = self.users.lock();
        users.entry(user(name)).or_insert_with(|| made(&user(name), &profile)).groups.insert(group.clone(), 1);
    }

    pub(crate) fn be_silent(&self, silent: bool) {
        self.silent.store(silent, Relaxed);
    }

    pub(crate) fn refuse_effects(&self) {
        self.refuses_effects.store(true, Relaxed);
    }

    /// How often a device was raised.
    pub(crate) fn raised(&self) -> usize {
        self.raised.load(Relaxed)
    }

    /// How many pages of events were read.
    pub(crate) fn pages(&self) -> usize {
        self.pages.load(Relaxed)
    }

    /// The effects that were applied.
    pub(crate) fn applied(&self) -> Vec<Effect> {
        self.effects.lock().clone()
    }

    /// All events of a group.
    pub(crate) fn all(&self, group: &GroupId) -> Vec<Event> {
        self.events.lock().iter().filter(|((of, _), _)| of == group).map(|(_, event)| event.clone()).collect()
    }

    pub(super) fn answer<T>(&self, answer: T) -> Answer<T> {
        if self.silent.load(Relaxed) { Err(StoreError::Unreachable("silent".into())) } else { Ok(answer) }
    }
}

fn made(id: &UserId, profile: &Profile) -> User {
    User {
        id: id.clone(),
        profile: profile.clone(),
        banned: false,
        password: None,
        not_before: 0,
        groups: BTreeMap::new(),
        created: 0,
        last_seen: 0,
    }
}

#[async_trait]
impl MessageStore for MemoryStore {
    async fn insert(&self, events: &[Event]) -> Answer<Vec<Inserted>> {
        let mut answers = Vec::new();
        for event in events {
            let taken = self.all(&event.group).iter().any(|there| there.seq == event.seq || there.same_send(event));
            if !taken {
                self.put([event.clone()]);
            }
            answers.push(if taken { Inserted::Duplicate } else { Inserted::Stored });
        }
        self.answer(answers)
    }

    async fn event(&self, group: &GroupId, seq: Seq) -> Answer<Option<Event>> {
        self.answer(self.events.lock().get(&(group.clone(), seq)).cloned())
    }

    async fn event_by_cid(&self, group: &GroupId, from: &UserId, cid: &Cid) -> Answer<Option<Event>> {
        self.answer(self.all(group).into_iter().find(|event| event.from == *from && event.cid == *cid))
    }

    async fn events(&self, ids: &[(GroupId, Seq)]) -> Answer<Vec<Event>> {
        let events = self.events.lock();
        self.answer(ids.iter().filter_map(|id| events.get(id).cloned()).collect())
    }

    async fn page(&self, group: &GroupId, page: Page) -> Answer<Vec<Event>> {
        self.pages.fetch_add(1, Relaxed);
        let all = self.all(group).into_iter();
        let newest = |found: Vec<Event>, limit: usize| found[found.len().saturating_sub(limit)..].to_vec();
        self.answer(match page {
            Page::After(after, limit) => all.filter(|event| event.seq > after).take(limit).collect(),
            Page::Before(before, limit) => newest(all.filter(|event| event.seq < before).collect(), limit),
            Page::Shown(number, limit) => {
                newest(all.filter(|event| event.traits.shown && event.shown < number).collect(), limit)
            }
        })
    }

    async fn apply_effects(&self, effects: &[Effect]) -> Answer<()> {
        if self.refuses_effects.load(Relaxed) {
            return Err(StoreError::Refused("no effects".into()));
        }
        self.effects.lock().extend(effects.iter().cloned());
        self.answer(())
    }

    async fn pins(&self, group: &GroupId, limit: usize) -> Answer<Vec<Event>> {
        let pinned = self.all(group).into_iter().rev().filter(|event| event.text.is_some());
        self.answer(pinned.take(limit).collect())
    }

    async fn head(&self, group: &GroupId) -> Answer<Head> {
        self.answer(self.all(group).last().map(Event::head).unwrap_or_default())
    }

    async fn all_messages(&self, page: usize, per_page: usize) -> Answer<Vec<Event>> {
        let events = self.events.lock();
        self.answer(events.values().rev().skip(page * per_page).take(per_page).cloned().collect())
    }

    async fn expire(&self, group: &GroupId, before: Millis) -> Answer<u64> {
        let mut events = self.events.lock();
        let count = events.len();
        let newest = events.keys().rev().find(|(of, _)| of == group).map(|(_, seq)| *seq);
        events.retain(|(of, seq), event| of != group || event.time >= before || Some(*seq) == newest);
        self.answer((count - events.len()) as u64)
    }
}

#[async_trait]
impl GroupStore for MemoryStore {
    async fn create_group(&self, group: &Group) -> Answer<bool> {
        let new = !self.groups.lock().contains_key(&group.id);
        if new {
            self.put_group(group.clone());
        }
        self.answer(new)
    }

    async fn group(&self, id: &GroupId) -> Answer<Option<Group>> {
        self.answer(self.groups.lock().get(id).cloned())
    }

    async fn groups(&self, ids: &[GroupId]) -> Answer<Vec<Group>> {
        let groups = self.groups.lock();
        self.answer(ids.iter().filter_map(|id| groups.get(id).cloned()).collect())
    }

    async fn apply_membership(&self, id: &GroupId, seq: Seq, change: &MembershipChange) -> Answer<()> {
        if let Some(group) = self.groups.lock().get_mut(id) {
            group.apply(seq, change);
        }
        self.answer(())
    }

    async fn all_groups(&self, page: usize, per_page: usize) -> Answer<Vec<Group>> {
        self.answer(self.groups.lock().values().skip(page * per_page).take(per_page).cloned().collect())
    }

    async fn begin_deletion(&self, id: &GroupId) -> Answer<Option<Deletion>> {
        self.answer(self.groups.lock().remove(id).map(|group| Deletion { life: group.base.seq, base: None }))
    }

    async fn deletion(&self, _: &GroupId) -> Answer<Option<Deletion>> {
        self.answer(None)
    }

    async fn finish_deletion(&self, id: &GroupId, _: &Deletion, _: Base) -> Answer<()> {
        self.events.lock().retain(|(group, _), _| group != id);
        self.answer(())
    }

    async fn sweep_group(&self, _: &GroupId) -> Answer<()> {
        self.answer(())
    }
}

#[async_trait]
impl UserStore for MemoryStore {
    async fn ensure_user(&self, id: &UserId, profile: &Profile) -> Answer<User> {
        self.answer(self.users.lock().entry(id.clone()).or_insert_with(|| made(id, profile)).clone())
    }

    async fn user(&self, id: &UserId) -> Answer<Option<User>> {
        self.answer(self.users.lock().get(id).cloned())
    }

    async fn users(&self, ids: &[UserId]) -> Answer<Vec<User>> {
        let users = self.users.lock();
        self.answer(ids.iter().filter_map(|id| users.get(id).cloned()).collect())
    }

    async fn create_account(&self, id: &UserId, profile: &Profile, _: &str) -> Answer<bool> {
        self.answer(self.users.lock().insert(id.clone(), made(id, profile)).is_none())
    }

    async fn user_by_username(&self, username: &str) -> Answer<Option<User>> {
        self.answer(
            self.users.lock().values().find(|user| name_key(&user.profile.username) == name_key(username)).cloned(),
        )
    }

    async fn find_users(&self, prefix: &str, limit: usize) -> Answer<Vec<User>> {
        let users = self.users.lock();
        let prefix = search_form(prefix);
        let found = users.values().filter(|user| search_form(&user.profile.username).starts_with(&prefix));
        self.answer(found.take(limit).cloned().collect())
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

    async fn set_password(&self, id: &UserId, password: &str, _: Millis) -> Answer<()> {
        if let Some(user) = self.users.lock().get_mut(id) {
            user.password = Some(password.to_owned());
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
impl CursorStore for MemoryStore {
    async fn marks(&self, users: &[UserId]) -> Answer<HashMap<UserId, HashMap<GroupId, Mark>>> {
        let marks = self.marks.lock();
        let of = |user: &UserId| Some((user.clone(), marks.get(user)?.clone()));
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

#[async_trait]
impl StoreHealth for MemoryStore {
    async fn ping(&self) -> Answer<()> {
        self.answer(())
    }
}
