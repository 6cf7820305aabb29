#include "control/upgrade/oldest.h"

#include <fmt/format.h>

namespace switchyard::control::upgrade {
namespace {

std::string count(std::uint64_t number, const char* of) {
    return fmt::format("{} {}{}", number, of, number == 1 ? "" : "s");
}

}  // namespace

std::string why_not_ended(const std::optional<Ages>& ages, std::chrono::milliseconds drain_within) {
    constexpr const char* kBegin = "two processes of earlier upgrades still finish what they have, and the oldest ";
    constexpr const char* kCure = "wait for it, or cut the oldest (cut_oldest)";
    if (!ages) return fmt::format("{}does not say what that is: {}", kBegin, kCure);
    if (!ages->youngest || *ages->youngest >= drain_within) return {};
    return fmt::format("{}has {} and {}, the youngest for {:.1f} s where drain_within gives {:.1f} s: {}", kBegin,
                       count(ages->tunnels, "tunnel"), count(ages->requests, "request"),
                       static_cast<double>(ages->youngest->count()) / 1000,
                       static_cast<double>(drain_within.count()) / 1000, kCure);
}

}  // namespace switchyard::control::upgrade
