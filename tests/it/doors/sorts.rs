//! The table of sorts: what is refused of each, with which code and sentence, and what stands for it where it is right.

use serde_json::{Value, json};

use super::names;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// Who: an id that somebody outside may have.
    User,
    /// A group's id.
    Group,
    /// A group that a path or a query is about: what is no id names none.
    NamedGroup,
    /// Somebody by id or username: what nobody has names nobody.
    NamedUser,
    /// An event that a path is about.
    NamedEvent,
    /// The place of an event that a path is about: what is no seq names none.
    NamedSeq,
    /// A node that an order is about.
    NamedNode,
    Cid,
    /// A name that people see.
    Name,
    /// One that need not be given: an empty one is none.
    ShownName,
    Username,
    /// The username of an account of the hub's own, which becomes an id.
    Account,
    Password,
    Text,
    Kind,
    EventId,
    Data,
    Seq,
    Cursors,
    /// An emoji.
    Emoji,
    /// Where a list of those who react goes on.
    ReactorPlace,
    /// Whom a text mentions.
    Mentions,
    /// Where a list of groups goes on.
    Place,
    /// Which page.
    Page,
    /// How many entries on a page.
    Size,
    /// How many lines of a report.
    Lines,
    Access,
    Pinning,
    Role,
    /// What a group is about.
    GroupAbout,
    /// What has no place yet.
    GroupImage,
    /// An invite that a path is about.
    NamedInvite,
    /// A moment that lies ahead.
    Time,
    /// How many there may be.
    Count,
    Device,
    Token,
    Email,
    Phone,
    /// What somebody says of themselves.
    About,
    /// What is not taken yet; `null` takes nothing away.
    Image,
    TimeZone,
    Status,
    Settings,
    Session,
    /// What people are found by.
    Words,
    WordPlace,
    /// Users of whom there is one at least.
    Users,
    /// Users who join somebody.
    Members,
    /// Groups that are watched.
    Watched,
    Flag,
    /// Any text: what it is looked for by, or compared with.
    Anything,
    /// What the command line alone reads.
    Own,
}

/// Something that is refused.
#[derive(Debug, Clone)]
pub struct Bad {
    pub value: Value,
    pub code: &'static str,
    /// What the sentence says, with `{}` for the name of the field; empty where it is a reader's.
    pub told: String,
}

/// A group's id that nobody has made.
pub const NOWHERE: &str = "abcdefghijklmnopqrstuvwxyz";
/// Ids that the hub gives: of what it does in a group, of itself, of its probes.
pub const OWN: [&str; 4] = ["hub.create", "hub.create.admin", "hub.system", "hub.probe"];
/// The first integer that not every client can say.
const UNSAFE: u64 = 1 << 53;

const USER_RULE: &str =
    "a user id must be 1 to 128 characters of A-Z a-z 0-9 . _ @ | - that do not begin with \"hub.\"";
const GROUP_RULE: &str = "a group id must be 26 characters of a-z 2-7";
const CID_RULE: &str = "a cid must be 1 to 64 bytes that do not begin with \"hub.\"";
const ACCOUNT_RULE: &str = "username must be 1 to 64 characters of a-z 0-9 . _ @ - and not begin with \"hub.\"";

fn bad(value: impl Into<Value>, code: &'static str, sentence: &str) -> Bad {
    Bad { value: value.into(), code, told: sentence.to_owned() }
}

fn all(values: Vec<Value>, code: &'static str, sentence: &str) -> Vec<Bad> {
    values.into_iter().map(|value| bad(value, code, sentence)).collect()
}

fn no_users() -> Vec<Value> {
    let mut texts: Vec<Value> = ["", "a b", "ü", "a/b", "a\nb"].map(Value::from).to_vec();
    texts.push("x".repeat(129).into());
    texts.extend(OWN.map(Value::from));
    texts
}

fn no_groups() -> Vec<Value> {
    let texts = ["nonsense", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxy1", "a b"];
    let mut texts: Vec<Value> = texts.map(Value::from).to_vec();
    texts.push("a".repeat(27).into());
    texts
}

/// Lists of users with one that none can be, and lists that are too long.
fn no_lists() -> Vec<Bad> {
    let mut lists: Vec<Bad> =
        no_users().into_iter().map(|user| bad(json!(["anna", user]), "bad_frame", USER_RULE)).collect();
    lists.extend(all(vec![json!([5]), json!([null]), json!([["anna"]])], "bad_frame", ""));
    let many: Vec<String> = (0..151).map(|number| format!("crowd-{number}")).collect();
    lists.push(bad(json!(many), "too_large", "a group has at most 150 members"));
    lists
}

fn no_names(field: &str) -> Vec<Bad> {
    names::bad().into_iter().map(|(name, why)| bad(name, "bad_frame", &format!("`{field}` {why}"))).collect()
}

fn empty_names() -> Vec<Bad> {
    all(vec!["".into(), " \n".into()], "bad_frame", "`{}` must have 1 to 200 characters")
}

/// What is refused of what somebody says of themselves.
fn no_details(sort: Sort) -> Vec<Bad> {
    let (most, wrong, sentence): (usize, &[&str], &str) = match sort {
        Sort::Email => (254, &["", "anna", "@b", "a@", "a@b@c", "a b@c", "a\n@b"], "`{}` must be an address"),
        Sort::Phone => (32, &["", "+", "call me", "1\n2", "\u{661}"], "`{}` must be a number"),
        Sort::About => (500, &["a\tb", "a\u{7}", "a\u{85}b"], "`{}` must have no control characters"),
        Sort::Image => return all(vec!["".into(), "a".into()], "unsupported", "no images of users"),
        _ => {
            let zones = ["", "/", "Europe/", "Europe//Lisbon", "+01:00", "a/b/c/d", "../passwd", "Europe/Lisböa"];
            return all(zones.map(Value::from).to_vec(), "bad_frame", "`{}` must be an IANA name");
        }
    };
    let long = bad("x".repeat(most + 1), "too_large", &format!("`{{}}` has at most {most} characters"));
    [all(wrong.iter().map(|text| json!(text)).collect(), "bad_frame", sentence), vec![long]].concat()
}

fn no_statuses() -> Vec<Bad> {
    let empty = all(vec![json!({}), json!({"until": 5})], "bad_frame", "`{}` needs an `emoji` or a `text`");
    let other =
        vec![json!({"text": 5}), json!({"text": "x", "until": "soon"}), json!({"text": " "}), json!({"text": "a\nb"})];
    let long = bad(json!({"text": "x".repeat(101)}), "too_large", "`status.text` has at most 100 characters");
    let emoji = bad(json!({"emoji": "x".repeat(65)}), "too_large", "`status.emoji` has at most 64 characters");
    [empty, all(other, "bad_frame", ""), vec![long, emoji]].concat()
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inside, _| json!([inside]))
}

/// Those that are no integers from 0 on.
fn no_numbers() -> Vec<Value> {
    vec![json!(-1), json!(1.5), json!("x"), json!(""), json!("1e3"), json!("18446744073709551616")]
}

impl Sort {
    /// A right one.
    pub fn good(self) -> Value {
        match self {
            Self::User | Self::NamedUser => json!("bert"),
            Self::Group | Self::NamedGroup => json!(NOWHERE),
            Self::NamedEvent | Self::EventId => json!(format!("{NOWHERE}:1")),
            Self::NamedNode => json!("nowhere"),
            Self::NamedSeq => json!("1"),
            Self::Emoji => json!("👍"),
            Self::ReactorPlace => json!("👍 bert"),
            Self::Mentions => json!([]),
            Self::Cid => json!("a cid"),
            Self::Name | Self::ShownName => json!("Tea"),
            Self::Username | Self::Account => json!("carl"),
            Self::Password => json!("correct horse"),
            Self::Kind => json!("text"),
            Self::Data => json!({"a": 1}),
            Self::Seq | Self::Size | Self::Lines => json!(1),
            Self::Page => json!(0),
            Self::Place => json!(format!("7.{NOWHERE}")),
            Self::Cursors => json!({NOWHERE: 1}),
            Self::Access => json!("open"),
            Self::Pinning => json!("members"),
            Self::Role => json!("member"),
            Self::GroupAbout => json!("Where we eat"),
            Self::GroupImage => Value::Null,
            Self::NamedInvite => json!(NOWHERE),
            Self::Time => json!(4_000_000_000_000_u64),
            Self::Count => json!(1),
            Self::Device => json!("phone"),
            Self::Email => json!("anna@example.org"),
            Self::Phone => json!("+351 22"),
            Self::About => json!("one\ntwo"),
            Self::Image => json!(null),
            Self::TimeZone => json!("Europe/Lisbon"),
            Self::Status => json!({"emoji": "🫖", "text": "tea", "until": 1}),
            Self::Settings => json!({"a": 1}),
            Self::Session => json!(NOWHERE),
            Self::Words => json!("bert"),
            Self::WordPlace => json!("bert.bert"),
            Self::Users | Self::Members => json!(["bert"]),
            Self::Watched => json!([]),
            Self::Flag => json!(true),
            Self::Text | Self::Token | Self::Anything | Self::Own => json!("hello"),
        }
    }

    /// What is refused wherever it comes.
    pub fn bad(self) -> Vec<Bad> {
        let group = |rest: &str| json!(format!("{NOWHERE}{rest}"));
        match self {
            Self::User => all(no_users(), "bad_frame", USER_RULE),
            Self::Group => all(no_groups(), "bad_frame", GROUP_RULE),
            Self::NamedGroup => all(no_groups(), "not_found", "there is no such group"),
            Self::NamedUser => {
                all(vec!["nobody".into(), "a b".into(), "hub.system".into()], "not_found", "there is no")
            }
            Self::NamedEvent => all(vec!["7".into(), group(""), group(":0")], "not_found", "there is no such message"),
            Self::NamedSeq => {
                let seqs = ["x", "-1", "1.5", "18446744073709551616", "0"].map(Value::from);
                all(seqs.to_vec(), "not_found", "there is no such")
            }
            Self::Emoji => {
                all(["", "ok", "👍👍", "👍 ", "$set"].map(Value::from).to_vec(), "bad_frame", "an emoji must be")
            }
            Self::ReactorPlace => {
                all(["", "👍", "👍 a b", "ok bert"].map(Value::from).to_vec(), "bad_frame", "`after` must be `next`")
            }
            Self::Mentions => {
                let lists = no_users().into_iter().map(|user| json!(["anna", user])).collect();
                let many: Vec<String> = (0..101).map(|number| format!("crowd-{number}")).collect();
                let many = bad(json!(many), "bad_frame", "`mentions` has at most 100 ids");
                [all(lists, "bad_frame", USER_RULE), vec![many, bad(json!([5]), "bad_frame", "")]].concat()
            }
            Self::NamedNode => all(vec!["nowhere".into(), "".into()], "not_found", ""),
            Self::Cid => {
                let mut cids: Vec<Value> = OWN.map(Value::from).to_vec();
                cids.extend(["".into(), "hub.".into(), "c".repeat(65).into()]);
                all(cids, "bad_frame", CID_RULE)
            }
            Self::Name => [no_names("{}"), empty_names()].concat(),
            Self::ShownName => no_names("{}"),
            Self::Username => {
                let own = OWN.into_iter().chain(["HUB.x", " hub.x"]).map(Value::from).collect();
                [no_names("{}"), empty_names(), all(own, "bad_frame", "must not begin with \"hub.\"")].concat()
            }
            Self::Account => {
                let mut names = no_users();
                names.extend(["HUB.x".into(), "other|anna".into(), "x".repeat(65).into()]);
                all(names, "bad_frame", ACCOUNT_RULE)
            }
            Self::Password => all(
                vec!["".into(), "1234567".into(), "x".repeat(257).into()],
                "bad_frame",
                "password must be 8 to 256 bytes",
            ),
            Self::Text => all(vec!["x".repeat(4_001).into()], "too_large", "a text has at most 4000 characters"),
            Self::Kind => all(
                ["", "dance", "joined", "void", "x.", "X.poll", "x.\u{e9}"].map(Value::from).to_vec(),
                "unsupported",
                "this hub takes sends of these kinds only",
            ),
            Self::EventId => {
                let ids = [group(""), group(":"), group(":0"), group(":01"), group(":-1"), group(":x"), json!(":")];
                let too_great = group(":18446744073709551616");
                let mut ids =
                    all([ids.to_vec(), vec![too_great, "".into()]].concat(), "bad_frame", "an event id must be");
                ids.extend(all(vec!["x:1".into(), ":1".into()], "bad_frame", GROUP_RULE));
                ids
            }
            Self::Data => vec![
                bad(json!({"x": "x".repeat(16_384)}), "too_large", "`data` has at most 16384 bytes as JSON"),
                bad(json!({"x": nested(33)}), "bad_frame", "`data` is nested at most 32 deep"),
            ],
            Self::Seq => {
                let mut seqs = all(no_numbers(), "bad_frame", "");
                seqs.extend(all(vec![json!(UNSAFE), json!(u64::MAX)], "bad_frame", "must be an integer below 2^53"));
                seqs
            }
            Self::Cursors => {
                let of = |seq: Value| json!({NOWHERE: seq});
                let mut cursors = all(vec![of(json!(-1)), of(json!("1")), of(json!(null))], "bad_frame", "");
                cursors.push(bad(json!({"nonsense": 1}), "bad_frame", GROUP_RULE));
                cursors.push(bad(of(json!(UNSAFE)), "bad_frame", "must be an integer below 2^53"));
                cursors
            }
            Self::Place => {
                let places = ["", "7", "7.", ".", "7.nonsense", "-7.abcdefghijklmnopqrstuvwxyz"].map(Value::from);
                all(
                    [places.to_vec(), vec![group(""), json!(format!("{}0.{NOWHERE}", u64::MAX))]].concat(),
                    "bad_frame",
                    "a cursor must be",
                )
            }
            Self::Page => all(no_numbers(), "bad_frame", ""),
            Self::Size => sizes(200),
            Self::Lines => sizes(1_000),
            Self::Pinning => all(["", "owners", "Admins"].map(Value::from).to_vec(), "bad_frame", ""),
            Self::Role => all(["", "owner", "Admin"].map(Value::from).to_vec(), "bad_frame", ""),
            Self::GroupAbout => vec![
                bad("a\u{7}b", "bad_frame", "`{}` must have no control characters"),
                bad("ü".repeat(501), "too_large", "`{}` has at most 500 characters"),
            ],
            Self::GroupImage => vec![bad("a picture", "unsupported", "no images of groups")],
            Self::NamedInvite => all(vec!["7".into(), "nonsense".into()], "not_found", "there is no such invite"),
            Self::Time => {
                let past = vec![json!(0), json!(1)];
                [Self::Seq.bad(), all(past, "bad_frame", "`{}` must lie ahead")].concat()
            }
            Self::Count => all([no_numbers(), vec![json!(0), json!(u64::MAX)]].concat(), "bad_frame", ""),
            Self::Access => all(["", "secret", "Open", "open "].map(Value::from).to_vec(), "bad_frame", ""),
            Self::Device => {
                let names = vec!["".into(), "a\nb".into(), "\u{1b}[31m".into(), "ü".repeat(65).into()];
                all(names, "bad_frame", "a device must be 1 to 64 characters, none of them a control character")
            }
            Self::Token => all(vec!["".into(), "nonsense".into(), "a.b.c".into()], "unauthorized", ""),
            Self::Email | Self::Phone | Self::About | Self::Image | Self::TimeZone => no_details(self),
            Self::Status => no_statuses(),
            Self::Settings => vec![
                bad(json!({"x": "x".repeat(16_384)}), "too_large", "`settings` have at most 16384 bytes as JSON"),
                bad(json!({"x": nested(33)}), "bad_frame", "`settings` are nested at most 32 deep"),
            ],
            Self::Session => all(no_groups(), "bad_frame", "a session id must be 26 characters of a-z 2-7"),
            Self::Words => all(vec!["".into(), " ..".into(), "🫖".into()], "bad_frame", "needs a letter or a digit"),
            Self::WordPlace => all(
                vec!["".into(), "x".into(), ".x".into(), "a b.x".into()],
                "bad_frame",
                "the `next` of the page before",
            ),
            Self::Users => [no_lists(), vec![bad(json!([]), "bad_frame", "`{}` must name at least one user")]].concat(),
            Self::Members => no_lists(),
            Self::Watched => {
                let lists = no_groups().into_iter().map(|group| json!([group])).collect();
                let many = bad(json!(vec![NOWHERE; 21]), "too_large", "watch at most 20 groups");
                [all(lists, "bad_frame", GROUP_RULE), vec![many]].concat()
            }
            Self::Flag | Self::Anything | Self::Own => Vec::new(),
        }
    }

    /// Others that are right: those at the edge of what is.
    pub fn edges(self) -> Vec<Value> {
        match self {
            Self::User => vec!["x".repeat(128).into(), "a.b_c@d|e-F9".into(), "-".into(), "hub".into()],
            Self::Cid => vec!["c".repeat(64).into(), " ".into(), "hub".into()],
            Self::Name | Self::Username => names::good().into_iter().map(|(text, _)| text.into()).collect(),
            Self::ShownName => vec!["".into(), " \n".into(), "ä".repeat(200).into()],
            Self::Account => vec!["ANNA.B@x-1_2".into(), "x".repeat(64).into()],
            Self::Password => vec!["12345678".into(), "pässwörd".into()],
            Self::Text => vec!["".into(), "ü".repeat(4_000).into(), "a\0b\u{202e}".into()],
            Self::Kind => vec!["x.poll".into(), "x.a-b_c.1".into()],
            Self::EventId => vec![json!(format!("{NOWHERE}:18446744073709551615"))],
            Self::Data => vec![json!({}), json!({"x": nested(32)}), json!({"": 5e-324, "n": null, "m": u64::MAX})],
            Self::Seq => vec![json!(0), json!(UNSAFE - 1)],
            Self::Cursors => vec![json!({}), json!({NOWHERE: 0}), json!({NOWHERE: UNSAFE - 1})],
            Self::Page => vec![json!(u64::MAX)],
            Self::Place => vec![json!(format!("0.{NOWHERE}"))],
            Self::Size => vec![json!(200)],
            Self::Lines => vec![json!(1_000)],
            Self::Access => vec!["members".into()],
            Self::Pinning => vec!["admins".into()],
            Self::Role => vec!["admin".into()],
            Self::GroupAbout => vec!["".into(), "one\ntwo".into(), "ü".repeat(500).into()],
            Self::Time => vec![json!(UNSAFE - 1)],
            Self::Count => vec![json!(u32::MAX)],
            Self::Device => vec!["ü".repeat(64).into()],
            Self::Email => vec![json!("ä@ü"), json!(format!("{}@b", "a".repeat(252)))],
            Self::Phone => vec![json!("1".repeat(32)), json!(" *100# ")],
            Self::About => vec!["".into(), "ü".repeat(500).into()],
            Self::TimeZone => vec!["UTC".into(), "America/Argentina/ComodRivadavia".into(), "Etc/GMT+5".into()],
            Self::Status => {
                vec![json!({"text": "ü".repeat(100)}), json!({"emoji": ":tea:", "text": null}), json!(null)]
            }
            Self::Words => vec!["a b c d e f g h i j k l m n o p q r s t u v w x y z".into(), "ä".repeat(500).into()],
            Self::Settings => vec![json!({}), json!({"x": nested(32)}), json!({"": 5e-324, "n": null}), json!(null)],
            Self::Users => vec![json!(["bert", "bert"])],
            Self::Members => vec![json!([]), json!(["bert", "bert"])],
            Self::Flag => vec![json!(false)],
            Self::Anything => vec!["".into(), "a\0b".into(), "ä".repeat(500).into()],
            _ => Vec::new(),
        }
    }

    /// Values of other types than its own, which only JSON and MessagePack can bring: all are `bad_frame`.
    pub fn of_other_types(self) -> Vec<Value> {
        let texts = [json!("yes"), json!("1")];
        let others = [json!(5), json!(true), json!([]), json!(["x"]), json!({}), json!({"x": 1})];
        let all = others.into_iter().chain(texts);
        all.filter(|value| match self {
            Self::Seq | Self::Page | Self::Size | Self::Lines | Self::Time | Self::Count => !value.is_number(),
            Self::Data | Self::Cursors | Self::Status | Self::Settings => !value.is_object(),
            Self::Users | Self::Members | Self::Watched | Self::Mentions => !value.is_array(),
            Self::Flag => !value.is_boolean(),
            _ => !value.is_string(),
        })
        .collect()
    }
}

fn sizes(most: usize) -> Vec<Bad> {
    let sentence = format!("`{{}}` must be 1 to {most}");
    [all(no_numbers(), "bad_frame", ""), all(vec![json!(0), json!(most + 1), json!(UNSAFE)], "bad_frame", &sentence)]
        .concat()
}
