//! Tables, as they are, and what each version of them added to the one before.

/// The version of the tables that this software writes, in `user_version`.
pub(super) const VERSION: i64 = 10;

/// `messages` keeps its rowid: the order of storing serves the list of all messages.
/// `memberships.mark` is `2 × seq + 1` of the event that made somebody a member, `2 × seq` of the
/// one that ended it, so that the greatest says how things are, in whatever order they arrive.
/// `messages.pin` is a switch in the same way: `2 × seq + 1` of the event that pinned a message, `2 × seq` of the one
/// that ended it. `messages.edit_text` is what a message says since `edit_seq`; once that of `erased_seq` deleted it, it
/// says nothing.
/// `groups.gone` is 0 in a group that is there; for the rest see `deletions`. `groups.head` and the columns after it are a
/// lower bound of the newest event. `groups.settings` is an object of what admins set beside name and access.
/// `users.search` is the username in the form for searches; `accounts.username` is the form by which usernames are equal.
pub(super) const TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE messages (
    place INTEGER PRIMARY KEY,
    grp TEXT NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    sender TEXT NOT NULL,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT,
    ref TEXT,
    data TEXT,
    cid TEXT NOT NULL,
    shown INTEGER NOT NULL DEFAULT 0,
    traits INTEGER NOT NULL DEFAULT 0,
    pin INTEGER,
    edit_seq INTEGER,
    edit_time INTEGER,
    edit_text TEXT,
    erased_seq INTEGER,
    erased_time INTEGER,
    erased_by TEXT,
    reactions TEXT,
    replies INTEGER,
    mentions TEXT
);
CREATE UNIQUE INDEX messages_by_seq ON messages (grp, seq);
CREATE INDEX messages_by_shown ON messages (grp, shown) WHERE traits & 2;
CREATE INDEX messages_by_pin ON messages (grp, seq) WHERE pin & 1;
CREATE INDEX messages_by_edit ON messages (grp, ref) WHERE kind = 'edited';
CREATE UNIQUE INDEX messages_by_cid ON messages (grp, sender, cid);
CREATE TABLE groups (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    access TEXT NOT NULL,
    members TEXT NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    first INTEGER NOT NULL,
    base INTEGER NOT NULL DEFAULT 0,
    base_n INTEGER NOT NULL DEFAULT 0,
    gone INTEGER NOT NULL DEFAULT 0,
    head INTEGER NOT NULL DEFAULT 0,
    head_n INTEGER NOT NULL DEFAULT 0,
    head_shown INTEGER NOT NULL DEFAULT 0,
    head_time INTEGER NOT NULL DEFAULT 0,
    settings TEXT NOT NULL DEFAULT '{}',
    password TEXT
);
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL,
    search TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL,
    banned INTEGER NOT NULL DEFAULT 0,
    password TEXT,
    created INTEGER NOT NULL,
    last_seen INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX users_by_search ON users (search, username, id);
CREATE TABLE accounts (username TEXT PRIMARY KEY, user TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE memberships (
    user TEXT NOT NULL,
    grp TEXT NOT NULL,
    mark INTEGER NOT NULL,
    PRIMARY KEY (user, grp)
) WITHOUT ROWID;
CREATE INDEX memberships_by_group ON memberships (grp);
CREATE TABLE marks (
    user TEXT NOT NULL,
    grp TEXT NOT NULL,
    read INTEGER NOT NULL,
    n INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    PRIMARY KEY (user, grp)
) WITHOUT ROWID;
CREATE INDEX marks_by_group ON marks (grp);
";

/// What each of a user's devices holds of each group.
pub(super) const DEVICES: &str = "
CREATE TABLE devices (
    user TEXT NOT NULL,
    name TEXT NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (user, name)
) WITHOUT ROWID;
CREATE TABLE device_marks (
    user TEXT NOT NULL,
    device TEXT NOT NULL,
    grp TEXT NOT NULL,
    delivered INTEGER NOT NULL,
    PRIMARY KEY (user, device, grp)
) WITHOUT ROWID;
CREATE INDEX device_marks_by_group ON device_marks (grp);
";

/// What users say of themselves; `status` and `settings` are JSON. And the words by which users are found, those stored before
/// among them.
pub(super) const PEOPLE: &str = "
CREATE TABLE profiles (
    user TEXT PRIMARY KEY,
    email TEXT,
    phone TEXT,
    about TEXT,
    time_zone TEXT,
    status TEXT,
    settings TEXT
) WITHOUT ROWID;
CREATE TABLE words (word TEXT NOT NULL, user TEXT NOT NULL, PRIMARY KEY (word, user)) WITHOUT ROWID;
CREATE INDEX words_by_user ON words (user);
INSERT OR IGNORE INTO words
    SELECT own.value, users.id FROM users, json_each(words_of(users.username, users.name)) AS own;
";

/// How far followers have come in each group, up to which commit number they have gone through each partition, and what
/// is due later. An entry that is due is claimed until a time, by who knows `claim`.
pub(super) const FOLLOWERS: &str = "
CREATE TABLE followers (
    follower TEXT NOT NULL,
    grp TEXT NOT NULL,
    seq INTEGER NOT NULL,
    first INTEGER NOT NULL,
    PRIMARY KEY (follower, grp)
) WITHOUT ROWID;
CREATE TABLE covered (
    follower TEXT NOT NULL,
    part INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (follower, part)
) WITHOUT ROWID;
CREATE TABLE due (
    follower TEXT NOT NULL,
    grp TEXT NOT NULL,
    span INTEGER NOT NULL,
    at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    until INTEGER NOT NULL DEFAULT 0,
    claim TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (follower, grp, span)
) WITHOUT ROWID;
CREATE INDEX due_by_time ON due (follower, at);
CREATE INDEX due_by_group ON due (grp);
";

/// Who reacts to what with which emoji: `mark` is a switch, as `messages.pin`. `messages.reactions` is a list of
/// `[emoji, count, seq of the event that says so, seq of the first]`. What replies to what: `mark` says whether the reply stands, or was deleted; `messages.replies` is
/// how many do. Whom texts mention: nobody (`''`) where it is all.
pub(super) const REACTIONS: &str = "
CREATE TABLE reactions (
    grp TEXT NOT NULL,
    target INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    user TEXT NOT NULL,
    mark INTEGER NOT NULL,
    PRIMARY KEY (grp, target, emoji, user)
) WITHOUT ROWID;
CREATE TABLE replies (
    grp TEXT NOT NULL,
    target INTEGER NOT NULL,
    reply INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    PRIMARY KEY (grp, target, reply)
) WITHOUT ROWID;
CREATE TABLE mentions (
    grp TEXT NOT NULL,
    user TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (grp, user, seq)
) WITHOUT ROWID;
CREATE INDEX mentions_by_seq ON mentions (grp, seq);
CREATE INDEX mentions_by_user ON mentions (user);
";

/// Invites into groups.
pub(super) const INVITES: &str = "
CREATE TABLE invites (
    id TEXT PRIMARY KEY,
    grp TEXT NOT NULL,
    life INTEGER NOT NULL,
    maker TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    uses INTEGER,
    used INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX invites_by_group ON invites (grp);
";

/// A group's document says how far it has come at least.
const HEADS: &str = "
ALTER TABLE groups ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN head_n INTEGER NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN head_shown INTEGER NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN head_time INTEGER NOT NULL DEFAULT 0;
";

/// What each version added to the one before, beginning with the second: when a password was changed; groups that are
/// deleted and begin anew; how each event is numbered among those that are shown, and its traits. Then what is pinned; then
/// devices; then followers; then the forms of usernames, where two accounts whose usernames are equal by now keep what they
/// had; then what is edited and deleted; then what users say of themselves; then reactions, replies and mentions; then what
/// admins set of groups, and invites.
pub(super) const STEPS: [&[&str]; 9] = [
    &["
ALTER TABLE users ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN base INTEGER NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN base_n INTEGER NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN shown INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN traits INTEGER NOT NULL DEFAULT 0;
UPDATE messages SET traits = CASE kind WHEN 'text' THEN 3 WHEN 'void' THEN 0 ELSE 2 END;
UPDATE messages SET shown = counted.shown FROM (
    SELECT place AS at, sum(traits >> 1) OVER (PARTITION BY grp ORDER BY seq) AS shown FROM messages
) AS counted WHERE place = counted.at;
CREATE INDEX messages_by_shown ON messages (grp, shown) WHERE traits & 2;
"],
    &["
ALTER TABLE messages ADD COLUMN pin INTEGER;
CREATE INDEX messages_by_pin ON messages (grp, seq) WHERE pin & 1;
"],
    &[DEVICES],
    &[HEADS, FOLLOWERS],
    &["
ALTER TABLE users ADD COLUMN search TEXT NOT NULL DEFAULT '';
UPDATE users SET search = search_form(username);
UPDATE OR IGNORE accounts SET username = name_key(username);
DROP INDEX IF EXISTS users_by_username;
CREATE INDEX users_by_search ON users (search, username, id);
"],
    &["
ALTER TABLE messages ADD COLUMN edit_seq INTEGER;
ALTER TABLE messages ADD COLUMN edit_time INTEGER;
ALTER TABLE messages ADD COLUMN edit_text TEXT;
ALTER TABLE messages ADD COLUMN erased_seq INTEGER;
ALTER TABLE messages ADD COLUMN erased_time INTEGER;
ALTER TABLE messages ADD COLUMN erased_by TEXT;
CREATE INDEX messages_by_edit ON messages (grp, ref) WHERE kind = 'edited';
"],
    &[PEOPLE],
    &[
        "
ALTER TABLE messages ADD COLUMN reactions TEXT;
ALTER TABLE messages ADD COLUMN replies INTEGER;
ALTER TABLE messages ADD COLUMN mentions TEXT;
",
        REACTIONS,
    ],
    &[
        "
ALTER TABLE groups ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE groups ADD COLUMN password TEXT;
",
        INVITES,
    ],
];
