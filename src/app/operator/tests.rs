//! Orders over the store alone, over a running hub, and how they get there.

use std::sync::Arc;

use super::*;
use crate::adapters::local::LocalBackplane;
use crate::adapters::sqlite::SqliteStore;
use crate::app::config::Config;
use crate::domain::{Access, Code, GroupId, Profile, UserId};
use crate::hub::{Hub, HubConfig, Metrics, Optional};
use crate::identity::tokens::JwtTokens;
use crate::ports::Store;

struct TestHub {
    _directory: tempfile::TempDir,
    store: Arc<dyn Store>,
    hub: Option<Arc<Hub>>,
    desk: Arc<AdminService>,
}

fn id(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// A store with anna and bert, and no hub.
async fn store_alone() -> TestHub {
    let directory = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(directory.path().join("hubbub.db")).unwrap());
    store.prepare(4).await.unwrap();
    for (user, name) in [("anna", "Anna"), ("bert", "Bert")] {
        let profile = Profile { username: user.into(), name: name.into() };
        assert!(store.create_account(&id(user), &profile, "a hash").await.unwrap());
    }
    let desk = Arc::new(AdminService::of_store(store.clone()));
    TestHub { _directory: directory, store, hub: None, desk }
}

/// The same with a running hub, and a group of both.
async fn running() -> (TestHub, GroupId) {
    let mut house = store_alone().await;
    let config = HubConfig { partitions: 4, ..HubConfig::default() };
    let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
    let tokens = Arc::new(JwtTokens::new(vec![]));
    let hub =
        Hub::new(config, house.store.clone(), Arc::new(LocalBackplane::new()), tokens, metrics, Optional::default());
    hub.start().await.unwrap();
    let group = hub.create_group_for("Friends", &[id("anna"), id("bert")], Access::Members, None).await.unwrap();
    house.desk = Arc::new(AdminService::of_hub(hub.clone(), house.store.clone()));
    house.hub = Some(hub);
    (house, group.id)
}

impl TestHub {
    async fn done(&self, order: AdminCommand) {
        let report = self.desk.carry_out(order).await.unwrap();
        assert!(matches!(report, Report::Done { .. }), "{report:?}");
    }

    async fn refused(&self, order: AdminCommand) -> Code {
        self.desk.carry_out(order).await.unwrap_err().code
    }

    async fn user(&self, user: &str) -> UserLine {
        match self.desk.carry_out(AdminCommand::ShowUser { user: user.into() }).await.unwrap() {
            Report::User { user, .. } => user,
            other => panic!("{other:?}"),
        }
    }

    async fn members(&self, group: &GroupId) -> Vec<(String, crate::domain::Role)> {
        match self.desk.carry_out(AdminCommand::ShowGroup { group: group.clone() }).await.unwrap() {
            Report::Group { members, .. } => {
                members.into_iter().map(|member| (member.id.to_string(), member.role)).collect()
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn users_are_found_and_banned_without_a_hub() {
    let house = store_alone().await;
    let find = |prefix: &str| AdminCommand::FindUsers { prefix: prefix.into(), limit: 10 };
    for (prefix, count) in [("", 2), ("AN", 1), ("nobody", 0)] {
        let Report::Users { users, more: false } = house.desk.carry_out(find(prefix)).await.unwrap() else { panic!() };
        assert_eq!(users.len(), count, "{prefix:?}");
    }
    house.done(AdminCommand::Ban { user: id("anna") }).await;
    let anna = house.user("ANNA").await;
    assert!(anna.banned && anna.account && anna.online.is_none());
    house.done(AdminCommand::Unban { user: id("anna") }).await;
    assert!(!house.user("anna").await.banned);
    house.done(AdminCommand::SetPassword { user: id("anna"), hash: "another".into() }).await;
    assert_eq!(house.store.user(&id("anna")).await.unwrap().unwrap().password.as_deref(), Some("another"));
}

#[tokio::test]
async fn who_is_not_there_is_told() {
    let house = store_alone().await;
    let user = id("nobody");
    for order in [
        AdminCommand::ShowUser { user: "nobody".into() },
        AdminCommand::Ban { user: user.clone() },
        AdminCommand::SetPassword { user, hash: "x".into() },
        AdminCommand::ShowGroup { group: GroupId::random() },
    ] {
        assert_eq!(house.refused(order).await, Code::NotFound);
    }
}

#[tokio::test]
async fn what_nodes_hold_is_not_changed_behind_their_back() {
    let house = store_alone().await;
    for order in [AdminCommand::Kick { user: id("anna"), group: None }, AdminCommand::DeleteUser { user: id("anna") }] {
        assert!(order.needs_hub());
        assert_eq!(house.refused(order).await, Code::Unavailable);
    }
    assert!(house.store.user(&id("anna")).await.unwrap().is_some());
}

#[tokio::test]
async fn memberships_change_through_the_running_hub() {
    use crate::domain::Role::{Admin, Member};
    let (house, group) = running().await;
    assert_eq!(house.members(&group).await, [("anna".into(), Admin), ("bert".into(), Member)]);
    let Report::Groups { groups, more: false } =
        house.desk.carry_out(AdminCommand::FindGroups { part: "rIEN".into(), limit: 5 }).await.unwrap()
    else {
        panic!()
    };
    assert_eq!((groups.len(), groups[0].members), (1, 2));
    house.done(AdminCommand::MakeAdmin { group: group.clone(), user: id("bert") }).await;
    assert_eq!(house.members(&group).await[1], ("bert".into(), Admin));
    house.done(AdminCommand::Kick { user: id("anna"), group: Some(group.clone()) }).await;
    assert_eq!(house.members(&group).await, [("bert".into(), Admin)]);
    let stranger = AdminCommand::MakeAdmin { group: group.clone(), user: id("anna") };
    assert_eq!(house.refused(stranger).await, Code::NotFound);
    assert_eq!(house.user("bert").await.online, Some(false));
}

#[tokio::test]
async fn users_and_groups_are_deleted_with_all_that_hangs_on_them() {
    let (house, group) = running().await;
    house.done(AdminCommand::DeleteUser { user: id("anna") }).await;
    assert!(house.store.user(&id("anna")).await.unwrap().unwrap().is_deleted());
    let hub = house.hub.as_ref().unwrap();
    let again = hub.create_group_for("Friends", &[id("bert"), id("anna")], Access::Members, None).await;
    assert_eq!(again.unwrap_err().code, Code::NotFound, "nobody adds a deleted user");
    assert_eq!(house.members(&group).await, [("bert".into(), crate::domain::Role::Admin)]);
    house.done(AdminCommand::DeleteGroup { group: group.clone() }).await;
    assert_eq!(house.refused(AdminCommand::ShowGroup { group }).await, Code::NotFound);
    assert_eq!(house.user("bert").await.groups, 0);
}

#[tokio::test]
async fn a_node_is_drained_by_name_and_a_stranger_is_not_found() {
    let (house, _) = running().await;
    let drain = |node: &str| AdminCommand::Drain { node: Some(node.into()) };
    assert_eq!(house.refused(drain("nobody")).await, Code::NotFound);
    let hub = house.hub.as_ref().unwrap();
    house.done(drain(&hub.config().node)).await;
    hub.drain_ordered().await;
}

#[tokio::test]
async fn nodes_are_listed_with_what_they_do() {
    let (house, _) = running().await;
    let Report::Nodes { nodes } = house.desk.carry_out(AdminCommand::ListNodes).await.unwrap() else { panic!("nodes") };
    let [node] = nodes.as_slice() else { panic!("{nodes:?}") };
    assert_eq!((node.roles.to_string().as_str(), node.draining), ("clients, followers, owner", false));
    assert_eq!(store_alone().await.refused(AdminCommand::ListNodes).await, Code::Unavailable);
}

#[tokio::test]
async fn followers_are_shown_by_a_running_hub_alone() {
    let (house, _) = running().await;
    let report = house.desk.carry_out(AdminCommand::ShowFollowers).await.unwrap();
    assert_eq!(report, Report::Followers { followers: vec![] }, "it runs none");
    let alone = store_alone().await;
    assert_eq!(alone.refused(AdminCommand::ShowFollowers).await, Code::Unavailable);
}

#[tokio::test]
async fn orders_reach_a_running_hub_and_else_the_store() {
    let house = store_alone().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = Config::default();
    config.transport.listen.internal = listener.local_addr().unwrap();
    let server = tokio::spawn(axum::serve(listener, routes(house.desk.clone())).into_future());
    let office = AdminClient::new(&config, None).unwrap();
    let ban = AdminCommand::Ban { user: id("anna") };
    assert!(matches!(office.carry_out(&config, ban).await, Ok(Report::Done { .. })));
    assert!(house.user("anna").await.banned);
    let unknown = AdminCommand::Ban { user: id("nobody") };
    assert!(office.carry_out(&config, unknown).await.unwrap_err().to_string().contains("no user nobody"));
    server.abort();
    let _ = server.await;

    // Nobody listens any more; a directory of its own, for this store is in use.
    let directory = tempfile::tempdir().unwrap();
    config.storage.data_dir = directory.path().join("data");
    let users = office.carry_out(&config, AdminCommand::FindUsers { prefix: "".into(), limit: 5 }).await;
    assert_eq!(users.unwrap(), Report::Users { users: vec![], more: false });
    let kick = office.carry_out(&config, AdminCommand::Kick { user: id("anna"), group: None }).await;
    assert!(matches!(kick, Err(OrderError::NeedsHub(_))), "{kick:?}");
    let named = AdminClient::new(&config, Some("http://127.0.0.1:1/".parse().unwrap())).unwrap();
    let users = named.carry_out(&config, AdminCommand::FindUsers { prefix: "".into(), limit: 5 }).await;
    assert!(users.unwrap_err().to_string().contains("no hub answers"));
}

/// Whom an order names, by the name of the field. Without a `_`: who adds an order is told here to try it.
fn named(order: &AdminCommand) -> Option<&'static str> {
    match order {
        AdminCommand::MakeAdmin { .. }
        | AdminCommand::Kick { .. }
        | AdminCommand::Ban { .. }
        | AdminCommand::Unban { .. }
        | AdminCommand::SetPassword { .. }
        | AdminCommand::DeleteUser { .. } => Some("user"),
        // Looked up as it is, by id or username.
        AdminCommand::ShowUser { .. } => None,
        AdminCommand::FindUsers { .. }
        | AdminCommand::FindGroups { .. }
        | AdminCommand::ShowGroup { .. }
        | AdminCommand::ListNodes
        | AdminCommand::DeleteGroup { .. }
        | AdminCommand::ShowFollowers
        | AdminCommand::Drain { .. } => None,
    }
}

#[test]
fn no_order_names_the_hub_itself() {
    let (group, user) = (GroupId::random(), id("anna"));
    let orders = [
        AdminCommand::MakeAdmin { group: group.clone(), user: user.clone() },
        AdminCommand::Kick { user: user.clone(), group: Some(group) },
        AdminCommand::Ban { user: user.clone() },
        AdminCommand::Unban { user: user.clone() },
        AdminCommand::SetPassword { user: user.clone(), hash: String::new() },
        AdminCommand::DeleteUser { user },
    ];
    for order in orders {
        let mut body = serde_json::to_value(&order).unwrap();
        assert_eq!(serde_json::from_value::<AdminCommand>(body.clone()).unwrap(), order);
        body[named(&order).unwrap()] = "hub.system".into();
        let refused = serde_json::from_value::<AdminCommand>(body.clone());
        assert!(refused.unwrap_err().to_string().contains("hub."), "{body}");
    }
}
