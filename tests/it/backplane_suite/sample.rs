//! Groups, sends and owners to test with.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hubbub::adapters::BackplaneLimits;
use hubbub::domain::{
    Access, Cid, GroupId, GroupKind, Head, Kind, Member, NodeName, Pinning, Role, Seq, SessionId, UserId,
};
use hubbub::ports::{
    Append, Appended, Backplane, ChangeOutcome, ChangeRequest, Commit, CommitError, EntryId, GroupCommit,
    GroupSnapshot, Knows, LeaseToken, LogEntry, NodeRecord, NodeRoles, NodeVitals, Partition, Permission,
    SessionRecord, Standing,
};

use super::World;

/// Long enough that a lease never ends within a test that does not want it to.
pub const LONG: Duration = Duration::from_secs(60);
/// How long a read waits that is to bring something.
pub const WAIT: Duration = Duration::from_secs(5);
/// How long a read waits that is to bring nothing.
pub const SHORT: Duration = Duration::from_millis(60);

pub fn user(name: &str) -> UserId {
    UserId::stored(name).unwrap()
}

pub fn users(names: &[&str]) -> Vec<UserId> {
    names.iter().map(|name| user(name)).collect()
}

pub fn cid(text: &str) -> Cid {
    Cid::parse(text).unwrap()
}

pub fn node(name: &str) -> NodeName {
    NodeName::parse(name).unwrap()
}

pub fn session(user: &str, at: &str) -> (UserId, SessionRecord) {
    (UserId::parse(user).unwrap(), SessionRecord { session: SessionId::random(), node: node(at), device: None })
}

pub fn record(name: &str) -> NodeRecord {
    NodeRecord {
        node: node(name),
        public_url: Some(format!("ws://{name}/ws")),
        zone: None,
        connections: 3,
        capacity: 1000,
        draining: false,
        roles: NodeRoles::default(),
        version: "1.2.3".into(),
        since: 1_700_000_000_000,
        vitals: NodeVitals::default(),
        knows: Knows::default(),
        passes: BTreeSet::new(),
        followers: None,
    }
}

pub fn head(seq: Seq, n: u64) -> Head {
    Head { seq, n, shown: n, time: 1_700_000_000_000 + seq as i64 }
}

pub fn member(name: &str, role: Role) -> Member {
    Member { id: user(name), role, since: 0 }
}

/// Nothing stored yet; anna is admin, bert a member.
pub fn floor(group: &GroupId) -> GroupSnapshot {
    GroupSnapshot {
        group: group.clone(),
        head: Head::default(),
        kind: GroupKind::Group,
        access: Access::Members,
        pinning: Pinning::Admins,
        archived: false,
        rules_version: 0,
        members: vec![member("anna", Role::Admin), member("bert", Role::Member)],
        version: 0,
        base: 0,
    }
}

pub fn text(group: &GroupId, from: &str, id: &str) -> Append {
    Append {
        group: group.clone(),
        from: user(from),
        cid: cid(id),
        kind: Kind::Text,
        traits: Kind::Text.traits(),
        body: Bytes::from(format!("{from} says {id}")),
        standing: Standing::Member,
    }
}

/// An admin adds these users.
pub fn add(group: &GroupId, actor: &str, names: &[&str]) -> ChangeRequest {
    ChangeRequest {
        group: group.clone(),
        actor: user(actor),
        kind: Kind::Joined,
        role: Role::Member,
        users: users(names),
        permission: Permission::Admin,
        max_members: 10,
        cid: Cid::random(),
    }
}

pub fn small() -> BackplaneLimits {
    BackplaneLimits { log_cap: 5, cid_window: LONG, inbox_cap: 4, recent_len: 4, recent_ttl: LONG, moves_kept: 3 }
}

/// A backplane with one known group in partition 1, and an owner of that partition.
pub struct TestCluster<W> {
    pub world: W,
    pub backplane: Arc<dyn Backplane>,
    pub partition: Partition,
    pub group: GroupId,
    pub origin: NodeName,
    pub owner: NodeName,
    pub token: LeaseToken,
}

impl<W: World> TestCluster<W> {
    pub async fn new() -> Self {
        Self::with(BackplaneLimits::default()).await
    }

    pub async fn with(limits: BackplaneLimits) -> Self {
        Self::of(W::with(limits).await).await
    }

    pub async fn of(world: W) -> Self {
        let backplane = world.node().await;
        let scene = Self {
            world,
            backplane,
            partition: 1,
            group: GroupId::random(),
            origin: node("origin.1"),
            owner: node("owner.1"),
            token: LeaseToken("token of the owner".into()),
        };
        scene.hold().await;
        scene.know(&scene.group).await;
        scene
    }

    pub async fn hold(&self) {
        assert!(self.backplane.hold_partition(self.partition, &self.owner, &self.token, LONG).await.unwrap());
    }

    /// Makes a group's state known.
    pub async fn know(&self, group: &GroupId) {
        self.backplane.restore(self.partition, &self.origin, &floor(group)).await.unwrap();
    }

    pub async fn append(&self, appends: &[Append]) -> Vec<Appended> {
        self.backplane.append(self.partition, &self.origin, appends).await.unwrap()
    }

    /// Appends one by anna under this cid, and answers its seq.
    pub async fn say(&self, id: &str) -> Seq {
        match self.append(&[text(&self.group, "anna", id)]).await.as_slice() {
            [Appended::Accepted { seq, .. }] => *seq,
            other => panic!("{other:?}"),
        }
    }

    /// The same by a service, which is no member.
    pub async fn say_as_service(&self, id: &str) -> Seq {
        let append = Append { standing: Standing::Anybody, ..text(&self.group, "service", id) };
        accepted(&self.append(&[append]).await)[0]
    }

    pub async fn change(&self, change: &ChangeRequest) -> ChangeOutcome {
        self.backplane.change_members(self.partition, &self.origin, change).await.unwrap()
    }

    /// Reads what is new for the owner.
    pub async fn read(&self, wait: Duration) -> Vec<LogEntry> {
        self.read_as(&*self.backplane, &self.owner, wait).await
    }

    pub async fn read_as(&self, backplane: &dyn Backplane, consumer: &NodeName, wait: Duration) -> Vec<LogEntry> {
        let reads = backplane.read_log(consumer, &[self.partition], wait).await.unwrap();
        reads
            .into_iter()
            .inspect(|read| assert_eq!(read.partition, self.partition))
            .flat_map(|read| read.entries)
            .collect()
    }

    /// Reads until there are `count` entries.
    pub async fn read_all(&self, count: usize) -> Vec<LogEntry> {
        let mut entries = Vec::new();
        while entries.len() < count {
            let more = self.read(WAIT).await;
            assert!(!more.is_empty(), "{} of {count} came", entries.len());
            entries.extend(more);
        }
        entries
    }

    pub async fn commit(&self, done: &[EntryId], groups: Vec<GroupCommit>) -> Result<Vec<Vec<NodeName>>, CommitError> {
        let (token, done) = (self.token.clone(), done.to_vec());
        let commit = Commit { partition: self.partition, token, done, groups, hinted: Vec::new() };
        self.backplane.commit(&commit).await.map(|committed| committed.routes)
    }

    /// Commits events of the group up to this seq, as encoded.
    pub async fn commit_upto(&self, seqs: std::ops::RangeInclusive<Seq>) -> Vec<NodeName> {
        let part = group_commit(&self.group, seqs);
        self.commit(&[], vec![part]).await.unwrap().remove(0)
    }

    pub async fn head(&self, group: &GroupId) -> Option<Head> {
        self.backplane.heads(self.partition, std::slice::from_ref(group)).await.unwrap().remove(0)
    }

    pub async fn role(&self, name: &str) -> Option<Role> {
        let roles = self.backplane.roles(self.partition, &self.group, &users(&[name])).await.unwrap();
        roles.expect("the group is known").remove(0)
    }
}

/// A commit that brings these seqs.
pub fn group_commit(group: &GroupId, seqs: std::ops::RangeInclusive<Seq>) -> GroupCommit {
    GroupCommit {
        group: group.clone(),
        head: head(*seqs.end(), *seqs.end()),
        recent: seqs.map(|seq| (seq, event(seq))).collect(),
        erased_at: None,
        peer_message: Bytes::from_static(b"a peer message"),
        askers: Vec::new(),
    }
}

pub fn event(seq: Seq) -> Bytes {
    Bytes::from(format!("event {seq}"))
}

pub fn seqs(entries: &[LogEntry]) -> Vec<Seq> {
    entries.iter().map(|entry| entry.seq).collect()
}

pub fn ids(entries: &[LogEntry]) -> Vec<EntryId> {
    entries.iter().map(|entry| entry.id).collect()
}

/// The seqs of appends that were all accepted.
pub fn accepted(answers: &[Appended]) -> Vec<Seq> {
    let seq = |answer: &Appended| match answer {
        Appended::Accepted { seq, .. } => *seq,
        other => panic!("{other:?}"),
    };
    answers.iter().map(seq).collect()
}

pub fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}
