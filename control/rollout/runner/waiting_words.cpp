#include "control/rollout/runner/waiting_words.h"

#include <fmt/format.h>

#include <cmath>

namespace switchyard::control::rollout {

namespace {

const char* what_happens(Plan::Inconclusive policy) {
    switch (policy) {
        case Plan::Inconclusive::rollback:
            return "rolled back";
        case Plan::Inconclusive::promote_if_no_failures:
            return "promoted, if nothing failed,";
        case Plan::Inconclusive::pause:
            break;
    }
    return "inconclusive";
}

std::string seconds_text(Monotonic time) {
    constexpr Monotonic kCoarse{2000};  // from here on tenths say nothing
    if (time >= kCoarse) return fmt::format("{}", std::chrono::floor<std::chrono::seconds>(time).count());
    return fmt::format("{:.2g}", std::chrono::duration<double>(time).count());
}

}  // namespace

std::string about(const StepNeeds& needs) {
    constexpr double kSlowest = 0.01;  // a request in more than a minute and a half: that is no rate to count on
    constexpr double kMinute = 60.0, kHour = 3600.0;
    if (needs.requests == 0 || needs.rate < kSlowest) return {};
    const double seconds = std::ceil(static_cast<double>(needs.requests) / needs.rate);
    if (seconds < 1.5 * kMinute) return fmt::format("about {:.0f} s", seconds);
    if (seconds < 1.5 * kHour) return fmt::format("about {:.0f} min", seconds / kMinute);
    return fmt::format("about {:.0f} h", seconds / kHour);
}

std::string waiting_words(const Machine& machine, const StepNeeds& needs,
                          const std::function<std::string(Duration)>& at) {
    std::string out = machine.why();
    if (machine.state() != State::running) return out;
    const Step& step = machine.current();
    const std::string time = about(needs);
    std::string more;
    if (needs.requests > 0)
        more = fmt::format("{} more request{}{}", needs.requests, needs.requests == 1 ? "" : "s",
                           time.empty() ? "" : ": " + time);
    if (out == Machine::kBakes) {
        out = fmt::format("bakes {} of {} s", seconds_text(std::min(machine.baked(), Monotonic(step.bake))),
                          seconds_text(step.bake));
        if (!more.empty()) out += "; then " + more;
        return out;
    }
    if (!more.empty() && out.starts_with("waits: ")) out += "; " + more;
    const auto left = machine.patience_left();
    return out + fmt::format("; {} at {}", what_happens(machine.plan().inconclusive), at(left));
}

}  // namespace switchyard::control::rollout
