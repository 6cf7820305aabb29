-- phase: expand
-- The first schema, as 0001_initial.sql of SQLite's has it. Times are milliseconds since 1970 (UTC). Public ids are random;
-- row ids never leave the program. Every statement does no harm when it is run twice: MariaDB commits each by itself.
-- Texts are compared octet by octet (the database's utf8mb4_nopad_bin); what is ASCII says so, and is a third as long in an
-- index. Where SQLite's indexes leave out what is deleted, these begin with deleted_at.

CREATE TABLE IF NOT EXISTS users (
    id            BIGINT AUTO_INCREMENT PRIMARY KEY,
    public_id     VARCHAR(12) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL UNIQUE,
    username      VARCHAR(24) CHARACTER SET ascii COLLATE ascii_general_nopad_ci NOT NULL UNIQUE,
    display_name  TEXT NOT NULL DEFAULT '',
    about         TEXT NOT NULL DEFAULT '',
    password_hash TEXT NOT NULL,
    role          VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'moderator', 'admin')),
    created_at    BIGINT NOT NULL,
    banned_until  BIGINT NOT NULL DEFAULT 0,
    ban_reason    TEXT NOT NULL DEFAULT '',
    edit_version  BIGINT NOT NULL DEFAULT 1
);

-- One session per login. Access tokens name it; revoking it stops them all.
CREATE TABLE IF NOT EXISTS sessions (
    id         BIGINT AUTO_INCREMENT PRIMARY KEY,
    public_id  VARCHAR(12) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL UNIQUE,
    user_id    BIGINT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (user_id);
CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires_at);

-- Every refresh token ever handed out in a session, hashed. One used twice means that it was stolen.
CREATE TABLE IF NOT EXISTS refresh_tokens (
    token_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin PRIMARY KEY,
    session_id BIGINT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at  BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX IF NOT EXISTS refresh_tokens_by_session ON refresh_tokens (session_id);

-- Shared by every process on this database; the newest signs, all verify until they are retired.
CREATE TABLE IF NOT EXISTS signing_keys (
    kid        VARCHAR(12) CHARACTER SET ascii COLLATE ascii_nopad_bin PRIMARY KEY,
    secret     VARBINARY(255) NOT NULL,
    created_at BIGINT NOT NULL,
    retire_at  BIGINT
);

-- One-time tokens that make the first admin; all are deleted when one was used.
CREATE TABLE IF NOT EXISTS setup_tokens (
    token_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin PRIMARY KEY,
    created_at BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS categories (
    id           BIGINT AUTO_INCREMENT PRIMARY KEY,
    slug         VARCHAR(40) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    description  TEXT NOT NULL DEFAULT '',
    position     BIGINT NOT NULL DEFAULT 0,
    posting_role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'member' CHECK (posting_role IN ('member', 'moderator', 'admin')),
    edit_version BIGINT NOT NULL DEFAULT 1,
    created_at   BIGINT NOT NULL
);
INSERT IGNORE INTO categories (slug, name, description, position, created_at)
VALUES ('general', 'General', 'Everything that fits nowhere else', 0, 0);

-- score, comment_count, hot and last_activity are recomputed from votes and comments, never adjusted by a difference.
CREATE TABLE IF NOT EXISTS posts (
    id            BIGINT AUTO_INCREMENT PRIMARY KEY,
    public_id     VARCHAR(12) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL UNIQUE,
    category_id   BIGINT NOT NULL REFERENCES categories (id),
    author_id     BIGINT NOT NULL REFERENCES users (id),
    title         TEXT NOT NULL,
    body          MEDIUMTEXT NOT NULL,
    tags          TEXT NOT NULL DEFAULT '',
    created_at    BIGINT NOT NULL,
    edited_at     BIGINT,
    edit_version  BIGINT NOT NULL DEFAULT 1,
    score         BIGINT NOT NULL DEFAULT 0,
    hot           DOUBLE NOT NULL,
    comment_count BIGINT NOT NULL DEFAULT 0,
    last_activity BIGINT NOT NULL,
    pinned        BIGINT NOT NULL DEFAULT 0,
    locked        BIGINT NOT NULL DEFAULT 0,
    deleted_at    BIGINT,
    deleted_by    BIGINT REFERENCES users (id)
);
CREATE INDEX IF NOT EXISTS posts_by_hot ON posts (deleted_at, hot, id);
CREATE INDEX IF NOT EXISTS posts_by_top ON posts (deleted_at, score, id);
CREATE INDEX IF NOT EXISTS posts_by_category_hot ON posts (deleted_at, category_id, hot, id);
CREATE INDEX IF NOT EXISTS posts_by_category_top ON posts (deleted_at, category_id, score, id);
CREATE INDEX IF NOT EXISTS posts_by_category ON posts (deleted_at, category_id, id);
CREATE INDEX IF NOT EXISTS posts_by_author ON posts (author_id, id);
CREATE INDEX IF NOT EXISTS posts_pinned ON posts (pinned, id);

CREATE TABLE IF NOT EXISTS post_tags (
    tag     VARCHAR(30) NOT NULL,
    post_id BIGINT NOT NULL REFERENCES posts (id),
    PRIMARY KEY (tag, post_id)
);
CREATE INDEX IF NOT EXISTS post_tags_by_post ON post_tags (post_id);

-- What a post said before each edit.
CREATE TABLE IF NOT EXISTS post_edits (
    post_id      BIGINT NOT NULL REFERENCES posts (id),
    edit_version BIGINT NOT NULL,
    title        TEXT NOT NULL,
    body         MEDIUMTEXT NOT NULL,
    tags         TEXT NOT NULL,
    written_at   BIGINT NOT NULL,
    replaced_at  BIGINT NOT NULL,
    replaced_by  BIGINT NOT NULL REFERENCES users (id),
    PRIMARY KEY (post_id, edit_version)
);

-- path orders a whole thread by plain byte order; see forum/domain/comment_path.h.
CREATE TABLE IF NOT EXISTS comments (
    id           BIGINT AUTO_INCREMENT PRIMARY KEY,
    public_id    VARCHAR(12) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL UNIQUE,
    post_id      BIGINT NOT NULL REFERENCES posts (id),
    parent_id    BIGINT REFERENCES comments (id),
    author_id    BIGINT NOT NULL REFERENCES users (id),
    path         VARCHAR(255) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    body         MEDIUMTEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    edited_at    BIGINT,
    edit_version BIGINT NOT NULL DEFAULT 1,
    score        BIGINT NOT NULL DEFAULT 0,
    deleted_at   BIGINT,
    deleted_by   BIGINT REFERENCES users (id)
);
CREATE UNIQUE INDEX IF NOT EXISTS comments_by_thread ON comments (post_id, path);
-- Counting a post's comments reads this index alone.
CREATE INDEX IF NOT EXISTS comments_alive ON comments (post_id, deleted_at);
CREATE INDEX IF NOT EXISTS comments_by_author ON comments (author_id, id);

CREATE TABLE IF NOT EXISTS comment_edits (
    comment_id   BIGINT NOT NULL REFERENCES comments (id),
    edit_version BIGINT NOT NULL,
    body         MEDIUMTEXT NOT NULL,
    written_at   BIGINT NOT NULL,
    replaced_at  BIGINT NOT NULL,
    replaced_by  BIGINT NOT NULL REFERENCES users (id),
    PRIMARY KEY (comment_id, edit_version)
);

-- The primary key is what makes it one vote per user, whatever two fast clicks on two processes do.
CREATE TABLE IF NOT EXISTS post_votes (
    post_id  BIGINT NOT NULL REFERENCES posts (id),
    user_id  BIGINT NOT NULL REFERENCES users (id),
    value    BIGINT NOT NULL CHECK (value IN (-1, 1)),
    voted_at BIGINT NOT NULL,
    PRIMARY KEY (post_id, user_id)
);

CREATE TABLE IF NOT EXISTS comment_votes (
    comment_id BIGINT NOT NULL REFERENCES comments (id),
    user_id    BIGINT NOT NULL REFERENCES users (id),
    value      BIGINT NOT NULL CHECK (value IN (-1, 1)),
    voted_at   BIGINT NOT NULL,
    PRIMARY KEY (comment_id, user_id)
);

CREATE TABLE IF NOT EXISTS post_reads (
    user_id BIGINT NOT NULL REFERENCES users (id),
    post_id BIGINT NOT NULL REFERENCES posts (id),
    read_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, post_id)
);

CREATE TABLE IF NOT EXISTS reports (
    id          BIGINT AUTO_INCREMENT PRIMARY KEY,
    public_id   VARCHAR(12) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL UNIQUE,
    post_id     BIGINT NOT NULL REFERENCES posts (id),
    comment_id  BIGINT REFERENCES comments (id),
    reporter_id BIGINT NOT NULL REFERENCES users (id),
    reason      TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    resolved_at BIGINT,
    resolved_by BIGINT REFERENCES users (id),
    resolution  TEXT NOT NULL DEFAULT '',
    comment_or_0 BIGINT AS (ifnull(comment_id, 0)) PERSISTENT
);
-- A user reports one thing once.
CREATE UNIQUE INDEX IF NOT EXISTS reports_once ON reports (reporter_id, post_id, comment_or_0);

CREATE TABLE IF NOT EXISTS moderation_log (
    id         BIGINT AUTO_INCREMENT PRIMARY KEY,
    actor_id   BIGINT NOT NULL REFERENCES users (id),
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    reason     TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS notifications (
    id         BIGINT AUTO_INCREMENT PRIMARY KEY,
    public_id  VARCHAR(12) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL UNIQUE,
    user_id    BIGINT NOT NULL REFERENCES users (id),
    kind       TEXT NOT NULL,
    actor_id   BIGINT NOT NULL REFERENCES users (id),
    post_id    BIGINT NOT NULL REFERENCES posts (id),
    comment_id BIGINT REFERENCES comments (id),
    created_at BIGINT NOT NULL,
    read_at    BIGINT
);
CREATE INDEX IF NOT EXISTS notifications_by_user ON notifications (user_id, id);

-- The first answer to each Idempotency-Key, written in the transaction that did the work.
CREATE TABLE IF NOT EXISTS idempotency_keys (
    user_id      BIGINT NOT NULL REFERENCES users (id),
    "key"        VARCHAR(128) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    request_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    status       BIGINT NOT NULL,
    body         MEDIUMTEXT NOT NULL,
    location     TEXT NOT NULL DEFAULT '',
    etag         TEXT NOT NULL DEFAULT '',
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (user_id, "key")
);
CREATE INDEX IF NOT EXISTS idempotency_keys_by_age ON idempotency_keys (created_at);

-- rowid is posts.id; the text is what forum/domain/search_terms.h makes of title and body for this index.
CREATE TABLE IF NOT EXISTS post_search (
    rowid BIGINT PRIMARY KEY,
    title MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    body  MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    FULLTEXT (title),
    FULLTEXT (title, body)
);

-- The writers' turn: a batch locks the row first. See forum/store/engine/mariadb/writer_turn.h.
CREATE TABLE IF NOT EXISTS writer_turn (
    id   TINYINT PRIMARY KEY,
    turn TINYINT NOT NULL
);
INSERT IGNORE INTO writer_turn (id, turn) VALUES (1, 0);

-- The batches of the last hour, by their random numbers.
CREATE TABLE IF NOT EXISTS writer_batches (
    id BIGINT PRIMARY KEY,
    at BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS writer_batches_by_age ON writer_batches (at);

-- Counters of change, see forum/store/engine/mariadb/table_signals.h, and the random number of their life.
CREATE TABLE IF NOT EXISTS change_counters (
    slot  SMALLINT PRIMARY KEY,
    value BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS change_life (
    id   TINYINT PRIMARY KEY,
    life BIGINT NOT NULL
);
INSERT IGNORE INTO change_life (id, life) VALUES (1, 1 + floor(rand() * 4611686018427387903));
