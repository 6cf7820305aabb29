-- phase: expand
-- The first schema. Times are milliseconds since 1970 (UTC). Public ids are random; row ids never leave the program.

CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    public_id     TEXT NOT NULL UNIQUE,
    username      TEXT NOT NULL UNIQUE COLLATE NOCASE,
    display_name  TEXT NOT NULL DEFAULT '',
    about         TEXT NOT NULL DEFAULT '',
    password_hash TEXT NOT NULL,
    role          TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'moderator', 'admin')),
    created_at    INTEGER NOT NULL,
    banned_until  INTEGER NOT NULL DEFAULT 0,
    ban_reason    TEXT NOT NULL DEFAULT '',
    edit_version  INTEGER NOT NULL DEFAULT 1
);

-- One session per login. Access tokens name it; revoking it stops them all.
CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY,
    public_id  TEXT NOT NULL UNIQUE,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Every refresh token ever handed out in a session, hashed. One used twice means that it was stolen.
CREATE TABLE refresh_tokens (
    token_hash TEXT PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at  INTEGER NOT NULL,
    used_at    INTEGER
) WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- Shared by every process on this database; the newest signs, all verify until they are retired.
CREATE TABLE signing_keys (
    kid        TEXT PRIMARY KEY,
    secret     BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    retire_at  INTEGER
) WITHOUT ROWID;

-- One-time tokens that make the first admin; all are deleted when one was used.
CREATE TABLE setup_tokens (
    token_hash TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE categories (
    id           INTEGER PRIMARY KEY,
    slug         TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    description  TEXT NOT NULL DEFAULT '',
    position     INTEGER NOT NULL DEFAULT 0,
    posting_role TEXT NOT NULL DEFAULT 'member' CHECK (posting_role IN ('member', 'moderator', 'admin')),
    edit_version INTEGER NOT NULL DEFAULT 1,
    created_at   INTEGER NOT NULL
);
INSERT INTO categories (slug, name, description, position, created_at)
VALUES ('general', 'General', 'Everything that fits nowhere else', 0, 0);

-- score, comment_count, hot and last_activity are recomputed from votes and comments, never adjusted by a difference.
CREATE TABLE posts (
    id            INTEGER PRIMARY KEY,
    public_id     TEXT NOT NULL UNIQUE,
    category_id   INTEGER NOT NULL REFERENCES categories (id),
    author_id     INTEGER NOT NULL REFERENCES users (id),
    title         TEXT NOT NULL,
    body          TEXT NOT NULL,
    tags          TEXT NOT NULL DEFAULT '',
    created_at    INTEGER NOT NULL,
    edited_at     INTEGER,
    edit_version  INTEGER NOT NULL DEFAULT 1,
    score         INTEGER NOT NULL DEFAULT 0,
    hot           REAL NOT NULL,
    comment_count INTEGER NOT NULL DEFAULT 0,
    last_activity INTEGER NOT NULL,
    pinned        INTEGER NOT NULL DEFAULT 0,
    locked        INTEGER NOT NULL DEFAULT 0,
    deleted_at    INTEGER,
    deleted_by    INTEGER REFERENCES users (id)
);
CREATE INDEX posts_by_hot ON posts (hot DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX posts_by_top ON posts (score DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX posts_by_category_hot ON posts (category_id, hot DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX posts_by_category_top ON posts (category_id, score DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX posts_by_category ON posts (category_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX posts_by_author ON posts (author_id, id DESC);
CREATE INDEX posts_pinned ON posts (pinned, id DESC) WHERE pinned = 1;

CREATE TABLE post_tags (
    tag     TEXT NOT NULL,
    post_id INTEGER NOT NULL REFERENCES posts (id),
    PRIMARY KEY (tag, post_id)
) WITHOUT ROWID;
CREATE INDEX post_tags_by_post ON post_tags (post_id);

-- What a post said before each edit.
CREATE TABLE post_edits (
    post_id      INTEGER NOT NULL REFERENCES posts (id),
    edit_version INTEGER NOT NULL,
    title        TEXT NOT NULL,
    body         TEXT NOT NULL,
    tags         TEXT NOT NULL,
    written_at   INTEGER NOT NULL,
    replaced_at  INTEGER NOT NULL,
    replaced_by  INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (post_id, edit_version)
) WITHOUT ROWID;

-- path orders a whole thread by plain byte order; see forum/domain/comment_path.h.
CREATE TABLE comments (
    id           INTEGER PRIMARY KEY,
    public_id    TEXT NOT NULL UNIQUE,
    post_id      INTEGER NOT NULL REFERENCES posts (id),
    parent_id    INTEGER REFERENCES comments (id),
    author_id    INTEGER NOT NULL REFERENCES users (id),
    path         TEXT NOT NULL,
    body         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    edited_at    INTEGER,
    edit_version INTEGER NOT NULL DEFAULT 1,
    score        INTEGER NOT NULL DEFAULT 0,
    deleted_at   INTEGER,
    deleted_by   INTEGER REFERENCES users (id)
);
CREATE UNIQUE INDEX comments_by_thread ON comments (post_id, path);
-- Counting a post's comments reads this index alone.
CREATE INDEX comments_alive ON comments (post_id) WHERE deleted_at IS NULL;
CREATE INDEX comments_by_author ON comments (author_id, id DESC);

CREATE TABLE comment_edits (
    comment_id   INTEGER NOT NULL REFERENCES comments (id),
    edit_version INTEGER NOT NULL,
    body         TEXT NOT NULL,
    written_at   INTEGER NOT NULL,
    replaced_at  INTEGER NOT NULL,
    replaced_by  INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (comment_id, edit_version)
) WITHOUT ROWID;

-- The primary key is what makes it one vote per user, whatever two fast clicks on two processes do.
CREATE TABLE post_votes (
    post_id  INTEGER NOT NULL REFERENCES posts (id),
    user_id  INTEGER NOT NULL REFERENCES users (id),
    value    INTEGER NOT NULL CHECK (value IN (-1, 1)),
    voted_at INTEGER NOT NULL,
    PRIMARY KEY (post_id, user_id)
) WITHOUT ROWID;

CREATE TABLE comment_votes (
    comment_id INTEGER NOT NULL REFERENCES comments (id),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    value      INTEGER NOT NULL CHECK (value IN (-1, 1)),
    voted_at   INTEGER NOT NULL,
    PRIMARY KEY (comment_id, user_id)
) WITHOUT ROWID;

CREATE TABLE post_reads (
    user_id INTEGER NOT NULL REFERENCES users (id),
    post_id INTEGER NOT NULL REFERENCES posts (id),
    read_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, post_id)
) WITHOUT ROWID;

CREATE TABLE reports (
    id          INTEGER PRIMARY KEY,
    public_id   TEXT NOT NULL UNIQUE,
    post_id     INTEGER NOT NULL REFERENCES posts (id),
    comment_id  INTEGER REFERENCES comments (id),
    reporter_id INTEGER NOT NULL REFERENCES users (id),
    reason      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    resolved_at INTEGER,
    resolved_by INTEGER REFERENCES users (id),
    resolution  TEXT NOT NULL DEFAULT ''
);
-- A user reports one thing once.
CREATE UNIQUE INDEX reports_once ON reports (reporter_id, post_id, ifnull(comment_id, 0));

CREATE TABLE moderation_log (
    id         INTEGER PRIMARY KEY,
    actor_id   INTEGER NOT NULL REFERENCES users (id),
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    reason     TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL
);

CREATE TABLE notifications (
    id         INTEGER PRIMARY KEY,
    public_id  TEXT NOT NULL UNIQUE,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    kind       TEXT NOT NULL,
    actor_id   INTEGER NOT NULL REFERENCES users (id),
    post_id    INTEGER NOT NULL REFERENCES posts (id),
    comment_id INTEGER REFERENCES comments (id),
    created_at INTEGER NOT NULL,
    read_at    INTEGER
);
CREATE INDEX notifications_by_user ON notifications (user_id, id DESC);

-- The first answer to each Idempotency-Key, written in the transaction that did the work.
CREATE TABLE idempotency_keys (
    user_id      INTEGER NOT NULL REFERENCES users (id),
    key          TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status       INTEGER NOT NULL,
    body         TEXT NOT NULL,
    location     TEXT NOT NULL DEFAULT '',
    etag         TEXT NOT NULL DEFAULT '',
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- rowid is posts.id; the text is what forum/domain/search_terms.h makes of title and body.
CREATE VIRTUAL TABLE post_search USING fts5 (title, body, tokenize = 'unicode61 remove_diacritics 2');
