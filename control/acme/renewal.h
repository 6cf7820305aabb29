// When a certificate is asked for again: in time, by the authority's own wish where it has one, and after a failure
// neither at once nor never.
//
// Pure. Units: seconds since 1970. `draw`: evenly from 0 to 1, the same for one certificate as long as it lives, so
// that a restart moves nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "control/acme/order.h"

namespace switchyard::control::acme {

// What an authority suggests (RFC 9773 §4.2).
struct RenewalWindow {
    std::int64_t start = 0, end = 0;
    bool operator==(const RenewalWindow&) const = default;
};
// Nothing: it is none.
std::optional<RenewalWindow> read_window(std::string_view json);

// After two thirds of its life, give or take a tenth of the last third; within the window, where there is one.
std::int64_t renew_at(std::int64_t not_before, std::int64_t not_after, const std::optional<RenewalWindow>& window,
                      double draw);

// How long after the latest of so many failures in a row it is tried again. An authority that is away is asked soon;
// one that has looked and said no counts failures (Let's Encrypt: five in an hour for a name): four in the first hour
// and a half, then ever fewer. What the authority asks for is the least.
std::chrono::seconds pause_after(unsigned failures, const Refusal& refusal);

// Between two orders for the same names at the same authority that went well, whatever seems to ask for another: a
// clock that is wrong, a window that has always passed, a file that is not taken into use.
inline constexpr std::chrono::seconds kBetweenOrders = std::chrono::hours{1};

// `next`, as it was written; 0 where it is further away than anything that is ever waited for: the clock was wrong
// then.
std::int64_t not_before(std::int64_t next, unsigned failures, std::int64_t now);

// When the authority is asked again for its wish.
std::chrono::seconds next_look_at_window(std::chrono::seconds retry_after);

// "Mon, 30 Nov 2026 08:00:00 GMT", or seconds; 0: neither.
std::chrono::seconds read_retry_after(std::string_view value, std::int64_t now);

}  // namespace switchyard::control::acme
