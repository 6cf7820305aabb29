// Why an admin call was refused or failed, in the words of RFC 9457.
//
// Invariants: status is a 4xx or 5xx; kind is a stable word that scripts may match (it becomes the `type` URN);
//   detail names the place and the cure.
// Threads: plain value.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/merge/conflict.h"
#include "config/text/error.h"

namespace switchyard::control {

struct Problem {
    unsigned status = 500;
    std::string kind = "internal";  // type: urn:switchyard:problem:<kind>
    std::string detail;
    std::vector<config::Error> errors;        // for invalid configurations: all of them
    std::optional<std::uint64_t> generation;  // for stale: the one in force
    std::vector<config::Conflict> conflicts;  // for file_conflict: beside `errors`, with the three values

    Problem() = default;
    // Not an aggregate, so that no Result takes a number or a string for a Problem.
    Problem(unsigned status_, std::string kind_, std::string detail_, std::vector<config::Error> errors_ = {},
            std::optional<std::uint64_t> generation_ = {})
        : status(status_),
          kind(std::move(kind_)),
          detail(std::move(detail_)),
          errors(std::move(errors_)),
          generation(generation_) {}
    bool operator==(const Problem&) const = default;
};

// type, title, status, detail, and errors / generation where there are any.
nlohmann::ordered_json to_json(const Problem& problem);

// The kind of a file_conflict.
inline constexpr const char* kFileConflict = "file-conflict";
// The kind of what the guard refuses: traffic that finds an endpoint now would find none.
inline constexpr const char* kGuard = "nobody-there";
// The kind of the problem that a file cannot be read at all.
inline constexpr const char* kFileUnread = "file-unread";
// The kind of what is refused because too much waits for the disk already: a little later it may be taken.
inline constexpr const char* kStoreBusy = "store_busy";

namespace problems {
Problem bad_request(std::string detail);   // 400: the call itself cannot be understood
Problem unauthorized(std::string detail);  // 401
Problem forbidden(std::string detail);     // 403
Problem not_found(std::string detail);     // 404
Problem conflict(std::string detail);      // 409: a precondition on live facts failed
Problem stale(std::uint64_t in_force);     // 412: someone else changed it
// 422: the configuration, or what `what` says, would be wrong
Problem invalid(std::vector<config::Error> errors, const std::string& what = "configuration");
Problem invalid(std::string detail);            // 422
Problem internal(std::string detail);           // 500
Problem store_full(std::string detail);         // 507: no room to keep the change
Problem store_unavailable(std::string detail);  // 503: it runs without a place to keep changes
Problem store_busy(const std::string& why);     // 503: as many as may wait for the disk do so already
// 409: the file and changes at run time contradict each other; the pointers, and all three values of each
Problem file_conflict(std::vector<config::Conflict> conflicts);
}  // namespace problems

}  // namespace switchyard::control
