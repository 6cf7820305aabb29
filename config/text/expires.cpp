#include "config/text/expires.h"

#include <chrono>

#include "config/text/duration.h"

namespace switchyard::config {
namespace {

constexpr std::chrono::hours kLongest{24 * 365 * 10};  // as nginx's `expires max`

std::string max_age(std::chrono::seconds age) {
    return "max-age=" + std::to_string(age.count());
}

}  // namespace

std::string cache_control_of(std::string_view expires, std::string* why) {
    if (expires.empty()) return {};
    if (expires == "no-cache") return "no-cache";
    if (expires == "max") return max_age(kLongest);
    const auto age = parse_duration(expires, why);
    if (age) return max_age(std::chrono::duration_cast<std::chrono::seconds>(*age));
    if (why != nullptr) *why += ", \"no-cache\" or \"max\"";
    return {};
}

}  // namespace switchyard::config
