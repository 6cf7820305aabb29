#include "proxy/http/byte_range.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "proxy/http/characters.h"

namespace switchyard::http {
namespace {

// All of it digits; what is larger than can be counted is as large as can be.
std::optional<std::uint64_t> position(std::string_view digits) {
    if (digits.empty() || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return {};
    std::uint64_t out = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), out).ec != std::errc{}) return UINT64_MAX;
    return out;
}

}  // namespace

ByteRange byte_range(std::string_view value, std::uint64_t total) {
    constexpr std::string_view kUnit = "bytes=";
    if (value.size() < kUnit.size() || !equals_lower(value.substr(0, kUnit.size()), kUnit)) return {};
    const std::string_view range = trim(value.substr(kUnit.size()));
    const auto dash = range.find('-');
    if (dash == range.npos || range.find(',') != range.npos) return {};
    const auto first = position(range.substr(0, dash));
    const auto last = position(range.substr(dash + 1));
    const bool from_end = dash == 0;
    if ((!from_end && !first) || (from_end && !last) || (!last && dash + 1 != range.size())) return {};
    if (total == 0) return {};  // all of nothing, as nginx answers
    if (from_end) {
        if (*last == 0) return {ByteRange::Kind::unsatisfiable, 0, 0};
        const std::uint64_t size = std::min(*last, total);
        return {ByteRange::Kind::part, total - size, size};
    }
    if (last && *last < *first) return {};
    if (*first >= total) return {ByteRange::Kind::unsatisfiable, 0, 0};
    const std::uint64_t end = last ? std::min(*last, total - 1) : total - 1;
    return {ByteRange::Kind::part, *first, end - *first + 1};
}

}  // namespace switchyard::http
