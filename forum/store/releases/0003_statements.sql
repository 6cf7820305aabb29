-- Written by `forum migrate statements`; see README.md.
DELETE FROM comment_edits WHERE comment_id = ?
DELETE FROM comment_votes WHERE comment_id = ? AND user_id = ?
DELETE FROM idempotency_keys WHERE (user_id, "key") IN (SELECT user_id, "key" FROM (SELECT user_id, "key" FROM idempotency_keys WHERE created_at < ? LIMIT ?) AS old)
DELETE FROM post_edits WHERE post_id = ?
DELETE FROM post_search WHERE rowid = ?
DELETE FROM post_tags WHERE post_id = ?
DELETE FROM post_votes WHERE post_id = ? AND user_id = ?
DELETE FROM sessions WHERE id IN (SELECT id FROM (SELECT id FROM sessions WHERE expires_at < ? LIMIT ?) AS old)
DELETE FROM setup_tokens
DELETE FROM signing_keys WHERE retire_at < ?
INSERT INTO allowances (user_id, began_at, texts, bytes) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (user_id) DO UPDATE SET texts = CASE WHEN abs(excluded.began_at - allowances.began_at) < ?5 THEN allowances.texts + excluded.texts ELSE excluded.texts END, bytes = CASE WHEN abs(excluded.began_at - allowances.began_at) < ?5 THEN allowances.bytes + excluded.bytes ELSE excluded.bytes END, began_at = CASE WHEN abs(excluded.began_at - allowances.began_at) < ?5 THEN allowances.began_at ELSE excluded.began_at END RETURNING texts, bytes, began_at
INSERT INTO categories (slug, name, description, position, posting_role, created_at) VALUES (?, ?, ?, ?, ?, ?)
INSERT INTO comment_edits (comment_id, edit_version, body, written_at, replaced_at, replaced_by) VALUES (?, ?, ?, ?, ?, ?)
INSERT INTO comment_votes (comment_id, user_id, value, voted_at) VALUES (?, ?, ?, ?) ON CONFLICT (comment_id, user_id) DO UPDATE SET value = excluded.value, voted_at = excluded.voted_at
INSERT INTO comments (id, public_id, post_id, author_id, path, body, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
INSERT INTO comments (public_id, post_id, parent_id, author_id, path, body, created_at) VALUES (?1, ?2, ?3, ?4, ?1, ?5, ?6)
INSERT INTO idempotency_keys (user_id, "key", request_hash, status, body, location, etag, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO moderation_log (actor_id, action, subject, reason, created_at) VALUES (?, ?, ?, ?, ?)
INSERT INTO notifications (public_id, user_id, kind, actor_id, post_id, comment_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
INSERT INTO post_edits (post_id, edit_version, title, body, tags, written_at, replaced_at, replaced_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO post_reads (user_id, post_id, read_at) VALUES (?, ?, ?) ON CONFLICT (user_id, post_id) DO UPDATE SET read_at = CASE WHEN post_reads.read_at < excluded.read_at THEN excluded.read_at ELSE post_reads.read_at END
INSERT INTO post_search (rowid, title, body) VALUES (?, ?, ?)
INSERT INTO post_tags (tag, post_id) VALUES (?, ?)
INSERT INTO post_votes (post_id, user_id, value, voted_at) VALUES (?, ?, ?, ?) ON CONFLICT (post_id, user_id) DO UPDATE SET value = excluded.value, voted_at = excluded.voted_at
INSERT INTO posts (public_id, category_id, author_id, title, body, tags, created_at, hot, last_activity) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7)
INSERT INTO refresh_tokens (token_hash, session_id, issued_at) VALUES (?, ?, ?)
INSERT INTO reports (public_id, post_id, comment_id, reporter_id, reason, created_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
INSERT INTO sessions (public_id, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)
INSERT INTO setup_tokens (token_hash, created_at) VALUES (?, ?) ON CONFLICT (token_hash) DO NOTHING
INSERT INTO signing_keys (kid, secret, created_at) VALUES (?, ?, ?)
INSERT INTO users (public_id, username, password_hash, role, created_at) VALUES (?, ?, ?, ?, ?)
INSERT OR REPLACE INTO comment_search (rowid, body, edit_version) VALUES (?, ?, ?)
SELECT "from", "table" FROM pragma_foreign_key_list(?) WHERE on_delete NOT IN ('CASCADE', 'SET NULL')
SELECT 1 FROM comment_search_progress WHERE filled_to < (SELECT max(id) FROM comments)
SELECT 1 FROM setup_tokens WHERE token_hash = ?
SELECT DISTINCT m.id, m.edit_version, m.body FROM comment_edits e CROSS JOIN comments m ON m.id = e.comment_id LEFT JOIN comment_search s ON s.rowid = m.id WHERE e.replaced_at >= ?1 AND s.edit_version IS NOT m.edit_version LIMIT ?2
SELECT count(*) FROM categories
SELECT count(*) FROM notifications WHERE user_id = ? AND read_at IS NULL
SELECT count(*) FROM posts
SELECT count(*) FROM users WHERE role = 'admin'
SELECT e.edit_version, e.body, e.written_at, e.replaced_at, u.username FROM comment_edits e JOIN users u ON u.id = e.replaced_by WHERE e.comment_id = ? AND e.edit_version < ? ORDER BY e.edit_version DESC LIMIT ?
SELECT e.edit_version, e.title, e.body, e.tags, e.written_at, e.replaced_at, u.username FROM post_edits e JOIN users u ON u.id = e.replaced_by WHERE e.post_id = ? AND e.edit_version < ? ORDER BY e.edit_version DESC LIMIT ?
SELECT edit_version FROM comment_search WHERE rowid = ?
SELECT id, edit_version, body FROM comments WHERE id > (SELECT filled_to FROM comment_search_progress) ORDER BY id LIMIT ?
SELECT id, public_id, username, display_name, about, password_hash, role, created_at, banned_until, ban_reason, edit_version FROM users WHERE id = ?
SELECT id, public_id, username, display_name, about, password_hash, role, created_at, banned_until, ban_reason, edit_version FROM users WHERE username = ?
SELECT id, slug, name, description, position, posting_role, edit_version FROM categories ORDER BY position, slug
SELECT id, slug, name, description, position, posting_role, edit_version FROM categories WHERE slug = ?
SELECT ifnull(max(id), 0) + 1 FROM comments
SELECT ifnull(max(version), 0), ifnull(max(oldest_program), 0) FROM schema_migrations
SELECT ifnull(sum(value), 0) FROM post_votes WHERE post_id = ?
SELECT ifnull(v.value, 0), (r.read_at IS NULL AND p.author_id <> ?1) OR (p.last_activity > ifnull(r.read_at, 0) AND EXISTS (SELECT 1 FROM comments m WHERE m.post_id = p.id AND m.deleted_at IS NULL AND m.author_id <> ?1 AND m.created_at > ifnull(r.read_at, 0))) FROM posts p LEFT JOIN post_votes v ON v.post_id = p.id AND v.user_id = ?1 LEFT JOIN post_reads r ON r.post_id = p.id AND r.user_id = ?1 WHERE p.public_id = ?2 AND p.deleted_at IS NULL
SELECT kid, secret, created_at FROM signing_keys WHERE retire_at IS NULL OR retire_at > ? ORDER BY created_at DESC, kid
SELECT l.id, u.username, l.action, l.subject, l.reason, l.created_at FROM moderation_log l JOIN users u ON u.id = l.actor_id WHERE l.id < ? ORDER BY l.id DESC LIMIT ?
SELECT l.name, (SELECT group_concat(ifnull(i.name, '(expression)'), ', ') FROM pragma_index_info(l.name) i), l.partial FROM pragma_index_list(?) l WHERE l."unique" = 1
SELECT m.id, m.public_id, m.post_id, p.public_id, ifnull(parent.public_id, ''), m.author_id, u.username, m.path, m.body, m.created_at, m.edited_at, m.edit_version, m.score, m.deleted_at, p.deleted_at FROM comments m JOIN posts p ON p.id = m.post_id JOIN users u ON u.id = m.author_id LEFT JOIN comments parent ON parent.id = m.parent_id WHERE m.post_id = ? AND m.path > ? ORDER BY m.path LIMIT ?
SELECT m.id, m.public_id, m.post_id, p.public_id, ifnull(parent.public_id, ''), m.author_id, u.username, m.path, m.body, m.created_at, m.edited_at, m.edit_version, m.score, m.deleted_at, p.deleted_at FROM comments m JOIN posts p ON p.id = m.post_id JOIN users u ON u.id = m.author_id LEFT JOIN comments parent ON parent.id = m.parent_id WHERE m.public_id = ?
SELECT max(at) FROM (SELECT (SELECT min(created_at) FROM (SELECT created_at FROM sessions ORDER BY id DESC LIMIT 21) AS s) AS at UNION ALL SELECT (SELECT min(created_at) FROM (SELECT created_at FROM posts ORDER BY id DESC LIMIT 21) AS p)) AS newest
SELECT max(id) FROM posts
SELECT n.id, n.public_id, n.kind, u.username, p.public_id, CASE WHEN p.deleted_at IS NULL THEN p.title ELSE '[deleted]' END, ifnull(m.public_id, ''), n.created_at, n.read_at FROM notifications n JOIN users u ON u.id = n.actor_id JOIN posts p ON p.id = n.post_id LEFT JOIN comments m ON m.id = n.comment_id WHERE n.user_id = ? AND n.id < ? ORDER BY n.id DESC LIMIT ?
SELECT name, "notnull", dflt_value, pk FROM pragma_table_info(?)
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, '', p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, m.public_id, a.username, m.body, m.created_at FROM comments m JOIN posts p ON p.id = m.post_id JOIN categories c ON c.id = p.category_id JOIN users u ON u.id = p.author_id JOIN users a ON a.id = m.author_id WHERE m.id = ? AND m.deleted_at IS NULL AND p.deleted_at IS NULL
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, p.body, p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked FROM posts p JOIN categories c ON c.id = p.category_id JOIN users u ON u.id = p.author_id WHERE p.id = ? AND p.deleted_at IS NULL
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, p.body, p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.deleted_at, p.hot FROM posts p JOIN categories c ON c.id = p.category_id JOIN users u ON u.id = p.author_id WHERE p.public_id = ?
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM post_tags t JOIN posts p ON p.id = t.post_id LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND p.category_id = ?1 AND t.tag = ?2 AND (p.hot < ?3 OR (p.hot = ?3 AND p.id < ?4)) ORDER BY p.hot DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM post_tags t JOIN posts p ON p.id = t.post_id LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND p.category_id = ?1 AND t.tag = ?2 AND (p.score < ?3 OR (p.score = ?3 AND p.id < ?4)) ORDER BY p.score DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM post_tags t JOIN posts p ON p.id = t.post_id LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND p.category_id = ?1 AND t.tag = ?2 AND p.id < ?4 ORDER BY p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM post_tags t JOIN posts p ON p.id = t.post_id LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND p.category_id = ?1 AND t.tag = ?2 ORDER BY p.hot DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM post_tags t JOIN posts p ON p.id = t.post_id LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND p.category_id = ?1 AND t.tag = ?2 ORDER BY p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM post_tags t JOIN posts p ON p.id = t.post_id LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND p.category_id = ?1 AND t.tag = ?2 ORDER BY p.score DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM post_tags t JOIN posts p ON p.id = t.post_id LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND t.tag = ?2 AND (p.hot < ?3 OR (p.hot = ?3 AND p.id < ?4)) ORDER BY p.hot DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM post_tags t JOIN posts p ON p.id = t.post_id LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND t.tag = ?2 AND (p.score < ?3 OR (p.score = ?3 AND p.id < ?4)) ORDER BY p.score DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM post_tags t JOIN posts p ON p.id = t.post_id LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND t.tag = ?2 AND p.id < ?4 ORDER BY p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM post_tags t JOIN posts p ON p.id = t.post_id LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND t.tag = ?2 ORDER BY p.hot DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM post_tags t JOIN posts p ON p.id = t.post_id LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND t.tag = ?2 ORDER BY p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM post_tags t JOIN posts p ON p.id = t.post_id LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND t.tag = ?2 ORDER BY p.score DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.author_id = ? AND p.id < ? AND p.deleted_at IS NULL ORDER BY p.id DESC LIMIT ?
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND (p.hot < ?3 OR (p.hot = ?3 AND p.id < ?4)) ORDER BY p.hot DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND (p.score < ?3 OR (p.score = ?3 AND p.id < ?4)) ORDER BY p.score DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND p.category_id = ?1 AND (p.hot < ?3 OR (p.hot = ?3 AND p.id < ?4)) ORDER BY p.hot DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND p.category_id = ?1 AND (p.score < ?3 OR (p.score = ?3 AND p.id < ?4)) ORDER BY p.score DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND p.category_id = ?1 AND p.id < ?4 ORDER BY p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND p.category_id = ?1 ORDER BY p.hot DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND p.category_id = ?1 ORDER BY p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND p.category_id = ?1 ORDER BY p.score DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL AND p.id < ?4 ORDER BY p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL ORDER BY p.hot DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL ORDER BY p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.deleted_at IS NULL ORDER BY p.score DESC, p.id DESC LIMIT ?5
SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, substr(p.body, 1, 280), p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, p.locked, p.hot FROM posts p LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN users u ON u.id = p.author_id WHERE p.pinned = 1 AND p.deleted_at IS NULL AND (?1 = 0 OR p.category_id = ?1) ORDER BY p.id DESC LIMIT 10
SELECT public_id FROM reports WHERE reporter_id = ? AND post_id = ? AND ifnull(comment_id, 0) = ?
SELECT r.id, r.public_id, p.public_id, ifnull(m.public_id, ''), u.username, r.reason, r.created_at, r.resolved_at, ifnull(resolver.username, ''), r.resolution FROM reports r JOIN posts p ON p.id = r.post_id JOIN users u ON u.id = r.reporter_id LEFT JOIN comments m ON m.id = r.comment_id LEFT JOIN users resolver ON resolver.id = r.resolved_by WHERE (r.resolved_at IS NOT NULL) = ? AND r.id < ? ORDER BY r.id DESC LIMIT ?
SELECT r.id, r.public_id, p.public_id, ifnull(m.public_id, ''), u.username, r.reason, r.created_at, r.resolved_at, ifnull(resolver.username, ''), r.resolution FROM reports r JOIN posts p ON p.id = r.post_id JOIN users u ON u.id = r.reporter_id LEFT JOIN comments m ON m.id = r.comment_id LEFT JOIN users resolver ON resolver.id = r.resolved_by WHERE r.public_id = ?
SELECT request_hash, status, body, location, etag FROM idempotency_keys WHERE user_id = ? AND "key" = ?
SELECT rowid, search_share(comment_search, 1.0, 1.0, 'comments', ?1) FROM comment_search WHERE comment_search MATCH ?1 ORDER BY rowid DESC LIMIT ?2
SELECT rowid, search_share(post_search, 10.0, 1.0, 'posts', ?1) FROM post_search WHERE post_search MATCH ?1 ORDER BY rowid DESC LIMIT ?2
SELECT s.id, s.public_id, s.user_id, s.expires_at, s.revoked_at, t.used_at FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.token_hash = ?
SELECT s.id, s.user_id, u.username, u.role, u.banned_until FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.public_id = ?1 AND s.revoked_at IS NULL AND s.expires_at > ?2
SELECT score FROM comments WHERE id = ?
SELECT type, name, tbl_name, rowid, ifnull(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'
UPDATE categories SET name = ?2, description = ?3, position = ?4, posting_role = ?5, edit_version = edit_version + 1 WHERE id = ?1
UPDATE categories SET position = position WHERE id = (SELECT min(id) FROM categories)
UPDATE comment_search_progress SET filled_to = ?
UPDATE comments SET body = ?2, edited_at = ?3, edit_version = edit_version + 1 WHERE id = ?1
UPDATE comments SET deleted_at = ?2, deleted_by = ?3 WHERE id = ?1
UPDATE comments SET deleted_at = NULL, deleted_by = NULL WHERE id = ?
UPDATE comments SET path = ?2 WHERE id = ?1
UPDATE comments SET score = (SELECT ifnull(sum(value), 0) FROM comment_votes WHERE comment_id = ?1) WHERE id = ?1
UPDATE notifications SET read_at = ?2 WHERE user_id = ?1 AND read_at IS NULL
UPDATE posts SET comment_count = (SELECT count(*) FROM comments WHERE post_id = ?1 AND deleted_at IS NULL), last_activity = CASE WHEN last_activity < ?2 THEN ?2 ELSE last_activity END WHERE id = ?1
UPDATE posts SET comment_count = ?2, last_activity = ?3 WHERE id = ?1
UPDATE posts SET deleted_at = ?2, deleted_by = ?3 WHERE id = ?1
UPDATE posts SET deleted_at = NULL, deleted_by = NULL WHERE id = ?
UPDATE posts SET locked = ?2 WHERE id = ?1
UPDATE posts SET pinned = ?2 WHERE id = ?1
UPDATE posts SET score = ?2, hot = ?3 WHERE id = ?1
UPDATE posts SET title = ?2, body = ?3, tags = ?4, category_id = ?5, edited_at = ?6, edit_version = edit_version + 1 WHERE id = ?1
UPDATE refresh_tokens SET used_at = ?2 WHERE token_hash = ?1
UPDATE reports SET resolved_at = ?2, resolved_by = ?3, resolution = ?4 WHERE id = ?1
UPDATE sessions SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL
UPDATE sessions SET revoked_at = ?2 WHERE user_id = ?1 AND revoked_at IS NULL
UPDATE signing_keys SET retire_at = ? WHERE retire_at IS NULL
UPDATE users SET banned_until = ?2, ban_reason = ?3, edit_version = edit_version + 1 WHERE id = ?1
UPDATE users SET display_name = ?2, about = ?3, edit_version = edit_version + 1 WHERE id = ?1
UPDATE users SET password_hash = ?2 WHERE id = ?1
UPDATE users SET role = ?2, edit_version = edit_version + 1 WHERE id = ?1
