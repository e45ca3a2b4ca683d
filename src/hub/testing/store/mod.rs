//! A store in memory, for each of the small ports.

mod followers;
mod groups;
mod invites;
mod mentions;
mod messages;
mod reactions;
mod users;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use async_trait::async_trait;
use parking_lot::Mutex;

use self::followers::MemoryFollowers;
use super::link::Link;
use super::{group, user};
use crate::domain::{
    Details, Device, DeviceName, Effect, Event, Group, GroupId, Invite, Mark, Millis, Profile, Seq, User, UserId,
};
use crate::ports::{StoreError, StoreHealth};

type Answer<T> = Result<T, StoreError>;

/// What is stored. It can be silent, and then answers nothing; or slow.
#[derive(Default)]
pub(crate) struct MemoryStore {
    events: Mutex<BTreeMap<(GroupId, Seq), Event>>,
    groups: Mutex<HashMap<GroupId, Group>>,
    invites: Mutex<Vec<Invite>>,
    users: Mutex<BTreeMap<UserId, User>>,
    marks: Mutex<HashMap<UserId, HashMap<GroupId, Mark>>>,
    details: Mutex<HashMap<UserId, Details>>,
    devices: Mutex<BTreeMap<(UserId, DeviceName), Device>>,
    /// Devices that were raised, each as often as it was.
    raised: AtomicUsize,
    effects: Mutex<Vec<Effect>>,
    followers: MemoryFollowers,
    refuses_effects: AtomicBool,
    /// What was asked to be removed.
    expired: Mutex<Vec<(GroupId, Millis)>>,
    /// Beside which events rows were asked to be removed.
    cleared: Mutex<Vec<(GroupId, Seq)>>,
    /// How often each call was made.
    calls: Mutex<HashMap<&'static str, usize>>,
    /// Reads of users, documents, marks and pages come late through it.
    pub(crate) link: Link,
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
        self.link.be_silent(silent);
    }

    pub(crate) fn refuse_effects(&self) {
        self.refuses_effects.store(true, Relaxed);
    }

    /// How often a device was raised.
    pub(crate) fn raised(&self) -> usize {
        self.raised.load(Relaxed)
    }

    /// The effects that were applied.
    pub(crate) fn applied(&self) -> Vec<Effect> {
        self.effects.lock().clone()
    }

    /// Of which groups removal was asked for since this was asked last, and of what was before when.
    pub(crate) fn take_expired(&self) -> Vec<(GroupId, Millis)> {
        std::mem::take(&mut *self.expired.lock())
    }

    /// Beside which events rows were asked to be removed since this was asked last.
    pub(crate) fn take_cleared(&self) -> Vec<(GroupId, Seq)> {
        std::mem::take(&mut *self.cleared.lock())
    }

    /// How often a call was made since this was asked last.
    pub(crate) fn calls(&self, call: &'static str) -> usize {
        self.calls.lock().remove(call).unwrap_or(0)
    }

    /// How many pages of events were read.
    pub(crate) fn pages(&self) -> usize {
        self.calls.lock().get("page").copied().unwrap_or(0)
    }

    fn note(&self, call: &'static str) {
        *self.calls.lock().entry(call).or_default() += 1;
    }

    /// All events of a group.
    pub(crate) fn all(&self, group: &GroupId) -> Vec<Event> {
        self.events.lock().iter().filter(|((of, _), _)| of == group).map(|(_, event)| event.clone()).collect()
    }

    /// What was so when it was asked, perhaps late.
    async fn late<T>(&self, answer: T) -> Answer<T> {
        self.link.pass().await;
        self.answer(answer)
    }

    fn answer<T>(&self, answer: T) -> Answer<T> {
        self.link.stored(answer)
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
impl StoreHealth for MemoryStore {
    async fn ping(&self) -> Answer<()> {
        self.answer(())
    }
}
