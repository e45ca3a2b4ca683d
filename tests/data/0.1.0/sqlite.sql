PRAGMA user_version = 10;
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
INSERT INTO accounts (username, user) VALUES ('anna', 'anna');
INSERT INTO covered (follower, part, number) VALUES ('search', 3, 1764000000000000);
INSERT INTO device_marks (user, device, grp, delivered) VALUES ('bert', 'Bert''s phone', 'teateateateateateateateate', 6);
INSERT INTO devices (user, name, seen) VALUES ('bert', 'Bert''s phone', 1700000008000);
INSERT INTO due (follower, grp, span, at, seq, until, claim) VALUES ('search', 'teateateateateateateateate', -1, 1700000000000, 4, 0, '');
INSERT INTO followers (follower, grp, seq, first) VALUES ('search', 'teateateateateateateateate', 4, 1);
INSERT INTO groups (id, kind, name, access, members, version, created, first, base, base_n, gone, head, head_n, head_shown, head_time, settings, password) VALUES ('cakecakecakecakecakecakeca', 'group', '', 'members', '[]', 0, 1700000000000, 1, 9, 4, 3, 0, 0, 0, 0, '{}', NULL);
INSERT INTO groups (id, kind, name, access, members, version, created, first, base, base_n, gone, head, head_n, head_shown, head_time, settings, password) VALUES ('teateateateateateateateate', 'group', 'Köche & Gäste', 'open', '[{"id":"anna","role":"admin","since":1},{"id":"bert","role":"member","since":2}]', 5, 1700000000000, 1, 0, 0, 0, 8, 3, 7, 1700000008000, '{"pinning":"admins","archived":false,"set":{}}', NULL);
INSERT INTO groups (id, kind, name, access, members, version, created, first, base, base_n, gone, head, head_n, head_shown, head_time, settings, password) VALUES ('ugo2lroedosvmhtdkmbubko4hy', 'direct', '', 'members', '[{"id":"anna","role":"member","since":1},{"id":"bert","role":"member","since":1}]', 1, 1700000000000, 1, 0, 0, 0, 2, 1, 2, 1700000002000, '{"pinning":"admins","archived":false,"set":{}}', NULL);
INSERT INTO marks (user, grp, read, n, delivered) VALUES ('anna', 'ugo2lroedosvmhtdkmbubko4hy', 1, 0, 2);
INSERT INTO marks (user, grp, read, n, delivered) VALUES ('bert', 'teateateateateateateateate', 4, 2, 7);
INSERT INTO memberships (user, grp, mark) VALUES ('anna', 'teateateateateateateateate', 3);
INSERT INTO memberships (user, grp, mark) VALUES ('anna', 'ugo2lroedosvmhtdkmbubko4hy', 3);
INSERT INTO memberships (user, grp, mark) VALUES ('bert', 'teateateateateateateateate', 5);
INSERT INTO memberships (user, grp, mark) VALUES ('bert', 'ugo2lroedosvmhtdkmbubko4hy', 3);
INSERT INTO memberships (user, grp, mark) VALUES ('cleo', 'teateateateateateateateate', 10);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin, edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions) VALUES (1, 'teateateateateateateateate', 1, 0, 'anna', 1700000001000, 'joined', NULL, NULL, '{"users":["anna"],"role":"admin"}', 'hub.create.admin', 1, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin, edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions) VALUES (10, 'ugo2lroedosvmhtdkmbubko4hy', 2, 1, 'bert', 1700000002000, 'text', 'Psst', NULL, NULL, '1', 2, 3, NULL, 3, 1700000003000, 'Pssst', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin, edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions) VALUES (11, 'ugo2lroedosvmhtdkmbubko4hy', 3, 1, 'bert', 1700000003000, 'edited', 'Pssst', 'ugo2lroedosvmhtdkmbubko4hy:2', NULL, '2', 2, 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin, edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions) VALUES (12, 'ugo2lroedosvmhtdkmbubko4hy', 4, 2, 'anna', 1700000004000, 'text', NULL, NULL, NULL, '3', 3, 3, NULL, NULL, NULL, NULL, 5, 1700000005000, 'anna', NULL, NULL, NULL);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin, edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions) VALUES (13, 'ugo2lroedosvmhtdkmbubko4hy', 5, 2, 'anna', 1700000005000, 'deleted', NULL, 'ugo2lroedosvmhtdkmbubko4hy:4', NULL, '4', 3, 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin, edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions) VALUES (2, 'teateateateateateateateate', 2, 0, 'anna', 1700000002000, 'joined', NULL, NULL, '{"users":["bert","cleo"]}', 'hub.create', 2, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin, edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions) VALUES (3, 'teateateateateateateateate', 3, 1, 'anna', 1700000003000, 'text', 'Tea is ready', NULL, NULL, '1', 3, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin, edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions) VALUES (4, 'teateateateateateateateate', 4, 2, 'bert', 1700000004000, 'text', 'Mit Zucker & Milch ☕', 'teateateateateateateateate:3', '{"n":{"deep":[1,2.5,null]}}', '2', 4, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin, edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions) VALUES (5, 'teateateateateateateateate', 5, 2, 'anna', 1700000005000, 'left', NULL, NULL, '{"users":["cleo"]}', 'hub.left', 5, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin, edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions) VALUES (6, 'teateateateateateateateate', 6, 2, 'hub.system', 1700000006000, 'void', NULL, NULL, NULL, 'hub.void', 5, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin, edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions) VALUES (7, 'teateateateateateateateate', 7, 3, 'anna', 1700000007000, 'text', '', NULL, NULL, '3', 6, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin, edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions) VALUES (8, 'teateateateateateateateate', 8, 3, 'bert', 1700000008000, 'x.poll', NULL, NULL, '{"options":["green","black"]}', '4', 7, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin, edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions) VALUES (9, 'ugo2lroedosvmhtdkmbubko4hy', 1, 0, 'anna', 1700000001000, 'joined', NULL, NULL, '{"users":["anna","bert"]}', 'hub.create', 1, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO meta (key, value) VALUES ('partitions', 16);
INSERT INTO users (id, username, search, name, banned, password, created, last_seen, not_before) VALUES ('anna', 'anna', 'anna', 'Anna', 0, '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA', 1795838079705, 0, 0);
INSERT INTO users (id, username, search, name, banned, password, created, last_seen, not_before) VALUES ('bert', 'bert', 'bert', 'Bert', 0, NULL, 1795838079710, 1700000009000, 0);
INSERT INTO users (id, username, search, name, banned, password, created, last_seen, not_before) VALUES ('cleo', '', '', '', 1, NULL, 1795838079716, 0, 0);
INSERT INTO words (word, user) VALUES ('anna', 'anna');
INSERT INTO words (word, user) VALUES ('bert', 'bert');
