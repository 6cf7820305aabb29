// The steps of a release, in their order.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace switchyard::control::release {

enum class Step : std::uint8_t {
    endpoints,      // the new upstream gets the addresses that were named
    start,          // a command that starts the new release
    healthy,        // its endpoints are healthy
    smoke,          // calls to each endpoint of it
    smoke_through,  // calls through the route
    traffic,        // the route's traffic goes to it: at once, or a rollout begins
    judged,         // the rollout, or the watch, has ended well
    drained,        // the old upstream has finished what it had
    confirm,        // the proxy does not take it back by itself any more
    stop            // a command that stops the old release
};
inline constexpr std::array<std::string_view, 10> kStepWords{
    "endpoints", "start", "healthy", "smoke", "smoke_through", "traffic", "judged", "drained", "confirm", "stop"};

inline std::string_view word(Step step) {
    return kStepWords[static_cast<std::size_t>(step)];
}
inline std::optional<Step> step_of(std::string_view word) {
    for (std::size_t i = 0; i < kStepWords.size(); ++i)
        if (kStepWords[i] == word) return static_cast<Step>(i);
    return std::nullopt;
}

}  // namespace switchyard::control::release
