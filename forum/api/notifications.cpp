#include "forum/api/notifications.h"

#include <algorithm>

#include "forum/api/item_page.h"
#include "forum/api/posts.h"
#include "forum/domain/public_id.h"
#include "forum/store/marks.h"
#include "forum/store/notifications.h"

namespace forum {

namespace {

// As many as the longest page of a list.
constexpr std::size_t kMarksMax = 100;

void write_notification(JsonText& json, const Notification& notification) {
    json.begin_object()
        .member("id", notification.public_id)
        .member("kind", notification.kind)
        .member("actor", notification.actor)
        .member("post", notification.post)
        .member("post_title", notification.post_title)
        .key("comment");
    if (notification.comment.empty()) {
        json.null();
    } else {
        json.value(notification.comment);
    }
    json.key("created_at").instant(notification.created_at).key("read_at").instant(notification.read_at).end_object();
}

std::vector<std::string> ids_from(const std::string& list) {
    std::vector<std::string> ids;
    for (std::size_t begin = 0; begin < list.size();) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        if (end > begin) ids.push_back(list.substr(begin, end - begin));
        begin = end + 1;
    }
    return ids;
}

}  // namespace

Answer list_notifications(Service& service, const Call& call) {
    const int limit = page_limit(call);
    const std::int64_t before = row_before(service.cursors, call, "notifications");
    return service.store.readers.with([&](Connection& connection) {
        std::vector<Notification> all = list_notifications(connection, call.caller.row, before, limit + 1);
        JsonText json;
        json.begin_object().member("unread", unread_notifications(connection, call.caller.row));
        write_items(
            json, service.cursors, "notifications", all, limit,
            [](const Notification& last) {
                return Cursor{"", last.row};
            },
            &write_notification);
        json.end_object();
        Answer answer = json_answer(200, json.take());
        answer.headers.emplace_back("Cache-Control", "private, no-cache");
        return answer;
    });
}

Answer mark_notifications_read(Service& service, const Call& call) {
    return run_change(service, call, [&](Connection& connection) {
        mark_notifications_read(connection, call.caller.row, now());
        return json_answer(204, "");
    });
}

Answer mark_post_read(Service& service, const Call& call) {
    return run_change(service, call, [&](Connection& connection) {
        mark_post_read(connection, call.caller.row, post_to_show(connection, call).row, now());
        return json_answer(204, "");
    });
}

Answer list_marks(Service& service, const Call& call) {
    const std::vector<std::string> ids = ids_from(call.parameter("posts").value_or(""));
    if (ids.empty() || ids.size() > kMarksMax || !std::all_of(ids.begin(), ids.end(), is_public_id)) {
        refuse(400, "bad-parameter", "posts must name 1 to 100 post ids, separated by commas");
    }
    return service.store.readers.with([&](Connection& connection) {
        JsonText json;
        json.begin_object().key("items").begin_array();
        for (const Mark& mark : marks_for(connection, call.caller.row, ids)) {
            json.begin_object()
                .member("post", mark.post)
                .member("vote", mark.vote)
                .member("unread", mark.unread)
                .end_object();
        }
        json.end_array().end_object();
        Answer answer = json_answer(200, json.take());
        answer.headers.emplace_back("Cache-Control", "private, no-cache");
        return answer;
    });
}

}  // namespace forum
