//! Where orders are carried out.

use std::sync::Arc;

use tracing::{info, warn};

use super::admin_command::{
    AdminCommand, DeviceLine, FollowerLine, GroupLine, MOST_LINES, MemberLine, NodeLine, Report, UserLine,
};
use super::devices;
use crate::domain::{Code, Group, GroupId, Refusal, User, UserId, now_ms, requested_size, search_form};
use crate::hub::{FollowerPlace, Hub};
use crate::ports::{Store, StoreError};

/// Groups read at a time while looking for a name.
const PAGE: usize = 200;

/// Carries orders out: over the running hub, which tells all nodes, or over the store alone.
pub struct AdminService {
    store: Arc<dyn Store>,
    hub: Option<Arc<Hub>>,
}

// === impl AdminService ===

impl AdminService {
    /// A desk in the running hub.
    pub fn of_hub(hub: Arc<Hub>, store: Arc<dyn Store>) -> Self {
        Self { store, hub: Some(hub) }
    }

    /// A desk over a store that no hub uses at the moment.
    pub fn of_store(store: Arc<dyn Store>) -> Self {
        Self { store, hub: None }
    }

    /// Does what is ordered. `not_found` for users and groups that do not exist; `unavailable`
    /// for what needs a running hub where none runs.
    pub async fn carry_out(&self, order: AdminCommand) -> Result<Report, Refusal> {
        match order {
            AdminCommand::FindUsers { prefix, limit } => self.find_users(&prefix, limit).await,
            AdminCommand::ShowUser { user } => self.show_user(&user).await,
            AdminCommand::FindGroups { part, limit } => self.find_groups(&part, limit).await,
            AdminCommand::ShowGroup { group } => self.show_group(&group).await,
            AdminCommand::ListNodes => self.list_nodes(),
            AdminCommand::MakeAdmin { group, user } => {
                self.member(&group, &user).await?;
                self.running()?.make_admin(&group, &user).await?;
                done(format!("{user} is an admin of {group}"))
            }
            AdminCommand::Kick { user, group } => self.kick(&user, group.as_ref()).await,
            AdminCommand::Ban { user } => {
                self.set_banned(&user, true).await?;
                done(format!("{user} is banned"))
            }
            AdminCommand::Unban { user } => {
                self.set_banned(&user, false).await?;
                done(format!("{user} may come in again"))
            }
            AdminCommand::SetPassword { user, hash } => self.set_password(&user, &hash).await,
            AdminCommand::DeleteUser { user } => {
                self.running()?.calls().delete_user(&user).await?;
                done(format!("{user} is deleted; what they said stays, and the id stays banned"))
            }
            AdminCommand::DeleteGroup { group } => {
                self.running()?.delete_group(&group).await?;
                done(format!("{group} is deleted"))
            }
            AdminCommand::ShowFollowers => {
                Ok(Report::Followers { followers: self.running()?.followers().into_iter().map(line).collect() })
            }
            AdminCommand::Drain { node } => {
                let hub = self.running()?;
                let node = node.unwrap_or_else(|| hub.config().node.clone());
                hub.order_drain(&node).await?;
                done(format!("{node} hands over its sessions and ends"))
            }
        }
    }

    fn running(&self) -> Result<&Arc<Hub>, Refusal> {
        let advice = "this is about what nodes hold: start the hub, and give this command its internal listener";
        self.hub.as_ref().ok_or_else(|| Refusal::new(Code::Unavailable, advice))
    }

    async fn user(&self, id: &UserId) -> Result<User, Refusal> {
        let user = self.store.user(id).await.map_err(unanswered)?;
        user.ok_or_else(|| Refusal::not_found(format!("there is no user {id}")))
    }

    async fn group(&self, id: &GroupId) -> Result<Group, Refusal> {
        let group = self.store.group(id).await.map_err(unanswered)?;
        group.ok_or_else(|| Refusal::not_found(format!("there is no group {id}")))
    }

    async fn member(&self, group: &GroupId, user: &UserId) -> Result<Group, Refusal> {
        let stored = self.group(group).await?;
        match stored.member(user) {
            Some(_) => Ok(stored),
            None => Err(Refusal::not_found(format!("{user} is not a member of {group}"))),
        }
    }

    async fn find_users(&self, prefix: &str, limit: usize) -> Result<Report, Refusal> {
        let limit = requested_size("limit", limit, MOST_LINES)?;
        let users = match prefix {
            "" => self.store.all_users(0, limit + 1).await,
            prefix => self.store.find_users(prefix, limit + 1).await,
        };
        let mut users = users.map_err(unanswered)?;
        let more = users.len() > limit;
        users.truncate(limit);
        Ok(Report::Users { users: self.lines(users).await?, more })
    }

    async fn lines(&self, users: Vec<User>) -> Result<Vec<UserLine>, Refusal> {
        let Some(hub) = &self.hub else { return Ok(users.iter().map(|user| UserLine::new(user, None)).collect()) };
        let found = hub.with_presence(users).await?;
        Ok(found.iter().map(|found| UserLine::new(&found.user, Some(found.online))).collect())
    }

    async fn show_user(&self, name: &str) -> Result<Report, Refusal> {
        let by_id = match UserId::parse(name) {
            Ok(id) => self.store.user(&id).await.map_err(unanswered)?,
            Err(_) => None,
        };
        let user = match by_id {
            Some(user) => Some(user),
            None => self.store.user_by_username(name).await.map_err(unanswered)?,
        };
        let user = user.ok_or_else(|| Refusal::not_found(format!("there is no user {name:?}")))?;
        let ids: Vec<GroupId> = user.groups.keys().cloned().collect();
        let groups = self.store.groups(&ids).await.map_err(unanswered)?;
        let groups = groups.iter().map(GroupLine::from).collect();
        let devices = self.devices(&user).await?;
        let lines = self.lines(vec![user]).await?;
        let user = lines.into_iter().next().ok_or_else(|| Refusal::not_found("there is no such user"))?;
        Ok(Report::User { user, groups, devices })
    }

    async fn devices(&self, user: &User) -> Result<Vec<DeviceLine>, Refusal> {
        let connected = match &self.hub {
            Some(hub) => Some(hub.connected_devices(&user.id).await?),
            None => None,
        };
        devices::lines(&*self.store, user, connected.as_ref()).await.map_err(unanswered)
    }

    async fn find_groups(&self, part: &str, limit: usize) -> Result<Report, Refusal> {
        let (part, limit) = (search_form(part), requested_size("limit", limit, MOST_LINES)?);
        let mut found = Vec::new();
        for page in 0.. {
            let groups = self.store.all_groups(page, PAGE).await.map_err(unanswered)?;
            let last = groups.len() < PAGE;
            found.extend(groups.iter().filter(|group| search_form(&group.name).contains(&part)).map(GroupLine::from));
            if last || found.len() > limit {
                break;
            }
        }
        let more = found.len() > limit;
        found.truncate(limit);
        Ok(Report::Groups { groups: found, more })
    }

    async fn show_group(&self, id: &GroupId) -> Result<Report, Refusal> {
        let group = self.group(id).await?;
        let ids: Vec<UserId> = group.members.iter().map(|member| member.id.clone()).collect();
        let users = self.store.users(&ids).await.map_err(unanswered)?;
        let name = |id: &UserId| {
            let user = users.iter().find(|user| user.id == *id);
            user.map(|user| user.profile.name.clone()).unwrap_or_default()
        };
        let members = group.members.iter();
        let members =
            members.map(|member| MemberLine { id: member.id.clone(), name: name(&member.id), role: member.role });
        Ok(Report::Group { members: members.collect(), group: GroupLine::from(&group) })
    }

    fn list_nodes(&self) -> Result<Report, Refusal> {
        let mut nodes: Vec<NodeLine> = self.running()?.nodes().into_iter().map(NodeLine::from).collect();
        nodes.sort_by(|one, other| one.node.cmp(&other.node));
        Ok(Report::Nodes { nodes })
    }

    async fn kick(&self, user: &UserId, group: Option<&GroupId>) -> Result<Report, Refusal> {
        let hub = self.running()?;
        let Some(group) = group else {
            self.user(user).await?;
            hub.kick(user, false).await?;
            return done(format!("{user}'s connections are closed"));
        };
        self.member(group, user).await?;
        hub.expel(group, vec![user.clone()]).await?;
        done(format!("{user} is not in {group} any more"))
    }

    /// Sessions of older logins end, where a hub runs; without one there are none.
    async fn set_password(&self, user: &UserId, hash: &str) -> Result<Report, Refusal> {
        self.user(user).await?;
        self.store.set_password(user, hash, now_ms()).await.map_err(unanswered)?;
        if let Some(hub) = &self.hub {
            hub.calls().end_older_logins(user, None).await?;
        }
        done(format!("{user} has a new password"))
    }

    async fn set_banned(&self, user: &UserId, banned: bool) -> Result<(), Refusal> {
        self.user(user).await?;
        info!(%user, banned, "operator: ban");
        match &self.hub {
            Some(hub) => hub.ban(user, banned).await,
            None => self.store.set_banned(user, banned).await.map_err(unanswered),
        }
    }
}

fn line(place: FollowerPlace) -> FollowerLine {
    FollowerLine {
        follower: place.follower,
        partition: place.partition,
        node: place.node.map(|node| node.to_string()),
        events: place.lag.events,
        seconds: place.lag.seconds,
    }
}

fn done(what: String) -> Result<Report, Refusal> {
    info!(what, "operator");
    Ok(Report::Done { what })
}

fn unanswered(error: StoreError) -> Refusal {
    warn!(%error, "operator: the store did not answer");
    match error {
        StoreError::Unreachable(_) => Refusal::new(Code::Unavailable, error.to_string()),
        StoreError::Refused(_) => Refusal::new(Code::Internal, error.to_string()),
    }
}
