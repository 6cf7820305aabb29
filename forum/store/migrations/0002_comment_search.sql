-- phase: expand
-- Comments become findable. The table starts empty: the program fills it in small batches beside its other work
-- (forum/store/comment_index.h), so no writer waits for the million comments that may be there already.

-- rowid is comments.id; body is what forum/domain/search_terms.h makes of the text, edit_version says of which one.
-- Deleted comments stay in it: whether one is shown is asked of the comment itself, also when an older program deletes
-- it or brings it back.
CREATE VIRTUAL TABLE comment_search USING fts5 (body, edit_version UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');

-- Every comment up to this id is in the index. Beyond it are those of programs that do not know the index.
CREATE TABLE comment_search_progress (filled_to INTEGER NOT NULL);
INSERT INTO comment_search_progress (filled_to) VALUES (0);

-- Which comments were edited lately, perhaps by such a program.
CREATE INDEX comment_edits_by_time ON comment_edits (replaced_at);
