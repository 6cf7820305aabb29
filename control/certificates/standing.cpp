#include "control/certificates/standing.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <ctime>

namespace switchyard::control {
namespace {

constexpr std::int64_t kDay = 24 * 3600;
constexpr std::array<std::int64_t, 3> kReminders{7 * kDay, 3 * kDay, kDay};

std::string day(std::int64_t at) {
    return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(static_cast<std::time_t>(at)));
}

}  // namespace

const char* word(Standing::Word word) {
    switch (word) {
        case Standing::Word::valid:
            return "valid";
        case Standing::Word::expires_soon:
            return "expires_soon";
        case Standing::Word::expired:
            return "expired";
        case Standing::Word::not_yet_valid:
            return "not_yet_valid";
        case Standing::Word::missing:
            return "missing";
    }
    return "";
}

Standing standing_of(const switchyard::net::TlsIdentity* identity, std::int64_t now) {
    using Word = Standing::Word;
    if (identity == nullptr) return {Word::missing, 1, "it cannot be read; its names are shown another certificate"};
    if (now >= identity->not_after)
        return {Word::expired, 5, fmt::format("it expired on {}; clients refuse it", day(identity->not_after))};
    if (now < identity->not_before)
        return {Word::not_yet_valid, 1, fmt::format("it is not valid before {}", day(identity->not_before))};
    if (now <= identity->warn_from()) return {};
    Standing out{Word::expires_soon, 1, {}};
    const auto left = identity->not_after - now;
    for (const auto reminder : kReminders)
        if (left <= reminder) ++out.stage;
    out.detail =
        fmt::format("it expires on {}, in {}", day(identity->not_after),
                    left >= 2 * kDay ? fmt::format("{} days", left / kDay) : fmt::format("{} hours", left / 3600));
    return out;
}

}  // namespace switchyard::control
