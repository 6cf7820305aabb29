// The moments of a rollout that other programs are told about: events, and webhooks that ask for them by kind.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace switchyard::control::rollout {

inline constexpr std::array<std::string_view, 8> kAnnouncements{"start",        "step",     "pause", "resume",
                                                                "inconclusive", "rollback", "abort", "done"};

struct Announcement {
    std::string kind;  // one of kAnnouncements
    std::string text;  // one sentence for people
    bool operator==(const Announcement&) const = default;
};

}  // namespace switchyard::control::rollout
