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

#include "config/error.h"

namespace switchyard::control {

struct Problem {
    unsigned status = 500;
    std::string kind = "internal";  // type: urn:switchyard:problem:<kind>
    std::string detail;
    std::vector<config::Error> errors;        // for invalid configurations: all of them
    std::optional<std::uint64_t> generation;  // for stale: the one in force

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

namespace problems {
Problem bad_request(std::string detail);   // 400: the call itself cannot be understood
Problem unauthorized(std::string detail);  // 401
Problem forbidden(std::string detail);     // 403
Problem not_found(std::string detail);     // 404
Problem conflict(std::string detail);      // 409: a precondition on live facts failed
Problem stale(std::uint64_t in_force);     // 412: someone else changed it
// 422: the configuration, or what `what` says, would be wrong
Problem invalid(std::vector<config::Error> errors, const std::string& what = "configuration");
Problem invalid(std::string detail);     // 422
Problem internal(std::string detail);    // 500
Problem store_full(std::string detail);  // 507: no room to keep the change
}  // namespace problems

}  // namespace switchyard::control
