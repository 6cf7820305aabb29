// The tables of the state file. A change of shape is a new entry at the end of kMigrations, never an edit of an old
// one: `PRAGMA user_version` is the number of entries already applied. It adds – tables, columns that may be null – and
// says in meta.min_reader how many entries a version has to know to use the file; what is of no use any more is taken
// away one release later, which raises min_reader.
#pragma once

#include <array>

namespace switchyard::control {

inline constexpr std::array kMigrations{
    R"sql(
CREATE TABLE generations (
    number  INTEGER PRIMARY KEY,
    parent  INTEGER NOT NULL,
    config  TEXT NOT NULL,
    at      TEXT NOT NULL,
    who     TEXT NOT NULL,
    origin  TEXT NOT NULL,
    verb    TEXT NOT NULL,
    reason  TEXT NOT NULL,
    changes TEXT NOT NULL
);
CREATE TABLE audit (
    number        INTEGER PRIMARY KEY,
    at            TEXT NOT NULL,
    who           TEXT NOT NULL,
    origin        TEXT NOT NULL,
    verb          TEXT NOT NULL,
    reason        TEXT NOT NULL,
    generation    INTEGER NOT NULL,
    changes       TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash          TEXT NOT NULL
);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE pending (
    generation  INTEGER PRIMARY KEY,
    restore     INTEGER NOT NULL,
    deadline_ms INTEGER NOT NULL
);
CREATE TABLE idempotency (
    id          INTEGER PRIMARY KEY,
    who         TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    UNIQUE (who, key)
);
CREATE TABLE journals (id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
)sql",
    R"sql(
CREATE TABLE replies (
    id          INTEGER PRIMARY KEY,
    who         TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status      INTEGER NOT NULL,
    location    TEXT NOT NULL,
    body        TEXT NOT NULL,
    UNIQUE (who, key)
);
)sql",
    // The configuration file as it was last taken over. Before this table there was only its hash: the newest
    // generation that came from the file is what it said.
    R"sql(
CREATE TABLE base (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    config TEXT NOT NULL,
    hash   TEXT NOT NULL,
    at     TEXT NOT NULL
);
INSERT INTO base
SELECT 1, config, ifnull((SELECT value FROM meta WHERE name = 'file_hash'), ''), at
FROM generations WHERE verb IN ('start', 'file') ORDER BY number DESC LIMIT 1;
DELETE FROM meta WHERE name = 'file_hash';
)sql",
};

}  // namespace switchyard::control
