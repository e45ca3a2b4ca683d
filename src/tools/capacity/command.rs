//! `hubbub capacity`: how large a deployment must be.

use clap::Args;

use super::costs::MEASURED;
use super::load::Load;
use super::machines::Machines;
use super::report::Report;
use crate::kernel::print;

const EXAMPLES: &str = "\
Examples:
  hubbub capacity                                       500, 50 million and 1 billion users, side by side
  hubbub capacity --users 20000 --messages-per-day 40
  hubbub capacity --users 1e9 --messages-per-day 100 --retention-days 30 --node-sessions 100000
  hubbub capacity --users 50e6 --json                   all inputs and unit costs too

What the unit costs are, and how they were measured: docs/capacity.md.";

/// A university, a national messenger, the whole world.
const USERS: [f64; 3] = [500.0, 50e6, 1e9];

/// Reckon how many nodes, partitions, Redis and MongoDB shards and disks a load needs.
///
/// Shares are from 0 to 1; large numbers may be written as 50e6.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Capacity {
    /// Users of a day [default: 500, 50e6 and 1e9 side by side]
    #[arg(long, value_parser = positive)]
    users: Option<f64>,
    /// Messages that each of them sends in a day
    #[arg(long, value_parser = positive, default_value_t = Load::default().messages_per_day)]
    messages_per_day: f64,
    /// The share of them that is connected at the busiest time
    #[arg(long, value_parser = share, default_value_t = Load::default().online)]
    online: f64,
    /// Connections of each user who is connected
    #[arg(long, value_parser = positive, default_value_t = Load::default().devices)]
    devices: f64,
    /// Connected sessions that a message goes to, the sender's own included
    #[arg(long, value_parser = positive, default_value_t = Load::default().recipients)]
    recipients: f64,
    /// The busiest second's messages, as a multiple of the mean
    #[arg(long, value_parser = positive, default_value_t = Load::default().peak)]
    peak: f64,
    /// Bytes of a text
    #[arg(long, value_parser = positive, default_value_t = Load::default().text)]
    text: f64,
    /// Groups of each user
    #[arg(long, value_parser = positive, default_value_t = Load::default().groups_per_user)]
    groups_per_user: f64,
    /// Members of a group
    #[arg(long, value_parser = positive, default_value_t = Load::default().members)]
    members: f64,
    /// Days that messages are kept
    #[arg(long, value_parser = positive, default_value_t = Load::default().retention_days)]
    retention_days: f64,
    /// Hours that sends are remembered (setting cid_window)
    #[arg(long, value_parser = positive, default_value_t = Load::default().cid_window_hours)]
    cid_window_hours: f64,
    /// The share of anything that is planned to be used
    #[arg(long, value_parser = share, default_value_t = Machines::default().utilisation)]
    utilisation: f64,
    /// Cores of a node
    #[arg(long, value_parser = positive, default_value_t = Machines::default().node_cores)]
    node_cores: f64,
    /// Memory of a node, in GiB
    #[arg(long, value_parser = positive, default_value_t = Machines::default().node_memory)]
    node_memory: f64,
    /// Sessions that a node takes (setting max_connections)
    #[arg(long, value_parser = positive, default_value_t = Machines::default().node_sessions)]
    node_sessions: f64,
    /// Memory of a Redis shard, in GiB
    #[arg(long, value_parser = positive, default_value_t = Machines::default().redis_memory)]
    redis_memory: f64,
    /// What a Redis shard's network carries, in Gbit/s
    #[arg(long, value_parser = positive, default_value_t = Machines::default().redis_network)]
    redis_network: f64,
    /// Copies of each Redis shard, itself included
    #[arg(long, value_parser = positive, default_value_t = Machines::default().redis_copies)]
    redis_copies: f64,
    /// Documents that a MongoDB shard inserts in a second
    #[arg(long, value_parser = positive, default_value_t = Machines::default().mongodb_inserts)]
    mongodb_inserts: f64,
    /// Disk of a MongoDB member, in TB
    #[arg(long, value_parser = positive, default_value_t = Machines::default().mongodb_disk)]
    mongodb_disk: f64,
    /// Members of each MongoDB shard
    #[arg(long, value_parser = positive, default_value_t = Machines::default().mongodb_copies)]
    mongodb_copies: f64,
    /// Messages of one partition in a second
    #[arg(long, value_parser = positive, default_value_t = Machines::default().partition_messages)]
    partition_messages: f64,
    /// Print inputs, unit costs and results as JSON
    #[arg(long)]
    json: bool,
}

// === impl Capacity ===

impl Capacity {
    /// Reckons, and prints the table or JSON.
    ///
    /// # Errors
    /// The figures are no JSON.
    pub fn run(self) -> serde_json::Result<()> {
        let users = self.users.map_or(USERS.to_vec(), |users| vec![users]);
        let report = Report::of(users.into_iter().map(|users| self.load(users)).collect(), self.machines(), MEASURED);
        let text = match self.json {
            true => serde_json::to_string_pretty(&report)? + "\n",
            false => report.to_string(),
        };
        print(&text);
        Ok(())
    }

    fn load(&self, users: f64) -> Load {
        Load {
            users,
            messages_per_day: self.messages_per_day,
            online: self.online,
            devices: self.devices,
            recipients: self.recipients,
            peak: self.peak,
            text: self.text,
            groups_per_user: self.groups_per_user,
            members: self.members,
            retention_days: self.retention_days,
            cid_window_hours: self.cid_window_hours,
        }
    }

    fn machines(&self) -> Machines {
        Machines {
            utilisation: self.utilisation,
            node_cores: self.node_cores,
            node_memory: self.node_memory,
            node_sessions: self.node_sessions,
            redis_memory: self.redis_memory,
            redis_network: self.redis_network,
            redis_copies: self.redis_copies,
            mongodb_inserts: self.mongodb_inserts,
            mongodb_disk: self.mongodb_disk,
            mongodb_copies: self.mongodb_copies,
            partition_messages: self.partition_messages,
        }
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (1e-6..=1e12).contains(number));
    number.ok_or_else(|| "a number above 0 is expected, such as 500, 0.5 or 50e6".into())
}

fn share(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (1e-6..=1.0).contains(number));
    number.ok_or_else(|| "a share above 0 and up to 1 is expected, such as 0.25".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused() {
        for text in ["0", "-1", "many", "NaN", "inf", "1e13", ""] {
            assert!(positive(text).is_err(), "{text}");
        }
        assert_eq!(positive("50e6"), Ok(50e6));
        assert!(share("1.1").is_err() && share("0").is_err());
        assert_eq!(share("1"), Ok(1.0));
    }
}
