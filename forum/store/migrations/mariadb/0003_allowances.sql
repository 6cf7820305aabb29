-- phase: expand
-- What each account has sent to be stored since its day began: see 0003_allowances.sql of SQLite's.

CREATE TABLE IF NOT EXISTS allowances (
    user_id  BIGINT PRIMARY KEY,
    began_at BIGINT NOT NULL,
    texts    BIGINT NOT NULL,
    bytes    BIGINT NOT NULL
);
