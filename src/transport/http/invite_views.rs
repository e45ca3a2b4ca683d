//! Bodies of calls about invites.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{Invite, Millis, requested_seq_if_any};
use crate::hub::{AskedInvite, MadeInvite};
use crate::protocol::Glimpse;

/// An invite to make.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct NewInvite {
    /// When it ends, in Unix milliseconds; never by itself when absent.
    #[serde(default, deserialize_with = "requested_seq_if_any")]
    #[schema(value_type = Option<u64>)]
    expires: Option<u64>,
    /// How many may join by it; any number when absent.
    #[schema(minimum = 1)]
    uses: Option<u32>,
}

/// An invite that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewInviteView {
    /// By which it is listed and ended.
    id: String,
    /// The token by which people join: the hub keeps a hash of it alone.
    invite: String,
    /// This hub's page with it, to be sent to people.
    url: String,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Millis>,
    /// How many may join by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<u32>,
}

/// An invite of a group.
#[derive(Debug, Serialize, ToSchema)]
pub struct InviteView {
    /// By which it is ended.
    id: String,
    /// The admin who made it.
    by: String,
    /// When.
    created: Millis,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Millis>,
    /// How many may join by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<u32>,
    /// How many joined by it.
    used: u32,
}

/// The open invites of a group.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitesView {
    /// In the order of their making.
    pub(super) invites: Vec<InviteView>,
}

/// What an invite leads to.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationView {
    group: InvitingGroup,
}

/// A group, as who is invited is shown it.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitingGroup {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// How many members, before whoever joins by this.
    count: usize,
}

// === impl NewInvite ===

impl NewInvite {
    /// What is asked for.
    pub(super) fn asked(self) -> AskedInvite {
        AskedInvite { expires: self.expires.and_then(|expires| Millis::try_from(expires).ok()), uses: self.uses }
    }
}

// === impl NewInviteView ===

impl NewInviteView {
    /// One that is told with the address of the hub's page. The token stands where browsers send it to nobody.
    pub(super) fn of(made: MadeInvite, page: &str) -> Self {
        let MadeInvite { token, invite } = made;
        Self {
            id: invite.id.to_string(),
            url: format!("{page}#i/{token}"),
            invite: token,
            expires: invite.expires,
            uses: invite.uses,
        }
    }
}

// === conversions ===

impl From<Invite> for InviteView {
    fn from(invite: Invite) -> Self {
        let Invite { id, by, created, expires, uses, used, .. } = invite;
        Self { id: id.to_string(), by: by.to_string(), created, expires, uses, used }
    }
}

impl From<Glimpse> for InvitationView {
    fn from(group: Glimpse) -> Self {
        Self { group: InvitingGroup { id: group.id.to_string(), name: group.name, count: group.count } }
    }
}
