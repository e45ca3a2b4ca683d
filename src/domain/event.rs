//! Events: what a group's sequence counts.

use super::{
    Change, Cid, Code, EventState, GroupId, GroupUpdate, Head, Kind, MembershipChange, Mentions, Millis, Role, Seq,
    Traits, UserId,
};

/// What a client attached to an event, stored and delivered as it is.
pub type Data = serde_json::Map<String, serde_json::Value>;

/// One element of a group's sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The group that it belongs to.
    pub group: GroupId,
    /// Its place in the group, from 1.
    pub seq: Seq,
    /// How many events up to here, this one included, make something unread.
    pub n: u64,
    /// How many events up to here, this one included, are shown.
    pub shown: u64,
    /// Who caused it.
    pub from: UserId,
    /// When the backplane took it in.
    pub time: Millis,
    /// What sort it is.
    pub kind: Kind,
    /// How it was numbered where it entered, and what it does.
    pub traits: Traits,
    /// What was said. For what it says since it was edited see [`Event::current_text`].
    pub text: Option<String>,
    /// The event that this one is about, `<group>:<seq>`.
    pub reference: Option<String>,
    /// More about it, as the client sent it; for membership, `users`.
    pub data: Option<Data>,
    /// Whom it mentions.
    pub mentions: Option<Mentions>,
    /// The sender's own id for it. Every event has one (the hub makes those that are missing).
    pub cid: Cid,
    /// What later events made of it, where it comes from the store.
    pub state: EventState,
}

/// Where a void says why an event was refused.
const CODE: &str = "code";
/// Where a reaction says how many there are.
const COUNT: &str = "count";

/// About what an event's other fields take on the wire, in bytes.
const ENVELOPE: usize = 150;
/// About what a number, a quotation or a comma takes on the wire, in bytes.
const PARTICLE: usize = 4;
/// About what a reaction's count takes on the wire beside the emoji, in bytes.
const TALLY: usize = 40;

/// About how many bytes a value takes on the wire.
fn weight(value: &serde_json::Value) -> usize {
    PARTICLE
        + match value {
            serde_json::Value::String(text) => text.len(),
            serde_json::Value::Array(items) => items.iter().map(weight).sum(),
            serde_json::Value::Object(fields) => fields.iter().map(|(key, value)| key.len() + weight(value)).sum(),
            _ => 0,
        }
}

// === impl Event ===

impl Event {
    /// Its id everywhere, `<group>:<seq>`.
    pub fn id(&self) -> String {
        self.group.event_id(self.seq)
    }

    /// About how many bytes it takes on the wire.
    pub fn weight(&self) -> usize {
        let data = self.data.as_ref().map_or(0, |data| data.iter().map(|(key, value)| key.len() + weight(value)).sum());
        let edited = self.state.edit.as_ref().map_or(0, |edit| edit.text.len());
        let reactions =
            self.state.reactions.all().iter().map(|tally| tally.emoji.as_str().len() + TALLY).sum::<usize>();
        ENVELOPE + self.text.as_ref().map_or(0, String::len).max(edited) + data + reactions
    }

    /// What it says now: since it was edited, or as it was said.
    pub fn current_text(&self) -> Option<&str> {
        self.state.edit.as_ref().map(|edit| edit.text.as_str()).or(self.text.as_deref())
    }

    /// Brings its state up to what another event does to it. Of what is deleted nothing stays of what it said.
    pub fn apply(&mut self, change: &Change) {
        self.state.apply(change);
        if self.state.erasure.is_some() {
            (self.text, self.data, self.mentions) = (None, None, None);
        }
    }

    /// How it changes who is a member, if it does.
    pub fn membership(&self) -> Option<MembershipChange> {
        if !self.kind.is_membership() {
            return None;
        }
        let data = self.data.as_ref()?;
        let users: Vec<UserId> =
            data.get("users")?.as_array()?.iter().filter_map(|user| UserId::stored(user.as_str()?).ok()).collect();
        let role = data.get("role").and_then(|role| role.as_str()).and_then(|role| Role::parse(role).ok());
        let role = role.unwrap_or(Role::Member);
        Some(match self.kind {
            Kind::Left => MembershipChange::Left(users),
            Kind::Role => MembershipChange::Role(users, role),
            _ => MembershipChange::Joined(users, role),
        })
    }

    /// What it changes of what admins set of the group, if it does.
    pub fn update(&self) -> Option<GroupUpdate> {
        let known = self.kind == Kind::Updated && self.kind.has_known_effect(self.traits);
        self.data.as_ref().filter(|_| known).map(GroupUpdate::of)
    }

    /// Whether it changes the group's document: who hears of it must hold that first.
    pub fn changes_document(&self) -> bool {
        self.update().is_some() || self.membership().is_some()
    }

    /// A void at a place in the group: nothing to show, made by the hub where a seq turned out to be nobody's.
    pub fn void(group: GroupId, head: Head) -> Self {
        let Head { seq, n, shown, time } = head;
        Self {
            group,
            seq,
            n,
            shown,
            from: UserId::hub(),
            time,
            kind: Kind::Void,
            traits: Traits::default(),
            text: None,
            reference: None,
            data: None,
            mentions: None,
            cid: Cid::random(),
            state: EventState::default(),
        }
    }

    /// What stands in the place of an event that was refused when its turn came: a void that keeps its sender, its cid
    /// and why, so that every repeat finds the same answer.
    pub fn refused(self, code: Code) -> Self {
        let why = [(CODE.to_owned(), code.as_str().into())];
        Self { from: self.from.clone(), cid: self.cid.clone(), data: Some(why.into_iter().collect()), ..self.voided() }
    }

    /// Why it was refused when its turn came, if it was.
    pub fn refusal(&self) -> Option<Code> {
        let why = self.data.as_ref().filter(|_| self.kind == Kind::Void)?.get(CODE)?.as_str()?;
        // One of a later version is a refusal all the same.
        Some(Code::named(why).unwrap_or(Code::Internal))
    }

    fn voided(self) -> Self {
        Self::void(self.group.clone(), self.head())
    }

    /// What a field of its `data` says, where that is true or false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.data.as_ref()?.get(name)?.as_bool()
    }

    /// How many react with the emoji of a reaction, once that stands; the owner says so before it is stored.
    pub fn count(&self) -> Option<u64> {
        self.data.as_ref()?.get(COUNT)?.as_u64()
    }

    /// Says how many do.
    pub fn set_count(&mut self, count: u64) {
        self.data.get_or_insert_default().insert(COUNT.to_owned(), count.into());
    }

    /// How far the group has come with it.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, n: self.n, shown: self.shown, time: self.time }
    }

    /// Whether the two are one and the same send: the same sender and `cid` in the same group.
    pub fn same_send(&self, other: &Event) -> bool {
        self.group == other.group && self.from == other.from && self.cid == other.cid
    }
}
