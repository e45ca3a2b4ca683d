//! A `send`: what a client, or a service, wants said. Its form is checked by the row of its kind.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{
    Author, Cid, Code, Data, Emoji, GroupId, Kind, KindRow, Mentions, Part, Refusal, Traits, UserId, parse_event_id,
    requested_data,
};
use crate::protocol::form::frame;

frame! {
    /// Says something, to a group or (`to`) to a user.
    #[frame("send" => "ack")]
    #[derive(Debug, Deserialize)]
    pub struct Send {
        /// The group; or else `to`.
        pub group: Option<GroupId>,
        /// A known user: the direct chat with them.
        pub to: Option<UserId>,
        /// Made by the client, 64 bytes at most, never used again in that group.
        pub cid: Cid,
        /// Required where the kind is `text`: at most `limits.text` characters.
        pub text: Option<String>,
        /// `text` when absent.
        pub kind: Option<String>,
        /// The event that it is about, or replies to.
        pub r#ref: Option<String>,
        /// Whom it mentions: a list of at most 100 ids of members, or the string `all`.
        pub mentions: Option<Mentions>,
        /// A map, stored and delivered as it is, up to 16 KB.
        #[serde(default, deserialize_with = "requested_data")]
        pub data: Option<Data>,
    }
}

/// Where a `send` goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// To a group.
    Group(GroupId),
    /// To a user: the direct chat with them.
    User(UserId),
}

/// What is said, before it is known where.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Content {
    /// The name of the kind; a text where there is none.
    pub kind: Option<String>,
    /// The text.
    pub text: Option<String>,
    /// The event that it is about.
    pub reference: Option<String>,
    /// More about it.
    pub data: Option<Data>,
    /// Whom it mentions.
    pub mentions: Option<Mentions>,
}

/// A `send`, checked for form.
#[derive(Debug, Clone, PartialEq)]
pub struct SendFrame {
    /// Where to.
    pub target: Target,
    /// The sender's id for it.
    pub cid: Cid,
    /// What sort of event.
    pub kind: Kind,
    /// How it is to be numbered, and what it does.
    pub traits: Traits,
    /// What is said.
    pub text: Option<String>,
    /// The event that it is about.
    pub reference: Option<String>,
    /// More about it.
    pub data: Option<Data>,
    /// Whom it mentions.
    pub mentions: Option<Mentions>,
}

// === impl SendFrame ===

impl SendFrame {
    /// Checks what is said by the table of kinds. Refused with `unsupported` where members do not send such a kind,
    /// with `bad_frame` where a part is missing or does not belong there.
    pub fn new(target: Target, cid: Cid, content: Content) -> Result<Self, Refusal> {
        let Content { kind, text, reference, data, mentions } = content;
        let kind = Kind::parse(kind.as_deref().unwrap_or("text")).map_err(|_| unsupported())?;
        let row = kind.row().filter(|row| row.author != Author::Hub).ok_or_else(unsupported)?;
        check_parts(
            row,
            &[
                ("text", row.text, text.is_some()),
                ("ref", row.reference, reference.is_some()),
                ("data", row.data, data.is_some()),
                ("mentions", row.mentions, mentions.is_some()),
            ],
        )?;
        if let Some(reference) = &reference {
            parse_event_id(reference)?;
        }
        if mentions.as_ref().is_some_and(Mentions::is_too_many) {
            return Err(Refusal::bad_frame("`mentions` has at most 100 ids"));
        }
        check_flags(row, data.as_ref())?;
        let data = if row.emoji { Some(with_emoji(row, data)?) } else { data };
        let notify = data.as_ref().and_then(|data| data.get("notify")).and_then(serde_json::Value::as_bool);
        let traits = row.traits_with(notify.unwrap_or(false), reference.is_some() || mentions.is_some());
        Ok(Self { target, cid, kind, traits, text, reference, data, mentions })
    }
}

impl Request for Box<SendFrame> {
    type Fields = Send;

    fn check(fields: Send) -> Result<Self, Refusal> {
        let target = match (fields.group, fields.to) {
            (Some(group), None) => Target::Group(group),
            (None, Some(user)) => Target::User(user),
            (Some(_), Some(_)) => return Err(Refusal::bad_frame("give `group` or `to`, not both")),
            (None, None) => return Err(Refusal::bad_frame("the field `group` (or `to`) is missing")),
        };
        let Send { cid, kind, text, r#ref: reference, data, mentions, .. } = fields;
        let content = Content { kind, text, reference, data, mentions };
        SendFrame::new(target, cid, content).map(Box::new)
    }
}

fn check_parts(row: &KindRow, parts: &[(&str, Part, bool)]) -> Result<(), Refusal> {
    for (name, part, present) in parts {
        match (part, present) {
            (Part::Required, false) => return Err(Refusal::bad_frame(format!("the field `{name}` is missing"))),
            (Part::Refused, true) => {
                return Err(Refusal::bad_frame(format!("a send of kind `{}` has no `{name}`", row.name)));
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_flags(row: &KindRow, data: Option<&Data>) -> Result<(), Refusal> {
    let wrong = |name: &&&str| !data.and_then(|data| data.get(**name)).is_some_and(serde_json::Value::is_boolean);
    match row.flags.iter().find(wrong) {
        Some(name) => Err(Refusal::bad_frame(format!("`data.{name}` must be true or false"))),
        None => Ok(()),
    }
}

/// What is taken from the `data` of a kind that has an emoji.
fn with_emoji(row: &KindRow, data: Option<Data>) -> Result<Data, Refusal> {
    let mut data = data.unwrap_or_default();
    let emoji = data.get("emoji").and_then(serde_json::Value::as_str).unwrap_or_default();
    Emoji::parse(emoji).map_err(|error| Refusal::bad_frame(format!("`data.emoji` must be {}", error.rule)))?;
    data.retain(|field, _| field == "emoji" || row.flags.contains(&field.as_str()));
    Ok(data)
}

fn unsupported() -> Refusal {
    let sent = crate::domain::KINDS.iter().filter(|row| row.author != Author::Hub);
    let names: Vec<_> = sent.map(|row| format!("`{}`", row.name)).collect();
    Refusal::new(Code::Unsupported, format!("this hub takes sends of these kinds only: {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(kind: Option<&str>, text: Option<&str>, data: Option<serde_json::Value>) -> Result<SendFrame, Code> {
        let data = data.map(|data| data.as_object().unwrap().clone());
        let content = Content {
            kind: kind.map(str::to_owned),
            text: text.map(str::to_owned),
            reference: None,
            data,
            mentions: None,
        };
        let target = Target::Group(GroupId::random());
        SendFrame::new(target, Cid::parse("c").unwrap(), content).map_err(|refusal| refusal.code)
    }

    #[test]
    fn what_members_may_send_is_in_the_table() {
        assert_eq!(send(None, Some("hi"), None).unwrap().kind, Kind::Text);
        assert_eq!(send(Some("text"), None, None), Err(Code::BadFrame));
        assert_eq!(send(Some("x.poll"), None, None).unwrap().kind.as_str(), "x.poll");
        assert!(
            send(Some("pinned"), None, Some(serde_json::json!({"on": true}))).is_err_and(|code| code == Code::BadFrame),
            "no ref"
        );
        for kind in ["joined", "left", "role", "void", "starred", "x.", "X.poll", "", "x.\u{e9}"] {
            assert_eq!(send(Some(kind), Some("hi"), None), Err(Code::Unsupported), "{kind:?}");
        }
    }

    #[test]
    fn a_reaction_says_an_emoji_and_nothing_else() {
        let about = GroupId::random();
        let react = |data: serde_json::Value| {
            let (kind, reference) = (Some("reaction".into()), Some(about.event_id(1)));
            let content = Content { kind, reference, data: data.as_object().cloned(), ..Content::default() };
            SendFrame::new(Target::Group(about.clone()), Cid::parse("c").unwrap(), content)
        };
        let sent = react(serde_json::json!({"emoji": "👍", "on": true, "count": 99, "x": [1]})).unwrap();
        assert_eq!(serde_json::to_value(sent.data).unwrap(), serde_json::json!({"emoji": "👍", "on": true}));
        assert!(!sent.traits.counts && !sent.traits.shown);
        for wrong in [
            serde_json::json!({"on": true}),
            serde_json::json!({"emoji": "👍"}),
            serde_json::json!({"emoji": "ok", "on": true}),
            serde_json::json!({"emoji": 5, "on": true}),
            serde_json::json!({"emoji": "👍", "on": "yes"}),
        ] {
            assert_eq!(react(wrong.clone()).unwrap_err().code, Code::BadFrame, "{wrong}");
        }
    }

    #[test]
    fn own_kinds_count_where_they_ask_for_it() {
        let counts = |data| send(Some("x.poll"), None, Some(data)).unwrap().traits.counts;
        assert!(counts(serde_json::json!({"notify": true})));
        assert!(!counts(serde_json::json!({"notify": false})) && !counts(serde_json::json!({"notify": 1})));
        assert!(send(None, Some("hi"), None).unwrap().traits.counts);
    }
}
