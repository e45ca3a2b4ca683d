//! The one table of kinds: what each of them is.

use super::kind::OWN_PREFIX;
use super::{Kind, Traits};

/// Who may cause events of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The members of the group, with a `send`.
    Members,
    /// The admins of the group, with a `send`; in a direct chat either of the two.
    Admins,
    /// Whoever the event is from that it is about, while they are a member.
    SameAuthor,
    /// The same, and the admins of the group; in a direct chat nobody else.
    SameAuthorOrAdmins,
    /// Those of its members who may pin, with a `send`; in a direct chat either of the two.
    Pinners,
    /// The hub alone.
    Hub,
}

/// Whether something may stand in a send of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It must be there (and may be empty).
    Required,
    /// It may be there.
    Optional,
    /// It is refused.
    Refused,
}

/// What an event of a kind may be about, with its `ref`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Any event: whoever sends it says so, and nobody looks.
    Anything,
    /// An event of the same group that stands below and is shown.
    Shown,
    /// An event of the same group that stands below and is of a kind that people say something with: `text`, `x.<name>`.
    Said,
    /// The same, and a `text`.
    Text,
}

/// Which events of a kind do something to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// All of them.
    Always,
    /// Those that name another one with their `ref`, or mention somebody.
    WhereNamed,
}

/// What counts as unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// Every event of the kind.
    Always,
    /// Those whose `data.notify` is true.
    OnRequest,
    /// None.
    Never,
}

/// One row of the table of kinds: all that a door needs to know of one.
#[derive(Debug, Clone, Copy)]
pub struct KindRow {
    /// Its name on the wire; `x.<name>` stands for all kinds of clients' own making.
    pub name: &'static str,
    /// Who causes such events.
    pub author: Author,
    /// Whether they count.
    pub unread: Unread,
    /// Whether they are shown.
    pub shown: bool,
    /// The version of their effect; 0 for none.
    pub fx: u16,
    /// Which of them have it.
    pub does: Does,
    /// `text` in a send.
    pub text: Part,
    /// `ref` in a send.
    pub reference: Part,
    /// What `ref` may name.
    pub about: About,
    /// `data` in a send.
    pub data: Part,
    /// Fields of `data` that must be there, true or false.
    pub flags: &'static [&'static str],
    /// `mentions` in a send.
    pub mentions: Part,
    /// Whether `data.emoji` must be there, an emoji. Nothing but it and the flags is taken from `data` then.
    pub emoji: bool,
    /// What such an event says, for the docs.
    pub meaning: &'static str,
}

/// All kinds that this version knows. To add one is to add a row (and its effect, where it has one): the doors' checks,
/// asyncapi.json and the table in docs/protocol.md are made from it.
pub const KINDS: [KindRow; 11] = [
    KindRow {
        name: "text",
        author: Author::Members,
        unread: Unread::Always,
        shown: true,
        fx: 1,
        does: Does::WhereNamed,
        text: Part::Required,
        reference: Part::Optional,
        about: About::Shown,
        data: Part::Optional,
        flags: &[],
        mentions: Part::Optional,
        emoji: false,
        meaning: "somebody said something; with `ref`, in reply to the event that it names",
    },
    KindRow {
        name: "x.<name>",
        author: Author::Members,
        unread: Unread::OnRequest,
        shown: true,
        fx: 0,
        does: Does::Always,
        text: Part::Optional,
        reference: Part::Optional,
        about: About::Anything,
        data: Part::Optional,
        flags: &[],
        mentions: Part::Refused,
        emoji: false,
        meaning: "what clients agree on among themselves",
    },
    KindRow {
        name: "pinned",
        author: Author::Pinners,
        unread: Unread::Never,
        shown: false,
        fx: 1,
        does: Does::Always,
        text: Part::Refused,
        reference: Part::Required,
        about: About::Said,
        data: Part::Required,
        flags: &["on"],
        mentions: Part::Refused,
        emoji: false,
        meaning: "the event that `ref` names, a `text` or `x.<name>`, is pinned, or no more (`data.on`)",
    },
    KindRow {
        name: "edited",
        author: Author::SameAuthor,
        unread: Unread::Never,
        shown: false,
        fx: 1,
        does: Does::Always,
        text: Part::Required,
        reference: Part::Required,
        about: About::Text,
        data: Part::Refused,
        flags: &[],
        mentions: Part::Refused,
        emoji: false,
        meaning: "the `text` that `ref` names says this now; `data` of it stays",
    },
    KindRow {
        name: "deleted",
        author: Author::SameAuthorOrAdmins,
        unread: Unread::Never,
        shown: false,
        fx: 1,
        does: Does::Always,
        text: Part::Refused,
        reference: Part::Required,
        about: About::Said,
        data: Part::Refused,
        flags: &[],
        mentions: Part::Refused,
        emoji: false,
        meaning: "nothing is left of what the event says that `ref` names, a `text` or `x.<name>`",
    },
    KindRow {
        name: "reaction",
        author: Author::Members,
        unread: Unread::Never,
        shown: false,
        fx: 1,
        does: Does::Always,
        text: Part::Refused,
        reference: Part::Required,
        about: About::Said,
        data: Part::Required,
        flags: &["on"],
        mentions: Part::Refused,
        emoji: true,
        meaning: "somebody reacts with `data.emoji` to the event that `ref` names, a `text` or `x.<name>`, or no more (`data.on`); delivered with `data.count`: how many do after it",
    },
    by_the_hub("joined", true, "`data.users` became members"),
    by_the_hub("left", true, "`data.users` are members no more"),
    by_the_hub("role", true, "`data.users` have now the role `data.role`"),
    KindRow {
        fx: 1,
        ..by_the_hub(
            "updated",
            true,
            "an admin changed the group by `change`: `data` is what of `name`, `about`, `access`, `pinning`, `archived`",
        )
    },
    by_the_hub("void", false, "nothing to show: only a seq"),
];

const fn by_the_hub(name: &'static str, shown: bool, meaning: &'static str) -> KindRow {
    KindRow {
        name,
        author: Author::Hub,
        unread: Unread::Never,
        shown,
        fx: 0,
        does: Does::Always,
        text: Part::Refused,
        reference: Part::Refused,
        about: About::Anything,
        data: Part::Refused,
        flags: &[],
        mentions: Part::Refused,
        emoji: false,
        meaning,
    }
}

// === impl Kind ===

impl Kind {
    /// Its row in [`KINDS`]; `None` for one that this version does not know.
    pub fn row(&self) -> Option<&'static KindRow> {
        KINDS.iter().find(|row| row.is_of(self))
    }

    /// Whether this version knows the effect that an event of this kind was given where it entered.
    pub fn has_known_effect(&self, traits: Traits) -> bool {
        traits.fx == 0 || self.row().is_some_and(|row| traits.fx <= row.fx)
    }

    /// The traits of the hub's own events of this kind.
    pub fn traits(&self) -> Traits {
        self.row().map(|row| row.traits(false)).unwrap_or_default()
    }
}

// === impl About ===

impl About {
    /// Whether an event of this kind and these traits may be named.
    pub fn fits(self, kind: Kind, traits: Traits) -> bool {
        match self {
            About::Anything => true,
            About::Shown => traits.shown && kind != Kind::Void,
            About::Said => kind == Kind::Text || kind.is_own(),
            About::Text => kind == Kind::Text,
        }
    }
}

// === impl KindRow ===

impl KindRow {
    /// The traits of an event of this kind that names no other one, unless it must; `notify` is what its `data.notify`
    /// says.
    pub fn traits(&self, notify: bool) -> Traits {
        let counts = match self.unread {
            Unread::Always => true,
            Unread::OnRequest => notify,
            Unread::Never => false,
        };
        let fx = if self.does == Does::Always { self.fx } else { 0 };
        Traits { counts, shown: self.shown, fx }
    }

    /// The same of one that names another event or somebody, where `names` is true.
    pub fn traits_with(&self, notify: bool, names: bool) -> Traits {
        let traits = self.traits(notify);
        if self.does == Does::WhereNamed && names { Traits { fx: self.fx, ..traits } } else { traits }
    }

    fn is_of(&self, kind: &Kind) -> bool {
        let name = kind.as_str();
        self.name == name || self.name.starts_with(OWN_PREFIX) && name.starts_with(OWN_PREFIX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_has_a_row_and_every_row_a_kind() {
        for kind in Kind::NAMED {
            assert_eq!(Kind::parse(kind.as_str()), Ok(kind));
            assert_eq!(kind.row().map(|row| row.name), Some(kind.as_str()));
        }
        for row in &KINDS {
            let kind = Kind::parse(&row.name.replace("<name>", "poll")).unwrap();
            assert_eq!(kind.row().map(|found| found.name), Some(row.name));
        }
        assert!(Kind::parse("starred").unwrap().row().is_none());
    }

    #[test]
    fn effects_of_later_versions_are_not_known() {
        let fx = |fx| Traits { fx, ..Traits::default() };
        assert!(Kind::Pinned.has_known_effect(fx(1)) && !Kind::Pinned.has_known_effect(fx(2)));
        let later = Kind::parse("starred").unwrap();
        assert!(later.has_known_effect(fx(0)) && !later.has_known_effect(fx(1)));
    }
}
