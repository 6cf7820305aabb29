#include "forum/store/notifications.h"

#include "forum/auth/digest.h"
#include "forum/domain/mentions.h"
#include "forum/domain/public_id.h"
#include "forum/store/accounts.h"

namespace forum {

void notify(Connection& connection, const NewNotification& notification, Instant at) {
    if (notification.user == notification.actor) return;
    connection
        .query(
            "INSERT INTO notifications (public_id, user_id, kind, actor_id, post_id, comment_id, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)"_sql)
        .with(public_id_from(random_bits()), notification.user, notification.kind, notification.actor,
              notification.post, notification.comment, at)
        .run();
}

void notify_mentioned(Connection& connection, std::string_view text, const NewNotification& like,
                      std::int64_t already_told, Instant at) {
    for (const std::string& name : mentions_in(text)) {
        const auto account = account_named(connection, name);
        if (!account || account->row == already_told) continue;
        NewNotification mention = like;
        mention.user = account->row;
        mention.kind = "mention";
        notify(connection, mention, at);
    }
}

std::vector<Notification> list_notifications(Connection& connection, std::int64_t user, std::int64_t before_row,
                                             int limit) {
    Query query = connection.query(
        "SELECT n.id, n.public_id, n.kind, u.username, p.public_id, CASE WHEN p.deleted_at IS NULL THEN p.title ELSE "
        "'[deleted]' END, ifnull(m.public_id, ''), n.created_at, "
        "n.read_at FROM notifications n JOIN users u ON u.id = n.actor_id JOIN posts p ON p.id = n.post_id "
        "LEFT JOIN comments m ON m.id = n.comment_id WHERE n.user_id = ? AND n.id < ? ORDER BY n.id DESC LIMIT ?"_sql);
    query.with(user, before_row, limit);
    std::vector<Notification> all;
    while (query.step()) {
        all.push_back({query.integer(0), query.text(1), query.text(2), query.text(3), query.text(4), query.text(5),
                       query.text(6), query.integer(7), query.maybe_integer(8)});
    }
    return all;
}

std::int64_t unread_notifications(Connection& connection, std::int64_t user) {
    Query query = connection.query("SELECT count(*) FROM notifications WHERE user_id = ? AND read_at IS NULL"_sql);
    query.with(user).step();
    return query.integer(0);
}

void mark_notifications_read(Connection& connection, std::int64_t user, Instant at) {
    connection.query("UPDATE notifications SET read_at = ?2 WHERE user_id = ?1 AND read_at IS NULL"_sql)
        .with(user, at)
        .run();
}

}  // namespace forum
