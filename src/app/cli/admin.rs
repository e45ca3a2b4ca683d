//! `hubbub admin`: find, list, make admins, kick, ban, set passwords, delete.

mod print;

use clap::{Args, Subcommand};
use url::Url;

use super::error::CommandError;
use crate::app::config::Loaded;
use crate::app::operator::{AdminClient, AdminCommand};
use crate::domain::{GroupId, UserId, random_password};
use crate::identity::accounts::hash_password;
use crate::kernel::print;

const EXAMPLES: &str = "\
Examples:
  hubbub admin users ann                 users whose username begins with ann
  hubbub admin user anna                 anna with her groups and devices
  hubbub admin groups                    all groups, the first 50
  hubbub admin nodes                     the nodes that live, with their roles
  hubbub admin followers                 what follows stored messages, and how far behind it is
  hubbub admin make-admin GROUP anna
  hubbub admin kick bert                 closes bert's connections
  hubbub admin kick bert --group GROUP   removes bert from a group
  hubbub admin ban bert
  hubbub admin set-password anna         prints a new password; --stdin reads one
  hubbub admin delete-user bert --yes
  hubbub --config /etc/hubbub.toml admin --json users";

/// See and change users and groups.
///
/// Asks the running hub (its internal listener); when none runs, works on the store, as far as
/// that can be done without one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Admin {
    /// The internal listener of a running hub, such as http://10.0.0.5:8081 [default: this machine's]
    #[arg(long, value_name = "URL")]
    hub: Option<Url>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List users, or find them by the beginning of their username
    Users {
        /// The beginning of a username
        #[arg(default_value = "")]
        prefix: String,
        /// Most lines, 1 to 1000
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show a user with their groups and devices, and how far each device is behind
    User {
        /// Id or username
        user: String,
    },
    /// List groups, or find them by a part of their name
    Groups {
        /// A part of a name
        #[arg(default_value = "")]
        part: String,
        /// Most lines, 1 to 1000
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show a group and its members
    Group {
        /// Its id
        #[arg(value_parser = GroupId::parse)]
        group: GroupId,
    },
    /// List the nodes that live, with their roles
    Nodes,
    /// Show who works for which follower (what follows stored messages), and how far behind
    Followers,
    /// Make a member of a group its admin
    MakeAdmin {
        /// The group's id
        #[arg(value_parser = GroupId::parse)]
        group: GroupId,
        /// The member's id
        #[arg(value_parser = UserId::parse)]
        user: UserId,
    },
    /// Close a user's connections, or remove the user from a group
    Kick {
        /// The user's id
        #[arg(value_parser = UserId::parse)]
        user: UserId,
        /// Remove from this group instead
        #[arg(long, value_parser = GroupId::parse)]
        group: Option<GroupId>,
    },
    /// Shut a user out, and close their connections
    Ban {
        /// The user's id
        #[arg(value_parser = UserId::parse)]
        user: UserId,
    },
    /// Let a user in again
    Unban {
        /// The user's id
        #[arg(value_parser = UserId::parse)]
        user: UserId,
    },
    /// Give a built-in account a new password: a random one, which is printed
    SetPassword {
        /// The user's id
        #[arg(value_parser = UserId::parse)]
        user: UserId,
        /// Read the password from standard input
        #[arg(long)]
        stdin: bool,
    },
    /// Delete a user: profile, password, memberships, read marks, devices; what they said stays, and nobody can
    /// be that user again until `unban` (and `set-password`, for an account of this hub)
    DeleteUser {
        /// The user's id
        #[arg(value_parser = UserId::parse)]
        user: UserId,
        /// Yes, delete
        #[arg(long)]
        yes: bool,
    },
    /// Delete a group and all that was said in it
    DeleteGroup {
        /// The group's id
        #[arg(value_parser = GroupId::parse)]
        group: GroupId,
        /// Yes, delete
        #[arg(long)]
        yes: bool,
    },
}

// === impl Admin ===

impl Admin {
    /// Has the order carried out and prints what came of it.
    pub(super) fn run(self, loaded: &Loaded) -> Result<(), CommandError> {
        let (order, password) = self.command.order()?;
        let office = AdminClient::new(&loaded.config, self.hub)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| CommandError::Refused(error.to_string()))?;
        let report = runtime.block_on(office.carry_out(&loaded.config, order))?;
        print(&match self.json {
            true => serde_json::json!(report).to_string() + "\n",
            false => print::text(&report),
        });
        if let Some(password) = password {
            print(&format!("{password}\n"));
        }
        Ok(())
    }
}

// === impl Command ===

impl Command {
    /// The order, and a password to print once it is set.
    fn order(self) -> Result<(AdminCommand, Option<String>), CommandError> {
        let order = match self {
            Self::Users { prefix, limit } => AdminCommand::FindUsers { prefix, limit },
            Self::User { user } => AdminCommand::ShowUser { user },
            Self::Groups { part, limit } => AdminCommand::FindGroups { part, limit },
            Self::Group { group } => AdminCommand::ShowGroup { group },
            Self::Nodes => AdminCommand::ListNodes,
            Self::Followers => AdminCommand::ShowFollowers,
            Self::MakeAdmin { group, user } => AdminCommand::MakeAdmin { group, user },
            Self::Kick { user, group } => AdminCommand::Kick { user, group },
            Self::Ban { user } => AdminCommand::Ban { user },
            Self::Unban { user } => AdminCommand::Unban { user },
            Self::SetPassword { user, stdin } => return set_password(user, stdin),
            Self::DeleteUser { user, yes } => {
                confirm(yes, &user)?;
                AdminCommand::DeleteUser { user }
            }
            Self::DeleteGroup { group, yes } => {
                confirm(yes, &group)?;
                AdminCommand::DeleteGroup { group }
            }
        };
        Ok((order, None))
    }
}

fn confirm(yes: bool, what: &dyn std::fmt::Display) -> Result<(), CommandError> {
    if yes {
        return Ok(());
    }
    Err(CommandError::Refused(format!("this deletes {what} for good; say --yes to do it")))
}

fn set_password(user: UserId, stdin: bool) -> Result<(AdminCommand, Option<String>), CommandError> {
    let refused = |problem: String| CommandError::Refused(problem);
    let (password, shown) = if stdin {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map_err(|error| refused(format!("standard input: {error}")))?;
        (line.trim_end_matches(['\r', '\n']).to_owned(), None)
    } else {
        let password = random_password();
        (password.clone(), Some(password))
    };
    let hash = hash_password(&password).map_err(|refusal| refused(refusal.message.into_owned()))?;
    Ok((AdminCommand::SetPassword { user, hash }, shown))
}
