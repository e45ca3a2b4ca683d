//! Whoever comes and goes, in whatever order and through whichever node, and whatever is lost meanwhile: a group
//! with members has an admin, by the state and by its events replayed from nothing.

use std::sync::Arc;

use futures::future::join_all;
use hubbub::domain::{Access, Base, Group, GroupId, GroupSettings, Kind, MembershipChange, Role, Seq, UserId};
use hubbub::ports::{Append, Backplane, ChangeOutcome, ChangeRequest, GroupSnapshot, LogEntry, Permission, Standing};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use super::World;
use super::sample::*;

const PEOPLE: [&str; 6] = ["ann", "bob", "cy", "dan", "eve", "Fay"];
const NODES: usize = 3;
const RUNS: usize = 16;

#[derive(Debug, Clone)]
enum Deed {
    Join(usize),
    Leave(usize),
    /// An admin adds or removes others.
    Add(usize, Vec<usize>),
    Remove(usize, Vec<usize>),
    /// The hub does.
    Expel(Vec<usize>),
    Role(Role, Vec<usize>),
}

#[derive(Debug, Clone)]
enum Step {
    /// All at once, through one node after the other.
    Together(Vec<Deed>),
    /// The store's set, as of so many events ago.
    Restore(usize),
    /// All is lost, and what the store has of it begins so many events ago.
    Lose(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..PEOPLE.len();
    let some = proptest::collection::vec(0..PEOPLE.len(), 1..4);
    let role = prop_oneof![Just(Role::Admin), Just(Role::Member)];
    let deed = prop_oneof![
        4 => who.clone().prop_map(Deed::Join),
        6 => who.clone().prop_map(Deed::Leave),
        1 => (who.clone(), some.clone()).prop_map(|(by, whom)| Deed::Add(by, whom)),
        2 => (who, some.clone()).prop_map(|(by, whom)| Deed::Remove(by, whom)),
        1 => some.clone().prop_map(Deed::Expel),
        2 => (role, some).prop_map(|(role, whom)| Deed::Role(role, whom)),
    ];
    let step = prop_oneof![
        6 => proptest::collection::vec(deed, 1..7).prop_map(Step::Together),
        1 => (0..5_usize).prop_map(Step::Restore),
        1 => (0..5_usize).prop_map(Step::Lose),
    ];
    proptest::collection::vec(step, 1..10)
}

pub async fn whoever_comes_and_goes_there_is_an_admin<W: World>() {
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..RUNS {
        let steps = steps().new_tree(&mut runner).expect("the strategy rejects nothing").current();
        let mut run = Run::<W>::new().await;
        for step in &steps {
            run.take(step).await;
            run.check(&steps).await;
        }
    }
}

/// A group, the nodes that change it, and every event of it so far.
struct Run<W> {
    scene: TestCluster<W>,
    nodes: Vec<Arc<dyn Backplane>>,
    events: Vec<LogEntry>,
}

impl<W: World> Run<W> {
    async fn new() -> Self {
        // One that nobody is in, as it is first made.
        let scene = TestCluster::<W> { group: GroupId::random(), ..TestCluster::new().await };
        let mut nodes = Vec::new();
        for _ in 0..NODES {
            nodes.push(scene.world.node().await);
        }
        let run = Self { scene, nodes, events: Vec::new() };
        run.restore(0).await;
        run
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Together(deeds) => {
                let deeds = deeds.iter().zip(self.nodes.iter().cycle()).map(|(deed, node)| {
                    let (change, partition, origin) = (self.change(deed), self.scene.partition, &self.scene.origin);
                    async move { node.change_members(partition, origin, &change).await.unwrap() }
                });
                let outcomes = join_all(deeds).await;
                assert!(
                    !outcomes.iter().any(|outcome| matches!(outcome, ChangeOutcome::Unknown | ChangeOutcome::Full))
                );
                self.read().await;
            }
            Step::Restore(back) => {
                let upto = self.events.len().saturating_sub(*back);
                join_all([self.restore(upto), self.restore(upto)]).await;
                self.read().await;
            }
            Step::Lose(back) => {
                self.scene.world.lose_everything().await;
                self.scene.hold().await;
                self.events.truncate(self.events.len().saturating_sub(*back));
                self.restore(self.events.len()).await;
                self.read().await;
            }
        }
    }

    /// The state is raised to what the store had after so many events.
    async fn restore(&self, upto: usize) {
        let events = &self.events[..upto];
        let replayed = replay(&self.scene, events);
        let last = events.last().map_or(0, |event| event.seq);
        let access = Access::Open;
        let (members, version) = (replayed.members, last);
        let floor = GroupSnapshot { head: head(last, last), access, members, version, ..floor(&self.scene.group) };
        self.scene.backplane.restore(self.scene.partition, &self.scene.origin, &floor).await.unwrap();
    }

    /// Reads every event there is: the last is one that is made for it.
    async fn read(&mut self) {
        let end = cid(&format!("end-{}", rand::random::<u64>()));
        let (from, cid, standing) = (user("hub.probe"), end.clone(), Standing::Anybody);
        let append = Append { from, cid, standing, ..text(&self.scene.group, "anna", "end") };
        accepted(&self.scene.append(&[append]).await);
        while self.events.last().is_none_or(|event| event.cid != end) {
            let more = self.scene.read(WAIT).await;
            assert!(!more.is_empty(), "nothing came");
            self.events.extend(more);
        }
    }

    async fn check(&self, steps: &[Step]) {
        let seqs: Vec<Seq> = self.events.iter().map(|event| event.seq).collect();
        assert!(seqs.iter().copied().eq(1..=seqs.len() as Seq), "{seqs:?} after {steps:?}");
        let replayed = replay(&self.scene, &self.events);
        let left = &replayed.members;
        let led = left.is_empty() || left.iter().any(|member| member.role == Role::Admin);
        assert!(led, "{left:?} after {steps:?}");
        for name in PEOPLE {
            let stored = replayed.member(&user(name)).map(|member| member.role);
            assert_eq!(self.scene.role(name).await, stored, "{name} after {steps:?}");
        }
    }

    fn change(&self, deed: &Deed) -> ChangeRequest {
        let group = &self.scene.group;
        let named = |whom: &[usize]| whom.iter().map(|at| PEOPLE[*at]).collect::<Vec<_>>();
        let left = |change| ChangeRequest { kind: Kind::Left, ..change };
        let oneself =
            |at: usize| ChangeRequest { permission: Permission::Oneself, ..add(group, PEOPLE[at], &[PEOPLE[at]]) };
        let hub =
            |whom: &[usize]| ChangeRequest { permission: Permission::Hub, ..add(group, "hub.system", &named(whom)) };
        match deed {
            Deed::Join(who) => oneself(*who),
            Deed::Leave(who) => left(oneself(*who)),
            Deed::Add(by, whom) => add(group, PEOPLE[*by], &named(whom)),
            Deed::Remove(by, whom) => left(add(group, PEOPLE[*by], &named(whom))),
            Deed::Expel(whom) => left(hub(whom)),
            Deed::Role(role, whom) => ChangeRequest { kind: Kind::Role, role: *role, ..hub(whom) },
        }
    }
}

/// The group after these events, from nothing. Where one leaves members and no admin, the next is the hub's, and
/// makes the one an admin who has been a member longest.
fn replay<W>(scene: &TestCluster<W>, events: &[LogEntry]) -> Group {
    let GroupSnapshot { kind, access, .. } = floor(&scene.group);
    let (id, name) = (scene.group.clone(), String::new());
    let base = Base::default();
    let (members, settings) = (Vec::new(), GroupSettings::default());
    let mut group = Group { id, kind, name, access, members, version: 0, created: 0, first: 1, base, settings };
    for (at, event) in events.iter().enumerate() {
        let users = event.users.clone();
        let change = match event.kind {
            Kind::Joined => MembershipChange::Joined(users, event.role),
            Kind::Left => MembershipChange::Left(users),
            Kind::Role => MembershipChange::Role(users, event.role),
            _ => continue,
        };
        group.apply(event.seq, &change);
        let led = group.members.iter().any(|member| member.role == Role::Admin);
        let eldest = group.members.iter().min_by_key(|member| (member.since, &member.id));
        // What comes after the last may have been lost.
        if let (false, Some(eldest), Some(next)) = (led, eldest, events.get(at + 1)) {
            assert_eq!(
                (next.kind, &next.from, &next.users[..]),
                (Kind::Role, &UserId::hub(), &[eldest.id.clone()][..])
            );
        }
    }
    group
}
