#include "control/acme/renewal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <string>

namespace switchyard::control::acme {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kLongestPause = hours{24};
constexpr seconds kLongestAsked = hours{24 * 7};

// "2026-11-30T08:00:00Z", with or without a fraction; no authority writes other offsets.
std::optional<std::int64_t> moment(const std::string& text) {
    std::tm at{};
    const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &at);
    if (end == nullptr || !std::string_view(text).ends_with('Z')) return std::nullopt;
    if (*end != 'Z' && *end != '.') return std::nullopt;
    return timegm(&at);
}

}  // namespace

std::optional<RenewalWindow> read_window(std::string_view json) {
    const auto body = nlohmann::json::parse(json, nullptr, false);
    if (!body.is_object()) return std::nullopt;
    const auto found = body.find("suggestedWindow");
    if (found == body.end() || !found->is_object()) return std::nullopt;
    const auto text = [&](const char* key) {
        const auto at = found->find(key);
        return at != found->end() && at->is_string() ? at->get<std::string>() : std::string();
    };
    const auto start = moment(text("start")), end = moment(text("end"));
    if (!start || !end || *end <= *start) return std::nullopt;
    return RenewalWindow{*start, *end};
}

std::int64_t renew_at(std::int64_t not_before, std::int64_t not_after, const std::optional<RenewalWindow>& window,
                      double draw) {
    if (window) {
        const auto wished =
            window->start + static_cast<std::int64_t>(draw * static_cast<double>(window->end - window->start));
        return std::min(wished, not_after);
    }
    const auto life = not_after - not_before;
    const auto last_third = static_cast<double>(life) / 3;
    return not_after - static_cast<std::int64_t>(last_third * (1.1 - 0.2 * draw));
}

seconds pause_after(unsigned failures, const Refusal& refusal) {
    constexpr std::array<seconds, 8> kRefused{minutes{1}, minutes{5}, minutes{20}, hours{1},
                                              hours{2},   hours{4},   hours{8},    hours{16}};
    const auto asked = std::clamp(refusal.retry_after, seconds{0}, kLongestAsked);
    const auto at = failures == 0 ? 0 : failures - 1;
    seconds out = kLongestPause;
    switch (refusal.kind) {
        case Refusal::Kind::unreachable:
            if (at < 9)
                out = std::min<seconds>(seconds{5} * (1U << at), hours{1});
            else
                out = hours{1};
            break;
        case Refusal::Kind::refused:
            if (at < kRefused.size()) out = kRefused[at];
            break;
        case Refusal::Kind::rate_limited:
            out = hours{1};
            break;
    }
    return std::max(out, asked);
}

std::int64_t not_before(std::int64_t next, unsigned failures, std::int64_t now) {
    const auto longest = failures == 0 ? kBetweenOrders : kLongestAsked;
    return next > now + longest.count() ? 0 : next;
}

seconds next_look_at_window(seconds retry_after) {
    if (retry_after <= seconds{0}) return hours{6};
    return std::clamp<seconds>(retry_after, minutes{1}, hours{24});
}

seconds read_retry_after(std::string_view value, std::int64_t now) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error == std::errc{} && end == value.data() + value.size()) return seconds{std::max<std::int64_t>(number, 0)};
    std::tm at{};
    const std::string text(value);
    if (strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &at) == nullptr) return seconds{0};
    return seconds{std::max<std::int64_t>(timegm(&at) - now, 0)};
}

}  // namespace switchyard::control::acme
