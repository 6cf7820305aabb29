-- phase: expand
-- Comments become findable: see 0002_comment_search.sql of SQLite's.

CREATE TABLE IF NOT EXISTS comment_search (
    rowid        BIGINT PRIMARY KEY,
    body         MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    edit_version BIGINT NOT NULL,
    FULLTEXT (body)
);

-- Every comment up to this id is in the index. Beyond it are those of programs that do not know the index.
CREATE TABLE IF NOT EXISTS comment_search_progress (
    id        TINYINT PRIMARY KEY DEFAULT 1,
    filled_to BIGINT NOT NULL
);
INSERT IGNORE INTO comment_search_progress (id, filled_to) VALUES (1, 0);

-- Which comments were edited lately, perhaps by such a program.
CREATE INDEX IF NOT EXISTS comment_edits_by_time ON comment_edits (replaced_at) ALGORITHM=NOCOPY LOCK=NONE;
