// Reports from users, and the log of what moderators did about things.
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

struct Report {
    std::int64_t row = 0;
    std::string public_id;
    std::string post;     // public id
    std::string comment;  // public id, empty when the post itself was reported
    std::string reporter;
    std::string reason;
    Instant created_at = 0;
    std::optional<Instant> resolved_at;
    std::string resolved_by;
    std::string resolution;
};

// Returns the public id. A second report of one thing by one user is the first one again.
std::string add_report(Connection& connection, std::int64_t post, std::optional<std::int64_t> comment,
                       std::int64_t reporter, std::string_view reason, Instant at);
std::optional<Report> report_named(Connection& connection, std::string_view public_id);
std::vector<Report> list_reports(Connection& connection, bool resolved, std::int64_t before_row, int limit);
void resolve_report(Connection& connection, std::int64_t row, std::int64_t by, std::string_view resolution, Instant at);

struct Deed {
    std::int64_t row = 0;
    std::string actor;
    std::string action;   // "lock post", "ban user", …
    std::string subject;  // public id or user name
    std::string reason;
    Instant created_at = 0;
};
void log_deed(Connection& connection, std::int64_t actor, std::string_view action, std::string_view subject,
              std::string_view reason, Instant at);
std::vector<Deed> list_deeds(Connection& connection, std::int64_t before_row, int limit);

}  // namespace forum
