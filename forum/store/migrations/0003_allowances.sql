-- phase: expand
-- What each account has sent to be stored since its day began. A day begins with the first that is sent after the one
-- before has ended; so there is one row for each account that ever wrote. Older programs count for themselves.

CREATE TABLE allowances (
    user_id  INTEGER PRIMARY KEY,
    began_at INTEGER NOT NULL,
    texts    INTEGER NOT NULL,
    bytes    INTEGER NOT NULL
);
