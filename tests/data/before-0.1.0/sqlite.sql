PRAGMA user_version = 1;
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
    cid TEXT NOT NULL
);
CREATE UNIQUE INDEX messages_by_seq ON messages (grp, seq);
CREATE UNIQUE INDEX messages_by_cid ON messages (grp, sender, cid);
CREATE TABLE groups (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    access TEXT NOT NULL,
    members TEXT NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    first INTEGER NOT NULL
);
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    banned INTEGER NOT NULL DEFAULT 0,
    password TEXT,
    created INTEGER NOT NULL,
    last_seen INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX users_by_username ON users (username);
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
INSERT INTO accounts (username, user) VALUES ('anna', 'anna');
INSERT INTO groups (id, kind, name, access, members, version, created, first) VALUES ('teateateateateateateateate', 'group', 'Köche & Gäste', 'open', '[{"id":"anna","role":"admin"},{"id":"bert","role":"member"}]', 5, 1700000000000, 1);
INSERT INTO groups (id, kind, name, access, members, version, created, first) VALUES ('ugo2lroedosvmhtdkmbubko4hy', 'direct', '', 'members', '[{"id":"anna","role":"member"},{"id":"bert","role":"member"}]', 1, 1700000000000, 1);
INSERT INTO marks (user, grp, read, n, delivered) VALUES ('bert', 'teateateateateateateateate', 4, 2, 7);
INSERT INTO marks (user, grp, read, n, delivered) VALUES ('anna', 'ugo2lroedosvmhtdkmbubko4hy', 1, 0, 2);
INSERT INTO memberships (user, grp, mark) VALUES ('anna', 'teateateateateateateateate', 3);
INSERT INTO memberships (user, grp, mark) VALUES ('anna', 'ugo2lroedosvmhtdkmbubko4hy', 3);
INSERT INTO memberships (user, grp, mark) VALUES ('bert', 'teateateateateateateateate', 5);
INSERT INTO memberships (user, grp, mark) VALUES ('bert', 'ugo2lroedosvmhtdkmbubko4hy', 3);
INSERT INTO memberships (user, grp, mark) VALUES ('cleo', 'teateateateateateateateate', 10);
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid) VALUES (1, 'teateateateateateateateate', 1, 0, 'anna', 1700000001000, 'joined', NULL, NULL, '{"role":"admin","users":["anna"]}', 'hub.create.admin');
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid) VALUES (2, 'teateateateateateateateate', 2, 0, 'anna', 1700000002000, 'joined', NULL, NULL, '{"users":["bert","cleo"]}', 'hub.create');
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid) VALUES (3, 'teateateateateateateateate', 3, 1, 'anna', 1700000003000, 'text', 'Tea is ready', NULL, NULL, '1');
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid) VALUES (4, 'teateateateateateateateate', 4, 2, 'bert', 1700000004000, 'text', 'Mit Zucker & Milch ☕', 'teateateateateateateateate:3', '{"n":{"deep":[1,2.5,null]}}', '2');
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid) VALUES (5, 'teateateateateateateateate', 5, 2, 'anna', 1700000005000, 'left', NULL, NULL, '{"users":["cleo"]}', 'hub.left');
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid) VALUES (6, 'teateateateateateateateate', 6, 2, 'hub.system', 1700000006000, 'void', NULL, NULL, NULL, 'hub.void');
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid) VALUES (7, 'teateateateateateateateate', 7, 3, 'anna', 1700000007000, 'text', '', NULL, NULL, '3');
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid) VALUES (8, 'ugo2lroedosvmhtdkmbubko4hy', 1, 0, 'anna', 1700000001000, 'joined', NULL, NULL, '{"users":["anna","bert"]}', 'hub.create');
INSERT INTO messages (place, grp, seq, n, sender, time, kind, text, ref, data, cid) VALUES (9, 'ugo2lroedosvmhtdkmbubko4hy', 2, 1, 'bert', 1700000002000, 'text', 'Psst', NULL, NULL, '1');
INSERT INTO meta (key, value) VALUES ('partitions', 16);
INSERT INTO meta (key, value) VALUES ('ping', 3);
INSERT INTO users (id, username, name, banned, password, created, last_seen) VALUES ('anna', 'anna', 'Anna', 0, '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA', 1700000000000, 0);
INSERT INTO users (id, username, name, banned, password, created, last_seen) VALUES ('bert', 'bert', 'Bert', 0, NULL, 1700000000000, 1700000009000);
INSERT INTO users (id, username, name, banned, password, created, last_seen) VALUES ('cleo', '', '', 1, NULL, 1700000000000, 0);
