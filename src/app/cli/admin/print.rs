//! Reports for people.

use std::fmt::Write;

use crate::app::operator::{DeviceLine, FollowerLine, GroupLine, NodeLine, Report, UserLine};
use crate::domain::{Millis, now_ms};

/// A report as text, columns aligned.
pub(super) fn text(report: &Report) -> String {
    match report {
        Report::Users { users, more } => table(&USER_HEAD, users.iter().map(user_row).collect()) + more_text(*more),
        Report::Groups { groups, more } => {
            table(&GROUP_HEAD, groups.iter().map(group_row).collect()) + more_text(*more)
        }
        Report::User { user, groups, devices } => {
            let user = table(&USER_HEAD, vec![user_row(user)]);
            let groups = table(&GROUP_HEAD, groups.iter().map(group_row).collect());
            format!("{user}\n{groups}{}", devices_text(devices))
        }
        Report::Group { group, members } => {
            let rows =
                members.iter().map(|member| vec![member.id.to_string(), plain(&member.name), member.role.to_string()]);
            let group = table(&GROUP_HEAD, vec![group_row(group)]);
            format!("{group}\n{}", table(&["MEMBER", "NAME", "ROLE"], rows.collect()))
        }
        Report::Nodes { nodes } => table(&NODE_HEAD, nodes.iter().map(node_row).collect()),
        Report::Followers { followers } => table(&FOLLOWER_HEAD, followers.iter().map(follower_row).collect()),
        Report::Done { what } => format!("{what}\n"),
    }
}

/// What follows a list that has not all.
fn more_text(more: bool) -> &'static str {
    if more { "There are more: see them with a greater --limit, or look for a part.\n" } else { "" }
}

const USER_HEAD: [&str; 7] = ["USER", "USERNAME", "NAME", "ACCOUNT", "STATE", "SEEN", "GROUPS"];
const DEVICE_HEAD: [&str; 4] = ["DEVICE", "STATE", "SEEN", "GROUPS"];
const MARK_HEAD: [&str; 4] = ["DEVICE", "GROUP", "DELIVERED", "BEHIND"];
const GROUP_HEAD: [&str; 5] = ["GROUP", "NAME", "KIND", "ACCESS", "MEMBERS"];
const NODE_HEAD: [&str; 6] = ["NODE", "VERSION", "ROLES", "STATE", "SESSIONS", "PARTITIONS"];

const FOLLOWER_HEAD: [&str; 5] = ["FOLLOWER", "PARTITION", "NODE", "EVENTS BEHIND", "SECONDS"];

fn follower_row(line: &FollowerLine) -> Vec<String> {
    let node = line.node.as_deref().unwrap_or("-");
    let numbers = [line.events, line.seconds].map(|number| number.to_string());
    [line.follower.clone(), line.partition.to_string(), node.to_owned()].into_iter().chain(numbers).collect()
}

fn user_row(user: &UserLine) -> Vec<String> {
    let state = match (user.banned, user.online) {
        (true, _) if user.username.is_empty() => "deleted",
        (true, _) => "banned",
        (_, Some(true)) => "online",
        (_, Some(false)) => "offline",
        (_, None) => "-",
    };
    vec![
        user.id.to_string(),
        plain(&user.username),
        plain(&user.name),
        if user.account { "yes" } else { "no" }.into(),
        state.into(),
        ago(user.last_seen),
        user.groups.to_string(),
    ]
}

/// The devices, and where each is furthest behind; nothing where there are none.
fn devices_text(devices: &[DeviceLine]) -> String {
    if devices.is_empty() {
        return String::new();
    }
    let marks = devices.iter().flat_map(mark_rows).collect();
    format!("\n{}\n{}", table(&DEVICE_HEAD, devices.iter().map(device_row).collect()), table(&MARK_HEAD, marks))
}

fn device_row(line: &DeviceLine) -> Vec<String> {
    let state = match line.online {
        Some(true) => "online",
        Some(false) => "offline",
        None => "-",
    };
    vec![plain(line.device.as_str()), state.into(), ago(line.last_seen), line.groups.to_string()]
}

fn mark_rows(line: &DeviceLine) -> impl Iterator<Item = Vec<String>> {
    line.marks.iter().map(|mark| {
        let (delivered, behind) = (mark.delivered.to_string(), mark.behind.to_string());
        vec![plain(line.device.as_str()), mark.group.to_string(), delivered, behind]
    })
}

fn group_row(group: &GroupLine) -> Vec<String> {
    vec![
        group.id.to_string(),
        plain(&group.name),
        group.kind.to_string(),
        group.access.to_string(),
        group.members.to_string(),
    ]
}

fn node_row(node: &NodeLine) -> Vec<String> {
    vec![
        node.node.to_string(),
        plain(&node.version),
        plain(&node.roles.to_string()),
        if node.draining { "draining" } else { "stays" }.into(),
        node.connections.to_string(),
        node.partitions.to_string(),
    ]
}

/// Names come from people: nothing in them may move the cursor or colour the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn ago(at: Millis) -> String {
    let minutes = (now_ms() - at).max(0) / 60_000;
    match minutes {
        _ if at == 0 => "never".into(),
        0 => "just now".into(),
        1..60 => format!("{minutes} min ago"),
        60..2_880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1_440),
    }
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    let head = head.iter().map(|title| (*title).to_owned()).collect();
    for row in std::iter::once(head).chain(rows) {
        let row: Vec<String> = row;
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::operator::DeviceMark;
    use crate::domain::{Access, DeviceName, GroupId, GroupKind, UserId};

    #[test]
    fn columns_are_aligned_and_names_cannot_play_tricks() {
        let line = |id: &str, name: &str| UserLine {
            id: UserId::parse(id).unwrap(),
            username: id.into(),
            name: name.into(),
            account: true,
            banned: false,
            online: Some(true),
            last_seen: 0,
            groups: 2,
        };
        let users = vec![line("anna", "Ännä \u{1b}[31m"), line("bartholomew", "B")];
        let shown = text(&Report::Users { users: users.clone(), more: false });
        assert!(!shown.contains('\u{1b}'));
        let column = |line: &str| line.chars().take_while(|c| *c != ' ').count();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(!shown.contains("more") && text(&Report::Users { users, more: true }).contains("more"));
        assert_eq!((column(lines[1]), column(lines[2])), (4, 11));
        let second = |line: &str| line.chars().skip(13).take_while(|c| *c != ' ').collect::<String>();
        assert_eq!((second(lines[0]), second(lines[1])), ("USERNAME".to_owned(), "anna".to_owned()));
    }

    #[test]
    fn a_user_is_shown_with_their_devices_and_how_far_each_is_behind() {
        let user = UserLine {
            id: UserId::parse("anna").unwrap(),
            username: "anna".into(),
            name: "Anna".into(),
            account: false,
            banned: false,
            online: None,
            last_seen: 0,
            groups: 1,
        };
        let none = text(&Report::User { user: user.clone(), groups: vec![], devices: vec![] });
        assert!(!none.contains("DEVICE"));
        let group = GroupId::random();
        let phone = DeviceLine {
            device: DeviceName::parse("Anna's phone").unwrap(),
            online: Some(true),
            last_seen: now_ms(),
            groups: 1,
            marks: vec![DeviceMark { group: group.clone(), delivered: 40, behind: 2 }],
        };
        let shown = text(&Report::User { user, groups: vec![], devices: vec![phone] });
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines.iter().any(|line| line.split_whitespace().eq("Anna's phone online just now 1".split(' '))));
        let mark = format!("Anna's phone {group} 40 2");
        assert!(lines.iter().any(|line| line.split_whitespace().eq(mark.split(' '))), "{shown}");
    }

    #[test]
    fn a_group_is_shown_with_its_members() {
        let id = GroupId::random();
        let group = GroupLine {
            id: id.clone(),
            kind: GroupKind::Group,
            name: "friends".into(),
            access: Access::Members,
            members: 0,
        };
        let shown = text(&Report::Group { group, members: vec![] });
        assert!(shown.contains(id.as_str()) && shown.contains("friends") && shown.contains("MEMBER"));
    }
}
