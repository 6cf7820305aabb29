// What happened that concerns one user: answers to what they wrote, and mentions of their name.
//
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forum/domain/instant.h"
#include "forum/store/connection.h"

namespace forum {

struct Notification {
    std::int64_t row = 0;
    std::string public_id;
    std::string kind;  // "reply" or "mention"
    std::string actor;
    std::string post;
    std::string post_title;
    std::string comment;  // public id or empty
    Instant created_at = 0;
    std::optional<Instant> read_at;
};

struct NewNotification {
    std::int64_t user = 0;
    std::string_view kind;
    std::int64_t actor = 0;
    std::int64_t post = 0;
    std::optional<std::int64_t> comment;
};

// Users are not told about what they did themselves.
void notify(Connection& connection, const NewNotification& notification, Instant at);

// Tells the users whose names the text mentions, but for `already_told`.
void notify_mentioned(Connection& connection, std::string_view text, const NewNotification& like,
                      std::int64_t already_told, Instant at);

std::vector<Notification> list_notifications(Connection& connection, std::int64_t user, std::int64_t before_row,
                                             int limit);
std::int64_t unread_notifications(Connection& connection, std::int64_t user);
void mark_notifications_read(Connection& connection, std::int64_t user, Instant at);

}  // namespace forum
