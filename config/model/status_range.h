// Statuses as operators list them: 503, or "5xx" for all that begin so.
//
// Threads: plain values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace switchyard::config {

struct StatusRange {
    std::uint16_t first = 0, last = 0;
    bool operator==(const StatusRange&) const = default;

    static StatusRange one(std::uint16_t status) { return {status, status}; }
    // 2: those from 200 to 299.
    static StatusRange of_class(unsigned number) {
        return {static_cast<std::uint16_t>(number * 100), static_cast<std::uint16_t>(number * 100 + 99)};
    }
    bool is_one() const { return first == last; }
    std::string text() const { return is_one() ? std::to_string(first) : std::to_string(first / 100) + "xx"; }
};

inline bool contains(const std::vector<StatusRange>& ranges, unsigned status) {
    return std::ranges::any_of(ranges, [&](const StatusRange& r) { return status >= r.first && status <= r.last; });
}

}  // namespace switchyard::config
